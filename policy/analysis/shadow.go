package analysis

import (
	"fmt"
	"slices"
)

// perQuestion is how many steps one question may take before it is left undecided.
const perQuestion = 200_000

// answer is what is known of a region after others were taken from it.
type answer struct {
	decided bool
	example box   // what is left, or nil
	cover   []int // what covers it, by place among what was asked
	steps   int
}

// remains answers whether boxes leave anything of a region.
func (m *model) remains(region box, boxes []box, cover bool) answer {
	s := &m.search
	s.steps, s.limit, s.used = 0, perQuestion, nil
	if cover {
		s.used = make([]bool, len(boxes))
	}
	var a answer
	ended := s.left(region, boxes, func(b box) bool {
		a.example = append(box(nil), b...)
		return false
	})
	a.steps, a.decided = s.steps, ended != open
	if ended == nothing && cover {
		for i, used := range s.used {
			if used {
				a.cover = append(a.cover, i)
			}
		}
	}
	return a
}

// shadow asks whether a rule can ever win. The catch-all need not.
func (r *run) shadow(i int) reply {
	m := r.model
	it := &m.rules[i]
	if i == len(m.rules)-1 || r.guard.empties(m.layout, it) {
		return reply{} // what the safety stage keeps from a rule is a finding of its own
	}
	if never := m.remains(it.box, m.never, false); it.empty || never.decided && never.example == nil {
		return reply{findings: []Finding{r.neverHolds(it)}, steps: never.steps}
	}
	places, region := m.before(it.box, i)
	a := m.remains(it.box, region, true)
	out := reply{open: !a.decided, steps: a.steps}
	if !a.decided || a.example != nil {
		return out
	}
	cover, steps := m.fewer(it.box, region, a.cover)
	out.steps += steps
	f := Finding{Kind: Shadow, Severity: Warning, Table: it.Table, Rule: it.Rule, Key: key(Shadow, it.Table, it.Rule), Witness: m.witness(it.box), Weight: m.met(it.box)}
	for _, c := range cover {
		if c < len(places) {
			f.By = append(f.By, m.rules[places[c]].RuleRef)
		}
	}
	f.Says = fmt.Sprintf("Rule %s can never be reached: %s above %s everything it would.", it.Rule, ruleNames(f.By, it.Table), takes(len(f.By)))
	if f.Weight > 0 {
		f.Says += fmt.Sprintf(" It would have met %s of the past.", counted(f.Weight, "request"))
	}
	out.findings = append(out.findings, f)
	return out
}

// neverHolds is of a rule that asks for what no moment has.
func (r *run) neverHolds(it *rule) Finding {
	return Finding{
		Kind: Shadow, Severity: Error, Table: it.Table, Rule: it.Rule, Key: key(Shadow, it.Table, it.Rule),
		Says: fmt.Sprintf("Rule %s can never be reached: there is no moment at which all that it asks for holds.", it.Rule),
	}
}

// before are the rules before a place that meet a region, and their boxes, followed by what never happens.
func (m *model) before(region box, i int) ([]int, []box) {
	places := m.meeting(region, i, -1, make(bitset, m.index.words)).list(nil)
	list := make([]box, 0, len(places)+len(m.never))
	for _, at := range places {
		list = append(list, m.rules[at].box)
	}
	return places, append(list, m.never...)
}

// fewer leaves out of a cover what it can do without.
func (m *model) fewer(region box, boxes []box, cover []int) ([]int, int) {
	const most = 24 // a longer cover is no use to a reader anyway
	steps := 0
	for i := 0; i < len(cover) && len(cover) <= most; {
		without := slices.Delete(slices.Clone(cover), i, i+1)
		list := make([]box, len(without))
		for j, c := range without {
			list[j] = boxes[c]
		}
		a := m.remains(region, list, false)
		steps += a.steps
		if a.decided && a.example == nil {
			cover = without
		} else {
			i++
		}
	}
	return cover, steps
}

func ruleNames(rules []RuleRef, table string) string {
	if len(rules) == 1 {
		return "rule " + names(rules, table)
	}
	return "rules " + names(rules, table) + " together,"
}

func takes(n int) string {
	if n == 1 {
		return "takes"
	}
	return "take"
}
