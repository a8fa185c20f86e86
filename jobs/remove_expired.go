package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
)

// RemoveExpired removes what has had its time: conversations, sessions, idempotency keys.
type RemoveExpired struct{}

// Kind is its name in River's tables.
func (RemoveExpired) Kind() string { return "remove_expired" }

// InsertOpts are those of housekeeping.
func (RemoveExpired) InsertOpts() river.InsertOpts { return housekeeping() }

// Expiring is one sort of thing that ends: what people call it, and how to remove what has ended by a moment.
type Expiring struct {
	Name   string
	Remove func(ctx context.Context, now time.Time) (int, error)
}

type removeWorker struct {
	river.WorkerDefaults[RemoveExpired]
	expiring []Expiring
	options  Options
}

// Work goes through every sort; trouble with one does not keep it from the others.
func (w *removeWorker) Work(ctx context.Context, _ *river.Job[RemoveExpired]) error {
	var problems []error
	for _, sort := range w.expiring {
		removed, err := sort.Remove(ctx, w.options.Now())
		if err != nil {
			problems = append(problems, fmt.Errorf("remove expired %s: %w", sort.Name, err))
		}
		if removed > 0 {
			w.options.Logger.LogAttrs(ctx, slog.LevelInfo, "removed what has expired", slog.String("what", sort.Name), slog.Int("count", removed))
		}
	}
	return errors.Join(problems...)
}
