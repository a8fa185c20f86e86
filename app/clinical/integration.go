package clinical

import (
	"errors"
	"net/url"
	"slices"
	"strconv"

	"github.com/google/uuid"

	"onedoor/app/fault"
)

// IntegrationKind names a way in.
type IntegrationKind string

const (
	FHIR          IntegrationKind = "fhir-r4"                 // a FHIR R4 REST server
	BaRS          IntegrationKind = "bars"                    // the NHS Booking and Referral Standard
	GPConnect     IntegrationKind = "gp-connect-appointments" // GP Connect Appointment Management, for staff
	MESH          IntegrationKind = "mesh"                    // MESH with GP Connect Send Document, or Update Record
	PatientFacing IntegrationKind = "patient-facing"          // GP Connect Patient Facing Services, in development nationally
	IM1           IntegrationKind = "im1"                     // IM1: its pairing pack is not public, so nothing is sent
)

// IntegrationKinds are all of them, in the order that a page offers them.
func IntegrationKinds() []IntegrationKind {
	return []IntegrationKind{FHIR, BaRS, GPConnect, MESH, PatientFacing, IM1}
}

// Use is something that an integration is switched on for. One organisation may have several integrations, each for a part.
type Use string

const (
	UseOutcomes     Use = "outcomes"      // outcomes of its own work, into its own record
	UseFromOthers   Use = "from-others"   // other organisations' outcomes, into the registered practice's record
	UseArrivals     Use = "arrivals"      // each request, as the organisation's own task or referral when it arrives
	UseAppointments Use = "appointments"  // patients find, book, move and cancel
	UseStaffBooking Use = "staff-booking" // staff book for a patient
	UseMedicines    Use = "medicines"     // patients ask for what they take regularly
)

// Uses are all of them, in the order that a page offers them.
func Uses() []Use {
	return []Use{UseOutcomes, UseFromOthers, UseArrivals, UseAppointments, UseStaffBooking, UseMedicines}
}

// Switched is one use of an integration, for some kinds of request or for all.
type Switched struct {
	Use   Use      `json:"use"`
	Kinds []string `json:"kinds,omitempty"` // catalogue codes; none is every kind that no other integration names
}

// Integration is one configured way into an organisation's clinical system, in one neighbourhood. It holds no credential:
// those are sealed apart, and given to the adapter only.
type Integration struct {
	ID              uuid.UUID
	NeighbourhoodID uuid.UUID
	OrganisationID  uuid.UUID
	Kind            IntegrationKind
	Name            string // what staff call the system
	BaseURL         string
	// Settings are what the kind needs besides, by the names of its description: a mailbox, an ASID, a workflow.
	Settings map[string]string
	Uses     []Switched
	// Paused keeps deliveries waiting until it is resumed.
	Paused bool
	// RecordOnly sends to nobody: what would have been sent is kept, to be looked at.
	RecordOnly bool
	// Version rises with every change, of a credential too.
	Version int
}

// Check refuses an integration that could not work.
func (i Integration) Check() error {
	if i.NeighbourhoodID == uuid.Nil || i.OrganisationID == uuid.Nil {
		return fault.New(fault.Invalid, "integration_owner", "An integration belongs to an organisation in a neighbourhood.")
	}
	if !slices.Contains(IntegrationKinds(), i.Kind) {
		return fault.New(fault.Invalid, "integration_kind", "The kind of an integration is fhir-r4, bars, gp-connect-appointments, mesh, patient-facing or im1.")
	}
	u, err := url.Parse(i.BaseURL)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return fault.New(fault.Invalid, "integration_address", "Enter the system's address, such as https://example.nhs.uk/fhir, without a name, password or query.")
	}
	return nil
}

// For reports whether the integration is switched on for a use with a kind of request, and whether it names that kind.
func (i Integration) For(use Use, kind string) (on, named bool) {
	for _, s := range i.Uses {
		if s.Use != use {
			continue
		}
		if slices.Contains(s.Kinds, kind) {
			return true, true
		}
		on = on || len(s.Kinds) == 0
	}
	return on, false
}

// CallsPerSecondSetting is the setting that every kind has besides its own: how many calls a second the system allows.
const CallsPerSecondSetting = "calls-per-second"

// CallsPerSecond is the system's limit of calls; zero is none. It is shared by all who call the same server.
func (i Integration) CallsPerSecond() float64 {
	value := i.Settings[CallsPerSecondSetting]
	if !isRate(value) {
		return 0
	}
	limit, _ := strconv.ParseFloat(value, 64) // a rate is a number
	return limit
}

func isRate(value string) bool {
	limit, err := strconv.ParseFloat(value, 64)
	return err == nil && limit >= 0.01 && limit <= 10_000
}

// Choose is the one of an organisation's integrations that serves a use with a kind of request: one that names the kind
// before one for all, and then the earlier in the list. A paused one is chosen too: what is for it waits.
func Choose(list []Integration, use Use, kind string) (Integration, bool) {
	chosen, found := Integration{}, false
	for _, i := range list {
		on, named := i.For(use, kind)
		if named {
			return i, true
		}
		if on && !found {
			chosen, found = i, true
		}
	}
	return chosen, found
}

// ErrPaused means that an integration is paused: its deliveries wait.
var ErrPaused = errors.New("this organisation's connection to its clinical system is paused")
