// Package bars sends referrals and bookings to other organisations, and takes theirs, by the NHS Booking and Referral
// Standard (BaRS): a FHIR R4 message for each, posted to $process-message. It is built to the public specification and
// claims no more than that.
//
// A System is the sender: an arrival becomes a referral, its withdrawal a cancellation, and a Scheduler's booking a booking.
// Handler is the receiver: it judges what comes, and hands what is sound to a clinical.ReferralDesk. Outcomes do not go by
// this standard, and are refused in words.
//
// It never sends a message that breaks the rules of Application 5 (referrals into community pharmacy), never puts a patient's
// details into an address or an error, never repeats what the other side says in its own words, and never invents a SNOMED CT
// code: the few that it writes stand in the published examples.
//
// Sources: NHSDigital/booking-and-referral-fhir-api at 0c9714b, specification/booking-and-referral-1.4.0.yaml and its
// examples; NHSDigital/NHSDigital-FHIR-BookingAndReferrals at 0cf8fda, guides/Live-ImplementationGuide-BaRS (Core 1.5.0,
// Application 5) and Examples.
package bars

import (
	"crypto/rand"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"onedoor/app/clinical"
	"onedoor/app/clinical/r4"
	"onedoor/app/fault"
	"onedoor/app/nhs"
)

// Settings of an integration of this kind, by name.
const (
	// SettingService is the receiving service's number in its directory of services.
	SettingService = "service-id"
	// SettingServiceSystem is the directory that the number is from; empty for the NHS Directory of Services.
	SettingServiceSystem = "service-system"
	// SettingSender is the number by which the receiver can answer us; empty when it cannot, and is told our ODS code.
	SettingSender = "sender-service-id"
	// SettingOwn is the organisation's own number in the directory: what others refer to it comes in to it here. A sender reads it
	// nowhere.
	SettingOwn = "own-service-id"
	// SettingUseCase is the code of the use case, such as a5t1; empty for a5t1.
	SettingUseCase = "use-case"
	// SettingODS is the ODS code in whose name slots are looked for and the receiver is asked what it can.
	SettingODS = "sender-ods"
	// SettingConsult is the telephone number on which the sending organisation answers questions about a referral.
	SettingConsult = "sender-telephone"
)

// SystemDoS is the NHS Directory of Services' system of service numbers.
const SystemDoS = "https://fhir.nhs.uk/Id/dos-service-id"

// GivesUpAfter is how long a call may take from its first byte to its answer's last.
const GivesUpAfter = 5 * time.Second

// Options are what a System is made of. Transport signs, where the receiver wants it: it is authorise's.
type Options struct {
	Integration clinical.Integration
	Transport   http.RoundTripper
	Now         func() time.Time
	Random      io.Reader // for the ids of calls that belong to no delivery
}

// System is one receiving service, as a sender sees it. It is safe for concurrent use.
type System struct {
	base    string
	target  r4.Identifier
	sender  r4.Identifier
	useCase useCase
	self    clinical.Party
	phone   string
	client  *http.Client
	now     func() time.Time
	random  io.Reader

	mu      sync.Mutex
	learned *agreement // what the receiver said of itself; nil when it was not asked, or too long ago
}

var (
	_ clinical.System    = (*System)(nil)
	_ clinical.TaskBoard = (*System)(nil)
	_ clinical.Counter   = (*System)(nil)
	_ clinical.Scheduler = (*System)(nil)
)

// New makes a sender to the service that an integration names.
func New(o Options) (*System, error) {
	settings := o.Integration.Settings
	target := r4.Identifier{System: settings[SettingServiceSystem], Value: strings.TrimSpace(settings[SettingService])}
	if target.System == "" {
		target.System = SystemDoS
	}
	if target.Value == "" {
		return nil, fault.New(fault.Invalid, "bars_service", "Enter the receiving service's number in the Directory of Services.")
	}
	use, known := useCaseOf(settings[SettingUseCase])
	if !known {
		return nil, fault.New(fault.Invalid, "bars_use_case", "This use case of the Booking and Referral Standard is not one that can be sent.")
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	self, err := partyOf(settings[SettingODS])
	if err != nil {
		return nil, err
	}
	return &System{
		self: self, base: strings.TrimRight(o.Integration.BaseURL, "/"), target: target, useCase: use,
		sender: r4.Identifier{System: target.System, Value: strings.TrimSpace(settings[SettingSender])}, phone: settings[SettingConsult],
		client: &http.Client{
			Transport: o.Transport, Timeout: GivesUpAfter,
			// Somewhere else is not the service that the organisation named: a referral is never sent there.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		now: o.Now, random: o.Random,
	}, nil
}

func partyOf(code string) (clinical.Party, error) {
	if code == "" {
		return clinical.Party{Name: softwareName}, nil
	}
	ods, err := nhs.ParseODSCode(code)
	return clinical.Party{ODS: ods, Name: string(ods)}, err
}
