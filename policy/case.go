package policy

import (
	"fmt"
	"strconv"

	"go.yaml.in/yaml/v3"

	"onedoor/app/nhs"
)

// Case is a test that stands beside the rules: this patient goes there.
type Case struct {
	Name   string
	On     nhs.Date // the day of the request; zero takes the day on which the cases are run
	Given  Facts
	Expect Expectation
}

// Expectation is what a case says of the decision; what is empty is not asked.
type Expectation struct {
	To      *Destination // without a queue it takes any queue there
	Service string
	Urgency Urgency
	Table   string
	Rule    string
	Message string
}

// CaseFailure is a case whose decision is not the expected one.
type CaseFailure struct {
	Case        string
	Table, Rule string // what decided
	Says        string
}

// RunCases decides every case by the tables alone, with no directory, and returns the ones that fail. Facts of the safety
// stage that a case leaves out count as screened and clear; facts that Decide derives from the moment count as given. The day
// says which dated tables count for the cases that name no day.
func (p *Policy) RunCases(on nhs.Date) []CaseFailure {
	var failures []CaseFailure
	for _, c := range p.cases {
		if c.On.IsZero() {
			c.On = on
		}
		if failure, failed := p.runCase(c); failed {
			failures = append(failures, failure)
		}
	}
	return failures
}

func (p *Policy) runCase(c Case) (CaseFailure, bool) {
	facts := c.Given.clone()
	for name, screened := range map[string]string{"red-flag": "none", "free-text": "clear", "recording": "none"} {
		if !facts[name].Known() {
			facts[name] = Text(screened)
		}
	}
	table, rule := p.caseRule(facts, c.On)
	for _, asked := range []struct{ what, want, got string }{
		{"service", c.Expect.Service, rule.Then.Service},
		{"urgency", string(c.Expect.Urgency), string(rule.Then.Urgency)},
		{"table", c.Expect.Table, table.Name},
		{"rule", c.Expect.Rule, rule.ID},
		{"message", c.Expect.Message, rule.Then.Message},
	} {
		if asked.want != "" && asked.want != asked.got {
			return CaseFailure{c.Name, table.Name, rule.ID, fmt.Sprintf("The %s was expected to be %q and is %q.", asked.what, asked.want, asked.got)}, true
		}
	}
	if want := c.Expect.To; want != nil && !want.covers(rule.Then.To) {
		return CaseFailure{c.Name, table.Name, rule.ID, fmt.Sprintf("It was expected to go to %s and goes to %s.", want, rule.Then.To)}, true
	}
	return CaseFailure{}, false
}

func (p *Policy) caseRule(facts Facts, on nhs.Date) (*Table, *Rule) {
	if p != safety {
		if table, rule := safety.caseRule(facts, on); rule.Then.To.Kind != ToRouting {
			return table, rule
		}
	}
	found := &p.program.rules[p.find(p.values(func(f *Fact) Value { return facts[f.Name] }), on)]
	return found.table, found.rule
}

func (d Destination) covers(other Destination) bool {
	if d.Queue == "" {
		other.Queue = ""
	}
	return d == other
}

func (r *reader) readCases(section entry) {
	nodes := r.list(section.node, section.place, "cases")
	if len(nodes) > maxCases {
		r.add("policy_case", section.place, section.node, "a policy may hold %d cases at most", maxCases)
		return
	}
	names := map[string]bool{}
	for i, node := range nodes {
		at := section.place.under(i)
		c := r.readCase(node, at)
		if at.inCase = c.Name; names[c.Name] {
			r.add("policy_duplicate", at, node, "two cases have this name: expected another")
		}
		names[c.Name] = true
		r.policy.cases = append(r.policy.cases, c)
	}
}

func (r *reader) readCase(node *yaml.Node, at place) Case {
	c := Case{Given: Facts{}}
	entries := r.mapping(node, at, "a case", "name", "on", "given", "expect")
	asked := false
	for _, e := range entries {
		if e.key == "name" {
			c.Name, _ = r.scalar(e.node, e.place, "the case's name")
		}
	}
	at.inCase = c.Name
	for _, e := range entries {
		e.place.inCase = c.Name
		switch e.key {
		case "on":
			c.On = r.date(e)
		case "given":
			for _, g := range r.mapping(e.node, e.place, "facts") {
				g.place.column = g.key
				c.Given[g.key] = r.readValue(g)
			}
		case "expect":
			c.Expect, asked = r.readExpectation(e), true
		}
	}
	if c.Name == "" || !asked || c.Expect == (Expectation{}) {
		r.add("policy_case", at, node, "expected a name, given: with facts, and expect: with what should follow")
	}
	return c
}

func (r *reader) readValue(e entry) Value {
	if e.node.Kind == yaml.ScalarNode && (e.node.ShortTag() == "!!null" || e.node.Value == unknownWord) {
		return Value{}
	}
	text, ok := r.scalar(e.node, e.place, "a value of the fact")
	if !ok {
		return Value{}
	}
	if reserved(e.key) {
		return Text(text)
	}
	fact, known := r.facts[e.key]
	if !known {
		r.add("policy_fact", e.place, e.node, "this fact is not declared: expected one of those under facts")
		return Value{}
	}
	value := Text(text)
	if n, err := strconv.Atoi(text); fact.Numeric() && err == nil {
		value = Int(n)
	}
	if !fact.Allows(value) {
		r.add("policy_case", e.place, e.node, "%s is not a value of this fact: expected %s", clip(text), fact.Domain())
	}
	return value
}

func (r *reader) readExpectation(section entry) Expectation {
	var x Expectation
	for _, e := range r.mapping(section.node, section.place, "what should follow", "to", "service", "urgency", "table", "rule", "message") {
		switch e.key {
		case "to":
			d := r.readDestination(e)
			x.To = &d
		case "service":
			x.Service = r.slug(e, "a service's short name")
		case "urgency":
			x.Urgency = r.readUrgency(e)
		case "table":
			x.Table = r.slug(e, "a table's name")
		case "rule":
			x.Rule = r.slug(e, "a rule's id")
		case "message":
			x.Message = r.slug(e, "a message's code")
		}
	}
	return x
}
