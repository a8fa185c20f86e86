package requests

import (
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/catalogue"
	"onedoor/app/clinical"
	"onedoor/tenants"
)

// Arrival is a request as an organisation's own task or referral. One is filed wherever a request comes to stand, or is
// offered, if that organisation's integration is switched on for it; it is taken back when the request goes elsewhere or
// ends. What the organisation's system says of it is read back (standing.go), so that nobody there needs a second inbox.
type Arrival struct {
	ID              uuid.UUID // its delivery's
	NeighbourhoodID uuid.UUID
	RequestID       uuid.UUID
	OrganisationID  uuid.UUID
	Sequence        int // of the request's deliveries; its withdrawal's is one more
	// Ordered is an order of the person's own in the place of a task: no delivery brought it, and it is not taken back.
	Ordered bool
	// TheirReference is what the organisation's system wants people to call it, as its delivery keeps it: read, never written.
	TheirReference string
	Stage          clinical.Stage
	Says           string // the system's words, for staff
	Misses         int    // readings in a row that did not find it
	MadeAt         time.Time
	ReadAt         time.Time // zero before it was first read
	NextAt         time.Time // when it is read next; zero once it has ended
}

// Standing reports whether the organisation still has it.
func (a Arrival) Standing() bool { return !a.NextAt.IsZero() }

// refused reports whether the organisation itself ended it without doing it.
func (a Arrival) refused() bool {
	return !a.Standing() && (a.Stage == clinical.StageRefused || a.Stage == clinical.StageCancelled)
}

// The waits between two readings of one arrival: soon at first, and then as its age grows.
const (
	readFirst = 15 * time.Second
	readLast  = 5 * time.Minute
)

func nextReading(made, now time.Time) time.Time {
	return now.Add(min(max(now.Sub(made)/20, readFirst), readLast))
}

// standsAt are the organisations that have something to do with the request now: none once it is closed.
func (r *Request) standsAt() []uuid.UUID {
	if !r.Open() {
		return nil
	}
	return r.Concerns()
}

// file sees to it that the request is filed where it stands now, if that organisation wants it, and nowhere else. Before are
// the organisations where it stood before the change; by is who made it.
func (s *Service) file(tx Tx, r *Request, before []uuid.UUID, d *tenants.Directory, by audit.Actor, at time.Time) error {
	if slices.Equal(before, r.standsAt()) {
		return nil
	}
	return tx.AsJob(func() error {
		takers, err := tx.ArrivalTakers(r.Kind)
		if err != nil {
			return err
		}
		known, err := tx.Arrivals(r.ID)
		if err != nil || (len(takers) == 0 && len(known) == 0) {
			return err
		}
		return s.refile(tx, r, takers, known, d, by, at)
	})
}

func (s *Service) refile(tx Tx, r *Request, takers []uuid.UUID, known []Arrival, d *tenants.Directory, by audit.Actor, at time.Time) error {
	kind, ok := s.catalogue.Kind(r.Kind)
	if !ok {
		return nil // of a kind that the catalogue had once: nothing can be said of it
	}
	var list []clinical.Delivery
	here := r.standsAt()
	for _, a := range known {
		if !a.Standing() || slices.Contains(here, a.OrganisationID) {
			continue
		}
		if !a.Ordered {
			back, err := withdrawal(r, kind, a, d, at)
			if err != nil {
				return err
			}
			list = append(list, back)
		}
		a.NextAt = time.Time{}
		if err := tx.SaveArrival(a); err != nil {
			return err
		}
	}
	sequence := 2 * len(known)
	for _, organisation := range here {
		if r.Held.Any() || !slices.Contains(takers, organisation) || slices.ContainsFunc(known, func(a Arrival) bool {
			return a.OrganisationID == organisation && (a.Standing() || a.refused())
		}) {
			continue
		}
		arrives, a, err := arrival(r, kind, organisation, sequence, d, by, at)
		if err != nil {
			return err
		}
		list = append(list, arrives)
		tx.AddArrival(a)
		sequence += 2
	}
	if len(list) == 0 {
		return nil
	}
	return tx.Deliver(list)
}

// fileFirst is file for a request that was just submitted: nothing can have been filed of it, and whom there is to file it
// with is known already.
func (s *Service) fileFirst(tx Tx, r *Request, takers []uuid.UUID, d *tenants.Directory, by audit.Actor, at time.Time) error {
	if !slices.ContainsFunc(r.standsAt(), func(id uuid.UUID) bool { return slices.Contains(takers, id) }) {
		return nil
	}
	return tx.AsJob(func() error { return s.refile(tx, r, takers, nil, d, by, at) })
}

// arrival is a request on its way into one organisation's own system.
func arrival(r *Request, kind *catalogue.Kind, to uuid.UUID, sequence int, d *tenants.Directory, by audit.Actor, at time.Time) (clinical.Delivery, Arrival, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return clinical.Delivery{}, Arrival{}, err
	}
	doc := asked(r, kind, to, d)
	doc.Purpose, doc.RecordedAt = clinical.Arrival, at
	doc.Asked.Lines = r.lines(kind)
	doc.Asked.Offered = r.Offer != nil && r.Offer.Place.Organisation == to
	if doc.Asked.Offered && by.Kind == audit.Person {
		doc.Asked.ConfirmedBy, doc.RecordedBy, doc.Note = by.Name, by.Name, r.Offer.Reason
	}
	switch r.Status {
	case Diverted:
		doc.Note = "The patient was told to call 999. Check that they are safe."
	case ToVerify:
		destination, _ := d.Organisation(r.Destination.Organisation)
		doc.Note = "It is meant for " + destination.Name + ". A named person has to verify that in Onedoor first, or deal with it here."
	}
	target := clinical.Target{NeighbourhoodID: r.NeighbourhoodID, OrganisationID: to, RecordedByID: r.Place.Organisation, RequestID: r.ID, Sequence: sequence}
	delivery, err := clinical.NewDelivery(id, target, doc, at)
	return delivery, Arrival{
		ID: id, NeighbourhoodID: r.NeighbourhoodID, RequestID: r.ID, OrganisationID: to, Sequence: sequence,
		Stage: clinical.StageWaiting, MadeAt: at, NextAt: at.Add(readFirst),
	}, err
}

// withdrawal takes an arrival back.
func withdrawal(r *Request, kind *catalogue.Kind, a Arrival, d *tenants.Directory, at time.Time) (clinical.Delivery, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return clinical.Delivery{}, err
	}
	doc := asked(r, kind, a.OrganisationID, d)
	doc.Purpose, doc.RecordedAt = clinical.Withdrawal, at
	doc.Asked.Withdrawn = "The request is no longer yours."
	if !r.Open() {
		doc.Asked.Withdrawn = "The request was dealt with, and is closed."
	} else if holder, ok := d.Organisation(r.Place.Organisation); ok {
		doc.Asked.Withdrawn = "The request is with " + holder.Name + " now."
	}
	target := clinical.Target{
		NeighbourhoodID: r.NeighbourhoodID, OrganisationID: a.OrganisationID, RecordedByID: r.Place.Organisation, RequestID: r.ID,
		CorrelationID: a.ID, Sequence: a.Sequence + 1,
	}
	return clinical.NewDelivery(id, target, doc, at)
}

// asked is what an arrival and its withdrawal have in common.
func asked(r *Request, kind *catalogue.Kind, to uuid.UUID, d *tenants.Directory) clinical.Document {
	p := r.Patient
	asked := &clinical.Asked{
		Urgency: clinical.Coded{Code: string(r.Urgency), Title: capital(string(r.Urgency))}, DueAt: r.AnswerDue, At: r.SubmittedAt, Channel: string(r.Channel),
	}
	if r.Proxy != nil {
		asked.Proxy = r.Proxy.Name + " (" + r.Proxy.Relationship + ")"
	}
	return clinical.Document{
		Reference: string(r.Reference), Kind: clinical.Coded{Code: kind.Code, Title: kind.Title},
		Patient: clinical.Patient{
			NHSNumber: p.NHSNumber, GivenName: p.GivenName, FamilyName: p.FamilyName, BirthDate: p.BirthDate,
			Sex: p.Sex, Postcode: p.Postcode, Phone: p.Mobile, OnRegister: r.PatientID != uuid.Nil,
		},
		From: party(d, r.Place.Organisation), For: party(d, to), Asked: asked,
	}
}

// lines are the questions and what was answered, in words, as reception shows them.
func (r *Request) lines(kind *catalogue.Kind) []clinical.Said {
	var lines []clinical.Said
	for _, it := range kind.Questionnaire.Questions() {
		line := clinical.Said{Question: it.Text}
		for _, v := range r.Answers[it.LinkID] {
			line.Answers = append(line.Answers, it.Words(v))
		}
		if _, spoken := r.Recordings[it.LinkID]; spoken {
			line.Answers = append(line.Answers, spokenWords)
		}
		if len(line.Answers) > 0 {
			lines = append(lines, line)
		}
	}
	if r.Incomplete == nil {
		return lines
	}
	for _, a := range r.Incomplete.Answers {
		line := clinical.Said{Question: a.Question, Answers: a.Answers}
		if a.Recording != uuid.Nil {
			line.Answers = append(slices.Clone(line.Answers), spokenWords)
		}
		lines = append(lines, line)
	}
	return lines
}

const spokenWords = "Spoken, not written down: hear it in Onedoor"

func capital(word string) string {
	if word == "" {
		return word
	}
	return strings.ToUpper(word[:1]) + word[1:]
}
