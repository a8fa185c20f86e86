// Package identity knows who is asking: people who sign in with an identity provider, the sessions they then have, and
// programs or people with an API key. It turns each into a Principal with the memberships that hold today. It never sees
// a password, keeps no secret as it was given (tokens and keys are hashed at rest), and knows no HTTP: oidc/ and
// devprovider/ beneath it speak OpenID Connect, routes carries the cookies, identitystore the rows.
package identity

import (
	"slices"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/policy/access"
	"onedoor/tenants"
)

// Principal is who asks, in one neighbourhood. The zero value is nobody.
type Principal struct {
	Kind            audit.ActorKind
	ID              uuid.UUID // of the person or, for a program, of its key
	Name            string    // for people: what colleagues read when a claim is refused
	NeighbourhoodID uuid.UUID
	Memberships     []tenants.Membership // those that hold today in this neighbourhood
	Client          uuid.UUID            // the API key it came with; zero for a session
	Development     bool                 // signed in by the development provider, or with a seeded key
}

// Known reports whether anybody is asking at all.
func (p Principal) Known() bool { return p.Kind != "" }

// Actor is the principal as the audit trail names it.
func (p Principal) Actor() audit.Actor { return audit.Actor{Kind: p.Kind, ID: p.ID, Name: p.Name} }

// Scope is the tenant scope for rows of the organisations where the principal works: as receptionist, clinician or
// administrator of the organisation. Other roles give a scope that sees no organisation's rows.
func (p Principal) Scope() tenants.Scope {
	return tenants.StaffOf(p.NeighbourhoodID, p.organisations(func(m tenants.Membership) bool {
		return m.Role == tenants.Receptionist || m.Role == tenants.Clinician || m.Role == tenants.OrgAdmin
	})...)
}

// ScopeFor is the tenant scope for an action: only the organisations where a role of the principal allows it.
func (p Principal) ScopeFor(object, action string) tenants.Scope {
	return tenants.StaffOf(p.NeighbourhoodID, p.organisations(func(m tenants.Membership) bool {
		scope, ok := access.Allow(m.Role, object, action)
		return ok && scope == access.Own
	})...)
}

func (p Principal) organisations(which func(tenants.Membership) bool) []uuid.UUID {
	var ids []uuid.UUID
	for _, m := range p.Memberships {
		if m.OrganisationID != uuid.Nil && which(m) && !slices.Contains(ids, m.OrganisationID) {
			ids = append(ids, m.OrganisationID)
		}
	}
	return ids
}

// Has reports whether the principal has a role anywhere in its neighbourhood.
func (p Principal) Has(role tenants.Role) bool {
	return slices.ContainsFunc(p.Memberships, func(m tenants.Membership) bool { return m.Role == role })
}

// RolesIn are the principal's roles in one organisation.
func (p Principal) RolesIn(organisation uuid.UUID) []tenants.Role {
	var roles []tenants.Role
	for _, m := range p.Memberships {
		if m.OrganisationID == organisation && organisation != uuid.Nil {
			roles = append(roles, m.Role)
		}
	}
	return roles
}

// RoleIn reports whether the principal has a role in one organisation.
func (p Principal) RoleIn(organisation uuid.UUID, role tenants.Role) bool {
	return slices.Contains(p.RolesIn(organisation), role)
}

// Reaches are the distinct scopes in which the principal may do an action; none means that it may not.
func (p Principal) Reaches(object, action string) []access.Scope {
	var scopes []access.Scope
	for _, m := range p.Memberships {
		if s, ok := access.Allow(m.Role, object, action); ok && !slices.Contains(scopes, s) {
			scopes = append(scopes, s)
		}
	}
	return scopes
}

// May reports whether any role of the principal allows an action; whose object it is has still to be asked.
func (p Principal) May(object, action string) bool { return len(p.Reaches(object, action)) > 0 }

// MayIn reports whether the principal may do an action to what belongs to an organisation.
func (p Principal) MayIn(organisation uuid.UUID, object, action string) bool {
	return p.ScopeFor(object, action).Includes(organisation)
}
