package jobs

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"onedoor/app/clinical"
)

const (
	// reconcileEvery is how often each line is looked at. What was filed is read back once within a few of these.
	reconcileEvery = time.Minute
	// reconciledAtOnce is how many deliveries never looked at, and as many of the round, are read back of each line.
	reconciledAtOnce = 25
	// reconcileTime bounds the work in one neighbourhood; what is left comes next time.
	reconcileTime = 4 * time.Minute
)

// ReconcileDeliveries compares what our ledger says with what the clinical systems have. Without a neighbourhood it starts
// one such job in each.
type ReconcileDeliveries struct {
	NeighbourhoodID uuid.UUID `json:"neighbourhood_id" river:"unique"`
}

// Kind is its name in River's tables.
func (ReconcileDeliveries) Kind() string { return "reconcile_deliveries" }

// InsertOpts make it one at a time in each neighbourhood, apart from other housekeeping: systems can be slow.
func (ReconcileDeliveries) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: queueReconciliation, MaxAttempts: 1, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning, rivertype.JobStateRetryable, rivertype.JobStateScheduled,
	}}}
}

type reconcileWorker struct {
	river.WorkerDefaults[ReconcileDeliveries]
	ledger         clinical.Ledger
	systems        Systems
	neighbourhoods func(context.Context) ([]uuid.UUID, error)
	options        Options
}

// Timeout lets a neighbourhood with slow systems take its time.
func (w *reconcileWorker) Timeout(*river.Job[ReconcileDeliveries]) time.Duration {
	return reconcileTime + jobTimeout
}

// Work starts the neighbourhoods' jobs, or does one's.
func (w *reconcileWorker) Work(ctx context.Context, job *river.Job[ReconcileDeliveries]) error {
	if job.Args.NeighbourhoodID == uuid.Nil {
		return w.spread(ctx)
	}
	return w.Neighbourhood(ctx, job.Args.NeighbourhoodID)
}

func (w *reconcileWorker) spread(ctx context.Context) error {
	list, err := w.neighbourhoods(ctx)
	if err != nil || len(list) == 0 {
		return err
	}
	jobs := make([]river.InsertManyParams, len(list))
	for i, id := range list {
		jobs[i] = river.InsertManyParams{Args: ReconcileDeliveries{NeighbourhoodID: id}}
	}
	_, err = river.ClientFromContext[pgx.Tx](ctx).InsertMany(ctx, jobs)
	return err
}

// Neighbourhood compares each line of one; trouble in one does not keep it from the others.
func (w *reconcileWorker) Neighbourhood(ctx context.Context, neighbourhood uuid.UUID) error {
	lines, err := w.ledger.Checkable(ctx, neighbourhood)
	if err != nil {
		return err
	}
	ends := time.Now().Add(reconcileTime) // a stopwatch
	var problems []error
	for _, line := range lines {
		if time.Now().After(ends) || ctx.Err() != nil {
			break
		}
		problems = append(problems, w.line(ctx, line))
	}
	return errors.Join(problems...)
}

// line compares a sample. When a system cannot be asked, what was learnt is written, and the sample comes again.
func (w *reconcileWorker) line(ctx context.Context, line clinical.Line) error {
	sample, err := w.ledger.Sample(ctx, line, reconciledAtOnce, w.options.Now())
	if err != nil || len(sample.Deliveries) == 0 {
		return err
	}
	asked, away := map[uuid.UUID]clinical.System{}, map[uuid.UUID]bool{}
	var checks []clinical.Check
	for _, d := range sample.Deliveries {
		if away[d.IntegrationID] || ctx.Err() != nil {
			continue
		}
		system, known := asked[d.IntegrationID]
		if !known {
			if system, err = w.readable(ctx, line.NeighbourhoodID, d.IntegrationID); err != nil {
				away[d.IntegrationID] = true // paused, removed or not to be called: it cannot be asked
				continue
			}
			asked[d.IntegrationID] = system
		}
		if system == nil {
			continue // it lets nobody look: what it says of itself is all that there is
		}
		kind, err := clinical.Compare(ctx, system, d)
		if err != nil {
			away[d.IntegrationID] = clinical.Troubled(err)
			continue
		}
		checks = append(checks, clinical.Check{Delivery: d, Kind: kind})
		if kind != "" {
			w.options.Logger.LogAttrs(ctx, slog.LevelWarn, "our ledger and a clinical system differ", slog.String("delivery", d.ID.String()),
				slog.String("organisation", d.OrganisationID.String()), slog.String("difference", string(kind)))
		}
	}
	if len(checks) == 0 && len(away) > 0 {
		return nil // the sample comes again
	}
	return w.ledger.Checked(context.WithoutCancel(ctx), line, sample, checks, w.options.Now())
}

// readable is the system behind an integration, or none when it does not let us read back.
func (w *reconcileWorker) readable(ctx context.Context, neighbourhood, integration uuid.UUID) (clinical.System, error) {
	system, err := w.systems.Of(ctx, neighbourhood, integration)
	if err != nil {
		return nil, err
	}
	offers, err := system.Capabilities(ctx)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(offers.Offers, clinical.ReadBack) {
		return nil, nil //nolint:nilnil // there is a system, and it cannot be compared
	}
	return system, nil
}
