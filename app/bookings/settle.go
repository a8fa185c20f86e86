package bookings

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/tenants"
)

const (
	settleAfter = 2 * time.Second  // the first time that an act is read back, after it was given up
	settleLease = 30 * time.Second // how long one process has an act to itself
	settleMost  = 20
	// arrives is how long a system that does not know an act is asked again: what was sent may still be on its way in.
	arrives = 2 * time.Minute
)

// Settle reads back a neighbourhood's acts that are not certain, and says how many became so. A booking that the system does
// not have after a while did not happen: it is not sent again, since the person was told that someone would see to it. A
// move that arrived is finished, and a cancellation or an amendment is asked again: neither has a second effect.
func (s *Service) Settle(ctx context.Context, neighbourhood uuid.UUID) (settled int, err error) {
	now := s.o.Now()
	due, err := s.o.Store.Due(ctx, neighbourhood, now, now.Add(settleLease), settleMost)
	if err != nil {
		return 0, err
	}
	var problems []error
	for _, b := range due {
		certain, err := s.settle(ctx, b)
		if err != nil {
			problems = append(problems, err)
		}
		if certain {
			settled++
		}
	}
	return settled, errors.Join(problems...)
}

func (s *Service) settle(ctx context.Context, b Booking) (bool, error) {
	system, err := s.o.Systems.Of(ctx, b.NeighbourhoodID, b.IntegrationID)
	if err == nil {
		scheduler, ok := system.(clinical.Scheduler)
		if !ok {
			err = &clinical.Unknown{Says: "The connection to the practice’s system was changed. A person has to look whether it was done."}
		} else {
			asking, cancel := context.WithTimeout(ctx, s.o.StaffBudget)
			defer cancel()
			b = s.readBack(asking, way{Scheduler: scheduler, system: system}, b)
		}
	}
	if err != nil { // the way is paused, gone, or cannot be read: what was sent is still not known
		b = b.after(clinical.Appointment{}, &clinical.Unknown{Says: "The practice’s system cannot be asked now whether it was done.", Cause: err}, s.o.Now())
	}
	b, err = s.o.Store.Save(ctx, tenants.JobOf(b.NeighbourhoodID), b)
	if err != nil || b.State.Open() {
		return false, err
	}
	if s.o.Settled != nil {
		err = s.o.Settled(ctx, b)
	}
	return true, err
}

func (s *Service) readBack(ctx context.Context, w way, b Booking) Booking {
	now := s.o.Now()
	switch b.Act {
	case ActCancel, ActAmend:
		got, err := w.try(ctx, b)
		return b.after(got, uncertain(err), now)
	case ActBook, ActMove:
	}
	got, found, err := w.Booked(ctx, b.request())
	switch {
	case err != nil:
		return b.after(got, &clinical.Unknown{Says: "The practice’s system could not say whether it was done.", Cause: err}, now)
	case found && got.Cancelled: // by the other side, or by an earlier try that could not be finished: what was given back is not taken again
		return b.refused("The practice’s system has it as cancelled. Look there before anything else is changed.", now)
	case found && b.Act == ActMove:
		got, err = w.Move(ctx, b.request(), b.From)
		return b.after(got, w.unmoved(ctx, b, uncertain(err)), now)
	case found:
		return b.after(got, nil, now)
	case now.Before(b.AskedAt.Add(arrives)):
		return b.after(got, &clinical.Unknown{Says: "The practice’s system does not have it yet."}, now)
	}
	return b.refused("The practice’s system did not get it. Nothing was booked.", now)
}

// unmoved is an error of a move whose new time was taken before: that it is refused now is certain only if that time was
// given back. Else the person may have both, which is for somebody to see.
func (w way) unmoved(ctx context.Context, b Booking, err error) error {
	var refused *clinical.Refused
	var taken *clinical.Taken
	says := ""
	switch {
	case errors.As(err, new(*clinical.Unknown)):
		return err
	case errors.As(err, &refused):
		says = refused.Says
	case errors.As(err, &taken):
		says = taken.Error()
	default:
		return err
	}
	got, found, looking := w.Booked(ctx, b.request())
	if looking == nil && (!found || got.Cancelled) {
		return err
	}
	return &clinical.Unknown{Says: "The new time is booked, and the old one may be too. " + says, Cause: errors.Join(err, looking)}
}

// uncertain is an error of a second try: that the system is not there now says nothing of the first.
func uncertain(err error) error {
	var unavailable *clinical.Unavailable
	if errors.As(err, &unavailable) {
		return &clinical.Unknown{Says: unavailable.Says, RetryAfter: unavailable.RetryAfter, Cause: err}
	}
	return err
}
