package feel

func (n literal) eval(*Run, *Scope) Value { return n.value }

func (n atLiteral) eval(r *Run, _ *Scope) Value {
	if v, ok := ParseTemporal(n.text); ok {
		return v
	}
	return r.null("@%q is no date, time or duration", n.text)
}

// ParseTemporal reads whichever date, time or duration a text is.
func ParseTemporal(text string) (Value, bool) {
	if d, ok := ParseDate(text); ok {
		return d, true
	}
	if d, ok := ParseDateTime(text); ok {
		return d, true
	}
	if t, ok := ParseTime(text); ok {
		return t, true
	}
	if d, ok := ParseDays(text); ok {
		return d, true
	}
	if m, ok := ParseMonths(text); ok {
		return m, true
	}
	return nil, false
}

func (n variable) eval(r *Run, s *Scope) Value {
	if v, ok := s.Get(n.name); ok {
		return v
	}
	if b, ok := builtins[n.name]; ok {
		return &Function{Name: n.name, builtin: b}
	}
	return r.null("nothing is called %s here", n.name)
}

// logic is ternary: what is not a boolean counts as null.
func (n logic) eval(r *Run, s *Scope) Value {
	left, leftKnown := n.left.eval(r, s).(bool)
	if leftKnown && left == n.or {
		return n.or
	}
	right, rightKnown := n.right.eval(r, s).(bool)
	if rightKnown && right == n.or {
		return n.or
	}
	if leftKnown && rightKnown {
		return !n.or
	}
	return nil
}

func (n compare) eval(r *Run, s *Scope) Value {
	return comparison(r, n.op, n.left.eval(r, s), n.right.eval(r, s))
}

func comparison(r *Run, op string, a, b Value) Value {
	if op == "=" || op == "!=" {
		equal, ok := Equal(a, b)
		if !ok {
			return r.null("a %s cannot be compared with a %s", TypeName(a), TypeName(b))
		}
		return equal == (op == "=")
	}
	o, ok := Order(a, b)
	if !ok {
		return r.null("a %s has no order with a %s", TypeName(a), TypeName(b))
	}
	switch op {
	case "<":
		return o < 0
	case "<=":
		return o <= 0
	case ">":
		return o > 0
	}
	return o >= 0
}

func (n between) eval(r *Run, s *Scope) Value {
	v := n.value.eval(r, s)
	above := comparison(r, ">=", v, n.low.eval(r, s))
	below := comparison(r, "<=", v, n.high.eval(r, s))
	a, okA := above.(bool)
	b, okB := below.(bool)
	if !okA || !okB {
		return nil
	}
	return a && b
}

func (n inTests) eval(r *Run, s *Scope) Value {
	v := n.value.eval(r, s)
	var result Value = false
	for _, t := range n.tests {
		switch passes(r, s, t, v, false) {
		case true:
			return true
		case nil:
			result = nil
		}
	}
	return result
}

func (n instanceOf) eval(r *Run, s *Scope) Value {
	v := n.value.eval(r, s)
	if v == nil && n.of != nil {
		return n.of.Kind == NullKind
	}
	return n.of == nil || n.of.shape(v, r)
}

// unary tests are ranges when they stand by themselves.
func (n unary) eval(r *Run, s *Scope) Value {
	v := n.operand.eval(r, s)
	if n.op == "!=" {
		return &Different{v}
	}
	if n.op == "=" {
		return &Range{Low: v, High: v, LowClosed: true, HighClosed: true, alone: true}
	}
	if _, ok := Order(v, v); !ok {
		return r.null("a %s has no order", TypeName(v))
	}
	switch n.op {
	case "<":
		return &Range{High: v, alone: true}
	case "<=":
		return &Range{High: v, HighClosed: true, alone: true}
	case ">":
		return &Range{Low: v, alone: true}
	}
	return &Range{Low: v, LowClosed: true, alone: true}
}

func (n list) eval(r *Run, s *Scope) Value {
	items := make(List, len(n))
	for i, item := range n {
		items[i] = item.eval(r, s)
	}
	return items
}

func (n interval) eval(r *Run, s *Scope) Value {
	low, high := n.low.eval(r, s), n.high.eval(r, s)
	g := &Range{Low: low, High: high, LowClosed: n.lowClosed, HighClosed: n.highClosed}
	if low == nil || high == nil {
		return g
	}
	if _, ok := Order(low, high); !ok {
		return r.null("a %s and a %s make no range", TypeName(low), TypeName(high))
	}
	return g
}

func (n context) eval(r *Run, s *Scope) Value {
	if n.duplicate {
		return r.null("two entries of the context have one name")
	}
	c := NewContext()
	inner := within(s, c)
	for _, e := range n.entries {
		c.Put(e.name, e.value.eval(r, inner))
	}
	return c
}

func (n conditional) eval(r *Run, s *Scope) Value {
	if n.test.eval(r, s) == true {
		return n.yes.eval(r, s)
	}
	return n.no.eval(r, s)
}

func (n function) eval(_ *Run, s *Scope) Value {
	f := &Function{Params: n.params}
	if n.external {
		f.call = func(r *Run, _ []Value) Value { return r.null("functions outside FEEL are not run here") }
		return f
	}
	f.call = func(r *Run, args []Value) Value {
		inner := NewScope(s)
		for i, p := range n.params {
			inner.Set(p.Name, args[i])
		}
		return n.body.eval(r, inner)
	}
	return f
}

func (n invoke) eval(r *Run, s *Scope) Value {
	v := n.function.eval(r, s)
	f, ok := v.(*Function)
	if !ok {
		return r.null("a %s cannot be invoked", TypeName(v))
	}
	args := make([]Value, len(n.args))
	for i, a := range n.args {
		args[i] = a.eval(r, s)
	}
	if n.names != nil {
		return f.InvokeNamed(r, n.names, args)
	}
	return f.Invoke(r, args)
}

// InvokeNamed calls the function with arguments by name.
func (f *Function) InvokeNamed(r *Run, names []string, args []Value) Value {
	if f.builtin != nil {
		ordered, ok := f.builtin.order(names, args)
		if !ok {
			return r.null("%s has no parameters named so", f.named())
		}
		return f.Invoke(r, ordered)
	}
	ordered := make([]Value, len(f.Params))
	for i, name := range names {
		at := -1
		for j, p := range f.Params {
			if p.Name == name {
				at = j
			}
		}
		if at < 0 {
			return r.null("%s has no parameter named %s", f.named(), name)
		}
		ordered[at] = args[i]
	}
	return f.Invoke(r, ordered)
}
