package bars

import (
	"encoding/json"
	"strings"

	"onedoor/app/clinical/r4"
	"onedoor/app/fault"
)

// Check refuses a message that is not whole by the standard's own rules, whoever wrote it: every urn:uuid names an entry; the
// first entry is the only MessageHeader; its event, its reason, its definition and what it is about agree; and a referral names
// its use case. It looks at the JSON, not at our types, and at no code but those that drive the workflow. Its errors say where,
// and hold nothing of the content.
//
// Source: Core, Standard patterns (Message headers, Cancellation) and Error handling, Bundle processing.
func Check(message []byte) error {
	var b received
	if err := json.Unmarshal(message, &b); err != nil {
		return bad("structure", "The message is not JSON of a Bundle.")
	}
	h, err := b.check()
	if err != nil {
		return err
	}
	what, err := b.workflow(h)
	if raw, found := b.entryOf(h.Focus[0].Reference); err == nil && found && (what == actRefer || what == actAmend) {
		if sr, err := r4.DecodeAs[*r4.ServiceRequest](raw); err == nil && useCaseIn(sr.Category) == "" {
			return bad("required", "The referral names no use case.")
		}
	}
	return err
}

// bad is a message that breaks a rule. The code is one of FHIR's issue types.
func bad(code, format string, args ...any) error {
	return fault.New(fault.Invalid, "bars_"+code, format, args...)
}

// check reads the message's frame.
func (b received) check() (h *r4.MessageHeader, err error) {
	switch {
	case b.ResourceType != "Bundle" || b.Type != "message":
		return h, bad("value", "A message is a Bundle of type message.")
	case len(b.Entry) == 0:
		return h, bad("required", "The message has no entry.")
	case len(b.Entry) > mostEntries:
		return h, bad("too-costly", "The message has more than %d entries.", mostEntries)
	}
	names := map[string]bool{}
	headers := 0
	for i, e := range b.Entry {
		kind, err := r4.Peek(e.Resource)
		if err != nil {
			return h, bad("structure", "Entry %d of the message is not a resource.", i)
		}
		if kind == "MessageHeader" {
			headers++
		}
		if e.FullURL == "" || names[e.FullURL] {
			return h, bad("invariant", "Entry %d of the message has no fullUrl of its own.", i)
		}
		names[e.FullURL] = true
	}
	if h, err = r4.DecodeAs[*r4.MessageHeader](b.Entry[0].Resource); err != nil || headers != 1 {
		return h, bad("invariant", "A message begins with its MessageHeader, and has no other.")
	}
	for i, e := range b.Entry {
		var content any
		if err := json.Unmarshal(e.Resource, &content); err != nil {
			return h, bad("structure", "Entry %d of the message cannot be read.", i)
		}
		if !resolves(content, names, 0) {
			return h, bad("invariant", "Entry %d of the message points at something that is not in it.", i)
		}
	}
	return h, nil
}

const (
	mostEntries = 200
	mostDepth   = 40
)

// resolves reports whether every reference to an entry names one.
func resolves(x any, names map[string]bool, depth int) bool {
	if depth > mostDepth {
		return false
	}
	switch x := x.(type) {
	case map[string]any:
		for k, v := range x {
			to, isText := v.(string)
			if k == "reference" && isText && strings.HasPrefix(to, "urn:uuid:") && !names[to] {
				return false
			}
			if !resolves(v, names, depth+1) {
				return false
			}
		}
	case []any:
		for _, v := range x {
			if !resolves(v, names, depth+1) {
				return false
			}
		}
	}
	return true
}

// act is what a message asks for.
type act uint8

const (
	actRefer act = iota + 1
	actAmend
	actEndReferral
	actBook
	actEndBooking
	actAnswer
)

// workflow is what the message asks for, by its header and what it is about together.
func (b received) workflow(h *r4.MessageHeader) (act, error) {
	if len(h.Focus) != 1 {
		return 0, bad("invariant", "A message is about one thing.")
	}
	raw, found := b.entryOf(h.Focus[0].Reference)
	var focus struct {
		readResource
		ServiceCategory []r4.CodeableConcept `json:"serviceCategory"`
	}
	if !found || json.Unmarshal(raw, &focus) != nil {
		return 0, bad("invariant", "What the message is about is not in it.")
	}
	reason := ""
	if h.Reason != nil && len(h.Reason.Coding) > 0 {
		reason = h.Reason.Coding[0].Code
	}
	definition := h.Definition[strings.LastIndex(h.Definition, "/")+1:]
	over := focus.Status == "revoked" || focus.Status == "entered-in-error" || focus.Status == "cancelled"
	ending := strings.HasSuffix(definition, "-cancelled")
	switch event := h.EventCode(); {
	case event == eventReferral && focus.ResourceType != "ServiceRequest", event == eventReferralReply && focus.ResourceType != "ServiceRequest", event == eventBooking && focus.ResourceType != "Appointment":
		return 0, bad("invariant", "The message's event and what it is about do not agree.")
	case ending && !over:
		return 0, bad("invariant", "The message is a cancellation by its definition, and not by its status.")
	case event == eventReferral && reason == reasonNew && focus.Status == "active":
		return actRefer, nil
	case event == eventReferral && reason == reasonUpdate && (focus.Status == "active" || focus.Status == "on-hold"):
		return actAmend, nil
	case event == eventReferral && (reason == reasonUpdate || reason == reasonDelete) && over:
		return actEndReferral, nil
	case event == eventBooking && reason == reasonNew && focus.Status == "booked":
		return actBook, nil
	case event == eventBooking && reason != "" && over: // the published cancellation of a booking has the reason `new`
		return actEndBooking, nil
	case event == eventReferralReply && h.Response != nil && h.Response.Identifier != "":
		return actAnswer, nil
	}
	return 0, bad("invariant", "The message's event, reason and status together are no workflow of this standard.")
}

// useCaseIn is the use case among the codes of a category.
func useCaseIn(list []r4.CodeableConcept) string {
	for _, c := range list {
		for _, code := range c.Coding {
			if code.System == systemUseCases {
				return code.Code
			}
		}
	}
	return ""
}
