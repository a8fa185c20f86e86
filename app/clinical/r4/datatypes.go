package r4

import (
	"encoding/json"
	"strings"
	"time"
)

// Meta is what a server says of a resource's version.
type Meta struct {
	VersionID   string   `json:"versionId,omitempty"`
	LastUpdated string   `json:"lastUpdated,omitempty"`
	Source      string   `json:"source,omitempty"`
	Profile     []string `json:"profile,omitempty"`
	Security    []Coding `json:"security,omitempty"`
	Tag         []Coding `json:"tag,omitempty"`
}

// ETag is the version as If-Match wants it; empty when none is known.
func (m *Meta) ETag() string {
	if m == nil || m.VersionID == "" {
		return ""
	}
	return `W/"` + m.VersionID + `"`
}

// Narrative is a resource in XHTML for a person to read.
type Narrative struct {
	Status string `json:"status"`
	Div    string `json:"div"`
}

// Extension is an element that is not FHIR's own. It has a value or further extensions.
type Extension struct {
	URL       string      `json:"url"`
	Extension []Extension `json:"extension,omitempty"`
	Value     Value       `json:"-"` // value[x]
}

// MarshalJSON writes value[x] under its type's name.
func (e Extension) MarshalJSON() ([]byte, error) {
	type plain Extension
	return choosing(plain(e), chosen{"value", &e.Value})
}

// UnmarshalJSON reads value[x], whatever its type.
func (e *Extension) UnmarshalJSON(raw []byte) error {
	type plain Extension
	return choose(raw, (*plain)(e), chosen{"value", &e.Value})
}

// Find is the first extension with an address.
func Find(extensions []Extension, url string) (Extension, bool) {
	for _, e := range extensions {
		if e.URL == url {
			return e, true
		}
	}
	return Extension{}, false
}

// Identifier is a name for something in a system of names.
type Identifier struct {
	Extension []Extension      `json:"extension,omitempty"`
	Use       string           `json:"use,omitempty"`
	Type      *CodeableConcept `json:"type,omitempty"`
	System    string           `json:"system,omitempty"`
	Value     string           `json:"value,omitempty"`
	Period    *Period          `json:"period,omitempty"`
	Assigner  *Reference       `json:"assigner,omitempty"`
}

// Identified is the value of the first identifier of a system; empty when there is none.
func Identified(ids []Identifier, system string) string {
	for _, id := range ids {
		if id.System == system {
			return id.Value
		}
	}
	return ""
}

// Coding is a code of a code system.
type Coding struct {
	Extension    []Extension `json:"extension,omitempty"`
	System       string      `json:"system,omitempty"`
	Version      string      `json:"version,omitempty"`
	Code         string      `json:"code,omitempty"`
	Display      string      `json:"display,omitempty"`
	UserSelected *bool       `json:"userSelected,omitempty"`
}

// CodeableConcept is one meaning, in codes and words.
type CodeableConcept struct {
	Extension []Extension `json:"extension,omitempty"`
	Coding    []Coding    `json:"coding,omitempty"`
	Text      string      `json:"text,omitempty"`
}

// Coded is a concept of one code.
func Coded(system, code, display string) CodeableConcept {
	return CodeableConcept{Coding: []Coding{{System: system, Code: code, Display: display}}}
}

// Code is the concept's code in a system; empty when there is none.
func (c CodeableConcept) Code(system string) string {
	for _, one := range c.Coding {
		if one.System == system {
			return one.Code
		}
	}
	return ""
}

// Words are the concept's own text, or the first display of its codes.
func (c CodeableConcept) Words() string {
	if c.Text != "" {
		return c.Text
	}
	for _, one := range c.Coding {
		if one.Display != "" {
			return one.Display
		}
	}
	return ""
}

// Reference names another resource: by its address, or by what everyone calls it.
type Reference struct {
	Extension  []Extension `json:"extension,omitempty"`
	Reference  string      `json:"reference,omitempty"`
	Type       string      `json:"type,omitempty"`
	Identifier *Identifier `json:"identifier,omitempty"`
	Display    string      `json:"display,omitempty"`
}

// References are several. A single one that stands where a list belongs is read too: the published examples of BaRS have it so.
type References []Reference

// UnmarshalJSON reads a list, or one.
func (rs *References) UnmarshalJSON(raw []byte) error {
	var one Reference
	if len(raw) > 0 && raw[0] == '{' {
		err := json.Unmarshal(raw, &one)
		*rs = References{one}
		return err
	}
	return json.Unmarshal(raw, (*[]Reference)(rs))
}

// To is a reference by address.
func To(address string) Reference { return Reference{Reference: address} }

// Period is a span of time; either end may be open.
type Period struct {
	Start string `json:"start,omitempty"`
	End   string `json:"end,omitempty"`
}

// Quantity is an amount.
type Quantity struct {
	Value      json.Number `json:"value,omitempty"`
	Comparator string      `json:"comparator,omitempty"`
	Unit       string      `json:"unit,omitempty"`
	System     string      `json:"system,omitempty"`
	Code       string      `json:"code,omitempty"`
}

// Attachment is content in another format.
type Attachment struct {
	Extension   []Extension `json:"extension,omitempty"`
	ContentType string      `json:"contentType,omitempty"`
	Language    string      `json:"language,omitempty"`
	Data        []byte      `json:"data,omitempty"` // base64 in JSON
	URL         string      `json:"url,omitempty"`
	Size        int         `json:"size,omitempty"`
	Hash        []byte      `json:"hash,omitempty"` // SHA-1
	Title       string      `json:"title,omitempty"`
	Creation    string      `json:"creation,omitempty"`
}

// HumanName is a person's name.
type HumanName struct {
	ID        string      `json:"id,omitempty"`
	Extension []Extension `json:"extension,omitempty"`
	Use       string      `json:"use,omitempty"`
	Text      string      `json:"text,omitempty"`
	Family    string      `json:"family,omitempty"`
	Given     []string    `json:"given,omitempty"`
	Prefix    []string    `json:"prefix,omitempty"`
	Suffix    []string    `json:"suffix,omitempty"`
	Period    *Period     `json:"period,omitempty"`
}

// ContactPoint is a way to reach somebody.
type ContactPoint struct {
	ID        string      `json:"id,omitempty"`
	Extension []Extension `json:"extension,omitempty"`
	System    string      `json:"system,omitempty"`
	Value     string      `json:"value,omitempty"`
	Use       string      `json:"use,omitempty"`
	Rank      int         `json:"rank,omitempty"`
	Period    *Period     `json:"period,omitempty"`
}

// Address is a postal one.
type Address struct {
	ID         string      `json:"id,omitempty"`
	Extension  []Extension `json:"extension,omitempty"`
	Use        string      `json:"use,omitempty"`
	Type       string      `json:"type,omitempty"`
	Text       string      `json:"text,omitempty"`
	Line       []string    `json:"line,omitempty"`
	City       string      `json:"city,omitempty"`
	District   string      `json:"district,omitempty"`
	State      string      `json:"state,omitempty"`
	PostalCode string      `json:"postalCode,omitempty"`
	Country    string      `json:"country,omitempty"`
	Period     *Period     `json:"period,omitempty"`
}

// Annotation is a note, and who made it.
type Annotation struct {
	Author Value  `json:"-"` // author[x]: Reference or String
	Time   string `json:"time,omitempty"`
	Text   string `json:"text"`
}

// MarshalJSON writes author[x] under its type's name.
func (a Annotation) MarshalJSON() ([]byte, error) {
	type plain Annotation
	return choosing(plain(a), chosen{"author", &a.Author})
}

// UnmarshalJSON reads author[x].
func (a *Annotation) UnmarshalJSON(raw []byte) error {
	type plain Annotation
	return choose(raw, (*plain)(a), chosen{"author", &a.Author})
}

// Instant writes a moment as FHIR's instant and dateTime, to the second.
func Instant(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// Moment reads an instant or a dateTime with a zone; zero when it is neither.
func Moment(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}
	}
	return t
}

// Day reads the day of a date or dateTime: the first ten characters as YYYY-MM-DD; false when it is less exact.
func Day(s string) (time.Time, bool) {
	day, _, _ := strings.Cut(s, "T")
	t, err := time.Parse(time.DateOnly, day)
	return t, err == nil
}
