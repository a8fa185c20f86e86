package gpconnect

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/google/uuid"

	"onedoor/app/clinical"
)

const contentType = "application/fhir+json;charset=utf-8"

// call is one request.
type call struct {
	method, path string
	query        url.Values
	interaction  string
	scope        string
	by           asker
	trace        uuid.UUID // one of its own when none
	ifMatch      string
	body         any
	// changes says that the request changes something: then an answer that was lost leaves it unknown.
	changes bool
}

// answer is what the system said, whole.
type answer struct {
	status     int
	etag       string
	retryAfter time.Duration
	body       []byte
	changes    bool
}

// do makes one request and reads its answer whole. An error means that there is no answer to judge.
func (s *System) do(ctx context.Context, c call) (answer, error) {
	if err := c.by.check(); err != nil {
		return answer{}, err
	}
	request, err := s.request(ctx, c)
	if err != nil {
		return answer{}, &clinical.Refused{Says: "What is to be sent to the practice’s system cannot be written.", Cause: err}
	}
	response, err := s.client.Do(request)
	if err != nil {
		return answer{}, lost(err, c.changes)
	}
	defer func() { _ = response.Body.Close() }()
	a := answer{
		status: response.StatusCode, etag: response.Header.Get("ETag"), changes: c.changes,
		retryAfter: wait(response.Header.Get("Retry-After"), s.o.Now()),
	}
	if a.body, err = io.ReadAll(io.LimitReader(response.Body, answerLimit+1)); err != nil {
		return answer{}, lost(err, c.changes)
	}
	if a.status/100 == 2 && (len(a.body) > answerLimit || !isFHIR(response.Header.Get("Content-Type"))) {
		return answer{}, a.unreadable(errors.New("a success that is not FHIR JSON, or too long"))
	}
	return a, nil
}

func (s *System) request(ctx context.Context, c call) (*http.Request, error) {
	var body []byte
	if c.body != nil {
		var err error
		if body, err = json.Marshal(c.body); err != nil {
			return nil, err
		}
	}
	address := s.base + c.path
	if len(c.query) > 0 {
		address += "?" + c.query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, c.method, address, bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("the address is not valid") // it would be repeated, with what it asks for
	}
	if c.trace == uuid.Nil {
		if c.trace, err = uuid.NewRandomFromReader(s.o.Random); err != nil {
			return nil, err
		}
	}
	token, err := s.token(c.by, c.scope)
	if err != nil {
		return nil, err
	}
	h := request.Header
	h.Set("Accept", contentType)
	h.Set("Ssp-TraceID", c.trace.String())
	h.Set("Ssp-From", s.o.Settings[SettingConsumerASID])
	h.Set("Ssp-To", s.o.Settings[SettingProviderASID])
	h.Set("Ssp-InteractionID", c.interaction)
	h.Set("Authorization", "Bearer "+token)
	if c.ifMatch != "" {
		h.Set("If-Match", c.ifMatch)
	}
	if body != nil {
		h.Set("Content-Type", contentType)
	}
	return request, nil
}

func isFHIR(header string) bool {
	kind, _, err := mime.ParseMediaType(header)
	return err == nil && (kind == "application/fhir+json" || kind == "application/json")
}

// lost judges a call without an answer. A connection that was never made has had no effect, and neither has a question.
func lost(err error, changes bool) error {
	var addressed *url.Error
	if errors.As(err, &addressed) {
		err = addressed.Err // its text holds the address, and that may hold an NHS number
	}
	// What goes before the call, such as signing in, says itself what it means.
	var refused *clinical.Refused
	var unavailable *clinical.Unavailable
	if errors.As(err, &refused) || errors.As(err, &unavailable) {
		return err
	}
	var op *net.OpError
	if dialled := errors.As(err, &op) && op.Op == "dial"; dialled || !changes {
		return &clinical.Unavailable{Says: "The practice’s system cannot be reached, or did not answer in time.", Cause: err}
	}
	return &clinical.Unknown{Says: "The practice’s system did not confirm it in time. We look whether it was done.", Cause: err}
}

// unreadable is a success that we cannot read.
func (a answer) unreadable(cause error) error {
	says := "The practice’s system answered in a way that we cannot read."
	if a.changes {
		return &clinical.Unknown{Says: says + " We look whether it was done.", Cause: cause}
	}
	return &clinical.Unavailable{Says: says, Cause: cause}
}

// wait reads Retry-After: seconds, or a date (RFC 9110, 10.2.3).
func wait(header string, now time.Time) time.Duration {
	if seconds, err := strconv.Atoi(header); err == nil {
		return max(0, time.Duration(min(seconds, 86_400))*time.Second)
	}
	at, err := http.ParseTime(header)
	if err != nil {
		return 0
	}
	return max(0, at.Sub(now))
}

// Words for the Spine's error codes (pages/development/development_fhir_error_handling_guidance.md). The system's own words
// are not repeated: they may name the patient.
var spineWords = map[string]string{
	"INVALID_IDENTIFIER_SYSTEM":    "it does not know this kind of number",
	"INVALID_IDENTIFIER_VALUE":     "a number is not valid",
	"INVALID_NHS_NUMBER":           "the NHS number is not valid",
	"INVALID_PATIENT_DEMOGRAPHICS": "the patient’s details could not be traced",
	"ORGANISATION_NOT_FOUND":       "it does not know the organisation",
	"PATIENT_NOT_FOUND":            "it has no active patient with this NHS number",
	"PRACTITIONER_NOT_FOUND":       "it does not know the practitioner",
	"NO_RECORD_FOUND":              "it does not have this appointment",
	"NO_PATIENT_CONSENT":           "the patient has not agreed to sharing",
	"NO_ORGANISATION_CONSENT":      "the organisation has not agreed to sharing",
	"ACCESS_DENIED":                "we are not allowed to",
	"DUPLICATE_REJECTED":           "it conflicts with what is there",
	"INVALID_RESOURCE":             "one of its own rules forbids it",
	"INVALID_PARAMETER":            "it could not read what was asked for",
	"REFERENCE_NOT_FOUND":          "it no longer has what was chosen",
	"BAD_REQUEST":                  "it could not read the request",
	"NOT_IMPLEMENTED":              "it does not offer this",
}

var statusWords = map[int]string{
	http.StatusUnauthorized: "it does not accept who we are", http.StatusForbidden: "we are not allowed to",
	http.StatusNotFound: "it does not have this", http.StatusMethodNotAllowed: "it does not offer this",
	http.StatusUnsupportedMediaType: "it does not take this kind of content", http.StatusNotImplemented: "it does not offer this",
}

// problem judges an answer that is not a success.
func (a answer) problem() error {
	cause := fmt.Errorf("status %d %s", a.status, a.code())
	switch {
	case a.status == http.StatusTooManyRequests || a.status == http.StatusServiceUnavailable ||
		a.status == http.StatusRequestTimeout || a.status == http.StatusTooEarly:
		return &clinical.Unavailable{Says: "The practice’s system takes no more for the moment.", RetryAfter: a.retryAfter, Cause: cause}
	case a.status >= 500 && a.status != http.StatusNotImplemented && a.changes:
		// The proxy's 502 and 504 say nothing of what the practice's system did.
		return &clinical.Unknown{Says: "The practice’s system has a problem of its own. We look whether it was done.", RetryAfter: a.retryAfter, Cause: cause}
	case a.status >= 500 && a.status != http.StatusNotImplemented:
		return &clinical.Unavailable{Says: "The practice’s system has a problem of its own.", RetryAfter: a.retryAfter, Cause: cause}
	case a.status/100 == 3:
		return &clinical.Refused{Says: "The practice’s system sent us to another address, where nothing is sent.", Cause: cause}
	case a.status/100 <= 2:
		return a.unreadable(cause)
	}
	because := spineWords[a.code()]
	if because == "" {
		because = statusWords[a.status]
	}
	if because == "" {
		because = "it gave no reason that we know"
	}
	return &clinical.Refused{Says: "The practice’s system refused: " + because + ".", Cause: cause}
}

// code is the Spine's error code, when it is one that is known: nothing else of an answer is repeated.
func (a answer) code() string {
	var outcome operationOutcome
	if json.Unmarshal(a.body, &outcome) != nil || outcome.ResourceType != "OperationOutcome" {
		return ""
	}
	for _, issue := range outcome.Issue {
		for _, c := range issue.Details.Coding {
			if spineWords[c.Code] != "" {
				return c.Code
			}
		}
	}
	return ""
}

// entries are a searchset's resources.
func (a answer) entries() ([]json.RawMessage, error) {
	if a.status != http.StatusOK {
		return nil, a.problem()
	}
	var b bundle
	if err := json.Unmarshal(a.body, &b); err != nil || b.ResourceType != "Bundle" {
		return nil, a.unreadable(errors.New("no Bundle"))
	}
	out := make([]json.RawMessage, len(b.Entry))
	for i, e := range b.Entry {
		out[i] = e.Resource
	}
	return out, nil
}
