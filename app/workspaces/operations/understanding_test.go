package operations_test

import (
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/demo"
	"onedoor/app/demo/demotest"
	"onedoor/app/directory"
	"onedoor/app/identity"
	"onedoor/app/routes"
	"onedoor/app/store/directorystore"
	"onedoor/app/store/identitystore"
	"onedoor/app/store/understandingstore"
	"onedoor/app/understanding"
	"onedoor/app/understanding/local"
	"onedoor/app/workspaces/operations"
)

// elsewhere is a model on another machine that is never asked.
type elsewhere struct{}

func (elsewhere) Understand(context.Context, understanding.Text) (understanding.Proposal, error) {
	return understanding.Proposal{}, nil
}

func (elsewhere) About() understanding.About {
	return understanding.About{Name: "endpoint", Model: "far-model", Version: "7", Outside: true}
}

// desk is the workspace with understanding, over the demonstration.
type desk struct {
	*demotest.World
	url   string
	door  *identity.Door
	store *understandingstore.Store
	model *local.Model
}

func openDesk(t *testing.T) *desk {
	t.Helper()
	w := demotest.New(t)
	d := &desk{World: w, door: identity.NewDoor(identitystore.New(w.DB), w.Now, nil), store: understandingstore.New(w.DB)}
	var err error
	if d.model, err = local.New(w.Catalogue); err != nil {
		t.Fatal(err)
	}
	service, err := understanding.New(understanding.Options{Store: d.store, Catalogue: w.Catalogue, Models: []understanding.Model{d.model, elsewhere{}}, Now: w.Now})
	if err != nil {
		t.Fatal(err)
	}
	server := routes.New(routes.Options{Doors: d.door, Development: true, Now: w.Now})
	all := directory.New(directorystore.New(w.DB), w.Now)
	operations.New(operations.Options{Directories: all, Neighbourhoods: all, Understanding: service, Now: w.Now}).Add(server)
	listening := httptest.NewServer(server.Handler())
	t.Cleanup(listening.Close)
	d.url = listening.URL
	return d
}

// as is one of demo.Staff, signed in, in a browser without scripts.
func (d *desk) as(t *testing.T, subject string) func(method, path string, pairs ...string) (int, string, string) {
	t.Helper()
	token, err := d.door.SignIn(t.Context(), identity.Claims{Issuer: demo.Issuer, Subject: subject, AuthenticatedAt: d.Now(), Development: true}, "", uuid.Nil)
	if err != nil {
		t.Fatal(err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	at, err := url.Parse(d.url)
	if err != nil {
		t.Fatal(err)
	}
	jar.SetCookies(at, []*http.Cookie{{Name: "onedoor-session", Value: string(token)}})
	client := &http.Client{Jar: jar}
	return func(method, path string, pairs ...string) (int, string, string) {
		t.Helper()
		form := url.Values{}
		for i := 0; i+1 < len(pairs); i += 2 {
			form.Add(pairs[i], pairs[i+1])
		}
		r, err := http.NewRequestWithContext(t.Context(), method, d.url+path, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		if method == http.MethodPost {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		answer, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = answer.Body.Close() }()
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, answer.Request.URL.RequestURI(), strings.Join(strings.Fields(string(body)), " ")
	}
}

// saw notes what the shadow would have seen.
func (d *desk) saw(t *testing.T, organisation uuid.UUID, kind string, proposed, agreed int) {
	t.Helper()
	riverside := demo.NeighbourhoodID("riverside")
	for i := range proposed {
		chosen := kind
		if i >= agreed {
			chosen = "callback"
		}
		id := uuid.Must(uuid.NewV7())
		u := understanding.Use{
			ID: id, NeighbourhoodID: riverside, OrganisationID: organisation, At: d.Now(), Channel: "web", Language: "en", Shadow: true,
			Model: d.model.About().Model, Version: d.model.About().Version, Outcome: understanding.Proposed, Kind: kind, Confidence: 0.9, Chosen: chosen,
		}
		if err := d.store.Note(t.Context(), u, audit.Entry{ID: uuid.Must(uuid.NewV7()), NeighbourhoodID: riverside, At: d.Now(), Actor: audit.Actor{Kind: audit.System}, Action: "understanding.use", SubjectKind: "understanding_use", Subject: id}); err != nil {
			t.Fatal(err)
		}
	}
}

func holds(t *testing.T, body string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		text, absent := strings.CutPrefix(text, "not ")
		if strings.Contains(body, text) == absent {
			t.Errorf("%q is there: %v\n%s", text, absent, body)
		}
	}
}

const ownPage = "/operations/understanding/neighbourhood"

func TestALeadTurnsUnderstandingOnAfterTheShadowAndOffInOneClick(t *testing.T) {
	t.Parallel()
	d := openDesk(t)
	lead := d.as(t, "neil.hart")
	status, at, body := lead(http.MethodGet, "/operations/understanding")
	if status != http.StatusOK || at != ownPage {
		t.Fatalf("%d at %s", status, at)
	}
	holds(t, body, "Riverside’s own front door and line", "No model reads what people write or say.", "onedoor-words, version", "far-model, version 7", "Listen in shadow mode",
		"our organisation has agreed to this", "not Turn it off now", "not Turn it on for")

	_, _, body = lead(http.MethodPost, ownPage, "version", "0", "model", "local", "mode", "on")
	holds(t, body, "Let it listen in shadow mode first")
	_, at, body = lead(http.MethodPost, ownPage, "version", "0", "model", "local", "mode", "shadow")
	if at != ownPage+"?done=shadow" {
		t.Errorf("at %s", at)
	}
	holds(t, body, "It listens in shadow mode.", "Turn it off now", "0 of 50 proposals", "not Turn it on for", "Last changed by Neil Hart")
	status, _, body = lead(http.MethodPost, ownPage, "version", "1", "model", "local", "mode", "on")
	if status != http.StatusConflict {
		t.Errorf("turned on with nothing seen: %d", status)
	}
	holds(t, body, "0 of 50 proposals have been compared")

	d.saw(t, uuid.Nil, "symptoms", 45, 43)
	d.saw(t, uuid.Nil, "admin", 9, 9)
	_, _, body = lead(http.MethodGet, ownPage)
	holds(t, body, "has read 54 texts", "Turn it on for the kinds with enough agreement", "Enough agreement", "96%")
	status, _, body = lead(http.MethodPost, ownPage, "version", "7", "model", "local", "mode", "on")
	if status != http.StatusConflict {
		t.Errorf("a stale page changed it: %d", status)
	}
	holds(t, body, "Somebody else changed this setting")
	_, _, body = lead(http.MethodPost, ownPage, "version", "1", "model", "local", "mode", "on")
	holds(t, body, "It is on for the kinds that had enough agreement.", "Proposed to people", "Not enough yet", "Count again and stay on")

	_, at, body = lead(http.MethodPost, ownPage, "mode", "off") // without having seen anything newer
	if at != ownPage+"?done=off" {
		t.Errorf("at %s", at)
	}
	holds(t, body, "It is off.", "not Turn it off now")
}

func TestEachSeesTheirOwnSettingsAlone(t *testing.T) {
	t.Parallel()
	d := openDesk(t)
	for subject, may := range map[string][]string{"neil.hart": {"neighbourhood"}, "jo.bennett": {"A81001"}, "sam.carter": nil} {
		who := d.as(t, subject)
		for _, place := range []string{"neighbourhood", "A81001", "A81002", "B82001", "A99999", "x"} {
			allowed := false
			for _, p := range may {
				allowed = allowed || p == place
			}
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				status, _, _ := who(method, "/operations/understanding/"+place, "mode", "off")
				if good := status == http.StatusOK; good != allowed {
					t.Errorf("%s %s %s: %d", subject, method, place, status)
				}
			}
		}
	}
}
