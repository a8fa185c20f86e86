package policy

import (
	"slices"
)

// lookup finds the class of a value: every decision begins with one for each fact that matters to it, and they are most of
// what a decision costs.
type lookup struct {
	fact    int // position in Policy.facts
	kind    lookupKind
	shift   uint8
	front   uint8 // byEnds: the character this far from the front,
	back    uint8 // and the one this far from the back,
	reach   uint8 // of texts longer than this
	unknown class // of a value that is not known
	foreign class // of a value that the fact does not declare

	low     int     // byNumber: the number of the first
	numbers []class // byNumber: a class for each number

	slots []slot // of an enumeration: a hash table that is never more than half full
	seed  uint64

	begins  []int // bySearch: the numbers at which another class begins, ascending
	classes []class
}

type lookupKind uint8

const (
	byNumber lookupKind = iota // a short range
	byEnds                     // an enumeration whose values differ in length or in two characters
	byFive                     // or in five
	byWhole                    // or somewhere
	bySearch                   // a long range
)

type slot struct {
	text  string
	class class
}

// longestDense is how long a range may be to have a class written down for each of its numbers.
const longestDense = 4096

func newLookup(f *Fact, c *column) lookup {
	l := lookup{fact: c.fact, unknown: c.of(codeUnknown), foreign: c.of(f.foreign())}
	switch {
	case !f.Numeric():
		l.intern(f, c)
	case f.Size() <= longestDense:
		l.kind, l.low, l.numbers = byNumber, f.Min, make([]class, f.Size())
		for i := range l.numbers {
			l.numbers[i] = c.of(ordinal(i) + 1)
		}
	default:
		l.kind, l.begins, l.classes = bySearch, []int{f.Min}, []class{c.of(1)}
		for i, cut := range c.cuts {
			if cut > 1 && cut <= ordinal(f.Size()) {
				l.begins = append(l.begins, f.Min+int(cut)-1)
				l.classes = append(l.classes, c.class[i])
			}
		}
		l.begins = append(l.begins, f.Max+1)
		l.classes = append(l.classes, l.foreign)
	}
	return l
}

// find is the class of a value.
func (l *lookup) find(v *Value) class {
	switch l.kind {
	case byNumber:
		// Below the range it wraps to a number past the end.
		if i := uint(v.number - l.low); v.numeric && i < uint(len(l.numbers)) {
			return l.numbers[i]
		}
	case byEnds:
		if s := v.text; len(s) > int(l.reach) {
			if at := &l.slots[l.ends(s)&uint64(len(l.slots)-1)]; at.text == s { //nolint:gosec // a power of two
				return at.class
			}
		}
	}
	return l.findSlowly(v)
}

// findSlowly is for what find has no short way to.
func (l *lookup) findSlowly(v *Value) class {
	switch {
	case !v.Known():
		return l.unknown
	case l.kind == byNumber || v.numeric != (l.kind == bySearch):
		return l.foreign
	case l.kind == bySearch:
		i, found := slices.BinarySearch(l.begins, v.number)
		if !found {
			i--
		}
		if i < 0 {
			return l.foreign
		}
		return l.classes[i]
	case l.kind == byEnds && len(v.text) <= int(l.reach):
		return l.foreign
	}
	for i := l.hash(v.text); ; i++ {
		switch at := &l.slots[i&uint64(len(l.slots)-1)]; at.text { //nolint:gosec // a power of two
		case v.text:
			return at.class
		case "":
			return l.foreign
		}
	}
}

// ends is the slot of a text that is longer than the reach.
func (l *lookup) ends(s string) uint64 {
	n := len(s)
	return (uint64(n) | uint64(s[l.front])<<16 | uint64(s[n-1-int(l.back)])<<24) * l.seed >> l.shift
}

func (l *lookup) hash(s string) uint64 {
	switch l.kind {
	case byEnds:
		return l.ends(s)
	case byFive:
		n := len(s)
		quarter, half := n>>2, n>>1
		h := uint64(n)<<40 | uint64(s[0]) | uint64(s[quarter])<<8 | uint64(s[half])<<16 | uint64(s[n-1-quarter])<<24 | uint64(s[n-1])<<32
		return h * l.seed >> l.shift
	}
	h := uint64(len(s))
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 0x100000001b3
	}
	return h * l.seed >> l.shift
}

// intern fills the hash table in the way, of several, that leaves the fewest values away from their own slots.
func (l *lookup) intern(f *Fact, c *column) {
	shortest := len(slices.MinFunc(f.Values, func(a, b string) int { return len(a) - len(b) }))
	ways := []lookup{{kind: byFive}, {kind: byWhole}}
	for front := range min(shortest, 8) {
		for back := range min(shortest, 8) {
			way := lookup{kind: byEnds, front: uint8(front), back: uint8(back), reach: uint8(max(front, back))}
			if apart(f.Values, &way) {
				ways = append([]lookup{way}, ways...)
			}
		}
	}
	best, least := *l, -1
	tries := 1 + 4096/len(f.Values)
	for _, way := range ways {
		seed := uint64(0x9e3779b97f4a7c15)
		for range tries {
			way.fact, way.unknown, way.foreign, way.seed = l.fact, l.unknown, l.foreign, seed
			if away := way.fill(f, c); least < 0 || away < least {
				best, least = way, away
			}
			if least == 0 {
				break
			}
			seed = seed*0xd1342543de82ef95 + 0x2545f4914f6cdd1d | 1
		}
		if least*16 <= len(f.Values) {
			break
		}
	}
	*l = best
}

// apart reports whether length and two characters tell all values apart.
func apart(values []string, way *lookup) bool {
	seen := make(map[[3]int]bool, len(values))
	for _, s := range values {
		key := [3]int{len(s), int(s[way.front]), int(s[len(s)-1-int(way.back)])}
		if seen[key] {
			return false
		}
		seen[key] = true
	}
	return true
}

// fill makes the table and counts the steps that values stand away from their own slots.
func (l *lookup) fill(f *Fact, c *column) (away int) {
	size, bits := 2, uint8(1)
	for size < 3*len(f.Values) {
		size, bits = 2*size, bits+1
	}
	l.slots, l.shift = make([]slot, size), 64-bits
	for i, text := range f.Values {
		at := l.hash(text)
		for l.slots[at&uint64(size-1)].text != "" { //nolint:gosec // a power of two
			at++
			if away++; away > 8*len(f.Values) {
				break // hopeless: values of one hash would take forever
			}
		}
		l.slots[at&uint64(size-1)] = slot{text, c.of(ordinal(i) + 1)} //nolint:gosec // as above
	}
	return away
}
