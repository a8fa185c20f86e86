package edit

import (
	"reflect"
	"slices"
	"strconv"
	"time"

	"go.yaml.in/yaml/v3"

	"onedoor/app/fault"
	"onedoor/policy"
)

// SetRule makes a rule say something else. Its id stays what it is.
func (d *Document) SetRule(table, id string, r policy.Rule) error {
	t, i, err := d.find(table, id)
	if err != nil {
		return err
	}
	want := meaningOf(d.policy)
	before := want.tables[t].Rules[i]
	r.ID = id
	r = tidy(r)
	if sameRule(before, r) {
		return nil
	}
	want.tables[t].Rules[i] = r
	return d.apply(change{
		find: rulesOf(table),
		text: func(b *block) bool {
			item := b.list.Content[i]
			if item.Column-1 > b.indent {
				lines, ok := rewrite(b.own(i), b.items[i].start+1, item, item.Column-1-b.indent, true, rulePairs(r, &before))
				if ok {
					b.replace(i, lines)
					return true
				}
			}
			b.replace(i, ruleLines(r))
			return true
		},
		tree: func(list *yaml.Node) { list.Content[i] = mapping(rulePairs(r, nil)) },
		want: want,
	})
}

// AddRule puts a new rule into a table before the one at a position, counted from 0; a position behind the last one puts it
// after all others.
func (d *Document) AddRule(table string, at int, r policy.Rule) error {
	want := meaningOf(d.policy)
	t := slices.IndexFunc(want.tables, func(t policy.Table) bool { return t.Name == table })
	if t < 0 {
		return noTable(table)
	}
	rules := want.tables[t].Rules
	if slices.ContainsFunc(rules, func(other policy.Rule) bool { return other.ID == r.ID }) {
		return fault.New(fault.Conflict, "rule_exists", "This table has a rule of this name already. Choose another.")
	}
	at = max(0, min(at, len(rules)))
	r = tidy(r)
	want.tables[t].Rules = slices.Insert(rules, at, r)
	return d.apply(change{
		find: rulesOf(table),
		text: func(b *block) bool { b.insert(at, ruleLines(r)); return true },
		tree: func(list *yaml.Node) { list.Content = slices.Insert(list.Content, at, mapping(rulePairs(r, nil))) },
		want: want,
	})
}

// RemoveRule takes a rule out, with the comment directly above it.
func (d *Document) RemoveRule(table, id string) error {
	t, i, err := d.find(table, id)
	if err != nil {
		return err
	}
	want := meaningOf(d.policy)
	if len(want.tables[t].Rules) == 1 {
		return fault.New(fault.Invalid, "policy_table", "This is the only rule of its table, and a table needs one. Change it instead, or switch it off.")
	}
	want.tables[t].Rules = slices.Delete(want.tables[t].Rules, i, i+1)
	return d.apply(change{
		find: rulesOf(table),
		text: func(b *block) bool { b.remove(i); return true },
		tree: func(list *yaml.Node) { list.Content = slices.Delete(list.Content, i, i+1) },
		want: want,
	})
}

// Move takes a rule up by a negative number of places, or down by a positive one, within its table.
func (d *Document) Move(table, id string, by int) error {
	t, i, err := d.find(table, id)
	if err != nil || by == 0 {
		return err
	}
	want := meaningOf(d.policy)
	rules := want.tables[t].Rules
	to := i + by
	switch {
	case to < 0:
		return fault.New(fault.Invalid, "rule_first", "This rule is the first of its table and cannot move further up.")
	case to >= len(rules):
		return fault.New(fault.Invalid, "rule_last", "This rule is the last of its table and cannot move further down.")
	}
	moved := rules[i]
	want.tables[t].Rules = slices.Insert(slices.Delete(rules, i, i+1), to, moved)
	return d.apply(change{
		find: rulesOf(table),
		text: func(b *block) bool {
			if by != 1 && by != -1 {
				return false
			}
			b.swap(min(i, to))
			return true
		},
		tree: func(list *yaml.Node) {
			node := list.Content[i]
			list.Content = slices.Insert(slices.Delete(list.Content, i, i+1), to, node)
		},
		want: want,
	})
}

// Disable switches a rule off, so that it is kept and never matches, or on again.
func (d *Document) Disable(table, id string, off bool) error {
	t, i, err := d.find(table, id)
	if err != nil {
		return err
	}
	r := d.policy.Tables()[t].Rules[i]
	r.Disabled = off
	return d.SetRule(table, id, r)
}

// Note writes why a rule is there; nothing takes the note away.
func (d *Document) Note(table, id, note string) error {
	t, i, err := d.find(table, id)
	if err != nil {
		return err
	}
	r := d.policy.Tables()[t].Rules[i]
	r.Note = note
	return d.SetRule(table, id, r)
}

func (d *Document) find(table, id string) (t, i int, err error) {
	tables := d.policy.Tables()
	t = slices.IndexFunc(tables, func(t policy.Table) bool { return t.Name == table })
	if t < 0 {
		return 0, 0, noTable(table)
	}
	i = slices.IndexFunc(tables[t].Rules, func(r policy.Rule) bool { return r.ID == id })
	if i < 0 {
		return 0, 0, fault.New(fault.NotFound, "no_rule", "There is no rule of this name in this table. Somebody may have removed it.")
	}
	return t, i, nil
}

func noTable(string) error {
	return fault.New(fault.NotFound, "no_table", "There is no table of this name. Somebody may have removed it.")
}

func rulesOf(table string) func(*yaml.Node) *yaml.Node {
	return func(root *yaml.Node) *yaml.Node {
		tables := value(root, "tables")
		if tables == nil {
			return nil
		}
		for _, t := range tables.Content {
			if name := value(t, "name"); name != nil && name.Value == table {
				return value(t, "rules")
			}
		}
		return nil
	}
}

// tidy is a rule as reading it gives it: a fact that may be anything is not named, and nothing is not an empty list.
func tidy(r policy.Rule) policy.Rule {
	var when []policy.Condition
	for _, c := range r.When {
		if !c.Cell.Anything() {
			when = append(when, c)
		}
	}
	r.When = when
	if len(r.Then.Overflow) == 0 {
		r.Then.Overflow = nil
	}
	if len(r.Then.Tags) == 0 {
		r.Then.Tags = nil
	}
	return r
}

func ruleLines(r policy.Rule) []string {
	var lines []string
	for _, p := range rulePairs(r, nil) {
		if p.value != nil {
			lines = append(lines, "  "+p.key+": "+flow(p.value))
		}
	}
	lines[0] = "- " + lines[0][2:]
	return lines
}

// rulePairs are a rule's keys in the order in which a new one is written. Before is what the rule says now, if it does.
func rulePairs(r policy.Rule, before *policy.Rule) []pair {
	old := policy.Rule{}
	if before != nil {
		old = *before
	}
	there := before != nil
	var when []pair
	for _, c := range r.When {
		i := slices.IndexFunc(old.When, func(o policy.Condition) bool { return o.Fact == c.Fact })
		when = append(when, pair{key: c.Fact, value: quoted(c.Cell.String()), same: i >= 0 && sameCondition(old.When[i], c)})
	}
	whenValue := mapping(when)
	for _, c := range old.When {
		if _, still := find(when, c.Fact); !still {
			when = append(when, pair{key: c.Fact})
		}
	}
	then := outcomePairs(r.Then, old.Then, there)
	return []pair{
		{key: "id", value: text(r.ID), same: there},
		{key: "disabled", value: yes(r.Disabled), same: there && r.Disabled == old.Disabled},
		{key: "when", value: whenValue, same: there && sameWhen(r.When, old.When), inner: when},
		{key: "then", value: mapping(then), same: there && reflect.DeepEqual(r.Then, old.Then), inner: then},
		{key: "if_drifts", value: word(string(r.IfDrifts)), same: there && r.IfDrifts == old.IfDrifts},
		{key: "note", value: word(r.Note), same: there && r.Note == old.Note},
	}
}

func outcomePairs(o, old policy.Outcome, there bool) []pair {
	return []pair{
		{key: "to", value: text(o.To.String()), same: there && o.To == old.To},
		{key: "service", value: word(o.Service), same: there && o.Service == old.Service},
		{key: "urgency", value: word(string(o.Urgency)), same: there && o.Urgency == old.Urgency},
		{key: "answer_within", value: span(o.AnswerWithin), same: there && o.AnswerWithin == old.AnswerWithin},
		{key: "care_within", value: span(o.CareWithin), same: there && o.CareWithin == old.CareWithin},
		{key: "overflow", value: destinations(o.Overflow), same: there && slices.Equal(o.Overflow, old.Overflow)},
		{key: "tags", value: words(o.Tags), same: there && slices.Equal(o.Tags, old.Tags)},
		{key: "message", value: word(o.Message), same: there && o.Message == old.Message},
	}
}

// word is a text, or nothing for none.
func word(s string) *yaml.Node {
	if s == "" {
		return nil
	}
	return text(s)
}

func words(list []string) *yaml.Node {
	if len(list) == 0 {
		return nil
	}
	n := sequence()
	for _, s := range list {
		n.Content = append(n.Content, text(s))
	}
	return n
}

func yes(b bool) *yaml.Node {
	if !b {
		return nil
	}
	return plain("true")
}

func destinations(list []policy.Destination) *yaml.Node {
	switch len(list) {
	case 0:
		return nil
	case 1:
		return text(list[0].String())
	}
	n := sequence()
	for _, d := range list {
		n.Content = append(n.Content, text(d.String()))
	}
	return n
}

// span writes a length of time in the largest unit that holds it whole.
func span(d time.Duration) *yaml.Node {
	minutes := int(d / time.Minute)
	switch {
	case minutes <= 0:
		return nil
	case minutes%(24*60) == 0:
		return plain(strconv.Itoa(minutes/(24*60)) + "d")
	case minutes%60 == 0:
		return plain(strconv.Itoa(minutes/60) + "h")
	}
	return plain(strconv.Itoa(minutes) + "m")
}
