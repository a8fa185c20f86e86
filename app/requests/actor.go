package requests

import (
	"slices"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/fault"
	"onedoor/policy/access"
	"onedoor/tenants"
)

// Actor is who gives a command: a person or program, the tenant they act in, and what they are where.
type Actor struct {
	audit.Actor
	Scope tenants.Scope
	Roles []tenants.Membership // active today
}

// may reports whether a role of the actor in an organisation allows an action on requests there.
func (a Actor) may(action string, organisation uuid.UUID) bool {
	return slices.ContainsFunc(a.Roles, func(m tenants.Membership) bool {
		if m.NeighbourhoodID != a.Scope.NeighbourhoodID || m.OrganisationID != organisation {
			return false
		}
		_, allowed := access.Allow(m.Role, "request", action)
		return allowed
	})
}

// mustMay refuses an actor who can see the request and has no role that allows the action.
func (a Actor) mustMay(action string, organisation uuid.UUID) error {
	if !a.may(action, organisation) {
		return fault.New(fault.Forbidden, "not_allowed", "Your role does not allow this.")
	}
	return nil
}

// MustMayAny is for what belongs to a request without being it, such as a recording: it refuses an actor whose role allows the
// action at none of the organisations.
func (a Actor) MustMayAny(action string, organisations ...uuid.UUID) error {
	if !slices.ContainsFunc(organisations, func(o uuid.UUID) bool { return a.may(action, o) }) {
		return fault.New(fault.Forbidden, "not_allowed", "Your role does not allow this.")
	}
	return nil
}
