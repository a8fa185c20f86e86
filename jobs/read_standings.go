package jobs

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"onedoor/app/clinical"
	"onedoor/app/requests"
	"onedoor/tenants"
)

// ReadStandings reads back what organisations' own systems say of the requests that were filed there on arrival.
type ReadStandings struct{}

// Kind is its name in River's tables.
func (ReadStandings) Kind() string { return "read_standings" }

// InsertOpts are those of housekeeping.
func (ReadStandings) InsertOpts() river.InsertOpts { return housekeeping() }

// Arrivals are the requests that stand in organisations' own systems. It is requests.Service.
type Arrivals interface {
	DueArrivals(ctx context.Context, neighbourhood uuid.UUID, limit int) ([]requests.Arrival, error)
	PutOffReading(ctx context.Context, a requests.Arrival, until time.Time) error
	Stood(ctx context.Context, d clinical.Delivery, standing clinical.Standing, found bool) error
	StoodOrder(ctx context.Context, a requests.Arrival, reference requests.Reference, standing clinical.Standing, found bool) error
}

// Filed are the deliveries by which they got there. It is deliverystore.Store.
type Filed interface {
	Get(ctx context.Context, scope tenants.Scope, id uuid.UUID) (clinical.Delivery, error)
}

// Standings is what reading them back works with.
type Standings struct {
	Arrivals Arrivals
	Filed    Filed
	// System finds the system that a delivery was sent to.
	System func(ctx context.Context, d clinical.Delivery) (clinical.System, error)
	// Orders are those that people placed by themselves, in the place of a task; nil where nobody can.
	Orders Orders
}

const (
	standingsEvery = 10 * time.Second
	// standingsSlice is how many are read in one neighbourhood and turn; what is left is due again at the next.
	standingsSlice = 200
	// standingsTime bounds a turn, under jobTimeout.
	standingsTime = 20 * time.Second
	// standingWait bounds one reading, and troubledWait is how long a system that did not answer is left alone.
	standingWait = 5 * time.Second
	troubledWait = time.Minute
	// neverWait is for a system that cannot say how a task stands: it may be exchanged one day.
	neverWait = time.Hour
)

type standingsWorker struct {
	river.WorkerDefaults[ReadStandings]
	standings      Standings
	neighbourhoods func(context.Context) ([]uuid.UUID, error)
	options        Options
}

// Work goes through the neighbourhoods; trouble in one does not keep it from the others.
func (w *standingsWorker) Work(ctx context.Context, _ *river.Job[ReadStandings]) error {
	neighbourhoods, err := w.neighbourhoods(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, standingsTime)
	defer cancel()
	var problems []error
	for _, neighbourhood := range neighbourhoods {
		if err := w.turn(ctx, neighbourhood); err != nil && ctx.Err() == nil {
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
}

// turn reads what is due in one neighbourhood. An organisation whose system does not answer is passed over until later, so
// that it holds up nobody else's.
func (w *standingsWorker) turn(ctx context.Context, neighbourhood uuid.UUID) error {
	due, err := w.standings.Arrivals.DueArrivals(ctx, neighbourhood, standingsSlice)
	if err != nil {
		return err
	}
	troubled := map[uuid.UUID]bool{}
	for _, a := range due {
		if ctx.Err() != nil {
			return nil
		}
		wait := troubledWait
		if !troubled[a.OrganisationID] {
			if wait, err = w.read(ctx, a); err != nil {
				return err
			}
			troubled[a.OrganisationID] = wait == troubledWait
		}
		if wait > 0 {
			if err := w.standings.Arrivals.PutOffReading(ctx, a, w.options.Now().Add(wait)); err != nil {
				return err
			}
		}
	}
	return nil
}

// read asks the system once, and passes on what it says. A wait says that it did not.
func (w *standingsWorker) read(ctx context.Context, a requests.Arrival) (wait time.Duration, err error) {
	if a.Ordered {
		return w.readOrder(ctx, a)
	}
	d, err := w.standings.Filed.Get(ctx, tenants.JobOf(a.NeighbourhoodID), a.ID)
	if err != nil {
		return 0, err
	}
	system, err := w.standings.System(ctx, d)
	var refused *clinical.Refused
	switch {
	case errors.Is(err, clinical.ErrPaused):
		return troubledWait, nil
	case errors.As(err, &refused):
		return neverWait, nil
	case err != nil:
		return 0, err
	}
	board, ok := system.(clinical.TaskBoard)
	if !ok {
		return neverWait, nil
	}
	asking, cancel := context.WithTimeout(ctx, standingWait)
	defer cancel()
	standing, found, err := board.Standing(asking, d)
	if errors.As(err, &refused) {
		return neverWait, nil
	}
	if err != nil {
		if ctx.Err() == nil {
			w.options.Logger.LogAttrs(ctx, slog.LevelWarn, "how a request stands in an organisation's system could not be read",
				slog.String("delivery", d.ID.String()), slog.String("organisation", d.OrganisationID.String()))
		}
		return troubledWait, nil
	}
	return 0, w.standings.Arrivals.Stood(ctx, d, standing, found)
}

// readOrder is read for an order that a person placed by themselves.
func (w *standingsWorker) readOrder(ctx context.Context, a requests.Arrival) (wait time.Duration, err error) {
	if w.standings.Orders == nil {
		return neverWait, nil
	}
	asking, cancel := context.WithTimeout(ctx, standingWait)
	defer cancel()
	reference, standing, found, err := w.standings.Orders.OrderStanding(asking, a)
	var refused *clinical.Refused
	switch {
	case errors.As(err, &refused):
		return neverWait, nil
	case err != nil:
		if ctx.Err() == nil {
			w.options.Logger.LogAttrs(ctx, slog.LevelWarn, "how an order stands in a practice's system could not be read",
				slog.String("order", a.ID.String()), slog.String("organisation", a.OrganisationID.String()))
		}
		return troubledWait, nil
	}
	return 0, w.standings.Arrivals.StoodOrder(ctx, a, reference, standing, found)
}
