// Package intake is a conversation: one Questionnaire of the catalogue, walked by any channel, one answer at a time. A
// channel is a thin driver: it asks Next what to ask, gives Answer what was said, and so on until the answers are checked or
// an emergency stops it. A conversation may begin on one channel and go on in another, and nothing is asked twice.
//
// The package holds the order of questions and nothing of how they are shown. It does not store a conversation, submit a
// request or know of HTTP; its clock and the preview of a decision are given to it.
package intake

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"onedoor/app/catalogue"
	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/app/patients"
)

// Lifetime is how long a conversation can be taken up again, from its last answer.
const Lifetime = time.Hour

// Channels, as a request keeps them.
const (
	ChannelWeb      = "web"
	ChannelApp      = "app"
	ChannelPhone    = "phone"
	ChannelInPerson = "in-person"
)

// Conversation is a Questionnaire being answered. As JSON it is stored, and comes back as it was.
type Conversation struct {
	ID              uuid.UUID `json:"id"`
	NeighbourhoodID uuid.UUID `json:"neighbourhood_id"`
	Kind            string    `json:"kind"`
	// Questionnaire is url|version, as it was when the conversation began.
	Questionnaire string `json:"questionnaire"`
	Channel       string `json:"channel"`  // the one it is on now
	Language      string `json:"language"` // BCP 47: en, cy
	// AskedOf is the organisation whose own line or door the conversation came by; zero for the neighbourhood's.
	AskedOf uuid.UUID `json:"asked_of,omitzero"`
	// GoOnAt is the organisation in whose own online tool the person goes on once this was handed in; zero for none.
	GoOnAt uuid.UUID `json:"go_on_at,omitzero"`
	// Reference is what a person keys or types to go on elsewhere: ten digits, as a request's. It is no request's yet.
	Reference string `json:"reference,omitempty"`
	// Callback is the reference of the callback request that stands for the conversation since a call was cut off. Handing
	// the conversation in closes it.
	Callback string `json:"callback,omitempty"`

	// Answers are all that was ever answered, also to items that later answers disabled: they count again if those change
	// back. Walker.Settled is what counts.
	Answers catalogue.Answers `json:"answers"`
	// Skipped are the linkIds of items that were asked and left without an answer: they are not asked again.
	Skipped []string `json:"skipped,omitempty"`
	// Recordings hold the id of the recording that stands for an answer in words, by linkId.
	Recordings map[string]string `json:"recordings,omitempty"`
	// Suggested are answers that somebody may have given already, in words of their own. Each is shown at its question and
	// counts for nothing until it is given there.
	Suggested catalogue.Answers `json:"suggested,omitempty"`

	Details Details `json:"details"`
	// Needs are what the person needs so that care reaches them, sealed; nil for nothing that anybody said or knows. LargePrint
	// is the part of it that pages act on.
	Needs      *patients.KeptNeeds `json:"needs,omitempty"`
	LargePrint bool                `json:"large_print,omitempty"`
	// Claimed is who somebody said that they are before they were asked, to have their needs read. It is shown filled in where
	// it is asked, and is no detail until it is given there.
	Claimed *Claimed `json:"claimed,omitempty"`

	// At is the step that somebody went back to; empty when they go forward.
	At Place `json:"at,omitzero"`

	StartedAt time.Time `json:"started_at"` // the first contact, which decides fairness
	UpdatedAt time.Time `json:"updated_at"` // the last answer
	Submitted string    `json:"submitted,omitempty"`
}

// Claimed is a number and a date of birth.
type Claimed struct {
	NHSNumber nhs.Number `json:"nhs_number"`
	BirthDate nhs.Date   `json:"birth_date"`
}

// Place names a step that can be gone back to: a question by its linkId, or a detail.
type Place struct {
	LinkID string `json:"link_id,omitempty"`
	Detail Detail `json:"detail,omitempty"`
}

// Expired reports whether the conversation can no longer be taken up.
func (c *Conversation) Expired(now time.Time) bool { return now.Sub(c.UpdatedAt) >= Lifetime }

// Known is what the details say of the person at a day.
func (c *Conversation) Known(today nhs.Date) catalogue.Known {
	known := catalogue.KnownOf(c.Details.BirthDate, c.Details.Sex, today)
	for id := range c.Recordings {
		known.Recorded = append(known.Recorded, id)
	}
	slices.Sort(known.Recorded)
	return known
}

// answered reports whether an item was asked: answered, recorded or left out.
func (c *Conversation) answered(linkID string) bool {
	return len(c.Answers[linkID]) > 0 || c.Recordings[linkID] != "" || slices.Contains(c.Skipped, linkID)
}

func (c *Conversation) forget(linkID string) {
	delete(c.Answers, linkID)
	delete(c.Recordings, linkID)
	delete(c.Suggested, linkID)
	c.Skipped = slices.DeleteFunc(c.Skipped, func(id string) bool { return id == linkID })
}

// touch begins a change: it refuses one that comes too late.
func (c *Conversation) touch(now time.Time) error {
	if c.Submitted != "" {
		return fault.New(fault.Conflict, "conversation_submitted", "This request has already been sent.")
	}
	if c.Expired(now) {
		return fault.New(fault.NotFound, "conversation_expired", "These answers were left for more than an hour, so they have been cleared. Please start again.")
	}
	return nil
}

func (c *Conversation) changed(now time.Time) {
	c.UpdatedAt = now
	c.At = Place{}
}
