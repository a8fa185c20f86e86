package catalogue

import (
	"reflect"
	"slices"
	"testing"

	"onedoor/app/nhs"
	"onedoor/policy"
)

func answersOf(t testing.TB, q *Questionnaire, document string, known Known) Answers {
	t.Helper()
	a, _, err := q.ParseAnswers(raws(t, document), known)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestFactsOfARequest(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, kind, answers string
		known               Known
		want                map[string]any
	}{
		{"nothing known", "admin", `{}`, Known{}, map[string]any{"red-flag": "unanswered"}},
		{
			"a woman with a urine infection", "symptoms",
			`{"red-flags-adult":["none"],"condition":"uti","recurrent-uti":false,"catheter":false,"pregnant":"no","own-practice-only":true}`,
			grown(nhs.Female),
			map[string]any{"age": 30, "age-months": 366, "sex": "female", "condition": "uti", "recurrent": "no", "catheter": "no", "pregnant": "no", "own-practice-only": "yes"},
		},
		{
			"a man is not pregnant", "symptoms", `{"red-flags-adult":["none"],"condition":"sinusitis","chronic":true}`, grown(nhs.Male),
			map[string]any{"age": 30, "age-months": 366, "sex": "male", "condition": "sinusitis", "chronic": "yes", "pregnant": "not-applicable"},
		},
		{
			"who says that she is pregnant is believed at any age", "symptoms", `{"red-flags-adult":["none"],"condition":"uti","pregnant":"yes"}`, aged(64),
			map[string]any{"age": 64, "sex": "female", "condition": "uti", "pregnant": "yes"},
		},
		{
			"not knowing is no fact", "symptoms", `{"red-flags-adult":["none"],"pregnant":"unknown"}`, grown(nhs.Female),
			map[string]any{"age": 30, "age-months": 366, "sex": "female"},
		},
		{
			"answers to what is not enabled are no facts", "symptoms", `{"red-flags-adult":["none"],"condition":"impetigo","recurrent-uti":true,"bullous":false}`,
			grown(""),
			map[string]any{"age": 30, "age-months": 366, "condition": "impetigo", "bullous": "no"},
		},
		{
			"a baby", "callback", `{"red-flags-child":["none"]}`,
			KnownOf(nhs.Date{Year: 2026, Month: 9, Day: 24}, nhs.Female, nhs.Date{Year: 2026, Month: 11, Day: 23}),
			map[string]any{"age": 0, "age-months": 1, "sex": "female"},
		},
		{
			"a service", "self-referral", `{"age-band":"16-or-over","red-flags-adult":["none"],"self-referral-service":"podiatry"}`,
			Known{},
			map[string]any{"self-referral-service": "podiatry"},
		},
	} {
		q := mustKind(t, tt.kind)
		want := policy.Facts{"kind": policy.Text(tt.kind), "red-flag": policy.Text("none"), "free-text": policy.Text("clear"), "recording": policy.Text("none")}
		for name, v := range tt.want {
			switch v := v.(type) {
			case int:
				want[name] = policy.Int(v)
			case string:
				want[name] = policy.Text(v)
			}
		}
		if got := q.Facts(answersOf(t, q, tt.answers, tt.known), tt.known); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v", tt.name, got, want)
		}
	}
}

func TestTheRedFlagIsTheWorstOfWhatIsEnabled(t *testing.T) {
	t.Parallel()
	q := mustKind(t, "admin")
	for _, tt := range []struct{ answers, want string }{
		{`{}`, Unanswered},
		{`{"age-band":"16-or-over"}`, Unanswered},
		{`{"age-band":"16-or-over","red-flags-adult":["none"]}`, None},
		{`{"age-band":"5-15","red-flags-adult":["chest-pain"],"red-flags-child":["none"]}`, None},
		{`{"age-band":"5-15","red-flags-adult":["none"]}`, Unanswered},
		{`{"red-flags-adult":["none"]}`, Unanswered},
		{`{"red-flags-adult":["none"],"red-flags-child":["none"]}`, None},
		{`{"red-flags-adult":["mental-health-crisis"]}`, Urgent},
		{`{"red-flags-child":["fever-3-to-6-months"],"red-flags-adult":["chest-pain"]}`, Emergency},
		{`{"red-flags-adult":["mental-health-crisis"],"red-flags-child":["child-fit"]}`, Emergency},
		{`{"age-band":"16-or-over","red-flags-adult":["getting-worse-quickly","stroke-signs"]}`, Emergency},
	} {
		a := answersOf(t, q, tt.answers, Known{})
		if got := q.Facts(a, Known{})["red-flag"].String(); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.answers, got, tt.want)
		}
		if _, found := q.Alarm(a, Known{}); found != (tt.want == Emergency) {
			t.Errorf("%s: the alarm is %v", tt.answers, found)
		}
	}
}

func TestAllFreeWordsAreScreened(t *testing.T) {
	t.Parallel()
	for _, k := range mustLoad(t).Kinds() {
		q := k.Questionnaire
		for _, it := range q.Questions() {
			if !it.FreeText() {
				continue
			}
			a := enabling(q, it)
			a[it.LinkID] = []Value{Text("I have chest pain")}
			if got := q.Facts(a, Known{})["free-text"].String(); got != Emergency {
				t.Errorf("%s: %s: %s", k.Code, it.LinkID, got)
			}
			if alarm, found := q.Alarm(a, Known{}); !found || alarm.LinkID != it.LinkID || !alarm.Words {
				t.Errorf("%s: %s: the alarm is %+v", k.Code, it.LinkID, alarm)
			}
		}
	}
}

// enabling is a set of answers that enables an item, by meeting each of its conditions.
func enabling(q *Questionnaire, it *Item) Answers {
	a := Answers{}
	for _, c := range it.EnableWhen {
		if c.Operator == "=" {
			a[c.Question] = []Value{c.Answer}
		}
	}
	return a
}

func TestPhrasesAboutChildrenCountUnlessGrownUp(t *testing.T) {
	t.Parallel()
	q := mustKind(t, "callback")
	for band, want := range map[string]string{`{"age-band":"16-or-over",`: Clear, `{"age-band":"under-5",`: Emergency, `{`: Emergency} {
		a := answersOf(t, q, band+`"describe":"He is floppy."}`, Known{})
		if got := q.Facts(a, Known{})["free-text"].String(); got != want {
			t.Errorf("%s: %s, want %s", band, got, want)
		}
	}
}

func TestSettlingTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	q := mustKind(t, "symptoms")
	known := grown(nhs.Female)
	once := answersOf(t, q, `{"age-band":"under-5","condition":"uti","bullous":true,"catheter":true}`, known)
	twice, ignored := q.Settle(once, known)
	if !reflect.DeepEqual(once, twice) || len(ignored) != 0 {
		t.Errorf("%v, then %v ignoring %v", once, twice, ignored)
	}
}

func TestAQuestionIsEnabledAsFHIRSays(t *testing.T) {
	t.Parallel()
	q := mustKind(t, "symptoms")
	for _, tt := range []struct {
		linkID string
		a      Answers
		want   bool
	}{
		{"age-band", nil, true},
		{"red-flags-adult", nil, true},
		{"red-flags-child", nil, true},
		{"red-flags-adult", Answers{"age-band": {Text("5-15")}}, false},
		{"red-flags-child", Answers{"age-band": {Text("5-15")}}, true},
		{"red-flags-child", Answers{"age-band": {Text("16-or-over")}}, false},
		{"catheter", nil, false},
		{"catheter", Answers{"condition": {Text("uti")}}, true},
		{"catheter", Answers{"condition": {Text("other")}}, false},
		{"no-such-item", nil, false},
	} {
		if got := q.Enabled(tt.linkID, tt.a); got != tt.want {
			t.Errorf("%s by %v: %v", tt.linkID, tt.a, got)
		}
	}
}

func TestConditionsCompareAnswers(t *testing.T) {
	t.Parallel()
	one := func(v Value) []Value { return []Value{v} }
	for _, tt := range []struct {
		operator string
		with     Value
		answers  []Value
		want     bool
	}{
		{"exists", Bool(true), nil, false},
		{"exists", Bool(false), nil, true},
		{"exists", Bool(true), one(Int(0)), true},
		{"exists", Bool(false), one(Int(0)), false},
		{"=", Text("a"), []Value{Text("b"), Text("a")}, true},
		{"=", Text("a"), nil, false},
		{"!=", Text("a"), nil, false},
		{"!=", Text("a"), []Value{Text("b"), Text("a")}, false},
		{"!=", Text("a"), []Value{Text("b"), Text("c")}, true},
		{">", Int(3), one(Int(4)), true},
		{">", Int(3), one(Int(3)), false},
		{">=", Int(3), one(Int(3)), true},
		{"<", Int(3), one(Int(2)), true},
		{"<", Int(3), nil, false},
		{"<=", Int(3), one(Int(4)), false},
		{"<", Int(3), one(Text("2")), false},
		{">", Text("2026-01-31"), one(Text("2026-02-01")), true},
		{"<=", Text("2026-01-31"), one(Text("2026-01-31")), true},
	} {
		if got := (Condition{"q", tt.operator, tt.with}).holds(tt.answers); got != tt.want {
			t.Errorf("%v %s %v: %v", tt.answers, tt.operator, tt.with, got)
		}
	}
	two := []Condition{{"a", "exists", Bool(true)}, {"b", "exists", Bool(true)}}
	all, anyOf := Item{EnableWhen: two}, Item{EnableWhen: two, EnableAny: true}
	half := Answers{"a": one(Int(1))}
	if all.holds(half) || !anyOf.holds(half) || anyOf.holds(nil) || !all.holds(Answers{"a": one(Int(1)), "b": one(Int(1))}) {
		t.Error("any and all are confused")
	}
}

func TestAGroupThatIsDisabledDisablesWhatIsInIt(t *testing.T) {
	t.Parallel()
	group := &Item{LinkID: "group", Type: TypeGroup, EnableWhen: []Condition{{"first", "=", Bool(true)}}}
	first := &Item{LinkID: "first", Type: TypeBoolean}
	inner := &Item{LinkID: "inner", Type: TypeBoolean, parent: group}
	after := &Item{LinkID: "after", Type: TypeBoolean, EnableWhen: []Condition{{"inner", "=", Bool(true)}}}
	q := &Questionnaire{
		questions: []*Item{first, inner, after},
		byLinkID:  map[string]*Item{"group": group, "first": first, "inner": inner, "after": after},
	}
	a := Answers{"first": {Bool(false)}, "inner": {Bool(true)}, "after": {Bool(true)}}
	settled, ignored := q.Settle(a, Known{})
	if len(settled) != 1 || !slices.Equal(ignored, []string{"inner", "after"}) {
		t.Errorf("settled %v, ignored %v", settled, ignored)
	}
	if q.Enabled("inner", a) || q.Enabled("after", a) {
		t.Error("an answer that does not count enables another question")
	}
}

func TestAgesAtTheBoundariesOfTheBands(t *testing.T) {
	t.Parallel()
	for years, want := range map[int]string{0: "under-5", 4: "under-5", 5: "5-15", 15: "5-15", 16: "16-or-over", 130: "16-or-over"} {
		if got := AgeBand(years); got != want {
			t.Errorf("%d: %s, want %s", years, got, want)
		}
	}
	months := 59
	if got := answersOf(t, mustKind(t, "admin"), `{}`, Known{AgeMonths: &months}); !got.has("age-band", "under-5") {
		t.Errorf("59 months: %v", got)
	}
	if k := KnownOf(nhs.Date{Year: 2030, Month: 1, Day: 1}, "", nhs.Date{Year: 2026, Month: 1, Day: 1}); k.AgeYears != nil {
		t.Error("somebody not yet born has an age")
	}
}
