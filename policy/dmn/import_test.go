package dmn_test

import (
	"strings"
	"testing"

	"onedoor/app/fault"
	"onedoor/policy"
	"onedoor/policy/dmn"
)

// foreign is a model as another tool writes it: names with spaces, booleans, not(...), a default, no rule for the rest.
const foreign = `<?xml version="1.0" encoding="UTF-8"?>
<dmn:definitions xmlns:dmn="https://www.omg.org/spec/DMN/20211108/MODEL/" name="Riverside routing" namespace="urn:x">
  <dmn:itemDefinition name="tSymptom"><dmn:typeRef>string</dmn:typeRef><dmn:allowedValues><dmn:text>"cough","rash","other"</dmn:text></dmn:allowedValues></dmn:itemDefinition>
  <dmn:inputData id="a" name="Age in years"><dmn:variable name="Age in years" typeRef="number"/></dmn:inputData>
  <dmn:inputData id="s" name="Symptom"><dmn:variable name="Symptom" typeRef="tSymptom"/></dmn:inputData>
  <dmn:inputData id="p" name="pregnant"><dmn:variable name="pregnant" typeRef="boolean"/></dmn:inputData>
  <dmn:decision id="r" name="Where to">
    <dmn:informationRequirement><dmn:requiredInput href="#a"/></dmn:informationRequirement>
    <dmn:informationRequirement><dmn:requiredInput href="#s"/></dmn:informationRequirement>
    <dmn:informationRequirement><dmn:requiredInput href="#p"/></dmn:informationRequirement>
    <dmn:decisionTable hitPolicy="FIRST">
      <dmn:input label="How old"><dmn:inputExpression typeRef="number"><dmn:text>Age in years</dmn:text></dmn:inputExpression><dmn:inputValues><dmn:text>[0..120]</dmn:text></dmn:inputValues></dmn:input>
      <dmn:input><dmn:inputExpression><dmn:text>Symptom</dmn:text></dmn:inputExpression></dmn:input>
      <dmn:input><dmn:inputExpression><dmn:text>pregnant</dmn:text></dmn:inputExpression></dmn:input>
      <dmn:output name="To"/><dmn:output name="Urgency"/>
      <dmn:rule id="R_1"><dmn:description>small children</dmn:description>
        <dmn:inputEntry><dmn:text>AGE1</dmn:text></dmn:inputEntry><dmn:inputEntry><dmn:text>not("cough")</dmn:text></dmn:inputEntry><dmn:inputEntry><dmn:text>-</dmn:text></dmn:inputEntry>
        <dmn:outputEntry><dmn:text>"registered-practice/queue:children"</dmn:text></dmn:outputEntry><dmn:outputEntry><dmn:text>"urgent"</dmn:text></dmn:outputEntry></dmn:rule>
      <dmn:rule id="adults">
        <dmn:inputEntry><dmn:text>[18..200]</dmn:text></dmn:inputEntry><dmn:inputEntry><dmn:text>"rash"</dmn:text></dmn:inputEntry><dmn:inputEntry><dmn:text>false</dmn:text></dmn:inputEntry>
        <dmn:outputEntry><dmn:text>"chosen-pharmacy"</dmn:text></dmn:outputEntry><dmn:outputEntry><dmn:text>"soon"</dmn:text></dmn:outputEntry></dmn:rule>
    </dmn:decisionTable>
  </dmn:decision>
</dmn:definitions>`

func TestImportOfAnotherToolsModel(t *testing.T) {
	t.Parallel()
	imported, err := dmn.Import([]byte(strings.Replace(foreign, "AGE1", "&lt; 5", 1)))
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.Parse(imported.Document)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		`rash, 3`: "where-to/row-1", `cough, 3`: "everything-else/catch-all", `?, 3`: "where-to/row-1", // DMN's not takes null
		`rash, 30`: "where-to/adults", `rash, 120`: "where-to/adults", `rash, ?`: "everything-else/catch-all",
	}
	for request, rule := range want {
		symptom, age, _ := strings.Cut(request, ", ")
		facts := policy.Facts{"pregnant": policy.Text("false")}
		if symptom != "?" {
			facts["symptom"] = policy.Text(symptom)
		}
		switch age {
		case "3":
			facts["age-in-years"] = policy.Int(3)
		case "30":
			facts["age-in-years"] = policy.Int(30)
		case "120":
			facts["age-in-years"] = policy.Int(120)
		}
		table, r := p.At(p.Match(valuesOf(p, facts), day(t)))
		if got := table.Name + "/" + r.ID; got != rule {
			t.Errorf("%s: %s, expected %s\n%s", request, got, rule, imported.Document)
		}
	}
	warnings := strings.Join(imported.Warnings, "\n")
	for _, part := range []string{"takes what is not known", "A table everything-else was added", `“How old”`, "true and false"} {
		if part == `“How old”` {
			part = "is the fact age-in-years"
		}
		if !strings.Contains(warnings, part) {
			t.Errorf("no warning says %q:\n%s", part, warnings)
		}
	}
	if r, _ := p.Rule("where-to", "row-1"); r.Note != "small children" {
		t.Errorf("the description is lost: %q", r.Note)
	}
}

func TestWhatAPolicyCannotSayIsRefused(t *testing.T) {
	t.Parallel()
	model := strings.Replace(foreign, "AGE1", "&lt; 5", 1)
	for name, c := range map[string]struct{ from, to, says string }{
		"a computed cell":       {"&lt; 5", "? * 2 = 10", "table where-to, row 1, column “How old”: “? * 2 = 10” is more than values and ranges"},
		"a fraction":            {"&lt; 5", "&lt; 5.5", "row 1, column “How old”: “< 5.5”: expected whole numbers"},
		"a cell for nobody":     {"&lt; 5", "&gt; 500", "> 500 takes no number from 0 to 120, so this can never match"},
		"an unknown value":      {`"rash"<`, `"itch"<`, `row 2, column “Symptom”: “"itch"”: "itch" is not a value of the fact symptom`},
		"a computed output":     {`<dmn:text>"soon"`, `<dmn:text>if pregnant then "soon" else "routine"`, "row 2, column “Urgency”"},
		"a number as output":    {`<dmn:text>"soon"`, `<dmn:text>3`, "row 2, column “Urgency”: “3” is a number"},
		"another output":        {`name="Urgency"`, `name="Price"`, "the output “Price”: expected each of urgency, to,"},
		"no urgency":            {`<dmn:output name="Urgency"/>`, `<dmn:output name="Message"/>`, "has no output urgency"},
		"several outcomes":      {`hitPolicy="FIRST"`, `hitPolicy="COLLECT"`, "COLLECT, which gives several outcomes"},
		"rule order":            {`hitPolicy="FIRST"`, `hitPolicy="RULE ORDER"`, "RULE ORDER, which gives several outcomes"},
		"priority of nothing":   {`hitPolicy="FIRST"`, `hitPolicy="PRIORITY"`, "PRIORITY by something else than urgency alone"},
		"an expression's input": {`<dmn:text>Symptom<`, `<dmn:text>upper case(Symptom)<`, "a policy's column reads one fact"},
		"no range":              {`<dmn:inputValues><dmn:text>[0..120]</dmn:text></dmn:inputValues>`, ``, "nothing says which whole numbers column “How old”"},
		"no destination":        {`"chosen-pharmacy"`, `"the pharmacy"`, "The model is no policy that can decide: Line"},
		"a literal decision":    {`</dmn:definitions>`, `<dmn:decision name="x"><dmn:literalExpression><dmn:text>1</dmn:text></dmn:literalExpression></dmn:decision></dmn:definitions>`, "the decision x is not a decision table"},
	} {
		if !strings.Contains(model, c.from) {
			t.Fatalf("%s: the model does not hold %q", name, c.from)
		}
		_, err := dmn.Import([]byte(strings.Replace(model, c.from, c.to, 1)))
		if err == nil || !strings.Contains(fault.As(err).Says, c.says) {
			t.Errorf("%s: expected %q, got %v", name, c.says, err)
		}
	}
}

func TestDefaultsBecomeATable(t *testing.T) {
	t.Parallel()
	model := strings.NewReplacer("AGE1", "&lt; 5", `<dmn:output name="To"/><dmn:output name="Urgency"/>`,
		`<dmn:output name="To"><dmn:defaultOutputEntry><dmn:text>"desk"</dmn:text></dmn:defaultOutputEntry></dmn:output>`+
			`<dmn:output name="Urgency"><dmn:defaultOutputEntry><dmn:text>"routine"</dmn:text></dmn:defaultOutputEntry></dmn:output>`).Replace(foreign)
	imported, err := dmn.Import([]byte(model))
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.Parse(imported.Document)
	if err != nil {
		t.Fatal(err)
	}
	table, rule := p.At(p.Match(valuesOf(p, policy.Facts{}), day(t)))
	if table.Name != "where-to-default" || rule.Then.To.String() != "desk" || len(p.Tables()) != 2 {
		t.Errorf("%s/%s of\n%s", table.Name, rule.ID, imported.Document)
	}
}

func TestExportRefusesWhatXMLCannotHold(t *testing.T) {
	t.Parallel()
	p := parse(t, strings.Replace(everything, "note: \"Two lines,", "note: \"\\a Two lines,", 1))
	if _, err := dmn.Export(p); err == nil || !strings.Contains(fault.As(err).Says, "holds a character that no XML file can hold") {
		t.Errorf("%v", err)
	}
	p = parse(t, strings.ReplaceAll(everything, "temperature", "if"))
	if _, err := dmn.Export(p); err == nil || !strings.Contains(fault.As(err).Says, "The fact if has a name that DMN uses for something else.") {
		t.Errorf("%v", err)
	}
}
