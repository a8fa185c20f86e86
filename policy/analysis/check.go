package analysis

import (
	"context"
	"slices"

	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/policy"
)

// topic is one question that is asked of every rule.
type topic int

const (
	ofShadow topic = iota
	ofSafety
	ofOverlap
	ofUnknown
	ofMonotone
	ofEnds
	ofLoop
	topics
)

// kinds are the topics as findings name them.
var kinds = [topics]Kind{Shadow, Safety, Overlap, Unknown, Monotone, DeadEnd, Loop}

// answers are what is known of one rule.
type answers [topics]*reply

// reply is the answer to a question.
type reply struct {
	findings []Finding
	more     int       // findings that are counted and not listed
	missing  []absence // of a rule, what it does to it when an organisation is out
	open     bool      // the limit came before the answer
	steps    int
}

// run is one analysis under way.
type run struct {
	ctx        context.Context
	options    Options
	budget     int
	steps      int
	short      bool // the budget was spent before the last question
	model      *model
	guard      *guard
	places     *places  // what the directory knows; nil without one
	severities [][]step // by column
	earlier    recall
	rules      []answers         // by rule of the model
	gaps       map[string]*reply // by kind of request; "" when they are not told apart
	kinds      []string          // the keys of gaps, in order
}

func check(ctx context.Context, safety, p *policy.Policy, o Options, m memory) (*Report, error) {
	if p == nil {
		return nil, fault.New(fault.Invalid, "analysis_policy", "There is no policy to analyse.")
	}
	report := &Report{policy: p, options: o, safety: safety}
	budget := o.Budget
	if budget == 0 {
		budget = DefaultBudget
	}
	stage, rules := newWritten(safety), newWritten(p)
	g := gathering{}
	steps := 0
	for i, s := range seasons(o.On, p.Tables()) {
		r := &run{ctx: ctx, options: o, budget: budget - steps, gaps: map[string]*reply{}}
		past := m.season(i)
		r.places = past.places
		if r.places == nil || !slices.Equal(r.places.within, shortened(p)) {
			r.places = newPlaces(o.Directory, placesDay(o, s), p)
		}
		r.model = newModel(stage, rules, s.on, past.cuts, r.places)
		if r.model.past = past.points; r.model.past == nil {
			r.model.past = points(r.model.domains, o.Past)
		}
		r.guard = newGuard(r.model.layout, stage, r.model)
		r.severities = severities(r.model, r.guard)
		r.earlier = past.kept(r.model, r.severities)
		if err := r.all(); err != nil {
			return nil, err
		}
		if r.short && r.earlier.rules != nil {
			return check(ctx, safety, p, o, memory{}) // where the budget ends depends on the order in which it is spent
		}
		steps += r.steps
		report.memory = append(report.memory, recollection{model: r.model, places: r.places, rules: r.rules, gaps: r.gaps, short: r.short, active: s.active})
		g.add(s, r)
	}
	report.Findings = g.findings(p)
	return report, nil
}

// placesDay is the day from which places are looked at. Without a day to begin with, a season's first day may be long past, and
// nobody took part yet.
func placesDay(o Options, s season) nhs.Date {
	if o.On.IsZero() {
		return unsaidDay
	}
	return s.on
}

// all asks every question.
func (r *run) all() error {
	ask := [topics]func(int) reply{r.shadow, r.weakens, r.overlaps, r.unknowns, r.monotone, r.deadEnds, r.loops}
	r.rules = make([]answers, len(r.model.rules))
	for i := range r.model.rules {
		if err := r.ctx.Err(); err != nil {
			return err
		}
		known := r.earlier.rules[r.model.rules[i].RuleRef]
		for t := range topics {
			r.rules[i][t] = r.ask(known[t], func() reply { return ask[t](i) })
		}
	}
	return r.findGaps()
}

// ask gives a known answer, or a fresh one.
func (r *run) ask(known *reply, fresh func() reply) *reply {
	switch {
	case known != nil:
	case r.steps >= r.budget:
		known, r.short = &reply{open: true}, true
	default:
		a := fresh()
		known = &a
	}
	r.steps += known.steps
	return known
}

// rank orders findings: what can never be published first, then what weighs most, then by what they are about.
func rank(findings []*gathered) {
	order := func(s Severity) int {
		switch s {
		case Error:
			return 0
		case Warning:
			return 1
		}
		return 2
	}
	slices.SortStableFunc(findings, func(a, b *gathered) int {
		if bySeverity := order(a.Severity) - order(b.Severity); bySeverity != 0 {
			return bySeverity
		}
		return b.Weight - a.Weight
	})
}
