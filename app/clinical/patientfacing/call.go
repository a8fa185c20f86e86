package patientfacing

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
	"onedoor/app/clinical/r4"
)

type call struct {
	method, path string
	query        url.Values
	id, exchange uuid.UUID // X-Request-ID, the same at every try, and X-Correlation-ID
	body         any
}

type answer struct {
	status     int
	retryAfter time.Duration
	body       []byte
	changes    bool
}

// do makes one request and reads its answer whole. An error means that there is no answer to judge.
func (s *System) do(ctx context.Context, c call) (answer, error) {
	var body []byte
	if c.body != nil {
		var err error
		if body, err = json.Marshal(c.body); err != nil {
			return answer{}, &clinical.Refused{Says: "The order cannot be written as FHIR, so it was not sent.", Cause: err}
		}
	}
	address := s.base + c.path
	if len(c.query) > 0 {
		address += "?" + c.query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, c.method, address, bytes.NewReader(body))
	if err != nil {
		return answer{}, &clinical.Refused{Says: "The address of the practice’s system is not valid."}
	}
	request.Header.Set("Accept", "application/fhir+json")
	request.Header.Set("X-Request-ID", c.id.String())
	request.Header.Set("X-Correlation-ID", c.exchange.String())
	if body != nil {
		request.Header.Set("Content-Type", "application/fhir+json")
	}
	a := answer{changes: body != nil}
	response, err := s.client.Do(request)
	if err != nil {
		return answer{}, a.lost(err)
	}
	defer func() { _ = response.Body.Close() }()
	a.status = response.StatusCode
	if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil {
		a.retryAfter = max(0, time.Duration(min(seconds, 86_400))*time.Second)
	}
	if a.body, err = io.ReadAll(io.LimitReader(response.Body, answerLimit+1)); err != nil {
		return answer{}, a.lost(err)
	}
	kind, _, err := mime.ParseMediaType(response.Header.Get("Content-Type"))
	if a.status/100 == 2 && (err != nil || len(a.body) > answerLimit || (kind != "application/fhir+json" && kind != "application/json")) {
		return answer{}, a.unreadable(errors.New("a success that is not FHIR JSON, or too long"))
	}
	return a, nil
}

// lost judges a call without an answer. The address is taken out of the cause: it may hold an NHS number.
func (a answer) lost(err error) error {
	var addressed *url.Error
	if errors.As(err, &addressed) {
		err = addressed.Err
	}
	var refused *clinical.Refused
	var unavailable *clinical.Unavailable
	if errors.As(err, &refused) || errors.As(err, &unavailable) { // what goes before the call, such as signing in
		return err
	}
	var op *net.OpError
	if dialled := errors.As(err, &op) && op.Op == "dial"; dialled || !a.changes {
		return &clinical.Unavailable{Says: "The practice’s system cannot be reached, or did not answer in time.", Cause: err}
	}
	return &clinical.Unknown{Says: "The practice’s system did not confirm it in time. We look whether it was done.", Cause: err}
}

func (a answer) unreadable(cause error) error {
	says := "The practice’s system answered in a way that we cannot read."
	if a.changes {
		return &clinical.Unknown{Says: says + " We look whether it was done.", Cause: cause}
	}
	return &clinical.Unavailable{Says: says, Cause: cause}
}

// Words for the Spine's codes that the specification lists. The system's own are not repeated.
var spineWords = map[string]string{
	"BAD_REQUEST": "it could not read the request", "ACCESS_DENIED": "the patient is not allowed to here", "DUPLICATE_REJECTED": "it has this already, for another",
	"INVALID_RESOURCE": "one of its own rules forbids it", "REFERENCE_NOT_FOUND": "it no longer has what was chosen", "RESOURCE_NOT_FOUND": "it no longer has what was chosen",
	"PATIENT_NOT_FOUND": "it does not know the patient", "INVALID_PARAMETER": "it could not read what was asked for", "CONFLICTING_VALUES": "the quantity does not fit the medicine",
}

func (a answer) problem() error {
	code := ""
	var outcome struct {
		Issue []struct {
			Details r4.CodeableConcept `json:"details"`
		} `json:"issue"`
	}
	if json.Unmarshal(a.body, &outcome) == nil {
		for _, i := range outcome.Issue {
			for _, c := range i.Details.Coding {
				if spineWords[c.Code] != "" {
					code = c.Code
				}
			}
		}
	}
	cause := fmt.Errorf("status %d %s", a.status, code)
	switch {
	case a.status == http.StatusTooManyRequests || a.status == http.StatusServiceUnavailable ||
		a.status == http.StatusRequestTimeout || a.status == http.StatusTooEarly:
		return &clinical.Unavailable{Says: "The practice’s system takes no more for the moment.", RetryAfter: a.retryAfter, Cause: cause}
	case a.status >= 500 && a.changes:
		return &clinical.Unknown{Says: "The practice’s system has a problem of its own. We look whether it was done.", RetryAfter: a.retryAfter, Cause: cause}
	case a.status >= 500:
		return &clinical.Unavailable{Says: "The practice’s system has a problem of its own.", RetryAfter: a.retryAfter, Cause: cause}
	case a.status == http.StatusConflict && code != "DUPLICATE_REJECTED":
		return &clinical.Unavailable{Says: "The practice’s system reported a conflict with another change.", RetryAfter: a.retryAfter, Cause: cause}
	case a.status/100 <= 2:
		return a.unreadable(cause)
	case a.status == http.StatusUnauthorized:
		return &clinical.Refused{Says: "The practice’s system wants the patient to be signed in with NHS login, with proof of who they are.", Cause: cause}
	case code == "":
		return &clinical.Refused{Says: "The practice’s system refused, and gave no reason that we know.", Cause: cause}
	}
	return &clinical.Refused{Says: "The practice’s system refused: " + spineWords[code] + ".", Cause: cause}
}

func (a answer) entries() ([]r4.Entry, error) {
	if a.status != http.StatusOK {
		return nil, a.problem()
	}
	var b r4.Bundle
	if err := json.Unmarshal(a.body, &b); err != nil {
		return nil, a.unreadable(errors.New("no Bundle"))
	}
	return b.Entry, nil
}
