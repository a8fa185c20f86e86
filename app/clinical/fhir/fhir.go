// Package fhir speaks with any system that has a FHIR R4 REST interface (hl7.org/fhir/R4/http.html). It files an outcome as one
// transaction of a Task and a DocumentReference, puts a request before an organisation as a Task (with a ServiceRequest where it
// was referred) and reads back what became of it, finds, takes, moves and gives back appointments, and lists repeat medicines and
// asks for them. It is built to the public specification.
//
// Each effect happens once: what is made carries our identifier and is made only where that is not there yet (If-None-Exist), what
// is changed names the version that was read (If-Match), and 409 and 412 are answered by reading again. What a server offers is
// read from its CapabilityStatement; what it lacks is refused in words, for a person to do.
//
// It never follows a redirect, never calls another host than the one that was set up, never waits longer than its client's timeout,
// never repeats what a server says in its own words (they may hold a patient's details), never puts an NHS number into an
// address, and never invents a SNOMED CT code: what has no code that we know is coded in code systems of our own.
package fhir

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"onedoor/app/clinical"
)

// Names of an integration's settings, besides those by which the transport below signs in (package authorise).
const (
	// SettingDocuments is the form in which a document is filed: text, pdf or both; empty is text.
	SettingDocuments = "documents"
	// SettingCommunications is yes where what was said to a patient is also filed as a Communication.
	SettingCommunications = "communications"
	// SettingPatients says how a person is referred to: number (by NHS number; also when empty), or search, where the server knows
	// its own name for a Patient only, which is looked up first.
	SettingPatients = "patients"
)

// Values of SettingDocuments.
const (
	DocumentsText = "text"
	DocumentsPDF  = "pdf"
	DocumentsBoth = "both"
)

// Values of SettingPatients.
const (
	PatientsByNumber = "number"
	PatientsBySearch = "search"
)

// Systems of our own identifiers and codes, besides those of package r4.
const (
	BookingSystem = "https://onedoor.example/identifier/booking"        // an act on an appointment
	OrderSystem   = "https://onedoor.example/identifier/medicine-order" // an order of repeat medicines
	LineSystem    = "https://onedoor.example/identifier/medicine-line"  // one medicine of it
)

// GivesUpAfter is how long a call may take from its first byte to its answer's last.
const GivesUpAfter = 5 * time.Second

// answerLimit is far above any answer to what we ask.
const answerLimit = 1 << 20

// Options are what a System is made of.
type Options struct {
	BaseURL   string // such as https://example.nhs.uk/fhir
	Settings  map[string]string
	Transport http.RoundTripper // signs calls in, and holds connections; nil is http.DefaultTransport
	Now       func() time.Time
}

// System is one server. It is safe for concurrent use.
type System struct {
	base           string
	basePath       string
	client         *http.Client
	now            func() time.Time
	documents      string
	communications bool
	// searchesPatients looks people up before it refers to them.
	searchesPatients bool

	mu      sync.Mutex
	profile profile
}

var (
	_ clinical.System          = (*System)(nil)
	_ clinical.AppointmentBook = (*System)(nil)
	_ clinical.Scheduler       = (*System)(nil)
	_ clinical.Amender         = (*System)(nil)
	_ clinical.RepeatMedicines = (*System)(nil)
	_ clinical.TaskBoard       = (*System)(nil)
	_ clinical.Counter         = (*System)(nil)
	_ clinical.PatientFinder   = (*System)(nil)
)

// New makes an adapter, and refuses settings that cannot work.
func New(o Options) (*System, error) {
	base, err := url.Parse(strings.TrimRight(o.BaseURL, "/"))
	if err != nil || base.Host == "" {
		return nil, errors.New("the address of the clinical system is not valid")
	}
	documents := o.Settings[SettingDocuments]
	switch documents {
	case "":
		documents = DocumentsText
	case DocumentsText, DocumentsPDF, DocumentsBoth:
	default:
		return nil, errors.New("documents are filed as text, pdf or both")
	}
	if way := o.Settings[SettingPatients]; way != "" && way != PatientsByNumber && way != PatientsBySearch {
		return nil, errors.New("people are referred to by number or by search")
	}
	return &System{
		base: base.String(), basePath: base.Path, now: o.Now, documents: documents, communications: o.Settings[SettingCommunications] == "yes",
		searchesPatients: o.Settings[SettingPatients] == PatientsBySearch,
		client: &http.Client{
			Transport: o.Transport,
			Timeout:   GivesUpAfter,
			// Somewhere else is not the system that the organisation named: a document is never sent there.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}
