package policytest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"onedoor/app/nhs"
	"onedoor/policy"
)

// Day is the day of the requests that Uniform makes.
var Day = nhs.Date{Year: 2026, Month: time.November, Day: 24}

// Uniform is a table of so many rules over eight facts, as a neighbourhood's might grow, and requests that its rules take in
// equal shares: what the benchmarks measure. Rules that others hide take no request; there are few.
func Uniform(rules, requests int) (*policy.Policy, [][]policy.Value) {
	r := rand.New(rand.NewPCG(uint64(rules), 8)) //nolint:gosec // it must make the same table each time
	p := Parse(UniformDocument(r, rules))
	facts := p.Facts()
	order := p.Order(Day)
	scan := policy.NewScan(p)
	list := make([][]policy.Value, 0, requests)
	for len(list) < requests {
		at := order[r.IntN(len(order))]
		_, rule := p.At(at)
		for range 30 {
			values := within(r, facts, rule)
			if scan.Match(values, Day) == at {
				list = append(list, values)
				break
			}
		}
	}
	return p, list
}

// within is a random request that a rule takes, if none before it does.
func within(r *rand.Rand, facts []policy.Fact, rule *policy.Rule) []policy.Value {
	values := make([]policy.Value, len(facts))
	for i := range facts {
		f := &facts[i]
		draw := func() policy.Value {
			if f.Numeric() {
				return policy.Int(f.Min + r.IntN(f.Size()))
			}
			return policy.Text(strings.Clone(pick(r, f.Values...))) // a request's text is not the document's
		}
		values[i] = draw()
		for _, c := range rule.When {
			for c.Fact == f.Name && !c.Cell.Matches(f, values[i]) {
				values[i] = draw()
			}
		}
	}
	return values
}

// UniformDocument is the table that Uniform makes.
func UniformDocument(r *rand.Rand, rules int) []byte {
	var b strings.Builder
	b.WriteString("policy: uniform\nfacts:\n")
	for _, f := range uniformFacts {
		if f.values == nil {
			fmt.Fprintf(&b, "  %s: 0..%d\n", f.name, f.size-1)
			continue
		}
		fmt.Fprintf(&b, "  %s: [\"%s\"]\n", f.name, strings.Join(f.all(), `", "`))
	}
	b.WriteString("tables:\n  - name: all\n    rules:\n")
	for i := range rules - 1 {
		fmt.Fprintf(&b, "      - { id: r%d, when: {", i)
		for _, f := range uniformFacts {
			if r.IntN(100) < 85 {
				fmt.Fprintf(&b, " %s: '%s',", f.name, f.cell(r))
			}
		}
		fmt.Fprintf(&b, " }, then: { to: registered-practice, urgency: %s } }\n", pick(r, policy.Soon, policy.Routine))
	}
	b.WriteString("      - { id: catch-all, then: { to: registered-practice, urgency: soon } }\n")
	return []byte(b.String())
}

// uniformFact is one of the eight: values as they are, or numbered after a word, or a range.
type uniformFact struct {
	name   string
	values []string
	size   int // of numbered values or of the range
}

var uniformFacts = []uniformFact{
	{name: "kind", values: []string{"symptoms", "self-referral", "repeat-prescription", "fit-note", "appointment-book", "appointment-change", "test-results", "admin", "callback"}},
	{name: "condition", values: []string{"sore-throat", "earache", "sinusitis", "insect-bite", "impetigo", "shingles", "uti", "back-pain", "rash", "cough", "headache", "hay-fever", "eye", "foot", "knee", "other"}},
	{name: "age", size: 131},
	{name: "sex", values: []string{"female", "male", "other"}},
	{name: "pregnant", values: []string{"yes", "no", "not-applicable"}},
	{name: "registration", values: []string{"here", "elsewhere", "temporary", "none"}},
	{name: "practice", values: []string{"A81"}, size: 40},
	{name: "weekday", values: []string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}},
}

func (f *uniformFact) all() []string {
	if f.size == 0 {
		return slices.Clone(f.values)
	}
	list := make([]string, f.size)
	for i := range list {
		list[i] = fmt.Sprintf("%s%03d", f.values[0], i)
	}
	return list
}

func (f *uniformFact) cell(r *rand.Rand) string {
	if f.values == nil {
		low := r.IntN(f.size)
		return fmt.Sprintf("[%d..%d]", low, min(f.size-1, low+r.IntN(f.size/2)))
	}
	some := f.all()
	r.Shuffle(len(some), func(i, j int) { some[i], some[j] = some[j], some[i] })
	return `"` + strings.Join(some[:1+r.IntN(2)], `", "`) + `"`
}
