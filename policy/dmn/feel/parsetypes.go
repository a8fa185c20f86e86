package feel

import (
	"strings"
	"unicode"
)

// typeName reads the name of a type.
func (p *parser) typeName() *Type {
	if !p.deeper() {
		return nil
	}
	defer p.shallower()
	for _, name := range []string{"years and months duration", "days and time duration", "date and time"} {
		pat := pattern{name, strings.Fields(name)}
		p.space()
		if e := pat.match(p.src, p.pos); e > 0 {
			p.pos = e
			return BaseTypes()[name]
		}
	}
	word := p.peekWord()
	if word == "" {
		p.fail("expected the name of a type, found %s", p.next())
		return nil
	}
	if name, end := p.names.typeNames.longest(p.src, p.pos, word); end > p.pos+len(word) {
		p.pos = end
		return p.names.types[name]
	}
	start := p.pos
	p.pos += len(word)
	switch word {
	case "list", "range":
		return p.typeOf(word)
	case "context":
		return p.contextType()
	case "function":
		return p.functionType()
	}
	if t, ok := p.names.types[word]; ok {
		return t
	}
	if t, ok := BaseTypes()[word]; ok {
		return t
	}
	p.pos = start
	p.fail("there is no type %s", quoted(word))
	return nil
}

func (p *parser) typeOf(word string) *Type {
	t := &Type{Kind: ListKind}
	if word == "range" {
		t.Kind = RangeKind
	}
	if p.take("<") {
		t.Of = p.typeName()
		p.want(">", "after the type")
	}
	return t
}

func (p *parser) contextType() *Type {
	t := &Type{Kind: ContextKind}
	if !p.take("<") {
		return t
	}
	for p.err == nil && !p.take(">") {
		name, ok := p.until(atSign(':'))
		if !ok {
			p.fail("expected the name of an entry, found %s", p.next())
			return t
		}
		p.take(":")
		t.Fields = append(t.Fields, Param{name, p.typeName()})
		p.take(",")
	}
	return t
}

func (p *parser) functionType() *Type {
	t := &Type{Kind: FunctionKind}
	if !p.take("<") {
		return t
	}
	t.Args = []*Type{}
	for p.err == nil && !p.take(">") {
		t.Args = append(t.Args, p.typeName())
		p.take(",")
	}
	if p.take("->") {
		t.Returns = p.typeName()
	}
	return t
}

// UnaryTests are the tests of one cell of a decision table.
type UnaryTests struct {
	Text    string
	any     bool
	negated bool
	tests   []node
	about   []bool // the test at the same place mentions ?
}

// Anything reports whether the tests are "-": every value passes.
func (u *UnaryTests) Anything() bool { return u.any }

// ParseUnaryTests reads a cell: -, tests separated by commas, or not(tests).
func ParseUnaryTests(text string, names *Names) (*UnaryTests, error) {
	u := &UnaryTests{Text: text}
	if trimmed := strings.TrimFunc(text, unicode.IsSpace); trimmed == "-" || trimmed == "" {
		u.any = true
		return u, nil
	}
	p := newParser(text, names)
	if p.atKeyword("not") {
		if tests, ok := p.negatedTests(); ok {
			u.negated, u.tests = true, tests
			return u.known(), nil
		}
	}
	u.tests = p.tests()
	p.end()
	if p.err != nil {
		return nil, p.err
	}
	return u.known(), nil
}

// negatedTests reads not(tests) when that is the whole cell; not(a) and b is an expression.
func (p *parser) negatedTests() ([]node, bool) {
	m := p.mark()
	p.keyword("not")
	if p.take("(") {
		tests := p.tests()
		if p.err == nil && p.take(")") {
			if p.space(); p.err == nil && p.pos == len(p.src) {
				return tests, true
			}
		}
	}
	p.back(m)
	return nil, false
}

func (u *UnaryTests) known() *UnaryTests {
	for _, t := range u.tests {
		u.about = append(u.about, mentionsInput(t))
	}
	return u
}
