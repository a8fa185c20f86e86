package r4

// Encounter is a meeting of a patient and somebody who cares for them.
type Encounter struct {
	ResourceType is[nameEncounter] `json:"resourceType"`
	Common
	Identifier      []Identifier      `json:"identifier,omitempty"`
	Status          string            `json:"status"`
	Class           Coding            `json:"class"`
	Type            []CodeableConcept `json:"type,omitempty"`
	Subject         *Reference        `json:"subject,omitempty"`
	EpisodeOfCare   []Reference       `json:"episodeOfCare,omitempty"`
	Period          *Period           `json:"period,omitempty"`
	ReasonCode      []CodeableConcept `json:"reasonCode,omitempty"`
	ServiceProvider *Reference        `json:"serviceProvider,omitempty"`
}

// CarePlan is what is to be done for a patient, or what came of it.
type CarePlan struct {
	ResourceType is[nameCarePlan] `json:"resourceType"`
	Common
	Identifier  []Identifier       `json:"identifier,omitempty"`
	Status      string             `json:"status"`
	Intent      string             `json:"intent"`
	Category    []CodeableConcept  `json:"category,omitempty"`
	Title       string             `json:"title,omitempty"`
	Description string             `json:"description,omitempty"`
	Subject     Reference          `json:"subject"`
	Encounter   *Reference         `json:"encounter,omitempty"`
	Period      *Period            `json:"period,omitempty"`
	Created     string             `json:"created,omitempty"`
	Author      *Reference         `json:"author,omitempty"`
	Addresses   []Reference        `json:"addresses,omitempty"`
	Activity    []CarePlanActivity `json:"activity,omitempty"`
	Note        []Annotation       `json:"note,omitempty"`
}

// CarePlanActivity is one thing of a plan.
type CarePlanActivity struct {
	OutcomeCodeableConcept []CodeableConcept `json:"outcomeCodeableConcept,omitempty"` // repeats: no choice element in R4
	OutcomeReference       []Reference       `json:"outcomeReference,omitempty"`
	Reference              *Reference        `json:"reference,omitempty"`
}

// Condition is something that is wrong with a patient.
type Condition struct {
	ResourceType is[nameCondition] `json:"resourceType"`
	Common
	Identifier         []Identifier      `json:"identifier,omitempty"`
	ClinicalStatus     *CodeableConcept  `json:"clinicalStatus,omitempty"`
	VerificationStatus *CodeableConcept  `json:"verificationStatus,omitempty"`
	Category           []CodeableConcept `json:"category,omitempty"`
	Code               *CodeableConcept  `json:"code,omitempty"`
	Subject            Reference         `json:"subject"`
	Encounter          *Reference        `json:"encounter,omitempty"`
	Onset              Value             `json:"-"` // onset[x]: DateTime, Age, Period, Range, String
	Note               []Annotation      `json:"note,omitempty"`
}

// MarshalJSON writes onset[x] under its type's name.
func (c Condition) MarshalJSON() ([]byte, error) {
	type plain Condition
	return choosing(plain(c), chosen{"onset", &c.Onset})
}

// UnmarshalJSON reads onset[x].
func (c *Condition) UnmarshalJSON(raw []byte) error {
	type plain Condition
	return choose(raw, (*plain)(c), chosen{"onset", &c.Onset})
}

// Flag is something to be known of a patient before all else, such as a reasonable adjustment.
type Flag struct {
	ResourceType is[nameFlag] `json:"resourceType"`
	Common
	Identifier []Identifier      `json:"identifier,omitempty"`
	Status     string            `json:"status"`
	Category   []CodeableConcept `json:"category,omitempty"`
	Code       CodeableConcept   `json:"code"`
	Subject    Reference         `json:"subject"`
	Period     *Period           `json:"period,omitempty"`
	Encounter  *Reference        `json:"encounter,omitempty"`
	Author     *Reference        `json:"author,omitempty"`
}

// Consent is what somebody agreed to.
type Consent struct {
	ResourceType is[nameConsent] `json:"resourceType"`
	Common
	Identifier   []Identifier      `json:"identifier,omitempty"`
	Status       string            `json:"status"`
	Scope        CodeableConcept   `json:"scope"`
	Category     []CodeableConcept `json:"category"`
	Patient      *Reference        `json:"patient,omitempty"`
	DateTime     string            `json:"dateTime,omitempty"`
	Performer    []Reference       `json:"performer,omitempty"`
	Organization []Reference       `json:"organization,omitempty"`
	PolicyRule   *CodeableConcept  `json:"policyRule,omitempty"`
}

// Observation is what was measured or said of a patient.
type Observation struct {
	ResourceType is[nameObservation] `json:"resourceType"`
	Common
	Identifier     []Identifier           `json:"identifier,omitempty"`
	BasedOn        []Reference            `json:"basedOn,omitempty"`
	Status         string                 `json:"status"`
	Category       []CodeableConcept      `json:"category,omitempty"`
	Code           CodeableConcept        `json:"code"`
	Subject        *Reference             `json:"subject,omitempty"`
	Encounter      *Reference             `json:"encounter,omitempty"`
	Effective      Value                  `json:"-"` // effective[x]: DateTime, Period, Instant
	Issued         string                 `json:"issued,omitempty"`
	Performer      []Reference            `json:"performer,omitempty"`
	Value          Value                  `json:"-"` // value[x]
	Interpretation []CodeableConcept      `json:"interpretation,omitempty"`
	Note           []Annotation           `json:"note,omitempty"`
	Component      []ObservationComponent `json:"component,omitempty"`
}

func (o *Observation) choices() []chosen {
	return []chosen{{"effective", &o.Effective}, {"value", &o.Value}}
}

// MarshalJSON writes effective[x] and value[x] under their types' names.
func (o Observation) MarshalJSON() ([]byte, error) {
	type plain Observation
	return choosing(plain(o), o.choices()...)
}

// UnmarshalJSON reads them.
func (o *Observation) UnmarshalJSON(raw []byte) error {
	type plain Observation
	return choose(raw, (*plain)(o), o.choices()...)
}

// ObservationComponent is one part of an observation.
type ObservationComponent struct {
	Code  CodeableConcept `json:"code"`
	Value Value           `json:"-"` // value[x]
}

// MarshalJSON writes value[x] under its type's name.
func (c ObservationComponent) MarshalJSON() ([]byte, error) {
	type plain ObservationComponent
	return choosing(plain(c), chosen{"value", &c.Value})
}

// UnmarshalJSON reads value[x].
func (c *ObservationComponent) UnmarshalJSON(raw []byte) error {
	type plain ObservationComponent
	return choose(raw, (*plain)(c), chosen{"value", &c.Value})
}
