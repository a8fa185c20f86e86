package analysis

import (
	"fmt"
	"math/bits"
	"slices"

	"onedoor/policy"
)

// Facts that matter to safety whether or not a policy says so.
const (
	ageOf      = "age"
	pregnantOf = "pregnant" // of somebody with symptoms
)

// unknowns asks, for each fact of which a rule takes "not known", whether that lets a request leave the practice or wait longer:
// because the fact matters to safety, or because some known answer, all else equal, would have kept it or made it more urgent.
func (r *run) unknowns(i int) reply {
	m := r.model
	it := &m.rules[i]
	out := reply{}
	for c := range m.columns {
		col := &m.columns[c]
		if it.box[col.first]&1 == 0 || it.empty || r.guard.facts[col.name] || fromMoment(col.name) {
			continue
		}
		region := slices.Clone(it.box)
		clear(region[col.first:col.last])
		region[col.first] = 1
		if f, ok := r.unsafeUnknown(i, col, region, &out); ok {
			out.findings = append(out.findings, f)
			continue
		}
		if f, ok := r.betterKnown(i, c, region, &out); ok {
			out.findings = append(out.findings, f)
		}
	}
	return out
}

// unsafeUnknown is the first reason: the fact matters to safety, and the rule leaves the practice with it not known, or is less
// urgent than a later rule, other than the catch-all, that would take the same request.
func (r *run) unsafeUnknown(i int, col *column, region box, out *reply) (Finding, bool) {
	m := r.model
	it := &m.rules[i]
	fact := m.facts[col.name]
	switch {
	case fact.Safety || col.name == ageOf:
	case col.name == pregnantOf:
		at, ok := m.byName[kindOf]
		if !ok {
			return Finding{}, false
		}
		kind := &m.columns[at]
		if region = m.combination(region, map[string][]string{kindOf: {"symptoms"}}); region == nil || kind.code(policy.Text("symptoms")) == kind.foreign() {
			return Finding{}, false
		}
	default:
		return Finding{}, false
	}
	_, before := m.before(region, i)
	if !it.home {
		a := m.remains(region, before, false)
		out.steps += a.steps
		out.open = out.open || !a.decided
		if a.example != nil {
			f := r.unknown(it, col, Warning, m.witness(a.example), m.taken(region, before))
			f.Says = fmt.Sprintf("Rule %s sends to %s also when %s is not known, which matters to safety.", it.Rule, it.rule.Then.To.Words(), spoken(col.name))
			return f, true
		}
	}
	for _, j := range m.meeting(region, len(m.rules), -1, make(bitset, m.index.words)).list(nil) {
		later := &m.rules[j]
		if j <= i || j == len(m.rules)-1 || later.rank <= it.rank {
			continue
		}
		both := m.intersect(region, later.box)
		if both == nil {
			continue
		}
		a := m.remains(both, before, false)
		out.steps += a.steps
		out.open = out.open || !a.decided
		if a.example != nil {
			f := r.unknown(it, col, Warning, m.witness(a.example), m.taken(both, before))
			f.By = []RuleRef{later.RuleRef}
			f.Says = fmt.Sprintf("Rule %s makes a request %s that rule %s would make %s, also when %s is not known, which matters to safety.",
				it.Rule, it.rule.Then.Urgency, later.Rule, later.rule.Then.Urgency, spoken(col.name))
			return f, true
		}
	}
	return Finding{}, false
}

// betterKnown is the second reason. The rule wins with the fact not known, another wins with a known answer, all else equal, and
// that one keeps the request at the practice where this one does not, or is more urgent.
func (r *run) betterKnown(i, c int, region box, out *reply) (Finding, bool) {
	m := r.model
	it, col := &m.rules[i], &m.columns[c]
	others := m.meeting(region, len(m.rules), c, make(bitset, m.index.words))
	var kept, urgent []int
	for w := range others {
		above := uint64(0)
		for rank := it.rank + 1; rank < len(m.index.ranked); rank++ {
			above |= m.index.ranked[rank][w]
		}
		home := m.index.home[w]
		if it.home {
			home = 0
		}
		for word := others[w] & (above | home); word != 0; word &= word - 1 {
			j := w<<6 + bits.TrailingZeros64(word)
			if j == i || m.rules[j].empty || !m.turns(i, j, col) {
				continue
			}
			if home>>(j&63)&1 != 0 {
				kept = append(kept, j)
			} else {
				urgent = append(urgent, j)
			}
		}
	}
	for _, j := range append(kept, urgent...) {
		example, ok := m.pair(i, j, c, region, out)
		if !ok {
			continue
		}
		other := &m.rules[j]
		severity := Note
		if !it.home && other.home {
			severity = Warning
		}
		answer := col.say(example)
		for class := range each(example[col.first:col.last]) {
			answer = sayValue(col, col.starts[class])
			break
		}
		clear(example[col.first:col.last])
		example[col.first] = 1
		_, before := m.before(region, i)
		f := r.unknown(it, col, severity, m.witness(example), m.taken(region, before))
		f.By = []RuleRef{other.RuleRef}
		does := fmt.Sprintf("makes a request %s", it.rule.Then.Urgency)
		would := fmt.Sprintf("rule %s makes it %s", other.Rule, other.rule.Then.Urgency)
		if severity == Warning {
			does = fmt.Sprintf("sends to %s", it.rule.Then.To.Words())
			would = fmt.Sprintf("rule %s keeps it at %s", other.Rule, other.rule.Then.To.Words())
		}
		f.Says = fmt.Sprintf("Rule %s %s when %s is not known; were the answer %s, %s.", it.Rule, does, spoken(col.name), answer, would)
		return f, true
	}
	return Finding{}, false
}

// turns reports whether a known answer alone could make another rule win: an earlier one must not take the fact when it is not
// known, and a later one must take an answer that this one does not.
func (m *model) turns(i, j int, col *column) bool {
	a, b := m.rules[i].box, m.rules[j].box
	if j < i {
		return b[col.first]&1 == 0
	}
	return !within(b[col.first:col.last], a[col.first:col.last])
}

// pair looks for a request that rule i wins with a fact not known and rule j wins with a known answer. The fact's column stands for
// the known answer; what is before i with the fact not known is taken away whatever the answer.
func (m *model) pair(i, j, c int, region box, out *reply) (box, bool) {
	col := &m.columns[c]
	both := make(box, m.words)
	for w := range both {
		both[w] = region[w] & m.rules[j].box[w]
	}
	copy(both[col.first:col.last], m.rules[j].box[col.first:col.last])
	both[col.first] &^= 1
	class := len(col.starts) - 1 // what is not declared is no known answer
	both[col.first+class>>6] &^= 1 << (class & 63)
	if m.empty(both) {
		return nil, false
	}
	places, unknown := m.before(region, i)
	boxes := make([]box, 0, len(unknown))
	for n, b := range unknown {
		if n >= len(places) && b[col.first]&1 == 0 {
			continue
		}
		b = slices.Clone(b)
		copy(b[col.first:col.last], m.world[col.first:col.last])
		boxes = append(boxes, b)
	}
	_, known := m.before(both, j)
	a := m.remains(both, append(boxes, known...), false)
	out.steps += a.steps
	out.open = out.open || !a.decided
	return a.example, a.example != nil
}

func (r *run) unknown(it *rule, col *column, s Severity, witness policy.Facts, weight int) Finding {
	f := Finding{Kind: Unknown, Severity: s, Table: it.Table, Rule: it.Rule, Fact: col.name, Witness: witness, Weight: weight, Key: key(Unknown, it.Table, it.Rule, col.name)}
	return f
}

// sayValue is one value in words.
func sayValue(c *column, code uint32) string { return spoken(c.value(code).String()) }
