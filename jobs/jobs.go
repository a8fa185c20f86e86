// Package jobs is the River client and, a file each, the jobs: their arguments and their workers. Arguments carry ids
// only, since River's tables have no row-level security. A worker takes interfaces, opens no transaction around a call to
// another system, and is safe to run twice.
//
// A process that is killed leaves its jobs marked as running. The sweeper frees drain jobs as soon as their lease has
// ended, and River itself frees the others; with the defaults below, and River's own 21 s at most to elect another leader,
// a delivery that was cut off goes on within 40 s.
package jobs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"onedoor/app/clinical"
	"onedoor/app/database"
)

// Options tune the client. The zero value is what production uses.
type Options struct {
	// Workers is how many jobs run at once in this process; 32 when zero.
	Workers int
	// PollOnly uses no LISTEN, as is needed behind PgBouncer in transaction mode.
	PollOnly bool
	// Lease is how long a line of deliveries stays with a process that has gone silent; 15 s when zero. It must be longer
	// than two calls to a clinical system and the pause between two writes.
	Lease time.Duration
	// SweepEvery is how often lost work is looked for; 10 s when zero.
	SweepEvery time.Duration
	// ReconcileEvery is how often deliveries are compared with what clinical systems have; a minute when zero.
	ReconcileEvery time.Duration
	// Logger gets ids and plain words; none when nil.
	Logger *slog.Logger
	// Jitter in [0,1) spreads retries; random when nil.
	Jitter func() float64
	// Now is the product's clock; the real one when nil.
	Now func() time.Time
}

const (
	jobTimeout  = 30 * time.Second
	rescueAfter = 45 * time.Second
	retryMax    = 15 * time.Second
	// softStop is how long running jobs may go on when the process is asked to stop. A drain then writes down what came of
	// the delivery in hand, and leaves the rest to the next process.
	softStop         = 10 * time.Second
	fetchCooldown    = 20 * time.Millisecond
	fetchPoll        = 100 * time.Millisecond // what snoozed for nothing is found by polling
	completedKept    = time.Hour              // sweeps are many, and nobody reads them
	sweepEvery       = 10 * time.Second
	lease            = 15 * time.Second
	workers          = 32
	queueDeliveries  = "deliveries"
	queueHousekeeper = "housekeeping"
	queueSimulations = "simulations"
	queueMessages    = "messages"
	queueRecordings  = "recordings"
	queueTraces      = "traces"

	queueReconciliation = "reconciliation"
)

func (o Options) withDefaults() Options {
	if o.Workers == 0 {
		o.Workers = workers
	}
	if o.Lease == 0 {
		o.Lease = lease
	}
	if o.SweepEvery == 0 {
		o.SweepEvery = sweepEvery
	}
	if o.ReconcileEvery == 0 {
		o.ReconcileEvery = reconcileEvery
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	if o.Jitter == nil {
		o.Jitter = rand.Float64
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// Work is what the jobs work with. What is nil is not run.
type Work struct {
	// Drains, Sweeps and Systems are for deliveries, and go together.
	Drains  Drains
	Sweeps  Sweeps
	Systems Systems
	// Ledger compares what was sent with what the systems have; it needs Systems.
	Ledger         clinical.Ledger
	DeliveryAlarms DeliveryWatcher
	// Neighbourhoods lists those that exist, for the jobs that run once in each.
	Neighbourhoods func(context.Context) ([]uuid.UUID, error)
	Offers         OfferReturner
	Drift          DriftWatcher
	Expiring       []Expiring
	Simulations    Simulations
	Shadows        Shadows
	Replays        Replayer
	Calls          CallSweeper
	Messages       Sender
	Transcriptions Transcriptions
	Copies         Copies
	Standings      Standings
	Bookings       BookingSettler
	Traces         PatientTracer
	Organisations  OrganisationRefresher
	// Inboxes fetch what clinical systems say later; they need Systems.
	Inboxes Inboxes
}

// Client runs jobs.
type Client struct {
	river *river.Client[pgx.Tx]
	// sweep inserts sweeps, from each process by itself: whoever led the periodic jobs may be the one that was killed, and it
	// takes River a while to elect another. None where there is nothing to sweep.
	sweep *sweeping
}

// NewInserter makes a client that inserts jobs and runs none, for processes that have another role.
func NewInserter(db *database.DB) (*river.Client[pgx.Tx], error) {
	return river.NewClient(riverpgxv5.New(db.Pool()), &river.Config{ReindexerIndexNames: []string{}})
}

// New makes a client that runs jobs once it is started.
func New(db *database.DB, work Work, o Options) (*Client, error) {
	o = o.withDefaults()
	registered := river.NewWorkers()
	var periodic []*river.PeriodicJob
	if work.Drains != nil {
		if work.Sweeps == nil || work.Systems == nil {
			return nil, errors.New("draining deliveries needs a sweeper and a way to find clinical systems")
		}
		river.AddWorker(registered, &drainWorker{drains: work.Drains, systems: work.Systems, options: o})
		river.AddWorker(registered, &sweepWorker{sweeps: work.Sweeps, options: o})
	}
	if work.Offers != nil {
		if work.Neighbourhoods == nil {
			return nil, errors.New("returning offers needs the list of neighbourhoods")
		}
		river.AddWorker(registered, &returnWorker{offers: work.Offers, neighbourhoods: work.Neighbourhoods, options: o})
		periodic = append(periodic, every(time.Minute, ReturnOffers{}))
	}
	if work.Drift != nil {
		if work.Neighbourhoods == nil {
			return nil, errors.New("watching for drift needs the list of neighbourhoods")
		}
		river.AddWorker(registered, &watchWorker{drift: work.Drift, neighbourhoods: work.Neighbourhoods, options: o})
		periodic = append(periodic, every(watchEvery, WatchDrift{}))
	}
	if work.Standings.Arrivals != nil {
		if work.Neighbourhoods == nil {
			return nil, errors.New("reading standings needs the list of neighbourhoods")
		}
		river.AddWorker(registered, &standingsWorker{standings: work.Standings, neighbourhoods: work.Neighbourhoods, options: o})
		periodic = append(periodic, every(standingsEvery, ReadStandings{}))
		if work.Standings.Orders != nil {
			river.AddWorker(registered, &settleOrdersWorker{orders: work.Standings.Orders, neighbourhoods: work.Neighbourhoods})
			periodic = append(periodic, every(ordersEvery, SettleOrders{}))
		}
	}
	sending, err := work.telephone(registered, o)
	if err != nil {
		return nil, err
	}
	periodic = append(periodic, sending...)
	if len(work.Expiring) > 0 {
		river.AddWorker(registered, &removeWorker{expiring: work.Expiring, options: o})
		periodic = append(periodic, every(10*time.Minute, RemoveExpired{}))
	}
	simulating, err := work.simulating(registered, o)
	if err != nil {
		return nil, err
	}
	periodic = append(periodic, simulating...)
	watching, err := work.watching(registered, o)
	if err != nil {
		return nil, err
	}
	periodic = append(periodic, watching...)
	hearing, err := work.hearing(registered, o)
	if err != nil {
		return nil, err
	}
	periodic = append(periodic, hearing...)
	client, err := river.NewClient(riverpgxv5.New(db.Pool()), &river.Config{
		Logger:  o.Logger,
		Workers: registered,
		Queues: map[string]river.QueueConfig{
			queueDeliveries:  {MaxWorkers: o.Workers},
			queueHousekeeper: {MaxWorkers: 2},
			queueSimulations: {MaxWorkers: 1},
			queueMessages:    {MaxWorkers: 4},
			queueRecordings:  {MaxWorkers: 1},
			queueTraces:      {MaxWorkers: 1},

			queueReconciliation: {MaxWorkers: 2},
			queueInbox:          {MaxWorkers: inboxAtOnce},
		},
		PeriodicJobs:                periodic,
		JobTimeout:                  jobTimeout,
		RescueStuckJobsAfter:        rescueAfter,
		RetryPolicy:                 retrySoon{},
		FetchCooldown:               fetchCooldown,
		FetchPollInterval:           fetchPoll,
		PollOnly:                    o.PollOnly,
		ReindexerIndexNames:         []string{}, // onedoor_app owns nothing
		CompletedJobRetentionPeriod: completedKept,
		SoftStopTimeout:             softStop,
	})
	if err != nil {
		return nil, fmt.Errorf("make the job client: %w", err)
	}
	made := &Client{river: client}
	if work.Sweeps != nil {
		made.sweep = &sweeping{inserter: client, options: o}
	}
	return made, nil
}

// telephone adds what keeps calls, texts and appointments going.
func (work Work) telephone(registered *river.Workers, o Options) (periodic []*river.PeriodicJob, err error) {
	if (work.Calls != nil || work.Messages != nil || work.Transcriptions != nil || work.Copies != nil || work.Bookings != nil) && work.Neighbourhoods == nil {
		return nil, errors.New("sweeping calls, sending messages, transcribing, removing copies and settling bookings need the list of neighbourhoods")
	}
	if work.Traces != nil {
		if work.Neighbourhoods == nil {
			return nil, errors.New("tracing patients needs the list of neighbourhoods")
		}
		river.AddWorker(registered, &traceWorker{traces: work.Traces, neighbourhoods: work.Neighbourhoods, options: o})
		periodic = append(periodic, every(traceEvery, TracePatients{}))
	}
	if work.Organisations != nil {
		river.AddWorker(registered, &refreshWorker{listings: work.Organisations})
		periodic = append(periodic, every(refreshEvery, RefreshOrganisations{}))
	}
	if work.Bookings != nil {
		river.AddWorker(registered, &settleBookingsWorker{bookings: work.Bookings, neighbourhoods: work.Neighbourhoods})
		periodic = append(periodic, every(settleBookingsEvery, SettleBookings{}))
	}
	if work.Calls != nil {
		river.AddWorker(registered, &sweepCallsWorker{calls: work.Calls, neighbourhoods: work.Neighbourhoods, options: o})
		periodic = append(periodic, every(sweepCallsEvery, SweepCalls{}))
	}
	if work.Messages != nil {
		river.AddWorker(registered, &sendWorker{messages: work.Messages})
		river.AddWorker(registered, &sweepMessagesWorker{messages: work.Messages, neighbourhoods: work.Neighbourhoods})
		periodic = append(periodic, every(sendMessagesEvery, SweepMessages{}))
	}
	if work.Transcriptions != nil {
		river.AddWorker(registered, &transcribeWorker{recordings: work.Transcriptions, neighbourhoods: work.Neighbourhoods, options: o})
		periodic = append(periodic, every(transcribeEvery, TranscribeRecordings{}))
	}
	if work.Copies != nil {
		river.AddWorker(registered, &removeCopiesWorker{copies: work.Copies, neighbourhoods: work.Neighbourhoods, options: o})
		periodic = append(periodic, every(removeCopiesEvery, RemoveCopies{}))
	}
	return periodic, nil
}

// simulating adds what learns from past decisions.
func (work Work) simulating(registered *river.Workers, o Options) (periodic []*river.PeriodicJob, err error) {
	if (work.Simulations != nil || work.Shadows.Follower != nil || work.Replays != nil) && work.Neighbourhoods == nil {
		return nil, errors.New("simulating and replaying need the list of neighbourhoods")
	}
	if work.Simulations != nil {
		river.AddWorker(registered, &simulateWorker{simulations: work.Simulations})
		river.AddWorker(registered, &resumeWorker{simulations: work.Simulations, neighbourhoods: work.Neighbourhoods, options: o})
		periodic = append(periodic, every(resumeEvery, ResumeSimulations{}))
	}
	if work.Shadows.Follower != nil {
		river.AddWorker(registered, &shadowWorker{shadows: work.Shadows, neighbourhoods: work.Neighbourhoods, options: o})
		periodic = append(periodic, every(shadowEvery, ShadowDrafts{}))
	}
	if work.Replays != nil {
		river.AddWorker(registered, &replayWorker{replays: work.Replays, neighbourhoods: work.Neighbourhoods, options: o})
		periodic = append(periodic, river.NewPeriodicJob(nightly{}, func() (river.JobArgs, *river.InsertOpts) { return ReplayDecisions{}, nil },
			&river.PeriodicJobOpts{ID: ReplayDecisions{}.Kind(), RunOnStart: true}))
	}
	return periodic, nil
}

// Inserter inserts jobs through the same client.
func (c *Client) Inserter() *river.Client[pgx.Tx] { return c.river }

// Start begins to run jobs; it returns at once.
func (c *Client) Start(ctx context.Context) error {
	if err := c.river.Start(context.WithoutCancel(ctx)); err != nil { // only Stop stops it, so that what runs can end well
		return err
	}
	c.sweep.start(ctx)
	return nil
}

// Stop takes no new job and waits for those that run.
func (c *Client) Stop(ctx context.Context) error {
	c.sweep.end()
	return c.river.Stop(ctx)
}

// every makes a job that the leader inserts at each interval, and when it becomes leader.
func every(interval time.Duration, args river.JobArgs) *river.PeriodicJob {
	return river.NewPeriodicJob(river.PeriodicInterval(interval), func() (river.JobArgs, *river.InsertOpts) { return args, nil },
		&river.PeriodicJobOpts{ID: args.Kind(), RunOnStart: true})
}

// housekeeping is how periodic jobs run: once, since the next one comes soon.
func housekeeping() river.InsertOpts {
	return river.InsertOpts{Queue: queueHousekeeper, MaxAttempts: 1}
}

// retrySoon retries a failed job after 1, 2, 4, 8 and then always 15 s: a failure is mostly the database's, and it comes
// back.
type retrySoon struct{}

func (retrySoon) NextRetry(job *rivertype.JobRow) time.Time {
	wait := retryMax
	if failed := len(job.Errors); failed < 4 {
		wait = time.Second << failed
	}
	return time.Now().UTC().Add(wait)
}
