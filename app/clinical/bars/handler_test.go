package bars_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/clinical/bars"
	"onedoor/app/clinical/simulator"
	"onedoor/app/fault"
)

// desk remembers what it was given, and answers as a case wants.
type desk struct {
	referred []clinical.Referral
	amended  []clinical.Referral
	ended    []clinical.ReferralEnd
	answers  []clinical.ReferralAnswer
	err      error
}

var receipt = clinical.ReferralReceipt{ID: uuid.MustParse("0199a2c4-7d00-7c11-8a55-3f0f6c1d2e01"), Reference: "4820017365"}

func (d *desk) Serves(_ context.Context, _ clinical.ReferralCaller, _, value string) (clinical.Party, bool, error) {
	return clinical.Party{ODS: pharmacy, Name: "Mill Street Pharmacy"}, value == "2000000001", nil
}

func (d *desk) Refer(_ context.Context, _ clinical.ReferralCaller, r clinical.Referral) (clinical.ReferralReceipt, error) {
	d.referred = append(d.referred, r)
	return receipt, d.err
}

func (d *desk) Amend(_ context.Context, _ clinical.ReferralCaller, r clinical.Referral) (clinical.ReferralReceipt, error) {
	d.amended = append(d.amended, r)
	return receipt, d.err
}

func (d *desk) End(_ context.Context, _ clinical.ReferralCaller, e clinical.ReferralEnd) (clinical.ReferralReceipt, error) {
	d.ended = append(d.ended, e)
	return receipt, d.err
}

func (d *desk) Answered(_ context.Context, _ clinical.ReferralCaller, a clinical.ReferralAnswer) error {
	d.answers = append(d.answers, a)
	return d.err
}

func (d *desk) Find(_ context.Context, _ clinical.ReferralCaller, id uuid.UUID, _, value string) (clinical.KeptReferral, bool, error) {
	return clinical.KeptReferral{
		ID: receipt.ID, Reference: receipt.Reference, Status: "active", UpdatedAt: noon,
		Resource: json.RawMessage(`{"resourceType":"ServiceRequest","status":"active","intent":"plan","subject":{"reference":"urn:uuid:1"}}`),
	}, id == receipt.ID || value == "known", d.err
}

func handler(d *desk) http.Handler {
	return bars.Handler(bars.Desk{Referrals: d, Now: func() time.Time { return noon }, Authorise: func(_ context.Context, credential string) (clinical.ReferralCaller, bool, error) {
		return clinical.ReferralCaller{NeighbourhoodID: uuid.New(), Client: uuid.New()}, credential == "good", nil
	}})
}

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func headers() http.Header {
	return http.Header{
		"X-Request-Id": {"c1ab3fba-6bae-4ba4-b257-5a87c44d4a91"}, "X-Correlation-Id": {"9562466f-c982-4bd5-bb0e-255e9f5e6689"},
		"Authorization": {"Bearer good"}, "Accept": {"application/fhir+json; version=1.4.0"}, "Content-Type": {"application/fhir+json; version=1.4.0"},
		"Nhsd-Target-Identifier":     {b64(`{"system":"https://fhir.nhs.uk/Id/dos-service-id","value":"2000000001"}`)},
		"Nhsd-End-User-Organisation": {b64(`{"resourceType":"Organization","identifier":[{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"A1001"}],"name":"A practice"}`)},
		"Nhsd-Requesting-Software":   {b64(`{"resourceType":"Device","deviceName":{"name":"X","type":"manufacturer-name"},"version":{"value":"1"}}`)},
	}
}

type outcome struct {
	ResourceType string `json:"resourceType"`
	Issue        []struct {
		Code    string `json:"code"`
		Details struct {
			Coding []struct {
				Code string `json:"code"`
			} `json:"coding"`
		} `json:"details"`
	} `json:"issue"`
}

// code is an answer's status, error code and issue.
func code(t *testing.T, r *httptest.ResponseRecorder) (int, string, string) {
	t.Helper()
	var o outcome
	if err := json.Unmarshal(r.Body.Bytes(), &o); err != nil {
		t.Fatal(err)
	}
	if o.ResourceType != "OperationOutcome" {
		return r.Code, "", ""
	}
	return r.Code, o.Issue[0].Details.Coding[0].Code, o.Issue[0].Code
}

func TestHeadersAreJudgedFirst(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, header, value string
		status              int
		code, issue         string
	}{
		{"no request id", "X-Request-Id", "", 400, "REC_BAD_REQUEST", "required"},
		{"a correlation id that is none", "X-Correlation-Id", "7", 400, "REC_BAD_REQUEST", "invalid"},
		{"no credential", "Authorization", "", 401, "REC_UNAUTHORIZED", "forbidden"},
		{"a credential that nobody has", "Authorization", "Bearer bad", 401, "REC_UNAUTHORIZED", "forbidden"},
		{"another major version", "Accept", "application/fhir+json; version=2.0.0", 406, "REC_NOT_ACCEPTABLE", "processing"},
		{"XML", "Accept", "application/fhir+xml; version=1.4.0", 406, "REC_NOT_ACCEPTABLE", "processing"},
		{"two versions, one of them ours", "Accept", "application/fhir+json; version=2.0.0, application/fhir+json; version=1.1.0", 200, "", ""},
		{"no target", "Nhsd-Target-Identifier", "", 400, "REC_BAD_REQUEST", "required"},
		{"a target that is not Base64", "Nhsd-Target-Identifier", "{}", 400, "REC_BAD_REQUEST", "required"},
		{"a service that is not here", "Nhsd-Target-Identifier", b64(`{"system":"x","value":"1"}`), 404, "REC_NOT_FOUND", "not-found"},
		{"an organisation that is none", "Nhsd-End-User-Organisation", b64(`{"resourceType":"Device"}`), 400, "REC_BAD_REQUEST", "required"},
		{"no software", "Nhsd-Requesting-Software", "", 400, "REC_BAD_REQUEST", "required"},
		{"all as it should be", "X-Other", "1", 200, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodGet, bars.Root+"/metadata", nil)
			r.Header = headers()
			r.Header.Set(c.header, c.value)
			w := httptest.NewRecorder()
			handler(&desk{}).ServeHTTP(w, r)
			if status, got, issue := code(t, w); status != c.status || got != c.code || issue != c.issue {
				t.Errorf("%d %s %s, want %d %s %s", status, got, issue, c.status, c.code, c.issue)
			}
			if _, err := uuid.Parse(r.Header.Get("X-Request-Id")); err == nil && w.Header().Get("X-Request-Id") != r.Header.Get("X-Request-Id") {
				t.Error("the id is not given back")
			}
		})
	}
}

// post sends a message to the receiver.
func post(d *desk, body []byte, useContext string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, bars.Root+"/$process-message", bytes.NewReader(body))
	r.Header = headers()
	if useContext != "" {
		r.Header.Set("use-context", useContext)
	}
	w := httptest.NewRecorder()
	handler(d).ServeHTTP(w, r)
	return w
}

// ours is a referral that our own sender wrote, for the receiver's service.
func ours(t *testing.T) []byte {
	t.Helper()
	w := newWorld(t)
	if _, err := w.sender.File(ctx, arrival(t)); err != nil {
		t.Fatal(err)
	}
	return bytes.ReplaceAll(w.messages()[0].body, []byte(simulator.BaRSService(pharmacy)), []byte("2000000001"))
}

func TestAReferralIsReadForAPerson(t *testing.T) {
	t.Parallel()
	d := &desk{}
	w := post(d, ours(t), "a5t1|referral|servicerequest-request|new")
	if w.Code != http.StatusOK || len(d.referred) != 1 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	r := d.referred[0]
	if r.From.ODS != "A81001" || r.FromPerson != "Amina Patel" || r.UseCase.Code != "a5t1" || r.Complaint != "Sore throat" || !strings.Contains(r.Narrative, "It hurts to swallow.") {
		t.Errorf("read %+v", r)
	}
	if p := r.Patient; p.NHSNumber != "9990000018" || p.FamilyName != "Morris" || p.Phone != "+447700900123" || p.Postcode != "RS2 3CH" || p.BirthDate.String() != "1996-04-18" || p.Sex != "male" {
		t.Errorf("the patient is %+v", p)
	}
	var answer struct {
		Entry []struct {
			Resource struct {
				ResourceType, ID, Status string
				Identifier               []struct{ Value string }
			}
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		t.Fatal(err)
	}
	readable := ""
	for _, e := range answer.Entry {
		if e.Resource.ResourceType == "Patient" {
			t.Error("the patient is told again")
		}
		if e.Resource.ResourceType == "Encounter" && e.Resource.Status == "planned" {
			readable = e.Resource.Identifier[0].Value
		}
	}
	if readable != receipt.Reference || !strings.Contains(w.Body.String(), receipt.ID.String()) {
		t.Errorf("the answer does not name the referral: %s", w.Body)
	}
}

func TestTheIdsComeBackToTheLetter(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest(http.MethodGet, bars.Root+"/metadata", nil)
	r.Header = headers()
	for _, name := range []string{"X-Request-Id", "X-Correlation-Id"} {
		r.Header.Set(name, strings.ToUpper(r.Header.Get(name)))
	}
	w := httptest.NewRecorder()
	handler(&desk{}).ServeHTTP(w, r)
	if w.Code != http.StatusOK || w.Header().Get("X-Request-Id") != r.Header.Get("X-Request-Id") || w.Header().Get("X-Correlation-Id") != r.Header.Get("X-Correlation-Id") {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

// The sender of an older version of Core names no use case, and may name the service by another directory than the proxy.
func TestAnOlderReferralIsTakenByTheStrictestRules(t *testing.T) {
	t.Parallel()
	good := string(ours(t))
	older := strings.NewReplacer("usecases-categories-bars", "another", "|2000000001", "|A81001", "/dos-service-id|", "/ods-organization-code|").Replace(good)
	for name, c := range map[string]struct {
		from, to string
		status   int
	}{
		"as it is": {"active", "active", 200}, "no consent": {`"code":"DRC"`, `"code":"XYZ"`, 400}, "an amendment": {`"code":"new"`, `"code":"update"`, 400},
	} {
		d := &desk{}
		w := post(d, []byte(strings.ReplaceAll(older, c.from, c.to)), "")
		if w.Code != c.status || len(d.referred) != map[bool]int{true: 1}[c.status == 200] {
			t.Errorf("%s: %d, %d referred: %s", name, w.Code, len(d.referred), w.Body)
		}
		if len(d.referred) == 1 && d.referred[0].UseCase != (clinical.Coded{Title: "Referral"}) {
			t.Errorf("%+v", d.referred[0].UseCase)
		}
	}
}

func TestMessagesThatAreNotSoundAreRefused(t *testing.T) {
	t.Parallel()
	good := string(ours(t))
	for name, c := range map[string]struct {
		from, to    string
		status      int
		code, issue string
	}{
		"no JSON":                       {good, "{", 400, "REC_BAD_REQUEST", "structure"},
		"no version":                    {`"versionId":"1.1.0"`, `"versionId":""`, 400, "REC_BAD_REQUEST", "invariant"},
		"another application's version": {`"versionId":"1.1.0"`, `"versionId":"2.0.0"`, 422, "REC_UNPROCESSABLE_ENTITY", "not-supported"},
		"a use case that is not taken":  {`"code":"a5t1"`, `"code":"a1t1"`, 422, "REC_UNPROCESSABLE_ENTITY", "not-supported"},
		"no consent":                    {`"code":"DRC"`, `"code":"XYZ"`, 400, "REC_BAD_REQUEST", "required"},
		"no contact of rank 1":          {`"valuePositiveInt":1`, `"valuePositiveInt":2`, 400, "REC_BAD_REQUEST", "required"},
		"a number that is none":         {`"value":"9990000018"`, `"value":"9990000019"`, 400, "REC_BAD_REQUEST", "value"},
		"for another service":           {"|2000000001", "|2000000002", 400, "REC_BAD_REQUEST", "invariant"},
		"an amendment of a pharmacy's":  {`"code":"new"`, `"code":"update"`, 400, "REC_BAD_REQUEST", "invariant"},
		"two values of one choice":      {`"occurrencePeriod":{`, `"occurrenceDateTime":"2026-11-23","occurrencePeriod":{`, 400, "REC_BAD_REQUEST", "structure"},
		"a patient who is not in it":    {`"resourceType":"Patient"`, `"resourceType":"Basic"`, 400, "REC_BAD_REQUEST", "required"},
		"an event that nobody has":      {`"code":"servicerequest-request"`, `"code":"servicerequest"`, 400, "REC_BAD_REQUEST", "invariant"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := &desk{}
			broken := strings.ReplaceAll(good, c.from, c.to)
			if broken == good {
				t.Fatal("nothing was broken")
			}
			w := post(d, []byte(broken), "")
			if status, got, issue := code(t, w); status != c.status || got != c.code || issue != c.issue {
				t.Errorf("%d %s %s, want %d %s %s: %s", status, got, issue, c.status, c.code, c.issue, w.Body)
			}
			if len(d.referred)+len(d.amended) > 0 {
				t.Error("the desk was given it")
			}
			for _, secret := range []string{"Morris", "9990000018", "RS2 3CH"} {
				if strings.Contains(w.Body.String(), secret) {
					t.Errorf("the refusal repeats %s", secret)
				}
			}
		})
	}
	if w := post(&desk{}, []byte(good), "a5t1|referral|servicerequest-request|update"); w.Code != http.StatusBadRequest {
		t.Errorf("a use-context that does not agree: %d", w.Code)
	}
}

func TestWhatTheDeskSaysBecomesTheStandardsCodes(t *testing.T) {
	t.Parallel()
	good := ours(t)
	for _, c := range []struct {
		err         *fault.Error
		status      int
		code, issue string
	}{
		{fault.New(fault.Conflict, "referral_duplicate", "x"), 409, "REC_CONFLICT", "duplicate"},
		{fault.New(fault.Conflict, "referral_underway", "x"), 425, "REC_TOO_EARLY", "duplicate"},
		{fault.New(fault.Conflict, "referral_in_hand", "x"), 409, "REC_CONFLICT", "conflict"},
		{fault.Absent(), 404, "REC_NOT_FOUND", "not-found"},
		{fault.New(fault.Unavailable, "busy", "x"), 503, "REC_SERVICE_UNAVAILABLE", "transient"},
		{fault.New(fault.Internal, "internal", "secret"), 500, "REC_SERVER_ERROR", "exception"},
	} {
		t.Run(c.err.Code, func(t *testing.T) {
			t.Parallel()
			w := post(&desk{err: c.err}, good, "")
			if status, got, issue := code(t, w); status != c.status || got != c.code || issue != c.issue || strings.Contains(w.Body.String(), "secret") {
				t.Errorf("%d %s %s, want %d %s %s", status, got, issue, c.status, c.code, c.issue)
			}
		})
	}
}

func TestAnAnswerToAReferralOfOursIsCorrelated(t *testing.T) {
	t.Parallel()
	to := uuid.New()
	message := strings.ReplaceAll(string(ours(t)), `"code":"servicerequest-request"`, `"code":"servicerequest-response"`)
	message = strings.Replace(message, `"focus":[`, `"response":{"identifier":"`+to.String()+`","code":"ok"},"focus":[`, 1)
	message = strings.Replace(message, `"status":"active","intent":"plan"`, `"status":"completed","intent":"plan"`, 1)
	d := &desk{}
	w := post(d, []byte(message), "")
	if w.Code != http.StatusOK || len(d.answers) != 1 || d.answers[0].To != to || d.answers[0].Standing.Stage != clinical.StageDone {
		t.Errorf("%d %s: %+v", w.Code, w.Body, d.answers)
	}
}

func TestAReferralIsReadBackByIDAndByIdentifier(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]int{
		"/ServiceRequest/" + receipt.ID.String():                http.StatusOK,
		"/ServiceRequest/" + uuid.NewString():                   http.StatusNotFound,
		"/ServiceRequest/1":                                     http.StatusNotFound,
		"/ServiceRequest?ServiceRequest.identifier=x%7Cknown":   http.StatusOK,
		"/ServiceRequest?ServiceRequest.identifier=x%7Cunknown": http.StatusOK, // a search that finds nothing
		"/ServiceRequest?patient:identifier=x%7C9990000018":     http.StatusNotImplemented,
		"/Appointment/1": http.StatusNotImplemented,
		"/MessageDefinition?context=https://fhir.nhs.uk/CodeSystem/usecases-categories-bars%7Ca5t1": http.StatusOK,
	} {
		r := httptest.NewRequest(http.MethodGet, bars.Root+path, nil)
		r.Header = headers()
		w := httptest.NewRecorder()
		handler(&desk{}).ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%s: %d, want %d: %s", path, w.Code, want, w.Body)
		}
		if found := strings.Contains(w.Body.String(), receipt.ID.String()); strings.HasSuffix(path, "Cknown") && !found {
			t.Errorf("%s does not find it: %s", path, w.Body)
		}
	}
}

// Whatever is sent, the receiver answers in FHIR, and gives the desk nothing that it could not read.
func FuzzReceiver(f *testing.F) {
	for _, seed := range []string{"", "{}", `{"resourceType":"Bundle","type":"message","entry":[{"fullUrl":"urn:uuid:1","resource":{"resourceType":"MessageHeader"}}]}`, `[[[[`} {
		f.Add([]byte(seed), "a5t1|referral|servicerequest-request|new")
	}
	f.Fuzz(func(t *testing.T, body []byte, useContext string) {
		if strings.ContainsAny(useContext, "\r\n\x00") {
			return
		}
		d := &desk{}
		w := post(d, body, useContext)
		var answer struct {
			ResourceType string `json:"resourceType"`
		}
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || (answer.ResourceType != "OperationOutcome" && answer.ResourceType != "Bundle") {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		if w.Code >= http.StatusInternalServerError {
			t.Fatalf("%d for %q", w.Code, body)
		}
		for _, r := range d.referred {
			if len([]rune(r.Complaint)) > 200 || len([]rune(r.FromPerson)) > 100 || r.For.ODS != pharmacy {
				t.Fatalf("given %+v", r)
			}
		}
	})
}

func FuzzHeaders(f *testing.F) {
	f.Add("application/fhir+json; version=1.4.0", b64(`{"system":"a","value":"b"}`), b64(`{"resourceType":"Organization"}`))
	f.Add(",;=,;version=", "", "")
	f.Fuzz(func(t *testing.T, accept, target, organisation string) {
		r := httptest.NewRequest(http.MethodGet, bars.Root+"/metadata", nil)
		r.Header = headers()
		r.Header["Accept"], r.Header["Nhsd-Target-Identifier"], r.Header["Nhsd-End-User-Organisation"] = []string{accept}, []string{target}, []string{organisation}
		w := httptest.NewRecorder()
		handler(&desk{}).ServeHTTP(w, r)
		if w.Code >= http.StatusInternalServerError || w.Body.Len() == 0 {
			t.Fatalf("%d", w.Code)
		}
	})
}
