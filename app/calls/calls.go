// Package calls is the record of every telephone call that the service answered: when it began, what came of it, and, for
// channels that are driven by webhooks, how far the dialogue had got. It makes the figures by which a neighbourhood judges
// its line, and reconciles them with the telephone supplier's own list.
//
// A caller's number is never a key and never in a report. It is kept twice, both for a short time: sealed, so that staff
// can call back, and as a keyed hash, so that a second call within a day is known as one. Which earlier call it repeats is
// then kept, and the hash is not.
//
// Channels begin and end calls, the dialogue notes what happened in them; app/store/callstore keeps them. The package
// answers no telephone and knows no request but by its reference.
package calls

import (
	"time"

	"github.com/google/uuid"

	"onedoor/app/nhs"
)

// Ending is what came of a call.
type Ending string

const (
	Completed      Ending = "completed"       // a request was handed in, or the answer was heard, without a person
	Person         Ending = "person"          // the caller was put through
	Callback       Ending = "callback"        // a person was asked for and none was there: a callback keeps the place
	AbandonedKept  Ending = "abandoned-kept"  // hung up, and what was answered went to reception
	AbandonedEmpty Ending = "abandoned-empty" // hung up before anything was answered
	Emergency      Ending = "emergency"       // told to call 999
	Refused        Ending = "refused"         // never answered: too many calls at once, or the line was closing down
	Failed         Ending = "failed"          // the line or the product broke
)

// Endings are all of them, in the order in which reports show them.
func Endings() []Ending {
	return []Ending{Completed, Person, Callback, Emergency, AbandonedKept, AbandonedEmpty, Refused, Failed}
}

// Via is how a call reached the service.
type Via string

const (
	SIP     Via = "sip"
	TwiML   Via = "twiml"
	Jambonz Via = "jambonz"
)

// Vias are all of them.
func Vias() []Via { return []Via{SIP, TwiML, Jambonz} }

// Call is one telephone call. A zero time is something that has not happened.
type Call struct {
	ID              uuid.UUID
	NeighbourhoodID uuid.UUID
	OrganisationID  uuid.UUID // whose line it came in on; zero for the neighbourhood's own
	Line            string    // the name of the line
	Via             Via
	Language        string // what was last spoken, BCP 47
	Withheld        bool   // no number came with it, so that a repeat cannot be known
	// Repeats is the caller's call before this one, if it began less than Again earlier.
	Repeats uuid.UUID

	StartedAt     time.Time // the first moment: it decides fairness
	AnsweredAt    time.Time
	PersonAskedAt time.Time // when the caller first asked for a person, or had to be given one
	PersonAt      time.Time // when a person first answered
	EndedAt       time.Time
	HeardAt       time.Time // the last moment that anything was noted: a call that has gone silent is ended by it

	End         Ending // what came of it; until it has ended, what has come of it so far
	Kind        string // the kind of request that was asked for last; empty for none
	Reference   string // of the request that it led to; empty for none
	AnswersKept bool   // what was answered went to reception though the call broke off
	LastStep    string // where in the dialogue it was last: greeting, menu, question.symptoms.duration
}

// Ended reports whether the call is over.
func (c Call) Ended() bool { return !c.EndedAt.IsZero() }

// Again is how soon another call from the same number counts as the same need not met: net containment leaves out a call
// that was followed by another within it.
const Again = 24 * time.Hour

// New is what a channel knows when a call begins.
type New struct {
	ID              uuid.UUID // the channel's own for it; made here when zero
	NeighbourhoodID uuid.UUID
	OrganisationID  uuid.UUID
	Line            string
	Via             Via
	// External is what the other side calls this call: the SIP Call-ID, Twilio's CallSid. It is kept as a keyed hash, and
	// makes Begin the same for a message that is sent twice. Empty for none.
	External string
	Caller   nhs.Phone // empty when withheld
	Language string
	At       time.Time // now when zero
}

// Note is what has happened in a call since the last note. Zero values change nothing; of moments the first one stays, of
// all else the last.
type Note struct {
	Answered    time.Time
	PersonAsked time.Time
	Person      time.Time
	Language    string
	Kind        string
	Step        string
	Reference   string
	AnswersKept bool
	// End is what would have come of the call if it ended now.
	End Ending
}

// Session is the state of the dialogue of one call, for channels that forget everything between two messages. The state
// holds what the caller said: it is sealed at rest, and goes when the call ends.
type Session struct {
	CallID  uuid.UUID
	Version int // of what was loaded; Save refuses another
	State   []byte
}
