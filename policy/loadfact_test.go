package policy_test

import (
	"strings"
	"testing"

	"onedoor/app/fault"
	"onedoor/policy"
	"onedoor/tenants"
)

// loaded sends self-referrals to physiotherapy while it is not too busy.
const loaded = `policy: loaded
facts:
  kind: [symptoms, self-referral]
  load-of-physiotherapy: 0..100
tables:
  - name: all
    rules:
      - { id: busy, when: { kind: '"self-referral"', load-of-physiotherapy: '>= 80' }, then: { to: desk, urgency: routine } }
      - { id: known, when: { kind: '"self-referral"', load-of-physiotherapy: '< 80' }, then: { to: 'service:physiotherapy', urgency: routine } }
      - { id: catch-all, then: { to: registered-practice, urgency: soon } }
cases:
  - { name: a case says the load itself, given: { kind: self-referral, load-of-physiotherapy: 90 }, expect: { rule: busy } }
`

func TestRulesReadTheLoadOfAService(t *testing.T) {
	t.Parallel()
	p := parse(t, loaded)
	limit := func(one, two tenants.Capacity) func(*world) {
		return func(w *world) {
			w.service("RCC01", "physiotherapy").Capacity, w.service("RCC02", "physiotherapy").Capacity = one, two
		}
	}
	for _, c := range []struct {
		name     string
		change   func(*world)
		one, two policy.ServiceLoad
		want     string
	}{
		{"no limit: not known", func(*world) {}, policy.ServiceLoad{Open: 99}, policy.ServiceLoad{}, "catch-all"},
		{"one without a limit: not known", limit(tenants.Capacity{Open: 10}, tenants.Capacity{}), policy.ServiceLoad{Open: 9}, policy.ServiceLoad{}, "catch-all"},
		{"the least busy counts", limit(tenants.Capacity{Open: 10}, tenants.Capacity{Open: 10}), policy.ServiceLoad{Open: 10}, policy.ServiceLoad{Open: 7}, "known"},
		{"all are busy", limit(tenants.Capacity{Open: 10}, tenants.Capacity{Daily: 10}), policy.ServiceLoad{Open: 8}, policy.ServiceLoad{Today: 8}, "busy"},
		{"the limit that is nearer counts", limit(tenants.Capacity{Open: 100, Daily: 10}, tenants.Capacity{Open: 1}), policy.ServiceLoad{Open: 1, Today: 8}, policy.ServiceLoad{Open: 1}, "busy"},
		{"more than the limit is the end of the range", limit(tenants.Capacity{Open: 1}, tenants.Capacity{Open: 1}), policy.ServiceLoad{Open: 7}, policy.ServiceLoad{Open: 8}, "busy"},
		{"a paused service takes nothing", func(w *world) {
			limit(tenants.Capacity{Open: 10}, tenants.Capacity{Open: 10})(w)
			w.service("RCC02", "physiotherapy").Paused = true
		}, policy.ServiceLoad{Open: 9}, policy.ServiceLoad{}, "busy"},
		{"nor one for other kinds", func(w *world) {
			limit(tenants.Capacity{Open: 10}, tenants.Capacity{Open: 10})(w)
			w.service("RCC02", "physiotherapy").Kinds = []string{"symptoms"}
		}, policy.ServiceLoad{Open: 9}, policy.ServiceLoad{}, "busy"},
		{"nobody takes it: not known", func(w *world) {
			limit(tenants.Capacity{Open: 10}, tenants.Capacity{Open: 10})(w)
			w.service("RCC01", "physiotherapy").Paused, w.service("RCC02", "physiotherapy").Paused = true, true
		}, policy.ServiceLoad{Open: 9}, policy.ServiceLoad{}, "catch-all"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			c.change(w)
			d := w.directory(t)
			load := policy.Load{w.service("RCC01", "physiotherapy").ID: c.one, w.service("RCC02", "physiotherapy").ID: c.two}
			facts := screened(texts("kind", "self-referral"))
			facts["load-of-physiotherapy"] = policy.Int(100) // what a request says of it does not count
			got := policy.Decide(p, facts, d, load, london(t, "2026-11-24 10:00"))
			if got.Rule != c.want {
				t.Errorf("rule %s decides: %v", got.Rule, got.Because)
			}
			for id, read := range got.Load {
				if load[id] != read {
					t.Errorf("it kept the load %v of %v", read, load[id])
				}
			}
			again, err := policy.Replay(policy.Safety(), p, d, got) // with the load that it kept, and no other
			if err != nil || !again.Equal(got) {
				t.Errorf("replay decides otherwise: %v %v", again.Rule, err)
			}
		})
	}
}

func TestALoadIsExplained(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.service("RCC01", "physiotherapy").Capacity.Open, w.service("RCC02", "physiotherapy").Capacity.Open = 10, 10
	load := policy.Load{w.service("RCC01", "physiotherapy").ID: {Open: 9}, w.service("RCC02", "physiotherapy").ID: {Open: 9}}
	got := policy.Decide(parse(t, loaded), screened(texts("kind", "self-referral")), w.directory(t), load, london(t, "2026-11-24 10:00"))
	if told := strings.Join(got.Because, "\n"); !strings.Contains(told, "load of physiotherapy is 90") {
		t.Error(told)
	}
}

func TestALoadIsARangeOfPercentages(t *testing.T) {
	t.Parallel()
	for _, domain := range []string{"[low, high]", "0..99", "1..100", "-5..100"} {
		_, err := policy.Parse([]byte(strings.Replace(loaded, "load-of-physiotherapy: 0..100", "load-of-physiotherapy: "+domain, 1)))
		if !fault.Is(err, "policy_fact") || !strings.Contains(err.Error(), `column "load-of-physiotherapy": this fact is worked out from the load of physiotherapy in per cent: expected a range from 0 to 100 or more`) {
			t.Errorf("%s: %v", domain, err)
		}
	}
	if failures := parse(t, loaded).RunCases(today); len(failures) > 0 {
		t.Error(failures)
	}
}
