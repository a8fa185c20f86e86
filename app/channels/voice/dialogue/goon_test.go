package dialogue_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"onedoor/app/catalogue"
	"onedoor/app/demo"
	"onedoor/app/intake"
	"onedoor/app/nhs"
	"onedoor/app/requests"
)

// begunOnline is a conversation that stands where a browser left it.
func (r *rig) begunOnline(answers map[string]string, details map[intake.Detail]string) *intake.Conversation {
	r.t.Helper()
	talk, err := r.walker.Start(uuid.Must(uuid.NewV7()), demo.NeighbourhoodID("riverside"), "callback", intake.ChannelWeb, "en")
	if err != nil {
		r.t.Fatal(err)
	}
	for _, linkID := range []string{"age-band", "red-flags-adult", "callback-topic"} {
		if code, ok := answers[linkID]; ok {
			if err := r.walker.Answer(talk, linkID, []catalogue.Value{catalogue.Text(code)}); err != nil {
				r.t.Fatal(err)
			}
		}
	}
	for detail, said := range details {
		if err := r.walker.Give(talk, detail, strings.Split(said, "|")...); err != nil {
			r.t.Fatal(err)
		}
	}
	if err := r.conversations.Save(r.t.Context(), []byte("a browser's"), talk); err != nil {
		r.t.Fatal(err)
	}
	return talk
}

var halfway = map[string]string{"age-band": "16-or-over", "red-flags-adult": "none", "callback-topic": "health"}

func TestAFormBegunOnlineGoesOnByTelephoneAndNothingIsAskedTwice(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	who := r.Patients[0]
	talk := r.begunOnline(halfway, map[intake.Detail]string{intake.Name: "Daniel|Okafor", intake.BirthDate: who.BirthDate.String()})
	c := r.call().press("2").wantHeard("reference of your answers")
	c.press(talk.Reference).wantHeard("date of birth")
	c.press(keysOf(who.BirthDate)).wantHeard("We go on where you left", "what you would like to talk about")
	c.hash().hash().wantHeard("NHS number")
	c.press(string(who.NHSNumber)).wantHeard("their sex") // the date of birth is known
	c.press("2").press("1").press("1").wantHeard("A health problem")
	c.press("1").wantHeard("Its reference is")
	sent := r.only()
	if sent.Channel != requests.Phone || sent.Patient.GivenName != "Daniel" || !sent.FirstContactAt.Equal(talk.StartedAt) {
		t.Errorf("handed in %+v", sent.Submission)
	}
}

func TestAnswersAreFoundByReferenceAndDateOfBirthOnly(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	born := r.Patients[0].BirthDate
	talk := r.begunOnline(halfway, map[intake.Detail]string{intake.Name: "Daniel|Okafor", intake.BirthDate: born.String()})
	other, err := requests.NewReference(reader("another one"))
	if err != nil {
		t.Fatal(err)
	}
	wrongDate := r.call().press("2" + talk.Reference).press("01011990").heardOnce()
	wrongReference := r.call().press("2" + string(other)).press(keysOf(born)).heardOnce()
	if wrongDate != wrongReference || !strings.Contains(wrongDate, "We found no answers") {
		t.Errorf("%q is not %q", wrongDate, wrongReference)
	}
	c := r.call(transferring).press("2" + talk.Reference).press("01011990").press(talk.Reference).press("02011990").press(talk.Reference).press("03011990")
	if c.turn.Expect.Kind != "transfer" {
		t.Errorf("after three wrong dates: %s", c.heard())
	}
	r.call().press("2").press("1234567890").wantHeard("That is not a reference")
}

func (c *call) heardOnce() string { return c.heard() }

// reader gives the same bytes for ever.
type reader string

func (r reader) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = r[i%len(r)]
	}
	return len(b), nil
}

func TestACallThatWasCutOffGoesOnAndItsCallbackCloses(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	who := r.Patients[0]
	c := r.call().ask("callback").safe().wantHeard("If this call is cut off")
	reference := c.state.Talk.Reference
	if said := strings.ReplaceAll(c.heard(), ", ", ""); !strings.Contains(said, reference) {
		t.Errorf("%s is not said: %s", reference, said)
	}
	c.press("1").hangUp()
	callback := r.only().Receipt.Reference

	c = r.call().press("2" + reference).press(keysOf(who.BirthDate)).wantHeard("what you would like to talk about")
	c.hash().hash().press(string(who.NHSNumber)).wantHeard("their sex") // the date of birth, given to go on, is not asked again
	c.press("2").hash().press("1").wantHeard("Its reference is")
	r.mu.Lock()
	last := r.sent[len(r.sent)-1]
	r.mu.Unlock()
	if last.Incomplete != nil || last.Supersedes != callback || last.Patient.BirthDate != who.BirthDate {
		t.Errorf("handed in %+v, want it in the place of %s", last.Submission, callback)
	}
	view, err := r.Requests.Track(t.Context(), demo.NeighbourhoodID("riverside"), callback, nhs.Date{}, "en")
	if err == nil && view.Status != requests.Closed {
		t.Errorf("the callback is %s", view.Status)
	}
}
