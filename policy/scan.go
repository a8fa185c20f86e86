package policy

import (
	"slices"

	"onedoor/app/nhs"
)

// Scan answers as Match does by asking rule after rule. It is what a decision means: tests hold the engine against it, and
// benchmarks measure by it. It shares nothing with the engine but the cells, and nothing that decides calls it.
type Scan struct {
	policy *Policy
	rules  []scanned
}

type scanned struct {
	position Position
	table    *Table
	cells    []scannedCell
}

// scannedCell is written so that asking it is quick: a scan that is slow for no reason is no measure.
type scannedCell struct {
	fact      int
	texts     []string // of a few values; else empty
	low, high int      // of a single run of numbers; else low is above high
	set       Set      // of anything else
}

// NewScan reads a policy for scanning.
func NewScan(p *Policy) *Scan {
	s := &Scan{policy: p}
	for t := range p.tables {
		for _, at := range asked(t, &p.tables[t]) {
			table, rule := p.At(at)
			row := scanned{position: at, table: table}
			for i := range rule.When {
				row.cells = append(row.cells, p.scannedCell(&rule.When[i]))
			}
			s.rules = append(s.rules, row)
		}
	}
	return s
}

func (p *Policy) scannedCell(c *Condition) scannedCell {
	cell := scannedCell{low: 1, set: c.Cell.set}
	for f := range p.facts {
		if p.facts[f].Name == c.Fact {
			cell.fact = f
		}
	}
	f := &p.facts[cell.fact]
	switch known := !cell.set.Has(codeUnknown) && !cell.set.Has(f.foreign()); {
	case known && f.Numeric() && len(cell.set) == 1:
		cell.low, cell.high = f.Min+int(cell.set[0].Low)-1, f.Min+int(cell.set[0].High)-1
	case known && !f.Numeric():
		var texts []string
		for i, text := range f.Values {
			if cell.set.Has(ordinal(i) + 1) {
				texts = append(texts, text)
			}
		}
		if len(texts) <= 4 {
			cell.texts = texts
		}
	}
	return cell
}

// Match is the rule that takes a request on a day.
func (s *Scan) Match(values []Value, on nhs.Date) Position {
	for i := range s.rules {
		if r := &s.rules[i]; r.table.Active(on) && s.takes(r, values) {
			return r.position
		}
	}
	panic("a policy that was read ends in a rule that takes everything")
}

func (s *Scan) takes(r *scanned, values []Value) bool {
	for i := range r.cells {
		c := &r.cells[i]
		v := &values[c.fact]
		switch {
		case len(c.texts) > 0:
			if v.numeric || !slices.Contains(c.texts, v.text) {
				return false
			}
		case c.low <= c.high:
			if !v.numeric || v.number < c.low || v.number > c.high {
				return false
			}
		default:
			if f := &s.policy.facts[c.fact]; !c.set.Has(f.code(*v)) {
				return false
			}
		}
	}
	return true
}
