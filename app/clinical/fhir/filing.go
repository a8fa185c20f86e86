package fhir

import (
	"time"

	"github.com/google/uuid"

	"onedoor/app/clinical"
)

// filing is the Bundle that files a document. The same document gives the same bytes at every try.
func filing(doc clinical.Document) bundle {
	taskURL := "urn:uuid:" + uuid.NewSHA1(doc.DeliveryID, []byte("Task")).String()
	documentURL := "urn:uuid:" + uuid.NewSHA1(doc.DeliveryID, []byte("DocumentReference")).String()
	once := searchByOurs + doc.DeliveryID.String()
	return bundle{ResourceType: "Bundle", Type: transactionType, Entry: []bundleEntry{
		{
			FullURL: taskURL, Resource: taskOf(doc, documentURL),
			Request: &bundleRequest{Method: "POST", URL: "Task", IfNoneExist: once},
		},
		{
			FullURL: documentURL, Resource: documentOf(doc),
			Request: &bundleRequest{Method: "POST", URL: "DocumentReference", IfNoneExist: once},
		},
	}}
}

// taskOf says that the request was dealt with, and how, in codes that a system can act on.
func taskOf(doc clinical.Document, documentURL string) task {
	outcome := outcomeOf(doc)
	t := task{
		ResourceType:    "Task",
		Identifier:      []identifier{{DeliverySystem, doc.DeliveryID.String()}},
		GroupIdentifier: &identifier{ReferenceSystem, doc.Reference},
		Status:          "completed",
		BusinessStatus:  outcome,
		Intent:          "order",
		Code:            kindOf(doc),
		Description:     doc.Title(),
		Focus:           &reference{Reference: documentURL, Type: "DocumentReference"},
		For:             patientOf(doc.Patient),
		AuthoredOn:      instant(doc.RecordedAt),
		LastModified:    instant(doc.RecordedAt),
		Requester:       organisationOf(doc.From),
		Owner:           organisationOf(doc.For),
		Output: []taskOutput{{
			Type:                 codeableConcept{Coding: []coding{{OutputSystem, outputOutcome, "Outcome"}}},
			ValueCodeableConcept: outcome,
		}},
	}
	if doc.Note != "" {
		t.Note = []annotation{{AuthorString: doc.RecordedBy, Time: instant(doc.RecordedAt), Text: doc.Note}}
	}
	return t
}

// documentOf is the same for a person to read.
func documentOf(doc clinical.Document) documentReference {
	text := []byte(doc.Text())
	return documentReference{
		ResourceType: "DocumentReference",
		Identifier:   []identifier{{DeliverySystem, doc.DeliveryID.String()}},
		Status:       "current",
		DocStatus:    "final",
		Type:         kindOf(doc),
		Subject:      patientOf(doc.Patient),
		Date:         instant(doc.RecordedAt),
		Author:       []reference{*organisationOf(doc.From)},
		Custodian:    organisationOf(doc.For),
		Description:  doc.Title(),
		Content: []docContent{{attachment{
			ContentType: textPlain, Language: "en-GB", Data: text, Size: len(text), Title: doc.Title(), Creation: instant(doc.RecordedAt),
		}}},
		Context: &docContext{Related: []reference{{Identifier: &identifier{ReferenceSystem, doc.Reference}}}},
	}
}

func kindOf(doc clinical.Document) *codeableConcept {
	return &codeableConcept{Coding: []coding{{KindSystem, doc.Kind.Code, doc.Kind.Title}}, Text: doc.Kind.Title}
}

func outcomeOf(doc clinical.Document) *codeableConcept {
	return &codeableConcept{Coding: []coding{{OutcomeSystem, doc.Outcome.Code, doc.Outcome.Title}}, Text: doc.Outcome.Title}
}

// patientOf names the patient by NHS number. Without one the system cannot match them, and is only told what to show.
func patientOf(p clinical.Patient) *reference {
	r := &reference{Type: "Patient", Display: p.Name()}
	if p.NHSNumber != "" {
		r.Identifier = &identifier{nhsNumberSystem, string(p.NHSNumber)}
	}
	if r.Identifier == nil && r.Display == "" {
		r.Display = "Not known"
	}
	return r
}

func organisationOf(p clinical.Party) *reference {
	return &reference{Type: "Organization", Identifier: &identifier{odsSystem, string(p.ODS)}, Display: p.Name}
}

// instant is a FHIR instant: seconds and zone.
func instant(t time.Time) string { return t.UTC().Format(time.RFC3339) }
