package policy_test

import (
	"testing"
	"time"

	"onedoor/app/catalogue"
	"onedoor/policy"
)

const undeclared = `
policy: riverside
facts:
  condition: [sore-throat, other]
  pregnant: ["yes", "no", not-applicable]
tables:
  - name: pharmacy-first
    rules:
      - id: sore-throat
        when: { kind: '"symptoms"', condition: '"sore-throat"', age: '>= 5', core-hours: '"yes"' }
        then: { to: chosen-pharmacy, service: pharmacy-first, urgency: soon }
  - name: everything-else
    rules:
      - id: catch-all
        when: {}
        then: { to: registered-practice, urgency: routine }
cases:
  - name: somebody registered elsewhere is taken
    given: { kind: admin, registration: elsewhere }
    expect: { rule: catch-all }
`

func TestADocumentReadsWhatEveryRequestHasWithoutDeclaringIt(t *testing.T) {
	t.Parallel()
	p, err := policy.Parse([]byte(undeclared))
	if err != nil {
		t.Fatal(err)
	}
	morning := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		facts policy.Facts
		at    time.Time
		rule  string
	}{
		"symptoms in core hours":       {policy.Facts{"kind": policy.Text("symptoms"), "condition": policy.Text("sore-throat"), "age": policy.Int(5)}, morning, "sore-throat"},
		"symptoms at night":            {policy.Facts{"kind": policy.Text("symptoms"), "condition": policy.Text("sore-throat"), "age": policy.Int(5)}, morning.Add(14 * time.Hour), "catch-all"},
		"of a person who is too young": {policy.Facts{"kind": policy.Text("symptoms"), "condition": policy.Text("sore-throat"), "age": policy.Int(4)}, morning, "catch-all"},
		"of another kind":              {policy.Facts{"kind": policy.Text("admin")}, morning, "catch-all"},
	} {
		c.facts["red-flag"] = policy.Text("none")
		if _, _, rule := policy.RuleFor(p, c.facts, c.at); rule.ID != c.rule {
			t.Errorf("%s: taken by %s, want %s", name, rule.ID, c.rule)
		}
	}
}

// What every request has is what the catalogue gives.
func TestWhatEveryRequestHasIsWhatTheCatalogueGives(t *testing.T) {
	t.Parallel()
	p, err := policy.Parse([]byte(undeclared))
	if err != nil {
		t.Fatal(err)
	}
	kinds, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range p.Facts() {
		if f.Name != "kind" {
			continue
		}
		if len(f.Values) != len(kinds.Kinds()) {
			t.Errorf("%d kinds, and the catalogue has %d", len(f.Values), len(kinds.Kinds()))
		}
		for _, kind := range kinds.Kinds() {
			if !f.Allows(policy.Text(kind.Code)) {
				t.Errorf("kind %s of the catalogue is not among them", kind.Code)
			}
		}
		return
	}
	t.Error("no kind")
}
