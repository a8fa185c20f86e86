package fhir_test

import (
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
	"onedoor/app/nhs"
)

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
		cancellation := clinical.Cancellation{ID: uuid.New(), Reference: "1234567890", Appointment: amended, Patient: patient(ada), At: now}
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
		if list := p.ledger(); len(list) != 5 || list[0].Kind != "appointment-booked" || list[2].Kind != "appointment-changed" ||
			list[4].Kind != "appointment-cancelled" || list[4].RequestReference != "1234567890" { // the second is the practice's comment
			t.Errorf("effects: %+v", list)
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
