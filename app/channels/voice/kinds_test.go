package voice_test

import (
	"strings"
	"testing"
	"time"

	"onedoor/app/calls"
	"onedoor/app/catalogue"
	"onedoor/app/channels/voice/dialogue"
	"onedoor/app/channels/voice/line"
	"onedoor/app/requests"
)

// One call for each kind, over SIP with sound both ways: each question is answered by what it says of itself, and what is
// handed in goes where the same answers go from a page.
func TestACallForEachKindIsTheRequestThatAPageWouldMake(t *testing.T) {
	t.Parallel()
	kinds, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range kinds.Kinds() {
		t.Run(kind.Code, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(c *line.Config) { c.SilenceWait = time.Minute })
			c := w.ring(t, "answered").key("1")
			for _, key := range kind.Key {
				c.key(string(key))
			}
			keyed := catalogue.Answers{}
			const most = 40
			for steps := 0; c.turn.Expect.Kind != dialogue.ExpectEnd; steps++ {
				if steps == most {
					t.Fatalf("the call does not end: %+v", c.turn)
				}
				c.reply(kind, keyed)
			}
			if record := c.over(); record.End != calls.Completed || record.Kind != kind.Code {
				t.Errorf("recorded %+v", record)
			}
			sent := c.only()
			if sent.Kind != kind.Code || len(keyed) < 3 {
				t.Fatalf("handed in %s with %v", sent.Kind, keyed)
			}
			wire, err := kind.Questionnaire.Wire(keyed)
			if err != nil {
				t.Fatal(err)
			}
			for linkID, want := range wire {
				if got := sent.Answers[linkID]; string(got) != string(want) {
					t.Errorf("%s: %s was keyed, and %s handed in", linkID, want, got)
				}
			}
			byPage := sent.Submission
			byPage.Channel, byPage.Answers, byPage.Key = requests.Web, wire, ""
			same, err := w.Requests.Submit(t.Context(), byPage)
			if err != nil {
				t.Fatal(err)
			}
			if r := sent.Receipt; same.Urgency != r.Urgency || same.Status != r.Status || same.Accountable != r.Accountable || same.Queue != r.Queue ||
				same.Destination != r.Destination || !same.AnswerDue.Equal(r.AnswerDue) {
				t.Errorf("the call made\n%+v\nand a page makes\n%+v", r, same)
			}
		})
	}
}

// reply answers whatever is asked: a question with its first option that alarms nobody, a detail as Daniel Okafor would.
func (c *caller) reply(kind *catalogue.Kind, keyed catalogue.Answers) {
	c.t.Helper()
	if c.turn.Expect.Kind == dialogue.ExpectRecording {
		c.phone.Speak(c.t, time.Second)
		c.key("#")
		return
	}
	who := c.Patients[0]
	for _, phrase := range c.turn.Say {
		switch phrase.ID {
		case "nhs-number":
			c.key(string(who.NHSNumber))
		case "birth-date":
			c.key(birthKeys(who.BirthDate))
		case "sex":
			c.key("2")
		case "own-number", "safe-to-text", "check", "check-keys":
			c.key("1")
		case "pharmacy":
			c.key("5")
		case "anything-else":
			c.key("2")
		default:
			it := c.asked(kind, phrase.ID)
			if it == nil {
				continue
			}
			c.choose(it, keyed)
		}
		return
	}
	c.t.Fatalf("nothing that a caller could answer was asked: %+v", c.turn)
}

// asked is the question that a phrase belongs to.
func (c *caller) asked(kind *catalogue.Kind, phrase string) *catalogue.Item {
	rest, ok := strings.CutPrefix(phrase, "question.")
	if !ok {
		return nil
	}
	_, rest, _ = strings.Cut(rest, ".")
	linkID, _, _ := strings.Cut(rest, ".")
	it, _ := kind.Questionnaire.Item(linkID)
	return it
}

func (c *caller) choose(it *catalogue.Item, keyed catalogue.Answers) {
	c.t.Helper()
	if len(keyed[it.LinkID]) > 0 { // one of several was chosen: that is all
		c.key("#")
		return
	}
	value := catalogue.Bool(false)
	switch it.Key.Kind {
	case catalogue.KeyMenu:
		option := it.Options[0]
		for _, o := range it.Options {
			if it.RedFlag && o.Exclusive || it.LinkID == "age-band" && o.Code == catalogue.AgeBand(30) {
				option = o
			}
		}
		value = catalogue.Text(option.Code)
	case catalogue.KeyDate:
		value = catalogue.Text("2026-12-01")
	case catalogue.KeyDigits:
		value = catalogue.Int(int64(*it.Min + 1))
	}
	keyed[it.LinkID] = []catalogue.Value{value}
	keys := it.Keys(value)
	if it.Key.Kind == catalogue.KeyMenu {
		for _, key := range keys {
			c.key(string(key))
		}
		return
	}
	if it.Key.Kind == catalogue.KeyDigits {
		keys += "#"
	}
	c.key(keys)
}
