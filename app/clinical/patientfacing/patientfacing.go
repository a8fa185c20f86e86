// Package patientfacing is the adapter for GP Connect (Patient Facing) Prescriptions Management, FHIR R4: a patient sees the
// medicines that they take regularly, and asks for some of them. It is built to the public specification
// (github.com/NHSDigital/gp-connect-prescriptions-management-fhir, specification/…yaml, at 14f7f1b), which is in development
// nationally: what is published may change, no environment is open yet, and nobody has assured anything. So it is switched
// on only where an operator allows what is in development.
//
// The interface is user-restricted: each call carries a token that stands for the patient, signed in with NHS login at
// identity level P9. This package has no token of its own and asks for none: the transport that it is given brings it, or the
// system refuses. It prescribes nothing: an order is one Task for each medicine, in the practice's own workflow. It keeps
// nothing.
//
// The specification puts the NHS number into addresses. So no address stands in an error of this package.
package patientfacing

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/clinical/r4"
	"onedoor/app/nhs"
)

const (
	givesUpAfter    = 5 * time.Second
	answerLimit     = 4 << 20
	rfc4122         = "https://tools.ietf.org/html/rfc4122" // the specification's system for our own identifier
	nhsNumberSystem = "https://fhir.nhs.uk/Id/nhs-number"
	dmd             = "https://dmd.nhs.uk" // the specification's system for dm+d
	profileTask     = "https://fhir.hl7.org.uk/StructureDefinition/UKCore-Task"
)

// Options are what an adapter is made of.
type Options struct {
	BaseURL   string
	Transport http.RoundTripper // brings the patient's token; http.DefaultTransport when nil
	Now       func() time.Time
	Random    io.Reader // of request ids that stand for questions
}

// System is one endpoint. It is safe for concurrent use.
type System struct {
	o      Options
	base   string
	client *http.Client
}

var (
	_ clinical.System          = (*System)(nil)
	_ clinical.RepeatMedicines = (*System)(nil)
)

// New makes an adapter.
func New(o Options) (*System, error) {
	if u, err := url.Parse(o.BaseURL); err != nil || u.Host == "" || o.Now == nil || o.Random == nil {
		return nil, &clinical.Refused{Says: "The address of the practice’s system is not valid."}
	}
	return &System{o: o, base: strings.TrimRight(o.BaseURL, "/"), client: &http.Client{
		Transport: o.Transport, Timeout: givesUpAfter,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// File refuses: outcomes do not go this way.
func (s *System) File(context.Context, clinical.Delivery) (clinical.Receipt, error) {
	return clinical.Receipt{}, &clinical.Refused{Says: "This connection asks for repeat medicines and files nothing. Switch outcomes on for another connection, or file it by hand."}
}

// Find has nothing to find.
func (s *System) Find(context.Context, clinical.Delivery) (clinical.Receipt, bool, error) {
	return clinical.Receipt{}, false, nil
}

// Capabilities are those of the specification: the interface "does not support the capabilities interaction".
func (s *System) Capabilities(context.Context) (clinical.Capabilities, error) {
	return clinical.Capabilities{
		Software: "GP Connect (Patient Facing) Prescriptions Management", Version: r4.Version, Offers: []clinical.Capability{clinical.ListMedicines, clinical.AskMedicines},
	}, nil
}

// Repeats are the medicines with intent plan that are active.
func (s *System) Repeats(ctx context.Context, patient nhs.Number) ([]clinical.Medicine, error) {
	if patient == "" {
		return nil, &clinical.Refused{Says: "Without an NHS number no medicines can be shown."}
	}
	id, err := uuid.NewRandomFromReader(s.o.Random)
	if err != nil {
		return nil, err
	}
	a, err := s.do(ctx, call{
		method: http.MethodGet, path: "/Patient/" + string(patient) + "/MedicationRequest", query: url.Values{"intent": {"plan"}, "status": {"active"}}, id: id, exchange: id,
	})
	if err != nil {
		return nil, err
	}
	entries, err := a.entries()
	if err != nil {
		return nil, err
	}
	var list []clinical.Medicine
	for _, e := range entries {
		m, ok := e.Resource.(*r4.MedicationRequest)
		if ok && m.ID != "" && m.Intent == "plan" && m.Status == "active" && about(&m.Subject, patient) {
			list = append(list, s.medicine(m))
		}
	}
	return list, nil
}

// about reports whether a reference names the patient, and nobody else.
func about(r *r4.Reference, patient nhs.Number) bool {
	if r == nil {
		return false
	}
	if r.Identifier != nil && r.Identifier.System == nhsNumberSystem {
		return r.Identifier.Value == string(patient)
	}
	return r.Reference == "Patient/"+string(patient)
}

func (s *System) medicine(m *r4.MedicationRequest) clinical.Medicine {
	concept := r4.ConceptOf(m.Medication)
	one := clinical.Medicine{ID: "MedicationRequest/" + m.ID, Code: concept.Code(dmd), Name: concept.Words(), May: true}
	if one.Code == "" {
		one.Code = concept.Code(r4.SNOMEDCT)
	}
	if len(m.DosageInstruction) > 0 {
		one.Dosage = m.DosageInstruction[0].Text
	}
	if d := m.DispenseRequest; d != nil && d.Quantity != nil {
		one.Quantity = strings.TrimSpace(d.Quantity.Value.String() + " " + d.Quantity.Unit)
	}
	repeats, _ := r4.Find(m.Extension, "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-MedicationRepeatInformation")
	for _, e := range repeats.Extension {
		if at, ok := e.Value.(r4.DateTime); ok && e.URL == "authorisationExpiryDate" {
			if day, ok := r4.Day(string(at)); ok && s.o.Now().After(day.Add(24*time.Hour)) {
				one.May, one.Why = false, "The practice needs to review this medicine before it can be ordered again."
			}
		}
	}
	return one
}
