package feel

import (
	"strings"

	"github.com/cockroachdb/apd/v3"
)

func numberFunctions() map[string]*builtin {
	rounds := func(rounding apd.Rounder) *builtin {
		return takes("n, scale", ofTwo(func(r *Run, n, scale *Number) Value { return roundTo(r, n, scale, rounding) }))
	}
	scale := func(rounding apd.Rounder) *builtin {
		return takes("n, scale?", func(r *Run, a []Value) Value {
			n, ok := as[*Number](a[0])
			s, ok2 := NewNumber(0), true
			if len(a) > 1 {
				s, ok2 = as[*Number](a[1])
			}
			if !ok || !ok2 {
				return r.null("numbers are rounded, to a number of decimals")
			}
			return roundTo(r, n, s, rounding)
		})
	}
	return map[string]*builtin{
		"decimal":         rounds(apd.RoundHalfEven),
		"floor":           scale(apd.RoundFloor),
		"ceiling":         scale(apd.RoundCeiling),
		"round up":        rounds(apd.RoundUp),
		"round down":      rounds(apd.RoundDown),
		"round half up":   rounds(apd.RoundHalfUp),
		"round half down": rounds(apd.RoundHalfDown),
		"abs":             takes("n", absolute),
		"modulo": takes("dividend, divisor", ofTwo(func(r *Run, x, y *Number) Value {
			if n := modulo(x, y); n != nil {
				return n
			}
			return r.null("nothing is divided by 0")
		})),
		"sqrt": takes("number", of(func(r *Run, n *Number) Value { return finite(r, apply((*apd.Context).Sqrt, n)) })),
		"log": takes("number", of(func(r *Run, n *Number) Value {
			if n.Sign() <= 0 {
				return r.null("log takes a number over 0")
			}
			return finite(r, apply((*apd.Context).Ln, n))
		})),
		"exp":  takes("number", of(func(r *Run, n *Number) Value { return finite(r, apply((*apd.Context).Exp, n)) })),
		"odd":  takes("number", of(func(r *Run, n *Number) Value { return parity(r, n, 1) })),
		"even": takes("number", of(func(r *Run, n *Number) Value { return parity(r, n, 0) })),
	}
}

func finite(r *Run, n *Number) Value {
	if n == nil {
		return r.null("there is no such number")
	}
	return n
}

func parity(r *Run, n *Number, want int64) Value {
	m := modulo(n, NewNumber(2))
	if m == nil {
		return r.null("only whole numbers are odd or even")
	}
	return m.Cmp(NewNumber(want)) == 0
}

func roundTo(r *Run, n, scale *Number, rounding apd.Rounder) Value {
	s, ok := truncated(scale)
	if !ok {
		return r.null("numbers have a whole number of decimals")
	}
	return finite(r, scaled(n, s, rounding))
}

func absolute(r *Run, a []Value) Value {
	v := a[0]
	if l, is := v.(List); is && len(l) == 1 {
		v = l[0]
	}
	switch x := v.(type) {
	case *Number:
		return new(Number).Abs(x)
	case Days:
		if x.Seconds < 0 {
			return x.negated()
		}
		return x
	case Months:
		return Months{max(x.Count, -x.Count)}
	}
	return r.null("abs takes a number or a duration")
}

func conversionFunctions() map[string]*builtin {
	return map[string]*builtin{
		"number": takes("from, grouping separator?, decimal separator?", numberFrom),
		"string": takes("from, mask?", func(_ *Run, a []Value) Value {
			if a[0] == nil {
				return nil
			}
			return Text(a[0])
		}),
	}
}

func numberFrom(r *Run, a []Value) Value {
	if n, is := as[*Number](a[0]); is && len(a) == 1 {
		return n
	}
	s, ok := as[string](a[0])
	grouping, okGrouping := separator(optional(a, 1), " .,")
	point, okPoint := separator(optional(a, 2), ".,")
	if !ok || !okGrouping || !okPoint || grouping == point && grouping != "" {
		return r.null("number takes a string, and separators that differ")
	}
	if grouping != "" {
		s = strings.ReplaceAll(s, grouping, "")
	}
	if point != "" {
		s = strings.ReplaceAll(s, point, ".")
	}
	if strings.Trim(s, "0123456789.eE+-") != "" || s == "" {
		return r.null("%s is no number", quoted(s))
	}
	n, ok := ParseNumber(s)
	if !ok {
		return r.null("%s is no number", quoted(s))
	}
	return n
}

func separator(v Value, of string) (string, bool) {
	if v == nil {
		return "", true
	}
	s, ok := v.(string)
	return s, ok && len(s) == 1 && strings.Contains(of, s)
}

// Text is a value as the function string writes it.
func Text(v Value) string {
	if s, is := v.(string); is {
		return s
	}
	return source(v)
}

// source is a value as FEEL would write it, strings in quotes.
func source(v Value) string {
	switch x := v.(type) {
	case nil:
		return "null"
	case string:
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(x) + `"`
	case bool:
		if x {
			return "true"
		}
		return "false"
	case *Number:
		return FormatNumber(x)
	case List:
		parts := make([]string, len(x))
		for i, item := range x {
			parts[i] = source(item)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case *Context:
		parts := make([]string, len(x.keys))
		for i, k := range x.keys {
			name := k
			if !plain(k) {
				name = source(k)
			}
			parts[i] = name + ": " + source(x.values[k])
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case *Range:
		return x.String()
	case *Different:
		return "!= " + source(x.From)
	case *Function:
		return "function"
	case interface{ String() string }:
		return x.String()
	}
	return ""
}

// String is the range as FEEL writes it.
func (g *Range) String() string {
	switch {
	case g.alone && g.Low == nil && g.HighClosed:
		return "<= " + source(g.High)
	case g.alone && g.Low == nil:
		return "< " + source(g.High)
	case g.alone && g.High == nil && g.LowClosed:
		return ">= " + source(g.Low)
	case g.alone && g.High == nil:
		return "> " + source(g.Low)
	}
	low, high := "(", ")"
	if g.LowClosed {
		low = "["
	}
	if g.HighClosed {
		high = "]"
	}
	return low + source(g.Low) + ".." + source(g.High) + high
}
