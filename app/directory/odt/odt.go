// Package odt reads organisations from the national register of organisations by the Organisation Data Terminology API (FHIR
// R4). It implements directory.Register, and is built to the public specification
// (NHSDigital/organisation-data-terminology-api at 659e464, specification/organisation-data-terminology-api.yaml).
//
// It reads and never writes, and keeps nothing: the directory's store does. What it reads is public. Authorisation (an API
// key) and the judging of addresses are the transport's that it is given.
package odt

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"onedoor/app/directory"
	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/tenants"
)

// Source is how what is read here is marked.
const Source = "organisation-data-terminology-api"

// Timeout bounds one call.
const Timeout = 10 * time.Second

const answerLimit = 1 << 20

// The register's codes of roles that take part here. Source: ODS Reference Data Catalogue: RO177 prescribing cost centre,
// which is a GP practice when RO76 stands beside it; RO182 pharmacy.
const (
	prescribingCostCentre = "RO177"
	gpPractice            = "RO76"
	pharmacy              = "RO182"
)

// Options are what a Service is made of.
type Options struct {
	// BaseURL is the register's, up to and without /Organization.
	BaseURL   string
	APIKey    string // sent as the header apikey; none when empty
	Transport http.RoundTripper
	Now       func() time.Time
}

// Service implements directory.Register.
type Service struct {
	base, key string
	client    *http.Client
	now       func() time.Time
}

var _ directory.Register = (*Service)(nil)

// New makes one.
func New(o Options) *Service {
	return &Service{
		base: strings.TrimRight(o.BaseURL, "/"), key: o.APIKey, now: o.Now,
		client: &http.Client{
			Transport: o.Transport, Timeout: Timeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// Organisation implements directory.Register.
func (s *Service) Organisation(ctx context.Context, code nhs.ODSCode) (directory.Listed, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base+"/Organization/"+url.PathEscape(string(code)), nil)
	if err != nil {
		return directory.Listed{}, unavailable(err)
	}
	request.Header.Set("Accept", "application/fhir+json")
	if s.key != "" {
		request.Header.Set("apikey", s.key)
	}
	response, err := s.client.Do(request)
	if err != nil {
		return directory.Listed{}, unavailable(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, answerLimit+1))
	switch {
	case err != nil:
		return directory.Listed{}, unavailable(err)
	case response.StatusCode == http.StatusNotFound || response.StatusCode == http.StatusGone:
		return directory.Listed{}, fault.New(fault.NotFound, "not_found", "The national register does not know this organisation.")
	case response.StatusCode != http.StatusOK:
		return directory.Listed{}, unavailable(fmt.Errorf("status %d", response.StatusCode))
	}
	var o organisation
	if err := json.Unmarshal(body, &o); err != nil || len(body) > answerLimit {
		return directory.Listed{}, unavailable(errors.New("the answer cannot be read"))
	}
	listed, ok := o.listed()
	if !ok || listed.ODS != code {
		return directory.Listed{}, unavailable(errors.New("the answer is not the organisation that was asked for"))
	}
	listed.ReadAt = s.now()
	return listed, nil
}

func unavailable(cause error) error {
	return fault.New(fault.Unavailable, "register_unavailable", "The national register of organisations cannot be reached now.").Because(cause)
}

// The structs below are of the parts of Organization that are read here.

type extension struct {
	URL       string      `json:"url"`
	Extension []extension `json:"extension"`
	Coding    struct {
		Code string `json:"code"`
	} `json:"valueCoding"`
	Concept struct {
		Coding []struct {
			Code string `json:"code"`
		} `json:"coding"`
	} `json:"valueCodeableConcept"`
	Boolean bool `json:"valueBoolean"`
	Period  struct {
		Start string `json:"start"`
		End   string `json:"end"`
	} `json:"valuePeriod"`
}

func (e extension) named(name string) []extension {
	var list []extension
	for _, inner := range e.Extension {
		if inner.URL == name || strings.HasSuffix(inner.URL, "/"+name) {
			list = append(list, inner)
		}
	}
	return list
}

type organisation struct {
	ResourceType string `json:"resourceType"`
	ID           string `json:"id"`
	Active       bool   `json:"active"`
	Name         string `json:"name"`
	Telecom      []struct {
		System string `json:"system"`
		Value  string `json:"value"`
	} `json:"telecom"`
	Address []struct {
		Line       []string `json:"line"`
		City       string   `json:"city"`
		District   string   `json:"district"`
		PostalCode string   `json:"postalCode"`
	} `json:"address"`
	Extension []extension `json:"extension"`
}

// listed is an organisation as the product knows those of the register; false for anything else.
func (o organisation) listed() (directory.Listed, bool) {
	code, err := nhs.ParseODSCode(o.ID)
	if o.ResourceType != "Organization" || err != nil || strings.TrimSpace(o.Name) == "" {
		return directory.Listed{}, false
	}
	l := directory.Listed{ODS: code, Name: strings.TrimSpace(o.Name), Open: o.Active, Source: Source}
	practice := false
	for _, e := range (extension{Extension: o.Extension}).named("Extension-England-OrganisationRole") {
		role, active := "", false
		for _, c := range e.named("roleCode") {
			for _, coding := range c.Concept.Coding {
				role = coding.Code
			}
		}
		for _, a := range e.named("active") {
			active = a.Boolean
		}
		practice = practice || (role == gpPractice && active)
		if l.Role == "" || role == prescribingCostCentre || role == pharmacy {
			l.Role = role
			o.dates(e, &l)
		}
	}
	switch {
	case l.Role == prescribingCostCentre && practice:
		l.Kind = tenants.Practice
	case l.Role == pharmacy:
		l.Kind = tenants.Pharmacy
	}
	for _, t := range o.Telecom {
		if t.System == "phone" && l.Telephone == "" {
			l.Telephone, _ = nhs.ParsePhone(t.Value) // one that is none is not kept
		}
	}
	if len(o.Address) > 0 {
		a := o.Address[0]
		for _, line := range append(a.Line, a.City, a.District) {
			if line = strings.TrimSpace(line); line != "" {
				l.Address = append(l.Address, line)
			}
		}
		l.Postcode, _ = nhs.ParsePostcode(a.PostalCode) // one that is none is not kept
	}
	return l, true
}

// dates are the operational ones of a role.
func (organisation) dates(role extension, l *directory.Listed) {
	for _, e := range role.named("Extension-England-TypedPeriod") {
		sort := ""
		for _, t := range e.named("dateType") {
			sort = t.Coding.Code
		}
		for _, p := range e.named("period") {
			if sort == "Operational" {
				l.OpenedOn, _ = nhs.ParseDate(p.Period.Start) // zero when not told
				l.ClosedOn, _ = nhs.ParseDate(p.Period.End)
			}
		}
	}
}
