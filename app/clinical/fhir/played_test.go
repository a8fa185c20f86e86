package fhir_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/clinical/fhir"
	"onedoor/app/clinical/r4"
	"onedoor/app/clinical/simulator"
	"onedoor/app/nhs"
)

// practice is a simulated system that watches what is sent to it.
type practice struct {
	t      *testing.T
	server *httptest.Server
	sim    *simulator.Server
	// plain hides that slots can be marked, and transactions: the server does it when an appointment is made.
	plain bool

	mu        sync.Mutex
	addresses []string
	sent      [][]byte
}

func play(t *testing.T, plain bool) *practice {
	t.Helper()
	sim, err := simulator.Open("", func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	p := &practice{t: t, sim: sim, plain: plain}
	p.server = httptest.NewServer(http.HandlerFunc(p.serve))
	t.Cleanup(func() {
		p.server.CloseClientConnections()
		p.server.Close()
		_ = sim.Close()
	})
	return p
}

func (p *practice) serve(w http.ResponseWriter, r *http.Request) {
	raw, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(raw))
	p.mu.Lock()
	p.addresses = append(p.addresses, r.URL.String())
	if r.Header.Get("Content-Type") == r4.ContentType && len(raw) > 0 {
		p.sent = append(p.sent, raw)
	}
	p.mu.Unlock()
	if p.plain && strings.HasSuffix(r.URL.Path, "/metadata") {
		rec := httptest.NewRecorder()
		p.sim.ServeHTTP(rec, r)
		w.Header().Set("Content-Type", r4.ContentType)
		_, _ = io.WriteString(w, strings.ReplaceAll(rec.Body.String(), `"transaction"`, `"batch"`))
		return
	}
	p.sim.ServeHTTP(w, r)
}

func (p *practice) hold(kind, id, body string) {
	p.t.Helper()
	var r map[string]any
	if err := json.Unmarshal([]byte(body), &r); err != nil {
		p.t.Fatal(err)
	}
	if err := p.sim.Hold("A81001", kind, id, r); err != nil {
		p.t.Fatal(err)
	}
}

// diary holds some slots of one doctor's, ten minutes each from ten o'clock.
func (p *practice) diary(n int) {
	p.hold("Schedule", "dr", `{"resourceType":"Schedule","actor":[{"type":"Practitioner","display":"Dr Shah"},{"type":"Location","display":"Mill Lane Surgery"}]}`)
	for i := range n {
		how := "In-person"
		if i%2 == 1 {
			how = "Telephone"
		}
		p.hold("Slot", fmt.Sprint("s", i), fmt.Sprintf(`{"resourceType":"Slot","schedule":{"reference":"Schedule/dr"},"status":"free",
			"start":"2026-11-25T%02d:%02d:00Z","end":"2026-11-25T%02d:%02d:00Z","serviceType":[{"text":"GP appointment"}],
			"extension":[{"url":"https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-DeliveryChannel","valueCode":%q}]}`,
			10+i/6, i%6*10, 10+i/6, i%6*10+9, how))
	}
}

func (p *practice) medicines() {
	for i, m := range []struct{ name, more string }{
		{"Ramipril 5 mg capsules", `"dispenseRequest":{"quantity":{"value":28,"unit":"capsule"},"validityPeriod":{"end":"2027-06-01"}}`},
		{"Metformin 500 mg tablets", `"extension":[{"url":"https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-MedicationRepeatInformation","extension":[
			{"url":"numberOfPrescriptionsAuthorised","valueUnsignedInt":6},{"url":"numberOfPrescriptionsIssued","valueUnsignedInt":6}]}]`},
		{"Atorvastatin 20 mg tablets", `"dispenseRequest":{"validityPeriod":{"end":"2026-11-01"}}`},
	} {
		p.hold("MedicationRequest", fmt.Sprint("m", i), fmt.Sprintf(`{"resourceType":"MedicationRequest","status":"active","intent":"plan",
			"medicationCodeableConcept":{"text":%q},"subject":{"identifier":{"system":"https://fhir.nhs.uk/Id/nhs-number","value":%q}},
			"dosageInstruction":[{"text":"One a day"}],%s}`, m.name, ada, m.more))
	}
	p.hold("MedicationRequest", "other", fmt.Sprintf(`{"resourceType":"MedicationRequest","status":"active","intent":"plan","medicationCodeableConcept":{"text":"Another's"},
		"subject":{"identifier":{"system":"https://fhir.nhs.uk/Id/nhs-number","value":%q}}}`, ben))
	p.hold("MedicationRequest", "issued", fmt.Sprintf(`{"resourceType":"MedicationRequest","status":"active","intent":"order","medicationCodeableConcept":{"text":"Issued"},
		"subject":{"identifier":{"system":"https://fhir.nhs.uk/Id/nhs-number","value":%q}}}`, ada))
}

func (p *practice) system(settings map[string]string) *fhir.System {
	p.t.Helper()
	system, err := fhir.New(fhir.Options{
		BaseURL: p.server.URL + simulator.BasePath("A81001"), Settings: settings, Now: func() time.Time { return now },
		Transport: &http.Transport{MaxIdleConnsPerHost: 2},
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return system
}

func (p *practice) fault(mode simulator.Mode) {
	p.t.Helper()
	response, err := http.Post(p.server.URL+simulator.FaultsPath("A81001"), "application/json", strings.NewReader(fmt.Sprintf(`{"mode": %q}`, mode)))
	if err != nil {
		p.t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		p.t.Fatal(response.Status)
	}
}

func (p *practice) effects() int { return len(p.ledger()) }

func (p *practice) ledger() []simulator.Effect {
	p.t.Helper()
	response, err := http.Get(p.server.URL + simulator.LedgerPath("A81001"))
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var all []simulator.Effect
	if err := json.NewDecoder(response.Body).Decode(&all); err != nil {
		p.t.Fatal(err)
	}
	return all
}

// get is a resource as the practice's own staff see it.
func (p *practice) get(name string) map[string]any {
	p.t.Helper()
	response, err := http.Get(p.server.URL + simulator.BasePath("A81001") + "/" + name)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var r map[string]any
	if err := json.NewDecoder(response.Body).Decode(&r); err != nil {
		p.t.Fatal(err)
	}
	return r
}

// staff change a resource as the practice's own staff would.
func (p *practice) staff(name string, elements map[string]any) {
	p.t.Helper()
	r := p.get(name)
	for k, v := range elements {
		r[k] = v
	}
	body, _ := json.Marshal(r)
	request, _ := http.NewRequest(http.MethodPut, p.server.URL+simulator.BasePath("A81001")+"/"+name, bytes.NewReader(body))
	request.Header.Set("Content-Type", r4.MediaType)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		p.t.Fatalf("%s: %s", name, response.Status)
	}
}

// kept checks what every test here asks for: nothing sent breaks what FHIR forbids everywhere, and no number stands in an address.
func (p *practice) kept() {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, a := range p.addresses {
		if strings.Contains(a, string(ada)) {
			p.t.Errorf("an NHS number stands in the address %s", a)
		}
	}
	for _, raw := range p.sent {
		if faults := r4.Faults(raw); len(faults) > 0 {
			p.t.Errorf("%v in %s", faults, raw)
		}
		judge(p.t, raw)
	}
}

func patient(number nhs.Number) clinical.Patient {
	return clinical.Patient{NHSNumber: number, GivenName: "Ada", FamilyName: "Moor"}
}

func bookingOf(slot clinical.Slot) clinical.Booking {
	return clinical.Booking{
		ID: uuid.New(), Reference: "4820017365", Slot: slot, Patient: patient(ada), Reason: "A sore throat", At: now,
		By: clinical.Party{ODS: "A81001", Name: "Mill Lane Surgery"},
	}
}

func is[T error](err error) bool {
	var e T
	return errors.As(err, &e)
}
