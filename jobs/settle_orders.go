package jobs

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"onedoor/app/clinical"
	"onedoor/app/requests"
)

// SettleOrders reads back orders for repeat medicines that a practice's system did not confirm in time.
type SettleOrders struct{}

// Kind is its name in River's tables.
func (SettleOrders) Kind() string { return "settle_orders" }

// InsertOpts are those of housekeeping.
func (SettleOrders) InsertOpts() river.InsertOpts { return housekeeping() }

// Orders are what people ordered by themselves. It is selfservice.Service.
type Orders interface {
	SettleOrders(ctx context.Context, neighbourhood uuid.UUID) (int, error)
	// OrderStanding is what the practice's system says of an order that has arrived, and whose request it is.
	OrderStanding(ctx context.Context, a requests.Arrival) (requests.Reference, clinical.Standing, bool, error)
}

const ordersEvery = 5 * time.Second

type settleOrdersWorker struct {
	river.WorkerDefaults[SettleOrders]
	orders         Orders
	neighbourhoods func(context.Context) ([]uuid.UUID, error)
}

// Work goes through the neighbourhoods; trouble in one does not keep it from the others.
func (w *settleOrdersWorker) Work(ctx context.Context, _ *river.Job[SettleOrders]) error {
	neighbourhoods, err := w.neighbourhoods(ctx)
	if err != nil {
		return err
	}
	var problems []error
	for _, neighbourhood := range neighbourhoods {
		if _, err := w.orders.SettleOrders(ctx, neighbourhood); err != nil {
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
}
