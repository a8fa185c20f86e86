package catalogue

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"onedoor/app/fault"
	"onedoor/app/nhs"
)

// Value is one answer: a boolean, a whole number, or a text. An option's code, a date as YYYY-MM-DD and free words are all
// texts; the item's type says which. Values compare with ==.
type Value struct {
	kind   valueKind
	number int64
	text   string
}

type valueKind uint8

const (
	noValue valueKind = iota
	booleanValue
	integerValue
	textValue
)

// Bool is the answer to an item of type boolean.
func Bool(yes bool) Value {
	if yes {
		return Value{kind: booleanValue, number: 1}
	}
	return Value{kind: booleanValue}
}

// Int is the answer to an item of type integer.
func Int(n int64) Value { return Value{kind: integerValue, number: n} }

// Text is an option's code, a date as YYYY-MM-DD, or free words.
func Text(s string) Value { return Value{kind: textValue, text: s} }

// Bool is the answer as a boolean; ok tells whether it is one.
func (v Value) Bool() (yes, ok bool) { return v.number != 0, v.kind == booleanValue }

// Int is the answer as a whole number; ok tells whether it is one.
func (v Value) Int() (n int64, ok bool) { return v.number, v.kind == integerValue }

// Text is the answer as a text; ok tells whether it is one.
func (v Value) Text() (s string, ok bool) { return v.text, v.kind == textValue }

// Date is the answer as a day; zero when it is not one.
func (v Value) Date() nhs.Date {
	d, err := nhs.ParseDate(v.text)
	if v.kind != textValue || err != nil {
		return nhs.Date{}
	}
	return d
}

// String is the answer as a form's field carries it: true, 12, a code or words.
func (v Value) String() string {
	switch v.kind {
	case booleanValue:
		return strconv.FormatBool(v.number != 0)
	case integerValue:
		return strconv.FormatInt(v.number, 10)
	}
	return v.text
}

// MarshalJSON writes a boolean, a number or a string.
func (v Value) MarshalJSON() ([]byte, error) {
	if v.kind == textValue {
		return json.Marshal(v.text)
	}
	if v.kind == noValue {
		return []byte("null"), nil
	}
	return []byte(v.String()), nil
}

// UnmarshalJSON reads a boolean, a whole number written in digits, or a string of valid UTF-8.
func (v *Value) UnmarshalJSON(b []byte) error {
	b = bytes.TrimSpace(b)
	switch {
	case bytes.Equal(b, []byte("true")), bytes.Equal(b, []byte("false")):
		*v = Bool(b[0] == 't')
		return nil
	case len(b) > 0 && b[0] == '"':
		if !wellFormed(b) {
			return fault.New(fault.Invalid, "not_utf8", "An answer must be valid UTF-8 text.")
		}
		var s string
		if err := json.Unmarshal(b, &s); err != nil {
			return err
		}
		*v = Text(s)
		return nil
	}
	n, err := strconv.ParseInt(string(b), 10, 64)
	if err != nil || b[0] == '+' {
		return fault.New(fault.Invalid, "wrong_type", "An answer must be true, false, a whole number or a text.")
	}
	*v = Int(n)
	return nil
}

// Answers are what was said, by linkId. An item without an answer is absent. As JSON: one object, with an array where there
// is more than one value; Questionnaire.Wire writes the stricter form of the API, with an array wherever an item repeats.
type Answers map[string][]Value

// MarshalJSON writes one value plainly and several as an array.
func (a Answers) MarshalJSON() ([]byte, error) {
	plain := make(map[string]any, len(a))
	for id, values := range a {
		switch len(values) {
		case 0:
		case 1:
			plain[id] = values[0]
		default:
			plain[id] = values
		}
	}
	return json.Marshal(plain)
}

// UnmarshalJSON reads either form.
func (a *Answers) UnmarshalJSON(b []byte) error {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(b, &raw); err != nil {
		return err
	}
	read := make(Answers, len(raw))
	for id, message := range raw {
		message = bytes.TrimSpace(message)
		if len(message) > 0 && message[0] == '[' {
			var values []Value
			if err := json.Unmarshal(message, &values); err != nil {
				return err
			}
			if len(values) > 0 {
				read[id] = values
			}
			continue
		}
		var value Value
		if err := json.Unmarshal(message, &value); err != nil {
			return err
		}
		read[id] = []Value{value}
	}
	*a = read
	return nil
}

// Clone copies the answers, so that one copy can change and the other not.
func (a Answers) Clone() Answers {
	c := maps.Clone(a)
	for id, values := range c {
		c[id] = slices.Clone(values)
	}
	return c
}

// has reports whether an answer holds a code or text.
func (a Answers) has(linkID, text string) bool {
	return slices.Contains(a[linkID], Text(text))
}

// compare orders two values of the same kind; dates as texts are in the order of days.
func (v Value) compare(o Value) (order int, comparable bool) {
	if v.kind != o.kind {
		return 0, false
	}
	if v.kind == textValue {
		return strings.Compare(v.text, o.text), true
	}
	return cmp.Compare(v.number, o.number), true
}
