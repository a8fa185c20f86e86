package bars

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/clinical/r4"
	"onedoor/app/fault"
	"onedoor/app/nhs"
)

// Root is where the receiver's addresses begin.
const Root = "/bars/FHIR/R4"

// receivedVersion is the version of Core that the receiver says of itself. It hears every version with the same major.
const receivedVersion = "1.5.0"

// mostMessage is how long a message may be.
const mostMessage = 1 << 20

// Desk is a referral desk, and who may come to it. Authorise judges the bearer's credential; a false answer is 401.
type Desk struct {
	Referrals clinical.ReferralDesk
	Authorise func(ctx context.Context, credential string) (clinical.ReferralCaller, bool, error)
	Now       func() time.Time
}

// Route is one address of the receiver.
type Route struct{ Method, Path string }

// Routes are the receiver's addresses. Bookings come to nobody's diary here, so that no Slot is offered. What is not offered is the
// receiver's too, so that a sender hears so by the standard's codes.
func Routes() []Route {
	served := []Route{
		{http.MethodGet, Root + "/metadata"},
		{http.MethodGet, Root + "/MessageDefinition"},
		{http.MethodPost, Root + "/$process-message"},
		{http.MethodGet, Root + "/ServiceRequest"},
		{http.MethodGet, Root + "/ServiceRequest/:id"},
	}
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		served = append(served, Route{method, Root + "/*"})
	}
	return served
}

// Handler receives referrals at Root. It checks the headers, the credential and the message before it asks the desk anything; it
// gives the two ids back in every answer; and each refusal is an OperationOutcome by the standard's codes, without a word of what
// was sent.
func Handler(d Desk) http.Handler { return &receiver{d} }

type receiver struct{ Desk }

// refusal is an answer that is not a success. Source: Core, Error handling, Failure scenarios.
type refusal struct {
	status      int
	code, issue string
	says        string
}

func (e *refusal) Error() string { return e.says }

func badRequest(issue, says string) *refusal {
	return &refusal{http.StatusBadRequest, "REC_BAD_REQUEST", issue, says}
}

// asking is a call whose headers are good.
type asking struct {
	request, correlation uuid.UUID
	by                   clinical.ReferralCaller
	to                   clinical.Party
	target               r4.Identifier
	useContext           string
}

func (h *receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for _, name := range []string{headerRequest, headerCorrelation} {
		given := r.Header.Get(name)
		if _, err := uuid.Parse(given); err == nil {
			w.Header().Set(name, given) // to the letter: a sender that does not find its own takes the answer for another's
		}
	}
	status, answer, err := h.answer(w, r)
	if err != nil {
		refuse(w, err)
		return
	}
	write(w, status, answer)
}

func (h *receiver) answer(w http.ResponseWriter, r *http.Request) (int, any, error) {
	from, err := h.admit(r)
	if err != nil {
		return 0, nil, err
	}
	path := strings.TrimPrefix(r.URL.Path, Root)
	kind, id, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	switch {
	case r.Method == http.MethodPost && path == "/$process-message":
		raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostMessage))
		if err != nil {
			return 0, nil, &refusal{http.StatusRequestEntityTooLarge, "REC_BAD_REQUEST", "too-long", "The message is too long."}
		}
		answer, err := h.process(r.Context(), from, raw)
		return http.StatusOK, answer, err
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		return 0, nil, &refusal{http.StatusMethodNotAllowed, "REC_METHOD_NOT_ALLOWED", "not-supported", "This address does not do that."}
	case path == "/metadata":
		return http.StatusOK, h.capabilities(), nil
	case path == "/MessageDefinition":
		return http.StatusOK, definitions(from.target, r.URL.Query()["context"]), nil
	case kind == "ServiceRequest":
		return h.readBack(r, from, id)
	}
	return 0, nil, &refusal{http.StatusNotImplemented, "REC_NOT_IMPLEMENTED", "not-supported", "This is not offered here."}
}

// admit checks who calls, and then what every call must say of itself.
func (h *receiver) admit(r *http.Request) (from asking, err error) {
	credential, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !bearer {
		return from, &refusal{http.StatusUnauthorized, "REC_UNAUTHORIZED", "forbidden", "Say who you are."}
	}
	var known bool
	if from.by, known, err = h.Authorise(r.Context(), credential); err != nil {
		return from, err
	}
	if !known {
		return from, &refusal{http.StatusUnauthorized, "REC_UNAUTHORIZED", "forbidden", "The credential is not known."}
	}
	from.useContext = r.Header.Get(headerUseContext)
	given := r.Header.Get(headerRequest) != "" && r.Header.Get(headerCorrelation) != ""
	if !given {
		return from, badRequest("required", "The request headers are not present.")
	}
	var errRequest, errCorrelation error
	from.request, errRequest = uuid.Parse(r.Header.Get(headerRequest))
	from.correlation, errCorrelation = uuid.Parse(r.Header.Get(headerCorrelation))
	if errRequest != nil || errCorrelation != nil {
		return from, badRequest("invalid", "The request headers are not valid.")
	}
	if !acceptable(r.Header.Get("Accept")) {
		return from, &refusal{http.StatusNotAcceptable, "REC_NOT_ACCEPTABLE", "processing", "This receiver speaks FHIR in JSON, by version " + receivedVersion + " of the standard."}
	}
	if !decoded(r, headerTarget, &from.target) || from.target.System == "" || from.target.Value == "" {
		return from, badRequest("required", "The target identifier is not present, or is not valid.")
	}
	organisation, device := &r4.Organization{}, struct {
		ResourceType string `json:"resourceType"`
	}{}
	if !decoded(r, headerOrganisation, organisation) || !decoded(r, headerSoftware, &device) || device.ResourceType != "Device" {
		return from, badRequest("required", "The headers do not say for which organisation, and by what software.")
	}
	var served bool
	if from.to, served, err = h.Referrals.Serves(r.Context(), from.by, from.target.System, from.target.Value); err != nil {
		return from, err
	}
	if !served {
		return from, &refusal{http.StatusNotFound, "REC_NOT_FOUND", "not-found", "There is no such service here."}
	}
	return from, nil
}

// acceptable reports whether a caller understands FHIR JSON and our major version. A caller that names no version is old, and
// understands the first. Source: Content negotiation.
func acceptable(accept string) bool {
	for _, one := range strings.Split(accept, ",") {
		kind, parameters, _ := strings.Cut(one, ";")
		kind = strings.TrimSpace(kind)
		if kind != mediaType && kind != "application/json" && kind != "*/*" && kind != "" {
			continue
		}
		version := "1.0.0"
		for _, p := range strings.Split(parameters, ";") {
			if name, v, _ := strings.Cut(strings.TrimSpace(p), "="); strings.EqualFold(name, "version") {
				version = strings.Trim(v, `" `)
			}
		}
		if n := parts(version); n != nil && n[0] == parts(receivedVersion)[0] {
			return true
		}
	}
	return false
}

const mostHeader = 8 << 10

// decoded reads a header that is standard Base64 of a JSON object.
func decoded(r *http.Request, name string, into any) bool {
	text := r.Header.Get(name)
	if text == "" || len(text) > mostHeader {
		return false
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	return err == nil && json.Unmarshal(raw, into) == nil
}

func write(w http.ResponseWriter, status int, body any) {
	raw, err := json.Marshal(body)
	if err != nil {
		refuse(w, err)
		return
	}
	w.Header().Set("Content-Type", r4.ContentType)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(raw) // the caller may have gone
}

// refuse writes an OperationOutcome.
func refuse(w http.ResponseWriter, err error) {
	no := refusalOf(err)
	if no.status == http.StatusTooEarly || no.status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "5")
	}
	outcome := &r4.OperationOutcome{
		Common: r4.Common{Meta: &r4.Meta{Profile: []string{"https://fhir.hl7.org.uk/StructureDefinition/UKCore-OperationOutcome"}}},
		Issue: []r4.Issue{{
			Severity: "error", Code: no.issue, Details: &r4.CodeableConcept{Coding: []r4.Coding{{System: systemErrors, Code: no.code}}}, Diagnostics: no.says,
		}},
	}
	raw, err := json.Marshal(outcome)
	if err != nil {
		raw = nil // it is made of plain words: this cannot happen
	}
	w.Header().Set("Content-Type", r4.ContentType)
	w.WriteHeader(no.status)
	_, _ = w.Write(raw) // the caller may have gone
}

// refusalOf puts what the desk or the check said into the standard's codes.
func refusalOf(err error) *refusal {
	if no, ok := err.(*refusal); ok { //nolint:errorlint // made here, and never wrapped
		return no
	}
	f := fault.As(err)
	if issue, found := strings.CutPrefix(f.Code, "bars_"); found && f.Kind == fault.Invalid {
		return badRequest(issue, f.Says)
	}
	switch {
	case f.Code == "referral_duplicate":
		return &refusal{http.StatusConflict, "REC_CONFLICT", "duplicate", f.Says}
	case f.Code == "referral_underway":
		return &refusal{http.StatusTooEarly, "REC_TOO_EARLY", "duplicate", f.Says}
	case f.Kind == fault.Conflict:
		return &refusal{http.StatusConflict, "REC_CONFLICT", "conflict", f.Says}
	case f.Kind == fault.NotFound:
		return &refusal{http.StatusNotFound, "REC_NOT_FOUND", "not-found", "There is no such referral here."}
	case f.Kind == fault.Invalid, f.Kind == fault.Malformed:
		return badRequest("value", f.Says)
	case f.Kind == fault.Forbidden:
		return &refusal{http.StatusForbidden, "REC_FORBIDDEN", "forbidden", f.Says}
	case f.Kind == fault.TooMany:
		return &refusal{http.StatusTooManyRequests, "REC_TOO_MANY_REQUESTS", "throttled", f.Says}
	case f.Kind == fault.Unavailable:
		return &refusal{http.StatusServiceUnavailable, "REC_SERVICE_UNAVAILABLE", "transient", f.Says}
	}
	return &refusal{http.StatusInternalServerError, "REC_SERVER_ERROR", "exception", "The receiver could not keep the message."}
}

// readBack gives a referral by our id, or those that carry an identifier. It is never searched for by patient.
func (h *receiver) readBack(r *http.Request, from asking, id string) (int, any, error) {
	if id != "" {
		ours, err := uuid.Parse(id)
		if err != nil {
			return 0, nil, &refusal{http.StatusNotFound, "REC_NOT_FOUND", "not-found", "There is no such referral here."}
		}
		kept, found, err := h.Referrals.Find(r.Context(), from.by, ours, "", "")
		if err != nil || !found {
			if err == nil {
				err = &refusal{http.StatusNotFound, "REC_NOT_FOUND", "not-found", "There is no such referral here."}
			}
			return 0, nil, err
		}
		resource, err := told(kept)
		return http.StatusOK, resource, err
	}
	system, value, both := strings.Cut(r.URL.Query().Get("ServiceRequest.identifier"), "|")
	if !both {
		system, value = "", system
	}
	if value == "" {
		return 0, nil, &refusal{http.StatusNotImplemented, "REC_NOT_IMPLEMENTED", "not-supported", "Referrals are searched for by ServiceRequest.identifier, and never by patient."}
	}
	kept, found, err := h.Referrals.Find(r.Context(), from.by, uuid.Nil, system, value)
	if err != nil {
		return 0, nil, err
	}
	list := &r4.Bundle{Type: r4.SearchSet, Total: new(int)}
	if found {
		raw, err := told(kept)
		if err != nil {
			return 0, nil, err
		}
		resource, err := r4.Decode(raw)
		if err != nil {
			return 0, nil, err
		}
		*list.Total, list.Entry = 1, []r4.Entry{{Resource: resource, Search: &r4.EntrySearch{Mode: "match"}}}
	}
	return http.StatusOK, list, nil
}

// told is a referral as it is read back: what came, with our id and how it stands.
func told(kept clinical.KeptReferral) (json.RawMessage, error) {
	raw, err := r4.With(kept.Resource, "id", kept.ID.String())
	if err == nil {
		raw, err = r4.With(raw, "status", kept.Status)
	}
	if err == nil {
		raw, err = r4.With(raw, "meta", r4.Meta{LastUpdated: instant(kept.UpdatedAt), Profile: []string{profileReferral}})
	}
	return raw, err
}

// numberOf is an NHS number where a patient's is one.
func numberOf(p *r4.Patient) nhs.Number {
	n, err := nhs.ParseNumber(r4.Identified(p.Identifier, systemNHSNumber))
	if err != nil {
		return ""
	}
	return n
}
