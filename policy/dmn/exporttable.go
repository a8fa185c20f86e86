package dmn

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"onedoor/policy"
	"onedoor/policy/dmn/feel"
)

var urgencies = []string{string(policy.Emergency), string(policy.Urgent), string(policy.Soon), string(policy.Routine)}

// column is one output of an exported table.
type column struct {
	name, typeRef, values string
	always                bool
	of                    func(o *policy.Outcome) string // FEEL, or nothing
}

// The outputs, urgency first: a table of priority sorts by the first.
func columns() []column {
	return []column{
		{name: "urgency", typeRef: "string", always: true, values: quotedList(urgencies), of: func(o *policy.Outcome) string { return feel.Source(string(o.Urgency)) }},
		{name: "to", typeRef: "string", always: true, of: func(o *policy.Outcome) string { return feel.Source(o.To.String()) }},
		{name: "service", typeRef: "string", of: func(o *policy.Outcome) string { return sourceOr(o.Service) }},
		{name: "overflow", of: func(o *policy.Outcome) string {
			var all []string
			for _, d := range o.Overflow {
				all = append(all, d.String())
			}
			return listOr(all)
		}},
		{name: "tags", of: func(o *policy.Outcome) string { return listOr(o.Tags) }},
		{name: "message", typeRef: "string", of: func(o *policy.Outcome) string { return sourceOr(o.Message) }},
		{name: "care_within", typeRef: "dayTimeDuration", of: func(o *policy.Outcome) string { return duration(o.CareWithin) }},
		{name: "answer_within", typeRef: "dayTimeDuration", of: func(o *policy.Outcome) string { return duration(o.AnswerWithin) }},
	}
}

func quotedList(values []string) string {
	var list []string
	for _, v := range values {
		list = append(list, feel.Source(v))
	}
	return strings.Join(list, ", ")
}

func sourceOr(s string) string {
	if s == "" {
		return ""
	}
	return feel.Source(s)
}

func listOr(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return "[" + quotedList(values) + "]"
}

func duration(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return fmt.Sprintf("duration(%q)", "PT"+strconv.Itoa(int(d/time.Minute))+"M")
}

func (w *exporter) table(t *policy.Table, position int) {
	facts := conditionOrder(t, w.p.Facts())
	w.open("decision", "id", "table."+t.Name, "name", t.Name)
	w.open("extensionElements")
	w.open("onedoor:table", "position", strconv.Itoa(position), "from", t.From.String(), "until", t.Until.String())
	for i := range t.Rules {
		if t.Rules[i].Disabled {
			w.disabled(&t.Rules[i], i+1)
		}
	}
	w.close("onedoor:table")
	w.close("extensionElements")
	w.empty("variable", "name", t.Name)
	for _, f := range facts {
		w.open("informationRequirement", "id", "requires."+t.Name+"."+f.Name)
		w.empty("requiredInput", "href", "#input."+f.Name)
		w.close("informationRequirement")
	}
	w.open("decisionTable", "id", "rules."+t.Name, "hitPolicy", strings.ToUpper(string(t.Hit)), "preferredOrientation", "Rule-as-Row")
	for i := range facts {
		w.input(t, &facts[i])
	}
	outputs := usedColumns(t)
	for _, c := range outputs {
		w.output(t, c)
	}
	w.empty("annotation", "name", "note")
	w.empty("annotation", "name", "if_drifts")
	for i := range t.Rules {
		if !t.Rules[i].Disabled {
			w.rule(t, &t.Rules[i], facts, outputs)
		}
	}
	w.close("decisionTable")
	w.close("decision")
}

func (w *exporter) disabled(r *policy.Rule, position int) {
	node := ruleNode(rowOf(r))
	text, err := yaml.Marshal(node)
	if err != nil {
		return // a node of strings is always written
	}
	w.leaf("onedoor:disabled", string(text), "position", strconv.Itoa(position))
}

func (w *exporter) input(t *policy.Table, f *policy.Fact) {
	w.open("input", "id", "column."+t.Name+"."+f.Name, "label", f.Name)
	w.open("inputExpression", "typeRef", typeName(f.Name))
	w.leaf("text", f.Name)
	w.close("inputExpression")
	w.texted("inputValues", domain(f))
	w.close("input")
}

func (w *exporter) output(t *policy.Table, c column) {
	w.open("output", "id", "output."+t.Name+"."+c.name, "name", c.name, "typeRef", c.typeRef)
	if c.values != "" {
		w.texted("outputValues", c.values)
	}
	w.close("output")
}

func usedColumns(t *policy.Table) []column {
	var used []column
	for _, c := range columns() {
		if c.always || slices.ContainsFunc(t.Rules, func(r policy.Rule) bool { return !r.Disabled && c.of(&r.Then) != "" }) {
			used = append(used, c)
		}
	}
	return used
}

func (w *exporter) rule(t *policy.Table, r *policy.Rule, facts []policy.Fact, outputs []column) {
	w.open("rule", "id", w.ruleID(t, r))
	w.order(r, facts)
	for _, f := range facts {
		text := "-"
		for _, c := range r.When {
			if c.Fact == f.Name {
				text = feelCell(c.Cell)
			}
		}
		w.texted("inputEntry", text)
	}
	for _, c := range outputs {
		text := c.of(&r.Then)
		if text == "" {
			text = "null"
		}
		w.texted("outputEntry", text)
	}
	w.texted("annotationEntry", r.Note)
	w.texted("annotationEntry", string(r.IfDrifts))
	w.close("rule")
}

// order keeps the order in which a rule names its facts, where the columns have another.
func (w *exporter) order(r *policy.Rule, facts []policy.Fact) {
	var named []string
	at, sorted := 0, true
	for _, c := range r.When {
		named = append(named, c.Fact)
		column := slices.IndexFunc(facts, func(f policy.Fact) bool { return f.Name == c.Fact })
		sorted = sorted && column >= at
		at = column
	}
	if sorted {
		return
	}
	w.open("extensionElements")
	w.leaf("onedoor:order", strings.Join(named, " "))
	w.close("extensionElements")
}

// ruleID is the rule's own id where XML takes it: unlike the policy's, ids are the whole file's and do not begin with a digit.
func (w *exporter) ruleID(t *policy.Table, r *policy.Rule) string {
	if w.ids[r.ID] > 1 || r.ID[0] >= '0' && r.ID[0] <= '9' || r.ID == "definitions" {
		return idPrefix(t.Name) + r.ID
	}
	return r.ID
}

func idPrefix(table string) string { return "_" + table + "." }

// feelCell is a cell in FEEL: what is not known is null, which DMN's not(...) would take and a policy's does not.
func feelCell(c policy.Cell) string {
	tests, err := feel.ParseUnaryTests(c.String(), nil)
	if err != nil {
		return c.String() // Export reads what it wrote, and refuses it then
	}
	plain, negated, ok := tests.Plain()
	if !ok || tests.Anything() {
		return c.String()
	}
	var list []string
	null := false
	for _, t := range plain {
		null = null || t.Op == "=" && t.Value == nil
		list = append(list, plainText(t))
	}
	if !negated {
		return strings.Join(list, ", ")
	}
	if !null {
		list = append(list, "null")
	}
	return "not(" + strings.Join(list, ", ") + ")"
}

func plainText(t feel.PlainTest) string {
	switch t.Op {
	case "=":
		return feel.Source(t.Value)
	case "..":
		return t.Range.String()
	}
	return t.Op + " " + feel.Source(t.Value)
}

// conditionOrder is the facts of a table's rules in an order that keeps each rule's own, where there is one.
func conditionOrder(t *policy.Table, facts []policy.Fact) []policy.Fact {
	after := map[string]map[string]bool{}
	var names []string
	for _, r := range t.Rules {
		if r.Disabled {
			continue
		}
		for i, c := range r.When {
			if after[c.Fact] == nil {
				after[c.Fact] = map[string]bool{}
				names = append(names, c.Fact)
			}
			if i > 0 {
				after[c.Fact][r.When[i-1].Fact] = true
			}
		}
	}
	var ordered []policy.Fact
	for len(names) > 0 {
		next := slices.IndexFunc(names, func(n string) bool {
			return !slices.ContainsFunc(names, func(other string) bool { return other != n && after[n][other] })
		})
		next = max(next, 0) // rules disagree: any order will do
		i := slices.IndexFunc(facts, func(f policy.Fact) bool { return f.Name == names[next] })
		ordered = append(ordered, facts[i])
		names = slices.Delete(names, next, next+1)
	}
	return ordered
}
