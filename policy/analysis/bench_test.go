package analysis

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// large is a policy of many rules over eight facts, as a neighbourhood would write them: each for one kind and site, many for an
// age and a few answers more, some more urgent than others, with a general rule for each kind at the end.
func large(rules int, change string) string {
	r := rand.New(rand.NewPCG(7, 7)) //nolint:gosec // benchmarks repeat themselves
	var b strings.Builder
	b.WriteString("policy: large\nfacts:\n  kind: [symptoms, admin, callback, fit-note, results]\n  site: [")
	for i := range rules/20 + 1 {
		fmt.Fprintf(&b, "s%d, ", i)
	}
	b.WriteString("none]\n  age: { range: 0..130, worse: up, safety: true }\n  sex: [female, male]\n  pregnant: [\"yes\", \"no\"]\n")
	b.WriteString("  pain: { values: [none, mild, severe], worse: [none, mild, severe] }\n  fever: [\"yes\", \"no\"]\n  registration: [here, elsewhere, none]\ntables:\n  - name: all\n    rules:\n")
	kinds := []string{"symptoms", "admin", "callback", "fit-note", "results"}
	urgency := []string{"soon", "soon", "routine"}
	for i := range rules - len(kinds) - 1 {
		low := r.IntN(100)
		when := fmt.Sprintf(`kind: '"%s"', site: '"s%d"', age: '[%d..%d]', pregnant: '"no"'`, kinds[r.IntN(2)], i/20, low, low+r.IntN(30))
		if r.IntN(2) == 0 {
			when += `, sex: '"female"'`
		}
		if r.IntN(3) == 0 {
			when += `, pain: '"severe"'`
		}
		if r.IntN(4) == 0 {
			when += `, fever: '"yes"'`
		}
		if i == rules/2 {
			when += change
		}
		to := "registered-practice"
		if r.IntN(3) == 0 {
			to = "chosen-pharmacy"
		}
		fmt.Fprintf(&b, "      - { id: r%d, when: { %s }, then: { to: %s, urgency: %s } }\n", i, when, to, urgency[r.IntN(len(urgency))])
	}
	for _, k := range kinds {
		fmt.Fprintf(&b, "      - { id: all-%s, when: { kind: '\"%s\"' }, then: { to: registered-practice, urgency: soon } }\n", k, k)
	}
	b.WriteString("      - { id: catch-all, then: { to: registered-practice, urgency: soon } }\n")
	return b.String()
}

func BenchmarkCheck(b *testing.B) {
	d := plainTown().directory(b)
	for _, rules := range []int{100, 1000, 10_000, 20_000} {
		p := read(b, large(rules, ""))
		b.Run(fmt.Sprint(rules), func(b *testing.B) {
			for b.Loop() {
				report := analyse(b, p, Options{Directory: d, On: today})
				b.ReportMetric(float64(len(report.Findings)), "findings")
			}
		})
	}
}

func BenchmarkRecheckOneRule(b *testing.B) {
	d := plainTown().directory(b)
	o := Options{Directory: d, On: today}
	p, edited := read(b, large(1000, "")), read(b, large(1000, `, registration: '"here"'`))
	report := analyse(b, p, o)
	changed := RuleRef{"all", "r500"}
	if again := report.remember(edited, changed, o); len(again) != 1 {
		b.Fatal("nothing is remembered")
	}
	for b.Loop() {
		if _, err := report.Recheck(b.Context(), edited, changed, o); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDifference(b *testing.B) {
	p, edited := read(b, large(1000, "")), read(b, large(1000, `, registration: '"here"'`))
	for b.Loop() {
		regions, complete, err := Difference(b.Context(), p, edited, Options{})
		if err != nil || !complete || len(regions) == 0 {
			b.Fatal(regions, complete, err)
		}
	}
}
