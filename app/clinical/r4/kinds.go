package r4

import (
	"encoding/json"
	"fmt"
)

// is writes a resourceType that cannot be forgotten or wrong: it is a type, and its zero value is right.
type is[N name] struct{}

type name interface{ name() string }

// MarshalJSON writes the name.
func (is[N]) MarshalJSON() ([]byte, error) {
	var n N
	return json.Marshal(n.name())
}

// UnmarshalJSON refuses any other name.
func (is[N]) UnmarshalJSON(raw []byte) error {
	var n N
	var got string
	if err := json.Unmarshal(raw, &got); err != nil || got != n.name() {
		return fmt.Errorf("%w: the resourceType is not %s", ErrNotResource, n.name())
	}
	return nil
}

// Names of the types.
type (
	nameAppointment         struct{}
	nameBundle              struct{}
	nameCapabilityStatement struct{}
	nameCarePlan            struct{}
	nameCommunication       struct{}
	nameCondition           struct{}
	nameConsent             struct{}
	nameDocumentReference   struct{}
	nameEncounter           struct{}
	nameFlag                struct{}
	nameHealthcareService   struct{}
	nameLocation            struct{}
	nameMedicationRequest   struct{}
	nameMessageDefinition   struct{}
	nameMessageHeader       struct{}
	nameObservation         struct{}
	nameOperationOutcome    struct{}
	nameOrganization        struct{}
	namePatient             struct{}
	namePractitioner        struct{}
	namePractitionerRole    struct{}
	nameSchedule            struct{}
	nameServiceRequest      struct{}
	nameSlot                struct{}
	nameTask                struct{}
)

func (nameAppointment) name() string         { return "Appointment" }
func (nameBundle) name() string              { return "Bundle" }
func (nameCapabilityStatement) name() string { return "CapabilityStatement" }
func (nameCarePlan) name() string            { return "CarePlan" }
func (nameCommunication) name() string       { return "Communication" }
func (nameCondition) name() string           { return "Condition" }
func (nameConsent) name() string             { return "Consent" }
func (nameDocumentReference) name() string   { return "DocumentReference" }
func (nameEncounter) name() string           { return "Encounter" }
func (nameFlag) name() string                { return "Flag" }
func (nameHealthcareService) name() string   { return "HealthcareService" }
func (nameLocation) name() string            { return "Location" }
func (nameMedicationRequest) name() string   { return "MedicationRequest" }
func (nameMessageDefinition) name() string   { return "MessageDefinition" }
func (nameMessageHeader) name() string       { return "MessageHeader" }
func (nameObservation) name() string         { return "Observation" }
func (nameOperationOutcome) name() string    { return "OperationOutcome" }
func (nameOrganization) name() string        { return "Organization" }
func (namePatient) name() string             { return "Patient" }
func (namePractitioner) name() string        { return "Practitioner" }
func (namePractitionerRole) name() string    { return "PractitionerRole" }
func (nameSchedule) name() string            { return "Schedule" }
func (nameServiceRequest) name() string      { return "ServiceRequest" }
func (nameSlot) name() string                { return "Slot" }
func (nameTask) name() string                { return "Task" }

func (*Appointment) kind() string         { return "Appointment" }
func (*Bundle) kind() string              { return "Bundle" }
func (*CapabilityStatement) kind() string { return "CapabilityStatement" }
func (*CarePlan) kind() string            { return "CarePlan" }
func (*Communication) kind() string       { return "Communication" }
func (*Condition) kind() string           { return "Condition" }
func (*Consent) kind() string             { return "Consent" }
func (*DocumentReference) kind() string   { return "DocumentReference" }
func (*Encounter) kind() string           { return "Encounter" }
func (*Flag) kind() string                { return "Flag" }
func (*HealthcareService) kind() string   { return "HealthcareService" }
func (*Location) kind() string            { return "Location" }
func (*MedicationRequest) kind() string   { return "MedicationRequest" }
func (*MessageDefinition) kind() string   { return "MessageDefinition" }
func (*MessageHeader) kind() string       { return "MessageHeader" }
func (*Observation) kind() string         { return "Observation" }
func (*OperationOutcome) kind() string    { return "OperationOutcome" }
func (*Organization) kind() string        { return "Organization" }
func (*Patient) kind() string             { return "Patient" }
func (*Practitioner) kind() string        { return "Practitioner" }
func (*PractitionerRole) kind() string    { return "PractitionerRole" }
func (*Schedule) kind() string            { return "Schedule" }
func (*ServiceRequest) kind() string      { return "ServiceRequest" }
func (*Slot) kind() string                { return "Slot" }
func (*Task) kind() string                { return "Task" }

// empty is a new resource of a type, or nil.
func empty(kind string) Resource {
	switch kind {
	case "Appointment":
		return &Appointment{}
	case "Bundle":
		return &Bundle{}
	case "CapabilityStatement":
		return &CapabilityStatement{}
	case "CarePlan":
		return &CarePlan{}
	case "Condition":
		return &Condition{}
	case "Communication":
		return &Communication{}
	case "Consent":
		return &Consent{}
	case "DocumentReference":
		return &DocumentReference{}
	case "Encounter":
		return &Encounter{}
	case "Flag":
		return &Flag{}
	case "HealthcareService":
		return &HealthcareService{}
	case "Location":
		return &Location{}
	case "MedicationRequest":
		return &MedicationRequest{}
	case "MessageDefinition":
		return &MessageDefinition{}
	case "MessageHeader":
		return &MessageHeader{}
	case "Observation":
		return &Observation{}
	case "OperationOutcome":
		return &OperationOutcome{}
	case "Organization":
		return &Organization{}
	case "Patient":
		return &Patient{}
	case "Practitioner":
		return &Practitioner{}
	case "PractitionerRole":
		return &PractitionerRole{}
	case "Schedule":
		return &Schedule{}
	case "ServiceRequest":
		return &ServiceRequest{}
	case "Slot":
		return &Slot{}
	case "Task":
		return &Task{}
	}
	return nil
}
