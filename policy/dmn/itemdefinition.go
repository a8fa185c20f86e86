package dmn

import (
	"strings"

	"onedoor/policy/dmn/feel"
)

// readTypes reads the item definitions. They may name each other in any order, so that each exists before any is read.
func (r *reader) readTypes() error {
	definitions := r.root.all("itemDefinition")
	named := map[string]*element{}
	for _, e := range definitions {
		if name := feel.Tidy(e.attribute("name")); name != "" {
			r.m.types[name] = &feel.Type{Name: name}
			named[name] = e
		}
	}
	done := map[string]int{}
	for _, e := range definitions {
		if err := r.define(e, named, done); err != nil {
			return err
		}
	}
	return nil
}

const (
	defining = 1
	defined  = 2
)

// define reads one item definition, after the ones that it refines.
func (r *reader) define(e *element, named map[string]*element, done map[string]int) error {
	name := feel.Tidy(e.attribute("name"))
	if done[name] == defined {
		return nil
	}
	if done[name] == defining {
		return refuse("dmn_cycle", "Line %d: the item definition %q refines itself.", e.line, shorten(name))
	}
	done[name] = defining
	if base := named[feel.Tidy(e.textOf("typeRef"))]; base != nil {
		if err := r.define(base, named, done); err != nil {
			return err
		}
	}
	done[name] = defined
	t, err := r.item(e)
	if err != nil {
		return err
	}
	if held := r.m.types[name]; held != nil {
		t.Name = name
		*held = *t
	}
	return nil
}

// item reads what an item definition or component says.
func (r *reader) item(e *element) (*feel.Type, error) {
	t := &feel.Type{Kind: feel.AnyKind}
	if ref := strings.TrimSpace(e.textOf("typeRef")); ref != "" {
		base, err := r.typeOf(e, ref)
		if err != nil {
			return nil, err
		}
		if base != nil {
			copied := *base
			t = &copied
		}
	}
	if components := e.all("itemComponent"); len(components) > 0 {
		t = &feel.Type{Kind: feel.ContextKind}
		for _, c := range components {
			of, err := r.item(c)
			if err != nil {
				return nil, err
			}
			t.Fields = append(t.Fields, feel.Param{Name: feel.Tidy(c.attribute("name")), Type: of})
		}
	}
	if f := e.child("functionItem"); f != nil {
		of, err := r.functionItem(f)
		if err != nil {
			return nil, err
		}
		t = of
	}
	if err := r.constrain(t, e, "allowedValues"); err != nil {
		return nil, err
	}
	if e.attribute("isCollection") == "true" {
		t = &feel.Type{Kind: feel.ListKind, Of: t}
	}
	return t, r.constrain(t, e, "typeConstraint")
}

func (r *reader) constrain(t *feel.Type, e *element, name string) error {
	c := e.child(name)
	if c == nil || strings.TrimSpace(c.textOf("text")) == "" {
		return nil
	}
	tests, err := feel.ParseUnaryTests(c.textOf("text"), feel.NewNames(nil, nil, r.m.types))
	if err != nil {
		return refuse("dmn_cell", "Line %d: the allowed values of %s cannot be read: %s.", c.line, shorten(e.attribute("name")), err)
	}
	t.Allowed = tests
	return nil
}

func (r *reader) functionItem(f *element) (*feel.Type, error) {
	t := &feel.Type{Kind: feel.FunctionKind, Args: []*feel.Type{}}
	for _, p := range f.all("parameters") {
		of, err := r.typeOf(p, p.attribute("typeRef"))
		if err != nil {
			return nil, err
		}
		t.Args = append(t.Args, of)
	}
	of, err := r.typeOf(f, f.attribute("outputTypeRef"))
	t.Returns = of
	return t, err
}

// typeOf finds a type by its name; no name is any type.
func (r *reader) typeOf(e *element, ref string) (*feel.Type, error) {
	ref = feel.Tidy(ref)
	if ref == "" {
		return nil, nil
	}
	if t, ok := r.m.types[ref]; ok {
		return t, nil
	}
	_, local, _ := strings.Cut(ref, ":")
	if t, ok := r.m.types[local]; ok && local != "" {
		return t, nil
	}
	if t, ok := feel.BaseType(ref); ok {
		if t.Kind == feel.AnyKind {
			return nil, nil
		}
		return t, nil
	}
	return nil, refuse("dmn_type", "Line %d: there is no type %q.", e.line, shorten(ref))
}

// collectMembers gathers the names of components, entries and outputs: what may stand after a full stop.
func (r *reader) collectMembers(e *element) {
	switch e.name {
	case "itemComponent", "output", "column":
		r.m.members = append(r.m.members, feel.Tidy(e.attribute("name")))
	case "contextEntry":
		if v := e.child("variable"); v != nil {
			r.m.members = append(r.m.members, feel.Tidy(v.attribute("name")))
		}
	case "decision", "inputData":
		r.m.members = append(r.m.members, feel.Tidy(e.attribute("name")))
	}
	for _, c := range e.children {
		if c.space == r.root.space {
			r.collectMembers(c)
		}
	}
}
