package jobs

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"
)

const (
	// sendMessagesEvery is how often messages are looked for whose own job has gone, or whose next try has come.
	sendMessagesEvery = 5 * time.Second
	// sendMessagesTime bounds a job: some texts to a provider that is slow to answer. What is left over is found soon.
	sendMessagesTime = 90 * time.Second
)

// SendMessages sends the texts of a neighbourhood that are due.
type SendMessages struct {
	NeighbourhoodID uuid.UUID `json:"neighbourhood_id"`
}

// Kind is its name in River's tables.
func (SendMessages) Kind() string { return "send_messages" }

// InsertOpts try once: the messages have tries of their own.
func (SendMessages) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: queueMessages, MaxAttempts: 1}
}

// SweepMessages looks for due texts in every neighbourhood.
type SweepMessages struct{}

// Kind is its name in River's tables.
func (SweepMessages) Kind() string { return "sweep_messages" }

// InsertOpts put it beside the others that send.
func (SweepMessages) InsertOpts() river.InsertOpts {
	o := oneAtATime()
	o.Queue = queueMessages
	return o
}

// Sender sends what is due in a neighbourhood. It is messages.Outbox.
type Sender interface {
	SendDue(ctx context.Context, neighbourhood uuid.UUID) (int, error)
}

type sendWorker struct {
	river.WorkerDefaults[SendMessages]
	messages Sender
}

// Timeout is longer than a job's usual.
func (w *sendWorker) Timeout(*river.Job[SendMessages]) time.Duration { return sendMessagesTime }

// Work sends.
func (w *sendWorker) Work(ctx context.Context, job *river.Job[SendMessages]) error {
	_, err := w.messages.SendDue(ctx, job.Args.NeighbourhoodID)
	return err
}

type sweepMessagesWorker struct {
	river.WorkerDefaults[SweepMessages]
	messages       Sender
	neighbourhoods func(context.Context) ([]uuid.UUID, error)
}

// Timeout is longer than a job's usual.
func (w *sweepMessagesWorker) Timeout(*river.Job[SweepMessages]) time.Duration {
	return sendMessagesTime
}

// Work goes through the neighbourhoods; trouble in one does not keep it from the others.
func (w *sweepMessagesWorker) Work(ctx context.Context, _ *river.Job[SweepMessages]) error {
	neighbourhoods, err := w.neighbourhoods(ctx)
	if err != nil {
		return err
	}
	var problems []error
	for _, neighbourhood := range neighbourhoods {
		if _, err := w.messages.SendDue(ctx, neighbourhood); err != nil {
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
}
