package policy

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

func (r *reader) readFacts(section entry) {
	entries := r.mapping(section.node, section.place, "facts")
	if len(entries) > maxFacts {
		r.add("policy_fact", section.place, section.node, "expected %d facts at most, found %d", maxFacts, len(entries))
		return
	}
	for _, e := range entries {
		if f, ok := r.readFact(e); ok {
			r.policy.facts = append(r.policy.facts, f)
		}
	}
}

func (r *reader) readFact(e entry) (Fact, bool) {
	at := e.place
	at.column = e.key
	switch {
	case !isSlug(e.key):
		r.add("policy_fact", at, e.node, "this is no fact's name: expected lower-case letters, digits and hyphens")
		return Fact{}, false
	case reserved(e.key):
		r.add("policy_fact", at, e.node, "this name points at an organisation or service and is no fact that a rule can test: expected another name")
		return Fact{}, false
	case r.platforms(e.key):
		r.add("policy_safety", at, e.node, "this fact belongs to the platform's safety stage: a policy may read it and may not declare it")
		return Fact{}, false
	}
	f, ok := r.readDomain(e, at)
	if want, isDerived := derived(e.key); ok && isDerived && (f.Numeric() || strings.Join(f.Values, ",") != strings.Join(want, ",")) {
		r.add("policy_fact", at, e.node, "this fact is worked out from the moment: expected its values to be [%s]", strings.Join(want, ", "))
		return f, false
	}
	_, f.derived = derived(e.key)
	if slug, reads := loadService(e.key); ok && reads {
		f.derived, f.service = true, slug
		if !f.Numeric() || f.Min != 0 || f.Max < 100 {
			r.add("policy_fact", at, e.node, "this fact is worked out from the load of %s in per cent: expected a range from 0 to 100 or more, such as 0..100", slug)
			return f, false
		}
	}
	return f, ok
}

func (r *reader) platforms(name string) bool {
	for _, f := range r.given {
		if f.Name == name {
			return true
		}
	}
	return false
}

// readDomain reads a fact in either form: its values alone, as a list or a range, or a mapping that says more of it.
func (r *reader) readDomain(e entry, at place) (Fact, bool) {
	if e.node.Kind != yaml.MappingNode {
		return r.readValues(e, at)
	}
	const form = "values: with a list, or range: such as 0..130"
	parts := map[string]entry{}
	for _, part := range r.mapping(e.node, at, "a fact", "values", "range", "worse", "safety") {
		part.place.column = e.key
		parts[part.key] = part
	}
	values, listed := parts["values"]
	span, ranged := parts["range"]
	switch {
	case listed == ranged:
		r.add("policy_fact", at, e.node, "a fact is a list of values or a range: expected one of %s", form)
		return Fact{}, false
	case ranged && span.node.Kind != yaml.ScalarNode:
		r.add("policy_fact", span.place, span.node, "expected a range of whole numbers such as 0..130")
		return Fact{}, false
	case listed && values.node.Kind == yaml.ScalarNode:
		r.add("policy_fact", values.place, values.node, "expected the values as a list, such as [none, mild, severe]")
		return Fact{}, false
	}
	domain := values
	if ranged {
		domain = span
	}
	f, ok := r.readValues(entry{e.key, domain.node, domain.place}, domain.place)
	if !ok {
		return f, false
	}
	if worse, said := parts["worse"]; said {
		f.Worse, ok = r.readWorse(&f, worse)
	}
	if safety, said := parts["safety"]; said {
		f.Safety = r.truth(safety, "true when what is not known of this fact must count as unsafe")
	}
	return f, ok
}

// readWorse reads which answers are worse: of an enumeration a list from best to worst, of a range up or down.
func (r *reader) readWorse(f *Fact, e entry) ([]string, bool) {
	if f.Numeric() {
		direction, ok := r.scalar(e.node, e.place, "worse: up or worse: down of a range")
		if ok && direction != worseUp && direction != worseDown {
			r.add("policy_fact", e.place, e.node, "expected worse: up or worse: down of a range, found %s", clip(direction))
			return nil, false
		}
		return []string{direction}, ok
	}
	if e.node.Kind == yaml.ScalarNode {
		r.add("policy_fact", e.place, e.node, "expected the values from best to worst as a list, such as [none, mild, severe], found %s", clip(e.node.Value))
		return nil, false
	}
	var order []string
	for i, node := range r.list(e.node, e.place, "the values from best to worst") {
		value, ok := r.scalar(node, e.place.under(i), "a value of the fact")
		switch {
		case !ok:
			return nil, false
		case !slices.Contains(f.Values, value):
			r.add("policy_fact", e.place.under(i), node, "%s is not a value of this fact: expected %s", clip(value), f.Domain())
			return nil, false
		case slices.Contains(order, value):
			r.add("policy_fact", e.place.under(i), node, "the value %s stands here twice: expected it once", clip(value))
			return nil, false
		}
		order = append(order, value)
	}
	if len(order) < 2 {
		r.add("policy_fact", e.place, e.node, "expected two values or more from best to worst, found %d", len(order))
		return nil, false
	}
	return order, true
}

var rangePattern = regexp.MustCompile(`^(-?[0-9]{1,9})\.\.(-?[0-9]{1,9})$`)

// readValues reads a list of values or a range.
func (r *reader) readValues(e entry, at place) (Fact, bool) {
	if e.node.Kind != yaml.ScalarNode {
		return r.readEnumeration(e, at)
	}
	ends := rangePattern.FindStringSubmatch(e.node.Value)
	if ends == nil {
		r.add("policy_fact", at, e.node, "expected a list of values or a range of whole numbers such as 0..130, found %s", clip(e.node.Value))
		return Fact{}, false
	}
	low, _ := strconv.Atoi(ends[1]) // the pattern holds nine digits at most
	high, _ := strconv.Atoi(ends[2])
	if low > high || high-low >= maxRange {
		r.add("policy_fact", at, e.node, "expected the lower number first and %d numbers at most, found %s", maxRange, e.node.Value)
		return Fact{}, false
	}
	return wholeNumbers(e.key, low, high), true
}

func (r *reader) readEnumeration(e entry, at place) (Fact, bool) {
	nodes := r.list(e.node, at, "the values of a fact")
	if len(nodes) == 0 || len(nodes) > maxValues {
		r.add("policy_fact", at, e.node, "expected 1 to %d values", maxValues)
		return Fact{}, false
	}
	values, seen := make([]string, 0, len(nodes)), map[string]bool{}
	for i, node := range nodes {
		value, ok := r.scalar(node, at.under(i), "a value of the fact")
		switch {
		case !ok:
			return Fact{}, false
		case value == unknownWord:
			r.add("policy_fact", at.under(i), node, "unknown is always a value: expected the others alone")
			return Fact{}, false
		case value == "" || len(value) > 200:
			r.add("policy_fact", at.under(i), node, "expected a value of 1 to 200 characters")
			return Fact{}, false
		case seen[value]:
			r.add("policy_fact", at.under(i), node, "the value %s stands here twice: expected it once", clip(value))
			return Fact{}, false
		}
		seen[value] = true
		values = append(values, value)
	}
	return enumeration(e.key, values...), true
}
