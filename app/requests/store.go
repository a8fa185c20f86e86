package requests

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/clinical"
	"onedoor/app/patients"
	"onedoor/policy"
	"onedoor/policy/simulate"
	"onedoor/tenants"
)

// Store keeps requests. Everything done in one InTx is committed together or not at all.
type Store interface {
	InTx(ctx context.Context, scope tenants.Scope, fn func(Tx) error) error
}

// Tx is one transaction in one scope: it sees only what the scope may see, and answers fault.Absent for the rest.
type Tx interface {
	// Rules are the policy and the directory that are live at a moment, as this transaction sees them.
	Rules(at time.Time) (Rules, error)

	// Prelude reads all that a submission is decided by, in one round trip.
	Prelude(PreludeQuery) (Prelude, error)

	// Find reads a request by reference; ForUpdate also locks it until the transaction ends.
	Find(Reference) (*Request, error)
	FindForUpdate(Reference) (*Request, error)
	// OfPatient reads a person's requests that are open or were closed since a moment, newest first, at most `limit`.
	OfPatient(patient uuid.UUID, since time.Time, limit int) ([]*Request, error)
	// TakeNext locks the request of a queue that is due first among those nobody has claimed, passing over locked ones.
	TakeNext(queue uuid.UUID) (*Request, error)
	// ExpiredOffers locks offers that nobody answered by `now`, at most `limit` of them, passing over locked ones.
	ExpiredOffers(now time.Time, limit int) ([]*Request, error)
	// FindHandover reads and locks the request that an organisation's own tool knows by an id, for the key that this
	// organisation named as its tool's. To any other key it is absent.
	FindHandover(id, key uuid.UUID) (*Request, error)
	// SilentHandovers locks handovers of which nobody said anything by `now`, at most `limit` of them, passing over locked ones.
	SilentHandovers(now time.Time, limit int) ([]*Request, error)
	Decision(request uuid.UUID) (policy.Decision, error)
	Timeline(request uuid.UUID) ([]audit.Entry, error)
	// Misroutes are who said that a request was sent to the wrong place, oldest first.
	Misroutes(request uuid.UUID) ([]Misroute, error)
	Deliveries(request uuid.UUID) ([]clinical.Delivery, error)

	// Page is a queue's open requests and the offers made to it, first due first, after a cursor.
	Page(PageQuery) ([]*Request, error)
	// Counts are the open and unclaimed requests of each queue that the scope sees.
	Counts() (map[uuid.UUID]QueueCount, error)

	// Insert stores a new request with its decision and its first custody.
	// past is what simulations keep of it: facts, and nobody.
	Insert(r *Request, d policy.Decision, past simulate.Request)
	// InsertElsewhere is Insert for a request that another organisation than the actor's is to have. It is stored at once.
	InsertElsewhere(r *Request, d policy.Decision, past simulate.Request) error
	// AsJob runs fn with what a job of the neighbourhood may see and change: for the one request that a submission closes.
	AsJob(fn func() error) error
	// Update stores a request that is still at version `was`, and moves custody when the accountable organisation changed.
	Update(r *Request, was int, custodyFrom uuid.UUID) error
	// Misrouted stores somebody's word, in the place of what the same person said of the request before.
	Misrouted(Misroute) error
	// Register are people on the register who might be the one described. It wants the scope of a job.
	Register(patients.Given) ([]patients.Patient, error)
	// HoldSamePerson makes what holds for whoever r is for hold for their requests that are closed, and locks and reads those
	// that are open, without r. It wants the scope of a job.
	HoldSamePerson(r *Request) ([]*Request, error)
	// AddNeeds stores what somebody needs with their new request.
	AddNeeds(request uuid.UUID, k patients.KeptNeeds, at time.Time)
	// KeepNeeds stores it with a request in the place of what was known in the same way. It wants the scope of a job.
	KeepNeeds(request uuid.UUID, k patients.KeptNeeds, at time.Time) error
	// Needs are what is known of a request's person, sealed: what they said first.
	Needs(request uuid.UUID) ([]patients.KeptNeeds, error)
	Audit(audit.Entry)
	// Announce tells every node, after the commit, that a request changed.
	Announce(r *Request, also ...uuid.UUID)
	// ArrivalTakers are the organisations that want requests of a kind in their own systems when they come to them.
	ArrivalTakers(kind string) ([]uuid.UUID, error)
	// Arrivals are those of a request, oldest first, also the ended ones.
	Arrivals(request uuid.UUID) ([]Arrival, error)
	// DueArrivals are those to be read back by now whose deliveries have been taken in, longest waiting first.
	DueArrivals(now time.Time, limit int) ([]Arrival, error)
	AddArrival(Arrival)
	SaveArrival(Arrival) error
	// PutOffArrival has one read no sooner than at a moment, unless it has ended.
	PutOffArrival(id uuid.UUID, until time.Time) error
	// Deliver stores deliveries and wakes their organisations' jobs.
	Deliver([]clinical.Delivery) error

	// KeepReply stores the reply to an idempotency key. A key that another transaction took meanwhile is ErrKeyTaken when the
	// transaction commits.
	KeepReply(client uuid.UUID, key string, hash []byte, reply json.RawMessage, at time.Time)
}

// PreludeQuery says what a submission needs to know.
type PreludeQuery struct {
	At       time.Time
	Kind     string
	Midnight time.Time // of the day whose requests count for a service's daily limit
	Patient  patients.Given
	Client   uuid.UUID
	Key      string // empty for none
}

// Prelude is what a submission is decided by.
type Prelude struct {
	Rules      Rules
	Candidates []patients.Patient // people on the register who might be the one described
	Load       policy.Load        // of the services that have a limit, counted as far as the limit
	Hold       patients.Hold      // what is remembered of the NHS number that was given
	Takers     []uuid.UUID        // organisations that want requests of this kind in their own systems
	// Replied is the stored reply to the idempotency key; nil when it is new.
	Replied *Reply
}

// Reply is what a key was answered with, and the hash of the body that it answered.
type Reply struct {
	BodyHash []byte
	Receipt  json.RawMessage
}

// Rules are what requests are routed by at one moment.
type Rules struct {
	Policy    *policy.Policy
	Directory *tenants.Directory
	// Unloaded names what is live and could not be loaded here; Policy and Directory are then the last good ones.
	Unloaded policy.Unloaded
}

// decide is policy.Decide by these rules, which says so when they are not the live ones.
func (r Rules) decide(facts policy.Facts, load policy.Load, at time.Time) policy.Decision {
	return policy.Decide(r.Policy, facts, r.Directory, load, at).Instead(r.Unloaded)
}

// QueueCount is how much stands in a queue.
type QueueCount struct {
	Open      int
	Unclaimed int
	Offers    int // made to the queue and not answered
}

// PageQuery asks for part of a queue.
type PageQuery struct {
	Queue uuid.UUID
	View  QueueView
	Mine  uuid.UUID // the person whose claims the view "mine" shows
	After Cursor
	Limit int
}

// QueueView narrows a queue.
type QueueView string

const (
	ViewAll       QueueView = ""
	ViewUnclaimed QueueView = "unclaimed"
	ViewMine      QueueView = "mine"
	ViewOffers    QueueView = "offers"
	ViewToVerify  QueueView = "to-verify"
)
