package clinical

import (
	"context"

	"onedoor/app/nhs"
)

// FindPatient is what a PatientFinder offers.
const FindPatient Capability = "find-patient"

// PatientFinder is what a System may be besides: it says whether it has somebody. Its errors are those of System.
type PatientFinder interface {
	FindPatient(ctx context.Context, patient nhs.Number) (KnownPatient, bool, error)
}

// KnownPatient is somebody as a clinical system has them.
type KnownPatient struct {
	ID        string // the system's own, such as Patient/123
	Name      string
	BirthDate nhs.Date // the zero value where it does not tell
}
