package dmn_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"onedoor/app/fault"
	"onedoor/policy/dmn"
	"onedoor/policy/dmn/feel"
)

const (
	head13 = `<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" name="m">`
	tail   = `</definitions>`
)

func TestFilesThatAreNotPlainXMLAreRefused(t *testing.T) {
	t.Parallel()
	bomb := `<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;">]>` + head13 + `<decision name="&lol2;"/>` + tail
	for name, c := range map[string]struct{ document, code, says string }{
		"entity bomb":           {bomb, "dmn_doctype", "Line 1: the file has a document type definition"},
		"external entity":       {`<!DOCTYPE d SYSTEM "file:///etc/passwd">` + head13 + tail, "dmn_doctype", "document type definition"},
		"entity without a type": {head13 + "\n<decision name='d'><literalExpression><text>&xxe;</text></literalExpression></decision>" + tail, "dmn_entity", "Line 2: the file uses an entity"},
		"import":                {head13 + "\n" + `<import name="other" namespace="n" importType="t" locationURI="http://elsewhere.example/m.dmn"/>` + tail, "dmn_import", `Line 2: the model imports "other"`},
		"broken":                {head13 + "\n<decision>\n</definition>", "dmn_xml", "Line 3"},
		"unclosed":              {head13 + "\n<decision>", "dmn_xml", "Line 2: the element decision has no end."},
		"cut off":               {head13 + "\n<deci", "dmn_xml", "Line 2"},
		"two roots":             {head13 + tail + head13 + tail, "dmn_xml", "second XML element"},
		"text after":            {head13 + tail + "more", "dmn_xml", "text outside"},
		"empty":                 {"", "dmn_xml", "holds no XML element"},
		"not XML":               {"policy: riverside", "dmn_xml", "text outside"},
		"another namespace":     {`<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"/>`, "dmn_namespace", "not definitions of DMN"},
		"unknown prefix":        {`<dmn:definitions/>`, "dmn_xml", "namespace dmn:"},
		"another encoding":      {`<?xml version="1.0" encoding="UTF-16"?>` + head13 + tail, "dmn_charset", "only UTF-8"},
		"too deep":              {head13 + strings.Repeat("<context>", 300) + strings.Repeat("</context>", 300) + tail, "dmn_too_deep", "nest more than 200 deep"},
		"requires itself":       {head13 + `<decision id="d" name="d"><informationRequirement><requiredDecision href="#d"/></informationRequirement></decision>` + tail, "dmn_cycle", "requires itself"},
		"requires nothing":      {head13 + `<decision id="d" name="d"><informationRequirement><requiredInput href="#x"/></informationRequirement></decision>` + tail, "dmn_requirement", `requires "x", which the file does not have`},
		"one id twice":          {head13 + `<decision id="d" name="a"/><decision id="d" name="b"/>` + tail, "dmn_duplicate", "stands for two things"},
		"unknown type":          {head13 + `<inputData id="i" name="i"><variable name="i" typeRef="tNone"/></inputData>` + tail, "dmn_type", `no type "tNone"`},
		"type of itself":        {head13 + `<itemDefinition name="a"><typeRef>b</typeRef></itemDefinition><itemDefinition name="b"><typeRef>a</typeRef></itemDefinition>` + tail, "dmn_cycle", "refines itself"},
	} {
		_, err := dmn.Parse([]byte(c.document))
		var f *fault.Error
		if !errors.As(err, &f) || f.Code != c.code || !strings.Contains(f.Says, c.says) || !strings.HasSuffix(f.Says, ".") {
			t.Errorf("%s: expected %s and %q, got %v", name, c.code, c.says, err)
		}
	}
}

func TestHugeFilesAreRefused(t *testing.T) {
	t.Parallel()
	document := head13 + strings.Repeat(" ", dmn.MaxBytes) + tail
	if _, err := dmn.Parse([]byte(document)); fault.As(err).Kind != fault.TooLarge {
		t.Errorf("%v", err)
	}
}

func TestEveryVersionIsRead(t *testing.T) {
	t.Parallel()
	for version, space := range map[string]string{
		"1.2": "http://www.omg.org/spec/DMN/20180521/MODEL/", "1.3": "https://www.omg.org/spec/DMN/20191111/MODEL/",
		"1.4": "https://www.omg.org/spec/DMN/20211108/MODEL/", "1.5": "https://www.omg.org/spec/DMN/20230324/MODEL/",
	} {
		m, err := dmn.Parse([]byte(`<?xml version="1.0"?><!-- a model --><d:definitions xmlns:d="` + space + `" name="m"><d:decision id="_1" name="Two  words">` +
			`<d:literalExpression><d:text><![CDATA[1 < 2]]></d:text></d:literalExpression></d:decision></d:definitions>`))
		if err != nil {
			t.Fatalf("%s: %v", version, err)
		}
		for _, name := range []string{"Two words", "_1"} {
			if got, err := m.Evaluate(name, feel.NewContext(), time.Time{}); err != nil || got.Value != true || m.Version() != version {
				t.Errorf("%s: %v, %v", version, got, err)
			}
		}
	}
}

func TestBrokenCellsNameTheirPlace(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ table, says string }{
		"a test":      {tableWith("FIRST", "", `<rule><inputEntry><text>-</text></inputEntry><outputEntry><text>1</text></outputEntry></rule><rule><inputEntry><text>[1..</text></inputEntry><outputEntry><text>1</text></outputEntry></rule>`), "row 2, column “x” of the table of the decision d cannot be read"},
		"an output":   {tableWith("FIRST", "", `<rule><inputEntry><text>-</text></inputEntry><outputEntry><text>1 +</text></outputEntry></rule>`), "row 1, column “out” of the table"},
		"too few":     {tableWith("FIRST", "", `<rule><outputEntry><text>1</text></outputEntry></rule>`), "row 1 of the decision d has 0 inputs and 1 outputs; the table has 1 and 1"},
		"hit policy":  {tableWith("BEST", "", ""), `hit policy "BEST"`},
		"aggregation": {tableWith("COLLECT", ` aggregation="MEAN"`, ""), `hit policy "COLLECT MEAN"`},
	} {
		if _, err := dmn.Parse([]byte(c.table)); err == nil || !strings.Contains(fault.As(err).Says, c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// tableWith is a model of the decision d: a table of the number x.
func tableWith(hit, more, rules string) string {
	return head13 + `<inputData id="x" name="x"><variable name="x" typeRef="number"/></inputData><decision id="d" name="d"><variable name="d"/>` +
		`<informationRequirement><requiredInput href="#x"/></informationRequirement><decisionTable hitPolicy="` + hit + `"` + more + `>` +
		`<input><inputExpression typeRef="number"><text>x</text></inputExpression></input><output name="out"/>` + rules + `</decisionTable></decision>` + tail
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(tableWith("FIRST", "", `<rule><inputEntry><text>&lt; 5, null</text></inputEntry><outputEntry><text>x + 1</text></outputEntry></rule>`)))
	f.Add([]byte(head13 + `<decision name="a"><context><contextEntry><variable name="b"/><literalExpression><text>1</text></literalExpression></contextEntry></context></decision>` + tail))
	f.Add([]byte(`<!DOCTYPE x [<!ENTITY y "z">]><x>&y;</x>`))
	f.Fuzz(func(t *testing.T, document []byte) {
		m, err := dmn.Parse(document)
		if err != nil {
			if says := fault.As(err).Says; fault.As(err).Kind == fault.Internal || says == "" {
				t.Fatalf("not a sentence: %v", err)
			}
			return
		}
		for _, name := range m.Decisions() {
			if _, err := m.Evaluate(name, feel.NewContext(), time.Time{}); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		_, _ = dmn.Import(document) // must not fail in any other way than by an error
	})
}
