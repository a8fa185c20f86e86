package jobs

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"onedoor/app/misroutes"
)

// watchEvery is how often rules are looked at: often enough for a lead who looks at the page on the same morning.
const watchEvery = 10 * time.Minute

// WatchDrift looks whether more of what rules sent than usual was declined or sent to the wrong place.
type WatchDrift struct{}

// Kind is its name in River's tables.
func (WatchDrift) Kind() string { return "watch_drift" }

// InsertOpts are those of housekeeping.
func (WatchDrift) InsertOpts() river.InsertOpts { return housekeeping() }

// DriftWatcher looks at the rules of a neighbourhood. It is misroutes.Service.
type DriftWatcher interface {
	Watch(ctx context.Context, neighbourhood uuid.UUID) (misroutes.Watched, error)
}

type watchWorker struct {
	river.WorkerDefaults[WatchDrift]
	drift          DriftWatcher
	neighbourhoods func(context.Context) ([]uuid.UUID, error)
	options        Options
}

// Work goes through the neighbourhoods; trouble in one does not keep it from the others.
func (w *watchWorker) Work(ctx context.Context, _ *river.Job[WatchDrift]) error {
	neighbourhoods, err := w.neighbourhoods(ctx)
	if err != nil {
		return err
	}
	var problems []error
	for _, neighbourhood := range neighbourhoods {
		came, err := w.drift.Watch(ctx, neighbourhood)
		if err != nil {
			problems = append(problems, err)
		}
		if came.FellBack > 0 {
			w.options.Logger.LogAttrs(ctx, slog.LevelWarn, "rules that drifted fell back to the registered practice",
				slog.String("neighbourhood", neighbourhood.String()), slog.Int("rules", came.FellBack))
		}
	}
	return errors.Join(problems...)
}
