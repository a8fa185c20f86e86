package clinical

import (
	"context"
	"time"

	"github.com/google/uuid"

	"onedoor/app/nhs"
)

// What a Dispensary offers.
const (
	ListMedicines Capability = "list-medicines"
	AskMedicines  Capability = "ask-for-medicines"
)

// RepeatMedicines is what a System may be besides: it tells what somebody takes regularly, and takes an order for it to the
// prescriber. Nothing is prescribed by it: an order is a task for a person at the practice.
type RepeatMedicines interface {
	// Repeats are what a person may ask for again. Whom they are told to is for the caller, who has proved it.
	Repeats(ctx context.Context, patient nhs.Number) ([]Medicine, error)
	// Ask puts an order before the prescriber. Asking the same again has no second effect.
	Ask(ctx context.Context, order MedicineOrder) (Receipt, error)
	// Asked reads back what became of an order; false when it did not arrive.
	Asked(ctx context.Context, order MedicineOrder) (Standing, bool, error)
}

// Medicine is one that is repeated.
type Medicine struct {
	ID       string // the system's own, such as MedicationRequest/123
	Code     string // dm+d, under http://snomed.info/sct; may be empty
	Name     string
	Dosage   string // may be empty
	Quantity string // may be empty
	// Last is when it was last issued; zero when not told. May says whether it can be asked for now, and Why not.
	Last time.Time
	May  bool
	Why  string
}

// MedicineOrder asks for some of them.
type MedicineOrder struct {
	ID        uuid.UUID // ours, the same at every try
	Reference string
	Patient   Patient
	Medicines []Medicine
	Note      string // may be empty
	At        time.Time
	By        Party
}
