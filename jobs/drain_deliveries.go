package jobs

import (
	"context"
	"errors"
	"sync/atomic"
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
// deliveries wait: a slow or failing system holds one worker at most, and only now and then. An organisation's integrations
// are sent to side by side, so that one that is slow does not hold up what goes by another.
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
	// Behind is the one behind an integration that was read a moment ago.
	Behind(ctx context.Context, integration clinical.Integration) (clinical.System, error)
}

const (
	// sliceSize is how many deliveries are taken and written down together.
	sliceSize = 20
	// turnTime is after how long the next slice waits until other organisations had theirs, and aloneTime where none waits.
	turnTime  = 500 * time.Millisecond
	aloneTime = 5 * time.Second
	// sideTime is for how long an organisation's other integrations are still sent to while one of them is slow. With one
	// slice more it stays well under jobTimeout.
	sideTime = 5 * time.Second
	// sideLook is how soon, meanwhile, what is new for the others is found.
	sideLook = 250 * time.Millisecond
	// dueWait is how long a job waits whose line another process works on.
	dueWait = 2 * time.Second
	// idleWait keeps a job from spinning on deliveries that are due and cannot be had yet.
	idleWait = 200 * time.Millisecond
)

type drainWorker struct {
	river.WorkerDefaults[DrainDeliveries]
	drains  Drains
	systems Systems
	options Options
	running atomic.Int32
}

// crowded reports whether all of this process's workers are busy, so that another line may be waiting for one.
func (w *drainWorker) crowded() bool { return int(w.running.Load()) >= w.options.Workers }

// Work takes slice after slice for as long as its turn lasts.
func (w *drainWorker) Work(ctx context.Context, job *river.Job[DrainDeliveries]) error {
	w.running.Add(1)
	defer w.running.Add(-1)
	t := &turn{
		drainWorker: w, line: clinical.Line{NeighbourhoodID: job.Args.NeighbourhoodID, OrganisationID: job.Args.OrganisationID},
		lease: clinical.Lease{Token: uuid.New(), For: w.options.Lease}, began: time.Now(), busy: map[uuid.UUID]bool{}, came: make(chan *lane),
	}
	for {
		wait, done, err := t.round(ctx, job)
		switch {
		case err != nil:
			return explained(err)
		case done:
			return nil
		case wait > 0:
			return river.JobSnooze(wait)
		case !t.fresh(ctx):
			return river.JobSnooze(0)
		}
	}
}

// turn is one job's time with a line.
type turn struct {
	*drainWorker
	line  clinical.Line
	lease clinical.Lease
	began time.Time // stopwatches run on real time, as the systems do
	busy  map[uuid.UUID]bool
	came  chan *lane // when it has ended
	// done is what has not been written yet.
	done clinical.Progress
	// lost is why what a lane did could not be written.
	lost error
}

// fresh reports whether more may be taken.
func (t *turn) fresh(ctx context.Context) bool {
	limit := turnTime
	switch {
	case len(t.busy) > 0:
		limit = sideTime
	case !t.crowded():
		limit = aloneTime
	}
	return ctx.Err() == nil && t.lost == nil && time.Since(t.began) < limit
}

// round takes slices until the line seems empty or the turn is over, and gives the lease back.
func (t *turn) round(ctx context.Context, job *river.Job[DrainDeliveries]) (wait time.Duration, done bool, err error) {
	took := 0
	for more, others := true, true; ; {
		if more && t.fresh(ctx) && (others || len(t.busy) == 0) {
			slice, err := t.take(ctx)
			if err != nil || slice.Held > 0 {
				t.rest()
				return slice.Held, false, err
			}
			took += len(slice.Deliveries)
			others, more = slice.Others, len(slice.Deliveries) == sliceSize
		}
		if len(t.busy) == 0 {
			break
		}
		select {
		case l := <-t.came:
			t.end(l)
		case <-time.After(sideLook):
			more = more || others
		}
	}
	if t.lost != nil {
		return 0, false, t.lost
	}
	wait, done, err = t.finish(ctx, job)
	if took == 0 && wait == 0 {
		wait = idleWait
	}
	return wait, done, err
}

// take starts a lane for each integration of the next slice.
func (t *turn) take(ctx context.Context) (clinical.Slice, error) {
	ask := clinical.Ask{Limit: sliceSize, Now: t.options.Now(), Done: t.done}
	for id := range t.busy {
		ask.Busy = append(ask.Busy, id)
	}
	slice, err := t.drains.Take(ctx, t.line, t.lease, ask)
	if err != nil {
		return clinical.Slice{}, err
	}
	t.done = clinical.Progress{}
	lanes := map[uuid.UUID][]clinical.Delivery{}
	for _, d := range slice.Deliveries {
		lanes[d.IntegrationID] = append(lanes[d.IntegrationID], d)
	}
	for id, deliveries := range lanes {
		t.busy[id] = true
		l := &lane{turn: t, integration: id, way: slice.Ways[id], hasty: slice.Others}
		go func() {
			l.err = l.work(ctx, deliveries)
			t.came <- l
		}()
	}
	return slice, nil
}

// end takes over what a lane has not written.
func (t *turn) end(l *lane) {
	delete(t.busy, l.integration)
	p := l.progress()
	t.done.Deliveries, t.done.Ways = append(t.done.Deliveries, p.Deliveries...), append(t.done.Ways, p.Ways...)
	t.lost = errors.Join(t.lost, l.err)
}

// rest waits for the lanes. What they did and did not write is read back by who comes next.
func (t *turn) rest() {
	for len(t.busy) > 0 {
		t.end(<-t.came)
	}
}

// finish gives the line back, and ends the job when it is empty.
func (t *turn) finish(ctx context.Context, job *river.Job[DrainDeliveries]) (wait time.Duration, done bool, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTime) // even when the job has been told to stop
	defer cancel()
	progress := t.done
	t.done = clinical.Progress{}
	return t.drains.Finish(ctx, t.line, t.lease, progress, t.options.Now(), func(tx *database.Tx) error {
		_, err := river.JobCompleteTx[*riverpgxv5.Driver, pgx.Tx](ctx, tx.Pgx(), job)
		return err
	})
}

// explained turns the loss of the lease into a pause: another process has the line, and this job may be what it runs.
func explained(err error) error {
	if errors.Is(err, clinical.ErrLeaseLost) {
		return river.JobSnooze(dueWait)
	}
	return err
}
