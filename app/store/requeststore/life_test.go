package requeststore_test

import (
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/demo"
	"onedoor/app/demo/demotest"
	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/app/patients"
	"onedoor/app/requests"
	"onedoor/policy"
)

var riverside = demo.NeighbourhoodID("riverside")

// ask is a submission of one of the seeded people through the patient app.
func ask(w *demotest.World, patient int, kind string, answers map[string]string) requests.Submission {
	raw := map[string]json.RawMessage{}
	p := w.Patients[patient]
	flags := "red-flags-adult"
	if p.BirthDate.Age(nhs.DateOf(w.Now())) < 16 {
		flags = "red-flags-child"
	}
	raw[flags] = json.RawMessage(`["none"]`)
	for linkID, value := range answers {
		raw[linkID] = json.RawMessage(value)
	}
	return requests.Submission{
		NeighbourhoodID: riverside, Channel: requests.App, Kind: kind, Patient: patients.Given{NHSNumber: p.NHSNumber, BirthDate: p.BirthDate},
		Answers: raw, By: audit.Actor{Kind: audit.Client, ID: uuid.New(), Name: "app"},
	}
}

func soreThroat(w *demotest.World) requests.Submission {
	return ask(w, 0, "symptoms", map[string]string{"condition": `"sore-throat"`})
}

func submit(t *testing.T, w *demotest.World, in requests.Submission) requests.Command {
	t.Helper()
	receipt, err := w.Requests.Submit(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return requests.Command{Reference: receipt.Reference}
}

func must(t *testing.T) func(requests.View, error) requests.View {
	return func(v requests.View, err error) requests.View {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	if !fault.Is(err, code) {
		t.Errorf("got %v; want %s", err, code)
	}
}

func TestAReferralFromAskingToAnswered(t *testing.T) {
	t.Parallel()
	w, ok := demotest.New(t), must(t)
	sam, grace := w.Actor(t, "sam.carter"), w.Actor(t, "grace.mensah")
	ctx := t.Context()
	receipt, err := w.Requests.Submit(ctx, soreThroat(w))
	if err != nil {
		t.Fatal(err)
	}
	if receipt.Status != requests.ToVerify || receipt.Accountable.ODS != "A81001" || receipt.Destination.ODS != "FRV01" || receipt.Queue.Name != "To verify" {
		t.Fatalf("receipt %+v", receipt)
	}
	c := requests.Command{Reference: receipt.Reference}
	_, err = w.Requests.Accept(ctx, grace, c)
	wantCode(t, err, "not_found") // the pharmacy does not see what nobody has verified
	v := ok(w.Requests.Verify(ctx, sam, c))
	if v.Status != requests.Offered || v.Accountable.ODS != "A81001" || v.Offered == nil || v.Version != 2 {
		t.Fatalf("after verifying %+v", v)
	}
	_, err = w.Requests.Claim(ctx, sam, c)
	wantCode(t, err, "request_offered")
	v = ok(w.Requests.Accept(ctx, grace, c))
	if v.Status != requests.Queued || v.Accountable.ODS != "FRV01" {
		t.Fatalf("after accepting %+v", v)
	}
	_, err = w.Requests.Get(ctx, sam, c.Reference)
	wantCode(t, err, "not_found") // it is the pharmacy's now
	_, err = w.Requests.Record(ctx, grace, c, requests.NewOutcome{Code: "done"})
	wantCode(t, err, "not_claimed")
	v = ok(w.Requests.Claim(ctx, grace, c))
	if again := ok(w.Requests.Claim(ctx, grace, c)); again.Version != v.Version {
		t.Errorf("claiming one's own changed the version from %d to %d", v.Version, again.Version)
	}
	_, err = w.Requests.Record(ctx, grace, c, requests.NewOutcome{Code: "flown-to-the-moon"})
	wantCode(t, err, "invalid")
	v = ok(w.Requests.Record(ctx, grace, c, requests.NewOutcome{Code: "done", Note: "Advice given."}))
	if v.Status != requests.Closed || len(v.Links) != 2 || v.Links[0].Organisation.ODS == v.Links[1].Organisation.ODS {
		t.Fatalf("after the outcome %+v", v)
	}
	_, err = w.Requests.Claim(ctx, grace, c)
	wantCode(t, err, "request_closed")
	tracked, err := w.Requests.Track(ctx, riverside, c.Reference, w.Patients[0].BirthDate, "cy")
	if err != nil || tracked.Staff != nil || tracked.Outcome.Note != "" || tracked.Outcome.By != "" {
		t.Errorf("the patient sees %+v, %v", tracked, err)
	}
	_, err = w.Requests.Track(ctx, riverside, c.Reference, w.Patients[1].BirthDate, "en")
	wantCode(t, err, "not_found")
}

func TestEverydayKindsGoStraightToThePractice(t *testing.T) {
	t.Parallel()
	w := demotest.New(t)
	for kind, queue := range map[string]string{
		"repeat-prescription": "Prescriptions", "admin": "Admin", "callback": "Callbacks", "appointment-book": "Appointments",
		"appointment-change": "Appointments", "appointment-cancel": "Appointments", "test-results": "Test results", "fit-note": "Clinical requests",
	} {
		receipt, err := w.Requests.Submit(t.Context(), ask(w, 0, kind, nil))
		if err != nil {
			t.Fatal(kind, err)
		}
		if receipt.Status != requests.Queued || receipt.Accountable.ODS != "A81001" || receipt.Queue.Name != queue || receipt.Urgency == policy.Urgent {
			t.Errorf("%s: %+v", kind, receipt)
		}
	}
}

func TestNobodyIsLostForWantOfARegistration(t *testing.T) {
	t.Parallel()
	w := demotest.New(t)
	elsewhere, nowhere, temporary := 21, 22, 20
	stranger := soreThroat(w)
	stranger.Patient = patients.Given{BirthDate: nhs.Date{Year: 1980, Month: 5, Day: 5}, Postcode: "ZZ1 1ZZ", Sex: nhs.Male}
	stranger.ChosenPharmacy = "FRV01"
	for name, c := range map[string]struct {
		in          requests.Submission
		accountable string
	}{
		"registered elsewhere":    {ask(w, elsewhere, "admin", nil), "RRH01"},
		"registered nowhere":      {ask(w, nowhere, "callback", nil), "RRH01"},
		"temporarily registered":  {ask(w, temporary, "admin", nil), "A81003"},
		"known to no register":    {stranger, "RRH01"},
		"a number with no record": {func() requests.Submission { s := ask(w, 0, "admin", nil); s.Patient.NHSNumber = "9434765919"; return s }(), "RRH01"},
	} {
		receipt, err := w.Requests.Submit(t.Context(), c.in)
		if err != nil || receipt.Accountable.ODS != c.accountable {
			t.Errorf("%s: accountable %s, %v; want %s", name, receipt.Accountable.ODS, err, c.accountable)
		}
	}
}

func TestAnOfferThatIsDeclinedOrUnansweredComesBack(t *testing.T) {
	t.Parallel()
	w, ok := demotest.New(t), must(t)
	ctx, sam, grace := t.Context(), w.Actor(t, "sam.carter"), w.Actor(t, "grace.mensah")
	declined, silent := submit(t, w, soreThroat(w)), submit(t, w, soreThroat(w))
	ok(w.Requests.Verify(ctx, sam, declined))
	ok(w.Requests.Verify(ctx, sam, silent))
	_, err := w.Requests.Decline(ctx, grace, declined, "  ")
	wantCode(t, err, "invalid")
	ok(w.Requests.Decline(ctx, grace, declined, "No pharmacist today."))
	back := ok(w.Requests.Get(ctx, sam, declined.Reference))
	if back.Status != requests.Queued || back.Queue.Name != "Clinical requests" || back.Accountable.ODS != "A81001" {
		t.Errorf("declined: %+v", back.Receipt)
	}
	_, err = w.Requests.Accept(ctx, grace, declined)
	wantCode(t, err, "not_found")

	if n, err := w.Requests.ReturnExpiredOffers(ctx, riverside, w.Now()); n != 0 || err != nil {
		t.Fatal("came back at once", n, err)
	}
	w.Pass(21 * time.Hour) // the answer is due tomorrow at 18:30; half of the time is over at night
	if n, err := w.Requests.ReturnExpiredOffers(ctx, riverside, w.Now()); n != 0 || err != nil {
		t.Fatal("came back before anybody was there", n, err)
	}
	w.Pass(2 * time.Hour)
	if n, err := w.Requests.ReturnExpiredOffers(ctx, riverside, w.Now()); n != 1 || err != nil {
		t.Fatal("returned", n, err)
	}
	due := ok(w.Requests.Get(ctx, sam, silent.Reference))
	if due.Status != requests.Queued || !due.AnswerDue.Equal(back.AnswerDue) {
		t.Errorf("unanswered: %+v", due.Receipt)
	}
}

func TestAnEmergencyStandsOpenUntilAPersonHasChecked(t *testing.T) {
	t.Parallel()
	w, ok := demotest.New(t), must(t)
	item, found := func() (string, bool) {
		kind, _ := w.Catalogue.Kind("admin")
		flags, _ := kind.Questionnaire.Item("red-flags-adult")
		for _, o := range flags.Options {
			if o.Code == "chest-pain" {
				return o.Code, true
			}
		}
		return flags.Options[0].Code, false
	}()
	if !found {
		t.Logf("no option chest-pain; taking %s", item)
	}
	in := ask(w, 0, "admin", map[string]string{"red-flags-adult": `["` + item + `"]`})
	receipt, err := w.Requests.Submit(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if receipt.Status != requests.Diverted || receipt.Urgency != policy.Emergency || receipt.Queue.Name != "Safety checks" || !receipt.AnswerDue.Equal(w.Now()) {
		t.Errorf("%+v", receipt)
	}
	sam := w.Actor(t, "sam.carter")
	c := requests.Command{Reference: receipt.Reference}
	ok(w.Requests.Claim(t.Context(), sam, c))
	ok(w.Requests.Record(t.Context(), sam, c, requests.NewOutcome{Code: "done"}))
}

func TestUnansweredRedFlagsAreUrgentAndStay(t *testing.T) {
	t.Parallel()
	w := demotest.New(t)
	in := soreThroat(w)
	delete(in.Answers, "red-flags-adult")
	receipt, err := w.Requests.Submit(t.Context(), in)
	if err != nil || receipt.Urgency != policy.Urgent || receipt.Accountable.ODS != "A81001" || receipt.Destination.ODS != "A81001" {
		t.Errorf("%+v, %v", receipt, err)
	}
}

func TestOnlyAClinicianLowersUrgency(t *testing.T) {
	t.Parallel()
	w, ok := demotest.New(t), must(t)
	ctx, sam, aisha := t.Context(), w.Actor(t, "sam.carter"), w.Actor(t, "aisha.rahman")
	c := submit(t, w, ask(w, 0, "admin", nil))
	raised := ok(w.Requests.Raise(ctx, sam, c, policy.Urgent, "Worse since this morning."))
	if want := time.Date(2026, 11, 23, 18, 30, 0, 0, time.UTC); !raised.AnswerDue.Equal(want) {
		t.Errorf("due %s; want %s", raised.AnswerDue, want)
	}
	_, err := w.Requests.Raise(ctx, sam, c, policy.Soon, "no")
	wantCode(t, err, "not_higher")
	_, err = w.Requests.Lower(ctx, sam, c, policy.Routine, "Better now.")
	wantCode(t, err, "not_allowed")
	lowered := ok(w.Requests.Lower(ctx, aisha, c, policy.Routine, "Better now."))
	if lowered.Urgency != policy.Routine || !lowered.AnswerDue.Equal(raised.AnswerDue) {
		t.Errorf("lowered to %s, due %s", lowered.Urgency, lowered.AnswerDue)
	}
}

func TestAnIdempotencyKeyHasOneEffect(t *testing.T) {
	t.Parallel()
	w := demotest.New(t)
	in := soreThroat(w)
	in.Client, in.Key, in.BodyHash = uuid.New(), "one", []byte("body")
	const callers = 100
	receipts, errs := make([]requests.Receipt, callers), make([]error, callers)
	var all sync.WaitGroup
	for i := range callers {
		all.Go(func() { receipts[i], errs[i] = w.Requests.Submit(t.Context(), in) })
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	first, _ := json.Marshal(receipts[0])
	for _, r := range receipts {
		if b, _ := json.Marshal(r); string(b) != string(first) {
			t.Fatalf("replies differ:\n%s\n%s", first, b)
		}
	}
	other := in
	other.BodyHash = []byte("another body")
	_, err := w.Requests.Submit(t.Context(), other)
	wantCode(t, err, "idempotency_mismatch")
	another := in
	another.Client = uuid.New()
	if r, err := w.Requests.Submit(t.Context(), another); err != nil || r.Reference == receipts[0].Reference {
		t.Errorf("another client's key of the same name gave %s, %v", r.Reference, err)
	}
}

func TestTwoReceptionistsClaimingAtOnceHaveOneWinnerEach(t *testing.T) {
	t.Parallel()
	w := demotest.New(t)
	rivals := []requests.Actor{w.Actor(t, "sam.carter"), w.Actor(t, "aisha.rahman")}
	for range 300 {
		c := submit(t, w, ask(w, 0, "callback", nil))
		errs := make([]error, len(rivals))
		var both sync.WaitGroup
		for i, by := range rivals {
			both.Go(func() { _, errs[i] = w.Requests.Claim(t.Context(), by, c) })
		}
		both.Wait()
		winner := 0
		if errs[0] != nil {
			winner = 1
		}
		loser := fault.As(errs[1-winner])
		if errs[winner] != nil || loser.Code != "request_claimed" || loser.Details["claimed_by"] != rivals[winner].Name {
			t.Fatalf("errors %v", errs)
		}
	}
}

func TestManyTakingTheNextNeverTakeTheSame(t *testing.T) {
	t.Parallel()
	w := demotest.New(t)
	const each = 60
	for range 2 * each {
		submit(t, w, ask(w, 0, "callback", nil))
	}
	taken := make(chan requests.Reference, 2*each)
	var all sync.WaitGroup
	for _, by := range []requests.Actor{w.Actor(t, "sam.carter"), w.Actor(t, "aisha.rahman")} {
		all.Go(func() {
			for range each {
				v, err := w.Requests.TakeNext(t.Context(), by, demo.QueueID("A81001", "callbacks"))
				if err != nil {
					t.Error(err)
					return
				}
				taken <- v.Reference
			}
		})
	}
	all.Wait()
	close(taken)
	seen := map[requests.Reference]bool{}
	for r := range taken {
		if seen[r] {
			t.Errorf("%s was taken twice", r)
		}
		seen[r] = true
	}
	if len(seen) != 2*each {
		t.Errorf("%d taken; want %d", len(seen), 2*each)
	}
	_, err := w.Requests.TakeNext(t.Context(), w.Actor(t, "sam.carter"), demo.QueueID("A81001", "callbacks"))
	wantCode(t, err, "queue_empty")
}
