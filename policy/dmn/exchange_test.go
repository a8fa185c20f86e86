package dmn_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"onedoor/app/nhs"
	"onedoor/policy"
	"onedoor/policy/dmn"
	"onedoor/policy/dmn/feel"
	"onedoor/policy/policytest"
)

var notUnknown = regexp.MustCompile(`not\([^)]+unknown|not\(unknown,`)

// Random policies, some with dated tables, disabled rules and every hit policy, come back from DMN as what they were.
func TestPolicyComesBackFromDMNTheSame(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		p := policytest.Policy(r, policytest.Shape{Rules: 1 + r.IntN(30), Facts: 1 + r.IntN(6), Tables: 1 + r.IntN(4), Plain: seed%2 == 0})
		back := reimport(t, p)
		// DMN has one word for not("a") and for not("a", unknown), which take the same.
		if back.Hash() != p.Hash() && !notUnknown.Match(p.Document()) {
			t.Fatalf("seed %d: the hash differs:\n%s\n%s", seed, p.Document(), back.Document())
		}
		for range 200 {
			values := policytest.Values(r, p)
			day := nhs.DateOf(time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC).AddDate(0, 0, r.IntN(800)))
			if got, want := found(back, policytest.Facts(p, values), day), found(p, policytest.Facts(p, values), day); got != want {
				t.Fatalf("seed %d: %v on %s: %s before, %s after", seed, policytest.Facts(p, values), day, want, got)
			}
		}
	}
}

// reimport exports and imports a policy.
func reimport(t *testing.T, p *policy.Policy) *policy.Policy {
	t.Helper()
	model, err := dmn.Export(p)
	if err != nil {
		t.Fatalf("%v\n%s", err, p.Document())
	}
	imported, err := dmn.Import(model)
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, p.Document(), model)
	}
	back, err := policy.Parse(imported.Document)
	if err != nil {
		t.Fatalf("%v\n%s", err, imported.Document)
	}
	return back
}

// found is the rule that takes a request, and what it decides.
func found(p *policy.Policy, f policy.Facts, on nhs.Date) string {
	table, rule := p.At(p.Match(valuesOf(p, f), on))
	return fmt.Sprintf("%s/%s %+v", table.Name, rule.ID, rule.Then)
}

func valuesOf(p *policy.Policy, f policy.Facts) []policy.Value {
	var values []policy.Value
	for _, fact := range p.Facts() {
		values = append(values, f[fact.Name])
	}
	return values
}

// A policy in which no rule names one fact before another that another rule names after it keeps its hash too.
func TestHashComesBackFromDMN(t *testing.T) {
	t.Parallel()
	p := parse(t, everything)
	if back := reimport(t, p); back.Hash() != p.Hash() {
		t.Errorf("the hash differs:\n%s\n%s", p.Document(), back.Document())
	}
}

// everything is a document that uses all that a policy can say.
const everything = `
policy: riverside
facts:
  condition: [sore-throat, earache, "say \"ah\" & <more>", other]
  pain: { values: [none, mild, severe], worse: [none, mild, severe], safety: true }
  temperature: { range: -5..45, worse: up }
tables:
  - name: winter
    hit: priority
    from: 2026-11-01
    until: 2027-02-28
    rules:
      - id: cold
        when: { condition: '"sore-throat", unknown', temperature: '< 37, (38..40], 45' }
        then: { to: service:hub nearest open, urgency: soon, overflow: [desk, registered-practice/queue:clinical], tags: [cold, winter] }
        note: "Two lines,\nand <marks> & \"quotes\""
        if_drifts: registered-practice
      - id: hot
        when: { pain: 'not("none")', temperature: '>= 38' }
        then: { to: chosen-pharmacy, service: pharmacy-first, urgency: urgent, message: pharmacy-offer, care_within: 4h, answer_within: 90m }
  - name: everyday
    rules:
      - id: kept
        when: { condition: '"earache"' }
        then: { to: desk, urgency: urgent }
        disabled: true
      - id: 111-first
        when: { age: '< 5', pain: 'not(unknown)' }
        then: { to: "organisation:A81001/queue:children", urgency: soon }
      - id: kind
        when: { kind: '"symptoms", "admin"', age: unknown, condition: 'not("other")' }
        then: { to: nominated-pharmacy, urgency: soon }
  - name: everything-else
    rules:
      - id: catch-all
        when: {}
        then: { to: registered-practice, urgency: routine }
cases:
  - name: a cold in winter
    on: 2026-12-01
    given: { condition: sore-throat, temperature: 36 }
    expect: { to: service:hub nearest open, urgency: soon }
`

func parse(t *testing.T, document string) *policy.Policy {
	t.Helper()
	p, err := policy.Parse([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// What Export writes, evaluated as DMN, decides as the policy does, whatever is known.
func TestExportedModelDecidesAsThePolicy(t *testing.T) {
	t.Parallel()
	decisions := 0
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 2))
		p := policytest.Policy(r, policytest.Shape{Rules: 1 + r.IntN(20), Facts: 1 + r.IntN(5), Tables: 1 + r.IntN(3), Plain: seed%2 == 0})
		if slices.ContainsFunc(p.Tables(), func(t policy.Table) bool { return t.Hit == policy.Unique || t.Hit == policy.Any }) {
			continue // where several rows match, a policy takes the first and DMN none: analysis proves that they do not
		}
		decisions += agree(t, r, p)
	}
	decisions += agree(t, rand.New(rand.NewPCG(1, 3)), parse(t, everything))
	if decisions < 1000 {
		t.Errorf("only %d decisions were compared", decisions)
	}
}

func agree(t *testing.T, r *rand.Rand, p *policy.Policy) (decisions int) {
	t.Helper()
	document, err := dmn.Export(p)
	if err != nil {
		t.Fatal(err)
	}
	m, err := dmn.Parse(document)
	if err != nil {
		t.Fatal(err)
	}
	for range 50 {
		facts := policytest.Facts(p, policytest.Values(r, p))
		if !declared(p, facts) {
			continue
		}
		on := nhs.DateOf(time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC).AddDate(0, 0, r.IntN(500)))
		_, rule := p.At(p.Match(valuesOf(p, facts), on))
		if got, want := evaluated(t, m, facts, on), outcome(&rule.Then); got != want {
			t.Fatalf("%v on %s: %s in DMN, %s in the policy\n%s", facts, on, got, want, p.Document())
		}
		decisions++
	}
	return decisions
}

// declared reports whether every value is one that its fact has: DMN refuses others, and a policy lets - take them.
func declared(p *policy.Policy, facts policy.Facts) bool {
	for _, f := range p.Facts() {
		if !f.Allows(facts[f.Name]) {
			return false
		}
	}
	return true
}

func evaluated(t *testing.T, m *dmn.Model, facts policy.Facts, on nhs.Date) string {
	t.Helper()
	inputs := feel.NewContext()
	for name, v := range facts {
		switch n, numeric := v.Number(); {
		case numeric:
			inputs.Put(name, feel.NewNumber(int64(n)))
		case v.Known():
			inputs.Put(name, v.String())
		}
	}
	day, _ := feel.ParseDate(on.String())
	inputs.Put("day of request", day)
	result, err := m.Evaluate("routing decision", inputs, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	c, is := result.Value.(*feel.Context)
	if !is {
		t.Fatalf("no decision: %v", result.Reasons)
	}
	var parts []string
	for _, name := range []string{"to", "service", "urgency", "overflow", "tags", "message", "care_within", "answer_within"} {
		if v, there := c.Get(name); there && v != nil {
			parts = append(parts, name+" "+feel.Text(v))
		}
	}
	return strings.Join(parts, "; ")
}

func outcome(o *policy.Outcome) string {
	var parts []string
	add := func(name, text string) {
		if text != "" {
			parts = append(parts, name+" "+text)
		}
	}
	list := func(items []string) string {
		if len(items) == 0 {
			return ""
		}
		return `["` + strings.Join(items, `", "`) + `"]`
	}
	var overflow []string
	for _, d := range o.Overflow {
		overflow = append(overflow, d.String())
	}
	span := func(d time.Duration) string {
		if d == 0 {
			return ""
		}
		parsed, _ := feel.ParseDays(fmt.Sprintf("PT%dM", int(d.Minutes())))
		return parsed.String()
	}
	add("to", o.To.String())
	add("service", o.Service)
	add("urgency", string(o.Urgency))
	add("overflow", list(overflow))
	add("tags", list(o.Tags))
	add("message", o.Message)
	add("care_within", span(o.CareWithin))
	add("answer_within", span(o.AnswerWithin))
	return strings.Join(parts, "; ")
}

func day(t *testing.T) nhs.Date {
	t.Helper()
	d, err := nhs.ParseDate("2026-12-01")
	if err != nil {
		t.Fatal(err)
	}
	return d
}
