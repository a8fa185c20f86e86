package feel

func rangeFunctions() map[string]*builtin {
	return map[string]*builtin{
		"before":          relation("point1, point2 | point, range | range, point | range1, range2", func(a, b *Range) bool { return endsBefore(a, b) }),
		"after":           relation("point1, point2 | point, range | range, point | range1, range2", func(a, b *Range) bool { return endsBefore(b, a) }),
		"meets":           relation("range1, range2", meets),
		"met by":          relation("range1, range2", func(a, b *Range) bool { return meets(b, a) }),
		"overlaps":        relation("range1, range2", func(a, b *Range) bool { return !endsBefore(a, b) && !endsBefore(b, a) }),
		"overlaps before": relation("range1, range2", overlapsBefore),
		"overlaps after":  relation("range1, range2", func(a, b *Range) bool { return overlapsAfter(a, b) }),
		"finishes":        relation("point, range | range1, range2", finishes),
		"finished by":     relation("range, point | range1, range2", func(a, b *Range) bool { return finishes(b, a) }),
		"includes":        relation("range, point | range1, range2", includes),
		"during":          relation("point, range | range1, range2", func(a, b *Range) bool { return includes(b, a) }),
		"starts":          relation("point, range | range1, range2", startsWith),
		"started by":      relation("range, point | range1, range2", func(a, b *Range) bool { return startsWith(b, a) }),
		"coincides": relation("point1, point2 | range1, range2", func(a, b *Range) bool {
			return same(a.Low, b.Low) && same(a.High, b.High) && a.LowClosed == b.LowClosed && a.HighClosed == b.HighClosed
		}),
		"range": takes("from", of(rangeFrom)),
	}
}

// relation is a function of two ranges; a point is the range of itself.
func relation(params string, holds func(a, b *Range) bool) *builtin {
	return takes(params, func(r *Run, args []Value) Value {
		a, ok := asRange(args[0])
		b, ok2 := asRange(args[1])
		if !ok || !ok2 {
			return r.null("the function takes points and ranges that have both ends")
		}
		if _, ok := Order(a.Low, b.Low); !ok {
			return r.null("a %s has no order with a %s", TypeName(a.Low), TypeName(b.Low))
		}
		return holds(a, b)
	})
}

func asRange(v Value) (*Range, bool) {
	if g, is := v.(*Range); is {
		return g, g.Low != nil && g.High != nil
	}
	if _, ok := Order(v, v); !ok {
		return nil, false
	}
	return &Range{Low: v, High: v, LowClosed: true, HighClosed: true}, true
}

func order(a, b Value) int {
	o, _ := Order(a, b)
	return o
}

func endsBefore(a, b *Range) bool {
	o := order(a.High, b.Low)
	return o < 0 || o == 0 && (!a.HighClosed || !b.LowClosed)
}

func meets(a, b *Range) bool {
	return a.HighClosed && b.LowClosed && order(a.High, b.Low) == 0
}

// startsNoLater and endsNoLater compare limits, open ones too.
func startsNoLater(a, b *Range) bool {
	o := order(a.Low, b.Low)
	return o < 0 || o == 0 && (a.LowClosed || !b.LowClosed)
}

func endsNoLater(a, b *Range) bool {
	o := order(a.High, b.High)
	return o < 0 || o == 0 && (b.HighClosed || !a.HighClosed)
}

func includes(a, b *Range) bool { return startsNoLater(a, b) && endsNoLater(b, a) }

func overlapsBefore(a, b *Range) bool {
	o := order(a.Low, b.Low)
	startsFirst := o < 0 || o == 0 && a.LowClosed && !b.LowClosed
	return startsFirst && !endsBefore(a, b) && endsNoLater(a, b)
}

func overlapsAfter(a, b *Range) bool {
	o := order(b.Low, a.Low)
	startsLater := o < 0 || o == 0 && b.LowClosed && !a.LowClosed
	endsLater := order(a.High, b.High) > 0 || order(a.High, b.High) == 0 && (a.HighClosed || !b.HighClosed)
	return startsLater && !endsBefore(b, a) && endsLater
}

func finishes(a, b *Range) bool {
	return order(a.High, b.High) == 0 && a.HighClosed == b.HighClosed && startsNoLater(b, a)
}

func startsWith(a, b *Range) bool {
	return order(a.Low, b.Low) == 0 && a.LowClosed == b.LowClosed && endsNoLater(a, b)
}

// rangeFrom reads a range of literals.
func rangeFrom(r *Run, text string) Value {
	e, err := ParseExpression(text, nil)
	if err != nil {
		return r.null("%s is no range", quoted(text))
	}
	n, is := e.root.(interval)
	if !is || !constant(n.low) || !constant(n.high) {
		return r.null("%s is no range of literals", quoted(text))
	}
	g, is := n.eval(r, nil).(*Range)
	if !is || g.Low == nil || g.High == nil || TypeName(g.Low) != TypeName(g.High) || order(g.Low, g.High) > 0 {
		return r.null("%s is no range", quoted(text))
	}
	return g
}

// constant reports whether an expression is a literal, or a date, time or duration of one.
func constant(n node) bool {
	switch x := n.(type) {
	case literal, atLiteral:
		return true
	case negative:
		return constant(x.operand)
	case invoke:
		f, is := x.function.(variable)
		if !is {
			return false
		}
		switch f.name {
		case "date", "time", "date and time", "duration":
		default:
			return false
		}
		for _, a := range x.args {
			if _, is := a.(literal); !is {
				return false
			}
		}
		return true
	}
	return false
}
