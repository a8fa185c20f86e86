package analysis

import (
	"math/bits"
	"slices"

	"onedoor/policy"
)

// box is a product of sets: for each column of a layout its bits, one for each class. A box with a column that has no bit is
// empty; the operations below keep clear of those.
type box []uint64

// column is one fact whose values some rule tells apart, and its classes: runs of codes that every rule treats alike.
type column struct {
	domain
	starts      []uint32 // the first code of each class, ascending
	first, last int      // its words in a box: [first, last)
	fact        int      // its place among the domains
}

// layout is how the facts of a set of rules lie in a box.
type layout struct {
	columns []column
	byName  map[string]int
	words   int
}

// cut is one set of codes that the classes of a fact must respect.
type cut struct {
	fact string
	set  policy.Set
}

// newLayout makes a column of each fact that has a cut; the others never decide anything.
func newLayout(domains []domain, cuts []cut) *layout {
	l := &layout{byName: make(map[string]int, len(domains))}
	at := make(map[string]int, len(domains))
	for i, d := range domains {
		at[d.name] = i
	}
	starts := make([][]uint32, len(domains))
	for _, c := range cuts {
		i := at[c.fact]
		for _, span := range c.set {
			starts[i] = append(starts[i], span.Low)
			if span.High < domains[i].foreign() {
				starts[i] = append(starts[i], span.High+1)
			}
		}
	}
	for i, d := range domains {
		if starts[i] == nil {
			continue
		}
		// What is not known and what is not declared are apart from all else, so that they are never taken for a declared value.
		list := append(starts[i], 0, 1, d.foreign())
		slices.Sort(list)
		c := column{domain: d, starts: slices.Clip(slices.Compact(list)), first: l.words, fact: i}
		c.last = c.first + (len(c.starts)+63)/64
		l.words = c.last
		l.byName[d.name] = len(l.columns)
		l.columns = append(l.columns, c)
	}
	return l
}

// class is the class of a code.
func (c *column) class(code uint32) int {
	i, found := slices.BinarySearch(c.starts, code)
	if !found {
		i--
	}
	return i
}

// end is the last code of a class.
func (c *column) end(class int) uint32 {
	if class+1 < len(c.starts) {
		return c.starts[class+1] - 1
	}
	return c.foreign()
}

// set writes the bits of a set of codes that the classes respect.
func (c *column) set(b box, set policy.Set) {
	words := b[c.first:c.last]
	clear(words)
	for _, span := range set {
		from, until := c.class(span.Low), c.class(span.High)+1
		for w := from >> 6; w <= (until-1)>>6; w++ {
			mask := ^uint64(0)
			if w == from>>6 {
				mask &= ^uint64(0) << (from & 63)
			}
			if w == (until-1)>>6 {
				mask &= ^uint64(0) >> (63 - (until-1)&63)
			}
			words[w] |= mask
		}
	}
}

// codes is the set of codes that a box has in a column.
func (c *column) codes(b box) policy.Set {
	var spans []policy.Span
	for class := range each(b[c.first:c.last]) {
		spans = append(spans, policy.Span{Low: c.starts[class], High: c.end(class)})
	}
	return tidy(spans)
}

// each yields the positions of bits.
func each(words []uint64) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for w, word := range words {
			for ; word != 0; word &= word - 1 {
				if !yield(w<<6 + bits.TrailingZeros64(word)) {
					return
				}
			}
		}
	}
}

// whole is everything, also what no moment has.
func (l *layout) whole() box {
	b := make(box, l.words)
	for i := range l.columns {
		c := &l.columns[i]
		c.set(b, policy.Set{{Low: 0, High: c.foreign()}})
	}
	return b
}

// meets reports whether two boxes have a point in common.
func (l *layout) meets(a, b box) bool {
	for i := range l.columns {
		c := &l.columns[i]
		if c.last == c.first+1 {
			if a[c.first]&b[c.first] == 0 {
				return false
			}
			continue
		}
		if !common(a[c.first:c.last], b[c.first:c.last]) {
			return false
		}
	}
	return true
}

func common(a, b []uint64) bool {
	for w := range a {
		if a[w]&b[w] != 0 {
			return true
		}
	}
	return false
}

// within reports whether a is inside b.
func within(a, b box) bool {
	for w := range a {
		if a[w]&^b[w] != 0 {
			return false
		}
	}
	return true
}

// intersect is what two boxes have in common, or nil.
func (l *layout) intersect(a, b box) box {
	if !l.meets(a, b) {
		return nil
	}
	c := make(box, len(a))
	for w := range a {
		c[w] = a[w] & b[w]
	}
	return c
}

// empty reports whether a box has a column without a bit.
func (l *layout) empty(b box) bool { return !l.meets(b, b) }

// size is how many combinations of values a box holds, those that are not declared as one.
func (l *layout) size(b box) float64 {
	n := 1.0
	for i := range l.columns {
		c, values := &l.columns[i], 0.0
		for class := range each(b[c.first:c.last]) {
			values += float64(c.end(class) - c.starts[class] + 1)
		}
		n *= values
	}
	return n
}
