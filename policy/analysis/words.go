package analysis

import (
	"fmt"
	"strconv"
	"strings"

	"onedoor/policy"
)

// undeclared stands in a region's cell for every value that no version declares. No rule can ask for it.
const undeclared = "undeclared"

// witness is one request of a box: what may be unknown is left out, and of everything else it has the first declared value. It
// does not depend on how the values fall into classes, so that a recheck gives the witnesses that a check gives.
func (l *layout) witness(b box) policy.Facts {
	facts := make(policy.Facts, len(l.columns))
	for i := range l.columns {
		c := &l.columns[i]
		for class := range each(b[c.first:c.last]) {
			if code := c.starts[class]; code != 0 {
				facts[c.name] = c.value(code)
			}
			break
		}
	}
	return facts
}

// cell is a column's part of a box as a rule would ask for it; "-" when that is all that the world has.
func (c *column) cell(b, world box) string {
	if within(world[c.first:c.last], b[c.first:c.last]) {
		return "-"
	}
	var tests []string
	for _, span := range c.codes(b) {
		tests = append(tests, c.tests(span)...)
	}
	return strings.Join(tests, ", ")
}

// tests are a run of codes as alternatives of a cell.
func (c *column) tests(span policy.Span) []string {
	var tests []string
	for code := span.Low; code <= span.High; code++ {
		n := int(code)
		switch {
		case n == 0:
			tests = append(tests, "unknown")
		case code == c.foreign():
			tests = append(tests, undeclared)
		case n <= len(c.texts):
			tests = append(tests, quoted(c.texts[n-1]))
		default:
			last := min(span.High, c.foreign()-1)
			low, _ := c.value(code).Number()
			high, _ := c.value(last).Number()
			tests = append(tests, numbers(low, high, c.min, c.max))
			code = last
		}
	}
	return tests
}

func numbers(low, high, least, most int) string {
	switch {
	case low == high:
		return strconv.Itoa(low)
	case high == most && low > least:
		return ">= " + strconv.Itoa(low)
	case low == least && high < most:
		return "<= " + strconv.Itoa(high)
	}
	return fmt.Sprintf("[%d..%d]", low, high)
}

func quoted(s string) string {
	return `"` + strings.ReplaceAll(strings.ReplaceAll(s, `\`, `\\`), `"`, `\"`) + `"`
}

// say is a column's part of a box in words, after "is".
func (c *column) say(b box) string {
	var list []string
	last := "" // what is no declared value is said last
	for _, span := range c.codes(b) {
		for code := span.Low; code <= span.High; code++ {
			n := int(code)
			switch {
			case n == 0:
				last = "not known"
			case code == c.foreign():
				if last == "" && len(list) == 0 {
					last = "a value that these rules do not know"
				}
			case n <= len(c.texts):
				list = append(list, spoken(c.texts[n-1]))
			default:
				end := min(span.High, c.foreign()-1)
				low, _ := c.value(code).Number()
				high, _ := c.value(end).Number()
				list = append(list, sayNumbers(low, high, c.min, c.max))
				code = end
			}
		}
	}
	if last != "" {
		list = append(list, last)
	}
	const most = 6
	if len(list) > most {
		more := len(list) - most + 1
		list = append(list[:most-1:most-1], fmt.Sprintf("one of %d more", more))
	}
	return joined(list, " or ")
}

func sayNumbers(low, high, least, most int) string {
	switch {
	case low == high:
		return strconv.Itoa(low)
	case low == least && high == most:
		return "any number"
	case high == most:
		return fmt.Sprintf("%d or over", low)
	case low == least:
		return fmt.Sprintf("%d or under", high)
	}
	return fmt.Sprintf("from %d to %d", low, high)
}

// where says what a box asks for beyond the world, after "when": kind is symptoms and age is 5 or under. It says nothing of facts
// that are left out, nor when the box is the world.
func (l *layout) where(b, world box, leaveOut string) string {
	var list []string
	for i := range l.columns {
		c := &l.columns[i]
		if c.name == leaveOut || within(world[c.first:c.last], b[c.first:c.last]) {
			continue
		}
		list = append(list, spoken(c.name)+" is "+c.say(b))
	}
	const most = 5
	if len(list) > most {
		more := len(list) - most + 1
		list = append(list[:most-1:most-1], fmt.Sprintf("%d more facts are as in the example", more))
	}
	return joined(list, " and ")
}

// spoken turns a code into words: not-applicable into "not applicable".
func spoken(code string) string { return strings.ReplaceAll(code, "-", " ") }

func joined(list []string, last string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + last + list[len(list)-1]
}

// counted is a number of things: 1 rule, 3 rules.
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// names says rules by their ids, the first few.
func names(rules []RuleRef, table string) string {
	const most = 4
	list := make([]string, 0, most+1)
	for i, r := range rules {
		if i == most-1 && len(rules) > most {
			list = append(list, fmt.Sprintf("%d others", len(rules)-i))
			break
		}
		name := r.Rule
		if r.Table != table {
			name += " (" + r.Table + ")"
		}
		list = append(list, name)
	}
	return joined(list, " and ")
}
