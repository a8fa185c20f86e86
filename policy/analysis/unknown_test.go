package analysis

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"onedoor/policy"
)

// changedTo is a request with one answer replaced.
func changedTo(p *policy.Policy, q request, fact string, v policy.Value) request {
	c := request{slices.Clone(q.values), maps.Clone(q.facts)}
	for i, f := range p.Facts() {
		if f.Name == fact {
			c.values[i] = v
		}
	}
	if delete(c.facts, fact); v.Known() {
		c.facts[fact] = v
	}
	return c
}

func values(f *policy.Fact) []policy.Value {
	var list []policy.Value
	for _, v := range f.Values {
		list = append(list, policy.Text(v))
	}
	for n := f.Min; f.Numeric() && n <= f.Max; n++ {
		list = append(list, policy.Int(n))
	}
	return list
}

// season1 are the random policies of a test that have one season, so that a finding holds on every day.
func oneSeason(t *testing.T, seed int) (*policy.Policy, string, bool) {
	document := madePolicy(random(uint64(seed))).String()
	p := read(t, document)
	return p, document, len(seasons(today, p.Tables())) == 1
}

func TestUnknownIsFoundExactlyWhereItLetsARequestThrough(t *testing.T) {
	t.Parallel()
	through, safe := 0, 0
	for seed := range 300 {
		p, document, ok := oneSeason(t, seed)
		if !ok {
			continue
		}
		want := map[string]Severity{}
		order := p.Order(today)
		last := order[len(order)-1]
		for _, q := range everyRequest(p) {
			at := p.Match(q.values, today)
			table, rule := p.At(at)
			leaves := !atHome(rule.Then.To)
			for _, f := range p.Facts()[:3] {
				if q.facts[f.Name].Known() {
					continue
				}
				add := func(s Severity) {
					k := key(Unknown, table.Name, rule.ID, f.Name)
					if want[k] != Warning {
						want[k] = s
					}
				}
				if f.Safety && leaves {
					add(Warning)
				}
				for _, later := range order[slices.Index(order, at)+1:] {
					_, other := p.At(later)
					if f.Safety && later != last && other.Then.Urgency.Rank() > rule.Then.Urgency.Rank() && takesRequest(p, other, q) {
						add(Warning)
					}
				}
				for _, v := range values(&f) {
					_, other := p.At(p.Match(changedTo(p, q, f.Name, v).values, today))
					switch {
					case leaves && atHome(other.Then.To):
						add(Warning)
					case other.Then.Urgency.Rank() > rule.Then.Urgency.Rank():
						add(Note)
					}
				}
			}
		}
		got := map[string]Severity{}
		for _, f := range found(analyse(t, p, Options{On: today}), Unknown) {
			got[f.Key] = f.Severity
			if _, rule := p.At(wins(p, f.Witness, today)); rule.ID != f.Rule || f.Witness[f.Fact].Known() {
				t.Fatalf("seed %d: the witness of %+v is won by %s\n%s", seed, f, rule.ID, document)
			}
		}
		if !maps.Equal(got, want) {
			t.Fatalf("seed %d: found %v, want %v\n%s", seed, got, want, document)
		}
		if through += len(want); len(want) == 0 {
			safe++
		}
	}
	if through < 100 || safe < 5 {
		t.Fatalf("%d findings, %d policies without: too few to prove anything", through, safe)
	}
}

func TestMonotoneIsFoundExactlyWhereAWorseAnswerIsLessUrgent(t *testing.T) {
	t.Parallel()
	falls, fine := 0, 0
	for seed := range 300 {
		p, document, ok := oneSeason(t, seed)
		if !ok {
			continue
		}
		want := map[string]bool{}
		for _, q := range everyRequest(p) {
			table, rule := p.At(p.Match(q.values, today))
			for _, f := range p.Facts()[:3] {
				rank, ok := f.Severity(q.facts[f.Name])
				if !ok {
					continue
				}
				for _, v := range values(&f) {
					if next, _ := f.Severity(v); next != rank+1 {
						continue
					}
					_, other := p.At(p.Match(changedTo(p, q, f.Name, v).values, today))
					if other.Then.Urgency.Rank() < rule.Then.Urgency.Rank() {
						want[key(Monotone, f.Name, table.Name, rule.ID)] = true
					}
				}
			}
		}
		got := map[string]bool{}
		for _, f := range found(analyse(t, p, Options{On: today}), Monotone) {
			got[f.Key] = true
			_, worse := p.At(wins(p, f.Witness, today))
			if worse.ID != f.Rule {
				t.Fatalf("seed %d: the witness of %+v is won by %s\n%s", seed, f, worse.ID, document)
			}
		}
		if !maps.Equal(got, want) {
			t.Fatalf("seed %d: found %v, want %v\n%s", seed, sorted(got), sorted(want), document)
		}
		if falls += len(want); len(want) == 0 {
			fine++
		}
	}
	if falls < 100 || fine < 5 {
		t.Fatalf("%d findings, %d policies without: too few to prove anything", falls, fine)
	}
}

func TestUnknownAndMonotoneAreSaidInASentence(t *testing.T) {
	t.Parallel()
	p := read(t, `
policy: one
facts:
  kind: [symptoms, admin]
  age: 0..130
  pregnant: ["yes", "no"]
  pain: { values: [none, mild, severe], worse: [none, mild, severe] }
tables:
  - name: main
    rules:
      - { id: today, when: { kind: '"symptoms"', pain: '"mild"' }, then: { to: registered-practice, urgency: urgent } }
      - { id: sore-throat, when: { kind: '"symptoms"', age: '>= 5' }, then: { to: chosen-pharmacy, urgency: soon } }
      - { id: rest, then: { to: registered-practice, urgency: soon } }
`)
	report := analyse(t, p, Options{})
	for _, want := range []string{
		"Rule sore-throat sends to the pharmacy that the patient chose also when pregnant is not known, which matters to safety.",
		"Rule sore-throat sends to the pharmacy that the patient chose when pain is not known; were the answer mild, rule today keeps it at the registered practice.",
		"A worse answer makes a request less urgent: when pain is severe rule sore-throat gives soon, and were it mild, rule today would give urgent.",
	} {
		if !slices.ContainsFunc(report.Findings, func(f Finding) bool { return f.Says == want && f.Severity == Warning }) {
			t.Errorf("missing: %s\n%s", want, says(report))
		}
	}
}

func says(r *Report) string {
	text := ""
	for _, f := range r.Findings {
		text += fmt.Sprintf("%s %s: %s\n", f.Severity, f.Kind, f.Says)
	}
	return text
}
