package dialogue_test

import (
	"testing"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/channels/voice/dialogue"
	"onedoor/app/demo"
	"onedoor/app/requests"
	"onedoor/app/store/understandingstore"
	"onedoor/app/understanding"
	"onedoor/app/understanding/local"
)

// newListening is a line that has understanding on, with the classifier on this machine, for some kinds.
func newListening(t *testing.T, kinds ...string) *rig {
	t.Helper()
	return newRigWith(t, func(r *rig, o *dialogue.Options) {
		model, err := local.New(r.Catalogue)
		if err != nil {
			t.Fatal(err)
		}
		store := understandingstore.New(r.DB)
		service, err := understanding.New(understanding.Options{Store: store, Catalogue: r.Catalogue, Models: []understanding.Model{model}, Now: r.Now})
		if err != nil {
			t.Fatal(err)
		}
		about := model.About()
		id := uuid.Must(uuid.NewV7())
		_, err = store.Save(t.Context(), understanding.Setting{
			NeighbourhoodID: demo.NeighbourhoodID("riverside"), OrganisationID: demo.OrganisationID("A81001"), Mode: understanding.ModeOn,
			Model: about.Name, OnModel: about.Model, OnVersion: about.Version, OnKinds: kinds, ChangedAt: r.Now(), ChangedBy: "a test",
		}, -1, audit.Entry{
			ID: id, NeighbourhoodID: demo.NeighbourhoodID("riverside"), OrganisationID: demo.OrganisationID("A81001"), At: r.Now(),
			Actor: audit.Actor{Kind: audit.System, Name: "test"}, Action: "understanding.change", SubjectKind: "understanding_setting", Subject: demo.OrganisationID("A81001"),
		})
		if err != nil {
			t.Fatal(err)
		}
		o.Understanding = service
	})
}

func (c *call) says(words string) *call {
	c.t.Helper()
	if c.turn.Expect.Kind != dialogue.ExpectRecording || !c.turn.Expect.Words {
		c.t.Fatalf("nobody listens for words: %s", c.heard())
	}
	c.handle(dialogue.Event{Kind: dialogue.Recorded, Recording: uuid.Must(uuid.NewV7()), Said: words})
	return c
}

func TestOwnWordsAreConfirmedByAKey(t *testing.T) {
	t.Parallel()
	r := newListening(t, "repeat-prescription")
	c := r.call().press("1").wantHeard("We record your next words", "say in a few words what you need")
	c.says("I need my usual repeat prescription please")
	for range 20 { // a model that is late on a busy machine is as if there were none, and the next call has its own
		if c.state.Step == "meant" {
			break
		}
		c = r.call().press("1").says("I need my usual repeat prescription please")
	}
	c.wantHeard("Ask for a repeat prescription.", "If that is right, press 1.")
	c.press("1").wantHeard("safety questions")
	if c.state.Talk.Kind != "repeat-prescription" {
		t.Errorf("began %s", c.state.Talk.Kind)
	}
	// Proposed answers are put one by one, and never a safety question.
	c.safe()
	for range 20 {
		if c.state.Step != "proposed" {
			break
		}
		c.wantHeard("We think that you said this:").press("1")
	}
	if c.state.Talk.Submitted != "" {
		t.Error("a proposal sends nothing by itself")
	}
}

func TestWordsThatAreRefusedUnclearOrFailedGoByTheMenus(t *testing.T) {
	t.Parallel()
	r := newListening(t, "repeat-prescription")
	for name, do := range map[string]func(*call){
		"refused": func(c *call) {
			if c.says("I need my usual repeat prescription please"); c.state.Step == "meant" {
				c.press("2")
			}
		},
		"unclear":         func(c *call) { c.says("hmm") },
		"not heard":       func(c *call) { c.says("") },
		"not earned":      func(c *call) { c.says("I want to cancel my appointment on Monday") },
		"a hash instead":  func(c *call) { c.hash() },
		"a broken tape":   func(c *call) { c.handle(dialogue.Event{Kind: dialogue.LineTrouble}) },
		"silence, thrice": func(c *call) { c.wait().wait().wait() },
	} {
		c := r.call().press("1")
		if do(c); c.state.Step != "kind" {
			t.Errorf("%s leads to %s: %s", name, c.state.Step, c.heard())
		}
	}
}

func TestAnEmergencyInTheirOwnWordsStopsAtOnce(t *testing.T) {
	t.Parallel()
	r := newListening(t, "repeat-prescription")
	c := r.call().press("1").says("I have crushing chest pain and cannot breathe").wantHeard("call 999 now")
	if sent := r.only(); sent.Receipt.Status != requests.Diverted {
		t.Errorf("handed in as %s", sent.Receipt.Status)
	}
	c.hangUp()
	r.only()
}

func TestZeroAfterTheirOwnWordsIsAPerson(t *testing.T) {
	t.Parallel()
	r := newListening(t)
	c := r.call(transferring).press("1")
	c.handle(dialogue.Event{Kind: dialogue.Recorded, Recording: uuid.Must(uuid.NewV7()), Keys: "0"})
	if c.turn.Expect.Kind != dialogue.ExpectTransfer {
		t.Errorf("%s", c.heard())
	}
}
