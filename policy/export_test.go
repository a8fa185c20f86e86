package policy

import "onedoor/app/nhs"

// Narrow is the policy compiled with so little memory that classes are put together and columns left out.
func (p *Policy) Narrow(words, vectors int) *Policy {
	narrow := *p
	narrow.buildEngine(limits{words: words, vectors: vectors})
	return &narrow
}

// Explained is what Decide finds in the tables: the rule, its near misses, and the rule after it that stays at home.
func (p *Policy) Explained(values []Value, on nhs.Date) (winner Position, misses []NearMiss, next Position, ok bool) {
	found, day := p.find(values, on), p.engine.dayClass(on)
	after, ok := p.nextHome(found, values, day)
	return p.program.rules[found].position, p.nearMisses(found, values, day), p.program.rules[after].position, ok
}

// Classes are the classes of a request's values, as a decision finds them before it looks at the table.
func (p *Policy) Classes(values []Value, on nhs.Date) (known [fewColumns]class) {
	e := &p.engine
	for i := range e.lookups {
		known[i] = e.lookups[i].find(&values[e.lookups[i].fact]) + 1
	}
	if len(e.days) > 0 {
		known[e.day] = e.dayClass(on) + 1
	}
	return known
}

// FindIn is the table's part of a decision: the first rule that takes a request whose classes are known.
func (p *Policy) FindIn(values []Value, known [fewColumns]class) int {
	e := &p.engine
	found := e.always
	for i := range e.levels {
		l := &e.levels[i]
		if n := l.parts[e.classOf(l.column, values, known[:])]; n >= 0 {
			found = e.search(&e.parts[n], values, known[:], found)
		}
	}
	return e.search(&e.rest, values, known[:], found)
}
