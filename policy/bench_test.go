package policy_test

import (
	"fmt"
	"strings"
	"testing"

	"onedoor/policy"
)

// generated is a policy with many rules, of which only one takes the request of the benchmark: the one in the middle.
func generated(rules int) string {
	var b strings.Builder
	b.WriteString("policy: generated\nfacts:\n  kind: [symptoms, admin]\n  age: 0..130\n  sex: [female, male, other]\n  pregnant: [\"yes\", \"no\", not-applicable]\n  site: [")
	for i := range rules/100 + 1 {
		fmt.Fprintf(&b, "s%d, ", i)
	}
	b.WriteString("none]\ntables:\n  - name: all\n    rules:\n")
	for i := range rules - 1 {
		age, sex := i%100, `"male"`
		if i == rules/2 {
			age, sex = 30, `"female"`
		}
		fmt.Fprintf(&b, `      - { id: r%d, when: { kind: '"symptoms"', site: '"s%d"', sex: '%s', age: '[%d..%d]', pregnant: '"no"' }, then: { to: registered-practice, urgency: soon } }`+"\n",
			i, i/100, sex, age, age+1)
	}
	b.WriteString("      - { id: catch-all, then: { to: registered-practice, urgency: soon } }\n")
	return b.String()
}

func BenchmarkDecideManyRules(b *testing.B) {
	d, at := newWorld().directory(b), london(b, "2026-11-24 10:00")
	for _, rules := range []int{10, 100, 1000, 10_000} {
		p := parse(b, generated(rules))
		facts := screened(texts("kind", "symptoms", "sex", "female", "pregnant", "no", "site", fmt.Sprintf("s%d", rules/2/100)))
		facts["age"] = policy.Int(30)
		if got := policy.Decide(p, facts, d, nil, at); got.Rule != fmt.Sprintf("r%d", rules/2) {
			b.Fatalf("the benchmark measures rule %s", got.Rule)
		}
		b.Run(fmt.Sprint(rules), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				policy.Decide(p, facts, d, nil, at)
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	document := []byte(generated(1000))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := policy.Parse(document); err != nil {
			b.Fatal(err)
		}
	}
}
