package analysis

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"onedoor/app/nhs"
	"onedoor/policy"
)

// today is the day on which the tests look.
var today = nhs.Date{Year: 2026, Month: 11, Day: 23}

// made is a random policy's document in parts, so that tests can edit one rule of it.
type made struct {
	facts  []string
	tables []madeTable
}

type madeTable struct {
	head  string
	rules []string
}

func (d made) String() string {
	var b strings.Builder
	b.WriteString("policy: made\nfacts:\n")
	for _, f := range d.facts {
		b.WriteString("  " + f + "\n")
	}
	b.WriteString("tables:\n")
	for _, t := range d.tables {
		b.WriteString("  - { " + t.head + ", rules: [\n      " + strings.Join(t.rules, ",\n      ") + " ] }\n")
	}
	return b.String()
}

func (d made) clone() made {
	c := made{slices.Clone(d.facts), slices.Clone(d.tables)}
	for i := range c.tables {
		c.tables[i].rules = slices.Clone(c.tables[i].rules)
	}
	return c
}

func read(t testing.TB, document string) *policy.Policy {
	t.Helper()
	p, err := policy.Parse([]byte(document))
	if err != nil {
		t.Fatalf("%v\n%s", err, document)
	}
	return p
}

// cells that the random rules ask for, by fact.
var madeCells = map[string][]string{
	"kind":       {`"symptoms"`, `"admin"`, `"callback"`, `"symptoms", "admin"`, `not("symptoms")`, "unknown", `"admin", unknown`},
	"age":        {"< 2", "[1..3]", "4", "not(0)", "unknown", ">= 2", "< 3, unknown"},
	"pain":       {`"none"`, `"mild"`, `"severe"`, `not("none")`, `"severe", unknown`},
	"core-hours": {`"yes"`, `"no"`},
	"day":        {`"saturday", "sunday"`, `"monday"`},
	"red-flag":   {`"none"`, `"emergency"`, `"none", "urgent"`},
	"recording":  {`"heard"`, "unknown"},
}

var madeOutcomes = []string{
	"to: registered-practice, urgency: routine", "to: registered-practice, urgency: soon", "to: registered-practice, urgency: urgent",
	"to: registered-practice/queue:clinical, urgency: soon", "to: chosen-pharmacy, urgency: soon", "to: chosen-pharmacy, urgency: routine",
	"to: 'service:physiotherapy', urgency: soon, overflow: desk", "to: registered-practice, urgency: soon, tags: [a]",
}

func madeRule(r *rand.Rand, id string, facts []string) string {
	var when []string
	for _, f := range facts {
		if r.IntN(5) < 2 {
			cells := madeCells[f]
			when = append(when, f+": '"+cells[r.IntN(len(cells))]+"'")
		}
	}
	disabled := ""
	if r.IntN(12) == 0 {
		disabled = ", disabled: true"
	}
	return fmt.Sprintf("{ id: %s, when: { %s }, then: { %s }%s }", id, strings.Join(when, ", "), madeOutcomes[r.IntN(len(madeOutcomes))], disabled)
}

// madePolicy is a random small policy. Its facts have few values, so that every request can be tried.
func madePolicy(r *rand.Rand) made {
	d := made{facts: []string{
		"kind: [symptoms, admin, callback]", "age: { range: 0..4, worse: down, safety: true }", "pain: { values: [none, mild, severe], worse: [none, mild, severe] }",
	}}
	asked := []string{"kind", "age", "pain"}
	if r.IntN(5) == 0 {
		d.facts = append(d.facts, `core-hours: ["yes", "no"]`, "day: [monday, tuesday, wednesday, thursday, friday, saturday, sunday]")
		asked = append(asked, "core-hours", "day")
	}
	if r.IntN(4) == 0 {
		asked = append(asked, "red-flag", "recording")
	}
	for t := range 1 + r.IntN(3) {
		hit := []string{"first", "first", "unique", "any", "priority"}[r.IntN(5)]
		table := madeTable{head: fmt.Sprintf("name: t%d, hit: %s", t, hit)}
		if r.IntN(4) == 0 {
			table.head += ", " + []string{"from: 2026-12-01", "until: 2026-12-31", "from: 2026-12-10, until: 2027-01-10", "until: 2026-01-01"}[r.IntN(4)]
		}
		for i := range 1 + r.IntN(6) {
			table.rules = append(table.rules, madeRule(r, fmt.Sprintf("r%d", i), asked))
		}
		d.tables = append(d.tables, table)
	}
	d.tables = append(d.tables, madeTable{"name: last", []string{fmt.Sprintf("{ id: catch-all, then: { %s } }", madeOutcomes[r.IntN(3)])}})
	return d
}

// request is one request that can reach the tables.
type request struct {
	values []policy.Value // by fact of the policy
	facts  policy.Facts
}

// everyRequest is all combinations of the values of a policy's facts, what is not known and what is not declared too.
func everyRequest(p *policy.Policy) []request {
	var names []string
	for _, f := range p.Facts() {
		names = append(names, f.Name)
	}
	known, ok := tried.Load(strings.Join(names, " "))
	if !ok {
		known, _ = tried.LoadOrStore(strings.Join(names, " "), combinations(p))
	}
	return known.([]request)
}

// tried are the requests by the names of the facts: those of the random policies are two sets.
var tried sync.Map

func combinations(p *policy.Policy) []request {
	list := []request{{}}
	for _, f := range p.Facts() {
		var values []policy.Value
		switch f.Name {
		case "red-flag":
			values = []policy.Value{policy.Text("none")}
		case "free-text":
			values = []policy.Value{{}}
		case "recording":
			values = []policy.Value{{}, policy.Text("heard"), policy.Text("none")}
		case "core-hours", "day", "bank-holiday":
		default:
			values = []policy.Value{{}, policy.Text("undeclared")}
		}
		if len(values) != 1 && f.Name != "recording" {
			for _, v := range f.Values {
				values = append(values, policy.Text(v))
			}
			for n := f.Min; f.Numeric() && n <= f.Max; n++ {
				values = append(values, policy.Int(n))
			}
		}
		var more []request
		for _, known := range list {
			for _, v := range values {
				facts := maps.Clone(known.facts)
				if facts == nil {
					facts = policy.Facts{}
				}
				if v.Known() {
					facts[f.Name] = v
				}
				more = append(more, request{append(slices.Clone(known.values), v), facts})
			}
		}
		list = more
	}
	return slices.DeleteFunc(list, func(q request) bool {
		weekend := q.facts["day"] == policy.Text("saturday") || q.facts["day"] == policy.Text("sunday")
		return q.facts["core-hours"] == policy.Text("yes") && weekend
	})
}

// winners are the rules that win some request of a list on a day, and what they win.
func winners(p *policy.Policy, requests []request, on nhs.Date) map[policy.Position][]request {
	won := map[policy.Position][]request{}
	for _, q := range requests {
		at := p.Match(q.values, on)
		won[at] = append(won[at], q)
	}
	return won
}

// wins reports whether a witness is won by a rule on a day.
func wins(p *policy.Policy, facts policy.Facts, on nhs.Date) policy.Position {
	values := make([]policy.Value, 0, len(facts))
	for _, f := range p.Facts() {
		values = append(values, facts[f.Name])
	}
	return p.Match(values, on)
}

func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) } //nolint:gosec // tests repeat themselves

func analyse(t testing.TB, p *policy.Policy, o Options) *Report {
	t.Helper()
	report, err := Check(t.Context(), p, o)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// found are the findings of a kind.
func found(r *Report, kind Kind) []Finding {
	return slices.DeleteFunc(slices.Clone(r.Findings), func(f Finding) bool { return f.Kind != kind })
}
