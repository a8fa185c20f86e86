package pds_test

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"onedoor/app/nhs"
	"onedoor/app/patients"
	"onedoor/app/patients/pds"
)

var now = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

// register answers every call with one status and body, and keeps the calls.
type register struct {
	status int
	header map[string]string
	body   func(*http.Request) string
	calls  chan *http.Request
}

func (r *register) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	r.calls <- q
	for k, v := range r.header {
		w.Header().Set(k, v)
	}
	w.WriteHeader(r.status)
	_, _ = io.WriteString(w, r.body(q))
}

func serve(t *testing.T, status int, body string, header ...string) (*pds.Service, *register) {
	t.Helper()
	r := &register{status: status, header: map[string]string{}, body: func(*http.Request) string { return body }, calls: make(chan *http.Request, 10)}
	for i := 0; i+1 < len(header); i += 2 {
		r.header[header[i]] = header[i+1]
	}
	s := httptest.NewServer(r)
	t.Cleanup(s.Close)
	return pds.New(pds.Options{BaseURL: s.URL, Transport: http.DefaultTransport, Now: func() time.Time { return now }, Random: rand.Reader}), r
}

// person is a record in the shape of the specification; parts take the place of what is there.
func person(security, more string) string {
	return `{"resourceType":"Patient","id":"9990000018",
 "identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9990000018"}],
 "meta":{"versionId":"2","security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"` + security + `"}]},
 "name":[{"use":"temporary","given":["Old"],"family":"Name"},{"use":"usual","period":{"start":"2020-01-01"},"given":["Daniel","Ade"],"family":"Okafor"},
         {"use":"usual","period":{"start":"2010-01-01","end":"2019-12-31"},"given":["Dan"],"family":"Before"}],
 "gender":"male","birthDate":"1996-04-27",
 "address":[{"use":"home","period":{"start":"2001-01-01","end":"2019-01-01"},"postalCode":"LS1 4AP"},{"use":"home","postalCode":"RS1 1AD"}],
 "telecom":[{"system":"phone","value":"07700900000"}],
 "generalPractitioner":[{"type":"Organization","identifier":{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"A81001","period":{"start":"2020-01-01"}}}],
 "extension":[{"url":"https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NominatedPharmacy",
   "valueReference":{"identifier":{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"FRV01"}}},
  {"url":"https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSCommunication","extension":[
   {"url":"language","valueCodeableConcept":{"coding":[{"code":"cy","display":"Welsh"}]}},{"url":"interpreterRequired","valueBoolean":true}]},
  {"url":"https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-ContactPreference","extension":[
   {"url":"PreferredWrittenCommunicationFormat","valueCodeableConcept":{"coding":[{"code":"11","display":"Large print"}]}}]}` + more + `}`
}

const alive = `]`

func TestARecordIsReadAsItHoldsToday(t *testing.T) {
	t.Parallel()
	s, r := serve(t, 200, person("U", alive))
	got, err := s.Get(t.Context(), "9990000018")
	if err != nil {
		t.Fatal(err)
	}
	call := <-r.calls
	if call.URL.Path != "/Patient/9990000018" || call.Header.Get("X-Request-ID") == "" || call.Header.Get("Accept") != "application/fhir+json" {
		t.Errorf("called %s with %v", call.URL.Path, call.Header)
	}
	born := nhs.Date{Year: 1996, Month: 4, Day: 27}
	switch {
	case got.NHSNumber != "9990000018" || got.GivenName != "Daniel" || got.FamilyName != "Okafor" || got.BirthDate != born || got.Sex != nhs.Male:
		t.Errorf("who: %+v", got)
	case got.Postcode != "RS1 1AD" || got.Practice != "A81001" || got.Pharmacy != "FRV01":
		t.Errorf("where: %+v", got)
	case got.Needs.Language != "cy" || !got.Needs.Interpreter || got.Needs.WrittenFormat != "Large print":
		t.Errorf("needs: %+v", got.Needs)
	case got.Hold.Any() || got.Replaced:
		t.Errorf("held or replaced: %+v", got)
	}
}

func TestARestrictedRecordHasNoPlace(t *testing.T) {
	t.Parallel()
	for _, security := range []string{"R", "V", "", "something new"} {
		t.Run("security "+security, func(t *testing.T) {
			t.Parallel()
			s, _ := serve(t, 200, person(security, alive)) // the register would leave these out: we do not rely on it
			got, err := s.Get(t.Context(), "9990000018")
			if err != nil {
				t.Fatal(err)
			}
			if !got.Hold.Restricted || got.Postcode != "" || got.Practice != "" || got.Pharmacy != "" {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestADeathIsRead(t *testing.T) {
	t.Parallel()
	status := func(code string) string {
		return `,{"url":"https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-DeathNotificationStatus","extension":[{"url":"deathNotificationStatus","valueCodeableConcept":{"coding":[{"code":"` + code + `"}]}}]}]`
	}
	for _, c := range []struct {
		name, more   string
		died, formal bool
		on           nhs.Date
	}{
		{"nobody died", alive, false, false, nhs.Date{}},
		{"a formal notice with its day", status("2") + `,"deceasedDateTime":"2026-10-22T00:00:00+00:00"`, true, true, nhs.Date{Year: 2026, Month: 10, Day: 22}},
		{"an informal notice", status("1") + `,"deceasedDateTime":"2026-10-22"`, true, false, nhs.Date{Year: 2026, Month: 10, Day: 22}},
		{"a status without a day", status("2"), true, true, nhs.Date{}},
		{"a notice that was removed", status("U"), false, false, nhs.Date{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, _ := serve(t, 200, person("U", c.more))
			got, err := s.Get(t.Context(), "9990000018")
			if err != nil {
				t.Fatal(err)
			}
			if want := (patients.Hold{Died: c.died, Formal: c.formal, On: c.on}); got.Hold != want {
				t.Errorf("got %+v, want %+v", got.Hold, want)
			}
		})
	}
}

func TestANumberThatWasReplacedSaysSo(t *testing.T) {
	t.Parallel()
	s, _ := serve(t, 200, person("U", alive))
	got, err := s.Get(t.Context(), "9990000026")
	if err != nil || !got.Replaced || got.NHSNumber != "9990000018" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func outcome(code string) string {
	return `{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"processing","details":{"coding":[{"code":"` + code + `"}]}}]}`
}

func TestWhatTheRegisterRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		status int
		body   string
		why    patients.Missing // empty: it was not asked
	}{
		{"no such number", 404, outcome("RESOURCE_NOT_FOUND"), patients.Unknown},
		{"a number that is none", 400, outcome("INVALID_RESOURCE_ID"), patients.Unknown},
		{"a record that was withdrawn", 404, outcome("INVALIDATED_RESOURCE"), patients.Invalidated},
		{"a withdrawn record that comes all the same", 200, person("REDACTED", alive), patients.Invalidated},
		{"too many calls", 429, outcome("TOO_MANY_REQUESTS"), ""},
		{"a token that has run out", 401, outcome("ACCESS_DENIED"), ""},
		{"its own failure", 500, "<html>", ""},
		{"a 404 of something else on the way", 404, "<html>", ""},
		{"an answer that is no patient", 200, `{"resourceType":"Bundle"}`, ""},
		{"a patient whose number is none", 200, strings.ReplaceAll(person("U", alive), "9990000018", "9990000019"), ""},
		{"no JSON", 200, `{`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, _ := serve(t, c.status, c.body, "Retry-After", "7")
			_, err := s.Get(t.Context(), "9990000018")
			expect(t, err, c.why)
			var unasked *patients.Unasked
			if c.status == 429 && (!errors.As(err, &unasked) || unasked.After != 7*time.Second) {
				t.Errorf("does not say when to come back: %v", err)
			}
		})
	}
}

func expect(t *testing.T, err error, why patients.Missing) {
	t.Helper()
	var no *patients.NoRecord
	var unasked *patients.Unasked
	switch {
	case why == "" && !errors.As(err, &unasked), why != "" && (!errors.As(err, &no) || no.Why != why):
		t.Errorf("got %v, want %q", err, why)
	case unasked != nil && unasked.Cause != nil && strings.Contains(unasked.Cause.Error(), "999"):
		t.Errorf("the cause names a number: %v", unasked.Cause)
	}
}

func TestASearch(t *testing.T) {
	t.Parallel()
	given := patients.Given{GivenName: "Daniel", FamilyName: "Okafor", BirthDate: nhs.Date{Year: 1996, Month: 4, Day: 27}, Postcode: "RS1 1AD"}
	found := `{"resourceType":"Bundle","type":"searchset","total":1,"entry":[{"search":{"score":1},"resource":` + person("U", alive) + `}]}`
	t.Run("asks as the specification advises", func(t *testing.T) {
		t.Parallel()
		s, r := serve(t, 200, found)
		got, err := s.Search(t.Context(), given)
		if err != nil || got.NHSNumber != "9990000018" {
			t.Fatal(got, err)
		}
		if q := (<-r.calls).URL.Query().Encode(); q != "_history=true&_max-results=1&address-postalcode=RS%2A&birthdate=eq1996-04-27&family=Okafor&given=Dan%2A" {
			t.Error(q)
		}
	})
	for _, c := range []struct {
		name, body string
		why        patients.Missing
	}{
		{"nobody", `{"resourceType":"Bundle","total":0}`, patients.Unknown},
		{"too many, which comes with status 200", outcome("TOO_MANY_MATCHES"), patients.Several},
		{"a bundle of two", `{"resourceType":"Bundle","entry":[{"resource":` + person("U", alive) + `},{"resource":` + person("U", alive) + `}]}`, patients.Several},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, _ := serve(t, 200, c.body)
			_, err := s.Search(t.Context(), given)
			expect(t, err, c.why)
		})
	}
	t.Run("too little to search by asks nobody", func(t *testing.T) {
		t.Parallel()
		s, r := serve(t, 200, found)
		_, err := s.Search(t.Context(), patients.Given{FamilyName: "Okafor"})
		expect(t, err, patients.TooLittle)
		if len(r.calls) != 0 {
			t.Error("the register was asked")
		}
	})
}

func TestAnErrorNamesNoAddress(t *testing.T) {
	t.Parallel()
	s := pds.New(pds.Options{BaseURL: "http://127.0.0.1:1", Transport: http.DefaultTransport, Now: func() time.Time { return now }, Random: rand.Reader})
	_, err := s.Get(context.Background(), "9990000018")
	expect(t, err, "")
	for e := err; e != nil; e = errors.Unwrap(e) {
		if strings.Contains(e.Error(), "9990000018") || strings.Contains(e.Error(), "127.0.0.1") {
			t.Errorf("%q", e)
		}
	}
}

func FuzzRecord(f *testing.F) {
	f.Add(person("U", alive))
	f.Add(person("R", alive))
	f.Add(outcome("X"))
	f.Fuzz(func(t *testing.T, body string) {
		transport := roundTrip(func(*http.Request) *http.Response {
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
		})
		s := pds.New(pds.Options{BaseURL: "http://register.example", Transport: transport, Now: func() time.Time { return now }, Random: rand.Reader})
		got, err := s.Get(t.Context(), "9990000018")
		if err == nil && (got.NHSNumber == "" || (got.Hold.Restricted && (got.Postcode != "" || got.Practice != "" || got.Pharmacy != ""))) {
			t.Errorf("got %+v", got)
		}
	})
}

type roundTrip func(*http.Request) *http.Response

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r), nil }
