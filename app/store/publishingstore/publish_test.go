package publishingstore_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/demo"
	"onedoor/app/demo/demotest"
	"onedoor/app/fault"
	"onedoor/app/publishing"
	"onedoor/app/requests"
	"onedoor/app/simulations"
	"onedoor/app/store/directorystore"
	"onedoor/app/store/publishingstore"
	"onedoor/app/store/rulestore"
	"onedoor/app/store/simulationstore"
	"onedoor/jobs"
)

var (
	riverside = demo.NeighbourhoodID("riverside")
	hillside  = demo.NeighbourhoodID("hillside")
	neil      = audit.Actor{Kind: audit.Person, ID: uuid.MustParse("00000000-0000-4000-8000-000000000001"), Name: "Neil Hart"}
	priya     = audit.Actor{Kind: audit.Person, ID: uuid.MustParse("00000000-0000-4000-8000-000000000002"), Name: "Priya Shah"}
)

// world is the demonstration with publishing over it.
type world struct {
	*demotest.World
	*publishing.Service
}

func newWorld(t testing.TB) world {
	t.Helper()
	w := demotest.New(t)
	inserter, err := jobs.NewInserter(w.DB)
	if err != nil {
		t.Fatal(err)
	}
	directories := directorystore.New(w.DB)
	past := simulations.New(simulationstore.New(w.DB, rulestore.New(directories), inserter), w.Now)
	return world{w, publishing.New(publishing.Options{Store: publishingstore.New(w.DB), Directories: directories, Replays: past, Pasts: past, Now: w.Now})}
}

// save keeps a document, and fails the test when it cannot.
func (w world) save(t testing.TB, by audit.Actor, name, ifMatch, document string) publishing.Draft {
	t.Helper()
	d, err := w.Save(t.Context(), by, riverside, name, ifMatch, []byte(document))
	if err != nil {
		t.Fatalf("save %s: %v", name, err)
	}
	return d
}

// edited is Riverside's policy with one replacement made.
func edited(t testing.TB, old, now string) string {
	t.Helper()
	document := strings.Replace(string(demo.Riverside), old, now, 1)
	if document == string(demo.Riverside) {
		t.Fatalf("the policy does not hold %q", old)
	}
	return document
}

// sooner is a small change for the better: nothing that analysis or replay asks a reason for.
func sooner(t testing.TB) string {
	t.Helper()
	document := edited(t, "then: { to: registered-practice/queue:results, urgency: routine }", "then: { to: registered-practice/queue:results, urgency: soon }")
	return strings.Replace(document, "expect: { to: registered-practice/queue:results, urgency: routine }", "expect: { to: registered-practice/queue:results, urgency: soon }", 1)
}

func (w world) ask(t testing.TB) requests.Receipt {
	t.Helper()
	return w.askFor(t, "test-results")
}

func (w world) askFor(t testing.TB, kind string) requests.Receipt {
	t.Helper()
	in := requests.Submission{
		NeighbourhoodID: riverside, Channel: requests.App, Kind: kind, By: audit.Actor{Kind: audit.Client},
		Answers: map[string]json.RawMessage{"red-flags-adult": json.RawMessage(`["none"]`)},
	}
	in.Patient.NHSNumber = w.Patients[0].NHSNumber
	receipt, err := w.Requests.Submit(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return receipt
}

func TestADraftIsPublishedDecidesAndIsRestored(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, err := w.Live(t.Context(), riverside)
	if err != nil {
		t.Fatal(err)
	}
	draft := w.save(t, neil, "results", "", sooner(t))
	if draft.BasedOn != first.Hash || draft.Author != neil.Name || draft.Version != 1 {
		t.Errorf("the draft is %+v", draft)
	}
	v, err := w.Publish(t.Context(), neil, riverside, "results", publishing.Publication{Note: "Results are looked at the same day."})
	if err != nil {
		t.Fatal(err)
	}
	if v.Hash != draft.Hash || v.BasedOn != first.Hash || v.State != publishing.Live || v.Replay == nil || v.Replay.Says == "" {
		t.Errorf("the version is %+v", v)
	}
	if got := w.ask(t); got.Decision.PolicyVersion != v.Hash || got.Urgency != "soon" {
		t.Errorf("decided by %s as %s", got.Decision.PolicyVersion, got.Urgency)
	}
	again, err := w.Publish(t.Context(), neil, riverside, "results", publishing.Publication{Note: "Once more."})
	if err != nil || again.ID != v.ID {
		t.Errorf("publishing what is live made %v, %v", again.ID, err)
	}

	w.Pass(time.Minute)
	if _, err := w.Restore(t.Context(), neil, riverside, first.Hash, " "); !fault.Is(err, "note_required") {
		t.Errorf("restored without a note: %v", err)
	}
	back, err := w.Restore(t.Context(), neil, riverside, first.Hash, "Too many came the same day.")
	if err != nil {
		t.Fatal(err)
	}
	if back.RestoredFrom != first.Hash || back.Hash != first.Hash || back.ID == first.ID {
		t.Errorf("restored as %+v", back)
	}
	if got := w.ask(t); got.Decision.PolicyVersion != first.Hash || got.Urgency != "routine" {
		t.Errorf("after the restore decided by %s as %s", got.Decision.PolicyVersion, got.Urgency)
	}
	list, err := w.Versions(t.Context(), riverside)
	if err != nil || len(list) != 3 {
		t.Fatalf("%d versions, %v", len(list), err)
	}
	for i, want := range []publishing.State{publishing.Live, publishing.Past, publishing.Past} {
		if list[i].State != want || list[i].Note == "" || list[i].PublishedBy == "" {
			t.Errorf("version %d is %+v", i, list[i])
		}
	}
}

func TestWhatIsMissingIsToldAtOnceAndNothingIsPublished(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	live, err := w.Live(t.Context(), riverside)
	if err != nil {
		t.Fatal(err)
	}
	failing := edited(t, "when: { kind: '\"symptoms\"', condition: '\"sore-throat\"', age: '>= 5'", "when: { kind: '\"symptoms\"', condition: '\"sore-throat\"', age: '>= 40'")
	w.save(t, neil, "failing", "", failing)
	_, err = w.Publish(t.Context(), neil, riverside, "failing", publishing.Publication{Note: "  "})
	if !fault.Is(err, "not_publishable") {
		t.Fatalf("published: %v", err)
	}
	codes := map[string]int{}
	for _, f := range fault.As(err).Fields {
		codes[f.Code]++
	}
	if codes["note_required"] != 1 || codes["case_fails"] < 2 {
		t.Errorf("told %v", codes)
	}
	if now, err := w.Live(t.Context(), riverside); err != nil || now.ID != live.ID {
		t.Errorf("live is %v, %v", now.Hash, err)
	}
	if _, err := w.Publish(t.Context(), neil, hillside, "failing", publishing.Publication{Note: "x"}); !fault.Is(err, "not_found") {
		t.Errorf("another neighbourhood published it: %v", err)
	}
}
