package feel

import "strings"

// expression reads what binds loosest: or.
func (p *parser) expression() node {
	if !p.deeper() {
		return literal{}
	}
	defer p.shallower()
	left := p.conjunction()
	for p.err == nil && p.keyword("or") {
		left = logic{left: left, right: p.conjunction(), or: true}
	}
	return left
}

func (p *parser) conjunction() node {
	left := p.comparison()
	for p.err == nil && p.keyword("and") {
		left = logic{left: left, right: p.comparison()}
	}
	return left
}

var comparisons = []string{"<=", ">=", "!=", "<", ">", "="}

func (p *parser) comparison() node {
	left := p.sum()
	for p.err == nil {
		op := p.comparisonSign()
		switch {
		case op != "":
			left = compare{op, left, p.sum()}
		case p.keyword("between"):
			low := p.sum()
			p.wantKeyword("and", "between the two limits")
			left = between{left, low, p.sum()}
		case p.keyword("in"):
			left = inTests{left, p.inOperand()}
		case p.atKeyword("instance"):
			p.keyword("instance")
			p.wantKeyword("of", "after instance")
			left = instanceOf{left, p.typeName()}
		default:
			return left
		}
	}
	return left
}

func (p *parser) comparisonSign() string {
	for _, op := range comparisons {
		if p.at(op) {
			p.pos += len(op)
			return op
		}
	}
	return ""
}

// inOperand reads what follows in: one test, or several in brackets.
func (p *parser) inOperand() []node {
	m := p.mark()
	if p.at("(") {
		// (1, < 5) are tests; (1..5) is a range and (1) + 2 an expression.
		p.take("(")
		tests := p.tests()
		if p.err == nil && len(tests) > 1 && p.take(")") {
			return tests
		}
		p.back(m)
	}
	return []node{p.test(p.sum)}
}

func (p *parser) tests() []node {
	tests := []node{p.test(p.expression)}
	for p.err == nil && p.take(",") {
		tests = append(tests, p.test(p.expression))
	}
	return tests
}

// test reads one positive unary test.
func (p *parser) test(operand func() node) node {
	if op := p.comparisonSign(); op != "" {
		return unary{op, p.sum()}
	}
	return operand()
}

func (p *parser) sum() node {
	left := p.product()
	for p.err == nil {
		switch {
		case p.take("+"):
			left = arithmetic{'+', left, p.product()}
		case p.at("-"):
			p.pos++
			left = arithmetic{'-', left, p.product()}
		default:
			return left
		}
	}
	return left
}

func (p *parser) product() node {
	left := p.exponent()
	for p.err == nil {
		switch {
		case p.at("**"):
			return left
		case p.take("*"):
			left = arithmetic{'*', left, p.exponent()}
		case p.take("/"):
			left = arithmetic{'/', left, p.exponent()}
		default:
			return left
		}
	}
	return left
}

func (p *parser) exponent() node {
	left := p.negation()
	for p.err == nil && p.take("**") {
		left = arithmetic{'^', left, p.negation()}
	}
	return left
}

func (p *parser) negation() node {
	if !p.take("-") {
		return p.postfix()
	}
	if !p.deeper() {
		return literal{}
	}
	defer p.shallower()
	return negative{p.negation()}
}

// postfix reads paths, filters and invocations.
func (p *parser) postfix() node {
	n := p.primary()
	for p.err == nil {
		switch {
		case p.at("..") || p.noIndex && p.at("["):
			return n
		case p.take("."):
			n = path{n, p.member()}
		case p.at("["):
			m := p.mark()
			p.pos++
			p.filters++
			held := p.noIndex
			p.noIndex = false
			condition := p.test(p.expression)
			p.noIndex = held
			p.filters--
			if !p.take("]") {
				p.filters = m.filters
				return p.fail("expected ] after the filter, found %s", p.next())
			}
			n = filter{n, condition}
		case p.at("("):
			n = p.invocation(n)
		default:
			return n
		}
	}
	return n
}

func (p *parser) invocation(function node) node {
	held := p.noIndex
	p.noIndex = false
	defer func() { p.noIndex = held }()
	p.take("(")
	call := invoke{function: function}
	if p.take(")") {
		return call
	}
	named := p.namedArgument()
	for p.err == nil {
		if named {
			name, ok := p.until(atSign(':'))
			if !ok {
				return p.fail("expected the name of a parameter, found %s", p.next())
			}
			p.take(":")
			call.names = append(call.names, name)
		}
		call.args = append(call.args, p.expression())
		if p.take(",") {
			continue
		}
		p.want(")", "after the arguments")
		break
	}
	return call
}

func (p *parser) namedArgument() bool {
	m := p.mark()
	_, named := p.until(atSign(':'))
	p.pos = m.pos
	return named
}

// group reads what a round bracket opens: an expression or a range.
func (p *parser) group() node {
	p.take("(")
	held := p.noIndex
	p.noIndex = false
	defer func() { p.noIndex = held }()
	if op := p.comparisonSign(); op != "" {
		n := unary{op, p.sum()}
		p.want(")", "after the test")
		return n
	}
	n := p.expression()
	if p.take("..") {
		return p.rangeFrom(n, false)
	}
	p.want(")", "to close the bracket")
	return n
}

// square reads what [ opens: a list or a range.
func (p *parser) square() node {
	p.take("[")
	held := p.noIndex
	p.noIndex = false
	defer func() { p.noIndex = held }()
	if p.take("]") {
		return list{}
	}
	first := p.test(p.expression)
	if p.take("..") {
		return p.rangeFrom(first, true)
	}
	items := list{first}
	for p.err == nil && p.take(",") {
		items = append(items, p.test(p.expression))
	}
	p.want("]", "after the list")
	return items
}

// rangeFrom reads a range from its second limit on. In [1..3[ the last bracket closes, in [1..x[1]] it filters.
func (p *parser) rangeFrom(low node, closed bool) node {
	m := p.mark()
	high := p.sum()
	if highClosed, ok := p.rangeEnd(); ok {
		return interval{low, high, closed, highClosed}
	}
	p.back(m)
	p.noIndex = true
	high = p.sum()
	highClosed, ok := p.rangeEnd()
	if !ok {
		return p.fail("expected ], ) or [ after the range, found %s", p.next())
	}
	return interval{low, high, closed, highClosed}
}

func (p *parser) rangeEnd() (closed, ok bool) {
	if p.err == nil {
		p.space()
	}
	if p.err != nil || p.pos >= len(p.src) {
		return false, false
	}
	c := p.src[p.pos]
	if !strings.ContainsRune("])[", rune(c)) {
		return false, false
	}
	p.pos++
	return c == ']', true
}
