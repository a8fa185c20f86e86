package intake

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/catalogue"
	"onedoor/app/fault"
	"onedoor/app/nhs"
)

// line is a walker whose clock a test moves.
type line struct {
	*Walker
	t       *testing.T
	at      time.Time
	needs   bool
	broken  error
	preview int
}

func newLine(t *testing.T) *line {
	t.Helper()
	l := &line{t: t, at: fixedNow()}
	l.Walker = NewWalker(mustCatalogue(t), func(context.Context, *Conversation) (bool, error) {
		l.preview++
		return l.needs, l.broken
	}, func() time.Time { return l.at })
	return l
}

func (l *line) start(kind, channel string) *Conversation {
	l.t.Helper()
	c, err := l.Start(uuid.UUID{1}, uuid.UUID{2}, kind, channel, "en")
	must(l.t, err)
	return c
}

func (l *line) answer(c *Conversation, linkID string, values ...any) {
	l.t.Helper()
	list := make([]catalogue.Value, 0, len(values))
	for _, v := range values {
		switch v := v.(type) {
		case bool:
			list = append(list, catalogue.Bool(v))
		case int:
			list = append(list, catalogue.Int(int64(v)))
		case string:
			list = append(list, catalogue.Text(v))
		}
	}
	must(l.t, l.Answer(c, linkID, list))
}

func (l *line) wantAsk(c *Conversation, linkID string) {
	l.t.Helper()
	step := mustNext(context.Background(), l.t, l.Walker, c)
	if step.Kind != StepAsk || step.Item.LinkID != linkID {
		l.t.Fatalf("next is %s, want to ask %s", describe(step), linkID)
	}
}

func (l *line) wantKind(c *Conversation, kind StepKind) Step {
	l.t.Helper()
	step := mustNext(context.Background(), l.t, l.Walker, c)
	if step.Kind != kind {
		l.t.Fatalf("next is %s, want %s", describe(step), kind)
	}
	return step
}

func describe(s Step) string {
	if s.Item != nil {
		return string(s.Kind) + " " + s.Item.LinkID
	}
	return string(s.Kind)
}

// safe answers the safety questions of a grown-up.
func (l *line) safe(c *Conversation) {
	l.t.Helper()
	l.answer(c, "age-band", "16-or-over")
	l.answer(c, "red-flags-adult", "none")
}

func (l *line) details(c *Conversation, birth string) {
	l.t.Helper()
	must(l.t, l.Give(c, Name, "Ada", "Lovelace"))
	must(l.t, l.Give(c, BirthDate, birth))
	must(l.t, l.Give(c, NHSNumber))
	must(l.t, l.Give(c, Postcode, "no fixed abode"))
	must(l.t, l.Give(c, Sex, "female"))
	must(l.t, l.Give(c, Mobile))
}

func TestSafetyComesBeforeAnythingAboutThePerson(t *testing.T) {
	t.Parallel()
	for _, kind := range mustCatalogue(t).Kinds() {
		l := newLine(t)
		c := l.start(kind.Code, ChannelWeb)
		l.wantAsk(c, "age-band")
		l.answer(c, "age-band", "5-15")
		if step := l.wantKind(c, StepAsk); step.Item.LinkID != "red-flags-child" || !step.Safety {
			t.Errorf("%s asks %s second", kind.Code, step.Item.LinkID)
		}
	}
}

func TestARedFlagStopsAtOnce(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	c := l.start("admin", ChannelPhone)
	l.answer(c, "age-band", "16-or-over")
	l.answer(c, "red-flags-adult", "chest-pain")
	step := l.wantKind(c, StepStop)
	if step.Alarm.LinkID != "red-flags-adult" || step.Alarm.Words || step.Alarm.Crisis {
		t.Errorf("the alarm is %+v", step.Alarm)
	}
	if c.At != (Place{}) || l.preview != 0 {
		t.Error("something else was done before it stopped")
	}
	// Somebody who chose it by mistake can go back to it.
	if ok, err := l.Back(c); !ok || err != nil {
		t.Fatalf("back from the stop: %v %v", ok, err)
	}
	l.wantAsk(c, "red-flags-adult")
	l.answer(c, "red-flags-adult", "none")
	l.wantAsk(c, "admin-topic")
}

func TestAnUrgentRedFlagGoesOn(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	c := l.start("admin", ChannelWeb)
	l.answer(c, "age-band", "16-or-over")
	l.answer(c, "red-flags-adult", "mental-health-crisis")
	l.wantAsk(c, "admin-topic")
}

func TestFreeWordsThatAreAnEmergencyStop(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	c := l.start("callback", ChannelWeb)
	l.safe(c)
	l.answer(c, "callback-topic", "other")
	l.answer(c, "describe", "I want to end my life")
	step := l.wantKind(c, StepStop)
	if !step.Alarm.Words || !step.Alarm.Crisis || step.Alarm.LinkID != "describe" {
		t.Errorf("the alarm is %+v", step.Alarm)
	}
}

func TestABirthDateOverridesTheAgeThatWasSaidAndAsksWhatIsNowNeeded(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	c := l.start("symptoms", ChannelWeb)
	l.safe(c)
	l.answer(c, "condition", "sore-throat")
	l.answer(c, "describe", "It is sore.")
	l.answer(c, "duration", "today")
	l.answer(c, "pregnant", "no")
	l.answer(c, "own-practice-only")
	l.details(c, "2018-05-01")
	l.wantAsk(c, "red-flags-child")
	l.answer(c, "red-flags-child", "none")
	l.wantKind(c, StepCheck)

	answers, ignored, err := l.Settled(c)
	must(t, err)
	if answers["age-band"][0] != catalogue.Text("5-15") || answers["pregnant"][0] != catalogue.Text("not-applicable") {
		t.Errorf("the birth date does not count: %v", answers)
	}
	if !slices.Equal(ignored, []string{"age-band", "red-flags-adult", "pregnant"}) {
		t.Errorf("ignored are %v", ignored)
	}
}

func TestPregnancyIsAskedWhenTheDetailsDoNotRuleItOut(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		birth string
		sex   nhs.Sex
		asked bool
	}{
		{"a woman of 30", "1996-04-27", nhs.Female, true},
		{"a man of 30", "1996-04-27", nhs.Male, false},
		{"sex unknown, 30", "1996-04-27", "", true},
		{"another sex, 30", "1996-04-27", nhs.Other, true},
		{"a girl of 9", "2017-01-01", nhs.Female, false},
		{"a girl of 10", "2016-11-23", nhs.Female, true},
		{"a woman of 60", "1966-01-01", nhs.Female, true},
		{"a woman of 61", "1965-01-01", nhs.Female, false},
		{"sex unknown, 61", "1965-01-01", "", false},
	} {
		l := newLine(t)
		c := l.start("symptoms", ChannelWeb)
		birth, err := nhs.ParseDate(tt.birth)
		must(t, err)
		c.Details.BirthDate, c.Details.Sex = birth, tt.sex
		asked := false
		for range 30 {
			step := mustNext(context.Background(), t, l.Walker, c)
			if step.Kind != StepAsk {
				break
			}
			asked = asked || step.Item.LinkID == "pregnant"
			must(t, l.Skip(c, step.Item.LinkID))
		}
		if asked != tt.asked {
			t.Errorf("%s: asked %v, want %v", tt.name, asked, tt.asked)
		}
		if facts, err := l.Facts(c); err != nil || facts["pregnant"].Known() == tt.asked {
			t.Errorf("%s: the fact is %v (%v)", tt.name, facts["pregnant"], err)
		}
	}
}

func TestChangingAnAnswerKeepsLaterOnesThatStillApply(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	c := l.start("symptoms", ChannelWeb)
	l.safe(c)
	l.answer(c, "condition", "uti")
	l.answer(c, "describe", "It burns.")
	l.answer(c, "duration", "1-to-3-days")
	l.answer(c, "recurrent-uti", false)
	l.answer(c, "catheter", false)
	must(t, l.Revisit(c, Place{LinkID: "condition"}))
	step := l.wantKind(c, StepAsk)
	if step.Item.LinkID != "condition" || !slices.Equal(step.Values, []catalogue.Value{catalogue.Text("uti")}) {
		t.Fatalf("back at %s with %v", describe(step), step.Values)
	}
	l.answer(c, "condition", "impetigo")
	l.wantAsk(c, "recurrent-impetigo")
	answers, ignored, err := l.Settled(c)
	must(t, err)
	if len(answers["describe"]) != 1 || len(answers["catheter"]) != 0 || !slices.Equal(ignored, []string{"recurrent-uti", "catheter"}) {
		t.Errorf("answers %v, ignored %v", answers, ignored)
	}
	l.answer(c, "condition", "uti")
	l.wantAsk(c, "pregnant")
	if facts, _ := l.Facts(c); facts["catheter"].String() != "no" {
		t.Error("an answer that applies again is lost")
	}
}

func TestBackGoesThroughEveryStepToTheFirst(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	l.needs = true
	c := l.start("callback", ChannelWeb)
	l.safe(c)
	l.answer(c, "callback-topic", "other")
	l.answer(c, "describe")
	l.answer(c, "best-time", "afternoon", "morning")
	must(t, l.Give(c, Name, "Ada", "Lovelace"))
	must(t, l.Give(c, BirthDate, "1996-04-27"))
	must(t, l.Give(c, NHSNumber, "943 476 5919"))
	must(t, l.Give(c, Postcode))
	must(t, l.Give(c, Sex, "unknown"))
	must(t, l.Give(c, Mobile, "07700 900123"))
	must(t, l.Give(c, SafeToText, "yes"))
	l.wantKind(c, StepPharmacy)
	must(t, l.Give(c, Pharmacy, "frv01"))
	l.wantKind(c, StepCheck)
	want := []string{
		"pharmacy", "safe-to-text", "mobile", "sex", "postcode", "nhs-number", "birth-date", "name",
		"best-time", "describe", "callback-topic", "red-flags-adult",
	}
	var got []string
	for range 40 {
		ok, err := l.Back(c)
		must(t, err)
		if !ok {
			break
		}
		switch step := mustNext(context.Background(), t, l.Walker, c); step.Kind {
		case StepAsk:
			got = append(got, step.Item.LinkID)
		case StepDetails:
			got = append(got, string(step.Details[0]))
		default:
			got = append(got, string(step.Kind))
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("back goes through\n%v, want\n%v", got, want)
	}
	// An answer goes forward again, to what is still open: nothing.
	l.answer(c, "red-flags-adult", "none")
	l.wantKind(c, StepCheck)
	lines, err := l.Review(c)
	must(t, err)
	words := make(map[string][]string)
	for _, line := range lines {
		words[line.Place.LinkID+string(line.Place.Detail)] = line.Answers
	}
	if !slices.Equal(words["best-time"], []string{"In the morning", "In the afternoon"}) ||
		!slices.Equal(words["birth-date"], []string{"27 April 1996"}) || words["postcode"] != nil || words["describe"] != nil {
		t.Errorf("the review says %v", words)
	}
}

func TestRequiredQuestionsCanBeSkippedButNotLeftOut(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	c := l.start("fit-note", ChannelPhone)
	if err := l.Answer(c, "age-band", nil); fault.As(err).Fields[0].Code != "required" {
		t.Errorf("left out: %v", err)
	}
	must(t, l.Skip(c, "age-band"))
	l.wantAsk(c, "red-flags-adult")
	must(t, l.Skip(c, "red-flags-adult"))
	l.wantAsk(c, "red-flags-child")
	must(t, l.Skip(c, "red-flags-child"))
	l.wantAsk(c, "fit-note-type")
	if facts, _ := l.Facts(c); facts["red-flag"].String() != catalogue.Unanswered {
		t.Errorf("the red flag is %v", facts["red-flag"])
	}
}

func TestWhatIsNotAskedCannotBeAnswered(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	c := l.start("symptoms", ChannelWeb)
	c.Details.BirthDate = nhs.Date{Year: 1990, Month: 1, Day: 1}
	for _, linkID := range []string{"age-band", "age", "sex", "safety", "catheter", "red-flags-child", "nonsense", ""} {
		if err := l.Answer(c, linkID, []catalogue.Value{catalogue.Text("none")}); !fault.Is(err, "not_asked") {
			t.Errorf("%q: %v", linkID, err)
		}
	}
	if err := l.Record(c, "red-flags-adult", "r1"); !fault.Is(err, "not_recorded") {
		t.Errorf("a red flag by recording: %v", err)
	}
}

func TestARecordingStandsForWordsUntilSomebodyHearsIt(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	c := l.start("callback", ChannelPhone)
	l.safe(c)
	l.answer(c, "callback-topic", "health")
	must(t, l.Record(c, "describe", "01890000-0000-7000-8000-000000000000"))
	l.wantAsk(c, "best-time")
	if facts, _ := l.Facts(c); facts["recording"].String() != "unheard" {
		t.Errorf("the recording is %v", facts["recording"])
	}
	l.answer(c, "describe", "A sore knee.")
	if facts, _ := l.Facts(c); facts["recording"].String() != "none" {
		t.Errorf("after words, the recording is %v", facts["recording"])
	}
}

func TestTheTelephoneNeverAsksForNames(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	c := l.start("callback", ChannelPhone)
	if slices.Contains(c.Details.missing(ChannelPhone), Name) || !slices.Contains(c.Details.missing(ChannelWeb), Name) {
		t.Error("names are for pages")
	}
	// The same conversation goes on in a browser, which asks for what is missing and nothing twice.
	l.safe(c)
	must(t, l.Give(c, BirthDate, "1996-04-27"))
	must(t, l.GoOn(c, ChannelWeb))
	l.wantAsk(c, "callback-topic")
	if missing := c.Details.missing(c.Channel); missing[0] != Name || slices.Contains(missing, BirthDate) {
		t.Errorf("missing are %v", missing)
	}
}

func TestDetailsAreParsedAndSomeCanBeUnknown(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		detail Detail
		texts  []string
		code   string
	}{
		{Name, []string{"Ada"}, "required"},
		{Name, []string{"Ada", "\x00"}, "name_characters"},
		{Name, []string{"Ada", "\xff"}, "name_characters"},
		{BirthDate, nil, "required"},
		{BirthDate, []string{"2026-11-24"}, "birth_date_future"},
		{BirthDate, []string{"1996-02-30"}, "date_format"},
		{NHSNumber, []string{"9434765918"}, "nhs_number_check_digit"},
		{NHSNumber, nil, ""},
		{Postcode, nil, "required"},
		{Postcode, []string{"No fixed abode"}, ""},
		{Postcode, []string{"LS1"}, "postcode_format"},
		{Sex, []string{"x"}, "sex_code"},
		{Sex, []string{"unknown"}, ""},
		{Mobile, []string{"12"}, "phone_format"},
		{Mobile, nil, ""},
		{SafeToText, []string{"maybe"}, "wrong_type"},
		{Pharmacy, []string{"?"}, "ods_code_format"},
		{Detail("shoe-size"), []string{"9"}, "unknown_detail"},
	} {
		l := newLine(t)
		c := l.start("callback", ChannelWeb)
		before := c.Details
		err := l.Give(c, tt.detail, tt.texts...)
		code := ""
		if err != nil {
			code = fault.As(err).Fields[0].Code
		}
		if code != tt.code {
			t.Errorf("%s %q: %q, want %q", tt.detail, tt.texts, code, tt.code)
		}
		if err != nil && (c.Details.GivenName != before.GivenName || len(c.Details.Unknown) != 0) {
			t.Errorf("%s %q: refused, and yet changed", tt.detail, tt.texts)
		}
	}
}

func TestAnotherMobileIsNotSafeBecauseTheFirstWas(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	c := l.start("callback", ChannelWeb)
	must(t, l.Give(c, Mobile, "07700 900123"))
	must(t, l.Give(c, SafeToText, "yes"))
	must(t, l.Give(c, Mobile, "07700 900456"))
	if c.Details.SafeToText != nil || !slices.Contains(c.Details.missing(ChannelWeb), SafeToText) {
		t.Error("the new number counts as safe")
	}
}

func TestAConversationLivesAnHourFromTheLastAnswer(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	c := l.start("callback", ChannelWeb)
	l.at = l.at.Add(59 * time.Minute)
	l.answer(c, "age-band", "16-or-over")
	l.at = l.at.Add(59 * time.Minute)
	if c.Expired(l.at) {
		t.Fatal("it ended before an hour")
	}
	l.at = l.at.Add(time.Minute)
	if err := l.Answer(c, "red-flags-adult", []catalogue.Value{catalogue.Text("none")}); !fault.Is(err, "conversation_expired") {
		t.Errorf("after an hour: %v", err)
	}
}

func TestASubmittedConversationDoesNotChange(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	c := l.start("callback", ChannelWeb)
	must(t, l.Submit(c, "1234567890"))
	l.wantKind(c, StepDone)
	if err := l.Give(c, Mobile); !fault.Is(err, "conversation_submitted") {
		t.Errorf("after submission: %v", err)
	}
	if err := l.Submit(c, "2222222222"); !fault.Is(err, "conversation_submitted") {
		t.Errorf("submitted twice: %v", err)
	}
}

func TestAPreviewThatFailsIsNotTakenForNo(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	l.broken = errors.New("no database")
	c := l.start("appointment-cancel", ChannelWeb)
	l.safe(c)
	l.details(c, "1996-04-27")
	for range 20 {
		step, err := l.Next(context.Background(), c)
		if err != nil {
			return
		}
		if step.Kind != StepAsk {
			t.Fatalf("next is %s", describe(step))
		}
		must(t, l.Skip(c, step.Item.LinkID))
	}
	t.Fatal("the preview was never asked")
}

func TestAnswersToAnotherVersionAreAskedAgainWhereTheyNoLongerFit(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	c := l.start("admin", ChannelWeb)
	l.safe(c)
	c.Questionnaire = "https://onedoor.example/fhir/Questionnaire/admin|0.9.0"
	c.Answers["admin-topic"] = []catalogue.Value{catalogue.Text("parking")}
	c.Answers["gone"] = []catalogue.Value{catalogue.Bool(true)}
	l.wantAsk(c, "admin-topic")
	if len(c.Answers) != 2 {
		t.Errorf("kept are %v", c.Answers)
	}
}

func TestUnknownKindsAndChannelsAreRefused(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	if _, err := l.Start(uuid.UUID{1}, uuid.UUID{2}, "parking", ChannelWeb, "en"); !fault.Is(err, "unknown_kind") {
		t.Error(err)
	}
	if _, err := l.Start(uuid.UUID{1}, uuid.UUID{2}, "admin", "pigeon", "en"); !fault.Is(err, "unknown_channel") {
		t.Error(err)
	}
}

func TestAProxySaysWhoTheyAre(t *testing.T) {
	t.Parallel()
	if p, err := ParseProxy(" Ada ", "Lovelace", "mother"); err != nil || p.GivenName != "Ada" {
		t.Errorf("%v %v", p, err)
	}
	if _, err := ParseProxy("Ada", "", "mother"); !fault.Is(err, "required") {
		t.Error(err)
	}
}
