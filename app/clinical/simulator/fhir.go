package simulator

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"
)

const bodyLimit = 4 << 20

// refused is a request that the server answers with an OperationOutcome.
type refused struct {
	status     int
	code, says string
	expression string
}

func (e *refused) Error() string { return e.says }

func invalid(code, expression, says string) *refused {
	return &refused{http.StatusUnprocessableEntity, code, says, expression}
}

func (s *system) serveFHIR(w http.ResponseWriter, r *http.Request, path string) {
	if path == ".well-known/smart-configuration" {
		s.signIn.configuration(w, r)
		return
	}
	if path != "metadata" && !s.signIn.lets(r, s.now()) {
		refuse(w, http.StatusUnauthorized, "login", "Send a token that this system gave.")
		return
	}
	if kind, found := strings.CutSuffix(path, "/_search"); found && r.Method == http.MethodPost {
		s.searchByPost(w, r, kind)
		return
	}
	writes := r.Method == http.MethodPost || r.Method == http.MethodPut
	var body resource
	if writes {
		var err error
		if body, err = readResource(w, r); err != nil {
			refuseWith(w, err)
			return
		}
	}
	if !s.fault.before(w, r, writes) {
		return
	}
	answer := func(status int, v version) {
		w.Header().Set("ETag", v.etag())
		w.Header().Set("Last-Modified", v.At.UTC().Format(http.TimeFormat))
		if status == http.StatusCreated {
			w.Header().Set("Location", v.location())
		}
		writeFHIR(w, status, stamped(v).Resource)
	}
	kind, id, _ := strings.Cut(path, "/")
	switch {
	case path == "" && r.Method == http.MethodPost:
		result, err := s.records.transaction(body)
		s.reply(w, r, err, func() { writeFHIR(w, http.StatusOK, result) })
	case path == "metadata" && r.Method == http.MethodGet:
		writeFHIR(w, http.StatusOK, capabilityStatement())
	case !served[kind]:
		refuse(w, http.StatusNotFound, "not-supported", "This server has "+strings.Join(kinds, ", ")+".")
	case id == "" && r.Method == http.MethodGet:
		page, err := s.records.search(kind, r.URL.RawQuery, false)
		s.readReply(w, err, func() { writeFHIR(w, http.StatusOK, page) })
	case id == "" && r.Method == http.MethodPut:
		v, created, err := s.records.updateWhere(kind, r.URL.RawQuery, body, r.Header.Get("If-Match"))
		s.reply(w, r, err, func() { answer(statusOf(created), v) })
	case id == "" && r.Method == http.MethodPost:
		v, created, err := s.records.create(kind, body, r.Header.Get("If-None-Exist"))
		s.reply(w, r, err, func() { answer(statusOf(created), v) })
	case r.Method == http.MethodPut:
		v, err := s.records.update(kind, id, body, r.Header.Get("If-Match"))
		s.reply(w, r, err, func() { answer(http.StatusOK, v) })
	case r.Method == http.MethodGet:
		v, err := s.records.read(kind, id)
		s.readReply(w, err, func() { answer(http.StatusOK, v) })
	default:
		refuse(w, http.StatusMethodNotAllowed, "not-supported", "This server does not do that.")
	}
}

// searchByPost is a search whose parameters are a form, so that nobody's number stands in an address.
func (s *system) searchByPost(w http.ResponseWriter, r *http.Request, kind string) {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyLimit))
	if err != nil || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" || !served[kind] {
		refuse(w, http.StatusBadRequest, "not-supported", "Send the search of a resource that this server has, as a form.")
		return
	}
	if !s.fault.before(w, r, false) {
		return
	}
	page, err := s.records.search(kind, string(raw), true)
	s.readReply(w, err, func() { writeFHIR(w, http.StatusOK, page) })
}

// reply answers a write, unless the fault is that it never does.
func (s *system) reply(w http.ResponseWriter, r *http.Request, err error, answer func()) {
	if err == nil {
		if !s.fault.after(r) {
			panic(http.ErrAbortHandler) // the connection is dropped without a byte
		}
	}
	s.readReply(w, err, answer)
}

func (s *system) readReply(w http.ResponseWriter, err error, answer func()) {
	if err != nil {
		refuseWith(w, err)
		return
	}
	answer()
}

func statusOf(created bool) int {
	if created {
		return http.StatusCreated
	}
	return http.StatusOK
}

func (v version) location() string { return v.name() + "/_history/" + strings.Trim(v.etag(), `W/"`) }

func readResource(w http.ResponseWriter, r *http.Request) (resource, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || (kind != "application/fhir+json" && kind != "application/json") {
		return nil, &refused{http.StatusUnsupportedMediaType, "not-supported", "Send application/fhir+json.", ""}
	}
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyLimit))
	if err != nil {
		return nil, &refused{http.StatusRequestEntityTooLarge, "too-long", "The content is too long.", ""}
	}
	var body resource
	if err := json.Unmarshal(raw, &body); err != nil || body == nil {
		return nil, &refused{http.StatusBadRequest, "structure", "The content is not a JSON object.", ""}
	}
	return body, nil
}

func refuseWith(w http.ResponseWriter, err error) {
	var no *refused
	if !errors.As(err, &no) {
		no = &refused{http.StatusInternalServerError, "exception", "The system could not keep the change.", ""}
	}
	writeFHIR(w, no.status, operationOutcome(no))
}

func refuse(w http.ResponseWriter, status int, code, says string) {
	refuseWith(w, &refused{status, code, says, ""})
}

func operationOutcome(no *refused) resource {
	issue := resource{"severity": "error", "code": no.code, "details": resource{"text": no.says}}
	if no.expression != "" {
		issue["expression"] = []any{no.expression}
	}
	return resource{"resourceType": "OperationOutcome", "issue": []any{issue}}
}

func writeFHIR(w http.ResponseWriter, status int, body resource) {
	w.Header().Set("Content-Type", "application/fhir+json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the caller may have gone
}

// searches are what each type can be searched by, besides _id and identifier.
var searches = map[string][]any{
	"Appointment":       {param("status", "token"), param("patient", "reference"), param("date", "date")},
	"MedicationRequest": {param("status", "token"), param("intent", "token"), param("patient", "reference")},
	"Slot":              {param("status", "token"), param("start", "date"), param("schedule", "reference")},
	"ServiceRequest":    {param("status", "token"), param("patient", "reference")},
	"Task":              {param("status", "token"), param("patient", "reference"), param("group-identifier", "token")},
	"Communication":     {param("status", "token")},
	"DocumentReference": {param("status", "token"), param("patient", "reference")},
}

func param(name, kind string) resource { return resource{"name": name, "type": kind} }

func capabilityStatement() resource {
	var resources []any
	for _, kind := range kinds {
		interactions := []any{resource{"code": "read"}, resource{"code": "search-type"}}
		if kind != "Patient" && kind != "Schedule" {
			interactions = append(interactions, resource{"code": "create"}, resource{"code": "update"})
		}
		resources = append(resources, resource{
			"type": kind, "versioning": "versioned-update", "conditionalCreate": true, "conditionalUpdate": true, "interaction": interactions,
			"searchParam": append([]any{param("_id", "token"), param("identifier", "token")}, searches[kind]...),
		})
	}
	return resource{
		"resourceType": "CapabilityStatement", "status": "active", "kind": "instance", "fhirVersion": "4.0.1",
		"date": time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC).Format(time.DateOnly), "format": []any{"application/fhir+json"},
		"software":       resource{"name": "Onedoor simulator"},
		"implementation": resource{"description": "A clinical system played for development; test patients only"},
		"rest":           []any{resource{"mode": "server", "interaction": []any{resource{"code": "transaction"}}, "resource": resources}},
	}
}
