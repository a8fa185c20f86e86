package jobs

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"
)

// sweepCallsEvery is how often calls that nobody drives any more are looked for.
const sweepCallsEvery = time.Minute

// SweepCalls ends calls whose process died, after what was answered in them has gone to reception.
type SweepCalls struct{}

// Kind is its name in River's tables.
func (SweepCalls) Kind() string { return "sweep_calls" }

// InsertOpts are those of housekeeping.
func (SweepCalls) InsertOpts() river.InsertOpts { return housekeeping() }

// CallSweeper ends the calls of a neighbourhood that went silent. It is calls.Service.
type CallSweeper interface {
	Sweep(ctx context.Context, neighbourhood uuid.UUID) (ended int, err error)
}

type sweepCallsWorker struct {
	river.WorkerDefaults[SweepCalls]
	calls          CallSweeper
	neighbourhoods func(context.Context) ([]uuid.UUID, error)
	options        Options
}

// Work goes through the neighbourhoods; trouble in one does not keep it from the others.
func (w *sweepCallsWorker) Work(ctx context.Context, _ *river.Job[SweepCalls]) error {
	neighbourhoods, err := w.neighbourhoods(ctx)
	if err != nil {
		return err
	}
	var problems []error
	for _, neighbourhood := range neighbourhoods {
		ended, err := w.calls.Sweep(ctx, neighbourhood)
		if err != nil {
			problems = append(problems, err)
		}
		if ended > 0 {
			w.options.Logger.LogAttrs(ctx, slog.LevelWarn, "calls that went silent were ended",
				slog.String("neighbourhood", neighbourhood.String()), slog.Int("calls", ended))
		}
	}
	return errors.Join(problems...)
}
