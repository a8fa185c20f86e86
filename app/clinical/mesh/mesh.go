// Package mesh files outcomes by MESH, the NHS's store-and-forward service: as GP Connect Send Document, or as Update Record
// where a pharmacy's outcome goes into a practice's record (package itk3 writes both). It is a clinical.System and a
// clinical.Inbox.
//
// Sent is not filed. MESH's own answer makes a delivery accepted; the practice's system answers later into our mailbox: its
// machinery's word makes it acknowledged, its staff's or its rules' makes it filed, and a refusal asks for a person.
//
// Nothing is delivered twice. A message always goes up in two parts or more, and MESH delivers nothing before the last part
// has come. The first POST only begins an upload: its name at MESH is stored (clinical.Begun) before the last part leaves, so
// that a process that dies in between leaves an upload that is never delivered, and the next try goes on with it or asks
// for it by our own id. What MESH cannot tell apart is for a person to look at, and never sent again blindly.
//
// Built to the public specifications and to nothing else; no assurance is claimed. Sources: the Message Exchange for Social Care
// and Health API in the NHS England API catalogue; NHSDigital/mesh-sandbox at 422c7d9 and NHSDigital/mesh-client at 5b8f3bc (MIT),
// for headers, states and errors; the MESH guide to endpoint lookup (9 July 2024) for GPPROVIDER.
package mesh

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"

	"onedoor/app/clinical"
	"onedoor/app/clinical/itk3"
)

// Settings, by their names in an integration.
const (
	SettingMailbox    = "mailbox"            // our MESH mailbox, such as X26ABC1
	SettingForm       = "form"               // send-document (the default), or update-record for pharmacies' outcomes
	SettingRecipient  = "recipient"          // the mailbox that it goes to; none lets MESH find the patient's practice
	SettingPhone      = "sender-phone"       // the sending organisation's telephone, for the practice to ring
	SettingDefinition = "message-definition" // Update Record's, given to a supplier who is taken on
)

// Secrets, by their names in an integration. The client certificate that MESH asks for is of the transport.
const (
	SecretPassword  = "mailbox-password"
	SecretSharedKey = "shared-key" // of the MESH environment
)

// Workflows of the public specifications. Acknowledgements come under the same name with _ACK.
const (
	workflowSendDocument = "GPFED_CONSULT_REPORT"
	workflowUpdateRecord = "GPCONNECT_UPDATE_RECORD"
	acknowledged         = "_ACK"
)

// GivesUpAfter is how long a call may take from its first byte to its answer's last.
const GivesUpAfter = 5 * time.Second

// Options are what an adapter is made of; systems.Materials has the same.
type Options struct {
	Integration clinical.Integration
	Secrets     map[string][]byte
	Transport   http.RoundTripper
	Now         func() time.Time
	Random      io.Reader
}

// System is one mailbox.
type System struct {
	o       Options
	base    string
	mailbox string
	client  *http.Client
}

var (
	_ clinical.System  = (*System)(nil)
	_ clinical.Inbox   = (*System)(nil)
	_ clinical.Counter = (*System)(nil)
)

var mailboxName = regexp.MustCompile(`^[A-Z0-9]{1,100}$`)

// New makes an adapter. It refuses settings with which nothing could be sent.
func New(o Options) (*System, error) {
	mailbox := strings.ToUpper(strings.TrimSpace(o.Integration.Settings[SettingMailbox]))
	recipient := strings.ToUpper(o.Integration.Settings[SettingRecipient])
	switch {
	case !mailboxName.MatchString(mailbox):
		return nil, &clinical.Refused{Says: "The connection has no MESH mailbox. Enter its id, such as X26ABC1."}
	case recipient != "" && !mailboxName.MatchString(recipient):
		return nil, &clinical.Refused{Says: "The mailbox that documents go to is not one. Enter its id, or nothing to let MESH find the patient's practice."}
	case len(o.Secrets[SecretPassword]) == 0 || len(o.Secrets[SecretSharedKey]) == 0:
		return nil, &clinical.Refused{Says: "The connection has no mailbox password or no shared key. Enter both."}
	}
	switch itk3.Form(o.Integration.Settings[SettingForm]) {
	case "", itk3.SendDocument:
	case itk3.UpdateRecord:
		if o.Integration.Settings[SettingDefinition] == "" {
			return nil, &clinical.Refused{Says: "Update Record needs the name of its message definition, which is given to a supplier who is taken on."}
		}
	default:
		return nil, &clinical.Refused{Says: "The form of a MESH connection is send-document or update-record."}
	}
	if o.Now == nil || o.Random == nil {
		return nil, errors.New("a MESH adapter needs a clock and a source of randomness")
	}
	return &System{
		o: o, mailbox: mailbox, base: strings.TrimRight(o.Integration.BaseURL, "/") + "/messageexchange/" + mailbox,
		client: &http.Client{
			Transport: o.Transport, Timeout: GivesUpAfter,
			// A document goes to the address that the organisation named, and nowhere else.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// form is how a document goes. Update Record is for pharmacies alone: others' outcomes go as a document.
func (s *System) form(doc clinical.Document) (form itk3.Form, workflow string) {
	if itk3.Form(s.o.Integration.Settings[SettingForm]) == itk3.UpdateRecord && doc.From.Kind == "pharmacy" && doc.Purpose == clinical.RegisteredPractice {
		return itk3.UpdateRecord, workflowUpdateRecord
	}
	return itk3.SendDocument, workflowSendDocument
}

// recipient is the practice's mailbox, or what MESH finds it by: GPPROVIDER_NHSNumber_DateOfBirth_Surname.
func (s *System) recipient(doc clinical.Document) (string, error) {
	if to := s.o.Integration.Settings[SettingRecipient]; to != "" {
		return strings.ToUpper(to), nil
	}
	p := doc.Patient
	surname := ascii(p.FamilyName)
	switch {
	case doc.Purpose != clinical.RegisteredPractice:
		return "", &clinical.Refused{Says: "MESH finds the patient's registered practice, and no other place. Enter the mailbox that this organisation's own documents go to."}
	case p.NHSNumber == "" || p.BirthDate.IsZero() || surname == "":
		return "", &clinical.Refused{Says: "Without an NHS number, a date of birth and a family name MESH cannot find the patient's practice. Send it by hand."}
	}
	return fmt.Sprintf("GPPROVIDER_%s_%04d%02d%02d_%s", p.NHSNumber, p.BirthDate.Year, int(p.BirthDate.Month), p.BirthDate.Day, surname), nil
}

// localID is our name for a delivery at MESH. The guides ask that it hold the sender's ODS code; by the rest it is found again.
func localID(doc clinical.Document) string {
	return string(doc.From.ODS) + "_" + doc.DeliveryID.String()
}
