package fhir_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"onedoor/app/clinical"
	"onedoor/app/clinical/fhir"
	"onedoor/app/clinical/simulator"
	"onedoor/app/nhs"
)

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

const ada, ben nhs.Number = "9990000018", "9990000026"

// booking is a FHIR Appointment.
func booking(patient nhs.Number, status, start, channel string) map[string]any {
	r := map[string]any{
		"resourceType": "Appointment", "status": status, "start": start, "end": start,
		"participant": []any{
			map[string]any{"status": "accepted", "actor": map[string]any{"identifier": map[string]any{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": string(patient)}}},
			map[string]any{"status": "accepted", "actor": map[string]any{"type": "Practitioner", "display": "Dr Shah"}},
			map[string]any{"status": "accepted", "actor": map[string]any{"type": "Location", "display": "Mill Lane Surgery"}},
		},
	}
	if channel != "" {
		r["extension"] = []any{map[string]any{"url": "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-DeliveryChannel", "valueCode": channel}}
	}
	return r
}

func adapter(t *testing.T, address string) *fhir.System {
	t.Helper()
	system, err := fhir.New(fhir.Options{BaseURL: address, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	return system
}

func TestAPersonsOwnComingAppointmentsAreTold(t *testing.T) {
	t.Parallel()
	sim, err := simulator.Open("", func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sim.Close() })
	var mu sync.Mutex
	var addresses []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		addresses = append(addresses, r.URL.String())
		mu.Unlock()
		sim.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	for id, r := range map[string]map[string]any{
		"later": booking(ada, "booked", "2026-12-01T15:00:00Z", "Telephone"), "next": booking(ada, "booked", "2026-11-25T10:20:00Z", "In-person"),
		"past": booking(ada, "booked", "2026-11-20T09:00:00Z", ""), "cancelled": booking(ada, "cancelled", "2026-11-26T09:00:00Z", ""),
		"another's": booking(ben, "booked", "2026-11-24T09:00:00Z", ""),
	} {
		if err := sim.Hold("A81001", "Appointment", id, r); err != nil {
			t.Fatal(err)
		}
	}
	system := adapter(t, server.URL+simulator.BasePath("A81001"))
	told, err := system.Appointments(t.Context(), ada, now, 5)
	if err != nil {
		t.Fatal(err)
	}
	want := []clinical.Appointment{
		{ID: "Appointment/next", ETag: `W/"1"`, Start: time.Date(2026, 11, 25, 10, 20, 0, 0, time.UTC), With: "Dr Shah", Where: "Mill Lane Surgery"},
		{ID: "Appointment/later", ETag: `W/"1"`, Start: time.Date(2026, 12, 1, 15, 0, 0, 0, time.UTC), With: "Dr Shah", Where: "Mill Lane Surgery", ByPhone: true},
	}
	if !slices.EqualFunc(told, want, func(a, b clinical.Appointment) bool {
		same := a.Start.Equal(b.Start) && a.End.Equal(a.Start)
		a.Start, b.Start, a.End = time.Time{}, time.Time{}, time.Time{}
		return same && a == b
	}) {
		t.Errorf("told %+v", told)
	}
	if one, err := system.Appointments(t.Context(), ada, now, 1); err != nil || len(one) != 1 || !one[0].Start.Equal(want[0].Start) {
		t.Errorf("the next one is %+v, %v", one, err)
	}
	if none, err := system.Appointments(t.Context(), "9990000034", now, 5); err != nil || len(none) != 0 {
		t.Errorf("somebody without any hears %+v, %v", none, err)
	}
	capabilities, err := system.Capabilities(t.Context())
	if err != nil || !slices.Contains(capabilities.Offers, clinical.Appointments) {
		t.Errorf("the system offers %v, %v", capabilities.Offers, err)
	}
	mu.Lock()
	defer mu.Unlock()
	for _, a := range addresses {
		if strings.Contains(a, string(ada)) {
			t.Errorf("an NHS number stands in the address %s", a)
		}
	}
}

// A server that gives more than was asked for is not repeated.
func TestOnlyThePersonsOwnAreToldWhateverAServerGives(t *testing.T) {
	t.Parallel()
	answers := map[string]string{
		"another's": `{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Appointment","status":"booked","start":"2026-11-25T10:20:00Z",
			"participant":[{"actor":{"identifier":{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9990000026"}}}]}}]}`,
		"nobody's":   `{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Appointment","status":"booked","start":"2026-11-25T10:20:00Z"}}]}`,
		"no time":    `{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Appointment","status":"booked","participant":[{"actor":{"identifier":{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9990000018"}}}]}}]}`,
		"an outcome": `{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"OperationOutcome"}}]}`,
		"nothing":    `{"resourceType":"Bundle"}`,
	}
	for name, body := range answers {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/fhir+json")
			_, _ = io.WriteString(w, body)
		}))
		told, err := adapter(t, server.URL).Appointments(t.Context(), ada, now, 5)
		if err != nil || len(told) != 0 {
			t.Errorf("%s: %+v, %v", name, told, err)
		}
		server.Close()
	}
	for name, status := range map[string]int{"a system that lacks it": http.StatusNotFound, "a system in trouble": http.StatusInternalServerError} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		_, err := adapter(t, server.URL).Appointments(t.Context(), ada, now, 5)
		var refused *clinical.Refused
		var unavailable *clinical.Unavailable
		if !errors.As(err, &refused) && !errors.As(err, &unavailable) {
			t.Errorf("%s: %v", name, err)
		}
		server.Close()
	}
}
