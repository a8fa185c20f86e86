package analysis

import (
	"fmt"
	"slices"

	"onedoor/policy"
)

// mostPairs is how many overlaps of one rule are listed; the rest are counted.
const mostPairs = 20

// overlaps asks which later rules of its table take some of the same requests and decide otherwise. In a unique table no two may
// take the same request, and in an any table no two that decide otherwise: each such pair is an error. Where the order decides, one
// note names them all, but for a rule that is an exception, wholly inside the later one; and in a priority table but for rules that
// are less urgent, since there urgency decides.
func (r *run) overlaps(i int) reply {
	m := r.model
	it := &m.rules[i]
	last := len(m.rules) - 1
	if i == last || it.empty {
		return reply{}
	}
	hit := it.table.Hit
	f := Finding{Kind: Overlap, Severity: Note, Table: it.Table, Rule: it.Rule, Key: key(Overlap, it.Table, it.Rule)}
	out := reply{steps: 1}
	var shared []box
	others := m.meeting(it.box, len(m.rules), -1, make(bitset, m.index.words))
	for _, j := range others.list(nil) {
		other := &m.rules[j]
		same := other.outcome == it.outcome && hit != policy.Unique
		if j <= i || j == last || other.at.Table != it.at.Table || other.empty || same {
			continue
		}
		ordered := hit == policy.First || hit == policy.Priority
		if ordered && m.inside(it.box, other.box, &out) || hit == policy.Priority && other.rank < it.rank {
			continue
		}
		both := m.intersect(it.box, other.box)
		if both == nil {
			continue
		}
		a := m.remains(both, m.never, false)
		out.steps += a.steps
		switch {
		case !a.decided:
			out.open = true
		case a.example == nil:
		case ordered:
			if len(f.By) == 0 {
				f.Witness = m.witness(a.example)
			}
			f.By, shared = append(f.By, other.RuleRef), append(shared, both)
		case len(out.findings) == mostPairs:
			out.more++
		default:
			out.findings = append(out.findings, r.collision(it, other, m.witness(a.example), m.met(both)))
		}
	}
	if len(f.By) > 0 {
		f.Weight = m.metAny(shared)
		f.Says = fmt.Sprintf("Rule %s comes before %s, which would decide some of the same requests otherwise: their order decides.", it.Rule, names(f.By, it.Table))
		f.Says += sayPast("Of the past it was so for", f.Weight)
		out.findings = append(out.findings, f)
	}
	return out
}

// inside reports whether all of a box that can happen is in another.
func (m *model) inside(a, b box, out *reply) bool {
	if within(a, b) || len(m.never) == 0 {
		return within(a, b)
	}
	rest := m.remains(a, append(slices.Clone(m.never), b), false)
	out.steps += rest.steps
	return rest.decided && rest.example == nil
}

// collision is two rules of a table that must not overlap.
func (r *run) collision(a, b *rule, witness policy.Facts, weight int) Finding {
	first, second := a.Rule, b.Rule
	if second < first {
		first, second = second, first // the key holds when they change places
	}
	f := Finding{
		Kind: Overlap, Severity: Error, Table: a.Table, Rule: a.Rule, By: []RuleRef{b.RuleRef}, Witness: witness, Weight: weight,
		Key: key(Overlap, a.Table, first, second),
	}
	f.Says = fmt.Sprintf("Rules %s and %s take some of the same requests, and in the table %s no two rules may.", a.Rule, b.Rule, a.Table)
	if a.table.Hit == policy.Any {
		f.Says = fmt.Sprintf("Rules %s and %s take some of the same requests and decide otherwise, and in the table %s rules that take the same must decide the same.", a.Rule, b.Rule, a.Table)
	}
	f.Says += sayPast("Of the past it was so for", weight)
	return f
}

func moreOverlaps(table string, n int) Finding {
	return Finding{
		Kind: Overlap, Severity: Error, Table: table, Key: key(Overlap, table),
		Says: fmt.Sprintf("In the table %s %s more of rules that must not overlap do: mend those that are listed first.", table, counted(n, "pair")),
	}
}

// sayPast is a sentence about the past, or nothing.
func sayPast(begin string, weight int) string {
	if weight == 0 {
		return ""
	}
	return fmt.Sprintf(" %s %s.", begin, counted(weight, "request"))
}

// metAny counts the past requests that are in any of some regions.
func (m *model) metAny(regions []box) int {
	n := 0
	for i := range m.past {
		for _, b := range regions {
			if m.holds(b, &m.past[i]) {
				n += m.past[i].count
				break
			}
		}
	}
	return n
}
