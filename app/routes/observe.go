package routes

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"

	"onedoor/app/fault"
)

// statusClientGone is what the log says when the caller left before the answer; it is never sent.
const statusClientGone = 499

// observe is the outermost layer: it names the call, answers for every error and panic, measures, and writes one line of
// log that holds the route's template and never the address, a header, a parameter or a body.
func (s *Server) observe(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		began := time.Now() // durations are measured by the machine's clock, whatever the product's says
		k := &call{server: s, requestID: newRequestID()}
		c.Set(callKey, k)
		c.Response().Header().Set("X-Request-Id", k.requestID)
		s.metrics.inFlight.Inc()
		defer s.metrics.inFlight.Dec()

		var refused *fault.Error
		err := safely(next, c)
		status := c.Response().Status
		if err != nil {
			refused = s.refuse(c, err)
			status = c.Response().Status
			if errors.Is(err, context.Canceled) && c.Request().Context().Err() != nil {
				status = statusClientGone
			}
		}
		s.record(c, k, status, refused, time.Since(began))
		return nil
	}
}

// safely turns a panic into an error with its stack, for the log.
func safely(next echo.HandlerFunc, c echo.Context) (err error) {
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		if r == http.ErrAbortHandler { //nolint:errorlint // net/http compares it so
			panic(r)
		}
		// The value of a panic may hold input; its type and stack say enough.
		err = fault.As(fmt.Errorf("panic of type %T\n%s", r, debug.Stack()))
	}()
	return next(c)
}

func (s *Server) record(c echo.Context, k *call, status int, refused *fault.Error, took time.Duration) {
	route, method := template(c), knownMethod(c.Request().Method)
	s.metrics.requests.WithLabelValues(route, method, strconv.Itoa(status)).Inc()
	if !k.stream {
		s.metrics.durations.WithLabelValues(route, method).Observe(took.Seconds())
	}
	level := slog.LevelInfo
	attrs := []slog.Attr{
		slog.String("request_id", k.requestID), slog.String("method", method), slog.String("route", route),
		slog.Int("status", status), slog.Duration("took", took.Round(time.Microsecond)), slog.String("principal", principalKind(k)),
	}
	if refused != nil {
		attrs = append(attrs, slog.String("code", refused.Code))
		if refused.Cause != nil && status != statusClientGone && statusOf(refused.Kind) >= http.StatusInternalServerError {
			attrs = append(attrs, slog.String("cause", refused.Cause.Error()))
			level = slog.LevelError
		}
	}
	if route == "/healthz" || route == "/readyz" {
		level = min(level, slog.LevelDebug)
	}
	s.o.Log.LogAttrs(context.WithoutCancel(c.Request().Context()), level, "http", attrs...)
}

// template is the route's pattern; what matches none is one value, so that nobody can fill the log or the metrics.
func template(c echo.Context) string {
	if p := c.Path(); p != "" {
		return p
	}
	return "none"
}

func knownMethod(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return m
	}
	return "other"
}

func principalKind(k *call) string {
	if k.who.Known() {
		return string(k.who.Kind)
	}
	return "none"
}

type httpMetrics struct {
	requests  *prometheus.CounterVec
	durations *prometheus.HistogramVec
	inFlight  prometheus.Gauge
}

func newHTTPMetrics(r prometheus.Registerer) *httpMetrics {
	m := &httpMetrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "onedoor_http_requests_total", Help: "HTTP calls answered, by route template, method and status.",
		}, []string{"route", "method", "status"}),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "onedoor_http_request_duration_seconds", Help: "Time to answer an HTTP call, without streams.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"route", "method"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{Name: "onedoor_http_in_flight", Help: "HTTP calls being answered now, with streams."}),
	}
	r.MustRegister(m.requests, m.durations, m.inFlight)
	return m
}

// headers sets what every response carries. Handlers may loosen caching for what is nobody's, such as assets.
func (s *Server) headers(next echo.HandlerFunc) echo.HandlerFunc {
	formAction := strings.Join(append([]string{"'self'"}, s.o.FormAction...), " ")
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
		h.Set("Cache-Control", "no-store")
		if s.o.Secure {
			h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
		}
		if strings.HasPrefix(c.Request().URL.Path, "/api/") {
			h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
			return next(c)
		}
		nonce, err := newNonce()
		if err != nil {
			return err
		}
		callOf(c).nonce = nonce
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self' 'nonce-"+nonce+"'; style-src 'self' 'nonce-"+nonce+
			"'; img-src 'self' data:; media-src 'self'; font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action "+formAction+
			"; base-uri 'none'; frame-ancestors 'none'")
		return next(c)
	}
}

func newNonce() (string, error) {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", err
	}
	return base64.RawStdEncoding.EncodeToString(b[:]), nil
}
