package policy_test

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/policy"
	"onedoor/tenants"
)

// random makes requests and neighbourhoods that nobody would think of.
type random struct{ *rand.Rand }

func newRandom(seed uint64) random { return random{rand.New(rand.NewPCG(seed, 7))} }

func pick[T any](r random, list ...T) T { return list[r.IntN(len(list))] }

// facts leaves any fact out, and now and then gives a value that no policy declares.
func (r random) facts(p *policy.Policy) policy.Facts {
	f := policy.Facts{}
	for _, fact := range p.Facts() {
		switch {
		case r.IntN(4) == 0:
		case r.IntN(20) == 0:
			f[fact.Name] = pick(r, policy.Text("nonsense"), policy.Int(-7), policy.Int(1_000_000), policy.Value{})
		case fact.Numeric():
			f[fact.Name] = policy.Int(fact.Min + r.IntN(fact.Size()))
		default:
			f[fact.Name] = policy.Text(pick(r, fact.Values...))
		}
	}
	if r.IntN(4) > 0 { // most requests are clear, or routing would hardly run
		f["red-flag"], f["free-text"], f["recording"] = policy.Text("none"), policy.Text("clear"), policy.Text("heard")
	}
	if r.IntN(3) > 0 {
		f["kind"] = policy.Text(pick(r, "symptoms", "self-referral", "callback"))
	}
	if r.IntN(4) == 0 {
		f["condition"] = policy.Text("sore-throat")
	}
	for _, reference := range []string{policy.RegisteredPractice, policy.NominatedPharmacy, policy.ChosenPharmacy} {
		if r.IntN(4) > 0 {
			f[reference] = policy.Text(pick(r, "A81001", "A81002", "FAA01", "FAA02", "FAA03", "RCC01", "U1001", "ZZ999", "?", ""))
		}
	}
	return f
}

func (r random) hours() tenants.Hours {
	switch r.IntN(4) {
	case 0:
		return tenants.Hours{}
	case 1:
		return tenants.Hours{Always: true}
	case 2:
		return tenants.Weekdays(tenants.Clock("09:00", "12:00"), tenants.Clock("14:00", "17:00"))
	}
	from := r.IntN(1200)
	return tenants.Weekdays(tenants.Period{From: from, Until: from + 1 + r.IntN(1440-from)})
}

func (r random) world() *world {
	w := newWorld()
	for i := range w.contents.Services {
		s := &w.contents.Services[i]
		s.Hours, s.Paused = r.hours(), r.IntN(6) == 0
		s.Capacity = tenants.Capacity{Open: r.IntN(4), Daily: r.IntN(4)}
		if age := r.IntN(100); r.IntN(4) == 0 {
			s.Eligibility.MinAge = &age
		}
		if age := r.IntN(100); r.IntN(4) == 0 {
			s.Eligibility.MaxAge = &age
		}
		if r.IntN(5) == 0 {
			s.Eligibility.Sex = pick(r, nhs.Female, nhs.Male)
		}
		if r.IntN(5) == 0 {
			s.Kinds = []string{pick(r, "symptoms", "admin")}
		}
	}
	for i := range w.contents.Agreements {
		if r.IntN(5) == 0 {
			w.contents.Agreements[i].Until = nhs.Date{Year: 2026, Month: 6, Day: 30}
		}
	}
	w.contents.Desk = pick(r, w.org("U1001").ID, w.org("A81002").ID)
	return w
}

func (r random) load(w *world) policy.Load {
	load := policy.Load{}
	for _, s := range w.contents.Services {
		if r.IntN(2) == 0 {
			load[s.ID] = policy.ServiceLoad{Open: r.IntN(5), Today: r.IntN(5)}
		}
	}
	return load
}

func (r random) moment() time.Time {
	start := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	return start.Add(time.Duration(r.Int64N(int64(5 * 365 * 24 * time.Hour)))).In(pick(r, time.UTC, tenants.London()))
}

// many has every form of destination, urgent rules too, so that random requests reach every part of the resolver.
const many = `policy: many
facts:
  kind: [symptoms, admin, callback, self-referral]
  age: 0..130
  sex: [female, male, other]
  registration: [here, elsewhere, temporary, none]
  own-practice-only: ["yes", "no"]
  core-hours: ["yes", "no"]
tables:
  - name: odd
    from: 2024-06-01
    until: 2027-06-01
    rules:
      - { id: r1, when: { kind: '"symptoms"', age: '< 20' }, then: { to: chosen-pharmacy, service: pharmacy-first, urgency: urgent } }
      - { id: r2, when: { kind: '"symptoms"', age: '[20..40]', core-hours: '"no"' }, then: { to: 'capability:physio nearest open', urgency: soon, overflow: [desk, 'organisation:RCC01'] } }
      - { id: r3, when: { kind: '"symptoms"', sex: not("male") }, then: { to: 'organisation:RCC01/queue:podiatry', urgency: routine, care_within: 2d } }
      - { id: r4, when: { kind: '"self-referral"', age: unknown }, then: { to: desk/queue:clinical, urgency: urgent } }
      - { id: r5, when: { kind: '"self-referral"', age: '> 60' }, then: { to: 'service:physiotherapy', urgency: urgent, answer_within: 4h, overflow: 'service:podiatry' } }
      - { id: r6, when: { kind: '"callback"', age: '> 100' }, then: { to: registered-practice/queue:safety, urgency: emergency } }
      - { id: r7, when: { kind: '"callback"', registration: '"none", unknown' }, then: { to: 'service:nowhere', urgency: soon, overflow: nominated-pharmacy } }
  - name: rest
    rules:
      - { id: r8, when: { kind: '"admin"' }, then: { to: registered-practice/queue:admin, urgency: routine } }
      - { id: r9, when: { own-practice-only: '"yes"' }, then: { to: 'organisation:RCC02', urgency: soon } }
      - { id: catch-all, then: { to: desk, urgency: soon } }
`

// TestRandomRequestsEndSomewhereAndReplay is the promise of routing, tried on requests and neighbourhoods of every sort.
func TestRandomRequestsEndSomewhereAndReplay(t *testing.T) {
	t.Parallel()
	policies := []*policy.Policy{riverside(t), parse(t, many)}
	rules := map[string]bool{}
	r := newRandom(1)
	for range 40 {
		w := r.world()
		d := w.directory(t)
		for range 40 {
			p := pick(r, policies...)
			facts, load, at := r.facts(p), r.load(w), r.moment()
			got := policy.Decide(p, facts, d, load, at)
			rules[got.Rule] = true
			checkDecision(t, d, facts, got)

			stored, err := json.Marshal(got)
			if err != nil {
				t.Fatal(err)
			}
			var read policy.Decision
			if err := json.Unmarshal(stored, &read); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(read, got) {
				t.Fatalf("the decision does not survive storing:\n%+v\n%+v", got, read)
			}
			again, err := policy.Replay(policy.Safety(), p, d, read)
			if err != nil || !again.Equal(got) {
				t.Fatalf("replay gives another decision: %v\n%+v\n%+v", err, got, again)
			}
			if t.Failed() {
				t.Fatalf("%+v", got)
			}
		}
	}
	for _, rule := range []string{"r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "sore-throat", "red-flag-emergency", "in-doubt"} {
		if !rules[rule] {
			t.Errorf("no random request reached rule %s", rule)
		}
	}
}

func checkDecision(t *testing.T, d *tenants.Directory, facts policy.Facts, got policy.Decision) {
	t.Helper()
	on := nhs.DateOf(got.At.In(tenants.London()))
	for _, place := range []policy.Place{got.Home, got.Destination} {
		if where(d, place) == "nowhere" {
			t.Errorf("a place that is not in the directory: %+v", place)
		}
		if place.Organisation != d.Desk().ID && !d.TakesPart(place.Organisation, on) {
			t.Errorf("%s does not take part", where(d, place))
		}
		if place.Service != uuid.Nil {
			s, _ := d.Service(place.Service)
			if s.OrganisationID != place.Organisation || s.QueueID != place.Queue || s.Paused {
				t.Errorf("%s does not feed %s or is paused", s.Name, where(d, place))
			}
		}
	}
	if got.Offer != (got.Home.Organisation != got.Destination.Organisation) {
		t.Error("an offer is what goes to another organisation")
	}
	if !got.Offer && got.Home != got.Destination {
		t.Error("what stays has one place")
	}
	if home, _ := d.Queue(got.Home.Queue); got.Offer && home.Slug != tenants.QueueToVerify {
		t.Errorf("an offer waits in %s", home.Slug)
	}
	if own := facts["own-practice-only"]; got.Offer && own.Known() && own != policy.Text("no") {
		t.Error("it left against the person's wish")
	}
	flag, text, recording := facts["red-flag"], facts["free-text"], facts["recording"]
	emergency := flag == policy.Text("emergency") || text == policy.Text("emergency")
	clearly := flag == policy.Text("none") && (!text.Known() || text == policy.Text("clear")) &&
		(!recording.Known() || recording == policy.Text("none") || recording == policy.Text("heard"))
	switch {
	case emergency && (got.Urgency != policy.Emergency || !got.Stop || got.Stage != policy.StageSafety):
		t.Errorf("an emergency became %s", got.Urgency)
	case !clearly && (got.Urgency.Rank() < policy.Urgent.Rank() || got.Offer):
		t.Errorf("in doubt it became %s, offered %t", got.Urgency, got.Offer)
	}
	if home, _ := d.Queue(got.Home.Queue); got.Stop && home.Slug != tenants.QueueSafety {
		t.Errorf("an emergency stands in %s", home.Slug)
	}
	if limit := policy.AnswerDue(got.Urgency, got.At); got.AnswerDue.After(limit) || got.AnswerDue.Before(got.At) {
		t.Errorf("the answer is due at %s, and the promise is %s", got.AnswerDue, limit)
	}
	if got.Message == "" || len(got.Because) == 0 || len(got.NearMisses) > 10 {
		t.Error("it does not explain itself")
	}
	if got.Urgency == policy.Urgent && !staffed(d, got) {
		if got.Message != policy.MessageOutOfHours && got.Message != policy.MessageCallPractice {
			t.Errorf("nobody is there and the patient is told %s", got.Message)
		}
	}
}

func staffed(d *tenants.Directory, got policy.Decision) bool {
	if got.Destination.Service != uuid.Nil && got.Offer {
		s, _ := d.Service(got.Destination.Service)
		return s.Hours.Open(got.At)
	}
	for s := range d.ServicesOf(got.Destination.Organisation) {
		if s.Hours.Open(got.At) {
			return true
		}
	}
	return false
}

func TestReplayRefusesOtherVersions(t *testing.T) {
	t.Parallel()
	w := newWorld()
	d, p, at := w.directory(t), riverside(t), london(t, "2026-11-24 10:00")
	stored := policy.Decide(p, sore("chosen-pharmacy", "FAA01"), d, nil, at)
	w.service("FAA01", "pharmacy-first").Paused = true
	other := parse(t, strings.Replace(string(p.Document()), "policy: riverside", "policy: other", 1))
	for name, again := range map[string]func() (policy.Decision, error){
		"another directory": func() (policy.Decision, error) {
			return policy.Replay(policy.Safety(), p, w.directory(t), stored)
		},
		"another policy":       func() (policy.Decision, error) { return policy.Replay(policy.Safety(), other, d, stored) },
		"another safety stage": func() (policy.Decision, error) { return policy.Replay(other, p, d, stored) },
	} {
		if _, err := again(); !fault.Is(err, "replay_version") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDecideLeavesItsInputAlone(t *testing.T) {
	t.Parallel()
	facts := sore("chosen-pharmacy", "FAA01", "catheter", "unknown")
	size := len(facts)
	got := policy.Decide(riverside(t), facts, newWorld().directory(t), nil, london(t, "2026-11-24 10:00"))
	got.Facts["age"] = policy.Int(1)
	if len(facts) != size || facts["age"] != policy.Int(30) {
		t.Errorf("the caller's facts changed: %v", facts)
	}
}

func TestFactsAsJSON(t *testing.T) {
	t.Parallel()
	var facts policy.Facts
	if err := json.Unmarshal([]byte(`{"kind":"symptoms","age":30,"pregnant":null,"sex":"unknown"}`), &facts); err != nil {
		t.Fatal(err)
	}
	if facts["age"] != policy.Int(30) || facts["kind"] != policy.Text("symptoms") || facts["pregnant"].Known() || facts["sex"].Known() {
		t.Errorf("%v", facts)
	}
	for _, broken := range []string{`{"age":30.5}`, `{"age":true}`, `{"age":[1]}`, `{"age":{}}`, `{"age":1e99}`} {
		if json.Unmarshal([]byte(broken), &policy.Facts{}) == nil {
			t.Errorf("%s was read", broken)
		}
	}
}
