package policy

import (
	"math"
	"slices"

	"onedoor/app/nhs"
)

// What compiling weighs, in nanoseconds or thereabouts. Wrong guesses cost speed and change no answer.
const (
	costClass = 8.0 // to find a class
	costRule  = 4.0 // to ask a rule that fails
	costWord  = 0.5 // to and one word of one vector
	costLevel = 4.0 // to look at another part

	// worthClass is how many rules a class must be likely to rule out to be found before the rules are asked.
	worthClass = 1.3
)

// limits are what an engine may keep. Tests set them low, to reach what only huge policies would.
type limits struct {
	words   int // of vectors over all rules
	vectors int // that are anded in one part, maxVectors at most
}

var usualLimits = limits{words: 128 << 10, vectors: maxVectors} // 1 MiB

const (
	maxLevels   = 6
	maxSpread   = 6 // a rule that asks a column for more classes than this is not parted by it
	fewestRules = 3 // a part of no more is parted no further
)

// row is a rule as the engine is built from it.
type row struct {
	rule  int
	cells []rowCell
}

// rowCell is a test of a column, by its number among the column's.
type rowCell struct{ column, cell int }

// builder makes an engine.
type builder struct {
	*engine
	limits limits
	rows   []row
}

func (p *Policy) buildEngine(l limits) {
	p.engine, p.overview = engine{}, overview{}
	b := builder{engine: &p.engine, limits: l}
	b.always = len(p.program.rules) - 1
	for i := range p.program.rules {
		if r := &p.program.rules[i]; len(r.rule.When) == 0 && r.table.From.IsZero() && r.table.Until.IsZero() {
			b.always = i
			break
		}
	}
	b.readRows(p)
	b.eager = b.isEager()
	b.bits = slices.Repeat([]uint64{^uint64(0)}, len(b.rows)/64+1+block) // ones, for searchWords
	b.grouped = slices.ContainsFunc(b.columns, func(c column) bool { return c.group != nil })
	rest := make([]int, b.always)
	for i := range rest {
		rest[i] = i
	}
	for len(b.levels) < maxLevels {
		column, ok := b.choose(rest)
		if !ok {
			break
		}
		rest = b.addLevel(column, rest)
	}
	b.rest = b.addPart(rest)
	b.buildOverview(p)
	b.parts, b.vectors, b.bits = slices.Clip(b.parts), slices.Clip(b.vectors), slices.Clip(b.bits)
	b.rules, b.runs, b.tests = slices.Clip(b.rules), slices.Clip(b.runs), slices.Clip(b.tests)
}

// readRows numbers the tests of every column and finds the classes.
func (b *builder) readRows(p *Policy) {
	column := make([]int, len(p.facts)) // one higher; 0 for a fact that no rule asks for
	var tests []distinct
	var facts []int
	b.rows = make([]row, len(p.program.rules))
	for i := range b.rows {
		rule := p.program.rules[i].rule
		b.rows[i] = row{i, make([]rowCell, 0, len(rule.When)+1)}
		for k := range rule.When {
			c := &rule.When[k]
			if column[c.fact] == 0 {
				facts, tests = append(facts, c.fact), append(tests, distinct{})
				column[c.fact] = len(facts)
			}
			n := column[c.fact] - 1
			b.rows[i].cells = append(b.rows[i].cells, rowCell{n, tests[n].number(c.Cell.set)})
		}
	}
	for i, fact := range facts {
		c := newColumn(fact, p.facts[fact].foreign(), tests[i].sets)
		c.domain = &p.facts[fact]
		b.lookups = append(b.lookups, newLookup(c.domain, &c))
		b.columns = append(b.columns, c)
	}
	b.readDays(p)
	b.group(b.limits.words / max(1, (len(b.rows)+63)/64))
}

// group puts classes together until all columns have so many vectors at most. The day's are never: a rule's own cells, which
// are asked where classes were put together, do not tell its days.
func (b *builder) group(vectors int) {
	var sizes []int
	for i := range b.columns {
		if i == b.day && len(b.days) > 0 {
			vectors -= b.columns[i].size
		} else {
			sizes = append(sizes, b.columns[i].size)
		}
	}
	slices.Sort(sizes)
	most := 0
	for i, size := range sizes { // what the small ones leave is shared by the large ones
		most = max(2, vectors/(len(sizes)-i))
		vectors -= min(size, most)
	}
	for i := range b.columns {
		if i != b.day || len(b.days) == 0 {
			b.columns[i].groupInto(most)
		}
	}
}

// readDays makes the day a column, if any table is dated.
func (b *builder) readDays(p *Policy) {
	for i := range p.tables {
		t := &p.tables[i]
		if !t.From.IsZero() {
			b.days = append(b.days, t.From)
		}
		if !t.Until.IsZero() {
			b.days = append(b.days, t.Until.Add(1))
		}
	}
	slices.SortFunc(b.days, func(x, y nhs.Date) int {
		switch {
		case x.Before(y):
			return -1
		case y.Before(x):
			return 1
		}
		return 0
	})
	b.days = slices.Compact(b.days)
	if len(b.days) == 0 {
		return
	}
	b.day = len(b.columns)
	var d distinct
	last := ordinal(len(b.days))
	for i := range b.rows {
		t := p.program.rules[i].table
		if t.From.IsZero() && t.Until.IsZero() {
			continue
		}
		span := Span{0, last}
		if !t.From.IsZero() {
			span.Low = uint32(b.dayClass(t.From))
		}
		if !t.Until.IsZero() {
			span.High = uint32(b.dayClass(t.Until))
		}
		b.rows[i].cells = append(b.rows[i].cells, rowCell{b.day, d.number(Set{span})})
	}
	// A class of days is its number, whether or not others are like it.
	c := column{size: int(last) + 1, groups: int(last) + 1}
	for code := range last + 1 {
		c.cuts, c.class = append(c.cuts, code), append(c.class, class(code))
	}
	for _, set := range d.sets {
		c.cells = append(c.cells, columnCell{set, c.classesOf(set)})
	}
	b.columns = append(b.columns, c)
}

// isEager reports whether nearly every request meets rules that ask for nearly every column: many rules that each ask for
// most of them. Finding all classes at once then costs less than asking for each whether it was found.
func (b *builder) isEager() bool {
	const manyRules = 100
	cells := 0
	for i := range b.rows[:b.always] {
		cells += len(b.rows[i].cells)
	}
	return b.always >= manyRules && len(b.columns) <= fewColumns && 2*cells > len(b.columns)*b.always
}

// of is the test that a row makes of a column.
func (r *row) of(column int) (cell int, ok bool) {
	for _, c := range r.cells {
		if c.column == column {
			return c.cell, true
		}
	}
	return 0, false
}

// parted reports whether a rule stands in the parts of a column's classes, and in which.
func (b *builder) parted(rule, column int) ([]class, bool) {
	cell, ok := b.rows[rule].of(column)
	if !ok {
		return nil, false
	}
	classes := b.columns[column].cells[cell].classes
	return classes, len(classes) <= maxSpread && len(classes) < b.columns[column].size
}

// choose is the column that parts the rules best, if parting them is worth it.
func (b *builder) choose(rules []int) (column int, ok bool) {
	if len(rules) <= fewestRules {
		return 0, false
	}
	best := b.cost(float64(len(rules)))
	for i := range b.columns {
		if cost := b.costOfLevel(i, rules); cost < best {
			best, column, ok = cost, i, true
		}
	}
	return column, ok
}

// cost guesses what a part of so many rules costs a decision: the rules one after another, or the classes that it takes to
// tell them apart and the words of their vectors.
func (b *builder) cost(rules float64) float64 {
	columns := float64(len(b.columns))
	byVectors := costClass*min(columns, 0.5+math.Log(rules+1)/math.Log(3)) + costWord*columns*math.Ceil(rules/64)/2
	return costLevel + min(costRule*rules, byVectors)
}

// costOfLevel guesses what is paid when a column parts the rules and the rest stay as they are. Requests are taken to meet
// every rule alike.
func (b *builder) costOfLevel(column int, rules []int) float64 {
	sizes := make([]int, b.columns[column].size)
	rest, placed := 0, 0
	for _, rule := range rules {
		classes, ok := b.parted(rule, column)
		if !ok {
			rest++
			continue
		}
		for _, c := range classes {
			sizes[c]++
			placed++
		}
	}
	if placed == 0 {
		return b.cost(float64(len(rules))) + 1
	}
	cost := 0.0
	for _, n := range sizes {
		cost += float64(n) / float64(placed) * b.cost(float64(n))
	}
	return cost + b.cost(float64(rest))
}

// addLevel parts rules by a column and gives those that stay.
func (b *builder) addLevel(column int, rules []int) (rest []int) {
	groups := make([][]int, b.columns[column].size)
	for _, rule := range rules {
		classes, ok := b.parted(rule, column)
		if !ok {
			rest = append(rest, rule)
			continue
		}
		for _, c := range classes {
			groups[c] = append(groups[c], rule)
		}
	}
	l := level{column, make([]int32, len(groups))}
	for c, group := range groups {
		if l.parts[c] = -1; len(group) > 0 {
			l.parts[c] = int32(len(b.parts)) //nolint:gosec // a few for each rule at most
			b.parts = append(b.parts, b.addPart(group))
		}
	}
	b.levels = append(b.levels, l)
	return rest
}
