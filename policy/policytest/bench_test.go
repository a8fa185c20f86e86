package policytest_test

import (
	"fmt"
	"testing"

	"onedoor/policy"
	"onedoor/policy/policytest"
)

func BenchmarkMatch(b *testing.B) {
	for _, rules := range []int{10, 100, 1000, 10_000} {
		p, requests := policytest.Uniform(rules, 512)
		scan := policy.NewScan(p)
		b.Run(fmt.Sprintf("engine/%d", rules), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				p.Match(requests[i&511], policytest.Day)
			}
		})
		b.Run(fmt.Sprintf("scan/%d", rules), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				scan.Match(requests[i&511], policytest.Day)
			}
		})
	}
}
