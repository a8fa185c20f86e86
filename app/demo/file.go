package demo

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/nhs"
	"onedoor/app/patients"
	"onedoor/tenants"
)

// FileName is where the demonstration says how to reach it, in the data folder.
const FileName = "demo.json"

// Addresses are where the parts of a running demonstration listen.
type Addresses struct {
	Base      string // http://127.0.0.1:8080
	SIP       string
	Simulator string
}

type file struct {
	BaseURL       string            `json:"base_url"`
	SIP           string            `json:"sip"`
	TwiML         fileHook          `json:"twiml"`
	Jambonz       fileHook          `json:"jambonz"`
	Outbox        string            `json:"outbox_url"` // texts that would have been sent, as JSON
	Neighbourhood string            `json:"neighbourhood"`
	Keys          map[string]string `json:"keys"`
	Organisations []fileOrg         `json:"organisations"`
	Patients      []filePatient     `json:"patients"`
}

// fileHook is a webhook of a telephony platform, and what signs its posts.
type fileHook struct {
	URL       string `json:"url"`
	AuthToken string `json:"auth_token,omitempty"`
	Secret    string `json:"secret,omitempty"`
}

// TwiMLToken signs Twilio's posts to the demonstration, and JambonzSecret jambonz's. Anybody who reads this can make them:
// production has no demonstration.
func TwiMLToken() string { return string(keyOf("twiml webhooks")) }

// JambonzSecret is beside TwiMLToken.
func JambonzSecret() string { return string(keyOf("jambonz webhooks")) }

type fileOrg struct {
	ODS            nhs.ODSCode              `json:"ods_code"`
	Name           string                   `json:"name"`
	Kind           tenants.OrganisationKind `json:"kind"`
	ClinicalSystem fileSystem               `json:"clinical_system"`
}

type fileSystem struct {
	Kind      string `json:"kind"`
	BaseURL   string `json:"base_url"`
	LedgerURL string `json:"ledger_url"`
	FaultsURL string `json:"faults_url"`
}

type filePatient struct {
	NHSNumber  nhs.Number   `json:"nhs_number"`
	GivenName  string       `json:"given_name"`
	FamilyName string       `json:"family_name"`
	BirthDate  nhs.Date     `json:"birth_date"`
	Sex        nhs.Sex      `json:"sex"`
	Postcode   nhs.Postcode `json:"postcode"`
	Mobile     nhs.Phone    `json:"mobile"`
	Practice   string       `json:"registered_practice,omitempty"`
	Pharmacy   string       `json:"nominated_pharmacy,omitempty"`
}

// System is where the simulated clinical system of an organisation is.
func System(simulator string, ods nhs.ODSCode) string { return simulator + "/" + string(ods) + "/fhir" }

// Uses are what an organisation's clinical system is switched on for in the demonstration. Arrivals are not: staff have one
// inbox, which is the queue.
func Uses() []clinical.Switched {
	return []clinical.Switched{{Use: clinical.UseOutcomes}, {Use: clinical.UseFromOthers}, {Use: clinical.UseAppointments}, {Use: clinical.UseStaffBooking}, {Use: clinical.UseMedicines}}
}

// Remove takes the file away: what it says holds no longer, or not yet.
func Remove(dir string) error {
	if err := os.Remove(filepath.Join(dir, FileName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Write puts the file in place whole: whoever sees it can use everything it says. The people are Riverside's, as its
// register has them.
func Write(dir string, a Addresses, register []patients.Patient) error {
	f := file{BaseURL: a.Base, SIP: a.SIP, TwiML: fileHook{URL: a.Base + "/voice/twiml/riverside", AuthToken: TwiMLToken()}, Jambonz: fileHook{URL: a.Base + "/voice/jambonz/riverside", Secret: JambonzSecret()}, Outbox: a.Base + "/development/outbox/riverside", Neighbourhood: "riverside", Keys: map[string]string{}}
	for _, c := range clients {
		f.Keys[c.name] = string(keyOf(c.name))
	}
	codes := map[uuid.UUID]string{}
	for _, p := range riversidePlaces {
		codes[OrganisationID(p.ods)] = string(p.ods)
		root := a.Simulator + "/" + string(p.ods)
		f.Organisations = append(f.Organisations, fileOrg{p.ods, p.name, p.kind, fileSystem{"fhir", System(a.Simulator, p.ods), root + "/ledger", root + "/faults"}})
	}
	for _, p := range RiversidePatients(register) {
		f.Patients = append(f.Patients, filePatient{
			p.NHSNumber, p.GivenName, p.FamilyName, p.BirthDate, p.Sex, p.Postcode, p.Mobile, codes[p.PracticeID], codes[p.NominatedPharmacy],
		})
	}
	document, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	partial := filepath.Join(dir, FileName+".partial")
	if err := os.WriteFile(partial, append(document, '\n'), 0o600); err != nil {
		return fmt.Errorf("write the demonstration's addresses: %w", err)
	}
	return os.Rename(partial, filepath.Join(dir, FileName))
}
