package policy

import (
	"math/bits"

	"onedoor/app/nhs"
)

// engine finds the first rule that takes a request, in a time that hardly grows with the number of rules.
//
// Each fact's values fall into classes that no rule tells apart. A part of the rules, in the order in which they are asked,
// has for each class one bit for each of its rules: whether the rule takes the class. A decision takes one such vector for each
// fact, ands them word by word, and the first bit that is left is the rule. Source: packet classification by bit vectors, T.V.
// Lakshman and D. Stiliadis, SIGCOMM 1998.
//
// Rules are parted before that: those that ask one fact for few of its classes stand in the parts of these classes, and the
// others are parted again by another fact. So a decision looks at one part of each level and at what is left, each a small
// share of the rules. A part of very few rules is asked rule by rule, which costs less than finding classes.
//
// A policy's day is one more fact: its classes are the spans of days on which the same tables count.
type engine struct {
	columns []column
	lookups []lookup   // of each column but the day's
	days    []nhs.Date // the first day of each class of days but the first; none when every table always counts
	day     int        // the column of days
	levels  []level
	rest    part // the rules that no level parted
	always  int  // the first rule that takes everything on every day: none after it ever decides

	parts   []part
	vectors []vectors
	bits    []uint64
	rules   []uint32 // the rules of the parts
	runs    []uint32 // for each rule of a part that is asked rule by rule, where its tests begin; and where the last one's end
	tests   []quickTest
}

// level parts rules by one column.
type level struct {
	column int
	parts  []int32 // by class; below 0 for none
}

// part is some rules, in the order in which they are asked.
type part struct {
	first, rules uint32 // in engine.rules
	// By vectors, each of words words, or rule by rule when there are no words.
	vectors, columns uint32 // in engine.vectors
	words            uint32
	runs             uint32 // in engine.runs
	exact            bool   // the vectors alone say that a rule takes a request
}

// vectors are a column's in a part: that of a class begins at base + class*words.
type vectors struct {
	column  uint16
	grouped bool // the vectors are those of groups of classes
	base    uint32
}

// fewColumns is how many columns a request's classes are kept for without clearing much memory for each decision.
const fewColumns = 16

// maxColumns is every fact that a policy may declare, the platform's own, and the day.
const maxColumns = maxFacts + 24

// maxVectors is how many vectors of one part are anded; a part of more columns asks its rules' own cells for the others.
const maxVectors = 24

// dayClass is the class of a day.
func (e *engine) dayClass(on nhs.Date) class {
	n := class(0)
	for _, first := range e.days {
		if on.Before(first) {
			break
		}
		n++
	}
	return n
}

// find is the first rule that takes a request, from the values of its facts.
func (p *Policy) find(values []Value, on nhs.Date) int {
	e := &p.engine
	if len(e.columns) <= fewColumns {
		var known [fewColumns]class
		return p.findWith(values, on, known[:])
	}
	var known [maxColumns]class
	return p.findWith(values, on, known[:])
}

// findWith keeps the classes that were found: each is looked up once, and only if it matters.
func (p *Policy) findWith(values []Value, on nhs.Date, known []class) int {
	e := &p.engine
	if len(e.days) > 0 {
		known[e.day] = e.dayClass(on) + 1
	}
	found := e.always
	for i := range e.levels {
		l := &e.levels[i]
		if n := l.parts[e.classOf(l.column, values, known)]; n >= 0 {
			found = p.search(&e.parts[n], values, known, found)
		}
	}
	return p.search(&e.rest, values, known, found)
}

// classOf is the class of a request in a column. What is known of it is kept one higher, so that nothing is 0.
func (e *engine) classOf(column int, values []Value, known []class) class {
	if c := known[column]; c > 0 {
		return c - 1
	}
	l := &e.lookups[column]
	of := l.find(&values[l.fact])
	known[column] = of + 1
	return of
}

// search is the first rule of a part that takes a request, if it comes before one that is known to, or else that one.
func (p *Policy) search(s *part, values []Value, known []class, before int) int {
	e := &p.engine
	rules := e.rules[s.first : s.first+s.rules]
	if len(rules) == 0 || int(rules[0]) >= before {
		return before
	}
	if s.words == 0 {
		return e.ask(s, rules, values, known, before)
	}
	columns := e.vectors[s.vectors : s.vectors+s.columns]
	var at [maxVectors]uint32
	if s.words == 1 {
		left := ^uint64(0)
		for i := range columns {
			v := &columns[i]
			left &= e.bits[e.vector(v, 1, values, known)]
			if left == 0 {
				return before
			}
		}
		return p.pick(s, rules, left, values, before)
	}
	for i := range columns {
		v := &columns[i]
		at[i] = e.vector(v, s.words, values, known)
	}
	starts := at[:len(columns)]
	for w := range s.words {
		left := ^uint64(0)
		for _, start := range starts {
			if left &= e.bits[start+w]; left == 0 {
				break
			}
		}
		if left != 0 {
			if found := p.pick(s, rules[w*64:], left, values, before); found < before {
				return found
			}
		}
		if next := (w + 1) * 64; next >= s.rules || int(rules[next]) >= before {
			break
		}
	}
	return before
}

// vector is where the vector of a request's class begins.
func (e *engine) vector(v *vectors, words uint32, values []Value, known []class) uint32 {
	of := known[v.column] - 1
	if of == ^class(0) {
		of = e.classOf(int(v.column), values, known)
	}
	if v.grouped {
		of = e.columns[v.column].group[of]
	}
	return v.base + words*uint32(of)
}

// pick is the first of a word's rules.
func (p *Policy) pick(s *part, rules []uint32, left uint64, values []Value, before int) int {
	for ; left != 0; left &= left - 1 {
		rule := int(rules[bits.TrailingZeros64(left)])
		if rule >= before {
			return before
		}
		if s.exact || p.takesAll(rule, values) {
			return rule
		}
	}
	return before
}

// takesAll asks a rule's own cells.
func (p *Policy) takesAll(rule int, values []Value) bool {
	when := p.program.rules[rule].rule.When
	for i := range when {
		if c := &when[i]; !c.Cell.set.Has(p.facts[c.fact].code(values[c.fact])) {
			return false
		}
	}
	return true
}

// quickTest is a cell in the form that costs least to ask.
type quickTest struct {
	kind      quickKind
	column    uint16
	fact      uint16
	text      string
	low, high int
	classes   uint32 // in engine.bits, one bit for each class
}

type quickKind uint8

const (
	oneText  quickKind = iota // equal to text
	oneRange                  // a number from low to high
	byClass                   // of one of some classes
)

// ask asks the rules of a part one after another.
func (e *engine) ask(s *part, rules []uint32, values []Value, known []class, before int) int {
	runs := e.runs[s.runs : s.runs+s.rules+1]
	for i, rule := range rules {
		if int(rule) >= before {
			return before
		}
		if e.passes(e.tests[runs[i]:runs[i+1]], values, known) {
			return int(rule)
		}
	}
	return before
}

func (e *engine) passes(tests []quickTest, values []Value, known []class) bool {
	for i := range tests {
		t := &tests[i]
		switch t.kind {
		case oneText:
			if v := &values[t.fact]; v.text != t.text {
				return false
			}
		case oneRange:
			if v := &values[t.fact]; !v.numeric || v.number < t.low || v.number > t.high {
				return false
			}
		default:
			of := uint32(e.classOf(int(t.column), values, known))
			if e.bits[t.classes+of>>6]>>(of&63)&1 == 0 {
				return false
			}
		}
	}
	return true
}
