package dialogue_test

import (
	"strings"
	"testing"

	"onedoor/app/calls"
	"onedoor/app/channels/voice/dialogue"
	"onedoor/app/nhs"
	"onedoor/app/requests"
)

func TestAWholeCallIsARequestInTheQueue(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	who := r.Patients[0]
	c := r.call()
	c.wantHeard("Weir Lane Surgery", "999", "press 0 for a person", "Am Gymraeg, pwyswch 8.")
	c.press("1").wantHeard("Appointments, press 1.")
	c.press("2").wantHeard("Ask for a repeat prescription, press 1.")
	c.press("1").wantHeard("safety questions", "How old is the person")
	c.press("3").wantHeard("None of these, press 5.")
	c.press("5").wantHeard("Which medicines do you need?", "To leave a question out, press hash.")
	c.press("1").wantHeard("How many days", "Then press hash.")
	c.press("7#").wantHeard("Where do you want to collect")
	c.press("1").wantHeard("For yes, press 1. For no, press 2.")
	c.press("2").wantHeard("NHS number")
	c.press(string(who.NHSNumber)).wantHeard("date of birth")
	c.press(keysOf(who.BirthDate)).wantHeard("their sex")
	c.press("2").wantHeard("number that you call from", "07700, 900077")
	c.press("1").wantHeard("safe to text")
	c.press("1").wantHeard("You asked for this:", "Ask for a repeat prescription", "Male.", "999, 000, 1006", "To send this, press 1.")
	c.press("1").wantHeard("Its reference is", "Again:", "We are texting it to you.", "You will have an answer by")

	sent := r.only()
	if sent.Receipt.Status != requests.Queued || sent.Kind != "repeat-prescription" || sent.Channel != requests.Phone || sent.Receipt.Accountable.ODS != "A81001" {
		t.Errorf("handed in %+v, %+v", sent.Submission, sent.Receipt)
	}
	if !sent.FirstContactAt.Equal(c.state.At) {
		t.Errorf("the place counts from %s, and the call began at %s", sent.FirstContactAt, c.state.At)
	}
	slow := 0
	for _, p := range c.turn.Say {
		if p.Slow && strings.ReplaceAll(p.Text, ", ", "") == string(sent.Receipt.Reference) {
			slow++
		}
	}
	if slow != 2 {
		t.Errorf("the reference is said slowly %d times", slow)
	}
	if len(r.texts) != 1 || r.texts[0].To != from || r.texts[0].Text.Reference != sent.Receipt.Reference.Spaced() {
		t.Errorf("texted %+v", r.texts)
	}
	c.press("2").wantHeard("Goodbye")
	if c.turn.Expect.Kind != dialogue.ExpectEnd {
		t.Errorf("it ends with %+v", c.turn.Expect)
	}
	c.handle(dialogue.Event{Kind: dialogue.ChannelEnded})
	if n := r.noted(); n.End != calls.Completed || n.Reference != string(sent.Receipt.Reference) || n.Kind != "repeat-prescription" || n.AnswersKept {
		t.Errorf("noted %+v", n)
	}
	r.only()
}

func keysOf(d nhs.Date) string {
	s := d.String()
	return s[8:] + s[5:7] + s[:4]
}
