package policy

import (
	"cmp"
	"slices"

	"onedoor/app/nhs"
)

// program is a policy ready to decide: the enabled rules of all its tables in the one order in which they are asked, facts as
// positions, values as codes, and a row as the cells that can fail. Rows are asked one after another; whatever replaces that
// must give the same answers.
type program struct {
	rules []compiledRule
}

type compiledRule struct {
	position Position
	table    *Table
	rule     *Rule
	cells    []compiledCell
	sentence string // every explanation begins with it
}

type compiledCell struct {
	fact int // position in Policy.facts
	set  Set
	// What an explanation says of it, worked out once: "age is " and "18 or over".
	subject, needs string
}

// codes are one request's values, by the position of the fact.
type codes []uint32

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
// the last rule takes everything.
func (p *Policy) Match(values []Value, on nhs.Date) Position {
	c := make(codes, len(p.facts))
	for i := range p.facts {
		c[i] = p.facts[i].code(values[i])
	}
	return p.program.rules[p.match(c, on)].position
}

func (p *Policy) compile() {
	index := make(map[string]int, len(p.facts))
	for i, f := range p.facts {
		index[f.Name] = i
	}
	for i := range p.tables {
		for _, at := range asked(i, &p.tables[i]) {
			table, rule := p.At(at)
			compiled := compiledRule{position: at, table: table, rule: rule, sentence: rule.Sentence()}
			for _, c := range rule.When {
				compiled.cells = append(compiled.cells, compiledCell{index[c.Fact], c.Cell.set, spoken(c.Fact) + " is ", c.Cell.Words()})
			}
			p.program.rules = append(p.program.rules, compiled)
		}
	}
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

// codes asks for the value of each fact.
func (pr *program) codes(facts []Fact, value func(*Fact) Value) codes {
	c := make(codes, len(facts))
	for i := range facts {
		c[i] = facts[i].code(value(&facts[i]))
	}
	return c
}

// takes reports whether every cell is satisfied.
func (r *compiledRule) takes(c codes) bool {
	for i := range r.cells {
		if !r.cells[i].set.Has(c[r.cells[i].fact]) {
			return false
		}
	}
	return true
}

// failures counts the cells that fail, up to two, and names the last of them.
func (r *compiledRule) failures(c codes) (n, cell int) {
	for i := range r.cells {
		if r.cells[i].set.Has(c[r.cells[i].fact]) {
			continue
		}
		cell = i
		if n++; n == 2 {
			break
		}
	}
	return n, cell
}

// match is the first rule that takes a request on a day, by its place in the program.
func (p *Policy) match(c codes, on nhs.Date) int {
	found, _ := p.matchAfter(c, on, -1, func(*Rule) bool { return true })
	return found
}

// matchAfter is the first rule later than another that takes a request and is wanted.
func (p *Policy) matchAfter(c codes, on nhs.Date, after int, wanted func(*Rule) bool) (int, bool) {
	for i := after + 1; i < len(p.program.rules); i++ {
		if r := &p.program.rules[i]; r.table.Active(on) && r.takes(c) && wanted(r.rule) {
			return i, true
		}
	}
	return 0, false
}

// maxNearMisses is how many a decision tells.
const maxNearMisses = 10

// NearMiss is an earlier rule, for the same kind of request, that failed on exactly one fact.
type NearMiss struct {
	Table string `json:"table"`
	Rule  string `json:"rule"`
	Fact  string `json:"fact"`
	Needs string `json:"needs"` // after "is": 18 or over
	Was   string `json:"was"`   // 17, or not known
}

// nearMisses are told in the order in which the rules are asked.
func (p *Policy) nearMisses(c codes, on nhs.Date, winner int, value func(*Fact) Value) []NearMiss {
	var misses []NearMiss
	for i := range winner {
		r := &p.program.rules[i]
		if !r.table.Active(on) {
			continue
		}
		n, cell := r.failures(c)
		if n != 1 {
			continue
		}
		failed := &r.cells[cell]
		fact := &p.facts[failed.fact]
		if fact.Name == factKind {
			continue
		}
		misses = append(misses, NearMiss{r.table.Name, r.rule.ID, fact.Name, failed.needs, fact.say(value(fact))})
		if len(misses) == maxNearMisses {
			return misses
		}
	}
	return misses
}
