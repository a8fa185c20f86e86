package requests

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/app/patients"
	"onedoor/policy"
	"onedoor/tenants"
)

// ToTrace is what was said of whoever a request is for, for a trace at the national register: staff may see it traced, and a
// job of the neighbourhood (not_allowed, request_closed).
func (s *Service) ToTrace(ctx context.Context, by Actor, reference Reference) (given patients.Given, err error) {
	err = s.store.InTx(ctx, by.Scope, func(tx Tx) error {
		r, err := tx.Find(reference)
		if err != nil {
			return err
		}
		if err := by.mustMayTrace(r); err != nil {
			return err
		}
		given = r.Patient
		return r.mustBeOpen()
	})
	return given, err
}

func (a Actor) mustMayTrace(r *Request) error {
	if a.Scope.Kind == tenants.JobScope {
		return nil
	}
	return a.mustMay("trace", r.Place.Organisation)
}

// Traced keeps what the national register says of whoever a request is for, and does what follows from it in the same
// transaction: their number, and where it is known their practice; for a restricted record no postcode, nothing is sent any
// more, and an offer to another organisation is taken back; for somebody who has died nothing is sent any more, and their practice gets a task. What holds for a person holds
// for all their requests (request_closed, not_allowed, stale_version).
func (s *Service) Traced(ctx context.Context, by Actor, c Command, f patients.Finding) (View, error) {
	var view View
	// What follows concerns requests and a practice that the one who asked may not see, so it is a job's to do; whether they may
	// ask at all is looked at here.
	err := s.store.InTx(ctx, tenants.JobOf(by.Scope.NeighbourhoodID), func(tx Tx) error {
		r, err := tx.FindForUpdate(c.Reference)
		if err != nil {
			return err
		}
		if by.Scope.Kind == tenants.StaffScope && !slices.ContainsFunc(r.Concerns(), by.Scope.Includes) {
			return fault.Absent()
		}
		if err := by.mustMayTrace(r); err != nil {
			return err
		}
		if err := r.mustBeOpen(); err != nil {
			return err
		}
		if c.Version != 0 && c.Version != r.Version {
			return fault.New(fault.Conflict, "stale_version", "This request has changed since you saw it.").With("version", r.Version).With("status", string(r.Status))
		}
		now := s.now()
		rules, err := tx.Rules(now)
		if err != nil {
			return err
		}
		decision, err := tx.Decision(r.ID)
		if err != nil {
			return err
		}
		was, before, concerned, stoodAt := r.Version, r.Held, r.Concerns(), r.standsAt()
		r.Trace, r.TracedAt = &f, now
		if f.Verdict.Certain() {
			if err := s.identify(tx, r, f, rules, now); err != nil {
				return err
			}
		}
		r.Version, r.UpdatedAt = was+1, now
		if err := tx.Update(r, was, r.Place.Organisation); err != nil {
			return err
		}
		tx.Audit(s.entry(by.Actor, "request.trace", r, map[string]any{"verdict": f.Verdict, "restricted": f.Hold.Restricted, "died": f.Hold.Died}))
		if f.Needs != nil && f.Verdict.Certain() {
			if err := tx.KeepNeeds(r.ID, *f.Needs, now); err != nil {
				return err
			}
		}
		tx.Announce(r, concerned...)
		if err := s.file(tx, r, stoodAt, rules.Directory, by.Actor, now); err != nil {
			return err
		}
		if f.Verdict.Certain() && (before.Restricted != r.Held.Restricted || before.Died != r.Held.Died) {
			if err := s.holdOthers(tx, r, rules, now); err != nil {
				return err
			}
		}
		if r.Held.Died && !before.Died {
			if err := s.tellOfDeath(tx, r, now); err != nil {
				return err
			}
		}
		view, err = s.view(tx, by, r, rules, decision)
		return err
	})
	return view, err
}

// identify takes over what the register knows for certain.
func (s *Service) identify(tx Tx, r *Request, f patients.Finding, rules Rules, now time.Time) error {
	r.Patient.NHSNumber, r.Held = f.NHSNumber, f.Hold
	if r.PatientID == uuid.Nil {
		candidates, err := tx.Register(r.Patient)
		if err != nil {
			return err
		}
		if p, ok := patients.Match(r.Patient, candidates); ok {
			r.PatientID, r.PracticeID = p.ID, p.PracticeID
		}
	}
	r.withoutPlace()
	r.stayHere()
	if r.PracticeID != uuid.Nil || f.Practice == "" || r.Held.Restricted {
		return nil
	}
	practice, ok := rules.Directory.ByODS(f.Practice)
	if ok && practice.Kind == tenants.Practice && rules.Directory.TakesPart(practice.ID, nhs.DateOf(now.In(tenants.London()))) {
		r.PracticeID = practice.ID
	}
	return nil
}

// withoutPlace forgets where a person lives whose record is restricted.
func (r *Request) withoutPlace() {
	if r.Held.Restricted {
		r.Patient.Postcode, r.Patient.HouseNumber = "", ""
	}
}

// holdOthers makes what holds for a person hold for all their requests.
func (s *Service) holdOthers(tx Tx, r *Request, rules Rules, now time.Time) error {
	others, err := tx.HoldSamePerson(r)
	if err != nil {
		return err
	}
	for _, o := range others {
		was, concerned, stoodAt := o.Version, o.Concerns(), o.standsAt()
		o.Held, o.Version, o.UpdatedAt = r.Held, was+1, now
		o.withoutPlace()
		o.stayHere()
		if err := tx.Update(o, was, o.Place.Organisation); err != nil {
			return err
		}
		by := audit.Actor{Kind: audit.System, Name: "trace"}
		tx.Audit(s.entry(by, "request.hold", o, map[string]any{"restricted": r.Held.Restricted, "died": r.Held.Died, "by": r.Reference}))
		tx.Announce(o, concerned...)
		if err := s.file(tx, o, stoodAt, rules.Directory, by, now); err != nil {
			return err
		}
	}
	return nil
}

// Task is something for staff of one organisation to do that nobody asked for: it stands in its queue as a request does.
type Task struct {
	Kind         string // of request, whose outcomes it can have
	Organisation uuid.UUID
	Queue        string // the slug; empty for the general queue
	Patient      patients.Given
	Says         string // what is to be done, for staff
	Urgency      policy.Urgency
	By           audit.Actor
	Held         patients.Hold
}

// tellOfDeath gives the practice, or who answers for the request where none is known, the task to look.
func (s *Service) tellOfDeath(tx Tx, r *Request, now time.Time) error {
	practice := r.PracticeID
	if practice == uuid.Nil {
		practice = r.HomeID
	}
	says := "The national register of patients has recorded that this person has died"
	if !r.Held.Formal {
		says = "The national register of patients has been told, informally, that this person has died"
	}
	says += ". Check it, and stop what is booked or ordered for them. Nothing more is sent for them from here. It came up at request " + r.Reference.Spaced() + "."
	return s.addTask(tx, r.NeighbourhoodID, Task{
		Kind: "admin", Organisation: practice, Says: says, Urgency: policy.Soon, By: audit.Actor{Kind: audit.System, Name: "trace"}, Held: r.Held,
		Patient: patients.Given{NHSNumber: r.Patient.NHSNumber, GivenName: r.Patient.GivenName, FamilyName: r.Patient.FamilyName, BirthDate: r.Patient.BirthDate},
	}, now)
}

// addTask opens a task in the scope of a job. It is decided like a request that only its own practice may have, so that its
// decision can be replayed; where it stands and when it is due are the task's own.
func (s *Service) addTask(tx Tx, neighbourhood uuid.UUID, t Task, now time.Time) error {
	kind, ok := s.catalogue.Kind(t.Kind)
	if !ok {
		return fault.New(fault.Internal, "unknown_kind", "There is no such kind of request.")
	}
	in := Submission{
		NeighbourhoodID: neighbourhood, Channel: Tasked, Kind: t.Kind, Patient: t.Patient, AskedOf: t.Organisation, OwnPracticeOnly: true, FirstContactAt: now, By: t.By,
	}
	known, err := tx.Prelude(queryOf(in, now))
	if err != nil {
		return err
	}
	prepared, err := s.prepare(known, in, kind, now)
	if err != nil {
		return err
	}
	r, err := s.open(prepared, in, kind, now)
	if err != nil {
		return err
	}
	slug := t.Queue
	if slug == "" {
		slug = tenants.QueueGeneral
	}
	queue, ok := known.Rules.Directory.QueueOf(t.Organisation, slug)
	if !ok { // an organisation without such a queue has at least one
		i := slices.IndexFunc(known.Rules.Directory.Queues(), func(q tenants.Queue) bool { return q.OrganisationID == t.Organisation })
		if i < 0 {
			return fault.New(fault.Conflict, "no_queue", "The organisation has no queue.")
		}
		queue = known.Rules.Directory.Queues()[i]
	}
	r.Task, r.Held, r.Status, r.Offer = t.Says, t.Held, Queued, nil
	r.Place = policy.Place{Organisation: t.Organisation, Queue: queue.ID}
	r.Destination, r.HomeID, r.HomeQueueID = r.Place, t.Organisation, queue.ID
	r.Urgency, r.AnswerDue, r.Message = t.Urgency, policy.AnswerDue(t.Urgency, now), prepared.decision.Message
	r.withoutPlace()
	tx.Insert(r, prepared.decision, pastOf(r, in, prepared, known.Load))
	tx.Audit(s.entry(t.By, "request.task", r, nil))
	tx.Announce(r)
	return nil
}
