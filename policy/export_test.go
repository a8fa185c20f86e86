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
