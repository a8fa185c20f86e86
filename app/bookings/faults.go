package bookings

import (
	"errors"

	"onedoor/app/clinical"
	"onedoor/app/fault"
)

// Codes of the faults of this package, for those who choose words by them.
const (
	CodeNotOffered  = "appointments_not_offered" // a person has to do it
	CodeUnavailable = "appointments_unavailable" // the system did not answer, and nothing was changed
	CodeTaken       = "slot_taken"               // somebody else has it: Next in a *TakenError are free
	CodeRefused     = "booking_refused"          // the system's definite no
	CodeUnknown     = "booking_unknown"          // it may have happened: it is settled later, and the request stands in the queue
	CodeOpen        = "booking_open"             // another act of the same request is not certain yet
	CodeBooked      = "already_booked"           // the request has its appointment
	CodeClosed      = "request_closed"
	CodeOthers      = "not_their_request" // the request is not this organisation's
)

func notOffered() *fault.Error {
	return fault.New(fault.Conflict, CodeNotOffered, "Appointments cannot be booked online here. A person will help.")
}

func isNotOffered(err error) bool { return fault.Is(err, CodeNotOffered) }

// TakenError says that somebody else has the slot, and which ones are free now.
type TakenError struct {
	Next  []clinical.Slot // may be empty: none are free, or they could not be read
	Cause error
}

func (e *TakenError) Error() string { return e.fault().Error() }

// Unwrap gives the fault, slot_taken, and the cause.
func (e *TakenError) Unwrap() []error { return []error{e.fault(), e.Cause} }

func (e *TakenError) fault() *fault.Error {
	return fault.New(fault.Conflict, CodeTaken, "Somebody else has just taken this appointment. Choose another one.")
}

// reading is the fault of a search.
func reading(err error) error {
	if err == nil {
		return nil
	}
	var refused *clinical.Refused
	if errors.As(err, &refused) {
		return refusedBy(refused)
	}
	return fault.New(fault.Unavailable, CodeUnavailable, "The practice’s appointments cannot be read now.").Because(err)
}

// refusedBy passes the system's words on: they are for staff, in plain words, with nothing identifiable.
func refusedBy(refused *clinical.Refused) *fault.Error {
	return fault.New(fault.Conflict, CodeRefused, "%s", refused.Says).Because(refused)
}

func unknown(err error) *fault.Error {
	return fault.New(fault.Unavailable, CodeUnknown, "We could not confirm this with the practice’s system in time. We are checking, and will show what came of it.").Because(err)
}
