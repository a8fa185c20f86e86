package feel

func (n arithmetic) eval(r *Run, s *Scope) Value {
	return calculate(r, n.op, n.left.eval(r, s), n.right.eval(r, s))
}

func (n negative) eval(r *Run, s *Scope) Value {
	switch x := n.operand.eval(r, s).(type) {
	case *Number:
		d := new(Number).Neg(x)
		if d.Sign() == 0 {
			d.Negative = false
		}
		return d
	case Days:
		return x.negated()
	case Months:
		return Months{-x.Count}
	case nil:
		return nil
	default:
		return r.null("a %s has no negative", TypeName(x))
	}
}

func calculate(r *Run, op byte, a, b Value) Value {
	var v Value
	switch x := a.(type) {
	case *Number:
		v = numberWith(op, x, b)
	case string:
		if y, is := b.(string); is && op == '+' {
			if len(x)+len(y) > maxString {
				return r.null("the string is longer than %d bytes", maxString)
			}
			return x + y
		}
	case Days:
		v = daysWith(op, x, b)
	case Months:
		v = monthsWith(op, x, b)
	case Date, DateTime:
		v = momentWith(op, x, b)
	case Time:
		v = timeWith(op, x, b)
	}
	if v == nil {
		return r.null("%s %c %s gives nothing", TypeName(a), op, TypeName(b))
	}
	return v
}

func numberWith(op byte, x *Number, b Value) Value {
	switch y := b.(type) {
	case *Number:
		return numbers(op, x, y)
	case Days:
		if op == '*' {
			return daysTimes(y, x)
		}
	case Months:
		if op == '*' {
			return monthsTimes(y, x)
		}
	}
	return nil
}

func numbers(op byte, x, y *Number) Value {
	var d *Number
	switch op {
	case '+':
		d = compute(plus, x, y)
	case '-':
		d = compute(minus, x, y)
	case '*':
		d = compute(times, x, y)
	case '/':
		d = compute(over, x, y)
	case '^':
		d = compute(power, x, y)
	}
	if d == nil {
		return nil
	}
	return d
}

func (d Days) number() *Number {
	n := compute(over, NewNumber(d.Nanos), NewNumber(nanos))
	return compute(plus, NewNumber(d.Seconds), n)
}

func daysOf(n *Number) Value {
	if n == nil {
		return nil
	}
	var whole, rest Number
	n.Modf(&whole, &rest)
	seconds, err := whole.Int64()
	scaledRest := compute(times, &rest, NewNumber(nanos))
	nano, ok := truncated(scaledRest)
	if err != nil || !ok {
		return nil
	}
	return newDays(seconds, int64(nano))
}

func daysTimes(d Days, n *Number) Value { return daysOf(compute(times, d.number(), n)) }

func monthsTimes(m Months, n *Number) Value {
	product := compute(times, NewNumber(m.Count), n)
	if count, ok := truncated(product); product != nil && ok {
		return Months{int64(count)}
	}
	return nil
}

func daysWith(op byte, x Days, b Value) Value {
	switch y := b.(type) {
	case Days:
		switch op {
		case '+':
			return newDays(x.Seconds+y.Seconds, x.Nanos+y.Nanos)
		case '-':
			return newDays(x.Seconds-y.Seconds, x.Nanos-y.Nanos)
		case '/':
			return orNil(compute(over, x.number(), y.number()))
		}
	case *Number:
		switch op {
		case '*':
			return daysTimes(x, y)
		case '/':
			return daysOf(compute(over, x.number(), y))
		}
	case Date, DateTime:
		if op == '+' {
			return momentWith(op, y, x)
		}
	case Time:
		if op == '+' {
			return y.plusDays(x)
		}
	}
	return nil
}

func orNil(n *Number) Value {
	if n == nil {
		return nil
	}
	return n
}

func monthsWith(op byte, x Months, b Value) Value {
	switch y := b.(type) {
	case Months:
		switch op {
		case '+':
			return Months{x.Count + y.Count}
		case '-':
			return Months{x.Count - y.Count}
		case '/':
			return orNil(compute(over, NewNumber(x.Count), NewNumber(y.Count)))
		}
	case *Number:
		switch op {
		case '*':
			return monthsTimes(x, y)
		case '/':
			if quotient := compute(over, NewNumber(x.Count), y); quotient != nil {
				if count, ok := truncated(quotient); ok {
					return Months{int64(count)}
				}
			}
		}
	case Date, DateTime:
		if op == '+' {
			return momentWith(op, y, x)
		}
	}
	return nil
}

// momentWith calculates with a date or a date and time.
func momentWith(op byte, a, b Value) Value {
	moment, isDate := asMoment(a)
	switch y := b.(type) {
	case Days:
		if op == '-' {
			y = y.negated()
		}
		if op == '+' || op == '-' {
			t, ok := moment.plusDays(y)
			return momentOr(t, isDate, ok)
		}
	case Months:
		n := y.Count
		if op == '-' {
			n = -n
		}
		if op == '+' || op == '-' {
			t, ok := moment.plusMonths(n)
			return momentOr(t, isDate, ok)
		}
	case Date, DateTime:
		other, _ := asMoment(y)
		if op == '-' {
			if d, ok := moment.minusDateTime(other); ok {
				return d
			}
		}
	}
	return nil
}

func asMoment(v Value) (t DateTime, isDate bool) {
	if d, is := v.(Date); is {
		return midnight(d), true
	}
	t, _ = v.(DateTime)
	return t, false
}

func momentOr(t DateTime, isDate, ok bool) Value {
	switch {
	case !ok:
		return nil
	case isDate:
		return t.Date
	}
	return t
}

func timeWith(op byte, x Time, b Value) Value {
	switch y := b.(type) {
	case Days:
		if op == '-' {
			y = y.negated()
		}
		if op == '+' || op == '-' {
			return x.plusDays(y)
		}
	case Time:
		if op == '-' {
			s, zonedX := x.utc()
			t, zonedY := y.utc()
			if zonedX == zonedY {
				return newDays(int64(s-t), int64(x.Nano-y.Nano))
			}
		}
	}
	return nil
}
