package fhir

import (
	"slices"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/clinical/pdf"
	"onedoor/app/clinical/r4"
)

const (
	textPlain     = "text/plain; charset=utf-8"
	outputOutcome = "outcome"
)

// urn is the name of one resource inside a transaction, the same at every try.
func urn(id uuid.UUID, kind string) string {
	return r4.URNUUID + uuid.NewSHA1(id, []byte(kind)).String()
}

// filing are the entries that file a document. The same document gives the same bytes at every try.
func (s *System) filing(doc clinical.Document) ([]r4.Entry, error) {
	documentURL := urn(doc.DeliveryID, "DocumentReference")
	once := bySystem(r4.DeliverySystem, doc.DeliveryID.String())
	document, err := s.document(doc)
	if err != nil {
		return nil, err
	}
	entries := []r4.Entry{post(urn(doc.DeliveryID, "Task"), outcomeTask(doc, documentURL), once), post(documentURL, document, once)}
	if said := communication(doc, documentURL); s.communications && said != nil {
		entries = append(entries, post(urn(doc.DeliveryID, "Communication"), said, once))
	}
	return entries, nil
}

// outcomeTask says that the request was dealt with, and how, in codes that a system can act on.
func outcomeTask(doc clinical.Document, documentURL string) *r4.Task {
	outcome := outcomeOf(doc)
	t := &r4.Task{
		Identifier:      []r4.Identifier{{System: r4.DeliverySystem, Value: doc.DeliveryID.String()}},
		GroupIdentifier: &r4.Identifier{System: r4.ReferenceSystem, Value: doc.Reference},
		Status:          "completed",
		BusinessStatus:  &outcome,
		Intent:          "order",
		Code:            kindOf(doc),
		Description:     doc.Title(),
		Focus:           &r4.Reference{Reference: documentURL, Type: "DocumentReference"},
		For:             patientOf(doc.Patient),
		AuthoredOn:      r4.Instant(doc.RecordedAt),
		LastModified:    r4.Instant(doc.RecordedAt),
		Requester:       organisationOf(doc.From),
		Owner:           organisationOf(doc.For),
		Output:          []r4.Parameter{{Type: r4.Coded(r4.OutputSystem, outputOutcome, "Outcome"), Value: outcome}},
	}
	if doc.Note != "" {
		t.Note = []r4.Annotation{{Author: r4.String(doc.RecordedBy), Time: r4.Instant(doc.RecordedAt), Text: doc.Note}}
	}
	return t
}

// document is the same for a person to read.
func (s *System) document(doc clinical.Document) (*r4.DocumentReference, error) {
	d := &r4.DocumentReference{
		Identifier:  []r4.Identifier{{System: r4.DeliverySystem, Value: doc.DeliveryID.String()}},
		Status:      "current",
		DocStatus:   "final",
		Type:        kindOf(doc),
		Subject:     patientOf(doc.Patient),
		Date:        r4.Instant(doc.RecordedAt),
		Author:      []r4.Reference{*organisationOf(doc.From)},
		Custodian:   organisationOf(doc.For),
		Description: doc.Title(),
		Context:     &r4.DocumentContext{Related: []r4.Reference{{Identifier: &r4.Identifier{System: r4.ReferenceSystem, Value: doc.Reference}}}},
	}
	if s.documents != DocumentsPDF {
		d.Content = append(d.Content, attached(doc, textPlain, []byte(doc.Text())))
	}
	if s.documents != DocumentsText {
		drawn, err := pdf.Draw(doc)
		if err != nil {
			return nil, &clinical.Refused{Says: "The document cannot be drawn as PDF, so it was not sent.", Cause: err}
		}
		d.Content = append(d.Content, attached(doc, pdf.ContentType, drawn))
	}
	return d, nil
}

func attached(doc clinical.Document, kind string, data []byte) r4.DocumentContent {
	return r4.DocumentContent{Attachment: r4.Attachment{
		ContentType: kind, Language: "en-GB", Data: data, Size: len(data), Title: doc.Title(), Creation: r4.Instant(doc.RecordedAt),
	}}
}

// Outcomes that are words to the patient, and the one that says that nobody could be told anything.
var toldOutcomes = []string{"advice-given", "results-given", "results-not-ready", "letter-sent", "records-sent", "signposted"}

const noContact = "no-contact"

// communication is what was said to the patient, where the outcome is that something was; nil otherwise.
func communication(doc clinical.Document, documentURL string) *r4.Communication {
	outcome := outcomeOf(doc)
	c := &r4.Communication{
		Identifier: []r4.Identifier{{System: r4.DeliverySystem, Value: doc.DeliveryID.String()}},
		Category:   []r4.CodeableConcept{*kindOf(doc)},
		Subject:    patientOf(doc.Patient),
		Topic:      &outcome,
		About:      []r4.Reference{{Reference: documentURL, Type: "DocumentReference"}},
		Recipient:  []r4.Reference{*patientOf(doc.Patient)},
		Sender:     organisationOf(doc.From),
	}
	switch {
	case slices.Contains(toldOutcomes, doc.Outcome.Code):
		c.Status, c.Sent = "completed", r4.Instant(doc.RecordedAt)
		words := doc.Note
		if words == "" {
			words = doc.Title()
		}
		c.Payload = []r4.Payload{{Content: r4.String(words)}}
	case doc.Outcome.Code == noContact:
		c.Status, c.StatusReason = "not-done", &outcome
	default:
		return nil
	}
	return c
}

func kindOf(doc clinical.Document) *r4.CodeableConcept {
	return &r4.CodeableConcept{Coding: []r4.Coding{{System: r4.KindSystem, Code: doc.Kind.Code, Display: doc.Kind.Title}}, Text: doc.Kind.Title}
}

func outcomeOf(doc clinical.Document) r4.CodeableConcept {
	return r4.CodeableConcept{Coding: []r4.Coding{{System: r4.OutcomeSystem, Code: doc.Outcome.Code, Display: doc.Outcome.Title}}, Text: doc.Outcome.Title}
}

// patientOf names the patient by NHS number. Without one the system cannot match them, and is only told what to show.
func patientOf(p clinical.Patient) *r4.Reference {
	r := &r4.Reference{Type: "Patient", Display: p.Name()}
	if p.NHSNumber != "" {
		r.Identifier = &r4.Identifier{System: r4.NHSNumber, Value: string(p.NHSNumber)}
	}
	if r.Identifier == nil && r.Display == "" {
		r.Display = "Not known"
	}
	return r
}

func organisationOf(p clinical.Party) *r4.Reference {
	r := r4.ODS(string(p.ODS), p.Name)
	return &r
}
