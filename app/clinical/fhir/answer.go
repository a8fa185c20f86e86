package fhir

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"onedoor/app/clinical"
)

// answer is what a server said, whole.
type answer struct {
	method     string
	status     int
	retryAfter time.Duration
	fhir       bool // the body is FHIR JSON of a sensible size
	body       []byte
}

// receipt reads the answer to our transaction: one entry for each of ours, created now (201) or there already (200).
func (a answer) receipt() (clinical.Receipt, error) {
	var answered bundle
	if err := json.Unmarshal(a.body, &answered); err != nil || answered.ResourceType != "Bundle" || len(answered.Entry) != 2 {
		return clinical.Receipt{}, a.unreadable(err)
	}
	for _, entry := range answered.Entry {
		if entry.Response == nil || (!strings.HasPrefix(entry.Response.Status, "200") && !strings.HasPrefix(entry.Response.Status, "201")) {
			return clinical.Receipt{}, a.unreadable(errors.New("an entry of a transaction that succeeded is neither 200 nor 201"))
		}
	}
	first := answered.Entry[0].Response
	id, ok := externalID(first.Location)
	if !ok {
		return clinical.Receipt{}, a.unreadable(errors.New("the Task has no location"))
	}
	return clinical.Receipt{State: clinical.Filed, ExternalID: id, ETag: first.ETag, At: when(first.LastModified)}, nil
}

var taskLocation = regexp.MustCompile(`(?:^|/)(Task/[A-Za-z0-9\-.]{1,64})(?:/_history/[A-Za-z0-9\-.]{1,64})?$`)

// externalID is the Task's own name, from a location that may be absolute or relative, with or without a version.
func externalID(location string) (string, bool) {
	m := taskLocation.FindStringSubmatch(location)
	if m == nil {
		return "", false
	}
	return m[1], true
}

func when(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{} // the moment that we heard of it is used instead
	}
	return t
}

// unreadable is a success that we cannot read: something happened, so it is looked for.
func (a answer) unreadable(cause error) error {
	return &clinical.Unknown{
		Says: "The clinical system answered in a way that we cannot read. We look whether it has the document before we send it again.", Cause: cause,
	}
}

// lost judges a call without an answer. Only a connection that was never made is sure to have had no effect.
func lost(err error) error {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return &clinical.Unavailable{Says: "The clinical system cannot be reached.", Cause: err}
	}
	var timeout interface{ Timeout() bool }
	if errors.As(err, &timeout) && timeout.Timeout() {
		return &clinical.Unknown{Says: "The clinical system did not answer in time. We look whether it has the document before we send it again.", Cause: err}
	}
	return &clinical.Unknown{Says: "The connection to the clinical system was lost. We look whether it has the document before we send it again.", Cause: err}
}

// problem judges an answer that is not a success.
func (a answer) problem() error {
	switch {
	case a.status == http.StatusRequestTimeout || a.status == http.StatusTooEarly:
		return &clinical.Unavailable{Says: "The clinical system asked us to try again later.", RetryAfter: a.retryAfter, Cause: a.cause()}
	case a.status == http.StatusTooManyRequests:
		return &clinical.Unavailable{Says: "The clinical system takes no more for the moment.", RetryAfter: a.retryAfter, Cause: a.cause()}
	case a.status >= 500:
		return &clinical.Unavailable{Says: "The clinical system has a problem of its own.", RetryAfter: a.retryAfter, Cause: a.cause()}
	case a.status/100 == 3:
		return &clinical.Refused{Says: "The clinical system sent us to another address. Documents go only to the address that was set up.", Cause: a.cause()}
	case a.status/100 == 2 || a.status/100 == 1:
		return a.unreadable(a.cause())
	}
	return &clinical.Refused{Says: a.refusal(), Cause: a.cause()}
}

func (a answer) cause() error { return fmt.Errorf("%s: status %d", a.method, a.status) }

// Words for the issue types that servers use (hl7.org/fhir/R4/valueset-issue-type). The server's own words are not
// repeated: they may name the patient.
var issueWords = map[string]string{
	"required":         "something that it needs is missing",
	"value":            "a value is not one that it allows",
	"invariant":        "the content breaks one of its rules",
	"structure":        "it could not read the content",
	"invalid":          "the content is not valid",
	"code-invalid":     "it does not know one of the codes",
	"not-found":        "it does not know the patient or the organisation",
	"not-supported":    "it does not offer this",
	"duplicate":        "it already has a different record of this",
	"multiple-matches": "it has more than one record of this",
	"conflict":         "it conflicts with what is there",
	"business-rule":    "one of its own rules forbids it",
	"too-long":         "the content is too long",
	"login":            "we are not signed in to it",
	"unknown":          "it does not know us",
	"expired":          "our sign-in has expired",
	"forbidden":        "we are not allowed to",
	"security":         "we are not allowed to",
	"suppressed":       "it may not tell us",
	"processing":       "it could not process it",
}

var statusWords = map[int]string{
	http.StatusUnauthorized:          "we are not signed in to it",
	http.StatusForbidden:             "we are not allowed to",
	http.StatusNotFound:              "the address that was set up is not there",
	http.StatusMethodNotAllowed:      "it does not offer this",
	http.StatusRequestEntityTooLarge: "the content is too long",
	http.StatusUnsupportedMediaType:  "it does not take this kind of content",
}

// place is a path into the resource, such as Task.for or Bundle.entry[0].resource.code: element names and no values.
var place = regexp.MustCompile(`^[A-Z][A-Za-z]{1,40}(\.[a-z][A-Za-z]{1,40}(\[[0-9]{1,3}\])?){0,8}$`)

// refusal is a permanent no in plain words.
func (a answer) refusal() string {
	because := statusWords[a.status]
	where := ""
	var outcome operationOutcome
	if a.fhir && json.Unmarshal(a.body, &outcome) == nil && outcome.ResourceType == "OperationOutcome" {
		for _, i := range outcome.Issue {
			if words, known := issueWords[i.Code]; known && (i.Severity == "error" || i.Severity == "fatal") {
				because = words
				if len(i.Expression) > 0 && place.MatchString(i.Expression[0]) {
					where = " (at " + i.Expression[0] + ")"
				}
				break
			}
		}
	}
	if because == "" {
		because = "it gave no reason that we know"
	}
	return fmt.Sprintf("The clinical system refused the document: %s%s.", because, where)
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
