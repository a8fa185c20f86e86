package fhir_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
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

func (p *practice) effects() int {
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
	return len(all)
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

func both(t *testing.T, run func(t *testing.T, p *practice)) {
	t.Helper()
	for name, plain := range map[string]bool{"slots marked in the same transaction": false, "the server marks slots": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := play(t, plain)
			run(t, p)
			p.kept()
		})
	}
}

func TestSlotsAreFoundAsTheyWereAskedFor(t *testing.T) {
	t.Parallel()
	p := play(t, false)
	p.diary(60)
	s := p.system(nil)
	all, err := s.Slots(t.Context(), clinical.SlotQuery{From: now, Most: 100})
	if err != nil || len(all) != 60 {
		t.Fatalf("%d, %v", len(all), err)
	}
	if first := all[0]; first.ID != "Slot/s0" || first.With != "Dr Shah" || first.Where != "Mill Lane Surgery" || first.Held != clinical.InPerson || first.Service != "GP appointment" || first.ETag == "" {
		t.Errorf("%+v", first)
	}
	few, err := s.Slots(t.Context(), clinical.SlotQuery{From: now})
	if err != nil || len(few) != 20 || few[19].ID != "Slot/s19" {
		t.Errorf("the usual number: %d, %v", len(few), err)
	}
	phone, err := s.Slots(t.Context(), clinical.SlotQuery{From: now, Held: clinical.ByTelephone, Most: 25})
	if err != nil || len(phone) != 25 || slices.ContainsFunc(phone, func(s clinical.Slot) bool { return s.Held != clinical.ByTelephone }) {
		t.Errorf("by telephone, over several pages: %d, %v", len(phone), err)
	}
	hour := time.Date(2026, 11, 25, 11, 0, 0, 0, time.UTC)
	within, err := s.Slots(t.Context(), clinical.SlotQuery{From: hour, To: hour.Add(time.Hour)})
	if err != nil || len(within) != 6 || !within[0].Start.Equal(hour) {
		t.Errorf("within an hour: %d, %v", len(within), err)
	}
	if none, err := s.Slots(t.Context(), clinical.SlotQuery{Service: "Nurse"}); err != nil || len(none) != 0 {
		t.Errorf("another service: %v, %v", none, err)
	}
}

func TestAnAppointmentIsBookedMovedAmendedAndCancelled(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, p *practice) {
		p.diary(3)
		s := p.system(nil)
		slots, err := s.Slots(t.Context(), clinical.SlotQuery{})
		if err != nil || len(slots) != 3 {
			t.Fatalf("%v, %v", slots, err)
		}
		b := bookingOf(slots[0])
		if _, found, err := s.Booked(t.Context(), b); err != nil || found {
			t.Errorf("there before: %v, %v", found, err)
		}
		booked, err := s.Book(t.Context(), b)
		if err != nil || !booked.Start.Equal(slots[0].Start) || booked.With != "Dr Shah" || booked.ByPhone || booked.ETag == "" {
			t.Fatalf("%+v, %v", booked, err)
		}
		again, err := s.Book(t.Context(), b)
		if err != nil || again.ID != booked.ID {
			t.Errorf("asked again: %+v, %v", again, err)
		}
		if p.get("Slot/s0")["status"] != "busy" {
			t.Error("the slot is not busy")
		}
		if _, err := s.Book(t.Context(), bookingOf(slots[0])); !is[*clinical.Taken](err) {
			t.Errorf("somebody else's booking: %v", err)
		}
		// What the practice adds stays, and does not stand in the way.
		p.staff(booked.ID, map[string]any{"comment": "Rang the patient", "requestedPeriod": []any{map[string]any{"start": "2026-11-25T09:00:00Z"}}})
		m := bookingOf(slots[1])
		moved, err := s.Move(t.Context(), m, booked)
		if err != nil || moved.ID != booked.ID || !moved.Start.Equal(slots[1].Start) || !moved.ByPhone {
			t.Fatalf("%+v, %v", moved, err)
		}
		if again, err := s.Move(t.Context(), m, booked); err != nil || again.ETag != moved.ETag {
			t.Errorf("moved again: %+v, %v", again, err)
		}
		if back, found, err := s.Booked(t.Context(), m); err != nil || !found || back.ID != booked.ID {
			t.Errorf("the move read back: %+v %v, %v", back, found, err)
		}
		if p.get("Slot/s0")["status"] != "free" || p.get("Slot/s1")["status"] != "busy" || p.get(booked.ID)["comment"] != "Rang the patient" || p.get(booked.ID)["requestedPeriod"] == nil {
			t.Errorf("after the move: %v", p.get(booked.ID))
		}
		amended, err := s.Amend(t.Context(), clinical.Amendment{ID: uuid.New(), Appointment: moved, Patient: patient(ada), Reason: "A cough", At: now})
		if err != nil || p.get(booked.ID)["description"] != "A cough" {
			t.Errorf("%v", err)
		}
		cancellation := clinical.Cancellation{ID: uuid.New(), Appointment: amended, Patient: patient(ada), At: now}
		other := cancellation
		other.Patient = patient(ben)
		if _, err := s.Cancel(t.Context(), other); !is[*clinical.Refused](err) {
			t.Errorf("another person's appointment was cancelled: %v", err)
		}
		for range 2 {
			if cancelled, err := s.Cancel(t.Context(), cancellation); err != nil || !cancelled.Cancelled {
				t.Errorf("%+v, %v", cancelled, err)
			}
		}
		if p.get("Slot/s1")["status"] != "free" {
			t.Error("the slot was not given back")
		}
		if _, err := s.Move(t.Context(), bookingOf(slots[2]), moved); !is[*clinical.Refused](err) {
			t.Errorf("a cancelled appointment was moved: %v", err)
		}
		if n := p.effects(); n != 5 { // booked, the practice's comment, moved, amended, cancelled
			t.Errorf("%d effects", n)
		}
	})
}

func TestManyWhoWantOneSlotGetItOnce(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, p *practice) {
		p.diary(1)
		s := p.system(nil)
		slots, err := s.Slots(t.Context(), clinical.SlotQuery{})
		if err != nil || len(slots) != 1 {
			t.Fatalf("%v, %v", slots, err)
		}
		var all sync.WaitGroup
		var mu sync.Mutex
		got, taken := 0, 0
		for range 8 {
			all.Add(1)
			go func() {
				defer all.Done()
				_, err := s.Book(t.Context(), bookingOf(slots[0]))
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					got++
				case is[*clinical.Taken](err):
					taken++
				default:
					t.Errorf("%T %v", err, err)
				}
			}()
		}
		all.Wait()
		if got != 1 || taken != 7 || p.effects() != 1 {
			t.Errorf("%d got it, %d heard that it is taken, %d effects", got, taken, p.effects())
		}
	})
}

func TestRepeatsAreListedAndAskedFor(t *testing.T) {
	t.Parallel()
	p := play(t, false)
	p.medicines()
	s := p.system(nil)
	list, err := s.Repeats(t.Context(), ada)
	if err != nil || len(list) != 3 {
		t.Fatalf("%+v, %v", list, err)
	}
	if r := list[0]; r.Name != "Ramipril 5 mg capsules" || r.Dosage != "One a day" || r.Quantity != "28 capsule" || !r.May || r.Why != "" {
		t.Errorf("%+v", r)
	}
	for _, used := range list[1:] {
		if used.May || used.Why == "" {
			t.Errorf("may be asked for: %+v", used)
		}
	}
	order := clinical.MedicineOrder{
		ID: uuid.New(), Reference: "4820017365", Patient: patient(ada), Medicines: list[:2], Note: "Going away on Friday", At: now,
		By: clinical.Party{ODS: "A81001", Name: "Mill Lane Surgery"},
	}
	if _, found, err := s.Asked(t.Context(), order); err != nil || found {
		t.Errorf("there before: %v, %v", found, err)
	}
	first, err := s.Ask(t.Context(), order)
	again, err2 := s.Ask(t.Context(), order)
	if err != nil || err2 != nil || first.ExternalID != again.ExternalID || p.effects() != 1 {
		t.Fatalf("%+v %v, %+v %v, %d effects", first, err, again, err2, p.effects())
	}
	standing := func(want clinical.Stage, says string) {
		t.Helper()
		if got, found, err := s.Asked(t.Context(), order); err != nil || !found || got.Stage != want || got.Says != says {
			t.Errorf("%+v %v, %v; want %s %q", got, found, err, want, says)
		}
	}
	standing(clinical.StageWaiting, "")
	task := p.get(first.ExternalID)
	if focus, _ := task["focus"].(map[string]any); focus["reference"] != "MedicationRequest/m0" || task["status"] != "requested" || task["intent"] != "order" {
		t.Errorf("%v", task)
	}
	p.staff(first.ExternalID, map[string]any{"status": "completed"})
	standing(clinical.StageWaiting, "")
	other := ""
	for _, e := range p.get("Task")["entry"].([]any) {
		if id := "Task/" + e.(map[string]any)["resource"].(map[string]any)["id"].(string); id != first.ExternalID {
			other = id
		}
	}
	p.staff(other, map[string]any{"status": "rejected", "statusReason": map[string]any{"text": "Review first"}})
	standing(clinical.StageRefused, "1 of 2 medicines were refused. Review first")
	p.kept()
}

func TestWhatAServerLacksIsForAPerson(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/metadata") {
			t.Errorf("asked for %s", r.URL.Path)
		}
		w.Header().Set("Content-Type", r4.ContentType)
		_, _ = io.WriteString(w, `{"resourceType":"CapabilityStatement","status":"active","date":"2026-11-01","kind":"instance","fhirVersion":"4.0.1","format":["json"],
			"rest":[{"mode":"server","resource":[{"type":"Appointment","interaction":[{"code":"create"},{"code":"search-type"}]}]}]}`)
	}))
	t.Cleanup(server.Close)
	s := adapter(t, server.URL)
	offers, err := s.Capabilities(t.Context())
	if err != nil || !slices.Equal(offers.Offers, []clinical.Capability{clinical.Appointments}) {
		t.Errorf("%v, %v", offers.Offers, err)
	}
	_, book := s.Book(t.Context(), bookingOf(clinical.Slot{ID: "Slot/1"}))
	_, move := s.Move(t.Context(), bookingOf(clinical.Slot{ID: "Slot/1"}), clinical.Appointment{ID: "Appointment/1"})
	_, cancel := s.Cancel(t.Context(), clinical.Cancellation{Appointment: clinical.Appointment{ID: "Appointment/1"}})
	_, order := s.Ask(t.Context(), clinical.MedicineOrder{Medicines: []clinical.Medicine{{ID: "MedicationRequest/1"}}})
	for name, err := range map[string]error{"book": book, "move": move, "cancel": cancel, "ask": order} {
		if !is[*clinical.Refused](err) || !strings.Contains(err.Error(), "A person has to do it there") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPeopleAreLookedUpWhereTheServerKnowsThemByItsOwnName(t *testing.T) {
	t.Parallel()
	p := play(t, false)
	p.diary(1)
	p.hold("Patient", "ada", fmt.Sprintf(`{"resourceType":"Patient","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":%q}],"name":[{"family":"Moor","given":["Ada"]}],"birthDate":"1996-04-27"}`, ada))
	p.hold("MedicationRequest", "m", `{"resourceType":"MedicationRequest","status":"active","intent":"plan","medicationCodeableConcept":{"text":"x"},"subject":{"reference":"Patient/ada"}}`)
	s := p.system(map[string]string{fhir.SettingPatients: fhir.PatientsBySearch})
	known, found, err := s.FindPatient(t.Context(), ada)
	if want := (clinical.KnownPatient{ID: "Patient/ada", Name: "Ada Moor", BirthDate: nhs.Date{Year: 1996, Month: 4, Day: 27}}); err != nil || !found || known != want {
		t.Errorf("%+v %v, %v", known, found, err)
	}
	if list, err := s.Repeats(t.Context(), ada); err != nil || len(list) != 1 {
		t.Errorf("%v, %v", list, err)
	}
	slots, err := s.Slots(t.Context(), clinical.SlotQuery{})
	if err != nil || len(slots) != 1 {
		t.Fatal(err)
	}
	b := bookingOf(slots[0])
	b.Patient = patient(ben)
	if _, err := s.Book(t.Context(), b); !is[*clinical.Refused](err) {
		t.Errorf("somebody whom the server does not have: %v", err)
	}
	booked, err := s.Book(t.Context(), bookingOf(slots[0]))
	if err != nil {
		t.Fatal(err)
	}
	if list, err := s.Appointments(t.Context(), ada, now, 5); err != nil || len(list) != 1 || list[0].ID != booked.ID {
		t.Errorf("%v, %v", list, err)
	}
	p.kept()
}
