package policy

import "sync/atomic"

// ruleWords is what explanations say of a rule. It is written when somebody first asks, and kept: most rules of a large policy
// are never told, and writing them all would cost more than the rest of compiling.
type ruleWords struct {
	sentence string
	cells    []cellWords // as the rule's conditions
}

type cellWords struct {
	subject string // age is
	needs   string // 18 or over
}

type atomicWords = atomic.Pointer[ruleWords]

// wordsOf is what is said of a rule of the program.
func (p *Policy) wordsOf(rule int) *ruleWords {
	if known := p.words[rule].Load(); known != nil {
		return known
	}
	r := p.program.rules[rule].rule
	words := &ruleWords{sentence: r.Sentence(), cells: make([]cellWords, len(r.When))}
	for i := range r.When {
		words.cells[i] = cellWords{spoken(r.When[i].Fact) + " is ", r.When[i].Cell.Words()}
	}
	p.words[rule].Store(words) // whoever is first: they are all alike
	return words
}
