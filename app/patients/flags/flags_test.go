package flags_test

import (
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"onedoor/app/clinical/simulator/national"
	"onedoor/app/patients"
	"onedoor/app/patients/flags"
)

const number = "9990000018"

func TestTheSimulatorsFlagsAreRead(t *testing.T) {
	t.Parallel()
	n := national.New()
	n.Know(national.Person{NHSNumber: number, Adjustments: [][2]string{{"367741000000102", "Requires information verbally"}, {"520471000000105", "Method of communication: British Sign Language"}}})
	s := httptest.NewServer(n)
	t.Cleanup(s.Close)
	service := flags.New(flags.Options{BaseURL: s.URL + national.FlagsPath, Transport: http.DefaultTransport, Random: rand.Reader})
	got, err := service.Adjustments(t.Context(), number)
	want := []patients.Adjustment{{Code: "367741000000102", Says: "Requires information verbally"}, {Code: "520471000000105", Says: "Method of communication: British Sign Language"}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
	if got, err = service.Adjustments(t.Context(), "9990000026"); err != nil || got != nil {
		t.Errorf("somebody without: %v, %v", got, err)
	}
}

func TestOnlyActiveAdjustmentsCount(t *testing.T) {
	t.Parallel()
	one := func(status, category, system string) string {
		return `{"resource":{"resourceType":"Flag","status":"` + status + `","category":[{"coding":[{"code":"` + category + `"}]}],"code":{"coding":[{"system":"` + system + `","code":"1","display":"Needs a quiet room"}]}}}`
	}
	const ra, sct = "national-reasonable-adjustment-flag", "http://snomed.info/sct"
	for _, c := range []struct {
		name, body string
		status     int
		want       int
		fails      bool
	}{
		{"an active one", one("active", ra, sct), 200, 1, false},
		{"one that was removed", one("inactive", ra, sct), 200, 0, false},
		{"another sort of flag", one("active", "child-protection", sct), 200, 0, false},
		{"the flag over the others", one("active", ra, "https://fhir.nhs.uk/England/CodeSystem/England-FlagCategoryPatient"), 200, 0, false},
		{"nothing recorded", "", 404, 0, false},
		{"a service that is down", "", 503, 0, true},
		{"a service that answers something else", `]`, 200, 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Query().Get("patient") != number || r.Header.Get("X-Request-ID") == "" {
					t.Errorf("asked %s with %v", r.URL, r.Header)
				}
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, `{"resourceType":"Bundle","entry":[`+c.body+`]}`)
			}))
			t.Cleanup(s.Close)
			got, err := flags.New(flags.Options{BaseURL: s.URL, Transport: http.DefaultTransport, Random: rand.Reader}).Adjustments(t.Context(), number)
			var unasked *patients.Unasked
			if len(got) != c.want || (err != nil) != c.fails || (c.fails && !errors.As(err, &unasked)) {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}

func FuzzAdjustments(f *testing.F) {
	f.Add(`{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Flag","status":"active"}}]}`)
	f.Fuzz(func(t *testing.T, body string) {
		transport := roundTrip(func(*http.Request) *http.Response {
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
		})
		list, _ := flags.New(flags.Options{BaseURL: "http://flags.example", Transport: transport, Random: rand.Reader}).Adjustments(t.Context(), number)
		for _, a := range list {
			if a.Code == "" || a.Says == "" {
				t.Errorf("got %+v", a)
			}
		}
	})
}

type roundTrip func(*http.Request) *http.Response

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r), nil }
