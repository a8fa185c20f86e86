package calls

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"io"
	"sync"
	"time"

	"github.com/google/uuid"

	"onedoor/app/fault"
	"onedoor/app/nhs"
)

// Options are what a Service stands on.
type Options struct {
	Store   Store
	Reports Reports
	Lists   Lists
	Sealer  Sealer
	// Filing brings what was answered in a call whose process died to reception; nil where no dialogue runs.
	Filing Filing
	Now    func() time.Time
	Random io.Reader // crypto/rand when nil
}

// Service keeps the record of calls.
type Service struct {
	o Options

	mu   sync.Mutex
	keys map[uuid.UUID][]byte // as many as there are neighbourhoods
}

// NewService puts a service together.
func NewService(o Options) *Service {
	if o.Random == nil {
		o.Random = rand.Reader
	}
	return &Service{o: o, keys: map[uuid.UUID][]byte{}}
}

// Begin records a call at its first moment. The same external id again gives the call that has begun already.
func (s *Service) Begin(ctx context.Context, n New) (Call, error) {
	if n.NeighbourhoodID == uuid.Nil || n.Line == "" {
		return Call{}, fault.New(fault.Invalid, "call_line", "A call needs a neighbourhood and a line.")
	}
	if n.ID == uuid.Nil {
		n.ID = uuid.Must(uuid.NewV7())
	}
	if n.At.IsZero() {
		n.At = s.o.Now()
	}
	r := Row{Call: Call{
		ID: n.ID, NeighbourhoodID: n.NeighbourhoodID, OrganisationID: n.OrganisationID, Line: n.Line, Via: n.Via, Language: n.Language,
		Withheld: n.Caller == "", StartedAt: n.At, HeardAt: n.At, End: AbandonedEmpty,
	}}
	key, err := s.key(ctx, n.NeighbourhoodID)
	if err != nil {
		return Call{}, err
	}
	if n.External != "" {
		r.ExternalHash = hashed(key, "external", string(n.Via), n.External)
	}
	if n.Caller != "" {
		r.CallerHash = hashed(key, "caller", string(n.Caller))
		if r.CallerSealed, err = s.o.Sealer.Seal(ctx, n.NeighbourhoodID, []byte(n.Caller), about("caller", n.ID)); err != nil {
			return Call{}, err
		}
	}
	c, _, err := s.o.Store.Begin(ctx, r, n.At.Add(-Again))
	return c, err
}

// Get is a call.
func (s *Service) Get(ctx context.Context, neighbourhood, id uuid.UUID) (Call, error) {
	return s.o.Store.Get(ctx, neighbourhood, id)
}

// Note records what happened in a call. A call that has ended takes no note but the reference and that answers were kept.
func (s *Service) Note(ctx context.Context, neighbourhood, id uuid.UUID, n Note) error {
	_, err := s.o.Store.Change(ctx, neighbourhood, id, func(c *Call) bool {
		before := *c
		c.take(n)
		if !before.Ended() {
			c.HeardAt = s.o.Now()
		}
		return *c != before
	})
	return err
}

// take adds a note to a call.
func (c *Call) take(n Note) {
	last(&c.Reference, n.Reference)
	c.AnswersKept = c.AnswersKept || n.AnswersKept
	if c.Ended() {
		return
	}
	first(&c.AnsweredAt, n.Answered)
	first(&c.PersonAskedAt, n.PersonAsked)
	first(&c.PersonAt, n.Person)
	last(&c.Language, n.Language)
	last(&c.Kind, n.Kind)
	last(&c.LastStep, n.Step)
	if n.End != "" {
		c.End = n.End
	}
}

func first(t *time.Time, noted time.Time) {
	if t.IsZero() {
		*t = noted
	}
}

func last(s *string, noted string) {
	if noted != "" {
		*s = noted
	}
}

// End records that a call is over, and forgets its session. Without an ending it is what the notes came to. A second end
// changes nothing.
func (s *Service) End(ctx context.Context, neighbourhood, id uuid.UUID, e Ending) (Call, error) {
	c, err := s.o.Store.Change(ctx, neighbourhood, id, func(c *Call) bool { return c.end(e, s.o.Now()) })
	if err != nil {
		return Call{}, err
	}
	return c, s.o.Store.DropSession(ctx, neighbourhood, id)
}

func (c *Call) end(e Ending, at time.Time) bool {
	if c.Ended() {
		return false
	}
	if e != "" {
		c.End = e
	}
	if at.Before(c.StartedAt) {
		at = c.StartedAt
	}
	c.EndedAt, c.HeardAt = at, at
	return true
}

// Caller is the number that a call came from, for calling back; empty when it was withheld or is no longer kept.
func (s *Service) Caller(ctx context.Context, neighbourhood, id uuid.UUID) (nhs.Phone, error) {
	sealed, err := s.o.Store.Caller(ctx, neighbourhood, id)
	if err != nil || sealed == nil {
		return "", err
	}
	plain, err := s.o.Sealer.Open(ctx, neighbourhood, sealed, about("caller", id))
	return nhs.Phone(plain), err
}

const (
	// hashKept is how long a caller's hash is: long enough to know any second call within Again, whatever the clocks.
	hashKept = 2 * Again
	// numberKept is how long staff can ring back the number of a call.
	numberKept = 7 * 24 * time.Hour
)

// RemoveExpired forgets callers whose time has passed, and says of how many calls something went.
func (s *Service) RemoveExpired(ctx context.Context, neighbourhood uuid.UUID, now time.Time) (int, error) {
	return s.o.Store.Forget(ctx, neighbourhood, now.Add(-hashKept), now.Add(-numberKept))
}

// about binds what is sealed to its place, so that it opens nowhere else.
func about(what string, id uuid.UUID) []byte { return []byte("calls/" + what + "/" + id.String()) }

// key is the neighbourhood's own for hashing: drawn once, and sealed at rest.
func (s *Service) key(ctx context.Context, neighbourhood uuid.UUID) ([]byte, error) {
	s.mu.Lock()
	key := s.keys[neighbourhood]
	s.mu.Unlock()
	if key != nil {
		return key, nil
	}
	sealed, err := s.o.Store.Key(ctx, neighbourhood, func() ([]byte, error) {
		drawn := make([]byte, sha256.Size)
		if _, err := io.ReadFull(s.o.Random, drawn); err != nil {
			return nil, err
		}
		return s.o.Sealer.Seal(ctx, neighbourhood, drawn, about("key", neighbourhood))
	})
	if err != nil {
		return nil, err
	}
	if key, err = s.o.Sealer.Open(ctx, neighbourhood, sealed, about("key", neighbourhood)); err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.keys[neighbourhood] = key
	s.mu.Unlock()
	return key, nil
}

func hashed(key []byte, parts ...string) []byte {
	h := hmac.New(sha256.New, key)
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	return h.Sum(nil)
}
