package jobs

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"onedoor/app/clinical"
	"onedoor/app/fault"
)

const (
	// inboxEvery is how often a mailbox is looked into. What is in it can wait: nothing that is urgent goes by post.
	inboxEvery = 5 * time.Minute
	// inboxSlice is how many messages are fetched before the first of them is dealt with.
	inboxSlice = 50
	// inboxTime bounds the work on one mailbox, under jobTimeout; what is left comes next time.
	inboxTime   = 20 * time.Second
	queueInbox  = "inboxes"
	inboxAtOnce = 4
)

// FetchAcknowledgements reads what clinical systems say later of what they were sent, from the mailbox behind one
// integration. Without an integration it starts one such job for each mailbox.
type FetchAcknowledgements struct {
	NeighbourhoodID uuid.UUID `json:"neighbourhood_id" river:"unique"`
	IntegrationID   uuid.UUID `json:"integration_id"   river:"unique"`
}

// Kind is its name in River's tables.
func (FetchAcknowledgements) Kind() string { return "fetch_acknowledgements" }

// InsertOpts make it one at a time for each mailbox, apart from other housekeeping: a mailbox can be slow.
func (FetchAcknowledgements) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: queueInbox, MaxAttempts: 1, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning, rivertype.JobStateRetryable, rivertype.JobStateScheduled,
	}}}
}

// Inboxes is what fetching later words works with.
type Inboxes struct {
	// Mailboxes lists a neighbourhood's integrations whose systems answer by post, one for each mailbox.
	Mailboxes func(ctx context.Context, neighbourhood uuid.UUID) ([]clinical.Integration, error)
	Words     Words
	// Every is how often mailboxes are looked into; five minutes when zero.
	Every time.Duration
}

// Words keeps what is said of deliveries, and notices those of which nothing was said in time. It is deliverystore.Store.
type Words interface {
	// Acknowledge keeps one word. clinical.ErrInHand and fault.Absent mean that it is to be left where it is.
	Acknowledge(ctx context.Context, neighbourhood uuid.UUID, a clinical.Acknowledgement, now time.Time) error
	// Late notices deliveries that were to be filed by now, each once.
	Late(ctx context.Context, neighbourhood uuid.UUID, now time.Time, most int) ([]clinical.Delivery, error)
}

type fetchWorker struct {
	river.WorkerDefaults[FetchAcknowledgements]
	inboxes        Inboxes
	systems        Systems
	neighbourhoods func(context.Context) ([]uuid.UUID, error)
	options        Options
}

// Work starts the mailboxes' jobs, or does one's.
func (w *fetchWorker) Work(ctx context.Context, job *river.Job[FetchAcknowledgements]) error {
	if job.Args.IntegrationID == uuid.Nil {
		return w.spread(ctx)
	}
	return w.Mailbox(ctx, job.Args.NeighbourhoodID, job.Args.IntegrationID)
}

func (w *fetchWorker) spread(ctx context.Context) error {
	neighbourhoods, err := w.neighbourhoods(ctx)
	if err != nil {
		return err
	}
	var jobs []river.InsertManyParams
	var problems []error
	for _, neighbourhood := range neighbourhoods {
		list, err := w.inboxes.Mailboxes(ctx, neighbourhood)
		problems = append(problems, err)
		for _, i := range list {
			if !i.Paused && !i.RecordOnly {
				jobs = append(jobs, river.InsertManyParams{Args: FetchAcknowledgements{NeighbourhoodID: neighbourhood, IntegrationID: i.ID}})
			}
		}
	}
	if len(jobs) > 0 {
		_, err = river.ClientFromContext[pgx.Tx](ctx).InsertMany(ctx, jobs)
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}

// Mailbox reads one, as long as it finds something to keep.
func (w *fetchWorker) Mailbox(ctx context.Context, neighbourhood, integration uuid.UUID) error {
	system, err := w.systems.Of(ctx, neighbourhood, integration)
	var refused *clinical.Refused
	if errors.Is(err, clinical.ErrPaused) || errors.As(err, &refused) {
		return nil // paused or taken away since the job was made
	}
	if err != nil {
		return err
	}
	inbox, ok := system.(clinical.Inbox)
	if !ok {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, inboxTime)
	defer cancel()
	for {
		said, err := inbox.Fetch(ctx, inboxSlice)
		kept, keepErr := w.keep(ctx, inbox, neighbourhood, integration, said)
		if err := errors.Join(err, keepErr); err != nil || kept == 0 || len(said) < inboxSlice {
			return err
		}
	}
}

// keep stores each word before it is put away. What belongs to nothing of ours is left for whoever it is for, and counted.
func (w *fetchWorker) keep(ctx context.Context, inbox clinical.Inbox, neighbourhood, integration uuid.UUID, said []clinical.Acknowledgement) (kept int, err error) {
	left := 0
	for _, a := range said {
		err := w.inboxes.Words.Acknowledge(ctx, neighbourhood, a, w.options.Now())
		switch {
		case errors.Is(err, clinical.ErrInHand):
			continue
		case fault.Is(err, "not_found"):
			left++
			continue
		case err != nil:
			return kept, err
		}
		if err := inbox.PutAway(ctx, a.ID); err != nil {
			return kept, err
		}
		kept++
	}
	if left > 0 {
		w.options.Logger.LogAttrs(ctx, slog.LevelWarn, "a mailbox holds answers to nothing of ours",
			slog.String("neighbourhood", neighbourhood.String()), slog.String("integration", integration.String()), slog.Int("messages", left))
	}
	return kept, nil
}
