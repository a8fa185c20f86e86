package analysis

import (
	"slices"

	"onedoor/policy"
)

// written is a policy's rules as an analysis reads them again and again: the codes of each cell, and all that each rule decides.
type written struct {
	policy   *policy.Policy
	facts    map[string]*policy.Fact
	cells    [][][]policy.Set // by table, rule and condition
	outcomes [][]string       // by table and rule
}

func newWritten(p *policy.Policy) *written {
	facts := p.Facts()
	w := &written{policy: p, facts: make(map[string]*policy.Fact, len(facts))}
	for i := range facts {
		w.facts[facts[i].Name] = &facts[i]
	}
	var key []byte
	for _, t := range p.Tables() {
		cells, outcomes := make([][]policy.Set, len(t.Rules)), make([]string, len(t.Rules))
		for i := range t.Rules {
			sets := make([]policy.Set, len(t.Rules[i].When))
			for n, c := range t.Rules[i].When {
				sets[n] = c.Cell.Set()
			}
			key = appendOutcome(key[:0], &t.Rules[i].Then)
			cells[i], outcomes[i] = sets, string(key)
		}
		w.cells, w.outcomes = append(w.cells, cells), append(w.outcomes, outcomes)
	}
	return w
}

// sameRule reports whether rules of two policies take and decide the same.
func (w *written) sameRule(at policy.Position, other *written, otherAt policy.Position) bool {
	_, a := w.policy.At(at)
	_, b := other.policy.At(otherAt)
	if len(a.When) != len(b.When) || w.outcomes[at.Table][at.Rule] != other.outcomes[otherAt.Table][otherAt.Rule] {
		return false
	}
	mine, others := w.cells[at.Table][at.Rule], other.cells[otherAt.Table][otherAt.Rule]
	for i := range a.When {
		if a.When[i].Fact != b.When[i].Fact || !slices.Equal(mine[i], others[i]) {
			return false
		}
	}
	return true
}
