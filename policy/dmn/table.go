package dmn

import (
	"strings"

	"onedoor/policy/dmn/feel"
)

// tableLogic is a decision table.
type tableLogic struct {
	name       string
	hit        string // DMN's word: UNIQUE, FIRST, PRIORITY, ANY, COLLECT, RULE ORDER, OUTPUT ORDER
	aggregator string // SUM, COUNT, MIN, MAX or nothing
	inputs     []inputClause
	outputs    []outputClause
	rules      []tableRule
}

type inputClause struct {
	label      string
	text       string // of the expression
	expression *feel.Expression
	of         *feel.Type
	allowed    *feel.UnaryTests
	line       int
}

type outputClause struct {
	name     string
	of       *feel.Type
	values   *feel.UnaryTests // in the order of priority
	standard *feel.Expression // the default output entry
	line     int
}

type tableRule struct {
	id          string
	description string
	annotations []string
	order       []string // of the facts, where a policy's rule names them in another than the columns'
	tests       []*feel.UnaryTests
	results     []*feel.Expression
	line        int
}

var aggregators = map[string]bool{"": true, "SUM": true, "COUNT": true, "MIN": true, "MAX": true}

var hitPolicies = map[string]bool{"UNIQUE": true, "FIRST": true, "PRIORITY": true, "ANY": true, "COLLECT": true, "RULE ORDER": true, "OUTPUT ORDER": true}

// tableReader reads one table. Cells repeat themselves: each text of a column is read once.
type tableReader struct {
	*reader
	v       *vocabulary
	at      place
	table   *tableLogic
	tests   map[string]*feel.UnaryTests
	results map[string]*feel.Expression
}

func (r *reader) table(e *element, v *vocabulary, at place) (logic, error) {
	t := &tableLogic{name: string(at), hit: e.attribute("hitPolicy"), aggregator: e.attribute("aggregation")}
	if t.hit == "" {
		t.hit = "UNIQUE"
	}
	if !hitPolicies[t.hit] || !aggregators[t.aggregator] {
		return nil, refuse("dmn_hit_policy", "Line %d: the table of %s has the hit policy %q, which DMN does not have.", e.line, at, shorten(strings.TrimSpace(t.hit+" "+t.aggregator)))
	}
	reader := &tableReader{r, v, at, t, map[string]*feel.UnaryTests{}, map[string]*feel.Expression{}}
	if err := reader.clauses(e); err != nil {
		return nil, err
	}
	for i, rule := range e.all("rule") {
		if err := reader.rule(rule, i+1); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func (r *tableReader) clauses(e *element) error {
	for i, c := range e.all("input") {
		if err := r.input(c, i+1); err != nil {
			return err
		}
	}
	for i, c := range e.all("output") {
		if err := r.output(c, i+1); err != nil {
			return err
		}
	}
	if len(r.table.outputs) == 0 {
		return refuse("dmn_table", "Line %d: the table of %s has no output.", e.line, r.at)
	}
	return nil
}

func (r *tableReader) input(c *element, number int) error {
	in := inputClause{label: feel.Tidy(c.attribute("label")), line: c.line}
	x := c.child("inputExpression")
	if x == nil {
		return refuse("dmn_cell", "Line %d: input %d of %s has no expression.", c.line, number, r.at)
	}
	var err error
	if in.of, err = r.typeOf(x, x.attribute("typeRef")); err != nil {
		return err
	}
	in.text = strings.TrimSpace(x.textOf("text"))
	if in.text == "" {
		in.text = in.label
	}
	if in.expression, err = feel.ParseExpression(in.text, r.v.names); err != nil {
		return refuse("dmn_cell", "Line %d: input %d of %s cannot be read: %s.", c.line, number, r.at, err)
	}
	in.allowed, err = r.values(c.child("inputValues"), "the allowed values of input "+itoa(number))
	r.table.inputs = append(r.table.inputs, in)
	return err
}

func (r *tableReader) output(c *element, number int) error {
	out := outputClause{name: feel.Tidy(c.attribute("name")), line: c.line}
	var err error
	if out.of, err = r.typeOf(c, c.attribute("typeRef")); err != nil {
		return err
	}
	if out.values, err = r.values(c.child("outputValues"), "the values of output "+itoa(number)); err != nil {
		return err
	}
	if d := c.child("defaultOutputEntry"); d != nil && strings.TrimSpace(d.textOf("text")) != "" {
		if out.standard, err = feel.ParseExpression(d.textOf("text"), r.v.names); err != nil {
			return refuse("dmn_cell", "Line %d: the default of output %d of %s cannot be read: %s.", d.line, number, r.at, err)
		}
	}
	r.table.outputs = append(r.table.outputs, out)
	return nil
}

func (r *tableReader) values(e *element, what string) (*feel.UnaryTests, error) {
	if e == nil || strings.TrimSpace(e.textOf("text")) == "" {
		return nil, nil
	}
	tests, err := feel.ParseUnaryTests(e.textOf("text"), r.v.names)
	if err != nil {
		return nil, refuse("dmn_cell", "Line %d: %s of %s cannot be read: %s.", e.line, what, r.at, err)
	}
	return tests, nil
}

func (r *tableReader) rule(e *element, number int) error {
	rule := tableRule{id: e.attribute("id"), description: strings.TrimSpace(e.textOf("description")), line: e.line}
	for _, a := range e.all("annotationEntry") {
		rule.annotations = append(rule.annotations, strings.TrimSpace(a.textOf("text")))
	}
	if x := extension(e, "order"); x != nil {
		rule.order = strings.Fields(x.text)
	}
	entries, results := e.all("inputEntry"), e.all("outputEntry")
	if len(entries) != len(r.table.inputs) || len(results) != len(r.table.outputs) {
		return refuse("dmn_cell", "Line %d: row %d of %s has %d inputs and %d outputs; the table has %d and %d.",
			e.line, number, r.at, len(entries), len(results), len(r.table.inputs), len(r.table.outputs))
	}
	for i, c := range entries {
		text := c.textOf("text")
		tests, known := r.tests[text]
		if !known {
			var err error
			if tests, err = feel.ParseUnaryTests(text, r.v.names); err != nil {
				return r.brokenCell(c, number, r.table.inputs[i].heading(), err)
			}
			r.tests[text] = tests
		}
		rule.tests = append(rule.tests, tests)
	}
	for i, c := range results {
		text := c.textOf("text")
		x, known := r.results[text]
		if !known && strings.TrimSpace(text) != "" {
			var err error
			if x, err = feel.ParseExpression(text, r.v.names); err != nil {
				return r.brokenCell(c, number, r.table.outputs[i].heading(i), err)
			}
			r.results[text] = x
		}
		rule.results = append(rule.results, x)
	}
	r.table.rules = append(r.table.rules, rule)
	return nil
}

func (r *tableReader) brokenCell(e *element, row int, column string, err error) error {
	return refuse("dmn_cell", "Line %d: row %d, column %s of the table of %s cannot be read: %s.", e.line, row, column, r.at, err)
}

func (in inputClause) heading() string {
	if in.label != "" {
		return "“" + shorten(in.label) + "”"
	}
	return "“" + shorten(in.text) + "”"
}

func (out outputClause) heading(i int) string {
	if out.name != "" {
		return "“" + shorten(out.name) + "”"
	}
	return "output " + itoa(i+1)
}
