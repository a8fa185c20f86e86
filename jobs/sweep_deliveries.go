package jobs

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
)

// SweepDeliveries looks for deliveries that nobody works on: whose drain job was lost, or whose process died.
type SweepDeliveries struct{}

// Kind is its name in River's tables.
func (SweepDeliveries) Kind() string { return "sweep_deliveries" }

// InsertOpts are those of housekeeping.
func (SweepDeliveries) InsertOpts() river.InsertOpts { return housekeeping() }

// Sweeps is the store, as the sweeper sees it.
type Sweeps interface {
	Neighbourhoods(context.Context) ([]uuid.UUID, error)
	// Sweep counts the lines that it had to help in one neighbourhood.
	Sweep(ctx context.Context, neighbourhood uuid.UUID, lease time.Duration) (int, error)
}

type sweepWorker struct {
	river.WorkerDefaults[SweepDeliveries]
	sweeps  Sweeps
	options Options
}

// Work sweeps each neighbourhood in a scope of its own; trouble in one does not keep it from the others.
func (w *sweepWorker) Work(ctx context.Context, _ *river.Job[SweepDeliveries]) error {
	neighbourhoods, err := w.sweeps.Neighbourhoods(ctx)
	if err != nil {
		return err
	}
	var problems []error
	for _, neighbourhood := range neighbourhoods {
		helped, err := w.sweeps.Sweep(ctx, neighbourhood, w.options.Lease)
		if err != nil {
			problems = append(problems, err)
		}
		if helped > 0 {
			w.options.Logger.LogAttrs(ctx, slog.LevelWarn, "the sweeper took up lost deliveries",
				slog.String("neighbourhood", neighbourhood.String()), slog.Int("lines", helped))
		}
	}
	return errors.Join(problems...)
}

// sweeping inserts a sweep at the start and then at each interval.
type sweeping struct {
	inserter *river.Client[pgx.Tx]
	options  Options
	stop     context.CancelFunc // nil before it was started
	ended    chan struct{}
}

func (s *sweeping) start(ctx context.Context) {
	if s == nil {
		return
	}
	ctx, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	s.ended = make(chan struct{})
	go func() {
		defer close(s.ended)
		ticks := time.NewTicker(s.options.SweepEvery)
		defer ticks.Stop()
		for {
			if _, err := s.inserter.Insert(ctx, SweepDeliveries{}, nil); err != nil && ctx.Err() == nil {
				s.options.Logger.LogAttrs(ctx, slog.LevelWarn, "a sweep for lost deliveries could not be started", slog.Any("error", err))
			}
			select {
			case <-ctx.Done():
				return
			case <-ticks.C:
			}
		}
	}()
}

func (s *sweeping) end() {
	if s == nil || s.stop == nil {
		return
	}
	s.stop()
	<-s.ended
}
