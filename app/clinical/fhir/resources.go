// Package fhir files documents in any system with a FHIR R4 REST interface (hl7.org/fhir/R4): one transaction Bundle for
// each delivery, of a Task and a DocumentReference, each created only if our identifier is not there yet. It is built to
// the public specification.
//
// It never follows a redirect, never waits longer than its client's timeout, never repeats what a server says in its own
// words (they may hold a patient's details), and never invents a SNOMED CT code: what has no code that we know is coded
// in code systems of our own.
package fhir

import "encoding/json"

// The resources are written by hand, with only the elements used here: a choice element such as Task.output.value[x] has
// exactly one field, so that a second value cannot be written.

// Our own systems of identifiers and codes.
const (
	DeliverySystem    = "https://onedoor.example/identifier/delivery"
	ReferenceSystem   = "https://onedoor.example/identifier/request-reference"
	KindSystem        = "https://onedoor.example/CodeSystem/request-kind"
	OutcomeSystem     = "https://onedoor.example/CodeSystem/outcome"
	OutputSystem      = "https://onedoor.example/CodeSystem/task-output"
	nhsNumberSystem   = "https://fhir.nhs.uk/Id/nhs-number"
	odsSystem         = "https://fhir.nhs.uk/Id/ods-organization-code"
	transactionType   = "transaction"
	textPlain         = "text/plain; charset=utf-8"
	searchByOurs      = "identifier=" + DeliverySystem + "|"
	outputOutcome     = "outcome"
	contentTypeHeader = "application/fhir+json; charset=utf-8"
)

type identifier struct {
	System string `json:"system"`
	Value  string `json:"value"`
}

type coding struct {
	System  string `json:"system"`
	Code    string `json:"code"`
	Display string `json:"display,omitempty"`
}

type codeableConcept struct {
	Coding []coding `json:"coding,omitempty"`
	Text   string   `json:"text,omitempty"`
}

// reference names another resource, by its place in the Bundle or by what everyone calls it.
type reference struct {
	Reference  string      `json:"reference,omitempty"`
	Type       string      `json:"type,omitempty"`
	Identifier *identifier `json:"identifier,omitempty"`
	Display    string      `json:"display,omitempty"`
}

type annotation struct {
	AuthorString string `json:"authorString,omitempty"` // author[x]
	Time         string `json:"time,omitempty"`
	Text         string `json:"text"`
}

type meta struct {
	VersionID   string `json:"versionId,omitempty"`
	LastUpdated string `json:"lastUpdated,omitempty"`
}

type task struct {
	ResourceType    string           `json:"resourceType"`
	ID              string           `json:"id,omitempty"`
	Meta            *meta            `json:"meta,omitempty"`
	Identifier      []identifier     `json:"identifier"`
	GroupIdentifier *identifier      `json:"groupIdentifier,omitempty"`
	Status          string           `json:"status"`
	BusinessStatus  *codeableConcept `json:"businessStatus,omitempty"`
	Intent          string           `json:"intent"`
	Code            *codeableConcept `json:"code,omitempty"`
	Description     string           `json:"description,omitempty"`
	Focus           *reference       `json:"focus,omitempty"`
	For             *reference       `json:"for,omitempty"`
	AuthoredOn      string           `json:"authoredOn,omitempty"`
	LastModified    string           `json:"lastModified,omitempty"`
	Requester       *reference       `json:"requester,omitempty"`
	Owner           *reference       `json:"owner,omitempty"`
	Note            []annotation     `json:"note,omitempty"`
	Output          []taskOutput     `json:"output,omitempty"`
}

type taskOutput struct {
	Type                 codeableConcept  `json:"type"`
	ValueCodeableConcept *codeableConcept `json:"valueCodeableConcept"` // value[x]
}

type documentReference struct {
	ResourceType string           `json:"resourceType"`
	Identifier   []identifier     `json:"identifier"`
	Status       string           `json:"status"`
	DocStatus    string           `json:"docStatus,omitempty"`
	Type         *codeableConcept `json:"type,omitempty"`
	Subject      *reference       `json:"subject,omitempty"`
	Date         string           `json:"date,omitempty"`
	Author       []reference      `json:"author,omitempty"`
	Custodian    *reference       `json:"custodian,omitempty"`
	Description  string           `json:"description,omitempty"`
	Content      []docContent     `json:"content"`
	Context      *docContext      `json:"context,omitempty"`
}

type docContent struct {
	Attachment attachment `json:"attachment"`
}

type attachment struct {
	ContentType string `json:"contentType"`
	Language    string `json:"language,omitempty"`
	Data        []byte `json:"data"` // base64 in JSON
	Size        int    `json:"size"`
	Title       string `json:"title,omitempty"`
	Creation    string `json:"creation,omitempty"`
}

type docContext struct {
	Related []reference `json:"related,omitempty"`
}

// bundle is a transaction that we send, or an answer or search result that we read.
type bundle struct {
	ResourceType string        `json:"resourceType"`
	Type         string        `json:"type"`
	Entry        []bundleEntry `json:"entry"`
}

type bundleEntry struct {
	FullURL  string          `json:"fullUrl,omitempty"`
	Resource any             `json:"resource,omitempty"`
	Request  *bundleRequest  `json:"request,omitempty"`
	Response *bundleResponse `json:"response,omitempty"`
}

type bundleRequest struct {
	Method      string `json:"method"`
	URL         string `json:"url"`
	IfNoneExist string `json:"ifNoneExist,omitempty"`
}

type bundleResponse struct {
	Status       string `json:"status"`
	Location     string `json:"location,omitempty"`
	ETag         string `json:"etag,omitempty"`
	LastModified string `json:"lastModified,omitempty"`
}

// found is a search's answer, with each resource left as it came until its type is known.
type found struct {
	ResourceType string `json:"resourceType"`
	Entry        []struct {
		Resource json.RawMessage `json:"resource"`
	} `json:"entry"`
}

type operationOutcome struct {
	ResourceType string  `json:"resourceType"`
	Issue        []issue `json:"issue"`
}

type issue struct {
	Severity   string   `json:"severity"`
	Code       string   `json:"code"`
	Expression []string `json:"expression"`
}

type capabilityStatement struct {
	ResourceType string `json:"resourceType"`
	FHIRVersion  string `json:"fhirVersion"`
	Software     struct {
		Name string `json:"name"`
	} `json:"software"`
	Rest []struct {
		Mode        string `json:"mode"`
		Interaction []struct {
			Code string `json:"code"`
		} `json:"interaction"`
		Resource []struct {
			Type              string `json:"type"`
			ConditionalCreate bool   `json:"conditionalCreate"`
			Interaction       []struct {
				Code string `json:"code"`
			} `json:"interaction"`
		} `json:"resource"`
	} `json:"rest"`
}
