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
	transcribeEvery = 15 * time.Second
	// transcribeTime bounds a round: some recordings to a transcriber that is slow. What is left over is found soon.
	transcribeTime = 3 * time.Minute
)

// TranscribeRecordings has a machine write down what callers said, where their organisation wants it.
type TranscribeRecordings struct{}

// Kind is its name in River's tables.
func (TranscribeRecordings) Kind() string { return "transcribe_recordings" }

// InsertOpts keep it to one round at a time, in a queue of its own: a transcriber can be slow.
func (TranscribeRecordings) InsertOpts() river.InsertOpts {
	o := oneAtATime()
	o.Queue = queueRecordings
	return o
}

// Transcriptions writes down what waits in a neighbourhood, and counts it. It is recordings.Service.
type Transcriptions interface {
	Transcribe(ctx context.Context, neighbourhood uuid.UUID) (int, error)
}

type transcribeWorker struct {
	river.WorkerDefaults[TranscribeRecordings]
	recordings     Transcriptions
	neighbourhoods func(context.Context) ([]uuid.UUID, error)
	options        Options
}

// Timeout is longer than a job's usual.
func (w *transcribeWorker) Timeout(*river.Job[TranscribeRecordings]) time.Duration {
	return transcribeTime
}

// Work goes through the neighbourhoods; trouble in one does not keep it from the others.
func (w *transcribeWorker) Work(ctx context.Context, _ *river.Job[TranscribeRecordings]) error {
	neighbourhoods, err := w.neighbourhoods(ctx)
	if err != nil {
		return err
	}
	var problems []error
	for _, neighbourhood := range neighbourhoods {
		written, err := w.recordings.Transcribe(ctx, neighbourhood)
		if err != nil {
			problems = append(problems, err)
		}
		if written > 0 {
			w.options.Logger.LogAttrs(ctx, slog.LevelInfo, "recordings were written down by a machine",
				slog.String("neighbourhood", neighbourhood.String()), slog.Int("recordings", written))
		}
	}
	return errors.Join(problems...)
}
