package tenants

import (
	"slices"

	"github.com/google/uuid"
)

// ScopeKind says who asks of the database, and so which row-level policies apply.
type ScopeKind string

const (
	StaffScope  ScopeKind = "staff"  // rows of the organisations named
	IntakeScope ScopeKind = "intake" // a patient's way in: the whole neighbourhood, for writing and for their own request
	JobScope    ScopeKind = "job"    // a background job in one neighbourhood
)

// Scope is the tenant in which a call reads and writes. It is always an explicit argument, and the zero value sees nothing.
type Scope struct {
	Kind            ScopeKind
	NeighbourhoodID uuid.UUID
	Organisations   []uuid.UUID // staff only
}

// StaffOf is the scope of people who work for these organisations.
func StaffOf(neighbourhood uuid.UUID, organisations ...uuid.UUID) Scope {
	return Scope{StaffScope, neighbourhood, slices.Clone(organisations)}
}

// IntakeOf is the scope of patients' channels.
func IntakeOf(neighbourhood uuid.UUID) Scope { return Scope{IntakeScope, neighbourhood, nil} }

// JobOf is the scope of one background job.
func JobOf(neighbourhood uuid.UUID) Scope { return Scope{JobScope, neighbourhood, nil} }

// Includes reports whether an organisation is in a staff scope.
func (s Scope) Includes(organisation uuid.UUID) bool {
	return s.Kind == StaffScope && slices.Contains(s.Organisations, organisation)
}
