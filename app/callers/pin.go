package callers

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/fault"
	"onedoor/app/patients"
	"onedoor/app/requests"
	"onedoor/policy/access"
)

// SetPIN sets the PIN of a person on the list of the actor's own practice, who stands at the desk and whose identity the
// actor has checked. It takes the place of an earlier one and of wrong tries. It refuses a PIN that anybody would guess
// (pin_format, pin_easy) and somebody who is not on the list (not_on_list).
func (s *Service) SetPIN(ctx context.Context, by requests.Actor, given patients.Given, pin string) error {
	patient, err := s.onList(ctx, by, given, "set")
	if err != nil {
		return err
	}
	if err := checkPIN(pin, patient); err != nil {
		return err
	}
	key, err := s.key(ctx, by.Scope.NeighbourhoodID)
	if err != nil {
		return err
	}
	hash, err := s.hashPIN(ctx, key, patient.ID, pin)
	if err != nil {
		return err
	}
	kept := PIN{NeighbourhoodID: by.Scope.NeighbourhoodID, PatientID: patient.ID, Hash: hash, SetBy: by.Actor, SetAt: s.o.Now()}
	return s.o.Store.SetPIN(ctx, by.Scope, kept, s.entry(by, patient, "caller-pin.set"))
}

// RemovePIN takes a person's PIN away; there need be none.
func (s *Service) RemovePIN(ctx context.Context, by requests.Actor, given patients.Given) error {
	patient, err := s.onList(ctx, by, given, "remove")
	if err != nil {
		return err
	}
	return s.o.Store.RemovePIN(ctx, by.Scope, patient.ID, s.entry(by, patient, "caller-pin.remove"))
}

func (s *Service) onList(ctx context.Context, by requests.Actor, given patients.Given, action string) (patients.Patient, error) {
	if given.NHSNumber == "" || given.BirthDate.IsZero() {
		return patients.Patient{}, fault.New(fault.Invalid, "pin_person", "Give the person's NHS number and date of birth.")
	}
	patient, err := s.o.Store.OnList(ctx, by.Scope, patients.Given{NHSNumber: given.NHSNumber, BirthDate: given.BirthDate})
	if fault.Is(err, "not_found") {
		return patients.Patient{}, fault.New(fault.NotFound, "not_on_list", "Nobody on your practice’s list has this NHS number and date of birth.")
	}
	if err != nil {
		return patients.Patient{}, err
	}
	if !mayAt(by, patient.PracticeID, action) {
		return patients.Patient{}, fault.New(fault.Forbidden, "not_allowed", "Your role does not allow this.")
	}
	return patient, nil
}

func mayAt(by requests.Actor, practice uuid.UUID, action string) bool {
	for _, m := range by.Roles {
		if m.NeighbourhoodID == by.Scope.NeighbourhoodID && m.OrganisationID == practice {
			if _, ok := access.Allow(m.Role, "caller-pin", action); ok {
				return true
			}
		}
	}
	return false
}

func (s *Service) entry(by requests.Actor, p patients.Patient, action string) audit.Entry {
	return audit.Entry{
		ID: uuid.Must(uuid.NewV7()), NeighbourhoodID: by.Scope.NeighbourhoodID, OrganisationID: p.PracticeID, At: s.o.Now(),
		Actor: by.Actor, Action: action, SubjectKind: "patient", Subject: p.ID,
	}
}

// checkPIN refuses what anybody who knows the person would try first.
func checkPIN(pin string, p patients.Patient) error {
	if len(pin) != Digits || strings.Trim(pin, "0123456789") != "" {
		return fault.New(fault.Invalid, "pin_format", "A PIN has %d digits.", Digits)
	}
	up, down, same := true, true, true
	for i := 1; i < len(pin); i++ {
		up = up && pin[i] == pin[i-1]+1
		down = down && pin[i] == pin[i-1]-1
		same = same && pin[i] == pin[i-1]
	}
	pairs := pin[:2] == pin[2:4] && pin[2:4] == pin[4:]
	halves := pin[:3] == pin[3:]
	d := p.BirthDate.Midnight(time.UTC)
	birth := false
	for _, layout := range []string{"020106", "010206", "060102", "022006", "012006", "200601", "200602"} {
		birth = birth || pin == d.Format(layout)
	}
	if up || down || same || pairs || halves || birth || strings.Contains(string(p.NHSNumber), pin) {
		return fault.New(fault.Invalid, "pin_easy", "Choose a PIN that is harder to guess: no repeats, no rows of digits, no date of birth and no part of an NHS number.")
	}
	return nil
}
