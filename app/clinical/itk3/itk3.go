// Package itk3 writes an outcome as an ITK3 message, and reads the answer that the receiving system sends back: FHIR STU3 in
// XML, to the public specifications of GP Connect Send Document and Update Record and of ITK3 Message Distribution.
//
// A message is a Bundle whose MessageHeader says what is asked (both acknowledgements, for action), and in it a Bundle of
// type document: for Send Document a Composition with the document's pages as a PDF, for Update Record a Composition with an
// Encounter and a ClinicalImpression that holds the words. MessageHeader.id and the sender's reference are the delivery's id,
// so an answer names the delivery that it is about. The same document gives the same message, but for the pages' drawing.
//
// Built to the public texts and to nothing else: no conformance is claimed. What those texts do not tell is left out and never
// made up: a practitioner has no SDS user id here, and a medicine or finding no code. The package sends nothing.
//
// Sources: nhsconnect/gpconnect-messaging at 9f3c4d3 (Send Document 1.3.0, requirements GPCM-SD-028 to GPCM-SD-134, and its example
// message); the guides "GP Connect Send Document" 1.3.2 and "GP Connect - Update Record (ITK3)" 1.1.5 and 1.2.1 at simplifier.net;
// ITK3 Message Distribution 2.6.0, response codes.
package itk3

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"onedoor/app/clinical"
)

// Form is how an outcome is put.
type Form string

const (
	SendDocument Form = "send-document" // a PDF for the practice's workflow
	UpdateRecord Form = "update-record" // a pharmacy's outcome as resources
)

// ContentType of a message.
const ContentType = "application/fhir+xml"

// Systems and profiles of the public specifications.
const (
	profiles        = "https://fhir.nhs.uk/STU3/StructureDefinition/"
	careConnect     = "https://fhir.hl7.org.uk/STU3/StructureDefinition/CareConnect-"
	gpConnect       = profiles + "CareConnect-GPC-"
	odsSystem       = "https://fhir.nhs.uk/Id/ods-organization-code"
	nhsNumberSystem = "https://fhir.nhs.uk/Id/nhs-number"
	uuidSystem      = "https://tools.ietf.org/html/rfc4122"
	snomed          = "http://snomed.info/sct"
	eventSystem     = "https://fhir.nhs.uk/STU3/CodeSystem/ITK-MessageEvent-2"
	recipientSystem = "https://fhir.nhs.uk/STU3/CodeSystem/ITK-RecipientType-1"
	handling        = profiles + "Extension-ITK-MessageHandling-2"
	sendDocumentDef = "https://fhir.nhs.uk/STU3/MessageDefinition/ITK-GPConnectSendDocument-MessageDefinition-1"
)

// Message is one outcome to be put as an ITK3 message.
type Message struct {
	Form     Form
	Mailbox  string // the MESH mailbox that it leaves from
	Document clinical.Document
	Pages    []byte // the document as a PDF; Send Document only
	// Definition names the message definition where it differs from the published one; Update Record's is not in the public
	// text, and is given to a supplier who is taken on.
	Definition string
	Phone      string // the sending organisation's telephone number; may be empty
}

// Subject is the one line that the receiving practice sees in its list (GPCM-SD-064 and GPCM-SD-119).
func Subject(doc clinical.Document) string {
	return fmt.Sprintf("Consultation report for %s, NHS Number %s, seen at %s, ODS Code %s, Version 1",
		doc.Patient.Name(), doc.Patient.NHSNumber, doc.From.Name, doc.From.ODS)
}

// XML writes the message.
func (m Message) XML() ([]byte, error) {
	doc := m.Document
	if err := doc.Check(); err != nil {
		return nil, err
	}
	var payload []element
	switch m.Form {
	case SendDocument:
		if len(m.Pages) == 0 {
			return nil, fmt.Errorf("a document is sent without its pages")
		}
		payload = m.report()
	case UpdateRecord:
		if m.Definition == "" {
			return nil, fmt.Errorf("an update of a record needs the name of its message definition")
		}
		payload = m.update()
	default:
		return nil, fmt.Errorf("an ITK3 message has no form %q", m.Form)
	}
	message := of("Bundle",
		value("id", m.id("message")), meta(profiles+"ITK-Message-Bundle-1"),
		of("identifier", value("system", uuidSystem), value("value", m.id("message"))),
		value("type", "message"),
		entry(doc.DeliveryID.String(), m.header()),
		entry(m.id("sender"), m.sender()),
		entry(m.id("payload"), of("Bundle", append([]element{
			value("id", m.id("payload")), meta(profiles + "ITK-Document-Bundle-1"),
			of("identifier", value("system", uuidSystem), value("value", m.id("document"))),
			value("type", "document"),
		}, payload...)...)),
	)
	message.attr = [2]string{"xmlns", "http://hl7.org/fhir"}
	return message.xml(), nil
}

// id is one of the message's, fixed by the delivery.
func (m Message) id(of string) string {
	return uuid.NewSHA1(m.Document.DeliveryID, []byte("itk3/"+of)).String()
}

func (m Message) urn(of string) element { return value("reference", "urn:uuid:"+m.id(of)) }

// header asks for both acknowledgements (GPCM-SD-039 to GPCM-SD-049). It names no receiver: MESH finds the practice.
func (m Message) header() element {
	definition, local, event, display := m.Definition, "SendDocument-ConsultationReport", "ITK007C", "ITK GP Connect Send Document"
	if definition == "" {
		definition = sendDocumentDef
	}
	if m.Form == UpdateRecord {
		local, event, display = "None", "ITK014M", "ITK Update Record"
	}
	part := func(url string, v element) element {
		e := of("extension", v)
		e.attr = [2]string{"url", url}
		return e
	}
	id := m.Document.DeliveryID.String()
	asks := of("extension",
		part("BusAckRequested", value("valueBoolean", "true")),
		part("InfAckRequested", value("valueBoolean", "true")),
		part("RecipientType", of("valueCoding", coding(recipientSystem, "FA", "For Action")...)),
		part("MessageDefinition", of("valueReference", value("reference", definition))),
		part("SenderReference", value("valueString", id)),
		part("LocalExtension", value("valueString", local)),
	)
	asks.attr = [2]string{"url", handling}
	return of("MessageHeader",
		value("id", id), meta(profiles+"ITK-MessageHeader-2"), asks,
		of("event", coding(eventSystem, event, display)...),
		of("sender", m.urn("sender")),
		value("timestamp", stamp(m.Document.RecordedAt)),
		of("source", value("endpoint", m.Mailbox)),
		of("focus", m.urn("payload")),
	)
}

func (m Message) sender() element {
	return of("Organization", value("id", m.id("sender")), meta(profiles+"CareConnect-ITK-Header-Organization-1"),
		identifier(odsSystem, string(m.Document.From.ODS)))
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05+00:00") }

// named takes a display name apart: the last word is the family name.
func named(name string) element {
	words := strings.Fields(name)
	family, given := "Not known", ""
	if n := len(words); n > 0 {
		family, given = words[n-1], strings.Join(words[:n-1], " ")
	}
	return of("name", value("use", "official"), value("text", name), value("family", family), value("given", given))
}
