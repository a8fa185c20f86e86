package dmn

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"onedoor/policy/dmn/feel"
)

// declare makes a fact of an input: its values come from the column's allowed values, or else from its type.
func (i *importer) declare(fact, name string, of *feel.Type, allowed *feel.UnaryTests, at string) error {
	if fact == "" {
		return refuse("dmn_import", "%s has no name that letters and digits make a fact's.", sentence(at))
	}
	f := &writtenFact{name: fact}
	if allowed == nil && of != nil {
		allowed = of.Allowed
	}
	i.facts[fact], i.names[fact] = f, name
	i.order = append(i.order, fact)
	if of != nil && of.Kind == feel.BooleanKind {
		f.values = []string{"true", "false"}
		i.warn("The fact %s has the values true and false, as texts.", fact)
		return nil
	}
	if allowed == nil || allowed.Anything() {
		return nil
	}
	tests, negated, ok := allowed.Plain()
	if !ok || negated {
		return refuse("dmn_import", "The allowed values of %s (%s) are neither a list of texts nor a range of whole numbers.", at, shorten(allowed.Text))
	}
	return f.take(tests, at, allowed.Text)
}

func sentence(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// take reads allowed values: texts, or one range of whole numbers.
func (f *writtenFact) take(tests []feel.PlainTest, at, text string) error {
	wrong := refuse("dmn_import", "The allowed values of %s (%s) are neither a list of texts nor a range of whole numbers.", at, shorten(text))
	if len(tests) == 1 && tests[0].Op == ".." {
		low, okLow := feel.Int(tests[0].Range.Low)
		high, okHigh := feel.Int(tests[0].Range.High)
		if !okLow || !okHigh {
			return wrong
		}
		if !tests[0].Range.LowClosed {
			low++
		}
		if !tests[0].Range.HighClosed {
			high--
		}
		f.numbers, f.low, f.high = true, low, high
		return nil
	}
	for _, t := range tests {
		value, is := t.Value.(string)
		if t.Op == "=" && t.Value == nil {
			continue // null is always a value of a fact, as unknown
		}
		if t.Op != "=" || !is {
			return wrong
		}
		f.values = append(f.values, value)
	}
	return nil
}

// fromCells gathers the values of a fact for which the model allows everything. They are the texts that its cells name: any
// other behaves alike. Numbers have no such end.
func (ti *tableImport) fromCells(in inputClause, at string) error {
	f := ti.facts[slug(mustName(in))]
	if f.numbers || len(f.values) > 0 {
		return nil
	}
	if common, is := commonRange(f.name); is {
		f.numbers, f.low, f.high = true, common[0], common[1]
		ti.warn("The fact %s is a whole number from %d to %d, which the model does not say.", f.name, f.low, f.high)
		return nil
	}
	for _, t := range ti.m.tables() {
		for k := range t.inputs {
			if name, _ := t.inputs[k].expression.Name(); name != ti.names[f.name] {
				continue
			}
			for r := range t.rules {
				if err := f.gather(t.rules[r].tests[k], in.line, at); err != nil {
					return err
				}
			}
		}
	}
	if len(f.values) == 0 {
		return refuse("dmn_import", "Line %d: nothing says which values %s has: expected allowed values.", in.line, at)
	}
	ti.warn("The fact %s has the values that the rows name; the model allows any.", f.name)
	return nil
}

func mustName(in inputClause) string {
	name, _ := in.expression.Name()
	return name
}

// commonRange is the range of the numbers that every request has.
func commonRange(fact string) ([2]int, bool) {
	if fact == "age" {
		return [2]int{0, 130}, true
	}
	return [2]int{}, false
}

func (f *writtenFact) gather(tests *feel.UnaryTests, line int, at string) error {
	plain, negated, ok := tests.Plain()
	if ok && negated {
		return refuse("dmn_import", "Line %d: %s has no allowed values and a cell %s, which takes every value that it does not name.", line, at, quoteText(tests.Text))
	}
	for _, t := range plain {
		switch v := t.Value.(type) {
		case string:
			if t.Op == "=" && !slices.Contains(f.values, v) {
				f.values = append(f.values, v)
			}
		case nil:
			if t.Op == ".." {
				return refuse("dmn_import", "Line %d: nothing says which whole numbers %s has: expected allowed values such as [0..130].", line, at)
			}
		default:
			return refuse("dmn_import", "Line %d: nothing says which whole numbers %s has: expected allowed values such as [0..130].", line, at)
		}
	}
	return nil
}

// tables are all decision tables of the model's decisions.
func (m *Model) tables() []*tableLogic {
	var all []*tableLogic
	for _, d := range m.decisions {
		if t, is := d.logic.(*tableLogic); is {
			all = append(all, t)
		}
	}
	return all
}

// cell writes a cell as a policy does. DMN's not(...) takes null, so that it becomes everything else and unknown; where it
// names null it is a policy's own. The problem is the end of a sentence, or nothing.
func (ti *tableImport) cell(f *writtenFact, tests *feel.UnaryTests) (text, problem string) {
	if tests.Anything() {
		return "-", ""
	}
	plain, negated, ok := tests.Plain()
	if !ok {
		return "", quoteText(tests.Text) + " is more than values and ranges, so it must become a fact of its own"
	}
	c := cellImport{fact: f}
	for _, t := range plain {
		if problem := c.take(t); problem != "" {
			return "", quoteText(tests.Text) + ": " + problem
		}
	}
	switch {
	case negated && c.null && len(c.parts) == 0:
		return "not(unknown)", ""
	case negated && c.null:
		return "not(" + strings.Join(c.parts, ", ") + ")", ""
	case negated:
		ti.warn("The cell %s of the fact %s takes what is not known, as DMN has it: it names everything that it takes.", shorten(tests.Text), f.name)
		return c.others(), ""
	case c.null:
		c.parts = slices.Insert(c.parts, min(c.nullAt, len(c.parts)), "unknown")
	}
	return strings.Join(c.parts, ", "), ""
}

// cellImport gathers the parts of one cell.
type cellImport struct {
	fact   *writtenFact
	parts  []string
	spans  [][2]int // of numbers
	named  []string // of texts
	null   bool
	nullAt int
}

func (c *cellImport) take(t feel.PlainTest) (problem string) {
	if t.Op == "=" && t.Value == nil {
		c.null, c.nullAt = true, len(c.parts)
		return ""
	}
	if b, is := t.Value.(bool); is {
		t.Value = strconv.FormatBool(b)
	}
	if !c.fact.numbers {
		text, is := t.Value.(string)
		if !is || t.Op != "=" {
			return "expected values of the fact " + c.fact.name
		}
		if !slices.Contains(c.fact.values, text) {
			return fmt.Sprintf("%q is not a value of the fact %s, so this can never match", text, c.fact.name)
		}
		c.named = append(c.named, text)
		c.parts = append(c.parts, feel.Source(text))
		return ""
	}
	return c.takeNumber(t)
}

func (c *cellImport) takeNumber(t feel.PlainTest) (problem string) {
	low, high := c.fact.low, c.fact.high
	if t.Op == ".." {
		from, okFrom := feel.Int(t.Range.Low)
		until, okUntil := feel.Int(t.Range.High)
		if !okFrom || !okUntil {
			return "expected whole numbers"
		}
		written := from >= low && until <= high
		text := t.Range.String()
		if !t.Range.LowClosed {
			from++
		}
		if !t.Range.HighClosed {
			until--
		}
		return c.span(max(from, low), min(until, high), text, written)
	}
	n, ok := feel.Int(t.Value)
	if !ok {
		return "expected whole numbers"
	}
	text := t.Op + " " + strconv.Itoa(n)
	switch t.Op {
	case "=":
		low, high, text = max(low, n), min(high, n), strconv.Itoa(n)
	case "<":
		high = min(high, n-1)
	case "<=":
		high = min(high, n)
	case ">":
		low = max(low, n+1)
	case ">=":
		low = max(low, n)
	}
	return c.span(low, high, text, n >= c.fact.low && n <= c.fact.high)
}

// span adds numbers: as they were written, unless that names some that the fact does not have.
func (c *cellImport) span(low, high int, text string, written bool) (problem string) {
	if low > high {
		return fmt.Sprintf("%s takes no number from %d to %d, so this can never match", text, c.fact.low, c.fact.high)
	}
	if !written {
		text = fmt.Sprintf("[%d..%d]", low, high)
	}
	c.spans = append(c.spans, [2]int{low, high})
	c.parts = append(c.parts, text)
	return ""
}

// others names every value that the cell does not, and unknown.
func (c *cellImport) others() string {
	var parts []string
	if !c.fact.numbers {
		for _, v := range c.fact.values {
			if !slices.Contains(c.named, v) {
				parts = append(parts, feel.Source(v))
			}
		}
		return strings.Join(append(parts, "unknown"), ", ")
	}
	slices.SortFunc(c.spans, func(a, b [2]int) int { return a[0] - b[0] })
	next := c.fact.low
	for _, s := range c.spans {
		if s[0] > next {
			parts = append(parts, fmt.Sprintf("[%d..%d]", next, s[0]-1))
		}
		next = max(next, s[1]+1)
	}
	if next <= c.fact.high {
		parts = append(parts, fmt.Sprintf("[%d..%d]", next, c.fact.high))
	}
	return strings.Join(append(parts, "unknown"), ", ")
}
