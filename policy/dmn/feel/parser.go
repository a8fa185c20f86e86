package feel

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxText  = 1 << 20 // bytes of one expression
	maxDepth = 250     // expressions within expressions
	maxWork  = 20      // retries for each byte: ambiguous brackets are read twice, and nested ones must not double each time
)

// A SyntaxError says what an expression should have held, and where.
type SyntaxError struct {
	Text         string
	Line, Column int
	Says         string
}

func (e *SyntaxError) Error() string {
	if e.Line > 1 {
		return fmt.Sprintf("line %d, column %d of the expression: %s", e.Line, e.Column, e.Says)
	}
	return fmt.Sprintf("character %d of %s: %s", e.Column, quoted(e.Text), e.Says)
}

func quoted(text string) string {
	if r := []rune(text); len(r) > 60 {
		text = string(r[:57]) + "..."
	}
	return "“" + text + "”"
}

// Expression is a parsed expression.
type Expression struct {
	Text string
	root node
}

// Eval gives the expression's value.
func (e *Expression) Eval(r *Run, s *Scope) Value { return e.root.eval(r, s) }

// ParseExpression reads an expression.
func ParseExpression(text string, names *Names) (*Expression, error) {
	p := newParser(text, names)
	n := p.expression()
	p.end()
	if p.err != nil {
		return nil, p.err
	}
	return &Expression{text, n}, nil
}

type parser struct {
	src     string
	pos     int
	err     *SyntaxError
	depth   int
	work    int
	names   *Names
	local   []pattern // names of more than one word that the expression itself brings
	filters int       // within this many filters, where members can be named by themselves
	noIndex bool      // [ ends a range here
}

func newParser(text string, names *Names) *parser {
	p := &parser{src: text, names: names}
	if p.names == nil {
		p.names = NewNames(nil, nil, nil)
	}
	if len(text) > maxText {
		p.fail("it is longer than %d bytes", maxText)
	}
	if !utf8.ValidString(text) {
		p.fail("it is not UTF-8")
	}
	return p
}

// fail notes the first problem and ends the reading.
func (p *parser) fail(format string, args ...any) node {
	if p.err == nil {
		before := p.src[:min(p.pos, len(p.src))]
		line := strings.Count(before, "\n") + 1
		column := utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
		p.err = &SyntaxError{Text: p.src, Line: line, Column: column, Says: fmt.Sprintf(format, args...)}
	}
	p.pos = len(p.src)
	return literal{}
}

type mark struct {
	pos, local, filters int
	err                 *SyntaxError
	noIndex             bool
}

func (p *parser) mark() mark { return mark{p.pos, len(p.local), p.filters, p.err, p.noIndex} }

// back returns to a mark, to read in another way. Reading twice within reading twice doubles: a limit ends it.
func (p *parser) back(m mark) {
	p.work++
	if p.work > maxWork+maxWork*len(p.src) {
		p.pos, p.err = m.pos, nil
		p.fail("it nests brackets too deeply")
		return
	}
	p.pos, p.local, p.filters, p.err, p.noIndex = m.pos, p.local[:m.local], m.filters, m.err, m.noIndex
}

func (p *parser) space() {
	for p.pos < len(p.src) {
		rest := p.src[p.pos:]
		switch {
		case strings.HasPrefix(rest, "//"):
			if i := strings.IndexByte(rest, '\n'); i >= 0 {
				p.pos += i
			} else {
				p.pos = len(p.src)
			}
		case strings.HasPrefix(rest, "/*"):
			i := strings.Index(rest[2:], "*/")
			if i < 0 {
				p.fail("the comment has no end")
				return
			}
			p.pos += i + 4
		default:
			c, size := utf8.DecodeRuneInString(rest)
			if !unicode.IsSpace(c) && c != '\uFEFF' {
				return
			}
			p.pos += size
		}
	}
}

// at reports whether a sign comes next.
func (p *parser) at(sign string) bool {
	p.space()
	return strings.HasPrefix(p.src[p.pos:], sign)
}

func (p *parser) take(sign string) bool {
	if !p.at(sign) {
		return false
	}
	p.pos += len(sign)
	return true
}

func (p *parser) want(sign, where string) {
	if !p.take(sign) {
		p.fail("expected %s %s, found %s", sign, where, p.next())
	}
}

// next says what comes next.
func (p *parser) next() string {
	p.space()
	if p.pos >= len(p.src) {
		return "the end"
	}
	if w := p.peekWord(); w != "" {
		return quoted(w)
	}
	c, _ := utf8.DecodeRuneInString(p.src[p.pos:])
	return quoted(string(c))
}

func (p *parser) end() {
	if p.space(); p.err == nil && p.pos < len(p.src) {
		p.fail("expected the end, found %s", p.next())
	}
}

// peekWord is the word that comes next, or nothing.
func (p *parser) peekWord() string {
	p.space()
	rest := p.src[p.pos:]
	for i, c := range rest {
		if i == 0 && !nameStart(c) {
			return ""
		}
		if !namePart(c) {
			return rest[:i]
		}
	}
	return rest
}

func (p *parser) atKeyword(word string) bool { return p.peekWord() == word }

func (p *parser) keyword(word string) bool {
	if !p.atKeyword(word) {
		return false
	}
	p.pos += len(word)
	return true
}

func (p *parser) wantKeyword(word, where string) {
	if !p.keyword(word) {
		p.fail("expected %s %s, found %s", word, where, p.next())
	}
}

// deeper guards the stack.
func (p *parser) deeper() bool {
	p.depth++
	if p.depth > maxDepth {
		p.fail("it nests more than %d deep", maxDepth)
	}
	return p.err == nil
}

func (p *parser) shallower() { p.depth-- }

// name reads a name that the expression may use: the longest that fits.
func (p *parser) name() (string, bool) {
	first := p.peekWord()
	if first == "" {
		return "", false
	}
	name, end := p.names.variables.longest(p.src, p.pos, first)
	if p.filters > 0 {
		if member, e := p.names.members.longest(p.src, p.pos, first); e > end {
			name, end = member, e
		}
	}
	for _, candidate := range p.local {
		if candidate.parts[0] == first {
			if e := candidate.match(p.src, p.pos); e > end {
				name, end = candidate.name, e
			}
		}
	}
	return p.takeName(first, name, end), true
}

// member reads the name after a full stop.
func (p *parser) member() string {
	first := p.peekWord()
	if first == "" {
		p.fail("expected a name after the full stop, found %s", p.next())
		return ""
	}
	name, end := p.names.members.longest(p.src, p.pos, first)
	if v, e := p.names.variables.longest(p.src, p.pos, first); e > end && !isBuiltin(v) {
		name, end = v, e
	}
	for _, candidate := range p.local {
		if candidate.parts[0] == first {
			if e := candidate.match(p.src, p.pos); e > end {
				name, end = candidate.name, e
			}
		}
	}
	return p.takeName(first, name, end)
}

func isBuiltin(name string) bool {
	return slices.Contains(longBuiltins, name)
}

func (p *parser) takeName(first, name string, end int) string {
	if end > p.pos+len(first) {
		p.pos = end
		return name
	}
	p.pos += len(first)
	return first
}

// bring makes a name known from here on.
func (p *parser) bring(name string) {
	if parts := split(name); !plain(name) && len(parts) > 0 {
		p.local = append(p.local, pattern{name, parts})
	}
}

// until reads a name that stands before a sign or a word, such as an entry's before its colon.
func (p *parser) until(stop func(rest string) bool) (string, bool) {
	p.space()
	start := p.pos
	for p.pos < len(p.src) && !stop(p.src[p.pos:]) {
		c, size := utf8.DecodeRuneInString(p.src[p.pos:])
		if p.pos == start && !nameStart(c) || !namePart(c) && !unicode.IsSpace(c) && !strings.ContainsRune("./-'+*", c) {
			break
		}
		p.pos += size
	}
	name := Tidy(p.src[start:p.pos])
	ok := name != "" && stop(p.src[p.pos:])
	if !ok {
		p.pos = start
	}
	return name, ok
}

func atSign(sign byte) func(string) bool {
	return func(rest string) bool { return rest != "" && rest[0] == sign }
}
