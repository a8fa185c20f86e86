package selfservice

import (
	"context"
	"errors"

	"onedoor/app/bookings"
	"onedoor/app/callers"
	"onedoor/app/clinical"
	"onedoor/app/requests"
)

// mostOffered is how many slots and appointments are offered at once: a page, or a few minutes of listening.
const mostOffered = 20

// OfferedSlot is a free slot that somebody may take, and the token that stands for it.
type OfferedSlot struct {
	Token string
	clinical.Slot
}

// OfferedAppointment is one of somebody's own, and the token that stands for it.
type OfferedAppointment struct {
	Token string
	clinical.Appointment
}

// TakenError says that somebody else has just taken the slot, and which are free now. It unwraps to the fault slot_taken.
type TakenError struct {
	Next  []OfferedSlot // may be empty
	Cause error
}

func (e *TakenError) Error() string { return e.Cause.Error() }
func (e *TakenError) Unwrap() error { return e.Cause }

// Slots are what is free, the next first. Its errors are those of bookings.Free, and not_proved.
func (s *Service) Slots(ctx context.Context, v Visit, proof callers.Proof, q clinical.SlotQuery) ([]OfferedSlot, error) {
	own, err := s.let(ctx, v, proof, Book, Change)
	if err != nil {
		return nil, err
	}
	if q.Most <= 0 || q.Most > mostOffered {
		q.Most = mostOffered
	}
	slots, err := s.o.Bookings.Free(ctx, s.who(own, v), q)
	if err != nil {
		return nil, err
	}
	return s.offerSlots(ctx, own, slots)
}

func (s *Service) offerSlots(ctx context.Context, own requests.Own, slots []clinical.Slot) ([]OfferedSlot, error) {
	offered := make([]OfferedSlot, 0, min(len(slots), mostOffered))
	for _, slot := range slots[:min(len(slots), mostOffered)] {
		token, err := seal(ctx, s, own, aSlot, slot)
		if err != nil {
			return nil, err
		}
		offered = append(offered, OfferedSlot{token, slot})
	}
	return offered, nil
}

// Appointments are the person's own that are still to come, the next first. Its errors are those of callers.Appointments.
func (s *Service) Appointments(ctx context.Context, v Visit, proof callers.Proof) ([]OfferedAppointment, error) {
	own, err := s.let(ctx, v, proof, Change, Cancel)
	if err != nil {
		return nil, err
	}
	reading, cancel := context.WithTimeout(ctx, s.o.Budget)
	defer cancel()
	list, err := s.o.Callers.Appointments(reading, proof)
	if err != nil {
		return nil, err
	}
	offered := make([]OfferedAppointment, 0, len(list))
	for _, a := range list {
		if a.ID == "" || a.Cancelled {
			continue
		}
		token, err := seal(ctx, s, own, anAppointment, a)
		if err != nil {
			return nil, err
		}
		offered = append(offered, OfferedAppointment{token, a})
	}
	return offered, nil
}

// Book takes a slot that was offered, and closes the request. The errors say what is true: *TakenError with what is free now;
// booking_unknown (it is read back; the request stands in the queue meanwhile); appointments_unavailable and booking_refused
// (nothing was changed, and the request stands in the queue); offer_ended for a token that holds no longer.
func (s *Service) Book(ctx context.Context, v Visit, proof callers.Proof, slot string) (clinical.Appointment, error) {
	own, err := s.let(ctx, v, proof, Book)
	if err != nil {
		return clinical.Appointment{}, err
	}
	chosen, err := open[clinical.Slot](ctx, s, own, aSlot, slot)
	if err != nil {
		return clinical.Appointment{}, err
	}
	b, err := s.o.Bookings.Book(ctx, s.who(own, v), chosen, bookings.Change{})
	return s.done(ctx, own, b, err)
}

// Move takes a slot in the place of an appointment of the person's own. Errors are those of Book.
func (s *Service) Move(ctx context.Context, v Visit, proof callers.Proof, appointment, slot string) (clinical.Appointment, error) {
	own, err := s.let(ctx, v, proof, Change)
	if err != nil {
		return clinical.Appointment{}, err
	}
	from, err := open[clinical.Appointment](ctx, s, own, anAppointment, appointment)
	if err != nil {
		return clinical.Appointment{}, err
	}
	chosen, err := open[clinical.Slot](ctx, s, own, aSlot, slot)
	if err != nil {
		return clinical.Appointment{}, err
	}
	b, err := s.o.Bookings.Move(ctx, s.who(own, v), from, chosen, bookings.Change{})
	return s.done(ctx, own, b, err)
}

// Cancel gives an appointment of the person's own back. Errors are those of Book, without a *TakenError.
func (s *Service) Cancel(ctx context.Context, v Visit, proof callers.Proof, appointment string) (clinical.Appointment, error) {
	own, err := s.let(ctx, v, proof, Cancel)
	if err != nil {
		return clinical.Appointment{}, err
	}
	from, err := open[clinical.Appointment](ctx, s, own, anAppointment, appointment)
	if err != nil {
		return clinical.Appointment{}, err
	}
	b, err := s.o.Bookings.Cancel(ctx, s.who(own, v), from, bookings.Change{})
	if b.Appointment.Start.IsZero() {
		b.Appointment.Start, b.Appointment.End, b.Appointment.With = from.Start, from.End, from.With
	}
	return s.done(ctx, own, b, err)
}

// done closes the request of an act that is certain.
func (s *Service) done(ctx context.Context, own requests.Own, b bookings.Booking, err error) (clinical.Appointment, error) {
	var taken *bookings.TakenError
	if errors.As(err, &taken) {
		next, sealErr := s.offerSlots(ctx, own, taken.Next)
		return clinical.Appointment{}, errors.Join(&TakenError{next, err}, sealErr)
	}
	if err != nil {
		return clinical.Appointment{}, err
	}
	// It is done, whether or not the visitor still listens; were the request not closed, a person would find it booked.
	return b.Appointment, s.Settled(context.WithoutCancel(ctx), b)
}

// Settled closes the request of an act on an appointment that is certain now. It is for bookings.Options.Settled, and passes
// over what staff did.
func (s *Service) Settled(ctx context.Context, b bookings.Booking) error {
	outcome := ""
	switch b.State {
	case bookings.Booked:
		outcome = "appointment-booked"
	case bookings.Moved:
		outcome = "appointment-moved"
	case bookings.Cancelled:
		outcome = "appointment-cancelled"
	case bookings.Asked, bookings.Unknown, bookings.Refused, bookings.Amended:
	}
	if outcome == "" || b.Channel == "" {
		return nil
	}
	return s.o.Requests.SettledBySelf(ctx, b.NeighbourhoodID, requests.Reference(b.Reference), b.OrganisationID, outcome)
}
