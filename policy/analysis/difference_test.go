package analysis

import (
	"fmt"
	"strings"
	"testing"

	"onedoor/policy"
)

// inside reports whether a request is in a region, by its cells alone.
func inside(t *testing.T, r Region, q request, facts []policy.Fact) bool {
	t.Helper()
	for name, cell := range r.Box {
		matched := false
		for _, f := range facts {
			if f.Name != name {
				continue
			}
			v := q.facts[name]
			if !f.Allows(v) {
				matched = strings.Contains(cell, undeclared)
				continue
			}
			var tests []string
			for _, test := range strings.Split(cell, ", ") {
				if test != undeclared {
					tests = append(tests, test)
				}
			}
			if len(tests) == 0 {
				continue
			}
			parsed, err := policy.ParseCell(f, strings.Join(tests, ", "))
			if err != nil {
				t.Fatalf("the cell %s: %v", cell, err)
			}
			matched = parsed.Matches(&f, v)
		}
		if !matched {
			return false
		}
	}
	return true
}

func TestTheDifferenceIsExactlyTheRequestsThatAreDecidedOtherwise(t *testing.T) {
	t.Parallel()
	changes := 0
	for seed := range 80 {
		r := random(uint64(seed))
		before := madePolicy(r)
		after := edited(r, before)
		old, new := read(t, before.String()), read(t, after.String())
		regions, complete, err := Difference(t.Context(), old, new, Options{On: today})
		if err != nil || !complete {
			t.Fatal(complete, err)
		}
		requests := everyRequest(new)
		for _, s := range seasons(today, append(old.Tables(), new.Tables()...)) {
			for _, q := range requests {
				tableA, ruleA := old.At(old.Match(q.values, s.on))
				tableB, ruleB := new.At(new.Match(q.values, s.on))
				differs := string(appendOutcome(nil, &ruleA.Then)) != string(appendOutcome(nil, &ruleB.Then))
				in := 0
				for _, region := range regions {
					if region.Begins.IsZero() && s.when[0].from.IsZero() || region.Begins == s.when[0].from {
						if inside(t, region, q, new.Facts()) {
							in++
							if region.From.Rule != ruleA.ID || region.To.Rule != ruleB.ID || region.From.Table != tableA.Name || region.To.Table != tableB.Name {
								t.Fatalf("seed %d: %v is said to go from %s to %s", seed, q.facts, region.From.Rule, region.To.Rule)
							}
						}
					}
				}
				if differs {
					changes++
				}
				if differs && in != 1 || !differs && in != 0 {
					t.Fatalf("seed %d on %s: %v is in %d regions, differs: %v\n%s\n%s", seed, s.on, q.facts, in, differs, before, after)
				}
			}
		}
		for _, region := range regions {
			on := today
			if !region.Begins.IsZero() {
				on = region.Begins
			}
			if _, rule := old.At(wins(old, region.Witness, on)); rule.ID != region.From.Rule {
				t.Fatalf("seed %d: the witness %v is won by %s in the old version", seed, region.Witness, rule.ID)
			}
			if _, rule := new.At(wins(new, region.Witness, on)); rule.ID != region.To.Rule {
				t.Fatalf("seed %d: the witness %v is won by %s in the new version", seed, region.Witness, rule.ID)
			}
		}
	}
	if changes < 1000 {
		t.Fatalf("%d changes: too few to prove anything", changes)
	}
}

// edited is a policy with one rule changed, added, removed or moved, or with all rules of one table in another order.
func edited(r interface{ IntN(int) int }, d made) made {
	e := d.clone()
	t := &e.tables[r.IntN(len(e.tables)-1)]
	i := r.IntN(len(t.rules))
	facts := []string{"kind", "age", "pain"}
	switch r.IntN(5) {
	case 0:
		t.rules[i] = strings.Replace(t.rules[i], "routine", "urgent", 1)
	case 1:
		t.rules = append(t.rules, madeRule(random(uint64(r.IntN(1<<30))), "added", facts))
	case 2:
		if len(t.rules) > 1 {
			t.rules = append(t.rules[:i], t.rules[i+1:]...)
		}
	case 3:
		t.rules[0], t.rules[i] = t.rules[i], t.rules[0]
	default:
		id := fmt.Sprintf("r%d", i)
		if strings.Contains(t.rules[i], "id: "+id+",") {
			t.rules[i] = madeRule(random(uint64(r.IntN(1<<30))), id, facts)
		}
	}
	return e
}

func TestFactsOfOneVersionAloneAreCompared(t *testing.T) {
	t.Parallel()
	old := read(t, `
policy: one
facts: { kind: [symptoms, admin], old-fact: ["yes", "no"], age: 0..17 }
tables:
  - name: main
    rules:
      - { id: a, when: { old-fact: '"yes"' }, then: { to: desk, urgency: soon } }
      - { id: b, when: { age: '> 10' }, then: { to: desk, urgency: routine } }
      - { id: rest, then: { to: registered-practice, urgency: soon } }
`)
	new := read(t, `
policy: one
facts: { kind: [symptoms, admin, callback], new-fact: 1..3, age: 0..130 }
tables:
  - name: main
    rules:
      - { id: c, when: { kind: '"callback"' }, then: { to: desk, urgency: routine } }
      - { id: d, when: { new-fact: '2' }, then: { to: chosen-pharmacy, urgency: soon } }
      - { id: b, when: { age: '> 10' }, then: { to: desk, urgency: routine } }
      - { id: rest, then: { to: registered-practice, urgency: soon } }
`)
	regions, complete, err := Difference(t.Context(), old, new, Options{})
	if err != nil || !complete || len(regions) == 0 {
		t.Fatal(regions, complete, err)
	}
	tried := 0
	for _, kind := range []policy.Value{{}, policy.Text("symptoms"), policy.Text("callback"), policy.Text("else")} {
		for _, age := range []policy.Value{{}, policy.Int(5), policy.Int(11), policy.Int(17), policy.Int(18), policy.Int(131)} {
			for _, was := range []policy.Value{{}, policy.Text("yes"), policy.Text("no")} {
				for _, is := range []policy.Value{{}, policy.Int(1), policy.Int(2), policy.Int(4)} {
					facts := policy.Facts{"kind": kind, "age": age, "old-fact": was, "new-fact": is, "red-flag": policy.Text("none")}
					_, ruleA := old.At(wins(old, facts, today))
					_, ruleB := new.At(wins(new, facts, today))
					differs := string(appendOutcome(nil, &ruleA.Then)) != string(appendOutcome(nil, &ruleB.Then))
					in := 0
					for _, region := range regions {
						all := append(new.Facts(), old.Facts()[1]) // the old fact that is no more
						if inside(t, region, request{facts: facts}, all) {
							in++
						}
					}
					tried++
					if differs != (in == 1) || in > 1 {
						t.Errorf("%v is in %d regions, differs: %v", facts, in, differs)
					}
				}
			}
		}
	}
	if tried != 4*6*3*4 {
		t.Fatal(tried)
	}
}
