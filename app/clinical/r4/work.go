package r4

// Task asks somebody to do something, and says how it stands.
type Task struct {
	ResourceType is[nameTask] `json:"resourceType"`
	Common
	Identifier      []Identifier     `json:"identifier,omitempty"`
	BasedOn         []Reference      `json:"basedOn,omitempty"`
	GroupIdentifier *Identifier      `json:"groupIdentifier,omitempty"`
	PartOf          []Reference      `json:"partOf,omitempty"`
	Status          string           `json:"status"`
	StatusReason    *CodeableConcept `json:"statusReason,omitempty"`
	BusinessStatus  *CodeableConcept `json:"businessStatus,omitempty"`
	Intent          string           `json:"intent"`
	Priority        string           `json:"priority,omitempty"`
	Code            *CodeableConcept `json:"code,omitempty"`
	Description     string           `json:"description,omitempty"`
	Focus           *Reference       `json:"focus,omitempty"`
	For             *Reference       `json:"for,omitempty"`
	Encounter       *Reference       `json:"encounter,omitempty"`
	ExecutionPeriod *Period          `json:"executionPeriod,omitempty"`
	AuthoredOn      string           `json:"authoredOn,omitempty"`
	LastModified    string           `json:"lastModified,omitempty"`
	Requester       *Reference       `json:"requester,omitempty"`
	Owner           *Reference       `json:"owner,omitempty"`
	ReasonCode      *CodeableConcept `json:"reasonCode,omitempty"`
	Note            []Annotation     `json:"note,omitempty"`
	Restriction     *Restriction     `json:"restriction,omitempty"`
	Input           []Parameter      `json:"input,omitempty"`
	Output          []Parameter      `json:"output,omitempty"`
}

// Restriction is until when, and for whom, a Task is to be done.
type Restriction struct {
	Repetitions int         `json:"repetitions,omitempty"`
	Period      *Period     `json:"period,omitempty"`
	Recipient   []Reference `json:"recipient,omitempty"`
}

// Parameter is an input or output of a Task.
type Parameter struct {
	Type  CodeableConcept `json:"type"`
	Value Value           `json:"-"` // value[x], required
}

// MarshalJSON writes value[x] under its type's name.
func (p Parameter) MarshalJSON() ([]byte, error) {
	type plain Parameter
	return choosing(plain(p), chosen{"value", &p.Value})
}

// UnmarshalJSON reads value[x].
func (p *Parameter) UnmarshalJSON(raw []byte) error {
	type plain Parameter
	return choose(raw, (*plain)(p), chosen{"value", &p.Value})
}

// ServiceRequest asks for a service, such as a referral.
type ServiceRequest struct {
	ResourceType is[nameServiceRequest] `json:"resourceType"`
	Common
	Identifier         []Identifier      `json:"identifier,omitempty"`
	BasedOn            References        `json:"basedOn,omitempty"`
	Replaces           []Reference       `json:"replaces,omitempty"`
	Requisition        *Identifier       `json:"requisition,omitempty"`
	Status             string            `json:"status"`
	Intent             string            `json:"intent"`
	Category           []CodeableConcept `json:"category,omitempty"`
	Priority           string            `json:"priority,omitempty"`
	DoNotPerform       *bool             `json:"doNotPerform,omitempty"`
	Code               *CodeableConcept  `json:"code,omitempty"`
	Subject            Reference         `json:"subject"`
	Encounter          *Reference        `json:"encounter,omitempty"`
	Occurrence         Value             `json:"-"` // occurrence[x]: DateTime, Period
	AuthoredOn         string            `json:"authoredOn,omitempty"`
	Requester          *Reference        `json:"requester,omitempty"`
	PerformerType      *CodeableConcept  `json:"performerType,omitempty"`
	Performer          []Reference       `json:"performer,omitempty"`
	LocationCode       []CodeableConcept `json:"locationCode,omitempty"`
	LocationReference  []Reference       `json:"locationReference,omitempty"`
	ReasonCode         []CodeableConcept `json:"reasonCode,omitempty"`
	ReasonReference    []Reference       `json:"reasonReference,omitempty"`
	SupportingInfo     []Reference       `json:"supportingInfo,omitempty"`
	Note               []Annotation      `json:"note,omitempty"`
	PatientInstruction string            `json:"patientInstruction,omitempty"`
}

// MarshalJSON writes occurrence[x] under its type's name.
func (s ServiceRequest) MarshalJSON() ([]byte, error) {
	type plain ServiceRequest
	return choosing(plain(s), chosen{"occurrence", &s.Occurrence})
}

// UnmarshalJSON reads occurrence[x].
func (s *ServiceRequest) UnmarshalJSON(raw []byte) error {
	type plain ServiceRequest
	return choose(raw, (*plain)(s), chosen{"occurrence", &s.Occurrence})
}

// MedicationRequest is a medicine that was ordered, or may be asked for again.
type MedicationRequest struct {
	ResourceType is[nameMedicationRequest] `json:"resourceType"`
	Common
	Identifier          []Identifier      `json:"identifier,omitempty"`
	Status              string            `json:"status"`
	StatusReason        *CodeableConcept  `json:"statusReason,omitempty"`
	Intent              string            `json:"intent"`
	Category            []CodeableConcept `json:"category,omitempty"`
	Priority            string            `json:"priority,omitempty"`
	Medication          Value             `json:"-"` // medication[x]: CodeableConcept, Reference
	Subject             Reference         `json:"subject"`
	AuthoredOn          string            `json:"authoredOn,omitempty"`
	Requester           *Reference        `json:"requester,omitempty"`
	ReasonCode          []CodeableConcept `json:"reasonCode,omitempty"`
	BasedOn             []Reference       `json:"basedOn,omitempty"`
	GroupIdentifier     *Identifier       `json:"groupIdentifier,omitempty"`
	CourseOfTherapyType *CodeableConcept  `json:"courseOfTherapyType,omitempty"`
	Note                []Annotation      `json:"note,omitempty"`
	DosageInstruction   []Dosage          `json:"dosageInstruction,omitempty"`
	DispenseRequest     *DispenseRequest  `json:"dispenseRequest,omitempty"`
	PriorPrescription   *Reference        `json:"priorPrescription,omitempty"`
}

// MarshalJSON writes medication[x] under its type's name.
func (m MedicationRequest) MarshalJSON() ([]byte, error) {
	type plain MedicationRequest
	return choosing(plain(m), chosen{"medication", &m.Medication})
}

// UnmarshalJSON reads medication[x].
func (m *MedicationRequest) UnmarshalJSON(raw []byte) error {
	type plain MedicationRequest
	return choose(raw, (*plain)(m), chosen{"medication", &m.Medication})
}

// Dosage is how a medicine is taken, in words.
type Dosage struct {
	Sequence           int    `json:"sequence,omitempty"`
	Text               string `json:"text,omitempty"`
	PatientInstruction string `json:"patientInstruction,omitempty"`
}

// DispenseRequest is how much is given, and how often.
type DispenseRequest struct {
	DispenseInterval       *Quantity  `json:"dispenseInterval,omitempty"`
	ValidityPeriod         *Period    `json:"validityPeriod,omitempty"`
	NumberOfRepeatsAllowed *int       `json:"numberOfRepeatsAllowed,omitempty"`
	Quantity               *Quantity  `json:"quantity,omitempty"`
	ExpectedSupplyDuration *Quantity  `json:"expectedSupplyDuration,omitempty"`
	Performer              *Reference `json:"performer,omitempty"`
}
