package analysis

import (
	"fmt"
	"slices"

	"onedoor/policy"
)

// guard is the safety stage as boxes of a model's layout, not cut to what it lets through.
type guard struct {
	rules []rule
	facts map[string]bool
	whole box
	floor bool // it raises what it lets through
}

func newGuard(l *layout, safety *written, m *model) *guard {
	g := &guard{facts: map[string]bool{}, whole: l.whole()}
	g.rules = boxes(l, safety, safety.policy.Order(m.on), g.whole, map[string]int{})
	for _, f := range safety.policy.Facts() {
		g.facts[f.Name] = true
	}
	for i := range g.rules {
		g.floor = g.floor || g.rules[i].routes() && g.rules[i].rank > 0
	}
	return g
}

func (r *rule) routes() bool { return r.rule.Then.To.Kind == policy.ToRouting }

// weakens asks whether a rule asks for what the safety stage has decided before it: then it can never be reached, or would make
// less urgent what the stage made urgent. A parser already keeps a neighbourhood from declaring the stage's facts.
func (r *run) weakens(i int) reply {
	m, g := r.model, r.guard
	it := &m.rules[i]
	asked := ""
	for _, c := range it.rule.When {
		if g.facts[c.Fact] && asked == "" {
			asked = c.Fact
		}
	}
	if asked == "" && !g.floor {
		return reply{}
	}
	region := r.written(it)
	f := Finding{Kind: Safety, Severity: Error, Table: it.Table, Rule: it.Rule, Fact: asked, Key: key(Safety, it.Table, it.Rule)}
	out := reply{}
	taken := 0 // by the stage itself
	for s := range g.rules {
		by := &g.rules[s]
		part := m.intersect(region, by.box)
		if part == nil || by.routes() && by.rank <= it.rank {
			continue
		}
		var before []box
		for _, earlier := range g.rules[:s] {
			before = append(before, earlier.box)
		}
		a := m.remains(part, before, false)
		out.steps += a.steps
		out.open = out.open || !a.decided
		if a.example == nil {
			continue
		}
		if taken++; by.rank > it.rank || taken == 1 && !by.routes() {
			if f.By = append(f.By, by.RuleRef); by.rank > it.rank && !slices.ContainsFunc(f.By[:len(f.By)-1], func(ref RuleRef) bool { return g.rank(ref) > it.rank }) || f.Witness == nil {
				f.Witness = m.witness(a.example)
			}
		}
	}
	lowers := slices.ContainsFunc(f.By, func(ref RuleRef) bool { return g.rank(ref) > it.rank })
	switch {
	case taken == 0:
		return out
	case g.empties(m.layout, it):
		f.Says = fmt.Sprintf("Rule %s can never be reached: whatever has such an answer for %s is decided by the platform's safety stage before any rule of the neighbourhood.", it.Rule, spoken(asked))
	case lowers && asked != "":
		f.Says = fmt.Sprintf("Rule %s asks for answers of %s that the platform's safety stage makes more urgent than %s: it never takes them, and must not ask for them.", it.Rule, spoken(asked), it.rule.Then.Urgency)
	case lowers:
		f.Says = fmt.Sprintf("Rule %s gives %s where the platform's safety stage makes a request more urgent: the stage wins.", it.Rule, it.rule.Then.Urgency)
	default:
		f.Severity = Warning
		f.Says = fmt.Sprintf("Rule %s asks for answers of %s that the platform's safety stage decides before it: it never takes them.", it.Rule, spoken(asked))
	}
	out.findings = append(out.findings, f)
	return out
}

// empties reports whether the stage keeps everything from a rule by one of its facts.
func (g *guard) empties(l *layout, it *rule) bool {
	return slices.ContainsFunc(l.columns, func(c column) bool {
		return g.facts[c.name] && !common(it.box[c.first:c.last], it.box[c.first:c.last])
	})
}

func (g *guard) rank(ref RuleRef) int {
	for i := range g.rules {
		if g.rules[i].RuleRef == ref {
			return g.rules[i].rank
		}
	}
	return 0
}

// written is what a rule asks for, also of what the stage keeps from it; of the stage's other facts only what it lets through.
func (r *run) written(it *rule) box {
	m := r.model
	b := slices.Clone(it.box)
	scratch := make(box, m.words)
	for i := range m.columns {
		c := &m.columns[i]
		for _, cell := range it.rule.When {
			if cell.Fact == c.name {
				c.set(scratch, cell.Cell.Set())
				copy(b[c.first:c.last], scratch[c.first:c.last])
			}
		}
	}
	return b
}
