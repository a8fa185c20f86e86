package demo_test

import (
	"reflect"
	"testing"

	"onedoor/app/demo"
	"onedoor/app/nhs"
)

func TestWhatCameBackIsMadeUpAlikeAndOneRuleDrifts(t *testing.T) {
	t.Parallel()
	side, err := demo.RiversideSide()
	if err != nil {
		t.Fatal(err)
	}
	today := nhs.Date{Year: 2026, Month: 11, Day: 24}
	days := demo.ReturnedDays(side.Policy, today)
	if !reflect.DeepEqual(days, demo.ReturnedDays(side.Policy, today)) {
		t.Error("two starts on one day differ")
	}
	decisions, returned := map[bool]int{}, map[bool]int{}
	for _, d := range days {
		if _, ok := side.Policy.Rule(d.Table, d.Rule); !ok {
			t.Errorf("the policy has no rule %s of %s", d.Rule, d.Table)
		}
		if d.Returned > d.Decisions || !d.On.Before(today) {
			t.Errorf("%s on %s: %d of %d", d.Rule, d.On, d.Returned, d.Decisions)
		}
		if d.Rule == "sinusitis" {
			lately := !d.On.Before(today.Add(-14))
			decisions[lately] += d.Decisions
			returned[lately] += d.Returned
		}
	}
	if before, after := returned[false]*100/decisions[false], returned[true]*100/decisions[true]; before > 10 || after < 25 {
		t.Errorf("sinusitis went from %d to %d of a hundred", before, after)
	}
}
