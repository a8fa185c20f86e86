package requests

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/clinical"
	"onedoor/app/fault"
	"onedoor/app/patients"
	"onedoor/policy"
	"onedoor/tenants"
)

// Own is a request that the person who made it may settle by themselves.
type Own struct {
	ID              uuid.UUID
	NeighbourhoodID uuid.UUID
	Reference       Reference
	Kind            string
	OrganisationID  uuid.UUID // their practice, which is accountable for it
	Practice        clinical.Party
	// PatientID is who it is about, if they are on the register of the practice that has the request, with an NHS number; zero
	// otherwise. Whether it is zero must not be told to anybody who has not proved who they are.
	PatientID uuid.UUID
	Patient   clinical.Patient
	Given     patients.Given // what proves nothing, and finds them on the register
}

// Own reads a request for the person who made it, who goes on to settle it by themselves. It refuses one that a person has to
// deal with (not_by_self): claimed, on offer, to be verified, urgent, spoken or asked for by somebody else. Whether that
// person is on a register makes no difference to the answer. A closed one is settled already (request_closed). It proves nobody's
// identity.
func (s *Service) Own(ctx context.Context, neighbourhood uuid.UUID, reference Reference) (Own, error) {
	var own Own
	err := s.store.InTx(ctx, tenants.IntakeOf(neighbourhood), func(tx Tx) error {
		r, err := tx.Find(reference)
		if err != nil {
			return err
		}
		if err := r.mustBeOpen(); err != nil {
			return err
		}
		if !r.bySelf() {
			return notBySelf()
		}
		rules, err := tx.Rules(s.now())
		if err != nil {
			return err
		}
		p, patient := r.Patient, r.PatientID
		if p.NHSNumber == "" || r.PracticeID != r.Place.Organisation {
			patient = uuid.Nil
		}
		own = Own{
			ID: r.ID, NeighbourhoodID: neighbourhood, Reference: r.Reference, Kind: r.Kind, OrganisationID: r.Place.Organisation,
			Practice: party(rules.Directory, r.Place.Organisation), PatientID: patient, Given: p,
			Patient: clinical.Patient{
				NHSNumber: p.NHSNumber, GivenName: p.GivenName, FamilyName: p.FamilyName, BirthDate: p.BirthDate,
				Sex: p.Sex, Postcode: p.Postcode, Phone: p.Mobile, OnRegister: patient != uuid.Nil,
			},
		}
		return nil
	})
	return own, err
}

func notBySelf() *fault.Error {
	return fault.New(fault.Conflict, "not_by_self", "A person at the practice deals with this request.")
}

// bySelf reports whether nobody but the person themselves need have a part in it.
func (r *Request) bySelf() bool {
	return r.Status == Queued && r.Claim == nil && r.Proxy == nil && r.Incomplete == nil && len(r.Recordings) == 0 &&
		r.Urgency.Rank() < policy.Urgent.Rank()
}

// SettledBySelf closes a request with an outcome that the person brought about by themselves in the practice's own system,
// which has it in its record already. It does nothing when the request is closed, or a person of the practice has it in hand:
// that one sees what was done, and ends it. Doing it again changes nothing.
func (s *Service) SettledBySelf(ctx context.Context, neighbourhood uuid.UUID, reference Reference, organisation uuid.UUID, outcome string) error {
	return s.store.InTx(ctx, tenants.JobOf(neighbourhood), func(tx Tx) error {
		r, err := tx.FindForUpdate(reference)
		if err != nil {
			return err
		}
		kind, ok := s.catalogue.Kind(r.Kind)
		if !ok || !r.Open() || r.Claim != nil || r.Offer != nil || r.Place.Organisation != organisation {
			return nil
		}
		if !kind.HasOutcome(outcome) {
			outcome = doneOutcome
		}
		now := s.now()
		r.Outcome = &Outcome{Code: outcome, By: "The patient", OrganisationID: organisation, At: now}
		return s.bySystem(tx, r, now, "request.outcome", map[string]any{"outcome": outcome, "in": "by-self"}, func() { r.Status = Closed })
	})
}

// bySystem changes a request for somebody who is no member of staff, with everything that a change brings with it.
func (s *Service) bySystem(tx Tx, r *Request, now time.Time, action string, details map[string]any, change func()) error {
	rules, err := tx.Rules(now)
	if err != nil {
		return err
	}
	was, held, concerned, stoodAt := r.Version, r.Place.Organisation, r.Concerns(), r.standsAt()
	change()
	r.Version, r.UpdatedAt = was+1, now
	if err := tx.Update(r, was, held); err != nil {
		return err
	}
	by := audit.Actor{Kind: audit.Patient}
	tx.Audit(s.entry(by, action, r, details))
	tx.Announce(r, concerned...)
	return s.file(tx, r, stoodAt, rules.Directory, by, now)
}

// Ordered notes that the person's order for their repeats is a task of the practice's own system now, in the place of the
// request's own, which is taken back. The request stays open until that system says what became of it (Stood). Doing it again
// changes nothing.
func (s *Service) Ordered(ctx context.Context, neighbourhood uuid.UUID, reference Reference, organisation, order uuid.UUID) error {
	return s.store.InTx(ctx, tenants.JobOf(neighbourhood), func(tx Tx) error {
		r, err := tx.FindForUpdate(reference)
		if err != nil {
			return err
		}
		known, err := tx.Arrivals(r.ID)
		if err != nil || slices.ContainsFunc(known, func(a Arrival) bool { return a.ID == order }) {
			return err
		}
		now := s.now()
		rules, err := tx.Rules(now)
		if err != nil {
			return err
		}
		kind, ok := s.catalogue.Kind(r.Kind)
		if !ok || !r.Open() {
			return nil
		}
		var list []clinical.Delivery
		for _, a := range known {
			if !a.Standing() || a.Ordered || a.OrganisationID != organisation {
				continue
			}
			back, err := withdrawal(r, kind, a, rules.Directory, now)
			if err != nil {
				return err
			}
			back.Document.Asked.Withdrawn = "The patient has ordered it in this system by themselves."
			list = append(list, back)
			a.NextAt = time.Time{}
			if err := tx.SaveArrival(a); err != nil {
				return err
			}
		}
		tx.AddArrival(Arrival{
			ID: order, NeighbourhoodID: neighbourhood, RequestID: r.ID, OrganisationID: organisation, Sequence: 2 * len(known), Ordered: true,
			Stage: clinical.StageWaiting, MadeAt: now, NextAt: now.Add(readFirst),
		})
		if err := s.bySystem(tx, r, now, "request.ordered", map[string]any{"organisation": organisation}, func() {}); err != nil || len(list) == 0 {
			return err
		}
		return tx.Deliver(list)
	})
}

// StoodOrder is Stood for an order.
func (s *Service) StoodOrder(ctx context.Context, a Arrival, reference Reference, standing clinical.Standing, found bool) error {
	return s.stoodAt(ctx, a.NeighbourhoodID, reference, a.ID, standing, found)
}
