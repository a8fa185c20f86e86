package bookings

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/clinical"
)

// way is the system that an act goes to.
type way struct {
	clinical.Scheduler
	system      clinical.System
	integration clinical.Integration
}

func (s *Service) way(ctx context.Context, who Who) (way, error) {
	if s.o.Held != nil && who.Patient.NHSNumber != "" { // of some people nothing is sent to any system: a person books
		hold, err := s.o.Held(ctx, who.NeighbourhoodID, who.Patient.NHSNumber)
		if err != nil {
			return way{}, err
		}
		if hold.Any() {
			return way{}, notOffered()
		}
	}
	system, integration, err := s.o.Systems.For(ctx, who.NeighbourhoodID, who.OrganisationID, who.Use, who.Kind)
	var refused *clinical.Refused
	switch {
	case errors.Is(err, clinical.ErrPaused), errors.As(err, &refused):
		return way{}, notOffered().Because(err)
	case err != nil:
		return way{}, err
	}
	scheduler, ok := system.(clinical.Scheduler)
	if !ok {
		return way{}, notOffered()
	}
	return way{scheduler, system, integration}, nil
}

// Offered reports whether appointments can be booked at all for these: a page need not offer what is not there. It asks
// the settings and not the system.
func (s *Service) Offered(ctx context.Context, who Who) (bool, error) {
	_, err := s.way(ctx, who)
	if isNotOffered(err) {
		return false, nil
	}
	return err == nil, err
}

// Free are slots that can be booked, the next first. Its errors are appointments_not_offered where the organisation has no
// system for it, and appointments_unavailable when the system does not answer in time.
func (s *Service) Free(ctx context.Context, who Who, q clinical.SlotQuery) ([]clinical.Slot, error) {
	w, err := s.way(ctx, who)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.budget(who))
	defer cancel()
	slots, err := w.Slots(ctx, s.sensible(who, q))
	return slots, reading(err)
}

// sensible keeps a search from asking for the past, or for ever.
func (s *Service) sensible(who Who, q clinical.SlotQuery) clinical.SlotQuery {
	q.By, q.Actor = who.By, who.Actor
	if now := s.o.Now(); q.From.Before(now) {
		q.From = now
	}
	if q.To.IsZero() {
		q.To = q.From.Add(ahead)
	}
	return q
}

// ahead is how far a search looks by itself: GP Connect answers for two weeks at most.
const ahead = 14 * 24 * time.Hour

// looked is the trail's entry of a read, before it is made.
func (s *Service) looked(ctx context.Context, who Who) error {
	if who.RequestID == uuid.Nil {
		return nil // the caller has one of its own
	}
	return s.o.Store.Looked(ctx, who.Scope, audit.Entry{
		ID: uuid.Must(uuid.NewV7()), NeighbourhoodID: who.NeighbourhoodID, OrganisationID: who.OrganisationID, At: s.o.Now(), Actor: who.Actor,
		Action: "appointment.list", SubjectKind: "request", Subject: who.RequestID,
	})
}

// Theirs are the patient's own appointments still to come, the next first, as the system has them, whoever booked them.
// Errors are those of Free.
func (s *Service) Theirs(ctx context.Context, who Who) ([]clinical.Appointment, error) {
	w, err := s.way(ctx, who)
	if err != nil {
		return nil, err
	}
	if who.Patient.NHSNumber == "" {
		return nil, notOffered()
	}
	if err := s.looked(ctx, who); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.budget(who))
	defer cancel()
	var list []clinical.Appointment
	switch book := w.system.(type) {
	case clinical.StaffBook:
		list, err = book.Seen(ctx, clinical.Looker{By: who.By, Actor: who.Actor}, who.Patient, s.o.Now(), mostTold)
	case clinical.AppointmentBook:
		list, err = book.Appointments(ctx, who.Patient.NHSNumber, s.o.Now(), mostTold)
	default:
		return nil, notOffered()
	}
	return list, reading(err)
}

const mostTold = 20
