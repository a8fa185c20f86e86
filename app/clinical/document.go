package clinical

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/tenants"
)

// Document is what is filed: one outcome, as the receiving organisation's staff will read it. It is fixed when the
// outcome is recorded, so that every try sends the same bytes.
type Document struct {
	DeliveryID uuid.UUID         `json:"delivery_id"` // the identifier by which the receiver tells a repeat from a new one
	Reference  string            `json:"reference"`   // the request's ten digits
	Purpose    Purpose           `json:"purpose"`
	Kind       Coded             `json:"kind"`
	Patient    Patient           `json:"patient"`
	Outcome    Coded             `json:"outcome"`
	Note       string            `json:"note,omitempty"`
	Details    map[string]string `json:"details,omitempty"` // what the outcome's form asked besides, by its own names
	RecordedBy string            `json:"recorded_by"`       // the person's display name
	RecordedAt time.Time         `json:"recorded_at"`
	From       Party             `json:"from"` // the organisation that recorded it
	For        Party             `json:"for"`  // the organisation whose record it goes into
	// Asked is what the patient asked for. Only an arrival and its withdrawal have it, and those have no outcome: Note is then
	// a word of ours to the staff who read it, and RecordedBy is empty where no person sent it.
	Asked *Asked `json:"asked,omitempty"`
}

// Coded is a code of ours and the words for it.
type Coded struct {
	Code  string `json:"code"`
	Title string `json:"title"`
}

// Patient is who it is about, as the request holds them. An NHS number may be missing: a person matches it then.
type Patient struct {
	NHSNumber  nhs.Number `json:"nhs_number,omitempty"`
	GivenName  string     `json:"given_name,omitempty"`
	FamilyName string     `json:"family_name,omitempty"`
	BirthDate  nhs.Date   `json:"birth_date"`
	// The rest is known only where somebody is to get in touch or to find them: in an arrival and a booking.
	Sex      nhs.Sex      `json:"sex,omitempty"`
	Postcode nhs.Postcode `json:"postcode,omitempty"`
	Phone    nhs.Phone    `json:"phone,omitempty"`
	// OnRegister tells that the neighbourhood's register has them by this number; otherwise they gave it themselves.
	OnRegister bool `json:"on_register,omitempty"`
}

// Name is given name and family name, or nothing when neither is known.
func (p Patient) Name() string { return strings.TrimSpace(p.GivenName + " " + p.FamilyName) }

// Party is an organisation as another one knows it.
type Party struct {
	ODS  nhs.ODSCode `json:"ods_code"`
	Name string      `json:"name"`
	// Kind is practice, pharmacy, community or hub; empty in documents that were made before it was kept.
	Kind string `json:"kind,omitempty"`
}

// Check refuses a document that no system could file.
func (d Document) Check() error {
	missing := ""
	switch {
	case d.DeliveryID == uuid.Nil:
		missing = "its delivery's id"
	case d.Reference == "":
		missing = "the request's reference"
	case d.Kind.Code == "" || (d.Outcome.Code == "" && d.Asked == nil):
		missing = "the kind of request or its outcome"
	case (d.Purpose == Arrival || d.Purpose == Withdrawal) != (d.Asked != nil):
		missing = "what was asked for, which an arrival has and an outcome has not"
	case d.RecordedAt.IsZero():
		missing = "the time it was recorded"
	case d.From.ODS == "" || d.For.ODS == "":
		missing = "the organisations it is from and for"
	default:
		return nil
	}
	return fault.New(fault.Invalid, "document_incomplete", "A document cannot be filed without %s.", missing)
}

// Title is one line for a list of documents.
func (d Document) Title() string {
	if d.Asked != nil {
		return d.Kind.Title
	}
	return fmt.Sprintf("%s: %s", d.Kind.Title, d.Outcome.Title)
}

// Fact is one line of a document. Without a name it is words of their own, such as a note.
type Fact struct{ Name, Says string }

// Facts are what the document says to a person, in sections, in the order in which they are read.
func (d Document) Facts() [][]Fact {
	number := d.Patient.NHSNumber.Spaced()
	if number == "" {
		number = "not known: match this person by hand"
	}
	patient := told(Fact{"Patient", d.Patient.Name()}, Fact{"NHS number", number}, Fact{"Date of birth", d.Patient.BirthDate.String()})
	if d.Asked != nil {
		return d.asked(patient)
	}
	done := told(Fact{"Request", d.Kind.Title}, Fact{"Reference", d.Reference}, Fact{"Outcome", d.Outcome.Title})
	for _, name := range slices.Sorted(maps.Keys(d.Details)) {
		done = append(done, told(Fact{name, d.Details[name]})...)
	}
	by := told(
		Fact{"Recorded by", d.RecordedBy}, Fact{"At", fmt.Sprintf("%s (%s)", d.From.Name, d.From.ODS)},
		Fact{"On", d.RecordedAt.In(tenants.London()).Format("2 January 2006 at 15:04")},
	)
	sections := [][]Fact{patient, done, told(Fact{"", d.Note}), by}
	if d.Purpose == RegisteredPractice {
		sections = append(sections, []Fact{{"", fmt.Sprintf("Sent to %s (%s) for the patient's record.", d.For.Name, d.For.ODS)}})
	}
	return slices.DeleteFunc(sections, func(s []Fact) bool { return len(s) == 0 })
}

// told leaves out what is not known.
func told(facts ...Fact) []Fact {
	return slices.DeleteFunc(facts, func(f Fact) bool { return f.Says == "" })
}

// Text is the document for a person to read: plain text, one fact a line.
func (d Document) Text() string {
	var b strings.Builder
	b.WriteString(d.Title() + "\n")
	for _, section := range d.Facts() {
		b.WriteByte('\n')
		for _, fact := range section {
			if fact.Name != "" {
				b.WriteString(fact.Name + ": ")
			}
			b.WriteString(fact.Says + "\n")
		}
	}
	return b.String()
}
