package demo_test

import (
	"testing"

	"onedoor/app/demo"
	"onedoor/app/nhs"
	"onedoor/policy"
)

func TestTheStoredCasesOfEachPolicyPass(t *testing.T) {
	t.Parallel()
	for name, document := range map[string][]byte{"riverside": demo.Riverside, "hillside": demo.Hillside} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := policy.Parse(document)
			if err != nil {
				t.Fatal(err)
			}
			if p.Name() != name {
				t.Errorf("the policy calls itself %q", p.Name())
			}
			if len(p.Cases()) == 0 {
				t.Error("no case stands beside the rules")
			}
			for _, failure := range p.RunCases(nhs.Date{Year: 2026, Month: 11, Day: 24}) {
				t.Errorf("%s: %s (rule %s of %s)", failure.Case, failure.Says, failure.Rule, failure.Table)
			}
		})
	}
}
