package jobs

import (
	"context"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"onedoor/app/simulations"
)

// ShadowDrafts lets drafts that shadow decide on what has come since the last look.
type ShadowDrafts struct{}

// Kind is its name in River's tables.
func (ShadowDrafts) Kind() string { return "shadow_drafts" }

// InsertOpts are those of housekeeping, one at a time.
func (ShadowDrafts) InsertOpts() river.InsertOpts { return oneAtATime() }

// ShadowFollower follows one draft.
type ShadowFollower interface {
	Follow(ctx context.Context, d simulations.ShadowDraft) (int, error)
}

// Shadows says which drafts shadow, and who follows them.
type Shadows struct {
	Drafts   simulations.Shadowing
	Follower ShadowFollower
}

const shadowEvery = 5 * time.Second

type shadowWorker struct {
	river.WorkerDefaults[ShadowDrafts]
	shadows        Shadows
	neighbourhoods func(context.Context) ([]uuid.UUID, error)
	options        Options
}

// Work follows each draft; one that cannot decide keeps neither the others nor any request.
func (w *shadowWorker) Work(ctx context.Context, _ *river.Job[ShadowDrafts]) error {
	return inEach(ctx, w.neighbourhoods, func(neighbourhood uuid.UUID) error {
		drafts, err := w.shadows.Drafts.Shadowing(ctx, neighbourhood)
		if err != nil {
			return err
		}
		for _, d := range drafts {
			if _, err := w.shadows.Follower.Follow(ctx, d); err != nil {
				w.options.Logger.LogAttrs(ctx, slog.LevelWarn, "a draft could not shadow live traffic",
					slog.String("neighbourhood", neighbourhood.String()), slog.String("draft", d.Name), slog.String("error", err.Error()))
			}
		}
		return nil
	})
}
