package policy

import (
	"cmp"
	"slices"

	"onedoor/app/nhs"
)

// program is the enabled rules of all tables in the one order in which they are asked. A rule is known by its place in it.
type program struct {
	rules []placed
}

type placed struct {
	position Position
	table    *Table
	rule     *Rule
}

// Position is where a rule stands in a policy's document: the table, and the rule within it, both counted from 0.
type Position struct{ Table, Rule int }

// At is the table and rule at a position.
func (p *Policy) At(at Position) (*Table, *Rule) {
	t := &p.tables[at.Table]
	return t, &t.Rules[at.Rule]
}

// Order is the enabled rules of the tables that count on a day, in the order in which they are asked: tables and rules as they
// stand in the document, but for a priority table's rules, which are asked from the most urgent to the least.
func (p *Policy) Order(on nhs.Date) []Position {
	order := make([]Position, 0, len(p.program.rules))
	for i := range p.program.rules {
		if r := &p.program.rules[i]; r.table.Active(on) {
			order = append(order, r.position)
		}
	}
	return order
}

// Match is the rule that takes a request on a day, given the values of the facts in the order of Facts. There is always one:
// the last rule takes everything. It allocates nothing.
func (p *Policy) Match(values []Value, on nhs.Date) Position {
	return p.program.rules[p.find(values, on)].position
}

func (p *Policy) compile() {
	index := make(map[string]int, len(p.facts))
	for i, f := range p.facts {
		index[f.Name] = i
	}
	for i := range p.tables {
		t := &p.tables[i]
		for k := range t.Rules {
			for c := range t.Rules[k].When {
				condition := &t.Rules[k].When[c]
				condition.fact = index[condition.Fact]
			}
		}
		for _, at := range asked(i, t) {
			p.program.rules = append(p.program.rules, placed{at, t, &t.Rules[at.Rule]})
		}
	}
	p.words = make([]atomicWords, len(p.program.rules))
	p.buildEngine(usualLimits)
}

// asked are the enabled rules of a table in the order in which they are asked.
func asked(table int, t *Table) []Position {
	var order []Position
	for i := range t.Rules {
		if !t.Rules[i].Disabled {
			order = append(order, Position{table, i})
		}
	}
	if t.Hit == Priority {
		slices.SortStableFunc(order, func(a, b Position) int {
			return cmp.Compare(t.Rules[b.Rule].Then.Urgency.Rank(), t.Rules[a.Rule].Then.Urgency.Rank())
		})
	}
	return order
}

// values asks for the value of each fact.
func (p *Policy) values(value func(*Fact) Value) []Value {
	list := make([]Value, len(p.facts))
	for i := range p.facts {
		list[i] = value(&p.facts[i])
	}
	return list
}
