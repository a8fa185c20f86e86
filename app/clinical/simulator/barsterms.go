package simulator

import (
	"net/http"
	"strings"

	"github.com/google/uuid"

	"onedoor/app/nhs"
)

func barsUUID(name string) string { return uuid.NewSHA1(uuid.NameSpaceURL, []byte(name)).String() }

// barsMessages are what is received, by the last part of its definition's address.
func barsMessages() []string {
	return []string{
		"bars-message-servicerequest-request-referral", "bars-message-servicerequest-request-cancelled", "bars-message-booking-request",
		"bars-message-booking-request-cancelled",
	}
}

func barsCapabilities() resource {
	reads := func(kind string, interactions ...string) resource {
		list := make([]any, 0, len(interactions))
		for _, i := range interactions {
			list = append(list, resource{"code": i})
		}
		return resource{"type": kind, "interaction": list}
	}
	supported := []any{}
	for _, m := range barsMessages() {
		supported = append(supported, resource{"mode": "receiver", "definition": "https://fhir.nhs.uk/MessageDefinition/" + m})
	}
	return resource{
		"resourceType": "CapabilityStatement", "status": "active", "kind": "instance", "fhirVersion": "4.0.1", "version": barsVersion, "date": "2026-11-01",
		"format": []any{"json"}, "software": resource{"name": "Onedoor simulator"},
		"implementation": resource{"description": "A receiver of referrals played for development; test patients only"},
		"rest": []any{resource{
			"mode": "server",
			"resource": []any{
				reads("MessageDefinition", "search-type"), reads("ServiceRequest", "read", "search-type"), reads("Appointment", "read", "search-type"), reads("Slot", "search-type"),
			},
			"operation": []any{resource{"name": "$process-message", "definition": "http://hl7.org/fhir/OperationDefinition/MessageHeader-process-message"}},
		}},
		"messaging": []any{resource{"supportedMessage": supported}},
	}
}

// barsDefinitions tells what each message must hold, for the service and the use case that are asked about.
func (s *system) barsDefinitions(w http.ResponseWriter, ods nhs.ODSCode, contexts []string) {
	use, service := "", ""
	for _, c := range contexts {
		system, code, _ := strings.Cut(c, "|")
		switch {
		case code == "":
			service = system
		case system == barsCategory:
			use = strings.ToLower(code)
		default:
			service = code
		}
	}
	if service != BaRSService(ods) {
		barsRefuse(w, barsNo{http.StatusNotFound, "REC_NOT_FOUND", "not-found", "There is no such service here."})
		return
	}
	entries := []any{}
	for _, known := range barsUseCases() {
		if use != "" && use != known {
			continue
		}
		for _, m := range barsMessages() {
			entries = append(entries, resource{"resource": barsDefinition(m, known, service)})
		}
	}
	writeFHIR(w, http.StatusOK, resource{"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries})
}

func barsDefinition(message, use, service string) resource {
	event, kinds := "servicerequest-request", []string{"ServiceRequest", "Patient"}
	if strings.Contains(message, "booking") {
		event, kinds = "booking-request", []string{"Appointment", "Patient"}
	}
	if strings.HasSuffix(message, "-referral") {
		kinds = append(kinds, "Encounter", "CarePlan", "Condition", "Task", "Consent", "HealthcareService")
	}
	focus := []any{}
	for _, kind := range append([]string{"Bundle", "MessageHeader", "Organization"}, kinds...) {
		focus = append(focus, resource{"code": kind, "min": 1, "max": "*"})
	}
	context := func(system, code string) resource {
		return resource{
			"code":                 resource{"system": "http://terminology.hl7.org/CodeSystem/usage-context-type", "code": "workflow"},
			"valueCodeableConcept": resource{"coding": []any{resource{"system": system, "code": code}}},
		}
	}
	return resource{
		"resourceType": "MessageDefinition", "id": barsUUID(message + use), "url": "https://fhir.nhs.uk/MessageDefinition/" + message, "version": "1.1.0",
		"status": "active", "date": "2026-11-01", "eventCoding": resource{"system": "https://fhir.nhs.uk/CodeSystem/message-events-bars", "code": event},
		"useContext": []any{context("https://fhir.nhs.uk/Id/dos-service-id", service), context(barsCategory, use)}, "focus": focus,
	}
}
