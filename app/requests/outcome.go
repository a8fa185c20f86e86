package requests

import (
	"context"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"onedoor/app/catalogue"
	"onedoor/app/clinical"
	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/tenants"
)

// NewOutcome is what a person records.
type NewOutcome struct {
	Code    string
	Note    string            // up to 4,000 characters
	Details map[string]string // up to 20, of 500 characters
	// PracticeAction is what the registered practice must do soon, where another organisation answered: it becomes an urgent
	// task for the practice's people. Empty for nothing.
	PracticeAction string
}

// Record stores the outcome, closes the request, and in the same transaction puts its deliveries on their way: one to the
// clinical system of the organisation that did the work, and one to the registered practice's when that is another.
func (s *Service) Record(ctx context.Context, by Actor, c Command, in NewOutcome) (View, error) {
	return s.command(ctx, by, c, "outcome", accountable, func(tx Tx, r *Request, rules Rules, at time.Time) (map[string]any, bool, error) {
		kind, ok := s.catalogue.Kind(r.Kind)
		if !ok {
			return nil, false, fault.New(fault.Internal, "unknown_kind", "The kind of this request is no longer in the catalogue.")
		}
		title, err := checkOutcome(kind, in)
		if err != nil {
			return nil, false, err
		}
		action, err := checkAction(r, in.PracticeAction)
		if err != nil {
			return nil, false, err
		}
		outcome := Outcome{
			Code: in.Code, Note: in.Note, Details: in.Details, By: by.Name, ByID: by.ID, OrganisationID: r.Place.Organisation, At: at,
		}
		if err := r.answer(outcome, by.Actor); err != nil {
			return nil, false, err
		}
		details := map[string]any{"outcome": in.Code}
		if action != "" {
			task, err := s.askPractice(tx, by, r, title, action, rules, at)
			if err != nil {
				return nil, false, err
			}
			details["practice_task"] = task
		}
		list, err := deliveriesOf(r, kind, title, rules.Directory, at)
		if err != nil {
			return nil, false, err
		}
		if r.Held.Any() {
			for i := range list {
				list[i] = list[i].SetAside(r.Held.Says(), at)
			}
		}
		return details, false, tx.Deliver(list)
	})
}

func checkOutcome(kind *catalogue.Kind, in NewOutcome) (title string, err error) {
	var fields []fault.Field
	for _, o := range kind.Outcomes {
		if o.Code == in.Code {
			title = o.Title
		}
	}
	if title == "" {
		fields = append(fields, fault.Field{Pointer: "/outcome", Code: "unknown_outcome", Says: "This outcome does not belong to this kind of request."})
	}
	if utf8.RuneCountInString(in.Note) > 4000 || !utf8.ValidString(in.Note) {
		fields = append(fields, fault.Field{Pointer: "/note", Code: "too_long", Says: "The note must be 4,000 characters or fewer."})
	}
	if len(in.Details) > 20 {
		fields = append(fields, fault.Field{Pointer: "/details", Code: "too_many", Says: "Give 20 details or fewer."})
	}
	for _, value := range in.Details {
		if utf8.RuneCountInString(value) > 500 {
			fields = append(fields, fault.Field{Pointer: "/details", Code: "too_long", Says: "Each detail must be 500 characters or fewer."})
			break
		}
	}
	if len(fields) > 0 {
		return "", fault.InvalidFields(fields)
	}
	return title, nil
}

// deliveriesOf are the documents that an outcome calls for: one for the record of the organisation that did the work, and
// one for the registered practice when that is another.
func deliveriesOf(r *Request, kind *catalogue.Kind, title string, d *tenants.Directory, at time.Time) ([]clinical.Delivery, error) {
	own, err := deliveryTo(r, r.Place.Organisation, clinical.OwnRecord, kind, title, d, at)
	if err != nil || r.PracticeID == uuid.Nil || r.PracticeID == r.Place.Organisation {
		return []clinical.Delivery{own}, err
	}
	practice, err := deliveryTo(r, r.PracticeID, clinical.RegisteredPractice, kind, title, d, at)
	return []clinical.Delivery{own, practice}, err
}

func deliveryTo(r *Request, to uuid.UUID, purpose clinical.Purpose, kind *catalogue.Kind, title string, d *tenants.Directory, at time.Time) (clinical.Delivery, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return clinical.Delivery{}, err
	}
	target := clinical.Target{NeighbourhoodID: r.NeighbourhoodID, OrganisationID: to, RecordedByID: r.Place.Organisation, RequestID: r.ID}
	return clinical.NewDelivery(id, target, clinical.Document{
		Reference: string(r.Reference), Purpose: purpose, Kind: clinical.Coded{Code: kind.Code, Title: kind.Title},
		Patient: clinical.Patient{
			NHSNumber: r.Patient.NHSNumber, GivenName: r.Patient.GivenName, FamilyName: r.Patient.FamilyName, BirthDate: r.Patient.BirthDate,
		},
		Outcome: clinical.Coded{Code: r.Outcome.Code, Title: title}, Note: r.Outcome.Note, Details: r.Outcome.Details,
		RecordedBy: r.Outcome.By, RecordedAt: at, From: party(d, r.Place.Organisation), For: party(d, to),
	}, at)
}

func party(d *tenants.Directory, id uuid.UUID) clinical.Party {
	o, _ := d.Organisation(id)
	return clinical.Party{ODS: o.ODS, Name: o.Name, Kind: string(o.Kind)}
}

func organisationTo(d *tenants.Directory, to string, at time.Time) (tenants.Organisation, error) {
	code, err := nhs.ParseODSCode(to)
	if err != nil {
		return tenants.Organisation{}, fault.InvalidFields([]fault.Field{{Pointer: "/to", Code: "ods_code_format", Says: fault.As(err).Says}})
	}
	o, ok := d.ByODS(code)
	if !ok || !d.TakesPart(o.ID, nhs.DateOf(at.In(tenants.London()))) {
		return tenants.Organisation{}, fault.InvalidFields([]fault.Field{{Pointer: "/to", Code: "unknown_organisation", Says: "This organisation does not take part in the neighbourhood."}})
	}
	return o, nil
}

// closedBy closes a request with what was done elsewhere. The record of the organisation that did it has it already; the
// registered practice is told where that is another.
func (s *Service) closedBy(r *Request, by, note string, organisation uuid.UUID, d *tenants.Directory, now time.Time) ([]clinical.Delivery, error) {
	r.Offer = nil
	r.Outcome = &Outcome{Code: doneOutcome, Note: note, By: by, OrganisationID: organisation, At: now}
	r.Status = Closed
	kind, ok := s.catalogue.Kind(r.Kind)
	if !ok {
		return nil, nil
	}
	return othersRecords(r, kind, d, now)
}

func othersRecords(r *Request, kind *catalogue.Kind, d *tenants.Directory, now time.Time) ([]clinical.Delivery, error) {
	list, err := deliveriesOf(r, kind, outcomeTitle(kind, doneOutcome), d, now)
	var others []clinical.Delivery
	for _, x := range list {
		if x.Purpose != clinical.OwnRecord {
			others = append(others, x)
		}
	}
	return others, err
}
