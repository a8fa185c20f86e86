package patients

import (
	"context"
	"time"

	"onedoor/app/nhs"
)

// Tracer asks the national register of patients about somebody. It is app/patients/pds; whoever calls it keeps to the
// register's limit and keeps what it says sealed.
//
// Its errors are *NoRecord, when the register answered and has nobody to tell of, and *Unasked, when it did not answer.
type Tracer interface {
	// Get reads one person by their NHS number. A number that was replaced by another gives the person with their new number.
	Get(ctx context.Context, number nhs.Number) (Record, error)
	// Search finds the one person who fits a birth date, a family name and whatever else was given, by one call. A register
	// leaves restricted people out of a search with a postcode.
	Search(ctx context.Context, given Given) (Record, error)
}

// Record is a person as the national register has them. A restricted record has no address, no telephone and no practice:
// the register keeps them back, and nothing of ours fills them in.
type Record struct {
	NHSNumber  nhs.Number   `json:"nhs_number"`
	GivenName  string       `json:"given_name,omitempty"`
	FamilyName string       `json:"family_name,omitempty"`
	BirthDate  nhs.Date     `json:"birth_date"`
	Sex        nhs.Sex      `json:"sex,omitempty"`
	Postcode   nhs.Postcode `json:"postcode,omitempty"`
	Practice   nhs.ODSCode  `json:"practice,omitempty"` // with whom they are registered
	Pharmacy   nhs.ODSCode  `json:"pharmacy,omitempty"` // nominated
	// Replaced says that the number that was asked for is no longer theirs: NHSNumber is.
	Replaced bool `json:"replaced,omitempty"`
	Hold     Hold `json:"hold"`
	// Needs are those that the register of patients itself records; reasonable adjustments are another register's.
	Needs Needs `json:"needs"`
}

// Hold is why nothing may be sent about a person.
type Hold struct {
	// Restricted is a record whose address and practice nobody may be told: nothing is sent, and a person handles it.
	Restricted bool `json:"restricted,omitempty"`
	// Died means that the register records a death. Nothing more is sent, and the practice is told.
	Died bool `json:"died,omitempty"`
	// Formal is true when the death was notified by the registrar, and false when somebody reported it.
	Formal bool     `json:"formal,omitempty"`
	On     nhs.Date `json:"on,omitzero"` // the day of death, where it is told
}

// Any reports whether anything holds back what would be sent.
func (h Hold) Any() bool { return h.Restricted || h.Died }

// Says is why nothing was sent, for staff; empty when nothing holds.
func (h Hold) Says() string {
	switch {
	case h.Restricted && h.Died:
		return "This person’s national record is restricted and records that they have died. Nothing was sent. A person has to deal with it."
	case h.Restricted:
		return "This person’s national record is restricted. Nothing was sent. A person has to deal with it, without passing on an address or a practice."
	case h.Died:
		return "The national record says that this person has died. Nothing was sent. A person has to look."
	}
	return ""
}

// NoRecord means that the register answered, and tells of nobody.
type NoRecord struct{ Why Missing }

func (e *NoRecord) Error() string {
	return "the register of patients has nobody to tell of: " + string(e.Why)
}

// Missing is why nobody was found.
type Missing string

const (
	Unknown     Missing = "unknown"     // no such number, or nobody fits
	Invalidated Missing = "invalidated" // the record was withdrawn, and none stands in its place
	Several     Missing = "several"     // more than one person fits
	TooLittle   Missing = "too-little"  // a search needs a birth date and a family name
)

// Unasked means that the register did not answer: it can be asked again.
type Unasked struct {
	After time.Duration // how long to wait, where it said so
	Cause error         // for the log; holds nothing identifiable
}

func (e *Unasked) Error() string {
	return "The national register of patients cannot be reached now. Try again in a few minutes."
}
func (e *Unasked) Unwrap() error { return e.Cause }

// Verdict is what a trace came to.
type Verdict string

const (
	// Verified means that the number that was given, the birth date and the name belong together.
	Verified Verdict = "verified"
	// Found means that the one person who fits was found, and their number is known now.
	Found Verdict = "found"
	// Differs means that the number belongs to somebody with another birth date or name: a person has to look.
	Differs Verdict = "differs"
	// NotFound, Ambiguous and NotEnough mean that nobody can be named.
	NotFound  Verdict = "not-found"
	Ambiguous Verdict = "several"
	NotEnough Verdict = "too-little"
)

// Certain reports whether it is known who the person is.
func (v Verdict) Certain() bool { return v == Verified || v == Found }

// Finding is what a trace says about whoever a request is for. It is kept with the request, so it holds no details of the
// register's but those that may stand there.
type Finding struct {
	Verdict Verdict `json:"verdict"`
	// NHSNumber is the person's, where Verdict is certain.
	NHSNumber nhs.Number `json:"nhs_number,omitempty"`
	Replaced  bool       `json:"replaced,omitempty"` // NHSNumber stands in the place of the one that was given
	// Practice is where they are registered. It is empty for a restricted record, always.
	Practice nhs.ODSCode `json:"practice,omitempty"`
	// Differs names what does not agree: "birth date", "family name". Never the values.
	Differs []string `json:"differs,omitempty"`
	// Withdrawn means that there was such a number, and its record was withdrawn.
	Withdrawn bool      `json:"withdrawn,omitempty"`
	Hold      Hold      `json:"hold"`
	At        time.Time `json:"at"`
	// Needs are what the registers say that the person needs, sealed; they are kept apart from the rest of it.
	Needs *KeptNeeds `json:"-"`
}

// Judge compares what was said of a person with the record that the register gave for it. A search that found somebody is
// judged as a number is: the register forgives more than we do. searched tells that no number was given.
func Judge(given Given, record Record, searched bool, at time.Time) Finding {
	f := Finding{Verdict: Verified, At: at}
	if searched {
		f.Verdict = Found
	}
	if !given.BirthDate.IsZero() && given.BirthDate != record.BirthDate {
		f.Differs = append(f.Differs, "birth date")
	}
	if !sameName(given.FamilyName, record.FamilyName) {
		f.Differs = append(f.Differs, "family name")
	}
	switch {
	case given.BirthDate.IsZero() && given.FamilyName == "": // a number alone stands on many papers
		f.Verdict = NotEnough
		return f
	case len(f.Differs) > 0:
		f.Verdict = Differs
		return f // whose number it is, and what holds for them, is not told of somebody else
	}
	f.NHSNumber, f.Replaced, f.Hold = record.NHSNumber, record.Replaced, record.Hold
	if !record.Hold.Restricted {
		f.Practice = record.Practice
	}
	return f
}

// Absence is the finding of a search that found nobody.
func Absence(no *NoRecord, at time.Time) Finding {
	f := Finding{At: at}
	switch no.Why {
	case Several:
		f.Verdict = Ambiguous
	case TooLittle:
		f.Verdict = NotEnough
	default:
		f.Verdict, f.Withdrawn = NotFound, no.Why == Invalidated
	}
	return f
}
