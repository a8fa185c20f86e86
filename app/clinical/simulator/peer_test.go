package simulator_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/clinical/fhir"
)

func document() clinical.Document {
	return clinical.Document{
		DeliveryID: uuid.New(), Reference: "4820017365", Purpose: clinical.OwnRecord,
		Kind: clinical.Coded{Code: "symptoms", Title: "Symptoms"}, Outcome: clinical.Coded{Code: "done", Title: "Done"},
		RecordedBy: "Priya Shah", RecordedAt: noon,
		From: clinical.Party{ODS: "FA001", Name: "Canal Pharmacy"}, For: clinical.Party{ODS: "FA001", Name: "Canal Pharmacy"},
	}
}

func adapter(t *testing.T, address string, transport http.RoundTripper) *fhir.System {
	t.Helper()
	system, err := fhir.New(fhir.Options{BaseURL: address, Transport: transport, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return system
}

// The adapter meets each fault, then tries as a drain would until the document is filed: one effect, always.
func TestAdapterMeetsEachFault(t *testing.T) {
	t.Parallel()
	var unknown *clinical.Unknown
	var unavailable *clinical.Unavailable
	tests := []struct {
		mode  string
		first func(error) bool
	}{
		{"ok", func(err error) bool { return err == nil }},
		{"slow", func(err error) bool { return err == nil }},
		{"down", func(err error) bool { return errors.As(err, &unavailable) }},
		{"conflict", func(err error) bool { return errors.As(err, &unavailable) }},
		{"rate-limit", func(err error) bool { return errors.As(err, &unavailable) && unavailable.RetryAfter == 2*time.Second }},
		{"timeout-after-commit", func(err error) bool { return errors.As(err, &unknown) }},
		{"drop-after-commit", func(err error) bool { return errors.As(err, &unknown) }},
		{"error-after-commit", func(err error) bool { return errors.As(err, &unknown) }},
		{"stale", func(err error) bool { return errors.As(err, &unavailable) }},
		{"too-early", func(err error) bool { return errors.As(err, &unavailable) && unavailable.RetryAfter == 2*time.Second }},
	}
	for _, test := range tests {
		t.Run(test.mode, func(t *testing.T) {
			t.Parallel()
			p, _ := start(t, "")
			system := adapter(t, p.root+"/FA001/fhir", &http.Transport{})
			p.do("POST", "/FA001/faults", `{"mode": "`+test.mode+`"}`)
			d := clinical.Delivery{State: clinical.Pending, Document: document()}
			d.ID = d.Document.DeliveryID
			receipt, err := clinical.Deliver(context.Background(), system, d)
			if !test.first(err) {
				t.Fatalf("the first try: %T %v", err, err)
			}
			d = d.After(receipt, err, noon, 0)
			for try := range 2 {
				if try == 1 || !strings.HasSuffix(test.mode, "-after-commit") { // in those modes reading back is enough
					p.do("POST", "/FA001/faults", `{"mode": "ok"}`)
				}
				receipt, err = clinical.Deliver(context.Background(), system, d)
				if err != nil {
					t.Fatalf("a later try from %s: %v", d.State, err)
				}
				if d.State.Open() {
					d = d.After(receipt, err, noon, 0)
				}
			}
			ledger := p.ledger("FA001")
			if len(ledger) != 1 || ledger[0].RequestReference != "4820017365" || d.State != clinical.Filed || d.ExternalID != ledger[0].Resource {
				t.Errorf("%s as %s, ledger %+v", d.State, d.ExternalID, ledger)
			}
		})
	}
}

func TestTheSimulatorOffersWhatTheAdapterNeeds(t *testing.T) {
	t.Parallel()
	p, _ := start(t, "")
	got, err := adapter(t, p.root+"/FA001/fhir", nil).Capabilities(context.Background())
	if err != nil || got.Version != "4.0.1" || !slices.Equal(got.Offers, []clinical.Capability{
		clinical.FileOutcome, clinical.ReadBack, clinical.Appointments, clinical.FindSlots, clinical.BookAppointment, clinical.MoveAppointment,
		clinical.CancelAppointment, clinical.AmendAppointment, clinical.ListMedicines, clinical.AskMedicines, clinical.FileRequest,
		clinical.RequestStatus, clinical.FindPatient,
	}) {
		t.Errorf("%+v, %v", got, err)
	}
}
