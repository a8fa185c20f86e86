package dmn_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"onedoor/policy/dmn"
	"onedoor/policy/dmn/feel"
)

// Each hit policy over the same rows: under 10 gives 3, under 20 gives 1, under 30 gives 3, under 40 gives 2.
func TestHitPolicies(t *testing.T) {
	t.Parallel()
	var rows strings.Builder
	for _, r := range [][2]int{{10, 3}, {20, 1}, {30, 3}, {40, 2}} {
		fmt.Fprintf(&rows, `<rule><inputEntry><text>&lt; %d</text></inputEntry><outputEntry><text>%d</text></outputEntry></rule>`, r[0], r[1])
	}
	const order = `<outputValues><text>1, 2, 3</text></outputValues>`
	const standard = `<defaultOutputEntry><text>9</text></defaultOutputEntry>`
	for _, c := range []struct{ hit, more, output, x, want string }{
		{"UNIQUE", "", "", "35", "2"},
		{"UNIQUE", "", "", "25", "null"},
		{"UNIQUE", "", "", "99", "null"},
		{"UNIQUE", "", standard, "99", "9"},
		{"UNIQUE", "", standard, "25", "null"},
		{"", "", "", "25", "null"}, // unique, unless said otherwise
		{"ANY", "", "", "35", "2"},
		{"ANY", "", "", "25", "null"},
		{"FIRST", "", "", "25", "3"},
		{"FIRST", "", "", "null", "null"},
		{"FIRST", "", standard, "null", "9"},
		{"PRIORITY", "", order, "5", "1"},
		{"PRIORITY", "", order, "25", "2"},
		{"RULE ORDER", "", "", "15", "[1,3,2]"},
		{"RULE ORDER", "", "", "99", "[]"},
		{"OUTPUT ORDER", "", order, "5", "[1,2,3,3]"},
		{"COLLECT", "", "", "5", "[3,1,3,2]"},
		{"COLLECT", "", "", "99", "[]"},
		{"COLLECT", "", standard, "99", "[9]"},
		{"COLLECT", ` aggregation="SUM"`, "", "5", "9"},
		{"COLLECT", ` aggregation="MIN"`, "", "5", "1"},
		{"COLLECT", ` aggregation="MAX"`, "", "5", "3"},
		{"COLLECT", ` aggregation="COUNT"`, "", "5", "4"},
		{"COLLECT", ` aggregation="COUNT"`, "", "99", "0"},
		{"COLLECT", ` aggregation="SUM"`, "", "99", "null"},
	} {
		document := strings.Replace(tableWith(c.hit, c.more, rows.String()), `<output name="out"/>`, `<output name="out">`+c.output+`</output>`, 1)
		if got := evaluate(t, document, `{"x":`+c.x+`}`); got != c.want {
			t.Errorf("%s%s %s of %s: %s, expected %s", c.hit, c.more, c.output, c.x, got, c.want)
		}
	}
}

// evaluate is the decision d as JSON.
func evaluate(t *testing.T, document, inputs string) string {
	t.Helper()
	m, err := dmn.Parse([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	given, _, err := m.ReadInputs([]byte(inputs))
	if err != nil {
		t.Fatal(err)
	}
	result, err := m.Evaluate("d", given, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if result.Value == nil && len(result.Reasons) == 0 && !strings.Contains(document, "null</text></outputEntry>") {
		t.Error("null, and no reason")
	}
	return string(dmn.JSON(result.Value))
}

func TestPriorityGoesByTheOutputsFromLeftToRight(t *testing.T) {
	t.Parallel()
	document := strings.NewReplacer(`<output name="out"/>`, `<output name="a"><outputValues><text>"x", "y"</text></outputValues></output><output name="b"><outputValues><text>2, 1</text></outputValues></output>`).
		Replace(tableWith("OUTPUT ORDER", "", rows(`"y"`, "2")+rows(`"x"`, "1")+rows(`"x"`, "2")+rows(`"z"`, "2")))
	if got := evaluate(t, document, `{"x":1}`); got != `[{"a":"x","b":2},{"a":"x","b":1},{"a":"y","b":2},{"a":"z","b":2}]` {
		t.Error(got)
	}
}

func rows(outputs ...string) string {
	s := `<rule><inputEntry><text>-</text></inputEntry>`
	for _, o := range outputs {
		s += `<outputEntry><text>` + o + `</text></outputEntry>`
	}
	return s + `</rule>`
}

func TestCells(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		cell, x string
		takes   bool
	}{
		{"-", "null", true},
		{"", "1", true},
		{"null", "null", true},
		{"not(5)", "null", true}, // DMN's not takes null
		{"not(5)", "5", false},
		{"not(&lt; 5, [7..9])", "8", false},
		{"not(&lt; 5, [7..9])", "6", true},
		{"&lt; 5", "null", false},
		{"]5..7]", "5", false},
		{"(5..7[", "6", true},
		{"(5..7[", "7", false},
		{"5, 6, &gt; 10", "6", true},
		{"5, 6, &gt; 10", "7", false},
		{"[1, 2, 3]", "2", true},
		{"? * 2 = 10", "5", true},
		{"modulo(?, 2) = 0", "5", false},
		{"? &gt; 1 and ? &lt; 3", "2", true},
		{"x", "2", true},
		{"&lt; x", "2", false},
		{"!= 5", "4", true},
		{"= 5", "5", true},
		{"0.1 + 0.2", "0.3", true},
		{"1e2", "100", true},
	} {
		document := tableWith("FIRST", "", `<rule><inputEntry><text>`+c.cell+`</text></inputEntry><outputEntry><text>true</text></outputEntry></rule>`+rows("false"))
		if got := evaluate(t, document, `{"x":`+c.x+`}`); got != fmt.Sprint(c.takes) {
			t.Errorf("%q of %s: %s", c.cell, c.x, got)
		}
	}
}

func TestValuesThatAnInputDoesNotAllowGiveNull(t *testing.T) {
	t.Parallel()
	document := strings.Replace(tableWith("FIRST", "", rows("1")), "</inputExpression>", "</inputExpression><inputValues><text>[0..9]</text></inputValues>", 1)
	for x, want := range map[string]string{"5": "1", "10": "null", "null": "1", `"five"`: "1"} {
		if got := evaluate(t, document, `{"x":`+x+`}`); got != want {
			t.Errorf("%s: %s, expected %s", x, got, want)
		}
	}
}

func TestInputsAreReadAsTheModelSays(t *testing.T) {
	t.Parallel()
	document := head13 + `<itemDefinition name="tVisit"><itemComponent name="first day"><typeRef>date</typeRef></itemComponent><itemComponent name="length"><typeRef>days and time duration</typeRef></itemComponent></itemDefinition>` +
		`<inputData id="v" name="The visit"><variable name="The visit" typeRef="tVisit"/></inputData><inputData id="n" name="big-number"><variable name="big-number" typeRef="number"/></inputData>` +
		`<decision id="d" name="d"><informationRequirement><requiredInput href="#v"/></informationRequirement><informationRequirement><requiredInput href="#n"/></informationRequirement>` +
		`<literalExpression><text>[The visit.first day + The visit.length, The visit.first day.year, big-number + 1, string(big-number)]</text></literalExpression></decision>` + tail
	got := evaluate(t, document, `{"The visit":{"first day":"2024-02-28","length":"P2D"},"big-number":12345678901234567890123456789012.5}`)
	if got != `["2024-03-01",2024,12345678901234567890123456789013.5,"12345678901234567890123456789012.5"]` {
		t.Error(got)
	}
	m, err := dmn.Parse([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	if _, notes, err := m.ReadInputs([]byte(`{"visit":1}`)); err != nil || len(notes) != 1 || !strings.Contains(notes[0], `no input "visit"`) {
		t.Errorf("%v %v", notes, err)
	}
	for _, broken := range []string{``, `[1]`, `{"a":1,"a":2}`, `{"a":1} 2`, `{"a":`, strings.Repeat(`{"a":`, 200) + "1" + strings.Repeat("}", 200)} {
		if _, _, err := m.ReadInputs([]byte(broken)); err == nil || !strings.HasPrefix(err.Error(), "dmn_inputs: The inputs cannot be read") {
			t.Errorf("%.40s: %v", broken, err)
		}
	}
}

func TestNumbersArePrintedWithoutLoss(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"10": "10", "1e2": "100", "0.10": "0.1", "-0": "0", "1E-7": "0.0000001", "123456789012345678901234567890.1234": "123456789012345678901234567890.1234",
	} {
		n, ok := feel.ParseNumber(text)
		if !ok || string(dmn.JSON(n)) != want {
			t.Errorf("%s: %s", text, dmn.JSON(n))
		}
	}
}

func TestEndlessEvaluationEnds(t *testing.T) {
	t.Parallel()
	for _, endless := range []string{
		`{ f: function(n) f(n + 1) }.f(1)`, `count(for a in 1..100000, b in 1..100000 return a)`, `{ f: function(n) if n = 0 then 0 else f(n - 1) + f(n - 1), r: f(60) }.r`,
	} {
		document := head13 + `<decision id="d" name="d"><literalExpression><text>` + endless + `</text></literalExpression></decision>` + tail
		if got := evaluate(t, document, `{}`); got != "null" {
			t.Errorf("%s: %s", endless, got)
		}
	}
}
