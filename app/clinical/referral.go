package clinical

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/nhs"
)

// ReferralDesk is where another organisation's referral comes in. Its errors are *fault.Error: referral_duplicate says that the
// message was processed already, referral_underway that it is being processed now, referral_in_hand that staff work on it, so
// that it can no longer be changed from outside, and not_found that there is no such thing for this caller.
type ReferralDesk interface {
	// Serves finds the organisation that a number of a directory of services stands for; false when it is nobody's here.
	Serves(ctx context.Context, by ReferralCaller, system, value string) (Party, bool, error)
	// Refer takes a new referral in.
	Refer(ctx context.Context, by ReferralCaller, r Referral) (ReferralReceipt, error)
	// Amend puts what is said now in the place of what was said.
	Amend(ctx context.Context, by ReferralCaller, r Referral) (ReferralReceipt, error)
	// End takes a referral back.
	End(ctx context.Context, by ReferralCaller, e ReferralEnd) (ReferralReceipt, error)
	// Answered hears what became of a referral of ours.
	Answered(ctx context.Context, by ReferralCaller, a ReferralAnswer) error
	// Find reads a referral back, by our id or by an identifier of the sender's.
	Find(ctx context.Context, by ReferralCaller, id uuid.UUID, system, value string) (KeptReferral, bool, error)
}

// ReferralCaller is the program that sends, as its credential names it.
type ReferralCaller struct {
	NeighbourhoodID uuid.UUID
	Client          uuid.UUID
	Actor           audit.Actor
}

// ReferralMessage identifies a message and keeps it as it came.
type ReferralMessage struct {
	ID            uuid.UUID // the sender's, the same at every try
	CorrelationID uuid.UUID // of the exchange
	Event, Reason string
	Body          []byte
	At            time.Time
}

// Named is what something is called in a system of names.
type Named struct {
	System string `json:"system"`
	Value  string `json:"value"`
}

// Referral is one, as a person is to read it.
type Referral struct {
	Message     ReferralMessage
	Identifiers []Named // the sender's names for it
	ExternalID  string  // ours, where the sender names it so; empty in a new one
	For         Party
	From        Party
	// FromPerson is who refers there; empty when nobody is named.
	FromPerson string
	UseCase    Coded
	Patient    Patient
	// Complaint is what is wrong, in a line; Narrative all that was asked and found.
	Complaint, Narrative string
	AuthoredAt           time.Time
	Resource             json.RawMessage // the referral itself, to be read back
}

// ReferralEnd takes one back.
type ReferralEnd struct {
	Message     ReferralMessage
	Identifiers []Named
	ExternalID  string
	InError     bool // it was never meant
	Why         string
	NHSNumber   nhs.Number // to be compared; empty when not told
	Resource    json.RawMessage
}

// ReferralAnswer is what became of a referral of ours.
type ReferralAnswer struct {
	Message  ReferralMessage
	To       uuid.UUID // the delivery that it answers
	Standing Standing
}

// ReferralReceipt says that it is taken in.
type ReferralReceipt struct {
	ID        uuid.UUID // ours
	Reference string    // ten digits, for people
}

// KeptReferral is one that came in.
type KeptReferral struct {
	ID        uuid.UUID
	Reference string
	Status    string // active, completed or revoked
	Resource  json.RawMessage
	UpdatedAt time.Time
}
