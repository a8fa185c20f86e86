// Package selfservice lets people settle by themselves what they asked for, in their practice's own system, while they wait:
// book, change or cancel an appointment, and order what they take regularly; on web pages, in apps and by telephone alike.
//
// It begins where a request has been handed in. So whatever happens afterwards (the person leaves, nothing suits them, the
// practice's system is slow or says no) the request stands in the practice's queue like any other, and nobody has to ask
// again. What succeeded closes the request. What could not be confirmed within a few seconds is told as it is: not confirmed;
// it is read back later by packages bookings and this one, and never sent a second time.
//
// The channel vouches that the visitor is the one who handed the request in. That they are the patient is proved here, each
// time, by package callers: a one-time code to the number on the practice's register, or a PIN. Only requests that need
// nobody's judgement are offered it: see requests.Own. What is offered (slots, appointments, medicines) goes to the visitor
// with a sealed token that stands for it, and nothing comes back but the token: nobody can book what they were not offered.
//
// It decides no urgency, tells nobody's medicines on the strength of a number, and never signs a prescription: an order is a
// task for a prescriber.
package selfservice

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/bookings"
	"onedoor/app/callers"
	"onedoor/app/clinical"
	"onedoor/app/fault"
	"onedoor/app/patients"
	"onedoor/app/requests"
	"onedoor/tenants"
)

// Budget is how long somebody waits for a system.
const Budget = 4 * time.Second

// Act is what somebody can do by themselves.
type Act string

const (
	Book   Act = "book"
	Change Act = "change" // to another time
	Cancel Act = "cancel"
	Order  Act = "order" // repeat medicines
)

// actsOf are the acts that answer a kind of request, the one that was asked for first.
func actsOf(kind string) []Act {
	switch kind {
	case "appointment-book":
		return []Act{Book}
	case "appointment-change":
		return []Act{Change, Cancel}
	case "appointment-cancel":
		return []Act{Cancel, Change}
	case "repeat-prescription":
		return []Act{Order}
	}
	return nil
}

// Visit is somebody who comes with a request that they handed in themselves; the channel vouches for that.
type Visit struct {
	NeighbourhoodID uuid.UUID
	Reference       requests.Reference
	Channel         requests.Channel
	CallID          uuid.UUID // the call that it is about; zero on a page and in an app
}

// about is what a proof is bound to: the call, or else the request.
func (v Visit) about(own requests.Own) uuid.UUID {
	if v.CallID != uuid.Nil {
		return v.CallID
	}
	return uuid.NewSHA1(own.ID, []byte("self-service"))
}

// Requests are what people asked for. It is requests.Service.
type Requests interface {
	Own(ctx context.Context, neighbourhood uuid.UUID, reference requests.Reference) (requests.Own, error)
	SettledBySelf(ctx context.Context, neighbourhood uuid.UUID, reference requests.Reference, organisation uuid.UUID, outcome string) error
	Ordered(ctx context.Context, neighbourhood uuid.UUID, reference requests.Reference, organisation, order uuid.UUID) error
}

// Callers prove who somebody is. It is callers.Service.
type Callers interface {
	SendCode(ctx context.Context, neighbourhood, call uuid.UUID, given patients.Given, language string) error
	Prove(ctx context.Context, neighbourhood, call uuid.UUID, given patients.Given, codeOrPIN string) (callers.Proof, error)
	ProveOutside(ctx context.Context, neighbourhood, about uuid.UUID, given patients.Given, codeOrPIN string) (callers.Proof, error)
	Whose(ctx context.Context, proof callers.Proof) (patients.Patient, error)
	Appointments(ctx context.Context, proof callers.Proof) ([]clinical.Appointment, error)
}

// Bookings change appointments. It is bookings.Service.
type Bookings interface {
	Offered(ctx context.Context, who bookings.Who) (bool, error)
	Free(ctx context.Context, who bookings.Who, q clinical.SlotQuery) ([]clinical.Slot, error)
	Book(ctx context.Context, who bookings.Who, slot clinical.Slot, c bookings.Change) (bookings.Booking, error)
	Move(ctx context.Context, who bookings.Who, from clinical.Appointment, to clinical.Slot, c bookings.Change) (bookings.Booking, error)
	Cancel(ctx context.Context, who bookings.Who, from clinical.Appointment, c bookings.Change) (bookings.Booking, error)
}

// Systems find the way into a practice's system. It is systems.Systems.
type Systems interface {
	For(ctx context.Context, neighbourhood, organisation uuid.UUID, use clinical.Use, kind string) (clinical.System, clinical.Integration, error)
	Of(ctx context.Context, neighbourhood, integration uuid.UUID) (clinical.System, error)
}

// Sealer encrypts for one neighbourhood. It is secrets.Vault.
type Sealer interface {
	Seal(ctx context.Context, neighbourhood uuid.UUID, plain, context []byte) ([]byte, error)
	Open(ctx context.Context, neighbourhood uuid.UUID, sealed, context []byte) ([]byte, error)
}

// Options are what a Service stands on.
type Options struct {
	Requests Requests
	Callers  Callers
	Bookings Bookings
	Systems  Systems
	Store    Store
	Sealer   Sealer
	Now      func() time.Time
	Budget   time.Duration // Budget when zero
}

// Service is safe for concurrent use.
type Service struct{ o Options }

// New puts a service together.
func New(o Options) *Service {
	if o.Budget == 0 {
		o.Budget = Budget
	}
	return &Service{o}
}

// Offers are the acts that somebody can do now about their request, the one they asked for first; none where a person has to
// see to it, whatever the reason. It asks settings only, and says nothing that depends on who is on a register.
func (s *Service) Offers(ctx context.Context, v Visit) ([]Act, error) {
	own, err := s.o.Requests.Own(ctx, v.NeighbourhoodID, v.Reference)
	if fault.Is(err, "not_by_self") || fault.Is(err, "request_closed") {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var offered []Act
	for _, act := range actsOf(own.Kind) {
		ok := false
		if act == Order {
			_, _, err = s.dispensary(ctx, own)
			if ok = err == nil; fault.Is(err, CodeNotOffered) {
				err = nil
			}
		} else {
			ok, err = s.o.Bookings.Offered(ctx, s.who(own, v))
		}
		if err != nil {
			return nil, err
		}
		if ok {
			offered = append(offered, act)
		}
	}
	return offered, nil
}

// SendCode texts a one-time code to the number on the practice's register, if there is one that a code may go to. The answer
// is the same either way (callers.SendCode).
func (s *Service) SendCode(ctx context.Context, v Visit, language string) error {
	own, err := s.o.Requests.Own(ctx, v.NeighbourhoodID, v.Reference)
	if err != nil {
		return err
	}
	return s.o.Callers.SendCode(ctx, v.NeighbourhoodID, v.about(own), own.Given, language)
}

// Prove checks a code, or a PIN: not_proved, too_many_tries.
func (s *Service) Prove(ctx context.Context, v Visit, codeOrPIN string) (callers.Proof, error) {
	own, err := s.o.Requests.Own(ctx, v.NeighbourhoodID, v.Reference)
	if err != nil {
		return callers.Proof{}, err
	}
	var proof callers.Proof
	if v.CallID != uuid.Nil {
		proof, err = s.o.Callers.Prove(ctx, v.NeighbourhoodID, v.CallID, own.Given, codeOrPIN)
	} else {
		proof, err = s.o.Callers.ProveOutside(ctx, v.NeighbourhoodID, v.about(own), own.Given, codeOrPIN)
	}
	if err != nil {
		return callers.Proof{}, err
	}
	_, err = s.let(ctx, v, proof)
	return proof, err
}

// Proved reports whether a proof still lets somebody in (not_proved, not_by_self).
func (s *Service) Proved(ctx context.Context, v Visit, proof callers.Proof) error {
	_, err := s.let(ctx, v, proof)
	return err
}

// let lets the patient of the request in, and nobody else; and, where acts are named, only for one that answers the request: a
// second appointment is no answer to who asked to change one.
func (s *Service) let(ctx context.Context, v Visit, proof callers.Proof, acts ...Act) (requests.Own, error) {
	own, err := s.o.Requests.Own(ctx, v.NeighbourhoodID, v.Reference)
	if err != nil {
		return requests.Own{}, err
	}
	if answers := actsOf(own.Kind); len(acts) > 0 && !slices.ContainsFunc(acts, func(a Act) bool { return slices.Contains(answers, a) }) {
		return requests.Own{}, fault.New(fault.Conflict, "not_by_self", "This request asks for something else. Hand in another request for this.")
	}
	if proof.NeighbourhoodID != v.NeighbourhoodID || proof.CallID != v.about(own) {
		return requests.Own{}, notProved()
	}
	patient, err := s.o.Callers.Whose(ctx, proof)
	if err != nil {
		return requests.Own{}, err
	}
	if own.PatientID == uuid.Nil || patient.ID != own.PatientID {
		return requests.Own{}, notProved()
	}
	if patient.Hold.Any() { // nothing is sent about them: a person has to see to it
		return requests.Own{}, fault.New(fault.Conflict, "not_by_self", "A person at your practice has to see to this.")
	}
	return own, nil
}

func notProved() *fault.Error {
	return fault.New(fault.Forbidden, "not_proved", "We could not check who you are.")
}

// who asks package bookings.
func (s *Service) who(own requests.Own, v Visit) bookings.Who {
	return bookings.Who{
		Scope: tenants.IntakeOf(own.NeighbourhoodID), Actor: audit.Actor{Kind: audit.Patient}, NeighbourhoodID: own.NeighbourhoodID,
		OrganisationID: own.OrganisationID, RequestID: own.ID, Reference: string(own.Reference), Kind: own.Kind, Patient: own.Patient,
		By: own.Practice, Use: clinical.UseAppointments, Channel: string(v.Channel),
	}
}

// CodeNotOffered is the fault where a person has to do it.
const CodeNotOffered = "medicines_not_offered"

func notOffered() *fault.Error {
	return fault.New(fault.Conflict, CodeNotOffered, "Repeat medicines cannot be ordered online here. A person will help.")
}

// away reports whether a way into a system is not to be had, which is no failure.
func away(err error) bool {
	var refused *clinical.Refused
	return errors.Is(err, clinical.ErrPaused) || errors.As(err, &refused)
}
