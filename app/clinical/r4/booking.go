package r4

// Appointment is a time that somebody is to be seen, or spoken to.
type Appointment struct {
	ResourceType is[nameAppointment] `json:"resourceType"`
	Common
	Identifier            []Identifier      `json:"identifier,omitempty"`
	Status                string            `json:"status"`
	CancelationReason     *CodeableConcept  `json:"cancelationReason,omitempty"` // so spelt in R4
	ServiceCategory       []CodeableConcept `json:"serviceCategory,omitempty"`
	ServiceType           []CodeableConcept `json:"serviceType,omitempty"`
	Specialty             []CodeableConcept `json:"specialty,omitempty"`
	AppointmentType       *CodeableConcept  `json:"appointmentType,omitempty"`
	ReasonCode            []CodeableConcept `json:"reasonCode,omitempty"`
	ReasonReference       []Reference       `json:"reasonReference,omitempty"`
	Priority              *int              `json:"priority,omitempty"`
	Description           string            `json:"description,omitempty"`
	SupportingInformation []Reference       `json:"supportingInformation,omitempty"`
	Start                 string            `json:"start,omitempty"`
	End                   string            `json:"end,omitempty"`
	MinutesDuration       int               `json:"minutesDuration,omitempty"`
	Slot                  []Reference       `json:"slot,omitempty"`
	Created               string            `json:"created,omitempty"`
	Comment               string            `json:"comment,omitempty"`
	PatientInstruction    string            `json:"patientInstruction,omitempty"`
	BasedOn               []Reference       `json:"basedOn,omitempty"`
	Participant           []Participant     `json:"participant"`
}

// Participant is somebody or something that takes part in an appointment.
type Participant struct {
	Type     []CodeableConcept `json:"type,omitempty"`
	Actor    *Reference        `json:"actor,omitempty"`
	Required string            `json:"required,omitempty"`
	Status   string            `json:"status"`
	Period   *Period           `json:"period,omitempty"`
}

// Slot is a time that can be taken.
type Slot struct {
	ResourceType is[nameSlot] `json:"resourceType"`
	Common
	Identifier      []Identifier      `json:"identifier,omitempty"`
	ServiceCategory []CodeableConcept `json:"serviceCategory,omitempty"`
	ServiceType     []CodeableConcept `json:"serviceType,omitempty"`
	Specialty       []CodeableConcept `json:"specialty,omitempty"`
	AppointmentType *CodeableConcept  `json:"appointmentType,omitempty"`
	Schedule        Reference         `json:"schedule"`
	Status          string            `json:"status"`
	Start           string            `json:"start"`
	End             string            `json:"end"`
	Overbooked      *bool             `json:"overbooked,omitempty"`
	Comment         string            `json:"comment,omitempty"`
}

// Schedule holds the slots of somebody or some place.
type Schedule struct {
	ResourceType is[nameSchedule] `json:"resourceType"`
	Common
	Identifier      []Identifier      `json:"identifier,omitempty"`
	Active          *bool             `json:"active,omitempty"`
	ServiceCategory []CodeableConcept `json:"serviceCategory,omitempty"`
	ServiceType     []CodeableConcept `json:"serviceType,omitempty"`
	Specialty       []CodeableConcept `json:"specialty,omitempty"`
	Actor           []Reference       `json:"actor"`
	PlanningHorizon *Period           `json:"planningHorizon,omitempty"`
	Comment         string            `json:"comment,omitempty"`
}
