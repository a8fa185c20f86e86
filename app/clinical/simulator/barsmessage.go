package simulator

import (
	"net/http"
	"slices"
	"strings"

	"onedoor/app/nhs"
)

// barsUseCases are those that are taken: the pharmacy services of Application 5, and patient-facing services.
func barsUseCases() []string { return []string{"a5t1", "a5t2", "a5t3", "a7t1"} }

// barsProcess carries out a message: its effect is one commit. A message that was processed already is a duplicate, whatever it
// says.
func (s *system) barsProcess(bundle resource, request string, ods nhs.ODSCode) (resource, *barsNo) {
	header, focus, focusURL, no := barsOpen(bundle)
	if no != nil {
		return nil, no
	}
	r := s.records
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, done := r.byName[barsMessage+"/"+strings.ToLower(request)]; done {
		return nil, &barsNo{http.StatusConflict, "REC_CONFLICT", "duplicate", "The message has been identified as having already been processed."}
	}
	event, reason := text(first(header, "eventCoding"), "code"), text(first(header, "reason", "coding"), "code")
	var changed version
	var said string
	switch status := text(focus, "status"); {
	case event == "servicerequest-request" && reason == "new" && status == "active":
		if no = barsReferralRules(bundle, focus); no != nil {
			return nil, no
		}
		changed, said = version{Type: barsReferral, ID: newID(), Version: 1, Resource: focus}, "referral"
	case event == "servicerequest-request" && (reason == "update" || reason == "delete") && (status == "revoked" || status == "entered-in-error"):
		old, found := r.byName[barsReferral+"/"+text(focus, "id")]
		if !found {
			return nil, &barsNo{http.StatusNotFound, "REC_NOT_FOUND", "not-found", "There is no such referral."}
		}
		if text(old.Resource, "status") != "active" {
			return nil, &barsNo{http.StatusConflict, "REC_CONFLICT", "conflict", "The referral is not active."}
		}
		changed, said = version{Type: barsReferral, ID: old.ID, Version: old.Version + 1, Resource: focus}, "referral-cancelled"
	case event == "booking-request" && reason == "new" && status == "booked":
		slot := barsEntry(bundle, text(first(focus, "slot"), "reference"))
		id := text(slot, "id")
		if id == "" || text(slot, "resourceType") != "Slot" {
			return nil, &barsNo{http.StatusBadRequest, "REC_BAD_REQUEST", "required", "A booking names a slot."}
		}
		if _, taken := r.byName[barsSlot+"/"+id]; taken {
			return nil, &barsNo{http.StatusConflict, "REC_CONFLICT", "conflict", "The slot is taken."}
		}
		changed, said = version{Type: barsAppointment, ID: newID(), Version: 1, Resource: focus}, "booking"
	case event == "booking-request" && status == "cancelled":
		old, found := r.byName[barsAppointment+"/"+text(focus, "id")]
		if !found {
			return nil, &barsNo{http.StatusNotFound, "REC_NOT_FOUND", "not-found", "There is no such booking."}
		}
		if text(old.Resource, "status") != "booked" {
			return nil, &barsNo{http.StatusConflict, "REC_CONFLICT", "conflict", "The booking is not current."}
		}
		changed, said = version{Type: barsAppointment, ID: old.ID, Version: old.Version + 1, Resource: focus}, "booking-cancelled"
	default:
		return nil, &barsNo{http.StatusBadRequest, "REC_BAD_REQUEST", "invariant", "A combination of workflow variables has led to an unknown workflow."}
	}
	readable := "REF-" + strings.ToUpper(changed.ID[:8])
	if err := r.barsCommit(changed, request, said, bundle, focus); err != nil {
		return nil, &barsNo{http.StatusInternalServerError, "REC_SERVER_ERROR", "no-store", "The change could not be kept."}
	}
	return barsAnswer(bundle, focusURL, changed.ID, readable, event == "servicerequest-request" && reason == "new"), nil
}

// barsCommit keeps what changed, that the message was processed, and the slot that was taken or is free again.
func (r *records) barsCommit(v version, request, said string, bundle, focus resource) error {
	at := r.now().UTC()
	v.At = at
	c := commit{Versions: []version{v, {Type: barsMessage, ID: strings.ToLower(request), Version: 1, At: at, Resource: resource{}}}}
	if said == "booking" {
		id := text(barsEntry(bundle, text(first(focus, "slot"), "reference")), "id")
		c.Versions = append(c.Versions, version{Type: barsSlot, ID: id, Version: 1, At: at, Resource: resource{}})
	}
	c.Effect = Effect{ID: newID(), Kind: said, Resource: strings.TrimPrefix(v.name(), "bars."), At: at, RequestReference: barsReference(bundle)}
	if err := r.journal.append(c); err != nil {
		return err
	}
	r.apply(c)
	return nil
}

// barsReference is the sender's own reference, as an Encounter of its message names it.
func barsReference(bundle resource) string {
	for _, e := range barsEntries(bundle) {
		if text(e.body, "resourceType") == "Encounter" {
			return text(first(e.body, "identifier"), "value")
		}
	}
	return ""
}

type barsIn struct {
	url  string
	body resource
}

func barsEntries(bundle resource) []barsIn {
	list, _ := bundle["entry"].([]any)
	var out []barsIn
	for _, x := range list {
		e, _ := x.(map[string]any)
		body, _ := e["resource"].(map[string]any)
		out = append(out, barsIn{text(e, "fullUrl"), body})
	}
	return out
}

func barsEntry(bundle resource, url string) resource {
	for _, e := range barsEntries(bundle) {
		if e.url == url && url != "" {
			return e.body
		}
	}
	return nil
}

// barsOpen reads a message's frame: its header and what it is about.
func barsOpen(bundle resource) (header, focus resource, focusURL string, no *barsNo) {
	bad := func(issue, says string) (resource, resource, string, *barsNo) {
		return nil, nil, "", &barsNo{http.StatusBadRequest, "REC_BAD_REQUEST", issue, says}
	}
	if text(bundle, "resourceType") != "Bundle" || text(bundle, "type") != "message" {
		return bad("structure", "Send a Bundle of type message.")
	}
	if text(bundle, "meta", "versionId") == "" {
		return bad("invariant", "The message does not say its application's version.")
	}
	entries := barsEntries(bundle)
	urls := map[string]bool{}
	for _, e := range entries {
		if e.url == "" || urls[e.url] || e.body == nil {
			return bad("invariant", "An entry has no fullUrl of its own, or no resource.")
		}
		urls[e.url] = true
		if walk(text(e.body, "resourceType"), e.body) != nil {
			return bad("structure", "A resource has two values of one choice, or is not FHIR.")
		}
	}
	if len(entries) == 0 || text(entries[0].body, "resourceType") != "MessageHeader" {
		return bad("invariant", "A message begins with its header.")
	}
	for _, e := range entries {
		if !barsResolves(e.body, urls) {
			return bad("invariant", "A reference points at nothing in the message.")
		}
	}
	header = entries[0].body
	focusURL = text(first(header, "focus"), "reference")
	focus = barsEntry(bundle, focusURL)
	if focus == nil {
		return bad("invariant", "What the message is about is not in it.")
	}
	for _, who := range [][]string{{"sender"}, {"destination", "receiver"}} {
		if text(barsEntry(bundle, text(first(header, who...), "reference")), "resourceType") != "Organization" {
			return bad("required", "The message does not say who sends it, and to whom.")
		}
	}
	return header, focus, focusURL, nil
}

func barsResolves(x any, urls map[string]bool) bool {
	switch x := x.(type) {
	case map[string]any:
		for k, v := range x {
			if to, isText := v.(string); k == "reference" && isText && strings.HasPrefix(to, "urn:uuid:") && !urls[to] {
				return false
			}
			if !barsResolves(v, urls) {
				return false
			}
		}
	case []any:
		for _, v := range x {
			if !barsResolves(v, urls) {
				return false
			}
		}
	}
	return true
}

// barsReferralRules are the rules of Application 5 that a receiver can see.
func barsReferralRules(bundle, focus resource) *barsNo {
	bad := func(says string) *barsNo { return &barsNo{http.StatusBadRequest, "REC_BAD_REQUEST", "required", says} }
	use := ""
	categories, _ := focus["category"].([]any)
	for _, c := range categories {
		concept, _ := c.(map[string]any)
		codings, _ := concept["coding"].([]any)
		for _, x := range codings {
			if coding, _ := x.(map[string]any); text(coding, "system") == barsCategory {
				use = text(coding, "code")
			}
		}
	}
	if !slices.Contains(barsUseCases(), strings.ToLower(use)) {
		return &barsNo{http.StatusUnprocessableEntity, "REC_UNPROCESSABLE_ENTITY", "not-supported", "This use case is not taken."}
	}
	have := map[string]resource{}
	for _, e := range barsEntries(bundle) {
		have[text(e.body, "resourceType")] = e.body
	}
	for _, kind := range []string{"Patient", "Encounter", "CarePlan", "Condition", "Task", "Consent", "HealthcareService", "Practitioner"} {
		if have[kind] == nil {
			return bad("The referral has no " + kind + ".")
		}
	}
	if have["Flag"] != nil {
		return bad("No safeguarding flag may be sent.")
	}
	if text(have["CarePlan"], "status") != "completed" || text(have["Task"], "status") != "requested" || text(have["Task"], "intent") != "order" {
		return bad("The care plan or the task has another status than a referral's.")
	}
	if text(first(have["Consent"], "category", "coding"), "code") != "DRC" {
		return bad("Consent is for direct care.")
	}
	if n := first(have["Patient"], "identifier"); n != nil {
		status := text(first(n, "extension", "valueCodeableConcept", "coding"), "code")
		if status != "number-present-and-verified" && status != "number-present-but-not-traced" {
			return bad("An NHS number is sent with one of two statuses, or not at all.")
		}
	}
	phone := first(have["Patient"], "contact", "telecom")
	if use != "a7t1" && (text(phone, "system") != "phone" || text(phone, "value") == "" || phone["rank"] != float64(1)) {
		return bad("The first contact has no telephone number of rank 1.")
	}
	return nil
}

// barsAnswer is the message with the receiver's ids and, for a new referral, an Encounter that is planned, with a reference
// that people can read.
func barsAnswer(bundle resource, focusURL, id, readable string, planned bool) resource {
	entries := []any{}
	for _, e := range barsEntries(bundle) {
		body := resource{}
		for k, v := range e.body {
			body[k] = v
		}
		if body["id"] = newID(); e.url == focusURL {
			body["id"] = id
		}
		entries = append(entries, resource{"fullUrl": e.url, "resource": body})
	}
	if planned {
		entries = append(entries, resource{"fullUrl": "urn:uuid:" + barsUUID(readable), "resource": resource{
			"resourceType": "Encounter", "id": newID(), "status": "planned",
			"class":      resource{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "EMER", "display": "emergency"},
			"identifier": []any{resource{"system": "https://simulator.example/Id/case-number", "value": readable}},
		}})
	}
	return resource{"resourceType": "Bundle", "id": newID(), "type": "message", "entry": entries}
}
