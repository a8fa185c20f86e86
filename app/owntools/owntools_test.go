package owntools_test

import (
	"crypto/rand"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/demo"
	"onedoor/app/demo/demotest"
	"onedoor/app/fault"
	"onedoor/app/messages"
	"onedoor/app/nhs"
	"onedoor/app/owntools"
	"onedoor/app/patients"
	"onedoor/app/requests"
	"onedoor/app/store/identitystore"
	"onedoor/app/store/owntoolstore"
	"onedoor/tenants"
)

const address = "https://forms.weirlane.example/start?list=7"

var (
	riverside = demo.NeighbourhoodID("riverside")
	hillside  = demo.NeighbourhoodID("hillside")
	weirLane  = demo.OrganisationID("A81001")
	partner   = audit.Actor{Kind: audit.Client, ID: demo.ClientID("partner"), Name: "Another online tool"}
)

type world struct {
	*demotest.World
	t     *testing.T
	store *owntoolstore.Store
	tools *owntools.Service
	jo    requests.Actor // the administrator of Weir Lane Surgery
	sam   requests.Actor // at its reception
}

// newWorld is the demonstration with a tool that Weir Lane Surgery keeps.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{World: demotest.New(t), t: t}
	w.store = owntoolstore.New(w.DB)
	w.tools = owntools.New(owntools.Options{Store: w.store, Requests: w.Requests, Keys: identitystore.New(w.DB), Now: w.Now, Random: rand.Reader})
	w.jo, w.sam = w.Actor(t, "jo.bennett"), w.Actor(t, "sam.carter")
	w.set(true)
	return w
}

func (w *world) set(on bool) {
	w.t.Helper()
	if err := w.tools.Set(w.t.Context(), w.jo, owntools.Tool{OrganisationID: weirLane, Name: "Weir Lane Online", Address: address, On: on, Key: demo.ClientID("partner")}); err != nil {
		w.t.Fatal(err)
	}
}

// asked is a callback that stands with Weir Lane Surgery.
func (w *world) asked() requests.Reference {
	w.t.Helper()
	i := slices.IndexFunc(w.Patients, func(p patients.Patient) bool {
		return p.PracticeID == weirLane && p.BirthDate.Age(nhs.DateOf(w.Now())) >= 16
	})
	p := w.Patients[i]
	receipt, err := w.Requests.Submit(w.t.Context(), requests.Submission{
		NeighbourhoodID: riverside, Channel: requests.Linked, Kind: "callback", Patient: patients.Given{NHSNumber: p.NHSNumber, BirthDate: p.BirthDate}, AskedOf: weirLane,
		Answers: map[string]json.RawMessage{"red-flags-adult": json.RawMessage(`["none"]`), "callback-topic": json.RawMessage(`"medicines"`)},
		By:      audit.Actor{Kind: audit.Patient},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	if receipt.Accountable.ODS != "A81001" || receipt.Status != requests.Queued {
		w.t.Fatalf("it stands %s with %s", receipt.Status, receipt.Accountable.Name)
	}
	return receipt.Reference
}

func (w *world) goOn(r requests.Reference) *owntools.Way {
	w.t.Helper()
	way, err := w.tools.GoOn(w.t.Context(), riverside, r)
	if err != nil {
		w.t.Fatal(err)
	}
	return way
}

func (w *world) says(id uuid.UUID, state requests.ToolState) error {
	_, err := w.Requests.ToolSays(w.t.Context(), riverside, partner, id, state, "")
	return err
}

func (w *world) view(r requests.Reference) requests.View {
	w.t.Helper()
	v, err := w.Requests.Get(w.t.Context(), w.sam, r)
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

func TestTheAddressHoldsAnIdAndNothingOfThePerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.asked()
	before, err := w.tools.Of(t.Context(), riverside, r)
	if err != nil || before == nil || before.Handover != nil || before.Address != "" {
		t.Fatalf("before they go on: %+v, %v", before, err)
	}
	way := w.goOn(r)
	u, err := url.Parse(way.Address)
	if err != nil || u.Host != "forms.weirlane.example" || len(u.Query()) != 2 || u.Query().Get("list") != "7" || u.Query().Get("handover") != way.Handover.ID.String() {
		t.Errorf("the address is %s", way.Address)
	}
	if id := way.Handover.ID; id.Version() != 4 || strings.Contains(way.Address, string(r)) {
		t.Errorf("%s is no random id, or the address %s tells more", id, way.Address)
	}
	if again := w.goOn(r); again.Address != way.Address {
		t.Errorf("asked again it goes to %s", again.Address)
	}
	v := w.view(r)
	if v.Accountable.ODS != "A81001" || v.Status != requests.Queued || v.Staff.Handover == nil || v.Message != messages.ToolWaiting {
		t.Errorf("sent on, it stands %s with %s: %+v, %q", v.Status, v.Accountable.Name, v.Staff.Handover, v.Message)
	}
	if h := v.Staff.Handover; !h.DueAt.After(w.Now()) || h.DueAt.After(v.AnswerDue) {
		t.Errorf("the tool may be silent until %s, and the answer is due at %s", h.DueAt, v.AnswerDue)
	}
}

// What can be said of a handover, by whom and in which order, and what it leads to.
func TestWhatIsSaidOfAHandover(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	accept := func(id uuid.UUID, _ requests.Reference) error { return w.says(id, requests.ToolTaken) }
	decline := func(id uuid.UUID, _ requests.Reference) error { return w.says(id, requests.ToolRefused) }
	done := func(id uuid.UUID, _ requests.Reference) error { return w.says(id, requests.ToolDone) }
	person := func(_ uuid.UUID, r requests.Reference) error {
		_, err := w.Requests.ToolAccept(ctx, w.sam, requests.Command{Reference: r})
		return err
	}
	personNot := func(_ uuid.UUID, r requests.Reference) error {
		_, err := w.Requests.ToolDecline(ctx, w.sam, requests.Command{Reference: r}, "Nothing has come.")
		return err
	}
	stay := func(_ uuid.UUID, r requests.Reference) error { return w.tools.Stay(ctx, riverside, r) }
	silence := func(uuid.UUID, requests.Reference) error {
		_, err := w.Requests.EndSilentHandovers(ctx, riverside, w.Now().AddDate(0, 0, 7))
		return err
	}
	elsewhere := func(_ uuid.UUID, r requests.Reference) error {
		if _, err := w.Requests.Transfer(ctx, w.sam, requests.Command{Reference: r}, "A81002", "", "They moved."); err != nil {
			return err
		}
		_, err := w.Requests.Accept(ctx, w.Actor(t, "kelly.wood"), requests.Command{Reference: r})
		return err
	}
	type step = func(uuid.UUID, requests.Reference) error
	for _, c := range []struct {
		name    string
		steps   []step
		refused string // of the last step
		state   requests.ToolState
		closed  bool
	}{
		{"the tool takes it", []step{accept}, "", requests.ToolTaken, false},
		{"said twice it is said once", []step{accept, accept}, "", requests.ToolTaken, false},
		{"the tool finishes it", []step{accept, done}, "", requests.ToolDone, true},
		{"what was not taken is not finished", []step{done}, "tool_not_taken", requests.ToolWaiting, false},
		{"the tool has not got it", []step{decline}, "", requests.ToolRefused, false},
		{"the tool gives it back", []step{accept, decline}, "", requests.ToolRefused, false},
		{"a person says that it is there", []step{person}, "", requests.ToolTaken, false},
		{"a person says that it is not", []step{personNot}, "", requests.ToolRefused, false},
		{"a person and the tool differ: the last word holds", []step{personNot, accept}, "", requests.ToolTaken, false},
		{"nobody says anything", []step{silence}, "", requests.ToolSilent, false},
		{"the tool says it late", []step{silence, accept}, "", requests.ToolTaken, false},
		{"a person looks after silence, and it is not there", []step{silence, personNot}, "", requests.ToolRefused, false},
		{"silence ends nothing that was said", []step{accept, silence}, "", requests.ToolTaken, false},
		{"the person stays here", []step{stay}, "", requests.ToolStayed, false},
		{"who stayed here is not taken", []step{stay, accept}, "tool_answered", requests.ToolStayed, false},
		{"what was taken is not left", []step{accept, stay}, "tool_answered", requests.ToolTaken, false},
	} {
		r := w.asked()
		id := w.goOn(r).Handover.ID
		for i, do := range c.steps {
			err := do(id, r)
			if last := i == len(c.steps)-1; last && c.refused != "" {
				if !fault.Is(err, c.refused) {
					t.Errorf("%s: %v", c.name, err)
				}
			} else if err != nil {
				t.Errorf("%s: step %d: %v", c.name, i+1, err)
			}
		}
		v := w.view(r)
		if v.Staff.Handover == nil || v.Staff.Handover.State != c.state || (v.Status == requests.Closed) != c.closed || v.Accountable.ODS != "A81001" {
			t.Errorf("%s: %s with %s: %+v", c.name, v.Status, v.Accountable.Name, v.Staff.Handover)
		}
		if c.closed && (v.Outcome == nil || v.Outcome.Code != "done" || !strings.Contains(v.Outcome.By, "own online tool") || len(v.Links) != 0) {
			t.Errorf("%s: %+v, %d deliveries to those who know it", c.name, v.Outcome, len(v.Links))
		}
	}
	r := w.asked()
	id := w.goOn(r).Handover.ID
	if err := elsewhere(id, r); err != nil {
		t.Fatal(err)
	}
	if err := accept(id, r); !fault.Is(err, "not_with_tool") {
		t.Errorf("of a request that is with another practice: %v", err)
	}
}

func TestWhoIsNotSentOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	refused := func(name string, r requests.Reference) {
		t.Helper()
		if way, err := w.tools.Of(ctx, riverside, r); way != nil || err != nil {
			t.Errorf("%s: offered %+v, %v", name, way, err)
		}
		if _, err := w.tools.GoOn(ctx, riverside, r); !fault.Is(err, "not_handed_over") {
			t.Errorf("%s: %v", name, err)
		}
	}
	r := w.asked()
	if _, err := w.Requests.Claim(ctx, w.sam, requests.Command{Reference: r}); err != nil {
		t.Fatal(err)
	}
	refused("somebody works on it", r)
	r = w.asked()
	if _, err := w.Requests.Transfer(ctx, w.sam, requests.Command{Reference: r}, "RRH01", "", "They moved."); err != nil {
		t.Fatal(err)
	}
	refused("it is on offer", r)
	r = w.asked()
	if _, err := w.Requests.Raise(ctx, w.sam, requests.Command{Reference: r}, "emergency", "Chest pain."); err != nil {
		t.Fatal(err)
	}
	refused("it is an emergency", r)
	r, before := w.asked(), w.asked()
	way := w.goOn(before)
	w.set(false)
	refused("the tool is off", r)
	if err := w.says(way.Handover.ID, requests.ToolTaken); err != nil {
		t.Errorf("what was sent on before is no longer heard: %v", err)
	}
	if _, err := w.tools.GoOn(ctx, riverside, "1234567894"); !fault.Is(err, "not_found") {
		t.Errorf("what is not there: %v", err)
	}
}

func TestAddressesThatPeopleAreNotSentTo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, to := range []string{
		"", "http://forms.example/", "http://127.0.0.1:8090/", "javascript:alert(1)", "//forms.example", "https://", "https://a:b@forms.example/", "https://forms.example/#x",
		"https://forms.example/?handover=1", "forms.example", "https://forms.example/" + strings.Repeat("a", 500),
	} {
		err := w.tools.Set(t.Context(), w.jo, owntools.Tool{OrganisationID: weirLane, Name: "Forms", Address: to, On: true})
		if e := fault.As(err); err == nil || len(e.Fields) != 1 || e.Fields[0].Pointer != "/address" {
			t.Errorf("%q: %v", to, err)
		}
	}
	if err := w.tools.Set(t.Context(), w.jo, owntools.Tool{OrganisationID: weirLane, Name: strings.Repeat("é", 81), Address: address, On: true}); !fault.Is(err, "invalid") {
		t.Errorf("a name that is too long: %v", err)
	}
	near := owntools.New(owntools.Options{Store: w.store, Requests: w.Requests, Keys: identitystore.New(w.DB), Now: w.Now, Random: rand.Reader, Development: true})
	if err := near.Set(t.Context(), w.jo, owntools.Tool{OrganisationID: weirLane, Name: "Forms", Address: "http://127.0.0.1:8090/forms", On: true}); err != nil {
		t.Errorf("in development, on this machine: %v", err)
	}
}

func TestAnotherTenantCannot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	r := w.asked()
	id := w.goOn(r).Handover.ID
	tool := owntools.Tool{OrganisationID: weirLane, Name: "Elsewhere", Address: "https://elsewhere.example/", On: true}
	for _, subject := range []string{"sam.carter", "grace.mensah", "ben.osei", "neil.hart", "carys.evans"} {
		if err := w.tools.Set(ctx, w.Actor(t, subject), tool); !fault.Is(err, "not_allowed") {
			t.Errorf("%s changed it: %v", subject, err)
		}
	}
	tool.NeighbourhoodID, tool.ChangedAt = riverside, w.Now()
	entry := audit.Entry{ID: uuid.New(), NeighbourhoodID: riverside, At: w.Now(), Actor: partner, Action: "own-tool.set", SubjectKind: "organisation", Subject: weirLane}
	for name, scope := range map[string]tenants.Scope{
		"another practice's staff": w.Actor(t, "ben.osei").Scope, "another neighbourhood's staff": w.Actor(t, "carys.evans").Scope,
		"another neighbourhood's job": tenants.JobOf(hillside), "a patient": tenants.IntakeOf(riverside),
	} {
		if err := w.store.Set(ctx, scope, tool, entry); err == nil {
			t.Errorf("%s set it in the store", name)
		}
	}
	if kept, found, err := w.store.Tool(ctx, riverside, weirLane); err != nil || !found || kept.Address != address {
		t.Errorf("it is %+v now, %v", kept, err)
	}
	if _, found, err := w.store.Tool(ctx, hillside, weirLane); err != nil || found {
		t.Errorf("another neighbourhood sees it: %v", err)
	}
	if _, err := w.Requests.Handover(ctx, hillside, partner, id); !fault.Is(err, "not_found") {
		t.Errorf("another neighbourhood reads the handover: %v", err)
	}
	for _, state := range []requests.ToolState{requests.ToolTaken, requests.ToolRefused, requests.ToolDone} {
		if _, err := w.Requests.ToolSays(ctx, hillside, partner, id, state, ""); !fault.Is(err, "not_found") {
			t.Errorf("another neighbourhood says %s: %v", state, err)
		}
	}
	if n, err := w.Requests.EndSilentHandovers(ctx, hillside, w.Now().AddDate(1, 0, 0)); n != 0 || err != nil {
		t.Errorf("another neighbourhood's job ended %d, %v", n, err)
	}
	if _, err := w.tools.Of(ctx, hillside, r); !fault.Is(err, "not_found") {
		t.Errorf("another neighbourhood is offered it: %v", err)
	}
	if _, err := w.tools.GoOn(ctx, hillside, r); !fault.Is(err, "not_found") {
		t.Errorf("another neighbourhood goes on: %v", err)
	}
	if err := w.tools.Stay(ctx, hillside, r); !fault.Is(err, "not_found") {
		t.Errorf("another neighbourhood stays: %v", err)
	}
	if v := w.view(r); v.Staff.Handover.State != requests.ToolWaiting || v.Version != 2 {
		t.Errorf("something was changed: %+v at version %d", v.Staff.Handover, v.Version)
	}
}

// Of all keys of the neighbourhood only the one that the organisation named as its tool's learns of a handover or answers it.
// To any other it is as if there were none.
func TestAnotherOrganisationsKeyCannot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	second := audit.Actor{Kind: audit.Client, ID: demo.ClientID("partner_second")}
	locks := owntools.Tool{NeighbourhoodID: riverside, OrganisationID: demo.OrganisationID("A81002"), Name: "The Locks Online", Address: "https://locks.example/", On: true, Key: second.ID}
	entry := audit.Entry{ID: uuid.New(), NeighbourhoodID: riverside, At: w.Now(), Actor: demo.Seeder(), Action: "own-tool.set", SubjectKind: "organisation", Subject: locks.OrganisationID}
	if err := w.store.Set(ctx, tenants.JobOf(riverside), locks, entry); err != nil {
		t.Fatal(err)
	}
	r := w.asked()
	id := w.goOn(r).Handover.ID
	_, absent := w.Requests.Handover(ctx, riverside, partner, uuid.New())
	cannot := func(name string, by audit.Actor) {
		t.Helper()
		if _, err := w.Requests.Handover(ctx, riverside, by, id); !fault.Is(err, "not_found") || err.Error() != absent.Error() {
			t.Errorf("%s reads it: %v", name, err)
		}
		for _, state := range []requests.ToolState{requests.ToolTaken, requests.ToolRefused, requests.ToolDone} {
			if _, err := w.Requests.ToolSays(ctx, riverside, by, id, state, ""); !fault.Is(err, "not_found") {
				t.Errorf("%s says %s: %v", name, state, err)
			}
		}
	}
	cannot("the key of another practice's tool", second)
	cannot("the patients' app", audit.Actor{Kind: audit.Client, ID: demo.ClientID("app")})
	cannot("a person whose id is the key's", audit.Actor{Kind: audit.Person, ID: partner.ID})
	cannot("nobody", audit.Actor{Kind: audit.Client})
	if err := w.says(id, requests.ToolTaken); err != nil {
		t.Errorf("the tool's own key: %v", err)
	}
	// Another key named, the tool's former one is a stranger's; none named, only people say it.
	tool := owntools.Tool{OrganisationID: weirLane, Name: "Weir Lane Online", Address: address, On: true, Key: second.ID}
	if err := w.tools.Set(ctx, w.jo, tool); err != nil {
		t.Fatal(err)
	}
	cannot("the former key", partner)
	tool.Key = uuid.Nil
	if err := w.tools.Set(ctx, w.jo, tool); err != nil {
		t.Fatal(err)
	}
	cannot("a key when none is named", second)
	cannot("no key when none is named", audit.Actor{Kind: audit.Client})
	for name, key := range map[string]uuid.UUID{"nobody's": uuid.New(), "an app's": demo.ClientID("app"), "a receptionist's": demo.ClientID("receptionist")} {
		tool.Key = key
		if err := w.tools.Set(ctx, w.jo, tool); fault.As(err).Kind != fault.Invalid || fault.As(err).Fields[0].Pointer != "/key" {
			t.Errorf("%s key is named: %v", name, err)
		}
	}
	if v := w.view(r); v.Staff.Handover.State != requests.ToolTaken {
		t.Errorf("it is %s now", v.Staff.Handover.State)
	}
}

// A handover that nobody answers waits no longer than half of what is left, and then stands in the queue as not known.
func TestSilenceIsShownInTheQueue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.asked()
	way := w.goOn(r)
	row := func() requests.ToolState {
		v := w.view(r)
		page, err := w.Requests.List(t.Context(), w.sam, requests.PageQuery{Queue: v.Queue.ID}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range page.Items {
			if x.Reference == r {
				return x.Tool
			}
		}
		t.Fatal("it stands in no queue")
		return ""
	}
	end := func(at time.Time, want int) {
		t.Helper()
		if n, err := w.Requests.EndSilentHandovers(t.Context(), riverside, at); n != want || err != nil {
			t.Errorf("at %s: %d, %v", at, n, err)
		}
	}
	stands := func(nb uuid.UUID, when string, want owntools.Standing) {
		t.Helper()
		got, err := w.tools.Standing(t.Context(), nb)
		if s := got[weirLane]; err != nil || s.Waiting != want.Waiting || s.Silent != want.Silent || !s.Since.Equal(want.Since) {
			t.Errorf("%s: %+v, %v", when, s, err)
		}
	}
	stands(riverside, "before its time", owntools.Standing{Waiting: 1})
	end(way.Handover.DueAt.Add(-time.Second), 0)
	if s := row(); s != requests.ToolWaiting {
		t.Errorf("before its time it is %s", s)
	}
	end(way.Handover.DueAt, 1)
	end(way.Handover.DueAt, 0)
	if s := row(); s != requests.ToolSilent {
		t.Errorf("after its time it is %s", s)
	}
	if v := w.view(r); v.Message == messages.ToolWaiting {
		t.Error("the patient is told that the tool is waited for")
	}
	silent := owntools.Standing{Silent: 1, Since: way.Handover.DueAt.Truncate(time.Microsecond)}
	stands(riverside, "after its time", silent)
	stands(hillside, "for another neighbourhood", owntools.Standing{})
	if _, err := w.Requests.ToolDecline(t.Context(), w.sam, requests.Command{Reference: r}, "Nothing has come."); err != nil {
		t.Fatal(err)
	}
	stands(riverside, "once a person has looked", owntools.Standing{})
}
