package policy

import "onedoor/app/nhs"

// program is a policy ready to decide: facts are positions, values are codes, and a row is the cells that can fail. Rows are
// asked one after another; whatever replaces that must give the same answers.
type program struct {
	tables []compiledTable
}

type compiledTable struct {
	rules []compiledRule
}

type compiledRule struct {
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

// position is a rule of a policy.
type position struct{ table, rule int }

func (p *Policy) compile() {
	index := make(map[string]int, len(p.facts))
	for i, f := range p.facts {
		index[f.Name] = i
	}
	p.program.tables = make([]compiledTable, len(p.tables))
	for i, t := range p.tables {
		rules := make([]compiledRule, len(t.Rules))
		for j, r := range t.Rules {
			rules[j].sentence = r.Sentence()
			for _, c := range r.When {
				rules[j].cells = append(rules[j].cells, compiledCell{index[c.Fact], c.Cell.set, spoken(c.Fact) + " is ", c.Cell.Words()})
			}
		}
		p.program.tables[i].rules = rules
	}
}

// codes asks for the value of each fact.
func (pr *program) codes(facts []Fact, value func(*Fact) Value) codes {
	c := make(codes, len(facts))
	for i := range facts {
		c[i] = facts[i].code(value(&facts[i]))
	}
	return c
}

func (pr *program) sentence(at position) string { return pr.tables[at.table].rules[at.rule].sentence }

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

// match is the first rule that takes a request on a day. There is always one: the last rule takes everything.
func (p *Policy) match(c codes, on nhs.Date) position {
	found, _ := p.matchAfter(c, on, position{0, -1}, func(*Rule) bool { return true })
	return found
}

// matchAfter is the first rule later than a position that takes a request and is wanted.
func (p *Policy) matchAfter(c codes, on nhs.Date, after position, wanted func(*Rule) bool) (position, bool) {
	for t := after.table; t < len(p.tables); t++ {
		if !p.tables[t].Active(on) {
			continue
		}
		first := 0
		if t == after.table {
			first = after.rule + 1
		}
		rules := p.program.tables[t].rules
		for r := first; r < len(rules); r++ {
			if rules[r].takes(c) && wanted(&p.tables[t].Rules[r]) {
				return position{t, r}, true
			}
		}
	}
	last := len(p.tables) - 1
	return position{last, len(p.tables[last].Rules) - 1}, false
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

// nearMisses are told in the order in which the rules stand.
func (p *Policy) nearMisses(c codes, on nhs.Date, winner position, value func(*Fact) Value) []NearMiss {
	var misses []NearMiss
	for t := 0; t <= winner.table; t++ {
		if !p.tables[t].Active(on) {
			continue
		}
		rules := p.program.tables[t].rules
		if t == winner.table {
			rules = rules[:winner.rule]
		}
		for r := range rules {
			n, cell := rules[r].failures(c)
			if n != 1 {
				continue
			}
			failed := &rules[r].cells[cell]
			fact := &p.facts[failed.fact]
			if fact.Name == factKind {
				continue
			}
			misses = append(misses, NearMiss{p.tables[t].Name, p.tables[t].Rules[r].ID, fact.Name, failed.needs, fact.say(value(fact))})
			if len(misses) == maxNearMisses {
				return misses
			}
		}
	}
	return misses
}
