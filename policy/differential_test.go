package policy_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"strings"
	"testing"

	"onedoor/app/nhs"
	"onedoor/policy"
	"onedoor/policy/policytest"
)

// shape draws from small tables mostly, and now and then from large ones and from those about as long as a word of 64 rules.
func shape(r *rand.Rand) policytest.Shape {
	s := policytest.Shape{Rules: 1 + r.IntN(20), Facts: 1 + r.IntN(8), Tables: 1 + r.IntN(4)}
	switch r.IntN(20) {
	case 0, 1, 2:
		s.Rules = 61 + r.IntN(6)
	case 3:
		s.Rules = 125 + r.IntN(6)
	case 4:
		s.Rules = 100 + r.IntN(201)
	case 5, 6, 7, 8:
		s.Rules = 20 + r.IntN(60)
	}
	switch r.IntN(12) {
	case 0:
		s.Values = 300
	case 1:
		s.Range = 100_000
	case 2:
		s.Facts = 20 + r.IntN(20)
	case 3:
		s.Tables = 12
	}
	return s
}

func day(r *rand.Rand) nhs.Date { return nhs.Date{Year: 2026, Month: 1, Day: 1}.Add(r.IntN(365)) }

// TestTheEngineAnswersAsTheScan is what makes the engine a decision table and not a guess at one.
func TestTheEngineAnswersAsTheScan(t *testing.T) {
	t.Parallel()
	tables, requests, places := 1256, 800, 200
	if raced {
		tables, requests, places = 100, 200, 40
	}
	const workers = 4
	for worker := range workers {
		t.Run(fmt.Sprint(worker), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(uint64(worker), 11))
			pairs, rules := 0, map[policy.Position]bool{}
			for range tables / workers {
				p := policytest.Policy(r, shape(r))
				pairs += agree(t, r, p, requests, rules)
				if t.Failed() {
					return
				}
			}
			t.Logf("%d pairs of table and request", pairs)
			if len(rules) < places {
				t.Errorf("only %d rules ever decided", len(rules))
			}
		})
	}
}

// agree holds the engine against the scan on random requests, and what it explains against a plain count of the cells.
func agree(t *testing.T, r *rand.Rand, p *policy.Policy, requests int, decided map[policy.Position]bool) (pairs int) {
	t.Helper()
	scan := policy.NewScan(p)
	variants := []*policy.Policy{p, p.Narrow(1, 2), p.Narrow(64, 24)}
	for i := range requests {
		values, on := policytest.Values(r, p), day(r)
		want := scan.Match(values, on)
		decided[want] = true
		if got := p.Match(values, on); got != want {
			t.Fatalf("on %s %v go to rule %v and the scan says %v:\n%s", on, values, got, want, p.Document())
		}
		if i%20 > 0 {
			continue
		}
		misses, next, ok := plainly(p, values, on, want)
		for _, variant := range variants {
			gotWinner, gotMisses, gotNext, gotOK := variant.Explained(values, on)
			if gotWinner != want || !reflect.DeepEqual(gotMisses, misses) || gotOK != ok || ok && gotNext != next {
				t.Fatalf("on %s %v:\n%v %v %v %t\n%v %v %v %t\n%s", on, values, gotWinner, gotMisses, gotNext, gotOK, want, misses, next, ok, p.Document())
			}
		}
	}
	return requests
}

// plainly finds near misses, and the rule after the winner that stays at home, cell by cell.
func plainly(p *policy.Policy, values []policy.Value, on nhs.Date, winner policy.Position) (misses []policy.NearMiss, next policy.Position, ok bool) {
	facts := map[string]int{}
	for i, f := range p.Facts() {
		facts[f.Name] = i
	}
	all := p.Facts()
	before := true
	for _, at := range p.Order(on) {
		table, rule := p.At(at)
		var failed []policy.Condition
		for _, c := range rule.When {
			if i := facts[c.Fact]; !c.Cell.Matches(&all[i], values[i]) {
				failed = append(failed, c)
			}
		}
		switch {
		case at == winner:
			before = false
		case before && len(failed) == 1 && failed[0].Fact != "kind" && len(misses) < 10:
			c := failed[0]
			was := values[facts[c.Fact]].String()
			switch f := all[facts[c.Fact]]; {
			case was == "unknown":
				was = "not known"
			case !f.Numeric() && f.Allows(values[facts[c.Fact]]):
				was = strings.ReplaceAll(was, "-", " ") // a declared code is said in words
			}
			misses = append(misses, policy.NearMiss{Table: table.Name, Rule: rule.ID, Fact: c.Fact, Needs: c.Cell.Words(), Was: was})
		case !before && len(failed) == 0 && rule.Then.To.Kind == policy.ToRegisteredPractice:
			return misses, at, true
		}
	}
	return misses, policy.Position{}, false
}

func TestTheEngineAnswersAsTheScanOnEveryPolicyOfTheRepository(t *testing.T) {
	t.Parallel()
	policies := map[string]*policy.Policy{"safety": policy.Safety()}
	for _, name := range []string{"riverside", "hillside"} {
		document, err := os.ReadFile("../app/demo/" + name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		policies[name] = parse(t, string(document))
	}
	for name, p := range policies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			decided := map[policy.Position]bool{}
			agree(t, rand.New(rand.NewPCG(1, 12)), p, 20_000, decided)
			if len(decided) < 5 {
				t.Errorf("only %d rules ever decided", len(decided))
			}
		})
	}
}

// TestEveryAnswerOfSmallTables leaves nothing to chance: every combination of answers, on both sides of every date.
func TestEveryAnswerOfSmallTables(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 13))
	combinations := 0
	for range 60 {
		p := policytest.Policy(r, policytest.Shape{Rules: 1 + r.IntN(70), Facts: 1 + r.IntN(4), Tables: 1 + r.IntN(3), Values: 4, Range: 6})
		scan := policy.NewScan(p)
		for _, on := range []nhs.Date{{Year: 2025, Month: 12, Day: 31}, {Year: 2026, Month: 6, Day: 15}, {Year: 2026, Month: 6, Day: 16}, {Year: 2027, Month: 1, Day: 1}} {
			for values := range policytest.Every(p, true) {
				combinations++
				if got, want := p.Match(values, on), scan.Match(values, on); got != want {
					t.Fatalf("on %s %v go to rule %v and the scan says %v:\n%s", on, values, got, want, p.Document())
				}
			}
		}
	}
	if combinations < 10_000 {
		t.Errorf("only %d combinations", combinations)
	}
}

// FuzzMatch makes the table and the request from the fuzzer's numbers.
func FuzzMatch(f *testing.F) {
	for i := range 20 {
		f.Add(uint64(i), uint8(i*13), uint8(i), uint8(i), uint64(i))
	}
	f.Fuzz(func(t *testing.T, seed uint64, rules, facts, tables uint8, request uint64) {
		p := policytest.Policy(rand.New(rand.NewPCG(seed, 14)), policytest.Shape{Rules: int(rules), Facts: int(facts % 12), Tables: int(tables % 6)})
		agree(t, rand.New(rand.NewPCG(request, 15)), p, 20, map[policy.Position]bool{})
	})
}
