package jobs

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"
)

// watchDeliveriesEvery is how often deliveries are looked at for alarms.
const watchDeliveriesEvery = time.Minute

// WatchDeliveries raises alarms about deliveries that wait too long, were refused or are not where we say that they are, and
// clears those that are over.
type WatchDeliveries struct{}

// Kind is its name in River's tables.
func (WatchDeliveries) Kind() string { return "watch_deliveries" }

// InsertOpts are those of housekeeping.
func (WatchDeliveries) InsertOpts() river.InsertOpts { return housekeeping() }

// DeliveryWatcher looks at the deliveries of a neighbourhood.
type DeliveryWatcher interface {
	Watch(ctx context.Context, neighbourhood uuid.UUID) error
}

type watchDeliveriesWorker struct {
	river.WorkerDefaults[WatchDeliveries]
	watcher        DeliveryWatcher
	neighbourhoods func(context.Context) ([]uuid.UUID, error)
}

// Work goes through the neighbourhoods; trouble in one does not keep it from the others.
func (w *watchDeliveriesWorker) Work(ctx context.Context, _ *river.Job[WatchDeliveries]) error {
	neighbourhoods, err := w.neighbourhoods(ctx)
	if err != nil {
		return err
	}
	var problems []error
	for _, neighbourhood := range neighbourhoods {
		problems = append(problems, w.watcher.Watch(ctx, neighbourhood))
	}
	return errors.Join(problems...)
}

// watching adds what looks after deliveries that were sent.
func (work Work) watching(registered *river.Workers, o Options) (periodic []*river.PeriodicJob, err error) {
	if (work.Ledger != nil || work.DeliveryAlarms != nil) && work.Neighbourhoods == nil {
		return nil, errors.New("comparing and watching deliveries need the list of neighbourhoods")
	}
	if work.Ledger != nil {
		if work.Systems == nil {
			return nil, errors.New("comparing deliveries needs a way to find clinical systems")
		}
		river.AddWorker(registered, &reconcileWorker{ledger: work.Ledger, systems: work.Systems, neighbourhoods: work.Neighbourhoods, options: o})
		periodic = append(periodic, every(o.ReconcileEvery, ReconcileDeliveries{}))
	}
	if work.DeliveryAlarms != nil {
		river.AddWorker(registered, &watchDeliveriesWorker{watcher: work.DeliveryAlarms, neighbourhoods: work.Neighbourhoods})
		periodic = append(periodic, every(watchDeliveriesEvery, WatchDeliveries{}))
	}
	return periodic, nil
}
