package policy

import (
	"go.yaml.in/yaml/v3"
)

// common are the facts that every request has, whatever was asked: a document may read them without declaring them. Those
// of the moment are worked out; the others come from the register and from what the patient asks for. A neighbourhood that
// has kinds of its own declares kind itself.
func common() []Fact {
	facts := []Fact{
		enumeration(factKind, "appointment-book", "appointment-change", "appointment-cancel", "repeat-prescription", "fit-note",
			"symptoms", "self-referral", "admin", "test-results", "callback"),
		wholeNumbers(factAge, 0, 130),
		wholeNumbers("age-months", 0, 1571),
		enumeration(factSex, "female", "male", "other"),
		enumeration(factRegistration, "here", "elsewhere", "temporary", "none"),
		enumeration(factOwnPractice, "yes", "no"),
	}
	for _, name := range []string{"core-hours", "day", "bank-holiday"} {
		values, _ := derived(name)
		f := enumeration(name, values...)
		f.derived = true
		facts = append(facts, f)
	}
	return facts
}

// CommonFacts are the facts that every request has, which a document may read without declaring them.
func CommonFacts() []Fact { return common() }

// addCommon adds the common facts that the document names and does not declare. They do not count for its hash, as the
// platform's own do not.
func (r *reader) addCommon(sections map[string]entry) {
	declared := map[string]bool{}
	for _, f := range r.policy.facts {
		declared[f.Name] = true
	}
	named := map[string]bool{}
	for _, section := range []string{"tables", "cases"} {
		if s, ok := sections[section]; ok {
			keys(s.node, named)
		}
	}
	for _, f := range common() {
		if named[f.Name] && !declared[f.Name] {
			r.policy.facts = append(r.policy.facts, f)
		}
	}
}

// keys gathers every key of every mapping below a node. Documents hold no aliases.
func keys(node *yaml.Node, into map[string]bool) {
	for i, child := range node.Content {
		if node.Kind == yaml.MappingNode && i%2 == 0 {
			into[child.Value] = true
			continue
		}
		keys(child, into)
	}
}
