package jobs

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"
)

// SweepDeliveries looks for deliveries that nobody works on: whose drain job was lost, or whose process died.
type SweepDeliveries struct{}

// Kind is its name in River's tables.
func (SweepDeliveries) Kind() string { return "sweep_deliveries" }

// InsertOpts are those of housekeeping.
func (SweepDeliveries) InsertOpts() river.InsertOpts { return housekeeping() }

// Sweeps is the store, as the sweeper sees it.
type Sweeps interface {
	Neighbourhoods(context.Context) ([]uuid.UUID, error)
	// Sweep counts the lines that it had to help in one neighbourhood.
	Sweep(ctx context.Context, neighbourhood uuid.UUID, lease time.Duration) (int, error)
}

type sweepWorker struct {
	river.WorkerDefaults[SweepDeliveries]
	sweeps  Sweeps
	options Options
}

// Work sweeps each neighbourhood in a scope of its own; trouble in one does not keep it from the others.
func (w *sweepWorker) Work(ctx context.Context, _ *river.Job[SweepDeliveries]) error {
	neighbourhoods, err := w.sweeps.Neighbourhoods(ctx)
	if err != nil {
		return err
	}
	var problems []error
	for _, neighbourhood := range neighbourhoods {
		helped, err := w.sweeps.Sweep(ctx, neighbourhood, w.options.Lease)
		if err != nil {
			problems = append(problems, err)
		}
		if helped > 0 {
			w.options.Logger.LogAttrs(ctx, slog.LevelWarn, "the sweeper took up lost deliveries",
				slog.String("neighbourhood", neighbourhood.String()), slog.Int("lines", helped))
		}
	}
	return errors.Join(problems...)
}
