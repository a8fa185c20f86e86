package misroutestore_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/alarms"
	"onedoor/app/audit"
	"onedoor/app/database"
	"onedoor/app/demo"
	"onedoor/app/demo/demotest"
	"onedoor/app/misroutes"
	"onedoor/app/nhs"
	"onedoor/app/publishing"
	"onedoor/app/requests"
	"onedoor/app/store/alarmstore"
	"onedoor/app/store/directorystore"
	"onedoor/app/store/misroutestore"
	"onedoor/app/store/publishingstore"
	"onedoor/tenants"
)

var (
	riverside = demo.NeighbourhoodID("riverside")
	hillside  = demo.NeighbourhoodID("hillside")
)

// world is the demonstration, watched.
type world struct {
	*demotest.World
	*misroutes.Service
	store     *misroutestore.Store
	versions  *publishing.Service
	alarms    *alarms.Service
	lead      audit.Actor
	sam, gina requests.Actor // who verifies, and who is offered
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{World: demotest.New(t)}
	w.store = misroutestore.New(w.DB)
	w.versions = publishing.New(publishing.Options{Store: publishingstore.New(w.DB), Directories: directorystore.New(w.DB), Now: w.Now})
	w.alarms = alarms.New(alarmstore.New(w.DB), w.Now, nil)
	w.Service = misroutes.New(misroutes.Options{Store: w.store, Versions: w.versions, Alarms: w.alarms, Now: w.Now})
	w.sam, w.gina, w.lead = w.Actor(t, "sam.carter"), w.Actor(t, "grace.mensah"), w.Actor(t, "neil.hart").Actor
	return w
}

// soreThroat is a request that the rule sore-throat sends to the pharmacy.
func (w *world) soreThroat(t testing.TB) requests.Receipt {
	t.Helper()
	in := requests.Submission{
		NeighbourhoodID: riverside, Channel: requests.App, Kind: "symptoms", By: audit.Actor{Kind: audit.Client}, ChosenPharmacy: "FRV01",
		Answers: map[string]json.RawMessage{"red-flags-adult": json.RawMessage(`["none"]`), "condition": json.RawMessage(`"sore-throat"`), "pregnant": json.RawMessage(`"not-applicable"`)},
	}
	in.Patient.NHSNumber, in.Patient.BirthDate = w.Patients[0].NHSNumber, w.Patients[0].BirthDate
	receipt, err := w.Requests.Submit(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return receipt
}

// week makes some requests and has some of them declined, and goes on to the same hour of the next week.
func (w *world) week(t testing.TB, decisions, declined int) {
	t.Helper()
	for i := range decisions {
		c := requests.Command{Reference: w.soreThroat(t).Reference}
		if i >= declined {
			continue
		}
		if _, err := w.Requests.Verify(t.Context(), w.sam, c); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Requests.Decline(t.Context(), w.gina, c, "No pharmacist today."); err != nil {
			t.Fatal(err)
		}
	}
	w.Pass(7 * 24 * time.Hour)
}

// watch looks, and gives the open alarms on rules.
func (w *world) watch(t testing.TB) (misroutes.Watched, []alarms.Alarm) {
	t.Helper()
	came, err := w.Watch(t.Context(), riverside)
	if err != nil {
		t.Fatal(err)
	}
	open, err := w.alarms.Open(t.Context(), riverside)
	if err != nil {
		t.Fatal(err)
	}
	return came, open
}

func (w *world) chart(t testing.TB) misroutes.Chart {
	t.Helper()
	list, err := w.Charts(t.Context(), riverside)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range list {
		if c.Table == "pharmacy-first" && c.Rule == "sore-throat" {
			return c
		}
	}
	t.Fatal("the rule has no chart")
	return misroutes.Chart{}
}

// chooseFallback publishes the live version with a fallback for the rule.
func (w *world) chooseFallback(t testing.TB) publishing.Version {
	t.Helper()
	const note = "        note: Pharmacy First, acute sore throat.\n"
	document := strings.Replace(string(demo.Riverside), note, note+"        if_drifts: registered-practice\n", 1)
	if _, err := w.versions.Save(t.Context(), w.lead, riverside, "watched", "", []byte(document)); err != nil {
		t.Fatal(err)
	}
	v, err := w.versions.Publish(t.Context(), w.lead, riverside, "watched", publishing.Publication{Note: "Fall back when it drifts."})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestARuleThatDriftsRaisesAnAlarmAndIsQuietAfterwards(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 8 {
		w.week(t, 6, i%3/2) // one in every third week
	}
	if came, open := w.watch(t); len(open) != 0 || came.Rules < 15 || came.Drifting != 0 {
		t.Fatalf("in the baseline: %+v, %+v", came, open)
	}
	c := w.chart(t)
	if c.Period != misroutes.Weekly || c.Baseline == nil || c.Baseline.N != 48 || c.Baseline.X != 2 || len(c.Points) != 8 || !c.Points[7].InBaseline {
		t.Fatalf("the chart is %+v", c)
	}
	if len(c.Reasons) != 1 || c.Reasons[0] != (misroutes.ReasonCount{Reason: requests.DeclinedInWords, Count: 2}) {
		t.Errorf("reasons %+v", c.Reasons)
	}
	w.week(t, 6, 2)
	if _, open := w.watch(t); len(open) != 0 {
		t.Fatalf("within the limits: %+v", open)
	}
	w.week(t, 6, 6)
	came, open := w.watch(t)
	if len(open) != 1 || came.Drifting != 1 || open[0].Kind != alarms.RuleDrift || open[0].Subject != "pharmacy-first/sore-throat" {
		t.Fatalf("past the limit: %+v, %+v", came, open)
	}
	if says := open[0].Says; !strings.Contains(says, "of 6 requests in the week from Monday 25 January 2027, 6 came back") || !strings.Contains(says, "(100%). Usual is 4%") {
		t.Errorf("it says %q", says)
	}
	w.watch(t)
	w.week(t, 6, 0)
	if _, open = w.watch(t); len(open) != 1 {
		t.Errorf("a week later: %+v", open)
	}
	w.week(t, 6, 0)
	came, open = w.watch(t)
	if len(open) != 0 || came.Cleared != 1 {
		t.Errorf("two weeks within the limits: %+v, %+v", came, open)
	}
	recent, err := w.alarms.Recent(t.Context(), riverside, alarms.RuleDrift)
	if err != nil || len(recent) != 1 || recent[0].Acknowledged != nil {
		t.Errorf("in all: %+v, %v", recent, err)
	}
}

func TestARuleFallsBackOnceAndALeadBringsItBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	chosen := w.chooseFallback(t)
	w.Pass(time.Minute)
	for range 8 {
		w.week(t, 6, 0)
	}
	w.week(t, 6, 3)
	came, open := w.watch(t)
	if len(open) != 1 || came.FellBack != 1 || !strings.Contains(open[0].Says, "It now sends to the registered practice") {
		t.Fatalf("%+v, %+v", came, open)
	}
	if says := open[0].Says; !strings.Contains(says, "of 6 requests") || !strings.Contains(says, ", 1 to 4 came back or were") || strings.Contains(says, "50%") {
		t.Errorf("small counts are told: %q", says)
	}
	live, err := w.versions.Live(ctx, riverside)
	if err != nil || live.Hash == chosen.Hash || !strings.Contains(live.Note, "fell back to the registered practice by itself") {
		t.Fatalf("live: %+v, %v", live, err)
	}
	if got := w.soreThroat(t); got.Destination.ODS != "A81001" || got.Urgency != "soon" {
		t.Errorf("a request goes to %s as %s", got.Destination.ODS, got.Urgency)
	}
	for range 6 {
		w.Pass(7 * 24 * time.Hour)
		if came, open = w.watch(t); len(open) != 1 || came.FellBack != 0 {
			t.Fatalf("an alarm of a rule that fell back waits for a person: %+v, %+v", came, open)
		}
	}
	if c := w.chart(t); !c.FellBack || c.Before == nil || c.Before.Baseline == nil || c.Baseline != nil || c.IfDrifts {
		t.Errorf("the chart is %+v", c)
	}
	if list, err := w.versions.Versions(ctx, riverside); err != nil || len(list) != 3 {
		t.Errorf("%d versions, %v", len(list), err)
	}
	if _, err := w.alarms.Acknowledge(ctx, w.lead, riverside, open[0].ID, "The pharmacy has a new pharmacist."); err != nil {
		t.Fatal(err)
	}
	if _, err := w.versions.Restore(ctx, w.lead, riverside, chosen.Hash, "They take them again."); err != nil {
		t.Fatal(err)
	}
	w.Pass(24 * time.Hour)
	if came, open = w.watch(t); len(open) != 0 || came.FellBack != 0 {
		t.Fatalf("what a lead restored was judged by what came before: %+v, %+v", came, open)
	}
	w.Pass(6 * 24 * time.Hour)
	w.week(t, 6, 1)
	if came, open = w.watch(t); len(open) != 0 || came.FellBack != 0 {
		t.Fatalf("within the limits: %+v, %+v", came, open)
	}
	w.week(t, 6, 5)
	if came, open = w.watch(t); len(open) != 1 || came.FellBack != 1 {
		t.Errorf("drifting again: %+v, %+v", came, open)
	}
}

func TestWhatALeadAcknowledgedIsNotRaisedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 8 {
		w.week(t, 6, 0)
	}
	w.week(t, 6, 5)
	_, open := w.watch(t)
	if len(open) != 1 {
		t.Fatal(open)
	}
	if _, err := w.alarms.Acknowledge(t.Context(), w.lead, riverside, open[0].ID, "A day without a pharmacist."); err != nil {
		t.Fatal(err)
	}
	if came, open := w.watch(t); len(open) != 0 || came.Drifting != 0 {
		t.Errorf("at once: %+v, %+v", came, open)
	}
	w.Pass(7 * 24 * time.Hour)
	w.week(t, 6, 5)
	if _, open := w.watch(t); len(open) != 1 {
		t.Errorf("drifting anew: %+v", open)
	}
}

func TestARuleThatReadsOtherwiseBeginsAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 8 {
		w.week(t, 6, 0)
	}
	document := strings.Replace(string(demo.Riverside), `condition: '"sore-throat"', age: '>= 5'`, `condition: '"sore-throat"', age: '>= 6'`, 1)
	document = strings.Replace(document, "a child of 5 with a sore throat may go to a pharmacy\n    given: { kind: symptoms, condition: sore-throat, age: 5", "a child of 6 with a sore throat may go to a pharmacy\n    given: { kind: symptoms, condition: sore-throat, age: 6", 1)
	if _, err := w.versions.Save(t.Context(), w.lead, riverside, "older", "", []byte(document)); err != nil {
		t.Fatal(err)
	}
	reasons := map[string]string{}
	gate, err := w.versions.Gate(t.Context(), w.lead, riverside, "older", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range gate.Needs {
		reasons[n.Key] = "Agreed with the pharmacies."
	}
	if _, err := w.versions.Publish(t.Context(), w.lead, riverside, "older", publishing.Publication{Note: "From six.", Reasons: reasons}); err != nil {
		t.Fatal(err)
	}
	w.week(t, 6, 5)
	_, open := w.watch(t)
	if c := w.chart(t); len(open) != 0 || c.Baseline != nil || len(c.Points) != 1 || c.Before == nil || c.Before.Baseline == nil || len(c.Before.Points) != 8 || c.Before.Sentence == c.Sentence {
		t.Errorf("the chart is %+v; open %+v", c, open)
	}
}

func TestRequestsAreCountedOnceAndDaysAreLondons(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	c := requests.Command{Reference: w.soreThroat(t).Reference}
	if _, err := w.Requests.Misrouted(ctx, w.sam, c, "needs-clinician", ""); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Requests.Misrouted(ctx, w.Actor(t, "aisha.rahman"), c, "not-eligible", ""); err != nil {
		t.Fatal(err)
	}
	w.soreThroat(t)
	for range 2 { // counting again changes nothing
		if err := w.Gather(ctx, riverside); err != nil {
			t.Fatal(err)
		}
	}
	days, err := w.store.Days(ctx, riverside, nhs.DateOf(demotest.Monday))
	if err != nil || len(days) != 1 {
		t.Fatalf("%+v, %v", days, err)
	}
	d := days[0]
	if d.On != nhs.DateOf(demotest.Monday) || d.Decisions != 2 || d.Returned != 1 || d.Reasons["needs-clinician"] != 1 || d.Reasons["not-eligible"] != 1 || len(d.Reasons) != 2 {
		t.Errorf("%+v", d)
	}
	w.Pass(200*24*time.Hour + 13*time.Hour + 30*time.Minute) // half past eleven in the evening, which is the next day in summer
	w.soreThroat(t)
	if err := w.Gather(ctx, riverside); err != nil {
		t.Fatal(err)
	}
	days, err = w.store.Days(ctx, riverside, nhs.DateOf(demotest.Monday))
	if err != nil || len(days) != 2 || days[0].Returned != 1 {
		t.Fatalf("%+v, %v", days, err)
	}
	if want := nhs.DateOf(w.Now().In(tenants.London())); days[1].On != want || want == nhs.DateOf(w.Now()) {
		t.Errorf("it counts for %s; want %s", days[1].On, want)
	}
}

func TestAnotherTenantCannot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	w.week(t, 2, 1)
	if err := w.Gather(ctx, riverside); err != nil {
		t.Fatal(err)
	}
	if err := w.Gather(ctx, hillside); err != nil {
		t.Fatal(err)
	}
	if days, err := w.store.Days(ctx, hillside, nhs.DateOf(demotest.Monday)); err != nil || len(days) != 0 {
		t.Errorf("another neighbourhood reads %+v, %v", days, err)
	}
	charts, err := w.Charts(ctx, hillside)
	if err != nil || len(charts) == 0 {
		t.Errorf("%d charts, %v", len(charts), err)
	}
	for _, c := range charts {
		if c.Decisions != 0 {
			t.Errorf("another neighbourhood's chart counts %+v", c)
		}
	}
	for name, test := range map[string]struct {
		scope tenants.Scope
		sees  int64
		job   bool
	}{
		"a lead":                      {tenants.StaffOf(riverside), 1, false},
		"a job":                       {tenants.JobOf(riverside), 1, true},
		"a patient's way in":          {tenants.IntakeOf(riverside), 0, false},
		"another neighbourhood's job": {tenants.JobOf(hillside), 0, false},
		"nobody's neighbourhood":      {tenants.JobOf(uuid.New()), 0, false},
	} {
		if err := w.DB.InTx(ctx, test.scope, func(tx *database.Tx) error {
			var n int64
			if err := tx.Gorm().Raw("select count(*) from rule_days").Scan(&n).Error; err != nil {
				return err
			}
			changed := tx.Gorm().Exec("update rule_days set returned = 0")
			if n != test.sees || (changed.RowsAffected > 0) != test.job {
				t.Errorf("%s: row-level security alone shows %d and lets change %d", name, n, changed.RowsAffected)
			}
			return changed.Error
		}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
