package routes

import (
	"context"
	"encoding/json"
	"errors"
	"html"
	"io"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"onedoor/app/fault"
)

// statusOf is the one place where a kind of refusal becomes an HTTP status.
func statusOf(kind fault.Kind) int {
	switch kind {
	case fault.Malformed:
		return http.StatusBadRequest
	case fault.Invalid:
		return http.StatusUnprocessableEntity
	case fault.Unauthenticated:
		return http.StatusUnauthorized
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Conflict:
		return http.StatusConflict
	case fault.TooLarge:
		return http.StatusRequestEntityTooLarge
	case fault.TooMany:
		return http.StatusTooManyRequests
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	case fault.Unsupported:
		return http.StatusUnsupportedMediaType
	case fault.WrongMethod:
		return http.StatusMethodNotAllowed
	case fault.Changed:
		return http.StatusPreconditionFailed
	case fault.Unconditional:
		return http.StatusPreconditionRequired
	}
	return http.StatusInternalServerError
}

// asFault reads any error as a refusal: ours, echo's own, a body over its limit, or a deadline that passed.
func asFault(err error) *fault.Error {
	var ours *fault.Error
	if errors.As(err, &ours) {
		return ours
	}
	if isTooLarge(err) {
		return tooLarge()
	}
	if errors.Is(err, context.DeadlineExceeded) {
		e := fault.New(fault.Unavailable, "too_slow", "This took too long. Nothing you sent is half done; try again in a moment.").Because(err)
		e.RetryAfter = 5 * time.Second
		return e
	}
	var echos *echo.HTTPError
	if errors.As(err, &echos) {
		switch echos.Code {
		case http.StatusNotFound:
			return fault.Absent()
		case http.StatusMethodNotAllowed:
			return fault.New(fault.WrongMethod, "wrong_method", "This address does not do that; the Allow header says what it does.")
		case http.StatusBadRequest:
			return fault.New(fault.Malformed, "malformed", "This could not be read.").Because(err)
		}
	}
	return fault.As(err)
}

func tooLarge() *fault.Error { return tooLargeFor(maxBody) }

func tooLargeFor(most int64) *fault.Error {
	return fault.New(fault.TooLarge, "too_large", "This is larger than the %d KiB that one call may send.", most>>10)
}

// refuse answers a call with a refusal, as problem+json or as a page, and returns it for the log.
func (s *Server) refuse(c echo.Context, err error) *fault.Error {
	e := asFault(err)
	status := statusOf(e.Kind)
	if c.Response().Committed {
		return e
	}
	h := c.Response().Header()
	if e.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(e.RetryAfter.Seconds()))))
	}
	h.Set("Cache-Control", "no-store")
	if e.Kind == fault.Unauthenticated {
		h.Set("WWW-Authenticate", `Bearer realm="onedoor"`)
	}
	if e.Kind == fault.TooLarge {
		// A client that is still sending would meet a reset instead of the answer.
		_, _ = io.CopyN(io.Discard, callOf(c).rest, maxDrain)
	}
	if wantsProblemJSON(c.Request()) {
		writeProblem(c, status, e)
		return e
	}
	if e.Kind == fault.Unauthenticated && s.sendToSignIn(c) {
		return e
	}
	if err := s.o.ProblemPage(c, status, e); err != nil && !c.Response().Committed {
		_ = plainProblemPage(c, status, e)
	}
	return e
}

// wantsProblemJSON is true for every path of the API and of the telephony platforms, which no person reads, and elsewhere for
// clients that ask for JSON and not for a page.
func wantsProblemJSON(r *http.Request) bool {
	if r.URL.Path == "/api" || strings.HasPrefix(r.URL.Path, "/api/") || strings.HasPrefix(r.URL.Path, "/voice/") {
		return true
	}
	accept := r.Header.Get("Accept")
	return strings.Contains(accept, "json") && !strings.Contains(accept, "text/html")
}

// sendToSignIn takes a person who only looked at a page to the sign-in, and says whether it did.
func (s *Server) sendToSignIn(c echo.Context) bool {
	r := c.Request()
	if r.Method != http.MethodGet || isUnattended(r) {
		return false
	}
	target := SignInPath
	if r.Header.Get("HX-Request") != "" {
		c.Response().Header().Set("HX-Redirect", target)
		return false
	}
	if path := LocalPath(r.URL.RequestURI(), "/"); path != "/" {
		target += "?return=" + url.QueryEscape(path)
	}
	return c.Redirect(http.StatusSeeOther, target) == nil
}

type problemField struct {
	Pointer string `json:"pointer"`
	Code    string `json:"code"`
	Detail  string `json:"detail"`
}

// writeProblem writes RFC 9457. Details become members of their own, and never replace the standard ones.
func writeProblem(c echo.Context, status int, e *fault.Error) {
	members := map[string]any{}
	for name, value := range e.Details {
		members[name] = value
	}
	members["type"] = "urn:onedoor:problem:" + e.Code
	members["title"] = http.StatusText(status)
	members["status"] = status
	members["detail"] = e.Says
	members["code"] = e.Code
	if len(e.Fields) > 0 {
		fields := make([]problemField, len(e.Fields))
		for i, f := range e.Fields {
			fields[i] = problemField{f.Pointer, f.Code, f.Says}
		}
		members["errors"] = fields
	}
	body, err := json.Marshal(members)
	if err != nil { // a detail that JSON cannot hold
		body = []byte(`{"type":"about:blank","title":"Internal Server Error","status":500,"code":"internal"}`)
		status = http.StatusInternalServerError
	}
	_ = c.Blob(status, "application/problem+json", append(body, '\n'))
}

// plainProblemPage is a page without style, for servers that were given none and for when theirs fails.
func plainProblemPage(c echo.Context, status int, e *fault.Error) error {
	return c.HTML(status, `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>`+html.EscapeString(http.StatusText(status))+
		`</title></head><body><main><h1>`+html.EscapeString(http.StatusText(status))+`</h1><p>`+html.EscapeString(e.Says)+`</p></main></body></html>`)
}
