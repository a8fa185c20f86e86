package mesh_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/clinical/mesh"
	"onedoor/app/clinical/simulator"
	"onedoor/app/nhs"
)

var ctx = context.Background()

// world is a simulated MESH with a practice behind it, and an adapter that reaches it by a wire that can be cut.
type world struct {
	t      *testing.T
	url    string
	wire   *wire
	system *mesh.System
}

// wire counts calls and loses the answers of those that a test names.
type wire struct {
	mu    sync.Mutex
	calls []string
	lose  func(method, path string) bool
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := http.DefaultTransport.RoundTrip(r)
	w.mu.Lock()
	defer w.mu.Unlock()
	_, path, _ := strings.Cut(r.URL.Path, "/messageexchange/X26ABC1")
	w.calls = append(w.calls, r.Method+" "+path)
	if err == nil && w.lose != nil && w.lose(r.Method, path) {
		_ = response.Body.Close()
		return nil, errors.New("the connection was cut")
	}
	return response, err
}

func (w *wire) losing(lose func(method, path string) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lose = lose
}

func (w *wire) count(method, path string) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.calls {
		if c == method+" "+path {
			n++
		}
	}
	return n
}

func newWorld(t *testing.T, settings map[string]string) world {
	t.Helper()
	played, err := simulator.Open("", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(played)
	t.Cleanup(func() {
		if err := played.Close(); err != nil {
			t.Error(err)
		}
		server.Close()
	})
	w := &wire{}
	all := map[string]string{mesh.SettingMailbox: "X26ABC1"}
	for k, v := range settings {
		all[k] = v
	}
	system, err := mesh.New(mesh.Options{
		Integration: clinical.Integration{Kind: clinical.MESH, BaseURL: server.URL + simulator.MeshPath("A81001"), Settings: all},
		Secrets:     map[string][]byte{mesh.SecretPassword: []byte(simulator.MeshPassword), mesh.SecretSharedKey: []byte(simulator.MeshSharedKey)},
		Transport:   w, Now: time.Now, Random: rand.Reader,
	})
	if err != nil {
		t.Fatal(err)
	}
	return world{t, server.URL, w, system}
}

func (w world) post(path, body string) {
	w.t.Helper()
	response, err := http.Post(w.url+path, "application/json", strings.NewReader(body)) //nolint:noctx // a test of a server of its own
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		said, _ := io.ReadAll(response.Body)
		w.t.Fatalf("%s: %d %s", path, response.StatusCode, said)
	}
}

func (w world) fault(mode simulator.Mode) {
	w.post("/A81001/faults", fmt.Sprintf(`{"mode": %q}`, mode))
}

func (w world) answers(a simulator.Answers) {
	w.post("/A81001/mesh/practice", fmt.Sprintf(`{"answers": %q}`, a))
}

func (w world) effects() []simulator.Effect {
	w.t.Helper()
	response, err := http.Get(w.url + "/A81001/ledger") //nolint:noctx // a test of a server of its own
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var out []simulator.Effect
	if err := json.NewDecoder(response.Body).Decode(&out); err != nil {
		w.t.Fatal(err)
	}
	return out
}

func delivery(t *testing.T) clinical.Delivery {
	t.Helper()
	now := time.Now()
	d, err := clinical.NewDelivery(uuid.Must(uuid.NewV7()), clinical.Target{
		NeighbourhoodID: uuid.New(), OrganisationID: uuid.New(), RecordedByID: uuid.New(), RequestID: uuid.New(),
	}, clinical.Document{
		Reference: "4820017365", Purpose: clinical.RegisteredPractice,
		Kind: clinical.Coded{Code: "symptoms", Title: "Help with symptoms"}, Outcome: clinical.Coded{Code: "medicine-supplied", Title: "Medicine supplied"},
		Patient:    clinical.Patient{NHSNumber: "9990001006", GivenName: "Siân", FamilyName: "Llŷr_Jones", BirthDate: nhs.Date{Year: 1996, Month: 4, Day: 7}},
		RecordedBy: "Grace Mensah", RecordedAt: now,
		From: clinical.Party{ODS: "FRV01", Name: "Quayside Pharmacy", Kind: "pharmacy"}, For: clinical.Party{ODS: "A81001", Name: "Weir Lane Surgery"},
	}, now)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// try is one turn of the drain, which stores a delivery as sent before it tries.
func (w world) try(d clinical.Delivery) clinical.Delivery {
	receipt, err := clinical.Deliver(ctx, w.system, d)
	return d.After(receipt, err, time.Now(), 0)
}

// settle tries until the drain would have no more work with it.
func (w world) settle(d clinical.Delivery) clinical.Delivery {
	w.t.Helper()
	for range 12 {
		if d = w.try(d); !d.State.Open() {
			return d
		}
	}
	w.t.Fatalf("still %s: %s; calls %v", d.State, d.LastError, w.wire.calls)
	return d
}

// once asks for one effect.
func (w world) once(d clinical.Delivery) {
	w.t.Helper()
	effects := w.effects()
	if len(effects) != 1 || effects[0].RequestReference != d.Document.Reference || effects[0].Resource != "MeshMessage/"+d.ExternalID {
		w.t.Errorf("effects %+v of %s", effects, d.ExternalID)
	}
}

func TestSentIsAcceptedAndThenAcknowledgedAndThenFiled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	d := w.settle(delivery(t))
	if d.State != clinical.Accepted || d.ExternalID == "" || d.Attempts != 1 {
		t.Fatalf("%+v", d)
	}
	w.once(d)
	said, err := w.system.Fetch(ctx, 10)
	if err != nil || len(said) != 2 {
		t.Fatalf("%+v, %v", said, err)
	}
	for i, want := range []clinical.State{clinical.Acknowledged, clinical.Filed} {
		if said[i].DeliveryID != d.ID {
			t.Errorf("about %s", said[i].DeliveryID)
		}
		var changed bool
		if d, changed = d.Acknowledge(said[i], time.Now()); d.State != want || !changed {
			t.Errorf("%s after word %d", d.State, i)
		}
		if err := w.system.PutAway(ctx, said[i].ID); err != nil {
			t.Error(err)
		}
	}
	if left, err := w.system.Fetch(ctx, 10); err != nil || len(left) != 0 {
		t.Errorf("%+v, %v", left, err)
	}
}

func TestWhatThePracticeSays(t *testing.T) {
	t.Parallel()
	for answers, c := range map[simulator.Answers]struct {
		state clinical.State
		says  string
	}{
		simulator.AnswersReceived:      {clinical.Acknowledged, ""},
		simulator.AnswersSilent:        {clinical.Accepted, ""},
		simulator.AnswersNotKnown:      {clinical.NeedsAttention, "does not know this patient"},
		simulator.AnswersUndeliverable: {clinical.NeedsAttention, "no mailbox for the patient's practice"},
	} {
		t.Run(string(answers), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.answers(answers)
			d := w.settle(delivery(t))
			said, err := w.system.Fetch(ctx, 10)
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range said {
				if a.DeliveryID != d.ID && a.ExternalID != d.ExternalID {
					t.Errorf("about another: %+v", a)
				}
				d, _ = d.Acknowledge(a, time.Now())
			}
			if d.State != c.state || !strings.Contains(d.LastError, c.says) {
				t.Errorf("%s: %s", d.State, d.LastError)
			}
			w.once(d)
		})
	}
}

func TestALostAnswerIsSettledByAskingAndNeverByASecondMessage(t *testing.T) {
	t.Parallel()
	first := func(method, path string) bool { return method == http.MethodPost && path == "/outbox" }
	last := func(method, path string) bool { return method == http.MethodPost && strings.HasSuffix(path, "/2") }
	for name, c := range map[string]struct {
		lose  func(method, path string) bool
		posts int // of the first part
	}{
		"the first part's": {first, 1},
		"the last part's":  {last, 1},
		"both":             {func(m, p string) bool { return first(m, p) || last(m, p) }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			lost := map[string]bool{}
			w.wire.losing(func(method, path string) bool { // each once
				if !c.lose(method, path) || lost[path] {
					return false
				}
				lost[path] = true
				return true
			})
			d := w.settle(delivery(t))
			if d.State != clinical.Accepted || len(lost) == 0 {
				t.Errorf("%s: %s", d.State, d.LastError)
			}
			w.once(d)
			if n := w.wire.count(http.MethodPost, "/outbox"); n != c.posts {
				t.Errorf("%d first posts: %v", n, w.wire.calls)
			}
		})
	}
}

func TestAProcessThatDiesAnywhereLosesNothingAndSendsNothingTwice(t *testing.T) {
	t.Parallel()
	// The row as it stands in the database when the process dies at each step: marked as sent before the try.
	for steps := range 4 {
		t.Run(fmt.Sprintf("after %d steps", steps), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			stored := delivery(t)
			for range steps {
				after := w.try(stored)
				if stored.State = clinical.Sent; after.State == clinical.Accepted {
					break // it died before it could write down the receipt
				}
				stored = after
			}
			stored.State = clinical.Sent
			forgotten := stored
			if steps == 1 {
				forgotten.ExternalID = "" // it died before it could write down the upload's name
			}
			w.once(w.settle(forgotten))
		})
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	for _, mode := range []simulator.Mode{simulator.Down, simulator.Conflict, simulator.RateLimit, simulator.TimeoutAfterCommit, simulator.Slow} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.fault(mode)
			d := w.try(delivery(t))
			if mode != simulator.Slow && (!d.State.Open() || d.LastError == "" || strings.Contains(d.LastError, "Llŷr")) {
				t.Errorf("%s: %q", d.State, d.LastError)
			}
			if mode == simulator.TimeoutAfterCommit { // the next part is lost as well
				d = w.try(d)
				d = w.try(d)
			}
			w.fault(simulator.OK)
			if d.State.Open() {
				d = w.settle(d)
			}
			if d.State != clinical.Accepted {
				t.Errorf("%s: %s", d.State, d.LastError)
			}
			w.once(d)
		})
	}
}

func TestAPersonsReplaySendsAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.answers(simulator.AnswersNotKnown)
	d := w.settle(delivery(t))
	d, _ = d.Acknowledge(clinical.Acknowledgement{State: clinical.NeedsAttention, Says: "no"}, time.Now())
	again, err := d.Replay(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if again = w.settle(again); again.State != clinical.Accepted || again.ExternalID == d.ExternalID || len(w.effects()) != 2 {
		t.Errorf("%s %s, %d effects", again.State, again.ExternalID, len(w.effects()))
	}
}

func TestWhatCannotGoByMESHIsForAPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for name, change := range map[string]func(*clinical.Delivery){
		"no NHS number":    func(d *clinical.Delivery) { d.Document.Patient.NHSNumber = "" },
		"no date of birth": func(d *clinical.Delivery) { d.Document.Patient.BirthDate = nhs.Date{} },
		"no family name":   func(d *clinical.Delivery) { d.Document.Patient.FamilyName = "" },
		"its own record":   func(d *clinical.Delivery) { d.Document.Purpose, d.Purpose = clinical.OwnRecord, clinical.OwnRecord },
		"an arrival":       func(d *clinical.Delivery) { d.Purpose = clinical.Arrival },
	} {
		d := delivery(t)
		change(&d)
		if got := w.try(d); got.State != clinical.NeedsAttention || got.LastError == "" || strings.Contains(got.LastError, "999") {
			t.Errorf("%s: %s %s", name, got.State, got.LastError)
		}
	}
	if len(w.wire.calls) != 0 || len(w.effects()) != 0 {
		t.Errorf("called %v", w.wire.calls)
	}
}

func TestWrongCredentialsHoldEverythingUpAndSetNothingAside(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	wrong, err := mesh.New(mesh.Options{
		Integration: clinical.Integration{BaseURL: w.url + simulator.MeshPath("A81001"), Settings: map[string]string{mesh.SettingMailbox: "X26ABC1"}},
		Secrets:     map[string][]byte{mesh.SecretPassword: []byte("wrong"), mesh.SecretSharedKey: []byte(simulator.MeshSharedKey)},
		Now:         time.Now, Random: rand.Reader,
	})
	if err != nil {
		t.Fatal(err)
	}
	var unavailable *clinical.Unavailable
	if _, err := wrong.Capabilities(ctx); !errors.As(err, &unavailable) || !clinical.Troubled(err) {
		t.Errorf("handshake: %v", err)
	}
	if _, err := wrong.File(ctx, delivery(t)); !errors.As(err, &unavailable) {
		t.Errorf("file: %v", err)
	}
	if _, err := wrong.Fetch(ctx, 1); !errors.As(err, &unavailable) {
		t.Errorf("fetch: %v", err)
	}
	can, err := w.system.Capabilities(ctx)
	if err != nil || can.Software != "MESH" || len(can.Offers) != 2 {
		t.Errorf("%+v, %v", can, err)
	}
}

func TestHeadersAreThoseOfTheSpecification(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		settings map[string]string
		from     string
		workflow string
		to       string
	}{
		"a document finds the practice":    {nil, "pharmacy", "GPFED_CONSULT_REPORT", "GPPROVIDER_9990001006_19960407_Llyr Jones"},
		"a mailbox that was named":         {map[string]string{mesh.SettingRecipient: "x26gp1"}, "pharmacy", "GPFED_CONSULT_REPORT", "X26GP1"},
		"a pharmacy updates the record":    {update, "pharmacy", "GPCONNECT_UPDATE_RECORD", "GPPROVIDER_9990001006_19960407_Llyr Jones"},
		"a hub's outcome is no pharmacy's": {update, "hub", "GPFED_CONSULT_REPORT", "GPPROVIDER_9990001006_19960407_Llyr Jones"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, c.settings)
			d := delivery(t)
			d.Document.From.Kind = c.from
			var got http.Header
			var mu sync.Mutex
			listener := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				mu.Lock()
				defer mu.Unlock()
				got = r.Header.Clone()
			}))
			defer listener.Close()
			settings := map[string]string{mesh.SettingMailbox: "X26ABC1"}
			for k, v := range c.settings {
				settings[k] = v
			}
			system, err := mesh.New(mesh.Options{
				Integration: clinical.Integration{BaseURL: listener.URL, Settings: settings}, Now: time.Now, Random: bytes.NewReader(make([]byte, 64)),
				Secrets: map[string][]byte{mesh.SecretPassword: []byte("p"), mesh.SecretSharedKey: []byte("k")},
			})
			if err != nil {
				t.Fatal(err)
			}
			var unknown *clinical.Unknown
			if _, err := system.File(ctx, d); !errors.As(err, &unknown) { // it answered nothing
				t.Errorf("%v", err)
			}
			for header, want := range map[string]string{
				"Mex-To": c.to, "Mex-WorkflowID": c.workflow, "Mex-LocalID": "FRV01_" + d.ID.String(), "Mex-Chunk-Range": "1:2", "Mex-FileName": "4820017365.xml",
				"Mex-Subject":      "Consultation report for Sian Llyr Jones, NHS Number 9990001006, seen at Quayside Pharmacy, ODS Code FRV01, Version 1",
				"Content-Encoding": "gzip", "Mex-Content-Type": "application/fhir+xml", "Accept": "application/vnd.mesh.v2+json",
			} {
				if got.Get(header) != want {
					t.Errorf("%s is %q, want %q", header, got.Get(header), want)
				}
			}
			if a := got.Get("Authorization"); !strings.HasPrefix(a, "NHSMESH X26ABC1:00000000-0000-4000-8000-000000000000:0:") || strings.Contains(a, ":p:") {
				t.Errorf("Authorization: %s", a)
			}
			w.once(w.settle(d)) // and the simulator, written from the same texts, takes it
		})
	}
}

var update = map[string]string{mesh.SettingForm: "update-record", mesh.SettingDefinition: "https://example.org/MessageDefinition/1"}

func TestSettingsThatCannotWorkAreRefused(t *testing.T) {
	t.Parallel()
	secrets := map[string][]byte{mesh.SecretPassword: []byte("p"), mesh.SecretSharedKey: []byte("k")}
	for name, o := range map[string]mesh.Options{
		"no mailbox":               {Secrets: secrets},
		"a mailbox with a path":    {Secrets: secrets, Integration: clinical.Integration{Settings: map[string]string{mesh.SettingMailbox: "A/../B"}}},
		"no password":              {Integration: clinical.Integration{Settings: map[string]string{mesh.SettingMailbox: "A"}}},
		"an update of no kind":     {Secrets: secrets, Integration: clinical.Integration{Settings: map[string]string{mesh.SettingMailbox: "A", mesh.SettingForm: "update-record"}}},
		"a form that is not known": {Secrets: secrets, Integration: clinical.Integration{Settings: map[string]string{mesh.SettingMailbox: "A", mesh.SettingForm: "fax"}}},
	} {
		var refused *clinical.Refused
		if _, err := mesh.New(o); !errors.As(err, &refused) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
