package catalogue

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"onedoor/app/fault"
	"onedoor/app/nhs"
)

func raws(t testing.TB, document string) map[string]json.RawMessage {
	t.Helper()
	var m map[string]json.RawMessage
	if err := json.Unmarshal([]byte(document), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// grown is somebody of 30.
func grown(sex nhs.Sex) Known {
	return KnownOf(nhs.Date{Year: 1996, Month: 4, Day: 27}, sex, nhs.Date{Year: 2026, Month: 11, Day: 23})
}

func TestAnswersOfEveryTypeAreRead(t *testing.T) {
	t.Parallel()
	answers, ignored, err := mustKind(t, "appointment-book").ParseAnswers(raws(t, `{
		"age-band": "16-or-over", "red-flags-adult": ["none"], "describe": "  A cough.\r\nSince Monday. ",
		"appointment-type": "video", "with-whom": "anyone", "how-soon": "on-a-date", "preferred-date": "2028-02-29",
		"times-that-suit": ["afternoon", "morning"], "own-practice-only": false}`), Known{})
	if err != nil || len(ignored) != 0 {
		t.Fatal(err, ignored)
	}
	want := Answers{
		"age-band": {Text("16-or-over")}, "red-flags-adult": {Text("none")}, "describe": {Text("A cough.\nSince Monday.")},
		"appointment-type": {Text("video")}, "with-whom": {Text("anyone")}, "how-soon": {Text("on-a-date")},
		"preferred-date": {Text("2028-02-29")}, "times-that-suit": {Text("morning"), Text("afternoon")}, "own-practice-only": {Bool(false)},
	}
	if !reflect.DeepEqual(answers, want) {
		t.Errorf("got %v, want %v", answers, want)
	}
}

func TestMissingAnswersAreFine(t *testing.T) {
	t.Parallel()
	for _, k := range mustLoad(t).Kinds() {
		for _, raw := range []map[string]json.RawMessage{nil, {}, raws(t, `{"describe": "   "}`), raws(t, `{"red-flags-adult": []}`)} {
			answers, ignored, err := k.Questionnaire.ParseAnswers(raw, Known{})
			if err != nil || len(answers) != 0 || len(ignored) != 0 {
				t.Errorf("%s %v: %v %v %v", k.Code, raw, answers, ignored, err)
			}
		}
	}
}

func TestAnswersThatCannotBeReadAreAllPointedAt(t *testing.T) {
	t.Parallel()
	q := mustKind(t, "repeat-prescription")
	long := strings.Repeat("ä", 1001)
	for _, tt := range []struct{ linkID, value, code string }{
		{"nothing", `1`, "unknown_item"},
		{"safety", `1`, "unknown_item"},
		{"", `1`, "unknown_item"},
		{"medicines", `"all"`, "unknown_code"},
		{"medicines", `["usual"]`, "wrong_type"},
		{"medicines", `true`, "wrong_type"},
		{"medicines", `null`, "wrong_type"},
		{"medicines", `{}`, "wrong_type"},
		{"medicines", `""`, "unknown_code"},
		{"red-flags-adult", `"none"`, "wrong_type"},
		{"red-flags-adult", `["none", "chest-pain"]`, "exclusive_with_others"},
		{"red-flags-adult", `["chest-pain", "chest-pain"]`, "duplicate_code"},
		{"red-flags-adult", `["chest-pain", 1]`, "wrong_type"},
		{"red-flags-adult", `[["chest-pain"]]`, "wrong_type"},
		{"red-flags-adult", `["blue-grey-or-pale"]`, "unknown_code"},
		{"red-flags-adult", `[` + strings.Repeat(`"none",`, 20) + `"none"]`, "too_many"},
		{"side-effects", `"yes"`, "wrong_type"},
		{"side-effects", `1`, "wrong_type"},
		{"days-left", `-1`, "out_of_range"},
		{"days-left", `100`, "out_of_range"},
		{"days-left", `1.5`, "wrong_type"},
		{"days-left", `1.0`, "wrong_type"},
		{"days-left", `1e1`, "wrong_type"},
		{"days-left", `"7"`, "wrong_type"},
		{"days-left", `99999999999999999999`, "wrong_type"},
		{"days-left", `[7]`, "wrong_type"},
		{"medicine-names", `5`, "wrong_type"},
		{"medicine-names", `"` + long + `"`, "too_long"},
		{"medicine-names", `"a\u0000b"`, "control_character"},
		{"medicine-names", `"a\u001bb"`, "control_character"},
		{"medicine-names", `"a\rb"`, "control_character"},
		{"medicine-names", `"a\u0085b"`, "control_character"},
		{"medicine-names", `"a\ud800b"`, "not_utf8"},
		{"medicine-names", `"a\udc00"`, "not_utf8"},
		{"medicine-names", `"a\ud83d\u0041"`, "not_utf8"},
		{"medicine-names", "\"a\xffb\"", "not_utf8"},
		{"medicine-names", `"a`, "wrong_type"},
		{"medicine-names", ``, "wrong_type"},
		{"other-pharmacy", `"a\nb"`, "control_character"},
	} {
		_, _, err := q.ParseAnswers(map[string]json.RawMessage{tt.linkID: json.RawMessage(tt.value)}, Known{})
		f := fault.As(err)
		if err == nil || f.Kind != fault.Invalid || len(f.Fields) != 1 {
			t.Errorf("%s %s: %v", tt.linkID, tt.value, err)
			continue
		}
		if field := f.Fields[0]; field.Code != tt.code || field.Pointer != "/answers/"+tt.linkID {
			t.Errorf("%s %s: %+v, want %s", tt.linkID, tt.value, field, tt.code)
		}
	}
	if _, _, err := q.ParseAnswers(raws(t, `{"medicine-names": "a\ud83d\ude00b \\ud800 \"\\\"", "medicines": "some", "days-left": 0}`), Known{}); err != nil {
		t.Errorf("sound text is refused: %v", err)
	}
}

func TestDatesMustBeReal(t *testing.T) {
	t.Parallel()
	q := mustKind(t, "test-results")
	for value, code := range map[string]string{
		`"2026-02-30"`: "date_format", `"2027-02-29"`: "date_format", `"0000-01-01"`: "date_format", `"27/04/2026"`: "date_format",
		`"2026-4-7"`: "date_format", `"20260407"`: "date_format", `"2026-04-07T00:00:00Z"`: "date_format", `""`: "date_format",
		`20260407`: "wrong_type", `"1899-12-31"`: "date_format", `"9999-01-01"`: "date_format",
	} {
		_, _, err := q.ParseAnswers(raws(t, `{"test-date": `+value+`}`), Known{})
		if f := fault.As(err); err == nil || len(f.Fields) != 1 || f.Fields[0].Code != code {
			t.Errorf("%s: %v, want %s", value, err, code)
		}
	}
}

func TestEveryWrongAnswerIsListedUpToAHundred(t *testing.T) {
	t.Parallel()
	q := mustKind(t, "admin")
	_, _, err := q.ParseAnswers(raws(t, `{"describe": 1, "admin-topic": "x", "a/b~c": 2}`), Known{})
	var pointers []string
	for _, f := range fault.As(err).Fields {
		pointers = append(pointers, f.Pointer)
	}
	if want := []string{"/answers/a~1b~0c", "/answers/admin-topic", "/answers/describe"}; !slices.Equal(pointers, want) {
		t.Errorf("pointers %v, want %v", pointers, want)
	}
	many := make(map[string]json.RawMessage)
	for i := range 1000 {
		many[fmt.Sprint("x", i)] = json.RawMessage("1")
	}
	_, _, err = q.ParseAnswers(many, Known{})
	if n := len(fault.As(err).Fields); n != 100 {
		t.Errorf("%d places are listed", n)
	}
}

func TestAnswersThatDoNotCountAreListed(t *testing.T) {
	t.Parallel()
	q := mustKind(t, "symptoms")
	answers, ignored, err := q.ParseAnswers(raws(t, `{
		"age-band": "under-5", "red-flags-child": ["none"], "red-flags-adult": ["none"], "age": 3, "sex": "female",
		"condition": "sore-throat", "catheter": true, "pregnant": "no"}`), grown(nhs.Male))
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"age", "sex", "age-band", "red-flags-child", "catheter"}; !slices.Equal(ignored, want) {
		t.Errorf("ignored %v, want %v", ignored, want)
	}
	want := Answers{
		"age": {Int(30)}, "sex": {Text("male")}, "age-band": {Text("16-or-over")}, "red-flags-adult": {Text("none")},
		"condition": {Text("sore-throat")}, "pregnant": {Text("no")},
	}
	if !reflect.DeepEqual(answers, want) {
		t.Errorf("answers %v", answers)
	}
	// What is said and known alike is not ignored; and what is hidden and unknown is nobody's to say.
	_, ignored, err = q.ParseAnswers(raws(t, `{"age-band": "16-or-over", "sex": "male"}`), grown(nhs.Male))
	if err != nil || len(ignored) != 0 {
		t.Errorf("ignored %v (%v)", ignored, err)
	}
	_, ignored, err = q.ParseAnswers(raws(t, `{"age": 30, "sex": "male"}`), Known{})
	if err != nil || !slices.Equal(ignored, []string{"age", "sex"}) {
		t.Errorf("ignored %v (%v)", ignored, err)
	}
}

func TestFormFieldsGiveTheSameAnswersAsTheAPI(t *testing.T) {
	t.Parallel()
	q := mustKind(t, "repeat-prescription")
	for _, tt := range []struct {
		linkID string
		form   []string
		wire   string
	}{
		{"side-effects", []string{"yes"}, `true`},
		{"side-effects", []string{"false"}, `false`},
		{"days-left", []string{" 7 "}, `7`},
		{"medicines", []string{"usual"}, `"usual"`},
		{"red-flags-adult", []string{"sepsis-signs", "chest-pain", ""}, `["chest-pain","sepsis-signs"]`},
		{"medicine-names", []string{"a\r\nb"}, `"a\nb"`},
	} {
		it, _ := q.Item(tt.linkID)
		fromForm, err := it.ParseForm(tt.form)
		if err != nil {
			t.Errorf("%s: %v", tt.linkID, err)
		}
		fromWire, err := it.Parse(json.RawMessage(tt.wire))
		if err != nil || !slices.Equal(fromForm, fromWire) {
			t.Errorf("%s: form %v, wire %v (%v)", tt.linkID, fromForm, fromWire, err)
		}
	}
	for linkID, form := range map[string][]string{
		"side-effects": {"maybe"}, "days-left": {"seven"}, "medicines": {"usual", "some"}, "red-flags-adult": {"none", "chest-pain"},
	} {
		it, _ := q.Item(linkID)
		if _, err := it.ParseForm(form); err == nil {
			t.Errorf("%s: %v is accepted", linkID, form)
		}
	}
	it, _ := q.Item("medicines")
	if values, err := it.ParseForm(nil); err != nil || values != nil {
		t.Errorf("nothing is %v (%v)", values, err)
	}
}

func TestAnswersRoundTripAsJSON(t *testing.T) {
	t.Parallel()
	for _, a := range []Answers{
		{},
		{"a": {Bool(true)}, "b": {Bool(false)}, "c": {Int(-3)}, "d": {Text("")}, "e": {Text("2026-01-02")}, "f": {Text("x"), Text("y")}},
		{"a": {Text("\u2028 <b> 😀")}},
	} {
		b, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		var back Answers
		if err := json.Unmarshal(b, &back); err != nil || !reflect.DeepEqual(a, back) {
			t.Errorf("%s comes back as %v (%v)", b, back, err)
		}
	}
	for _, bad := range []string{`{"a": 1.5}`, `{"a": {}}`, `{"a": [[1]]}`, `[]`, `{"a": null}`, `{"a": "\ud800"}`} {
		var a Answers
		if err := json.Unmarshal([]byte(bad), &a); err == nil {
			t.Errorf("%s is read as %v", bad, a)
		}
	}
}

func FuzzParseAnswers(f *testing.F) {
	f.Add(`{"condition":"uti","describe":"a\ud83d\ude00","age-band":"5-15","red-flags-child":["none"]}`, uint8(30))
	f.Add(`{"duration":null,"x":1e9}`, uint8(0))
	c, err := Load()
	if err != nil {
		f.Fatal(err)
	}
	k, _ := c.Kind("symptoms")
	q := k.Questionnaire
	f.Fuzz(func(t *testing.T, document string, age uint8) {
		var raw map[string]json.RawMessage
		if json.Unmarshal([]byte(document), &raw) != nil {
			return
		}
		years := int(age) % 131
		known := Known{AgeYears: &years}
		answers, _, err := q.ParseAnswers(raw, known)
		if err != nil {
			if f := fault.As(err); f.Kind != fault.Invalid || len(f.Fields) == 0 {
				t.Fatalf("%q: %v", document, err)
			}
			return
		}
		wire, err := q.Wire(answers)
		if err != nil {
			t.Fatal(err)
		}
		again, ignored, err := q.ParseAnswers(wire, known)
		if err != nil || len(ignored) != 0 || !reflect.DeepEqual(answers, again) {
			t.Fatalf("%q: %v comes back as %v ignoring %v (%v)", document, answers, again, ignored, err)
		}
		if !reflect.DeepEqual(q.Facts(answers, known), q.Facts(again, known)) {
			t.Fatalf("%q: the facts differ", document)
		}
	})
}

// aged is a woman of this many years.
func aged(years int) Known { return Known{AgeYears: &years, Sex: nhs.Female} }
