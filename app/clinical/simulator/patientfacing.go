package simulator

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"onedoor/app/nhs"
)

// PatientFacingPath is where one practice's GP Connect (Patient Facing) Prescriptions Management is under a simulator's root
// address. Source: github.com/NHSDigital/gp-connect-prescriptions-management-fhir, at 14f7f1b; in development nationally. Its
// medicines and Tasks are the FHIR server's: a practice has one record.
func PatientFacingPath(ods nhs.ODSCode) string { return "/" + string(ods) + "/patient-facing/FHIR/R4" }

const rfc4122 = "https://tools.ietf.org/html/rfc4122"

func (s *system) servePatientFacing(w http.ResponseWriter, r *http.Request, path string) {
	path, ok := strings.CutPrefix(path, "FHIR/R4/")
	if !ok || !uuidShape.MatchString(r.Header.Get("X-Request-ID")) {
		gpSays(w, http.StatusBadRequest, "BAD_REQUEST", "X-Request-ID is not present")
		return
	}
	for _, name := range []string{"X-Request-ID", "X-Correlation-ID"} {
		w.Header().Set(name, r.Header.Get(name))
	}
	number, isMedicines := strings.CutSuffix(strings.TrimPrefix(path, "Patient/"), "/MedicationRequest")
	switch {
	case r.Method == http.MethodPost && path == "Task":
		body, err := readResource(w, r)
		if err != nil {
			refuseWith(w, err)
			return
		}
		if s.fault.before(w, r, true) {
			s.orderMedicine(w, r, body)
		}
	case r.Method == http.MethodGet && path == "Task":
		if s.fault.before(w, r, false) {
			s.toldOf(w, "Task", r.URL.Query().Get("patient"), nil)
		}
	case r.Method == http.MethodGet && isMedicines:
		if s.fault.before(w, r, false) {
			s.toldOf(w, "MedicationRequest", number, r.URL.Query())
		}
	default:
		gpRefuse(w, http.StatusNotFound, "RESOURCE_NOT_FOUND")
	}
}

// toldOf are a patient's resources of a type, by intent and status where they are asked for.
func (s *system) toldOf(w http.ResponseWriter, kind, number string, q url.Values) {
	if _, err := nhs.ParseNumber(number); err != nil {
		gpRefuse(w, http.StatusNotFound, "PATIENT_NOT_FOUND")
		return
	}
	var found []any
	s.records.mu.Lock()
	for _, name := range s.records.order[kind] {
		v := s.records.byName[name]
		whose := first(v.Resource, "subject", "identifier")
		if kind == "Task" {
			whose = first(v.Resource, "for", "identifier")
		}
		asked := func(field string) bool { return q.Get(field) == "" || q.Get(field) == text(v.Resource, field) }
		if text(whose, "value") == number && asked("intent") && asked("status") {
			found = append(found, stamped(v).Resource)
		}
	}
	s.records.mu.Unlock()
	writeFHIR(w, http.StatusOK, searchset(found))
}

// orderMedicine puts a request for a repeat into the practice's workflow.
func (s *system) orderMedicine(w http.ResponseWriter, r *http.Request, body resource) {
	s.records.mu.Lock()
	v, no := s.newOrder(body)
	s.records.mu.Unlock()
	if no != nil {
		gpSays(w, no.status, no.code, no.says)
		return
	}
	if !s.fault.after(r) {
		panic(http.ErrAbortHandler) // the connection is dropped without a byte
	}
	w.Header().Set("ETag", v.etag())
	writeFHIR(w, http.StatusCreated, stamped(v).Resource)
}

func (s *system) newOrder(body resource) (version, *gpNo) {
	id := text(first(body, "identifier"), "value")
	profiles, _ := first(body, "meta")["profile"].([]any)
	focus, whole := s.records.byName[text(body, "focus", "reference")]
	number := text(first(body, "for", "identifier"), "value")
	switch {
	case text(body, "resourceType") != "Task" || !slices.Contains(profiles, any("https://fhir.hl7.org.uk/StructureDefinition/UKCore-Task")):
		return version{}, wrong("it is not a Task of the profile")
	case text(first(body, "identifier"), "system") != rfc4122 || !uuidShape.MatchString(id):
		return version{}, wrong("the identifier is not a UUID")
	case text(body, "status") != "requested" || text(body, "intent") != "order" || text(first(body, "code", "coding"), "code") != "103742009":
		return version{}, wrong("status, intent or code is not that of a request")
	case !whole || text(focus.Resource, "intent") != "plan" || text(first(focus.Resource, "subject", "identifier"), "value") != number:
		return version{}, &gpNo{http.StatusUnprocessableEntity, "REFERENCE_NOT_FOUND", "focus is no plan of this patient"}
	case text(first(body, "requester", "identifier"), "value") != number:
		return version{}, &gpNo{http.StatusForbidden, "ACCESS_DENIED", "the requester is the patient"}
	}
	for _, name := range s.records.order["Task"] {
		if slices.Contains(identifiers(s.records.byName[name].Resource), rfc4122+"|"+id) {
			return version{}, &gpNo{http.StatusConflict, "DUPLICATE_REJECTED", "there is a Task with this identifier"}
		}
	}
	v := version{Type: "Task", ID: newID(), Version: 1, At: s.records.now().UTC(), Resource: body}
	if err := s.records.save([]version{v}); err != nil {
		return version{}, &gpNo{http.StatusInternalServerError, "INTERNAL_SERVER_ERROR", ""}
	}
	return v, nil
}
