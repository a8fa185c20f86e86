// Package referrals takes in what other organisations refer to organisations of a neighbourhood: each referral becomes a request,
// handed to requests.Submit like one of any channel, and so routed, counted and timed like any. It implements
// clinical.ReferralDesk; an adapter that speaks a sender's protocol, such as app/clinical/bars, has judged the message first.
//
// A message has its effect once, by the sender's id for it. What it says of the patient is kept sealed, every version of it. It
// never decides where a request goes (package policy does), never changes what staff work on already, and tells a sender of no
// referral but its own.
package referrals

import (
	"context"
	"crypto/sha256"
	"strings"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/clinical"
	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/app/requests"
	"onedoor/tenants"
)

// Requests are where referrals become requests. It is requests.Service.
type Requests interface {
	Submit(ctx context.Context, in requests.Submission) (requests.Receipt, error)
	Withdraw(ctx context.Context, neighbourhood uuid.UUID, by audit.Actor, reference requests.Reference, reason string) error
	Stood(ctx context.Context, d clinical.Delivery, standing clinical.Standing, found bool) error
}

// Directories tell a neighbourhood's organisations.
type Directories interface {
	Current(ctx context.Context, neighbourhood uuid.UUID) (*tenants.Directory, error)
}

// Sealer seals what identifies a patient. It is secrets.Vault.
type Sealer interface {
	Seal(ctx context.Context, neighbourhood uuid.UUID, plain, sealedFor []byte) ([]byte, error)
	Open(ctx context.Context, neighbourhood uuid.UUID, sealed, sealedFor []byte) ([]byte, error)
}

// Store keeps referrals and the messages by which they came. Each call is a transaction of its own.
type Store interface {
	// Begin notes that a message is being processed. Begun is what was known of it before.
	Begin(ctx context.Context, m Message) (Begun, error)
	// GiveUp forgets a message that was refused, so that it may come again.
	GiveUp(ctx context.Context, m Message) error
	// Finish keeps the referral as it is now, and that its message was answered.
	Finish(ctx context.Context, m Message, r Referral) error
	// Find is a sender's referral, by our id or by a name of the sender's; not found is fault.Absent.
	Find(ctx context.Context, neighbourhood, client, id uuid.UUID, name clinical.Named) (Referral, error)
	// Serves is the organisation whose own number a service number is, by its integrations; zero for none. Answered tells that
	// answers to what was sent from here come to the number.
	Serves(ctx context.Context, neighbourhood uuid.UUID, value string) (organisation uuid.UUID, answered bool, err error)
	// Arrival is the reference of the request that a delivery filed on arrival; empty for none.
	Arrival(ctx context.Context, neighbourhood, delivery uuid.UUID) (string, error)
}

// Message is one as it is kept.
type Message struct {
	NeighbourhoodID, Client, ID, CorrelationID uuid.UUID
	Event, Reason                              string
	Hash                                       []byte
	Sealed                                     []byte
	At                                         time.Time
	// Again tells that it was begun before and never answered: some of its effect may be there.
	Again bool
}

// Begun is what was known of a message.
type Begun struct {
	Answered bool
	Underway bool // somebody processes it now
	Same     bool // it says the same
	Again    bool // it was begun, long ago, and never answered
}

// Referral is one as it is kept.
type Referral struct {
	NeighbourhoodID, ID, OrganisationID uuid.UUID
	Reference                           string
	CorrelationID, Client               uuid.UUID
	Sender                              string
	UseCase                             string
	Names                               []clinical.Named
	Revoked                             bool
	Sealed                              []byte
	ReceivedAt, UpdatedAt               time.Time
	// Closed and Claimed tell how its request stands; read only.
	Closed, Claimed bool
}

// Status is the referral's, as FHIR names it.
func (r Referral) Status() string {
	switch {
	case r.Revoked:
		return "revoked"
	case r.Closed:
		return "completed"
	}
	return "active"
}

// Service implements clinical.ReferralDesk.
type Service struct {
	store       Store
	requests    Requests
	directories Directories
	seal        Sealer
	now         func() time.Time
}

var _ clinical.ReferralDesk = (*Service)(nil)

// New makes a desk.
func New(store Store, r Requests, d Directories, seal Sealer, now func() time.Time) *Service {
	return &Service{store, r, d, seal, now}
}

// systemODS names organisations by their ODS codes: every organisation can be found so, with nothing to set up.
const systemODS = "https://fhir.nhs.uk/Id/ods-organization-code"

// Serves implements clinical.ReferralDesk.
func (s *Service) Serves(ctx context.Context, by clinical.ReferralCaller, system, value string) (clinical.Party, bool, error) {
	d, err := s.directories.Current(ctx, by.NeighbourhoodID)
	if err != nil {
		return clinical.Party{}, false, err
	}
	var organisation tenants.Organisation
	var found bool
	if strings.EqualFold(system, systemODS) {
		code, err := nhs.ParseODSCode(value)
		if err != nil {
			return clinical.Party{}, false, nil //nolint:nilerr // what is no code is nobody's
		}
		organisation, found = d.ByODS(code)
	} else {
		id, answered, err := s.store.Serves(ctx, by.NeighbourhoodID, value)
		if err != nil {
			return clinical.Party{}, false, err
		}
		if id == uuid.Nil && answered {
			return clinical.Party{}, true, nil // nobody can be referred to it
		}
		if organisation, found = d.Organisation(id); !found { // no directory's number has an ODS code's form: it names one all the same
			if code, err := nhs.ParseODSCode(value); err == nil {
				organisation, found = d.ByODS(code)
			}
		}
	}
	if !found || !d.TakesPart(organisation.ID, nhs.DateOf(s.now().In(tenants.London()))) {
		return clinical.Party{}, false, nil
	}
	return clinical.Party{ODS: organisation.ODS, Name: organisation.Name}, true, nil
}

// Refer implements clinical.ReferralDesk.
func (s *Service) Refer(ctx context.Context, by clinical.ReferralCaller, r clinical.Referral) (clinical.ReferralReceipt, error) {
	return s.once(ctx, by, r.Message, func(m Message) (Referral, error) {
		id := uuid.NewSHA1(m.ID, by.Client[:])
		return s.submit(ctx, by, m, r, Referral{ID: id, ReceivedAt: m.At})
	})
}

// Amend implements clinical.ReferralDesk: a new request takes the old one's place, unless staff work on that.
func (s *Service) Amend(ctx context.Context, by clinical.ReferralCaller, r clinical.Referral) (clinical.ReferralReceipt, error) {
	return s.once(ctx, by, r.Message, func(m Message) (Referral, error) {
		old, err := s.named(ctx, by, r.ExternalID, r.Identifiers)
		if err != nil {
			return Referral{}, err
		}
		if err := changeable(old); err != nil && !m.Again {
			return Referral{}, err
		}
		kept, err := s.submit(ctx, by, m, r, old)
		if err != nil {
			return Referral{}, err
		}
		err = s.requests.Withdraw(ctx, by.NeighbourhoodID, by.Actor, requests.Reference(old.Reference), "The sender changed the referral: request "+requests.Reference(kept.Reference).Spaced()+" stands in its place.")
		return kept, past(err)
	})
}

// End implements clinical.ReferralDesk.
func (s *Service) End(ctx context.Context, by clinical.ReferralCaller, e clinical.ReferralEnd) (clinical.ReferralReceipt, error) {
	return s.once(ctx, by, e.Message, func(m Message) (Referral, error) {
		old, err := s.named(ctx, by, e.ExternalID, e.Identifiers)
		if err != nil {
			return Referral{}, err
		}
		if err := changeable(old); err != nil && !m.Again {
			return Referral{}, err
		}
		why := "The sender took the referral back."
		if e.InError {
			why = "The sender took the referral back: it was made in error."
		}
		if e.Why != "" {
			why += " " + e.Why
		}
		if err := s.requests.Withdraw(ctx, by.NeighbourhoodID, by.Actor, requests.Reference(old.Reference), why); err != nil {
			switch {
			case m.Again && fault.Is(err, "request_closed"): // by the try before
			case fault.Is(err, "request_claimed"), fault.Is(err, "request_closed"):
				return Referral{}, inHand()
			default:
				return Referral{}, err
			}
		}
		old.Revoked, old.UpdatedAt = true, m.At
		return old, nil
	})
}

// past lets pass that what was to be withdrawn is in somebody's hands, or over: the new request stands beside it.
func past(err error) error {
	if fault.Is(err, "request_claimed") || fault.Is(err, "request_closed") {
		return nil
	}
	return err
}

func changeable(r Referral) error {
	if r.Revoked || r.Closed || r.Claimed {
		return inHand()
	}
	return nil
}

func inHand() error {
	return fault.New(fault.Conflict, "referral_in_hand", "Staff work on this referral, or it is over. Ring the organisation.")
}

// once processes a message unless it was processed already.
func (s *Service) once(ctx context.Context, by clinical.ReferralCaller, in clinical.ReferralMessage, do func(Message) (Referral, error)) (clinical.ReferralReceipt, error) {
	hash := sha256.Sum256(append(in.ID[:], in.Body...)) // with the id, so that equal messages cannot be told to be equal
	m := Message{
		NeighbourhoodID: by.NeighbourhoodID, Client: by.Client, ID: in.ID, CorrelationID: in.CorrelationID, Event: in.Event, Reason: in.Reason, Hash: hash[:], At: in.At,
	}
	var err error
	if m.Sealed, err = s.seal.Seal(ctx, m.NeighbourhoodID, in.Body, about("referral message", m.ID)); err != nil {
		return clinical.ReferralReceipt{}, err
	}
	begun, err := s.store.Begin(ctx, m)
	switch {
	case err != nil:
		return clinical.ReferralReceipt{}, err
	case begun.Answered && !begun.Same:
		return clinical.ReferralReceipt{}, fault.New(fault.Conflict, "referral_other", "Another message was sent with this id.")
	case begun.Answered:
		return clinical.ReferralReceipt{}, fault.New(fault.Conflict, "referral_duplicate", "The message has been identified as having already been processed.")
	case begun.Underway:
		return clinical.ReferralReceipt{}, fault.New(fault.Conflict, "referral_underway", "The message is being processed.")
	}
	m.Again = begun.Again
	r, err := do(m)
	if err == nil {
		err = s.store.Finish(ctx, m, r)
	}
	if err != nil {
		if fault.As(err).Kind != fault.Internal { // refused: it may come again, put right
			_ = s.store.GiveUp(context.WithoutCancel(ctx), m)
		}
		return clinical.ReferralReceipt{}, err
	}
	return clinical.ReferralReceipt{ID: r.ID, Reference: r.Reference}, nil
}

func about(what string, id uuid.UUID) []byte { return append([]byte(what+" "), id[:]...) }

// named finds the sender's referral by our id, else by one of its own names.
func (s *Service) named(ctx context.Context, by clinical.ReferralCaller, ours string, names []clinical.Named) (Referral, error) {
	if id, err := uuid.Parse(ours); err == nil {
		r, err := s.store.Find(ctx, by.NeighbourhoodID, by.Client, id, clinical.Named{})
		if !fault.Is(err, "not_found") {
			return r, err
		}
	}
	for _, n := range names {
		r, err := s.store.Find(ctx, by.NeighbourhoodID, by.Client, uuid.Nil, n)
		if !fault.Is(err, "not_found") {
			return r, err
		}
	}
	return Referral{}, fault.Absent()
}

// Find implements clinical.ReferralDesk.
func (s *Service) Find(ctx context.Context, by clinical.ReferralCaller, id uuid.UUID, system, value string) (clinical.KeptReferral, bool, error) {
	r, err := s.store.Find(ctx, by.NeighbourhoodID, by.Client, id, clinical.Named{System: system, Value: value})
	if fault.Is(err, "not_found") {
		return clinical.KeptReferral{}, false, nil
	}
	if err != nil {
		return clinical.KeptReferral{}, false, err
	}
	resource, err := s.seal.Open(ctx, r.NeighbourhoodID, r.Sealed, about("referral", r.ID))
	if err != nil {
		return clinical.KeptReferral{}, false, err
	}
	return clinical.KeptReferral{ID: r.ID, Reference: r.Reference, Status: r.Status(), Resource: resource, UpdatedAt: r.UpdatedAt}, true, nil
}

// Answered implements clinical.ReferralDesk: what is said of a referral of ours has the effect of what is read back of it.
func (s *Service) Answered(ctx context.Context, by clinical.ReferralCaller, a clinical.ReferralAnswer) error {
	reference, err := s.store.Arrival(ctx, by.NeighbourhoodID, a.To)
	if err != nil {
		return err
	}
	if reference == "" {
		return fault.Absent()
	}
	d := clinical.Delivery{ID: a.To, NeighbourhoodID: by.NeighbourhoodID, Document: clinical.Document{Reference: reference}}
	return s.requests.Stood(ctx, d, a.Standing, true)
}
