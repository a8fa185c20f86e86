package publishingstore_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"onedoor/app/audit"
	"onedoor/app/database"
	"onedoor/app/fault"
	"onedoor/app/publishing"
	"onedoor/app/requests"
	"onedoor/policy"
	"onedoor/tenants"
)

const soreThroatNote = "        note: Pharmacy First, acute sore throat.\n"

func (w world) soreThroat(t testing.TB) requests.Receipt {
	t.Helper()
	in := requests.Submission{
		NeighbourhoodID: riverside, Channel: requests.App, Kind: "symptoms", By: audit.Actor{Kind: audit.Client},
		Answers:        map[string]json.RawMessage{"red-flags-adult": json.RawMessage(`["none"]`), "condition": json.RawMessage(`"sore-throat"`), "pregnant": json.RawMessage(`"not-applicable"`)},
		ChosenPharmacy: "FRV01",
	}
	in.Patient.NHSNumber, in.Patient.BirthDate = w.Patients[0].NHSNumber, w.Patients[0].BirthDate
	receipt, err := w.Requests.Submit(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return receipt
}

func TestARuleFallsBackOnceWhereTheLeadChoseIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	if _, err := w.Fallback(ctx, riverside, "pharmacy-first", "sore-throat", "It drifts."); !fault.Is(err, "fallback_not_chosen") {
		t.Errorf("a rule that says nothing of it: %v", err)
	}
	if _, err := w.Fallback(ctx, riverside, "pharmacy-first", "no-such", "It drifts."); !fault.Is(err, "not_found") {
		t.Errorf("a rule that is not there: %v", err)
	}
	w.save(t, neil, "watched", "", edited(t, soreThroatNote, soreThroatNote+"        if_drifts: registered-practice\n"))
	chosen, err := w.Publish(ctx, neil, riverside, "watched", publishing.Publication{Note: "Fall back when it drifts."})
	if err != nil {
		t.Fatal(err)
	}
	if got := w.soreThroat(t); got.Destination.ODS != "FRV01" || got.Decision.Rule != "sore-throat" || got.Urgency != policy.Soon {
		t.Fatalf("before: %+v", got)
	}
	if _, err := w.SetSecondPerson(ctx, neil, riverside, true); err != nil {
		t.Fatal(err)
	}
	w.Pass(time.Minute)
	v, err := w.Fallback(ctx, riverside, "pharmacy-first", "sore-throat", "9 of 10 came back.")
	if err != nil {
		t.Fatal(err)
	}
	if v.State != publishing.Live || v.BasedOn != chosen.Hash || v.PublishedBy != "Onedoor" || v.Note != "9 of 10 came back." {
		t.Errorf("the version is %+v", v)
	}
	if got := w.soreThroat(t); got.Decision.PolicyVersion != v.Hash || got.Decision.Rule != "sore-throat" || got.Destination.ODS != "A81001" || got.Queue.Name != "Clinical requests" || got.Urgency != policy.Soon {
		t.Errorf("after: %+v", got)
	}
	if !strings.Contains(string(v.Document), "# Three or more episodes of earache") {
		t.Error("the comments of the document are gone")
	}
	again, err := w.Fallback(ctx, riverside, "pharmacy-first", "sore-throat", "Again.")
	if err != nil || again.ID != v.ID {
		t.Errorf("a second time: %v, %v", again.ID, err)
	}
	list, err := w.Versions(ctx, riverside)
	if err != nil || len(list) != 3 {
		t.Errorf("%d versions, %v", len(list), err)
	}
	var trail []string
	if err := w.DB.InTx(ctx, tenants.JobOf(riverside), func(tx *database.Tx) error {
		return tx.Gorm().Raw("select actor_kind from audit_entries where action = 'policy.fallback'").Scan(&trail).Error
	}); err != nil || len(trail) != 1 || trail[0] != "system" {
		t.Errorf("the trail has %v, %v", trail, err)
	}
	w.Pass(time.Minute)
	if _, err := w.Restore(ctx, neil, riverside, chosen.Hash, "They have a pharmacist again."); err != nil {
		t.Errorf("the way back: %v", err)
	}
	if got := w.soreThroat(t); got.Destination.ODS != "FRV01" {
		t.Errorf("restored: %+v", got)
	}
}
