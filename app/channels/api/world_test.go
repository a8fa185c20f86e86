package api_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/google/uuid"

	"onedoor/app/callers"
	"onedoor/app/calls"
	"onedoor/app/channels/api"
	"onedoor/app/clinical/simulator/national"
	"onedoor/app/clinical/systems"
	"onedoor/app/database"
	"onedoor/app/demo"
	"onedoor/app/demo/demotest"
	"onedoor/app/directory"
	"onedoor/app/identity"
	"onedoor/app/integrations"
	"onedoor/app/needs"
	"onedoor/app/nhs"
	"onedoor/app/outbound"
	"onedoor/app/patients/flags"
	"onedoor/app/patients/pds"
	"onedoor/app/publishing"
	"onedoor/app/requests"
	"onedoor/app/routes"
	"onedoor/app/selfservice/selfservicetest"
	"onedoor/app/simulations"
	"onedoor/app/store/callerstore"
	"onedoor/app/store/callstore"
	"onedoor/app/store/deliverystore"
	"onedoor/app/store/directorystore"
	"onedoor/app/store/eventstore"
	"onedoor/app/store/identitystore"
	"onedoor/app/store/integrationstore"
	"onedoor/app/store/publishingstore"
	"onedoor/app/store/rulestore"
	"onedoor/app/store/simulationstore"
	"onedoor/app/store/tracestore"
	"onedoor/app/traces"
	"onedoor/jobs"
)

// world is the API over the demonstration's neighbourhoods, with the real domain, stores and database behind it.
type world struct {
	*demotest.World
	server *routes.Server
	url    string
	doc    *openapi3.T

	deliveries *deliverystore.Store
	policies   *publishing.Service
	calls      *calls.Service
	desk       *selfservicetest.Desk
	register   *national.Server // of patients
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{World: demotest.New(t)}
	inserter, err := jobs.NewInserter(w.DB)
	if err != nil {
		t.Fatal(err)
	}
	w.deliveries = deliverystore.New(w.DB, inserter)
	tailer := database.NewTailer(w.DB, database.TailerOptions{})
	ctx, stop := context.WithCancel(context.Background())
	tailed := make(chan struct{})
	go func() {
		defer close(tailed)
		_ = tailer.Run(ctx)
	}()
	past := simulations.New(simulationstore.New(w.DB, rulestore.New(directorystore.New(w.DB)), inserter), w.Now)
	w.policies = publishing.New(publishing.Options{Store: publishingstore.New(w.DB), Directories: directorystore.New(w.DB), Replays: past, Pasts: past, Now: w.Now})
	book := callstore.New(w.DB)
	w.calls = calls.NewService(calls.Options{Store: book, Reports: book, Lists: book, Sealer: w.Vault, Now: w.Now})
	ways := integrations.Options{Store: integrationstore.New(w.DB), Vault: w.Vault, Kinds: []string{"symptoms"}, Now: w.Now}
	ways.Tester = systems.New(systems.Options{Integrations: integrationstore.New(w.DB), Settings: integrations.New(ways), Outbound: &outbound.Options{}, Now: w.Now, Random: rand.Reader})
	w.desk = selfservicetest.New(t, w.World)
	w.register = national.New()
	w.register.Know(demo.NationalPeople(nhs.DateOf(w.Now()))...)
	played := httptest.NewServer(w.register)
	t.Cleanup(played.Close)
	envelopes := needs.NewEnvelopes(w.Vault)
	a, err := api.New(api.Options{
		Needs: envelopes,
		Traces: traces.New(traces.Options{
			Flags: flags.New(flags.Options{BaseURL: played.URL + national.FlagsPath, Transport: http.DefaultTransport, Random: rand.Reader}), Keeper: envelopes,
			Tracer: pds.New(pds.Options{BaseURL: played.URL + national.PDSPath, Transport: http.DefaultTransport, Now: w.Now, Random: rand.Reader}),
			Store:  tracestore.New(w.DB), Requests: w.Requests, Sealer: w.Vault, Now: w.Now,
		}),
		SelfService: w.desk.Service, Integrations: integrations.New(ways),
		Reports:   w.calls,
		PINs:      callers.New(callers.Options{Store: callerstore.New(w.DB, w.Now), Sealer: w.Vault, Now: w.Now}),
		Catalogue: w.Catalogue, Requests: w.Requests, Recordings: w.Recordings, Deliveries: w.deliveries, Neighbourhoods: directory.New(directorystore.New(w.DB), w.Now),
		Changes: eventstore.New(tailer), Now: w.Now, Policies: w.policies, Simulations: past, Directories: directory.New(directorystore.New(w.DB), w.Now),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.server = routes.New(routes.Options{
		Doors: identity.NewDoor(identitystore.New(w.DB), w.Now, nil), Development: true, KeyRate: 1e6, KeyBurst: 1e6, Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError})),
	})
	a.Add(w.server)
	w.doc = document(t, w.server)
	listening := httptest.NewServer(w.server.Handler())
	t.Cleanup(func() {
		w.server.StopStreams()
		listening.Close()
		stop()
		<-tailed
	})
	w.url = listening.URL
	return w
}

// document is the one that is served, read by another's reader.
func document(t *testing.T, s *routes.Server) *openapi3.T {
	t.Helper()
	recorder := httptest.NewRecorder()
	s.Handler().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/api/v1/openapi.json", nil))
	doc, err := openapi3.NewLoader().LoadFromData(recorder.Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

type answer struct {
	*http.Response
	body []byte
	json map[string]any
}

func (a answer) code() string {
	s, _ := a.json["code"].(string)
	return s
}

func (a answer) text(name string) string {
	s, _ := a.json[name].(string)
	return s
}

// fields are the pointers and codes of a refusal.
func (a answer) fields() map[string]string {
	list, _ := a.json["errors"].([]any)
	found := map[string]string{}
	for _, f := range list {
		m, _ := f.(map[string]any)
		found[fmt.Sprint(m["pointer"])] = fmt.Sprint(m["code"])
	}
	return found
}

// call makes one call with a key of the demonstration, and holds the answer against the document.
func (w *world) call(t testing.TB, key, method, path string, body any, headers ...string) answer {
	t.Helper()
	a, r, sent := w.send(t, key, method, path, body, headers...)
	w.hold(t, r, sent, a)
	return a
}

// unheld makes one call, and does not hold it against the document.
func (w *world) unheld(t testing.TB, key, method, path string, body any, headers ...string) answer {
	t.Helper()
	a, _, _ := w.send(t, key, method, path, body, headers...)
	return a
}

func (w *world) send(t testing.TB, key, method, path string, body any, headers ...string) (answer, *http.Request, []byte) {
	t.Helper()
	var sent []byte
	switch b := body.(type) {
	case nil:
	case string:
		sent = []byte(b)
	default:
		var err error
		if sent, err = json.Marshal(b); err != nil {
			t.Fatal(err)
		}
	}
	r, err := http.NewRequest(method, w.url+path, bytes.NewReader(sent))
	if err != nil {
		t.Fatal(err)
	}
	if len(sent) > 0 {
		r.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+string(identity.SeededKey(key)))
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	a := answer{Response: res}
	if a.body, err = io.ReadAll(res.Body); err != nil {
		t.Fatal(err)
	}
	_ = json.Unmarshal(a.body, &a.json)
	return a, r, sent
}

// hold validates an answer, and the call that was answered well, by the document.
func (w *world) hold(t testing.TB, r *http.Request, sent []byte, a answer) {
	t.Helper()
	path, item, params := w.find(r.URL.Path)
	if item == nil || item.GetOperation(r.Method) == nil {
		return // answered by the ground, not by the API
	}
	input := &openapi3filter.RequestValidationInput{
		Request: r, PathParams: params,
		Route:   &routers.Route{Spec: w.doc, Path: path, PathItem: item, Method: r.Method, Operation: item.GetOperation(r.Method)},
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true},
	}
	if a.StatusCode < 300 && len(sent) > 0 {
		r.Body = io.NopCloser(bytes.NewReader(sent))
		if err := openapi3filter.ValidateRequest(t.Context(), input); err != nil {
			t.Errorf("%s %s was answered with %d, and the document forbids it: %v", r.Method, r.URL.Path, a.StatusCode, err)
		}
	}
	err := openapi3filter.ValidateResponse(t.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: a.StatusCode, Header: a.Header, Body: io.NopCloser(bytes.NewReader(a.body)), Options: input.Options,
	})
	if err != nil {
		t.Errorf("%s %s: the answer is not as documented: %v\n%s", r.Method, r.URL.Path, err, a.body)
	}
}

func (w *world) find(path string) (string, *openapi3.PathItem, map[string]string) {
	if item := w.doc.Paths.Value(path); item != nil {
		return path, item, nil
	}
	name := regexp.MustCompile(`\{([a-z]+)\}`)
	for template, item := range w.doc.Paths.Map() {
		pattern := regexp.MustCompile("^" + name.ReplaceAllString(template, `([^/]+)`) + "$")
		m := pattern.FindStringSubmatch(path)
		if m == nil || !strings.Contains(template, "{") {
			continue
		}
		params := map[string]string{}
		for i, n := range name.FindAllStringSubmatch(template, -1) {
			params[n[1]] = m[i+1]
		}
		return template, item, params
	}
	return "", nil, nil
}

type object = map[string]any

// soreThroat is a submission that goes to the pharmacy that the patient nominated.
func (w *world) soreThroat() object {
	p := w.Patients[0]
	return object{
		"neighbourhood": "riverside", "channel": "app", "kind": "symptoms",
		"patient": object{
			"nhs_number": string(p.NHSNumber), "birth_date": p.BirthDate.String(), "given_name": p.GivenName, "family_name": p.FamilyName,
		},
		"answers": object{"red-flags-adult": []string{"none"}, "condition": "sore-throat"},
	}
}

func (w *world) submit(t testing.TB, key string, body object) answer {
	t.Helper()
	return w.call(t, key, "POST", "/api/v1/requests", body, "Idempotency-Key", uuid.NewString())
}

// commandOn names the request at an address.
func commandOn(t testing.TB, address string) requests.Command {
	t.Helper()
	ref, err := requests.ParseReference(strings.TrimPrefix(address, "/api/v1/requests/"))
	if err != nil {
		t.Fatal(err)
	}
	return requests.Command{Reference: ref}
}
