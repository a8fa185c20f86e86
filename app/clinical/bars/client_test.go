package bars_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/clinical/bars"
	"onedoor/app/clinical/simulator"
	"onedoor/app/nhs"
)

var (
	ctx  = context.Background()
	noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
)

const pharmacy nhs.ODSCode = "FA001"

// world is a receiving service that the simulator plays, and a sender to it that remembers what it sent.
type world struct {
	t      *testing.T
	server *httptest.Server
	sender *bars.System
	mu     sync.Mutex
	calls  []sent
}

type sent struct {
	method, path string
	header       http.Header
	body         []byte
}

// RoundTrip remembers a call.
func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	w.mu.Lock()
	w.calls = append(w.calls, sent{r.Method, r.URL.RequestURI(), r.Header.Clone(), body})
	w.mu.Unlock()
	return http.DefaultTransport.RoundTrip(r)
}

// paths are what was called, without queries.
func (w *world) paths() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []string
	for _, c := range w.calls {
		path, _, _ := strings.Cut(c.path, "?")
		out = append(out, c.method+" "+path[strings.LastIndex(path, "R4")+2:])
	}
	return out
}

func (w *world) messages() []sent {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []sent
	for _, c := range w.calls {
		if c.method == http.MethodPost {
			out = append(out, c)
		}
	}
	return out
}

func newWorld(t *testing.T) *world {
	t.Helper()
	played, err := simulator.Open("", func() time.Time { return noon })
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, server: httptest.NewServer(played)}
	t.Cleanup(func() {
		_ = played.Close()
		w.server.Close()
	})
	w.sender = w.system(nil)
	return w
}

func (w *world) system(settings map[string]string) *bars.System {
	w.t.Helper()
	all := map[string]string{bars.SettingService: simulator.BaRSService(pharmacy)}
	for k, v := range settings {
		all[k] = v
	}
	s, err := bars.New(bars.Options{
		Integration: clinical.Integration{Kind: clinical.BaRS, BaseURL: w.server.URL + simulator.BaRSPath(pharmacy), Settings: all},
		Transport:   w, Now: func() time.Time { return noon },
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

func (w *world) fault(mode string) {
	w.t.Helper()
	r, err := http.Post(w.server.URL+simulator.FaultsPath(pharmacy), "application/json", strings.NewReader(`{"mode":"`+mode+`"}`))
	if err != nil || r.StatusCode != http.StatusOK {
		w.t.Fatalf("fault %s: %v %v", mode, r, err)
	}
	_ = r.Body.Close()
}

func (w *world) effects() []simulator.Effect {
	w.t.Helper()
	r, err := http.Get(w.server.URL + simulator.LedgerPath(pharmacy))
	if err != nil {
		w.t.Fatal(err)
	}
	defer r.Body.Close()
	var out []simulator.Effect
	if err := json.NewDecoder(r.Body).Decode(&out); err != nil {
		w.t.Fatal(err)
	}
	return out
}

// arrival is a confirmed referral to the pharmacy.
func arrival(t *testing.T) clinical.Delivery {
	t.Helper()
	id := uuid.Must(uuid.NewV7())
	d, err := clinical.NewDelivery(id, clinical.Target{NeighbourhoodID: uuid.New(), OrganisationID: uuid.New(), RecordedByID: uuid.New(), RequestID: uuid.New()}, clinical.Document{
		Reference: "2143658709", Purpose: clinical.Arrival, Kind: clinical.Coded{Code: "symptoms", Title: "Help with a symptom"},
		Patient: clinical.Patient{
			NHSNumber: "9990000018", GivenName: "Jack", FamilyName: "Morris", BirthDate: nhs.Date{Year: 1996, Month: 4, Day: 18}, Sex: "male",
			Postcode: "RS2 3CH", Phone: "+447700900123", OnRegister: true,
		},
		RecordedAt: noon, From: clinical.Party{ODS: "A81001", Name: "Weir Lane Surgery"}, For: clinical.Party{ODS: pharmacy, Name: "Mill Street Pharmacy"},
		Asked: &clinical.Asked{
			Lines:   []clinical.Said{{Question: "What do you need help with?", Answers: []string{"Sore throat"}}, {Question: "Tell us about the problem", Answers: []string{"It hurts to swallow."}}},
			Urgency: clinical.Coded{Code: "routine", Title: "Routine"}, DueAt: noon.Add(24 * time.Hour), At: noon.Add(-time.Hour), Channel: "web", ConfirmedBy: "Amina Patel",
		},
	}, noon)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// withdrawal takes an arrival back.
func withdrawal(t *testing.T, of clinical.Delivery) clinical.Delivery {
	t.Helper()
	doc := of.Document
	asked := *doc.Asked
	asked.Withdrawn = "The patient is seen elsewhere."
	doc.Asked, doc.Purpose, doc.RecordedAt = &asked, clinical.Withdrawal, noon.Add(time.Hour)
	d, err := clinical.NewDelivery(uuid.Must(uuid.NewV7()), clinical.Target{
		NeighbourhoodID: of.NeighbourhoodID, OrganisationID: of.OrganisationID, RecordedByID: of.RecordedByID, RequestID: of.RequestID, CorrelationID: of.ID,
	}, doc, noon.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestAReferralArrivesInTheStandardsOrderOfCalls(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := arrival(t)
	receipt, err := w.sender.File(ctx, d)
	if err != nil {
		t.Fatal(err)
	}
	if receipt.State != clinical.Filed || !strings.HasPrefix(receipt.ExternalID, "ServiceRequest/") || !strings.HasPrefix(receipt.TheirReference, "REF-") {
		t.Errorf("receipt %+v", receipt)
	}
	if got := strings.Join(w.paths(), ", "); got != "GET /metadata, GET /MessageDefinition, POST /$process-message" {
		t.Errorf("called %s", got)
	}
	message := w.messages()[0]
	for name, want := range map[string]string{
		"Accept": "application/fhir+json; version=1.4.0", "X-Request-Id": d.ID.String(), "X-Correlation-Id": d.CorrelationID.String(),
		"Use-Context": "a5t1|referral|servicerequest-request|new",
	} {
		if got := message.header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if err := bars.Check(message.body); err != nil {
		t.Error(err)
	}
	if e := w.effects(); len(e) != 1 || e[0].Kind != "referral" || e[0].RequestReference != "2143658709" {
		t.Errorf("effects %+v", e)
	}
	found, ok, err := w.sender.Find(ctx, d)
	if err != nil || !ok || found.ExternalID != receipt.ExternalID {
		t.Errorf("read back %+v, %v, %v", found, ok, err)
	}
	standing, ok, err := w.sender.Standing(ctx, d)
	if err != nil || !ok || standing.Stage != clinical.StageWaiting {
		t.Errorf("standing %+v, %v, %v", standing, ok, err)
	}
}

func TestWhatWasLearnedOfAReceiverIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 2 {
		if _, err := w.sender.File(ctx, arrival(t)); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Join(w.paths(), ", "); got != "GET /metadata, GET /MessageDefinition, POST /$process-message, POST /$process-message" {
		t.Errorf("called %s", got)
	}
}

func TestARetryIsTheSameMessageAndHasNoSecondEffect(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := arrival(t)
	first, err := w.sender.File(ctx, d)
	if err != nil {
		t.Fatal(err)
	}
	again, err := w.system(nil).File(ctx, d) // by another process, which knows nothing
	if err != nil || again.State != clinical.Filed || again.ExternalID != first.ExternalID {
		t.Errorf("a duplicate is a success: %+v, %v", again, err)
	}
	m := w.messages()
	if len(m) != 2 || !bytes.Equal(m[0].body, m[1].body) {
		t.Error("the retry is another message")
	}
	for _, name := range []string{"X-Request-Id", "X-Correlation-Id", "Nhsd-Target-Identifier", "Nhsd-End-User-Organisation", "Nhsd-Requesting-Software"} {
		if m[0].header.Get(name) == "" || m[0].header.Get(name) != m[1].header.Get(name) {
			t.Errorf("%s changed", name)
		}
	}
	if e := w.effects(); len(e) != 1 {
		t.Errorf("%d effects", len(e))
	}
}

func TestEachFaultLeavesOneEffectAndTheRightState(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		mode string
		want clinical.State // after the try
	}{
		{"down", clinical.Pending},
		{"rate-limit", clinical.Pending},
		{"conflict", clinical.Pending},
		{"timeout-after-commit", clinical.Sent},
	} {
		t.Run(c.mode, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			d := arrival(t)
			if _, err := w.sender.Capabilities(ctx); err != nil {
				t.Fatal(err)
			}
			w.fault(c.mode)
			try := func(within time.Duration) {
				soon, cancel := context.WithTimeout(ctx, within)
				defer cancel()
				receipt, err := clinical.Deliver(soon, w.sender, d)
				d = d.After(receipt, err, noon, 0)
			}
			first := time.Minute // however busy the machine is
			if c.mode == "timeout-after-commit" {
				first = 2 * time.Second
			}
			try(first)
			if d.State != c.want || d.LastError == "" {
				t.Errorf("the state is %s, for %q", d.State, d.LastError)
			}
			w.fault("ok")
			try(time.Minute)
			if d.State != clinical.Filed || d.ExternalID == "" {
				t.Errorf("after the fault it is %s: %s", d.State, d.LastError)
			}
			if e := w.effects(); len(e) != 1 {
				t.Errorf("%d effects", len(e))
			}
		})
	}
}

func TestAWithdrawalReadsThenRevokes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := arrival(t)
	if _, err := w.sender.File(ctx, d); err != nil {
		t.Fatal(err)
	}
	back := withdrawal(t, d)
	if _, found, err := w.sender.Find(ctx, back); err != nil || found {
		t.Errorf("it is not taken back yet: %v, %v", found, err)
	}
	for range 2 { // the second time there is nothing left to do
		receipt, err := w.sender.File(ctx, back)
		if err != nil || receipt.State != clinical.Filed {
			t.Fatalf("%+v, %v", receipt, err)
		}
	}
	if _, found, err := w.sender.Find(ctx, back); err != nil || !found {
		t.Errorf("it is taken back: %v, %v", found, err)
	}
	e := w.effects()
	if len(e) != 2 || e[1].Kind != "referral-cancelled" {
		t.Errorf("effects %+v", e)
	}
	m := w.messages()
	if last := m[len(m)-1].header; last.Get("X-Request-Id") != back.ID.String() || last.Get("X-Correlation-Id") != d.ID.String() {
		t.Error("a cancellation has an id of its own, and the exchange of what it cancels")
	}
	standing, found, err := w.sender.Standing(ctx, d)
	if err != nil || !found || standing.Stage != clinical.StageCancelled || standing.Says != "The patient is seen elsewhere." {
		t.Errorf("standing %+v, %v, %v", standing, found, err)
	}
}

func TestTakingBackWhatNeverArrivedHasNothingToDo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	receipt, err := w.sender.File(ctx, withdrawal(t, arrival(t)))
	if err != nil || receipt.State != clinical.Filed || len(w.effects()) != 0 {
		t.Errorf("%+v, %v", receipt, err)
	}
}

func TestTheRulesOfPharmacyReferrals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*clinical.Delivery)
		says   string // the refusal's, or empty when it may go
	}{
		{"a person has confirmed it", func(*clinical.Delivery) {}, ""},
		{"begun online, and nobody has looked", func(d *clinical.Delivery) { d.Document.Asked.ConfirmedBy = "" }, bars.ConfirmFirst},
		{"begun online, and a person has it sent again", func(d *clinical.Delivery) { d.Document.Asked.ConfirmedBy, d.ReplayedAt = "", noon }, ""},
		{"begun by telephone", func(d *clinical.Delivery) { d.Document.Asked.ConfirmedBy, d.Document.Asked.Channel = "", "phone" }, ""},
		{"no telephone number", func(d *clinical.Delivery) { d.Document.Patient.Phone = "" }, "A referral to a pharmacy needs a telephone number"},
		{"no NHS number", func(d *clinical.Delivery) { d.Document.Patient.NHSNumber = "" }, ""},
		{"a number that only the patient vouches for", func(d *clinical.Delivery) { d.Document.Patient.OnRegister = false }, ""},
		{"an outcome", func(d *clinical.Delivery) {
			d.Document.Purpose, d.Document.Asked, d.Document.Outcome = clinical.OwnRecord, nil, clinical.Coded{Code: "done", Title: "Done"}
		}, "The Booking and Referral Standard carries referrals"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			d := arrival(t)
			c.change(&d)
			_, err := w.sender.File(ctx, d)
			var refused *clinical.Refused
			if c.says == "" {
				if err != nil {
					t.Fatal(err)
				}
				body := string(w.messages()[0].body)
				if given := strings.Contains(body, "9990000018"); given != (d.Document.Patient.OnRegister && d.Document.Patient.NHSNumber != "") {
					t.Errorf("the number is in the message: %v", given)
				}
				return
			}
			if !errors.As(err, &refused) || !strings.HasPrefix(refused.Says, c.says) {
				t.Fatalf("got %v", err)
			}
			if len(w.messages()) != 0 {
				t.Error("something was sent")
			}
		})
	}
}

func TestNothingIdentifiableIsInAnAddressOrAnError(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := arrival(t)
	_, _ = w.sender.File(ctx, d)
	_, _, _ = w.sender.Find(ctx, d)
	_, _ = w.sender.File(ctx, withdrawal(t, d))
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.calls {
		for _, secret := range []string{"9990000018", "Morris", "RS2", "7700"} {
			if strings.Contains(c.path, secret) {
				t.Errorf("%s holds %s", c.path, secret)
			}
		}
	}
}
