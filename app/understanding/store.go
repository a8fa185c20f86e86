package understanding

import (
	"context"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
)

// Use is one text that was read, without its words.
type Use struct {
	ID              uuid.UUID
	NeighbourhoodID uuid.UUID
	OrganisationID  uuid.UUID // zero for the neighbourhood's own
	At              time.Time
	Channel         string
	Language        string
	// Shadow is true where people chose by themselves, and false where the proposal was put to them.
	Shadow         bool
	Model, Version string
	Outcome        Outcome
	Kind           string // proposed; "" when unsure
	Answers        int    // how many were proposed
	Confidence     float64
	Took           time.Duration
	Chosen         string // the kind that the person chose; "" when they have not, or went no further
}

// Store keeps settings and uses. Each method is a transaction of its own in its neighbourhood.
type Store interface {
	// Setting of an organisation, or of the neighbourhood itself when the organisation is zero. Off when never set.
	Setting(ctx context.Context, neighbourhood, organisation uuid.UUID) (Setting, error)
	// Save stores a setting with its line in the trail, if the version before it is still in force; any when was is negative.
	// It is fault.Conflict when somebody else changed it.
	Save(ctx context.Context, s Setting, was int, entry audit.Entry) (Setting, error)
	// Note stores a use with its line in the trail.
	Note(ctx context.Context, u Use, entry audit.Entry) error
	// Chose tells what the person chose in the end: once; what was told before stays.
	Chose(ctx context.Context, neighbourhood, use uuid.UUID, kind string) error
	// Counts are the uses of one version of a model by an organisation.
	Counts(ctx context.Context, neighbourhood, organisation uuid.UUID, m About) ([]Count, map[Outcome]int, error)
}
