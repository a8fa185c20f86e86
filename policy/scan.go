package policy

import "onedoor/app/nhs"

// Scan answers as Match does, by asking rule after rule as the document has them. It is what a decision means: tests hold the
// compiled engine against it and benchmarks measure by it. Nothing that decides calls it.
func (p *Policy) Scan(values []Value, on nhs.Date) Position {
	for _, at := range p.Order(on) {
		if _, rule := p.At(at); p.takes(rule, values) {
			return at
		}
	}
	last := len(p.tables) - 1
	return Position{last, len(p.tables[last].Rules) - 1}
}

// takes reports whether every cell of a rule takes its value.
func (p *Policy) takes(rule *Rule, values []Value) bool {
	for i := range rule.When {
		c := &rule.When[i]
		for f := range p.facts {
			if p.facts[f].Name == c.Fact && !c.Cell.Matches(&p.facts[f], values[f]) {
				return false
			}
		}
	}
	return true
}
