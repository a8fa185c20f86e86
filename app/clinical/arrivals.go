package clinical

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"onedoor/tenants"
)

// What a TaskBoard offers.
const (
	FileRequest   Capability = "file-request"   // a request as the organisation's own task or referral when it arrives
	RequestStatus Capability = "request-status" // what became of that task
)

// An arrival's delivery has its own id as CorrelationID, and its withdrawal has the arrival's id as CorrelationID: that is how
// an adapter finds what to take back. Taking back what never arrived, or was ended meanwhile, has nothing to do and succeeds.

// TaskBoard is what a System may be besides: a request that was filed on arrival (purpose Arrival) can be looked up, so that
// an organisation that wants no second inbox works in its own system. Its errors are those of System.
type TaskBoard interface {
	// Standing reads back what became of an arrival; false when the system does not have it.
	Standing(ctx context.Context, d Delivery) (Standing, bool, error)
}

// Asked is what a patient asked for, as the organisation that has the request now is to read it.
type Asked struct {
	Lines   []Said    `json:"lines,omitempty"` // in the order in which they were asked
	Urgency Coded     `json:"urgency"`         // routine, soon, urgent or emergency; provisional until a clinician has looked
	DueAt   time.Time `json:"due_at"`          // when the patient must have had a proper answer
	At      time.Time `json:"at"`              // when the patient asked
	Channel string    `json:"channel"`         // web, app, phone or in-person
	// Offered tells that the organisation in From stays accountable until this one takes it; otherwise it is this one's.
	Offered bool `json:"offered,omitempty"`
	// ConfirmedBy is the person who confirmed that the patient is to be sent here; empty when nobody has.
	ConfirmedBy string `json:"confirmed_by,omitempty"`
	// Proxy is who asked for the patient; empty when they did themselves.
	Proxy string `json:"proxy,omitempty"`
	// Withdrawn is why an arrival is taken back, for staff; empty in an arrival.
	Withdrawn string `json:"withdrawn,omitempty"`
}

// Said is one question and what was answered.
type Said struct {
	Question string   `json:"question"`
	Answers  []string `json:"answers"`
}

// asked are the facts of an arrival, or of its withdrawal.
func (d Document) asked(patient []Fact) [][]Fact {
	a := d.Asked
	if d.Patient.Phone != "" {
		patient = append(patient, Fact{"Telephone", d.Patient.Phone.Local()})
	}
	patient = append(patient, told(Fact{"Asked for by", a.Proxy})...)
	request := told(
		Fact{"Request", d.Kind.Title}, Fact{"Reference", d.Reference}, Fact{"Urgency", a.Urgency.Title},
		Fact{"Answer due", a.DueAt.In(tenants.London()).Format(longTime)}, Fact{"Asked on", a.At.In(tenants.London()).Format(longTime)},
	)
	var said []Fact
	for _, l := range a.Lines {
		said = append(said, Fact{l.Question, strings.Join(l.Answers, "; ")})
	}
	from := told(
		Fact{"From", d.From.Name + " (" + string(d.From.ODS) + ")"}, Fact{"Confirmed by", a.ConfirmedBy}, Fact{"Note", d.Note},
		Fact{"Taken back", a.Withdrawn},
	)
	return slices.DeleteFunc([][]Fact{patient, request, told(said...), from}, func(s []Fact) bool { return len(s) == 0 })
}

const longTime = "2 January 2006 at 15:04"

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
	ID         string    // the message's own: it is put away in the system once what it says is stored
	ExternalID string    // what was sent, by the name that the system gave it; empty where the answer names our delivery
	DeliveryID uuid.UUID // what was sent, by our name for it; none where the answer names the system's
	State      State     // Acknowledged, Filed or NeedsAttention
	Says       string    // why it was refused, in plain words, with nothing identifiable
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
