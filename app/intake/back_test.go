package intake

import (
	"context"
	"slices"
	"testing"

	"onedoor/app/catalogue"
)

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
