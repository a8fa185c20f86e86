package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"onedoor/app/fault"
	"onedoor/tenants"
)

// ServiceLoad is how busy a service is.
type ServiceLoad struct {
	Open  int `json:"open"`  // requests open now
	Today int `json:"today"` // requests taken since midnight, Europe/London
}

// Load is the load of services, by service id; one that is absent has none.
type Load map[uuid.UUID]ServiceLoad

// Place is one queue of one organisation, reached through a service or named directly.
type Place struct {
	Organisation uuid.UUID `json:"organisation"`
	Service      uuid.UUID `json:"service,omitzero"` // zero for a queue named directly
	Queue        uuid.UUID `json:"queue"`
}

// The stages that can decide.
const (
	StageSafety  = "safety"
	StageRouting = "routing"
)

// Codes of what the patient is told. A rule may name others of its own.
const (
	MessagePracticeQueue  = "practice-queue"      // the practice has it and will answer
	MessageDeskQueue      = "desk-queue"          // the neighbourhood's desk has it and will answer
	MessagePracticeUrgent = "practice-urgent"     // the practice has it and deals with it today
	MessageDeskUrgent     = "desk-urgent"         // the same of the desk
	MessagePharmacyOffer  = "pharmacy-offer"      // the practice confirms, then the pharmacy is in touch
	MessageServiceOffer   = "service-offer"       // the practice confirms, then another service is in touch
	MessageWillRefer      = "practice-will-refer" // the chosen place is not one that we reach: a person refers
	MessageEmergency      = "emergency-999"       // stop: 999
	MessageOutOfHours     = "out-of-hours-111"    // nobody is there: use 111 now, it is seen to first thing
	// MessageCallPractice is for an urgent request in core hours when the practice's directory entry says that nobody is
	// there: 111 is no alternative in core hours, and its telephone must be answered.
	MessageCallPractice = "call-practice-now"
)

// Messages are all codes that the product itself gives.
func Messages() []string {
	return []string{
		MessagePracticeQueue, MessageDeskQueue, MessagePracticeUrgent, MessageDeskUrgent, MessagePharmacyOffer, MessageServiceOffer,
		MessageWillRefer, MessageEmergency, MessageOutOfHours, MessageCallPractice,
	}
}

// Decision is where a request goes and why. It is stored whole, as JSON, and never changed.
type Decision struct {
	At            time.Time `json:"at"` // UTC, to the microsecond
	PolicyHash    string    `json:"policy_hash"`
	SafetyHash    string    `json:"safety_hash"`
	DirectoryHash string    `json:"directory_hash"`
	Facts         Facts     `json:"facts"` // as they were given
	Load          Load      `json:"load"`  // of the services that were considered, or that a table reads

	Stage string `json:"stage"`
	Table string `json:"table"`
	Rule  string `json:"rule"`

	Urgency   Urgency    `json:"urgency"`
	AnswerDue time.Time  `json:"answer_due"`
	CareDue   *time.Time `json:"care_due,omitempty"`

	// Home is where the request stands and who is accountable now: the registered practice, or the desk of last resort.
	Home Place `json:"home"`
	// Destination is where it is meant to go: Home itself when no other organisation is needed.
	Destination Place `json:"destination"`
	Offer       bool  `json:"offer"` // Destination is another organisation than Home, which must be asked
	Stop        bool  `json:"stop"`  // an emergency: the conversation ends with 999

	Because    []string    `json:"because"` // staff words
	Message    string      `json:"message"` // the code of patient words
	Tags       []string    `json:"tags,omitempty"`
	Candidates []Candidate `json:"candidates,omitempty"`
	NearMisses []NearMiss  `json:"near_misses,omitempty"`

	// Unloaded is set when the versions that were live could not be loaded where this was decided.
	Unloaded *Unloaded `json:"unloaded,omitempty"`
}

// Unloaded are the versions that should have decided, where a node could not load them and decided by the last ones that
// it could. PolicyHash and DirectoryHash of the decision are those that did decide.
type Unloaded struct {
	Policy    string `json:"policy,omitempty"`
	Directory string `json:"directory,omitempty"`
}

// Instead is the decision as one that was taken in place of what could not be loaded: it says so, last of all.
func (d Decision) Instead(of Unloaded) Decision {
	if of == (Unloaded{}) {
		return d
	}
	d.Because = slices.Clone(d.Because)
	for _, v := range []struct{ what, live, used string }{{"policy", of.Policy, d.PolicyHash}, {"directory", of.Directory, d.DirectoryHash}} {
		if v.live != "" {
			d.Because = append(d.Because, fmt.Sprintf("The live version of the %s (%.12s) could not be loaded here: the last good one (%.12s) decided.", v.what, v.live, v.used))
		}
	}
	d.Unloaded = &of
	return d
}

// Equal reports whether two decisions are the same in every part that is stored.
func (d Decision) Equal(other Decision) bool {
	a, errA := json.Marshal(d)
	b, errB := json.Marshal(other)
	return errA == nil && errB == nil && bytes.Equal(a, b)
}

// Replay decides a stored decision again, with the versions that it names. The caller compares: anything but an equal
// decision is a fault of the product. It refuses versions other than the ones that decided.
func Replay(s, p *Policy, d *tenants.Directory, stored Decision) (Decision, error) {
	for _, version := range []struct{ what, want, got string }{
		{"policy", stored.PolicyHash, p.hash},
		{"safety stage", stored.SafetyHash, s.hash},
		{"directory", stored.DirectoryHash, d.Hash()},
	} {
		if version.want != version.got {
			return Decision{}, fault.New(fault.Invalid, "replay_version", "This is not the version of the %s that decided.", version.what)
		}
	}
	again := decide(s, p, stored.Facts, d, stored.Load, stored.At)
	if stored.Unloaded != nil {
		again = again.Instead(*stored.Unloaded)
	}
	return again, nil
}
