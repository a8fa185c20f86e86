package bars

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"onedoor/app/clinical"
	"onedoor/app/clinical/r4"
)

// answer is what came back, whole. The body is empty when it is not FHIR or of no sensible size.
type answer struct {
	call       call
	status     int
	retryAfter time.Duration
	echoed     bool // both ids were given back
	body       []byte
}

// verdict is what an answer means for the message.
type verdict uint8

const (
	taken     verdict = iota // it is theirs, and the body says so
	duplicate                // it was theirs already
	refused                  // they will not have it: a person looks
	later                    // they did not take it: send it again, the same
	waiting                  // they still work on it: look, then send it again, the same
	lostAway                 // nobody knows: look, then send it again, the same
)

// judge applies the standard's table of retries to an answer. Source: Core, Transactional integrity, Sender responsibilities,
// and Failure scenarios for 425. Two things are read beyond its letter: the issue type `transient` stands for its family
// (hl7.org/fhir/R4/codesystem-issue-type), and 403 is refused, since what a person has to put right is not put right by time.
func (a answer) judge() (verdict, r4.Issue) {
	outcome, ok := a.outcome()
	switch {
	case a.status/100 == 2:
		if a.echoed && a.body != nil {
			return taken, r4.Issue{}
		}
		return lostAway, r4.Issue{}
	case a.status/100 == 3:
		return refused, r4.Issue{}
	case a.status == http.StatusTooManyRequests, a.status == http.StatusServiceUnavailable:
		return later, outcome
	case a.status == http.StatusTooEarly:
		return waiting, outcome
	case a.status == http.StatusRequestTimeout, a.status == http.StatusGatewayTimeout:
		return lostAway, outcome
	case !ok, !a.echoed: // somebody on the way has answered
		return lostAway, outcome
	case a.status == http.StatusConflict && outcome.Code == "duplicate":
		return duplicate, outcome
	case slices.Contains([]string{"throttled", "too-many-requests"}, outcome.Code), has(outcome, "PROXY_TOO_MANY_REQUESTS", "TOO_MANY_REQUESTS"):
		return later, outcome
	case a.status >= 500 && slices.Contains([]string{"transient", "lock-error", "no-store", "exception", "timeout", "incomplete"}, outcome.Code):
		return lostAway, outcome
	}
	return refused, outcome
}

// outcome is the first issue that is an error; false without an OperationOutcome.
func (a answer) outcome() (r4.Issue, bool) {
	o, err := r4.DecodeAs[*r4.OperationOutcome](a.body)
	if err != nil || len(o.Issue) == 0 {
		return r4.Issue{}, false
	}
	for _, i := range o.Issue {
		if i.Severity == "error" || i.Severity == "fatal" {
			return i, true
		}
	}
	return o.Issue[0], true
}

func has(i r4.Issue, codes ...string) bool {
	if i.Details == nil {
		return false
	}
	for _, c := range i.Details.Coding {
		if slices.Contains(codes, c.Code) {
			return true
		}
	}
	return false
}

// problem is an answer that is no success as the port says it. Their own words are not repeated: they may name the patient.
func (a answer) problem() error {
	v, i := a.judge()
	cause := fmt.Errorf("%s: status %d, issue %.20s", a.call.method, a.status, word(i.Code))
	switch v {
	case later:
		return &clinical.Unavailable{Says: "The receiving service takes nothing for the moment.", RetryAfter: a.retryAfter, Cause: cause}
	case waiting:
		return &clinical.Unknown{Says: "The receiving service is still working on what we sent. We look again, and send nothing new.", RetryAfter: a.retryAfter, Cause: cause}
	case refused:
		return &clinical.Refused{Says: a.refusal(i), Cause: cause}
	case taken, duplicate, lostAway:
	}
	says := "The receiving service gave no answer that counts. We look whether it has the referral before we send the same again."
	if a.call.method == http.MethodGet { // it was only asked: a test of the connection has no referral to look for
		says = "The receiving service was asked, and gave no answer that counts."
	}
	return &clinical.Unknown{Says: says, RetryAfter: a.retryAfter, Cause: cause}
}

// word keeps an issue's code for the log, and nothing that is not one.
func word(code string) string {
	if _, known := issueWords[code]; known {
		return code
	}
	return "other"
}

// Words for the issue types that the standard uses.
var issueWords = map[string]string{
	"required":      "something that it needs is missing",
	"value":         "a value is not one that it allows",
	"invariant":     "what was sent breaks one of its rules",
	"structure":     "it could not read what was sent",
	"invalid":       "what was sent is not valid",
	"not-found":     "it does not know what this is about",
	"not-supported": "it does not offer this",
	"conflict":      "it has changed this meanwhile, or works on it already",
	"too-costly":    "it is too much at once",
	"login":         "we are not signed in to it",
	"unknown":       "it does not know us",
	"expired":       "our sign-in has expired",
	"forbidden":     "we are not allowed to",
	"security":      "we are not allowed to",
	"processing":    "we do not speak the same version",
	"exception":     "it has a problem of its own",
	"transient":     "it has a problem of its own",
}

func (a answer) refusal(i r4.Issue) string {
	because := issueWords[i.Code]
	switch {
	case a.status/100 == 3:
		because = "it sent us to another address, and referrals go only to the address that was set up"
	case because == "":
		because = "it gave no reason that we know"
	}
	return "The receiving service refused: " + because + "."
}
