// Package flags reads the reasonable adjustments that are recorded nationally for a person, from the Patient Flags API (FHIR
// R4), so that nobody is asked again for what is on record. It implements patients.Flags, and is built to the public
// specification: NHS England's Patient Flag implementation guide, beta 0.2.0, "Retrieve a Reasonable Adjustment PatientFlag",
// which says of itself that it is under development. The service expects a member of staff to be signed in where it is live;
// whether an application alone may read is for whoever runs it to agree with NHS England.
//
// It reads and never writes, asks for no other flag (child protection and FGM are not for reception), and keeps nothing. The
// API puts an NHS number into the address of a call, so no address stands in an error. Authorisation is the transport's.
package flags

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

	"github.com/google/uuid"

	"onedoor/app/nhs"
	"onedoor/app/patients"
)

// Timeout bounds one call: somebody waits to be asked.
const Timeout = 3 * time.Second

const (
	answerLimit = 1 << 20
	category    = "national-reasonable-adjustment-flag"
	snomed      = "http://snomed.info/sct"
)

// Options are what a Service is made of.
type Options struct {
	// BaseURL is the service's, up to and without /Flag.
	BaseURL   string
	Transport http.RoundTripper // authorises each call, and judges the address
	Random    io.Reader         // draws the ids of calls
}

// Service implements patients.Flags.
type Service struct {
	base   string
	client *http.Client
	random io.Reader
}

var _ patients.Flags = (*Service)(nil)

// New makes one.
func New(o Options) *Service {
	return &Service{
		base: strings.TrimRight(o.BaseURL, "/"), random: o.Random,
		client: &http.Client{
			Transport: o.Transport, Timeout: Timeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

type coding struct {
	System  string `json:"system"`
	Code    string `json:"code"`
	Display string `json:"display"`
}

type concept struct {
	Coding []coding `json:"coding"`
	Text   string   `json:"text"`
}

type flag struct {
	ResourceType string    `json:"resourceType"`
	Status       string    `json:"status"`
	Category     []concept `json:"category"`
	Code         concept   `json:"code"`
	Extension    []struct {
		URL        string `json:"url"`
		Annotation struct {
			Text string `json:"text"`
		} `json:"valueAnnotation"`
	} `json:"extension"`
}

// Adjustments implements patients.Flags.
func (s *Service) Adjustments(ctx context.Context, number nhs.Number) ([]patients.Adjustment, error) {
	query := url.Values{"patient": {string(number)}, "code": {category}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base+"/Flag?"+query.Encode(), nil)
	if err != nil {
		return nil, &patients.Unasked{Cause: errors.New("the address of the service is not valid")}
	}
	id, err := uuid.NewRandomFromReader(s.random)
	if err != nil {
		return nil, fmt.Errorf("draw the id of a call: %w", err)
	}
	request.Header.Set("Accept", "application/fhir+json")
	request.Header.Set("X-Request-ID", id.String())
	response, err := s.client.Do(request)
	if err != nil {
		return nil, &patients.Unasked{Cause: errors.New("the call failed")} // its own words have the address in them
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, answerLimit+1))
	switch {
	case err != nil || len(body) > answerLimit:
		return nil, &patients.Unasked{Cause: errors.New("the answer broke off, or is too long")}
	case response.StatusCode == http.StatusNotFound:
		return nil, nil // nothing is recorded
	case response.StatusCode != http.StatusOK:
		return nil, &patients.Unasked{Cause: fmt.Errorf("status %d", response.StatusCode)}
	}
	var found struct {
		ResourceType string `json:"resourceType"`
		Entry        []struct {
			Resource flag `json:"resource"`
		} `json:"entry"`
	}
	if err := json.Unmarshal(body, &found); err != nil || found.ResourceType != "Bundle" {
		return nil, &patients.Unasked{Cause: errors.New("the answer is not what the specification says")}
	}
	var list []patients.Adjustment
	for _, e := range found.Entry {
		if a, ok := e.Resource.adjustment(); ok {
			list = append(list, a)
		}
	}
	return list, nil
}

// adjustment is what an active flag asks for. The flag that only says that there are others has no code of SNOMED CT.
func (f flag) adjustment() (patients.Adjustment, bool) {
	reasonable := false
	for _, c := range f.Category {
		for _, code := range c.Coding {
			reasonable = reasonable || code.Code == category
		}
	}
	if f.ResourceType != "Flag" || f.Status != "active" || !reasonable {
		return patients.Adjustment{}, false
	}
	for _, c := range f.Code.Coding {
		if c.System != snomed || c.Code == "" || c.Display == "" {
			continue
		}
		a := patients.Adjustment{Code: c.Code, Says: c.Display}
		for _, e := range f.Extension {
			if strings.HasSuffix(e.URL, "FlagNotes") {
				a.Note = e.Annotation.Text
			}
		}
		return a, true
	}
	return patients.Adjustment{}, false
}
