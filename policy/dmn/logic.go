package dmn

import (
	"strings"

	"onedoor/policy/dmn/feel"
)

// logic is how a decision comes to its value: one of DMN's boxed expressions.
type logic interface {
	eval(c *evaluation, s *feel.Scope) feel.Value
}

// vocabulary is what the expressions in one place may name.
type vocabulary struct {
	variables []string
	names     *feel.Names
}

func (r *reader) vocabulary(variables []string) *vocabulary {
	return &vocabulary{variables, feel.NewNames(variables, r.m.members, r.m.types)}
}

func (r *reader) plus(v *vocabulary, names ...string) *vocabulary {
	return r.vocabulary(append(append([]string(nil), v.variables...), names...))
}

// place says where something is, for sentences: the decision, and further in.
type place string

func (r *reader) readDecision(d *decision, e *element) error {
	var names []string
	for _, id := range d.requires {
		names = append(names, r.m.variableOf(id).name)
	}
	l, err := r.logicIn(e, r.vocabulary(names), place("the decision "+d.name))
	d.logic = l
	return err
}

func (r *reader) readKnowledge(k *knowledge, e *element) error {
	f := e.child("encapsulatedLogic")
	if f == nil {
		return nil
	}
	var names []string
	for _, id := range k.requires {
		names = append(names, r.m.variableOf(id).name)
	}
	l, err := r.function(f, r.vocabulary(append(names, k.variable.name)), place("the business knowledge model "+k.variable.name))
	k.logic = l
	return err
}

func (m *Model) variableOf(id string) variable {
	switch x := m.byID[id].(type) {
	case *decision:
		return x.variable
	case *input:
		return x.variable
	case *knowledge:
		return x.variable
	case *service:
		return x.variable
	}
	return variable{}
}

// logicIn reads the boxed expression within an element; nil when there is none.
func (r *reader) logicIn(parent *element, v *vocabulary, at place) (logic, error) {
	if parent == nil {
		return nil, nil
	}
	for _, e := range parent.children {
		if e.space != r.root.space {
			continue
		}
		l, err := r.logicOf(e, v, at)
		if l != nil || err != nil {
			return l, err
		}
	}
	return nil, nil
}

func (r *reader) logicOf(e *element, v *vocabulary, at place) (logic, error) {
	switch e.name {
	case "literalExpression":
		return r.literal(e, v, at)
	case "decisionTable":
		return r.table(e, v, at)
	case "context":
		return r.context(e, v, at)
	case "invocation":
		return r.invocation(e, v, at)
	case "list":
		return r.list(e, v, at)
	case "relation":
		return r.relation(e, v, at)
	case "functionDefinition":
		return r.function(e, v, at)
	case "conditional":
		return r.conditional(e, v, at)
	case "filter":
		return r.filter(e, v, at)
	case "for", "some", "every":
		return r.iterator(e, v, at)
	}
	return nil, nil
}

// literalLogic is an expression of FEEL. One that cannot be read gives null and the reason, as the specification has it.
type literalLogic struct {
	expression *feel.Expression
	broken     string
	of         *feel.Type
}

func (r *reader) literal(e *element, v *vocabulary, at place) (logic, error) {
	of, err := r.typeOf(e, e.attribute("typeRef"))
	if err != nil {
		return nil, err
	}
	if language := e.attribute("expressionLanguage"); language != "" && !strings.Contains(strings.ToLower(language), "feel") {
		return literalLogic{broken: "line " + itoa(e.line) + ": " + string(at) + " is written in " + shorten(language) + ", which is not read here"}, nil
	}
	text := e.textOf("text")
	if strings.TrimSpace(text) == "" {
		return literalLogic{broken: "line " + itoa(e.line) + ": " + string(at) + " has an empty expression"}, nil
	}
	x, err := feel.ParseExpression(text, v.names)
	if err != nil {
		return literalLogic{broken: "line " + itoa(e.line) + ": " + string(at) + " cannot be read: " + err.Error()}, nil
	}
	return literalLogic{expression: x, of: of}, nil
}

func (l literalLogic) eval(c *evaluation, s *feel.Scope) feel.Value {
	if l.expression == nil {
		return c.run.Null("%s", l.broken)
	}
	return c.fit(l.expression.Eval(c.run, s), l.of, "the expression")
}

// contextLogic is a list of named expressions, each of which sees the ones before; a nameless last one is the result.
type contextLogic struct {
	entries []contextEntry
}

type contextEntry struct {
	variable
	logic logic
}

func (r *reader) context(e *element, v *vocabulary, at place) (logic, error) {
	var l contextLogic
	for _, c := range e.all("contextEntry") {
		var entry contextEntry
		var err error
		if x := c.child("variable"); x != nil {
			entry.name = feel.Tidy(x.attribute("name"))
			if entry.of, err = r.typeOf(x, x.attribute("typeRef")); err != nil {
				return nil, err
			}
		}
		if entry.logic, err = r.logicIn(c, v, at); err != nil {
			return nil, err
		}
		l.entries = append(l.entries, entry)
		if entry.name != "" {
			v = r.plus(v, entry.name)
		}
	}
	return l, nil
}

func (l contextLogic) eval(c *evaluation, s *feel.Scope) feel.Value {
	inner := feel.NewScope(s)
	result := feel.NewContext()
	for _, e := range l.entries {
		v := c.eval(e.logic, inner)
		if e.name == "" {
			return v
		}
		v = c.fit(v, e.of, "the entry "+e.name)
		inner.Set(e.name, v)
		result.Put(e.name, v)
	}
	return result
}

// invocationLogic calls a function with arguments by name.
type invocationLogic struct {
	function logic
	names    []string
	args     []logic
}

func (r *reader) invocation(e *element, v *vocabulary, at place) (logic, error) {
	var l invocationLogic
	var err error
	if l.function, err = r.logicIn(e, v, at); err != nil {
		return nil, err
	}
	for _, b := range e.all("binding") {
		arg, err := r.logicIn(b, v, at)
		if err != nil {
			return nil, err
		}
		name := ""
		if p := b.child("parameter"); p != nil {
			name = feel.Tidy(p.attribute("name"))
		}
		l.names, l.args = append(l.names, name), append(l.args, arg)
	}
	return l, nil
}

func (l invocationLogic) eval(c *evaluation, s *feel.Scope) feel.Value {
	v := c.eval(l.function, s)
	f, is := v.(*feel.Function)
	if !is {
		return c.run.Null("a %s cannot be invoked", feel.TypeName(v))
	}
	args := make([]feel.Value, len(l.args))
	for i, a := range l.args {
		args[i] = c.eval(a, s)
	}
	return f.InvokeNamed(c.run, l.names, args)
}

// functionLogic is a function with its parameters.
type functionLogic struct {
	params []feel.Param
	body   logic
	kind   string
}

func (r *reader) function(e *element, v *vocabulary, at place) (*functionLogic, error) {
	f := &functionLogic{kind: e.attribute("kind")}
	var names []string
	for _, p := range e.all("formalParameter") {
		of, err := r.typeOf(p, p.attribute("typeRef"))
		if err != nil {
			return nil, err
		}
		name := feel.Tidy(p.attribute("name"))
		f.params = append(f.params, feel.Param{Name: name, Type: of})
		names = append(names, name)
	}
	var err error
	f.body, err = r.logicIn(e, r.plus(v, names...), at)
	return f, err
}

func (f *functionLogic) eval(c *evaluation, s *feel.Scope) feel.Value {
	return f.bind(c, "", nil, func() *feel.Scope { return s })
}

// bind makes a function of the logic; scope gives what it may name besides its parameters, when it is called.
func (f *functionLogic) bind(c *evaluation, name string, returns *feel.Type, scope func() *feel.Scope) *feel.Function {
	return feel.NewFunction(name, f.params, returns, func(run *feel.Run, args []feel.Value) feel.Value {
		if f.kind != "" && f.kind != "FEEL" {
			return run.Null("functions in %s are not run here", shorten(f.kind))
		}
		inner := feel.NewScope(scope())
		for i, p := range f.params {
			inner.Set(p.Name, args[i])
		}
		return c.eval(f.body, inner)
	})
}
