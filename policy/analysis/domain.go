package analysis

import (
	"slices"

	"onedoor/policy"
)

// domain is the values of one fact, as codes: 0 is unknown, then each text, then each number, and last one code for every value
// that is not declared. For one policy they are the policy's own codes; for two that declare a fact otherwise, those of both.
type domain struct {
	name     string
	texts    []string
	min, max int // of the numbers; none when min > max
	safety   bool
}

func newDomain(f *policy.Fact) domain {
	if f.Numeric() {
		return domain{name: f.Name, min: f.Min, max: f.Max, safety: f.Safety}
	}
	return domain{name: f.Name, texts: f.Values, min: 1, safety: f.Safety}
}

// join is the values of both.
func (d domain) join(f *policy.Fact) domain {
	if f.Numeric() {
		if d.min > d.max {
			d.min, d.max = f.Min, f.Max
		} else {
			d.min, d.max = min(d.min, f.Min), max(d.max, f.Max)
		}
		return d
	}
	d.texts = slices.Clone(d.texts)
	for _, v := range f.Values {
		if !slices.Contains(d.texts, v) {
			d.texts = append(d.texts, v)
		}
	}
	return d
}

func (d *domain) numbers() int { return max(0, d.max-d.min+1) }

// foreign is the code of values that are not declared, the last one.
func (d *domain) foreign() uint32 { return uint32(1 + len(d.texts) + d.numbers()) } //nolint:gosec // a fact has a million values at most

// value is a code's value; for what is not declared, one that is not.
func (d *domain) value(code uint32) policy.Value {
	n := int(code)
	switch {
	case n == 0:
		return policy.Value{}
	case n <= len(d.texts):
		return policy.Text(d.texts[n-1])
	case code < d.foreign():
		return policy.Int(d.min + n - 1 - len(d.texts))
	case d.numbers() > 0 && len(d.texts) == 0:
		return policy.Int(d.max + 1)
	}
	other := "undeclared"
	for slices.Contains(d.texts, other) {
		other += "-"
	}
	return policy.Text(other)
}

// code is a value's code.
func (d *domain) code(v policy.Value) uint32 {
	if !v.Known() {
		return 0
	}
	if n, ok := v.Number(); ok {
		if n >= d.min && n <= d.max {
			return d.number(n)
		}
		return d.foreign()
	}
	if i := slices.Index(d.texts, v.String()); i >= 0 {
		return uint32(i) + 1 //nolint:gosec // an enumeration has some thousand values at most
	}
	return d.foreign()
}

func (d *domain) number(n int) uint32 {
	return uint32(1 + len(d.texts) + n - d.min) //nolint:gosec // within the range
}

// same reports whether a policy's own codes of the fact are this domain's.
func (d *domain) same(f *policy.Fact) bool {
	if f.Numeric() {
		return len(d.texts) == 0 && d.min == f.Min && d.max == f.Max
	}
	return d.numbers() == 0 && slices.Equal(d.texts, f.Values)
}

// translate turns a set of a policy's own codes into this domain's. What the policy does not declare and the domain does is
// among what is foreign to the policy.
func (d *domain) translate(f *policy.Fact, set policy.Set) policy.Set {
	if d.same(f) {
		return set
	}
	var spans []policy.Span
	foreign := uint32(f.Size()) + 1 //nolint:gosec // as above
	for _, span := range set {
		for code := span.Low; code <= span.High; {
			switch {
			case code == 0:
				spans = append(spans, policy.Span{})
			case code == foreign:
				spans = append(spans, d.undeclared(f)...)
			case f.Numeric():
				last := min(span.High, foreign-1)
				spans = append(spans, policy.Span{Low: d.number(f.Min + int(code) - 1), High: d.number(f.Min + int(last) - 1)})
				code = last
			default:
				at := d.code(policy.Text(f.Values[code-1]))
				spans = append(spans, policy.Span{Low: at, High: at})
			}
			code++
		}
	}
	return tidy(spans)
}

// undeclared are the values of the domain that a policy does not declare.
func (d *domain) undeclared(f *policy.Fact) []policy.Span {
	own := []policy.Span{{}}
	if f.Numeric() {
		own = append(own, policy.Span{Low: d.number(f.Min), High: d.number(f.Max)})
	} else {
		for _, v := range f.Values {
			at := d.code(policy.Text(v))
			own = append(own, policy.Span{Low: at, High: at})
		}
	}
	var rest []policy.Span
	next := uint32(0)
	for _, span := range tidy(own) {
		if span.Low > next {
			rest = append(rest, policy.Span{Low: next, High: span.Low - 1})
		}
		next = span.High + 1
	}
	return append(rest, policy.Span{Low: next, High: d.foreign()})
}

// tidy sorts spans and joins those that touch.
func tidy(spans []policy.Span) policy.Set {
	slices.SortFunc(spans, func(a, b policy.Span) int { return int(a.Low) - int(b.Low) })
	var set policy.Set
	for _, span := range spans {
		if n := len(set); n > 0 && span.Low <= set[n-1].High+1 {
			set[n-1].High = max(set[n-1].High, span.High)
			continue
		}
		set = append(set, span)
	}
	return set
}
