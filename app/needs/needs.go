// Package needs reads what is recorded that a person needs (reasonable adjustments, an interpreter, large print) before they are
// asked anything, so that nobody has to say it again; lets them correct it; and sends it along with what they ask for.
//
// What is recorded is told to nobody but the person: they prove who they are by package callers, with a code to the number on
// their practice's register or with a PIN. Somebody who proves nothing can still say what they need. Registers are asked through
// package traces, which keeps to their limits and believes what it was told for a day; one that does not answer within the
// budget leaves its part out, and nobody waits longer for it.
//
// What is kept is sealed for one neighbourhood and one thing that it belongs to, and the package stores nothing itself: a
// conversation and then a request carry it. It decides nothing: who shows needs, and who acts on them, is a channel's or a
// workspace's part.
package needs

import (
	"context"
	"time"

	"github.com/google/uuid"

	"onedoor/app/callers"
	"onedoor/app/nhs"
	"onedoor/app/patients"
)

// Budget is how long somebody waits for the registers.
const Budget = 3 * time.Second

// Registers say what is recorded of a person. It is traces.Service.
type Registers interface {
	NeedsOf(ctx context.Context, neighbourhood uuid.UUID, number nhs.Number) (patients.Needs, error)
}

// Callers prove who somebody is. It is callers.Service.
type Callers interface {
	SendCode(ctx context.Context, neighbourhood, call uuid.UUID, given patients.Given, language string) error
	ProveOutside(ctx context.Context, neighbourhood, about uuid.UUID, given patients.Given, codeOrPIN string) (callers.Proof, error)
	Whose(ctx context.Context, proof callers.Proof) (patients.Patient, error)
}

// Options are what a Service stands on.
type Options struct {
	Registers Registers
	Callers   Callers
	Envelopes *Envelopes
	Budget    time.Duration // Budget when zero
}

// Service is safe for concurrent use.
type Service struct {
	*Envelopes
	o Options
}

// New puts a service together.
func New(o Options) *Service {
	if o.Budget == 0 {
		o.Budget = Budget
	}
	return &Service{o.Envelopes, o}
}

// SendCode texts a one-time code to the number on the register, if there is one that a code may go to: the answer is the same
// either way (callers.SendCode).
func (s *Service) SendCode(ctx context.Context, neighbourhood, conversation uuid.UUID, given patients.Given, language string) error {
	return s.o.Callers.SendCode(ctx, neighbourhood, purpose(conversation), given, language)
}

// Prove checks a code, or a PIN (not_proved, too_many_tries), and reads what is recorded of the person who gave it.
func (s *Service) Prove(ctx context.Context, neighbourhood, conversation uuid.UUID, given patients.Given, codeOrPIN string) (patients.Needs, error) {
	proof, err := s.o.Callers.ProveOutside(ctx, neighbourhood, purpose(conversation), given, codeOrPIN)
	if err != nil {
		return patients.Needs{}, err
	}
	return s.Recorded(ctx, proof)
}

// purpose is what a proof holds for: one conversation's needs, and nothing else of it.
func purpose(conversation uuid.UUID) uuid.UUID { return uuid.NewSHA1(conversation, []byte("needs")) }

// Recorded is what is recorded of somebody who proved who they are. It is empty where nothing is, and where the registers are
// silent: neither keeps anybody from asking. A proof that has ended is refused (not_proved).
func (s *Service) Recorded(ctx context.Context, proof callers.Proof) (patients.Needs, error) {
	who, err := s.o.Callers.Whose(ctx, proof)
	if err != nil {
		return patients.Needs{}, err
	}
	within, stop := context.WithTimeout(ctx, s.o.Budget)
	defer stop()
	n, err := s.o.Registers.NeedsOf(within, proof.NeighbourhoodID, who.NHSNumber)
	if err != nil && within.Err() != nil && ctx.Err() == nil {
		return patients.Needs{}, nil
	}
	return n, err
}
