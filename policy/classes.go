package policy

import (
	"encoding/binary"
	"slices"
)

// class numbers the values of a fact that no rule tells apart. So a fact of a thousand values may have only three classes.
type class = uint16

// mergeWork bounds what is spent on finding that values far apart belong to one class; past it they have a class each, which
// costs memory and changes no answer.
const mergeWork = 4 << 20

// column is one fact that some enabled rule asks for, or the day, and its classes.
type column struct {
	fact   int      // position in Policy.facts
	domain *Fact    // nothing for the day
	cuts   []uint32 // the codes at which another class begins, ascending, the first 0
	class  []class  // of each cut's codes
	size   int      // how many classes there are
	cells  []columnCell
	// Vectors over more classes than memory allows are made over groups of classes: a rule that a group takes may then fail,
	// and is asked again by its own cells. Empty when each class has its own vector.
	group  []class
	groups int
}

// columnCell is one test that rules make of the fact: many rules make the same one.
type columnCell struct {
	set     Set
	classes []class
}

// newColumn finds the classes that a list of different tests tells apart, of codes from 0 to last.
func newColumn(fact int, last uint32, sets []Set) column {
	c := column{fact: fact, cuts: []uint32{0}}
	for _, set := range sets {
		for _, span := range set {
			c.cuts = append(c.cuts, span.Low)
			if span.High < last {
				c.cuts = append(c.cuts, span.High+1)
			}
		}
	}
	slices.Sort(c.cuts)
	c.cuts = slices.Compact(c.cuts)
	c.merge(sets, last)
	c.cells = make([]columnCell, len(sets))
	for i, set := range sets {
		c.cells[i] = columnCell{set, c.classesOf(set)}
	}
	c.groups = c.size
	return c
}

// merge gives one class to runs of codes that satisfy the same tests.
func (c *column) merge(sets []Set, last uint32) {
	c.class = make([]class, len(c.cuts))
	work := 0
	for _, set := range sets {
		for _, span := range set {
			work += c.at(span.High) - c.at(span.Low) + 1
		}
	}
	if work > mergeWork {
		for i := range c.class {
			c.class[i] = class(i)
		}
		c.size = len(c.class)
		return
	}
	satisfied := make([][]byte, len(c.cuts)) // the numbers of the tests, as a key
	for i, set := range sets {
		for _, span := range set {
			for k := c.at(span.Low); k < len(c.cuts) && c.cuts[k] <= span.High; k++ {
				satisfied[k] = binary.AppendUvarint(satisfied[k], uint64(i))
			}
		}
	}
	known := map[string]class{}
	for i, key := range satisfied {
		number, ok := known[string(key)]
		if !ok {
			number = class(len(known)) //nolint:gosec // as above
			known[string(key)] = number
		}
		c.class[i] = number
	}
	c.size = len(known)
}

// at is the position of the cut that a code belongs to.
func (c *column) at(code uint32) int {
	i, found := slices.BinarySearch(c.cuts, code)
	if found {
		return i
	}
	return i - 1
}

// of is the class of a code.
func (c *column) of(code uint32) class { return c.class[c.at(code)] }

// classesOf are the classes whose codes are in a set, ascending.
func (c *column) classesOf(set Set) []class {
	var list []class
	for _, span := range set {
		for k := c.at(span.Low); k < len(c.cuts) && c.cuts[k] <= span.High; k++ {
			list = append(list, c.class[k])
		}
	}
	slices.Sort(list)
	return slices.Clip(slices.Compact(list))
}

// groupInto puts neighbouring classes together until there are at most so many groups.
func (c *column) groupInto(most int) {
	if c.size <= most {
		return
	}
	each := (c.size + most - 1) / most
	c.group = make([]class, c.size)
	for i := range c.group {
		c.group[i] = class(i / each) //nolint:gosec // fewer than classes
	}
	c.groups = int(c.group[c.size-1]) + 1
}

// grouped is the number of a class's vector.
func (c *column) grouped(of class) class {
	if c.group == nil {
		return of
	}
	return c.group[of]
}

// distinct numbers tests: the same set of codes is the same test.
type distinct struct {
	sets  []Set
	spans map[Span]int   // tests of one span, which most are
	other map[string]int // tests of several
}

func (d *distinct) number(set Set) int {
	if d.spans == nil {
		d.spans, d.other = map[Span]int{}, map[string]int{}
	}
	if len(set) == 1 {
		n, known := d.spans[set[0]]
		if !known {
			n = d.add(set)
			d.spans[set[0]] = n
		}
		return n
	}
	key := make([]byte, 0, 8*len(set))
	for _, span := range set {
		key = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(key, span.Low), span.High)
	}
	n, known := d.other[string(key)]
	if !known {
		n = d.add(set)
		d.other[string(key)] = n
	}
	return n
}

func (d *distinct) add(set Set) int {
	d.sets = append(d.sets, set)
	return len(d.sets) - 1
}
