package referralstore_test

import (
	"testing"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/fault"
	"onedoor/app/requests"
)

func TestAnAmendmentStandsInThePlaceOfWhatItAmends(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	practice, _ := w.d.Organisation(w.Patients[0].PracticeID)
	one := w.callers["one"]
	referral := func(says string) clinical.Referral {
		p := w.Patients[0]
		return clinical.Referral{
			Message:     clinical.ReferralMessage{ID: uuid.New(), CorrelationID: uuid.New(), Event: "servicerequest-request", Reason: "new", Body: []byte(says), At: w.Now()},
			Identifiers: []clinical.Named{{System: "https://sender.example", Value: "77"}}, For: clinical.Party{ODS: practice.ODS, Name: practice.Name},
			From: clinical.Party{ODS: "RYE", Name: "A service elsewhere"}, UseCase: clinical.Coded{Code: "a7t1", Title: "Patient Facing Services to Primary Care"},
			Patient: clinical.Patient{NHSNumber: p.NHSNumber, BirthDate: p.BirthDate}, Complaint: says, Resource: []byte(`{"resourceType":"ServiceRequest"}`),
		}
	}
	if _, err := w.desk.Amend(t.Context(), one, referral("nothing was sent yet")); !fault.Is(err, "not_found") {
		t.Errorf("an amendment of nothing: %v", err)
	}
	first, err := w.desk.Refer(t.Context(), one, referral("Itchy eyes"))
	if err != nil {
		t.Fatal(err)
	}
	amended, err := w.desk.Amend(t.Context(), one, referral("Itchy eyes and a runny nose"))
	if err != nil || amended.ID != first.ID || amended.Reference == first.Reference {
		t.Fatalf("%+v after %+v, %v", amended, first, err)
	}
	if old, now := w.seen(first.Reference), w.seen(amended.Reference); old.Status != requests.Closed || now.Status == requests.Closed {
		t.Errorf("the first is %s, the second %s", old.Status, now.Status)
	}
	if _, err := w.desk.End(t.Context(), one, clinical.ReferralEnd{
		Message: clinical.ReferralMessage{ID: uuid.New(), CorrelationID: uuid.New(), Body: []byte("end"), At: w.Now()}, ExternalID: first.ID.String(), InError: true,
	}); err != nil {
		t.Fatal(err)
	}
	if now := w.seen(amended.Reference); now.Status != requests.Closed {
		t.Errorf("taken back, it is %s", now.Status)
	}
	again := referral("another message with an id that was used")
	again.Message.ID = uuid.New()
	if _, err := w.desk.Refer(t.Context(), one, again); err != nil {
		t.Fatal(err)
	}
	again.Message.Body = []byte("which says something else")
	if _, err := w.desk.Refer(t.Context(), one, again); !fault.Is(err, "referral_other") {
		t.Errorf("one id for two messages: %v", err)
	}
	if err := w.desk.Answered(t.Context(), one, clinical.ReferralAnswer{To: uuid.New()}); !fault.Is(err, "not_found") {
		t.Errorf("an answer to nothing: %v", err)
	}
}
