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
	noticeLateEvery = time.Minute
	// lateAtOnce is how many are noticed in one neighbourhood and turn; what is left is noticed at the next.
	lateAtOnce = 500
)

// NoticeLate notices outcomes that should have been in a practice's record by now, and puts those of which nothing more
// was said before a person.
type NoticeLate struct{}

// Kind is its name in River's tables.
func (NoticeLate) Kind() string { return "notice_late" }

// InsertOpts are those of housekeeping.
func (NoticeLate) InsertOpts() river.InsertOpts { return housekeeping() }

type noticeLateWorker struct {
	river.WorkerDefaults[NoticeLate]
	words          Words
	neighbourhoods func(context.Context) ([]uuid.UUID, error)
	options        Options
}

// Work goes through the neighbourhoods; trouble in one does not keep it from the others.
func (w *noticeLateWorker) Work(ctx context.Context, _ *river.Job[NoticeLate]) error {
	neighbourhoods, err := w.neighbourhoods(ctx)
	if err != nil {
		return err
	}
	var problems []error
	for _, neighbourhood := range neighbourhoods {
		late, err := w.words.Late(ctx, neighbourhood, w.options.Now(), lateAtOnce)
		problems = append(problems, err)
		for _, d := range late {
			w.options.Logger.LogAttrs(ctx, slog.LevelWarn, "an outcome is not in the practice's record in time", slog.String("delivery", d.ID.String()),
				slog.String("organisation", d.OrganisationID.String()), slog.String("state", string(d.State)))
		}
	}
	return errors.Join(problems...)
}

// hearing adds what listens for later words.
func (work Work) hearing(registered *river.Workers, o Options) (periodic []*river.PeriodicJob, err error) {
	if work.Inboxes.Words == nil {
		return nil, nil
	}
	if work.Neighbourhoods == nil || work.Systems == nil || work.Inboxes.Mailboxes == nil {
		return nil, errors.New("fetching acknowledgements needs the list of neighbourhoods, the mailboxes and a way to find clinical systems")
	}
	wait := work.Inboxes.Every
	if wait == 0 {
		wait = inboxEvery
	}
	river.AddWorker(registered, &fetchWorker{inboxes: work.Inboxes, systems: work.Systems, neighbourhoods: work.Neighbourhoods, options: o})
	river.AddWorker(registered, &noticeLateWorker{words: work.Inboxes.Words, neighbourhoods: work.Neighbourhoods, options: o})
	return []*river.PeriodicJob{every(wait, FetchAcknowledgements{}), every(noticeLateEvery, NoticeLate{})}, nil
}
