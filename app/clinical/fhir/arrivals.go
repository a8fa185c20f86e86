package fhir

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/clinical/r4"
)

var errNoLocation = errors.New("what was made has no location")

// arrival are the entries that put a request before an organisation: a Task that is requested of it, the request for a person to
// read, and a ServiceRequest where another organisation referred it.
func (s *System) arrival(doc clinical.Document) ([]r4.Entry, error) {
	documentURL, referralURL := urn(doc.DeliveryID, "DocumentReference"), urn(doc.DeliveryID, "ServiceRequest")
	once := bySystem(r4.DeliverySystem, doc.DeliveryID.String())
	document, err := s.document(doc)
	if err != nil {
		return nil, err
	}
	t := requested(doc, documentURL)
	entries := []r4.Entry{post(urn(doc.DeliveryID, "Task"), t, once), post(documentURL, document, once)}
	if doc.From.ODS != doc.For.ODS {
		t.BasedOn = []r4.Reference{{Reference: referralURL, Type: "ServiceRequest"}}
		entries = append(entries, post(referralURL, referral(doc, documentURL), once))
	}
	return entries, nil
}

// requested is the work itself.
func requested(doc clinical.Document, documentURL string) *r4.Task {
	t := &r4.Task{
		Identifier:      []r4.Identifier{{System: r4.DeliverySystem, Value: doc.DeliveryID.String()}},
		GroupIdentifier: &r4.Identifier{System: r4.ReferenceSystem, Value: doc.Reference},
		Status:          "requested",
		Intent:          "order",
		Priority:        priority(doc.Asked.Urgency.Code),
		Code:            kindOf(doc),
		Description:     doc.Title(),
		Focus:           &r4.Reference{Reference: documentURL, Type: "DocumentReference"},
		For:             patientOf(doc.Patient),
		AuthoredOn:      r4.Instant(doc.RecordedAt),
		LastModified:    r4.Instant(doc.RecordedAt),
		Requester:       organisationOf(doc.From),
		Owner:           organisationOf(doc.For),
	}
	if !doc.Asked.DueAt.IsZero() {
		t.Restriction = &r4.Restriction{Period: &r4.Period{End: r4.Instant(doc.Asked.DueAt)}}
	}
	if doc.Note != "" {
		t.Note = []r4.Annotation{{Time: r4.Instant(doc.RecordedAt), Text: doc.Note}}
	}
	return t
}

// referral says that another organisation asks for it.
func referral(doc clinical.Document, documentURL string) *r4.ServiceRequest {
	r := &r4.ServiceRequest{
		Identifier:     []r4.Identifier{{System: r4.DeliverySystem, Value: doc.DeliveryID.String()}},
		Requisition:    &r4.Identifier{System: r4.ReferenceSystem, Value: doc.Reference},
		Status:         "active",
		Intent:         "order",
		Priority:       priority(doc.Asked.Urgency.Code),
		Code:           kindOf(doc),
		Subject:        *patientOf(doc.Patient),
		AuthoredOn:     r4.Instant(doc.RecordedAt),
		Requester:      organisationOf(doc.From),
		Performer:      []r4.Reference{*organisationOf(doc.For)},
		SupportingInfo: []r4.Reference{{Reference: documentURL, Type: "DocumentReference"}},
	}
	if !doc.Asked.DueAt.IsZero() {
		r.Occurrence = r4.Period{End: r4.Instant(doc.Asked.DueAt)}
	}
	return r
}

// priority keeps the order of our urgencies in FHIR's (hl7.org/fhir/R4/valueset-request-priority). The due time says the rest.
func priority(urgency string) string {
	switch urgency {
	case "emergency":
		return "stat"
	case "urgent":
		return "asap"
	case "soon":
		return "urgent"
	}
	return "routine"
}

// Statuses of a Task that is over (hl7.org/fhir/R4/valueset-task-status).
var over = []string{"completed", "cancelled", "rejected", "failed", "entered-in-error"}

// mostTries bounds how often a change is begun anew because somebody else was quicker.
const mostTries = 4

// withdraw takes an arrival back. Where it never arrived, or was ended meanwhile, there is nothing to do.
func (s *System) withdraw(ctx context.Context, d clinical.Delivery) (clinical.Receipt, error) {
	var last answer
	for range mostTries {
		t, raw, err := s.task(ctx, d.CorrelationID)
		switch {
		case err != nil:
			return clinical.Receipt{}, err
		case t == nil:
			return clinical.Receipt{State: clinical.Filed, At: s.now()}, nil
		case slices.Contains(over, t.Status):
			return receiptOf(t), nil
		case t.Meta.ETag() == "":
			return clinical.Receipt{}, lacks("it does not number the versions of a task, so that a change could overwrite another")
		}
		raw, err = withdrawn(raw, t, d)
		if err != nil {
			return clinical.Receipt{}, &clinical.Refused{Says: "The task cannot be written as FHIR, so it was not taken back.", Cause: err}
		}
		name := "Task/" + t.ID
		last, err = s.replace(ctx, d.ID, d.CorrelationID, name, raw, t.Meta.ETag())
		switch {
		case err != nil:
			return clinical.Receipt{}, err
		case last.status == http.StatusOK || last.status == http.StatusCreated:
			return clinical.Receipt{State: clinical.Filed, ExternalID: name, ETag: last.etag, At: s.now()}, nil
		case !last.conflict():
			return clinical.Receipt{}, last.problem()
		}
	}
	return clinical.Receipt{}, conflicting(last)
}

// withdrawn is a Task that is cancelled, with all that we do not know of it as it was.
func withdrawn(raw []byte, t *r4.Task, d clinical.Delivery) ([]byte, error) {
	why := "Taken back by " + d.Document.From.Name
	if d.Document.Asked != nil && d.Document.Asked.Withdrawn != "" {
		why = d.Document.Asked.Withdrawn
	}
	raw, err := r4.With(raw, "status", "cancelled")
	if err != nil {
		return nil, err
	}
	if raw, err = r4.With(raw, "statusReason", r4.CodeableConcept{Text: why}); err != nil {
		return nil, err
	}
	if raw, err = r4.With(raw, "lastModified", r4.Instant(d.Document.RecordedAt)); err != nil {
		return nil, err
	}
	return r4.With(raw, "identifier", append(t.Identifier, r4.Identifier{System: r4.DeliverySystem, Value: d.ID.String()}))
}

// Standing reads back what became of an arrival.
func (s *System) Standing(ctx context.Context, d clinical.Delivery) (clinical.Standing, bool, error) {
	t, _, err := s.task(ctx, d.ID)
	if err != nil || t == nil {
		return clinical.Standing{}, false, err
	}
	return standingOf(t), true, nil
}

func standingOf(t *r4.Task) clinical.Standing {
	out := clinical.Standing{Stage: stage(t.Status), ETag: t.Meta.ETag(), At: r4.Moment(t.LastModified)}
	if t.Meta != nil && out.At.IsZero() {
		out.At = r4.Moment(t.Meta.LastUpdated)
	}
	for _, words := range []*r4.CodeableConcept{t.StatusReason, t.BusinessStatus} {
		if words != nil && out.Says == "" {
			out.Says = words.Words()
		}
	}
	return out
}

func stage(status string) clinical.Stage {
	switch status {
	case "accepted", "in-progress", "on-hold":
		return clinical.StageInHand
	case "completed":
		return clinical.StageDone
	case "rejected", "failed":
		return clinical.StageRefused
	case "cancelled", "entered-in-error":
		return clinical.StageCancelled
	}
	return clinical.StageWaiting
}

// stages in the order in which they count for several tasks together: what is open counts before what is over.
var stages = []clinical.Stage{clinical.StageWaiting, clinical.StageInHand, clinical.StageRefused, clinical.StageDone, clinical.StageCancelled}

func line(order uuid.UUID, n int) string { return order.String() + "/" + count(n) }
