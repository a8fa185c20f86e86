package clinical_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/fault"
	"onedoor/app/nhs"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func document() clinical.Document {
	return clinical.Document{
		Reference: "4820017365", Purpose: clinical.OwnRecord,
		Kind:    clinical.Coded{Code: "symptoms", Title: "Symptoms or a health problem"},
		Patient: clinical.Patient{NHSNumber: "9990000018", GivenName: "Ada", FamilyName: "Moor", BirthDate: nhs.Date{Year: 1996, Month: 4, Day: 27}},
		Outcome: clinical.Coded{Code: "treated", Title: "Treated"}, Note: "Advice given.",
		RecordedBy: "Priya Shah", RecordedAt: noon,
		From: clinical.Party{ODS: "FA001", Name: "Canal Pharmacy"}, For: clinical.Party{ODS: "FA001", Name: "Canal Pharmacy"},
	}
}

func delivery(t *testing.T) clinical.Delivery {
	t.Helper()
	target := clinical.Target{NeighbourhoodID: uuid.New(), OrganisationID: uuid.New(), RecordedByID: uuid.New(), RequestID: uuid.New()}
	d, err := clinical.NewDelivery(uuid.New(), target, document(), noon)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestAfterOneTry(t *testing.T) {
	t.Parallel()
	unknown := &clinical.Unknown{Says: "no answer"}
	tests := []struct {
		name  string
		from  clinical.State
		err   error
		want  clinical.State
		words string
	}{
		{"filed", clinical.Pending, nil, clinical.Filed, ""},
		{"found when read back", clinical.Sent, nil, clinical.Filed, ""},
		{"refused", clinical.Pending, &clinical.Refused{Says: "no such patient"}, clinical.NeedsAttention, "no such patient"},
		{"unavailable", clinical.Pending, &clinical.Unavailable{Says: "busy"}, clinical.Pending, "busy"},
		{"unknown", clinical.Pending, unknown, clinical.Sent, "no answer"},
		{"unknown that wraps unavailable stays uncertain", clinical.Sent, &clinical.Unknown{Says: "busy", Cause: &clinical.Unavailable{}}, clinical.Sent, "busy"},
		{"an error nobody foresaw is uncertain and its text is not shown", clinical.Pending, errors.New("Ada Moor"), clinical.Sent, "did not arrive"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := delivery(t)
			d.State = test.from
			got := d.After(clinical.Receipt{ExternalID: "Task/1", ETag: `W/"1"`}, test.err, noon.Add(time.Second), 0)
			if got.State != test.want || !strings.Contains(got.LastError, test.words) || strings.Contains(got.LastError, "Ada") {
				t.Errorf("state %s, words %q; want %s, %q", got.State, got.LastError, test.want, test.words)
			}
			if !test.from.CanBecome(got.State) {
				t.Errorf("%s may not become %s", test.from, got.State)
			}
			if got.Attempts != 1 || (test.err == nil) != (got.ExternalID == "Task/1") || (test.err == nil) == got.FiledAt.IsZero() {
				t.Errorf("attempts %d, external id %q, filed at %v", got.Attempts, got.ExternalID, got.FiledAt)
			}
		})
	}
}

func TestAcceptedIsNotFiled(t *testing.T) {
	t.Parallel()
	got := delivery(t).After(clinical.Receipt{State: clinical.Accepted, ExternalID: "m1"}, nil, noon, 0)
	if got.State != clinical.Accepted || !got.FiledAt.IsZero() || got.AcceptedAt.IsZero() || got.State.Open() {
		t.Errorf("got %+v", got)
	}
}

func TestOnlyWhatNeedsAttentionIsReplayed(t *testing.T) {
	t.Parallel()
	for _, state := range clinical.States() {
		d := delivery(t)
		d.State = state
		got, err := d.Replay(noon)
		if state == clinical.NeedsAttention {
			if err != nil || got.State != clinical.Pending {
				t.Errorf("replay of %s: %s, %v", state, got.State, err)
			}
			continue
		}
		if !fault.Is(err, "delivery_not_refused") {
			t.Errorf("replay of %s: %v", state, err)
		}
		if state.CanBecome(clinical.Pending) && !state.Open() {
			t.Errorf("%s may become pending", state)
		}
	}
}

func TestFiledIsTheEnd(t *testing.T) {
	t.Parallel()
	for _, state := range clinical.States() {
		if clinical.Filed.CanBecome(state) {
			t.Errorf("filed may become %s", state)
		}
	}
}

func TestAnIncompleteDocumentIsNoDelivery(t *testing.T) {
	t.Parallel()
	doc := document()
	doc.Reference = ""
	target := clinical.Target{NeighbourhoodID: uuid.New(), OrganisationID: uuid.New(), RecordedByID: uuid.New(), RequestID: uuid.New()}
	if _, err := clinical.NewDelivery(uuid.New(), target, doc, noon); !fault.Is(err, "document_incomplete") {
		t.Errorf("got %v", err)
	}
}

// peer is a system whose answers are told to it.
type peer struct {
	found bool
	find  error
	filed int
}

func (p *peer) File(context.Context, clinical.Delivery) (clinical.Receipt, error) {
	p.filed++
	return clinical.Receipt{ExternalID: "Task/new"}, nil
}

func (p *peer) Find(context.Context, clinical.Delivery) (clinical.Receipt, bool, error) {
	return clinical.Receipt{ExternalID: "Task/old"}, p.found, p.find
}

func (p *peer) Capabilities(context.Context) (clinical.Capabilities, error) {
	return clinical.Capabilities{}, nil
}

func TestWhatMayHaveArrivedIsReadBackFirst(t *testing.T) {
	t.Parallel()
	down := &clinical.Unavailable{Says: "busy", RetryAfter: 2 * time.Second}
	tests := []struct {
		name  string
		state clinical.State
		peer  peer
		sent  int
		id    string
	}{
		{"a new one is sent", clinical.Pending, peer{found: true}, 1, "Task/new"},
		{"found, so not sent again", clinical.Sent, peer{found: true}, 0, "Task/old"},
		{"absent, so sent", clinical.Sent, peer{}, 1, "Task/new"},
		{"cannot be read back, so not sent", clinical.Sent, peer{find: down}, 0, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := delivery(t)
			d.State = test.state
			got, err := clinical.Deliver(context.Background(), &test.peer, d)
			if test.peer.filed != test.sent || got.ExternalID != test.id {
				t.Errorf("sent %d times, id %q, %v", test.peer.filed, got.ExternalID, err)
			}
			if after := d.After(got, err, noon, 0); err != nil && (after.State != clinical.Sent || after.NextAt.Sub(noon) < 2*time.Second) {
				t.Errorf("after: %s, next in %v", after.State, after.NextAt.Sub(noon))
			}
		})
	}
}

func TestBreaker(t *testing.T) {
	t.Parallel()
	down := &clinical.Unavailable{Says: "busy"}
	b := clinical.Breaker{}
	var holds []time.Duration
	for range 10 {
		var hold time.Duration
		b, hold = b.After(down, 0)
		holds = append(holds, hold)
	}
	s := time.Second
	want := []time.Duration{0, 0, s / 2, s, 2 * s, 4 * s, 8 * s, 15 * s, 15 * s, 15 * s}
	if diff := cmp.Diff(want, holds); diff != "" {
		t.Error(diff)
	}
	if got, hold := b.After(&clinical.Refused{}, 0); got.Failures != 0 || hold != 0 {
		t.Errorf("a refusal is an answer: %+v, %v", got, hold)
	}
	if _, hold := b.After(down, 0.999); hold < 11*s || hold >= 15*s {
		t.Errorf("jitter takes off up to a quarter: %v", hold)
	}
	if _, hold := (clinical.Breaker{}).After(&clinical.Unavailable{RetryAfter: 2 * s}, 0); hold != 2*s {
		t.Errorf("a system's own time is believed at the first failure: %v", hold)
	}
	if _, hold := b.After(&clinical.Unavailable{RetryAfter: time.Hour}, 0); hold != clinical.MaxRetryAfter {
		t.Errorf("but only up to a limit: %v", hold)
	}
	if clinical.Wait(1000, 0) != clinical.MaxWait {
		t.Error("the wait stops growing")
	}
}

func TestDocumentText(t *testing.T) {
	t.Parallel()
	doc := document()
	doc.Purpose, doc.For = clinical.RegisteredPractice, clinical.Party{ODS: "A81001", Name: "Mill Lane Surgery"}
	want := `Symptoms or a health problem: Treated

Patient: Ada Moor
NHS number: 999 000 0018
Date of birth: 1996-04-27

Request: Symptoms or a health problem
Reference: 4820017365
Outcome: Treated

Advice given.

Recorded by: Priya Shah
At: Canal Pharmacy (FA001)
On: 23 November 2026 at 12:00

Sent to Mill Lane Surgery (A81001) for the patient's record.
`
	if diff := cmp.Diff(want, doc.Text()); diff != "" {
		t.Error(diff)
	}
}

func TestIntegrationAddress(t *testing.T) {
	t.Parallel()
	i := clinical.Integration{NeighbourhoodID: uuid.New(), OrganisationID: uuid.New(), Kind: clinical.FHIR}
	for address, good := range map[string]bool{
		"https://example.nhs.uk/fhir": true, "http://127.0.0.1:8081/A81001/fhir": true,
		"": false, "ftp://x/fhir": false, "https://user:secret@x/fhir": false, "https://x/fhir?key=1": false, "/fhir": false,
	} {
		i.BaseURL = address
		if err := i.Check(); (err == nil) != good {
			t.Errorf("%q: %v", address, err)
		}
	}
}

func TestAnArrivalSaysWhatWasAskedForAndHasNoOutcome(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	doc := clinical.Document{
		DeliveryID: uuid.New(), Reference: "1234567890", Purpose: clinical.Arrival, Kind: clinical.Coded{Code: "admin", Title: "Admin"},
		Patient: clinical.Patient{GivenName: "Ann", BirthDate: nhs.Date{Year: 1980, Month: 5, Day: 5}, Phone: "+447700900123"}, RecordedAt: at,
		From: clinical.Party{ODS: "A81001", Name: "Weir Lane Surgery"}, For: clinical.Party{ODS: "A81001", Name: "Weir Lane Surgery"},
		Asked: &clinical.Asked{
			Lines:   []clinical.Said{{Question: "What is it about?", Answers: []string{"A letter"}}},
			Urgency: clinical.Coded{Code: "routine", Title: "Routine"}, DueAt: at.Add(time.Hour), At: at, Channel: "web",
		},
	}
	if err := doc.Check(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"What is it about?: A letter", "Telephone: 07700 900123", "Urgency: Routine", "Answer due: 23 November 2026 at 11:00"} {
		if !strings.Contains(doc.Text(), want) {
			t.Errorf("lacks %q:\n%s", want, doc.Text())
		}
	}
	outcome := doc
	outcome.Purpose = clinical.OwnRecord
	if outcome.Check() == nil {
		t.Error("an outcome says what was asked for")
	}
	outcome.Asked = nil
	if outcome.Check() == nil {
		t.Error("an outcome that has none passes")
	}
	doc.Asked = nil
	if doc.Check() == nil {
		t.Error("an arrival of nothing passes")
	}
}
