package dialogue_test

import (
	"strings"
	"testing"

	"onedoor/app/calls"
	"onedoor/app/channels/voice/dialogue"
	"onedoor/app/messages"
	"onedoor/app/requests"
	"onedoor/policy"
)

func TestWhatWasAnsweredBeforeAHangUpIsACallback(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.call().ask("appointment-book").safe()
	recording := c.speak()
	c.press("1").hangUp()
	sent := r.only()
	if sent.Kind != "callback" || sent.Incomplete == nil || sent.Incomplete.Kind != "appointment-book" || sent.Incomplete.Caller != from {
		t.Fatalf("handed in %+v", sent.Submission)
	}
	kept := map[string]bool{}
	for _, a := range sent.Incomplete.Answers {
		kept[a.LinkID] = true
		if a.LinkID == "describe" && a.Recording != recording {
			t.Errorf("the recording is %s, want %s", a.Recording, recording)
		}
	}
	for _, linkID := range []string{"age-band", "red-flags-adult", "describe", "appointment-type"} {
		if !kept[linkID] {
			t.Errorf("%s is lost: %+v", linkID, sent.Incomplete.Answers)
		}
	}
	if n := r.noted(); n.End != calls.AbandonedKept || !n.AnswersKept || n.Reference != string(sent.Receipt.Reference) {
		t.Errorf("noted %+v", n)
	}
	c.hangUp()
	r.only()
}

func TestAHangUpInTheMiddleOfSeveralChoicesKeepsThoseMade(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.call().ask("callback").safe().press("1").hash().wantHeard("best time")
	c.press("1").wantHeard("Any other?").hangUp()
	for _, a := range r.only().Incomplete.Answers {
		if a.LinkID == "best-time" {
			return
		}
	}
	t.Errorf("the choice is lost: %+v", r.only().Incomplete.Answers)
}

func TestAHangUpBeforeAnyAnswerLeavesNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, keys := range []string{"", "1", "14", "8", "9"} {
		r.call().press(keys).hangUp()
	}
	r.none()
	if n := r.noted(); n.End != calls.AbandonedEmpty {
		t.Errorf("noted %+v", n)
	}
}

func TestAHangUpAfterAskingForAPersonIsRung(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.call().press("0").hangUp()
	if sent := r.only(); sent.Kind != "callback" || sent.Incomplete.Caller != from {
		t.Errorf("handed in %+v", sent.Submission)
	}
}

func TestAnEmergencySays999AtOnceAndIsRecordedEvenIfAbandoned(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.call(transferring).ask("appointment-book").press("311").wantHeard("call 999 now", "We have noted your answers")
	if first := c.turn.Say[0]; !strings.Contains(first.Text, "999") || !c.turn.Expect.Fixed {
		t.Errorf("999 comes after %q, fixed %v", first.Text, c.turn.Expect.Fixed)
	}
	if c.turn.Expect.Kind == dialogue.ExpectTransfer {
		t.Error("nobody is put through to 999")
	}
	c.hangUp()
	sent := r.only()
	if sent.Kind != "appointment-book" || sent.Receipt.Status != requests.Diverted || sent.Receipt.Urgency != policy.Emergency || sent.Patient.Mobile != from {
		t.Errorf("handed in %+v, %+v", sent.Submission, sent.Receipt)
	}
	if sent.Patient.SafeToText != nil {
		t.Error("nobody said that it is safe to text")
	}
	if n := r.noted(); n.End != calls.Emergency {
		t.Errorf("noted %+v", n)
	}
}

func TestACrisisHearsOfOtherHelpToo(t *testing.T) {
	t.Parallel()
	newRig(t).call().ask("callback").press("342").wantHeard("call 999 now", "116 123", "mental health option")
}

func TestAnEmergencyInWelshIsSaidInEnglishToo(t *testing.T) {
	t.Parallel()
	c := newRig(t).call().press("81")
	k, _ := c.Catalogue.Kind("callback")
	c.press(k.Key+"311").wantHeard("ffoniwch 999 nawr", "call 999 now")
	if c.turn.Say[0].Language != "cy" {
		t.Errorf("first comes %+v", c.turn.Say[0])
	}
}

func TestAnEmergencyIsRepeatedAndThenFreesTheLine(t *testing.T) {
	t.Parallel()
	c := newRig(t).call().ask("callback").press("311")
	c.wait().wantHeard("call 999 now").wait().wantHeard("call 999 now").wait().wantHeard("call 999 now").wantEnd()
}

func TestAWrongKeyCanBeginAgainAfterAnEmergency(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.call().ask("callback").press("311").press("1").wantHeard("What would you like?")
	k, _ := r.Catalogue.Kind("callback")
	c.press(k.Key).safe().wantHeard("What is it about?").hangUp()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.sent) != 2 || r.sent[0].Receipt.Status != requests.Diverted || r.sent[1].Incomplete == nil {
		t.Errorf("handed in %+v", r.sent)
	}
}

func TestAnUrgentSignGoesOnAndCountsWhenAbandoned(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.call().ask("callback").press("333").wantHeard("Any other?")
	c.press("5").wantHeard("What is it about?").hangUp()
	if sent := r.only(); sent.Receipt.Urgency != policy.Urgent {
		t.Errorf("handed in as %s", sent.Receipt.Urgency)
	}
}

func TestWhoMayBeTextedHearsHowToGoOnOnline(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	who := r.Patients[0]
	to := func(safe string) *call {
		return r.call().ask("callback").safe().press("1").hash().hash().press(string(who.NHSNumber)).press(keysOf(who.BirthDate)).press("2").press("1").press(safe)
	}
	to("2").hangUp()
	if len(r.texts) != 0 {
		t.Fatalf("texted %+v, and it is not safe", r.texts)
	}
	c := to("1")
	reference := requests.Reference(c.state.Talk.Reference)
	c.hangUp()
	if len(r.texts) != 1 || r.texts[0].To != from || r.texts[0].Text.Template != messages.GoOnText || r.texts[0].Text.Reference != reference.Spaced() {
		t.Errorf("texted %+v", r.texts)
	}
}
