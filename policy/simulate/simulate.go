// Package simulate replays past requests against two versions of a neighbourhood's rules, the live one and a draft, and
// says what would have been different: what moves from where to where, how busy each queue is by hour, what becomes late
// or less urgent, and who waits longer.
//
// It is pure: past requests are streamed to it by a Source (app/store/simulationstore reads them from request_history,
// which holds facts and never people), the rules are arguments, and nothing here reads a clock. Memory does not grow with
// the number of requests. The same requests give the same Result however they are divided among workers. What was
// estimated, and how, is written in the Result itself.
package simulate

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"onedoor/policy"
	"onedoor/tenants"
)

// Request is one past request: what it was decided on, and what became of it. It names nobody.
type Request struct {
	ID    uuid.UUID
	At    time.Time // when it was submitted
	Facts policy.Facts
	Load  policy.Load // as it was seen then

	Channel     string
	AgeBand     string // one of AgeBands
	Deprivation string // one of DeprivationBands
	Language    string // BCP 47, or NotSaid

	Place      policy.Place   // where it was sent
	Urgency    policy.Urgency // what it was given
	AnsweredAt time.Time      // zero while nobody has
}

// Waited is how long the patient waited for an answer; false while there is none.
func (r *Request) Waited() (time.Duration, bool) {
	if r.AnsweredAt.IsZero() || r.AnsweredAt.Before(r.At) {
		return 0, false
	}
	return r.AnsweredAt.Sub(r.At), true
}

// Clone is a request that may be kept: a Source uses its own again.
func (r *Request) Clone() Request {
	c := *r
	c.Facts = make(policy.Facts, len(r.Facts))
	for name, v := range r.Facts {
		c.Facts[name] = v
	}
	c.Load = make(policy.Load, len(r.Load))
	for id, l := range r.Load {
		c.Load[id] = l
	}
	return c
}

// Source streams part of the past requests of a period: part 0 to parts-1, which together are all of them, each once. It
// calls take from the goroutine that called it, with as many requests at a time as suits it; the slice and everything in
// it is its own again when take returns. An error of take ends the stream and comes back. The only part of one is in order
// of time.
type Source func(ctx context.Context, part, parts int, take func([]Request) error) error

// FromSlice is a Source of requests in memory, which must be in order of time.
func FromSlice(list []Request) Source {
	return func(ctx context.Context, part, parts int, take func([]Request) error) error {
		from, until := len(list)*part/parts, len(list)*(part+1)/parts
		for ; from < until; from += sourceBatch {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := take(list[from:min(until, from+sourceBatch)]); err != nil {
				return err
			}
		}
		return nil
	}
}

const sourceBatch = 512

// Side is one version of the rules.
type Side struct {
	Policy    *policy.Policy
	Directory *tenants.Directory
}

// Mode is how the load of services is known.
type Mode string

const (
	// RecordedLoad decides each request alone, with the load that was recorded with it.
	RecordedLoad Mode = "recorded-load"
	// ClosedLoop decides in order of time: what a side sends to a queue is in that queue until it is answered, at the rate
	// that the queue has shown.
	ClosedLoop Mode = "closed-loop"
)

// Options say how to run. The zero value is recorded load, on every processor, with no progress and ten samples a cell.
type Options struct {
	Mode Mode
	// Workers is how many parts run at once in the recorded-load mode; as many as there are processors when zero.
	Workers int
	// Progress is told now and then how many requests are done, from any worker, never two at a time.
	Progress func(done int)
	// Samples is how many requests each cell of the matrix keeps; 10 when zero.
	Samples int
	// Waits are the recorded answering times of the period; they are learned by a first pass over the source when nil.
	Waits *Waits
}

func (o Options) withDefaults() (Options, error) {
	switch o.Mode {
	case "":
		o.Mode = RecordedLoad
	case RecordedLoad, ClosedLoop:
	default:
		return o, errors.New("a simulation runs in the mode recorded-load or closed-loop")
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Mode == ClosedLoop {
		o.Workers = 1 // each decision depends on those before it
	}
	if o.Samples <= 0 {
		o.Samples = 10
	}
	return o, nil
}

// Run replays every request of the source against both sides. It ends early, with ctx's error, when ctx does.
func Run(ctx context.Context, source Source, live, draft Side, o Options) (*Result, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	if o.Waits == nil {
		if o.Waits, err = Learn(ctx, source, o.Workers); err != nil {
			return nil, err
		}
	}
	progress := &progress{tell: o.Progress}
	tallies := make([]*tally, o.Workers)
	err = parallel(ctx, o.Workers, func(ctx context.Context, part int) error {
		t := newTally(live, draft, o)
		tallies[part] = t
		step := t.recorded
		if o.Mode == ClosedLoop {
			step = newLoop(t).step
		}
		return source(ctx, part, o.Workers, func(batch []Request) error {
			for i := range batch {
				if i%checkEvery == 0 && ctx.Err() != nil {
					return ctx.Err()
				}
				step(&batch[i])
			}
			progress.add(len(batch))
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	total := tallies[0]
	for _, t := range tallies[1:] {
		total.merge(t)
	}
	return total.result(), nil
}

// checkEvery is after how many requests a worker asks whether it is still wanted.
const checkEvery = 64

// parallel runs n parts, and ends the others when one fails.
func parallel(ctx context.Context, n int, run func(ctx context.Context, part int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var all sync.WaitGroup
	for part := range n {
		all.Go(func() {
			if err := run(ctx, part); err != nil {
				cancel(err) // the first one stays
			}
		})
	}
	all.Wait()
	return context.Cause(ctx)
}

// progress counts what all workers have done.
type progress struct {
	tell func(int)
	done atomic.Int64
	mu   sync.Mutex
}

func (p *progress) add(n int) {
	p.done.Add(int64(n))
	if p.tell != nil && p.mu.TryLock() { // another worker tells it just now
		p.tell(int(p.done.Load()))
		p.mu.Unlock()
	}
}
