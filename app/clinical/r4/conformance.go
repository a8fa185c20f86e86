package r4

// OperationOutcome is what went wrong, or did not.
type OperationOutcome struct {
	ResourceType is[nameOperationOutcome] `json:"resourceType"`
	Common
	Issue []Issue `json:"issue"`
}

// Issue is one thing of an outcome.
type Issue struct {
	Severity    string           `json:"severity"`
	Code        string           `json:"code"`
	Details     *CodeableConcept `json:"details,omitempty"`
	Diagnostics string           `json:"diagnostics,omitempty"`
	Location    []string         `json:"location,omitempty"`
	Expression  []string         `json:"expression,omitempty"`
}

// CapabilityStatement is what a server says that it does.
type CapabilityStatement struct {
	ResourceType is[nameCapabilityStatement] `json:"resourceType"`
	Common
	URL            string          `json:"url,omitempty"`
	Version        string          `json:"version,omitempty"`
	Name           string          `json:"name,omitempty"`
	Title          string          `json:"title,omitempty"`
	Status         string          `json:"status"`
	Experimental   *bool           `json:"experimental,omitempty"`
	Date           string          `json:"date"`
	Publisher      string          `json:"publisher,omitempty"`
	Contact        []ContactDetail `json:"contact,omitempty"`
	Description    string          `json:"description,omitempty"`
	Kind           string          `json:"kind"`
	Software       *Software       `json:"software,omitempty"`
	Implementation *Implementation `json:"implementation,omitempty"`
	FHIRVersion    string          `json:"fhirVersion"`
	Format         []string        `json:"format"`
	Rest           []Rest          `json:"rest,omitempty"`
	Messaging      []Messaging     `json:"messaging,omitempty"`
}

// ContactDetail is whom to ask.
type ContactDetail struct {
	Name    string         `json:"name,omitempty"`
	Telecom []ContactPoint `json:"telecom,omitempty"`
}

// Software is what a server runs.
type Software struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
}

// Implementation is one installation of it.
type Implementation struct {
	Description string `json:"description"`
	URL         string `json:"url,omitempty"`
}

// Rest is what is offered by REST.
type Rest struct {
	Mode          string         `json:"mode"`
	Documentation string         `json:"documentation,omitempty"`
	Security      *RestSecurity  `json:"security,omitempty"`
	Resource      []RestResource `json:"resource,omitempty"`
	Interaction   []Interaction  `json:"interaction,omitempty"`
	Operation     []Operation    `json:"operation,omitempty"`
}

// RestSecurity is how callers sign in.
type RestSecurity struct {
	Extension   []Extension       `json:"extension,omitempty"`
	Cors        *bool             `json:"cors,omitempty"`
	Service     []CodeableConcept `json:"service,omitempty"`
	Description string            `json:"description,omitempty"`
}

// RestResource is what is offered for one type.
type RestResource struct {
	Type              string        `json:"type"`
	Profile           string        `json:"profile,omitempty"`
	Interaction       []Interaction `json:"interaction,omitempty"`
	Versioning        string        `json:"versioning,omitempty"`
	ReadHistory       *bool         `json:"readHistory,omitempty"`
	UpdateCreate      *bool         `json:"updateCreate,omitempty"`
	ConditionalCreate *bool         `json:"conditionalCreate,omitempty"`
	ConditionalUpdate *bool         `json:"conditionalUpdate,omitempty"`
	SearchInclude     []string      `json:"searchInclude,omitempty"`
	SearchParam       []SearchParam `json:"searchParam,omitempty"`
	Operation         []Operation   `json:"operation,omitempty"`
}

// Interaction is one thing that may be asked for, such as create or transaction.
type Interaction struct {
	Code          string `json:"code"`
	Documentation string `json:"documentation,omitempty"`
}

// SearchParam is something to search by.
type SearchParam struct {
	Name          string `json:"name"`
	Definition    string `json:"definition,omitempty"`
	Type          string `json:"type"`
	Documentation string `json:"documentation,omitempty"`
}

// Operation is one that is not an interaction, such as $process-message.
type Operation struct {
	Name       string `json:"name"`
	Definition string `json:"definition"`
}

// Messaging is what is offered by messages.
type Messaging struct {
	Endpoint         []MessagingEndpoint `json:"endpoint,omitempty"`
	ReliableCache    *int                `json:"reliableCache,omitempty"`
	Documentation    string              `json:"documentation,omitempty"`
	SupportedMessage []SupportedMessage  `json:"supportedMessage,omitempty"`
}

// MessagingEndpoint is where messages go.
type MessagingEndpoint struct {
	Protocol Coding `json:"protocol"`
	Address  string `json:"address"`
}

// SupportedMessage is one kind of message, and whether it is sent or received.
type SupportedMessage struct {
	Mode       string `json:"mode"`
	Definition string `json:"definition"`
}
