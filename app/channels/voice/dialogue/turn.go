package dialogue

import (
	"time"

	"github.com/google/uuid"

	"onedoor/app/nhs"
)

// Start is what a telephone channel knows of a call when it begins.
type Start struct {
	CallID          uuid.UUID // of the call's record
	NeighbourhoodID uuid.UUID
	OrganisationID  uuid.UUID // whose line it is; zero for the neighbourhood's own
	// Caller is the number that the call came from; empty when it was withheld. It is a hint and never identifies anybody.
	Caller   nhs.Phone
	Language string    // of the line, BCP 47: en, cy
	At       time.Time // the first moment of the call, which decides fairness
	// CanTransfer says that this channel can put the caller through to a person now.
	CanTransfer bool
}

// Turn is what a channel does next: it says the phrases in their order, and then expects one thing.
type Turn struct {
	Say    []Phrase
	Expect Expect
}

// Phrase is one thing to say.
type Phrase struct {
	// ID names a phrase that is always the same, so that a person's own recording can stand for it: greeting,
	// question.symptoms.duration. Empty for words that were put together, such as a reference.
	ID       string
	Text     string // plain words, as a speech engine reads them
	Language string // BCP 47
	// Private words are of this caller alone: they are never kept as a prompt.
	Private bool
	// Slow is said digit by digit with pauses.
	Slow bool
	// Unhurried has a pause after it, for a caller who has more time.
	Unhurried bool `json:",omitempty"`
}

// ExpectKind is what a channel waits for after it has spoken.
type ExpectKind string

const (
	ExpectKeys ExpectKind = "keys"
	// ExpectRecording is speech after a tone, ended by a key or by silence. A key before anybody spoke is Keys, as a menu gives
	// it: the hash refuses, 0 asks for a person. Nothing spoken and no key is Silence.
	ExpectRecording ExpectKind = "recording"
	ExpectTransfer  ExpectKind = "transfer" // put the caller through to the line's people, and say whether it worked
	ExpectEnd       ExpectKind = "end"      // hang up
)

// Expect says what a channel waits for. A caller who does nothing is never hung up on: the channel gives Silence, and the
// dialogue says what to do.
type Expect struct {
	Kind ExpectKind
	// Most is how many keys complete it; 0 for as many as come before the hash. The hash always completes it.
	Most int
	// First is how long to wait for the first key or for speech after the last word was said; Between how long between keys.
	First, Between time.Duration
	// Fixed words cannot be cut short by a key; all others can (barge-in).
	Fixed bool
	// Longest is how long a recording can be.
	Longest time.Duration
	// Hash, in a menu, is an answer of its own: it is never taken for the late end of the field before.
	Hash bool
	// Words asks the channel to bring a recording's words at once, where it can hear them: Event.Said.
	Words bool
}

// EventKind is what happened on the line.
type EventKind string

const (
	Keys         EventKind = "keys"          // Event.Keys: digits, * and #; the hash that ended them is left out
	Silence      EventKind = "silence"       // nothing came within Expect.First
	Recorded     EventKind = "recorded"      // Event.Recording
	HungUp       EventKind = "hung-up"       // the caller, or the network
	PutThrough   EventKind = "put-through"   // a person answers
	NoOneThere   EventKind = "no-one-there"  // the transfer was refused, or nobody answered
	LineTrouble  EventKind = "line-trouble"  // a recording could not be kept, or the like: ask in another way
	ChannelEnded EventKind = "channel-ended" // the channel said its last words and hung up
)

// Event is one thing that happened on the line.
type Event struct {
	Kind      EventKind
	Keys      string    // with Recorded, the key that ended it, unless that was the hash
	Recording uuid.UUID // as recordings keeps it
	Said      string    // the words of the recording, where Expect.Words asked and they could be heard
}
