package analysis

import (
	"context"
	"slices"

	"onedoor/app/fault"
	"onedoor/policy"
)

// question is one thing that an analysis asks of a model, and the key by which a recheck knows it again.
type question struct {
	kind    Kind
	subject RuleRef
	value   string // of a gap, the kind of request
}

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
	earlier    map[question]reply
	replies    map[question]reply
	order      []question
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
	g := gathering{}
	steps := 0
	for i, s := range seasons(o.On, p.Tables()) {
		r := &run{ctx: ctx, options: o, budget: budget - steps, replies: map[question]reply{}}
		past := m.season(i)
		r.places = past.places
		if r.places == nil || !slices.Equal(r.places.within, shortened(p)) {
			r.places = newPlaces(o.Directory, s.on, p)
		}
		r.model = newModel(safety, p, s.on, past.cuts, r.places)
		if r.model.past = past.points; r.model.past == nil {
			r.model.past = points(r.model.domains, o.Past)
		}
		r.guard = newGuard(r.model.layout, safety, r.model)
		r.severities = severities(r.model, r.guard)
		r.earlier = past.kept(r.model)
		if err := r.all(); err != nil {
			return nil, err
		}
		if r.short && len(r.earlier) > 0 {
			return check(ctx, safety, p, o, memory{}) // where the budget ends depends on the order in which it is spent
		}
		steps += r.steps
		report.memory = append(report.memory, recollection{model: r.model, places: r.places, replies: r.replies, short: r.short, active: s.active})
		g.add(s, r)
	}
	report.Findings = g.findings(p)
	return report, nil
}

// all asks every question.
func (r *run) all() error {
	for i := range r.model.rules {
		if err := r.ctx.Err(); err != nil {
			return err
		}
		ref := r.model.rules[i].RuleRef
		for _, about := range []struct {
			kind Kind
			ask  func(int) reply
		}{
			{Shadow, r.shadow}, {Safety, r.weakens}, {Overlap, r.overlaps}, {Unknown, r.unknowns}, {Monotone, r.monotone},
			{DeadEnd, r.deadEnds}, {Loop, r.loops},
		} {
			r.ask(question{about.kind, ref, ""}, func() reply { return about.ask(i) })
		}
	}
	return r.gaps()
}

// ask answers a question, from memory if nothing that it depends on has changed.
func (r *run) ask(q question, fresh func() reply) {
	a, known := r.earlier[q]
	switch {
	case known:
	case r.steps >= r.budget:
		a, r.short = reply{open: true}, true
	default:
		a = fresh()
	}
	r.steps += a.steps
	r.replies[q] = a
	r.order = append(r.order, q)
}

// rank orders findings: what can never be published first, then what weighs most, then by what they are about.
func rank(findings []Finding) {
	order := map[Severity]int{Error: 0, Warning: 1, Note: 2}
	slices.SortStableFunc(findings, func(a, b Finding) int {
		if byOrder := order[a.Severity] - order[b.Severity]; byOrder != 0 {
			return byOrder
		}
		return b.Weight - a.Weight
	})
}
