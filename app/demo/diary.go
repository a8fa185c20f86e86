package demo

import (
	"fmt"
	"time"

	"onedoor/app/nhs"
	"onedoor/app/patients"
	"onedoor/tenants"
)

// Held is a FHIR R4 resource that stands in an organisation's clinical system before anybody asks.
type Held struct {
	ODS      nhs.ODSCode
	Kind, ID string
	Resource map[string]any
}

// diaryDays is for how many days to come there are free appointments, bank holidays not looked at.
const diaryDays = 14

// Diary is what the practices' systems hold besides appointments: free times of a doctor and a nurse on the working days to come, and
// the repeat medicines of some people. Names of times hold their day, so that those which were taken stay so at the next start.
func Diary(register []patients.Patient, now time.Time) []Held {
	var out []Held
	for _, keeper := range []struct {
		ods               nhs.ODSCode
		id, with, service string
		where             string
	}{
		{"A81001", "doctor", "Dr Aisha Rahman", "GP appointment", "Weir Lane Surgery"},
		{"A81001", "nurse", "Practice nurse", "Nurse appointment", "Weir Lane Surgery"},
	} {
		out = append(out, Held{keeper.ods, "Schedule", keeper.id, map[string]any{"resourceType": "Schedule", "actor": []any{
			map[string]any{"type": "Practitioner", "display": keeper.with}, map[string]any{"type": "Location", "display": keeper.where},
		}}})
		for _, start := range times(now) {
			id := keeper.id + "-" + start.UTC().Format("20060102-1504")
			how := "In-person"
			if start.Hour() >= 14 {
				how = "Telephone"
			}
			out = append(out, Held{keeper.ods, "Slot", id, map[string]any{
				"resourceType": "Slot", "status": "free", "schedule": map[string]any{"reference": "Schedule/" + keeper.id},
				"start": start.Format(time.RFC3339), "end": start.Add(10 * time.Minute).Format(time.RFC3339),
				"serviceType": []any{map[string]any{"text": keeper.service}},
				"extension":   []any{map[string]any{"url": "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-DeliveryChannel", "valueCode": how}},
			}})
		}
	}
	return append(out, repeats(register)...)
}

// times are four a day: two in the morning and two in the afternoon.
func times(now time.Time) (all []time.Time) {
	today := nhs.DateOf(now.In(tenants.London()))
	for days := 1; days <= diaryDays; days++ {
		midnight := today.Add(days).Midnight(tenants.London())
		if midnight.Weekday() == time.Saturday || midnight.Weekday() == time.Sunday {
			continue
		}
		for _, at := range []time.Duration{9*time.Hour + 10*time.Minute, 10*time.Hour + 40*time.Minute, 14*time.Hour + 20*time.Minute, 16 * time.Hour} {
			all = append(all, midnight.Add(at))
		}
	}
	return all
}

// repeats are the medicines of the people whom the demonstration is about. One needs a review first.
func repeats(register []patients.Patient) (all []Held) {
	for i, p := range RiversidePatients(register) {
		if i == 3 {
			break
		}
		for n, m := range []struct {
			name, dosage, unit string
			issued             int
		}{
			{"Ramipril 5 mg capsules", "One capsule each morning", "capsule", 2},
			{"Atorvastatin 20 mg tablets", "One tablet at night", "tablet", 2},
			{"Omeprazole 20 mg gastro-resistant capsules", "One capsule before breakfast", "capsule", 6},
		} {
			all = append(all, Held{"A81001", "MedicationRequest", fmt.Sprintf("demonstration-%d-%d", i, n), map[string]any{
				"resourceType": "MedicationRequest", "status": "active", "intent": "plan", "medicationCodeableConcept": map[string]any{"text": m.name},
				"subject":           map[string]any{"identifier": map[string]any{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": string(p.NHSNumber)}},
				"dosageInstruction": []any{map[string]any{"text": m.dosage}},
				"dispenseRequest":   map[string]any{"quantity": map[string]any{"value": 28, "unit": m.unit}},
				"extension": []any{map[string]any{
					"url": "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-MedicationRepeatInformation", "extension": []any{
						map[string]any{"url": "numberOfPrescriptionsAuthorised", "valueUnsignedInt": 6},
						map[string]any{"url": "numberOfPrescriptionsIssued", "valueUnsignedInt": m.issued},
					},
				}},
			}})
		}
	}
	return all
}
