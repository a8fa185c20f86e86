package jobs

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"
)

// ReturnOffers gives back offers that nobody answered in time, and puts before people what an own tool said nothing of.
type ReturnOffers struct{}

// Kind is its name in River's tables.
func (ReturnOffers) Kind() string { return "return_offers" }

// InsertOpts are those of housekeeping.
func (ReturnOffers) InsertOpts() river.InsertOpts { return housekeeping() }

// OfferReturner returns a neighbourhood's offers whose time is over, and counts them.
type OfferReturner interface {
	ReturnExpiredOffers(ctx context.Context, neighbourhood uuid.UUID, now time.Time) (int, error)
	// EndSilentHandovers notes of which requests no organisation's own tool said in time that it has them.
	EndSilentHandovers(ctx context.Context, neighbourhood uuid.UUID, now time.Time) (int, error)
}

type returnWorker struct {
	river.WorkerDefaults[ReturnOffers]
	offers         OfferReturner
	neighbourhoods func(context.Context) ([]uuid.UUID, error)
	options        Options
}

// Work goes through the neighbourhoods; trouble in one does not keep it from the others.
func (w *returnWorker) Work(ctx context.Context, _ *river.Job[ReturnOffers]) error {
	neighbourhoods, err := w.neighbourhoods(ctx)
	if err != nil {
		return err
	}
	var problems []error
	for _, neighbourhood := range neighbourhoods {
		returned, err := w.offers.ReturnExpiredOffers(ctx, neighbourhood, w.options.Now())
		if err != nil {
			problems = append(problems, err)
		}
		silent, err := w.offers.EndSilentHandovers(ctx, neighbourhood, w.options.Now())
		if err != nil {
			problems = append(problems, err)
		}
		if silent > 0 {
			w.options.Logger.LogAttrs(ctx, slog.LevelInfo, "own tools said nothing in time of requests that people went on with",
				slog.String("neighbourhood", neighbourhood.String()), slog.Int("requests", silent))
		}
		if returned > 0 {
			w.options.Logger.LogAttrs(ctx, slog.LevelInfo, "offers that nobody answered went back",
				slog.String("neighbourhood", neighbourhood.String()), slog.Int("offers", returned))
		}
	}
	return errors.Join(problems...)
}
