// Package simulations answers "what would this draft have done?": it replays a neighbourhood's past requests against the
// live rules and a draft (policy/simulate), keeps the runs, and follows a draft that shadows live traffic. It never shows
// people: past requests are facts without names, texts or references (request_history), and a lead sees them coarsened to
// what the rules tell apart. It stores nothing itself; app/store/simulationstore implements the Store it declares, and
// jobs executes what Start has queued.
package simulations

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/fault"
	"onedoor/policy"
	"onedoor/policy/simulate"
)

// State is how far a run is.
type State string

const (
	Queued    State = "queued"
	Running   State = "running"
	Done      State = "done"
	Cancelled State = "cancelled"
	Failed    State = "failed"
)

// Ended reports whether nothing more will come of a run.
func (s State) Ended() bool { return s == Done || s == Cancelled || s == Failed }

// Run is one simulation.
type Run struct {
	NeighbourhoodID uuid.UUID
	ID              uuid.UUID
	By              audit.Actor
	Draft           string // its name
	LiveHash        string
	DraftHash       string
	DirectoryHash   string
	From, Until     time.Time // the requests submitted from, and before
	Mode            simulate.Mode

	State      State
	Done       int // requests
	Total      int // requests; zero until it runs
	CreatedAt  time.Time
	FinishedAt time.Time // zero until it ended
	Problem    string    // why it failed, for a lead
	// Result is there when the run is done, without its samples: Moves shows those.
	Result *simulate.Result
}

// Question is what to simulate.
type Question struct {
	Draft    string // its name
	Document []byte // as it is now: the run keeps it
	// Against is the hash of the version to compare with; what is in force when empty.
	Against string
	// From and Until bound the requests: the last 31 days when both are zero. A period may be 400 days long.
	From, Until time.Time
	Mode        simulate.Mode // recorded load when empty
}

const (
	usualPeriod = 31 * 24 * time.Hour
	// leastPeriod is how long the period of a run must be for the run to count.
	leastPeriod = 28 * 24 * time.Hour
	mostPeriod  = 400 * 24 * time.Hour
	// fresh is how long a run counts: past it, requests have come that it has not seen.
	fresh = 24 * time.Hour
	// Lease is how long a run stays with a process that says nothing of it.
	Lease = 15 * time.Second
	// tellEvery is how often progress is written down.
	tellEvery = 300 * time.Millisecond
)

// Service is the one way to simulate.
type Service struct {
	store Store
	now   func() time.Time
}

// New puts a service together.
func New(store Store, now func() time.Time) *Service { return &Service{store, now} }

// Start queues a run, which a job executes. It refuses a document that does not parse, a mode that is none
// (simulation_mode) and a period that is none (simulation_period).
func (s *Service) Start(ctx context.Context, by audit.Actor, neighbourhood uuid.UUID, q Question) (Run, error) {
	r, err := s.plan(ctx, by, neighbourhood, q)
	if err != nil {
		return Run{}, err
	}
	return r, s.store.Add(ctx, r, q.Document, s.entry(by, "simulation.start", r), true)
}

// RunNow starts a run and waits for its result. When ctx ends, so does the run, as cancelled.
func (s *Service) RunNow(ctx context.Context, by audit.Actor, neighbourhood uuid.UUID, q Question) (Run, error) {
	r, err := s.plan(ctx, by, neighbourhood, q)
	if err != nil {
		return Run{}, err
	}
	if err := s.store.Add(ctx, r, q.Document, s.entry(by, "simulation.start", r), false); err != nil {
		return Run{}, err
	}
	if err := s.execute(ctx, neighbourhood, r.ID, Ending{State: Cancelled}); err != nil {
		return Run{}, err
	}
	return s.Get(ctx, neighbourhood, r.ID)
}

func (s *Service) plan(ctx context.Context, by audit.Actor, neighbourhood uuid.UUID, q Question) (Run, error) {
	now := s.now()
	if q.Mode == "" {
		q.Mode = simulate.RecordedLoad
	}
	if q.From.IsZero() && q.Until.IsZero() {
		q.From, q.Until = now.Add(-usualPeriod), now
	}
	if q.Until.IsZero() {
		q.Until = now
	}
	switch {
	case q.Mode != simulate.RecordedLoad && q.Mode != simulate.ClosedLoop:
		return Run{}, fault.New(fault.Invalid, "simulation_mode", "A simulation runs with recorded-load or closed-loop.")
	case !q.From.Before(q.Until) || q.Until.Sub(q.From) > mostPeriod:
		return Run{}, fault.New(fault.Invalid, "simulation_period", "The period must end after it begins, and be 400 days long at most.")
	}
	draft, err := policy.Parse(q.Document)
	if err != nil {
		return Run{}, err
	}
	live, err := s.store.Live(ctx, neighbourhood, now)
	if err == nil && q.Against != "" {
		live, err = s.store.Versions(ctx, neighbourhood, q.Against, live.Directory.Hash())
	}
	if err != nil {
		return Run{}, err
	}
	return Run{
		NeighbourhoodID: neighbourhood, ID: uuid.Must(uuid.NewV7()), By: by, Draft: q.Draft,
		LiveHash: live.Policy.Hash(), DraftHash: draft.Hash(), DirectoryHash: live.Directory.Hash(),
		From: q.From.UTC().Truncate(time.Microsecond), Until: q.Until.UTC().Truncate(time.Microsecond), Mode: q.Mode, State: Queued, CreatedAt: now.UTC().Truncate(time.Microsecond),
	}, nil
}

func (s *Service) entry(by audit.Actor, action string, r Run) audit.Entry {
	return audit.Entry{
		ID: uuid.Must(uuid.NewV7()), NeighbourhoodID: r.NeighbourhoodID, At: s.now(), Actor: by, Action: action,
		SubjectKind: "simulation", Subject: r.ID, Details: map[string]any{"draft": r.Draft, "hash": r.DraftHash, "mode": string(r.Mode)},
	}
}

// Get reads a run.
func (s *Service) Get(ctx context.Context, neighbourhood, id uuid.UUID) (Run, error) {
	r, _, err := s.store.Find(ctx, neighbourhood, id)
	return hideSamples(r), err
}

// List reads the newest runs of a draft, or of every draft when the name is empty: at most 50, without results.
func (s *Service) List(ctx context.Context, neighbourhood uuid.UUID, draft string) ([]Run, error) {
	return s.store.List(ctx, neighbourhood, draft, 50)
}

// Fresh finds a run that still counts: done within the last day, of these two versions and of the directory that is in
// force, in the recorded-load mode, over four weeks or more up to the last day.
func (s *Service) Fresh(ctx context.Context, neighbourhood uuid.UUID, liveHash, draftHash string) (*Run, bool, error) {
	now := s.now()
	live, err := s.store.Live(ctx, neighbourhood, now)
	if err != nil {
		return nil, false, err
	}
	r, found, err := s.store.Fresh(ctx, neighbourhood, liveHash, draftHash, live.Directory.Hash(), now.Add(-fresh), leastPeriod)
	if err != nil || !found {
		return nil, false, err
	}
	r = hideSamples(r)
	return &r, true, nil
}

// Cancel stops a run; one that has ended stays as it is.
func (s *Service) Cancel(ctx context.Context, by audit.Actor, neighbourhood, id uuid.UUID) (Run, error) {
	r, _, err := s.store.Find(ctx, neighbourhood, id)
	if err != nil {
		return Run{}, err
	}
	if err := s.store.Cancel(ctx, neighbourhood, id, s.now(), s.entry(by, "simulation.cancel", r)); err != nil {
		return Run{}, err
	}
	return s.Get(ctx, neighbourhood, id)
}

// Resume frees the runs of processes that have gone silent: each is queued once more, and fails the second time. It says
// how many it found.
func (s *Service) Resume(ctx context.Context, neighbourhood uuid.UUID) (int, error) {
	return s.store.Resume(ctx, neighbourhood, s.now())
}

// Execute runs what is queued, and does nothing when somebody else does or it has ended. A run that cannot be finished is
// marked as failed with a sentence, and the error comes back. When ctx is cancelled because the process stops, the run
// goes back into the queue.
func (s *Service) Execute(ctx context.Context, neighbourhood, id uuid.UUID) error {
	return s.execute(ctx, neighbourhood, id, Ending{State: Queued})
}

// execute ends a run whose caller has gone as it is told.
func (s *Service) execute(ctx context.Context, neighbourhood, id uuid.UUID, gone Ending) error {
	token := uuid.Must(uuid.NewV7())
	r, document, claimed, err := s.store.Claim(ctx, neighbourhood, id, token, s.now())
	if err != nil || !claimed {
		return err
	}
	result, err := s.simulate(ctx, r, document, token)
	end := Ending{State: Done, Result: result}
	switch {
	case errors.Is(err, errTaken):
		return nil // another process goes on with it, or it has ended
	case errors.Is(err, errCancelled):
		end, err = Ending{State: Cancelled}, nil
	case errors.Is(ctx.Err(), context.Canceled):
		end, err = gone, ctx.Err()
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		end = Ending{State: Failed, Problem: "The simulation took too long. Choose a shorter period."}
	case err != nil:
		end = Ending{State: Failed, Problem: "The simulation stopped: " + fault.As(err).Says}
	}
	end.At = s.now()
	wait, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return errors.Join(err, s.store.Finish(wait, neighbourhood, id, token, end))
}

var (
	errCancelled = errors.New("cancelled by a person")
	errTaken     = errors.New("taken by another process")
)

// far is how far a run is; whoever runs it writes, and whoever tells it reads.
type far struct{ done, total atomic.Int64 }

// simulate runs, and meanwhile tells how far it is and asks whether it is still wanted.
func (s *Service) simulate(ctx context.Context, r Run, document []byte, token uuid.UUID) (*simulate.Result, error) {
	ctx, stop := context.WithCancelCause(ctx)
	var at far
	var telling sync.WaitGroup
	telling.Go(func() { s.tell(ctx, r, token, &at, stop) })
	result, err := s.compare(ctx, r, document, &at)
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	stop(nil)
	telling.Wait()
	return result, err
}

func (s *Service) compare(ctx context.Context, r Run, document []byte, at *far) (*simulate.Result, error) {
	live, draft, err := s.sides(ctx, r, document)
	if err != nil {
		return nil, err
	}
	waits, total, err := s.store.Waits(ctx, r.NeighbourhoodID, r.From, r.Until, r.Mode)
	if err != nil {
		return nil, err
	}
	at.total.Store(int64(total))
	return simulate.Run(ctx, s.store.Source(r.NeighbourhoodID, r.From, r.Until), live, draft, simulate.Options{
		Mode: r.Mode, Waits: waits, Workers: min(mostConnections, runtime.GOMAXPROCS(0)), Progress: func(done int) { at.done.Store(int64(done)) },
	})
}

// mostConnections is how many of the pool's one run takes.
const mostConnections = 4

// tell writes progress down and keeps the lease until ctx ends; it ends ctx when the run is not wanted any more.
func (s *Service) tell(ctx context.Context, r Run, token uuid.UUID, at *far, stop context.CancelCauseFunc) {
	tick := time.NewTicker(tellEvery)
	defer tick.Stop()
	for {
		// An error is the database's: the next tick tries again, and if it stays away the source fails.
		state, err := s.store.Progress(ctx, r.NeighbourhoodID, r.ID, token, int(at.done.Load()), int(at.total.Load()), s.now())
		switch {
		case err != nil:
		case state == ProgressCancelled:
			stop(errCancelled)
		case state == ProgressTaken:
			stop(errTaken)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// sides are the two versions that a run compares.
func (s *Service) sides(ctx context.Context, r Run, document []byte) (live, draft simulate.Side, err error) {
	if live, err = s.store.Versions(ctx, r.NeighbourhoodID, r.LiveHash, r.DirectoryHash); err != nil {
		return live, draft, err
	}
	p, err := policy.Parse(document)
	return live, simulate.Side{Policy: p, Directory: live.Directory}, err
}

// hideSamples leaves out which requests a cell's samples are.
func hideSamples(r Run) Run {
	if r.Result == nil {
		return r
	}
	shown := *r.Result
	shown.Matrix = append([]simulate.Cell(nil), shown.Matrix...)
	for i := range shown.Matrix {
		shown.Matrix[i].Samples = nil
	}
	r.Result = &shown
	return r
}
