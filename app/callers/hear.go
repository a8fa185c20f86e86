package callers

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/fault"
	"onedoor/app/patients"
	"onedoor/app/requests"
)

// mostHeard is how many requests, and how many appointments, are told: more is not listened to.
const mostHeard = 5

// Status is how one request stands, for saying.
type Status struct {
	Reference   requests.Reference
	Kind        string // of the catalogue; its title is the channel's to say, in the caller's language
	SubmittedAt time.Time
	Closed      bool
	Says        string // what happens next, in the caller's language; it names no reason and no medicine
}

// Requests are the person's own that are open, or were closed in the last fortnight, newest first. A proof that has ended
// is refused (not_proved).
func (s *Service) Requests(ctx context.Context, proof Proof, language string) ([]Status, error) {
	kept, err := s.proved(ctx, proof)
	if err != nil {
		return nil, err
	}
	views, err := s.o.Requests.OfPatient(ctx, proof.NeighbourhoodID, kept.PatientID, language)
	if err != nil {
		return nil, err
	}
	var heard []Status
	for _, v := range views {
		if len(heard) == mostHeard {
			break
		}
		heard = append(heard, Status{v.Reference, v.Kind, v.Submitted, v.Status == requests.Closed, v.WhatHappensNext})
	}
	return heard, nil
}

// Appointments are the person's own that are still to come, as their practice's clinical system has them, the next first.
// A practice whose system does not offer them is appointments_not_offered; one that does not answer is
// appointments_unavailable: both are for a sentence, and neither is the caller's mistake.
func (s *Service) Appointments(ctx context.Context, proof Proof) ([]clinical.Appointment, error) {
	kept, err := s.proved(ctx, proof)
	if err != nil {
		return nil, err
	}
	patient, err := s.o.Store.Patient(ctx, proof.NeighbourhoodID, kept.PatientID)
	if err != nil {
		return nil, err
	}
	book, err := s.book(ctx, proof.NeighbourhoodID, patient)
	if err != nil {
		return nil, err
	}
	list, err := book.Appointments(ctx, patient.NHSNumber, s.o.Now(), mostHeard)
	var refused *clinical.Refused
	if errors.As(err, &refused) { // it has none to tell, and never will
		return nil, notOffered().Because(err)
	}
	if err != nil {
		return nil, fault.New(fault.Unavailable, "appointments_unavailable", "The practice’s appointments cannot be read now.").Because(err)
	}
	return list, nil
}

func (s *Service) book(ctx context.Context, neighbourhood uuid.UUID, p patients.Patient) (clinical.AppointmentBook, error) {
	if s.o.Systems == nil || p.PracticeID == uuid.Nil || p.NHSNumber == "" {
		return nil, notOffered()
	}
	system, _, err := s.o.Systems.For(ctx, neighbourhood, p.PracticeID, clinical.UseAppointments, "")
	var refused *clinical.Refused
	switch {
	case errors.Is(err, clinical.ErrPaused), errors.As(err, &refused):
		return nil, notOffered().Because(err)
	case err != nil:
		return nil, err
	}
	book, ok := system.(clinical.AppointmentBook)
	if !ok {
		return nil, notOffered()
	}
	return book, nil
}

func notOffered() *fault.Error {
	return fault.New(fault.NotFound, "appointments_not_offered", "The practice does not offer its appointments here.")
}

// Whose is who a proof stands for, as the register has them. A proof that has ended is refused (not_proved).
func (s *Service) Whose(ctx context.Context, proof Proof) (patients.Patient, error) {
	kept, err := s.proved(ctx, proof)
	if err != nil {
		return patients.Patient{}, err
	}
	return s.o.Store.Patient(ctx, proof.NeighbourhoodID, kept.PatientID)
}

// proved is what a proof stands for, while its call goes on.
func (s *Service) proved(ctx context.Context, p Proof) (Kept, error) {
	kept, err := s.o.Store.Proof(ctx, p)
	if fault.Is(err, "not_found") {
		return Kept{}, notProved()
	}
	if err != nil {
		return Kept{}, err
	}
	if kept.Proof != p || !s.o.Now().Before(kept.Until) {
		return Kept{}, notProved()
	}
	if p.Outside {
		return kept, nil
	}
	call, err := s.o.Calls.Get(ctx, p.NeighbourhoodID, p.CallID)
	if err != nil && !fault.Is(err, "not_found") {
		return Kept{}, err
	}
	if err != nil || call.Ended() {
		return Kept{}, notProved()
	}
	return kept, nil
}
