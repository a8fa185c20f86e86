package dialogue

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"onedoor/app/callers"
	"onedoor/app/fault"
	"onedoor/app/intake"
	"onedoor/app/patients"
)

// Needs read what is recorded that a caller needs, once they proved who they are. It is needs.Service.
type Needs interface {
	Recorded(ctx context.Context, proof callers.Proof) (patients.Needs, error)
	Keep(ctx context.Context, neighbourhood, about uuid.UUID, n patients.Needs) (*patients.KeptNeeds, error)
}

// heed reads what a caller who proved who they are needs, and acts on it for the rest of the call: more time, and their language.
// It goes along, sealed, with what they ask for. A call goes on without.
func (d *Driver) heed(ctx context.Context, s *State, proof callers.Proof, given patients.Given) (lead []Phrase) {
	if d.needs == nil || s.Needs != nil {
		return nil
	}
	n, err := d.needs.Recorded(ctx, proof)
	if err == nil && !n.None() {
		s.Needs, err = d.needs.Keep(ctx, s.NeighbourhoodID, s.CallID, n)
	}
	if err != nil {
		if !fault.Is(err, "not_proved") {
			d.failed(ctx, s, "what a caller needs could not be read", err)
		}
		return nil
	}
	s.Claimed = &intake.Claimed{NHSNumber: given.NHSNumber, BirthDate: given.BirthDate}
	if n.Language == welsh && known(s.Language) != welsh && !s.ChoseLanguage {
		s.Language = welsh
		lead = append(lead, d.say(s, "language-recorded"))
	}
	if !s.MoreTime && slices.ContainsFunc(n.Supports(), slower) {
		s.MoreTime = true
		lead = append(lead, d.say(s, "more-time-set"))
	}
	return lead
}

// slower reports whether somebody who needs this is given more time on the telephone.
func slower(s patients.Support) bool {
	return s == patients.MoreTime || s == patients.EasyRead || s == patients.Interpreter || s == patients.SignLanguage
}

// carry puts what the caller needs on the request that is being made.
func (s *State) carry() {
	if s.Talk != nil && s.Talk.Needs == nil && s.Needs != nil {
		s.Talk.Needs, s.Talk.Claimed = s.Needs, s.Claimed
	}
}

// unhurried has a pause after each phrase, for a caller who has more time.
func (s *State) unhurried(t Turn) Turn {
	if !s.MoreTime {
		return t
	}
	t.Say = slices.Clone(t.Say)
	for i := range t.Say {
		t.Say[i].Unhurried = true
	}
	return t
}
