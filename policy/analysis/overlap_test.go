package analysis

import (
	"fmt"
	"slices"
	"testing"

	"onedoor/policy"
)

// takes reports whether every cell of a rule takes a request.
func takesRequest(p *policy.Policy, r *policy.Rule, q request) bool {
	for _, c := range r.When {
		for i, fact := range p.Facts() {
			if fact.Name == c.Fact && !c.Cell.Matches(&fact, q.values[i]) {
				return false
			}
		}
	}
	return true
}

func TestOverlapsAreExactlyThePairsThatTakeOneRequestAndDecideOtherwise(t *testing.T) {
	t.Parallel()
	pairs, apart := 0, 0
	for seed := range 150 {
		document := madePolicy(random(uint64(seed))).String()
		p := read(t, document)
		report := analyse(t, p, Options{On: today})
		requests := everyRequest(p)
		got := map[string]bool{}
		for _, f := range found(report, Overlap) {
			for _, by := range f.By {
				got[fmt.Sprint(f.Table, f.Rule, by.Rule)] = true
			}
		}
		want := map[string]bool{}
		for _, s := range seasons(today, p.Tables()) {
			order := p.Order(s.on)
			for a, at := range order {
				table, rule := p.At(at)
				for _, later := range order[a+1 : len(order)-min(1, len(order)-a-1)] {
					if later.Table != at.Table {
						continue
					}
					_, other := p.At(later)
					both, inside := 0, true
					for _, q := range requests {
						mine, others := takesRequest(p, rule, q), takesRequest(p, other, q)
						if mine && others {
							both++
						}
						inside = inside && (!mine || others)
					}
					same := string(appendOutcome(nil, &rule.Then)) == string(appendOutcome(nil, &other.Then))
					ordered := table.Hit == policy.First || table.Hit == policy.Priority
					switch {
					case both == 0, same && table.Hit != policy.Unique, ordered && inside, table.Hit == policy.Priority && other.Then.Urgency.Rank() < rule.Then.Urgency.Rank():
						apart++
					default:
						pairs++
						want[fmt.Sprint(table.Name, rule.ID, other.ID)] = true
					}
				}
			}
		}
		if fmt.Sprint(sorted(got)) != fmt.Sprint(sorted(want)) {
			t.Fatalf("seed %d: found %v, want %v\n%s", seed, sorted(got), sorted(want), document)
		}
		for _, f := range found(report, Overlap) {
			if wrong := overlapSeverity(p, f); wrong != "" {
				t.Fatal(wrong, f)
			}
		}
	}
	if min(pairs, apart) < 100 {
		t.Fatalf("%d pairs overlap and %d do not: too few to prove anything", pairs, apart)
	}
}

func overlapSeverity(p *policy.Policy, f Finding) string {
	for _, t := range p.Tables() {
		if t.Name == f.Table && (f.Severity == Error) != (t.Hit == policy.Unique || t.Hit == policy.Any) {
			return fmt.Sprintf("%s in a table with hit %s", f.Severity, t.Hit)
		}
	}
	return ""
}

func sorted(set map[string]bool) []string { return slices.Sorted(mapKeys(set)) }

func TestWhatMustNotOverlapIsListedOnlySoFar(t *testing.T) {
	t.Parallel()
	document := "policy: one\nfacts: { kind: [symptoms] }\ntables:\n  - name: main\n    hit: unique\n    rules:\n"
	for i := range 40 {
		document += fmt.Sprintf("      - { id: r%d, then: { to: registered-practice, urgency: soon } }\n", i)
	}
	document += "  - { name: last, rules: [ { id: rest, then: { to: registered-practice, urgency: soon } } ] }\n"
	list := found(analyse(t, read(t, document), Options{}), Overlap)
	listed := 0
	for i := range 40 {
		listed += min(mostPairs, 39-i)
	}
	if len(list) != listed+1 {
		t.Fatalf("%d findings, expected %d and the rest as one", len(list), listed)
	}
	rest := list[slices.IndexFunc(list, func(f Finding) bool { return f.Key == "overlap|main" })]
	if want := fmt.Sprintf("In the table main %d pairs more of rules that must not overlap do: mend those that are listed first.", 40*39/2-listed); rest.Says != want || rest.Severity != Error {
		t.Errorf("%+v", rest)
	}
}
