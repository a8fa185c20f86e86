package dialogue

import (
	"time"

	"github.com/google/uuid"

	"onedoor/app/callers"
	"onedoor/app/calls"
	"onedoor/app/intake"
	"onedoor/app/nhs"
	"onedoor/app/patients"
	"onedoor/app/requests"
	"onedoor/app/understanding"
)

// Step is where in the dialogue a call stands.
type Step string

const (
	stepFirst         Step = "first"            // what the caller wants to do
	stepKind          Step = "kind"             // the menu of kinds
	stepQuestion      Step = "question"         // State.Place.LinkID
	stepDetail        Step = "detail"           // State.Place.Detail
	stepPostcodeRight Step = "postcode-right"   // a postcode said back
	stepPharmacy      Step = "pharmacy"         // a list in groups
	stepCheck         Step = "check"            // all answers said back
	stepChange        Step = "change"           // one answer after another, to change one
	stepSent          Step = "sent"             // a reference was said: anything else?
	stepEmergency     Step = "emergency"        // 999
	stepTransfer      Step = "transfer"         // being put through
	stepRingBack      Step = "ring-back"        // on the number that is known?
	stepNumber        Step = "ring-back-number" // the number to ring
	stepWords         Step = "own-words"        // what the caller needs, in their own words
	stepMeant         Step = "meant"            // a kind that was proposed for them
	stepProposed      Step = "proposed"         // an answer that was proposed for them: State.Place.LinkID
	stepReference     Step = "reference"        // of answers begun before
	stepBorn          Step = "reference-birth-date"
	stepWho           Step = "who"        // who wants to hear of what there is: State.Place.Detail
	stepProveBy       Step = "prove-by"   // a code or a PIN
	stepProve         Step = "prove"      // the code or the PIN
	stepHear          Step = "hear"       // requests and appointments
	stepSelf          Step = "self"       // settle it now, by themselves?
	stepSelfBy        Step = "self-by"    // a code or a PIN
	stepSelfProve     Step = "self-prove" // the code or the PIN
	stepSelfPick      Step = "self-pick"  // a slot, an appointment or a medicine
	stepSelfSure      Step = "self-sure"  // what was picked, said back
	stepEnd           Step = "end"        // the last words were said
)

// State is a call between two events. It is plain data: as JSON it can be stored, and comes back as it was.
type State struct {
	Start
	// MoreTime is set by a caller who needs longer, for the whole call.
	MoreTime bool `json:",omitempty"`
	// ChoseLanguage is true once the caller changed the language by a key: nothing that is recorded changes it after that.
	ChoseLanguage bool `json:",omitempty"`
	// Needs are what is recorded that a caller needs who proved who they are, sealed, and Claimed who they said to be.
	Needs   *patients.KeptNeeds `json:",omitempty"`
	Claimed *intake.Claimed     `json:",omitempty"`

	Step  Step
	Place intake.Place `json:",omitzero"` // what is being asked
	// Menu are the keys that opened the menu which stands open, when it is a menu in a menu.
	Menu string `json:",omitempty"`
	// Chosen are the codes chosen so far for a question that takes several.
	Chosen []string `json:",omitempty"`
	// Pending is what was keyed and is now said back.
	Pending string `json:",omitempty"`
	// Repeat is true once a reference was said: a star says it again.
	Repeat bool `json:",omitempty"`
	// Tries are wrong references in a row.
	Tries int `json:",omitempty"`
	// Line is which of the answers is offered for change.
	Line int `json:",omitempty"`

	// Silences and Wrong count in a row; an answer that can be used begins them anew.
	Silences int `json:",omitempty"`
	Wrong    int `json:",omitempty"`

	// Talk is the request being made; Token its hash, by which it is kept.
	Talk  *intake.Conversation `json:",omitempty"`
	Token []byte               `json:",omitempty"`
	// Talks counts the requests begun on this call.
	Talks int `json:",omitempty"`

	// What was said once and need not be again.
	ToldRecording bool `json:",omitempty"`
	ToldSkipping  bool `json:",omitempty"`
	ToldReference bool `json:",omitempty"`
	ToldDetails   bool `json:",omitempty"`

	// Proposal is what understanding makes of the caller's own words, until they say whether it is right.
	Proposal *understanding.Proposal `json:",omitempty"`

	// Given is what a caller says of themselves to hear of what there is; ByPIN how they prove it; Proof that they did.
	Given patients.Given `json:",omitzero"`
	ByPIN bool           `json:",omitempty"`
	Proof *callers.Proof `json:",omitempty"`

	// Self is what a caller settles by themselves, once a request was sent; nil while they do not.
	Self *settling `json:",omitempty"`

	PersonAskedAt time.Time `json:",omitzero"`
	PersonAt      time.Time `json:",omitzero"`
	// Tried is true once a transfer was tried: it is not tried again.
	Tried bool `json:",omitempty"`
	// Number is the one to ring back on.
	Number nhs.Phone `json:",omitempty"`
	// Filed is the reference of the callback that this call became.
	Filed requests.Reference `json:",omitempty"`
	// Sent is the reference of the last request that was sent whole.
	Sent   requests.Reference `json:",omitempty"`
	Ending calls.Ending       `json:",omitempty"`
	// Over calls take no more events.
	Over bool `json:",omitempty"`
}

// the waits of a call, and of one with more time. Relay UK callers need the long ones.
const (
	firstWait       = 20 * time.Second
	firstWaitMore   = 60 * time.Second
	betweenWait     = 6 * time.Second
	betweenWaitMore = 20 * time.Second
	longestWords    = 2 * time.Minute
	longestMore     = 4 * time.Minute
	// patience is how many silences, or wrong keys, there are in a row before a person is asked for.
	patience = 3
)

// keys expects keys: most completes them, 0 for as many as come before the hash.
func (s *State) keys(most int) Expect {
	e := Expect{Kind: ExpectKeys, Most: most, First: firstWait, Between: betweenWait}
	if s.MoreTime {
		e.First, e.Between = firstWaitMore, betweenWaitMore
	}
	return e
}

func (s *State) recording() Expect {
	e := Expect{Kind: ExpectRecording, Most: 1, First: firstWait, Between: betweenWait, Longest: longestWords}
	if s.MoreTime {
		e.First, e.Between, e.Longest = firstWaitMore, betweenWaitMore, longestMore
	}
	return e
}

// open reports whether a request is being made and was not sent.
func (s *State) open() bool { return s.Talk != nil && s.Talk.Submitted == "" }

// answered reports whether the request being made holds anything.
func (s *State) answered() bool {
	return s.open() && (len(s.Talk.Answers) > 0 || len(s.Talk.Recordings) > 0 || s.Talk.Details.Any())
}

// number is where the caller can be rung: what they gave, else where they call from.
func (s *State) number() nhs.Phone {
	switch {
	case s.Number != "":
		return s.Number
	case s.Talk != nil && s.Talk.Details.Mobile != "":
		return s.Talk.Details.Mobile
	}
	return s.Caller
}

// named is an id that follows from the call, so that the same thing done twice is done once.
func (s *State) named(what string) uuid.UUID { return uuid.NewSHA1(s.CallID, []byte(what)) }

// ended says what the call came to. An emergency stays one, whatever came after.
func (s *State) ended(e calls.Ending) {
	if s.Ending != calls.Emergency {
		s.Ending = e
	}
}
