package policy_test

import (
	"fmt"
	"testing"

	"onedoor/policy/policytest"
)

// A decision by itself is what policytest measures: strings in, rule out. This is where it goes: to finding the class of each
// value, and to the table.
func BenchmarkEngineParts(b *testing.B) {
	for _, rules := range []int{10, 100, 1000, 10_000} {
		p, requests := policytest.Uniform(rules, 512)
		known := make([]func() int, len(requests))
		for i, values := range requests {
			classes := p.Classes(values, policytest.Day)
			known[i] = func() int { return p.FindIn(values, classes) }
			if at := p.Order(policytest.Day)[known[i]()]; at != p.Match(values, policytest.Day) {
				b.Fatal("the table's part is another decision")
			}
		}
		b.Run(fmt.Sprintf("whole/%d", rules), func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				p.Match(requests[i&511], policytest.Day)
			}
		})
		b.Run(fmt.Sprintf("classes/%d", rules), func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				p.Classes(requests[i&511], policytest.Day)
			}
		})
		b.Run(fmt.Sprintf("table/%d", rules), func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				known[i&511]()
			}
		})
	}
}
