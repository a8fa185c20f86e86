package analysis

import (
	"encoding/json"
	"strings"
	"testing"

	"onedoor/policy"
)

func TestARecheckGivesWhatACheckGives(t *testing.T) {
	t.Parallel()
	kept := 0
	for seed := range 80 {
		r := random(uint64(seed))
		document := madePolicy(r)
		p := read(t, document.String())
		past := []Past{}
		for i, q := range everyRequest(p) {
			if i%7 == 0 {
				past = append(past, Past{q.facts, i})
			}
		}
		o := Options{On: today, Past: past}
		if seed%2 == 0 {
			o.Directory = madeTown(r).directory(t)
		}
		report := analyse(t, p, o)
		for range 4 {
			after, changed := editedRule(r, document)
			p := read(t, after.String())
			again, err := report.Recheck(t.Context(), p, changed, o)
			if err != nil {
				t.Fatal(err)
			}
			want, got := asJSON(t, analyse(t, p, o)), asJSON(t, again)
			if want != got {
				for i, line := range strings.Split(want, "\n") {
					if other := strings.Split(got, "\n"); i >= len(other) || other[i] != line {
						t.Fatalf("seed %d, rule %v: line %d: %s; rechecked %s\n%s\nafter\n%s", seed, changed, i, line, other[min(i, len(other)-1)], document, after)
					}
				}
				t.Fatalf("seed %d, rule %v: checked\n%s\nrechecked\n%s\nbefore\n%s\nafter\n%s", seed, changed, want, got, document, after)
			}
			for i, m := range report.remember(p, changed, o) {
				kept += remembered(&m, again.memory[i].model)
			}
			document, report = after, again
		}
	}
	if kept < 1000 {
		t.Fatalf("%d answers were remembered: too few to prove anything", kept)
	}
}

// remembered counts the answers that a recheck does not look for again.
func remembered(k *recollection, now *model) int {
	n := 0
	for _, known := range k.kept(now, severities(now, newGuard(now.layout, newWritten(policy.Safety()), now))).rules {
		for _, a := range known {
			if a != nil {
				n++
			}
		}
	}
	return n
}

func asJSON(t *testing.T, r *Report) string {
	t.Helper()
	b, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// editedRule is a policy with one rule changed, added, removed or moved, and which.
func editedRule(r interface{ IntN(int) int }, d made) (made, RuleRef) {
	e := d.clone()
	at := r.IntN(len(e.tables) - 1)
	t := &e.tables[at]
	i := r.IntN(len(t.rules))
	id, _, _ := strings.Cut(strings.TrimPrefix(t.rules[i], "{ id: "), ",")
	name, _, _ := strings.Cut(strings.TrimPrefix(t.head, "name: "), ",")
	facts := []string{"kind", "age", "pain"}
	fresh := func(id string) string { return madeRule(random(uint64(r.IntN(1<<30))), id, facts) }
	switch r.IntN(6) {
	case 0:
		if j := r.IntN(len(t.rules)); j != i {
			moved := t.rules[i]
			t.rules = append(t.rules[:i:i], t.rules[i+1:]...)
			t.rules = append(t.rules[:min(j, len(t.rules)):min(j, len(t.rules))], append([]string{moved}, t.rules[min(j, len(t.rules)):]...)...)
		}
	case 1:
		if len(t.rules) > 1 {
			t.rules = append(t.rules[:i:i], t.rules[i+1:]...)
		}
	case 2:
		id = "added-" + id
		if !strings.Contains(strings.Join(t.rules, " "), "id: "+id+",") {
			t.rules = append(t.rules, fresh(id))
		}
	default:
		t.rules[i] = fresh(id)
	}
	return e, RuleRef{name, id}
}
