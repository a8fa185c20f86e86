package reception_test

import (
	"context"
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"onedoor/app/audit"
	"onedoor/app/callers"
	"onedoor/app/database"
	"onedoor/app/demo"
	"onedoor/app/demo/demotest"
	"onedoor/app/directory"
	"onedoor/app/identity"
	"onedoor/app/nhs"
	"onedoor/app/patients"
	"onedoor/app/requests"
	"onedoor/app/routes"
	"onedoor/app/store/callerstore"
	"onedoor/app/store/directorystore"
	"onedoor/app/store/eventstore"
	"onedoor/app/store/identitystore"
	"onedoor/app/workspaces/reception"
	"onedoor/ui/browsertest"
	"onedoor/ui/static"
)

var pictures = flag.String("pictures", "", "a folder for pictures of the pages on the way")

func TestMain(m *testing.M) {
	flag.Parse()
	browsertest.Main(m)
}

var riverside = demo.NeighbourhoodID("riverside")

// house is the workspace as the product serves it, over the demonstration in a database of its own.
type house struct {
	*demotest.World
	url  string
	door *identity.Door
	book *bookSystem
}

func open(t *testing.T) *house {
	t.Helper()
	w := demotest.New(t)
	h := &house{World: w, door: identity.NewDoor(identitystore.New(w.DB), w.Now, nil)}
	server := routes.New(routes.Options{Doors: h.door, Development: true, Now: w.Now})
	tailer := database.NewTailer(w.DB, database.TailerOptions{Interval: 20 * time.Millisecond})
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- tailer.Run(ctx) }()
	t.Cleanup(func() { stop(); <-ended })
	h.book = openBook(t, w)
	reception.New(reception.Options{
		Bookings: h.book.service,
		PINs:     callers.New(callers.Options{Store: callerstore.New(w.DB, w.Now), Sealer: w.Vault, Now: w.Now}),
		Requests: w.Requests, Directories: directory.New(directorystore.New(w.DB), w.Now), Recordings: w.Recordings, Changes: eventstore.New(tailer), Catalogue: w.Catalogue, Now: w.Now,
		Heartbeat: 200 * time.Millisecond,
	}).Add(server)
	server.Add(http.MethodGet, static.Root+"*", routes.Public, echo.WrapHandler(static.Handler()))
	listening := httptest.NewServer(server.Handler())
	t.Cleanup(listening.CloseClientConnections) // streams first: Close waits for them
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

func (c *colleague) give(reference requests.Reference, command string, fields ...string) reply {
	c.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return c.do(http.MethodPost, "/reception/requests/"+string(reference)+"/"+command, form)
}

// wants fails the test for each text that a reply lacks, or holds after "not".
func (c *colleague) wants(r reply, status int, texts ...string) {
	c.t.Helper()
	if r.status != status {
		c.t.Errorf("%s: status %d; want %d", r.path, r.status, status)
	}
	body := strings.Join(strings.FieldsFunc(r.body, func(c rune) bool { return c == ' ' || c == '\n' || c == '\t' }), " ")
	for _, text := range texts {
		text, absent := strings.CutPrefix(text, "not ")
		if strings.Contains(body, text) == absent {
			c.t.Errorf("%s: %q is there: %v", r.path, text, absent)
			c.t.Log(body)
		}
	}
}

// ask submits a request of one of the seeded people by an app.
func (h *house) ask(t *testing.T, patient int, kind string, answers map[string]string) requests.Receipt {
	t.Helper()
	p := h.Patients[patient]
	raw := map[string]json.RawMessage{}
	flags := "red-flags-adult"
	if p.BirthDate.Age(nhs.DateOf(h.Now())) < 16 {
		flags = "red-flags-child"
	}
	raw[flags] = json.RawMessage(`["none"]`)
	for linkID, value := range answers {
		raw[linkID] = json.RawMessage(value)
	}
	receipt, err := h.Requests.Submit(t.Context(), requests.Submission{
		NeighbourhoodID: riverside, Channel: requests.Web, Kind: kind, Answers: raw, By: audit.Actor{Kind: audit.Patient},
		Patient: patients.Given{NHSNumber: p.NHSNumber, BirthDate: p.BirthDate, Mobile: p.Mobile},
	})
	if err != nil {
		t.Fatal(err)
	}
	return receipt
}
