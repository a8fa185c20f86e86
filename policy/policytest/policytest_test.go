package policytest_test

import (
	"math/rand/v2"
	"testing"

	"onedoor/app/nhs"
	"onedoor/policy"
	"onedoor/policy/policytest"
)

func TestRandomPoliciesAreOfTheirShape(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	hits, disabled, dated := map[policy.HitPolicy]bool{}, 0, 0
	for range 100 {
		shape := policytest.Shape{Rules: 1 + r.IntN(60), Facts: 1 + r.IntN(8), Tables: 1 + r.IntN(4)}
		p := policytest.Policy(r, shape)
		rules := 0
		for _, table := range p.Tables() {
			rules += len(table.Rules)
			hits[table.Hit] = true
			if !table.From.IsZero() || !table.Until.IsZero() {
				dated++
			}
			for _, rule := range table.Rules {
				if rule.Disabled {
					disabled++
				}
			}
		}
		if rules != shape.Rules+1 {
			t.Fatalf("%d rules of %d", rules, shape.Rules)
		}
	}
	if len(hits) != 4 || disabled == 0 || dated == 0 {
		t.Errorf("hit policies %v, %d disabled, %d dated", hits, disabled, dated)
	}
}

func TestTheSameNumbersMakeTheSamePolicy(t *testing.T) {
	t.Parallel()
	made := func() *policy.Policy { return policytest.Policy(rand.New(rand.NewPCG(3, 4)), policytest.Shape{}) }
	if first, second := made().Hash(), made().Hash(); first != second {
		t.Error("it made another")
	}
}

func TestEveryCombinationComesOnce(t *testing.T) {
	t.Parallel()
	p := policytest.Policy(rand.New(rand.NewPCG(5, 6)), policytest.Shape{Facts: 3, Values: 3, Range: 4})
	on := nhs.Date{Year: 2026, Month: 7, Day: 1}
	scan, seen := policy.NewScan(p), map[string]bool{}
	for values := range policytest.Every(p, true) {
		key := ""
		for _, v := range values {
			key += v.String() + "|"
		}
		if seen[key] {
			t.Fatalf("%s came twice", key)
		}
		seen[key] = true
		if p.Match(values, on) != scan.Match(values, on) {
			t.Fatalf("%s is decided in two ways", key)
		}
	}
	if len(seen) != policytest.Combinations(p, true) || len(seen) < 8 {
		t.Errorf("%d of %d came", len(seen), policytest.Combinations(p, true))
	}
}
