package dialogue_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/google/uuid"

	"onedoor/app/callers"
	"onedoor/app/calls"
	"onedoor/app/channels/voice/dialogue"
	"onedoor/app/demo"
	"onedoor/app/needs"
	"onedoor/app/nhs"
	"onedoor/app/patients"
	"onedoor/app/requests"
	"onedoor/app/secrets"
	"onedoor/app/secrets/keyfile"
	"onedoor/app/store/callerstore"
	"onedoor/app/store/callstore"
	"onedoor/app/store/secretstore"
)

// register is what is recorded of everybody.
type register struct{ patients.Needs }

func (r *register) NeedsOf(context.Context, uuid.UUID, nhs.Number) (patients.Needs, error) {
	return r.Needs, nil
}

// A caller who proved who they are is given the time that they need, in their language; whoever has the request sees it.
func TestWhatACallerNeedsIsHeeded(t *testing.T) {
	t.Parallel()
	recorded := &register{patients.Needs{Language: "cy", Adjustments: []patients.Adjustment{{Code: "1", Says: "Requires additional time"}}}}
	var book *calls.Service
	var reading *needs.Service
	r := newRigWith(t, func(r *rig, o *dialogue.Options) {
		master, err := keyfile.OpenOrMake(filepath.Join(t.TempDir(), "master.key"))
		if err != nil {
			t.Fatal(err)
		}
		vault := secrets.New(secretstore.New(r.DB, r.Now), master)
		book = calls.NewService(calls.Options{Store: callstore.New(r.DB), Sealer: vault, Now: r.Now})
		proving := callers.New(callers.Options{Store: callerstore.New(r.DB, r.Now), Texts: r, Requests: r.Requests, Calls: book, Sealer: vault, Now: r.Now, Floor: -1})
		reading = needs.New(needs.Options{Registers: recorded, Callers: proving, Envelopes: needs.NewEnvelopes(vault)})
		o.Callers, o.Needs = proving, reading
	})
	who := r.Patients[0]
	prove := func() *call {
		c := r.recorded(book).press("3").press(string(who.NHSNumber)).press(keysOf(who.BirthDate)).press("1")
		return c.press(r.texts[len(r.texts)-1].Text.Code)
	}

	c := prove().wantHeard("fel y mae eich cofnod yn ei ddweud", "Mae gennych fwy o amser nawr")
	before := r.recorded(book).turn.Expect
	if c.turn.Expect.First <= before.First || c.turn.Expect.Between <= before.Between {
		t.Errorf("waits %v and %v, before %v and %v", c.turn.Expect.First, c.turn.Expect.Between, before.First, before.Between)
	}
	for _, p := range c.turn.Say {
		if !p.Unhurried {
			t.Errorf("%q is hurried", p.Text)
		}
	}

	// What is recorded goes along with a request of the one who proved it, and not with another's.
	c = c.press("1").press("1").press("4").press("3")
	talk := c.state.Talk
	if talk == nil || talk.Needs == nil || talk.Claimed == nil {
		t.Fatal("the conversation knows nothing of it")
	}
	kind, _ := r.Catalogue.Kind(talk.Kind)
	for name, of := range map[string]patients.Patient{"their own": who, "another's": r.Patients[1]} {
		talk.Details.NHSNumber, talk.Details.BirthDate = of.NHSNumber, of.BirthDate
		in, err := requests.OfConversation(kind, talk)
		if err != nil || (in.Needs != nil) != (name == "their own") {
			t.Errorf("%s: %v, %v", name, in.Needs, err)
		}
	}
	n, err := reading.Open(t.Context(), demo.NeighbourhoodID("riverside"), talk.Needs)
	if err != nil || n.Language != "cy" || len(n.Adjustments) != 1 {
		t.Errorf("what goes along is %+v, %v", n, err)
	}
}
