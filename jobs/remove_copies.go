package jobs

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"
)

const (
	removeCopiesEvery = time.Minute
	// removeCopiesTime bounds a round: some removals at a platform that is slow.
	removeCopiesTime = 5 * time.Minute
)

// RemoveCopies removes at telephony platforms what they hold of recordings that are kept here.
type RemoveCopies struct{}

// Kind is its name in River's tables.
func (RemoveCopies) Kind() string { return "remove_copies" }

// InsertOpts keep it to one round at a time, beside what else is slow with recordings.
func (RemoveCopies) InsertOpts() river.InsertOpts {
	o := oneAtATime()
	o.Queue = queueRecordings
	return o
}

// Copies removes what is due in a neighbourhood, and counts it. It is recordings.Service.
type Copies interface {
	RemoveCopies(ctx context.Context, neighbourhood uuid.UUID) (int, error)
}

type removeCopiesWorker struct {
	river.WorkerDefaults[RemoveCopies]
	copies         Copies
	neighbourhoods func(context.Context) ([]uuid.UUID, error)
	options        Options
}

// Timeout is longer than a job's usual.
func (w *removeCopiesWorker) Timeout(*river.Job[RemoveCopies]) time.Duration { return removeCopiesTime }

// Work goes through the neighbourhoods; trouble in one does not keep it from the others. What could not be removed is tried
// again in a later round, when it is due.
func (w *removeCopiesWorker) Work(ctx context.Context, _ *river.Job[RemoveCopies]) error {
	neighbourhoods, err := w.neighbourhoods(ctx)
	if err != nil {
		return err
	}
	var problems []error
	for _, neighbourhood := range neighbourhoods {
		removed, err := w.copies.RemoveCopies(ctx, neighbourhood)
		if err != nil {
			problems = append(problems, err)
		}
		if removed > 0 {
			w.options.Logger.LogAttrs(ctx, slog.LevelInfo, "recordings were removed at the telephony platform",
				slog.String("neighbourhood", neighbourhood.String()), slog.Int("recordings", removed))
		}
	}
	return errors.Join(problems...)
}
