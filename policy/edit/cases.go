package edit

import (
	"maps"
	"reflect"
	"slices"

	"go.yaml.in/yaml/v3"

	"onedoor/app/fault"
	"onedoor/policy"
)

// AddCase puts a case after the others.
func (d *Document) AddCase(c policy.Case) error {
	want := meaningOf(d.policy)
	if slices.ContainsFunc(want.cases, func(other policy.Case) bool { return other.Name == c.Name }) {
		return fault.New(fault.Conflict, "case_exists", "A case of this name is there already. Choose another.")
	}
	c = tidyCase(c)
	want.cases = append(want.cases, c)
	if !d.hasCases() {
		return d.beginCases(c, want)
	}
	return d.apply(change{
		find: casesOf,
		text: func(b *block) bool { b.insert(len(b.items), caseLines(c)); return true },
		tree: func(list *yaml.Node) {
			if list.Kind != yaml.SequenceNode { // cases: with nothing behind it
				*list = *sequence()
				list.Style = 0
			}
			list.Content = append(list.Content, mapping(casePairs(c)))
		},
		want: want,
	})
}

// SetCase makes a case say something else, its name included.
func (d *Document) SetCase(name string, c policy.Case) error {
	i, err := d.findCase(name)
	if err != nil {
		return err
	}
	want := meaningOf(d.policy)
	if c.Name != name && slices.ContainsFunc(want.cases, func(other policy.Case) bool { return other.Name == c.Name }) {
		return fault.New(fault.Conflict, "case_exists", "A case of this name is there already. Choose another.")
	}
	c = tidyCase(c)
	if reflect.DeepEqual(want.cases[i], c) {
		return nil
	}
	want.cases[i] = c
	return d.apply(change{
		find: casesOf,
		text: func(b *block) bool { b.replace(i, caseLines(c)); return true },
		tree: func(list *yaml.Node) { list.Content[i] = mapping(casePairs(c)) },
		want: want,
	})
}

// RemoveCase takes a case out.
func (d *Document) RemoveCase(name string) error {
	i, err := d.findCase(name)
	if err != nil {
		return err
	}
	want := meaningOf(d.policy)
	if want.cases = slices.Delete(want.cases, i, i+1); len(want.cases) == 0 {
		want.cases = nil
	}
	return d.apply(change{
		find: casesOf,
		text: func(b *block) bool { b.remove(i); return true },
		tree: func(list *yaml.Node) { list.Content = slices.Delete(list.Content, i, i+1) },
		want: want,
	})
}

func (d *Document) findCase(name string) (int, error) {
	i := slices.IndexFunc(d.policy.Cases(), func(c policy.Case) bool { return c.Name == name })
	if i < 0 {
		return 0, fault.New(fault.NotFound, "no_case", "There is no case of this name. Somebody may have removed or renamed it.")
	}
	return i, nil
}

func (d *Document) hasCases() bool {
	root, ok := d.tree()
	return ok && casesOf(root) != nil
}

// beginCases writes the first case of a document that says nothing of cases.
func (d *Document) beginCases(c policy.Case, want meaning) error {
	var top *yaml.Node
	return d.apply(change{
		find: func(root *yaml.Node) *yaml.Node { top = root; return value(root, "tables") },
		text: func(b *block) bool {
			b.indent = 0
			lines := []string{"cases:"}
			for _, line := range caseLines(c) {
				lines = append(lines, "  "+line)
			}
			b.put(len(b.lines), len(b.lines), lines)
			return true
		},
		tree: func(*yaml.Node) { top.Content = append(top.Content, text("cases"), sequence(mapping(casePairs(c)))) },
		want: want,
	})
}

func casesOf(root *yaml.Node) *yaml.Node { return value(root, "cases") }

func tidyCase(c policy.Case) policy.Case {
	if c.Given == nil {
		c.Given = policy.Facts{}
	}
	return c
}

func caseLines(c policy.Case) []string {
	var lines []string
	for _, p := range casePairs(c) {
		if p.value != nil {
			lines = append(lines, "  "+p.key+": "+flow(p.value))
		}
	}
	lines[0] = "- " + lines[0][2:]
	return lines
}

func casePairs(c policy.Case) []pair {
	var given []pair
	for _, name := range slices.Sorted(maps.Keys(c.Given)) {
		given = append(given, pair{key: name, value: fact(c.Given[name])})
	}
	var to *yaml.Node
	if c.Expect.To != nil {
		to = text(c.Expect.To.String())
	}
	return []pair{
		{key: "name", value: text(c.Name)},
		{key: "on", value: word(c.On.String())},
		{key: "given", value: mapping(given)},
		{key: "expect", value: mapping([]pair{
			{key: "to", value: to},
			{key: "service", value: word(c.Expect.Service)},
			{key: "urgency", value: word(string(c.Expect.Urgency))},
			{key: "table", value: word(c.Expect.Table)},
			{key: "rule", value: word(c.Expect.Rule)},
			{key: "message", value: word(c.Expect.Message)},
		})},
	}
}

func fact(v policy.Value) *yaml.Node {
	if _, numeric := v.Number(); numeric || !v.Known() {
		return plain(v.String())
	}
	return text(v.String())
}
