package feel

import (
	"sort"

	"github.com/cockroachdb/apd/v3"
)

func aggregateFunctions() map[string]*builtin {
	return map[string]*builtin{
		"min":     takesMany("list", func(r *Run, a []Value) Value { return extreme(r, items(a), -1) }),
		"max":     takesMany("list", func(r *Run, a []Value) Value { return extreme(r, items(a), 1) }),
		"sum":     takesMany("list", func(r *Run, a []Value) Value { return Sum(r, items(a)) }),
		"mean":    takesMany("list", mean),
		"product": takesMany("list", product),
		"median":  takesMany("list", median),
		"stddev":  takesMany("list", deviation),
		"mode":    takesMany("list", mode),
		"all":     takesMany("list", func(_ *Run, a []Value) Value { return quantify(a, false) }),
		"any":     takesMany("list", func(_ *Run, a []Value) Value { return quantify(a, true) }),
	}
}

func extreme(r *Run, l List, want int) Value {
	if len(l) == 0 {
		return r.null("an empty list has no least and no greatest item")
	}
	best := l[0]
	if _, ok := Order(best, best); !ok {
		return r.null("a %s has no order", TypeName(best))
	}
	for _, v := range l[1:] {
		o, ok := Order(v, best)
		if !ok {
			return r.null("a %s has no order with a %s", TypeName(v), TypeName(best))
		}
		if o == want {
			best = v
		}
	}
	return best
}

// Min is the least of the values, by FEEL's function min.
func Min(r *Run, l List) Value { return extreme(r, l, -1) }

// Max is the greatest of the values, by FEEL's function max.
func Max(r *Run, l List) Value { return extreme(r, l, 1) }

// Sum adds numbers or durations up, by FEEL's function sum.
func Sum(r *Run, l List) Value {
	if len(l) == 0 {
		return r.null("an empty list has no sum")
	}
	switch l[0].(type) {
	case *Number, Days, Months:
	default:
		return r.null("a %s cannot be added up", TypeName(l[0]))
	}
	total := l[0]
	for _, v := range l[1:] {
		if TypeName(v) != TypeName(total) {
			return r.null("a %s and a %s cannot be added up", TypeName(total), TypeName(v))
		}
		if total = calculate(r, '+', total, v); total == nil {
			return nil
		}
	}
	return total
}

func mean(r *Run, a []Value) Value {
	l := items(a)
	total := Sum(r, l)
	if total == nil {
		return nil
	}
	return calculate(r, '/', total, NewNumber(int64(len(l))))
}

func numbersOf(r *Run, l List) ([]*Number, bool) {
	all := make([]*Number, len(l))
	for i, v := range l {
		n, ok := v.(*Number)
		if !ok {
			r.null("a %s is no number", TypeName(v))
			return nil, false
		}
		all[i] = n
	}
	return all, true
}

func product(r *Run, a []Value) Value {
	all, ok := numbersOf(r, items(a))
	if !ok || len(all) == 0 {
		return r.null("product takes numbers")
	}
	result := NewNumber(1)
	for _, n := range all {
		if result = compute(times, result, n); result == nil {
			return r.null("there is no such number")
		}
	}
	return result
}

func sorted(all []*Number) []*Number {
	s := append([]*Number(nil), all...)
	sort.SliceStable(s, func(i, j int) bool { return s[i].Cmp(s[j]) < 0 })
	return s
}

func median(r *Run, a []Value) Value {
	all, ok := numbersOf(r, items(a))
	if !ok || len(all) == 0 {
		return r.null("median takes numbers")
	}
	s := sorted(all)
	middle := len(s) / 2
	if len(s)%2 == 1 {
		return s[middle]
	}
	return finite(r, compute(over, compute(plus, s[middle-1], s[middle]), NewNumber(2)))
}

// deviation is the standard deviation of a sample.
func deviation(r *Run, a []Value) Value {
	all, ok := numbersOf(r, items(a))
	if !ok || len(all) < 2 {
		return r.null("stddev takes at least two numbers")
	}
	count := NewNumber(int64(len(all)))
	sum := NewNumber(0)
	for _, n := range all {
		sum = orZero(compute(plus, sum, n))
	}
	average := orZero(compute(over, sum, count))
	squares := NewNumber(0)
	for _, n := range all {
		d := orZero(compute(minus, n, average))
		squares = orZero(compute(plus, squares, orZero(compute(times, d, d))))
	}
	variance := orZero(compute(over, squares, NewNumber(int64(len(all)-1))))
	return finite(r, apply((*apd.Context).Sqrt, variance))
}

func orZero(n *Number) *Number {
	if n == nil {
		return NewNumber(0)
	}
	return n
}

func mode(r *Run, a []Value) Value {
	all, ok := numbersOf(r, items(a))
	if !ok {
		return nil
	}
	s := sorted(all)
	most, modes := 0, List{}
	for i := 0; i < len(s); {
		j := i
		for j < len(s) && s[j].Cmp(s[i]) == 0 {
			j++
		}
		if j-i > most {
			most, modes = j-i, List{}
		}
		if j-i == most {
			modes = append(modes, s[i])
		}
		i = j
	}
	return modes
}

// quantify is any (want true) or all (want false), with ternary logic.
func quantify(a []Value, want bool) Value {
	if len(a) == 1 && a[0] == nil {
		return nil
	}
	var result Value = !want
	for _, v := range items(a) {
		b, is := v.(bool)
		if is && b == want {
			return want
		}
		if !is {
			result = nil
		}
	}
	return result
}
