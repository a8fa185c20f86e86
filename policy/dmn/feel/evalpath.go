package feel

func (n path) eval(r *Run, s *Scope) Value {
	return member(r, n.from.eval(r, s), n.name)
}

func member(r *Run, v Value, name string) Value {
	switch x := v.(type) {
	case *Context:
		if found, ok := x.Get(name); ok {
			return found
		}
		return r.null("the context has no entry %s", name)
	case List:
		items := make(List, len(x))
		for i, item := range x {
			items[i] = member(r, item, name)
		}
		return items
	}
	if p, ok := property(v, name); ok {
		return p
	}
	return r.null("a %s has no %s", TypeName(v), name)
}

// property finds the properties that the specification gives to dates, times, durations and ranges.
func property(v Value, name string) (Value, bool) {
	switch x := v.(type) {
	case Date:
		return dateProperty(x, name)
	case Time:
		return timeProperty(x, Date{1970, 1, 1}, name)
	case DateTime:
		if p, ok := dateProperty(x.Date, name); ok {
			return p, true
		}
		return timeProperty(x.Time, x.Date, name)
	case Days:
		return daysProperty(x, name)
	case Months:
		switch name {
		case "years":
			return NewNumber(x.Count / 12), true
		case "months":
			return NewNumber(x.Count % 12), true
		}
	case *Range:
		return rangeProperty(x, name)
	}
	return nil, false
}

func dateProperty(d Date, name string) (Value, bool) {
	switch name {
	case "year":
		return NewNumber(int64(d.Year)), true
	case "month":
		return NewNumber(int64(d.Month)), true
	case "day":
		return NewNumber(int64(d.Day)), true
	case "weekday":
		return NewNumber(int64(d.weekday())), true
	}
	return nil, false
}

func timeProperty(t Time, on Date, name string) (Value, bool) {
	switch name {
	case "hour":
		return NewNumber(int64(t.Second / 3600)), true
	case "minute":
		return NewNumber(int64(t.Second / 60 % 60)), true
	case "second":
		return NewNumber(int64(t.Second % 60)), true
	case "time offset":
		offset, ok := t.Zone.offset(on, t.Second)
		if !ok {
			return nil, true
		}
		return newDays(int64(offset), 0), true
	case "timezone":
		if t.Zone.Kind != namedZone {
			return nil, true
		}
		return t.Zone.Name, true
	}
	return nil, false
}

func daysProperty(d Days, name string) (Value, bool) {
	mark := int64(1)
	if d.Seconds < 0 {
		mark, d = -1, d.negated()
	}
	switch name {
	case "days":
		return NewNumber(mark * (d.Seconds / secondsOfDay)), true
	case "hours":
		return NewNumber(mark * (d.Seconds / 3600 % 24)), true
	case "minutes":
		return NewNumber(mark * (d.Seconds / 60 % 60)), true
	case "seconds":
		return NewNumber(mark * (d.Seconds % 60)), true
	}
	return nil, false
}

func rangeProperty(g *Range, name string) (Value, bool) {
	switch name {
	case "start":
		return g.Low, true
	case "end":
		return g.High, true
	case "start included":
		return g.LowClosed, true
	case "end included":
		return g.HighClosed, true
	}
	return nil, false
}

// filter picks by number, or keeps the items for which the condition is true.
func (n filter) eval(r *Run, s *Scope) Value {
	from := n.from.eval(r, s)
	items, ok := from.(List)
	if !ok {
		if from == nil {
			items = List{}
		} else {
			items = List{from}
		}
	}
	if at, isIndex := n.index(r, s, items); isIndex {
		return pick(r, items, at)
	}
	kept := List{}
	for _, item := range items {
		if !r.step() {
			return nil
		}
		if n.keeps(r, s, item) {
			kept = append(kept, item)
		}
	}
	return kept
}

func (n filter) keeps(r *Run, s *Scope, item Value) bool {
	return n.condition.eval(r, itemScope(s, item)) == true
}

func itemScope(s *Scope, item Value) *Scope {
	inner := NewScope(s)
	inner.Set("item", item)
	if c, is := item.(*Context); is {
		// An entry that is called item is the item's own.
		return within(inner, c)
	}
	return inner
}

// index is the condition's number, if it is one.
func (n filter) index(r *Run, s *Scope, items List) (*Number, bool) {
	switch n.condition.(type) {
	case compare, logic, between, inTests, instanceOf, quantified, unary:
		return nil, false
	}
	held := len(r.reasons)
	scope := s
	if len(items) > 0 {
		scope = itemScope(s, items[0])
	}
	at, ok := n.condition.eval(r, scope).(*Number)
	r.reasons = r.reasons[:held]
	return at, ok
}

func pick(r *Run, items List, at *Number) Value {
	i, ok := whole(at)
	if ok && i < 0 {
		i += len(items) + 1
	}
	if !ok || i < 1 || i > len(items) {
		return r.null("the list has %d items, and none at %s", len(items), FormatNumber(at))
	}
	return items[i-1]
}
