package clinical

import (
	"errors"
	"time"
)

// Refused is a system's definite no: trying again unchanged would be refused again, so a person has to look.
type Refused struct {
	Says  string // why, in plain words, with nothing identifiable
	Cause error  // for the log
}

func (e *Refused) Error() string { return e.Says }
func (e *Refused) Unwrap() error { return e.Cause }

// Unknown means that the document may or may not have arrived: the answer was lost. It is read back before a resend.
type Unknown struct {
	Says       string
	RetryAfter time.Duration // zero when the system named none
	Cause      error
}

func (e *Unknown) Error() string { return e.Says }
func (e *Unknown) Unwrap() error { return e.Cause }

// Unavailable means that the document did not arrive and may be sent again later.
type Unavailable struct {
	Says       string
	RetryAfter time.Duration // zero when the system named none
	Cause      error
}

func (e *Unavailable) Error() string { return e.Says }
func (e *Unavailable) Unwrap() error { return e.Cause }

// ErrInHand means that a delivery is just being sent: what is said of it meanwhile is heard later.
var ErrInHand = errors.New("this delivery is being sent")

// Begun means that the system has taken the first part of a document under a name of its own. The rest is sent once that
// name is stored, so that a process that dies in between leaves something that is never delivered, and nothing twice. It is
// neither a failure nor yet a delivery: the next try goes on from there, at once.
type Begun struct{ ExternalID string }

func (e *Begun) Error() string { return "The first part of the document was taken. The rest follows." }

// stillUnknown keeps a delivery uncertain when reading it back failed, whatever the failure was.
func stillUnknown(err error) error {
	return &Unknown{Says: says(err), RetryAfter: retryAfter(err), Cause: err}
}

const lostAnswer = "The clinical system's answer did not arrive. We look whether it has the document before we send it again."

func says(err error) string {
	var refused *Refused
	var unknown *Unknown
	var unavailable *Unavailable
	switch {
	case errors.As(err, &unknown): // first: it may wrap one of the others
		return unknown.Says
	case errors.As(err, &refused):
		return refused.Says
	case errors.As(err, &unavailable):
		return unavailable.Says
	}
	return lostAnswer // an error we did not foresee may hold anything, so its text is not shown
}

func retryAfter(err error) time.Duration {
	var unknown *Unknown
	var unavailable *Unavailable
	switch {
	case errors.As(err, &unknown):
		return unknown.RetryAfter
	case errors.As(err, &unavailable):
		return unavailable.RetryAfter
	}
	return 0
}
