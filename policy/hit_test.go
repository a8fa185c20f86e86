package policy_test

import (
	"slices"
	"strings"
	"testing"

	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/policy"
)

// tabled is a policy with one table to try and a catch-all after it.
func tabled(t testing.TB, head string, rules ...string) *policy.Policy {
	t.Helper()
	return parse(t, `policy: tabled
facts:
  kind: [symptoms, admin]
  pain: { values: [none, mild, severe, other], worse: [none, mild, severe], safety: true }
  age: { range: 0..130, worse: down, safety: true }
  steps: { range: 0..10, worse: up }
tables:
  - name: tried
    `+head+`
    rules:
      - `+strings.Join(rules, "\n      - ")+`
  - name: rest
    rules: [{ id: catch-all, then: { to: desk, urgency: soon } }]
`)
}

var today = nhs.Date{Year: 2026, Month: 11, Day: 24}

// decides is the id of the rule that takes some facts.
func decides(p *policy.Policy, on nhs.Date, facts policy.Facts) string {
	values := make([]policy.Value, 0, len(p.Facts()))
	for _, f := range p.Facts() {
		values = append(values, facts[f.Name])
	}
	_, rule := p.At(p.Match(values, on))
	return rule.ID
}

func TestHitPolicies(t *testing.T) {
	t.Parallel()
	rules := []string{
		`{ id: later, when: { kind: '"symptoms"' }, then: { to: desk, urgency: routine } }`,
		`{ id: sooner, when: { kind: '"symptoms"', pain: '"mild", "severe"' }, then: { to: desk, urgency: soon } }`,
		`{ id: now, when: { kind: '"symptoms"', pain: '"severe"' }, then: { to: desk, urgency: urgent } }`,
		`{ id: now-too, when: { kind: '"symptoms"', pain: '"severe"', age: '< 5' }, then: { to: desk/queue:clinical, urgency: urgent } }`,
	}
	severe := policy.Facts{"kind": policy.Text("symptoms"), "pain": policy.Text("severe"), "age": policy.Int(3)}
	for hit, want := range map[policy.HitPolicy]struct {
		rule  string
		order []int
	}{
		policy.First:    {"later", []int{0, 1, 2, 3}},
		policy.Unique:   {"later", []int{0, 1, 2, 3}}, // the rules overlap: analysis refuses it, and the first decides
		policy.Any:      {"later", []int{0, 1, 2, 3}},
		policy.Priority: {"now", []int{2, 3, 1, 0}}, // ties in document order
	} {
		t.Run(string(hit), func(t *testing.T) {
			t.Parallel()
			p := tabled(t, "hit: "+string(hit), rules...)
			if got := decides(p, today, severe); got != want.rule {
				t.Errorf("rule %s decides", got)
			}
			order := p.Order(today)
			if last := order[len(order)-1]; last != (policy.Position{Table: 1}) {
				t.Errorf("%v is asked last", last)
			}
			for i, at := range order[:len(order)-1] {
				if at != (policy.Position{Rule: want.order[i]}) {
					t.Errorf("%v is asked at place %d", at, i)
				}
			}
		})
	}
}

func TestADisabledRuleIsKeptAndNeverMatches(t *testing.T) {
	t.Parallel()
	p := tabled(t, "hit: first",
		`{ id: off, disabled: true, when: { kind: '"symptoms"' }, then: { to: desk, urgency: urgent } }`,
		`{ id: on, when: { kind: '"symptoms"' }, then: { to: desk, urgency: routine }, if_drifts: registered-practice }`)
	if got := decides(p, today, texts("kind", "symptoms")); got != "on" {
		t.Errorf("rule %s decides", got)
	}
	if slices.Contains(p.Order(today), policy.Position{}) {
		t.Error("it is asked")
	}
	off, ok := p.Rule("tried", "off")
	if !ok || !off.Disabled || off.Sentence() == "" {
		t.Errorf("it was not kept: %+v", off)
	}
	if on, _ := p.Rule("tried", "on"); on.Disabled || on.IfDrifts != policy.ToRegisteredPractice {
		t.Errorf("%+v", on)
	}
	facts := screened(texts("kind", "symptoms"))
	got := policy.Decide(p, facts, newWorld().directory(t), nil, london(t, "2026-11-24 10:00"))
	if got.Rule != "on" || len(got.NearMisses) != 0 {
		t.Errorf("decided by %s, near misses %v", got.Rule, got.NearMisses)
	}
}

func TestATableOfDisabledRulesIsPassed(t *testing.T) {
	t.Parallel()
	p := tabled(t, "hit: priority", `{ id: off, disabled: true, when: { kind: '"symptoms"' }, then: { to: desk, urgency: urgent } }`)
	if got := decides(p, today, texts("kind", "symptoms")); got != "catch-all" {
		t.Errorf("rule %s decides", got)
	}
}

func TestCasesRunOverDisabledRulesAndHitPolicies(t *testing.T) {
	t.Parallel()
	p := tabled(t, "hit: priority",
		`{ id: off, disabled: true, when: { kind: '"symptoms"' }, then: { to: desk, urgency: urgent } }`,
		`{ id: low, when: { kind: '"symptoms"' }, then: { to: desk, urgency: routine } }`,
		`{ id: high, when: { kind: '"symptoms"' }, then: { to: desk, urgency: soon } }`)
	p = parse(t, string(p.Document())+"cases:\n  - { name: a, given: { kind: symptoms }, expect: { rule: high } }\n  - { name: b, given: { kind: symptoms }, expect: { rule: off } }\n")
	failures := p.RunCases(today)
	if len(failures) != 1 || failures[0].Case != "b" || failures[0].Rule != "high" {
		t.Errorf("%+v", failures)
	}
}

func TestDatedTablesCountOnTheirDays(t *testing.T) {
	t.Parallel()
	p := tabled(t, "from: 2026-11-24\n    until: 2026-11-30", `{ id: dated, then: { to: desk, urgency: routine } }`)
	for day, want := range map[int]string{23: "catch-all", 24: "dated", 30: "dated", 31: "catch-all"} {
		on := nhs.Date{Year: 2026, Month: 11, Day: 23}.Add(day - 23)
		if got := decides(p, on, nil); got != want {
			t.Errorf("on %s rule %s decides", on, got)
		}
		if order := p.Order(on); len(order) != map[string]int{"dated": 2, "catch-all": 1}[want] {
			t.Errorf("on %s %v are asked", on, order)
		}
	}
}

func TestSeverity(t *testing.T) {
	t.Parallel()
	p := tabled(t, "hit: first", `{ id: only, then: { to: desk, urgency: soon } }`)
	byName := map[string]policy.Fact{}
	for _, f := range p.Facts() {
		byName[f.Name] = f
	}
	for _, c := range []struct {
		fact   string
		values []policy.Value // from best to worst
		none   []policy.Value
	}{
		{"pain", []policy.Value{policy.Text("none"), policy.Text("mild"), policy.Text("severe")}, []policy.Value{{}, policy.Text("other"), policy.Text("foreign"), policy.Int(1)}},
		{"age", []policy.Value{policy.Int(130), policy.Int(18), policy.Int(0)}, []policy.Value{{}, policy.Int(131), policy.Text("old")}},
		{"steps", []policy.Value{policy.Int(0), policy.Int(10)}, []policy.Value{{}, policy.Int(-1)}},
		{"kind", nil, []policy.Value{policy.Text("symptoms")}},
	} {
		f := byName[c.fact]
		last, first := 0, true
		for _, v := range c.values {
			rank, ok := f.Severity(v)
			if !ok || !first && rank <= last {
				t.Errorf("%s of %s ranks %d %t", v, c.fact, rank, ok)
			}
			last, first = rank, false
		}
		for _, v := range c.none {
			if rank, ok := f.Severity(v); ok {
				t.Errorf("%s of %s ranks %d", v, c.fact, rank)
			}
		}
	}
	if kind := byName["kind"]; !byName["pain"].Safety || byName["steps"].Safety || kind.Safety {
		t.Error("the safety facts are others")
	}
}

func TestWhatADocumentNeedNotSayLeavesTheHash(t *testing.T) {
	t.Parallel()
	first := parse(t, small).Hash()
	// Written down when the engine was an ordered scan: whatever is added later, stored decisions keep naming this version.
	if want := "f701cbe5539d692533a9c974ab86f81e0611e3d9e1c44c7ce1093fba277888e4"; first != want {
		t.Errorf("the hash of a document that uses nothing new is %s", first)
	}
	for what, document := range map[string]string{
		"a mapping for a list":  strings.Replace(small, "kind: [symptoms, admin]", "kind: { values: [symptoms, admin] }", 1),
		"a mapping for a range": strings.Replace(small, "age: 0..130", "age: { range: 0..130, safety: false }", 1),
		"not disabled":          strings.Replace(small, "- id: adults", "- disabled: false\n        id: adults", 1),
	} {
		if parse(t, document).Hash() != first {
			t.Errorf("%s changed the hash", what)
		}
	}
	for what, document := range map[string]string{
		"disabled":     strings.Replace(small, "- id: adults", "- disabled: true\n        id: adults", 1),
		"a drift":      strings.Replace(small, "- id: adults", "- if_drifts: registered-practice\n        id: adults", 1),
		"a worse":      strings.Replace(small, "age: 0..130", "age: { range: 0..130, worse: up }", 1),
		"a worse list": strings.Replace(small, "kind: [symptoms, admin]", "kind: { values: [symptoms, admin], worse: [admin, symptoms] }", 1),
		"a safety":     strings.Replace(small, "age: 0..130", "age: { range: 0..130, safety: true }", 1),
		"a hit":        strings.Replace(small, "hit: first", "hit: priority", 1),
	} {
		if parse(t, document).Hash() == first {
			t.Errorf("%s left the hash as it was", what)
		}
	}
}

func TestAdditionsThatAreRefusedSayWhere(t *testing.T) {
	t.Parallel()
	swap := func(from, to string) string {
		if !strings.Contains(small, from) {
			t.Fatalf("the test's document holds no %q", from)
		}
		return strings.Replace(small, from, to, 1)
	}
	fact := func(age string) string { return swap("age: 0..130", "age: "+age) }
	for name, c := range map[string]struct{ document, code, says string }{
		"neither values nor range": {fact("{ safety: true }"), "policy_fact", `Line 4, column "age": a fact is a list of values or a range: expected one of values: with a list, or range: such as 0..130`},
		"values and range":         {fact("{ values: [a], range: 0..1 }"), "policy_fact", `column "age": a fact is a list of values or a range`},
		"a list as range":          {fact("{ range: [1, 2] }"), "policy_fact", `column "age": expected a range of whole numbers such as 0..130`},
		"a range as values":        {fact("{ values: 0..130 }"), "policy_fact", `column "age": expected the values as a list`},
		"an unknown key":           {fact("{ range: 0..130, safe: true }"), "policy_key", `the key "safe" is not known here: expected values, range, worse or safety`},
		"a range that is worse":    {fact("{ range: 0..130, worse: older }"), "policy_fact", `column "age": expected worse: up or worse: down of a range, found "older"`},
		"a word that is worse":     {fact("{ values: [a, b], worse: up }"), "policy_fact", `column "age": expected the values from best to worst as a list, such as [none, mild, severe], found "up"`},
		"a foreign worse value":    {fact("{ values: [a, b], worse: [a, c] }"), "policy_fact", `column "age": "c" is not a value of this fact: expected one of "a", "b"`},
		"a worse value twice":      {fact("{ values: [a, b], worse: [a, a] }"), "policy_fact", `column "age": the value "a" stands here twice`},
		"one worse value":          {fact("{ values: [a, b], worse: [a] }"), "policy_fact", `column "age": expected two values or more from best to worst, found 1`},
		"a safety that is a word":  {fact("{ range: 0..130, safety: perhaps }"), "policy_shape", `column "age": expected true when`},
		"a disabled that is not":   {swap("note: adults only", "disabled: sometimes"), "policy_shape", `table "pharmacy", rule "adults": expected disabled: true`},
		"a drift elsewhere":        {swap("note: adults only", "if_drifts: desk"), "policy_rule", `table "pharmacy", rule "adults": expected if_drifts: registered-practice, or nothing for an alarm alone, found "desk"`},
		"a disabled catch-all":     {swap("- id: catch-all", "- disabled: true\n        id: catch-all"), "policy_catch_all", `Table "everything-else", rule "catch-all": the last rule takes everything that no other does: expected it not to be disabled`},
		"rule order":               {swap("hit: first", "hit: rule order"), "policy_hit", `table "pharmacy": rule order gives several outcomes, for a table that is evaluated by itself (onedoor policy dmn)`},
		"output order":             {swap("hit: first", "hit: output order"), "policy_hit", `found output order`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := policy.Parse([]byte(c.document))
			if !fault.Is(err, c.code) || !strings.Contains(fault.As(err).Says, c.says) {
				t.Errorf("want %s: %s\n got %v", c.code, c.says, err)
			}
		})
	}
}
