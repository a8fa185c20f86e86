package dmn

import (
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"onedoor/policy"
	"onedoor/policy/dmn/feel"
)

// tableImport is the import of one table.
type tableImport struct {
	*importer
	name    string
	t       *tableLogic
	columns []*writtenFact // by input: the fact that it reads
	outputs []string       // by output: the policy's name for it
	ids     map[string]bool
}

func (i *importer) table(d *decision, t *tableLogic, e *element) error {
	name := slug(d.name)
	if name == "" || slices.ContainsFunc(i.document.tables, func(w writtenTable) bool { return w.name == name }) {
		return refuse("dmn_import", "Line %d: the decision %q makes no table's name of its own out of letters and digits.", d.line, shorten(d.name))
	}
	if name != d.name {
		i.warn("The decision %q is called %s.", d.name, name)
	}
	ti := &tableImport{importer: i, name: name, t: t, ids: map[string]bool{}}
	out := writtenTable{name: name}
	var err error
	if out.hit, err = ti.hit(d); err != nil {
		return err
	}
	if err := ti.clauses(); err != nil {
		return err
	}
	x := extension(e, "table")
	if x != nil {
		out.from, out.until = x.attribute("from"), x.attribute("until")
	}
	kept, err := disabledRules(x)
	if err != nil {
		return err
	}
	for n := range t.rules {
		for len(kept) > 0 && kept[0].position <= len(out.rules)+1 {
			out.rules, kept = append(out.rules, kept[0].node), kept[1:]
		}
		rule, err := ti.rule(&t.rules[n], n+1)
		if err != nil {
			return err
		}
		out.rules = append(out.rules, ruleNode(rule))
	}
	for _, k := range kept {
		out.rules = append(out.rules, k.node)
	}
	if len(out.rules) == 0 {
		return refuse("dmn_import", "Line %d: the table %s has no rows.", d.line, name)
	}
	i.document.tables = append(i.document.tables, out)
	return ti.standard()
}

// hit takes the hit policies that give one outcome.
func (ti *tableImport) hit(d *decision) (string, error) {
	switch ti.t.hit {
	case "FIRST", "UNIQUE", "ANY":
		return strings.ToLower(ti.t.hit), nil
	case "PRIORITY":
		if ti.sortsByUrgency() {
			return "priority", nil
		}
		return "", refuse("dmn_import", "Line %d: the table %s has the hit policy PRIORITY by something else than urgency alone (emergency, urgent, soon, routine), which a policy cannot say.", d.line, ti.name)
	}
	return "", refuse("dmn_import", "Line %d: the table %s has the hit policy %s, which gives several outcomes; a request goes one way. Evaluate it by itself with onedoor policy dmn.", d.line, ti.name, ti.t.hit)
}

// sortsByUrgency reports whether urgency, most urgent first, is all that ranks outputs.
func (ti *tableImport) sortsByUrgency() bool {
	for _, out := range ti.t.outputs {
		values := out.values
		if values == nil && out.of != nil {
			values = out.of.Allowed
		}
		if values == nil {
			continue
		}
		if policyName(out.name) != "urgency" {
			return false
		}
		tests, negated, ok := values.Plain()
		rank := len(urgencies) + 1
		for _, t := range tests {
			text, is := t.Value.(string)
			if !is || policy.Urgency(text).Rank() >= rank {
				return false
			}
			rank = policy.Urgency(text).Rank()
		}
		return ok && !negated && ti.ranksAll(tests)
	}
	return false
}

// ranksAll reports whether every urgency that the table gives is in the list.
func (ti *tableImport) ranksAll(tests []feel.PlainTest) bool {
	for _, rule := range ti.t.rules {
		for k, x := range rule.results {
			if policyName(ti.t.outputs[k].name) != "urgency" || x == nil {
				continue
			}
			v, _ := x.Literal()
			if !slices.ContainsFunc(tests, func(t feel.PlainTest) bool { return t.Value == v }) {
				return false
			}
		}
	}
	return true
}

// policyName is the name that a policy has for an output.
func policyName(output string) string {
	return strings.ReplaceAll(slug(output), "-", "_")
}

func (ti *tableImport) clauses() error {
	for _, in := range ti.t.inputs {
		f, err := ti.input(in)
		if err != nil {
			return err
		}
		if slices.Contains(ti.columns, f) {
			return refuse("dmn_import", "Line %d: two columns of the table %s read the fact %s: a policy has one cell for each fact.", in.line, ti.name, f.name)
		}
		ti.columns = append(ti.columns, f)
	}
	var names []string
	for _, c := range columns() {
		names = append(names, c.name)
	}
	for n, out := range ti.t.outputs {
		name := policyName(out.name)
		if !slices.Contains(names, name) || slices.Contains(ti.outputs, name) {
			return refuse("dmn_import", "Line %d: the table %s has the output %s: expected each of %s once at most.", out.line, ti.name, out.heading(n), strings.Join(names, ", "))
		}
		ti.outputs = append(ti.outputs, name)
	}
	for _, wanted := range []string{"to", "urgency"} {
		if !slices.Contains(ti.outputs, wanted) {
			return refuse("dmn_import", "Line %d: the table %s has no output %s, which every rule of a policy has.", ti.t.outputs[0].line, ti.name, wanted)
		}
	}
	return nil
}

// input finds or declares the fact that a column reads.
func (ti *tableImport) input(in inputClause) (*writtenFact, error) {
	name, is := in.expression.Name()
	at := "column " + in.heading() + " of the table " + ti.name
	if !is {
		return nil, refuse("dmn_import", "Line %d: %s reads %q: a policy's column reads one fact, so it must become a fact of its own.", in.line, at, shorten(in.text))
	}
	var of *feel.Type
	found := false
	for _, x := range ti.m.inputs {
		if x.name == name {
			of, found = x.of, true
		}
	}
	if !found {
		return nil, refuse("dmn_import", "Line %d: %s reads %q, which is no input data: what another decision gives must become a fact.", in.line, at, shorten(name))
	}
	fact := slug(name)
	if known := ti.facts[fact]; known != nil {
		if ti.names[fact] != name {
			return nil, refuse("dmn_import", "Line %d: %s and the input %q would both be the fact %s.", in.line, at, shorten(ti.names[fact]), fact)
		}
		return known, nil
	}
	if fact != name {
		ti.warn("The input %q is the fact %s.", name, fact)
	}
	if of == nil || of.Kind == feel.AnyKind {
		of = in.of
	}
	if err := ti.declare(fact, name, of, in.allowed, at); err != nil {
		return nil, err
	}
	return ti.facts[fact], ti.fromCells(in, at)
}

func (ti *tableImport) rule(r *tableRule, number int) (row, error) {
	out := row{id: ti.ruleID(r, number)}
	for n, tests := range r.tests {
		text, err := ti.cell(ti.columns[n], tests)
		if err != "" {
			return out, refuse("dmn_import", "Line %d: table %s, row %d, column %s: %s.", r.line, ti.name, number, ti.t.inputs[n].heading(), err)
		}
		if text != "-" {
			out.when = append(out.when, cellText{ti.columns[n].name, text})
		}
	}
	slices.SortStableFunc(out.when, func(a, b cellText) int { return slices.Index(r.order, a.fact) - slices.Index(r.order, b.fact) })
	for n, x := range r.results {
		s, err := result(ti.outputs[n], x)
		if err != "" {
			return out, refuse("dmn_import", "Line %d: table %s, row %d, column %s: %s.", r.line, ti.name, number, ti.t.outputs[n].heading(n), err)
		}
		out.then = append(out.then, s)
	}
	out.note = r.description
	if len(r.annotations) > 0 && r.annotations[0] != "" {
		out.note = r.annotations[0]
	}
	if len(r.annotations) > 1 && r.annotations[1] == string(policy.ToRegisteredPractice) {
		out.ifDrifts = r.annotations[1]
	}
	return out, nil
}

// ruleID is the row's own id, as far as it can be a rule's.
func (ti *tableImport) ruleID(r *tableRule, number int) string {
	id := strings.TrimPrefix(r.id, idPrefix(ti.name))
	if slug(id) != id || id == "" || ti.ids[id] {
		id = "row-" + itoa(number)
	}
	for n := 2; ti.ids[id]; n++ {
		id = "row-" + itoa(number) + "-" + itoa(n)
	}
	ti.ids[id] = true
	return id
}

// result reads an output entry: a text, a list of texts or a duration. The problem is the end of a sentence, or nothing.
func result(name string, x *feel.Expression) (setting, string) {
	s := setting{name: name}
	if x == nil {
		return s, ""
	}
	v, ok := x.Literal()
	if !ok {
		return s, quoteText(x.Text) + " is worked out, and a policy's rules name what they decide"
	}
	switch value := v.(type) {
	case nil:
	case string:
		s.text = value
	case feel.List:
		for _, item := range value {
			text, is := item.(string)
			if !is {
				return s, quoteText(x.Text) + " is not a list of texts"
			}
			s.list = append(s.list, text)
		}
	case feel.Days:
		d := time.Duration(value.Seconds) * time.Second
		if value.Seconds < 0 || value.Seconds > 100_000_000 || value.Nanos != 0 || d%time.Minute != 0 {
			return s, quoteText(x.Text) + " is not a number of minutes"
		}
		s.text = span(d)
	default:
		return s, quoteText(x.Text) + " is a " + feel.TypeName(v) + ", and a rule's parts are texts, lists of texts and lengths of time"
	}
	isSpan := name == "care_within" || name == "answer_within"
	if _, is := v.(feel.Days); is != isSpan && v != nil {
		return s, quoteText(x.Text) + " is not what " + name + " takes"
	}
	return s, ""
}

func quoteText(text string) string { return "“" + shorten(strings.TrimSpace(text)) + "”" }

// standard makes default outputs a table of its own, which is asked where no row matched.
func (ti *tableImport) standard() error {
	var out row
	given := false
	for n, clause := range ti.t.outputs {
		s, err := result(ti.outputs[n], clause.standard)
		if err != "" {
			return refuse("dmn_import", "Line %d: the default of %s of the table %s: %s.", clause.line, clause.heading(n), ti.name, err)
		}
		given = given || s.text != "" || len(s.list) > 0
		out.then = append(out.then, s)
	}
	if !given {
		return nil
	}
	out.id = "default"
	name := slug(ti.name + "-default")
	ti.document.tables = append(ti.document.tables, writtenTable{name: name, hit: "first", rules: []*yaml.Node{ruleNode(out)}})
	ti.warn("The default outputs of the table %s are the table %s, which takes everything.", ti.name, name)
	return nil
}
