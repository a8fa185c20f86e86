package clinical

import (
	"context"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/nhs"
)

// What an AppointmentBook and a Scheduler offer.
const (
	Appointments      Capability = "appointments" // tell somebody's own
	FindSlots         Capability = "find-slots"   // search what is free
	BookAppointment   Capability = "book"         // take a slot
	MoveAppointment   Capability = "move"         // change the time
	CancelAppointment Capability = "cancel"       // give it back
	AmendAppointment  Capability = "amend"        // change its reason
)

// AppointmentBook is what a System may be besides: it tells somebody's own appointments. Whom they are told to is for the
// caller of this interface, who has proved it.
type AppointmentBook interface {
	// Appointments are those booked for a person from a moment on, the next first. Its errors are those of System.
	Appointments(ctx context.Context, patient nhs.Number, from time.Time, most int) ([]Appointment, error)
}

// StaffBook is an appointment book that is for staff only, and wants to know who looks.
type StaffBook interface {
	// Seen are those booked for a person from a moment on, the next first. Its errors are those of System.
	Seen(ctx context.Context, by Looker, patient Patient, from time.Time, most int) ([]Appointment, error)
}

// Looker is a member of staff, and the organisation that they work for.
type Looker struct {
	By    Party
	Actor audit.Actor
}

// Scheduler is what a System may be besides: appointments are found, taken, moved and given back in it while somebody
// waits. Its errors are those of System and *Taken. Each change carries an id of ours, made and stored before it is first
// sent, and doing the same one again has no second effect.
type Scheduler interface {
	// Slots are free ones, the next first.
	Slots(ctx context.Context, q SlotQuery) ([]Slot, error)
	Book(ctx context.Context, b Booking) (Appointment, error)
	// Move takes the new slot before it gives the old one back, where the system has no single step for it.
	Move(ctx context.Context, b Booking, from Appointment) (Appointment, error)
	Cancel(ctx context.Context, c Cancellation) (Appointment, error)
	// Booked reads back whether a booking or a move arrived. Not found is not an error.
	Booked(ctx context.Context, b Booking) (Appointment, bool, error)
}

// Amender is what a Scheduler may be besides: an appointment's reason is changed, its time is not.
type Amender interface {
	Amend(ctx context.Context, a Amendment) (Appointment, error)
}

// Held is how an appointment is held.
type Held string

const (
	InPerson    Held = "in-person"
	ByTelephone Held = "telephone"
	ByVideo     Held = "video"
)

// SlotQuery narrows a search. The zero value of a field asks for everything.
type SlotQuery struct {
	From, To time.Time
	Held     Held
	Service  string // the system's own name for a kind of slot
	Most     int    // at most so many; zero is 20
	By       Party  // the organisation that looks, since some slots are kept for some
	Actor    audit.Actor
}

// Slot is free time in a clinical system.
type Slot struct {
	ID         string // the system's own, such as Slot/123
	ETag       string
	Start, End time.Time
	With       string // the practitioner or service, as the system calls them; may be empty
	Where      string // may be empty
	Held       Held
	Service    string
	// Links are the system's own names for what the slot belongs to, such as Location/17: kept as they are, for booking it.
	Links []string `json:",omitempty"`
}

// Booking takes a slot for a person.
type Booking struct {
	ID        uuid.UUID // ours, the same at every try
	Reference string    // the request's ten digits
	Slot      Slot
	Patient   Patient
	Reason    string // in the request's own words for staff; may be empty
	At        time.Time
	By        Party       // the organisation that books
	Actor     audit.Actor // who asked: some interfaces name the member of staff
}

// Cancellation gives an appointment back.
type Cancellation struct {
	ID          uuid.UUID // ours, the same at every try
	Reference   string
	Appointment Appointment
	Patient     Patient
	Reason      string // may be empty
	At          time.Time
	By          Party
	Actor       audit.Actor
}

// Amendment changes an appointment's reason.
type Amendment struct {
	ID          uuid.UUID // ours, the same at every try
	Reference   string
	Appointment Appointment
	Patient     Patient
	Reason      string
	At          time.Time
	By          Party
	Actor       audit.Actor
}

// Appointment is one that is booked, or was. It has no reason: that is not told by telephone.
type Appointment struct {
	ID         string // the system's own, such as Appointment/123; empty where a system does not tell
	ETag       string
	Start, End time.Time
	With       string // the practitioner or service, as the system calls them; may be empty
	Where      string // may be empty
	ByPhone    bool   // somebody will ring, or it is by video: nobody need come
	Cancelled  bool
}

// Taken means that somebody else has the slot now. Others may be free.
type Taken struct{ Cause error }

func (e *Taken) Error() string { return "Somebody else has just taken this appointment." }
func (e *Taken) Unwrap() error { return e.Cause }
