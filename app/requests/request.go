// Package requests is a request's life: submitted, queued, verified, offered, accepted, claimed, answered. It keeps the
// promise that every open request has exactly one accountable organisation and stands in exactly one queue, at every
// instant. It decides nothing about where a request goes (package policy does) and stores nothing itself: it works
// through the Store it declares, one transaction for each command, with the audit entry, the event and the deliveries in
// that same transaction.
package requests

import (
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/catalogue"
	"onedoor/app/fault"
	"onedoor/app/patients"
	"onedoor/policy"
)

// Channel is the way in.
type Channel string

const (
	Web      Channel = "web"
	App      Channel = "app"
	Phone    Channel = "phone"
	InPerson Channel = "in-person"
	// Tasked is no way in: Onedoor itself has something for staff to do. Nobody can submit by it.
	Tasked Channel = "task"
	// Linked is a link on an organisation's own pages, by which people go on in its own online tool. Nobody says so of what they hand in.
	Linked Channel = "link"
	// Referral is another organisation's referral, by its own system. Nobody says so of what they hand in.
	Referral Channel = "referral"
)

// ParseChannel reads one of the four that a submission may name.
func ParseChannel(s string) (Channel, error) {
	switch c := Channel(s); c {
	case Web, App, Phone, InPerson:
		return c, nil
	}
	return "", fault.New(fault.Invalid, "unknown_channel", "The channel must be app, web, phone or in-person.")
}

// Status says what the request waits for.
type Status string

const (
	Queued   Status = "queued"    // in the accountable organisation's queue
	ToVerify Status = "to-verify" // until a named person there confirms the referral
	Offered  Status = "offered"   // until the other organisation accepts; the sender stays accountable
	Diverted Status = "diverted"  // told to call 999; open until a person has checked
	Closed   Status = "closed"
)

// Proxy is somebody who asks for the patient.
type Proxy struct {
	Name         string `json:"name"`
	Relationship string `json:"relationship"`
}

// Offer is a request on its way to another organisation.
type Offer struct {
	Place     policy.Place
	At        time.Time
	ExpiresAt time.Time // it comes back if nobody has answered by then
	Reason    string    // why it was sent, in staff words; empty for a decision's own destination
}

// Claim is the one person who works on a request.
type Claim struct {
	By             audit.Actor
	OrganisationID uuid.UUID
	At             time.Time
}

// Outcome is what was done for the patient.
type Outcome struct {
	Code           string            `json:"code"`
	Note           string            `json:"note,omitempty"`
	Details        map[string]string `json:"details,omitempty"`
	By             string            `json:"by"`
	ByID           uuid.UUID         `json:"by_id"`
	OrganisationID uuid.UUID         `json:"organisation_id"`
	At             time.Time         `json:"at"`
}

// Request is the aggregate. It carries a copy of what was said about the patient, so that another organisation's
// register is never needed to work on it.
type Request struct {
	ID              uuid.UUID
	NeighbourhoodID uuid.UUID
	Reference       Reference
	Version         int // grows by one with every change
	Kind            string
	Channel         Channel
	Language        string // BCP 47, of the conversation; empty when nobody said
	Status          Status

	Patient    patients.Given
	PatientID  uuid.UUID // on the register; zero when nobody matched
	PracticeID uuid.UUID // the registered practice of this neighbourhood; zero for none
	Proxy      *Proxy

	Questionnaire string // url|version
	Answers       catalogue.Answers
	Ignored       []string
	Recordings    map[string]uuid.UUID // by linkId: what was spoken in place of words
	Incomplete    *Incomplete          // what was answered before somebody left; nil for a whole request
	Task          string               // what staff are to do of which nobody asked; empty for a request

	Held     patients.Hold     // why nothing may be sent about this person; its day and its form stand in Trace
	Trace    *patients.Finding // what the last trace at the national register came to; nil for none
	TracedAt time.Time         // zero for never

	Urgency     policy.Urgency
	AnswerDue   time.Time
	CareDue     *time.Time
	Message     string // what the patient was told, as a code
	HomeID      uuid.UUID
	HomeQueueID uuid.UUID    // where it goes when an offer comes back
	Place       policy.Place // where it stands: Organisation is accountable
	Destination policy.Place // where the decision meant it to go
	Offer       *Offer
	Claim       *Claim
	Handover    *Handover // how it stands in the organisation's own online tool; nil where nobody was sent there
	Outcome     *Outcome
	CloseReason string

	SubmittedBy    audit.Actor
	FirstContactAt time.Time
	SubmittedAt    time.Time
	UpdatedAt      time.Time
}

// Open reports whether somebody still owes the patient an answer.
func (r *Request) Open() bool { return r.Status != Closed }

// Concerns are the organisations that see the request now.
func (r *Request) Concerns() []uuid.UUID {
	if r.Offer != nil {
		return []uuid.UUID{r.Place.Organisation, r.Offer.Place.Organisation}
	}
	return []uuid.UUID{r.Place.Organisation}
}
