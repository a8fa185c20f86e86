package routes

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"
	"golang.org/x/time/rate"

	"onedoor/app/fault"
	"onedoor/app/identity"
)

// guard holds a handler behind its rule.
func (s *Server) guard(rule Rule, h echo.HandlerFunc) echo.HandlerFunc {
	object, action, needed := rule.Permission()
	return func(c echo.Context) error {
		switch rule {
		case Public, Patient, Signed:
			return h(c)
		case Development:
			if !s.o.Development || !onThisMachine(c.Request()) {
				return fault.Absent()
			}
			return h(c)
		}
		who, err := s.who(c)
		if err != nil {
			return err
		}
		callOf(c).who = who
		if needed && !who.May(object, action) {
			return fault.New(fault.Forbidden, "forbidden", "Your role here does not include this.")
		}
		return h(c)
	}
}

// Who finds out who calls on a route that does not require it; an error of kind Unauthenticated means nobody known.
func Who(c echo.Context) (identity.Principal, error) {
	k := callOf(c)
	if k.who.Known() {
		return k.who, nil
	}
	who, err := k.server.who(c)
	if err == nil {
		k.who = who
	}
	return who, err
}

func (s *Server) who(c echo.Context) (identity.Principal, error) {
	who, err := s.find(c)
	if err != nil {
		return identity.Principal{}, err
	}
	if who.Development && !s.o.Development {
		return identity.Principal{}, fault.New(fault.Unauthenticated, "development_only", "This sign-in is for demonstrations and does not work here.")
	}
	if who.Client != uuid.Nil {
		if err := s.limits.take(who.Client, s.o.Now()); err != nil {
			return identity.Principal{}, err
		}
	}
	return who, nil
}

func (s *Server) find(c echo.Context) (identity.Principal, error) {
	r := c.Request()
	if header := r.Header.Get(echo.HeaderAuthorization); header != "" {
		scheme, value, _ := strings.Cut(header, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return identity.Principal{}, fault.New(fault.Unauthenticated, "bearer_expected", "Send the API key as Authorization: Bearer, then a space, then the key.")
		}
		key, err := identity.ParseKey(strings.TrimSpace(value))
		if err != nil {
			return identity.Principal{}, err
		}
		return s.o.Doors.ByKey(r.Context(), key)
	}
	token, ok := SessionToken(c)
	if !ok {
		return identity.Principal{}, fault.New(fault.Unauthenticated, "not_signed_in", "Sign in, or send an API key, to see this.")
	}
	return s.o.Doors.BySession(r.Context(), token, !isUnattended(r))
}

// isUnattended tells calls that a page makes by itself from what a person does: they do not keep a session open.
func isUnattended(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), "text/event-stream") || r.Header.Get("X-Onedoor-Refresh") != ""
}

// onThisMachine looks at both ends: the peer's address, and the name that the browser used, lest a public name that
// resolves to a loopback address be used to reach it.
func onThisMachine(r *http.Request) bool {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !peer.Addr().Unmap().IsLoopback() {
		return false
	}
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && addr.IsLoopback()
}

// Cookie is a cookie of ours. All are for this host alone, out of reach of scripts, and not sent by other sites' forms.
type Cookie struct {
	Name   string // without its prefix
	Value  string
	MaxAge time.Duration // zero lasts as long as the browser
}

const sessionCookie = "onedoor-session"

func cookieName(c echo.Context, name string) string {
	if callOf(c).server.o.Secure {
		return "__Host-" + name
	}
	return name
}

// SetCookie sends a cookie. Over https its name carries the __Host- prefix; a browser refuses that on plain loopback.
func SetCookie(c echo.Context, k Cookie) {
	writeCookie(c, k.Name, k.Value, int(k.MaxAge/time.Second))
}

// ClearCookie removes a cookie.
func ClearCookie(c echo.Context, name string) { writeCookie(c, name, "", -1) }

func writeCookie(c echo.Context, name, value string, maxAge int) {
	http.SetCookie(c.Response(), &http.Cookie{ //nolint:gosec // Secure follows the scheme: a browser drops it on plain loopback
		Name: cookieName(c, name), Value: value, Path: "/", MaxAge: maxAge,
		HttpOnly: true, Secure: callOf(c).server.o.Secure, SameSite: http.SameSiteLaxMode,
	})
}

// ReadCookie reads a cookie of ours.
func ReadCookie(c echo.Context, name string) (string, bool) {
	k, err := c.Cookie(cookieName(c, name))
	if err != nil || k.Value == "" {
		return "", false
	}
	return k.Value, true
}

// SessionToken is the staff session that the browser holds, if it can be one.
func SessionToken(c echo.Context) (identity.Token, bool) {
	value, ok := ReadCookie(c, sessionCookie)
	if !ok {
		return "", false
	}
	t, err := identity.ParseToken(value)
	return t, err == nil
}

// KeepSession gives the browser a staff session.
func KeepSession(c echo.Context, t identity.Token) {
	SetCookie(c, Cookie{Name: sessionCookie, Value: string(t)})
}

// DropSession takes the staff session from the browser.
func DropSession(c echo.Context) { ClearCookie(c, sessionCookie) }

// LocalPath is a path on this site that a browser may be sent back to, or the fallback for anything else.
func LocalPath(s, fallback string) string {
	u, err := url.Parse(s)
	if err != nil || u.IsAbs() || u.Host != "" || u.User != nil || !strings.HasPrefix(s, "/") || strings.HasPrefix(s, "//") ||
		strings.ContainsAny(s, "\\\r\n\t") || strings.HasPrefix(u.Path, "//") {
		return fallback
	}
	return s
}

// keyLimits gives each API key its own allowance in this process.
type keyLimits struct {
	rate  rate.Limit
	burst int

	mu   sync.Mutex
	keys map[uuid.UUID]*rate.Limiter // as many as there are keys
}

func newKeyLimits(r rate.Limit, burst int) *keyLimits {
	return &keyLimits{rate: r, burst: burst, keys: map[uuid.UUID]*rate.Limiter{}}
}

func (k *keyLimits) take(key uuid.UUID, now time.Time) error {
	k.mu.Lock()
	l, ok := k.keys[key]
	if !ok {
		l = rate.NewLimiter(k.rate, k.burst)
		k.keys[key] = l
	}
	k.mu.Unlock()
	if l.AllowN(now, 1) {
		return nil
	}
	e := fault.New(fault.TooMany, "too_many_calls", "This API key has made more than its calls for this second. Wait, then try again.")
	e.RetryAfter = time.Second
	return e
}

func isTooLarge(err error) bool {
	var e *http.MaxBytesError
	return errors.As(err, &e)
}
