package itk3

import (
	"encoding/base64"

	"onedoor/app/clinical"
)

// Codes that the public guides name; no other is used.
const (
	// encounterReport is Composition.type of a consultation report (GPCM-SD-115).
	encounterReport        = "371531000"
	encounterReportDisplay = "Report of clinical encounter"
	// pharmacyFirst is Composition.type of a Pharmacy First consultation (Update Record 1.2.1, "Representation of the data").
	pharmacyFirst        = "2129921000000100"
	pharmacyFirstDisplay = "Community Pharmacy Pharmacy First Service"
)

// report is the payload of Send Document (GPCM-SD-103 to GPCM-SD-124).
func (m Message) report() []element {
	doc := m.Document
	composition := of("Composition",
		value("id", m.id("composition")), meta(careConnect+"Composition-1"),
		narrative(Subject(doc)),
		value("status", "final"),
		of("type", of("coding", coding(snomed, encounterReport, encounterReportDisplay)...)),
		of("subject", m.urn("patient")),
		value("date", stamp(doc.RecordedAt)),
		of("author", m.urn("practitioner")),
		value("title", "Consultation report"),
		value("confidentiality", "N"),
		of("custodian", m.urn("organisation")),
		of("section", value("title", "Consultation report"), of("entry", m.urn("pages"))),
	)
	pages := of("Binary", value("id", m.id("pages")), meta(profiles+"ITK-Attachment-Binary-1"),
		value("contentType", "application/pdf"), value("content", base64.StdEncoding.EncodeToString(m.Pages)))
	return []element{
		entry(m.id("composition"), composition),
		entry(m.id("pages"), pages),
		entry(m.id("practitioner"), m.practitioner(careConnect+"Practitioner-1")),
		entry(m.id("organisation"), m.organisation(careConnect+"Organization-1")),
		entry(m.id("patient"), m.patient(careConnect+"Patient-1")),
	}
}

// update is the payload of Update Record. The words stand in ClinicalImpression.summary, as the guide asks of what has no
// code; nothing is coded but the service.
func (m Message) update() []element {
	doc := m.Document
	composition := of("Composition",
		value("id", m.id("composition")), meta(careConnect+"Composition-1"),
		narrative(Subject(doc)),
		identifier(uuidSystem, m.id("composition")),
		value("status", "final"),
		of("type", of("coding", coding(snomed, pharmacyFirst, pharmacyFirstDisplay)...)),
		of("subject", m.urn("patient")),
		of("encounter", m.urn("encounter")),
		value("date", stamp(doc.RecordedAt)),
		of("author", m.urn("practitioner")),
		value("title", pharmacyFirstDisplay),
		value("confidentiality", "N"),
		of("custodian", m.urn("organisation")),
		of("section", of("entry", m.urn("encounter")), of("entry", m.urn("impression"))),
	)
	encounter := of("Encounter",
		value("id", m.id("encounter")), meta(gpConnect+"Encounter-1"),
		identifier(uuidSystem, m.id("encounter")),
		value("status", "finished"),
		of("type", value("text", doc.Kind.Title)),
		of("subject", m.urn("patient")),
		of("participant", of("individual", m.urn("practitioner"))),
		of("period", value("start", stamp(doc.RecordedAt))),
		of("serviceProvider", m.urn("organisation")),
	)
	impression := of("ClinicalImpression",
		value("id", m.id("impression")), meta(gpConnect+"ClinicalImpression-1"),
		identifier(uuidSystem, m.id("impression")),
		value("status", "completed"),
		value("description", doc.Title()),
		of("subject", m.urn("patient")),
		of("context", m.urn("encounter")),
		value("effectiveDateTime", stamp(doc.RecordedAt)),
		value("date", stamp(doc.RecordedAt)),
		of("assessor", m.urn("practitioner")),
		value("summary", doc.Text()),
	)
	return []element{
		entry(m.id("composition"), composition),
		entry(m.id("encounter"), encounter),
		entry(m.id("impression"), impression),
		entry(m.id("practitioner"), m.practitioner(gpConnect+"Practitioner-1")),
		entry(m.id("organisation"), m.organisation(gpConnect+"Organization-1")),
		entry(m.id("patient"), m.patient(gpConnect+"Patient-1")),
	}
}

// practitioner is who recorded it, by the name that they are known by here (GPCM-SD-033).
func (m Message) practitioner(profile string) element {
	return of("Practitioner", value("id", m.id("practitioner")), meta(profile), named(m.Document.RecordedBy))
}

func (m Message) organisation(profile string) element {
	from := m.Document.From
	o := of("Organization", value("id", m.id("organisation")), meta(profile), identifier(odsSystem, string(from.ODS)), value("name", from.Name))
	if m.Phone != "" {
		o.children = append(o.children, of("telecom", value("system", "phone"), value("value", m.Phone), value("use", "work")))
	}
	return o
}

// patient must say the same as what MESH finds the practice by (GPCM-SD-035 to GPCM-SD-038).
func (m Message) patient(profile string) element {
	p := m.Document.Patient
	return of("Patient", value("id", m.id("patient")), meta(profile), identifier(nhsNumberSystem, string(p.NHSNumber)),
		value("active", "true"),
		of("name", value("use", "official"), value("family", p.FamilyName), value("given", p.GivenName)),
		value("birthDate", birth(p)))
}

func birth(p clinical.Patient) string {
	if p.BirthDate.IsZero() {
		return ""
	}
	return p.BirthDate.String()
}
