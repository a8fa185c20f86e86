package routes_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"

	"onedoor/app/audit"
	"onedoor/app/fault"
	"onedoor/app/identity"
	"onedoor/app/routes"
	"onedoor/tenants"
)

// doors knows a few keys and sessions by heart.
type doors struct {
	keys     map[identity.Key]identity.Principal
	sessions map[identity.Token]identity.Principal

	mu     sync.Mutex
	active int
}

func (d *doors) ByKey(_ context.Context, k identity.Key) (identity.Principal, error) {
	if p, ok := d.keys[k]; ok {
		return p, nil
	}
	return identity.Principal{}, fault.New(fault.Unauthenticated, "unknown_key", "Unknown.")
}

func (d *doors) BySession(_ context.Context, t identity.Token, active bool) (identity.Principal, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if active {
		d.active++
	}
	if p, ok := d.sessions[t]; ok {
		return p, nil
	}
	return identity.Principal{}, fault.New(fault.Unauthenticated, "not_signed_in", "Unknown.")
}

func (d *doors) forget(t identity.Token) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.sessions, t)
}

type body struct {
	Name string         `json:"name"`
	Age  int            `json:"age"`
	More map[string]any `json:"more"`
}

type fixture struct {
	*routes.Server
	url                       string
	log                       *lockedBuffer
	registry                  *prometheus.Registry
	receptionist, app, seeded identity.Key
	session                   identity.Token
	doors                     *doors
	block, blocked            chan struct{}
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func principal(role tenants.Role, program bool) identity.Principal {
	p := identity.Principal{Kind: audit.Person, ID: uuid.New(), Name: "Canary Person", NeighbourhoodID: uuid.New(), Client: uuid.New()}
	if program {
		p.Kind = audit.Client
	}
	p.Memberships = []tenants.Membership{{NeighbourhoodID: p.NeighbourhoodID, OrganisationID: uuid.New(), Role: role}}
	return p
}

func serve(t *testing.T, change func(*routes.Options)) *fixture {
	t.Helper()
	f := &fixture{
		log: &lockedBuffer{}, registry: prometheus.NewRegistry(),
		receptionist: must(identity.NewKey(nil)), app: must(identity.NewKey(nil)), seeded: must(identity.NewKey(nil)),
		session: must(identity.NewToken(nil)), block: make(chan struct{}), blocked: make(chan struct{}, 8),
	}
	seeded := principal(tenants.Receptionist, false)
	seeded.Development = true
	signedIn := principal(tenants.Receptionist, false)
	signedIn.Client = uuid.Nil
	f.doors = &doors{
		keys: map[identity.Key]identity.Principal{
			f.receptionist: principal(tenants.Receptionist, false), f.app: principal(tenants.App, true), f.seeded: seeded,
		},
		sessions: map[identity.Token]identity.Principal{f.session: signedIn},
	}
	o := routes.Options{
		Doors: f.doors, Log: slog.New(slog.NewJSONHandler(f.log, nil)), Registry: f.registry, Development: true,
	}
	if change != nil {
		change(&o)
	}
	f.Server = routes.New(o)
	f.Add("GET", "/", routes.Public, func(c echo.Context) error {
		return c.HTML(200, `<script nonce="`+routes.Nonce(c)+`"></script>`)
	})
	f.Add("GET", "/reception", routes.Need("request", "list"), func(c echo.Context) error { return c.HTML(200, routes.Principal(c).Name) })
	f.Add("POST", "/reception/claim", routes.Need("request", "claim"), func(c echo.Context) error { return c.NoContent(204) })
	f.Add("GET", "/development", routes.Development, func(c echo.Context) error { return c.String(200, "here") })
	f.Add("POST", "/api/v1/things", routes.Need("request", "submit"), func(c echo.Context) error {
		var b body
		if err := routes.ReadJSON(c, &b); err != nil {
			return err
		}
		return routes.WriteJSON(c, 201, b)
	})
	f.Add("GET", "/api/v1/things/:reference", routes.Need("request", "read"), func(c echo.Context) error {
		if c.Param("reference") == "boom" {
			panic("a canary that panics")
		}
		if c.Param("reference") == "conflict" {
			return fmt.Errorf("claim: %w", fault.New(fault.Conflict, "request_claimed", "Claimed.").With("claimed_by", "Ann").With("status", 1))
		}
		if c.Param("reference") == "busy" {
			e := fault.New(fault.Unavailable, "database_away", "Try again.").Because(errors.New("cause for the log"))
			e.RetryAfter = 1500 * time.Millisecond
			return e
		}
		if c.Param("reference") == "slow" {
			<-c.Request().Context().Done()
			return c.Request().Context().Err()
		}
		if c.Param("reference") == "held" {
			f.blocked <- struct{}{}
			<-f.block
			return c.NoContent(204)
		}
		return fault.Absent()
	})
	f.Add("GET", "/api/v1/lowered", routes.Need("request", "lower"), func(c echo.Context) error { return c.NoContent(204) })
	f.Add("GET", "/api/v1/stream", routes.Need("event", "read"), func(c echo.Context) error {
		s, err := routes.OpenStream(c)
		if err != nil {
			return err
		}
		events := make(chan routes.Event, 2)
		events <- routes.Event{ID: "7\n8", Name: "request", Data: []byte("one\ntwo " + routes.LastEventID(c))}
		return s.Pump(events)
	})
	server := httptest.NewServer(f.Handler())
	t.Cleanup(server.Close)
	t.Cleanup(f.StopStreams)
	f.url = server.URL
	return f
}

type answer struct {
	*http.Response
	text string
	json map[string]any
}

func (f *fixture) call(t *testing.T, method, path, body string, headers ...string) answer {
	t.Helper()
	r, err := http.NewRequest(method, f.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{Response: res, text: string(text)}
	_ = json.Unmarshal(text, &a.json)
	return a
}

func bearer(k identity.Key) []string { return []string{"Authorization", "Bearer " + string(k)} }

func (f *fixture) cookie() []string {
	return []string{"Cookie", "onedoor-session=" + string(f.session), "Accept", "text/html"}
}
