package dmn

import (
	"encoding/xml"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"onedoor/policy"
)

const (
	version15 = "https://www.omg.org/spec/DMN/20230324/MODEL/"
	feel15    = "https://www.omg.org/spec/DMN/20230324/FEEL/"
	// ours is the namespace of what DMN itself has no word for. Other tools keep it and pass it by.
	ours = "urn:onedoor:dmn:1"
	// Names of the model that no fact or table can have, since theirs hold no spaces.
	dayOfRequest = "day of request"
	whole        = "routing decision"
)

// Export writes a policy as a decision model of DMN 1.5. Each table is a decision of its own; the decision "routing
// decision" asks one after the other, on the days on which they count. What is not known is null. Rules that are disabled,
// the order of worse answers and the test cases stand in extension elements, where Import finds them again.
//
// Facts of a request that a policy does not declare match only "-" in a policy; in DMN a table gives null for them.
func Export(p *policy.Policy) ([]byte, error) {
	w := &exporter{p: p, ids: map[string]int{}}
	if err := w.checkNames(); err != nil {
		return nil, err
	}
	w.definitions()
	if w.unwritable != "" {
		return nil, refuse("dmn_export", "The text %q holds a character that no XML file can hold.", shorten(w.unwritable))
	}
	document := []byte(w.String())
	if _, err := Parse(document); err != nil {
		return nil, refuse("dmn_export", "The policy cannot be written in DMN: its own reader refuses it: %s", err)
	}
	return document, nil
}

// exporter writes XML. Everything that is not markup goes through text.
type exporter struct {
	strings.Builder
	p          *policy.Policy
	ids        map[string]int // how many rules have an id
	indent     int
	unwritable string // the first text that XML has no way to write
}

func (w *exporter) checkNames() error {
	for _, f := range w.used() {
		if c := f.Name[0]; c >= '0' && c <= '9' {
			return refuse("dmn_export", "The fact %s begins with a digit, which no name in DMN does.", f.Name)
		}
		switch f.Name {
		case "true", "false", "null", "if", "then", "else", "for", "in", "return", "some", "every", "satisfies", "between", "instance", "and", "or", "not", "function":
			return refuse("dmn_export", "The fact %s has a name that DMN uses for something else.", f.Name)
		}
	}
	for _, t := range w.p.Tables() {
		for _, r := range t.Rules {
			w.ids[r.ID]++
		}
	}
	return nil
}

// used are the facts that the policy declares, and the others that its rules read.
func (w *exporter) used() []policy.Fact {
	facts := w.p.Declared()
	read := map[string]bool{}
	for _, t := range w.p.Tables() {
		for _, r := range t.Rules {
			for _, c := range r.When {
				read[c.Fact] = true
			}
		}
	}
	for _, f := range w.p.Facts()[len(facts):] {
		if read[f.Name] {
			facts = append(facts, f)
		}
	}
	return facts
}

// open begins an element; attributes are names and values in turn, and an empty value is left out.
func (w *exporter) open(name string, attributes ...string) {
	w.begin(name, attributes, ">\n")
	w.indent++
}

func (w *exporter) close(name string) {
	w.indent--
	w.pad()
	w.WriteString("</" + name + ">\n")
}

func (w *exporter) empty(name string, attributes ...string) { w.begin(name, attributes, "/>\n") }

func (w *exporter) pad() { w.WriteString(strings.Repeat("  ", w.indent)) }

func (w *exporter) begin(name string, attributes []string, end string) {
	w.pad()
	w.WriteString("<" + name)
	for i := 0; i+1 < len(attributes); i += 2 {
		if attributes[i+1] != "" {
			w.WriteString(" " + attributes[i] + `="`)
			w.WriteString(w.escaped(attributes[i+1]))
			w.WriteString(`"`)
		}
	}
	w.WriteString(end)
}

func (w *exporter) escape(text string) {
	w.WriteString(strings.NewReplacer("&#34;", `"`, "&#39;", "'", "&#xA;", "\n").Replace(w.escaped(text)))
}

// escaped is a text that stands anywhere, attributes too.
func (w *exporter) escaped(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a Builder takes everything
	if w.unwritable == "" && strings.Count(b.String(), "\uFFFD") != strings.Count(text, "\uFFFD") {
		w.unwritable = text
	}
	return b.String()
}

// leaf is an element that holds text alone.
func (w *exporter) leaf(name, text string, attributes ...string) {
	w.begin(name, attributes, ">")
	w.escape(text)
	w.WriteString("</" + name + ">\n")
}

// texted is an element that holds a text element.
func (w *exporter) texted(name, text string, attributes ...string) {
	w.begin(name, attributes, "><text>")
	w.escape(text)
	w.WriteString("</text></" + name + ">\n")
}

func (w *exporter) definitions() {
	w.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n")
	w.open("definitions", "xmlns", version15, "xmlns:onedoor", ours, "id", "definitions", "name", w.p.Name(), "namespace", "urn:onedoor:policy:"+w.p.Name(),
		"expressionLanguage", feel15, "typeLanguage", feel15, "exporter", "Onedoor")
	w.cases()
	facts := w.used()
	declared := len(w.p.Declared())
	for i := range facts {
		w.itemDefinition(&facts[i], i >= declared)
	}
	for _, f := range facts {
		w.open("inputData", "id", "input."+f.Name, "name", f.Name)
		w.empty("variable", "name", f.Name, "typeRef", typeName(f.Name))
		w.close("inputData")
	}
	tables := w.p.Tables()
	dated := slices.ContainsFunc(tables, func(t policy.Table) bool { return !t.From.IsZero() || !t.Until.IsZero() })
	if dated {
		w.open("inputData", "id", "input.day", "name", dayOfRequest)
		w.empty("variable", "name", dayOfRequest, "typeRef", "date")
		w.close("inputData")
	}
	for i := range tables {
		w.table(&tables[i], i+1)
	}
	w.chain(tables, dated)
	w.close("definitions")
}

func typeName(fact string) string { return "t." + fact }

func (w *exporter) itemDefinition(f *policy.Fact, given bool) {
	w.open("itemDefinition", "name", typeName(f.Name))
	if given || f.Safety || len(f.Worse) > 0 {
		w.open("extensionElements")
		w.open("onedoor:fact", "given", mark(given), "safety", mark(f.Safety))
		for _, v := range f.Worse {
			w.leaf("onedoor:worse", v)
		}
		w.close("onedoor:fact")
		w.close("extensionElements")
	}
	if f.Numeric() {
		w.leaf("typeRef", "number")
	} else {
		w.leaf("typeRef", "string")
	}
	w.texted("allowedValues", domain(f))
	w.close("itemDefinition")
}

func mark(set bool) string {
	if set {
		return "true"
	}
	return ""
}

func domain(f *policy.Fact) string {
	if f.Numeric() {
		return fmt.Sprintf("[%d..%d]", f.Min, f.Max)
	}
	return quotedList(f.Values)
}

// cases keeps the test cases as they are written.
func (w *exporter) cases() {
	if len(w.p.Cases()) == 0 {
		return
	}
	var document struct {
		Cases yaml.Node `yaml:"cases"`
	}
	if yaml.Unmarshal(w.p.Document(), &document) != nil {
		return // it was parsed already
	}
	text, err := yaml.Marshal(&document.Cases)
	if err != nil {
		return
	}
	w.open("extensionElements")
	w.leaf("onedoor:cases", string(text))
	w.close("extensionElements")
}

// chain is the decision that asks table after table.
func (w *exporter) chain(tables []policy.Table, dated bool) {
	w.open("decision", "id", "decision.routing", "name", whole)
	w.open("extensionElements")
	w.empty("onedoor:chain")
	w.close("extensionElements")
	w.empty("variable", "name", whole)
	var parts []string
	for i := range tables {
		t := &tables[i]
		w.open("informationRequirement", "id", "requires.table."+strconv.Itoa(i+1))
		w.empty("requiredDecision", "href", "#table."+t.Name)
		w.close("informationRequirement")
		parts = append(parts, onDays(t))
	}
	if dated {
		w.open("informationRequirement", "id", "requires.day")
		w.empty("requiredInput", "href", "#input.day")
		w.close("informationRequirement")
	}
	w.open("literalExpression")
	w.leaf("text", "["+strings.Join(parts, ", ")+"][item != null][1]")
	w.close("literalExpression")
	w.close("decision")
}

// onDays is a table's decision on the days on which it counts.
func onDays(t *policy.Table) string {
	var tests []string
	if !t.From.IsZero() {
		tests = append(tests, fmt.Sprintf("%s >= date(%q)", dayOfRequest, t.From.String()))
	}
	if !t.Until.IsZero() {
		tests = append(tests, fmt.Sprintf("%s <= date(%q)", dayOfRequest, t.Until.String()))
	}
	if len(tests) == 0 {
		return t.Name
	}
	return "if " + strings.Join(tests, " and ") + " then " + t.Name + " else null"
}
