package requeststore

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"onedoor/app/nhs"
	"onedoor/app/patients"
	"onedoor/app/requests"
	"onedoor/policy"
)

// row is a request as its table has it. Codes are smallints: comparing them is leakproof, so row-level security is free.
type row struct {
	NeighbourhoodID uuid.UUID `gorm:"primaryKey"`
	ID              uuid.UUID `gorm:"primaryKey"`
	Reference       string
	Version         int
	Kind            string
	Channel         int16
	Language        string
	Status          int16
	Urgency         int16

	Patient       json.RawMessage
	BirthDate     nhs.Date
	PatientID     *uuid.UUID
	PracticeID    *uuid.UUID
	Proxy         *json.RawMessage
	Questionnaire string
	Answers       json.RawMessage
	Ignored       json.RawMessage
	Recordings    *json.RawMessage
	Incomplete    *json.RawMessage
	Task          string

	Held     int16
	Trace    *json.RawMessage
	TracedAt *time.Time

	Message        string
	AnswerDueAt    time.Time
	CareDueAt      *time.Time
	HomeID         uuid.UUID
	HomeQueueID    uuid.UUID
	AccountableID  uuid.UUID
	QueueID        uuid.UUID
	PlaceServiceID *uuid.UUID
	Destination    json.RawMessage
	ServiceID      *uuid.UUID

	OfferedID        *uuid.UUID
	OfferedQueueID   *uuid.UUID
	OfferedServiceID *uuid.UUID
	OfferedAt        *time.Time
	OfferExpiresAt   *time.Time
	OfferReason      *string

	Tool      *json.RawMessage
	ToolID    *uuid.UUID
	ToolDueAt *time.Time

	ClaimedBy   *uuid.UUID
	Claim       *json.RawMessage
	Outcome     *json.RawMessage
	CloseReason *string

	SubmittedBy    json.RawMessage
	FirstContactAt time.Time
	SubmittedAt    time.Time
	UpdatedAt      time.Time `gorm:"autoUpdateTime:false"`
}

func (row) TableName() string { return "requests" }

var (
	channels  = codes[requests.Channel]{requests.Web: 1, requests.App: 2, requests.Phone: 3, requests.InPerson: 4, requests.Referral: 5, requests.Linked: 6, requests.Tasked: 9}
	statuses  = codes[requests.Status]{requests.Queued: 1, requests.ToVerify: 2, requests.Offered: 3, requests.Diverted: 4, requests.Closed: 5}
	urgencies = codes[policy.Urgency]{policy.Routine: 1, policy.Soon: 2, policy.Urgent: 3, policy.Emergency: 4}
)

// codes are the words of a column as numbers; a number, once used, keeps its word.
type codes[T comparable] map[T]int16

func (c codes[T]) word(code int16) (found T) {
	for word, n := range c {
		if n == code {
			return word
		}
	}
	return found
}

func optional[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// marshaller gathers the first error of several conversions.
type marshaller struct{ err error }

func (m *marshaller) json(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if m.err == nil {
		m.err = err
	}
	return b
}

func (m *marshaller) parse(b json.RawMessage, into any) {
	if err := json.Unmarshal(b, into); m.err == nil {
		m.err = err
	}
}

func rowOf(r *requests.Request) (*row, error) {
	var m marshaller
	w := &row{
		NeighbourhoodID: r.NeighbourhoodID, ID: r.ID, Reference: string(r.Reference), Version: r.Version, Kind: r.Kind,
		Channel: channels[r.Channel], Language: r.Language, Status: statuses[r.Status], Urgency: urgencies[r.Urgency],
		Patient: m.json(r.Patient), BirthDate: r.Patient.BirthDate, PatientID: optional(r.PatientID), PracticeID: optional(r.PracticeID),
		Questionnaire: r.Questionnaire, Answers: m.json(r.Answers), Ignored: m.json(r.Ignored),
		Message: r.Message, AnswerDueAt: r.AnswerDue, CareDueAt: r.CareDue, HomeID: r.HomeID, HomeQueueID: r.HomeQueueID,
		AccountableID: r.Place.Organisation, QueueID: r.Place.Queue, PlaceServiceID: optional(r.Place.Service), Destination: m.json(r.Destination),
		ServiceID:   optional(r.Place.Service),
		CloseReason: optional(r.CloseReason), SubmittedBy: m.json(r.SubmittedBy),
		FirstContactAt: r.FirstContactAt, SubmittedAt: r.SubmittedAt, UpdatedAt: r.UpdatedAt,
	}
	if r.Proxy != nil {
		w.Proxy = optionalJSON(m.json(r.Proxy))
	}
	if len(r.Recordings) > 0 {
		w.Recordings = optionalJSON(m.json(r.Recordings))
	}
	if r.Incomplete != nil {
		w.Incomplete = optionalJSON(m.json(r.Incomplete))
	}
	w.Task, w.Held, w.TracedAt = r.Task, heldCode(r.Held), optional(r.TracedAt)
	if r.Trace != nil {
		w.Trace = optionalJSON(m.json(r.Trace))
	}
	if r.Status == requests.ToVerify {
		w.ServiceID = optional(r.Destination.Service)
	}
	if o := r.Offer; o != nil {
		w.OfferedID, w.OfferedQueueID, w.OfferedServiceID = &o.Place.Organisation, &o.Place.Queue, optional(o.Place.Service)
		w.OfferedAt, w.OfferExpiresAt, w.OfferReason = &o.At, &o.ExpiresAt, optional(o.Reason)
		w.ServiceID = w.OfferedServiceID
	}
	if h := r.Handover; h != nil {
		w.Tool, w.ToolID = optionalJSON(m.json(h)), &h.ID
		if h.Waiting() && r.Open() {
			w.ToolDueAt = &h.DueAt
		}
	}
	if r.Claim != nil {
		w.ClaimedBy, w.Claim = &r.Claim.By.ID, optionalJSON(m.json(r.Claim))
	}
	if r.Outcome != nil {
		w.Outcome = optionalJSON(m.json(r.Outcome))
	}
	return w, m.err
}

// The bits of the column held.
const (
	heldRestricted = 1
	heldDied       = 2
)

func heldCode(h patients.Hold) (code int16) {
	if h.Restricted {
		code |= heldRestricted
	}
	if h.Died {
		code |= heldDied
	}
	return code
}

func optionalJSON(b json.RawMessage) *json.RawMessage { return &b }

func (w *row) request() (*requests.Request, error) {
	var m marshaller
	r := &requests.Request{
		ID: w.ID, NeighbourhoodID: w.NeighbourhoodID, Reference: requests.Reference(w.Reference), Version: w.Version, Kind: w.Kind,
		Channel: channels.word(w.Channel), Language: w.Language, Status: statuses.word(w.Status), Urgency: urgencies.word(w.Urgency),
		PatientID: value(w.PatientID), PracticeID: value(w.PracticeID), Questionnaire: w.Questionnaire,
		Message: w.Message, AnswerDue: w.AnswerDueAt, CareDue: w.CareDueAt, HomeID: w.HomeID, HomeQueueID: w.HomeQueueID,
		Place:       policy.Place{Organisation: w.AccountableID, Queue: w.QueueID, Service: value(w.PlaceServiceID)},
		CloseReason: value(w.CloseReason), FirstContactAt: w.FirstContactAt, SubmittedAt: w.SubmittedAt, UpdatedAt: w.UpdatedAt,
	}
	m.parse(w.Patient, &r.Patient)
	m.parse(w.Answers, &r.Answers)
	m.parse(w.Ignored, &r.Ignored)
	m.parse(w.Destination, &r.Destination)
	m.parse(w.SubmittedBy, &r.SubmittedBy)
	if w.Proxy != nil {
		m.parse(*w.Proxy, &r.Proxy)
	}
	if w.Recordings != nil {
		m.parse(*w.Recordings, &r.Recordings)
	}
	if w.Incomplete != nil {
		m.parse(*w.Incomplete, &r.Incomplete)
	}
	if w.Trace != nil {
		m.parse(*w.Trace, &r.Trace)
	}
	r.Task, r.TracedAt, r.Held = w.Task, value(w.TracedAt), patients.Hold{Restricted: w.Held&heldRestricted != 0, Died: w.Held&heldDied != 0}
	if r.Trace != nil && r.Held.Died {
		r.Held.Formal, r.Held.On = r.Trace.Hold.Formal, r.Trace.Hold.On
	}
	if w.OfferedID != nil {
		r.Offer = &requests.Offer{
			Place: policy.Place{Organisation: *w.OfferedID, Queue: value(w.OfferedQueueID), Service: value(w.OfferedServiceID)},
			At:    value(w.OfferedAt), ExpiresAt: value(w.OfferExpiresAt), Reason: value(w.OfferReason),
		}
	}
	if w.Tool != nil {
		m.parse(*w.Tool, &r.Handover)
	}
	if w.Claim != nil {
		m.parse(*w.Claim, &r.Claim)
	}
	if w.Outcome != nil {
		m.parse(*w.Outcome, &r.Outcome)
	}
	return r, m.err
}

type decisionRow struct {
	NeighbourhoodID uuid.UUID
	RequestID       uuid.UUID
	DecidedAt       time.Time
	PolicyHash      string
	DirectoryHash   string
	Rule            string
	Decision        json.RawMessage
}

func (decisionRow) TableName() string { return "decisions" }

// recordingRow says that a recording belongs to a request.
type recordingRow struct {
	NeighbourhoodID uuid.UUID
	RequestID       uuid.UUID
	RecordingID     uuid.UUID
	LinkID          string
}

func (recordingRow) TableName() string { return "request_recordings" }

type custodyRow struct {
	NeighbourhoodID uuid.UUID
	ID              uuid.UUID
	RequestID       uuid.UUID
	OrganisationID  uuid.UUID
	FromAt          time.Time
	UntilAt         *time.Time
}

func (custodyRow) TableName() string { return "custody" }

type replyRow struct {
	NeighbourhoodID uuid.UUID
	ClientID        uuid.UUID
	Key             string
	BodyHash        []byte
	Reply           json.RawMessage
	CreatedAt       time.Time
}

func (replyRow) TableName() string { return "idempotency_keys" }
