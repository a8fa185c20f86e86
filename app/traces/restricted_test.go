package traces_test

import (
	"encoding/json"
	"testing"

	"onedoor/app/audit"
	"onedoor/app/clinical/simulator/national"
	"onedoor/app/fault"
	"onedoor/app/requests"
)

// soreThroat is a request of Daniel's that waits to be verified for Quayside Pharmacy.
func (w *world) soreThroat(t *testing.T) requests.Receipt {
	t.Helper()
	answers := map[string]json.RawMessage{"red-flags-adult": json.RawMessage(`["none"]`), "condition": json.RawMessage(`"sore-throat"`)}
	given := of(w.Patients[0])
	receipt, err := w.Requests.Submit(t.Context(), requests.Submission{
		NeighbourhoodID: riverside, Channel: requests.App, Kind: "symptoms", By: audit.Actor{Kind: audit.Patient}, Patient: given, ChosenPharmacy: "FRV01", Answers: answers,
	})
	if err != nil || receipt.Status != requests.ToVerify {
		t.Fatalf("%+v, %v", receipt, err)
	}
	return receipt
}

// A restricted record goes nowhere but to a person at the accountable organisation.
func TestARestrictedPersonsRequestGoesNowhereElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	waiting, offered, taken := w.soreThroat(t), w.soreThroat(t), w.soreThroat(t)
	sam, grace := w.staffAt(t, waiting), w.Actor(t, "grace.mensah")
	on := func(r requests.Receipt) requests.Command { return requests.Command{Reference: r.Reference} }
	for _, r := range []requests.Receipt{offered, taken} {
		if _, err := w.Requests.Verify(t.Context(), sam, on(r)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Requests.Accept(t.Context(), grace, on(taken)); err != nil {
		t.Fatal(err)
	}
	daniel := w.Patients[0]
	w.register.Know(national.Person{
		NHSNumber: string(daniel.NHSNumber), Given: daniel.GivenName, Family: daniel.FamilyName, BirthDate: daniel.BirthDate.String(), Restricted: true,
	})
	if v := w.trace(t, waiting); v.Status != requests.Queued || v.Staff.Held == nil || v.Queue.Name == waiting.Queue.Name {
		t.Fatalf("what waited to be verified is %s in %s", v.Status, v.Queue.Name)
	}
	if v, err := w.Requests.Get(t.Context(), sam, offered.Reference); err != nil || v.Status != requests.Queued || v.Offered != nil || v.Accountable.ODS != "A81001" {
		t.Errorf("what was on offer is %+v, %v", v.Receipt, err)
	}
	if _, err := w.Requests.Get(t.Context(), grace, offered.Reference); !fault.Is(err, "not_found") {
		t.Errorf("who was offered it still sees it: %v", err)
	}
	if v, err := w.Requests.Get(t.Context(), grace, taken.Reference); err != nil || v.Accountable.ODS != "FRV01" || v.Staff.Patient.Postcode != "" {
		t.Errorf("what was accepted before is %+v, %v", v.Receipt, err)
	}
	for name, try := range map[string]func() error{
		"verify": func() error { _, err := w.Requests.Verify(t.Context(), sam, on(waiting)); return err },
		"transfer": func() error {
			_, err := w.Requests.Transfer(t.Context(), sam, on(waiting), "FRV01", "", "Please see.")
			return err
		},
		"transfer by who accepted it": func() error {
			_, err := w.Requests.Transfer(t.Context(), grace, on(taken), "FRV02", "", "Please see.")
			return err
		},
	} {
		if err := try(); !fault.Is(err, "record_restricted") {
			t.Errorf("%s: %v", name, err)
		}
	}
	v, err := w.Requests.Claim(t.Context(), sam, on(waiting))
	if err != nil || v.Claimed == nil {
		t.Errorf("a person cannot deal with it here: %v", err)
	}
}
