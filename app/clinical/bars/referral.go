package bars

import (
	"strings"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/clinical/r4"
)

// generalPractice is the type of an organisation that refers to a pharmacy. Source: the examples REFREQ06 and REFREQ07.
var generalPractice = r4.Coding{System: systemSNOMED, Code: "788007007", Display: "General practice service (qualifier value)"}

// presentingComplaint qualifies what is wrong. Source: the example REFREQ03.
var presentingComplaint = r4.Coding{System: systemSNOMED, Code: "33962009", Display: "Presenting complaint"}

// referral is the message that an arrival becomes: servicerequest-request, new.
func (s *System) referral(d clinical.Delivery, version string) *r4.Bundle {
	doc := d.Document
	m := newMessage(d.ID, doc.RecordedAt, version)
	m.add("MessageHeader", s.header(m, eventReferral, reasonNew, "ServiceRequest", definitionReferral, doc.From))
	m.add("ServiceRequest", s.serviceRequest(m, d))
	m.add("Encounter", &r4.Encounter{
		Common: m.head("Encounter"), Identifier: []r4.Identifier{{System: ReferenceSystem, Value: doc.Reference}}, Status: "finished",
		Class:   r4.Coding{System: systemActCode, Code: "EMER", Display: "emergency"}, // fixed by the standard, whatever the urgency
		Subject: m.to("Patient"), EpisodeOfCare: []r4.Reference{r4.To("EpisodeOfCare/" + d.CorrelationID.String())}, Period: &r4.Period{Start: instant(doc.Asked.At)},
	})
	m.add("CarePlan", &r4.CarePlan{
		Common: m.head("CarePlan"), Status: "completed", Intent: "plan", Subject: m.ref("Patient"), Encounter: m.to("Encounter"),
		Period: &r4.Period{Start: m.at}, Addresses: []r4.Reference{m.ref("Condition")},
		Activity: []r4.CarePlanActivity{{OutcomeCodeableConcept: []r4.CodeableConcept{{Text: narrative(doc)}}, Reference: m.to("Task")}},
	})
	m.add("Condition", &r4.Condition{
		Common:         m.head("Condition"),
		ClinicalStatus: &r4.CodeableConcept{Coding: []r4.Coding{{System: "http://terminology.hl7.org/CodeSystem/condition-clinical", Code: "active"}}},
		// Nobody but the patient has said so.
		VerificationStatus: &r4.CodeableConcept{Coding: []r4.Coding{{System: "http://terminology.hl7.org/CodeSystem/condition-ver-status", Code: "provisional"}}},
		Category:           []r4.CodeableConcept{{Coding: []r4.Coding{presentingComplaint}}}, Code: &r4.CodeableConcept{Text: complaint(doc)},
		Subject: m.ref("Patient"), Encounter: m.to("Encounter"),
	})
	m.add("Task", s.task(m, doc))
	m.add("Patient", m.person(doc.Patient))
	s.addSender(m, doc)
	m.add("Receiver", m.organisation(doc.For, nil))
	m.add("HealthcareService", s.service(m, doc.For))
	m.add("Consent", directCare(m, doc))
	return m.bundle()
}

func (s *System) serviceRequest(m *message, d clinical.Delivery) *r4.ServiceRequest {
	doc := d.Document
	return &r4.ServiceRequest{
		Common:     m.head("ServiceRequest", profileReferral),
		Identifier: []r4.Identifier{{System: ReferralSystem, Value: d.ID.String()}},
		BasedOn:    []r4.Reference{m.ref("CarePlan")},
		Status:     "active", Intent: "plan", Category: s.categories(),
		Subject: m.ref("Patient"), Encounter: m.to("Encounter"),
		Occurrence: r4.Period{Start: m.at, End: instant(doc.Asked.DueAt)}, AuthoredOn: m.at,
		Requester: m.to("Practitioner"), Performer: []r4.Reference{m.ref("HealthcareService")},
	}
}

// categories say what sort of referral it is, and by which use case.
func (s *System) categories() []r4.CodeableConcept {
	return []r4.CodeableConcept{{Coding: []r4.Coding{
		{System: systemCategory, Code: "referral", Display: "Transfer of Care"},
		{System: systemUseCases, Code: s.useCase.Code, Display: s.useCase.Display},
	}}}
}

func (s *System) task(m *message, doc clinical.Document) *r4.Task {
	t := &r4.Task{
		Common: m.head("Task"), Status: "requested", Intent: "order", Encounter: m.to("Encounter"), AuthoredOn: m.at,
		Code: &r4.CodeableConcept{Text: doc.Kind.Title}, Restriction: &r4.Restriction{Period: &r4.Period{Start: m.at, End: instant(doc.Asked.DueAt)}},
		Description: "Please deal with this request by the time that is given.",
	}
	if s.useCase.Task != nil {
		t.Code = &r4.CodeableConcept{Coding: []r4.Coding{*s.useCase.Task}}
		t.Description = "The patient will get in touch with the pharmacy. If you are concerned about what is written here, please contact the patient."
	}
	return t
}

// addSender adds who refers: the organisation, and the person who confirmed it there.
func (s *System) addSender(m *message, doc clinical.Document) {
	var kind *r4.Coding
	if s.useCase.Pharmacy {
		kind = &generalPractice
	}
	m.add("Sender", m.organisation(doc.From, kind))
	who := doc.Asked.ConfirmedBy
	if who == "" {
		who = doc.RecordedBy
	}
	if who == "" {
		who = "A member of staff at " + doc.From.Name
	}
	p := &r4.Practitioner{Common: m.head("Practitioner"), Name: []r4.HumanName{{Text: who}}}
	if s.phone != "" {
		p.Telecom = []r4.ContactPoint{{System: "phone", Value: s.phone, Use: "work"}}
	}
	m.add("Practitioner", p)
	m.add("PractitionerRole", &r4.PractitionerRole{Common: m.head("PractitionerRole"), Practitioner: m.to("Practitioner"), Organization: m.to("Sender")})
}

// directCare is the patient's consent, which this standard knows for direct care only.
func directCare(m *message, doc clinical.Document) *r4.Consent {
	return &r4.Consent{
		Common: m.head("Consent"), Status: "active",
		Scope:    r4.CodeableConcept{Coding: []r4.Coding{{System: "http://terminology.hl7.org/CodeSystem/consentscope", Code: "patient-privacy"}}},
		Category: []r4.CodeableConcept{{Coding: []r4.Coding{{System: systemConsent, Code: consentDirectCare, Display: "Direct Care"}}}},
		Patient:  m.to("Patient"), DateTime: day(doc.Asked.At),
		PolicyRule: &r4.CodeableConcept{Coding: []r4.Coding{{System: systemActCode, Code: consentImplied}}},
	}
}

// complaint is what is wrong in a line: the first thing that was answered, or what kind of request it is.
func complaint(doc clinical.Document) string {
	for _, line := range doc.Asked.Lines {
		if said := strings.Join(line.Answers, ", "); said != "" {
			return said
		}
	}
	return doc.Kind.Title
}

// narrative is all that was asked and answered, for a person to read.
func narrative(doc clinical.Document) string {
	var b strings.Builder
	b.WriteString(doc.Kind.Title + "\n")
	for _, line := range doc.Asked.Lines {
		b.WriteString(line.Question + ": " + strings.Join(line.Answers, "; ") + "\n")
	}
	if doc.Asked.Proxy != "" {
		b.WriteString("Asked for by: " + doc.Asked.Proxy + "\n")
	}
	if doc.Note != "" {
		b.WriteString("Note: " + doc.Note + "\n")
	}
	b.WriteString("Urgency: " + doc.Asked.Urgency.Title + ", until a clinician has looked\n")
	return b.String()
}

// cancellation takes a referral back: its ServiceRequest as the receiver has it, revoked, with the patient and the two
// organisations. The reason is `update`, as Core asks (Standard patterns, Cancellation); what was never meant is
// `entered-in-error` with `delete` there, which this product has no use for.
func (s *System) cancellation(d clinical.Delivery, current readResource, version string) *r4.Bundle {
	doc := d.Document
	m := newMessage(d.ID, doc.RecordedAt, version)
	m.add("MessageHeader", s.header(m, eventReferral, reasonUpdate, "ServiceRequest", definitionReferralEnd, doc.From))
	head := m.head("ServiceRequest", profileReferral)
	head.ID = current.ID
	identifiers := current.Identifier
	if len(identifiers) == 0 {
		identifiers = []r4.Identifier{{System: ReferralSystem, Value: referralOf(d).String()}}
	}
	why := doc.Asked.Withdrawn
	if why == "" {
		why = "The sender has taken the referral back."
	}
	m.add("ServiceRequest", &r4.ServiceRequest{
		Common: head, Identifier: identifiers, Status: "revoked", Intent: "plan", Category: s.categories(), Subject: m.ref("Patient"),
		Occurrence: current.occurrence(), ReasonCode: []r4.CodeableConcept{{Text: why}},
	})
	m.add("Patient", m.person(doc.Patient))
	m.add("Sender", m.organisation(doc.From, nil))
	m.add("Receiver", m.organisation(doc.For, nil))
	return m.bundle()
}

// referralOf is the id of the delivery by which a referral was made: its own, or that of what is taken back.
func referralOf(d clinical.Delivery) uuid.UUID {
	if d.Document.Purpose == clinical.Withdrawal {
		return d.CorrelationID
	}
	return d.ID
}
