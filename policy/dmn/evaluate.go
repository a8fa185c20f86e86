package dmn

import (
	"time"

	"onedoor/policy/dmn/feel"
)

// Result is what a decision gives.
type Result struct {
	Value   feel.Value
	Reasons []string // why parts of it are null
}

// evaluation is one evaluation of a model with its inputs.
type evaluation struct {
	m      *Model
	run    *feel.Run
	inputs map[string]feel.Value // by id, of data and of decisions that are given
	done   map[string]feel.Value
}

// Evaluate decides, with the decisions that it requires. The name is a decision's, or else a decision service's or a
// business knowledge model's, whose parameters are then the inputs. Inputs are by name; one that is absent is null. The
// moment is what now() and today() give. What DMN calls an error is null with a reason, never an error of this function,
// which only says that there is no such decision.
func (m *Model) Evaluate(name string, inputs *feel.Context, now time.Time) (Result, error) {
	found, err := m.callable(name)
	if err != nil {
		return Result{}, err
	}
	c := &evaluation{m: m, run: &feel.Run{Now: now}, inputs: map[string]feel.Value{}, done: map[string]feel.Value{}}
	for _, in := range m.inputs {
		v, _ := inputs.Get(in.name)
		c.inputs[in.id] = c.fit(v, in.of, "the input "+in.name)
	}
	var v feel.Value
	switch x := found.(type) {
	case *decision:
		v = c.decision(x)
	case *service:
		v = c.call(c.service(x), inputs)
	case *knowledge:
		v = c.call(c.knowledge(x), inputs)
	}
	if c.run.Spent() {
		v = nil
	}
	return Result{v, c.run.Reasons()}, nil
}

// call calls a function with the inputs that have its parameters' names.
func (c *evaluation) call(v feel.Value, inputs *feel.Context) feel.Value {
	f, is := v.(*feel.Function)
	if !is {
		return nil
	}
	args := make([]feel.Value, len(f.Params))
	for i, p := range f.Params {
		given, _ := inputs.Get(p.Name)
		args[i] = typed(given, p.Type)
	}
	return f.Invoke(c.run, args)
}

// fit makes a value fit a type; what does not fit is null.
func (c *evaluation) fit(v feel.Value, of *feel.Type, what string) feel.Value {
	fitted, ok := feel.Coerce(v, of, c.run)
	if !ok {
		return c.run.Null("%s is %s %s, which does not fit %s", what, feel.TypeName(v), shorten(feel.Text(v)), of)
	}
	return fitted
}

func (c *evaluation) eval(l logic, s *feel.Scope) feel.Value {
	if l == nil {
		return c.run.Null("there is no expression")
	}
	return l.eval(c, s)
}

func (c *evaluation) decision(d *decision) feel.Value {
	if v, given := c.inputs[d.id]; given {
		return v
	}
	if v, done := c.done[d.id]; done {
		return v
	}
	var v feel.Value
	if d.logic == nil {
		v = c.run.Null("the decision %s has no logic", d.name)
	} else {
		v = c.fit(d.logic.eval(c, c.scope(d.requires)), d.variable.of, "the decision "+d.name)
	}
	c.done[d.id] = v
	return v
}

// scope holds what is required, by name.
func (c *evaluation) scope(requires []string) *feel.Scope {
	s := feel.NewScope(nil)
	for _, id := range requires {
		switch x := c.m.byID[id].(type) {
		case *input:
			s.Set(x.name, c.inputs[id])
		case *decision:
			s.Set(x.variable.name, c.decision(x))
		case *knowledge:
			s.Set(x.variable.name, c.knowledge(x))
		case *service:
			s.Set(x.variable.name, c.service(x))
		}
	}
	return s
}

func (c *evaluation) knowledge(k *knowledge) feel.Value {
	if k.logic == nil {
		return c.run.Null("the business knowledge model %s has no logic", k.variable.name)
	}
	returns := k.variable.of
	if returns != nil && returns.Kind == feel.FunctionKind {
		returns = returns.Returns
	}
	var f *feel.Function
	f = k.logic.bind(c, k.variable.name, returns, func() *feel.Scope {
		s := c.scope(k.requires)
		s.Set(k.variable.name, f)
		return s
	})
	return f
}

// service is a decision service as a function of its inputs.
func (c *evaluation) service(x *service) feel.Value {
	params := make([]feel.Param, len(x.inputs))
	for i, id := range x.inputs {
		v := c.m.variableOf(id)
		params[i] = feel.Param{Name: v.name, Type: v.of}
	}
	returns := x.variable.of
	if returns != nil && returns.Kind == feel.FunctionKind {
		returns = returns.Returns
	}
	return feel.NewFunction(x.name, params, returns, func(run *feel.Run, args []feel.Value) feel.Value {
		inner := &evaluation{m: c.m, run: run, inputs: map[string]feel.Value{}, done: map[string]feel.Value{}}
		for i, id := range x.inputs {
			inner.inputs[id] = args[i]
		}
		if len(x.outputs) == 1 {
			return inner.output(x.outputs[0])
		}
		all := feel.NewContext()
		for _, id := range x.outputs {
			all.Put(c.m.variableOf(id).name, inner.output(id))
		}
		return all
	})
}

func (c *evaluation) output(id string) feel.Value {
	if d, is := c.m.byID[id].(*decision); is {
		return c.decision(d)
	}
	return c.inputs[id]
}
