// Package fault is how the product says no: a kind that each surface turns into its own status once, a stable code that
// a program can act on, and a sentence that a person can read. It knows nothing of HTTP, SQL or any other package, and
// it never carries anything identifiable: sentences are safe to log.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what sort of refusal an error is. Each surface maps it to a status in one place.
type Kind uint8

const (
	// Internal is the zero kind: the product's own mistake. Its cause is logged, never shown.
	Internal Kind = iota
	// Malformed input could not be read at all (HTTP 400).
	Malformed
	// Invalid input was read and breaks a rule; Fields names the places (HTTP 422).
	Invalid
	// Unauthenticated means that we do not know who asks (HTTP 401).
	Unauthenticated
	// Forbidden means that we know, and they may not (HTTP 403).
	Forbidden
	// NotFound is the same for what is absent and what is another's (HTTP 404).
	NotFound
	// Conflict means that the thing is not in the state that the caller saw (HTTP 409).
	Conflict
	// TooLarge input exceeds a stated limit (HTTP 413).
	TooLarge
	// TooMany calls in a time; RetryAfter says when (HTTP 429).
	TooMany
	// Unavailable means try again later; RetryAfter says when (HTTP 503).
	Unavailable
	// Unsupported input is in a format that we do not read (HTTP 415).
	Unsupported
	// WrongMethod means that the address is known and does not do this (HTTP 405).
	WrongMethod
	// Changed means that what the caller held has been changed by somebody else since (HTTP 412).
	Changed
	// Unconditional means that the caller must say which state it saw (HTTP 428).
	Unconditional
)

// Field is one place in the input that breaks a rule.
type Field struct {
	// Pointer is an RFC 6901 JSON pointer into the body, such as /patient/birth_date.
	Pointer string
	Code    string
	Says    string
}

// Error is a refusal.
type Error struct {
	Kind Kind
	// Code is stable and machine-readable, in snake_case: request_claimed.
	Code string
	// Says is one sentence for a person, with nothing identifiable in it.
	Says   string
	Fields []Field
	// Details are further members for a program, such as the version that is current.
	Details    map[string]any
	RetryAfter time.Duration
	// Cause is for the log only.
	Cause error
}

func (e *Error) Error() string {
	if e.Cause != nil {
		return e.Code + ": " + e.Says + ": " + e.Cause.Error()
	}
	return e.Code + ": " + e.Says
}

func (e *Error) Unwrap() error { return e.Cause }

// With returns a copy that carries one more detail.
func (e *Error) With(name string, value any) *Error {
	c := *e
	c.Details = make(map[string]any, len(e.Details)+1)
	for k, v := range e.Details {
		c.Details[k] = v
	}
	c.Details[name] = value
	return &c
}

// Because returns a copy that wraps a cause, for the log.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.Cause = cause
	return &c
}

// New makes an error of a kind.
func New(kind Kind, code, format string, args ...any) *Error {
	return &Error{Kind: kind, Code: code, Says: fmt.Sprintf(format, args...)}
}

// InvalidFields refuses input with every place that is wrong; the sentence counts them.
func InvalidFields(fields []Field) *Error {
	says := "One part of this is not valid."
	if len(fields) == 1 {
		says = fields[0].Says
	} else if len(fields) > 1 {
		says = fmt.Sprintf("%d parts of this are not valid.", len(fields))
	}
	return &Error{Kind: Invalid, Code: "invalid", Says: says, Fields: fields}
}

// Absent is the one answer for what does not exist and what is another's.
func Absent() *Error {
	return New(NotFound, "not_found", "There is nothing here that you can see.")
}

// As finds the Error in err's chain; anything else is Internal and keeps err as its cause.
func As(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Kind: Internal, Code: "internal", Says: "Something went wrong on our side. It has been recorded.", Cause: err}
}

// Is reports whether err is a fault with this code.
func Is(err error, code string) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == code
}
