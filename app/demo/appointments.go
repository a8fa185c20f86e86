package demo

import (
	"time"

	"onedoor/app/nhs"
	"onedoor/app/patients"
	"onedoor/tenants"
)

// Booking is an appointment that stands in a practice's clinical system before anybody rings.
type Booking struct {
	ODS nhs.ODSCode
	ID  string
	// Resource is a FHIR R4 Appointment.
	Resource map[string]any
}

// Bookings are the appointments of the person whom the demonstration is about: one at the surgery in two days, and one by
// telephone the week after.
func Bookings(register []patients.Patient, now time.Time) []Booking {
	people := RiversidePatients(register)
	if len(people) == 0 {
		return nil
	}
	day := nhs.DateOf(now.In(tenants.London()))
	at := func(days, hour, minute int) time.Time {
		return day.Add(days).Midnight(tenants.London()).Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute)
	}
	return []Booking{
		{"A81001", "demonstration-1", appointment(people[0].NHSNumber, at(2, 10, 20), "Dr Aisha Rahman", "Weir Lane Surgery", "In-person")},
		{"A81001", "demonstration-2", appointment(people[0].NHSNumber, at(9, 15, 0), "Practice nurse", "", "Telephone")},
	}
}

func appointment(patient nhs.Number, start time.Time, with, where, channel string) map[string]any {
	participants := []any{
		map[string]any{"status": "accepted", "actor": map[string]any{
			"type": "Patient", "identifier": map[string]any{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": string(patient)},
		}},
		map[string]any{"status": "accepted", "actor": map[string]any{"type": "Practitioner", "display": with}},
	}
	if where != "" {
		participants = append(participants, map[string]any{"status": "accepted", "actor": map[string]any{"type": "Location", "display": where}})
	}
	return map[string]any{
		"resourceType": "Appointment", "status": "booked", "start": start.Format(time.RFC3339), "end": start.Add(10 * time.Minute).Format(time.RFC3339),
		"extension":   []any{map[string]any{"url": "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-DeliveryChannel", "valueCode": channel}},
		"participant": participants,
	}
}
