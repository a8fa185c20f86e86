package requeststore_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/catalogue"
	"onedoor/app/demo"
	"onedoor/app/demo/demotest"
	"onedoor/app/intake"
	"onedoor/app/nhs"
	"onedoor/app/requests"
	"onedoor/tenants"
)

const caller = nhs.Phone("+447700900123")

// call is a conversation on the telephone about a request of one kind, so far as its answers go.
type call struct {
	t      *testing.T
	w      *demotest.World
	walker *intake.Walker
	talk   *intake.Conversation
}

func ring(t *testing.T, w *demotest.World, kind string) *call {
	t.Helper()
	c := &call{t: t, w: w, walker: intake.NewWalker(w.Catalogue, requests.NeedsPharmacy(w.Catalogue, w.Requests), w.Now)}
	var err error
	if c.talk, err = c.walker.Start(uuid.Must(uuid.NewV7()), riverside, kind, intake.ChannelPhone, "en"); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *call) answer(linkID string, values ...string) *call {
	c.t.Helper()
	list := make([]catalogue.Value, len(values))
	for i, v := range values {
		list[i] = catalogue.Text(v)
	}
	if err := c.walker.Answer(c.talk, linkID, list); err != nil {
		c.t.Fatal(linkID, err)
	}
	return c
}

func (c *call) give(detail intake.Detail, text string) *call {
	c.t.Helper()
	if err := c.walker.Give(c.talk, detail, text); err != nil {
		c.t.Fatal(detail, err)
	}
	return c
}

// hangUp hands in what the conversation became, as a line does.
func (c *call) hangUp() (requests.Receipt, requests.Submission) {
	c.t.Helper()
	in, some, err := requests.OfAbandoned(c.w.Catalogue, c.talk, caller, nhs.DateOf(c.w.Now().In(tenants.London())))
	if err != nil || !some {
		c.t.Fatal("nothing to keep", some, err)
	}
	receipt, err := requests.HandIn(c.t.Context(), c.w.Requests, in)
	if err != nil {
		c.t.Fatal(err)
	}
	if err := c.walker.Leave(c.talk, string(receipt.Reference)); err != nil {
		c.t.Fatal(err)
	}
	return receipt, in
}

// finish hands the whole conversation in, as any channel does.
func (c *call) finish() requests.Receipt {
	c.t.Helper()
	kind, _ := c.w.Catalogue.Kind(c.talk.Kind)
	in, err := requests.OfConversation(kind, c.talk)
	if err != nil {
		c.t.Fatal(err)
	}
	receipt, err := requests.HandIn(c.t.Context(), c.w.Requests, in)
	if err != nil {
		c.t.Fatal(err)
	}
	return receipt
}

func adults(c *call, who int) *call {
	return c.answer("age-band", "16-or-over").answer("red-flags-adult", "none").give(intake.NHSNumber, string(c.w.Patients[who].NHSNumber))
}

func TestACallThatIsCutOffIsACallbackWithWhatWasAnswered(t *testing.T) {
	t.Parallel()
	w, ok := demotest.New(t), must(t)
	began := w.Now()
	c := adults(ring(t, w, "symptoms"), 0).answer("condition", "sore-throat")
	spoken := uuid.Must(uuid.NewV7())
	if err := c.walker.Record(c.talk, "describe", spoken.String()); err != nil {
		t.Fatal(err)
	}
	w.Pass(3 * time.Minute)
	receipt, in := c.hangUp()
	again, err := requests.HandIn(t.Context(), w.Requests, in)
	if err != nil || again.Reference != receipt.Reference {
		t.Errorf("the same call again is %s, %v; want %s", again.Reference, err, receipt.Reference)
	}
	view := ok(w.Requests.Get(t.Context(), w.Actor(t, "sam.carter"), receipt.Reference))
	if view.Kind != "callback" || view.Channel != requests.Phone || !view.Staff.FirstAt.Equal(began) || !view.Staff.OnRegister {
		t.Errorf("stands as %s from %s since %s, on the register %v", view.Kind, view.Channel, view.Staff.FirstAt, view.Staff.OnRegister)
	}
	got := view.Staff.Incomplete
	if got == nil || got.Kind != "symptoms" || got.Caller != caller {
		t.Fatalf("incomplete: %+v", got)
	}
	at := slices.IndexFunc(got.Answers, func(a requests.IncompleteAnswer) bool { return a.LinkID == "condition" })
	if at < 0 || !slices.Equal(got.Answers[at].Answers, []string{"Sore throat"}) || got.Answers[at].Question == "" {
		t.Errorf("answers: %+v", got.Answers)
	}
	if last := got.Answers[len(got.Answers)-1]; last.Recording != spoken {
		t.Errorf("the recording is not kept: %+v", last)
	}
	decision, err := w.Requests.Explain(t.Context(), w.Actor(t, "sam.carter"), receipt.Reference)
	if heard := decision.Facts["recording"].String(); err != nil || heard != "unheard" {
		t.Errorf("the decision says of the recording: %q, %v", heard, err)
	}
	if _, err := w.Requests.Get(t.Context(), w.Actor(t, "grace.mensah"), receipt.Reference); err == nil {
		t.Error("another organisation reads it")
	}
}

func TestNothingAnsweredIsNothingToKeep(t *testing.T) {
	t.Parallel()
	w := demotest.New(t)
	_, some, err := requests.OfAbandoned(w.Catalogue, ring(t, w, "symptoms").talk, caller, nhs.DateOf(w.Now()))
	if err != nil || some {
		t.Errorf("something to keep of nothing: %v, %v", some, err)
	}
	c := ring(t, w, "symptoms").give(intake.BirthDate, "1990-05-06")
	if _, some, err = requests.OfAbandoned(w.Catalogue, c.talk, "", nhs.DateOf(w.Now())); err != nil || !some {
		t.Errorf("a birth date alone is lost: %v, %v", some, err)
	}
}

func TestFinishingClosesTheCallbackThatNobodyHasClaimed(t *testing.T) {
	t.Parallel()
	w, ok := demotest.New(t), must(t)
	sam := w.Actor(t, "sam.carter")
	c := adults(ring(t, w, "admin"), 0)
	first, _ := c.hangUp()
	c.answer("admin-topic", "letter")
	second, _ := c.hangUp()
	if second.Reference == first.Reference {
		t.Fatal("what was answered since is lost: the same callback stands for it")
	}
	if v := ok(w.Requests.Get(t.Context(), sam, first.Reference)); v.Status != requests.Closed || v.Staff.CloseReason == "" {
		t.Errorf("the first callback is %s, %q", v.Status, v.Staff.CloseReason)
	}
	whole := c.finish()
	if v := ok(w.Requests.Get(t.Context(), sam, second.Reference)); v.Status != requests.Closed {
		t.Errorf("the callback is still %s", v.Status)
	}
	if v := ok(w.Requests.Get(t.Context(), sam, whole.Reference)); v.Status == requests.Closed || v.Kind != "admin" || v.Staff.Incomplete != nil {
		t.Errorf("the whole request is %s of %s", v.Status, v.Kind)
	}
}

func TestFinishingLeavesTheCallbackThatSomebodyWorksOn(t *testing.T) {
	t.Parallel()
	w, ok := demotest.New(t), must(t)
	sam := w.Actor(t, "sam.carter")
	c := adults(ring(t, w, "admin"), 0)
	callback, _ := c.hangUp()
	ok(w.Requests.Claim(t.Context(), sam, requests.Command{Reference: callback.Reference}))
	c.finish()
	if v := ok(w.Requests.Get(t.Context(), sam, callback.Reference)); v.Status != requests.Queued || v.Claimed == nil {
		t.Errorf("taken from under the one who works on it: %s", v.Status)
	}
}

func TestWhatIsNoCallbackIsNeverClosedByAnother(t *testing.T) {
	t.Parallel()
	w, ok := demotest.New(t), must(t)
	whole := adults(ring(t, w, "admin"), 0).finish()
	c := adults(ring(t, w, "admin"), 0)
	if err := c.walker.Leave(c.talk, string(whole.Reference)); err != nil {
		t.Fatal(err)
	}
	c.finish()
	if v := ok(w.Requests.Get(t.Context(), w.Actor(t, "sam.carter"), whole.Reference)); v.Status == requests.Closed {
		t.Error("a whole request was closed in the name of another")
	}
}

func TestAnotherNeighbourhoodCannotCloseACallback(t *testing.T) {
	t.Parallel()
	w, ok := demotest.New(t), must(t)
	callback, _ := adults(ring(t, w, "admin"), 0).hangUp()
	in := requests.Submission{
		NeighbourhoodID: demo.NeighbourhoodID("hillside"), Channel: requests.Phone, Kind: "admin", By: audit.Actor{Kind: audit.Patient},
		Supersedes: callback.Reference,
	}
	if _, err := w.Requests.Submit(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	if v := ok(w.Requests.Get(t.Context(), w.Actor(t, "sam.carter"), callback.Reference)); v.Status == requests.Closed {
		t.Error("closed from another neighbourhood")
	}
}

func TestAnEmergencyThatIsCutOffIsHandedInAsItStands(t *testing.T) {
	t.Parallel()
	w := demotest.New(t)
	c := ring(t, w, "symptoms").answer("age-band", "16-or-over")
	kind, _ := w.Catalogue.Kind("symptoms")
	flags, _ := kind.Questionnaire.Item("red-flags-adult")
	worst := slices.IndexFunc(flags.Options, func(o catalogue.Option) bool { return o.RedFlag == catalogue.Emergency })
	c.answer("red-flags-adult", flags.Options[worst].Code)
	receipt, in := c.hangUp()
	if receipt.Status != requests.Diverted || in.Kind != "symptoms" || in.Incomplete != nil {
		t.Errorf("%s as %s, incomplete %v", receipt.Status, in.Kind, in.Incomplete != nil)
	}
}

func TestHasteInWhatWasAnsweredCountsForTheCallback(t *testing.T) {
	t.Parallel()
	w := demotest.New(t)
	c := adults(ring(t, w, "symptoms"), 0).answer("condition", "other")
	calm, _ := c.hangUp()
	c.answer("describe", "I am out of breath on the stairs")
	kind, _ := w.Catalogue.Kind("symptoms")
	said := kind.Questionnaire.Facts(c.talk.Answers, c.talk.Known(nhs.DateOf(w.Now())))["free-text"].String()
	t.Log("the screen says", said)
	after, _ := c.hangUp()
	if said == "clear" || after.Urgency.Rank() <= calm.Urgency.Rank() {
		t.Errorf("%s before and %s after words that are %s", calm.Urgency, after.Urgency, said)
	}
}
