package simulator

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"onedoor/app/nhs"
)

// BaRSPath is the base address of one organisation's Booking and Referral Standard endpoint under a simulator's root address.
// Source: NHSDigital/booking-and-referral-fhir-api at 0c9714b, specification/booking-and-referral-1.4.0.yaml, and
// NHSDigital/NHSDigital-FHIR-BookingAndReferrals at 0cf8fda, Core 1.5.0.
func BaRSPath(ods nhs.ODSCode) string { return "/" + string(ods) + "/bars/FHIR/R4" }

// BaRSService is the number of the one service that each organisation has there. It is made up, and in no directory.
func BaRSService(ods nhs.ODSCode) string {
	number := uint64(0)
	for _, c := range []byte(ods) {
		number = (number*37 + uint64(c)) % 100_000_000
	}
	return "2" + strings.Repeat("0", 9-len(decimal(number))) + decimal(number)
}

func decimal(n uint64) string {
	b, _ := json.Marshal(n) // a number is always JSON
	return string(b)
}

// Kinds of what is kept, apart from the FHIR server's.
const (
	barsReferral    = "bars.ServiceRequest"
	barsAppointment = "bars.Appointment"
	barsMessage     = "bars.Message" // by X-Request-Id: what was processed already
	barsSlot        = "bars.Slot"    // that was taken, by id
)

const (
	barsVersion  = "1.4.0"
	barsCategory = "https://fhir.nhs.uk/CodeSystem/usecases-categories-bars"
)

// barsNo is a refusal by the standard's codes.
type barsNo struct {
	status       int
	error, issue string
	says         string
}

func (s *system) serveBaRS(w http.ResponseWriter, r *http.Request, ods nhs.ODSCode, path string) {
	path, ok := strings.CutPrefix(path, "FHIR/R4")
	if !ok {
		http.NotFound(w, r)
		return
	}
	for _, name := range []string{"X-Request-Id", "X-Correlation-Id"} {
		if v := r.Header.Get(name); v != "" {
			w.Header().Set(name, v)
		}
	}
	if no := barsHeaders(r, ods, path); no != nil {
		barsRefuse(w, *no)
		return
	}
	writes := r.Method == http.MethodPost
	var body resource
	if writes {
		var err error
		if body, err = readResource(w, r); err != nil {
			barsRefuse(w, barsNo{http.StatusBadRequest, "REC_BAD_REQUEST", "structure", "The content is not a JSON object of FHIR."})
			return
		}
	}
	if !s.fault.before(w, r, writes) {
		return
	}
	kind, id, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	q := r.URL.Query()
	switch {
	case path == "/$process-message" && writes:
		answer, no := s.barsProcess(body, r.Header.Get("X-Request-Id"), ods)
		if no != nil {
			barsRefuse(w, *no)
			return
		}
		s.reply(w, r, nil, func() { writeFHIR(w, http.StatusOK, answer) })
	case r.Method != http.MethodGet:
		barsRefuse(w, barsNo{http.StatusMethodNotAllowed, "SEND_METHOD_NOT_ALLOWED", "not-supported", "This endpoint does not do that."})
	case path == "/metadata":
		writeFHIR(w, http.StatusOK, barsCapabilities())
	case path == "/MessageDefinition":
		s.barsDefinitions(w, ods, q["context"])
	case path == "/Slot":
		s.barsSlots(w, ods, q)
	case kind == "ServiceRequest" && id != "":
		s.barsRead(w, barsReferral, id)
	case kind == "Appointment" && id != "":
		s.barsRead(w, barsAppointment, id)
	case kind == "ServiceRequest":
		s.barsSearch(w, barsReferral, q.Get("ServiceRequest.identifier"))
	case kind == "Appointment":
		s.barsSearch(w, barsAppointment, q.Get("identifier"))
	default:
		barsRefuse(w, barsNo{http.StatusNotFound, "REC_NOT_FOUND", "not-found", "There is nothing at this address."})
	}
}

// barsHeaders looks for what must be in every call.
func barsHeaders(r *http.Request, ods nhs.ODSCode, path string) *barsNo {
	for _, name := range []string{"X-Request-Id", "X-Correlation-Id"} {
		if r.Header.Get(name) == "" {
			return &barsNo{http.StatusBadRequest, "SEND_BAD_REQUEST", "required", "The request headers are not present."}
		}
		if _, err := uuid.Parse(r.Header.Get(name)); err != nil {
			return &barsNo{http.StatusBadRequest, "REC_BAD_REQUEST", "invalid", "The request headers are not valid."}
		}
	}
	var target struct{ System, Value string }
	if !barsObject(r, "NHSD-Target-Identifier", &target) || target.System == "" || target.Value == "" {
		return &barsNo{http.StatusBadRequest, "SEND_BAD_REQUEST", "invalid", "The target identifier cannot be read."}
	}
	if target.Value != BaRSService(ods) {
		return &barsNo{http.StatusNotFound, "REC_NOT_FOUND", "not-found", "There is no such service here."}
	}
	for name, kind := range map[string]string{"NHSD-End-User-Organisation": "Organization", "NHSD-Requesting-Software": "Device"} {
		var about struct {
			ResourceType string `json:"resourceType"`
		}
		if !barsObject(r, name, &about) || about.ResourceType != kind {
			return &barsNo{http.StatusBadRequest, "SEND_BAD_REQUEST", "required", "A header that says who asks is not there, or not of its kind."}
		}
	}
	accept := r.Header.Get("Accept")
	if !strings.Contains(accept, "application/fhir+json") || !strings.Contains(accept, "version=1.") {
		return &barsNo{http.StatusNotAcceptable, "REC_NOT_ACCEPTABLE", "processing", "This endpoint speaks version " + barsVersion + "."}
	}
	if path == "/$process-message" && r.Header.Get("use-context") == "" {
		return &barsNo{http.StatusBadRequest, "SEND_BAD_REQUEST", "required", "A message needs the header use-context."}
	}
	return nil
}

// barsObject reads a header that is standard Base64 of a JSON object.
func barsObject(r *http.Request, name string, into any) bool {
	raw, err := base64.StdEncoding.DecodeString(r.Header.Get(name))
	return err == nil && json.Unmarshal(raw, into) == nil
}

func barsRefuse(w http.ResponseWriter, no barsNo) {
	writeFHIR(w, no.status, resource{
		"resourceType": "OperationOutcome",
		"meta":         resource{"profile": []any{"https://fhir.hl7.org.uk/StructureDefinition/UKCore-OperationOutcome"}},
		"issue": []any{resource{
			"severity": "error", "code": no.issue, "diagnostics": no.says,
			"details": resource{"coding": []any{resource{"system": "https://fhir.nhs.uk/Codesystem/http-error-codes", "code": no.error}}},
		}},
	})
}

func (s *system) barsRead(w http.ResponseWriter, kind, id string) {
	v, err := s.records.read(kind, id)
	if err != nil {
		barsRefuse(w, barsNo{http.StatusNotFound, "REC_NOT_FOUND", "not-found", "There is no such resource."})
		return
	}
	writeFHIR(w, http.StatusOK, stamped(v).Resource)
}

// barsSearch finds by an identifier, as system|value. It does not search by patient: nobody's number stands in an address here.
func (s *system) barsSearch(w http.ResponseWriter, kind, identifier string) {
	if identifier == "" {
		barsRefuse(w, barsNo{http.StatusNotImplemented, "REC_NOT_IMPLEMENTED", "not-supported", "This endpoint searches by identifier."})
		return
	}
	s.records.mu.Lock()
	var found []version
	for _, name := range s.records.order[kind] {
		if v := s.records.byName[name]; slices.Contains(identifiers(v.Resource), identifier) {
			found = append(found, v)
		}
	}
	s.records.mu.Unlock()
	entries := make([]any, 0, len(found))
	for _, v := range found {
		entries = append(entries, resource{"resource": stamped(v).Resource, "search": resource{"mode": "match"}})
	}
	writeFHIR(w, http.StatusOK, resource{"resourceType": "Bundle", "type": "searchset", "total": len(found), "entry": entries})
}

// barsDay is when the made-up clinic of each day begins, in UTC, and how many slots of a quarter of an hour it has.
const (
	barsDay   = 9 * time.Hour
	barsCount = 8
)

// barsSlots offers a quarter of an hour in every quarter of a made-up clinic, on each of the days that are asked for.
func (s *system) barsSlots(w http.ResponseWriter, ods nhs.ODSCode, q url.Values) {
	var from, to time.Time
	for _, bound := range q["start"] {
		at, err := time.Parse(time.RFC3339, strings.TrimLeft(bound, "gelt"))
		switch {
		case err != nil:
		case strings.HasPrefix(bound, "g"):
			from = at
		case strings.HasPrefix(bound, "l"):
			to = at
		}
	}
	if from.IsZero() || to.Before(from) || to.Sub(from) > 62*24*time.Hour || q.Get("status") == "" || len(q["_include"]) == 0 {
		barsRefuse(w, barsNo{http.StatusBadRequest, "REC_BAD_REQUEST", "required", "Say status, _include, and the time window by start twice."})
		return
	}
	schedule := "urn:uuid:" + uuid.NewSHA1(uuid.NameSpaceOID, []byte(ods)).String()
	service := "urn:uuid:" + uuid.NewSHA1(uuid.NameSpaceOID, []byte("service"+string(ods))).String()
	entries := []any{}
	for day := from.UTC().Truncate(24 * time.Hour); !day.After(to); day = day.AddDate(0, 0, 1) {
		for i := range barsCount {
			at := day.Add(barsDay + time.Duration(i)*15*time.Minute)
			id := "slot-" + at.Format("20060102-1504")
			if _, err := s.records.read(barsSlot, id); err == nil || at.Before(from) || at.After(to) {
				continue
			}
			entries = append(entries, resource{"fullUrl": "urn:uuid:" + uuid.NewSHA1(uuid.NameSpaceOID, []byte(string(ods)+id)).String(), "resource": resource{
				"resourceType": "Slot", "id": id, "status": "free", "schedule": resource{"reference": schedule},
				"start": at.Format("2006-01-02T15:04:05+00:00"), "end": at.Add(15 * time.Minute).Format("2006-01-02T15:04:05+00:00"),
				"extension": []any{resource{"url": "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-DeliveryChannel", "valueCode": "In-person"}},
			}})
		}
	}
	entries = append(entries,
		resource{"fullUrl": schedule, "resource": resource{"resourceType": "Schedule", "id": "schedule", "actor": []any{resource{"reference": service}}}},
		resource{"fullUrl": service, "resource": resource{"resourceType": "HealthcareService", "id": BaRSService(ods), "name": "The service of " + string(ods)}})
	writeFHIR(w, http.StatusOK, resource{"resourceType": "Bundle", "type": "searchset", "entry": entries})
}
