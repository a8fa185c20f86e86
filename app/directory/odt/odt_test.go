package odt_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"onedoor/app/clinical/simulator/national"
	"onedoor/app/directory"
	"onedoor/app/directory/odt"
	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/tenants"
)

var now = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

func register(t *testing.T, h http.Handler, base string) *odt.Service {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return odt.New(odt.Options{BaseURL: s.URL + base, APIKey: "a-key", Transport: http.DefaultTransport, Now: func() time.Time { return now }})
}

func TestTheSimulatorsOrganisationsAreRead(t *testing.T) {
	t.Parallel()
	n := national.New()
	n.List(national.Organisation{
		ODS: "FRV01", Name: "QUAYSIDE PHARMACY", Role: "RO182", RoleName: "PHARMACY", Lines: []string{"1 QUAYSIDE"}, Town: "RIVERSIDE", Postcode: "RS1 1AB",
		Telephone: "01632 960201", OpenedOn: "2010-05-01",
	}, national.Organisation{ODS: "FRV09", Name: "SHUT PHARMACY", Role: "RO182", RoleName: "PHARMACY", OpenedOn: "2010-05-01", ClosedOn: "2025-03-31"})
	s := register(t, n, national.ODTPath)
	got, err := s.Organisation(t.Context(), "FRV01")
	want := directory.Listed{
		ODS: "FRV01", Name: "QUAYSIDE PHARMACY", Kind: tenants.Pharmacy, Role: "RO182", Open: true, OpenedOn: nhs.Date{Year: 2010, Month: 5, Day: 1},
		Address: []string{"1 QUAYSIDE", "RIVERSIDE"}, Postcode: "RS1 1AB", Telephone: "+441632960201", Source: odt.Source, ReadAt: now,
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	shut, err := s.Organisation(t.Context(), "FRV09")
	if err != nil || shut.Open || shut.ClosedOn != (nhs.Date{Year: 2025, Month: 3, Day: 31}) {
		t.Errorf("got %+v, %v", shut, err)
	}
	if _, err := s.Organisation(t.Context(), "FRV10"); !fault.Is(err, "not_found") {
		t.Error(err)
	}
}

const role = "https://fhir.nhs.uk/England/StructureDefinition/Extension-England-OrganisationRole"

func roleOf(code, active string) string {
	return `{"url":"` + role + `","extension":[{"url":"roleCode","valueCodeableConcept":{"coding":[{"code":"` + code + `"}]}},{"url":"active","valueBoolean":` + active + `}]}`
}

func TestWhatKindAnOrganisationIs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, roles string
		want        tenants.OrganisationKind
	}{
		{"a GP practice", roleOf("RO177", "true") + "," + roleOf("RO76", "true"), tenants.Practice},
		{"a GP practice, its roles the other way round", roleOf("RO76", "true") + "," + roleOf("RO177", "true"), tenants.Practice},
		{"one that is a GP practice no more", roleOf("RO177", "true") + "," + roleOf("RO76", "false"), ""},
		{"another prescribing cost centre", roleOf("RO177", "true"), ""},
		{"a pharmacy", roleOf("RO182", "true"), tenants.Pharmacy},
		{"a pharmacy's headquarters", roleOf("RO181", "true"), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := register(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("apikey") != "a-key" || r.URL.Path != "/Organization/A81001" {
					t.Errorf("asked %s with %v", r.URL.Path, r.Header)
				}
				_, _ = io.WriteString(w, `{"resourceType":"Organization","id":"A81001","active":true,"name":"X","extension":[`+c.roles+`]}`)
			}), "")
			if got, err := s.Organisation(t.Context(), "A81001"); err != nil || got.Kind != c.want {
				t.Errorf("got %q, %v", got.Kind, err)
			}
		})
	}
}

func TestARegisterThatDoesNotAnswerAsItShould(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
	}{
		"down":             {503, ""},
		"too many calls":   {429, ""},
		"not JSON":         {200, "<html>"},
		"another resource": {200, `{"resourceType":"Patient","id":"A81001","name":"X"}`},
		"another one":      {200, `{"resourceType":"Organization","id":"A81002","name":"X"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := register(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			}), "")
			if _, err := s.Organisation(t.Context(), "A81001"); !fault.Is(err, "register_unavailable") {
				t.Error(err)
			}
		})
	}
}

func FuzzOrganisation(f *testing.F) {
	f.Add(`{"resourceType":"Organization","id":"A81001","active":true,"name":"X","extension":[` + roleOf("RO177", "true") + `]}`)
	f.Fuzz(func(t *testing.T, body string) {
		transport := roundTrip(func(*http.Request) *http.Response {
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
		})
		got, err := odt.New(odt.Options{BaseURL: "http://register.example", Transport: transport, Now: func() time.Time { return now }}).Organisation(t.Context(), "A81001")
		if err == nil && (got.ODS != "A81001" || got.Name == "") {
			t.Errorf("got %+v", got)
		}
	})
}

type roundTrip func(*http.Request) *http.Response

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r), nil }
