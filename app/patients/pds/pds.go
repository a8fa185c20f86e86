// Package pds asks the Personal Demographics Service, the national register of patients in England, by its FHIR R4 API in
// application-restricted access: one person by NHS number, or the one person who fits a search. It implements
// patients.Tracer, and is built to the public specification (NHSDigital/personal-demographics-service-api at f57f583,
// specification/personal-demographics.yaml).
//
// It reads and never writes. It keeps nothing: who calls it keeps to the register's limit (5 calls a second for an
// application) and seals what it keeps. It tells nothing of a restricted person's address, telephone or practice, though the
// register sent them. The API puts an NHS number into the address of a call: neither an address nor an answer's body ever
// stands in an error. Authorisation is the transport's that it is given (a signed JWT, app/clinical/authorise).
package pds

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"onedoor/app/nhs"
	"onedoor/app/patients"
)

// Timeout bounds one call: somebody may wait for it.
const Timeout = 5 * time.Second

const answerLimit = 1 << 20

// Options are what a Service is made of.
type Options struct {
	// BaseURL is the register's, up to and without /Patient: https://api.service.nhs.uk/personal-demographics/FHIR/R4.
	BaseURL   string
	Transport http.RoundTripper // authorises each call, and judges the address
	Now       func() time.Time
	Random    io.Reader // draws the ids of calls
}

// Service implements patients.Tracer.
type Service struct {
	base   string
	client *http.Client
	now    func() time.Time
	random io.Reader
}

var _ patients.Tracer = (*Service)(nil)

// New makes one.
func New(o Options) *Service {
	return &Service{
		base: strings.TrimRight(o.BaseURL, "/"), now: o.Now, random: o.Random,
		client: &http.Client{
			Transport: o.Transport, Timeout: Timeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// Get implements patients.Tracer.
func (s *Service) Get(ctx context.Context, number nhs.Number) (patients.Record, error) {
	a, err := s.call(ctx, "/Patient/"+url.PathEscape(string(number)))
	if err != nil {
		return patients.Record{}, err
	}
	if a.status != http.StatusOK {
		return patients.Record{}, a.problem()
	}
	var p patient
	if err := json.Unmarshal(a.body, &p); err != nil {
		return patients.Record{}, unreadable()
	}
	record, err := p.record(nhs.DateOf(s.now()))
	record.Replaced = err == nil && record.NHSNumber != number
	return record, err
}

// Search implements patients.Tracer. It searches as the specification advises for one sure match: the first letters of the
// given name and of the postcode, with history.
func (s *Service) Search(ctx context.Context, given patients.Given) (patients.Record, error) {
	if given.BirthDate.IsZero() || given.FamilyName == "" {
		return patients.Record{}, &patients.NoRecord{Why: patients.TooLittle}
	}
	q := url.Values{"family": {given.FamilyName}, "birthdate": {"eq" + given.BirthDate.String()}, "_history": {"true"}, "_max-results": {"1"}}
	if given.GivenName != "" {
		q.Set("given", beginning(given.GivenName, 3))
	}
	if given.Sex != "" && given.GivenName == "" {
		q.Set("gender", string(given.Sex))
	}
	if given.Postcode != "" && given.Postcode != nhs.NoFixedAbode {
		q.Set("address-postalcode", beginning(string(given.Postcode), 2))
	}
	return s.search(ctx, q)
}

// beginning is the first letters and a wildcard, which the register takes after two letters at the earliest.
func beginning(s string, letters int) string {
	r := []rune(s)
	if len(r) <= letters {
		return s
	}
	return string(r[:letters]) + "*"
}

func (s *Service) search(ctx context.Context, q url.Values) (patients.Record, error) {
	a, err := s.call(ctx, "/Patient?"+q.Encode())
	if err != nil {
		return patients.Record{}, err
	}
	if a.status != http.StatusOK {
		return patients.Record{}, a.problem()
	}
	var found bundle
	if err := json.Unmarshal(a.body, &found); err != nil {
		return patients.Record{}, unreadable()
	}
	switch {
	case found.ResourceType == "OperationOutcome": // too many matches come with status 200
		return patients.Record{}, a.problem()
	case found.ResourceType != "Bundle":
		return patients.Record{}, unreadable()
	case len(found.Entry) == 0:
		return patients.Record{}, &patients.NoRecord{Why: patients.Unknown}
	case len(found.Entry) > 1:
		return patients.Record{}, &patients.NoRecord{Why: patients.Several}
	}
	return found.Entry[0].Resource.record(nhs.DateOf(s.now()))
}

// answer is a reply that was read whole.
type answer struct {
	status     int
	retryAfter time.Duration
	body       []byte
}

func (s *Service) call(ctx context.Context, path string) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base+path, nil)
	if err != nil {
		return answer{}, &patients.Unasked{Cause: errors.New("the address of the register is not valid")}
	}
	id, err := uuid.NewRandomFromReader(s.random)
	if err != nil {
		return answer{}, fmt.Errorf("draw the id of a call: %w", err)
	}
	request.Header.Set("Accept", "application/fhir+json")
	request.Header.Set("X-Request-ID", id.String())
	request.Header.Set("X-Correlation-ID", id.String())
	response, err := s.client.Do(request)
	if err != nil {
		return answer{}, &patients.Unasked{Cause: withoutAddress(err)}
	}
	defer func() { _ = response.Body.Close() }()
	a := answer{status: response.StatusCode, retryAfter: wait(response.Header.Get("Retry-After"))}
	if a.body, err = io.ReadAll(io.LimitReader(response.Body, answerLimit+1)); err != nil {
		return answer{}, &patients.Unasked{Cause: errors.New("the answer broke off")}
	}
	if len(a.body) > answerLimit {
		return answer{}, unreadable()
	}
	return a, nil
}

// withoutAddress keeps what went wrong and drops where: the address of a call has somebody's number in it.
func withoutAddress(err error) error {
	var call *url.Error
	if errors.As(err, &call) {
		err = call.Err
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("%T", err)
}

// problem is what an answer that is not the one hoped for means.
func (a answer) problem() error {
	var outcome operationOutcome
	_ = json.Unmarshal(a.body, &outcome) // an answer without one is judged by its status
	switch code := outcome.code(); {
	case code == "INVALIDATED_RESOURCE":
		return &patients.NoRecord{Why: patients.Invalidated}
	case code == "TOO_MANY_MATCHES":
		return &patients.NoRecord{Why: patients.Several}
	case code == "RESOURCE_NOT_FOUND", code == "INVALID_RESOURCE_ID":
		return &patients.NoRecord{Why: patients.Unknown}
	case code == "INVALID_SEARCH_DATA", code == "MISSING_VALUE" && a.status == http.StatusBadRequest:
		return &patients.NoRecord{Why: patients.TooLittle}
	default:
		if code == "" {
			code = "no code"
		}
		return &patients.Unasked{After: a.retryAfter, Cause: fmt.Errorf("status %d, %s", a.status, code)}
	}
}

func unreadable() error {
	return &patients.Unasked{Cause: errors.New("the answer is not what the specification says")}
}

// wait reads Retry-After as seconds, which is how the register says it.
func wait(header string) time.Duration {
	seconds, err := strconv.Atoi(strings.TrimSpace(header))
	if err != nil || seconds < 0 || seconds > 3600 {
		return 0
	}
	return time.Duration(seconds) * time.Second
}
