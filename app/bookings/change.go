package bookings

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/fault"
)

// Change is what a member of staff or a patient adds.
type Change struct {
	Reason string // for the organisation's staff; may be empty
}

// Book takes a slot. On success the booking is certain. Otherwise the error says what is true: a *TakenError with others that
// are free; booking_refused; appointments_unavailable (nothing was changed); or booking_unknown, with the booking as it is
// kept: then it is settled later, and the request stands in the queue meanwhile.
func (s *Service) Book(ctx context.Context, who Who, slot clinical.Slot, c Change) (Booking, error) {
	if slot.ID == "" {
		return Booking{}, fault.New(fault.Invalid, "slot_missing", "Choose an appointment.")
	}
	return s.act(ctx, who, Booking{Act: ActBook, Slot: slot, Reason: c.Reason})
}

// Move takes another slot in an appointment's place. Errors are those of Book; while it is unknown the person may have
// either.
func (s *Service) Move(ctx context.Context, who Who, from clinical.Appointment, to clinical.Slot, c Change) (Booking, error) {
	if to.ID == "" || from.ID == "" {
		return Booking{}, fault.New(fault.Invalid, "slot_missing", "Choose an appointment.")
	}
	return s.act(ctx, who, Booking{Act: ActMove, From: from, Slot: to, Reason: c.Reason})
}

// Cancel gives an appointment back. Errors are those of Book, without slot_taken.
func (s *Service) Cancel(ctx context.Context, who Who, from clinical.Appointment, c Change) (Booking, error) {
	if from.ID == "" {
		return Booking{}, fault.New(fault.Invalid, "appointment_missing", "Choose an appointment.")
	}
	return s.act(ctx, who, Booking{Act: ActCancel, From: from, Reason: c.Reason})
}

// Amend changes an appointment's reason, where the system has a step for it. Errors are those of Cancel.
func (s *Service) Amend(ctx context.Context, who Who, from clinical.Appointment, c Change) (Booking, error) {
	if from.ID == "" {
		return Booking{}, fault.New(fault.Invalid, "appointment_missing", "Choose an appointment.")
	}
	if c.Reason == "" {
		return Booking{}, fault.New(fault.Invalid, "reason_missing", "Enter the reason for the appointment.")
	}
	return s.act(ctx, who, Booking{Act: ActAmend, From: from, Reason: c.Reason})
}

// act stores, sends once, and stores what came of it.
func (s *Service) act(ctx context.Context, who Who, b Booking) (Booking, error) {
	w, err := s.way(ctx, who)
	if err != nil {
		return Booking{}, err
	}
	if who.RequestID == uuid.Nil || who.Reference == "" {
		return Booking{}, fault.New(fault.Invalid, "request_missing", "An appointment is changed for a request.")
	}
	if b.Act == ActAmend {
		if _, ok := w.system.(clinical.Amender); !ok {
			return Booking{}, notOffered()
		}
	}
	now := s.o.Now()
	b.ID = uuid.Must(uuid.NewV7())
	b.NeighbourhoodID, b.OrganisationID, b.IntegrationID = who.NeighbourhoodID, who.OrganisationID, w.integration.ID
	b.RequestID, b.Reference, b.Patient, b.By, b.BookedBy, b.Channel = who.RequestID, who.Reference, who.Patient, who.By, who.Actor, who.Channel
	b.State, b.AskedAt, b.NextAt = Asked, now, now.Add(s.budget(who)+settleAfter)
	if err := s.o.Store.Ask(ctx, who.Scope, b); err != nil {
		return Booking{}, err
	}
	// From here on the act is finished whether or not the caller still listens.
	ctx = context.WithoutCancel(ctx)
	sending, cancel := context.WithTimeout(ctx, s.budget(who))
	got, tried := w.try(sending, b)
	cancel()
	b = b.after(got, tried, s.o.Now())
	saved, err := s.o.Store.Save(ctx, who.Scope, b)
	if err != nil {
		return b, unknown(err) // it is stored as asked, and is read back
	}
	return saved, s.told(ctx, who, w, saved, tried)
}

// try makes one try at an act.
func (w way) try(ctx context.Context, b Booking) (clinical.Appointment, error) {
	switch b.Act {
	case ActBook:
		return w.Book(ctx, b.request())
	case ActMove:
		return w.Move(ctx, b.request(), b.From)
	case ActCancel:
		return w.Cancel(ctx, b.cancellation())
	case ActAmend:
		if amender, ok := w.system.(clinical.Amender); ok {
			return amender.Amend(ctx, b.amendment())
		}
	}
	return clinical.Appointment{}, &clinical.Refused{Says: "The practice’s system does not offer this."}
}

// after is an act after a try.
func (b Booking) after(got clinical.Appointment, err error, now time.Time) Booking {
	b.Tries++
	var lost *clinical.Unknown
	var taken *clinical.Taken
	var refused *clinical.Refused
	var unavailable *clinical.Unavailable
	switch {
	case err == nil:
		b.State, b.Appointment, b.SettledAt, b.LastError = b.Act.done(), got, now, ""
		return b
	case errors.As(err, &lost): // first: it may wrap one of the others
		b.LastError = lost.Says
	case errors.As(err, &taken):
		return b.refused(taken.Error(), now)
	case errors.As(err, &refused):
		return b.refused(refused.Says, now)
	case errors.As(err, &unavailable):
		return b.refused(unavailable.Says, now)
	default: // an error that we did not foresee may hold anything, so its text is not kept
		b.LastError = "The practice’s system did not confirm it in time."
	}
	b.State, b.NextAt = Unknown, now.Add(settleAfter<<min(b.Tries, 6))
	return b
}

func (b Booking) refused(says string, now time.Time) Booking {
	b.State, b.SettledAt, b.LastError = Refused, now, says
	return b
}

func (a Act) done() State {
	switch a {
	case ActMove:
		return Moved
	case ActCancel:
		return Cancelled
	case ActAmend:
		return Amended
	case ActBook:
	}
	return Booked
}

// told is what the caller hears of an act.
func (s *Service) told(ctx context.Context, who Who, w way, b Booking, err error) error {
	var taken *clinical.Taken
	var refused *clinical.Refused
	switch {
	case b.State.Open():
		return unknown(err)
	case b.State != Refused:
		return nil
	case errors.As(err, &taken):
		looking, cancel := context.WithTimeout(ctx, s.budget(who))
		defer cancel()
		next, _ := w.Slots(looking, s.sensible(who, clinical.SlotQuery{From: s.o.Now(), Held: b.Slot.Held, Service: b.Slot.Service, Most: mostNext}))
		return &TakenError{Next: next, Cause: err}
	case errors.As(err, &refused):
		return refusedBy(refused)
	}
	return fault.New(fault.Unavailable, CodeUnavailable, "The practice’s appointments cannot be changed now. Nothing was changed.").Because(err)
}

const mostNext = 6
