// Package routes is the ground that every HTTP surface of the product stands on: registration with the access rule beside
// the route, who is asking, cookies, security headers, limits, strict JSON, one rendering of refusals, server-sent events,
// health, metrics, logs without anything identifiable, and a shutdown that finishes what was accepted. It knows no patient,
// no request and no database; channels and workspaces register their handlers here.
package routes

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"

	"onedoor/app/fault"
	"onedoor/app/identity"
)

// Doors finds out who asks. It is identity.Door.
type Doors interface {
	BySession(ctx context.Context, t identity.Token, active bool) (identity.Principal, error)
	ByKey(ctx context.Context, k identity.Key) (identity.Principal, error)
}

// ProblemPage renders a refusal as a page for a person, with this status.
type ProblemPage func(c echo.Context, status int, problem *fault.Error) error

// Options are what a Server is made of. Every field but Doors may be left out.
type Options struct {
	// Doors may be nil only where every route is public.
	Doors Doors
	// Development opens Development routes, and accepts keys and sessions of the demonstration.
	Development bool
	// Secure means that people reach us over https: __Host- cookies and strict transport security.
	Secure bool
	Log    *slog.Logger
	Now    func() time.Time
	// Registry takes the metrics of HTTP.
	Registry prometheus.Registerer
	// Ready are asked by /readyz, all at once.
	Ready []Check
	// Degraded says, in sentences for an operator, what works less well than it should while calls are still served; /readyz
	// shows it beside "ready".
	Degraded func(context.Context) []string
	// FormAction are further origins that a form may lead to, such as the identity provider's.
	FormAction []string
	// KeyRate and KeyBurst limit each API key in this process: 50 a second, and 150 at once after a pause.
	KeyRate  rate.Limit
	KeyBurst int
	// Timeout bounds each call that is not a stream; 10 s.
	Timeout time.Duration
	// Drain is how long a shutdown waits for calls it has accepted; 20 s.
	Drain time.Duration
	// Heartbeat is how often a stream says that it is alive, and asks whether its caller may still listen; 15 s.
	Heartbeat time.Duration
	// ProblemPage is how pages say no; absent, a plain page.
	ProblemPage ProblemPage
}

// Server holds the routes and serves them.
type Server struct {
	o       Options
	echo    *echo.Echo
	metrics *httpMetrics
	cross   *http.CrossOriginProtection
	limits  *keyLimits

	mu      sync.Mutex
	routes  []Route
	bounded map[string]Bounds // by method and path

	stopping chan struct{}
	stop     sync.Once
}

// New makes a Server with /healthz and /readyz, and nothing else.
func New(o Options) *Server {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Registry == nil {
		o.Registry = prometheus.NewRegistry()
	}
	if o.KeyRate == 0 {
		o.KeyRate = 50
	}
	if o.KeyBurst == 0 {
		o.KeyBurst = 150
	}
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Second
	}
	if o.Drain == 0 {
		o.Drain = 20 * time.Second
	}
	if o.Heartbeat == 0 {
		o.Heartbeat = 15 * time.Second
	}
	if o.ProblemPage == nil {
		o.ProblemPage = plainProblemPage
	}
	s := &Server{
		o: o, echo: echo.New(), metrics: newHTTPMetrics(o.Registry), cross: http.NewCrossOriginProtection(),
		limits: newKeyLimits(o.KeyRate, o.KeyBurst), stopping: make(chan struct{}), bounded: map[string]Bounds{},
	}
	s.echo.HideBanner, s.echo.HidePort = true, true
	s.echo.Use(s.observe, s.headers, s.bounds)
	s.Add(http.MethodGet, "/healthz", Public, s.healthz)
	s.Add(http.MethodGet, "/readyz", Public, s.readyz)
	return s
}

// Add registers a handler with the rule for who may call it. Paths are echo's: /api/v1/kinds/:kind. GET answers HEAD too.
// A route without a rule, or registered twice, is a mistake in the program and panics.
func (s *Server) Add(method, path string, rule Rule, h echo.HandlerFunc) {
	if !rule.valid() {
		panic(fmt.Sprintf("%s %s has no access rule (%q)", method, path, rule))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.ContainsFunc(s.routes, func(r Route) bool { return r.Method == method && r.Path == path }) {
		panic(fmt.Sprintf("%s %s is registered twice", method, path))
	}
	s.routes = append(s.routes, Route{method, path, rule})
	guarded := s.guard(rule, h)
	s.echo.Add(method, path, guarded)
	if method == http.MethodGet {
		s.echo.Add(http.MethodHead, path, guarded)
	}
}

// Bounds are what a route allows each call, where that is more than usual.
type Bounds struct {
	Body int64         // bytes; 256 KiB when zero
	Time time.Duration // Options.Timeout when zero; the server itself ends a call after half a minute
}

// AddBounded is Add for a route with bounds of its own.
func (s *Server) AddBounded(method, path string, rule Rule, b Bounds, h echo.HandlerFunc) {
	s.Add(method, path, rule, h)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bounded[method+" "+path] = b
}

// boundsOf are those of the route that a call has reached.
func (s *Server) boundsOf(c echo.Context) (body int64, within time.Duration) {
	s.mu.Lock()
	b := s.bounded[c.Request().Method+" "+c.Path()]
	s.mu.Unlock()
	if b.Body == 0 {
		b.Body = maxBody
	}
	if b.Time == 0 {
		b.Time = s.o.Timeout
	}
	return b.Body, b.Time
}

// AddHTTP registers a plain handler. It reads path parameters from the request's PathValue.
func (s *Server) AddHTTP(method, path string, rule Rule, h http.Handler) {
	s.Add(method, path, rule, func(c echo.Context) error {
		for i, name := range c.ParamNames() {
			c.Request().SetPathValue(name, c.ParamValues()[i])
		}
		h.ServeHTTP(c.Response(), c.Request())
		return nil
	})
}

// Routes are all registered routes with their rules, by path.
func (s *Server) Routes() []Route {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.SortedFunc(slices.Values(s.routes), func(a, b Route) int {
		return strings.Compare(a.Path+" "+a.Method, b.Path+" "+b.Method)
	})
}

// Handler is all of it as one handler.
func (s *Server) Handler() http.Handler { return s.echo }

// call is what the server knows of one call, kept in the echo context.
type call struct {
	server    *Server
	requestID string
	nonce     string
	who       identity.Principal
	stream    bool
	rest      io.Reader // of the body, without its limit
}

const callKey = "onedoor.call"

func callOf(c echo.Context) *call {
	k, ok := c.Get(callKey).(*call)
	if !ok {
		panic("a handler runs outside routes.Server")
	}
	return k
}

func newRequestID() string { return uuid.Must(uuid.NewV7()).String() }

// Principal is who calls; nobody on routes that ask for nobody.
func Principal(c echo.Context) identity.Principal { return callOf(c).who }

// Nonce is what a script or style element of this one response must carry.
func Nonce(c echo.Context) string { return callOf(c).nonce }

// RequestID is what the log calls this call. It means nothing else.
func RequestID(c echo.Context) string { return callOf(c).requestID }

// InDevelopment reports whether the product runs in development mode, for the banner on every page.
func InDevelopment(c echo.Context) bool { return callOf(c).server.o.Development }
