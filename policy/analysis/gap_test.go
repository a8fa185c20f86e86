package analysis

import (
	"slices"
	"strings"
	"testing"

	"onedoor/policy"
)

func TestAGapIsFoundExactlyWhereOnlyTheCatchAllTakesARequest(t *testing.T) {
	t.Parallel()
	gaps, none := 0, 0
	for seed := range 300 {
		document := madePolicy(random(uint64(seed))).String()
		p := read(t, document)
		requests := everyRequest(p)
		past := make([]Past, 0, len(requests))
		for _, q := range requests {
			if declared(p, q) {
				past = append(past, Past{q.facts, 1})
			}
		}
		report := analyse(t, p, Options{On: today, Past: past})
		list := found(report, Gap)
		byKind := slices.ContainsFunc(p.Tables(), func(t policy.Table) bool {
			return t.Active(today) && slices.ContainsFunc(t.Rules, func(r policy.Rule) bool {
				return !r.Disabled && slices.ContainsFunc(r.When, func(c policy.Condition) bool { return c.Fact == "kind" })
			})
		})
		if seasons := seasons(today, p.Tables()); len(seasons) > 1 {
			continue
		}
		for _, kind := range []string{"unknown", "symptoms", "admin", "callback"} {
			left, want := 0, key(Gap, "kind", kind)
			for _, q := range winners(p, requests, today)[p.Order(today)[len(p.Order(today))-1]] {
				if declared(p, q) && (q.facts["kind"].String() == kind || !byKind) {
					left++
				}
			}
			if !byKind {
				want = key(Gap)
			}
			i := slices.IndexFunc(list, func(f Finding) bool { return f.Key == want })
			if (i >= 0) != (left > 0) {
				t.Fatalf("seed %d: %d requests of the kind %s are left, found: %v\n%s", seed, left, kind, i >= 0, document)
			}
			if i < 0 {
				none++
				continue
			}
			gaps++
			f := list[i]
			if f.Weight != left {
				t.Fatalf("seed %d: %d requests of the kind %s are left, counted: %d", seed, left, kind, f.Weight)
			}
			if _, rule := p.At(wins(p, f.Witness, today)); rule.ID != "catch-all" || byKind && f.Witness["kind"].String() != kind {
				t.Fatalf("seed %d: the witness %v is taken by %s\n%s", seed, f.Witness, rule.ID, document)
			}
		}
	}
	if min(gaps, none) < 50 {
		t.Fatalf("%d gaps and %d without: too few to prove anything", gaps, none)
	}
}

// declared reports whether a request has no value that the policy does not declare.
func declared(p *policy.Policy, q request) bool {
	for _, f := range p.Facts() {
		if !f.Allows(q.facts[f.Name]) {
			return false
		}
	}
	return true
}

func TestAKindThatNoRuleNamesNeedsAReason(t *testing.T) {
	t.Parallel()
	p := read(t, `
policy: one
facts: { kind: [symptoms, admin, fit-note], age: 0..130 }
tables:
  - name: main
    rules:
      - { id: babies, when: { age: '< 1' }, then: { to: registered-practice, urgency: urgent } }
      - { id: symptoms, when: { kind: '"symptoms"', age: '>= 5' }, then: { to: registered-practice, urgency: soon } }
      - { id: admin, when: { kind: '"admin"' }, then: { to: registered-practice, urgency: soon } }
      - { id: rest, then: { to: registered-practice, urgency: soon } }
`)
	red := policy.Text("none")
	report := analyse(t, p, Options{Past: []Past{
		{policy.Facts{"kind": policy.Text("fit-note"), "age": policy.Int(44), "red-flag": red}, 3},
		{policy.Facts{"kind": policy.Text("fit-note"), "age": policy.Int(0), "red-flag": red}, 2},
	}})
	list := found(report, Gap)
	if len(list) != 3 {
		t.Fatal(list)
	}
	for key, want := range map[string]struct {
		severity Severity
		says     string
	}{
		"gap|kind|fit-note": {Warning, "No rule is for requests of the kind fit note: the last rule, rest, takes them, when age is 1 or over or not known. It would have met 3 requests of the past."},
		"gap|kind|symptoms": {Note, "Some requests of the kind symptoms are taken only by the last rule, rest, when age is from 1 to 4 or not known."},
		"gap|kind|unknown":  {Note, "A request whose kind is not known is taken only by the last rule, rest, when"},
	} {
		i := slices.IndexFunc(list, func(f Finding) bool { return f.Key == key })
		if i < 0 || list[i].Severity != want.severity || !strings.HasPrefix(list[i].Says, want.says) {
			t.Errorf("%s: %+v", key, list)
		}
	}
	if list[0].Key != "gap|kind|fit-note" {
		t.Errorf("what needs a reason comes first, not %s", list[0].Key)
	}
}
