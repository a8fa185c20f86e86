package dmn

import (
	"sort"

	"onedoor/policy/dmn/feel"
)

func (t *tableLogic) eval(c *evaluation, s *feel.Scope) feel.Value {
	values := make([]feel.Value, len(t.inputs))
	for i, in := range t.inputs {
		v := in.expression.Eval(c.run, s)
		fitted, ok := feel.Coerce(v, in.of, c.run)
		if !ok {
			return c.run.Null("%s: the input %s is a %s, not %s", t.name, in.heading(), feel.TypeName(v), in.of)
		}
		if in.allowed != nil && fitted != nil && !in.allowed.Test(c.run, s, fitted) {
			return c.run.Null("%s: %s is not one of the values that the input %s allows (%s)", t.name, feel.Text(fitted), in.heading(), in.allowed.Text)
		}
		values[i] = fitted
	}
	hits := t.hits(c, s, values)
	if c.run.Spent() {
		return nil
	}
	if len(hits) == 0 {
		return t.noHit(c, s)
	}
	return t.decide(c, s, hits)
}

// hits are the places of the rules that match.
func (t *tableLogic) hits(c *evaluation, s *feel.Scope, values []feel.Value) []int {
	var hits []int
	for i := range t.rules {
		if t.matches(c, s, &t.rules[i], values) {
			hits = append(hits, i)
			if t.hit == "FIRST" {
				break
			}
		}
	}
	return hits
}

func (t *tableLogic) matches(c *evaluation, s *feel.Scope, rule *tableRule, values []feel.Value) bool {
	for i, test := range rule.tests {
		if !test.Test(c.run, s, values[i]) {
			return false
		}
	}
	return true
}

func (t *tableLogic) decide(c *evaluation, s *feel.Scope, hits []int) feel.Value {
	rows := make([][]feel.Value, len(hits))
	for i, hit := range hits {
		rows[i] = t.row(c, s, &t.rules[hit])
	}
	switch t.hit {
	case "UNIQUE":
		if len(hits) > 1 {
			return c.run.Null("%s: rows %d and %d both match, in a table of which one row may match", t.name, hits[0]+1, hits[1]+1)
		}
	case "ANY":
		for i := range rows[1:] {
			if !equalRows(rows[0], rows[i+1]) {
				return c.run.Null("%s: rows %d and %d both match and differ", t.name, hits[0]+1, hits[i+1]+1)
			}
		}
	case "PRIORITY":
		t.sort(c, s, rows)
	case "RULE ORDER":
		return t.list(rows)
	case "OUTPUT ORDER":
		t.sort(c, s, rows)
		return t.list(rows)
	case "COLLECT":
		return t.collect(c, rows)
	}
	return t.output(rows[0])
}

func (t *tableLogic) row(c *evaluation, s *feel.Scope, rule *tableRule) []feel.Value {
	row := make([]feel.Value, len(t.outputs))
	for i, x := range rule.results {
		if x != nil {
			row[i] = c.fit(x.Eval(c.run, s), t.outputs[i].of, "the output "+t.outputs[i].heading(i))
		}
	}
	return row
}

func equalRows(a, b []feel.Value) bool {
	for i := range a {
		if equal, _ := feel.Equal(a[i], b[i]); !equal {
			return false
		}
	}
	return true
}

// output is a row as a value: a context of several outputs, or the one.
func (t *tableLogic) output(row []feel.Value) feel.Value {
	if len(row) == 1 {
		return row[0]
	}
	c := feel.NewContext()
	for i, v := range row {
		c.Put(t.outputs[i].name, v)
	}
	return c
}

func (t *tableLogic) list(rows [][]feel.Value) feel.Value {
	l := make(feel.List, len(rows))
	for i, row := range rows {
		l[i] = t.output(row)
	}
	return l
}

// sort puts rows in the order of the output values, the first output first; rows that are alike keep the table's order.
func (t *tableLogic) sort(c *evaluation, s *feel.Scope, rows [][]feel.Value) {
	ranks := map[*feel.Value][]int{}
	for _, row := range rows {
		rank := make([]int, len(row))
		for i, v := range row {
			rank[i] = t.outputs[i].rank(c, s, v)
		}
		ranks[&row[0]] = rank
	}
	sort.SliceStable(rows, func(i, j int) bool {
		a, b := ranks[&rows[i][0]], ranks[&rows[j][0]]
		for k := range a {
			if a[k] != b[k] {
				return a[k] < b[k]
			}
		}
		return false
	})
}

// rank is the place of a value in the clause's list, or in that of its type; what is in neither comes last.
func (out *outputClause) rank(c *evaluation, s *feel.Scope, v feel.Value) int {
	values := out.values
	if values == nil && out.of != nil {
		values = out.of.Allowed
	}
	if values == nil {
		return 0
	}
	return values.Position(c.run, s, v)
}

func (t *tableLogic) collect(c *evaluation, rows [][]feel.Value) feel.Value {
	if t.aggregator == "" {
		return t.list(rows)
	}
	if t.aggregator == "COUNT" {
		return feel.NewNumber(int64(len(rows)))
	}
	if len(t.outputs) > 1 {
		return c.run.Null("%s: %s is not defined over several outputs", t.name, t.aggregator)
	}
	l := t.list(rows).(feel.List)
	switch t.aggregator {
	case "SUM":
		return feel.Sum(c.run, l)
	case "MIN":
		return feel.Min(c.run, l)
	}
	return feel.Max(c.run, l)
}

// noHit gives the default output. Without one a table of many hits has none, a count is nought, and all else is null.
func (t *tableLogic) noHit(c *evaluation, s *feel.Scope) feel.Value {
	many := t.hit == "RULE ORDER" || t.hit == "OUTPUT ORDER" || t.hit == "COLLECT" && t.aggregator == ""
	row := make([]feel.Value, len(t.outputs))
	given := false
	for i, out := range t.outputs {
		if out.standard != nil {
			given = true
			row[i] = c.fit(out.standard.Eval(c.run, s), out.of, "the output "+out.heading(i))
		}
	}
	switch {
	case given && many:
		return t.list([][]feel.Value{row})
	case given:
		return t.output(row)
	case many:
		return feel.List{}
	case t.aggregator == "COUNT" && t.hit == "COLLECT":
		return feel.NewNumber(0)
	}
	return c.run.Null("%s: no row matches, and there is no default", t.name)
}
