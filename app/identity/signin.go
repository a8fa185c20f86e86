package identity

import (
	"cmp"
	"context"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/tenants"
)

// Claims is what an identity provider vouched for, after every check of it.
type Claims struct {
	Issuer, Subject string
	Name            string
	AuthenticatedAt time.Time
	ACR             string
	Development     bool
}

// Store keeps people, sessions and keys. What is not there is fault.NotFound.
type Store interface {
	PersonBySubject(ctx context.Context, issuer, subject string) (Person, error)
	Memberships(ctx context.Context, person uuid.UUID) ([]tenants.Membership, error)
	// StartSession stores a session and, in the same transaction, ends the one it replaces, if any.
	StartSession(ctx context.Context, s Session, replaces Hash) error
	// Session finds a session with its person and their memberships in one go.
	Session(ctx context.Context, h Hash) (Session, Person, []tenants.Membership, error)
	SeeSession(ctx context.Context, h Hash, at time.Time) error
	EndSession(ctx context.Context, h Hash, at time.Time) error
	Client(ctx context.Context, h Hash) (Client, error)
}

// Door lets people and programs in.
type Door struct {
	store  Store
	now    func() time.Time
	random io.Reader

	mu      sync.Mutex
	clients map[Hash]cachedClient
}

type cachedClient struct {
	client Client
	until  time.Time
}

// clientMemory is how long a key found once is not looked up again, and so how long a withdrawn key may still work.
const clientMemory = 5 * time.Second

// NewDoor makes a Door. A nil random is the system's.
func NewDoor(store Store, now func() time.Time, random io.Reader) *Door {
	return &Door{store: store, now: now, random: random, clients: map[Hash]cachedClient{}}
}

// SignIn starts a session for a person whom a provider has vouched for, and ends the one that the browser had before.
// A person who works in several neighbourhoods starts in the preferred one, or in the one they joined first.
func (d *Door) SignIn(ctx context.Context, c Claims, before Token, preferred uuid.UUID) (Token, error) {
	person, err := d.store.PersonBySubject(ctx, c.Issuer, c.Subject)
	if fault.As(err).Kind == fault.NotFound {
		return "", noMembership()
	}
	if err != nil {
		return "", err
	}
	memberships, err := d.store.Memberships(ctx, person.ID)
	if err != nil {
		return "", err
	}
	neighbourhood, ok := d.choose(memberships, preferred)
	if !ok {
		return "", noMembership()
	}
	now := d.now()
	return d.start(ctx, before, Session{
		PersonID: person.ID, NeighbourhoodID: neighbourhood, Development: c.Development,
		AuthenticatedAt: c.AuthenticatedAt, CreatedAt: now, SeenAt: now, ExpiresAt: now.Add(StaffAbsolute),
	})
}

// Switch moves a session to another neighbourhood of the same person. The token changes; the end of the session does not.
func (d *Door) Switch(ctx context.Context, t Token, neighbourhood uuid.UUID) (Token, error) {
	s, _, memberships, err := d.session(ctx, t)
	if err != nil {
		return "", err
	}
	if !slices.Contains(d.neighbourhoods(memberships), neighbourhood) {
		return "", fault.Absent()
	}
	s.NeighbourhoodID, s.SeenAt = neighbourhood, d.now()
	return d.start(ctx, t, s)
}

func (d *Door) start(ctx context.Context, before Token, s Session) (Token, error) {
	token, err := NewToken(d.random)
	if err != nil {
		return "", err
	}
	var replaces Hash
	if before != "" {
		replaces = before.Hash()
	}
	s.Hash = token.Hash()
	if err := d.store.StartSession(ctx, s, replaces); err != nil {
		return "", err
	}
	return token, nil
}

// SignOut ends a session. One that is over already is no error.
func (d *Door) SignOut(ctx context.Context, t Token) error {
	return d.store.EndSession(ctx, t.Hash(), d.now())
}

// BySession is who asks with a session token. With active, the moment counts as use of the session; a page that
// refreshes itself passes false, or an unattended screen would never lock.
func (d *Door) BySession(ctx context.Context, t Token, active bool) (Principal, error) {
	s, person, memberships, err := d.session(ctx, t)
	if err != nil {
		return Principal{}, err
	}
	now := d.now()
	if active && now.Sub(s.SeenAt) >= seenGrain {
		if err := d.store.SeeSession(ctx, s.Hash, now); err != nil {
			return Principal{}, err
		}
	}
	memberships = slices.DeleteFunc(d.active(memberships), func(m tenants.Membership) bool { return m.NeighbourhoodID != s.NeighbourhoodID })
	if len(memberships) == 0 {
		return Principal{}, noMembership()
	}
	return Principal{
		Kind: audit.Person, ID: person.ID, Name: person.Name, NeighbourhoodID: s.NeighbourhoodID,
		Memberships: memberships, Development: s.Development,
	}, nil
}

func (d *Door) session(ctx context.Context, t Token) (Session, Person, []tenants.Membership, error) {
	s, person, memberships, err := d.store.Session(ctx, t.Hash())
	if fault.As(err).Kind == fault.NotFound {
		return Session{}, Person{}, nil, noSession()
	}
	if err != nil {
		return Session{}, Person{}, nil, err
	}
	if err := s.Holds(d.now()); err != nil {
		return Session{}, Person{}, nil, err
	}
	return s, person, memberships, nil
}

// ByKey is who asks with an API key. A key that was found is remembered for a few seconds; one that was not is not.
func (d *Door) ByKey(ctx context.Context, k Key) (Principal, error) {
	h, now := k.Hash(), d.now()
	if c, ok := d.remembered(h, now); ok {
		return c.Principal(), nil
	}
	c, err := d.store.Client(ctx, h)
	if fault.As(err).Kind == fault.NotFound {
		return Principal{}, unknownKey()
	}
	if err != nil {
		return Principal{}, err
	}
	if !c.RevokedAt.IsZero() && !now.Before(c.RevokedAt) {
		return Principal{}, unknownKey()
	}
	d.mu.Lock()
	d.clients[h] = cachedClient{c, now.Add(clientMemory)}
	d.mu.Unlock()
	return c.Principal(), nil
}

func (d *Door) remembered(h Hash, now time.Time) (Client, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	c, ok := d.clients[h]
	if ok && !now.Before(c.until) {
		delete(d.clients, h)
		ok = false
	}
	return c.client, ok
}

func (d *Door) active(memberships []tenants.Membership) []tenants.Membership {
	today := nhs.DateOf(d.now().In(tenants.London()))
	return slices.DeleteFunc(slices.Clone(memberships), func(m tenants.Membership) bool { return !m.Active(today) })
}

// neighbourhoods are those with a membership that holds today, the earliest joined first.
func (d *Door) neighbourhoods(memberships []tenants.Membership) []uuid.UUID {
	active := d.active(memberships)
	slices.SortStableFunc(active, func(a, b tenants.Membership) int {
		return cmp.Or(cmp.Compare(a.From.String(), b.From.String()), cmp.Compare(a.NeighbourhoodID.String(), b.NeighbourhoodID.String()))
	})
	var ids []uuid.UUID
	for _, m := range active {
		if !slices.Contains(ids, m.NeighbourhoodID) {
			ids = append(ids, m.NeighbourhoodID)
		}
	}
	return ids
}

func (d *Door) choose(memberships []tenants.Membership, preferred uuid.UUID) (uuid.UUID, bool) {
	ids := d.neighbourhoods(memberships)
	if len(ids) == 0 {
		return uuid.Nil, false
	}
	if slices.Contains(ids, preferred) {
		return preferred, true
	}
	return ids[0], true
}

func noMembership() error {
	return fault.New(fault.Forbidden, "no_membership",
		"You signed in, and no organisation here lists you as working for it today. Ask your organisation's administrator to add you.")
}
