package policy

import (
	"slices"

	"go.yaml.in/yaml/v3"
)

func (r *reader) readTables(section entry) {
	nodes := r.list(section.node, section.place, "tables")
	if len(nodes) > maxTables {
		r.add("policy_table", section.place, section.node, "expected %d tables at most, found %d", maxTables, len(nodes))
		return
	}
	names := map[string]bool{}
	for i, node := range nodes {
		t := r.readTable(node, section.place.under(i))
		if names[t.Name] && t.Name != "" {
			r.add("policy_duplicate", place{table: t.Name, pointer: section.place.under(i).pointer}, node, "two tables have this name: expected another")
		}
		names[t.Name] = true
		r.policy.tables = append(r.policy.tables, t)
	}
}

func (r *reader) readTable(node *yaml.Node, at place) Table {
	t := Table{Hit: First}
	entries := r.mapping(node, at, "a table", "name", "hit", "from", "until", "rules")
	for _, e := range entries { // the name first: every other problem is told by it
		if e.key != "name" {
			continue
		}
		if name, ok := r.scalar(e.node, e.place, "the table's name"); ok {
			if !isSlug(name) {
				r.add("policy_table", e.place, e.node, "%s is no table's name: expected lower-case letters, digits and hyphens", clip(name))
			}
			t.Name = name
		}
	}
	if t.Name == "" && node.Kind == yaml.MappingNode {
		r.add("policy_table", at, node, "the table has no name: expected name: and a short name")
	}
	at.table = t.Name
	for _, e := range entries {
		e.place.table = t.Name
		switch e.key {
		case "hit":
			t.Hit = r.readHit(e)
		case "from":
			t.From = r.date(e)
		case "until":
			t.Until = r.date(e)
		case "rules":
			t.Rules = r.readRules(e)
		}
	}
	if !t.From.IsZero() && !t.Until.IsZero() && t.Until.Before(t.From) {
		r.add("policy_date", at, node, "the table ends on %s before it begins on %s: expected the earlier day first", t.Until, t.From)
	}
	if len(t.Rules) == 0 && r.rules <= maxRules && node.Kind == yaml.MappingNode {
		r.add("policy_table", at, node, "the table is empty: expected at least one rule")
	}
	return t
}

func (r *reader) readHit(e entry) HitPolicy {
	text, ok := r.scalar(e.node, e.place, "a hit policy")
	if !ok {
		return First
	}
	const expected = "expected hit: first, unique, any or priority, found "
	switch hit := HitPolicy(text); hit {
	case First, Unique, Any, Priority:
		return hit
	case Collect, RuleOrder, OutputOrder:
		r.add("policy_hit", e.place, e.node, "%s gives several outcomes, for a table that is evaluated by itself (onedoor policy dmn), and a request goes one way: "+expected+"%s", text, text)
	default:
		r.add("policy_hit", e.place, e.node, expected+"%s", clip(text))
	}
	return First
}

func (r *reader) readRules(section entry) []Rule {
	nodes := r.list(section.node, section.place, "rules")
	if r.rules += len(nodes); r.rules > maxRules {
		r.add("policy_rules", section.place, section.node, "a policy may hold %d rules at most, and with this table there are %d", maxRules, r.rules)
		return nil
	}
	rules, ids := make([]Rule, 0, len(nodes)), make(map[string]bool, len(nodes))
	for i, node := range nodes {
		at := section.place.under(i)
		rule := r.readRule(node, at)
		if at.rule = rule.ID; ids[rule.ID] && rule.ID != "" {
			r.add("policy_duplicate", at, node, "two rules of this table have this id: expected another")
		}
		ids[rule.ID] = true
		rules = append(rules, rule)
	}
	return rules
}

func (r *reader) readRule(node *yaml.Node, at place) Rule {
	var rule Rule
	entries := r.mapping(node, at, "a rule", "id", "when", "then", "note", "disabled", "if_drifts")
	for _, e := range entries {
		if e.key != "id" {
			continue
		}
		if id, ok := r.scalar(e.node, e.place, "the rule's id"); ok {
			if !isSlug(id) {
				r.add("policy_rule", e.place, e.node, "%s is no rule's id: expected lower-case letters, digits and hyphens", clip(id))
			}
			rule.ID = id
		}
	}
	at.rule = rule.ID
	if rule.ID == "" && node.Kind == yaml.MappingNode {
		r.add("policy_rule", at, node, "the rule has no id: expected id: and a short name")
	}
	decided := false
	for _, e := range entries {
		e.place.rule = rule.ID
		switch e.key {
		case "when":
			rule.When = r.readWhen(e)
		case "then":
			rule.Then, decided = r.readThen(e), true
		case "note":
			rule.Note, _ = r.scalar(e.node, e.place, "a note")
		case "disabled":
			rule.Disabled = r.truth(e, "disabled: true for a rule that is kept and never matches")
		case "if_drifts":
			rule.IfDrifts = r.readIfDrifts(e)
		}
	}
	if !decided && node.Kind == yaml.MappingNode {
		r.add("policy_rule", at, node, "the rule decides nothing: expected then: with to and urgency")
	}
	return rule
}

// readIfDrifts reads what an alarm on a rule does. Only home takes anything, so only home is a safe place to fall back to.
func (r *reader) readIfDrifts(e entry) DestinationKind {
	text, ok := r.scalar(e.node, e.place, "where requests go when the rule drifts")
	if ok && DestinationKind(text) != ToRegisteredPractice {
		r.add("policy_rule", e.place, e.node, "expected if_drifts: registered-practice, or nothing for an alarm alone, found %s", clip(text))
	}
	return DestinationKind(text)
}

func (r *reader) readWhen(section entry) []Condition {
	if section.node.Kind == yaml.ScalarNode && section.node.ShortTag() == "!!null" {
		return nil
	}
	var conditions []Condition
	for _, e := range r.mapping(section.node, section.place, "conditions") {
		at := e.place
		at.column = e.key
		fact, ok := r.facts[e.key]
		switch {
		case reserved(e.key):
			r.add("policy_fact", at, e.node, "this points at an organisation or service, which no rule can test: expected a declared fact")
			continue
		case !ok:
			r.add("policy_fact", at, e.node, "this fact is not declared: expected one of those under facts")
			continue
		}
		text, ok := r.scalar(e.node, at, `a test in quotes, such as '"yes"', or '-' for anything`)
		if !ok {
			continue
		}
		cell, wrong := parseCell(fact, text)
		if wrong != "" {
			r.add("policy_cell", at, e.node, "%s", wrong)
			continue
		}
		if !cell.anything { // a fact that may be anything is a fact that is not named
			conditions = append(conditions, Condition{Fact: e.key, Cell: cell})
		}
	}
	return conditions
}

func (r *reader) readThen(section entry) Outcome {
	var o Outcome
	named := map[string]bool{}
	for _, e := range r.mapping(section.node, section.place, "a decision",
		"to", "service", "urgency", "overflow", "tags", "message", "care_within", "answer_within") {
		named[e.key] = true
		switch e.key {
		case "to":
			o.To = r.readDestination(e)
		case "service":
			o.Service = r.slug(e, "a service's short name")
		case "urgency":
			o.Urgency = r.readUrgency(e)
		case "overflow":
			o.Overflow = r.readOverflow(e)
		case "tags":
			for i, node := range r.list(e.node, e.place, "tags") {
				o.Tags = append(o.Tags, r.slug(entry{"", node, e.place.under(i)}, "a tag"))
			}
		case "message":
			o.Message = r.slug(e, "a message's code")
		case "care_within":
			o.CareWithin = r.span(e)
		case "answer_within":
			o.AnswerWithin = r.span(e)
		}
	}
	if section.node.Kind != yaml.MappingNode {
		return o
	}
	if !named["to"] {
		r.add("policy_destination", section.place, section.node, "the rule sends nowhere: expected to: and %s", destinationForms)
	}
	if !named["urgency"] && o.To.Kind != ToRouting {
		r.add("policy_urgency", section.place, section.node, "the rule has no urgency: expected urgency: urgent, soon or routine")
	}
	r.checkThen(section, o)
	return o
}

func (r *reader) checkThen(section entry, o Outcome) {
	at := section.place
	if o.Service != "" {
		switch o.To.Kind {
		case ToChosenPharmacy, ToNominatedPharmacy, ToOrganisation:
			if o.To.Queue != "" {
				r.add("policy_destination", at, section.node, "the rule names a service and a queue: expected one of them")
			}
		default:
			r.add("policy_destination", at, section.node, "%s takes no service: expected service: beside a pharmacy or an organisation alone", o.To)
		}
	}
	if o.Urgency == Emergency && (o.To.Kind != ToRegisteredPractice || o.To.Queue != "safety") {
		r.add("policy_urgency", at, section.node, "an emergency stands where a person checks it: expected to: registered-practice/queue:safety, found %s", o.To)
	}
	seen := []Destination{o.To}
	for _, d := range o.Overflow {
		if slices.Contains(seen, d) {
			r.add("policy_overflow", at, section.node, "the overflow leads back to %s: expected each place once", d)
			return
		}
		seen = append(seen, d)
	}
}

func (r *reader) readDestination(e entry) Destination {
	text, ok := r.scalar(e.node, e.place, "a destination")
	if !ok {
		return Destination{}
	}
	d, wrong := parseDestination(text)
	if wrong == "" && d.Kind == ToRouting && r.stage != platform {
		wrong = "only the platform's safety stage goes on to routing: expected " + destinationForms
	}
	if wrong != "" {
		r.add("policy_destination", e.place, e.node, "%s", wrong)
	}
	return d
}

func (r *reader) readOverflow(e entry) []Destination {
	if e.node.Kind == yaml.ScalarNode {
		return []Destination{r.readDestination(e)}
	}
	nodes := r.list(e.node, e.place, "destinations")
	const most = 10
	if len(nodes) > most {
		r.add("policy_overflow", e.place, e.node, "expected %d places at most", most)
		return nil
	}
	var list []Destination
	for i, node := range nodes {
		list = append(list, r.readDestination(entry{"", node, e.place.under(i)}))
	}
	return list
}

func (r *reader) readUrgency(e entry) Urgency {
	text, ok := r.scalar(e.node, e.place, "urgent, soon or routine")
	if ok && Urgency(text).Rank() == 0 {
		r.add("policy_urgency", e.place, e.node, "%s is no urgency: expected urgent, soon or routine", clip(text))
	}
	return Urgency(text)
}

func (r *reader) slug(e entry, what string) string {
	text, ok := r.scalar(e.node, e.place, what)
	if ok && !isSlug(text) {
		r.add("policy_rule", e.place, e.node, "expected %s, of lower-case letters, digits and hyphens, found %s", what, clip(text))
	}
	return text
}

// check looks at the policy as a whole: it must end in a rule that takes everything and stays with the practice or desk.
func (r *reader) check(root *yaml.Node) {
	at := place{pointer: "/tables"}
	if len(r.policy.tables) == 0 {
		r.add("policy_table", at, root, "the policy has no tables: expected at least one")
		return
	}
	last := r.policy.tables[len(r.policy.tables)-1]
	rule := last.Rules[len(last.Rules)-1]
	at.table = last.Name
	if !last.From.IsZero() || !last.Until.IsZero() {
		r.add("policy_catch_all", at, nil, "the last table holds the rule that takes everything: expected no from or until on it")
	}
	at.rule = rule.ID
	switch {
	case rule.Disabled:
		r.add("policy_catch_all", at, nil, "the last rule takes everything that no other does: expected it not to be disabled")
	case len(rule.When) > 0:
		r.add("policy_catch_all", at, nil, "the last rule must take everything that no other does: expected when: {}")
	case !rule.Then.To.home():
		r.add("policy_catch_all", at, nil, "the last rule must end where anything is taken: expected to: registered-practice or desk, found %s", rule.Then.To)
	}
}
