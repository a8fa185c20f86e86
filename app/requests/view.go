package requests

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/catalogue"
	"onedoor/app/clinical"
	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/app/patients"
	"onedoor/policy"
	"onedoor/tenants"
)

// View is what somebody may see of a request. Staff of the organisations concerned see all of it; the app that submitted
// it, and the patient, see what the receipt says and how it stands.
type View struct {
	Receipt
	Kind      string         `json:"kind"`
	KindTitle string         `json:"kind_title"`
	Submitted time.Time      `json:"submitted_at"`
	Updated   time.Time      `json:"updated_at"`
	Offered   *OfferView     `json:"offered,omitempty"`
	Claimed   *ClaimView     `json:"claimed,omitempty"`
	Outcome   *OutcomeView   `json:"outcome,omitempty"`
	Channel   Channel        `json:"channel"`
	Staff     *StaffView     `json:"staff,omitempty"`
	Links     []DeliveryView `json:"deliveries,omitempty"`
	// Referred is what the organisation that the patient was sent to calls it; nil where its system has no name for it.
	Referred *ReferredView `json:"referred,omitempty"`

	ID uuid.UUID `json:"-"`
}

// ReferredView is a request under the name that another organisation's system gave it, for people to say.
type ReferredView struct {
	Organisation Named  `json:"organisation"`
	Reference    string `json:"reference"`
}

// OfferView is an offer that waits for an answer.
type OfferView struct {
	NamedDestination
	Queue     NamedQueue `json:"queue"`
	At        time.Time  `json:"offered_at"`
	ExpiresAt time.Time  `json:"expires_at"`
	Reason    string     `json:"reason,omitempty"`
}

// ClaimView is who works on it.
type ClaimView struct {
	By   string    `json:"by"`
	ByID uuid.UUID `json:"by_id"`
	At   time.Time `json:"at"`
}

// OutcomeView is what was done.
type OutcomeView struct {
	Code  string    `json:"outcome"`
	Title string    `json:"title"`
	Note  string    `json:"note,omitempty"`
	By    string    `json:"by,omitempty"`
	At    time.Time `json:"at"`
}

// StaffView is what only the staff of an organisation concerned see.
type StaffView struct {
	Patient patients.Given `json:"patient"`
	// Task is what staff are to do of which nobody asked; empty for a request.
	Task string `json:"task,omitempty"`
	// Held is why nothing is sent about this person, and Trace what the last trace at the national register came to.
	Held       *patients.Hold    `json:"held,omitempty"`
	Trace      *patients.Finding `json:"trace,omitempty"`
	OnRegister bool              `json:"on_register"`
	Practice   *Named            `json:"registered_practice,omitempty"`
	Proxy      *Proxy            `json:"proxy,omitempty"`
	Answers    catalogue.Answers `json:"answers"`
	// Recordings are what was spoken in place of words, by linkId.
	Recordings map[string]uuid.UUID `json:"recordings,omitempty"`
	// Incomplete is what was answered of another kind before somebody left.
	Incomplete  *Incomplete    `json:"incomplete,omitempty"`
	Language    string         `json:"language,omitempty"` // of the conversation
	FirstAt     time.Time      `json:"first_contact_at"`
	Message     string         `json:"message"`
	CloseReason string         `json:"close_reason,omitempty"`
	Misrouted   []MisrouteView `json:"misrouted,omitempty"` // who said that it was sent to the wrong place
	// Arrivals are how it stands in organisations' own systems, oldest first; none where nobody wants it there.
	Arrivals []ArrivalView `json:"arrivals,omitempty"`
	// Needs are what the person needs so that care reaches them, sealed: what they said first, then a register's word.
	Needs []patients.KeptNeeds `json:"-"`
	// OpenedNeeds are those, opened by a surface that shows them.
	OpenedNeeds []patients.OpenedNeeds `json:"needs,omitempty"`
	// Handover is how it stands in the organisation's own online tool; nil where nobody was sent there.
	Handover *Handover     `json:"handover,omitempty"`
	Timeline []audit.Entry `json:"-"`
}

// DeliveryView is an outcome on its way to one clinical system.
type DeliveryView struct {
	ID           uuid.UUID      `json:"id"`
	Organisation Named          `json:"organisation"`
	Purpose      string         `json:"purpose"`
	State        clinical.State `json:"state"`
	LastError    string         `json:"last_error,omitempty"`
	ExternalID   string         `json:"external_id,omitempty"`
	UpdatedAt    time.Time      `json:"updated_at"`
	// DueAt is when it is to be in the record, where that was promised.
	DueAt time.Time `json:"due_at,omitzero"`
	// TheirReference is what people there call it; empty where their system has no name for it.
	TheirReference string `json:"their_reference,omitempty"`
}

// Get opens one request, and records that it was read.
func (s *Service) Get(ctx context.Context, by Actor, reference Reference) (View, error) {
	var view View
	err := s.store.InTx(ctx, by.Scope, func(tx Tx) error {
		r, err := tx.Find(reference)
		if err != nil {
			return err
		}
		if by.Scope.Kind == tenants.IntakeScope && (by.ID == uuid.Nil || r.SubmittedBy.ID != by.ID) {
			return fault.Absent() // a program sees its own
		}
		rules, err := tx.Rules(s.now())
		if err != nil {
			return err
		}
		decision, err := tx.Decision(r.ID)
		if err != nil {
			return err
		}
		if view, err = s.view(tx, by, r, rules, decision); err != nil {
			return err
		}
		if view.Staff != nil {
			if view.Staff.Timeline, err = tx.Timeline(r.ID); err != nil {
				return err
			}
		}
		tx.Audit(s.entry(by.Actor, "request.read", r, nil))
		return nil
	})
	return view, err
}

// Track is the patient's own look at a request, by its reference and the date of birth. Whatever is wrong, the answer is
// the same one.
func (s *Service) Track(ctx context.Context, neighbourhood uuid.UUID, reference Reference, birth nhs.Date, language string) (View, error) {
	var view View
	err := s.store.InTx(ctx, tenants.IntakeOf(neighbourhood), func(tx Tx) error {
		r, err := tx.Find(reference)
		if err != nil {
			return err
		}
		if r.Patient.BirthDate.IsZero() || r.Patient.BirthDate != birth {
			return fault.Absent()
		}
		rules, err := tx.Rules(s.now())
		if err != nil {
			return err
		}
		patient := Actor{Actor: audit.Actor{Kind: audit.Patient}, Scope: tenants.IntakeOf(neighbourhood)}
		decision, err := tx.Decision(r.ID)
		if err != nil {
			return err
		}
		if view, err = s.view(tx, patient, r, rules, decision); err != nil {
			return err
		}
		view.WhatHappensNext = Next(r, rules.Directory, language)
		tx.Audit(s.entry(patient.Actor, "request.track", r, nil))
		return nil
	})
	return view, err
}

// heardFor is how long after its end a request is still told of, and heardMost how many are.
const (
	heardFor  = 14 * 24 * time.Hour
	heardMost = 10
)

// OfPatient is a person's own look at their requests, newest first: those that are open, and those that were closed in the
// last fortnight. Whoever calls it has made sure of the person; each request that is told is entered into the trail.
func (s *Service) OfPatient(ctx context.Context, neighbourhood, patient uuid.UUID, language string) ([]View, error) {
	var views []View
	if patient == uuid.Nil {
		return nil, fault.Absent()
	}
	by := Actor{Actor: audit.Actor{Kind: audit.Patient}, Scope: tenants.IntakeOf(neighbourhood)}
	err := s.store.InTx(ctx, by.Scope, func(tx Tx) error {
		list, err := tx.OfPatient(patient, s.now().Add(-heardFor), heardMost)
		if err != nil || len(list) == 0 {
			return err
		}
		rules, err := tx.Rules(s.now())
		if err != nil {
			return err
		}
		for _, r := range list {
			decision, err := tx.Decision(r.ID)
			if err != nil {
				return err
			}
			view, err := s.view(tx, by, r, rules, decision)
			if err != nil {
				return err
			}
			view.WhatHappensNext = Next(r, rules.Directory, language)
			views = append(views, view)
			tx.Audit(s.entry(by.Actor, "request.hear", r, nil))
		}
		return nil
	})
	return views, err
}

// Explain opens the decision of a request: facts, rule, near misses, candidates, versions.
func (s *Service) Explain(ctx context.Context, by Actor, reference Reference) (policy.Decision, error) {
	var decision policy.Decision
	err := s.store.InTx(ctx, by.Scope, func(tx Tx) error {
		r, err := tx.Find(reference)
		if err != nil {
			return err
		}
		if by.Scope.Kind != tenants.StaffScope {
			return fault.Absent()
		}
		if decision, err = tx.Decision(r.ID); err != nil {
			return err
		}
		tx.Audit(s.entry(by.Actor, "decision.read", r, nil))
		return nil
	})
	return decision, err
}

func (s *Service) view(tx Tx, by Actor, r *Request, rules Rules, decision policy.Decision) (View, error) {
	d := rules.Directory
	v := View{
		Receipt: receiptOf(r, decision, d), ID: r.ID, Kind: r.Kind, Submitted: r.SubmittedAt, Updated: r.UpdatedAt, Channel: r.Channel,
		Outcome: s.outcomeView(r),
	}
	if kind, ok := s.catalogue.Kind(r.Kind); ok {
		v.KindTitle = kind.Title
	}
	if by.Scope.Kind != tenants.StaffScope {
		if v.Outcome != nil {
			v.Outcome.Note, v.Outcome.By = "", "" // written for staff
		}
		var err error
		v.Referred, err = referredAs(tx, r, d)
		return v, err
	}
	if o := r.Offer; o != nil {
		v.Offered = &OfferView{destination(d, o.Place), namedQueue(d, o.Place.Queue), o.At, o.ExpiresAt, o.Reason}
	}
	if r.Claim != nil {
		v.Claimed = &ClaimView{r.Claim.By.Name, r.Claim.By.ID, r.Claim.At}
	}
	v.Staff = &StaffView{
		Patient: r.Patient, OnRegister: r.PatientID != uuid.Nil, Proxy: r.Proxy, Answers: r.Answers, Recordings: r.Recordings, Incomplete: r.Incomplete, Language: r.Language, FirstAt: r.FirstContactAt,
		Message: r.Message, CloseReason: r.CloseReason,
	}
	v.Staff.Task, v.Staff.Trace = r.Task, r.Trace
	if r.atTool() || (r.Handover != nil && !r.Open()) {
		v.Staff.Handover = r.Handover
	}
	if r.Held.Any() {
		v.Staff.Held = &r.Held
	}
	if r.PracticeID != uuid.Nil && !r.Held.Restricted { // where they are registered is not shown either
		practice := named(d, r.PracticeID)
		v.Staff.Practice = &practice
	}
	arrivals, err := arrivalsOf(tx, r.ID, d)
	if err != nil {
		return v, err
	}
	v.Staff.Arrivals = arrivals
	if v.Staff.Needs, err = tx.Needs(r.ID); err != nil {
		return v, err
	}
	said, err := misroutesOf(tx, r.ID)
	if v.Staff.Misrouted = said; err != nil || r.Outcome == nil {
		return v, err
	}
	list, err := tx.Deliveries(r.ID)
	for _, x := range list {
		if x.Purpose == clinical.Arrival || x.Purpose == clinical.Withdrawal {
			continue // no outcome: how it stands there is told apart
		}
		v.Links = append(v.Links, DeliveryView{x.ID, named(d, x.OrganisationID), string(x.Purpose), x.State, x.LastError, x.ExternalID, x.UpdatedAt, x.DueAt, x.TheirReference})
	}
	return v, err
}

func (s *Service) outcomeView(r *Request) *OutcomeView {
	if r.Outcome == nil {
		return nil
	}
	title := r.Outcome.Code
	if kind, ok := s.catalogue.Kind(r.Kind); ok {
		title = outcomeTitle(kind, r.Outcome.Code)
	}
	return &OutcomeView{r.Outcome.Code, title, r.Outcome.Note, r.Outcome.By, r.Outcome.At}
}

func outcomeTitle(kind *catalogue.Kind, code string) string {
	for _, o := range kind.Outcomes {
		if o.Code == code {
			return o.Title
		}
	}
	return code
}

// Cursor is a place in a queue: the due time and id of the last request seen. The zero value is the start.
type Cursor struct {
	Due time.Time `json:"d"`
	ID  uuid.UUID `json:"i"`
}

// String is the cursor as it travels.
func (c Cursor) String() string {
	if c.ID == uuid.Nil {
		return ""
	}
	b, _ := json.Marshal(c) // two plain values
	return base64.RawURLEncoding.EncodeToString(b)
}

// ParseCursor reads one that String made; nothing is the start.
func ParseCursor(s string) (Cursor, error) {
	if s == "" {
		return Cursor{}, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	var c Cursor
	if err == nil {
		err = json.Unmarshal(b, &c)
	}
	if err != nil || c.ID == uuid.Nil {
		return Cursor{}, fault.New(fault.Invalid, "cursor_format", "This cursor was not made here: start again without one.")
	}
	return c, nil
}
