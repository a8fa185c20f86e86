package policy

import (
	"fmt"
	"slices"
	"strings"

	"onedoor/tenants"
)

// Fact is one typed input of a decision: a finite enumeration or a range of whole numbers. Unknown is always a value too.
//
// Inside a compiled policy a value is a code: 0 is unknown, 1 the first value, 2 the second and so on, and the last code
// stands for every value that the fact does not declare. So each fact is a small finite domain, and a cell is a set of codes.
type Fact struct {
	Name   string
	Values []string // of an enumeration, in document order
	Min    int      // of a range, inclusive
	Max    int
	Worse  []string // of an enumeration, values from best to worst; of a range, up or down alone; nothing when no answer is worse
	Safety bool     // what is not known of it must not make a request leave the practice or less urgent

	codes   map[string]uint32
	said    []string // each value in words, in the order of Values
	derived bool     // worked out, whatever the request says
	service string   // of a load fact, the slug of its services
}

// The two orders of a range.
const (
	worseUp   = "up"
	worseDown = "down"
)

// Severity ranks the answers of a fact that declares which are worse: a higher rank is worse. There is none for what is not
// known, not declared or not ranked.
func (f *Fact) Severity(v Value) (rank int, ok bool) {
	if len(f.Worse) == 0 || !v.Known() || !f.Allows(v) {
		return 0, false
	}
	if !f.Numeric() {
		rank = slices.Index(f.Worse, v.text)
		return max(rank, 0), rank >= 0
	}
	if f.Worse[0] == worseDown {
		return -v.number, true
	}
	return v.number, true
}

// codeUnknown is the code of a value that is not known.
const codeUnknown uint32 = 0

func enumeration(name string, values ...string) Fact {
	f := Fact{Name: name, Values: values, codes: make(map[string]uint32, len(values))}
	for i, v := range values {
		f.codes[v] = ordinal(i) + 1
		f.said = append(f.said, spoken(v))
	}
	return f
}

func wholeNumbers(name string, low, high int) Fact { return Fact{Name: name, Min: low, Max: high} }

// Numeric reports whether the fact is a range of whole numbers.
func (f *Fact) Numeric() bool { return f.codes == nil }

// Size is how many values are declared.
func (f *Fact) Size() int {
	if f.Numeric() {
		return f.Max - f.Min + 1
	}
	return len(f.Values)
}

// foreign is the code of every value that is not declared. Only a cell that takes anything matches it.
func (f *Fact) foreign() uint32 { return ordinal(f.Size()) + 1 }

// ordinal counts values: a fact has a million at most, and none before the first.
func ordinal(n int) uint32 {
	return uint32(n) //nolint:gosec // bounded when the document is read
}

func (f *Fact) code(v Value) uint32 {
	if !v.Known() {
		return codeUnknown
	}
	if f.Numeric() {
		if !v.numeric || v.number < f.Min || v.number > f.Max {
			return f.foreign()
		}
		return ordinal(v.number-f.Min) + 1
	}
	if code, ok := f.codes[v.text]; ok && !v.numeric {
		return code
	}
	return f.foreign()
}

// Allows reports whether a value is unknown or declared.
func (f *Fact) Allows(v Value) bool { return f.code(v) != f.foreign() }

// say is a value in words.
func (f *Fact) say(v Value) string {
	if !v.Known() {
		return "not known"
	}
	if code := f.code(v); !f.Numeric() && code != f.foreign() {
		return f.said[code-1]
	}
	return v.String()
}

// Domain says what the values are, for a sentence: one of "yes", "no"; a whole number from 0 to 130.
func (f *Fact) Domain() string {
	if f.Numeric() {
		return fmt.Sprintf("a whole number from %d to %d", f.Min, f.Max)
	}
	const most = 12
	shown := f.Values[:min(most, len(f.Values))]
	list := make([]string, 0, len(shown))
	for _, v := range shown {
		list = append(list, quote(v))
	}
	domain := "one of " + strings.Join(list, ", ")
	if more := len(f.Values) - len(shown); more > 0 {
		domain += fmt.Sprintf(" and %d more", more)
	}
	return domain
}

// derived are the facts that are worked out from the moment, whatever the request says. A policy that reads one declares
// it with these values.
func derived(name string) ([]string, bool) {
	switch name {
	case "core-hours":
		return []string{"yes", "no"}, true
	case "day":
		return []string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}, true
	case "bank-holiday":
		return []string{"yes", "no"}, true
	}
	return nil, false
}

func derive(name string, w tenants.Wall) Value {
	switch name {
	case "core-hours":
		return yesNo(w.InCoreHours())
	case "day":
		return Value{text: weekdays[w.Weekday]}
	case "bank-holiday":
		return yesNo(tenants.BankHoliday(w.Day))
	}
	return Value{}
}

var weekdays = [7]string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}

func yesNo(b bool) Value {
	if b {
		return Text("yes")
	}
	return Text("no")
}
