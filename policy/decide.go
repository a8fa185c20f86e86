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
	q := newQuestion(f, d, load, at)
	v := s.ask(q)
	stage, floor := StageSafety, v.rule.Then.Urgency
	if v.rule.Then.To.Kind == ToRouting {
		v = p.ask(q)
		stage = StageRouting
	}
	urgency := v.rule.Then.Urgency
	if floor.Rank() > urgency.Rank() {
		urgency = floor
	}
	q.urgency, q.due = urgency, AnswerDue(urgency, q.at)
	if within := v.rule.Then.AnswerWithin; within > 0 && q.at.Add(within).Before(q.due) {
		q.due = q.at.Add(within)
	}

	decision := Decision{
		At: q.at, PolicyHash: p.hash, SafetyHash: s.hash, DirectoryHash: d.Hash(), Facts: q.facts,
		Stage: stage, Table: v.table.Name, Rule: v.rule.ID,
		Urgency: urgency, AnswerDue: q.due, Stop: urgency == Emergency,
		Tags: slices.Clone(v.rule.Then.Tags), NearMisses: v.policy.nearMisses(v.winner, v.values, v.day),
	}
	r := resolver{question: q, verdict: v}
	r.resolve(&decision)
	decision.CareDue = r.careDue(decision.Stop)
	decision.Message = r.message(&decision)
	decision.Because = r.because(&decision)
	decision.Candidates = r.candidates
	decision.Load = r.seen
	return decision
}

// question is one request at one moment, and what follows from the two alone.
type question struct {
	facts     Facts
	directory *tenants.Directory
	load      Load
	seen      Load // what was read of load: all that replay needs
	at        time.Time
	on        nhs.Date

	home       tenants.Organisation
	registered bool // home is the person's registered practice, and not the desk

	urgency Urgency
	due     time.Time
}

func newQuestion(f Facts, d *tenants.Directory, load Load, at time.Time) *question {
	q := &question{facts: f.clone(), directory: d, load: load, seen: Load{}, at: at.UTC().Truncate(time.Microsecond)}
	q.on = dayOf(q.at)
	q.home, q.registered = q.findHome()
	return q
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

// value is what is known of a fact. What follows from the moment is worked out, whatever the request says.
func (q *question) value(f *Fact) Value {
	if f.derived {
		return derive(f.Name, q.at)
	}
	return q.facts[f.Name]
}

// findHome is the practice where the person is registered, for good or for a time, if it takes part; else the desk.
func (q *question) findHome() (tenants.Organisation, bool) {
	switch q.facts[factRegistration] {
	case Text("here"), Text("temporary"):
		practice, ok := q.organisation(RegisteredPractice)
		if ok && practice.Kind == tenants.Practice && q.directory.TakesPart(practice.ID, q.on) {
			return practice, true
		}
	}
	return q.directory.Desk(), false
}

// organisation is the one that a reference among the facts points at.
func (q *question) organisation(reference string) (tenants.Organisation, bool) {
	code, err := nhs.ParseODSCode(q.facts[reference].text)
	if err != nil {
		return tenants.Organisation{}, false
	}
	return q.directory.ByODS(code)
}

// homeOpen reports whether somebody is at home now.
func (q *question) homeOpen() bool { return q.staffed(q.home) }

// staffed reports whether somebody is at an organisation now: one of its services is open, or, for a practice whose
// directory entry has no services, core hours hold.
func (q *question) staffed(o tenants.Organisation) bool {
	services := false
	for s := range q.directory.ServicesOf(o.ID) {
		if s.Hours.Open(q.at) {
			return true
		}
		services = true
	}
	return !services && o.Kind == tenants.Practice && tenants.InCoreHours(q.at)
}

// RuleFor is the stage, table and rule that would decide a request, without looking for a place: what a conversation needs to
// know before it asks for a choice of pharmacy.
func RuleFor(p *Policy, f Facts, at time.Time) (stage, table string, rule Rule) {
	q := &question{facts: f, at: at, on: dayOf(at)}
	if v := safety.ask(q); v.rule.Then.To.Kind != ToRouting {
		return StageSafety, v.table.Name, *v.rule
	}
	v := p.ask(q)
	return StageRouting, v.table.Name, *v.rule
}

// verdict is the rule that took a request.
type verdict struct {
	policy *Policy
	values []Value
	day    class
	winner int // its place in the program
	table  *Table
	rule   *Rule
}

func (p *Policy) ask(q *question) verdict {
	values := p.values(q.value)
	winner := p.find(values, q.on)
	r := &p.program.rules[winner]
	return verdict{p, values, p.engine.dayClass(q.on), winner, r.table, r.rule}
}

func (r *resolver) careDue(stop bool) *time.Time {
	var due time.Time
	switch {
	case stop && r.homeOpen():
		due = r.at.Add(emergencyCheck)
	case !stop && r.rule.Then.CareWithin > 0:
		due = r.at.Add(r.rule.Then.CareWithin)
	default:
		return nil
	}
	return &due
}
