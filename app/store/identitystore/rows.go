package identitystore

import (
	"time"

	"github.com/google/uuid"

	"onedoor/app/identity"
	"onedoor/app/nhs"
	"onedoor/tenants"
)

type personRow struct {
	ID        uuid.UUID
	Issuer    string
	Subject   string
	Name      string
	CreatedAt time.Time
}

func (personRow) TableName() string { return "people" }

func (w personRow) person() identity.Person { return identity.Person(w) }

type membershipRow struct {
	ID              uuid.UUID
	PersonID        uuid.UUID
	NeighbourhoodID uuid.UUID
	OrganisationID  *uuid.UUID
	Role            string
	StartsOn        nhs.Date
	EndsOn          nhs.Date
}

func (membershipRow) TableName() string { return "memberships" }

func (w membershipRow) membership() tenants.Membership {
	return tenants.Membership{
		NeighbourhoodID: w.NeighbourhoodID, OrganisationID: zeroed(w.OrganisationID), Role: tenants.Role(w.Role), From: w.StartsOn, Until: w.EndsOn,
	}
}

func membershipsOf(rows []membershipRow) []tenants.Membership {
	list := make([]tenants.Membership, len(rows))
	for i, w := range rows {
		list[i] = w.membership()
	}
	return list
}

type sessionRow struct {
	TokenHash       []byte
	PersonID        uuid.UUID
	NeighbourhoodID uuid.UUID
	Development     bool
	AuthenticatedAt time.Time
	CreatedAt       time.Time
	SeenAt          time.Time
	ExpiresAt       time.Time
}

func (sessionRow) TableName() string { return "sessions" }

func rowOfSession(s identity.Session) *sessionRow {
	return &sessionRow{s.Hash[:], s.PersonID, s.NeighbourhoodID, s.Development, s.AuthenticatedAt, s.CreatedAt, s.SeenAt, s.ExpiresAt}
}

func (w sessionRow) session() identity.Session {
	s := identity.Session{
		PersonID: w.PersonID, NeighbourhoodID: w.NeighbourhoodID, Development: w.Development, AuthenticatedAt: w.AuthenticatedAt,
		CreatedAt: w.CreatedAt, SeenAt: w.SeenAt, ExpiresAt: w.ExpiresAt,
	}
	copy(s.Hash[:], w.TokenHash)
	return s
}

// sessionAndMembership is a row of sessionWithMemberships.
type sessionAndMembership struct {
	Kept            sessionRow `gorm:"embedded"`
	Issuer          string
	Subject         string
	Name            string
	PersonCreatedAt time.Time
	MembershipID    *uuid.UUID
	MemberOf        *uuid.UUID
	OrganisationID  *uuid.UUID
	Role            *string
	StartsOn        nhs.Date
	EndsOn          nhs.Date
}

type clientRow struct {
	ID              uuid.UUID
	NeighbourhoodID uuid.UUID
	OrganisationID  *uuid.UUID
	Role            string
	Label           string
	PersonID        *uuid.UUID
	PersonName      string
	Development     bool
	KeyHash         []byte
	CreatedAt       time.Time
	RevokedAt       *time.Time
}

func (clientRow) TableName() string { return "api_clients" }

func (w clientRow) client() identity.Client {
	c := identity.Client{
		ID: w.ID, NeighbourhoodID: w.NeighbourhoodID, OrganisationID: zeroed(w.OrganisationID), Role: tenants.Role(w.Role), Label: w.Label,
		PersonID: zeroed(w.PersonID), PersonName: w.PersonName, Development: w.Development, CreatedAt: w.CreatedAt,
	}
	if w.RevokedAt != nil {
		c.RevokedAt = *w.RevokedAt
	}
	return c
}

// optional is an id as a column that may be null.
func optional(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}

func zeroed(id *uuid.UUID) uuid.UUID {
	if id == nil {
		return uuid.Nil
	}
	return *id
}
