package callstore_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/calls"
	"onedoor/app/demo"
	"onedoor/app/demo/demotest"
	"onedoor/app/nhs"
	"onedoor/app/patients"
	"onedoor/app/requests"
	"onedoor/app/store/callstore"
	"onedoor/policy"
)

var today = calls.Period{From: nhs.DateOf(noon), To: nhs.DateOf(noon)}

// rung is a call that ended, as a test wants it.
type rung struct {
	after     time.Duration // noon
	caller    nhs.Phone
	line      uuid.UUID
	end       calls.Ending
	kind, ref string
	asked     time.Duration // after its start; negative for never
	person    time.Duration
}

func (w *world) ring(r rung) calls.Call {
	w.t.Helper()
	w.now = noon.Add(r.after)
	c := w.begin(func(n *calls.New) { n.Caller, n.OrganisationID = r.caller, r.line })
	n := calls.Note{Answered: c.StartedAt.Add(time.Second), Kind: r.kind, Reference: r.ref, End: r.end}
	if r.asked > 0 {
		n.PersonAsked = c.StartedAt.Add(r.asked)
	}
	if r.person > 0 {
		n.Person = c.StartedAt.Add(r.person)
	}
	w.note(c.ID, n)
	w.now = w.now.Add(5 * time.Minute)
	if _, err := w.service.End(w.t.Context(), w.ours, c.ID, ""); err != nil {
		w.t.Fatal(err)
	}
	return c
}

func TestCompletedCallsAreCountedNetOfThoseWhoRangAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	practice := uuid.New()
	number := func(n string) nhs.Phone { return nhs.Phone("+4477009000" + n) }
	w.ring(rung{after: 0, caller: number("01"), end: calls.Completed, kind: "admin", ref: "1234567894", line: practice})
	w.ring(rung{after: time.Hour, caller: number("01"), end: calls.Person, kind: "admin", asked: 30 * time.Second, person: 90 * time.Second, line: practice})
	w.ring(rung{after: 0, caller: number("02"), end: calls.Completed, kind: "symptoms", ref: "1234567894"})
	w.ring(rung{after: 0, caller: "", end: calls.Completed, kind: "symptoms", ref: "1234567894"})
	w.ring(rung{after: 0, caller: number("03"), end: calls.Callback, asked: 10 * time.Second})
	w.ring(rung{after: 2 * time.Hour, caller: number("04"), end: calls.Person, asked: 10 * time.Second, person: 20 * time.Second})
	w.ring(rung{after: 0, caller: number("05"), end: calls.AbandonedKept, kind: "symptoms"})
	w.ring(rung{after: 0, caller: number("06"), end: calls.Emergency, kind: "symptoms", ref: "1234567894"})
	w.ring(rung{after: 20 * time.Hour, caller: number("02"), end: calls.AbandonedEmpty}) // tomorrow, and within a day
	w.now = noon
	w.begin(nil) // goes on
	if err := w.service.Begun(t.Context(), w.ours, "web", "symptoms"); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		if err := w.service.Begun(t.Context(), w.ours, "web", "admin"); err != nil {
			t.Fatal(err)
		}
	}

	r, err := w.service.Report(t.Context(), w.ours, today)
	if err != nil {
		t.Fatal(err)
	}
	f := r.Total
	if f.Calls != 9 || f.Answered != 8 || f.Repeats != 1 || f.Withheld != 1 || f.GoingOn != 1 || f.Endings[calls.Completed] != 3 || f.Net != 1 || f.Endings[calls.Person] != 2 ||
		f.Endings[calls.Callback] != 1 || f.Endings[calls.AbandonedKept] != 1 || f.Endings[calls.AbandonedEmpty] != 0 || f.Endings[calls.Emergency] != 1 {
		t.Errorf("total %+v", f)
	}
	if f.ToPerson != (calls.Wait{N: 2, Median: 35 * time.Second, P90: 55 * time.Second}) {
		t.Errorf("waits %+v", f.ToPerson)
	}
	if len(r.Days) != 1 || r.Days[0].On != today.From || r.Days[0].Calls != 9 {
		t.Errorf("days %+v", r.Days)
	}
	// Two calls came in on the practice's line: too few, and then the others' figures would tell of them.
	if len(r.Lines) != 2 || !r.Lines[0].Hidden || !r.Lines[1].Hidden {
		t.Errorf("lines %+v", r.Lines)
	}
	if len(r.Kinds) != 2 || r.Kinds[0] != (calls.Kind{Kind: "admin", Phone: calls.Completion{Begun: 2}, Web: calls.Completion{Begun: 5}}) ||
		r.Kinds[1] != (calls.Kind{Kind: "symptoms", Phone: calls.Completion{Begun: 4}, Web: calls.Completion{Begun: 1}}) {
		t.Errorf("kinds %+v", r.Kinds)
	}

	own, err := w.service.ReportOf(t.Context(), w.ours, practice, today)
	if err != nil || own.Total.Calls != 2 || own.Total.Hidden || own.Total.Net != 0 || own.Total.ToPerson.N != 1 || len(own.Lines) != 1 || own.Kinds[0].Phone != (calls.Completion{Begun: 2, Done: 1}) {
		t.Errorf("the practice's own: %+v, %v", own, err)
	}
	if there, err := w.service.Report(t.Context(), uuid.New(), today); err != nil || there.Total.Calls != 0 || len(there.Days) != 0 || len(there.Kinds) != 0 {
		t.Errorf("another neighbourhood sees %+v, %v", there, err)
	}
	var b bytes.Buffer
	if err := calls.WriteReport(&b, r, func(uuid.UUID) string { return "A81001" }); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&b).ReadAll() // it counts the cells of each row
	if err != nil || len(rows) != 1+1+1+2+2 {
		t.Errorf("%d rows, %v", len(rows), err)
	}
}

func TestTheExportHasARowForEachCallAndNobodyInIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	practice, other := uuid.New(), uuid.New()
	w.ring(rung{caller: caller, line: practice, end: calls.Person, asked: 30 * time.Second, person: 90 * time.Second})
	w.ring(rung{after: time.Hour, caller: caller, line: practice, end: calls.AbandonedKept, asked: 30 * time.Second, ref: "1234567894"})
	w.ring(rung{after: 2 * time.Hour, caller: caller, line: practice, end: calls.Completed, ref: "1234567894"})
	w.ring(rung{after: 3 * time.Hour, caller: caller, end: calls.Callback, ref: "1234567894"})
	w.ring(rung{caller: caller, line: other, end: calls.Completed})
	for name, test := range map[string]struct {
		lines calls.Lines
		want  []calls.Handled
	}{
		"the practice":          {calls.Lines{Organisations: []uuid.UUID{practice}}, []calls.Handled{calls.HandledAnswered, calls.HandledMissed, calls.HandledBySystem}},
		"the one with the desk": {calls.Lines{Organisations: []uuid.UUID{practice}, Own: true}, []calls.Handled{calls.HandledAnswered, calls.HandledMissed, calls.HandledBySystem, calls.HandledCallback}},
		"one without lines":     {calls.Lines{Organisations: []uuid.UUID{uuid.New()}}, nil},
		"one of none":           {calls.Lines{Organisations: []uuid.UUID{}}, nil},
	} {
		list, err := w.service.List(t.Context(), w.ours, test.lines, today)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := calls.WriteCalls(&b, list, func(uuid.UUID) string { return "A81001" }); err != nil {
			t.Fatal(err)
		}
		if text := b.String(); strings.Contains(text, "7700900123") || strings.Contains(text, "1234567894") {
			t.Errorf("%s: somebody is in it:\n%s", name, text)
		}
		rows, err := csv.NewReader(&b).ReadAll()
		if err != nil || len(rows) != 1+len(test.want) {
			t.Fatalf("%s: %d rows, %v", name, len(rows), err)
		}
		for i, want := range test.want {
			if rows[i+1][7] != string(want) || rows[i+1][0] != "A81001" || rows[i+1][15] != "300" {
				t.Errorf("%s: %v is not %s", name, rows[i+1], want)
			}
		}
	}
	r, err := w.service.Reconcile(t.Context(), w.ours, calls.Lines{Organisations: []uuid.UUID{practice}}, today, calls.Supplier{Calls: []calls.SupplierCall{{Row: 2, At: noon.Add(3 * time.Second), Length: -1}}})
	if err != nil || len(r.Matched) != 1 || len(r.OnlyOurs) != 2 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestASuppliersIDFindsItsCallWhateverTheClock(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.begin(func(n *calls.New) { n.Via, n.External = calls.TwiML, "CA0001" })
	r, err := w.service.Reconcile(t.Context(), w.ours, calls.Lines{}, today, calls.Supplier{Calls: []calls.SupplierCall{{Row: 2, At: noon.Add(3 * time.Hour), External: "CA0001"}}})
	if err != nil || len(r.Matched) != 1 || !r.Matched[0].ByID || r.Matched[0].Ours.ID != c.ID || !r.Agrees() {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestRequestsAreComparedByKindAndChannel(t *testing.T) {
	t.Parallel()
	d := demotest.New(t)
	riverside := demo.NeighbourhoodID("riverside")
	store := callstore.New(d.DB)
	service := calls.NewService(calls.Options{Store: store, Reports: store, Lists: store, Sealer: &sealer{}, Now: d.Now})
	send := func(channel requests.Channel, times int) (list []requests.Command) {
		t.Helper()
		for range times {
			receipt, err := d.Requests.Submit(t.Context(), requests.Submission{
				NeighbourhoodID: riverside, Channel: channel, Kind: "admin", Patient: patients.Given{NHSNumber: d.Patients[0].NHSNumber, BirthDate: d.Patients[0].BirthDate},
				Answers: map[string]json.RawMessage{"red-flags-adult": json.RawMessage(`["none"]`)}, By: audit.Actor{Kind: audit.Patient},
			})
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, requests.Command{Reference: receipt.Reference})
		}
		return list
	}
	rang, _ := send(requests.Phone, 6), send(requests.Web, 4)
	sam := d.Actor(t, "sam.carter")
	d.Pass(2 * time.Hour)
	for _, c := range rang[:2] {
		if _, err := d.Requests.Claim(t.Context(), sam, c); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Requests.Record(t.Context(), sam, c, requests.NewOutcome{Code: "done"}); err != nil {
			t.Fatal(err)
		}
	}
	d.Pass(72 * time.Hour) // what is open is late now
	day := calls.Period{From: nhs.DateOf(demotest.Monday), To: nhs.DateOf(demotest.Monday)}
	p, err := service.Parity(t.Context(), riverside, day)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Rows) != 2 {
		t.Fatalf("%+v", p.Rows)
	}
	web, phone := p.Rows[0], p.Rows[1]
	if web.Channel != "web" || web.Requests != 4 || !web.Hidden || web.Judged != 0 {
		t.Errorf("web %+v", web)
	}
	urgencies := 0
	for _, n := range phone.Urgencies {
		urgencies += n
	}
	if phone.Channel != "phone" || phone.Kind != "admin" || phone.Requests != 6 || phone.Answered != 2 || phone.Median != 2*time.Hour || phone.Judged != 6 || phone.Late != 4 || urgencies != 6 || phone.Urgencies[policy.Routine] == 0 {
		t.Errorf("phone %+v", phone)
	}
	r, err := service.Report(t.Context(), riverside, day)
	if err != nil || len(r.Kinds) != 1 || r.Kinds[0].Kind != "admin" || r.Kinds[0].Phone.Begun != 0 {
		t.Errorf("%+v, %v", r.Kinds, err)
	}
	if p, err := service.Parity(t.Context(), demo.NeighbourhoodID("hillside"), day); err != nil || len(p.Rows) != 0 {
		t.Errorf("another neighbourhood sees %+v, %v", p.Rows, err)
	}
}
