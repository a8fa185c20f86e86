package messages

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"

	"onedoor/app/fault"
	"onedoor/app/nhs"
)

// State is how far a message has come. What the provider accepted is sent, and only what the telephone network confirmed
// is delivered.
type State string

const (
	Queued    State = "queued"    // to be sent, perhaps again
	Sent      State = "sent"      // the provider has it
	Delivered State = "delivered" // the network says that it arrived
	Failed    State = "failed"    // given up: a person can look, and send it again
	Expired   State = "expired"   // not sent while it was worth sending
)

// States are all of them.
func States() []State { return []State{Queued, Sent, Delivered, Failed, Expired} }

// Message is one text to one telephone. It is for numbers of which somebody said that it is safe to text them, or that are
// on record for just this.
type Message struct {
	NeighbourhoodID uuid.UUID
	RequestID       uuid.UUID // what it is about; zero for none
	CallID          uuid.UUID // in which it was asked for; zero for none
	To              nhs.Phone
	Text            Text
	// Once makes queueing the same thing twice queue it once: within a neighbourhood, two messages with the same words here
	// are one. Empty for none. It holds ids, and nothing that identifies somebody.
	Once string
}

// Row is a message as it is kept: whom it is for and what it says only sealed.
type Row struct {
	ID, NeighbourhoodID, RequestID, CallID uuid.UUID
	Template                               Template
	Language                               string
	Once                                   string
	Sealed                                 []byte // nil when its time has passed
	State                                  State
	Tries                                  int
	// Unsure means that the last try may have reached the provider: it is asked before anything is sent again.
	Unsure     bool
	NextAt     time.Time // when it is to be sent, or looked after
	QueuedAt   time.Time
	WorthUntil time.Time
	SettledAt  time.Time // when it became delivered, failed or expired
	Provider   string
	ProviderID string // the provider's own id
	Problem    string // a code: what the last try came to
}

// Reference is what the provider is told as our name for a message: an id that means nothing elsewhere.
func (r Row) Reference() string { return r.ID.String() }

// Count is how many messages of a template stand in a state, with a problem.
type Count struct {
	Template Template
	State    State
	Problem  string
	N        int
}

// Store keeps messages. Each method is a transaction of its own in its neighbourhood.
type Store interface {
	// Queue keeps a message and, in the same transaction, the job that sends it. One with the same Once is kept once: its id
	// comes back.
	Queue(ctx context.Context, r Row) (uuid.UUID, error)
	// Take gives messages that are due to one sender alone until a moment, oldest first.
	Take(ctx context.Context, neighbourhood uuid.UUID, now, until time.Time, limit int) ([]Row, error)
	// Settle writes what came of a message that was taken. It changes nothing when another sender has taken it since.
	Settle(ctx context.Context, taken time.Time, r Row) error
	// Counts are those of messages queued since a moment.
	Counts(ctx context.Context, neighbourhood uuid.UUID, since time.Time) ([]Count, error)
	// List are the newest messages.
	List(ctx context.Context, neighbourhood uuid.UUID, limit int) ([]Row, error)
	// Again queues a message that failed once more, with the job that sends it. Others are absent.
	Again(ctx context.Context, neighbourhood, id uuid.UUID, now, worthUntil time.Time) error
	// Forget unseals nothing and removes what was sealed in messages settled before a moment; it says how many.
	Forget(ctx context.Context, neighbourhood uuid.UUID, before time.Time) (int, error)
}

// Sealer encrypts for one neighbourhood. It is secrets.Vault.
type Sealer interface {
	Seal(ctx context.Context, neighbourhood uuid.UUID, plain, context []byte) ([]byte, error)
	Open(ctx context.Context, neighbourhood uuid.UUID, sealed, context []byte) ([]byte, error)
}

// OutboxOptions are what an Outbox stands on.
type OutboxOptions struct {
	Store    Store
	Sealer   Sealer
	Provider Provider
	Now      func() time.Time
}

// Outbox queues messages and sends them.
type Outbox struct{ o OutboxOptions }

// NewOutbox puts an outbox together.
func NewOutbox(o OutboxOptions) *Outbox { return &Outbox{o} }

// Queue puts a message in line. It is sent soon after, by a job: what is queued survives whatever happens to this process.
func (b *Outbox) Queue(ctx context.Context, m Message) (uuid.UUID, error) {
	r, err := b.Prepare(ctx, m)
	if err != nil {
		return uuid.Nil, err
	}
	return b.o.Store.Queue(ctx, r)
}

// Prepare makes the row of a message, for a store that queues it in a transaction of its own.
func (b *Outbox) Prepare(ctx context.Context, m Message) (Row, error) {
	if m.NeighbourhoodID == uuid.Nil || m.To == "" {
		return Row{}, fault.New(fault.Invalid, "text_number", "A text needs a telephone number.")
	}
	if _, err := m.Text.Words(); err != nil {
		return Row{}, err
	}
	now := b.o.Now()
	r := Row{
		ID: uuid.Must(uuid.NewV7()), NeighbourhoodID: m.NeighbourhoodID, RequestID: m.RequestID, CallID: m.CallID, Template: m.Text.Template, Language: m.Text.Language,
		Once: m.Once, State: Queued, NextAt: now, QueuedAt: now, WorthUntil: now.Add(m.Text.worth()), Provider: b.o.Provider.Name(),
	}
	plain, err := json.Marshal(letter{m.To, m.Text})
	if err != nil {
		return Row{}, err
	}
	r.Sealed, err = b.o.Sealer.Seal(ctx, m.NeighbourhoodID, plain, about(r.ID))
	return r, err
}

// letter is what is sealed of a message.
type letter struct {
	To   nhs.Phone `json:"to"`
	Text Text      `json:"text"`
}

// about binds what is sealed to its message.
func about(id uuid.UUID) []byte { return []byte("messages/" + id.String()) }

func (b *Outbox) open(ctx context.Context, r Row) (l letter, err error) {
	plain, err := b.o.Sealer.Open(ctx, r.NeighbourhoodID, r.Sealed, about(r.ID))
	if err != nil {
		return l, err
	}
	return l, json.Unmarshal(plain, &l)
}

// Counts are how many messages of the last days stand where.
func (b *Outbox) Counts(ctx context.Context, neighbourhood uuid.UUID, since time.Time) ([]Count, error) {
	return b.o.Store.Counts(ctx, neighbourhood, since)
}

// Seen is a message as the development outbox shows it.
type Seen struct {
	Row
	To    nhs.Phone
	Words string
}

// Show opens the newest messages. It is for development, where nothing is really sent: whoever wires it elsewhere shows
// people's numbers.
func (b *Outbox) Show(ctx context.Context, neighbourhood uuid.UUID, limit int) ([]Seen, error) {
	rows, err := b.o.Store.List(ctx, neighbourhood, limit)
	if err != nil {
		return nil, err
	}
	list := make([]Seen, len(rows))
	for i, r := range rows {
		list[i] = Seen{Row: r}
		if r.Sealed == nil {
			continue
		}
		l, err := b.open(ctx, r)
		if err != nil {
			return nil, err
		}
		list[i].To = l.To
		if list[i].Words, err = l.Text.Words(); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// Failures are the newest messages that were given up, without what they say.
func (b *Outbox) Failures(ctx context.Context, neighbourhood uuid.UUID, limit int) ([]Row, error) {
	rows, err := b.o.Store.List(ctx, neighbourhood, listed)
	var list []Row
	for _, r := range rows {
		if r.State == Failed && len(list) < limit {
			list = append(list, r)
		}
	}
	return list, err
}

// listed is how many of the newest messages are looked through.
const listed = 500

// Again sends a message that was given up once more. A code is never sent again: a new one is asked for.
func (b *Outbox) Again(ctx context.Context, neighbourhood, id uuid.UUID) error {
	now := b.o.Now()
	return b.o.Store.Again(ctx, neighbourhood, id, now, now.Add(24*time.Hour))
}

// sealedKept is how long a settled message can still be read by us.
const sealedKept = 7 * 24 * time.Hour

// RemoveExpired forgets what old messages said and to whom, and says of how many.
func (b *Outbox) RemoveExpired(ctx context.Context, neighbourhood uuid.UUID, now time.Time) (int, error) {
	return b.o.Store.Forget(ctx, neighbourhood, now.Add(-sealedKept))
}

var errNoLetter = errors.New("the message is no longer kept")
