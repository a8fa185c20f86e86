package policy

import (
	"bytes"
	"encoding/json"
	"strconv"

	"onedoor/app/fault"
)

// Value is what is known of one fact: an enumeration code or a whole number. The zero Value is unknown.
type Value struct {
	text    string
	number  int
	numeric bool
}

// unknownWord is how a document and a cell name a value that is not known.
const unknownWord = "unknown"

// Text is an enumeration code. Nothing, and the word unknown, are the unknown Value.
func Text(code string) Value {
	if code == unknownWord {
		return Value{}
	}
	return Value{text: code}
}

// Int is a whole number.
func Int(n int) Value { return Value{number: n, numeric: true} }

// Known reports whether there is a value.
func (v Value) Known() bool { return v != Value{} }

// Number is the whole number, if it is one.
func (v Value) Number() (int, bool) { return v.number, v.numeric }

// String is the code, the digits, or the word unknown.
func (v Value) String() string {
	switch {
	case v.numeric:
		return strconv.Itoa(v.number)
	case v.text == "":
		return unknownWord
	}
	return v.text
}

// MarshalJSON writes a string, a number, or null for unknown.
func (v Value) MarshalJSON() ([]byte, error) {
	switch {
	case v.numeric:
		return strconv.AppendInt(nil, int64(v.number), 10), nil
	case v.text == "":
		return []byte("null"), nil
	}
	return json.Marshal(v.text)
}

// UnmarshalJSON reads a string, a whole number or null.
func (v *Value) UnmarshalJSON(b []byte) error {
	b = bytes.TrimSpace(b)
	if bytes.Equal(b, []byte("null")) {
		*v = Value{}
		return nil
	}
	if len(b) > 0 && b[0] == '"' {
		var s string
		if err := json.Unmarshal(b, &s); err != nil {
			return err
		}
		*v = Text(s)
		return nil
	}
	n, err := strconv.Atoi(string(b))
	if err != nil {
		return fault.New(fault.Invalid, "fact_value", "A fact must be a text, a whole number or null.")
	}
	*v = Int(n)
	return nil
}

// Facts are what is known of one request, by fact name; a fact that is absent is unknown. As JSON: one flat object. The
// Reference names hold codes that the resolver reads, and no table does.
type Facts map[string]Value

// References: names of Facts that point at an organisation or service.
const (
	RegisteredPractice = "registered-practice" // ODS code
	NominatedPharmacy  = "nominated-pharmacy"  // ODS code
	ChosenPharmacy     = "chosen-pharmacy"     // ODS code
	ServiceAsked       = "service"             // a service's slug
	PracticeAsked      = "practice-asked"      // ODS code of the practice whose own line the person came by
)

// Facts that the resolver reads besides the tables.
const (
	factKind         = "kind"
	factAge          = "age" // completed years
	factSex          = "sex"
	factRegistration = "registration"
	factOwnPractice  = "own-practice-only"
)

func reserved(fact string) bool {
	switch fact {
	case RegisteredPractice, NominatedPharmacy, ChosenPharmacy, ServiceAsked, PracticeAsked:
		return true
	}
	return false
}
