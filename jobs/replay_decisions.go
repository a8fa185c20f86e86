package jobs

import (
	"context"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"onedoor/app/simulations"
	"onedoor/tenants"
)

// ReplayDecisions decides a sample of the last day's stored decisions again, and raises an alarm where one comes out
// otherwise.
type ReplayDecisions struct{}

// Kind is its name in River's tables.
func (ReplayDecisions) Kind() string { return "replay_decisions" }

// InsertOpts are those of housekeeping, one at a time.
func (ReplayDecisions) InsertOpts() river.InsertOpts { return oneAtATime() }

// Replayer replays a neighbourhood's decisions of the last day, and raises and clears its alarms.
type Replayer interface {
	Replay(ctx context.Context, neighbourhood uuid.UUID) (simulations.Replayed, error)
}

type replayWorker struct {
	river.WorkerDefaults[ReplayDecisions]
	replays        Replayer
	neighbourhoods func(context.Context) ([]uuid.UUID, error)
	options        Options
}

// Timeout leaves time for many neighbourhoods.
func (w *replayWorker) Timeout(*river.Job[ReplayDecisions]) time.Duration { return 10 * time.Minute }

// Work goes through the neighbourhoods; trouble in one does not keep it from the others.
func (w *replayWorker) Work(ctx context.Context, _ *river.Job[ReplayDecisions]) error {
	return inEach(ctx, w.neighbourhoods, func(neighbourhood uuid.UUID) error {
		r, err := w.replays.Replay(ctx, neighbourhood)
		if r.Different > 0 || r.Unavailable > 0 {
			w.options.Logger.LogAttrs(ctx, slog.LevelWarn, "stored decisions were replayed",
				slog.String("neighbourhood", neighbourhood.String()), slog.Int("decisions", r.Decisions), slog.Int("different", r.Different),
				slog.Int("of_a_safety_stage_that_is_not_to_be_had", r.Unavailable))
		}
		return err
	})
}

// nightly is three in the morning in London.
type nightly struct{}

// Next is the next one after a moment.
func (nightly) Next(after time.Time) time.Time {
	local := after.In(tenants.London())
	at := time.Date(local.Year(), local.Month(), local.Day(), 3, 0, 0, 0, tenants.London())
	if !at.After(after) {
		at = time.Date(local.Year(), local.Month(), local.Day()+1, 3, 0, 0, 0, tenants.London())
	}
	return at
}
