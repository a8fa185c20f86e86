package analysis

import (
	"fmt"
	"math/bits"
	"slices"
)

// step is two answers to a fact, the second the next worse, that some rule tells apart.
type step struct {
	better, worse           uint32 // codes
	betterClass, worseClass int
}

// monotone asks whether a request that a rule takes becomes less urgent when one answer is worse. It is enough to look at answers
// next to each other in severity: urgency that never falls from one to the next never falls.
func (r *run) monotone(i int) reply {
	m := r.model
	it := &m.rules[i]
	out := reply{}
	if it.empty {
		return out
	}
	for c := range m.columns {
		if steps := r.severities[c]; len(steps) > 0 {
			if f, ok := r.falls(i, c, steps, &out); ok {
				out.findings = append(out.findings, f)
			}
		}
	}
	return out
}

// severities are, by column, the answers next to each other in severity.
func severities(m *model, g *guard) [][]step {
	all := make([][]step, len(m.columns))
	for i := range m.columns {
		c := &m.columns[i]
		fact := m.facts[c.name]
		if len(fact.Worse) == 0 || g.facts[c.name] || fromMoment(c.name) {
			continue
		}
		type answer struct {
			code uint32
			rank int
		}
		var answers []answer
		add := func(code uint32) {
			if rank, ok := fact.Severity(c.value(code)); ok {
				answers = append(answers, answer{code, rank})
			}
		}
		for class, start := range c.starts {
			if add(start); c.end(class) != start {
				add(c.end(class))
			}
		}
		if !fact.Numeric() { // classes of an enumeration need not follow severity
			answers = answers[:0]
			for code := uint32(1); code < c.foreign(); code++ {
				add(code)
			}
		}
		slices.SortFunc(answers, func(a, b answer) int { return a.rank - b.rank })
		for n := 1; n < len(answers); n++ {
			if a, b := answers[n-1].code, answers[n].code; c.class(a) != c.class(b) {
				all[i] = append(all[i], step{a, b, c.class(a), c.class(b)})
			}
		}
	}
	return all
}

func (b box) takes(c *column, class int) bool {
	return b[c.first+class>>6]>>(class&63)&1 != 0
}

// falls looks for a request that rule i takes with the better answer, and a less urgent rule with the worse.
func (r *run) falls(i, c int, steps []step, out *reply) (Finding, bool) {
	m := r.model
	it, col := &m.rules[i], &m.columns[c]
	var own, leaves []step // those whose better answer the rule takes; and not the worse
	for _, s := range steps {
		if it.box.takes(col, s.betterClass) {
			if own = append(own, s); !it.box.takes(col, s.worseClass) {
				leaves = append(leaves, s)
			}
		}
	}
	if len(own) == 0 {
		return Finding{}, false
	}
	others := m.meeting(it.box, len(m.rules), c, make(bitset, m.index.words))
	for w := range others {
		below := uint64(0)
		for rank := range it.rank {
			below |= m.index.ranked[rank][w]
		}
		for word := others[w] & below; word != 0; word &= word - 1 {
			j := w<<6 + bits.TrailingZeros64(word)
			other := &m.rules[j]
			tried := leaves
			if j < i {
				tried = own
			}
			for _, s := range tried {
				if other.empty || !other.box.takes(col, s.worseClass) || j < i && other.box.takes(col, s.betterClass) {
					continue
				}
				if example, ok := m.falling(i, j, c, s, out); ok {
					return r.fall(i, j, c, s, own, example), true
				}
			}
		}
	}
	return Finding{}, false
}

// falling looks for the rest of a request that rule i wins with the better answer and rule j with the worse. The fact's own column
// does not count in it.
func (m *model) falling(i, j, c int, s step, out *reply) (box, bool) {
	col := &m.columns[c]
	both := make(box, m.words)
	for w := range both {
		both[w] = m.rules[i].box[w] & m.rules[j].box[w]
	}
	copy(both[col.first:col.last], m.world[col.first:col.last])
	if m.empty(both) {
		return nil, false
	}
	var taken []box
	add := func(b box) {
		if b.takes(col, s.betterClass) || b.takes(col, s.worseClass) {
			taken = append(taken, b)
		}
	}
	for _, at := range m.meeting(both, max(i, j), c, make(bitset, m.index.words)).list(nil) {
		b := m.rules[at].box
		if at < i && b.takes(col, s.betterClass) || at < j && b.takes(col, s.worseClass) {
			taken = append(taken, b)
		}
	}
	for _, b := range m.never {
		add(b)
	}
	m.search.skip = c
	a := m.remains(both, taken, false)
	m.search.skip = -1
	out.steps += a.steps
	out.open = out.open || !a.decided
	return a.example, a.example != nil
}

// fall is the finding. Its witness has the worse answer.
func (r *run) fall(i, j, c int, s step, own []step, example box) Finding {
	m := r.model
	it, other, col := &m.rules[i], &m.rules[j], &m.columns[c]
	f := Finding{
		Kind: Monotone, Severity: Warning, Table: other.Table, Rule: other.Rule, Fact: col.name, By: []RuleRef{it.RuleRef},
		Weight: m.fell(i, j, c, own), Key: key(Monotone, col.name, it.Table, it.Rule), Witness: m.witness(example),
	}
	f.Witness[col.name] = col.value(s.worse)
	f.Says = fmt.Sprintf("A worse answer makes a request less urgent: when %s is %s rule %s gives %s, and were it %s, rule %s would give %s.",
		spoken(col.name), sayValue(col, s.worse), other.Rule, other.rule.Then.Urgency, sayValue(col, s.better), it.Rule, it.rule.Then.Urgency)
	f.Says += sayPast("It would have met", f.Weight)
	return f
}

// fell counts the past requests that rule j wins and that rule i would have won with a better answer.
func (m *model) fell(i, j, c int, own []step) int {
	if len(m.past) == 0 {
		return 0
	}
	col := &m.columns[c]
	fact := m.facts[col.name]
	n := 0
	scratch := make([]int64, len(m.domains))
	for at := range m.past {
		p := &m.past[at]
		if p.codes[col.fact] < 0 || !m.won(p, j) {
			continue
		}
		rank, ok := fact.Severity(col.value(uint32(p.codes[col.fact]))) //nolint:gosec // a code
		if !ok {
			continue
		}
		better := point{codes: scratch}
		copy(scratch, p.codes)
		for _, s := range own {
			if other, _ := fact.Severity(col.value(s.better)); other < rank {
				if scratch[col.fact] = int64(s.better); m.won(&better, i) {
					n += p.count
					break
				}
			}
		}
	}
	return n
}

// won reports whether a rule wins a past request.
func (m *model) won(p *point, i int) bool {
	if !m.holds(m.rules[i].box, p) {
		return false
	}
	return !slices.ContainsFunc(m.rules[:i], func(r rule) bool { return m.holds(r.box, p) })
}
