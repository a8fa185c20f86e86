package systems

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"

	"onedoor/app/clinical"
	"onedoor/app/integrations"
)

// onlyRecords is what is said of everything that would have gone by an integration that only records.
const onlyRecords = "This connection only records what it would send. Nothing was sent: look at what was recorded on the connection’s page, let it send, and replay."

// recording is the system behind an integration that only records: nothing is ever there, and nothing is ever filed. It
// offers nothing besides: nobody books in it.
type recording struct{ inner clinical.System }

// File has the adapter write what it would send.
func (r recording) File(ctx context.Context, d clinical.Delivery) (clinical.Receipt, error) {
	kept := &kept{}
	_, err := r.inner.File(context.WithValue(ctx, keptKey{}, kept), d)
	var refused *clinical.Refused
	switch {
	case kept.err != nil:
		return clinical.Receipt{}, &clinical.Unavailable{Says: "What would have been sent could not be kept. We try again.", Cause: kept.err}
	case kept.n == 0 && errors.As(err, &refused): // the adapter would not have sent it
		return clinical.Receipt{}, err
	}
	return clinical.Receipt{}, &clinical.Refused{Says: onlyRecords}
}

// Find says of what may have been sent before that a person has to look.
func (r recording) Find(context.Context, clinical.Delivery) (clinical.Receipt, bool, error) {
	return clinical.Receipt{}, false, &clinical.Refused{
		Says: "This may have been sent before the connection was told only to record. Look in the clinical system whether it arrived, then replay it or file it by hand.",
	}
}

// Capabilities are none: nobody is asked.
func (r recording) Capabilities(context.Context) (clinical.Capabilities, error) {
	return clinical.Capabilities{}, &clinical.Refused{Says: onlyRecords}
}

// kept says what a recorder did for one delivery.
type kept struct {
	n   int
	err error
}

type keptKey struct{}

// mostRecorded is how much of a body is kept.
const mostRecorded = 4 << 20

// errRecorded is what an adapter gets in place of an answer to something that would have changed something.
var errRecorded = errors.New("recorded, and not sent")

// recorder is a transport that sends nothing. It keeps each call, and answers what is only asked, so that an adapter comes
// as far as what it would have sent.
type recorder struct {
	of       clinical.Integration
	settings Settings
}

func (r *recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	var body []byte
	if request.Body != nil {
		var err error
		body, err = io.ReadAll(io.LimitReader(request.Body, mostRecorded))
		_ = request.Body.Close()
		if err != nil {
			return nil, err
		}
	}
	if answer := authorising(request, body); answer != nil {
		return answer, nil
	}
	call := integrations.Call{Path: request.URL.RequestURI(), Header: withoutCredentials(request.Header), Body: body}
	err := r.settings.Record(request.Context(), r.of, request.Method, call)
	if k, ok := request.Context().Value(keptKey{}).(*kept); ok {
		k.n++
		k.err = errors.Join(k.err, err)
	}
	if err != nil {
		return nil, err
	}
	if request.Method == http.MethodGet || request.Method == http.MethodHead {
		return reading(request), nil
	}
	return nil, errRecorded
}

// withoutCredentials leaves out whatever would let anybody in.
func withoutCredentials(h http.Header) map[string][]string {
	out := map[string][]string{}
	for name, values := range h {
		lower := strings.ToLower(name)
		if strings.Contains(lower, "auth") || strings.Contains(lower, "cookie") || strings.Contains(lower, "key") || strings.Contains(lower, "token") {
			continue
		}
		out[name] = values
	}
	return out
}

// authorising answers what is asked on the way to a token. Such a call holds credentials and nothing else, so it is not kept.
func authorising(request *http.Request, body []byte) *http.Response {
	switch {
	case strings.HasSuffix(request.URL.Path, "/.well-known/smart-configuration"):
		return answer(request, http.StatusOK, "application/json", `{"token_endpoint":"`+request.URL.Scheme+"://"+request.URL.Host+`/token",`+
			`"grant_types_supported":["client_credentials"],"token_endpoint_auth_methods_supported":["private_key_jwt"],`+
			`"token_endpoint_auth_signing_alg_values_supported":["RS384","ES384"],"capabilities":["client-confidential-asymmetric"]}`)
	case request.Method == http.MethodPost && bytes.Contains(body, []byte("grant_type=")):
		return answer(request, http.StatusOK, "application/json", `{"access_token":"none","token_type":"bearer","expires_in":300,"scope":"system/*.*"}`)
	}
	return nil
}

// reading answers a question as a system would that can do everything and holds nothing.
func reading(request *http.Request) *http.Response {
	const fhir = "application/fhir+json"
	parts := strings.Split(strings.Trim(request.URL.Path, "/"), "/")
	switch last := parts[len(parts)-1]; {
	case last == "metadata":
		return answer(request, http.StatusOK, fhir, everything())
	case last == "MessageDefinition":
		return answer(request, http.StatusOK, fhir, definitions())
	case last != "" && last[0] >= 'A' && last[0] <= 'Z':
		return answer(request, http.StatusOK, fhir, `{"resourceType":"Bundle","type":"searchset","total":0}`)
	}
	return answer(request, http.StatusNotFound, fhir, `{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"not-found"}]}`)
}

// everything is the CapabilityStatement of a system that offers whatever an adapter may look for.
func everything() string {
	var b strings.Builder
	b.WriteString(`{"resourceType":"CapabilityStatement","status":"active","kind":"instance","date":"2026-01-01","fhirVersion":"4.0.1","format":["json"],` +
		`"software":{"name":"Recorded only"},"rest":[{"mode":"server","interaction":[{"code":"transaction"},{"code":"batch"}],` +
		`"operation":[{"name":"process-message","definition":"http://hl7.org/fhir/OperationDefinition/MessageHeader-process-message"}],"resource":[`)
	for n, resource := range []string{"Task", "DocumentReference", "Communication", "Appointment", "Slot", "Schedule", "ServiceRequest", "MedicationRequest", "Patient", "Binary", "MessageDefinition"} {
		if n > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`{"type":"` + resource + `","versioning":"versioned-update","conditionalCreate":true,"interaction":[{"code":"create"},{"code":"read"},{"code":"update"},{"code":"patch"},{"code":"search-type"}]}`)
	}
	b.WriteString(`]}],"messaging":[{"supportedMessage":[`)
	for n, m := range messages() {
		if n > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`{"mode":"receiver","definition":"` + m.address + `"}`)
	}
	b.WriteString(`]}]}`)
	return b.String()
}

// messages are those of the Booking and Referral Standard that an adapter may send.
func messages() []struct{ address, event string } {
	const under = "https://fhir.nhs.uk/MessageDefinition/bars-message-"
	return []struct{ address, event string }{
		{under + "servicerequest-request-referral", "servicerequest-request"},
		{under + "servicerequest-request-cancelled", "servicerequest-request"},
		{under + "booking-request", "booking-request"},
		{under + "booking-request-cancelled", "booking-request"},
	}
}

// definitions want nothing in particular of a message.
func definitions() string {
	var b strings.Builder
	b.WriteString(`{"resourceType":"Bundle","type":"searchset","entry":[`)
	for n, m := range messages() {
		if n > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`{"resource":{"resourceType":"MessageDefinition","status":"active","date":"2026-01-01","url":"` + m.address + `",` +
			`"eventCoding":{"system":"https://fhir.nhs.uk/CodeSystem/message-events-bars","code":"` + m.event + `"}}}`)
	}
	b.WriteString(`]}`)
	return b.String()
}

func answer(request *http.Request, status int, contentType, body string) *http.Response {
	header := http.Header{"Content-Type": {contentType}}
	for _, name := range []string{"X-Request-Id", "X-Correlation-Id"} { // given back, as systems do
		if id := request.Header.Get(name); id != "" {
			header.Set(name, id)
		}
	}
	return &http.Response{
		Status: http.StatusText(status), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: request,
		Header: header, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}
}
