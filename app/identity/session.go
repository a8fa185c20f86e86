package identity

import (
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/tenants"
)

// Limits of a member of staff's session. The product's own: CIS2 asks for short ones and leaves the figures to the service.
const (
	StaffIdle     = 15 * time.Minute // then it is locked, and only signing in again opens the door
	StaffAbsolute = 12 * time.Hour
	// seenGrain is how often use is written down; it keeps reads from being writes.
	seenGrain = time.Minute
)

// Person is a member of staff as an identity provider knows them.
type Person struct {
	ID        uuid.UUID
	Issuer    string
	Subject   string // the provider's name for them; together with the issuer it never changes hands
	Name      string
	CreatedAt time.Time
}

// Session is one signed-in browser, in one neighbourhood.
type Session struct {
	Hash            Hash
	PersonID        uuid.UUID
	NeighbourhoodID uuid.UUID
	Development     bool
	AuthenticatedAt time.Time // when the provider last saw the person
	CreatedAt       time.Time
	SeenAt          time.Time
	ExpiresAt       time.Time
}

// Holds says why a session is over at a moment, or nothing.
func (s Session) Holds(at time.Time) error {
	switch {
	case !at.Before(s.ExpiresAt):
		return fault.New(fault.Unauthenticated, "session_ended", "You were signed in for 12 hours. Sign in again to go on.")
	case at.Sub(s.SeenAt) >= StaffIdle:
		return fault.New(fault.Unauthenticated, "session_locked", "You were away for 15 minutes. Sign in again to go on.")
	}
	return nil
}

// Client is what is known of an API key. Role, organisation and neighbourhood are the key's own.
type Client struct {
	ID              uuid.UUID
	NeighbourhoodID uuid.UUID
	OrganisationID  uuid.UUID // zero for lead, operator, app and partner
	Role            tenants.Role
	Label           string    // what the key is for
	PersonID        uuid.UUID // the member of staff whose key it is; zero for a program's
	PersonName      string
	Development     bool // seeded with the demonstration: production refuses it
	CreatedAt       time.Time
	RevokedAt       time.Time // zero while it holds
}

// Principal is who asks with this key.
func (c Client) Principal() Principal {
	p := Principal{
		Kind: audit.Client, ID: c.ID, Name: c.Label, NeighbourhoodID: c.NeighbourhoodID, Client: c.ID, Development: c.Development,
		Memberships: []tenants.Membership{{
			NeighbourhoodID: c.NeighbourhoodID, OrganisationID: c.OrganisationID, Role: c.Role, From: nhs.DateOf(c.CreatedAt.In(tenants.London())),
		}},
	}
	if c.PersonID != uuid.Nil {
		p.Kind, p.ID, p.Name = audit.Person, c.PersonID, c.PersonName
	}
	return p
}

// Check refuses a key whose role and organisation do not go together.
func (c Client) Check() error {
	works := c.Role == tenants.Receptionist || c.Role == tenants.Clinician || c.Role == tenants.OrgAdmin
	if c.NeighbourhoodID == uuid.Nil || works != (c.OrganisationID != uuid.Nil) {
		return fault.New(fault.Invalid, "key_place", "A key belongs to one neighbourhood, and a key for work in an organisation names it.")
	}
	return nil
}
