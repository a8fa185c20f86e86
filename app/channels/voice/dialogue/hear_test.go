package dialogue_test

import (
	"path/filepath"
	"strings"
	"testing"

	"onedoor/app/callers"
	"onedoor/app/calls"
	"onedoor/app/channels/voice/dialogue"
	"onedoor/app/demo"
	"onedoor/app/messages"
	"onedoor/app/patients"
	"onedoor/app/requests"
	"onedoor/app/secrets"
	"onedoor/app/secrets/keyfile"
	"onedoor/app/store/callerstore"
	"onedoor/app/store/callstore"
	"onedoor/app/store/secretstore"
)

// newHearing is a line whose callers can prove who they are, by the product's own rules.
func newHearing(t *testing.T) (*rig, *calls.Service, *callers.Service) {
	t.Helper()
	var book *calls.Service
	var proving *callers.Service
	r := newRigWith(t, func(r *rig, o *dialogue.Options) {
		master, err := keyfile.OpenOrMake(filepath.Join(t.TempDir(), "master.key"))
		if err != nil {
			t.Fatal(err)
		}
		vault := secrets.New(secretstore.New(r.DB, r.Now), master)
		book = calls.NewService(calls.Options{Store: callstore.New(r.DB), Sealer: vault, Now: r.Now})
		proving = callers.New(callers.Options{
			Store: callerstore.New(r.DB, r.Now), Texts: r, Requests: r.Requests, Calls: book, Sealer: vault, Now: r.Now, Floor: -1,
		})
		o.Callers = proving
	})
	return r, book, proving
}

// recorded is a call that stands in the record, as a channel begins it.
func (r *rig) recorded(book *calls.Service) *call {
	r.t.Helper()
	begun, err := book.Begin(r.t.Context(), calls.New{NeighbourhoodID: demo.NeighbourhoodID("riverside"), Line: "A81001", Via: calls.SIP, Caller: from, Language: "en"})
	if err != nil {
		r.t.Fatal(err)
	}
	return r.call(func(s *dialogue.Start) { s.CallID = begun.ID }, transferring)
}

// leftBy is a request that somebody has, made without proving anything.
func (r *rig) leftBy(who patients.Patient) requests.Reference {
	r.t.Helper()
	receipt, err := r.Requests.Submit(r.t.Context(), requests.Submission{
		NeighbourhoodID: demo.NeighbourhoodID("riverside"), Channel: requests.App, Kind: "repeat-prescription", Patient: patients.Given{NHSNumber: who.NHSNumber, BirthDate: who.BirthDate},
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return receipt.Reference
}

func TestStatusIsHeardByACodeToTheNumberOnRecord(t *testing.T) {
	t.Parallel()
	r, book, _ := newHearing(t)
	who := r.Patients[0]
	reference := r.leftBy(who)
	c := r.recorded(book).press("3").wantHeard("First we check who you are", "NHS number")
	c.press(string(who.NHSNumber)).press(keysOf(who.BirthDate)).wantHeard("code by text", "PIN")
	c.press("1").wantHeard("Key its 6 digits")
	if len(r.texts) != 1 || r.texts[0].To != who.Mobile || r.texts[0].Text.Template != messages.CodeText {
		t.Fatalf("texted %+v", r.texts)
	}
	c.press("000000").wantHeard("could not check who you are")
	c.press(r.texts[0].Text.Code).wantHeard("Your requests:", "Ask for a repeat prescription.", "has your request", "does not give its appointments")
	if said := strings.ReplaceAll(c.heard(), ", ", ""); !strings.Contains(said, string(reference)) {
		t.Errorf("%s is not said: %s", reference, said)
	}
	c.press("*").wantHeard("Your requests:")
	c.press("1").press("3").wantHeard("Your requests:") // proved once for the call
	c.hash().wantHeard("Goodbye").wantEnd()
	if n := r.noted(); n.End != calls.Completed {
		t.Errorf("noted %+v", n)
	}
}

func TestEverybodyHearsTheSameWhetherOrNotTheyAreFound(t *testing.T) {
	t.Parallel()
	r, book, _ := newHearing(t)
	who := r.Patients[0]
	known, unknown := r.recorded(book), r.recorded(book)
	for _, step := range []struct{ known, unknown string }{
		{"3", "3"}, {string(who.NHSNumber), "9990001995"}, {keysOf(who.BirthDate), keysOf(who.BirthDate)}, {"1", "1"}, {"000000", "000000"},
	} {
		known.press(step.known)
		unknown.press(step.unknown)
		if known.heard() != unknown.heard() {
			t.Errorf("after %q: %q is not %q", step.known, known.heard(), unknown.heard())
		}
	}
	if len(r.texts) != 1 {
		t.Errorf("%d codes were texted", len(r.texts))
	}
}

func TestAPINOfTheDeskProvesToo(t *testing.T) {
	t.Parallel()
	r, book, proving := newHearing(t)
	who := r.Patients[0]
	const pin = "730519"
	err := proving.SetPIN(t.Context(), r.Actor(t, receptionist), patients.Given{NHSNumber: who.NHSNumber, BirthDate: who.BirthDate}, pin)
	if err != nil {
		t.Fatal(err)
	}
	c := r.recorded(book).press("3").hash().press(keysOf(who.BirthDate)).wantHeard("Now your postcode")
	c.press(dialogue.PostcodeKeys(who.Postcode) + "#").press("2").wantHeard("6-digit PIN")
	c.press(pin).wantHeard("You have no open requests.")
}

func TestThreeWrongCodesAreAPerson(t *testing.T) {
	t.Parallel()
	r, book, _ := newHearing(t)
	who := r.Patients[0]
	c := r.recorded(book).press("3" + string(who.NHSNumber) + keysOf(who.BirthDate) + "2")
	c.press("111111").press("222222").press("333333")
	if c.turn.Expect.Kind != dialogue.ExpectTransfer {
		t.Errorf("after three: %s", c.heard())
	}
}
