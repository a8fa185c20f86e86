package dmn

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"onedoor/app/fault"
	"onedoor/policy"
	"onedoor/policy/dmn/feel"
)

// Imported is a policy's document made of a decision model.
type Imported struct {
	Document []byte
	// Warnings say what a reader must know: where the document is not word for word what the model said.
	Warnings []string
}

// Import makes a policy's document of a model's decision tables, which are asked in the file's order. Each output must be
// one that rules have (to, urgency, service, overflow, tags, message, care_within, answer_within), and each input one fact. What a
// policy cannot say is refused with the table, row and column. The document is one that policy.Parse takes.
func Import(data []byte) (Imported, error) {
	root, err := readXML(data)
	if err != nil {
		return Imported{}, err
	}
	m, err := Parse(data)
	if err != nil {
		return Imported{}, err
	}
	i := &importer{m: m, root: root, facts: map[string]*writtenFact{}, names: map[string]string{}, said: map[string]bool{}}
	if err := i.tables(); err != nil {
		return Imported{}, err
	}
	if err := i.catchAll(); err != nil {
		return Imported{}, err
	}
	return i.finish()
}

// importer gathers a document and its warnings.
type importer struct {
	m        *Model
	root     *element // for the extension elements, which the model leaves out
	facts    map[string]*writtenFact
	given    map[string]bool // facts that a policy reads and does not declare
	order    []string
	names    map[string]string // the model's name of each fact
	document written
	warnings []string
	said     map[string]bool
}

func (i *importer) warn(format string, args ...any) {
	says := fmt.Sprintf(format, args...)
	if !i.said[says] {
		i.said[says] = true
		i.warnings = append(i.warnings, says)
	}
}

// extension is one of our own extension elements of an element.
func extension(e *element, name string) *element {
	if e == nil {
		return nil
	}
	x := e.child("extensionElements")
	if x == nil {
		return nil
	}
	for _, c := range x.children {
		if c.space == ours && c.name == name {
			return c
		}
	}
	return nil
}

func (i *importer) tables() error {
	i.document.name = slug(i.m.Name)
	if i.document.name == "" {
		i.document.name = "imported"
	}
	if err := i.declared(); err != nil {
		return err
	}
	for _, d := range i.m.decisions {
		e := i.decisionElement(d)
		if extension(e, "chain") != nil {
			continue
		}
		t, is := d.logic.(*tableLogic)
		if !is {
			return refuse("dmn_import", "Line %d: the decision %s is not a decision table, and a policy is made of tables alone.", d.line, shorten(d.name))
		}
		if err := i.table(d, t, e); err != nil {
			return err
		}
	}
	if len(i.document.tables) == 0 {
		return refuse("dmn_import", "The model has no decision table.")
	}
	if len(i.document.tables) > 1 && i.decisionMarked() == "" {
		i.warn("The tables are asked in the file's order: where none of a table's rules matches, the next is asked.")
	}
	return nil
}

func (i *importer) decisionElement(d *decision) *element {
	for _, e := range i.root.all("decision") {
		if e.attribute("id") == d.id || e.attribute("id") == "" && feel.Tidy(e.attribute("name")) == d.name {
			return e
		}
	}
	return nil
}

// decisionMarked is the name of the decision that Export writes to ask table after table.
func (i *importer) decisionMarked() string {
	for _, e := range i.root.all("decision") {
		if extension(e, "chain") != nil {
			return e.attribute("name")
		}
	}
	return ""
}

// declared takes the facts of item definitions that Export wrote, in its order.
func (i *importer) declared() error {
	i.given = map[string]bool{}
	for _, in := range i.m.inputs {
		if in.of == nil || in.of.Name != typeName(in.name) || slug(in.name) != in.name {
			continue
		}
		for _, e := range i.root.all("itemDefinition") {
			if feel.Tidy(e.attribute("name")) != in.of.Name {
				continue
			}
			if x := extension(e, "fact"); x != nil && x.attribute("given") == "true" {
				i.given[in.name] = true
			}
			if err := i.declare(in.name, in.name, in.of, nil, "the input "+in.name); err != nil {
				return err
			}
			i.readFact(in.name, extension(e, "fact"))
		}
	}
	return nil
}

func (i *importer) readFact(name string, x *element) {
	f := i.facts[name]
	if x == nil || f == nil {
		return
	}
	f.safety = x.attribute("safety") == "true"
	for _, c := range x.children {
		if c.space == ours && c.name == "worse" {
			f.worse = append(f.worse, c.text)
		}
	}
}

// catchAll adds the rule that every policy ends in, where the model has none.
func (i *importer) catchAll() error {
	last := i.document.tables[len(i.document.tables)-1]
	if rule := last.rules[len(last.rules)-1]; len(child(rule, "when").Content) == 0 && last.from == "" && last.until == "" {
		return nil
	}
	name := "everything-else"
	for n := 2; slices.ContainsFunc(i.document.tables, func(t writtenTable) bool { return t.name == name }); n++ {
		name = "everything-else-" + itoa(n)
	}
	i.document.tables = append(i.document.tables, writtenTable{name: name, hit: "first", rules: []*yaml.Node{ruleNode(row{
		id: "catch-all", then: []setting{{name: "to", text: string(policy.ToRegisteredPractice)}, {name: "urgency", text: string(policy.Soon)}},
		note: "Added on import: DMN decides nothing where no row matches, and every request goes somewhere.",
	})}})
	i.warn("The model decides nothing where no row matches. A table %s was added: to the registered practice, soon. Change it if that is not what should happen.", name)
	return nil
}

func child(n *yaml.Node, key string) *yaml.Node {
	for j := 0; j+1 < len(n.Content); j += 2 {
		if n.Content[j].Value == key {
			return n.Content[j+1]
		}
	}
	return &yaml.Node{}
}

func (i *importer) finish() (Imported, error) {
	for _, name := range i.order {
		if !i.given[name] {
			i.document.facts = append(i.document.facts, *i.facts[name])
		}
	}
	if x := extension(i.root, "cases"); x != nil {
		var n yaml.Node
		if err := yaml.Unmarshal([]byte(x.text), &n); err != nil || len(n.Content) != 1 {
			return Imported{}, refuse("dmn_import", "Line %d: the test cases in the extension element cannot be read.", x.line)
		}
		i.document.cases = n.Content[0]
	}
	document, err := i.document.bytes()
	if err != nil {
		return Imported{}, refuse("dmn_import", "The model cannot be written as a policy: %s.", err)
	}
	if _, err := policy.Parse(document); err != nil {
		f := fault.As(err)
		return Imported{}, refuse("dmn_import", "The model is no policy that can decide: %s", f.Says)
	}
	return Imported{document, i.warnings}, nil
}

// slug makes a name of lower-case letters, digits and hyphens.
func slug(name string) string {
	var b strings.Builder
	gap := false
	for _, c := range strings.ToLower(name) {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			if gap && b.Len() > 0 {
				b.WriteByte('-')
			}
			gap = false
			b.WriteRune(c)
			continue
		}
		gap = true
	}
	s := b.String()
	return strings.Trim(s[:min(len(s), 60)], "-")
}

func byPosition(a, b disabledRule) int { return cmp.Compare(a.position, b.position) }

type disabledRule struct {
	position int
	node     *yaml.Node
}

// disabledRules are the rules that Export kept apart, since DMN has no word for one that never matches.
func disabledRules(x *element) ([]disabledRule, error) {
	var all []disabledRule
	if x == nil {
		return nil, nil
	}
	for _, c := range x.children {
		if c.space != ours || c.name != "disabled" {
			continue
		}
		var n yaml.Node
		if err := yaml.Unmarshal([]byte(c.text), &n); err != nil || len(n.Content) != 1 {
			return nil, refuse("dmn_import", "Line %d: the disabled rule in the extension element cannot be read.", c.line)
		}
		position := 0
		_, _ = fmt.Sscan(c.attribute("position"), &position) // one that is no number comes first
		all = append(all, disabledRule{position, n.Content[0]})
	}
	slices.SortStableFunc(all, byPosition)
	return all, nil
}
