package fhir

import (
	"context"
	"errors"
	"net/http"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/clinical/r4"
)

// act is one change of an appointment.
type act struct {
	id        uuid.UUID
	name      string // of the appointment, as the system calls it
	reference string // of the request that asks for it
	patient   clinical.Patient
	// done reports that the appointment is as the act would leave it; the act may refuse what it finds.
	done func(*r4.Appointment) (bool, error)
	// edit changes what is read. It may give slots to be marked in the same transaction.
	edit func(*r4.Appointment) (changed map[string]any, slots []r4.Entry, err error)
	// taken judges a conflict that the appointment does not explain; nil means try again.
	taken func(answer) error
}

// change reads an appointment, changes it if it is still as it was read, and begins anew when somebody else was quicker. All that we
// do not know of it stays as it was.
func (s *System) change(ctx context.Context, c act) (clinical.Appointment, error) {
	var last answer
	for range mostTries {
		a, raw, etag, err := read[*r4.Appointment](ctx, s, c.name)
		if err != nil {
			return clinical.Appointment{}, err
		}
		if err := s.belongs(ctx, a, c.patient); err != nil {
			return clinical.Appointment{}, err
		}
		if is, err := c.done(a); err != nil || is {
			return tell(a, etag), err
		}
		if etag == "" {
			return clinical.Appointment{}, lacks("it does not number the versions of an appointment, so that a change could overwrite another")
		}
		changed, slots, err := c.edit(a)
		if err != nil {
			return clinical.Appointment{}, err
		}
		acted(a, c.id, c.reference)
		changed["identifier"] = a.Identifier
		for element, value := range changed {
			if raw, err = r4.With(raw, element, value); err != nil {
				return clinical.Appointment{}, &clinical.Refused{Says: "The appointment cannot be written as FHIR, so it was not changed.", Cause: err}
			}
		}
		var done bool
		last, etag, done, err = s.rewrite(ctx, c, raw, etag, slots)
		switch {
		case err != nil:
			return clinical.Appointment{}, err
		case done:
			return tell(a, etag), nil
		case !last.conflict():
			return clinical.Appointment{}, last.problem()
		}
		if c.taken != nil {
			if err := c.taken(last); err != nil {
				return clinical.Appointment{}, err
			}
		}
	}
	return clinical.Appointment{}, conflicting(last)
}

// rewrite sends the change, with its slots where there are any, and gives the new version where the server tells it. When it is not
// done the answer says why.
func (s *System) rewrite(ctx context.Context, c act, raw []byte, etag string, slots []r4.Entry) (a answer, version string, done bool, err error) {
	if len(slots) > 0 {
		a, responses, err := s.transact(ctx, c.id, c.id, append([]r4.Entry{put(c.name, raw, etag)}, slots...))
		if err != nil || responses == nil {
			return a, "", false, err
		}
		return a, responses[0].ETag, true, nil
	}
	a, err = s.replace(ctx, c.id, c.id, c.name, raw, etag)
	if err != nil || (a.status != http.StatusOK && a.status != http.StatusCreated) {
		return a, "", false, err
	}
	if version = a.etag; version == "" {
		version = etagOf(a.body)
	}
	return a, version, true, nil
}

// belongs refuses to change what is another person's, whatever a stored name says. An appointment that names nobody by number is the
// server's word.
func (s *System) belongs(ctx context.Context, a *r4.Appointment, patient clinical.Patient) error {
	numbered := false
	for _, p := range a.Participant {
		if p.Actor != nil && p.Actor.Identifier != nil && p.Actor.Identifier.System == r4.NHSNumber {
			numbered = true
			if p.Actor.Identifier.Value == string(patient.NHSNumber) {
				return nil
			}
		}
	}
	if !numbered && patient.NHSNumber != "" {
		subject, known, err := s.person(ctx, patient.NHSNumber)
		if err != nil {
			return err
		}
		if known && theirs(a, subject) {
			return nil
		}
	}
	return &clinical.Refused{Says: "The appointment in the clinical system is not this person's, so it was not changed.", Cause: errors.New("another patient's appointment")}
}

var ended = &clinical.Refused{Says: "The appointment was cancelled in the clinical system meanwhile."}

// Move gives an appointment another slot: the new one is taken and the old one given back in the same step.
func (s *System) Move(ctx context.Context, b clinical.Booking, from clinical.Appointment) (clinical.Appointment, error) {
	p, err := s.knows(ctx)
	switch {
	case err != nil:
		return clinical.Appointment{}, err
	case !p.offers("Slot", "search-type") || !p.offers("Appointment", "read", "update"):
		return clinical.Appointment{}, lacks("appointments are not moved")
	}
	return s.change(ctx, act{
		id: b.ID, name: from.ID, reference: b.Reference, patient: b.Patient,
		done: func(a *r4.Appointment) (bool, error) {
			if carries(a.Identifier, BookingSystem, b.ID) {
				return true, nil
			}
			if a.Status != "booked" {
				return false, ended
			}
			return false, nil
		},
		edit: func(a *r4.Appointment) (map[string]any, []r4.Entry, error) {
			d, there, err := s.diary(ctx, b.Slot.ID)
			if err != nil {
				return nil, nil, err
			}
			if !there || d.slot.Status != "free" {
				return nil, nil, &clinical.Taken{Cause: errors.New("the slot is not free")}
			}
			slots, err := s.swapped(ctx, p, a, &d)
			if err != nil {
				return nil, nil, err
			}
			timed(a, d)
			return map[string]any{"start": a.Start, "end": a.End, "slot": a.Slot, "minutesDuration": a.MinutesDuration, "extension": a.Extension}, slots, nil
		},
		taken: func(a answer) error {
			if d, there, err := s.diary(ctx, b.Slot.ID); err == nil && (!there || d.slot.Status != "free") {
				// The next turn reads the appointment: it may have been our own earlier try.
				if again, found, err := s.Booked(ctx, b); err == nil && found && again.ID == from.ID {
					return nil
				}
				return &clinical.Taken{Cause: a.cause()}
			}
			return nil
		},
	})
}

// Cancel gives an appointment back. One that is cancelled already is as it should be.
func (s *System) Cancel(ctx context.Context, c clinical.Cancellation) (clinical.Appointment, error) {
	p, err := s.knows(ctx)
	switch {
	case err != nil:
		return clinical.Appointment{}, err
	case !p.offers("Appointment", "read", "update"):
		return clinical.Appointment{}, lacks("appointments are not cancelled")
	}
	why := c.Reason
	if why == "" {
		why = "Cancelled by the patient"
	}
	return s.change(ctx, act{
		id: c.ID, name: c.Appointment.ID, reference: c.Reference, patient: c.Patient,
		done: func(a *r4.Appointment) (bool, error) {
			switch a.Status {
			case "cancelled":
				return true, nil
			case "booked", "pending", "proposed", "waitlist":
				return false, nil
			}
			return false, &clinical.Refused{Says: "The appointment has begun or is over, so it cannot be cancelled."}
		},
		edit: func(a *r4.Appointment) (map[string]any, []r4.Entry, error) {
			slots, err := s.swapped(ctx, p, a, nil)
			if err != nil {
				return nil, nil, err
			}
			a.Status = "cancelled"
			return map[string]any{"status": a.Status, "cancelationReason": r4.CodeableConcept{Text: why}}, slots, nil
		},
	})
}

// Amend changes an appointment's reason.
func (s *System) Amend(ctx context.Context, m clinical.Amendment) (clinical.Appointment, error) {
	return s.change(ctx, act{
		id: m.ID, name: m.Appointment.ID, reference: m.Reference, patient: m.Patient,
		done: func(a *r4.Appointment) (bool, error) {
			if a.Status != "booked" {
				return false, ended
			}
			return carries(a.Identifier, BookingSystem, m.ID), nil
		},
		edit: func(*r4.Appointment) (map[string]any, []r4.Entry, error) {
			return map[string]any{"description": any(m.Reason)}, nil, nil
		},
	})
}

// swapped are the slots that a change marks, where the server lets us: the new one busy, and those that are given back free.
func (s *System) swapped(ctx context.Context, p profile, a *r4.Appointment, to *diary) ([]r4.Entry, error) {
	if !p.movesSlots() || (to != nil && to.slot.Meta.ETag() == "") {
		return nil, nil
	}
	var out []r4.Entry
	mark := func(d diary, status string) error {
		e, err := d.marked(status)
		if err != nil {
			return &clinical.Refused{Says: "The time cannot be written as FHIR, so nothing was changed.", Cause: err}
		}
		out = append(out, e)
		return nil
	}
	if to != nil {
		if err := mark(*to, "busy"); err != nil {
			return nil, err
		}
	}
	for _, old := range a.Slot {
		name, ok := externalID(old.Reference, "Slot")
		if !ok || (to != nil && name == to.name()) {
			continue
		}
		d, there, err := s.diary(ctx, name)
		if err != nil {
			return nil, err
		}
		if there && d.slot.Status == "busy" && d.slot.Meta.ETag() != "" {
			if err := mark(d, "free"); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}
