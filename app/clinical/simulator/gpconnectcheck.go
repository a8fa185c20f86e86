package simulator

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

var uuidShape = regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`)

// gpHeaders says what is wrong with the headers of a request: those of the Spine Secure Proxy, and the audit token with its
// claims. Source: GP Connect API 1.2.7, "General API guidance" and "Cross-organisation audit and provenance".
func gpHeaders(r *http.Request, what string, now int64) string {
	h := r.Header
	switch {
	case !uuidShape.MatchString(h.Get("Ssp-TraceID")):
		return "Ssp-TraceID is not a UUID"
	case h.Get("Ssp-From") == "" || h.Get("Ssp-To") == "":
		return "Ssp-From and Ssp-To are missing"
	case h.Get("Ssp-InteractionID") != "urn:nhs:names:services:gpconnect:fhir:rest:"+what:
		return "Ssp-InteractionID is not that of this operation"
	}
	token, ok := strings.CutPrefix(h.Get("Authorization"), "Bearer ")
	parts := strings.Split(token, ".")
	if !ok || len(parts) != 3 || parts[2] != "" {
		return "the token is not an unsecured JWT"
	}
	head, errHead := base64.RawURLEncoding.DecodeString(parts[0])
	body, errBody := base64.RawURLEncoding.DecodeString(parts[1])
	var header, claims resource
	if errHead != nil || errBody != nil || json.Unmarshal(head, &header) != nil || json.Unmarshal(body, &claims) != nil {
		return "the token cannot be read"
	}
	return gpClaims(header, claims, what, now)
}

func gpClaims(header, claims resource, what string, now int64) string {
	issued, _ := claims["iat"].(float64)
	expires, _ := claims["exp"].(float64)
	person := first(claims, "requesting_practitioner")
	organisation := first(claims, "requesting_organization")
	device := first(claims, "requesting_device")
	local, _ := person["identifier"].([]any)
	switch {
	case text(header, "alg") != "none" || text(header, "typ") != "JWT":
		return "alg is none and typ is JWT"
	case expires-issued != 300 || int64(issued) > now+60 || int64(expires) <= now:
		return "exp is five minutes after iat, and not past"
	case text(claims, "iss") == "" || !strings.HasSuffix(text(claims, "aud"), "/STU3/1/gpconnect"):
		return "iss or aud is missing: aud is this service root"
	case text(claims, "reason_for_request") != "directcare":
		return "reason_for_request is directcare"
	case text(claims, "requested_scope") != gpScope(what):
		return "requested_scope is not that of this operation"
	case text(device, "resourceType") != "Device" || text(first(device, "identifier"), "value") == "" || text(device, "model") == "" || text(device, "version") == "":
		return "requesting_device is not whole"
	case text(organisation, "resourceType") != "Organization" || text(organisation, "name") == "" ||
		text(first(organisation, "identifier"), "system") != "https://fhir.nhs.uk/Id/ods-organization-code" || text(first(organisation, "identifier"), "value") == "":
		return "requesting_organization is not whole"
	case text(person, "resourceType") != "Practitioner" || text(person, "id") == "" || text(person, "id") != text(claims, "sub") || len(local) < 3 || text(first(person, "name"), "family") == "":
		return "requesting_practitioner is not whole, or is not sub"
	}
	return ""
}

func gpScope(what string) string {
	switch what {
	case "read:metadata-1", "search:slot-1":
		return "organization/*.read"
	case "create:appointment-1", "update:appointment-1", "cancel:appointment-1":
		return "patient/*.write"
	}
	return "patient/*.read"
}

func gpRefuse(w http.ResponseWriter, status int, code string) { gpSays(w, status, code, "") }

func gpSays(w http.ResponseWriter, status int, code, says string) {
	issue := resource{"severity": "error", "code": "invalid", "details": resource{"coding": []any{
		resource{"system": "https://fhir.nhs.uk/STU3/ValueSet/Spine-ErrorOrWarningCode-1", "code": code},
	}}}
	if says != "" {
		issue["diagnostics"] = says
	}
	writeFHIR(w, status, resource{
		"resourceType": "OperationOutcome", "meta": resource{"profile": []any{gpProfile + "GPConnect-OperationOutcome-1"}}, "issue": []any{issue},
	})
}

func gpAnswer(w http.ResponseWriter, status int, v version) {
	w.Header().Set("ETag", v.etag())
	w.Header().Set("Cache-Control", "no-store")
	if status == http.StatusCreated {
		w.Header().Set("Location", "Appointment/"+v.ID)
	}
	writeFHIR(w, status, gpStamped(v))
}

func gpStamped(v version) resource {
	r := without(v.Resource, nil)
	r["id"] = v.ID
	r["meta"] = resource{"versionId": strconv.Itoa(v.Version), "profile": []any{gpProfile + "GPConnect-Appointment-1"}}
	return r
}

func gpCapabilities() resource {
	has := func(kind string, codes ...string) resource {
		var list []any
		for _, c := range codes {
			list = append(list, resource{"code": c})
		}
		return resource{"type": kind, "interaction": list}
	}
	return resource{
		"resourceType": "CapabilityStatement", "version": "1.2.7", "status": "active", "kind": "instance", "fhirVersion": "3.0.1", "acceptUnknown": "both",
		"date": "2026-11-01", "format": []any{"application/fhir+json"}, "software": resource{"name": "Onedoor simulator"},
		"rest": []any{resource{"mode": "server", "resource": []any{
			has("Patient", "search-type"), has("Slot", "search-type"), has("Appointment", "create", "read", "update", "search-type"),
		}}},
	}
}
