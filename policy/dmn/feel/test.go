package feel

// Test reports whether a value passes: true only where FEEL says true.
func (u *UnaryTests) Test(r *Run, s *Scope, input Value) bool {
	if u.any {
		return true
	}
	held := len(r.reasons)
	passed := u.result(r, s, input) == true
	if input == nil {
		r.reasons = r.reasons[:held] // that nothing compares with null is no news
	}
	return passed
}

func (u *UnaryTests) result(r *Run, s *Scope, input Value) Value {
	inner := s
	for _, about := range u.about {
		if about {
			inner = NewScope(s)
			inner.Set(inputName, input)
			break
		}
	}
	var result Value = false
	for i, t := range u.tests {
		var v Value
		if u.about[i] {
			v = passesAbout(r, inner, t, input)
		} else {
			v = passes(r, inner, t, input, true)
		}
		if v == true {
			result = true
			break
		}
		if v == nil {
			result = nil
		}
	}
	// not(...) of a test that gives null, as null < 5 does, takes the value: the test did not hold for it.
	if u.negated {
		return result != true
	}
	return result
}

// passesAbout tests by an expression that mentions the value itself.
func passesAbout(r *Run, s *Scope, t node, input Value) Value {
	if _, is := t.(unary); is {
		return passes(r, s, t, input, true)
	}
	v := t.eval(r, s)
	if b, is := v.(bool); is || v == nil {
		if is {
			return b
		}
		return nil
	}
	return passesValue(r, v, input)
}

// passes tests a value against one positive unary test: true, false or nil.
func passes(r *Run, s *Scope, t node, input Value, cell bool) Value {
	if u, is := t.(unary); is {
		return comparison(r, u.op, input, u.operand.eval(r, s))
	}
	v := t.eval(r, s)
	if b, is := v.(bool); is && cell && condition(t) {
		if _, is := input.(bool); !is {
			return b
		}
	}
	return passesValue(r, v, input)
}

// condition reports whether an expression is a question of its own, rather than a value to compare with.
func condition(t node) bool {
	switch t.(type) {
	case compare, logic, between, inTests, instanceOf, quantified, invoke:
		return true
	}
	return false
}

func passesValue(r *Run, v, input Value) Value {
	switch x := v.(type) {
	case *Range:
		if g, is := input.(*Range); is {
			return same(g, x)
		}
		in, ok := x.Contains(input)
		if !ok {
			return r.null("a %s cannot be in that range", TypeName(input))
		}
		return in
	case *Different:
		return comparison(r, "!=", input, x.From)
	case List:
		return passesList(x, input)
	}
	return same(input, v)
}

// passesList reports whether the value is the list, one of its items, or in one of its ranges.
func passesList(l List, input Value) Value {
	if same(l, input) {
		return true
	}
	for _, item := range l {
		if same(item, input) {
			return true
		}
		switch x := item.(type) {
		case *Range:
			if in, ok := x.Contains(input); ok && in {
				return true
			}
		case *Different:
			if equal, ok := Equal(x.From, input); ok && !equal {
				return true
			}
		}
	}
	return false
}

// Position is the place of the first test that a value passes, and beyond the last when it passes none.
func (u *UnaryTests) Position(r *Run, s *Scope, v Value) int {
	for i, t := range u.tests {
		if passes(r, s, t, v, true) == true {
			return i
		}
	}
	return len(u.tests)
}
