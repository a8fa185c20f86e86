// Package gpconnect is the adapter for GP Connect Appointment Management (FHIR STU3): staff find free slots at a practice,
// book, amend and cancel, and retrieve a patient's appointments. It is built to the public specification, GP Connect API
// 1.2.7 as published in github.com/nhsconnect/gpconnect (pages/appointments, pages/foundations, pages/integration) at
// 0989f456, and has not been assured by anybody.
//
// It is for staff only: an act without a named person behind it is refused, since every request carries who asks, and the
// interface may not be used by patients. It files nothing, and it keeps nothing. A change of time takes the new slot, then
// gives the old one back. An appointment is read before it is changed, changed in place, and never overwritten when
// somebody else has changed it since.
//
// The specification puts the NHS number into an address (Patient?identifier=). So no address stands in an error of this
// package, and whoever logs addresses on the way must not log these.
package gpconnect

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"onedoor/app/clinical"
)

// Settings of an integration of this kind.
const (
	SettingConsumerASID = "consumer-asid" // ours: Ssp-From
	SettingProviderASID = "provider-asid" // the practice's system: Ssp-To
	// SettingProxy is the address of the Spine Secure Proxy, before the practice's own; empty where there is none.
	SettingProxy = "proxy"
	// SettingEndpoint is our own endpoint's address, as it is registered: the issuer of the audit token.
	SettingEndpoint = "consumer-endpoint"
	// SettingOrganisationType is what the organisation that books is, of GPConnect-OrganisationType-1; gp-practice when empty.
	SettingOrganisationType = "organisation-type"
	// SettingTelephone is the number of the organisation that books. The practice's system shows it.
	SettingTelephone = "telephone"
)

const (
	givesUpAfter    = 5 * time.Second // one call
	answerLimit     = 4 << 20
	descriptionMost = 100 // characters of Appointment.description
	window          = 14 * 24 * time.Hour
	windows         = 4 // at most so many calls in one search
	slotsDefault    = 20
)

// Options are what an adapter is made of.
type Options struct {
	BaseURL   string // the practice's service root, such as https://provider.example/A81001/STU3/1/gpconnect
	Settings  map[string]string
	Transport http.RoundTripper // with its client certificate, where one is asked for; http.DefaultTransport when nil
	Now       func() time.Time
	Random    io.Reader // of trace ids
}

// System is one practice's endpoint. It is safe for concurrent use.
type System struct {
	o      Options
	root   string // what the practice's system calls its own address: the audience of the token
	base   string // what is called
	client *http.Client
}

var (
	_ clinical.System    = (*System)(nil)
	_ clinical.Scheduler = (*System)(nil)
	_ clinical.Amender   = (*System)(nil)
	_ clinical.StaffBook = (*System)(nil)
)

// New makes an adapter. Its error is for the person who set the connection up.
func New(o Options) (*System, error) {
	root := strings.TrimRight(o.BaseURL, "/") // the specification has none at the end
	base := root
	for _, name := range []string{SettingConsumerASID, SettingProviderASID, SettingEndpoint} {
		if o.Settings[name] == "" {
			return nil, &clinical.Refused{Says: "The connection to the practice’s appointments is not set up whole: " + settingWords[name] + " is missing."}
		}
	}
	if proxy := strings.TrimRight(o.Settings[SettingProxy], "/"); proxy != "" {
		base = proxy + "/" + root
	}
	if u, err := url.Parse(base); err != nil || u.Host == "" || o.Now == nil || o.Random == nil {
		return nil, &clinical.Refused{Says: "The address of the practice’s system is not valid.", Cause: errors.New("gpconnect: options are not whole")}
	}
	return &System{o: o, root: root, base: base, client: &http.Client{
		Transport: o.Transport,
		Timeout:   givesUpAfter,
		// Somewhere else is not the system that the organisation named.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

var settingWords = map[string]string{
	SettingConsumerASID: "our ASID", SettingProviderASID: "the practice system’s ASID", SettingEndpoint: "the address of our own endpoint",
}

// Interaction ids (pages/integration/integration_interaction_ids.md).
const (
	interaction         = "urn:nhs:names:services:gpconnect:fhir:rest:"
	readMetadata        = interaction + "read:metadata-1"
	searchPatient       = interaction + "search:patient-1"
	searchSlot          = interaction + "search:slot-1"
	readAppointment     = interaction + "read:appointment-1"
	createAppointment   = interaction + "create:appointment-1"
	updateAppointment   = interaction + "update:appointment-1"
	cancelAppointment   = interaction + "cancel:appointment-1"
	patientAppointments = interaction + "search:patient_appointments-1"
)

// Scopes of the audit token (pages/integration/integration_cross_organisation_audit_and_provenance.md).
const (
	patientRead      = "patient/*.read"
	patientWrite     = "patient/*.write"
	organisationRead = "organization/*.read"
)
