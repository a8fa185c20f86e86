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
// share of the rules. Where few rules are left, asking these by their own tests costs less than finding more classes.
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
	runs    []uint32 // for each rule of a part that has tests, where they begin; and where the last one's end
	tests   []quickTest
	eager   bool // nearly every column matters to every request
	grouped bool // some column's classes were put together
}

// level parts rules by one column.
type level struct {
	column int
	parts  []int32 // by class; below 0 for none
}

// part is some rules, in the order in which they are asked. Those that its vectors leave are asked by their own tests, of what
// the vectors do not tell: a part of many rules has a vector for every column and no tests, one of very few has only tests.
type part struct {
	first, rules     uint32 // in engine.rules
	vectors, columns uint32 // in engine.vectors
	words            uint32 // of each vector
	runs             uint32 // in engine.runs
	exact            bool   // there are no tests
}

// vectors are a column's in a part: that of a class begins at base + (class+1)*words.
type vectors struct {
	column uint32 // past the columns themselves, the groups of a column's classes
	base   uint32
}

// fewColumns is how many columns a request's classes are kept for without clearing much memory for each decision.
const fewColumns = 16

// maxColumns is every fact that a policy may declare, the platform's own, and the day; and groups of each one's classes.
const maxColumns = 2 * (maxFacts + 24)

// maxVectors is how many vectors of one part are anded; a part of more columns has tests of the others.
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
	if 2*len(e.columns) <= fewColumns || len(e.columns) <= fewColumns && !e.grouped {
		var known [fewColumns]class
		return p.findWith(values, on, known[:])
	}
	var known [maxColumns]class
	return p.findWith(values, on, known[:])
}

// findWith keeps the classes that were found: each is looked up once, and, unless nearly all matter to every request, only
// when it matters. What is known of a class is kept one higher, so that nothing is 0.
func (p *Policy) findWith(values []Value, on nhs.Date, known []class) int {
	e := &p.engine
	if e.eager {
		for i := range e.lookups {
			known[i] = e.lookups[i].find(&values[e.lookups[i].fact]) + 1
		}
	}
	if len(e.days) > 0 {
		known[e.day] = e.dayClass(on) + 1
	}
	found := e.always
	for i := range e.levels {
		l := &e.levels[i]
		if n := l.parts[e.classOf(l.column, values, known)]; n >= 0 {
			found = e.search(&e.parts[n], values, known, found)
		}
	}
	return e.search(&e.rest, values, known, found)
}

// classOf is the class of a request in a column.
func (e *engine) classOf(column int, values []Value, known []class) class {
	if c := known[column]; c > 0 {
		return c - 1
	}
	var of class
	if n := len(e.columns); column >= n {
		of = e.columns[column-n].group[e.classOf(column-n, values, known)]
	} else {
		l := &e.lookups[column]
		of = l.find(&values[l.fact])
	}
	known[column] = of + 1
	return of
}

// search is the first rule of a part that takes a request, if it comes before one that is known to, or else that one.
func (e *engine) search(s *part, values []Value, known []class, before int) int {
	rules := e.rules[s.first : s.first+s.rules]
	if len(rules) == 0 || int(rules[0]) >= before {
		return before
	}
	columns := e.vectors[s.vectors : s.vectors+s.columns]
	if s.words == 1 && !e.eager {
		left := ^uint64(0) >> (64 - len(rules)&63) // a part of 64 rules has two words
		for i := range columns {
			v := &columns[i]
			if left &= e.bits[v.base+uint32(e.classOf(int(v.column), values, known))+1]; left == 0 {
				return before
			}
		}
		return e.pick(s, rules, 0, left, values, known, before)
	}
	return e.searchWords(s, rules, columns, values, known, before)
}

// block is how many words are anded at a time.
const block = 8

// searchWords is search, for a part of several words. Vectors are anded four at a time: the branches and checks of a loop cost
// more than its work.
func (e *engine) searchWords(s *part, rules []uint32, columns []vectors, values []Value, known []class, before int) int {
	var at [maxVectors]uint32 // 0 is a vector of ones
	for i := range columns {
		v := &columns[i]
		of := uint32(known[v.column])
		if of == 0 {
			of = uint32(e.classOf(int(v.column), values, known)) + 1
		}
		at[i] = v.base + of*s.words
	}
	var left [block]uint64
	for from := uint32(0); from < s.words; from += block {
		n := min(block, s.words-from)
		for w := range n {
			left[w] = ^uint64(0)
		}
		if rest := s.rules - from*64; rest < n*64 {
			left[n-1] = ^uint64(0) >> (64 - rest&63) //nolint:gosec // n is from 1 to block
		}
		for i := 0; i < len(columns); i += 4 {
			a, b := e.bits[at[i]+from:][:n], e.bits[at[i+1]+from:][:n]   //nolint:gosec // maxVectors is a multiple of four
			c, d := e.bits[at[i+2]+from:][:n], e.bits[at[i+3]+from:][:n] //nolint:gosec // as above
			for w := range a {
				left[w&(block-1)] &= a[w] & b[w] & c[w] & d[w]
			}
		}
		for w := range n {
			if left[w] == 0 {
				continue
			}
			if found := e.pick(s, rules, int((from+w)*64), left[w], values, known, before); found < before {
				return found
			}
		}
		if next := (from + block) * 64; before != e.always && next < s.rules && int(rules[next]) >= before {
			break
		}
	}
	return before
}

// pick is the first of a word's rules that passes its tests.
func (e *engine) pick(s *part, rules []uint32, word int, left uint64, values []Value, known []class, before int) int {
	for ; left != 0; left &= left - 1 {
		i := word + bits.TrailingZeros64(left)
		rule := int(rules[i])
		if rule >= before {
			return before
		}
		if s.exact {
			return rule
		}
		run := s.runs + uint32(i) //nolint:gosec // a position in a slice
		if e.passes(e.tests[e.runs[run]:e.runs[run+1]], values, known) {
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
	other     string // of two texts
	low, high int
	classes   uint32 // in engine.bits, one bit for each class
}

type quickKind uint8

const (
	oneText  quickKind = iota // equal to text
	twoTexts                  // or to another
	oneRange                  // a number from low to high
	byClass                   // of one of some classes
)

// passes reports whether a request satisfies every test.
func (e *engine) passes(tests []quickTest, values []Value, known []class) bool {
	for i := range tests {
		t := &tests[i]
		switch t.kind {
		case oneText:
			if v := &values[t.fact]; v.text != t.text {
				return false
			}
		case twoTexts:
			if v := &values[t.fact]; v.text != t.text && v.text != t.other {
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
