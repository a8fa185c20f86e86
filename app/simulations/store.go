package simulations

import (
	"context"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/policy"
	"onedoor/policy/simulate"
)

// Store keeps runs and reads past requests. Each method is one transaction in the scope of the neighbourhood's jobs; a
// Source is one for each part.
type Store interface {
	// Live is what requests are routed by at a moment (no_rules).
	Live(ctx context.Context, neighbourhood uuid.UUID, at time.Time) (simulate.Side, error)
	// Versions are what is named by hash (version_unloadable).
	Versions(ctx context.Context, neighbourhood uuid.UUID, policyHash, directoryHash string) (simulate.Side, error)

	// Add keeps a new run, its draft's document and the audit entry; enqueue puts it in line for a job as well.
	Add(ctx context.Context, r Run, document []byte, e audit.Entry, enqueue bool) error
	// Find reads a run with its whole result, and the document of its draft.
	Find(ctx context.Context, neighbourhood, id uuid.UUID) (Run, []byte, error)
	List(ctx context.Context, neighbourhood uuid.UUID, draft string, limit int) ([]Run, error)
	Fresh(ctx context.Context, neighbourhood uuid.UUID, liveHash, draftHash, directoryHash string, since time.Time, atLeast time.Duration) (Run, bool, error)
	// Claim takes a queued run for whoever holds the token, for the time of the Lease; false when it is not queued.
	Claim(ctx context.Context, neighbourhood, id, token uuid.UUID, now time.Time) (Run, []byte, bool, error)
	// Progress keeps how far a run is, and the lease.
	Progress(ctx context.Context, neighbourhood, id, token uuid.UUID, done, total int, now time.Time) (Progress, error)
	// Finish ends a run that the token still holds.
	Finish(ctx context.Context, neighbourhood, id, token uuid.UUID, e Ending) error
	// Cancel ends a queued run, and tells a running one to end.
	Cancel(ctx context.Context, neighbourhood, id uuid.UUID, now time.Time, e audit.Entry) error
	// Resume queues runs whose lease has ended, once each; those that were queued again before fail.
	Resume(ctx context.Context, neighbourhood uuid.UUID, now time.Time) (int, error)

	// Source streams past requests submitted from one moment until before another.
	Source(neighbourhood uuid.UUID, from, until time.Time) simulate.Source
	// Waits are the recorded answering times of a period, and how many requests it has. What only the closed-loop mode
	// needs is read for it alone.
	Waits(ctx context.Context, neighbourhood uuid.UUID, from, until time.Time, m simulate.Mode) (*simulate.Waits, int, error)
	// Requests finds past requests; those that are gone are left out.
	Requests(ctx context.Context, neighbourhood uuid.UUID, samples []simulate.Sample) (map[uuid.UUID]simulate.Request, error)
	// Past counts equal facts, the most frequent first.
	Past(ctx context.Context, neighbourhood uuid.UUID, since time.Time, limit int) ([]Past, error)
	ShadowStore
}

// Progress says whether a run is still wanted of whoever runs it.
type Progress string

const (
	ProgressGoOn      Progress = "go-on"
	ProgressCancelled Progress = "cancelled"
	ProgressTaken     Progress = "taken" // by another process, or ended
)

// Ending is how a run ended.
type Ending struct {
	State   State
	Problem string
	Result  *simulate.Result
	At      time.Time
}

// Past is how many past requests had these facts. Ages in months are left out: whole years tell enough apart.
type Past struct {
	Facts policy.Facts
	Count int
}
