package jobs

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// Simulate executes one run of a simulation.
type Simulate struct {
	NeighbourhoodID uuid.UUID `json:"neighbourhood_id"`
	RunID           uuid.UUID `json:"run_id"`
}

// Kind is its name in River's tables.
func (Simulate) Kind() string { return "simulate" }

// InsertOpts give it a queue of its own, so that two long runs keep nothing else waiting.
func (Simulate) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: queueSimulations, MaxAttempts: 3}
}

// ResumeSimulations frees the runs of processes that have gone.
type ResumeSimulations struct{}

// Kind is its name in River's tables.
func (ResumeSimulations) Kind() string { return "resume_simulations" }

// InsertOpts are those of housekeeping, one at a time.
func (ResumeSimulations) InsertOpts() river.InsertOpts { return oneAtATime() }

// Simulations executes runs.
type Simulations interface {
	// Execute runs what is queued; it does nothing when the run has ended or another process has it.
	Execute(ctx context.Context, neighbourhood, run uuid.UUID) error
	// Resume queues the runs of processes that have gone silent, and counts them.
	Resume(ctx context.Context, neighbourhood uuid.UUID) (int, error)
}

const (
	// simulationTime is the most that a run may take: a year of a large neighbourhood takes seconds.
	simulationTime = 10 * time.Minute
	resumeEvery    = 10 * time.Second
)

type simulateWorker struct {
	river.WorkerDefaults[Simulate]
	simulations Simulations
}

// Timeout is a run's own.
func (w *simulateWorker) Timeout(*river.Job[Simulate]) time.Duration { return simulationTime }

// Work executes the run.
func (w *simulateWorker) Work(ctx context.Context, job *river.Job[Simulate]) error {
	return w.simulations.Execute(ctx, job.Args.NeighbourhoodID, job.Args.RunID)
}

type resumeWorker struct {
	river.WorkerDefaults[ResumeSimulations]
	simulations    Simulations
	neighbourhoods func(context.Context) ([]uuid.UUID, error)
	options        Options
}

// Work goes through the neighbourhoods; trouble in one does not keep it from the others.
func (w *resumeWorker) Work(ctx context.Context, _ *river.Job[ResumeSimulations]) error {
	return inEach(ctx, w.neighbourhoods, func(neighbourhood uuid.UUID) error {
		found, err := w.simulations.Resume(ctx, neighbourhood)
		if found > 0 {
			w.options.Logger.LogAttrs(ctx, slog.LevelWarn, "simulations whose process has gone were put in line again",
				slog.String("neighbourhood", neighbourhood.String()), slog.Int("runs", found))
		}
		return err
	})
}

// inEach runs once in each neighbourhood, and gathers what went wrong.
func inEach(ctx context.Context, neighbourhoods func(context.Context) ([]uuid.UUID, error), run func(uuid.UUID) error) error {
	list, err := neighbourhoods(ctx)
	if err != nil {
		return err
	}
	var problems []error
	for _, neighbourhood := range list {
		if err := run(neighbourhood); err != nil {
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
}

// oneAtATime is housekeeping that is not put in line again while one waits or runs.
func oneAtATime() river.InsertOpts {
	o := housekeeping()
	o.UniqueOpts = river.UniqueOpts{ByState: []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning, rivertype.JobStateRetryable, rivertype.JobStateScheduled,
	}}
	return o
}
