// Package r4 holds the FHIR R4 resources (hl7.org/fhir/R4, version 4.0.1) that Onedoor sends and reads, as structs written by
// hand with the elements that are used. Every adapter that speaks R4 builds its messages of them, so that one rule is kept in
// one place: an element with a choice of types, such as Extension.value[x], is one field of type Value and cannot be written
// with two values; what is read with two is an error.
//
// It never calls anybody, never judges what is clinically right, and never invents a code. A resource that somebody else made
// is changed by With, on its JSON: these structs do not hold every element, so that writing one back would lose some.
package r4

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// Version of FHIR that the structs are of.
const Version = "4.0.1"

// MediaType of FHIR in JSON; ContentType is the same with its character set.
const (
	MediaType   = "application/fhir+json"
	ContentType = "application/fhir+json; charset=utf-8"
)

// Resource is a pointer to one of the structs, or *Other.
type Resource interface{ kind() string }

// KindOf is a resource's type, such as Task.
func KindOf(r Resource) string { return r.kind() }

// Other is a resource of a type that has no struct here, as it came.
type Other struct {
	Kind string
	Raw  json.RawMessage
}

func (o *Other) kind() string { return o.Kind }

// MarshalJSON writes it as it came.
func (o *Other) MarshalJSON() ([]byte, error) { return o.Raw, nil }

// Common is what every resource may have.
type Common struct {
	ID            string      `json:"id,omitempty"`
	Meta          *Meta       `json:"meta,omitempty"`
	ImplicitRules string      `json:"implicitRules,omitempty"`
	Language      string      `json:"language,omitempty"`
	Text          *Narrative  `json:"text,omitempty"`
	Contained     Resources   `json:"contained,omitempty"`
	Extension     []Extension `json:"extension,omitempty"`
}

// Resources are some resources of any type.
type Resources []Resource

// UnmarshalJSON reads each by its type.
func (rs *Resources) UnmarshalJSON(raw []byte) error {
	var each []json.RawMessage
	if err := json.Unmarshal(raw, &each); err != nil {
		return err
	}
	*rs = make(Resources, len(each))
	for i, one := range each {
		var err error
		if (*rs)[i], err = Decode(one); err != nil {
			return err
		}
	}
	return nil
}

// ErrNotResource means that JSON is no FHIR resource.
var ErrNotResource = errors.New("this is not a FHIR resource")

// Decode reads a resource by its resourceType.
func Decode(raw []byte) (Resource, error) {
	kind, err := Peek(raw)
	if err != nil {
		return nil, err
	}
	r := empty(kind)
	if r == nil {
		return &Other{Kind: kind, Raw: bytes.Clone(raw)}, nil
	}
	if err := json.Unmarshal(raw, r); err != nil {
		return nil, fmt.Errorf("reading a %s: %w", kind, err)
	}
	return r, nil
}

// DecodeAs reads a resource that has to be of one type, such as DecodeAs[*r4.Task].
func DecodeAs[T Resource](raw []byte) (T, error) {
	var none T
	r, err := Decode(raw)
	if err != nil {
		return none, err
	}
	one, ok := r.(T)
	if !ok {
		return none, fmt.Errorf("%w: a %s where another type was expected", ErrNotResource, r.kind())
	}
	return one, nil
}

// Peek is the resourceType of JSON.
func Peek(raw []byte) (string, error) {
	var head struct {
		ResourceType string `json:"resourceType"`
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return "", fmt.Errorf("%w: %w", ErrNotResource, err)
	}
	if head.ResourceType == "" {
		return "", ErrNotResource
	}
	return head.ResourceType, nil
}

// With is a resource's JSON with one top-level element set, or taken out when the value is nil. All others stay as they came,
// whether or not a struct knows them.
func With(raw []byte, element string, value any) ([]byte, error) {
	var elements map[string]json.RawMessage
	if err := json.Unmarshal(raw, &elements); err != nil || elements == nil {
		return nil, errors.Join(ErrNotResource, err)
	}
	if value == nil {
		delete(elements, element)
		return json.Marshal(elements)
	}
	set, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	elements[element] = set
	return json.Marshal(elements)
}
