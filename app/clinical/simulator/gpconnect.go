package simulator

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"onedoor/app/nhs"
	"onedoor/tenants"
)

// GPConnectPath is the service root of one practice's GP Connect Appointment Management (FHIR STU3) under a simulator's root
// address, in the form that the specification gives service roots. Source: GP Connect API 1.2.7, github.com/nhsconnect/gpconnect.
func GPConnectPath(ods nhs.ODSCode) string { return "/" + string(ods) + "/STU3/1/gpconnect" }

// Person is somebody whom a practice's system knows.
type Person struct {
	NHSNumber     nhs.Number
	Given, Family string
	BirthDate     nhs.Date
}

// HoldPerson makes a practice's system know somebody. It is no commit, and is done anew at each start.
func (s *Server) HoldPerson(ods nhs.ODSCode, p Person) error {
	system, err := s.system(ods)
	if err != nil {
		return err
	}
	system.people.hold(p)
	return nil
}

const gpAppointment = "gpconnect.Appointment" // apart from the FHIR R4 server's

func (s *system) serveGPConnect(w http.ResponseWriter, r *http.Request, ods nhs.ODSCode, path string) {
	root, ok := strings.CutPrefix(path, "1/gpconnect/")
	if !ok {
		gpRefuse(w, http.StatusNotFound, "NO_RECORD_FOUND")
		return
	}
	writes := r.Method == http.MethodPost || r.Method == http.MethodPut
	var body resource
	if writes {
		var err error
		if body, err = readResource(w, r); err != nil {
			gpRefuse(w, http.StatusBadRequest, "BAD_REQUEST")
			return
		}
	}
	what, id := gpOperation(r, root)
	if what == "" {
		gpRefuse(w, http.StatusNotImplemented, "NOT_IMPLEMENTED")
		return
	}
	if says := gpHeaders(r, what, s.now().Unix()); says != "" {
		gpSays(w, http.StatusBadRequest, "BAD_REQUEST", says)
		return
	}
	if !s.fault.before(w, r, writes) {
		return
	}
	q := r.URL.Query()
	switch what {
	case "read:metadata-1":
		writeFHIR(w, http.StatusOK, gpCapabilities())
	case "search:patient-1":
		s.gpPatients(w, q.Get("identifier"))
	case "search:slot-1":
		s.gpSlots(w, ods, q["status"], q["start"], q["end"], q["_include"])
	case "search:patient_appointments-1":
		s.gpAppointments(w, id, q["start"])
	case "read:appointment-1":
		v, err := s.records.read(gpAppointment, id)
		if err != nil {
			gpRefuse(w, http.StatusNotFound, "NO_RECORD_FOUND")
			return
		}
		gpAnswer(w, http.StatusOK, v)
	case "create:appointment-1":
		v, no := s.gpBook(body)
		s.gpReply(w, r, http.StatusCreated, v, no)
	default:
		v, no := s.gpChange(what, id, r.Header.Get("If-Match"), body)
		s.gpReply(w, r, http.StatusOK, v, no)
	}
}

// gpOperation is what a request asks for, as the end of its interaction id.
func gpOperation(r *http.Request, path string) (what, id string) {
	kind, rest, _ := strings.Cut(path, "/")
	of, below, _ := strings.Cut(rest, "/")
	switch {
	case r.Method == http.MethodGet && path == "metadata":
		return "read:metadata-1", ""
	case r.Method == http.MethodGet && path == "Patient":
		return "search:patient-1", ""
	case r.Method == http.MethodGet && path == "Slot":
		return "search:slot-1", ""
	case r.Method == http.MethodGet && kind == "Patient" && below == "Appointment":
		return "search:patient_appointments-1", of
	case r.Method == http.MethodPost && path == "Appointment":
		return "create:appointment-1", ""
	case r.Method == http.MethodGet && kind == "Appointment" && of != "" && below == "":
		return "read:appointment-1", of
	case r.Method == http.MethodPut && kind == "Appointment" && of != "" && below == "":
		if strings.HasSuffix(r.Header.Get("Ssp-InteractionID"), ":cancel:appointment-1") {
			return "cancel:appointment-1", of
		}
		return "update:appointment-1", of
	}
	return "", ""
}

// gpReply answers a write, unless the fault is that it never does.
func (s *system) gpReply(w http.ResponseWriter, r *http.Request, status int, v version, no *gpNo) {
	if no != nil {
		gpSays(w, no.status, no.code, no.says)
		return
	}
	if !s.fault.after(r) {
		panic(http.ErrAbortHandler) // the connection is dropped without a byte
	}
	gpAnswer(w, status, v)
}

// gpNo is a refusal by one of the Spine's error codes.
type gpNo struct {
	status     int
	code, says string
}

func wrong(says string) *gpNo {
	return &gpNo{http.StatusUnprocessableEntity, "INVALID_RESOURCE", says}
}

var onlyReference = regexp.MustCompile(`[0-9]{10}`)

// gpBook books, if what is sent keeps the specification's rules and the slot is free.
func (s *system) gpBook(body resource) (version, *gpNo) {
	s.records.mu.Lock()
	defer s.records.mu.Unlock()
	slots := references(body["slot"])
	if len(slots) != 1 {
		return version{}, wrong("one slot is booked at a time here")
	}
	slot, ok := gpSlotByID(strings.TrimPrefix(slots[0], "Slot/"))
	if !ok {
		return version{}, &gpNo{http.StatusUnprocessableEntity, "REFERENCE_NOT_FOUND", "there is no such slot"}
	}
	if says := s.gpWrong(body, slot); says != "" {
		return version{}, wrong(says)
	}
	if s.gpTaken()[slot.id] {
		return version{}, &gpNo{http.StatusConflict, "DUPLICATE_REJECTED", "the slot is no longer free"}
	}
	body["serviceType"] = []any{resource{"text": slot.kind.service}}
	extensions, _ := body["extension"].([]any)
	body["extension"] = append(extensions, resource{"url": gpDelivery, "valueCode": slot.kind.channel})
	v := version{Type: gpAppointment, ID: newID(), Version: 1, At: s.records.now().UTC(), Resource: body}
	if err := s.records.save([]version{v}); err != nil {
		return version{}, &gpNo{http.StatusInternalServerError, "INTERNAL_SERVER_ERROR", ""}
	}
	return v, nil
}

// gpWrong says which rule of "Book an appointment" a resource breaks.
func (s *system) gpWrong(body resource, slot gpSlot) string {
	profiles, _ := first(body, "meta")["profile"].([]any)
	description := text(body, "description")
	people := actors(body)
	booker := first(body, "contained")
	switch {
	case text(body, "resourceType") != "Appointment" || !slices.Contains(profiles, any(gpProfile+"GPConnect-Appointment-1")):
		return "it is not an Appointment of the profile"
	case text(body, "status") != "booked":
		return "the status is not booked"
	case text(body, "start") != gpTime(slot.start) || text(body, "end") != gpTime(slot.start.Add(slot.kind.lasts)):
		return "start and end are not the slot’s"
	case !slot.start.After(s.now()):
		return "it is in the past"
	case description == "" || utf8.RuneCountInString(description) > 100 || utf8.RuneCountInString(text(body, "comment")) > 500:
		return "the description is missing, or a text is too long"
	case body["reason"] != nil || body["specialty"] != nil:
		return "reason and specialty must not be sent"
	case text(body, "created") == "":
		return "created is missing"
	case !slices.ContainsFunc(people, s.people.knows) || !slices.Contains(people, "Location/"+gpLocation):
		return "the patient or the location is missing"
	case text(booker, "resourceType") != "Organization" || text(booker, "name") == "" || text(first(booker, "telecom"), "value") == "" ||
		text(first(booker, "identifier"), "system") != "https://fhir.nhs.uk/Id/ods-organization-code":
		return "the organisation that books is not whole"
	case text(first(first(body, "extension"), "valueReference"), "reference") != "#"+text(booker, "id"):
		return "bookingOrganisation does not name the organisation that is contained"
	}
	return ""
}

// gpChange amends or cancels: nothing else of the appointment may differ from what is there.
func (s *system) gpChange(what, id, ifMatch string, body resource) (version, *gpNo) {
	s.records.mu.Lock()
	defer s.records.mu.Unlock()
	old, exists := s.records.byName[gpAppointment+"/"+id]
	if !exists {
		return version{}, &gpNo{http.StatusNotFound, "NO_RECORD_FOUND", ""}
	}
	start, err := time.Parse(time.RFC3339, text(old.Resource, "start"))
	may := []string{"description", "comment"}
	if what == "cancel:appointment-1" {
		may = []string{"status", "extension"}
	}
	was, now := without(old.Resource, may), without(body, may)
	switch {
	case ifMatch == "":
		return version{}, &gpNo{http.StatusBadRequest, "BAD_REQUEST", "If-Match is missing"}
	case ifMatch != old.etag():
		return version{}, &gpNo{http.StatusConflict, "INVALID_RESOURCE", "somebody else has changed it"}
	case text(old.Resource, "status") == "cancelled":
		return version{}, wrong("it has been cancelled")
	case err != nil || !start.After(s.now()):
		return version{}, wrong("it is in the past")
	case text(body, "id") != id || !reflect.DeepEqual(was, now):
		return version{}, wrong("something else was changed too")
	case what == "cancel:appointment-1" && (text(body, "status") != "cancelled" || !hasExtension(body, gpProfile+"Extension-GPConnect-AppointmentCancellationReason-1")):
		return version{}, wrong("the status is not cancelled, or the reason is missing")
	case what == "update:appointment-1" && (text(body, "description") == "" || utf8.RuneCountInString(text(body, "description")) > 100):
		return version{}, wrong("the description is missing or too long")
	}
	v := version{Type: gpAppointment, ID: id, Version: old.Version + 1, At: s.records.now().UTC(), Resource: without(body, []string{"id", "meta"})}
	if err := s.records.save([]version{v}); err != nil {
		return version{}, &gpNo{http.StatusInternalServerError, "INTERNAL_SERVER_ERROR", ""}
	}
	return v, nil
}

// gpEffect is what the ledger says of a commit here.
func gpEffect(v version) (reference, kind string) {
	reference = onlyReference.FindString(text(v.Resource, "comment"))
	switch {
	case text(v.Resource, "status") == "cancelled":
		return reference, "appointment-cancelled"
	case v.Version > 1:
		return reference, "appointment-amended"
	}
	return reference, "appointment-booked"
}

func without(r resource, names []string) resource {
	out := resource{}
	for k, v := range r {
		if k != "id" && k != "meta" && !slices.Contains(names, k) {
			out[k] = v
		}
	}
	return out
}

func hasExtension(r resource, url string) bool {
	list, _ := r["extension"].([]any)
	return slices.ContainsFunc(list, func(x any) bool {
		e, _ := x.(map[string]any)
		return text(e, "url") == url && text(e, "valueString") != ""
	})
}

func references(x any) (all []string) {
	list, _ := x.([]any)
	for _, e := range list {
		if r, ok := e.(map[string]any); ok {
			all = append(all, text(r, "reference"))
		}
	}
	return all
}

func actors(r resource) (all []string) {
	list, _ := r["participant"].([]any)
	for _, x := range list {
		if p, ok := x.(map[string]any); ok {
			all = append(all, text(p, "actor", "reference"))
		}
	}
	return all
}

// gpTime is UK local time with its offset.
func gpTime(t time.Time) string { return t.In(tenants.London()).Format("2006-01-02T15:04:05-07:00") }

// personID is stable over starts, and is not the NHS number.
func personID(n nhs.Number) string {
	sum := sha256.Sum256([]byte(n))
	return hex.EncodeToString(sum[:6])
}
