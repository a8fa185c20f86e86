package traces_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/clinical"
	"onedoor/app/clinical/simulator/national"
	"onedoor/app/database"
	"onedoor/app/demo"
	"onedoor/app/demo/demotest"
	"onedoor/app/fault"
	"onedoor/app/messages"
	"onedoor/app/nhs"
	"onedoor/app/patients"
	"onedoor/app/patients/flags"
	"onedoor/app/patients/pds"
	"onedoor/app/requests"
	"onedoor/app/store/deliverystore"
	"onedoor/app/store/limitstore"
	"onedoor/app/store/messagestore"
	"onedoor/app/store/tracestore"
	"onedoor/app/traces"
	"onedoor/jobs"
	"onedoor/tenants"
)

var riverside, hillside = demo.NeighbourhoodID("riverside"), demo.NeighbourhoodID("hillside")

// world is the demonstration with the national registers that the simulator plays.
type world struct {
	*demotest.World
	traces   *traces.Service
	store    *tracestore.Store
	server   string
	strain   [2]patients.Given // restricted, died
	register *national.Server
}

// newWorld calls the registers as often as it likes unless a limit is given: the limit has tests of its own.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{World: demotest.New(t), register: national.New()}
	today := nhs.DateOf(demotest.Monday)
	w.register.Know(demo.NationalPeople(today)...)
	played := httptest.NewServer(w.register)
	t.Cleanup(played.Close)
	w.server = played.URL
	for i, s := range demo.Strangers(today) {
		w.strain[i] = s.Given
	}
	w.store = tracestore.New(w.DB)
	w.traces = traces.New(traces.Options{
		Tracer: pds.New(pds.Options{BaseURL: w.server + national.PDSPath, Transport: http.DefaultTransport, Now: w.Now, Random: rand.Reader}),
		Flags:  flags.New(flags.Options{BaseURL: w.server + national.FlagsPath, Transport: http.DefaultTransport, Random: rand.Reader}),
		Limit:  limitstore.New(w.DB, "personal-demographics", limitstore.PerSecond(5)), Store: w.store, Requests: w.Requests, Sealer: w.Vault, Now: w.Now,
	})
	return w
}

func (w *world) submit(t *testing.T, given patients.Given) requests.Receipt {
	t.Helper()
	receipt, err := w.Requests.Submit(t.Context(), requests.Submission{
		NeighbourhoodID: riverside, Channel: requests.Phone, Kind: "callback", By: audit.Actor{Kind: audit.Patient}, Patient: given, AskedOf: demo.OrganisationID("A81001"),
		Answers: map[string]json.RawMessage{"red-flags-adult": json.RawMessage(`["none"]`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return receipt
}

// staffAt are those who may work at the organisation that is accountable.
func (w *world) staffAt(t *testing.T, receipt requests.Receipt) requests.Actor {
	t.Helper()
	for _, c := range demo.Staff() {
		a := w.Actor(t, c.Subject)
		for _, m := range a.Roles {
			if m.Role == tenants.Receptionist && m.OrganisationID == demo.OrganisationID(nhs.ODSCode(receipt.Accountable.ODS)) {
				return a
			}
		}
	}
	t.Fatal("nobody works at", receipt.Accountable.ODS)
	return requests.Actor{}
}

func (w *world) trace(t *testing.T, receipt requests.Receipt) requests.View {
	t.Helper()
	v, err := w.traces.Trace(t.Context(), w.staffAt(t, receipt), requests.Command{Reference: receipt.Reference})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (w *world) calls(t *testing.T) int {
	t.Helper()
	r, err := http.Get(w.server + "/personal-demographics/calls") //nolint:noctx // the test's own server
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	var counted struct {
		Calls   int `json:"calls"`
		TooMany int `json:"too_many"`
	}
	if err := json.NewDecoder(r.Body).Decode(&counted); err != nil {
		t.Fatal(err)
	}
	return counted.Calls
}

func (w *world) fault(t *testing.T, mode string) {
	t.Helper()
	r, err := http.Post(w.server+"/personal-demographics/faults", "application/json", strings.NewReader(`{"mode":"`+mode+`"}`)) //nolint:noctx // the test's own server
	if err != nil || r.StatusCode != http.StatusOK {
		t.Fatal(r, err)
	}
	_ = r.Body.Close()
}

func of(p patients.Patient) patients.Given {
	return patients.Given{NHSNumber: p.NHSNumber, GivenName: p.GivenName, FamilyName: p.FamilyName, BirthDate: p.BirthDate, Postcode: p.Postcode}
}

func TestWhatATraceComesTo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	daniel := w.Patients[0]
	amina := w.Patients[slices.IndexFunc(w.Patients, func(p patients.Patient) bool { return p.FamilyName == "Hassan" })]
	older := demo.NationalPeople(nhs.DateOf(demotest.Monday))[slices.IndexFunc(demo.NationalPeople(nhs.DateOf(demotest.Monday)), func(p national.Person) bool { return p.Replaces != "" })].Replaces
	withdrawn := demo.NationalPeople(nhs.DateOf(demotest.Monday))[slices.IndexFunc(demo.NationalPeople(nhs.DateOf(demotest.Monday)), func(p national.Person) bool { return p.Invalidated })]
	with := func(p patients.Patient, change func(*patients.Given)) patients.Given {
		g := of(p)
		change(&g)
		return g
	}
	w.register.Know(national.Person{NHSNumber: "9434765870", Given: "Somebody", Family: "Else", BirthDate: "1990-01-02"})
	for _, c := range []struct {
		name     string
		given    patients.Given
		want     patients.Verdict
		number   nhs.Number
		replaced bool
		practice string
	}{
		{"the number of who says so", of(daniel), patients.Verified, daniel.NHSNumber, false, "A81001"},
		{"somebody without a number, whom the register here knows", with(daniel, func(g *patients.Given) { g.NHSNumber = "" }), patients.Verified, daniel.NHSNumber, false, "A81001"},
		{"somebody who has moved", with(daniel, func(g *patients.Given) { g.NHSNumber, g.Postcode = "", "LS1 4AP" }), patients.Found, daniel.NHSNumber, false, "A81001"},
		{"another's number", with(daniel, func(g *patients.Given) { g.BirthDate.Year -= 3 }), patients.Differs, daniel.NHSNumber, false, ""},
		{"a number alone", patients.Given{NHSNumber: "9434765870"}, patients.NotEnough, "9434765870", false, ""},
		{"a number that nobody has", with(daniel, func(g *patients.Given) { g.NHSNumber = "9434765919" }), patients.NotFound, "9434765919", false, ""},
		{"nobody", patients.Given{FamilyName: "Nobody", GivenName: "At All", BirthDate: daniel.BirthDate}, patients.NotFound, "", false, ""},
		{"a number that was replaced", with(amina, func(g *patients.Given) { g.NHSNumber = nhs.Number(older) }), patients.Verified, amina.NHSNumber, true, "A81001"},
		{"a number that was withdrawn", patients.Given{NHSNumber: nhs.Number(withdrawn.NHSNumber), FamilyName: "Here", BirthDate: nhs.Date{Year: 1970, Month: 1, Day: 1}}, patients.NotFound, nhs.Number(withdrawn.NHSNumber), false, ""},
		{"too little to search by", patients.Given{GivenName: "Daniel"}, patients.NotEnough, "", false, ""},
	} {
		t.Run(c.name, func(t *testing.T) { // one after the other: they share the register's second
			receipt := w.submit(t, c.given)
			v := w.trace(t, receipt)
			switch f := v.Staff.Trace; {
			case f == nil || f.Verdict != c.want || f.Replaced != c.replaced:
				t.Errorf("came to %+v", f)
			case v.Staff.Patient.NHSNumber != c.number:
				t.Errorf("the request has the number %q", v.Staff.Patient.NHSNumber)
			case c.practice != "" && (v.Staff.Practice == nil || v.Staff.Practice.ODS != c.practice):
				t.Errorf("the practice is %+v", v.Staff.Practice)
			case v.Version != receipt.Version+1:
				t.Errorf("version %d", v.Version)
			}
		})
	}
}

func TestTwoWhoFitAreNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, given := range []string{"Kim", "Kit"} {
		w.register.Know(national.Person{NHSNumber: map[string]string{"Kim": "9434765919", "Kit": "9434765870"}[given], Given: given, Family: "Twin", BirthDate: "1990-01-02", Gender: "female"})
	}
	v := w.trace(t, w.submit(t, patients.Given{FamilyName: "Twin", BirthDate: nhs.Date{Year: 1990, Month: 1, Day: 2}}))
	if v.Staff.Trace.Verdict != patients.Ambiguous || v.Staff.Patient.NHSNumber != "" {
		t.Errorf("came to %+v", v.Staff.Trace)
	}
}

// PDS `R`: no address or practice is shown or sent anywhere; a person handles it.
func TestARestrictedRecordIsHeld(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rosa := w.strain[0]
	rosa.NHSNumber, rosa.Postcode, rosa.HouseNumber, rosa.Mobile = "", "RS1 1AL", "7", "+447700900700"
	before := w.submit(t, rosa)
	closed := w.answered(t, w.submit(t, withNumber(rosa, w.strain[0].NHSNumber)))
	v := w.trace(t, before)
	s := v.Staff
	switch {
	case s.Held == nil || !s.Held.Restricted || s.Trace.Verdict != patients.Found || s.Trace.Practice != "":
		t.Fatalf("came to %+v, held %+v", s.Trace, s.Held)
	case s.Patient.NHSNumber != w.strain[0].NHSNumber:
		t.Error("their number is not known")
	case s.Patient.Postcode != "" || s.Patient.HouseNumber != "" || s.Practice != nil:
		t.Errorf("a place is shown: %+v, %+v", s.Patient, s.Practice)
	}
	t.Run("nothing else may be sent either", func(t *testing.T) {
		if h, err := w.traces.Hold(t.Context(), riverside, w.strain[0].NHSNumber); err != nil || !h.Restricted {
			t.Errorf("held %+v, %v", h, err)
		}
	})
	t.Run("no place is stored", func(t *testing.T) {
		var stored string
		w.row(t, "select coalesce(string_agg(patient::text || coalesce(trace::text, ''), ''), '') from requests where held = 1", &stored)
		if stored == "" || strings.Contains(stored, "RS1") || strings.Contains(stored, "A81001") || strings.Contains(stored, `"7"`) {
			t.Errorf("stored: %s", stored)
		}
	})
	t.Run("an outcome that was on its way is set aside", func(t *testing.T) {
		w.expectNothingSent(t, closed, clinical.Pending)
	})
	t.Run("an outcome recorded after it is set aside at once, and a replay sends nothing", func(t *testing.T) {
		w.expectNothingSent(t, w.answered(t, before), clinical.NeedsAttention)
	})
	t.Run("the next request is held at once, and is offered to nobody", func(t *testing.T) {
		next := w.submit(t, withNumber(rosa, w.strain[0].NHSNumber))
		v, err := w.Requests.Get(t.Context(), w.staffAt(t, next), next.Reference)
		if err != nil || v.Staff.Held == nil || v.Staff.Patient.Postcode != "" || v.Status != requests.Queued {
			t.Errorf("got %+v, %v", v.Staff, err)
		}
	})
	t.Run("a text about it is not sent", func(t *testing.T) { w.expectNoText(t, before, rosa.Mobile) })
	t.Run("a record that is no longer restricted holds nothing", func(t *testing.T) {
		open := w.submit(t, withNumber(rosa, w.strain[0].NHSNumber))
		w.register.Know(national.Person{NHSNumber: string(w.strain[0].NHSNumber), Given: "Rosa", Family: "Delgado", BirthDate: rosa.BirthDate.String(), Postcode: "RS1 1AL", Practice: "A81001"})
		if v := w.trace(t, open); v.Staff.Held != nil || v.Staff.Practice == nil {
			t.Errorf("still held: %+v", v.Staff)
		}
	})
}

// Somebody who died: messages and deliveries stop; the practice is told.
func TestADeathIsToldToThePractice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	arthur := w.strain[1]
	arthur.Mobile = "+447700900701"
	first, second := w.submit(t, arthur), w.submit(t, arthur)
	closed := w.answered(t, w.submit(t, arthur))
	v := w.trace(t, first)
	if v.Staff.Held == nil || !v.Staff.Held.Died || !v.Staff.Held.Formal || v.Staff.Held.On.IsZero() {
		t.Fatalf("held: %+v", v.Staff.Held)
	}
	w.expectNothingSent(t, closed, clinical.Pending)
	w.expectNoText(t, first, arthur.Mobile)
	tasks := w.tasks(t, "A81001")
	if len(tasks) != 1 || !strings.Contains(tasks[0].Staff.Task, "died") || tasks[0].Staff.Held == nil || tasks[0].Urgency != "soon" {
		t.Fatalf("the practice has %+v", tasks)
	}
	if v, err := w.Requests.Get(t.Context(), w.staffAt(t, second), second.Reference); err != nil || v.Staff.Held == nil || v.Version != 2 {
		t.Errorf("the person's other request is %+v, %v", v.Staff.Held, err)
	}
	w.trace(t, first)
	w.trace(t, second)
	if tasks := w.tasks(t, "A81001"); len(tasks) != 1 {
		t.Errorf("it was told %d times", len(tasks))
	}
}

func withNumber(g patients.Given, n nhs.Number) patients.Given {
	g.NHSNumber = n
	return g
}

func (w *world) row(t *testing.T, query string, into ...any) {
	t.Helper()
	if err := w.DB.InTx(t.Context(), tenants.JobOf(riverside), func(tx *database.Tx) error { return tx.Pgx().QueryRow(t.Context(), query).Scan(into...) }); err != nil {
		t.Fatal(err)
	}
}

func (w *world) tasks(t *testing.T, at string) (list []requests.View) {
	t.Helper()
	var references []string
	w.row(t, "select coalesce(array_agg(reference), '{}') from requests where task <> ''", &references)
	for _, r := range references {
		actor := w.staffAt(t, requests.Receipt{Accountable: requests.Named{ODS: at}})
		v, err := w.Requests.Get(t.Context(), actor, requests.Reference(r))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, v)
	}
	return list
}

func (w *world) answered(t *testing.T, receipt requests.Receipt) requests.Receipt {
	t.Helper()
	by := w.staffAt(t, receipt)
	if _, err := w.Requests.Claim(t.Context(), by, requests.Command{Reference: receipt.Reference}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Requests.Record(t.Context(), by, requests.Command{Reference: receipt.Reference}, requests.NewOutcome{Code: "done"}); err != nil {
		t.Fatal(err)
	}
	return receipt
}

// expectNothingSent takes what is due as the drain does, and finds that this request's deliveries went to a person instead. A
// replay of them changes nothing.
func (w *world) expectNothingSent(t *testing.T, receipt requests.Receipt, first clinical.State) {
	t.Helper()
	store := deliverystore.New(w.DB, w.inserter(t))
	var request uuid.UUID
	w.row(t, "select id from requests where reference = '"+string(receipt.Reference)+"'", &request)
	list := func() []clinical.Delivery {
		page, err := store.List(t.Context(), tenants.JobOf(riverside), clinical.Filter{RequestID: request}, "", 10)
		if err != nil || len(page.Deliveries) == 0 {
			t.Fatalf("%d deliveries, %v", len(page.Deliveries), err)
		}
		return page.Deliveries
	}
	for _, d := range list() {
		if d.State != first {
			t.Errorf("a delivery is %s before the drain came", d.State)
		}
	}
	for try := range 2 {
		for _, d := range list() {
			line := clinical.Line{NeighbourhoodID: riverside, OrganisationID: d.OrganisationID}
			slice, err := store.Take(t.Context(), line, clinical.Lease{Token: uuid.New(), For: time.Millisecond}, clinical.Ask{Limit: 100, Now: w.Now()})
			if err != nil {
				t.Fatal(err)
			}
			if slices.ContainsFunc(slice.Deliveries, func(x clinical.Delivery) bool { return x.RequestID == request }) {
				t.Fatal("it would be sent")
			}
			waitForLease(t, w, line)
		}
		for _, d := range list() {
			if d.State != clinical.NeedsAttention || !strings.Contains(d.LastError, "Nothing was sent") {
				t.Errorf("a delivery is %s: %s", d.State, d.LastError)
			}
			if try == 0 {
				if _, err := store.Replay(t.Context(), tenants.JobOf(riverside), audit.Actor{Kind: audit.Person, Name: "Sam"}, d.ID, w.Now()); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// waitForLease gives a line back that was taken by nobody.
func waitForLease(t *testing.T, w *world, line clinical.Line) {
	t.Helper()
	if err := w.DB.Global(t.Context(), func(tx *database.Tx) error {
		_, err := tx.Pgx().Exec(t.Context(), "update delivery_heads set lease_token = null, lease_until = null where organisation_id = $1", line.OrganisationID)
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func (w *world) inserter(t *testing.T) messagestore.Inserter {
	t.Helper()
	i, err := jobs.NewInserter(w.DB)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// provider counts texts.
type provider struct{ sent int }

func (*provider) Name() string { return "test" }

func (p *provider) Send(context.Context, nhs.Phone, string, string) (messages.Accepted, error) {
	p.sent++
	return messages.Accepted{ID: "1", Delivered: true}, nil
}

func (*provider) Find(context.Context, string) (messages.Accepted, bool, error) {
	return messages.Accepted{}, false, nil
}

func (*provider) Look(context.Context, string) (messages.Standing, error) {
	return messages.Arrived, nil
}

// expectNoText queues a text about a held request and one about nobody: only the second goes.
func (w *world) expectNoText(t *testing.T, receipt requests.Receipt, to nhs.Phone) {
	t.Helper()
	var request uuid.UUID
	w.row(t, "select id from requests where reference = '"+string(receipt.Reference)+"'", &request)
	p := &provider{}
	box := messages.NewOutbox(messages.OutboxOptions{Store: messagestore.New(w.DB, w.inserter(t)), Sealer: w.Vault, Provider: p, Now: w.Now})
	text := messages.Text{Template: messages.CodeText, Language: "en", Code: "123456", Minutes: 10}
	for _, id := range []uuid.UUID{request, uuid.Nil} {
		if _, err := box.Queue(t.Context(), messages.Message{NeighbourhoodID: riverside, RequestID: id, To: to, Text: text}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := box.SendDue(t.Context(), riverside); err != nil {
		t.Fatal(err)
	}
	failed, err := box.Failures(t.Context(), riverside, 10)
	if err != nil || p.sent != 1 || len(failed) != 1 || failed[0].Problem != "person-held" || failed[0].RequestID != request {
		t.Errorf("%d texts were sent; failed %+v, %v", p.sent, failed, err)
	}
}

func TestWhatTheRegisterSaidIsBelievedForADayAndSealed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	job := requests.Actor{Actor: audit.Actor{Kind: audit.System, Name: "trace_patients"}, Scope: tenants.JobOf(riverside)}
	again := func() {
		t.Helper()
		r := w.submit(t, of(w.Patients[3]))
		if v, err := w.traces.Trace(t.Context(), job, requests.Command{Reference: r.Reference}); err != nil || v.Reference == "" {
			t.Fatal(v, err)
		}
	}
	again()
	again()
	if n := w.calls(t); n != 1 {
		t.Errorf("the job asked %d times about one person", n)
	}
	w.trace(t, w.submit(t, of(w.Patients[3])))
	if n := w.calls(t); n != 2 {
		t.Errorf("staff, who may want a hold lifted, did not ask anew: %d", n)
	}
	var sealed string
	w.row(t, "select encode(sealed, 'escape') || encode(needs, 'escape') from traced_patients", &sealed)
	if sealed == "" || strings.Contains(sealed, "Marsh") || strings.Contains(sealed, "RS1") || strings.Contains(sealed, "verbally") {
		t.Error("what is kept is not sealed")
	}
	needs, err := w.traces.Needs(t.Context(), riverside, w.Patients[3].NHSNumber)
	if err != nil || needs.WrittenFormat != "Large print" || len(needs.Adjustments) != 1 {
		t.Errorf("needs: %+v, %v", needs, err)
	}
	w.Pass(25 * time.Hour)
	if needs, err := w.traces.Needs(t.Context(), riverside, w.Patients[3].NHSNumber); err != nil || !needs.None() {
		t.Errorf("after a day: %+v, %v", needs, err)
	}
	again()
	if n := w.calls(t); n != 3 {
		t.Errorf("after a day the job did not ask anew: %d", n)
	}
}

func TestWhoIsHeldIsRememberedAndTheRestForgotten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.trace(t, w.submit(t, of(w.Patients[0])))
	w.trace(t, w.submit(t, w.strain[0]))
	w.Pass(25 * time.Hour)
	if n, err := w.traces.RemoveExpired(t.Context(), riverside, w.Now()); err != nil || n == 0 {
		t.Fatal(n, err)
	}
	var people, sealed int
	w.row(t, "select count(*), count(sealed) from traced_patients", &people, &sealed)
	if people != 1 || sealed != 0 {
		t.Errorf("%d people are kept, %d sealed", people, sealed)
	}
	if k, found, err := w.store.Known(t.Context(), riverside, w.strain[0].NHSNumber); err != nil || !found || !k.Hold.Restricted {
		t.Errorf("got %+v, %v, %v", k, found, err)
	}
}

func TestTheJobTracesWhereItIsSwitchedOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lead := w.Actor(t, "neil.hart")
	known, stranger := w.submit(t, of(w.Patients[0])), w.submit(t, w.strain[0])
	due := func(want int) {
		t.Helper()
		if n, err := w.traces.TraceDue(t.Context(), riverside); err != nil || n != want {
			t.Fatalf("traced %d, %v; want %d", n, err, want)
		}
	}
	due(0)
	if err := w.traces.AfterSubmission(t.Context(), w.staffAt(t, known), true); !fault.Is(err, "not_allowed") {
		t.Fatal("a receptionist switched it on", err)
	}
	if err := w.traces.AfterSubmission(t.Context(), lead, true); err != nil {
		t.Fatal(err)
	}
	first, err := w.store.Untraced(t.Context(), riverside, w.Now(), 10)
	if err != nil || len(first) != 2 || first[0] != stranger.Reference {
		t.Errorf("who is not on the register does not come first: %v, %v", first, err)
	}
	w.fault(t, "down")
	due(0)
	w.fault(t, "ok")
	due(1) // the first of them got no answer, and waits
	w.Pass(2 * time.Minute)
	due(1)
	due(0)
	figures, err := w.traces.Figures(t.Context(), riverside, w.Now().Add(-time.Hour))
	if err != nil || figures.Held != 1 || figures.Waiting != 0 || figures.Verdicts[patients.Verified] != 2 {
		t.Errorf("figures %+v, %v", figures, err)
	}
}

func TestARegisterThatDoesNotAnswerChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	receipt := w.submit(t, of(w.Patients[0]))
	by := w.staffAt(t, receipt)
	for mode, code := range map[string]string{"down": "tracing_unavailable", "rate-limit": "tracing_unavailable"} {
		w.fault(t, mode)
		if _, err := w.traces.Trace(t.Context(), by, requests.Command{Reference: receipt.Reference}); !fault.Is(err, code) && !fault.Is(err, "too_many_calls") {
			t.Errorf("%s: %v", mode, err)
		}
	}
	v, err := w.Requests.Get(t.Context(), by, receipt.Reference)
	if err != nil || v.Version != 1 || v.Staff.Trace != nil {
		t.Errorf("got version %d, %+v, %v", v.Version, v.Staff.Trace, err)
	}
}

func TestAnotherTenantCannot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	receipt := w.submit(t, w.strain[0])
	foreign := w.Actor(t, "carys.evans")
	if _, err := w.traces.Trace(t.Context(), foreign, requests.Command{Reference: receipt.Reference}); !fault.Is(err, "not_found") {
		t.Errorf("traced: %v", err)
	}
	w.trace(t, receipt)
	number := w.strain[0].NHSNumber
	if _, found, err := w.store.Known(t.Context(), hillside, number); err != nil || found {
		t.Errorf("knows %v, %v", found, err)
	}
	if err := w.store.KeepNeeds(t.Context(), hillside, number, []byte("x"), w.Now()); err != nil {
		t.Error(err)
	}
	if k, _, err := w.store.Known(t.Context(), riverside, number); err != nil || string(k.Needs) == "x" {
		t.Errorf("changed needs: %v", err)
	}
	if err := w.store.Keep(t.Context(), traces.Kept{NeighbourhoodID: hillside, Number: number, ReadAt: w.Now(), ExpiresAt: w.Now()}); err != nil {
		t.Error(err)
	}
	if k, _, err := w.store.Known(t.Context(), riverside, number); err != nil || !k.Hold.Restricted {
		t.Errorf("lifted a hold: %+v, %v", k, err)
	}
	w.Pass(48 * time.Hour)
	if n, err := w.store.Forget(t.Context(), hillside, w.Now()); err != nil || n > 1 {
		t.Errorf("forgot %d, %v", n, err)
	}
	w.submit(t, of(w.Patients[0]))
	if list, err := w.store.Untraced(t.Context(), hillside, w.Now(), 10); err != nil || len(list) != 0 {
		t.Errorf("untraced %v, %v", list, err)
	}
	if f, err := w.store.Figures(t.Context(), hillside, w.Now().Add(-100*time.Hour)); err != nil || f.Waiting != 0 || f.Held != 0 || len(f.Verdicts) != 0 {
		t.Errorf("figures %+v, %v", f, err)
	}
	if err := w.store.PutOff(t.Context(), hillside, receipt.Reference, w.Now().Add(time.Hour)); err != nil {
		t.Error(err)
	}
	staff := w.staffAt(t, receipt)
	err := w.store.Change(t.Context(), staff.Scope, traces.Setting{NeighbourhoodID: hillside, AfterSubmission: true, ChangedBy: "x", ChangedAt: w.Now()}, audit.Entry{})
	if s, readErr := w.store.Setting(t.Context(), hillside); err == nil || readErr != nil || s.AfterSubmission {
		t.Errorf("switched another's on: %v, %+v, %v", err, s, readErr)
	}
	var visible int
	if err := w.DB.InTx(t.Context(), staff.Scope, func(tx *database.Tx) error {
		return tx.Pgx().QueryRow(t.Context(), "select count(*) from traced_patients").Scan(&visible)
	}); err != nil || visible != 0 {
		t.Errorf("staff read %d rows of what the register said, %v", visible, err)
	}
}

func TestWithoutARegisterNobodyIsTraced(t *testing.T) {
	t.Parallel()
	s := traces.New(traces.Options{})
	if _, err := s.Trace(t.Context(), requests.Actor{}, requests.Command{}); !fault.Is(err, "tracing_off") {
		t.Error(err)
	}
}
