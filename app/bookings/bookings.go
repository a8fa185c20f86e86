// Package bookings finds, takes, moves, amends and gives back appointments in an organisation's clinical system while
// somebody waits: a patient on any channel, or a member of staff for one.
//
// Each change is an act of its own, with an id that is stored, with the way it will go, before the first send: so whatever
// happens afterwards, what may have reached the system is known here and is read back (Settle). An act that cannot be
// confirmed within the budget of a few seconds is unknown: nobody is told that it is booked, the request stands in the
// queue like any other, and a job settles it.
//
// It never tells anybody's appointments to somebody who has not been let in: who may ask is the caller's to prove, and the
// act's request and organisation are checked again in the database when it is stored. It closes no request and sends no
// message. What it keeps is in app/store/bookingstore; what it says to systems goes through the port, clinical.Scheduler.
package bookings

import (
	"context"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/clinical"
	"onedoor/app/nhs"
	"onedoor/app/patients"
	"onedoor/tenants"
)

// Act is what is asked of the system.
type Act string

const (
	ActBook   Act = "book"
	ActMove   Act = "move"
	ActCancel Act = "cancel"
	ActAmend  Act = "amend" // its reason, not its time
)

// State is how far an act has come.
type State string

const (
	Asked     State = "asked"     // stored, and being sent
	Unknown   State = "unknown"   // sent, and not confirmed: it is read back
	Booked    State = "booked"    // a slot was taken
	Moved     State = "moved"     // an appointment was changed to another time
	Cancelled State = "cancelled" // an appointment was given back
	Amended   State = "amended"   // an appointment's reason was changed
	Refused   State = "refused"   // it did not happen, for certain
)

// Open reports whether it is not certain yet.
func (s State) Open() bool { return s == Asked || s == Unknown }

// Booking is one act on an appointment. A request may have several: booked, moved, cancelled.
type Booking struct {
	ID              uuid.UUID // ours, the same at every try
	NeighbourhoodID uuid.UUID
	OrganisationID  uuid.UUID // whose clinical system it is
	IntegrationID   uuid.UUID // the way it goes, at every try
	RequestID       uuid.UUID
	Reference       string // the request's
	Act             Act
	State           State
	Slot            clinical.Slot        // what is taken; none for cancel and amend
	From            clinical.Appointment // what is moved, cancelled or amended; none for book
	Appointment     clinical.Appointment // as the system told it, once it is certain
	Patient         clinical.Patient
	Reason          string // for staff of the organisation; may be empty
	By              clinical.Party
	BookedBy        audit.Actor // the patient, or a member of staff
	Channel         string      // web, app, phone; empty for staff
	Tries           int
	AskedAt         time.Time
	SettledAt       time.Time // when it became certain; zero before
	NextAt          time.Time // not read back before
	LastError       string    // why it is not certain, or did not happen; plain words, nothing identifiable
}

// request is the act as the port has it.
func (b Booking) request() clinical.Booking {
	return clinical.Booking{
		ID: b.ID, Reference: b.Reference, Slot: b.Slot, Patient: b.Patient, Reason: b.Reason, At: b.AskedAt, By: b.By, Actor: b.BookedBy,
	}
}

func (b Booking) cancellation() clinical.Cancellation {
	return clinical.Cancellation{
		ID: b.ID, Reference: b.Reference, Appointment: b.From, Patient: b.Patient, Reason: b.Reason, At: b.AskedAt, By: b.By, Actor: b.BookedBy,
	}
}

func (b Booking) amendment() clinical.Amendment {
	return clinical.Amendment{
		ID: b.ID, Reference: b.Reference, Appointment: b.From, Patient: b.Patient, Reason: b.Reason, At: b.AskedAt, By: b.By, Actor: b.BookedBy,
	}
}

// Standing are the appointments that a request's acts, in their order, have led to and that were not given back.
func Standing(acts []Booking) []clinical.Appointment {
	var standing []clinical.Appointment
	replace := func(was string, now ...clinical.Appointment) {
		kept := now
		for _, a := range standing {
			if a.ID != was || was == "" {
				kept = append(kept, a)
			}
		}
		standing = kept
	}
	for _, b := range acts {
		switch b.State {
		case Booked:
			standing = append(standing, b.Appointment)
		case Moved, Amended:
			replace(b.From.ID, b.Appointment)
		case Cancelled:
			replace(b.From.ID)
		case Asked, Unknown, Refused:
		}
	}
	return standing
}

// Who asks, for whom, of which organisation's system, and for which request.
type Who struct {
	Scope           tenants.Scope // of staff, or of a patient's way in
	Actor           audit.Actor
	NeighbourhoodID uuid.UUID
	OrganisationID  uuid.UUID // whose system: the practice's
	RequestID       uuid.UUID // nothing is changed without one
	Reference       string    // the request's ten digits
	Kind            string    // the request's, of the catalogue; it chooses the integration. May be empty
	Patient         clinical.Patient
	By              clinical.Party // the organisation that books: of the staff, or the practice itself
	Use             clinical.Use   // UseAppointments for patients, UseStaffBooking for staff
	Channel         string         // web, app, phone; empty for staff
}

// Store keeps acts. Each method is a transaction of its own.
type Store interface {
	// Ask stores an act before it is first sent, with its entry in the trail. It refuses a request that the scope does not see
	// (not_found), that is closed (request_closed), or that is another organisation's (not_their_request); an act while
	// another of the same request or appointment is open (booking_open); and a second appointment for one request
	// (already_booked).
	Ask(ctx context.Context, scope tenants.Scope, b Booking) error
	// Save writes what became of an act that is still open, with its entry in the trail, and tells those who look at the
	// request. An act that is certain already is left as it is, and is given back.
	Save(ctx context.Context, scope tenants.Scope, b Booking) (Booking, error)
	// OfRequest are a request's acts, the oldest first, as far as the scope may see.
	OfRequest(ctx context.Context, scope tenants.Scope, request uuid.UUID) ([]Booking, error)
	// Get is one act.
	Get(ctx context.Context, scope tenants.Scope, id uuid.UUID) (Booking, error)
	// Looked enters into the trail that somebody looked at a patient's appointments.
	Looked(ctx context.Context, scope tenants.Scope, e audit.Entry) error
	// Due are open acts of a neighbourhood that may be read back now, the oldest first: at most so many. Each is put off
	// until the time given, so that no other process takes it up meanwhile.
	Due(ctx context.Context, neighbourhood uuid.UUID, now, until time.Time, most int) ([]Booking, error)
}

// Systems find the way into an organisation's system. It is systems.Systems.
type Systems interface {
	// For is the one that is switched on for a use with a kind of request; *clinical.Refused when there is none.
	For(ctx context.Context, neighbourhood, organisation uuid.UUID, use clinical.Use, kind string) (clinical.System, clinical.Integration, error)
	// Of is one integration's, whatever it is switched on for now.
	Of(ctx context.Context, neighbourhood, integration uuid.UUID) (clinical.System, error)
}

// How long somebody waits for a system before the act is left to be settled: a patient, and a member of staff, who uses
// interfaces that take several calls for one act.
const (
	Budget      = 4 * time.Second
	StaffBudget = 10 * time.Second
)

// Options are what a Service stands on.
type Options struct {
	Store   Store
	Systems Systems
	Now     func() time.Time
	// Budget and StaffBudget are those of this package when zero.
	Budget, StaffBudget time.Duration
	// Held says why nothing may be sent about somebody; nil where nobody knows.
	Held func(ctx context.Context, neighbourhood uuid.UUID, number nhs.Number) (patients.Hold, error)
	// Settled hears of each act that a job made certain, after it was stored; may be nil. It may hear of one twice.
	Settled func(ctx context.Context, b Booking) error
}

// Service books. It is safe for concurrent use.
type Service struct{ o Options }

// New puts a service together.
func New(o Options) *Service {
	if o.Budget == 0 {
		o.Budget = Budget
	}
	if o.StaffBudget == 0 {
		o.StaffBudget = StaffBudget
	}
	return &Service{o}
}

func (s *Service) budget(who Who) time.Duration {
	if who.Use == clinical.UseStaffBooking {
		return s.o.StaffBudget
	}
	return s.o.Budget
}

// OfRequest are a request's acts, the oldest first.
func (s *Service) OfRequest(ctx context.Context, scope tenants.Scope, request uuid.UUID) ([]Booking, error) {
	return s.o.Store.OfRequest(ctx, scope, request)
}

// Get is one act that the scope may see.
func (s *Service) Get(ctx context.Context, scope tenants.Scope, id uuid.UUID) (Booking, error) {
	return s.o.Store.Get(ctx, scope, id)
}
