package r4

// DocumentReference is a document, and where it is.
type DocumentReference struct {
	ResourceType is[nameDocumentReference] `json:"resourceType"`
	Common
	MasterIdentifier *Identifier       `json:"masterIdentifier,omitempty"`
	Identifier       []Identifier      `json:"identifier,omitempty"`
	Status           string            `json:"status"`
	DocStatus        string            `json:"docStatus,omitempty"`
	Type             *CodeableConcept  `json:"type,omitempty"`
	Category         []CodeableConcept `json:"category,omitempty"`
	Subject          *Reference        `json:"subject,omitempty"`
	Date             string            `json:"date,omitempty"`
	Author           []Reference       `json:"author,omitempty"`
	Authenticator    *Reference        `json:"authenticator,omitempty"`
	Custodian        *Reference        `json:"custodian,omitempty"`
	Description      string            `json:"description,omitempty"`
	SecurityLabel    []CodeableConcept `json:"securityLabel,omitempty"`
	Content          []DocumentContent `json:"content"`
	Context          *DocumentContext  `json:"context,omitempty"`
}

// DocumentContent is a document in one format.
type DocumentContent struct {
	Extension  []Extension `json:"extension,omitempty"`
	Attachment Attachment  `json:"attachment"`
	Format     *Coding     `json:"format,omitempty"`
}

// DocumentContext is what a document was made about.
type DocumentContext struct {
	Encounter       []Reference       `json:"encounter,omitempty"`
	Event           []CodeableConcept `json:"event,omitempty"`
	Period          *Period           `json:"period,omitempty"`
	FacilityType    *CodeableConcept  `json:"facilityType,omitempty"`
	PracticeSetting *CodeableConcept  `json:"practiceSetting,omitempty"`
	Related         []Reference       `json:"related,omitempty"`
}

// Communication is something that was said to somebody.
type Communication struct {
	ResourceType is[nameCommunication] `json:"resourceType"`
	Common
	Identifier   []Identifier      `json:"identifier,omitempty"`
	BasedOn      []Reference       `json:"basedOn,omitempty"`
	PartOf       []Reference       `json:"partOf,omitempty"`
	InResponseTo []Reference       `json:"inResponseTo,omitempty"`
	Status       string            `json:"status"`
	StatusReason *CodeableConcept  `json:"statusReason,omitempty"`
	Category     []CodeableConcept `json:"category,omitempty"`
	Priority     string            `json:"priority,omitempty"`
	Medium       []CodeableConcept `json:"medium,omitempty"`
	Subject      *Reference        `json:"subject,omitempty"`
	Topic        *CodeableConcept  `json:"topic,omitempty"`
	About        []Reference       `json:"about,omitempty"`
	Encounter    *Reference        `json:"encounter,omitempty"`
	Sent         string            `json:"sent,omitempty"`
	Received     string            `json:"received,omitempty"`
	Recipient    []Reference       `json:"recipient,omitempty"`
	Sender       *Reference        `json:"sender,omitempty"`
	Payload      []Payload         `json:"payload,omitempty"`
	Note         []Annotation      `json:"note,omitempty"`
}

// Payload is part of what was said.
type Payload struct {
	Content Value `json:"-"` // content[x]: String, Attachment, Reference
}

// MarshalJSON writes content[x] under its type's name.
func (p Payload) MarshalJSON() ([]byte, error) {
	type plain Payload
	return choosing(plain(p), chosen{"content", &p.Content})
}

// UnmarshalJSON reads content[x].
func (p *Payload) UnmarshalJSON(raw []byte) error {
	type plain Payload
	return choose(raw, (*plain)(p), chosen{"content", &p.Content})
}
