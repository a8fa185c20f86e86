package policy

import (
	"slices"
	"time"

	"onedoor/app/nhs"
	"onedoor/tenants"
)

// emergencyCheck is how soon a person checks on an emergency, where somebody is there.
const emergencyCheck = 15 * time.Minute

// Decide gives one request its place, urgency and times. It is a pure function: the safety stage first, then the policy's
// tables, then the resolver. It always ends in a queue of an organisation of the directory.
func Decide(p *Policy, f Facts, d *tenants.Directory, load Load, at time.Time) Decision {
	return decide(safety, p, f, d, load, at)
}

func decide(s, p *Policy, f Facts, d *tenants.Directory, load Load, at time.Time) Decision {
	q := question{facts: f.clone(), directory: d, load: load, seen: Load{}}
	q.begin(at)
	stage, v := q.ask(s, p, nil)
	r := resolver{question: &q, verdict: v, told: &told{}}
	home, destination := r.resolve()
	decision := Decision{
		At: q.at, PolicyHash: p.hash, SafetyHash: s.hash, DirectoryHash: d.Hash(), Facts: q.facts,
		Stage: stage, Table: v.table.Name, Rule: v.rule.ID,
		Urgency: q.urgency, AnswerDue: q.due, CareDue: r.careDue(),
		Home: home, Destination: destination, Offer: home.Organisation != destination.Organisation, Stop: q.urgency == Emergency,
		Message: r.message(destination), Tags: slices.Clone(v.rule.Then.Tags), NearMisses: v.policy.nearMisses(v.winner, v.values, v.day),
	}
	decision.Because = r.because(&decision)
	decision.Candidates = r.told.candidates
	decision.Load = q.seen
	return decision
}

// question is one request at one moment, and what follows from the two alone.
type question struct {
	facts     Facts
	directory *tenants.Directory
	load      Load
	seen      Load // what was read of load: all that replay needs; nothing when nobody replays
	at        time.Time
	wall      tenants.Wall

	home       tenants.Organisation
	practice   bool // home is a practice, and not the desk
	asked      bool // and it is the one whose line or door the person came by
	staff      answer

	urgency Urgency
	due     time.Time
}

// answer is something worked out when it is first asked.
type answer uint8

const (
	unasked answer = iota
	no
	yes
)

func (q *question) begin(at time.Time) {
	q.at = at.UTC().Truncate(time.Microsecond)
	q.wall = tenants.WallAt(q.at)
	q.findHome()
}

// ask puts the question to the safety stage and, if that lets it go on, to a policy, and sets the urgency and when the answer
// is due. The values are kept in a slice that the caller may give.
func (q *question) ask(s, p *Policy, values []Value) (stage string, v verdict) {
	stage, v = StageSafety, s.verdict(q, values)
	q.urgency = v.rule.Then.Urgency
	if v.rule.Then.To.Kind == ToRouting {
		stage, v = StageRouting, p.verdict(q, values)
		if v.rule.Then.Urgency.Rank() > q.urgency.Rank() {
			q.urgency = v.rule.Then.Urgency
		}
	}
	q.due = AnswerDue(q.urgency, q.at)
	if within := v.rule.Then.AnswerWithin; within > 0 && q.at.Add(within).Before(q.due) {
		q.due = q.at.Add(within)
	}
	return stage, v
}

// clone drops what is unknown: absent says the same.
func (f Facts) clone() Facts {
	c := make(Facts, len(f))
	for name, v := range f {
		if v.Known() {
			c[name] = v
		}
	}
	return c
}

// value is what is known of a fact. What follows from the moment or from a service's load is worked out, whatever the request
// says.
func (q *question) value(f *Fact) Value {
	switch {
	case f.service != "":
		return q.loadOf(f)
	case f.derived:
		return derive(f.Name, q.wall)
	}
	return q.facts[f.Name]
}

// findHome is the practice where the person is registered, for good or for a time, if it takes part. Of whom nothing is
// known goes to the practice that they asked, by its own telephone line; anybody else to the desk.
func (q *question) findHome() {
	reference := ""
	switch q.facts[factRegistration].text {
	case "here", "temporary":
		reference = RegisteredPractice
	case "":
		reference, q.asked = PracticeAsked, true
	}
	if reference != "" {
		practice, ok := q.organisation(reference)
		if ok && practice.Kind == tenants.Practice && q.directory.TakesPart(practice.ID, q.wall.Day) {
			q.home, q.practice = practice, true
			return
		}
	}
	q.home, q.asked = q.directory.Desk(), false
}

// organisation is the one that a reference among the facts points at.
func (q *question) organisation(reference string) (tenants.Organisation, bool) {
	text := q.facts[reference].text
	if o, ok := q.directory.ByODS(nhs.ODSCode(text)); ok {
		return o, true
	}
	code, err := nhs.ParseODSCode(text) // as somebody may have typed it
	if err != nil {
		return tenants.Organisation{}, false
	}
	return q.directory.ByODS(code)
}

// homeOpen reports whether somebody is at home now.
func (q *question) homeOpen() bool {
	if q.staff == unasked {
		if q.staff = no; q.staffed(&q.home) {
			q.staff = yes
		}
	}
	return q.staff == yes
}

// staffed reports whether somebody is at an organisation now: one of its services is open, or, for a practice whose
// directory entry has no services, core hours hold.
func (q *question) staffed(o *tenants.Organisation) bool {
	services := q.directory.ListOf(o.ID)
	for i := range services.Len() {
		if services.At(i).Hours.OpenAt(q.wall) {
			return true
		}
	}
	return services.Len() == 0 && o.Kind == tenants.Practice && q.wall.InCoreHours()
}

// urgent reports whether somebody must be there now.
func (q *question) urgent() bool { return q.urgency.Rank() >= Urgent.Rank() }

// RuleFor is the stage, table and rule that would decide a request, without looking for a place: what a conversation needs to
// know before it asks for a choice of pharmacy. Facts that read a service's load are unknown to it.
func RuleFor(p *Policy, f Facts, at time.Time) (stage, table string, rule Rule) {
	q := question{facts: f, wall: tenants.WallAt(at)}
	if v := safety.verdict(&q, nil); v.rule.Then.To.Kind != ToRouting {
		return StageSafety, v.table.Name, *v.rule
	}
	v := p.verdict(&q, nil)
	return StageRouting, v.table.Name, *v.rule
}

// verdict is the rule that took a request.
type verdict struct {
	policy *Policy
	values []Value // of the facts that some rule asks for, by the position of the fact
	day    class
	winner int // its place in the program
	table  *Table
	rule   *Rule
}

func (p *Policy) verdict(q *question, values []Value) verdict {
	if cap(values) < len(p.facts) {
		values = make([]Value, len(p.facts))
	}
	values = values[:len(p.facts)]
	for i := range p.engine.lookups {
		fact := p.engine.lookups[i].fact
		values[fact] = q.value(&p.facts[fact])
	}
	winner := p.find(values, q.wall.Day)
	r := &p.program.rules[winner]
	return verdict{p, values, p.engine.dayClass(q.wall.Day), winner, r.table, r.rule}
}

func (r *resolver) careDue() *time.Time {
	var due time.Time
	switch stop := r.urgency == Emergency; {
	case stop && r.homeOpen():
		due = r.at.Add(emergencyCheck)
	case !stop && r.rule.Then.CareWithin > 0:
		due = r.at.Add(r.rule.Then.CareWithin)
	default:
		return nil
	}
	return &due
}
