package fhir

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"time"

	"onedoor/app/clinical"
	"onedoor/app/clinical/r4"
)

// answer is what a server said, whole.
type answer struct {
	method     string
	writes     bool // it may have had an effect
	status     int
	etag       string
	location   string
	retryAfter time.Duration
	fhir       bool // the body is FHIR JSON of a sensible size
	body       []byte
}

// unreadable is a success that we cannot read: where something may have happened, it is looked for.
func (a answer) unreadable(cause error) error {
	if !a.writes {
		return &clinical.Unavailable{Says: "The clinical system answered in a way that we cannot read.", Cause: cause}
	}
	return &clinical.Unknown{
		Says: "The clinical system answered in a way that we cannot read. We look whether it has the document before we send it again.", Cause: cause,
	}
}

// lost judges a call without an answer. Only a connection that was never made, or a sign-in that failed before it, is sure to have
// had no effect.
func lost(err error, writes bool) error {
	var refused *clinical.Refused
	var unavailable *clinical.Unavailable
	switch {
	case errors.As(err, &refused): // not sent: package authorise
		return refused
	case errors.As(err, &unavailable):
		return unavailable
	}
	err = withoutAddress(err)
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return &clinical.Unavailable{Says: "The clinical system cannot be reached.", Cause: err}
	}
	var timeout interface{ Timeout() bool }
	late := errors.As(err, &timeout) && timeout.Timeout()
	switch {
	case !writes && late:
		return &clinical.Unavailable{Says: "The clinical system did not answer in time.", Cause: err}
	case !writes:
		return &clinical.Unavailable{Says: "The connection to the clinical system was lost.", Cause: err}
	case late:
		return &clinical.Unknown{Says: "The clinical system did not answer in time. We look whether it has the document before we send it again.", Cause: err}
	}
	return &clinical.Unknown{Says: "The connection to the clinical system was lost. We look whether it has the document before we send it again.", Cause: err}
}

// withoutAddress takes the address out of an error of net/url.
func withoutAddress(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// problem judges an answer that is not a success.
func (a answer) problem() error {
	switch {
	case a.status == http.StatusUnauthorized:
		// It is about the connection, not about what was sent: that waits until somebody has mended it.
		return &clinical.Unavailable{Says: "We are not signed in to the clinical system.", RetryAfter: a.retryAfter, Cause: a.cause()}
	case a.status == http.StatusRequestTimeout || a.status == http.StatusTooEarly:
		return &clinical.Unavailable{Says: "The clinical system asked us to try again later.", RetryAfter: a.retryAfter, Cause: a.cause()}
	case a.status == http.StatusTooManyRequests:
		return &clinical.Unavailable{Says: "The clinical system takes no more for the moment.", RetryAfter: a.retryAfter, Cause: a.cause()}
	case a.status >= 500 && a.status != http.StatusServiceUnavailable && a.status != http.StatusNotImplemented && a.writes:
		// Something in front of the system, or the system after it had begun: it may have been done.
		return &clinical.Unknown{
			Says:       "The clinical system had a problem of its own while it answered. We look whether it has the document before we send it again.",
			RetryAfter: a.retryAfter, Cause: a.cause(),
		}
	case a.status >= 500 && a.status != http.StatusNotImplemented:
		return &clinical.Unavailable{Says: "The clinical system has a problem of its own.", RetryAfter: a.retryAfter, Cause: a.cause()}
	case a.status/100 == 3:
		return &clinical.Refused{Says: "The clinical system sent us to another address. Documents go only to the address that was set up.", Cause: a.cause()}
	case a.status/100 == 2 || a.status/100 == 1:
		return a.unreadable(a.cause())
	}
	return &clinical.Refused{Says: a.refusal(), Cause: a.cause()}
}

// conflict reports that something was not as the write expected it: 409, or 412 where a version or a search was named.
func (a answer) conflict() bool {
	return a.status == http.StatusConflict || a.status == http.StatusPreconditionFailed
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
	http.StatusForbidden:             "we are not allowed to",
	http.StatusNotFound:              "the address that was set up is not there",
	http.StatusMethodNotAllowed:      "it does not offer this",
	http.StatusNotImplemented:        "it does not offer this",
	http.StatusRequestEntityTooLarge: "the content is too long",
	http.StatusUnsupportedMediaType:  "it does not take this kind of content",
}

// place is a path into the resource, such as Task.for or Bundle.entry[0].resource.code: element names and no values.
var place = regexp.MustCompile(`^[A-Z][A-Za-z]{1,40}(\.[a-z][A-Za-z]{1,40}(\[[0-9]{1,3}\])?){0,8}$`)

// refusal is a permanent no in plain words.
func (a answer) refusal() string {
	because := statusWords[a.status]
	where := ""
	var outcome *r4.OperationOutcome
	if a.fhir {
		outcome, _ = r4.DecodeAs[*r4.OperationOutcome](a.body)
	}
	if outcome != nil {
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
	return fmt.Sprintf("The clinical system refused this: %s%s.", because, where)
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
