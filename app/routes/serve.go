package routes

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Check is one thing that must work before calls are sent here.
type Check struct {
	Name string // what /readyz names when it fails: database
	Ask  func(context.Context) error
}

const checkTimeout = 2 * time.Second

func (s *Server) healthz(c echo.Context) error {
	return WriteJSON(c, http.StatusOK, map[string]string{"status": "ok"})
}

func (s *Server) readyz(c echo.Context) error {
	failing := s.failing(c.Request().Context())
	if len(failing) > 0 {
		c.Response().Header().Set("Retry-After", "2")
		return WriteJSON(c, http.StatusServiceUnavailable, map[string]any{"status": "not ready", "failing": failing})
	}
	ready := map[string]any{"status": "ready"}
	if s.o.Degraded != nil {
		if says := s.o.Degraded(c.Request().Context()); len(says) > 0 {
			ready["degraded"] = says // and still ready: taking every node out of service would be worse
		}
	}
	return WriteJSON(c, http.StatusOK, ready)
}

func (s *Server) failing(ctx context.Context) []string {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	var (
		mu     sync.Mutex
		names  []string
		asking sync.WaitGroup
	)
	fail := func(name string) {
		mu.Lock()
		defer mu.Unlock()
		names = append(names, name)
	}
	select {
	case <-s.stopping:
		fail("stopping")
	default:
	}
	for _, check := range s.o.Ready {
		asking.Go(func() {
			if err := check.Ask(ctx); err != nil {
				fail(check.Name)
			}
		})
	}
	asking.Wait()
	slices.Sort(names)
	return names
}

// Serve answers on a listener until ctx is done. Then it takes no more, ends the streams, and lets what it has accepted
// finish within the drain time.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	server := newHTTPServer(s.echo)
	return serveUntil(ctx, server, l, s.o.Drain, s.StopStreams)
}

// ServeMetrics answers /metrics on a listener of its own until ctx is done.
func ServeMetrics(ctx context.Context, l net.Listener, from prometheus.Gatherer) error {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(from, promhttp.HandlerOpts{}))
	return serveUntil(ctx, newHTTPServer(mux), l, time.Second, func() {})
}

// StopStreams ends every stream, and makes /readyz refuse.
func (s *Server) StopStreams() { s.stop.Do(func() { close(s.stopping) }) }

// Stopping is closed when the server begins to stop.
func (s *Server) Stopping() <-chan struct{} { return s.stopping }

// newHTTPServer has the limits that keep slow and greedy clients from holding connections.
func newHTTPServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       75 * time.Second,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          log.New(io.Discard, "", 0), // it would name callers' addresses
	}
}

func serveUntil(ctx context.Context, server *http.Server, l net.Listener, drain time.Duration, stopping func()) error {
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	stopping()
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	err := server.Shutdown(limit)
	if errors.Is(err, context.DeadlineExceeded) {
		err = errors.Join(errors.New("some calls did not finish in the time given to stop"), server.Close())
	}
	if served := <-ended; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}
