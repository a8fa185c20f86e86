package policy

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"onedoor/app/fault"
)

// maxCell is how long a cell may be, in bytes.
const maxCell = 20_000

// ParseCell reads one cell of a fact's column. It takes "-", "a","b", not("a"), 18, < 18, <= 18, > 18, >= 18, [5..17],
// (5..17], [5..17), unknown, and lists of those. The error names the column and what was expected.
func ParseCell(f Fact, text string) (Cell, error) {
	cell, problem := parseCell(&f, text)
	if problem != "" {
		return Cell{}, fault.New(fault.Invalid, "policy_cell", "Column %q: %s.", f.Name, problem)
	}
	return cell, nil
}

// parseCell returns what is wrong as the end of a sentence, or nothing.
func parseCell(f *Fact, text string) (Cell, string) {
	if len(text) > maxCell {
		return Cell{}, fmt.Sprintf("the cell is longer than %d characters", maxCell)
	}
	p := &cellParser{fact: f, text: text}
	cell := p.cell()
	if p.problem != "" {
		return Cell{}, p.problem
	}
	cell.numeric = f.Numeric()
	cell.set = cell.solve(f)
	if len(cell.set) == 0 {
		return Cell{}, fmt.Sprintf("no value satisfies %s: expected a test that %s can satisfy", clip(text), f.Domain())
	}
	return cell, ""
}

type cellParser struct {
	fact    *Fact
	text    string
	at      int // byte offset
	problem string
}

func (p *cellParser) cell() Cell {
	p.space()
	if strings.TrimSpace(p.text[p.at:]) == "-" {
		return Cell{anything: true}
	}
	if p.word("not") {
		p.space()
		if !p.take("(") {
			p.expected("( after not")
			return Cell{}
		}
		tests := p.tests()
		if p.problem == "" && !p.take(")") {
			p.expected(", or )")
		}
		p.end("nothing after not(…)")
		return Cell{negated: true, tests: tests}
	}
	tests := p.tests()
	p.end(", or the end of the cell")
	return Cell{tests: tests}
}

func (p *cellParser) tests() []test {
	var tests []test
	for p.problem == "" {
		p.space()
		tests = append(tests, p.test())
		p.space()
		if p.problem != "" || !p.take(",") {
			return tests
		}
	}
	return tests
}

func (p *cellParser) test() test {
	switch {
	case p.word(unknownWord):
		return test{op: isUnknown}
	case p.peek() == '"':
		return p.quoted()
	case !p.fact.Numeric():
		p.expected("a quoted value, " + p.fact.Domain())
		return test{}
	case p.take("<="):
		return test{op: atMost, low: p.number()}
	case p.take(">="):
		return test{op: atLeast, low: p.number()}
	case p.take("<"):
		return test{op: lessThan, low: p.number()}
	case p.take(">"):
		return test{op: greaterThan, low: p.number()}
	case p.take("["):
		return p.interval(false)
	case p.take("("), p.take("]"): // S-FEEL writes an open end either way
		return p.interval(true)
	}
	return test{op: equalTo, low: p.number()}
}

func (p *cellParser) interval(openLow bool) test {
	t := test{op: between, openLow: openLow, low: p.number()}
	p.space()
	if p.problem == "" && !p.take("..") {
		p.expected(".. and the end of the range")
	}
	t.high = p.number()
	p.space()
	switch {
	case p.problem != "" || p.take("]"):
	case p.take(")"), p.take("["):
		t.openHigh = true
	default:
		p.expected("] or ) after the range")
	}
	if low, high := t.bounds(nil); p.problem == "" && low > high {
		p.problem = fmt.Sprintf("the range %s is empty: expected the lower number first", t.literal(true))
	}
	return t
}

func (p *cellParser) quoted() test {
	start := p.at
	p.at++
	var b strings.Builder
	for p.at < len(p.text) {
		c := p.text[p.at]
		p.at++
		switch {
		case c == '"':
			return p.named(b.String(), start)
		case c == '\\' && p.at < len(p.text) && (p.text[p.at] == '"' || p.text[p.at] == '\\'):
			c = p.text[p.at]
			p.at++
		case c == '\\':
			p.problem = fmt.Sprintf(`expected \" or \\ at character %d`, p.column(p.at))
			return test{}
		}
		b.WriteByte(c)
	}
	p.expected(`a closing "`)
	return test{}
}

func (p *cellParser) named(value string, start int) test {
	if value == unknownWord {
		return test{op: isUnknown}
	}
	if p.fact.Numeric() {
		p.at = start
		p.expected(p.fact.Domain() + ", not a quoted value")
		return test{}
	}
	if _, ok := p.fact.codes[value]; !ok {
		p.problem = fmt.Sprintf("%s is not a value of this fact: expected %s", clip(value), p.fact.Domain())
		return test{}
	}
	return test{op: equalTo, text: value}
}

func (p *cellParser) number() int {
	if p.problem != "" {
		return 0
	}
	p.space()
	start := p.at
	if p.peek() == '-' {
		p.at++
	}
	for p.at < len(p.text) && p.text[p.at] >= '0' && p.text[p.at] <= '9' {
		p.at++
	}
	n, err := strconv.Atoi(p.text[start:p.at])
	if err != nil {
		p.at = start
		p.expected(p.fact.Domain())
		return 0
	}
	if n < p.fact.Min || n > p.fact.Max {
		p.problem = fmt.Sprintf("%d is out of range: expected %s", n, p.fact.Domain())
	}
	return n
}

// word takes a bare word that is not the beginning of a longer one.
func (p *cellParser) word(w string) bool {
	if !strings.HasPrefix(p.text[p.at:], w) {
		return false
	}
	if rest := p.text[p.at+len(w):]; rest != "" && (isLetter(rest[0]) || rest[0] == '-' || rest[0] == '_') {
		return false
	}
	p.at += len(w)
	return true
}

func isLetter(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b >= utf8.RuneSelf
}

func (p *cellParser) take(s string) bool {
	if !strings.HasPrefix(p.text[p.at:], s) {
		return false
	}
	p.at += len(s)
	return true
}

func (p *cellParser) peek() byte {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

func (p *cellParser) space() {
	for p.at < len(p.text) && (p.text[p.at] == ' ' || p.text[p.at] == '\t' || p.text[p.at] == '\n' || p.text[p.at] == '\r') {
		p.at++
	}
}

func (p *cellParser) end(what string) {
	p.space()
	if p.problem == "" && p.at < len(p.text) {
		p.expected(what)
	}
}

func (p *cellParser) expected(what string) {
	if p.problem != "" {
		return
	}
	found := "the end of the cell"
	if p.at < len(p.text) {
		found = clip(p.text[p.at:])
	}
	p.problem = fmt.Sprintf("expected %s at character %d, found %s", what, p.column(p.at), found)
}

// column counts characters from 1.
func (p *cellParser) column(at int) int { return utf8.RuneCountInString(p.text[:at]) + 1 }

// clip shows a piece of the input, short and on one line.
func clip(s string) string {
	const most = 40
	runes := []rune(strings.ToValidUTF8(s, "�"))
	if len(runes) > most {
		return strconv.Quote(string(runes[:most]) + "…")
	}
	return strconv.Quote(string(runes))
}
