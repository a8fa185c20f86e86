package dialogue_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/calls"
	"onedoor/app/channels/voice/dialogue"
	"onedoor/app/nhs"
)

func transferring(s *dialogue.Start) { s.CanTransfer = true }

func withheld(s *dialogue.Start) { s.Caller = "" }

func TestZeroReachesAPersonFromEverywhere(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for name, go_ := range map[string]func(*call){
		"the first menu":               func(*call) {},
		"the kinds":                    func(c *call) { c.press("1") },
		"a group of kinds":             func(c *call) { c.press("14") },
		"a safety question":            func(c *call) { c.ask("callback") },
		"a group of danger signs":      func(c *call) { c.ask("callback").press("31") },
		"a menu":                       func(c *call) { c.ask("callback").safe() },
		"a recording":                  func(c *call) { c.ask("callback").safe().press("1") },
		"one of several":               func(c *call) { c.ask("callback").safe().press("1").hash().press("1") },
		"a yes or no":                  func(c *call) { c.ask("repeat-prescription").safe().press("1").press("7#1") },
		"more time":                    func(c *call) { c.press("9") },
		"a call that goes on in Welsh": func(c *call) { c.press("8") },
	} {
		c := r.call(transferring)
		go_(c)
		c.press("0")
		if c.turn.Expect.Kind != dialogue.ExpectTransfer {
			t.Errorf("%s: 0 leads to %+v: %s", name, c.turn.Expect, c.heard())
		}
	}
}

func TestZeroInAFieldOfDigitsIsAPersonWhenItStandsAlone(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	field := func() *call {
		return r.call(transferring).ask("repeat-prescription").safe().press("1").wantHeard("How many days")
	}
	if c := field().press("0#"); c.turn.Expect.Kind != dialogue.ExpectTransfer {
		t.Errorf("0 and hash: %s", c.heard())
	}
	if c := field().press("0").wait(); c.turn.Expect.Kind != dialogue.ExpectTransfer {
		t.Errorf("0 and silence: %s", c.heard())
	}
	if c := field().press("00"); c.state.Talk.Answers["days-left"][0].String() != "0" {
		t.Errorf("0 twice is none left: %v", c.state.Talk.Answers)
	}
}

func TestPutThroughEndsOurPartAndKeepsTheAnswers(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.call(transferring).ask("callback").safe().press("0")
	r.none()
	c.handle(dialogue.Event{Kind: dialogue.PutThrough})
	if !c.state.Over {
		t.Error("the call is not over")
	}
	sent := r.only()
	if sent.Kind != "callback" || sent.Incomplete == nil || len(sent.Incomplete.Answers) == 0 {
		t.Errorf("handed in %+v", sent.Submission)
	}
	if n := r.noted(); n.End != calls.Person || n.Person.IsZero() || n.PersonAsked.IsZero() {
		t.Errorf("noted %+v", n)
	}
	c.handle(dialogue.Event{Kind: dialogue.HungUp})
	r.only()
}

func TestNobodyThereIsACallbackWithItsPlaceFromTheFirstMoment(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.call(transferring)
	began := c.state.At
	r.Pass(3 * time.Minute)
	c.press("0")
	c.handle(dialogue.Event{Kind: dialogue.NoOneThere})
	c.wantHeard("Nobody can take your call", "Your place counts from when you called", "07700, 900077")
	c.press("1").wantHeard("The reference is").wantEnd()
	sent := r.only()
	if sent.Kind != "callback" || !sent.FirstContactAt.Equal(began) || sent.Incomplete.Caller != from {
		t.Errorf("handed in %+v", sent.Submission)
	}
	c.handle(dialogue.Event{Kind: dialogue.ChannelEnded})
	if n := r.noted(); n.End != calls.Callback {
		t.Errorf("noted %+v", n)
	}
	r.only()
}

func TestACallerWhomNobodyKnowsStaysWithThePracticeTheyRang(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.call().press("01").wantEnd()
	if at := r.only().Receipt.Accountable.ODS; at != "A81001" {
		t.Errorf("%s is accountable", at)
	}
	other := newRig(t)
	other.call(func(s *dialogue.Start) { s.OrganisationID = uuid.Nil }).press("01").wantEnd()
	if at := other.only().Receipt.Accountable.ODS; at != "RRH01" {
		t.Errorf("on the neighbourhood's own line, %s is accountable", at)
	}
}

func TestWithoutATransferZeroIsACallbackToTheNumberOfTheirChoice(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.call().press("0").wantHeard("Shall we ring this number?")
	c.press("2").wantHeard("Key the number")
	c.press("12#").wantHeard("We cannot use that number.")
	c.press("01134960000#").wantHeard("The reference is").wantEnd()
	if got := r.only().Incomplete.Caller; got != "+441134960000" {
		t.Errorf("they are rung on %s", got)
	}
}

func TestAWithheldNumberIsAskedFor(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.call(withheld).press("0").wantHeard("Key the number")
	c.press("07700900123#").wantEnd()
	if got := r.only().Incomplete.Caller; got != "+447700900123" {
		t.Errorf("they are rung on %s", got)
	}
}

func TestWithoutAnyNumberTheyAreToldWhatToDo(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.call(withheld).press("0")
	c.wait().wait().wait().wantHeard("Without a number", "111", "999").wantEnd()
	r.none()
}

func TestOutOfHoursZeroGives111AndFilesTheCallback(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.Pass(12 * time.Hour) // ten at night
	c := r.call(transferring).press("0").wantHeard("111", "999", "ring you back")
	if c.turn.Expect.Kind == dialogue.ExpectTransfer {
		t.Error("nobody works now")
	}
	c.press("1").wantEnd()
	r.only()
}

func TestTheNeighbourhoodsLineIsStaffedByItsDesk(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	desk := func(s *dialogue.Start) { s.OrganisationID, s.CanTransfer = [16]byte{}, true }
	if c := r.call(desk).press("0"); c.turn.Expect.Kind != dialogue.ExpectTransfer {
		t.Errorf("at ten in the morning: %s", c.heard())
	}
}

func TestSilenceRepeatsTwiceAndThenAsksForAPerson(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.call(transferring).ask("callback").safe()
	began := c.at
	c.wait().wantHeard("Take the time that you need", "What is it about?")
	c.wait().wantHeard("Take the time that you need", "What is it about?")
	c.wait()
	if c.turn.Expect.Kind != dialogue.ExpectTransfer || c.at.Sub(began) < time.Minute {
		t.Errorf("after %s: %s", c.at.Sub(began), c.heard())
	}
	// An answer in between begins the count anew.
	c = r.call(transferring).ask("callback").safe().wait().wait().press("1").wait().wait()
	if c.turn.Expect.Kind == dialogue.ExpectTransfer {
		t.Error("silence is counted over answers")
	}
}

func TestMoreTimeHoldsForTheWholeCall(t *testing.T) {
	t.Parallel()
	c := newRig(t).call().press("9").wantHeard("You now have more time.")
	c.ask("callback").safe()
	if c.turn.Expect.First != time.Minute || c.turn.Expect.Between != 20*time.Second {
		t.Errorf("they have %+v", c.turn.Expect)
	}
	c.press("1")
	if c.turn.Expect.Kind != dialogue.ExpectRecording || c.turn.Expect.First != time.Minute {
		t.Errorf("they have %+v", c.turn.Expect)
	}
}

func TestThreeWrongKeysAskForAPerson(t *testing.T) {
	t.Parallel()
	c := newRig(t).call(transferring).press("7").wantHeard("not one of the choices", "press 1").press("7")
	if c.turn.Expect.Kind == dialogue.ExpectTransfer {
		t.Error("two are forgiven")
	}
	if c.press("7"); c.turn.Expect.Kind != dialogue.ExpectTransfer {
		t.Errorf("three: %s", c.heard())
	}
}

func TestAStarRepeatsAndInAFieldBeginsAgain(t *testing.T) {
	t.Parallel()
	c := newRig(t).call().ask("repeat-prescription").safe().press("1").wantHeard("How many days")
	c.press("*").wantHeard("How many days")
	c.press("9*").wantHeard("How many days")
	c.press("7#")
	if got := c.state.Talk.Answers["days-left"][0].String(); got != "7" {
		t.Errorf("days left are %s", got)
	}
}

func TestThePersonsWordIsTheOneOnRecord(t *testing.T) {
	t.Parallel()
	// A number is a hint: the same call says nothing of who has it on the register.
	r := newRig(t)
	known := r.call(func(s *dialogue.Start) { s.Caller = r.Patients[0].Mobile })
	unknown := r.call(func(s *dialogue.Start) { s.Caller = nhs.Phone("+447700900999") })
	if known.heard() != unknown.heard() {
		t.Error("a known number is greeted in another way")
	}
}
