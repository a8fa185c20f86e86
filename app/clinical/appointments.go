package clinical

import (
	"context"
	"time"

	"onedoor/app/nhs"
)

// Appointments is the capability of an AppointmentBook.
const Appointments Capability = "appointments"

// AppointmentBook is what a System may be besides: it tells somebody's own appointments. Whom they are told to is for the
// caller of this interface, who has proved it.
type AppointmentBook interface {
	// Appointments are those booked for a person from a moment on, the next first. Its errors are those of System.
	Appointments(ctx context.Context, patient nhs.Number, from time.Time, most int) ([]Appointment, error)
}

// Appointment is one that is booked. It has no reason: that is not told by telephone.
type Appointment struct {
	Start, End time.Time
	With       string // the practitioner or service, as the system calls them; may be empty
	Where      string // may be empty
	ByPhone    bool   // somebody will ring, or it is by video: nobody need come
}
