package bars

import (
	"bytes"
	"encoding/json"
)

// The resources of a message, written by hand with only the elements used here. A choice element such as Condition.onset[x]
// has at most one field, so that a second value cannot be written.

// Identifier is what something is called in a system.
type Identifier struct {
	Extension []extension `json:"extension,omitempty"`
	System    string      `json:"system,omitempty"`
	Value     string      `json:"value,omitempty"`
}

// Coding is one code of one system.
type Coding struct {
	System  string `json:"system,omitempty"`
	Code    string `json:"code,omitempty"`
	Display string `json:"display,omitempty"`
}

type concept struct {
	Coding []Coding `json:"coding,omitempty"`
	Text   string   `json:"text,omitempty"`
}

type reference struct {
	Reference string `json:"reference"`
}

// extension has one value[x]: the extensions used here have a concept, a code or a rank.
type extension struct {
	URL                  string   `json:"url"`
	ValueCodeableConcept *concept `json:"valueCodeableConcept,omitempty"`
	ValueCode            string   `json:"valueCode,omitempty"`
	ValuePositiveInt     int      `json:"valuePositiveInt,omitempty"`
}

type meta struct {
	VersionID   string   `json:"versionId,omitempty"`
	LastUpdated string   `json:"lastUpdated,omitempty"`
	Profile     []string `json:"profile,omitempty"`
}

type period struct {
	Start string `json:"start,omitempty"`
	End   string `json:"end,omitempty"`
}

type telecom struct {
	System string `json:"system,omitempty"`
	Value  string `json:"value,omitempty"`
	Use    string `json:"use,omitempty"`
	Rank   int    `json:"rank,omitempty"`
}

type humanName struct {
	Use    string   `json:"use,omitempty"`
	Text   string   `json:"text,omitempty"`
	Family string   `json:"family,omitempty"`
	Given  []string `json:"given,omitempty"`
}

// Bundle is a message, or the answer to a search.
type Bundle struct {
	ResourceType string  `json:"resourceType"`
	ID           string  `json:"id,omitempty"`
	Meta         *meta   `json:"meta,omitempty"`
	Type         string  `json:"type"`
	Timestamp    string  `json:"timestamp,omitempty"`
	Total        *int    `json:"total,omitempty"`
	Entry        []Entry `json:"entry,omitempty"`
}

// Entry is one resource of a Bundle.
type Entry struct {
	FullURL  string `json:"fullUrl,omitempty"`
	Resource any    `json:"resource"`
}

// resourceHead begins every resource.
type resourceHead struct {
	ResourceType string `json:"resourceType"`
	ID           string `json:"id,omitempty"`
	Meta         *meta  `json:"meta,omitempty"`
}

type messageHeader struct {
	resourceHead
	EventCoding Coding             `json:"eventCoding"` // event[x]
	Destination []destination      `json:"destination,omitempty"`
	Sender      *reference         `json:"sender,omitempty"`
	Source      source             `json:"source"`
	Reason      *concept           `json:"reason,omitempty"`
	Response    *messageResponseTo `json:"response,omitempty"`
	Focus       []reference        `json:"focus,omitempty"`
	Definition  string             `json:"definition,omitempty"`
}

type destination struct {
	Endpoint string     `json:"endpoint"`
	Receiver *reference `json:"receiver,omitempty"`
}

type source struct {
	Name     string   `json:"name,omitempty"`
	Software string   `json:"software,omitempty"`
	Version  string   `json:"version,omitempty"`
	Contact  *telecom `json:"contact,omitempty"`
	Endpoint string   `json:"endpoint"`
}

// messageResponseTo names the message that is answered by its Bundle's id.
type messageResponseTo struct {
	Identifier string `json:"identifier"`
	Code       string `json:"code"`
}

type serviceRequest struct {
	resourceHead
	Identifier       []Identifier `json:"identifier,omitempty"`
	BasedOn          []reference  `json:"basedOn,omitempty"`
	Status           string       `json:"status"`
	Intent           string       `json:"intent"`
	Category         []concept    `json:"category,omitempty"`
	Subject          reference    `json:"subject"`
	Encounter        *reference   `json:"encounter,omitempty"`
	OccurrencePeriod *period      `json:"occurrencePeriod,omitempty"` // occurrence[x]
	AuthoredOn       string       `json:"authoredOn,omitempty"`
	Requester        *reference   `json:"requester,omitempty"`
	Performer        []reference  `json:"performer,omitempty"`
	ReasonCode       []concept    `json:"reasonCode,omitempty"`
}

type encounter struct {
	resourceHead
	Identifier    []Identifier `json:"identifier,omitempty"`
	Status        string       `json:"status"`
	Class         Coding       `json:"class"`
	Subject       *reference   `json:"subject,omitempty"`
	EpisodeOfCare []reference  `json:"episodeOfCare,omitempty"`
	Period        *period      `json:"period,omitempty"`
}

type carePlan struct {
	resourceHead
	Status    string             `json:"status"`
	Intent    string             `json:"intent"`
	Subject   reference          `json:"subject"`
	Encounter *reference         `json:"encounter,omitempty"`
	Period    *period            `json:"period,omitempty"`
	Addresses []reference        `json:"addresses,omitempty"`
	Activity  []carePlanActivity `json:"activity,omitempty"`
}

type carePlanActivity struct {
	Outcome   []concept  `json:"outcomeCodeableConcept,omitempty"`
	Reference *reference `json:"reference,omitempty"`
}

type condition struct {
	resourceHead
	ClinicalStatus     *concept   `json:"clinicalStatus,omitempty"`
	VerificationStatus *concept   `json:"verificationStatus,omitempty"`
	Category           []concept  `json:"category,omitempty"`
	Code               concept    `json:"code"`
	Subject            reference  `json:"subject"`
	Encounter          *reference `json:"encounter,omitempty"`
}

type task struct {
	resourceHead
	Status      string           `json:"status"`
	Intent      string           `json:"intent"`
	Code        *concept         `json:"code,omitempty"`
	Description string           `json:"description,omitempty"`
	Encounter   *reference       `json:"encounter,omitempty"`
	AuthoredOn  string           `json:"authoredOn,omitempty"`
	Restriction *taskRestriction `json:"restriction,omitempty"`
}

type taskRestriction struct {
	Period period `json:"period"`
}

type patient struct {
	resourceHead
	Identifier          []Identifier `json:"identifier,omitempty"`
	Name                []humanName  `json:"name,omitempty"`
	Telecom             []telecom    `json:"telecom,omitempty"`
	Gender              string       `json:"gender,omitempty"`
	BirthDate           string       `json:"birthDate,omitempty"`
	Address             []address    `json:"address,omitempty"`
	Contact             []contact    `json:"contact,omitempty"`
	GeneralPractitioner []reference  `json:"generalPractitioner,omitempty"`
}

type address struct {
	Use        string   `json:"use,omitempty"`
	Line       []string `json:"line,omitempty"`
	City       string   `json:"city,omitempty"`
	PostalCode string   `json:"postalCode,omitempty"`
}

type contact struct {
	Extension    []extension `json:"extension,omitempty"`
	Relationship []concept   `json:"relationship,omitempty"`
	Name         *humanName  `json:"name,omitempty"`
	Telecom      []telecom   `json:"telecom,omitempty"`
}

type organization struct {
	resourceHead
	Identifier []Identifier `json:"identifier,omitempty"`
	Type       []concept    `json:"type,omitempty"`
	Name       string       `json:"name,omitempty"`
}

type practitioner struct {
	resourceHead
	Name    []humanName `json:"name,omitempty"`
	Telecom []telecom   `json:"telecom,omitempty"`
}

type practitionerRole struct {
	resourceHead
	Practitioner *reference `json:"practitioner,omitempty"`
	Organization *reference `json:"organization,omitempty"`
	Code         []concept  `json:"code,omitempty"`
}

type healthcareService struct {
	resourceHead
	Identifier []Identifier `json:"identifier,omitempty"`
	Active     bool         `json:"active,omitempty"`
	ProvidedBy *reference   `json:"providedBy,omitempty"`
	Name       string       `json:"name,omitempty"`
}

type consent struct {
	resourceHead
	Status     string    `json:"status"`
	Scope      concept   `json:"scope"`
	Category   []concept `json:"category"`
	Patient    reference `json:"patient"`
	DateTime   string    `json:"dateTime,omitempty"`
	PolicyRule *concept  `json:"policyRule,omitempty"`
}

type appointment struct {
	resourceHead
	Extension       []extension   `json:"extension,omitempty"`
	Identifier      []Identifier  `json:"identifier,omitempty"`
	Status          string        `json:"status"`
	ServiceCategory []concept     `json:"serviceCategory,omitempty"`
	Description     string        `json:"description,omitempty"`
	Start           string        `json:"start,omitempty"`
	End             string        `json:"end,omitempty"`
	Slot            []reference   `json:"slot,omitempty"`
	Created         string        `json:"created,omitempty"`
	Participant     []participant `json:"participant,omitempty"`
}

type participant struct {
	Actor  reference `json:"actor"`
	Status string    `json:"status,omitempty"`
}

type slot struct {
	resourceHead
	Extension       []extension  `json:"extension,omitempty"`
	Identifier      []Identifier `json:"identifier,omitempty"`
	ServiceCategory []concept    `json:"serviceCategory,omitempty"`
	Schedule        reference    `json:"schedule"`
	Status          string       `json:"status"`
	Start           string       `json:"start"`
	End             string       `json:"end"`
}

type schedule struct {
	resourceHead
	Actor []reference `json:"actor,omitempty"`
}

// received is a Bundle as it comes, each resource left as it is until its type is known.
type received struct {
	ResourceType string          `json:"resourceType"`
	ID           string          `json:"id"`
	Meta         *meta           `json:"meta"`
	Type         string          `json:"type"`
	Timestamp    string          `json:"timestamp"`
	Entry        []receivedEntry `json:"entry"`
}

type receivedEntry struct {
	FullURL  string
	Resource json.RawMessage
}

// UnmarshalJSON reads an entry and, as published search results have it, a resource that stands in an entry's place.
func (e *receivedEntry) UnmarshalJSON(b []byte) error {
	var read struct {
		FullURL      string          `json:"fullUrl"`
		Resource     json.RawMessage `json:"resource"`
		ResourceType string          `json:"resourceType"`
	}
	if err := json.Unmarshal(b, &read); err != nil {
		return err
	}
	e.FullURL, e.Resource = read.FullURL, read.Resource
	if read.Resource == nil && read.ResourceType != "" {
		e.Resource = bytes.Clone(b)
	}
	return nil
}

type operationOutcome struct {
	ResourceType string  `json:"resourceType"`
	ID           string  `json:"id,omitempty"`
	Meta         *meta   `json:"meta,omitempty"`
	Issue        []issue `json:"issue"`
}

type issue struct {
	Severity    string   `json:"severity"`
	Code        string   `json:"code"`
	Details     concept  `json:"details"`
	Diagnostics string   `json:"diagnostics,omitempty"`
	Expression  []string `json:"expression,omitempty"`
}
