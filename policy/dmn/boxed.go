package dmn

import (
	"strconv"

	"onedoor/policy/dmn/feel"
)

func itoa(n int) string { return strconv.Itoa(n) }

type listLogic []logic

func (r *reader) list(e *element, v *vocabulary, at place) (logic, error) {
	l := listLogic{}
	for _, c := range e.children {
		if c.space != r.root.space {
			continue
		}
		item, err := r.logicOf(c, v, at)
		if err != nil {
			return nil, err
		}
		if item != nil {
			l = append(l, item)
		}
	}
	return l, nil
}

func (l listLogic) eval(c *evaluation, s *feel.Scope) feel.Value {
	items := make(feel.List, len(l))
	for i, x := range l {
		items[i] = c.eval(x, s)
	}
	return items
}

// relationLogic is a list of contexts that have the same names.
type relationLogic struct {
	columns []variable
	rows    []listLogic
}

func (r *reader) relation(e *element, v *vocabulary, at place) (logic, error) {
	var l relationLogic
	for _, c := range e.all("column") {
		of, err := r.typeOf(c, c.attribute("typeRef"))
		if err != nil {
			return nil, err
		}
		l.columns = append(l.columns, variable{feel.Tidy(c.attribute("name")), of})
	}
	for _, row := range e.all("row") {
		cells, err := r.list(row, v, at)
		if err != nil {
			return nil, err
		}
		l.rows = append(l.rows, cells.(listLogic))
	}
	return l, nil
}

func (l relationLogic) eval(c *evaluation, s *feel.Scope) feel.Value {
	rows := feel.List{}
	for _, row := range l.rows {
		x := feel.NewContext()
		for i, column := range l.columns {
			var v feel.Value
			if i < len(row) {
				v = c.fit(c.eval(row[i], s), column.of, "the column "+column.name)
			}
			x.Put(column.name, v)
		}
		rows = append(rows, x)
	}
	return rows
}

type conditionalLogic struct{ test, yes, no logic }

func (r *reader) conditional(e *element, v *vocabulary, at place) (logic, error) {
	var l conditionalLogic
	for name, part := range map[string]*logic{"if": &l.test, "then": &l.yes, "else": &l.no} {
		x, err := r.logicIn(e.child(name), v, at)
		if err != nil {
			return nil, err
		}
		*part = x
	}
	return l, nil
}

func (l conditionalLogic) eval(c *evaluation, s *feel.Scope) feel.Value {
	switch v := c.eval(l.test, s).(type) {
	case bool:
		if v {
			return c.eval(l.yes, s)
		}
	case nil:
	default:
		return c.run.Null("a condition is true or false, not a %s", feel.TypeName(v))
	}
	return c.eval(l.no, s)
}

// filterLogic keeps the items of a list for which a condition is true.
type filterLogic struct{ in, match logic }

func (r *reader) filter(e *element, v *vocabulary, at place) (logic, error) {
	in, err := r.logicIn(e.child("in"), v, at)
	if err != nil {
		return nil, err
	}
	match, err := r.logicIn(e.child("match"), r.plus(v, append([]string{"item"}, r.m.members...)...), at)
	return filterLogic{in, match}, err
}

func (l filterLogic) eval(c *evaluation, s *feel.Scope) feel.Value {
	items, ok := c.items(l.in, s)
	if !ok {
		return c.run.Null("there is no list to filter")
	}
	kept := feel.List{}
	for _, item := range items {
		inner := feel.NewScope(s)
		inner.Set("item", item)
		if x, is := item.(*feel.Context); is {
			for _, k := range x.Keys() {
				v, _ := x.Get(k)
				inner.Set(k, v)
			}
		}
		switch v := c.eval(l.match, inner).(type) {
		case bool:
			if v {
				kept = append(kept, item)
			}
		case nil:
		default:
			return c.run.Null("a filter is true or false for an item, not a %s", feel.TypeName(v))
		}
	}
	return kept
}

// items is the list that an expression gives; one value is a list of itself.
func (c *evaluation) items(l logic, s *feel.Scope) (feel.List, bool) {
	switch v := c.eval(l, s).(type) {
	case nil:
		return nil, false
	case feel.List:
		return v, true
	default:
		return feel.List{v}, true
	}
}

// iteratorLogic goes through a list: for, some or every.
type iteratorLogic struct {
	kind, name string
	in, body   logic
}

func (r *reader) iterator(e *element, v *vocabulary, at place) (logic, error) {
	l := iteratorLogic{kind: e.name, name: feel.Tidy(e.attribute("iteratorVariable"))}
	var err error
	if l.in, err = r.logicIn(e.child("in"), v, at); err != nil {
		return nil, err
	}
	body := e.child("return")
	if e.name != "for" {
		body = e.child("satisfies")
	}
	l.body, err = r.logicIn(body, r.plus(v, l.name, "partial"), at)
	return l, err
}

func (l iteratorLogic) eval(c *evaluation, s *feel.Scope) feel.Value {
	in := c.eval(l.in, s)
	if g, is := in.(*feel.Range); is {
		in = g.Items(c.run)
	}
	items, is := in.(feel.List)
	if in == nil {
		return c.run.Null("there is no list to go through")
	}
	if !is {
		items = feel.List{in}
	}
	results := feel.List{}
	for _, item := range items {
		inner := feel.NewScope(s)
		inner.Set(l.name, item)
		inner.Set("partial", results)
		results = append(results, c.eval(l.body, inner))
	}
	if l.kind == "for" {
		return results
	}
	for _, v := range results {
		if _, is := v.(bool); !is && v != nil {
			return c.run.Null("%s takes a question that is true or false, not a %s", l.kind, feel.TypeName(v))
		}
	}
	return quantify(results, l.kind == "every")
}

// quantify is every or some of the results, with ternary logic.
func quantify(results feel.List, every bool) feel.Value {
	var all feel.Value = every
	for _, v := range results {
		b, is := v.(bool)
		if is && b != every {
			return !every
		}
		if !is {
			all = nil
		}
	}
	return all
}
