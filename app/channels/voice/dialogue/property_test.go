package dialogue_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/calls"
	"onedoor/app/channels/voice/dialogue"
)

// A caller who presses anything at all, speaks, is silent or leaves never meets a panic, a dead end or words that cannot be
// said, and every call comes to an end. What holds of each turn is in checkTurn; the state goes through JSON at every step.
func TestWhateverACallerDoesACallGoesOnAndEnds(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const callers = 300
	ends := map[string]int{}
	for seed := range uint64(callers) {
		rng := rand.New(rand.NewPCG(seed, 2027))
		ends[r.wander(rng, seed)]++
	}
	t.Logf("%d calls: %v", callers, ends)
	for _, e := range []calls.Ending{calls.Completed, calls.Person, calls.Callback, calls.Emergency, calls.AbandonedKept, calls.AbandonedEmpty} {
		if ends[string(e)] == 0 {
			t.Errorf("no call ends as %s: %v", e, ends)
		}
	}
	if logged := r.log.String(); logged != "" {
		t.Errorf("something failed on our side: %s", logged)
	}
}

// wander is one caller, who goes where chance leads for as long as they have patience.
func (r *rig) wander(rng *rand.Rand, seed uint64) string {
	r.t.Helper()
	c := r.call(func(s *dialogue.Start) {
		s.Language = []string{"en", "cy"}[rng.IntN(2)]
		s.CanTransfer = rng.IntN(3) == 0
		if rng.IntN(4) == 0 {
			s.Caller = ""
		}
	})
	usual := rng.IntN(4) > 0 // most callers answer what they are asked
	for step := range 400 {
		if c.state.Over {
			return string(r.noted().End)
		}
		switch c.turn.Expect.Kind {
		case dialogue.ExpectEnd:
			c.handle(dialogue.Event{Kind: dialogue.ChannelEnded})
		case dialogue.ExpectTransfer:
			c.handle(dialogue.Event{Kind: []dialogue.EventKind{dialogue.PutThrough, dialogue.NoOneThere, dialogue.HungUp}[rng.IntN(3)]})
		default:
			c.wanderOn(rng, usual && step < 200)
		}
	}
	r.t.Fatalf("seed %d: the call does not end; it stands at %s: %s", seed, c.state.Step, c.heard())
	return ""
}

func (c *call) wanderOn(rng *rand.Rand, usual bool) {
	c.t.Helper()
	n := rng.IntN(100)
	switch {
	case n < 1 || (!usual && n < 5):
		c.hangUp()
	case n < 6:
		c.wait()
	case c.turn.Expect.Kind == dialogue.ExpectRecording && n < 60:
		c.handle(dialogue.Event{Kind: dialogue.Recorded, Recording: uuid.Must(uuid.NewV7()), Said: []string{"", "I need help", "chest pain"}[rng.IntN(3)]})
	case c.turn.Expect.Kind == dialogue.ExpectRecording && n < 65:
		c.handle(dialogue.Event{Kind: dialogue.LineTrouble})
	case usual:
		c.answerSomehow(rng)
	case n < 20:
		c.hash()
	default:
		c.at = c.at.Add(time.Duration(rng.IntN(5)) * time.Second)
		c.press(string("0123456789*#"[rng.IntN(12)]))
	}
}

// answerSomehow keys something that fits what is asked.
func (c *call) answerSomehow(rng *rand.Rand) {
	c.t.Helper()
	who := c.Patients[rng.IntN(len(c.Patients))]
	switch most := c.turn.Expect.Most; {
	case strings.HasPrefix(c.state.Place.LinkID, "red-flags") && c.state.Menu == "" && rng.IntN(20) > 0:
		c.press("5")
	case most == 1 && rng.IntN(8) == 0:
		c.hash()
	case most == 1:
		c.press(fmt.Sprint(1 + min(rng.IntN(3), rng.IntN(3))))
	case most == 10 && rng.IntN(2) == 0:
		c.press(string(who.NHSNumber))
	case most == 10:
		c.hash()
	case most == 8:
		c.press(keysOf(who.BirthDate))
	case most == 2:
		c.press("7#")
	case c.state.Place.Detail == "postcode":
		c.press(dialogue.PostcodeKeys(who.Postcode) + "#")
	default:
		c.press("07700900123#")
	}
}

// Two people who press the same keys hear the same, whoever they are: nothing on the way depends on a record.
func TestTheSameKeysAreHeardAlikeByEverybody(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	known, nobody := r.Patients[0], "9990001995"
	one, other := r.call().ask("callback").safe(), r.call().ask("callback").safe()
	one.press("1").hash().press("1").hash()
	other.press("1").hash().press("1").hash()
	one.press(string(known.NHSNumber)).wantHeard("date of birth")
	other.press(nobody)
	if one.heard() != other.heard() {
		t.Errorf("%q is not %q", one.heard(), other.heard())
	}
}
