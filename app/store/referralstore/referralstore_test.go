package referralstore_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/clinical"
	"onedoor/app/clinical/bars"
	"onedoor/app/database"
	"onedoor/app/demo"
	"onedoor/app/demo/demotest"
	"onedoor/app/directory"
	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/app/referrals"
	"onedoor/app/requests"
	"onedoor/app/store/directorystore"
	"onedoor/app/store/integrationstore"
	"onedoor/app/store/referralstore"
	"onedoor/tenants"
)

const systemODS = "https://fhir.nhs.uk/Id/ods-organization-code"

// world is the demonstration with a receiver, and a sender to one of its organisations.
type world struct {
	*demotest.World
	t       *testing.T
	desk    *referrals.Service
	store   *referralstore.Store
	d       *tenants.Directory
	server  *httptest.Server
	callers map[string]clinical.ReferralCaller

	mu   sync.Mutex
	body []byte // of the last message
	head http.Header
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{World: demotest.New(t), t: t}
	directories := directory.New(directorystore.New(w.DB), w.Now)
	w.store = referralstore.New(w.DB)
	w.desk = referrals.New(w.store, w.Requests, directories, w.Vault, w.Now)
	var err error
	if w.d, err = directories.Current(t.Context(), demo.NeighbourhoodID("riverside")); err != nil {
		t.Fatal(err)
	}
	w.callers = map[string]clinical.ReferralCaller{}
	for name, neighbourhood := range map[string]string{"one": "riverside", "another": "riverside", "foreign": "hillside"} {
		id := uuid.New()
		w.callers[name] = clinical.ReferralCaller{NeighbourhoodID: demo.NeighbourhoodID(neighbourhood), Client: id, Actor: audit.Actor{Kind: audit.Client, ID: id, Name: name}}
	}
	receiver := bars.Handler(bars.Desk{Referrals: w.desk, Now: w.Now, Authorise: func(_ context.Context, credential string) (clinical.ReferralCaller, bool, error) {
		by, known := w.callers[credential]
		return by, known, nil
	}})
	w.server = httptest.NewServer(receiver)
	t.Cleanup(w.server.Close)
	return w
}

func (w *world) organisation(kind tenants.OrganisationKind) tenants.Organisation {
	w.t.Helper()
	for _, o := range w.d.Organisations() {
		if o.Kind == kind {
			return o
		}
	}
	w.t.Fatalf("there is no %s", kind)
	return tenants.Organisation{}
}

// as is a transport that carries a credential, and remembers the last message.
type as struct {
	w          *world
	credential string
}

func (a as) RoundTrip(r *http.Request) (*http.Response, error) {
	r.Header.Set("Authorization", "Bearer "+a.credential)
	if r.Method == http.MethodPost {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		a.w.mu.Lock()
		a.w.body, a.w.head = body, r.Header.Clone()
		a.w.mu.Unlock()
	}
	return http.DefaultTransport.RoundTrip(r)
}

// sender sends to an organisation by its ODS code.
func (w *world) sender(credential string, to nhs.ODSCode, useCase string) *bars.System {
	w.t.Helper()
	s, err := bars.New(bars.Options{
		Integration: clinical.Integration{Kind: clinical.BaRS, BaseURL: w.server.URL + bars.Root, Settings: map[string]string{
			bars.SettingService: string(to), bars.SettingServiceSystem: systemODS, bars.SettingUseCase: useCase,
		}},
		Transport: as{w, credential}, Now: w.Now,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// arrival is a referral of a patient of the neighbourhood, by their own practice.
func (w *world) arrival(to tenants.Organisation) clinical.Delivery {
	w.t.Helper()
	p := w.Patients[0]
	practice, _ := w.d.Organisation(p.PracticeID)
	d, err := clinical.NewDelivery(uuid.Must(uuid.NewV7()), clinical.Target{NeighbourhoodID: uuid.New(), OrganisationID: uuid.New(), RecordedByID: uuid.New(), RequestID: uuid.New()}, clinical.Document{
		Reference: "2143658709", Purpose: clinical.Arrival, Kind: clinical.Coded{Code: "symptoms", Title: "Help with a symptom"},
		Patient: clinical.Patient{
			NHSNumber: p.NHSNumber, GivenName: p.GivenName, FamilyName: p.FamilyName, BirthDate: p.BirthDate, Sex: p.Sex, Postcode: p.Postcode,
			Phone: "+447700900123", OnRegister: true,
		},
		RecordedAt: w.Now().Add(-time.Minute), From: clinical.Party{ODS: practice.ODS, Name: practice.Name}, For: clinical.Party{ODS: to.ODS, Name: to.Name},
		Asked: &clinical.Asked{
			Lines:   []clinical.Said{{Question: "What is wrong?", Answers: []string{"Itchy eyes since Monday"}}},
			Urgency: clinical.Coded{Code: "routine", Title: "Routine"}, DueAt: w.Now().Add(24 * time.Hour), At: w.Now().Add(-time.Hour), Channel: "phone", ConfirmedBy: "Amina Patel",
		},
	}, w.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}

func (w *world) back(of clinical.Delivery) clinical.Delivery {
	w.t.Helper()
	doc := of.Document
	asked := *doc.Asked
	asked.Withdrawn = "Seen elsewhere."
	doc.Asked, doc.Purpose, doc.RecordedAt = &asked, clinical.Withdrawal, w.Now()
	d, err := clinical.NewDelivery(uuid.Must(uuid.NewV7()), clinical.Target{
		NeighbourhoodID: of.NeighbourhoodID, OrganisationID: of.OrganisationID, RecordedByID: of.RecordedByID, RequestID: of.RequestID, CorrelationID: of.ID,
	}, doc, w.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}

// seen is a request as staff of the accountable practice see it.
func (w *world) seen(reference string) requests.View {
	w.t.Helper()
	for _, subject := range []string{"sam.carter", "grace.mensah"} {
		v, err := w.Requests.Get(w.t.Context(), w.Actor(w.t, subject), requests.Reference(reference))
		if err == nil {
			return v
		}
	}
	w.t.Fatalf("nobody sees request %s", reference)
	return requests.View{}
}

func TestAReferralBecomesARequestAndIsReadBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	pharmacy := w.organisation(tenants.Pharmacy)
	d := w.arrival(pharmacy)
	sender := w.sender("one", pharmacy.ODS, "a5t1")
	receipt, err := sender.File(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	if receipt.State != clinical.Filed || !strings.HasPrefix(receipt.ExternalID, "ServiceRequest/") || len(receipt.TheirReference) != 10 {
		t.Fatalf("receipt %+v", receipt)
	}
	v := w.seen(receipt.TheirReference)
	if v.Channel != requests.Referral || v.Kind != "symptoms" || v.Staff == nil {
		t.Errorf("the request came by %s as %s", v.Channel, v.Kind)
	}
	standing, found, err := sender.Standing(t.Context(), d)
	if err != nil || !found || standing.Stage != clinical.StageWaiting {
		t.Errorf("standing %+v, %v, %v", standing, found, err)
	}
	again, err := w.sender("one", pharmacy.ODS, "a5t1").File(t.Context(), d)
	if err != nil || again.ExternalID != receipt.ExternalID {
		t.Errorf("sent again: %+v, %v", again, err)
	}
	if _, found, err := w.sender("another", pharmacy.ODS, "a5t1").Find(t.Context(), d); err != nil || found {
		t.Errorf("another sender finds it: %v, %v", found, err)
	}
}

func TestAReferralIsTakenBackUntilSomebodyWorksOnIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	practice, _ := w.d.Organisation(w.Patients[0].PracticeID)
	sender := w.sender("one", practice.ODS, "a7t1")
	d := w.arrival(practice)
	if _, err := sender.File(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	taken := w.arrival(practice)
	kept, err := sender.File(t.Context(), taken)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sender.File(t.Context(), w.back(d)); err != nil {
		t.Fatal(err)
	}
	if standing, found, err := sender.Standing(t.Context(), d); err != nil || !found || standing.Stage != clinical.StageCancelled {
		t.Errorf("standing %+v, %v, %v", standing, found, err)
	}
	if _, err := w.Requests.Claim(t.Context(), w.Actor(t, "sam.carter"), requests.Command{Reference: requests.Reference(kept.TheirReference)}); err != nil {
		t.Fatal(err)
	}
	var unavailable *clinical.Unavailable
	if _, err := sender.File(t.Context(), w.back(taken)); !errors.As(err, &unavailable) {
		t.Errorf("what somebody works on cannot be taken back: %v", err)
	}
	if v := w.seen(kept.TheirReference); v.Status == requests.Closed {
		t.Error("it was closed under somebody's hands")
	}
}

func TestAMessageHasItsEffectOnceHoweverManySendItAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	pharmacy := w.organisation(tenants.Pharmacy)
	d := w.arrival(pharmacy)
	var group sync.WaitGroup
	receipts := make([]error, 6)
	for i := range receipts {
		group.Add(1)
		go func() {
			defer group.Done()
			_, receipts[i] = w.sender("one", pharmacy.ODS, "a5t1").File(t.Context(), d)
		}()
	}
	group.Wait()
	for _, err := range receipts {
		var unknown *clinical.Unknown
		if err != nil && !errors.As(err, &unknown) { // it is being processed: wait
			t.Error(err)
		}
	}
	var n int
	if err := w.DB.InTx(t.Context(), tenants.JobOf(demo.NeighbourhoodID("riverside")), func(tx *database.Tx) error {
		return tx.Pgx().QueryRow(t.Context(), "select count(*) from requests where channel = 5").Scan(&n)
	}); err != nil || n != 1 {
		t.Errorf("%d requests, %v", n, err)
	}
}

func TestAnotherNeighbourhoodCannot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	pharmacy := w.organisation(tenants.Pharmacy)
	d := w.arrival(pharmacy)
	if _, err := w.sender("one", pharmacy.ODS, "a5t1").File(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	name := clinical.Named{System: bars.ReferralSystem, Value: d.ID.String()}
	one, foreign := w.callers["one"], w.callers["foreign"]
	r, err := w.store.Find(t.Context(), one.NeighbourhoodID, one.Client, uuid.Nil, name)
	if err != nil {
		t.Fatal(err)
	}
	for what, ask := range map[string]func() error{
		"by name": func() error {
			_, err := w.store.Find(t.Context(), foreign.NeighbourhoodID, one.Client, uuid.Nil, name)
			return err
		},
		"by id": func() error {
			_, err := w.store.Find(t.Context(), foreign.NeighbourhoodID, one.Client, r.ID, clinical.Named{})
			return err
		},
	} {
		if err := ask(); !fault.Is(err, "not_found") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, found, err := w.desk.Serves(t.Context(), foreign, systemODS, string(pharmacy.ODS)); err != nil || found {
		t.Errorf("another neighbourhood's organisation is served: %v, %v", found, err)
	}
	m := referrals.Message{NeighbourhoodID: foreign.NeighbourhoodID, Client: one.Client, ID: d.ID, Hash: []byte{1}, Sealed: []byte{1}, At: w.Now()}
	if err := w.store.GiveUp(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if begun, err := w.store.Begin(t.Context(), m); err != nil || begun.Answered {
		t.Errorf("a message of another neighbourhood is known: %+v, %v", begun, err)
	}
	if got, err := w.store.Arrival(t.Context(), foreign.NeighbourhoodID, d.ID); err != nil || got != "" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestAMessageThatWasBegunAndNeverAnsweredIsTakenUpAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	pharmacy := w.organisation(tenants.Pharmacy)
	d := w.arrival(pharmacy)
	one := w.callers["one"]
	m := referrals.Message{NeighbourhoodID: one.NeighbourhoodID, Client: one.Client, ID: d.ID, CorrelationID: d.CorrelationID, Hash: []byte{1}, Sealed: []byte{1}, At: w.Now()}
	if begun, err := w.store.Begin(t.Context(), m); err != nil || begun != (referrals.Begun{}) {
		t.Fatalf("%+v, %v", begun, err)
	}
	var unknown *clinical.Unknown
	if _, err := w.sender("one", pharmacy.ODS, "a5t1").File(t.Context(), d); !errors.As(err, &unknown) {
		t.Errorf("while it is processed: %v", err)
	}
	w.Pass(31 * time.Second)
	if _, err := w.sender("one", pharmacy.ODS, "a5t1").File(t.Context(), d); err != nil {
		t.Errorf("after its process died: %v", err)
	}
}

func TestAServiceNumberIsItsOwnersOrOneThatIsAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one, pharmacy := w.callers["one"], w.organisation(tenants.Pharmacy)
	i := clinical.Integration{
		ID: uuid.New(), NeighbourhoodID: one.NeighbourhoodID, OrganisationID: pharmacy.ID, Kind: clinical.BaRS, BaseURL: "https://x.example/bars",
		Settings: map[string]string{bars.SettingService: "2000000009", bars.SettingOwn: "2000000001", bars.SettingSender: "2000000002"},
	}
	err := w.DB.InTx(t.Context(), tenants.JobOf(one.NeighbourhoodID), func(tx *database.Tx) error {
		return integrationstore.New(w.DB).Put(t.Context(), tx, audit.Actor{Kind: audit.System, Name: "test"}, i, w.Now())
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		number string
		by     string
		to     nhs.ODSCode
		served bool
	}{
		{"2000000001", "one", pharmacy.ODS, true}, {"2000000002", "one", "", true}, {"2000000009", "one", "", false}, {"2000000001", "foreign", "", false}, {"", "one", "", false},
	} {
		got, served, err := w.desk.Serves(t.Context(), w.callers[c.by], bars.SystemDoS, c.number)
		if err != nil || served != c.served || got.ODS != c.to {
			t.Errorf("%s for %s: %+v, %v, %v", c.number, c.by, got, served, err)
		}
	}
}
