package policy

import (
	"cmp"
	"slices"
)

// addPart writes down the rules of a part: vectors of the columns that tell most rules apart, until so few are likely to be
// left that their own tests cost less.
func (b *builder) addPart(rules []int) part {
	s := part{
		first: u32(len(b.rules)), rules: u32(len(rules)), words: u32(len(rules)/64 + 1),
		vectors: u32(len(b.vectors)), runs: u32(len(b.runs)),
	}
	told := make([]bool, len(b.columns)) // whether the vectors tell all of a column
	left, most := float64(len(rules)), b.limits.vectors
	for _, asked := range b.asked(rules) {
		if !b.eager && s.words == 1 && left*(1-asked.takes) < worthClass || len(rules) <= fewestRules || int(s.columns) == most {
			break
		}
		left *= asked.takes
		c := &b.columns[asked.column]
		v := vectors{column: u32(asked.column), base: b.addVectors(asked.column, rules, int(s.words)) - s.words}
		if told[asked.column] = c.group == nil; c.group != nil {
			v.column += u32(len(b.columns))
		}
		b.vectors = append(b.vectors, v)
		s.columns++
	}
	first := len(b.tests)
	for _, rule := range rules {
		b.rules = append(b.rules, u32(rule))
		b.runs = append(b.runs, u32(len(b.tests)))
		for _, cell := range b.rows[rule].cells {
			if !told[cell.column] {
				b.addTest(cell)
			}
		}
	}
	b.runs = append(b.runs, u32(len(b.tests)))
	if s.exact = len(b.tests) == first; s.exact {
		b.runs = b.runs[:s.runs]
	}
	return s
}

// askedColumn is a column that some rules of a part ask for, and what share of the rules a class leaves.
type askedColumn struct {
	column int
	takes  float64
}

// asked are the columns that some of the rules ask for, those that leave the fewest rules first.
func (b *builder) asked(rules []int) []askedColumn {
	taken, count := make([]int, len(b.columns)), make([]int, len(b.columns))
	for _, rule := range rules {
		for _, c := range b.rows[rule].cells {
			count[c.column]++
			taken[c.column] += len(b.columns[c.column].cells[c.cell].classes)
		}
	}
	var list []askedColumn
	for i, n := range count {
		if n > 0 {
			size := b.columns[i].size
			list = append(list, askedColumn{i, float64(taken[i]+(len(rules)-n)*size) / float64(len(rules)*size)})
		}
	}
	slices.SortStableFunc(list, func(x, y askedColumn) int { return cmp.Compare(x.takes, y.takes) })
	return list
}

// addVectors writes a column's vectors over some rules.
func (b *builder) addVectors(column int, rules []int, words int) (base uint32) {
	c := &b.columns[column]
	start := len(b.bits)
	b.bits = append(b.bits, make([]uint64, c.groups*words)...)
	all := b.bits[start:]
	anything := make([]uint64, words)
	for i, rule := range rules {
		word, bit := i/64, uint64(1)<<(i%64)
		cell, ok := b.rows[rule].of(column)
		if !ok {
			anything[word] |= bit
			continue
		}
		for _, of := range c.cells[cell].classes {
			all[int(c.grouped(of))*words+word] |= bit
		}
	}
	for g := range c.groups {
		for w, word := range anything {
			all[g*words+w] |= word
		}
	}
	return u32(start)
}

// addTest writes a test in the form that costs least to ask.
func (b *builder) addTest(cell rowCell) {
	c := &b.columns[cell.column]
	t := quickTest{column: uint16(cell.column), fact: uint16(c.fact), kind: byClass} //nolint:gosec // a few hundred at most
	if !t.simple(c, c.cells[cell.cell].set) {
		t.classes = u32(len(b.bits))
		b.bits = append(b.bits, make([]uint64, (c.size+63)/64)...)
		for _, of := range c.cells[cell.cell].classes {
			b.bits[t.classes+uint32(of>>6)] |= 1 << (of & 63)
		}
	}
	b.tests = append(b.tests, t)
}

// simple makes a test of one or two values or of one range of numbers, if the set is that.
func (t *quickTest) simple(c *column, set Set) bool {
	f := c.domain
	if f == nil || len(set) > 2 || set.Has(codeUnknown) || set.Has(f.foreign()) {
		return false
	}
	first, last := set[0], set[len(set)-1]
	switch {
	case f.Numeric() && len(set) == 1:
		t.kind, t.low, t.high = oneRange, f.Min+int(first.Low)-1, f.Min+int(first.High)-1
	case f.Numeric():
		return false
	case len(set) == 1 && first.Low == first.High:
		t.kind, t.text = oneText, f.Values[first.Low-1]
	case len(set) == 1 && first.Low+1 == first.High, len(set) == 2 && first.Low == first.High && last.Low == last.High:
		t.kind, t.text, t.other = twoTexts, f.Values[first.Low-1], f.Values[last.High-1]
	default:
		return false
	}
	return true
}

func u32(n int) uint32 {
	return uint32(n) //nolint:gosec // positions in slices that the limits of a document keep small
}
