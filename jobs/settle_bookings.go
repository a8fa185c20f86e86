package jobs

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"
)

// settleBookingsEvery is how often appointments that were not confirmed are read back.
const settleBookingsEvery = 5 * time.Second

// SettleBookings reads back what may have been booked, moved or cancelled without our hearing of it.
type SettleBookings struct{}

// Kind is its name in River's tables.
func (SettleBookings) Kind() string { return "settle_bookings" }

// InsertOpts are those of housekeeping.
func (SettleBookings) InsertOpts() river.InsertOpts { return housekeeping() }

// BookingSettler settles a neighbourhood's acts on appointments. It is bookings.Service.
type BookingSettler interface {
	Settle(ctx context.Context, neighbourhood uuid.UUID) (settled int, err error)
}

type settleBookingsWorker struct {
	river.WorkerDefaults[SettleBookings]
	bookings       BookingSettler
	neighbourhoods func(context.Context) ([]uuid.UUID, error)
}

// Work goes through the neighbourhoods; trouble in one does not keep it from the others.
func (w *settleBookingsWorker) Work(ctx context.Context, _ *river.Job[SettleBookings]) error {
	neighbourhoods, err := w.neighbourhoods(ctx)
	if err != nil {
		return err
	}
	var problems []error
	for _, neighbourhood := range neighbourhoods {
		if _, err := w.bookings.Settle(ctx, neighbourhood); err != nil {
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
}
