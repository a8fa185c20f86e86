package policy_test

import (
	"reflect"
	"testing"

	"onedoor/policy"
	"onedoor/policy/policytest"
)

// TestRouteIsDecideWithoutWords asks both of everything: every field of Routing is Decide's of the same name.
func TestRouteIsDecideWithoutWords(t *testing.T) {
	t.Parallel()
	policies := []*policy.Policy{riverside(t), parse(t, many), parse(t, loaded)}
	r := newRandom(3)
	for range 4 {
		policies = append(policies, policytest.Policy(r.Rand, policytest.Shape{Rules: 40, Tables: 2}))
	}
	rules, offers, messages := map[string]bool{}, 0, map[string]bool{}
	for range 60 {
		w := r.world()
		d := w.directory(t)
		for range 60 {
			p := pick(r, policies...)
			facts, load, at := r.facts(p), r.load(w), r.moment()
			decided := policy.Decide(p, facts, d, load, at)
			routed := policy.Route(p, facts, d, load, at)
			got, want := reflect.ValueOf(routed), reflect.ValueOf(decided)
			for i := range got.NumField() {
				if name := got.Type().Field(i).Name; !reflect.DeepEqual(got.Field(i).Interface(), want.FieldByName(name).Interface()) {
					t.Fatalf("%s of %v is %v to Route and %v to Decide", name, facts, got.Field(i), want.FieldByName(name))
				}
			}
			rules[routed.Rule], messages[routed.Message] = true, true
			if routed.Offer {
				offers++
			}
		}
	}
	if len(rules) < 30 || offers < 50 || len(messages) < 8 {
		t.Errorf("too little happened: %d rules, %d offers, messages %v", len(rules), offers, messages)
	}
}

func BenchmarkRoute(b *testing.B) {
	w := newWorld()
	d, at := w.directory(b), london(b, "2026-11-24 10:00")
	p := riverside(b)
	for name, facts := range map[string]policy.Facts{
		"stays":    screened(texts("kind", "admin")),
		"pharmacy": sore("chosen-pharmacy", "FAA01"),
		"service":  screened(texts("kind", "self-referral", "self-referral-service", "physiotherapy")),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				policy.Route(p, facts, d, nil, at)
			}
		})
		b.Run(name+"-decide", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				policy.Decide(p, facts, d, nil, at)
			}
		})
	}
}
