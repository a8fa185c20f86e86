package r4

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
)

// Value is one value of an element with a choice of types: valueCode is Code, deceasedDateTime is DateTime. Read it by a type
// switch, or by Text, ConceptOf and their like.
type Value interface{ choice() string }

// The simple types that a choice may have. The types of datatypes.go are values too.
type (
	String      string
	Code        string
	URI         string
	URL         string
	Canonical   string
	Markdown    string
	Date        string
	DateTime    string
	InstantAt   string
	Boolean     bool
	Integer     int
	PositiveInt int
	UnsignedInt int
	Decimal     json.Number
)

// UnreadValue is a value of a type that has none here, as it came.
type UnreadValue struct {
	Type string
	Raw  json.RawMessage
}

// MarshalJSON writes it as it came.
func (u UnreadValue) MarshalJSON() ([]byte, error) { return u.Raw, nil }

// MarshalJSON writes the number as it was given.
func (d Decimal) MarshalJSON() ([]byte, error) { return json.Marshal(json.Number(d)) }

// UnmarshalJSON keeps the number as it was given.
func (d *Decimal) UnmarshalJSON(raw []byte) error { return json.Unmarshal(raw, (*json.Number)(d)) }

func (String) choice() string          { return "String" }
func (Code) choice() string            { return "Code" }
func (URI) choice() string             { return "Uri" }
func (URL) choice() string             { return "Url" }
func (Canonical) choice() string       { return "Canonical" }
func (Markdown) choice() string        { return "Markdown" }
func (Date) choice() string            { return "Date" }
func (DateTime) choice() string        { return "DateTime" }
func (InstantAt) choice() string       { return "Instant" }
func (Boolean) choice() string         { return "Boolean" }
func (Integer) choice() string         { return "Integer" }
func (PositiveInt) choice() string     { return "PositiveInt" }
func (UnsignedInt) choice() string     { return "UnsignedInt" }
func (Decimal) choice() string         { return "Decimal" }
func (CodeableConcept) choice() string { return "CodeableConcept" }
func (Coding) choice() string          { return "Coding" }
func (Reference) choice() string       { return "Reference" }
func (Identifier) choice() string      { return "Identifier" }
func (Period) choice() string          { return "Period" }
func (Quantity) choice() string        { return "Quantity" }
func (Attachment) choice() string      { return "Attachment" }
func (Address) choice() string         { return "Address" }
func (ContactPoint) choice() string    { return "ContactPoint" }
func (HumanName) choice() string       { return "HumanName" }
func (Annotation) choice() string      { return "Annotation" }
func (u UnreadValue) choice() string   { return u.Type }

// valueOf reads a value by the type that its element's name ends with.
func valueOf(kind string, raw []byte) (Value, error) {
	switch kind {
	case "String":
		return read[String](raw)
	case "Code":
		return read[Code](raw)
	case "Uri":
		return read[URI](raw)
	case "Url":
		return read[URL](raw)
	case "Canonical":
		return read[Canonical](raw)
	case "Markdown":
		return read[Markdown](raw)
	case "Date":
		return read[Date](raw)
	case "DateTime":
		return read[DateTime](raw)
	case "Instant":
		return read[InstantAt](raw)
	case "Boolean":
		return read[Boolean](raw)
	case "Integer":
		return read[Integer](raw)
	case "PositiveInt":
		return read[PositiveInt](raw)
	case "UnsignedInt":
		return read[UnsignedInt](raw)
	case "Decimal":
		return read[Decimal](raw)
	case "CodeableConcept":
		return read[CodeableConcept](raw)
	case "Coding":
		return read[Coding](raw)
	case "Reference":
		return read[Reference](raw)
	case "Identifier":
		return read[Identifier](raw)
	case "Period":
		return read[Period](raw)
	case "Quantity":
		return read[Quantity](raw)
	case "Attachment":
		return read[Attachment](raw)
	case "Address":
		return read[Address](raw)
	case "ContactPoint":
		return read[ContactPoint](raw)
	case "HumanName":
		return read[HumanName](raw)
	case "Annotation":
		return read[Annotation](raw)
	}
	return UnreadValue{Type: kind, Raw: bytes.Clone(raw)}, nil
}

func read[T Value](raw []byte) (Value, error) {
	var v T
	err := json.Unmarshal(raw, &v)
	return v, err
}

// chosen is one choice element of a struct: its name without its type, and where its value is kept.
type chosen struct {
	name  string
	value *Value
}

// choosing writes a struct's JSON, with its choices put after the other elements.
func choosing(plain any, choices ...chosen) ([]byte, error) {
	raw, err := json.Marshal(plain)
	if err != nil {
		return nil, err
	}
	out := bytes.NewBuffer(raw[:len(raw)-1]) // without its last brace
	for _, c := range choices {
		if *c.value == nil {
			continue
		}
		value, err := json.Marshal(*c.value)
		if err != nil {
			return nil, err
		}
		if out.Len() > 1 {
			out.WriteByte(',')
		}
		fmt.Fprintf(out, "%q:%s", c.name+(*c.value).choice(), value)
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// choose reads the choices of a struct, whose other elements plain points at.
func choose(raw []byte, plain any, choices ...chosen) error {
	if err := json.Unmarshal(raw, plain); err != nil {
		return err
	}
	var elements map[string]json.RawMessage
	if err := json.Unmarshal(raw, &elements); err != nil {
		return err
	}
	for name, value := range elements {
		for _, c := range choices {
			kind, ok := strings.CutPrefix(name, c.name)
			if !ok || kind == "" || !unicode.IsUpper(rune(kind[0])) {
				continue
			}
			if *c.value != nil {
				return fmt.Errorf("%s[x] has more than one value", c.name)
			}
			v, err := valueOf(kind, value)
			if err != nil {
				return err
			}
			*c.value = v
		}
	}
	return nil
}

// Text is a simple value as text; empty for any other.
func Text(v Value) string {
	switch v := v.(type) {
	case String:
		return string(v)
	case Code:
		return string(v)
	case URI:
		return string(v)
	case URL:
		return string(v)
	case Canonical:
		return string(v)
	case Markdown:
		return string(v)
	case Date:
		return string(v)
	case DateTime:
		return string(v)
	case InstantAt:
		return string(v)
	}
	return ""
}

// ConceptOf is a value that is a CodeableConcept, or an empty one.
func ConceptOf(v Value) CodeableConcept {
	c, _ := v.(CodeableConcept)
	return c
}

// ReferenceOf is a value that is a Reference, or an empty one.
func ReferenceOf(v Value) Reference {
	r, _ := v.(Reference)
	return r
}
