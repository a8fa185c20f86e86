package analysis

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"onedoor/policy"
)

func TestARuleIsShadowedExactlyWhenItWinsNoRequest(t *testing.T) {
	t.Parallel()
	shadowed := 0
	for seed := range 150 {
		document := madePolicy(random(uint64(seed))).String()
		p := read(t, document)
		report := analyse(t, p, Options{On: today})
		if len(found(report, Undecided)) > 0 {
			t.Fatal("undecided of a small policy")
		}
		requests := everyRequest(p)
		for _, s := range seasons(today, p.Tables()) {
			won := winners(p, requests, s.on)
			order := p.Order(s.on)
			for _, at := range order[:len(order)-1] {
				table, rule := p.At(at)
				i := slices.IndexFunc(report.Findings, func(f Finding) bool {
					return f.Key == key(Shadow, table.Name, rule.ID) || f.Kind == Safety && strings.Contains(f.Says, "never be reached") && f.Rule == rule.ID && f.Table == table.Name
				})
				holds := i >= 0 && (!strings.Contains(report.Findings[i].Says, "This holds") || inSeason(report.Findings[i].Says, s))
				if holds != (len(won[at]) == 0) {
					t.Fatalf("seed %d: rule %s of %s on %s wins %d requests, shadowed: %v\n%s", seed, rule.ID, table.Name, s.on, len(won[at]), holds, document)
				}
				if holds && report.Findings[i].Kind == Shadow {
					shadowed++
					covers(t, p, table, rule, report.Findings[i], requests, document)
				}
			}
		}
	}
	if shadowed < 100 {
		t.Fatalf("%d shadows were tried: too few to prove anything", shadowed)
	}
}

func inSeason(says string, s season) bool { return strings.Contains(says, said(s.when[:1])) }

// covers fails when the rules that a finding names do not take all that the rule would, or one of them is not needed.
func covers(t *testing.T, p *policy.Policy, table *policy.Table, rule *policy.Rule, f Finding, requests []request, document string) {
	t.Helper()
	takes := func(r policy.Rule, q request) bool {
		for _, c := range r.When {
			for i, fact := range p.Facts() {
				if fact.Name == c.Fact && !c.Cell.Matches(&fact, q.values[i]) {
					return false
				}
			}
		}
		return true
	}
	covered := func(by []RuleRef) bool {
		for _, q := range requests {
			if takes(*rule, q) && !slices.ContainsFunc(by, func(ref RuleRef) bool {
				r, ok := p.Rule(ref.Table, ref.Rule)
				return ok && takes(r, q)
			}) {
				return false
			}
		}
		return true
	}
	if !covered(f.By) {
		t.Fatalf("%s of %s is not covered by %v\n%s", rule.ID, table.Name, f.By, document)
	}
	for i := range f.By {
		if covered(slices.Delete(slices.Clone(f.By), i, i+1)) {
			t.Fatalf("%s of %s is covered without %v\n%s", rule.ID, table.Name, f.By[i], document)
		}
	}
}

func TestAShadowIsSaidInOneSentence(t *testing.T) {
	t.Parallel()
	p := read(t, `
policy: one
facts: { kind: [symptoms, admin], age: 0..130 }
tables:
  - name: main
    rules:
      - { id: adults, when: { age: '>= 18' }, then: { to: registered-practice, urgency: soon } }
      - { id: shingles, when: { kind: '"symptoms"', age: '>= 50' }, then: { to: chosen-pharmacy, urgency: soon } }
      - { id: rest, then: { to: registered-practice, urgency: soon } }
`)
	report := analyse(t, p, Options{Past: []Past{{policy.Facts{"kind": policy.Text("symptoms"), "age": policy.Int(60), "red-flag": policy.Text("none")}, 7}}})
	list := found(report, Shadow)
	if len(list) != 1 {
		t.Fatal(report.Findings)
	}
	f := list[0]
	want := "Rule shingles can never be reached: rule adults above takes everything it would."
	if !strings.HasPrefix(f.Says, want) || f.Key != "shadow|main|shingles" || f.Weight != 7 || fmt.Sprint(f.By) != "[{main adults}]" || f.Severity != Warning {
		t.Errorf("%+v", f)
	}
}
