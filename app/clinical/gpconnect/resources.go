package gpconnect

import "encoding/json"

// FHIR STU3 as far as it is used here. Fields that are not read are not named; an appointment that is changed is kept as it
// came, so that nothing is lost.

type identifier struct {
	System string `json:"system,omitempty"`
	Value  string `json:"value,omitempty"`
}

type meta struct {
	VersionID string   `json:"versionId,omitempty"`
	Profile   []string `json:"profile,omitempty"`
}

type coding struct {
	System  string `json:"system,omitempty"`
	Code    string `json:"code,omitempty"`
	Display string `json:"display,omitempty"`
}

type concept struct {
	Coding []coding `json:"coding,omitempty"`
	Text   string   `json:"text,omitempty"`
}

type reference struct {
	Reference string `json:"reference,omitempty"`
}

// extension has one value[x] at most.
type extension struct {
	URL                  string     `json:"url"`
	ValueCode            string     `json:"valueCode,omitempty"`
	ValueString          string     `json:"valueString,omitempty"`
	ValueReference       *reference `json:"valueReference,omitempty"`
	ValueCodeableConcept *concept   `json:"valueCodeableConcept,omitempty"`
}

type contactPoint struct {
	System string `json:"system,omitempty"`
	Value  string `json:"value,omitempty"`
}

type humanName struct {
	Family string   `json:"family,omitempty"`
	Given  []string `json:"given,omitempty"`
	Prefix []string `json:"prefix,omitempty"`
}

type organisation struct {
	ResourceType string         `json:"resourceType"`
	ID           string         `json:"id,omitempty"`
	Meta         *meta          `json:"meta,omitempty"`
	Identifier   []identifier   `json:"identifier,omitempty"`
	Type         []concept      `json:"type,omitempty"`
	Name         string         `json:"name,omitempty"`
	Telecom      []contactPoint `json:"telecom,omitempty"`
}

type participant struct {
	Actor  reference `json:"actor"`
	Status string    `json:"status,omitempty"`
}

type appointment struct {
	ResourceType string         `json:"resourceType"`
	ID           string         `json:"id,omitempty"`
	Meta         *meta          `json:"meta,omitempty"`
	Contained    []organisation `json:"contained,omitempty"`
	Extension    []extension    `json:"extension,omitempty"`
	Status       string         `json:"status"`
	ServiceType  []concept      `json:"serviceType,omitempty"`
	Description  string         `json:"description,omitempty"`
	Start        string         `json:"start"`
	End          string         `json:"end"`
	Slot         []reference    `json:"slot"`
	Created      string         `json:"created,omitempty"`
	Comment      string         `json:"comment,omitempty"`
	Participant  []participant  `json:"participant"`
}

type slot struct {
	ResourceType string      `json:"resourceType"`
	ID           string      `json:"id"`
	Meta         *meta       `json:"meta"`
	Extension    []extension `json:"extension"`
	ServiceType  []concept   `json:"serviceType"`
	Schedule     reference   `json:"schedule"`
	Status       string      `json:"status"`
	Start        string      `json:"start"`
	End          string      `json:"end"`
}

type schedule struct {
	ID              string      `json:"id"`
	Extension       []extension `json:"extension"`
	ServiceCategory *concept    `json:"serviceCategory"`
	Actor           []reference `json:"actor"`
}

type clinician struct {
	ID   string      `json:"id"`
	Name []humanName `json:"name"`
}

type location struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type patient struct {
	ResourceType string       `json:"resourceType"`
	ID           string       `json:"id"`
	Identifier   []identifier `json:"identifier"`
	Name         []humanName  `json:"name"`
	BirthDate    string       `json:"birthDate"`
}

type bundle struct {
	ResourceType string `json:"resourceType"`
	Entry        []struct {
		Resource json.RawMessage `json:"resource"`
	} `json:"entry"`
}

type operationOutcome struct {
	ResourceType string `json:"resourceType"`
	Issue        []struct {
		Code    string  `json:"code"`
		Details concept `json:"details"`
	} `json:"issue"`
}

type capabilityStatement struct {
	ResourceType string `json:"resourceType"`
	Version      string `json:"version"`
	Software     struct {
		Name string `json:"name"`
	} `json:"software"`
	Rest []struct {
		Resource []struct {
			Type        string `json:"type"`
			Interaction []struct {
				Code string `json:"code"`
			} `json:"interaction"`
		} `json:"resource"`
	} `json:"rest"`
}

const (
	profile           = "https://fhir.nhs.uk/STU3/StructureDefinition/"
	profileAppt       = profile + "GPConnect-Appointment-1"
	profileOrg        = profile + "CareConnect-GPC-Organization-1"
	extensionBooker   = profile + "Extension-GPConnect-BookingOrganisation-1"
	extensionReason   = profile + "Extension-GPConnect-AppointmentCancellationReason-1"
	extensionDelivery = profile + "Extension-GPConnect-DeliveryChannel-2"
	extensionRole     = profile + "Extension-GPConnect-PractitionerRole-1"
)

func typeOf(raw json.RawMessage) string {
	var r struct {
		ResourceType string `json:"resourceType"`
	}
	_ = json.Unmarshal(raw, &r) // what is no object has no type
	return r.ResourceType
}
