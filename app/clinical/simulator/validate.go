package simulator

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
)

// served are the resource types that this server keeps.
var served = map[string]bool{
	"Task": true, "DocumentReference": true, "Communication": true, "Appointment": true, "Slot": true, "Schedule": true,
	"ServiceRequest": true, "MedicationRequest": true, "Patient": true,
}

// kinds are the same, in the order in which the server tells them.
var kinds = strings.Fields("Appointment Communication DocumentReference MedicationRequest Patient Schedule ServiceRequest Slot Task")

// element is a rule for one element of a resource: hl7.org/fhir/R4.
type element struct {
	name     string
	required bool
	codes    []string // the codes of a required binding
}

var elements = map[string][]element{
	"Task": {
		{"status", true, strings.Fields("draft requested received accepted rejected ready cancelled in-progress on-hold failed completed entered-in-error")},
		{"intent", true, strings.Fields("unknown proposal plan order original-order reflex-order filler-order instance-order option")},
		{"priority", false, strings.Fields("routine urgent asap stat")},
	},
	"DocumentReference": {
		{"status", true, strings.Fields("current superseded entered-in-error")},
		{"docStatus", false, strings.Fields("preliminary final amended entered-in-error")},
	},
	"Appointment": {
		{"status", true, strings.Fields("proposed pending booked arrived fulfilled cancelled noshow entered-in-error checked-in waitlist")},
	},
	"Slot": {
		{"status", true, strings.Fields("busy free busy-unavailable busy-tentative entered-in-error")},
	},
	"ServiceRequest": {
		{"status", true, strings.Fields("draft active on-hold revoked completed entered-in-error unknown")},
		{"intent", true, strings.Fields("proposal plan directive order original-order reflex-order filler-order instance-order option")},
		{"priority", false, strings.Fields("routine urgent asap stat")},
	},
	"MedicationRequest": {
		{"status", true, strings.Fields("active on-hold cancelled completed entered-in-error stopped draft unknown")},
		{"intent", true, strings.Fields("proposal plan order original-order reflex-order filler-order instance-order option")},
	},
	"Communication": {
		{"status", true, strings.Fields("preparation in-progress not-done on-hold stopped completed entered-in-error unknown")},
	},
}

// Choice elements of the types served, and of what is inside them: at most one value[x] each.
var choices = []string{"value", "author", "content", "deceased", "effective", "onset", "occurrence", "timing", "medication", "reported", "multipleBirth"}

// validate refuses what does not keep to R4, as far as this server looks.
func validate(kind string, body resource) error {
	if text(body, "resourceType") != kind {
		return &refused{http.StatusBadRequest, "structure", "The content is not of the type that the address names.", kind + ".resourceType"}
	}
	for _, rule := range elements[kind] {
		value, given := body[rule.name]
		code, isText := value.(string)
		switch {
		case !given && rule.required:
			return invalid("required", kind+"."+rule.name, "A required element is missing.")
		case given && (!isText || !slices.Contains(rule.codes, code)):
			return invalid("code-invalid", kind+"."+rule.name, "The code is not in the element's value set.")
		}
	}
	if err := walk(kind, body); err != nil {
		return err
	}
	for _, name := range []string{"authoredOn", "lastModified", "date", "start", "end"} {
		if _, given := body[name]; given {
			if _, err := time.Parse(time.RFC3339, text(body, name)); err != nil {
				return invalid("value", kind+"."+name, "This is not a date with a time and a zone.")
			}
		}
	}
	return validateMore(kind, body)
}

// validateMore looks at what one type asks for.
func validateMore(kind string, body resource) error {
	needs := map[string][]string{
		"Slot": {"schedule", "start", "end"}, "Schedule": {"actor"}, "ServiceRequest": {"subject"}, "MedicationRequest": {"subject"}, "Appointment": {"participant"},
	}
	for _, name := range needs[kind] {
		if _, given := body[name]; !given {
			return invalid("required", kind+"."+name, "A required element is missing.")
		}
	}
	switch kind {
	case "DocumentReference":
		return validateContent(body)
	case "Appointment":
		return validateAppointment(body)
	}
	return nil
}

// validateAppointment keeps to R4's invariants app-1, app-2, app-3 and app-4.
func validateAppointment(body resource) error {
	_, start := body["start"]
	_, end := body["end"]
	status := text(body, "status")
	_, reason := body["cancelationReason"]
	switch {
	case start != end:
		return invalid("invariant", "Appointment", "Either start and end are given, or neither.")
	case !start && status != "proposed" && status != "cancelled" && status != "waitlist":
		return invalid("invariant", "Appointment", "Only a proposed or cancelled appointment may be without start and end.")
	case reason && status != "cancelled" && status != "noshow":
		return invalid("invariant", "Appointment", "Only a cancelled appointment, or one not attended, has a reason for it.")
	}
	list, _ := body["participant"].([]any)
	for _, x := range list {
		p, _ := x.(map[string]any)
		if p["type"] == nil && p["actor"] == nil {
			return invalid("invariant", "Appointment.participant", "A participant has a type or an actor.")
		}
		if !slices.Contains([]string{"accepted", "declined", "tentative", "needs-action"}, text(p, "status")) {
			return invalid("code-invalid", "Appointment.participant.status", "The code is not in the element's value set.")
		}
	}
	return nil
}

func validateContent(body resource) error {
	content, _ := body["content"].([]any)
	if len(content) == 0 {
		return invalid("required", "DocumentReference.content", "A document needs content.")
	}
	for _, x := range content {
		c, _ := x.(map[string]any)
		a, _ := c["attachment"].(map[string]any)
		if a == nil {
			return invalid("required", "DocumentReference.content.attachment", "Content needs an attachment.")
		}
		data, err := base64.StdEncoding.DecodeString(text(a, "data"))
		if err != nil {
			return invalid("value", "DocumentReference.content.attachment.data", "The data is not base64.")
		}
		if len(data) > 0 && text(a, "contentType") == "" {
			return invalid("invariant", "DocumentReference.content.attachment", "An attachment with data needs a contentType.")
		}
		if size, given := a["size"].(float64); given && int(size) != len(data) {
			return invalid("value", "DocumentReference.content.attachment.size", "The size is not that of the data.")
		}
	}
	return nil
}

// walk looks for what FHIR forbids everywhere: null, empty objects, arrays and strings, and two values of one choice.
func walk(where string, x any) error {
	switch x := x.(type) {
	case nil:
		return invalid("structure", where, "A null is not FHIR.")
	case string:
		if strings.TrimSpace(x) == "" {
			return invalid("value", where, "An empty string is not FHIR.")
		}
	case []any:
		if len(x) == 0 {
			return invalid("structure", where, "An empty array is not FHIR.")
		}
		for _, inner := range x {
			if err := walk(where, inner); err != nil {
				return err
			}
		}
	case map[string]any:
		if len(x) == 0 {
			return invalid("structure", where, "An empty object is not FHIR.")
		}
		if choice := twice(x); choice != "" {
			return invalid("structure", where+"."+choice, "A choice element has more than one value.")
		}
		for name, inner := range x {
			if err := walk(where+"."+name, inner); err != nil {
				return err
			}
		}
	}
	return nil
}

// twice names a choice element that has more than one value.
func twice(x resource) string {
	for _, choice := range choices {
		count := 0
		for name := range x {
			rest, ok := strings.CutPrefix(name, choice)
			if ok && rest != "" && unicode.IsUpper(rune(rest[0])) {
				count++
			}
		}
		if count > 1 {
			return choice
		}
	}
	return ""
}
