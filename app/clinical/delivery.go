package clinical

import (
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"onedoor/app/fault"
	"onedoor/tenants"
)

// State is how far a delivery has come. Sent, accepted, acknowledged and filed are four things: we sent it, somebody on the
// way took it, the system has it, the system said that it is filed.
type State string

const (
	Pending        State = "pending"         // to be sent
	Sent           State = "sent"            // sent, or being sent, and not heard of: it may have arrived
	Accepted       State = "accepted"        // taken, by the system or by what carries it there; the next word is theirs
	Filed          State = "filed"           // in the record
	NeedsAttention State = "needs-attention" // refused: a person has to look
	Acknowledged   State = "acknowledged"    // the system says that it has it, and not yet that it is filed
)

// States are all of them, in the order of a delivery's life.
func States() []State { return []State{Pending, Sent, Accepted, Acknowledged, Filed, NeedsAttention} }

// ParseState reads a state by its name.
func ParseState(s string) (State, error) {
	for _, state := range States() {
		if string(state) == s {
			return state, nil
		}
	}
	return "", fault.New(fault.Invalid, "delivery_state", "A delivery's state is pending, sent, accepted, acknowledged, filed or needs-attention.")
}

// Open reports whether the drain still has work with it.
func (s State) Open() bool { return s == Pending || s == Sent }

// CanBecome reports whether a delivery may go from s to another state.
func (s State) CanBecome(to State) bool {
	switch s {
	case Pending, Sent:
		return to == s || to == Pending || to == Sent || to == Accepted || to == Acknowledged || to == Filed || to == NeedsAttention
	case Accepted:
		return to == Acknowledged || to == Filed || to == NeedsAttention
	case Acknowledged:
		return to == Filed || to == NeedsAttention
	case NeedsAttention: // replayed; or the system says after all that it has filed it
		return to == Pending || to == Filed
	case Filed:
	}
	return false
}

// Purpose says why an organisation gets a document.
type Purpose string

const (
	OwnRecord          Purpose = "own-record"          // the record of the organisation that did the work
	RegisteredPractice Purpose = "registered-practice" // another organisation's outcome, for the patient's own practice
	Arrival            Purpose = "arrival"             // the request itself, as a task or referral of the organisation that has it now
	Withdrawal         Purpose = "withdrawal"          // takes an arrival back: the request is somebody else's now, or over
)

// Purposes are all of them.
func Purposes() []Purpose { return []Purpose{OwnRecord, RegisteredPractice, Arrival, Withdrawal} }

// Use is what an integration must be switched on for to take a purpose.
func (p Purpose) Use() Use {
	switch p {
	case RegisteredPractice:
		return UseFromOthers
	case Arrival, Withdrawal:
		return UseArrivals
	case OwnRecord:
	}
	return UseOutcomes
}

// Delivery is one outcome on its way to one organisation's clinical system.
type Delivery struct {
	ID              uuid.UUID // UUIDv7, made with the outcome, the same in every try
	NeighbourhoodID uuid.UUID
	OrganisationID  uuid.UUID // whose clinical system it goes to
	RecordedByID    uuid.UUID // the organisation that recorded the outcome; it may watch, and no more
	RequestID       uuid.UUID
	// IntegrationID is the way it was first sent by, and goes by at every try; none before.
	IntegrationID uuid.UUID
	// CorrelationID is shared by what belongs to one exchange, such as a referral and its cancellation.
	CorrelationID uuid.UUID
	// Sequence orders the deliveries of one request: a later one never overtakes an earlier one to the same organisation.
	Sequence   int
	Purpose    Purpose
	State      State
	Attempts   int
	LastError  string // why the last try did not file it, in words; nothing identifiable
	Document   Document
	ExternalID string
	ETag       string
	// TheirReference is what the system wants people to call it; empty where it tells nothing.
	TheirReference string
	// ReplayedAt is when a person last had it sent again, and so had looked at it; zero for never.
	ReplayedAt time.Time
	CreatedAt  time.Time
	UpdatedAt  time.Time
	NextAt     time.Time // not tried before
	SentAt     time.Time // the first time it was sent; zero before
	AcceptedAt time.Time
	// AcknowledgedAt is when the system said that it has it; zero where it only ever says that it is filed.
	AcknowledgedAt time.Time
	FiledAt        time.Time
	// DueAt is when it is to be in the record; zero where nobody promised a time. It is late when it is not filed by then.
	DueAt time.Time
}

// Target is where a delivery goes and on whose behalf.
type Target struct {
	NeighbourhoodID, OrganisationID, RecordedByID, RequestID uuid.UUID
	// CorrelationID joins it to an earlier delivery of the same exchange; none is an exchange of its own.
	CorrelationID uuid.UUID
	Sequence      int
}

// NewDelivery makes a pending delivery. The document is given the delivery's id.
func NewDelivery(id uuid.UUID, to Target, doc Document, now time.Time) (Delivery, error) {
	doc.DeliveryID = id
	if err := doc.Check(); err != nil {
		return Delivery{}, err
	}
	if !slices.Contains(Purposes(), doc.Purpose) {
		return Delivery{}, fault.New(fault.Invalid, "delivery_purpose", "A delivery is for an organisation's own record, for the registered practice, or a request's arrival or withdrawal.")
	}
	if to.NeighbourhoodID == uuid.Nil || to.OrganisationID == uuid.Nil || to.RecordedByID == uuid.Nil || to.RequestID == uuid.Nil {
		return Delivery{}, fault.New(fault.Invalid, "delivery_target", "A delivery needs a neighbourhood, a request and two organisations.")
	}
	if to.CorrelationID == uuid.Nil {
		to.CorrelationID = id
	}
	var due time.Time
	if doc.Purpose == RegisteredPractice {
		due = DueAtPractice(now)
	}
	return Delivery{
		DueAt: due,
		ID:    id, CorrelationID: to.CorrelationID, NeighbourhoodID: to.NeighbourhoodID, OrganisationID: to.OrganisationID, RecordedByID: to.RecordedByID,
		RequestID: to.RequestID, Sequence: to.Sequence, Purpose: doc.Purpose, State: Pending, Document: doc,
		CreatedAt: now, UpdatedAt: now, NextAt: now,
	}, nil
}

// After is the delivery after one try that gave a receipt or an error. Jitter in [0,1) spreads the next tries.
func (d Delivery) After(receipt Receipt, err error, now time.Time, jitter float64) Delivery {
	d.Attempts++
	d.UpdatedAt = now
	if d.SentAt.IsZero() {
		d.SentAt = now
	}
	if err == nil {
		return d.received(receipt, now)
	}
	var begun *Begun
	if errors.As(err, &begun) {
		d.Attempts--
		d.State, d.ExternalID, d.LastError, d.NextAt = Sent, begun.ExternalID, "", now
		return d
	}
	d.LastError = says(err)
	d.NextAt = now.Add(max(min(retryAfter(err), MaxRetryAfter), Wait(d.Attempts, jitter)))
	var refused *Refused
	var unavailable *Unavailable
	var unknown *Unknown
	switch {
	case errors.As(err, &unknown): // first: it may wrap one of the others
		d.State = Sent
	case errors.As(err, &refused):
		d.State = NeedsAttention
	case errors.As(err, &unavailable):
		d.State = Pending
	default:
		d.State = Sent
	}
	return d
}

func (d Delivery) received(receipt Receipt, now time.Time) Delivery {
	at := receipt.At
	if at.IsZero() {
		at = now
	}
	d.LastError, d.ExternalID, d.ETag, d.TheirReference = "", receipt.ExternalID, receipt.ETag, receipt.TheirReference
	switch receipt.State {
	case Accepted:
		d.State, d.AcceptedAt = Accepted, at
	case Acknowledged:
		d.State, d.AcknowledgedAt = Acknowledged, at
	default:
		d.State, d.FiledAt = Filed, at
	}
	return d
}

// DueAtPractice is when another organisation's outcome is to be in the registered practice's record: by the end of core
// hours of the next working day, bank holidays left out.
func DueAtPractice(recorded time.Time) time.Time {
	return tenants.CoreDayEnd(tenants.CoreDayAfter(recorded))
}

// Late reports whether it should have been filed by now.
func (d Delivery) Late(now time.Time) bool {
	return d.State != Filed && !d.DueAt.IsZero() && now.After(d.DueAt)
}

// Overdue is a late delivery that a person has to look for, where the next word is somebody else's and has not come; others
// are still being sent, and stay as they are.
func (d Delivery) Overdue(now time.Time) Delivery {
	if d.State != Accepted && d.State != Acknowledged {
		return d
	}
	due := d.DueAt.In(tenants.London()).Format("2 January at 15:04")
	return d.SetAside("The practice's system took this and has not said that it is in the record. It was due by "+due+". Look in the record, and send it again only if it is not there.", now)
}

// Acknowledge is the delivery after a later word on it, and whether that changed anything. What is filed stays filed: words
// overtake each other on the way. A refusal of an earlier sending does not stop the one that a person has since begun. A
// system that says that it has filed a document is believed, even where a person was asked to look meanwhile.
func (d Delivery) Acknowledge(a Acknowledgement, now time.Time) (Delivery, bool) {
	at := a.At
	if at.IsZero() || at.After(now) {
		at = now
	}
	switch {
	case a.State == Filed && d.State != Filed:
		d.State, d.FiledAt, d.LastError = Filed, at, ""
	case a.State == Acknowledged && (d.State == Sent || d.State == Accepted):
		d.State, d.AcknowledgedAt, d.LastError = Acknowledged, at, ""
	case a.State == NeedsAttention && (d.State == Sent || d.State == Accepted || d.State == Acknowledged):
		d.State, d.LastError = NeedsAttention, a.Says
	default:
		return d, false
	}
	d.UpdatedAt = now
	return d, true
}

// SetAside is a delivery that nothing can be done with until a person acts, such as when no system is connected.
func (d Delivery) SetAside(why string, now time.Time) Delivery {
	d.State, d.LastError, d.UpdatedAt = NeedsAttention, why, now
	return d
}

// Replay sends a refused delivery again.
func (d Delivery) Replay(now time.Time) (Delivery, error) {
	if d.State != NeedsAttention {
		return d, fault.New(fault.Conflict, "delivery_not_refused", "Only a delivery that needs attention can be replayed. This one is %s.", d.State)
	}
	d.State, d.NextAt, d.UpdatedAt, d.ReplayedAt = Pending, now, now, now
	return d, nil
}
