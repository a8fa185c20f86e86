package clinical

import (
	"errors"
	"net/url"

	"github.com/google/uuid"

	"onedoor/app/fault"
)

// IntegrationKind names a way in.
type IntegrationKind string

// FHIR is a FHIR R4 REST server.
const FHIR IntegrationKind = "fhir-r4"

// Integration is an organisation's configured way into its clinical system, in one neighbourhood.
type Integration struct {
	NeighbourhoodID uuid.UUID
	OrganisationID  uuid.UUID
	Kind            IntegrationKind
	BaseURL         string
	// Paused keeps deliveries waiting until it is resumed.
	Paused bool
	// RecordOnly sends to nobody: each delivery is kept for a person, as it would have been sent.
	RecordOnly bool
}

// Check refuses an integration that could not work.
func (i Integration) Check() error {
	if i.NeighbourhoodID == uuid.Nil || i.OrganisationID == uuid.Nil {
		return fault.New(fault.Invalid, "integration_owner", "An integration belongs to an organisation in a neighbourhood.")
	}
	if i.Kind != FHIR {
		return fault.New(fault.Invalid, "integration_kind", "The kind of an integration is fhir-r4.")
	}
	u, err := url.Parse(i.BaseURL)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return fault.New(fault.Invalid, "integration_address", "Enter the system's address, such as https://example.nhs.uk/fhir, without a name, password or query.")
	}
	return nil
}

// ErrPaused means that an organisation's integration is paused: its deliveries wait.
var ErrPaused = errors.New("this organisation's connection to its clinical system is paused")
