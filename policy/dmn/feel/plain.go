package feel

// PlainTest is a test against literals alone: a value (=), an order (<, <=, >, >=), or a range.
type PlainTest struct {
	Op    string // =, <, <=, >, >= or ..
	Value Value
	Range *Range // of ..
}

// Plain gives the tests as literals, if they are nothing more. The word unknown, which policies use, counts as null.
func (u *UnaryTests) Plain() (tests []PlainTest, negated, ok bool) {
	for _, t := range u.tests {
		plain, ok := plainTest(t)
		if !ok {
			return nil, false, false
		}
		tests = append(tests, plain)
	}
	return tests, u.negated, true
}

func plainTest(t node) (PlainTest, bool) {
	switch x := t.(type) {
	case unary:
		v, ok := value(x.operand)
		return PlainTest{Op: x.op, Value: v}, ok && x.op != "!="
	case interval:
		low, okLow := value(x.low)
		high, okHigh := value(x.high)
		return PlainTest{Op: "..", Range: &Range{Low: low, High: high, LowClosed: x.lowClosed, HighClosed: x.highClosed}}, okLow && okHigh && low != nil && high != nil
	case variable:
		return PlainTest{Op: "="}, x.name == "unknown"
	}
	v, ok := value(t)
	return PlainTest{Op: "=", Value: v}, ok
}

// value is what a literal stands for: a constant, its negative, a list of them, or a date, time or duration of text.
func value(n node) (Value, bool) {
	switch x := n.(type) {
	case literal:
		return x.value, true
	case atLiteral:
		return ParseTemporal(x.text)
	case negative:
		v, ok := value(x.operand)
		d, is := v.(*Number)
		if !ok || !is {
			return nil, false
		}
		return new(Number).Neg(d), true
	case list:
		items := List{}
		for _, part := range x {
			v, ok := value(part)
			if !ok {
				return nil, false
			}
			items = append(items, v)
		}
		return items, true
	case invoke:
		if constant(x) {
			return temporalOf(x)
		}
	}
	return nil, false
}

// temporalOf is the date, time or duration that a call with one text gives.
func temporalOf(n invoke) (Value, bool) {
	if len(n.args) != 1 {
		return nil, false
	}
	l, _ := n.args[0].(literal)
	text, is := l.value.(string)
	if !is {
		return nil, false
	}
	return ParseTemporal(text)
}

// Literal gives the expression's value, if it is a literal or a list of them.
func (e *Expression) Literal() (Value, bool) { return value(e.root) }

// Name gives the name that the expression is, if it is nothing more.
func (e *Expression) Name() (string, bool) {
	v, is := e.root.(variable)
	return v.name, is
}

// Source is a value as FEEL writes it.
func Source(v Value) string { return source(v) }
