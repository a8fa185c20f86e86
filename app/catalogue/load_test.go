package catalogue

import (
	"bytes"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
)

var update = flag.Bool("update", false, "write the golden Questionnaires again")

// loaded is shared: a catalogue does not change.
var loaded = sync.OnceValues(Load)

func mustLoad(t testing.TB) *Catalogue {
	t.Helper()
	c, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func mustKind(t testing.TB, code string) *Questionnaire {
	t.Helper()
	k, ok := mustLoad(t).Kind(code)
	if !ok {
		t.Fatalf("there is no kind %s", code)
	}
	return k.Questionnaire
}

func TestTheTenKindsAreThere(t *testing.T) {
	t.Parallel()
	c := mustLoad(t)
	var codes []string
	for _, k := range c.Kinds() {
		codes = append(codes, k.Code)
		if !k.HasOutcome("done") || len(k.Outcomes) < 4 {
			t.Errorf("%s has the outcomes %v", k.Code, k.Outcomes)
		}
		if want := "https://onedoor.example/fhir/Questionnaire/" + k.Code + "|1.0.0"; k.Questionnaire.Version() != want {
			t.Errorf("version %s, want %s", k.Questionnaire.Version(), want)
		}
		for _, it := range k.Questionnaire.Questions() {
			if it.Fact != "" && it.Fact != "red-flag" && it.Fact != "recurrent" && it.Fact != it.LinkID {
				t.Errorf("%s: item %s gives fact %s: the two have one name", k.Code, it.LinkID, it.Fact)
			}
		}
	}
	want := []string{
		"appointment-book", "appointment-change", "appointment-cancel", "repeat-prescription", "fit-note", "symptoms",
		"self-referral", "admin", "test-results", "callback",
	}
	if !slices.Equal(codes, want) {
		t.Errorf("kinds are %v", codes)
	}
}

func TestServedQuestionnairesAreGolden(t *testing.T) {
	t.Parallel()
	for _, k := range mustLoad(t).Kinds() {
		file := filepath.Join("testdata", k.Code+".golden.json")
		if *update {
			if err := os.WriteFile(file, k.Questionnaire.JSON(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(want, k.Questionnaire.JSON()) {
			t.Errorf("%s is served otherwise than %s: if that is meant, raise its version and run go test -update", k.Code, file)
		}
	}
}

// folder is the embedded catalogue, for a test to spoil.
func folder(t *testing.T) fstest.MapFS {
	t.Helper()
	m := make(fstest.MapFS)
	names, err := fs.Glob(questionnaires, "questionnaires/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		b, err := fs.ReadFile(questionnaires, name)
		if err != nil {
			t.Fatal(err)
		}
		m[filepath.Base(name)] = &fstest.MapFile{Data: b}
	}
	return m
}

const tryFile = "99-try.json"

// try is a small kind; %ITEM% is its one question.
const try = `{"resourceType":"Questionnaire","extension":[
  {"url":"https://onedoor.example/fhir/StructureDefinition/say","valueString":"try"},
  {"url":"https://onedoor.example/fhir/StructureDefinition/group","valueString":"Trying"},
  {"url":"https://onedoor.example/fhir/StructureDefinition/outcome","valueCoding":{"code":"done","display":"Done"}}],
 "url":"https://onedoor.example/fhir/Questionnaire/try","version":"1","name":"Try","title":"Try","status":"active",
 "code":[{"system":"https://onedoor.example/fhir/CodeSystem/request-kind","code":"try"}],
 "item":[%ITEM%]}`

// ours shortens the extensions of a question that is tried: say:, key: and so on.
func ours(s string) string {
	return strings.NewReplacer(
		`"say:`, `{"url":"https://onedoor.example/fhir/StructureDefinition/say","valueString":"`,
		`"key:`, `{"url":"https://onedoor.example/fhir/StructureDefinition/key","valueCode":"`,
		`"fact:`, `{"url":"https://onedoor.example/fhir/StructureDefinition/fact","valueCode":"`,
		`"flag:`, `{"url":"https://onedoor.example/fhir/StructureDefinition/red-flag","valueCode":"`,
		`"derived:`, `{"url":"https://onedoor.example/fhir/StructureDefinition/derived","valueCode":"`,
		`"length:`, `{"url":"https://onedoor.example/fhir/StructureDefinition/key-length","valueInteger":`,
		`"min:`, `{"url":"http://hl7.org/fhir/StructureDefinition/minValue","valueInteger":`,
		`"max:`, `{"url":"http://hl7.org/fhir/StructureDefinition/maxValue","valueInteger":`,
		`"hidden"`, `{"url":"http://hl7.org/fhir/StructureDefinition/questionnaire-hidden","valueBoolean":true}`,
		`"exclusive"`, `{"url":"https://onedoor.example/fhir/StructureDefinition/exclusive","valueBoolean":true}`,
		`;"`, `"}`, `#"`, `}`,
	).Replace(s)
}

func options(codes ...string) string {
	list := make([]string, 0, len(codes))
	for _, code := range codes {
		list = append(list, `{"valueCoding":{"code":"`+code+`","display":"x"}}`)
	}
	return `"answerOption":[` + strings.Join(list, ",") + `]`
}

// tried is a folder with one kind, which holds one question.
func tried(t *testing.T, item string) fstest.MapFS {
	t.Helper()
	all := folder(t)
	return fstest.MapFS{
		safetyFile: all[safetyFile], factsFile: all[factsFile],
		tryFile: &fstest.MapFile{Data: []byte(strings.Replace(try, "%ITEM%", ours(item), 1))},
	}
}

func TestAKindCanBeAddedWithoutCode(t *testing.T) {
	t.Parallel()
	m := folder(t)
	m[tryFile] = &fstest.MapFile{Data: []byte(strings.Replace(try, "%ITEM%", ours(goodItem), 1))}
	welsh := "Try\n  Ceisio\ntry\n  ceisio\nTrying\n  Ceisiadau\nReally?\n  Wir?\n"
	m["cy.txt"] = &fstest.MapFile{Data: append(bytes.Clone(m["cy.txt"].Data), welsh...)}
	c, err := LoadFrom(m)
	if err != nil {
		t.Fatal(err)
	}
	k, ok := c.Kind("try")
	if !ok || k.Key != "51" {
		t.Fatalf("the kind is %+v", k)
	}
	i := slices.IndexFunc(c.FactTypes(), func(f FactType) bool { return f.Name == "kind" })
	if !slices.Contains(c.FactTypes()[i].Values, "try") {
		t.Error("the fact kind does not know it")
	}
}

const goodItem = `{"extension":["say:Really?;","key:yes-no;"],"linkId":"really","text":"Really?","type":"boolean"}`

func TestLoadRefusesAQuestionThatCannotBeAskedAndNamesIt(t *testing.T) {
	t.Parallel()
	say := `"extension":["say:x;","key:menu;"],"linkId":"bad","text":"x","type":"choice",`
	for _, tt := range []struct{ name, item, says string }{
		{"unknown type", `{"extension":["say:x;","key:yes-no;"],"linkId":"bad","text":"x","type":"quantity"}`, "the type"},
		{"display", `{"linkId":"bad","text":"x","type":"display"}`, "the type"},
		{"misspelt member", `{"linkId":"bad","text":"x","type":"boolean","require":true}`, "require"},
		{"no text", `{"extension":["say:x;","key:yes-no;"],"linkId":"bad","type":"boolean"}`, "text is needed"},
		{"linkId with capitals", `{"extension":["say:x;","key:yes-no;"],"linkId":"Bad","text":"x","type":"boolean"}`, `item "Bad": a linkId`},
		{"linkId twice", ours(goodItem) + `,` + ours(goodItem), "the linkId stands twice"},
		{"linkId of a safety question", `{"extension":["say:x;","key:yes-no;"],"linkId":"age-band","text":"x","type":"boolean"}`, "stands twice"},
		{"no say", `{"extension":["key:yes-no;"],"linkId":"bad","text":"x","type":"boolean"}`, "no keypad rendering: the extension say"},
		{"no key", `{"extension":["say:x;"],"linkId":"bad","text":"x","type":"boolean"}`, "no keypad rendering: the extension key"},
		{"key of another type", `{"extension":["say:x;","key:menu;"],"linkId":"bad","text":"x","type":"boolean"}`, "no keypad rendering"},
		{"menu too long", `{` + say + options("a", "b", "c", "d", "e", "f") + `}`, "no keypad rendering: the menu has more than 5 keys"},
		{"number without a length", `{"extension":["say:x;","key:digits;","min:0#","max:9#"],"linkId":"bad","text":"x","type":"integer"}`, "key-length"},
		{"number longer than its keys", `{"extension":["say:x;","key:digits;","length:1#","min:0#","max:99#"],"linkId":"bad","text":"x","type":"integer"}`, "must fit"},
		{"number without a range", `{"extension":["say:x;","key:digits;","length:1#"],"linkId":"bad","text":"x","type":"integer"}`, "minValue and maxValue"},
		{"option twice", `{` + say + options("a", "a") + `}`, `option "a" stands twice`},
		{"option without a code", `{` + say + `"answerOption":[{"valueCoding":{"code":"","display":"x"}}]}`, "an option needs"},
		{"choice without options", `{"extension":["say:x;","key:menu;"],"linkId":"bad","text":"x","type":"choice"}`, "has options"},
		{"options of a boolean", `{"extension":["say:x;","key:yes-no;"],"linkId":"bad","text":"x","type":"boolean",` + options("a") + `}`, "has options"},
		{"exclusive without repeats", `{` + say + `"answerOption":[{"extension":["exclusive"],"valueCoding":{"code":"a","display":"x"}}]}`, "exclusive"},
		{"text that repeats", `{"extension":["say:x;","key:recording;"],"linkId":"bad","text":"x","type":"text","repeats":true}`, "repeat"},
		{"group without items", `{"linkId":"bad","text":"x","type":"group"}`, "a group"},
		{"items of a question", `{"extension":["say:x;","key:yes-no;"],"linkId":"bad","text":"x","type":"boolean","item":[` + goodItem + `]}`, "a group"},
		{"maxLength of a boolean", `{"extension":["say:x;","key:yes-no;"],"linkId":"bad","text":"x","type":"boolean","maxLength":3}`, "maxLength"},
		{"unknown extension", `{"extension":["say:x;","key:yes-no;",{"url":"https://elsewhere.example/x","valueString":"x"}],"linkId":"bad","text":"x","type":"boolean"}`, "elsewhere"},
		{"extension of another type", `{"extension":[{"url":"https://onedoor.example/fhir/StructureDefinition/say","valueCode":"x"},"key:yes-no;"],"linkId":"bad","text":"x","type":"boolean"}`, "valueString"},
		{"extension twice", `{"extension":["say:x;","say:y;","key:yes-no;"],"linkId":"bad","text":"x","type":"boolean"}`, "stands twice"},
		{"hidden and not derived", `{"extension":["hidden"],"linkId":"bad","text":"x","type":"boolean","readOnly":true}`, "a hidden item"},
		{"hidden and keyed", `{"extension":["hidden","derived:sex;","key:yes-no;"],"linkId":"bad","text":"x","type":"boolean","readOnly":true}`, "never keyed"},
		{"readOnly and asked", `{"extension":["say:x;","key:yes-no;"],"linkId":"bad","text":"x","type":"boolean","readOnly":true}`, "readOnly"},
		{"derived nobody knows how", `{"extension":["say:x;","key:yes-no;","derived:mood;"],"linkId":"bad","text":"x","type":"boolean"}`, "mood"},
		{"fact that is not declared", `{"extension":["say:x;","key:yes-no;","fact:mood;"],"linkId":"bad","text":"x","type":"boolean"}`, `the fact "mood" is not declared`},
		{"code outside the fact", `{"extension":["say:x;","key:menu;","fact:condition;"],"linkId":"bad","text":"x","type":"choice",` + options("sore-throat", "gout") + `}`, `option "gout" is not a value of fact "condition"`},
		{"boolean of a fact with codes", `{"extension":["say:x;","key:yes-no;","fact:condition;"],"linkId":"bad","text":"x","type":"boolean"}`, "yes or no"},
		{"text of a fact", `{"extension":["say:x;","key:recording;","fact:condition;"],"linkId":"bad","text":"x","type":"text"}`, "cannot give a fact"},
		{"number outside the fact", `{"extension":["say:x;","key:digits;","length:3#","min:0#","max:999#","fact:age;"],"linkId":"bad","text":"x","type":"integer"}`, "range"},
		{"many values of a fact", `{` + strings.Replace(say, `"key:menu;"`, `"key:menu;","fact:condition;"`, 1) + `"repeats":true,` + options("uti") + `}`, "one value"},
		{"red flag that is no fact", `{` + say + `"answerOption":[{"extension":["flag:urgent;"],"valueCoding":{"code":"a","display":"x"}}]}`, "gives the fact red-flag"},
		{"red flag of another level", `{` + say + `"answerOption":[{"extension":["flag:soon;"],"valueCoding":{"code":"a","display":"x"}}]}`, "urgent or emergency"},
		{"fact red-flag without one", `{"extension":["say:x;","key:menu;","fact:red-flag;"],"linkId":"bad","text":"x","type":"choice",` + options("a") + `}`, "none of its options"},
		{"condition on nothing", withCondition(`{"question":"nothing","operator":"exists","answerBoolean":true}`), `"nothing", which is not a question`},
		{"condition on itself", withCondition(`{"question":"bad","operator":"exists","answerBoolean":true}`), `"bad", which is not a question`},
		{"condition on a group", withCondition(`{"question":"safety","operator":"exists","answerBoolean":true}`), `"safety", which is not a question`},
		{"condition of another type", withCondition(`{"question":"age-band","operator":"=","answerBoolean":true}`), "with another type"},
		{"condition on a code that is not offered", withCondition(`{"question":"age-band","operator":"=","answerCoding":{"code":"old"}}`), "not one of its options"},
		{"condition without an answer", withCondition(`{"question":"age-band","operator":"="}`), "exactly one answer"},
		{"condition with two answers", withCondition(`{"question":"age","operator":"=","answerInteger":3,"answerBoolean":true}`), "exactly one answer"},
		{"exists with a number", withCondition(`{"question":"age","operator":"exists","answerInteger":3}`), "answerBoolean"},
		{"order of codes", withCondition(`{"question":"age-band","operator":">","answerCoding":{"code":"5-15"}}`), "integers and dates"},
		{"unknown operator", withCondition(`{"question":"age","operator":"~","answerInteger":3}`), "operator"},
		{"date that is not one", withCondition(`{"question":"age","operator":"=","answerDate":"2026-02-30"}`), "exactly one answer"},
		{"two conditions, neither any nor all", withCondition(`{"question":"age","operator":">","answerInteger":3},{"question":"age","operator":"<","answerInteger":9}`), "any or all"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := tried(t, tt.item)
			wantRefusal(t, m, tryFile, tt.says)
			if tt.name != "misspelt member" {
				wantRefusal(t, m, tryFile, `item "`)
			}
		})
	}
}

func withCondition(condition string) string {
	return `{"extension":["say:x;","key:yes-no;"],"linkId":"bad","text":"x","type":"boolean","enableWhen":[` + condition + `]}`
}

func TestLoadRefusesAMenuGroupThatIsTooLong(t *testing.T) {
	t.Parallel()
	var list []string
	for _, code := range []string{"a", "b", "c", "d", "e", "f"} {
		list = append(list, `{"extension":[{"url":"https://onedoor.example/fhir/StructureDefinition/group","valueString":"g"}],"valueCoding":{"code":"`+code+`","display":"x"}}`)
	}
	m := tried(t, `{"extension":["say:x;","key:menu;"],"linkId":"bad","text":"x","type":"choice","answerOption":[`+strings.Join(list, ",")+`]}`)
	wantRefusal(t, m, tryFile, `item "bad": it has no keypad rendering: the group "g"`)
}

func TestLoadRefusesAKindThatIsIncompleteAndNamesItsFile(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, file, old, new, says string }{
		{"not JSON", "08-admin.json", `{`, ``, "08-admin.json"},
		{"more after the end", "08-admin.json", "\n}\n", "\n}\n{}", "more after the end"},
		{"another resource", "08-admin.json", `"Questionnaire"`, `"Patient"`, "resourceType"},
		{"a draft", "08-admin.json", `"active"`, `"draft"`, "status"},
		{"name for people", "08-admin.json", `"name": "Admin"`, `"name": "Ask us"`, "name"},
		{"no kind", "08-admin.json", `CodeSystem/request-kind`, `CodeSystem/other`, "code must be one coding"},
		{"kind twice", "10-callback.json", `"code": "callback",`, `"code": "admin",`, `the kind "admin" is in another file`},
		{"no outcome done", "08-admin.json", `"code": "done"`, `"code": "finished"`, "the outcome done is missing"},
		{"outcome twice", "08-admin.json", `"code": "letter-sent"`, `"code": "done"`, `outcome "done" stands twice`},
		{"nothing to say of the kind", "08-admin.json", `"valueString": "ask about letters, registration or records"`, `"valueString": ""`, "say"},
		{"no adult red flags", safetyFile, `"linkId": "red-flags-adult"`, `"linkId": "flags"`, "the first questions must be age-band, red-flags-adult, red-flags-child"},
		{"no child red flags", safetyFile, `"linkId": "red-flags-child"`, `"linkId": "flags"`, "the first questions must be"},
		{"age band without a band", safetyFile, `"code": "under-5"`, `"code": "under-6"`, "under-5"},
		{"no exclusive none", safetyFile, `"code": "none"`, `"code": "nothing"`, "exclusive option none"},
		{"safety under another name", safetyFile, `"linkId": "safety"`, `"linkId": "start"`, "the first questions must be"},
		{"facts without values", factsFile, `"values": [`, `"valuez": [`, "valuez"},
		{"fact without a range", factsFile, `"max": 130`, `"max": -1`, "either values or a range"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := folder(t)
			old := string(m[tt.file].Data)
			if !strings.Contains(old, tt.old) {
				t.Fatalf("%s has no %s to spoil", tt.file, tt.old)
			}
			m[tt.file] = &fstest.MapFile{Data: []byte(strings.Replace(old, tt.old, tt.new, 1))}
			file := tt.file
			if file == safetyFile {
				file = "01-appointment-book.json"
			}
			wantRefusal(t, m, file, tt.says)
		})
	}
	for _, missing := range []string{safetyFile, factsFile} {
		m := folder(t)
		delete(m, missing)
		wantRefusal(t, m, missing, "not exist")
	}
	m := fstest.MapFS{safetyFile: folder(t)[safetyFile], factsFile: folder(t)[factsFile]}
	wantRefusal(t, m, "", "there is no Questionnaire")
}

func wantRefusal(t *testing.T, m fs.FS, file, says string) {
	t.Helper()
	_, err := LoadFrom(m)
	if err == nil {
		t.Fatalf("it was accepted; want a refusal that says %q", says)
	}
	if !strings.Contains(err.Error(), file) || !strings.Contains(err.Error(), says) {
		t.Errorf("it says %q, want %s and %q", err, file, says)
	}
}
