package clinical

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/tenants"
)

// Line is one organisation's deliveries in one neighbourhood: they leave one after the other.
type Line struct {
	NeighbourhoodID uuid.UUID
	OrganisationID  uuid.UUID
}

// Lease is the right to work on a line for a time. Every write of a drain names its lease: a process that was paused, and
// whose lease another has taken since, can change nothing.
type Lease struct {
	Token uuid.UUID
	For   time.Duration // from each write on
}

// ErrLeaseLost says that another process works on the line now.
var ErrLeaseLost = errors.New("another process has taken over this organisation's deliveries")

// Slice is some work of one line.
type Slice struct {
	// Deliveries are as they were found, pending or sent, and are stored as sent from now on. No two of them belong to
	// the same request, and nothing earlier of the same request is undelivered. Each names the integration that it goes by,
	// which is stored with it: what was never sent goes by what is switched on now, and what was sent by what it was sent
	// by. None is one that nothing is switched on for. Those of a paused integration are left where they are.
	Deliveries []Delivery
	// Ways are the integrations of these deliveries.
	Ways map[uuid.UUID]Way
	// Others says that the organisation has more ways than one, so that one that is slow must not hold up what goes by another.
	Others bool
	// Held says why there are none: another process has the lease, for this long.
	Held time.Duration
}

// Way is how an integration may be called in a slice.
type Way struct {
	// Integration is as it stood when the slice was taken; the zero one where it has been removed since.
	Integration Integration
	Breaker     Breaker
	// After is when the first call may be made, and Every when each one after it: a system's limit of calls, which all
	// processes share. Zero is at once.
	After, Every time.Duration
}

// Progress is what a drain writes back.
type Progress struct {
	// Deliveries that were tried, and those of a slice that were not, as they were found.
	Deliveries []Delivery
	Ways       []WayProgress
}

// Empty reports whether there is nothing to write.
func (p Progress) Empty() bool { return len(p.Deliveries) == 0 && len(p.Ways) == 0 }

// WayProgress is what tries came to at one integration.
type WayProgress struct {
	IntegrationID uuid.UUID
	Breaker       Breaker
	Hold          time.Duration // how long the circuit stays open from now on; zero is closed
	Says          string        // the last trouble with the system, in words; empty when there was none
	Taken         int           // deliveries that the system took
	At            time.Time
}

// Ask is what a drain wants next.
type Ask struct {
	Limit int
	Now   time.Time
	// Busy are integrations that are being sent to, and of which no more is wanted for the moment.
	Busy []uuid.UUID
	// Done is written first, in the same transaction.
	Done Progress
}

// Drain is what a drain needs of a store. Each call is a transaction of its own: none spans a call to a clinical system.
type Drain interface {
	// Take leases a line, or keeps its lease, and gives its next deliveries: none of an integration that is paused, busy or
	// whose circuit is open. ErrLeaseLost means that what was done could not be written.
	Take(ctx context.Context, line Line, lease Lease, ask Ask) (Slice, error)
	Save(ctx context.Context, line Line, lease Lease, p Progress) error
}

// Filter narrows a list. The zero value lists everything in the scope.
type Filter struct {
	State          State
	RequestID      uuid.UUID
	OrganisationID uuid.UUID
	Reference      string // the request's ten digits
	Reason         string // the words of the last try, whole
}

// Page is some of a list; Next is empty at its end.
type Page struct {
	Deliveries []Delivery
	Next       string
}

// Store is what staff see of deliveries. Staff see those of their organisations, and those that their organisations
// recorded; only the organisation whose system it is may replay.
type Store interface {
	Get(ctx context.Context, scope tenants.Scope, id uuid.UUID) (Delivery, error)
	List(ctx context.Context, scope tenants.Scope, f Filter, cursor string, limit int) (Page, error)
	Replay(ctx context.Context, scope tenants.Scope, by audit.Actor, id uuid.UUID, now time.Time) (Delivery, error)
}
