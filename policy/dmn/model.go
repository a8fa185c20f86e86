package dmn

import (
	"strings"

	"onedoor/app/fault"
	"onedoor/policy/dmn/feel"
)

// Model is a decision model.
type Model struct {
	Name      string
	space     string // the version's namespace
	decisions []*decision
	inputs    []*input
	knowledge []*knowledge
	services  []*service
	byID      map[string]any // *decision, *input, *knowledge or *service
	types     map[string]*feel.Type
	members   []string // names of components and entries, anywhere in the model
}

type variable struct {
	name string
	of   *feel.Type
}

type input struct {
	id string
	variable
}

type decision struct {
	id, name string
	variable variable
	requires []string // ids
	logic    logic    // nil where the model gives none
	line     int
}

type knowledge struct {
	id       string
	variable variable
	requires []string
	logic    *functionLogic
}

type service struct {
	id, name string
	variable variable
	outputs  []string
	inputs   []string // data and then decisions, in the order of the parameters
}

// versions are the namespaces that are read.
var versions = map[string]string{
	"http://www.omg.org/spec/DMN/20180521/MODEL/":  "1.2",
	"https://www.omg.org/spec/DMN/20191111/MODEL/": "1.3",
	"https://www.omg.org/spec/DMN/20211108/MODEL/": "1.4",
	"https://www.omg.org/spec/DMN/20230324/MODEL/": "1.5",
}

// Version is the version of DMN that the file is written in.
func (m *Model) Version() string { return versions[m.space] }

// Parse reads a decision model.
func Parse(data []byte) (*Model, error) {
	root, err := readXML(data)
	if err != nil {
		return nil, err
	}
	if root.name != "definitions" || versions[root.space] == "" {
		return nil, refuse("dmn_namespace", "Line %d: the file is %s of the namespace %q, not definitions of DMN 1.2, 1.3, 1.4 or 1.5.", root.line, shorten(root.name), shorten(root.space))
	}
	if imported := root.child("import"); imported != nil {
		return nil, refuse("dmn_import", "Line %d: the model imports %q from another file. Other files are not read: put what is needed into one.", imported.line, shorten(imported.attribute("name")))
	}
	m := &Model{Name: root.attribute("name"), space: root.space, byID: map[string]any{}, types: map[string]*feel.Type{}}
	r := &reader{m: m, root: root}
	return m, r.read()
}

// reader builds a model from its elements: types first, then who requires whom, then the logic, whose names those give.
type reader struct {
	m    *Model
	root *element
}

func (r *reader) read() error {
	if err := r.readTypes(); err != nil {
		return err
	}
	r.collectMembers(r.root)
	elements := map[string]*element{}
	for _, e := range r.root.children {
		if e.space != r.root.space {
			continue
		}
		if err := r.readNode(e, elements); err != nil {
			return err
		}
	}
	if err := r.checkRequirements(); err != nil {
		return err
	}
	for _, d := range r.m.decisions {
		if err := r.readDecision(d, elements[d.id]); err != nil {
			return err
		}
	}
	for _, k := range r.m.knowledge {
		if err := r.readKnowledge(k, elements[k.id]); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) readNode(e *element, elements map[string]*element) error {
	id := e.attribute("id")
	name := feel.Tidy(e.attribute("name"))
	switch e.name {
	case "inputData", "decision", "businessKnowledgeModel", "decisionService":
	default:
		return nil
	}
	if id == "" {
		id = e.name + " " + name
	}
	if _, twice := r.m.byID[id]; twice {
		return refuse("dmn_duplicate", "Line %d: the id %q stands for two things.", e.line, shorten(id))
	}
	elements[id] = e
	v, err := r.variable(e, name)
	if err != nil {
		return err
	}
	switch e.name {
	case "inputData":
		in := &input{id, v}
		r.m.inputs, r.m.byID[id] = append(r.m.inputs, in), in
	case "decision":
		d := &decision{id: id, name: name, variable: v, requires: requirements(e), line: e.line}
		r.m.decisions, r.m.byID[id] = append(r.m.decisions, d), d
	case "businessKnowledgeModel":
		k := &knowledge{id: id, variable: v, requires: requirements(e)}
		r.m.knowledge, r.m.byID[id] = append(r.m.knowledge, k), k
	default:
		s := &service{id: id, name: name, variable: v, outputs: hrefs(e, "outputDecision"), inputs: append(hrefs(e, "inputData"), hrefs(e, "inputDecision")...)}
		r.m.services, r.m.byID[id] = append(r.m.services, s), s
	}
	return nil
}

// variable is what an element is called in expressions, and its type.
func (r *reader) variable(e *element, name string) (variable, error) {
	v := e.child("variable")
	if v == nil {
		return variable{name: name}, nil
	}
	of, err := r.typeOf(v, v.attribute("typeRef"))
	if called := feel.Tidy(v.attribute("name")); called != "" {
		name = called
	}
	return variable{name, of}, err
}

func requirements(e *element) []string {
	var ids []string
	for _, c := range e.children {
		if c.space != e.space {
			continue
		}
		switch c.name {
		case "informationRequirement", "knowledgeRequirement":
			for _, kind := range []string{"requiredInput", "requiredDecision", "requiredKnowledge"} {
				ids = append(ids, hrefs(c, kind)...)
			}
		}
	}
	return ids
}

func hrefs(e *element, name string) []string {
	var ids []string
	for _, c := range e.all(name) {
		href := c.attribute("href")
		ids = append(ids, href[strings.LastIndexByte(href, '#')+1:])
	}
	return ids
}

// checkRequirements refuses requirements of nothing, and circles.
func (r *reader) checkRequirements() error {
	state := map[string]int{}
	var visit func(id string) error
	visit = func(id string) error {
		if state[id] == 1 {
			return refuse("dmn_cycle", "The %s requires itself, by way of what it requires.", r.m.named(id))
		}
		if state[id] == 2 {
			return nil
		}
		state[id] = 1
		for _, next := range r.m.requiresOf(id) {
			if _, known := r.m.byID[next]; !known {
				return refuse("dmn_requirement", "The %s requires %q, which the file does not have.", r.m.named(id), shorten(next))
			}
			if err := visit(next); err != nil {
				return err
			}
		}
		state[id] = 2
		return nil
	}
	for _, d := range r.m.decisions {
		if err := visit(d.id); err != nil {
			return err
		}
	}
	for _, k := range r.m.knowledge {
		if err := r.checkKnowledge(k); err != nil {
			return err
		}
	}
	for _, s := range r.m.services {
		if err := visit(s.id); err != nil {
			return err
		}
	}
	return nil
}

// checkKnowledge lets functions call themselves and each other: a budget ends that.
func (r *reader) checkKnowledge(k *knowledge) error {
	for _, next := range k.requires {
		if _, known := r.m.byID[next]; !known {
			return refuse("dmn_requirement", "The %s requires %q, which the file does not have.", r.m.named(k.id), shorten(next))
		}
	}
	return nil
}

func (m *Model) requiresOf(id string) []string {
	switch x := m.byID[id].(type) {
	case *decision:
		return x.requires
	case *service:
		return append(append([]string(nil), x.outputs...), x.inputs...)
	}
	return nil
}

func (m *Model) named(id string) string {
	switch x := m.byID[id].(type) {
	case *decision:
		return "decision " + x.name
	case *input:
		return "input " + x.name
	case *knowledge:
		return "business knowledge model " + x.variable.name
	case *service:
		return "decision service " + x.name
	}
	return id
}

// Decisions are the names of the decisions, in the file's order.
func (m *Model) Decisions() []string {
	names := make([]string, len(m.decisions))
	for i, d := range m.decisions {
		names[i] = d.name
	}
	return names
}

// Inputs are the names of the inputs, in the file's order.
func (m *Model) Inputs() []string {
	names := make([]string, len(m.inputs))
	for i, in := range m.inputs {
		names[i] = in.name
	}
	return names
}

// callable finds a decision by its name, or else its id; or a decision service or business knowledge model.
func (m *Model) callable(name string) (any, error) {
	for _, d := range m.decisions {
		if d.name == feel.Tidy(name) {
			return d, nil
		}
	}
	for _, s := range m.services {
		if s.name == feel.Tidy(name) {
			return s, nil
		}
	}
	for _, k := range m.knowledge {
		if k.variable.name == feel.Tidy(name) {
			return k, nil
		}
	}
	switch x := m.byID[name].(type) {
	case *decision, *service, *knowledge:
		return x, nil
	}
	there := strings.Join(m.Decisions(), "; ")
	if there == "" {
		there = "none"
	}
	return nil, fault.New(fault.NotFound, "dmn_no_decision", "The model has no decision %q. It has: %s.", shorten(name), there)
}
