package publishing

import (
	"encoding/json"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"
)

// Change is one part of a document that is not what it was.
type Change struct {
	What  string `json:"what"`            // policy, fact, table, rule, case
	Table string `json:"table,omitempty"` // of a rule
	Name  string `json:"name,omitempty"`  // of a fact, table or case; a rule's id
	How   string `json:"how"`             // added, removed, changed, moved
	Says  string `json:"says"`            // rule sore-throat of pharmacy-first was changed
}

// Changes are the facts, tables, rules and cases that differ between two documents, both of which parse. Comments and layout
// do not count. They are read from the documents themselves, so that no word that a policy may hold is passed over.
func Changes(was, is []byte) []Change {
	before, after := outlineOf(was), outlineOf(is)
	list := []Change{}
	if before.name != after.name {
		list = append(list, change("policy", "", after.name, "changed"))
	}
	list = append(list, compare("fact", "", before.facts, after.facts)...)
	list = append(list, compare("table", "", before.tables, after.tables)...)
	for _, t := range after.tables {
		if old, ok := before.rules[t.name]; ok {
			list = append(list, compare("rule", t.name, old, after.rules[t.name])...)
		}
	}
	return append(list, compare("case", "", before.cases, after.cases)...)
}

// part is one named thing of a document, and all it says.
type part struct{ name, text string }

type outline struct {
	name          string
	facts, tables []part // a table without its rules
	rules         map[string][]part
	cases         []part
}

func outlineOf(document []byte) outline {
	o := outline{rules: map[string][]part{}}
	var read struct {
		Policy string           `yaml:"policy"`
		Facts  yaml.Node        `yaml:"facts"`
		Tables []map[string]any `yaml:"tables"`
		Cases  []map[string]any `yaml:"cases"`
	}
	if err := yaml.Unmarshal(document, &read); err != nil {
		return o // it parsed as a policy before it came here
	}
	o.name = read.Policy
	for i := 0; i+1 < len(read.Facts.Content); i += 2 {
		var value any
		if err := read.Facts.Content[i+1].Decode(&value); err == nil {
			o.facts = append(o.facts, part{read.Facts.Content[i].Value, text(value)})
		}
	}
	for _, t := range read.Tables {
		name := fmt.Sprint(t["name"])
		rules, _ := t["rules"].([]any)
		delete(t, "rules")
		o.tables = append(o.tables, part{name, text(t)})
		list := []part{}
		for _, r := range rules {
			fields, _ := r.(map[string]any)
			list = append(list, part{fmt.Sprint(fields["id"]), text(r)})
		}
		o.rules[name] = list
	}
	for _, c := range read.Cases {
		o.cases = append(o.cases, part{fmt.Sprint(c["name"]), text(c)})
	}
	return o
}

// text is a value in one fixed order.
func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}

func change(what, table, name, how string) Change {
	says := what + " " + name
	if table != "" {
		says += " of " + table
	}
	return Change{what, table, name, how, says + " was " + how}
}

func compare(what, table string, before, after []part) []Change {
	var list []Change
	was, is := byName(before), byName(after)
	for _, p := range before {
		if _, ok := is[p.name]; !ok {
			list = append(list, change(what, table, p.name, "removed"))
		}
	}
	for _, p := range after {
		switch i, ok := was[p.name]; {
		case !ok:
			list = append(list, change(what, table, p.name, "added"))
		case before[i].text != p.text:
			list = append(list, change(what, table, p.name, "changed"))
		}
	}
	for _, name := range moved(was, after) {
		list = append(list, change(what, table, name, "moved"))
	}
	return list
}

// byName is where each part stands.
func byName(parts []part) map[string]int {
	at := make(map[string]int, len(parts))
	for i, p := range parts {
		at[p.name] = i
	}
	return at
}

// moved are the fewest parts of both lists that explain why their orders differ.
func moved(position map[string]int, after []part) []string {
	var names []string
	var at []int
	for _, p := range after {
		if i, ok := position[p.name]; ok {
			names, at = append(names, p.name), append(at, i)
		}
	}
	stays := longestRising(at)
	var list []string
	for i, name := range names {
		if !stays[i] {
			list = append(list, name)
		}
	}
	return list
}

// longestRising marks the elements of a longest rising run of a list, by patience sorting.
func longestRising(list []int) []bool {
	tails, previous := []int{}, make([]int, len(list))
	for i, v := range list {
		at, _ := slices.BinarySearchFunc(tails, v, func(t, v int) int { return list[t] - v })
		previous[i] = -1
		if at > 0 {
			previous[i] = tails[at-1]
		}
		if at == len(tails) {
			tails = append(tails, i)
		} else {
			tails[at] = i
		}
	}
	marked := make([]bool, len(list))
	if len(tails) == 0 {
		return marked
	}
	for i := tails[len(tails)-1]; i >= 0; i = previous[i] {
		marked[i] = true
	}
	return marked
}
