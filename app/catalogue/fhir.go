package catalogue

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
)

// The extensions of our own, by the last part of their url, and the official ones that are used. A Questionnaire stays a
// plain FHIR R4 resource to a program that knows none of them.
const (
	extensionBase = "https://onedoor.example/fhir/StructureDefinition/"

	extFact      = extensionBase + "fact"       // item: the fact of a decision that the answer gives
	extDerived   = extensionBase + "derived"    // item: how the answer follows from what is known of the person
	extHint      = extensionBase + "hint"       // item: a line of help for a screen
	extSay       = extensionBase + "say"        // item, option, Questionnaire: the words for the telephone
	extKey       = extensionBase + "key"        // item: how to key the answer
	extKeyLength = extensionBase + "key-length" // item keyed as digits: how many at most
	extGroup     = extensionBase + "group"      // option, Questionnaire: the menu that it stands in
	extRedFlag   = extensionBase + "red-flag"   // option: urgent or emergency
	extCrisis    = extensionBase + "crisis"     // option: a mental-health crisis, for which other help exists besides 999
	extExclusive = extensionBase + "exclusive"  // option of a repeating item: none of the others can be chosen with it
	extOutcome   = extensionBase + "outcome"    // Questionnaire: what can have been done for such a request

	extHidden = "http://hl7.org/fhir/StructureDefinition/questionnaire-hidden"
	extMin    = "http://hl7.org/fhir/StructureDefinition/minValue"
	extMax    = "http://hl7.org/fhir/StructureDefinition/maxValue"

	kindSystem = "https://onedoor.example/fhir/CodeSystem/request-kind"
)

// fhirQuestionnaire is the part of the FHIR R4 resource that the catalogue uses. Source: hl7.org/fhir/R4/questionnaire.html.
type fhirQuestionnaire struct {
	ResourceType string          `json:"resourceType"`
	Extension    []fhirExtension `json:"extension,omitempty"`
	URL          string          `json:"url"`
	Version      string          `json:"version"`
	Name         string          `json:"name"`
	Title        string          `json:"title"`
	Status       string          `json:"status"`
	SubjectType  []string        `json:"subjectType,omitempty"`
	Date         string          `json:"date,omitempty"`
	Publisher    string          `json:"publisher,omitempty"`
	Description  string          `json:"description,omitempty"`
	Code         []fhirCoding    `json:"code"`
	Item         []*fhirItem     `json:"item"`
}

type fhirItem struct {
	Extension      []fhirExtension  `json:"extension,omitempty"`
	LinkID         string           `json:"linkId"`
	Prefix         string           `json:"prefix,omitempty"`
	Text           string           `json:"text"`
	Type           string           `json:"type"`
	EnableWhen     []fhirEnableWhen `json:"enableWhen,omitempty"`
	EnableBehavior string           `json:"enableBehavior,omitempty"`
	Required       bool             `json:"required,omitempty"`
	Repeats        bool             `json:"repeats,omitempty"`
	ReadOnly       bool             `json:"readOnly,omitempty"`
	MaxLength      int              `json:"maxLength,omitempty"`
	AnswerOption   []fhirOption     `json:"answerOption,omitempty"`
	Item           []*fhirItem      `json:"item,omitempty"`
}

type fhirOption struct {
	Extension   []fhirExtension `json:"extension,omitempty"`
	ValueCoding *fhirCoding     `json:"valueCoding"`
}

type fhirCoding struct {
	System  string `json:"system,omitempty"`
	Code    string `json:"code"`
	Display string `json:"display,omitempty"`
}

type fhirEnableWhen struct {
	Question      string      `json:"question"`
	Operator      string      `json:"operator"`
	AnswerBoolean *bool       `json:"answerBoolean,omitempty"`
	AnswerInteger *int64      `json:"answerInteger,omitempty"`
	AnswerDate    *string     `json:"answerDate,omitempty"`
	AnswerString  *string     `json:"answerString,omitempty"`
	AnswerCoding  *fhirCoding `json:"answerCoding,omitempty"`
}

type fhirExtension struct {
	URL          string      `json:"url"`
	ValueString  *string     `json:"valueString,omitempty"`
	ValueCode    *string     `json:"valueCode,omitempty"`
	ValueBoolean *bool       `json:"valueBoolean,omitempty"`
	ValueInteger *int        `json:"valueInteger,omitempty"`
	ValueCoding  *fhirCoding `json:"valueCoding,omitempty"`
}

// extensions reads a list of extensions, and remembers what is wrong with them.
type extensions struct {
	list  []fhirExtension
	known []string
}

func (e extensions) text(url string) string {
	for _, x := range e.list {
		if x.URL != url {
			continue
		}
		if x.ValueString != nil {
			return *x.ValueString
		}
		if x.ValueCode != nil {
			return *x.ValueCode
		}
	}
	return ""
}

func (e extensions) is(url string) bool {
	for _, x := range e.list {
		if x.URL == url && x.ValueBoolean != nil {
			return *x.ValueBoolean
		}
	}
	return false
}

func (e extensions) integer(url string) *int {
	for _, x := range e.list {
		if x.URL == url {
			return x.ValueInteger
		}
	}
	return nil
}

// problems names the extensions that are not known here, stand twice, or hold another type of value than they should.
func (e extensions) problems() []string {
	var says []string
	seen := make(map[string]bool, len(e.list))
	for _, x := range e.list {
		values := 0
		for _, set := range []bool{
			x.ValueString != nil, x.ValueCode != nil, x.ValueBoolean != nil, x.ValueInteger != nil, x.ValueCoding != nil,
		} {
			if set {
				values++
			}
		}
		want, known := extensionType(x.URL)
		switch {
		case !known || !slices.Contains(e.known, x.URL):
			says = append(says, fmt.Sprintf("the extension %q is not one that can stand here", x.URL))
		case values != 1 || !hasType(x, want):
			says = append(says, fmt.Sprintf("the extension %q needs one %s", x.URL, want))
		case seen[x.URL] && x.URL != extOutcome:
			says = append(says, fmt.Sprintf("the extension %q stands twice", x.URL))
		}
		seen[x.URL] = true
	}
	return says
}

func extensionType(url string) (string, bool) {
	switch url {
	case extFact, extDerived, extKey, extRedFlag:
		return "valueCode", true
	case extHint, extSay, extGroup:
		return "valueString", true
	case extCrisis, extExclusive, extHidden:
		return "valueBoolean", true
	case extKeyLength, extMin, extMax:
		return "valueInteger", true
	case extOutcome:
		return "valueCoding", true
	}
	return "", false
}

func hasType(x fhirExtension, want string) bool {
	switch want {
	case "valueCode":
		return x.ValueCode != nil && *x.ValueCode != ""
	case "valueString":
		return x.ValueString != nil && *x.ValueString != ""
	case "valueBoolean":
		return x.ValueBoolean != nil
	case "valueInteger":
		return x.ValueInteger != nil
	}
	return x.ValueCoding != nil && x.ValueCoding.Code != "" && x.ValueCoding.Display != ""
}

// decodeStrict reads one JSON document and refuses members that are not known: a misspelt one would change a question
// without a word.
func decodeStrict(document []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(document))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("there is more after the end of the document")
	}
	return nil
}
