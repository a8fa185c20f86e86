package patients

import (
	"context"
	"slices"

	"onedoor/app/nhs"
)

// Needs are what a person needs so that care reaches them as it does others: read before anybody asks again.
type Needs struct {
	Language    string `json:"language,omitempty"` // BCP 47; empty when not recorded
	Interpreter bool   `json:"interpreter,omitempty"`
	// WrittenFormat and ContactMethod are as the register words them: Braille, Large print, Letter, Text message.
	WrittenFormat string       `json:"written_format,omitempty"`
	ContactMethod string       `json:"contact_method,omitempty"`
	Adjustments   []Adjustment `json:"adjustments,omitempty"`
	// Said and Words are what the person says themselves. Confirmed means that they saw all of it, and this is what they left.
	Said      []Support `json:"said,omitempty"`
	Words     string    `json:"words,omitempty"`
	Confirmed bool      `json:"confirmed,omitempty"`
}

// Adjustment is one reasonable adjustment (Equality Act 2010) that is recorded nationally for a person.
type Adjustment struct {
	Code string `json:"code"` // SNOMED CT
	Says string `json:"says"` // as the register words it: Requires information verbally
	Note string `json:"note,omitempty"`
}

// None reports whether nothing is recorded, and nothing was said.
func (n Needs) None() bool {
	return n.Language == "" && !n.Interpreter && n.WrittenFormat == "" && n.ContactMethod == "" && len(n.Adjustments) == 0 &&
		len(n.Said) == 0 && n.Words == ""
}

// And joins two registers' needs; what n says already stands.
func (n Needs) And(other Needs) Needs {
	if n.Language == "" {
		n.Language = other.Language
	}
	if n.WrittenFormat == "" {
		n.WrittenFormat = other.WrittenFormat
	}
	if n.ContactMethod == "" {
		n.ContactMethod = other.ContactMethod
	}
	n.Interpreter = n.Interpreter || other.Interpreter
	n.Adjustments = slices.Clone(n.Adjustments)
	for _, a := range other.Adjustments {
		if !slices.ContainsFunc(n.Adjustments, func(b Adjustment) bool { return a.Code == b.Code }) {
			n.Adjustments = append(n.Adjustments, a)
		}
	}
	return n
}

// Flags reads the reasonable adjustments that are recorded nationally for a person. It is app/patients/flags. Nothing
// recorded is no error; its error is *Unasked.
type Flags interface {
	Adjustments(ctx context.Context, number nhs.Number) ([]Adjustment, error)
}
