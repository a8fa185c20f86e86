package jobs

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"onedoor/app/clinical"
	"onedoor/app/database"
)

// DrainDeliveries empties one organisation's line of deliveries. There is one such job for a line, however many
// deliveries wait: a slow or failing system holds one worker at most, and only now and then.
type DrainDeliveries struct {
	NeighbourhoodID uuid.UUID `json:"neighbourhood_id" river:"unique"`
	OrganisationID  uuid.UUID `json:"organisation_id"  river:"unique"`
}

// Kind is its name in River's tables.
func (DrainDeliveries) Kind() string { return "drain_deliveries" }

// InsertOpts makes it unique while it is live, and never given up.
func (DrainDeliveries) InsertOpts() river.InsertOpts {
	return river.InsertOpts{
		Queue:       queueDeliveries,
		MaxAttempts: 30_000,
		UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
			rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning,
			rivertype.JobStateRetryable, rivertype.JobStateScheduled,
		}},
	}
}

// Drains is the store, as the drain sees it.
type Drains interface {
	clinical.Drain
	// Finish writes the last progress of a slice and gives the lease back. When nothing is left to do, complete is called
	// in the same transaction; otherwise wait says when there is.
	Finish(ctx context.Context, line clinical.Line, lease clinical.Lease, p clinical.Progress, now time.Time, complete func(*database.Tx) error) (wait time.Duration, done bool, err error)
}

// Systems finds the clinical system behind an integration. clinical.ErrPaused means wait, and *clinical.Refused that the
// delivery needs a person.
type Systems interface {
	Of(ctx context.Context, neighbourhood, integration uuid.UUID) (clinical.System, error)
}

const (
	// sliceSize is how many deliveries are taken and written down together.
	sliceSize = 10
	// turnTime is after how long the next slice waits until other organisations had theirs.
	turnTime = 500 * time.Millisecond
	// sliceTime is how long a slice goes on against a slow system. With one more try it stays well under jobTimeout.
	sliceTime = 12 * time.Second
	// saveEvery is how long results wait to be written together. With the longest try (reading back and sending, 10 s) it
	// stays under the lease.
	saveEvery = 2 * time.Second
	saveTime  = 5 * time.Second
	// dueWait bounds the sleep until a delivery's next try, so that a new one to a system that is well does not wait.
	dueWait = 2 * time.Second
)

type drainWorker struct {
	river.WorkerDefaults[DrainDeliveries]
	drains  Drains
	systems Systems
	options Options
}

// Work takes slice after slice for as long as its turn lasts.
func (w *drainWorker) Work(ctx context.Context, job *river.Job[DrainDeliveries]) error {
	began := time.Now() // stopwatches run on real time, as the systems do
	for {
		more, err := w.slice(ctx, job)
		if err != nil || !more {
			return err
		}
		if time.Since(began) > turnTime || ctx.Err() != nil {
			return river.JobSnooze(0)
		}
	}
}

// slice takes one slice, and says whether the next is due at once.
func (w *drainWorker) slice(ctx context.Context, job *river.Job[DrainDeliveries]) (more bool, err error) {
	line := clinical.Line{NeighbourhoodID: job.Args.NeighbourhoodID, OrganisationID: job.Args.OrganisationID}
	held := clinical.Lease{Token: uuid.New(), For: w.options.Lease}
	slice, err := w.drains.Take(ctx, line, held, sliceSize, w.options.Now())
	if err != nil {
		return false, err
	}
	if slice.Held > 0 {
		return false, river.JobSnooze(slice.Held)
	}
	d := &draining{drainWorker: w, line: line, lease: held, ways: map[uuid.UUID]way{}, progress: clinical.Progress{Breaker: slice.Breaker}}
	if err := d.try(ctx, slice.Deliveries); err != nil {
		return false, explained(err)
	}
	return d.finish(ctx, job)
}

// draining is one slice being worked on.
type draining struct {
	*drainWorker
	line     clinical.Line
	lease    clinical.Lease
	ways     map[uuid.UUID]way // by integration, each looked up once in a slice
	progress clinical.Progress
}

// way is what was found for an integration.
type way struct {
	system clinical.System
	err    error
}

func (d *draining) system(ctx context.Context, integration uuid.UUID) (clinical.System, error) {
	found, known := d.ways[integration]
	if !known {
		found.system, found.err = d.systems.Of(ctx, d.line.NeighbourhoodID, integration)
		d.ways[integration] = found
	}
	return found.system, found.err
}

// try sends one after the other. It stops early, leaving the rest as they were found, when the circuit opens, the time is
// up or the process is to stop.
func (d *draining) try(ctx context.Context, deliveries []clinical.Delivery) error {
	started := time.Now()
	saved := started
	for i, one := range deliveries {
		if ctx.Err() != nil || d.progress.Hold > 0 || time.Since(started) > sliceTime {
			d.progress.Deliveries = append(d.progress.Deliveries, deliveries[i:]...)
			return nil
		}
		d.progress.Deliveries = append(d.progress.Deliveries, d.one(ctx, one))
		if time.Since(saved) < saveEvery || i == len(deliveries)-1 {
			continue
		}
		if err := d.save(ctx); err != nil {
			return err
		}
		saved = time.Now()
	}
	return nil
}

// one makes one try at a delivery, or leaves it as it was found when its way cannot be used now.
func (d *draining) one(ctx context.Context, delivery clinical.Delivery) clinical.Delivery {
	system, err := d.system(ctx, delivery.IntegrationID)
	var refused *clinical.Refused
	switch {
	case errors.As(err, &refused):
		return delivery.SetAside(refused.Says, d.options.Now())
	case errors.Is(err, clinical.ErrPaused): // since it was taken; it is not taken again until it is resumed
		return delivery
	case err != nil:
		d.options.Logger.LogAttrs(ctx, slog.LevelWarn, "an integration could not be read",
			slog.String("integration", delivery.IntegrationID.String()), slog.Any("error", err))
		delivery.NextAt = d.options.Now().Add(clinical.FirstWait)
		return delivery
	}
	receipt, err := clinical.Deliver(ctx, system, delivery)
	now := d.options.Now()
	if err != nil && ctx.Err() != nil { // we hung up, which says nothing of the system
		delivery.State, delivery.UpdatedAt = clinical.Sent, now
		return delivery
	}
	d.progress.Breaker, d.progress.Hold = d.progress.Breaker.After(err, d.options.Jitter())
	after := delivery.After(receipt, err, now, d.options.Jitter())
	if err != nil {
		d.options.Logger.LogAttrs(ctx, slog.LevelWarn, "a delivery was not filed",
			slog.String("delivery", after.ID.String()), slog.String("organisation", after.OrganisationID.String()),
			slog.String("state", string(after.State)), slog.Int("attempts", after.Attempts), slog.String("says", after.LastError))
	}
	return after
}

// save writes results in mid-slice, even when the job has been told to stop.
func (d *draining) save(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTime)
	defer cancel()
	err := d.drains.Save(ctx, d.line, d.lease, d.progress)
	d.progress.Deliveries = nil
	return err
}

// finish ends the slice, and the job when the line is empty.
func (d *draining) finish(ctx context.Context, job *river.Job[DrainDeliveries]) (more bool, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTime)
	defer cancel()
	wait, done, err := d.drains.Finish(ctx, d.line, d.lease, d.progress, d.options.Now(), func(tx *database.Tx) error {
		_, err := river.JobCompleteTx[*riverpgxv5.Driver, pgx.Tx](ctx, tx.Pgx(), job)
		return err
	})
	switch {
	case err != nil:
		return false, explained(err)
	case done:
		return false, nil
	case d.progress.Hold > 0:
		return false, river.JobSnooze(d.progress.Hold)
	case wait > 0:
		return false, river.JobSnooze(min(wait, dueWait))
	}
	return true, nil
}

// explained turns the loss of the lease into a pause: another process has the line, and this job may be what it runs.
func explained(err error) error {
	if errors.Is(err, clinical.ErrLeaseLost) {
		return river.JobSnooze(dueWait)
	}
	return err
}
