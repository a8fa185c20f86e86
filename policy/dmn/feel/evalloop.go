package feel

// walk calls visit for each combination of the iterators' values, until it says stop. ok is false when there was no list.
func walk(r *Run, s *Scope, iterators []iterator, visit func(*Scope) bool) (ok bool) {
	if len(iterators) == 0 {
		visit(s)
		return true
	}
	it, failed := iterators[0], false
	ok = it.each(r, s, func(v Value) bool {
		if !r.step() {
			return false
		}
		inner := NewScope(s)
		inner.Set(it.name, v)
		more := true
		if !walk(r, inner, iterators[1:], func(x *Scope) bool {
			more = visit(x)
			return more
		}) {
			failed = true
		}
		return more && !failed
	})
	return ok && !failed
}

// each calls visit for each value; ok is false when there is nothing to walk over.
func (it iterator) each(r *Run, s *Scope, visit func(Value) bool) (ok bool) {
	from := it.from.eval(r, s)
	if it.to != nil {
		return steps(r, from, it.to.eval(r, s), visit)
	}
	switch x := from.(type) {
	case nil:
		r.null("there is no list to go through")
		return false
	case List:
		for _, v := range x {
			if !visit(v) {
				return true
			}
		}
		return true
	case *Range:
		return rangeSteps(r, x, visit)
	}
	visit(from)
	return true
}

func rangeSteps(r *Run, g *Range, visit func(Value) bool) bool {
	if g.Low == nil || g.High == nil {
		r.null("a range without an end cannot be gone through")
		return false
	}
	if o, ok := Order(g.Low, g.High); !ok || o > 0 {
		r.null("a range is gone through from its lower end to its higher")
		return false
	}
	return steps(r, g.Low, g.High, func(v Value) bool {
		if !g.LowClosed && same(v, g.Low) || !g.HighClosed && same(v, g.High) {
			return true
		}
		return visit(v)
	})
}

// steps counts whole numbers or days, up or down.
func steps(r *Run, from, to Value, visit func(Value) bool) bool {
	if a, ok := from.(Date); ok {
		b, ok := to.(Date)
		if !ok {
			r.null("a date and a %s cannot be counted through", TypeName(to))
			return false
		}
		return count(a.epochDay(), b.epochDay(), func(i int64) bool {
			d, _ := dateOf(i)
			return visit(d)
		})
	}
	a, ok := whole(from)
	b, ok2 := whole(to)
	if !ok || !ok2 {
		r.null("only whole numbers and dates can be counted through")
		return false
	}
	return count(int64(a), int64(b), func(i int64) bool { return visit(NewNumber(i)) })
}

func count(from, to int64, visit func(int64) bool) bool {
	step := int64(1)
	if from > to {
		step = -1
	}
	for i := from; ; i += step {
		if !visit(i) || i == to {
			return true
		}
	}
}

func (n loop) eval(r *Run, s *Scope) Value {
	results := List{}
	inner := NewScope(s)
	ok := walk(r, inner, n.iterators, func(x *Scope) bool {
		inner.Set("partial", results)
		results = append(results, n.result.eval(r, x))
		return !r.spent
	})
	if !ok || r.spent {
		return nil
	}
	return results
}

func (n quantified) eval(r *Run, s *Scope) Value {
	var result Value = n.every
	ok := walk(r, s, n.iterators, func(x *Scope) bool {
		switch n.condition.eval(r, x) {
		case !n.every:
			result = !n.every
			return false
		case n.every:
		default:
			result = nil
		}
		return true
	})
	if !ok || r.spent {
		return nil
	}
	return result
}

// Items are the whole numbers or days of a range, or null.
func (g *Range) Items(r *Run) Value {
	items := List{}
	ok := rangeSteps(r, g, func(v Value) bool {
		items = append(items, v)
		return r.step()
	})
	if !ok || r.spent {
		return nil
	}
	return items
}
