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

const (
	// traceEvery is how soon after it came in a request is traced, where a neighbourhood switched that on.
	traceEvery = 5 * time.Second
	// traceTime bounds a run: the register's limit is what it mostly waits for.
	traceTime = 20 * time.Second
)

// TracePatients finds out who requests are for that came in lately.
type TracePatients struct{}

// Kind is its name in River's tables.
func (TracePatients) Kind() string { return "trace_patients" }

// InsertOpts make one run at a time: the limit is one for all nodes, so that more would only wait.
func (TracePatients) InsertOpts() river.InsertOpts {
	return river.InsertOpts{
		Queue: queueTraces, MaxAttempts: 1,
		UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
			rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning, rivertype.JobStateRetryable, rivertype.JobStateScheduled,
		}},
	}
}

// PatientTracer traces requests of a neighbourhood that were not traced yet. It is traces.Service.
type PatientTracer interface {
	TraceDue(ctx context.Context, neighbourhood uuid.UUID) (traced int, err error)
}

type traceWorker struct {
	river.WorkerDefaults[TracePatients]
	traces         PatientTracer
	neighbourhoods func(context.Context) ([]uuid.UUID, error)
	options        Options
}

// Work goes through the neighbourhoods, each time from another one on, so that a busy one does not always come first.
func (w *traceWorker) Work(ctx context.Context, job *river.Job[TracePatients]) error {
	neighbourhoods, err := w.neighbourhoods(ctx)
	if err != nil || len(neighbourhoods) == 0 {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, traceTime)
	defer cancel()
	var problems []error
	first := int(job.ID % int64(len(neighbourhoods)))
	for i := range neighbourhoods {
		neighbourhood := neighbourhoods[(first+i)%len(neighbourhoods)]
		traced, err := w.traces.TraceDue(ctx, neighbourhood)
		if err != nil && ctx.Err() == nil {
			problems = append(problems, err)
		}
		if traced > 0 {
			w.options.Logger.LogAttrs(ctx, slog.LevelInfo, "requests were traced",
				slog.String("neighbourhood", neighbourhood.String()), slog.Int("requests", traced))
		}
		if ctx.Err() != nil {
			break // the next run goes on
		}
	}
	return errors.Join(problems...)
}
