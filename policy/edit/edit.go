// Package edit changes one thing in a policy document, and leaves everything else as it is written: other rules, comments,
// order, quoting and blank lines stay byte for byte, so that people who keep policies in git see only what was changed.
//
// A change is made in the text, where the document is laid out in lines, and otherwise in its tree, which keeps comments
// and not always layout. Either way the result is parsed and compared with what was asked: it means exactly that, or the
// document stays as it was and the caller is told why. The package reads and keeps nothing; documents come from drafts and
// go back to them.
package edit

import (
	"bytes"
	"reflect"
	"slices"

	"go.yaml.in/yaml/v3"

	"onedoor/app/fault"
	"onedoor/policy"
)

// Document is a policy as it is written, open for editing. It always parses. It is for one user at a time.
type Document struct {
	text   []byte
	policy *policy.Policy
}

// Open takes a document that policy.Parse accepts.
func Open(document []byte) (*Document, error) {
	p, err := policy.Parse(document)
	if err != nil {
		return nil, err
	}
	return &Document{text: p.Document(), policy: p}, nil
}

// Bytes is the document as it is written now.
func (d *Document) Bytes() []byte { return bytes.Clone(d.text) }

// Policy is what the document means now.
func (d *Document) Policy() *policy.Policy { return d.policy }

// meaning is what a document says, for comparing it with what was asked.
type meaning struct {
	name   string
	facts  []policy.Fact
	tables []policy.Table
	cases  []policy.Case
}

func meaningOf(p *policy.Policy) meaning {
	m := meaning{p.Name(), p.Facts(), p.Tables(), p.Cases()}
	for i := range m.tables {
		m.tables[i].Rules = slices.Clone(m.tables[i].Rules)
	}
	return m
}

func (m meaning) equal(other meaning) bool {
	return m.name == other.name && reflect.DeepEqual(m.facts, other.facts) && slices.EqualFunc(m.tables, other.tables, sameTable) &&
		slices.EqualFunc(m.cases, other.cases, func(a, b policy.Case) bool { return reflect.DeepEqual(a, b) })
}

func sameTable(a, b policy.Table) bool {
	same := slices.EqualFunc(a.Rules, b.Rules, sameRule)
	a.Rules, b.Rules = nil, nil
	return same && reflect.DeepEqual(a, b)
}

func sameRule(a, b policy.Rule) bool {
	same := sameWhen(a.When, b.When)
	a.When, b.When = nil, nil
	return same && reflect.DeepEqual(a, b)
}

// sameWhen compares conditions by what they say: one that was asked for knows nothing yet of the policy that it is in.
func sameWhen(a, b []policy.Condition) bool { return slices.EqualFunc(a, b, sameCondition) }

func sameCondition(a, b policy.Condition) bool {
	return a.Fact == b.Fact && reflect.DeepEqual(a.Cell, b.Cell)
}

// change is one edit of one list: the rules of a table, or the cases.
type change struct {
	find func(root *yaml.Node) *yaml.Node // the list
	// text changes the document's lines; false when it is not laid out in a way that this can be done.
	text func(list *block) bool
	// tree changes the same in the tree.
	tree func(list *yaml.Node)
	want meaning // of the whole document, afterwards
}

// apply makes a change, or says why it cannot be made and leaves the document alone.
func (d *Document) apply(c change) error {
	var refusal error
	for _, attempt := range []func(change) ([]byte, bool){d.inText, d.inTree} {
		text, ok := attempt(c)
		if !ok {
			continue
		}
		p, err := policy.Parse(text)
		if err != nil {
			refusal = err // the tree has the last word: it is not misled by layout
			continue
		}
		if meaningOf(p).equal(c.want) {
			d.text, d.policy = text, p
			return nil
		}
	}
	if refusal == nil {
		refusal = fault.New(fault.Invalid, "policy_edit", "This change cannot be written into the document as it is laid out. Change the file itself.")
	}
	return refusal
}

func (d *Document) inText(c change) ([]byte, bool) {
	root, ok := d.tree()
	if !ok {
		return nil, false
	}
	list := c.find(root)
	if list == nil {
		return nil, false
	}
	b, ok := newBlock(d.text, list)
	if !ok || !c.text(b) {
		return nil, false
	}
	return b.bytes(), true
}

func (d *Document) inTree(c change) ([]byte, bool) {
	root, ok := d.tree()
	if !ok {
		return nil, false
	}
	list := c.find(root)
	if list == nil {
		return nil, false
	}
	c.tree(list)
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := encoder.Encode(root); err != nil {
		return nil, false
	}
	return b.Bytes(), encoder.Close() == nil
}

// tree is the document's own, made anew for each attempt: an attempt may change it and fail.
func (d *Document) tree() (*yaml.Node, bool) {
	var document yaml.Node
	if err := yaml.Unmarshal(d.text, &document); err != nil || len(document.Content) != 1 {
		return nil, false
	}
	return document.Content[0], true
}

// value is what a key of a mapping holds.
func value(mapping *yaml.Node, key string) *yaml.Node {
	for i := 0; mapping != nil && mapping.Kind == yaml.MappingNode && i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return mapping.Content[i+1]
		}
	}
	return nil
}
