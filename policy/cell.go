package policy

import (
	"slices"
	"strconv"
	"strings"
)

// Cell is a unary test of S-FEEL on one fact: which of its values satisfy a rule. Unknown satisfies a cell only when the
// cell takes anything ("-") or names it: not("yes") does not take unknown.
// Source: OMG Decision Model and Notation 1.3, chapter 9, unary tests; unknown is this product's own.
type Cell struct {
	anything bool
	negated  bool
	tests    []test
	numeric  bool
	set      Set
}

type operator uint8

const (
	equalTo operator = iota
	isUnknown
	lessThan
	atMost
	greaterThan
	atLeast
	between
)

// test is one alternative of a cell.
type test struct {
	op        operator
	text      string // equalTo, of an enumeration
	low, high int    // numbers: low alone, or both ends of between
	openLow   bool   // between: low itself is left out
	openHigh  bool
}

// Span is an inclusive run of a fact's codes.
type Span struct{ Low, High uint32 }

// Set is the codes that satisfy a cell: disjoint spans in ascending order.
type Set []Span

// Has reports whether a code is in the set.
func (s Set) Has(code uint32) bool {
	for _, span := range s {
		if code <= span.High {
			return code >= span.Low
		}
	}
	return false
}

// Set is the codes of the fact's values that satisfy the cell.
func (c Cell) Set() Set { return slices.Clone(c.set) }

// Anything reports whether the cell is "-".
func (c Cell) Anything() bool { return c.anything }

// Matches reports whether a value of the fact satisfies the cell.
func (c Cell) Matches(f *Fact, v Value) bool { return c.set.Has(f.code(v)) }

// solve works out the set of a parsed cell; it is empty when nothing satisfies it.
func (c Cell) solve(f *Fact) Set {
	last := ordinal(f.Size())
	if c.anything {
		return Set{{codeUnknown, f.foreign()}}
	}
	var spans []Span
	for _, t := range c.tests {
		if span, ok := t.span(f); ok {
			spans = append(spans, span)
		}
	}
	union := merge(spans)
	if !c.negated {
		return union
	}
	var rest Set
	next := uint32(1) // unknown is never taken by not(…)
	for _, span := range union {
		if span.Low > next {
			rest = append(rest, Span{next, span.Low - 1})
		}
		next = max(next, span.High+1)
	}
	if next <= last {
		rest = append(rest, Span{next, last})
	}
	return rest
}

func (t test) span(f *Fact) (Span, bool) {
	if t.op == isUnknown {
		return Span{codeUnknown, codeUnknown}, true
	}
	if !f.Numeric() {
		code := f.codes[t.text]
		return Span{code, code}, true
	}
	low, high := t.bounds(f)
	if low > high {
		return Span{}, false
	}
	return Span{f.code(Int(low)), f.code(Int(high))}, true
}

// bounds are the inclusive ends of a numeric test within the fact's range.
func (t test) bounds(f *Fact) (low, high int) {
	switch t.op {
	case lessThan:
		return f.Min, t.low - 1
	case atMost:
		return f.Min, t.low
	case greaterThan:
		return t.low + 1, f.Max
	case atLeast:
		return t.low, f.Max
	case between:
		low, high = t.low, t.high
		if t.openLow {
			low++
		}
		if t.openHigh {
			high--
		}
		return low, high
	}
	return t.low, t.low
}

func merge(spans []Span) Set {
	slices.SortFunc(spans, func(a, b Span) int { return int(a.Low) - int(b.Low) })
	var merged Set
	for _, span := range spans {
		if n := len(merged); n > 0 && span.Low <= merged[n-1].High+1 {
			merged[n-1].High = max(merged[n-1].High, span.High)
			continue
		}
		merged = append(merged, span)
	}
	return merged
}

// String is the cell as it is written: parsing it gives the same cell.
func (c Cell) String() string {
	if c.anything {
		return "-"
	}
	list := make([]string, 0, len(c.tests))
	for _, t := range c.tests {
		list = append(list, t.literal(c.numeric))
	}
	written := strings.Join(list, ", ")
	if c.negated {
		return "not(" + written + ")"
	}
	return written
}

func (t test) literal(numeric bool) string {
	switch t.op {
	case isUnknown:
		return unknownWord
	case lessThan:
		return "< " + strconv.Itoa(t.low)
	case atMost:
		return "<= " + strconv.Itoa(t.low)
	case greaterThan:
		return "> " + strconv.Itoa(t.low)
	case atLeast:
		return ">= " + strconv.Itoa(t.low)
	case between:
		from, until := "[", "]"
		if t.openLow {
			from = "("
		}
		if t.openHigh {
			until = ")"
		}
		return from + strconv.Itoa(t.low) + ".." + strconv.Itoa(t.high) + until
	}
	if numeric {
		return strconv.Itoa(t.low)
	}
	return quote(t.text)
}

// Words says what the cell asks for, after "is": yes or not known; 18 or over; known and not yes.
func (c Cell) Words() string {
	if c.anything {
		return "anything"
	}
	list := make([]string, 0, len(c.tests))
	for _, t := range c.tests {
		if t.op == isUnknown && c.negated {
			continue // "known" says it already
		}
		list = append(list, t.words(c.numeric))
	}
	switch {
	case !c.negated:
		return orList(list)
	case len(list) == 0:
		return "known"
	}
	return "known and not " + orList(list)
}

func (t test) words(numeric bool) string {
	switch t.op {
	case isUnknown:
		return "not known"
	case lessThan:
		return "under " + strconv.Itoa(t.low)
	case atMost:
		return strconv.Itoa(t.low) + " or under"
	case greaterThan:
		return "over " + strconv.Itoa(t.low)
	case atLeast:
		return strconv.Itoa(t.low) + " or over"
	case between:
		low, high := t.bounds(nil)
		return "from " + strconv.Itoa(low) + " to " + strconv.Itoa(high)
	}
	if numeric {
		return strconv.Itoa(t.low)
	}
	return spoken(t.text)
}

func orList(list []string) string { return joined(list, " or ") }

func andList(list []string) string { return joined(list, " and ") }

func joined(list []string, last string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + last + list[len(list)-1]
}

// spoken turns a code into words: not-applicable into "not applicable".
func spoken(code string) string { return strings.ReplaceAll(code, "-", " ") }

// quote writes a text as S-FEEL does.
func quote(s string) string {
	return `"` + strings.ReplaceAll(strings.ReplaceAll(s, `\`, `\\`), `"`, `\"`) + `"`
}
