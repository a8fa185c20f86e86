// Package audit holds what happened: the types of an entry in the trail. An entry is appended in the transaction of what
// it records, by a store; it is never changed. Details carry codes and ids, never a patient's words.
package audit

import (
	"time"

	"github.com/google/uuid"
)

// Entry is one line of the trail.
type Entry struct {
	ID              uuid.UUID // UUIDv7, made by the app
	NeighbourhoodID uuid.UUID
	// OrganisationID is the organisation on whose behalf it was done; zero for the patient's own act or the platform's.
	OrganisationID uuid.UUID
	At             time.Time
	Actor          Actor
	// Action is a verb and its object: request.submit, request.claim, request.read.
	Action string
	// Subject is what it was done to; SubjectKind names its table: request, delivery, policy.
	SubjectKind string
	Subject     uuid.UUID
	Details     map[string]any
}

// ActorKind tells people from programs.
type ActorKind string

const (
	Person  ActorKind = "person"  // a member of staff, signed in or by a key of theirs
	Client  ActorKind = "client"  // a program with an API key: an app, a partner
	Patient ActorKind = "patient" // the person asking, or their proxy
	System  ActorKind = "system"  // a job or the product itself
)

// Actor is who did it.
type Actor struct {
	Kind ActorKind
	ID   uuid.UUID // zero for system and for a patient without an account
	Name string    // a display name for staff; for system the job's name; empty for patients
}
