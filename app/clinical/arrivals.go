package clinical

import (
	"context"
	"time"
)

// What a TaskBoard offers.
const (
	FileRequest   Capability = "file-request"   // a request as the organisation's own task or referral when it arrives
	RequestStatus Capability = "request-status" // what became of that task
)

// TaskBoard is what a System may be besides: a request that was filed on arrival (purpose Arrival) can be looked up, so that
// an organisation that wants no second inbox works in its own system. Its errors are those of System.
type TaskBoard interface {
	// Standing reads back what became of an arrival; false when the system does not have it.
	Standing(ctx context.Context, d Delivery) (Standing, bool, error)
}

// Stage is how far a task in an organisation's own system has come.
type Stage string

const (
	StageWaiting   Stage = "waiting"
	StageInHand    Stage = "in-hand"
	StageDone      Stage = "done"
	StageRefused   Stage = "refused"   // the organisation will not do it: it goes back to who is accountable
	StageCancelled Stage = "cancelled" // taken back by us, or by them
)

// Standing is what became of a task in an organisation's own system.
type Standing struct {
	Stage Stage
	Says  string // the system's words for staff; may be empty, and never goes to a patient unread
	At    time.Time
	ETag  string
}

// Acknowledgement is a later word on what was sent, such as a message from a mailbox.
type Acknowledgement struct {
	ID         string // the message's own: it is put away in the system once what it says is stored
	ExternalID string // what was sent, by the name that the system gave it
	State      State  // Acknowledged, Filed or NeedsAttention
	Says       string // why it was refused, in plain words, with nothing identifiable
	At         time.Time
}

// Inbox is what a System may be besides: its answers come later, and have to be fetched.
type Inbox interface {
	// Fetch gives some of what waits, the oldest first, at most so many. What cannot be understood is left where it is and is
	// counted in the error's words.
	Fetch(ctx context.Context, most int) ([]Acknowledgement, error)
	// PutAway takes one out of the inbox, once what it says is stored.
	PutAway(ctx context.Context, id string) error
}
