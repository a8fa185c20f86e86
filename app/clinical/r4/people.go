package r4

import "encoding/json"

// Patient is somebody who is cared for.
type Patient struct {
	ResourceType is[namePatient] `json:"resourceType"`
	Common
	Identifier           []Identifier     `json:"identifier,omitempty"`
	Active               *bool            `json:"active,omitempty"`
	Name                 []HumanName      `json:"name,omitempty"`
	Telecom              []ContactPoint   `json:"telecom,omitempty"`
	Gender               string           `json:"gender,omitempty"`
	BirthDate            string           `json:"birthDate,omitempty"`
	Deceased             Value            `json:"-"` // deceased[x]: Boolean, DateTime
	Address              []Address        `json:"address,omitempty"`
	MaritalStatus        *CodeableConcept `json:"maritalStatus,omitempty"`
	MultipleBirth        Value            `json:"-"` // multipleBirth[x]: Boolean, Integer
	Contact              []Contact        `json:"contact,omitempty"`
	Communication        []Spoken         `json:"communication,omitempty"`
	GeneralPractitioner  []Reference      `json:"generalPractitioner,omitempty"`
	ManagingOrganization *Reference       `json:"managingOrganization,omitempty"`
}

func (p *Patient) choices() []chosen {
	return []chosen{{"deceased", &p.Deceased}, {"multipleBirth", &p.MultipleBirth}}
}

// MarshalJSON writes deceased[x] and multipleBirth[x] under their types' names.
func (p Patient) MarshalJSON() ([]byte, error) {
	type plain Patient
	return choosing(plain(p), p.choices()...)
}

// UnmarshalJSON reads them.
func (p *Patient) UnmarshalJSON(raw []byte) error {
	type plain Patient
	return choose(raw, (*plain)(p), p.choices()...)
}

// Dead reports whether the record says that the person died.
func (p Patient) Dead() bool {
	switch d := p.Deceased.(type) {
	case Boolean:
		return bool(d)
	case DateTime:
		return d != ""
	}
	return false
}

// Contact is somebody to be reached about a patient.
type Contact struct {
	ID           string            `json:"id,omitempty"`
	Extension    []Extension       `json:"extension,omitempty"`
	Relationship []CodeableConcept `json:"relationship,omitempty"`
	Name         *HumanName        `json:"name,omitempty"`
	Telecom      []ContactPoint    `json:"telecom,omitempty"`
	Address      *Address          `json:"address,omitempty"`
	Gender       string            `json:"gender,omitempty"`
	Organization *Reference        `json:"organization,omitempty"`
	Period       *Period           `json:"period,omitempty"`
}

// Spoken is a language that a patient may be spoken to in.
type Spoken struct {
	Language  CodeableConcept `json:"language"`
	Preferred *bool           `json:"preferred,omitempty"`
}

// Practitioner is somebody who gives care, or works with those who do.
type Practitioner struct {
	ResourceType is[namePractitioner] `json:"resourceType"`
	Common
	Identifier []Identifier   `json:"identifier,omitempty"`
	Active     *bool          `json:"active,omitempty"`
	Name       []HumanName    `json:"name,omitempty"`
	Telecom    []ContactPoint `json:"telecom,omitempty"`
	Gender     string         `json:"gender,omitempty"`
}

// PractitionerRole is what somebody does for an organisation.
type PractitionerRole struct {
	ResourceType is[namePractitionerRole] `json:"resourceType"`
	Common
	Identifier        []Identifier      `json:"identifier,omitempty"`
	Active            *bool             `json:"active,omitempty"`
	Period            *Period           `json:"period,omitempty"`
	Practitioner      *Reference        `json:"practitioner,omitempty"`
	Organization      *Reference        `json:"organization,omitempty"`
	Code              []CodeableConcept `json:"code,omitempty"`
	Specialty         []CodeableConcept `json:"specialty,omitempty"`
	Location          []Reference       `json:"location,omitempty"`
	HealthcareService []Reference       `json:"healthcareService,omitempty"`
	Telecom           []ContactPoint    `json:"telecom,omitempty"`
}

// Organization is a body such as a practice or a pharmacy.
type Organization struct {
	ResourceType is[nameOrganization] `json:"resourceType"`
	Common
	Identifier []Identifier      `json:"identifier,omitempty"`
	Active     *bool             `json:"active,omitempty"`
	Type       []CodeableConcept `json:"type,omitempty"`
	Name       string            `json:"name,omitempty"`
	Alias      []string          `json:"alias,omitempty"`
	Telecom    []ContactPoint    `json:"telecom,omitempty"`
	Address    []Address         `json:"address,omitempty"`
	PartOf     *Reference        `json:"partOf,omitempty"`
}

// HealthcareService is what an organisation offers at a place.
type HealthcareService struct {
	ResourceType is[nameHealthcareService] `json:"resourceType"`
	Common
	Identifier []Identifier      `json:"identifier,omitempty"`
	Active     *bool             `json:"active,omitempty"`
	ProvidedBy *Reference        `json:"providedBy,omitempty"`
	Category   []CodeableConcept `json:"category,omitempty"`
	Type       []CodeableConcept `json:"type,omitempty"`
	Specialty  []CodeableConcept `json:"specialty,omitempty"`
	Location   []Reference       `json:"location,omitempty"`
	Name       string            `json:"name,omitempty"`
	Comment    string            `json:"comment,omitempty"`
	Telecom    []ContactPoint    `json:"telecom,omitempty"`
}

// Location is a place.
type Location struct {
	ResourceType is[nameLocation] `json:"resourceType"`
	Common
	Identifier           []Identifier      `json:"identifier,omitempty"`
	Status               string            `json:"status,omitempty"`
	Name                 string            `json:"name,omitempty"`
	Description          string            `json:"description,omitempty"`
	Type                 []CodeableConcept `json:"type,omitempty"`
	Telecom              []ContactPoint    `json:"telecom,omitempty"`
	Address              *Address          `json:"address,omitempty"`
	Position             *Position         `json:"position,omitempty"`
	ManagingOrganization *Reference        `json:"managingOrganization,omitempty"`
}

// Position is a place on the map (WGS 84).
type Position struct {
	Longitude json.Number `json:"longitude"`
	Latitude  json.Number `json:"latitude"`
}
