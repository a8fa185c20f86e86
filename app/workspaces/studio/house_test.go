package studio_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"onedoor/app/alarms"
	"onedoor/app/demo"
	"onedoor/app/demo/demotest"
	"onedoor/app/directory"
	"onedoor/app/identity"
	"onedoor/app/misroutes"
	"onedoor/app/publishing"
	"onedoor/app/routes"
	"onedoor/app/simulations"
	"onedoor/app/store/alarmstore"
	"onedoor/app/store/directorystore"
	"onedoor/app/store/identitystore"
	"onedoor/app/store/misroutestore"
	"onedoor/app/store/publishingstore"
	"onedoor/app/store/requeststore"
	"onedoor/app/store/rulestore"
	"onedoor/app/store/simulationstore"
	"onedoor/app/workspaces/studio"
	"onedoor/jobs"
	"onedoor/ui/browsertest"
	"onedoor/ui/static"
)

func TestMain(m *testing.M) { browsertest.Main(m) }

var riverside = demo.NeighbourhoodID("riverside")

// house is the workspace as the product serves it, over the demonstration in a database of its own.
type house struct {
	*demotest.World
	url        string
	door       *identity.Door
	publishing *publishing.Service
	alarms     *alarms.Service
	misroutes  *misroutes.Service

	past        *simulationstore.Store
	simulations *simulations.Service
}

func open(t *testing.T) *house {
	t.Helper()
	w := demotest.New(t)
	h := &house{World: w, door: identity.NewDoor(identitystore.New(w.DB), w.Now, nil)}
	server := routes.New(routes.Options{Doors: h.door, Development: true, Now: w.Now})
	directories := directorystore.New(w.DB)
	inserter, err := jobs.NewInserter(w.DB)
	if err != nil {
		t.Fatal(err)
	}
	h.past = simulationstore.New(w.DB, rulestore.New(directories), inserter)
	h.simulations = simulations.New(h.past, w.Now)
	h.publishing = publishing.New(publishing.Options{Store: publishingstore.New(w.DB), Directories: directories, Replays: h.simulations, Pasts: h.simulations, Now: w.Now})
	h.alarms = alarms.New(alarmstore.New(w.DB), w.Now, slog.New(slog.DiscardHandler))
	h.misroutes = misroutes.New(misroutes.Options{Store: misroutestore.New(w.DB), Versions: h.publishing, Alarms: h.alarms, Now: w.Now})
	studio.New(studio.Options{
		Publishing: h.publishing, Directories: directory.New(directories, w.Now), Alarms: h.alarms, Traffic: h.simulations, Simulations: h.simulations, Misroutes: h.misroutes, Catalogue: w.Catalogue, Now: w.Now,
		Loads: requeststore.New(w.DB, nil, nil),
	}).Add(server)
	server.Add(http.MethodGet, static.Root+"*", routes.Public, echo.WrapHandler(static.Handler()))
	listening := httptest.NewServer(server.Handler())
	t.Cleanup(listening.Close)
	h.url = listening.URL
	return h
}

// token is a session of one of demo.Staff.
func (h *house) token(t *testing.T, subject string) identity.Token {
	t.Helper()
	token, err := h.door.SignIn(t.Context(), identity.Claims{Issuer: demo.Issuer, Subject: subject, AuthenticatedAt: h.Now(), Development: true}, "", uuid.Nil)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// tab is a browser's tab in which somebody is signed in.
func (h *house) tab(t *testing.T, subject string) *browsertest.Tab {
	t.Helper()
	tab := browsertest.Open(t)
	_, err := chromedp.Call(tab.Context(), network.SetCookie, network.SetCookieParams{Name: "onedoor-session", Value: string(h.token(t, subject)), URL: h.url})
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

// colleague is somebody at work in a browser that may or may not run scripts: it asks as htmx does when parts is set.
type colleague struct {
	t      *testing.T
	h      *house
	client *http.Client
	parts  bool
}

func (h *house) colleague(t *testing.T, subject string) *colleague {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	address, err := url.Parse(h.url)
	if err != nil {
		t.Fatal(err)
	}
	jar.SetCookies(address, []*http.Cookie{{Name: "onedoor-session", Value: string(h.token(t, subject))}})
	return &colleague{t: t, h: h, client: &http.Client{Jar: jar}}
}

// htmx is the same person's page asking for parts.
func (c *colleague) htmx() *colleague {
	with := *c
	with.parts = true
	return &with
}

type reply struct {
	status int
	path   string // after redirects
	body   string
	header http.Header
}

func (c *colleague) do(method, path string, form url.Values) reply {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.h.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		c.t.Fatal(err)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if c.parts {
		r.Header.Set("HX-Request", "true")
	}
	answer, err := c.client.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return reply{answer.StatusCode, answer.Request.URL.RequestURI(), string(body), answer.Header}
}

func (c *colleague) get(path string) reply { c.t.Helper(); return c.do(http.MethodGet, path, nil) }

// post sends a form of names and values.
func (c *colleague) post(path string, fields ...string) reply {
	c.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	return c.do(http.MethodPost, path, form)
}

// wants fails the test for each text that a reply lacks, or holds after "not ".
func (c *colleague) wants(r reply, status int, texts ...string) {
	c.t.Helper()
	if r.status != status {
		c.t.Errorf("%s: status %d; want %d", r.path, r.status, status)
	}
	body := strings.Join(strings.Fields(r.body), " ")
	for _, text := range texts {
		text, absent := strings.CutPrefix(text, "not ")
		if strings.Contains(body, text) == absent {
			c.t.Errorf("%s: %q is there: %v", r.path, text, absent)
			c.t.Log(body)
		}
	}
}
