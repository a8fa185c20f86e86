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
	if answers["age-band"][0] != catalogue.Text("5-15") || answers["pregnant"][0] != catalogue.Text("no") {
		t.Errorf("the birth date does not count: %v", answers)
	}
	if !slices.Equal(ignored, []string{"age-band", "red-flags-adult"}) {
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
