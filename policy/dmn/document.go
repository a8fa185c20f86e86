package dmn

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"onedoor/policy"
)

// row is a rule as a policy's document writes it.
type row struct {
	id       string
	when     []cellText
	then     []setting
	note     string
	ifDrifts string
	disabled bool
}

type cellText struct{ fact, text string }

// setting is one part of what a rule decides: a text or a list.
type setting struct {
	name string
	text string
	list []string
}

func rowOf(r *policy.Rule) row {
	o := row{id: r.ID, note: r.Note, ifDrifts: string(r.IfDrifts), disabled: r.Disabled}
	for _, c := range r.When {
		o.when = append(o.when, cellText{c.Fact, c.Cell.String()})
	}
	o.then = []setting{
		{name: "to", text: r.Then.To.String()},
		{name: "service", text: r.Then.Service},
		{name: "urgency", text: string(r.Then.Urgency)},
		{name: "tags", list: r.Then.Tags},
		{name: "message", text: r.Then.Message},
		{name: "care_within", text: span(r.Then.CareWithin)},
		{name: "answer_within", text: span(r.Then.AnswerWithin)},
	}
	var overflow []string
	for _, d := range r.Then.Overflow {
		overflow = append(overflow, d.String())
	}
	o.then = append(o.then, setting{name: "overflow", list: overflow})
	return o
}

// span writes a length of time as a policy does: 15m, 4h or 2d.
func span(d time.Duration) string {
	switch {
	case d == 0:
		return ""
	case d%(24*time.Hour) == 0:
		return strconv.Itoa(int(d/(24*time.Hour))) + "d"
	case d%time.Hour == 0:
		return strconv.Itoa(int(d/time.Hour)) + "h"
	}
	return strconv.Itoa(int(d/time.Minute)) + "m"
}

func scalar(text string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
	switch strings.ToLower(text) {
	case "", "yes", "no", "on", "off", "y", "n": // other readers of YAML take these for true and false
		n.Style = yaml.DoubleQuotedStyle
	}
	if strings.ContainsAny(text, "\n\r\t") {
		n.Style = yaml.DoubleQuotedStyle
	}
	return n
}

func sequence(items ...string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
	for _, item := range items {
		n.Content = append(n.Content, scalar(item))
	}
	return n
}

func put(m *yaml.Node, key string, value *yaml.Node) {
	m.Content = append(m.Content, scalar(key), value)
}

func mapping(style yaml.Style) *yaml.Node { return &yaml.Node{Kind: yaml.MappingNode, Style: style} }

func truth() *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: "true"} }

func ruleNode(r row) *yaml.Node {
	n := mapping(0)
	put(n, "id", scalar(r.id))
	when := mapping(yaml.FlowStyle)
	for _, c := range r.when {
		put(when, c.fact, scalar(c.text))
	}
	put(n, "when", when)
	then := mapping(yaml.FlowStyle)
	for _, s := range r.then {
		switch {
		case len(s.list) > 0:
			put(then, s.name, sequence(s.list...))
		case s.text != "":
			put(then, s.name, scalar(s.text))
		}
	}
	put(n, "then", then)
	if r.note != "" {
		put(n, "note", scalar(r.note))
	}
	if r.disabled {
		put(n, "disabled", truth())
	}
	if r.ifDrifts != "" {
		put(n, "if_drifts", scalar(r.ifDrifts))
	}
	return n
}

// written is a whole document.
type written struct {
	name   string
	facts  []writtenFact
	tables []writtenTable
	cases  *yaml.Node
}

type writtenFact struct {
	name    string
	values  []string
	numbers bool
	low     int
	high    int
	worse   []string
	safety  bool
}

type writtenTable struct {
	name, hit, from, until string
	rules                  []*yaml.Node
}

func (d written) bytes() ([]byte, error) {
	root := mapping(0)
	put(root, "policy", scalar(d.name))
	if len(d.facts) > 0 {
		facts := mapping(0)
		for _, f := range d.facts {
			put(facts, f.name, f.node())
		}
		put(root, "facts", facts)
	}
	tables := &yaml.Node{Kind: yaml.SequenceNode}
	for _, t := range d.tables {
		tables.Content = append(tables.Content, t.node())
	}
	put(root, "tables", tables)
	if d.cases != nil {
		put(root, "cases", d.cases)
	}
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(root); err != nil {
		return nil, err
	}
	return b.Bytes(), e.Close()
}

func (f writtenFact) node() *yaml.Node {
	domain := sequence(f.values...)
	if f.numbers {
		domain = scalar(strconv.Itoa(f.low) + ".." + strconv.Itoa(f.high))
	}
	if !f.safety && len(f.worse) == 0 {
		return domain
	}
	n := mapping(yaml.FlowStyle)
	if f.numbers {
		put(n, "range", domain)
	} else {
		put(n, "values", domain)
	}
	switch {
	case f.numbers && len(f.worse) > 0:
		put(n, "worse", scalar(f.worse[0]))
	case len(f.worse) > 0:
		put(n, "worse", sequence(f.worse...))
	}
	if f.safety {
		put(n, "safety", truth())
	}
	return n
}

func (t writtenTable) node() *yaml.Node {
	n := mapping(0)
	put(n, "name", scalar(t.name))
	if t.hit != "first" {
		put(n, "hit", scalar(t.hit))
	}
	if t.from != "" {
		put(n, "from", scalar(t.from))
	}
	if t.until != "" {
		put(n, "until", scalar(t.until))
	}
	rules := &yaml.Node{Kind: yaml.SequenceNode, Content: t.rules}
	put(n, "rules", rules)
	return n
}
