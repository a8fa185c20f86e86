package dialogue_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/uuid"

	"onedoor/app/catalogue"
	"onedoor/app/channels/voice/dialogue"
	"onedoor/app/intake"
	"onedoor/app/requests"
)

// broken takes nothing in and keeps nothing.
type broken struct{}

func (broken) Submit(context.Context, requests.Submission) (requests.Receipt, error) {
	return requests.Receipt{}, errors.New("the database is away")
}

func (broken) Save(context.Context, []byte, *intake.Conversation) error {
	return errors.New("the database is away")
}

func newBroken(t *testing.T) *rig {
	t.Helper()
	return newRigWith(t, func(_ *rig, o *dialogue.Options) { o.Requests, o.Conversations = broken{}, broken{} })
}

func TestAnEmergencyIsSaidThoughNothingCanBeRecorded(t *testing.T) {
	t.Parallel()
	r := newBroken(t)
	r.call().ask("callback").press("311").wantHeard("call 999 now", "Nobody here has been told.").hangUp()
	if !strings.Contains(r.log.String(), "an emergency could not be recorded") {
		t.Errorf("logged %q", r.log.String())
	}
}

func TestWhatFailsOnOurSideLeadsToAPersonAndThenToAdvice(t *testing.T) {
	t.Parallel()
	r := newBroken(t)
	who := r.Patients[0]
	c := r.call().toDetails().press(string(who.NHSNumber)).press(keysOf(who.BirthDate)).press("2").hash()
	c.press("1").wantHeard("something went wrong on our side", "We will ring you back")
	c.press("1").wantHeard("something went wrong", "could not keep", "111", "999").wantEnd()
	c.handle(dialogue.Event{Kind: dialogue.ChannelEnded})
	if log := r.log.String(); strings.Contains(log, string(who.NHSNumber)) || strings.Contains(log, string(from)) || strings.Contains(log, who.BirthDate.String()) {
		t.Errorf("somebody is in the log: %s", log)
	}
}

func TestAPersonIsReachedThoughNothingCanBeKept(t *testing.T) {
	t.Parallel()
	c := newBroken(t).call(transferring).ask("callback").safe().press("0")
	if c.turn.Expect.Kind != dialogue.ExpectTransfer {
		t.Errorf("%s", c.heard())
	}
}

func TestACallThatIsOverTakesNothingMore(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.call().ask("callback").safe()
	c.hangUp()
	for _, e := range []dialogue.Event{
		{Kind: dialogue.Keys, Keys: "1"},
		{Kind: dialogue.Silence},
		{Kind: dialogue.Recorded, Recording: uuid.New()},
		{Kind: dialogue.PutThrough},
		{Kind: dialogue.NoOneThere},
		{Kind: dialogue.LineTrouble},
		{Kind: dialogue.HungUp},
		{Kind: dialogue.ChannelEnded},
	} {
		c.handle(e)
	}
	r.only()
}

func TestEventsThatFitNothingChangeNothing(t *testing.T) {
	t.Parallel()
	for _, e := range []dialogue.Event{
		{Kind: dialogue.Recorded, Recording: uuid.New()}, {Kind: dialogue.NoOneThere}, {Kind: dialogue.LineTrouble}, {Kind: "unheard-of"}, {Kind: dialogue.Keys, Keys: "12345"},
	} {
		c := newRig(t).call().ask("callback").safe()
		c.handle(e)
		c.wantHeard("What is it about?")
		if len(c.state.Talk.Recordings) > 0 || c.state.Talk.Answers["callback-topic"] != nil {
			t.Errorf("%s answered something", e.Kind)
		}
	}
}

func TestAStateOfSomethingElseIsRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for name, s := range map[string]*dialogue.State{"none": nil, "empty": {}, "of another version": {Step: "gone"}} {
		if _, err := r.driver.Handle(t.Context(), s, dialogue.Event{Kind: dialogue.Silence}); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestADriverNamesTheItemThatNoKeyAnswers(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	spoilt, err := catalogue.Load() // one of its own: the rig's is every test's
	if err != nil {
		t.Fatal(err)
	}
	kind, _ := spoilt.Kind("symptoms")
	it, _ := kind.Questionnaire.Item("duration")
	it.Say = ""
	_, err = dialogue.New(dialogue.Options{
		Catalogue: spoilt, Walker: r.walker, Requests: r, Conversations: r.conversations, Directories: r.directories, Now: r.Now, Random: reader("x"),
	})
	if err == nil || !strings.Contains(err.Error(), "symptoms: the item duration has no keypad rendering") {
		t.Errorf("%v", err)
	}
	if _, err := dialogue.New(dialogue.Options{}); err == nil {
		t.Error("a driver of nothing was made")
	}
}
