package fhir

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/nhs"
)

// deliveryChannel is UK Core's extension for how an appointment is held: In-person, Telephone, Video.
const deliveryChannel = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-DeliveryChannel"

const formType = "application/x-www-form-urlencoded"

var _ clinical.AppointmentBook = (*System)(nil)

type appointment struct {
	ResourceType string `json:"resourceType"`
	Status       string `json:"status"`
	Start        string `json:"start"`
	End          string `json:"end"`
	Extension    []struct {
		URL       string `json:"url"`
		ValueCode string `json:"valueCode"`
	} `json:"extension"`
	Participant []struct {
		Actor reference `json:"actor"`
	} `json:"participant"`
}

// Appointments searches by POST, since an address would hold the NHS number and addresses are logged by many. What the
// server gives is looked at again: only this person's, booked, and still to come are told.
func (s *System) Appointments(ctx context.Context, patient nhs.Number, from time.Time, most int) ([]clinical.Appointment, error) {
	form := url.Values{
		"patient.identifier": {nhsNumberSystem + "|" + string(patient)}, "status": {"booked"}, "date": {"ge" + from.UTC().Format(time.RFC3339)},
		"_sort": {"date"}, "_count": {strconv.Itoa(max(most, 1))},
	}
	a, err := s.send(ctx, http.MethodPost, "/Appointment/_search", uuid.Nil, formType, []byte(form.Encode()))
	if err != nil {
		return nil, err
	}
	if a.status != http.StatusOK {
		return nil, a.problem()
	}
	var list found
	if err := json.Unmarshal(a.body, &list); err != nil || list.ResourceType != "Bundle" {
		return nil, a.unreadable(err)
	}
	var told []clinical.Appointment
	for _, entry := range list.Entry {
		var r appointment
		if err := json.Unmarshal(entry.Resource, &r); err != nil {
			return nil, a.unreadable(err)
		}
		if r.ResourceType != "Appointment" { // an outcome may stand beside what was found
			continue
		}
		if one, ok := r.of(patient, from); ok {
			told = append(told, one)
		}
	}
	slices.SortFunc(told, func(a, b clinical.Appointment) int { return a.Start.Compare(b.Start) })
	return told[:min(len(told), max(most, 0))], nil
}

func (r appointment) of(patient nhs.Number, from time.Time) (one clinical.Appointment, ok bool) {
	if r.Status != "booked" {
		return one, false
	}
	one.Start, one.End = when(r.Start), when(r.End)
	theirs := false
	for _, p := range r.Participant {
		id := p.Actor.Identifier
		switch {
		case id != nil && id.System == nhsNumberSystem:
			theirs = theirs || id.Value == string(patient)
		case p.Actor.Type == "Location":
			one.Where = p.Actor.Display
		case p.Actor.Type == "Practitioner", p.Actor.Type == "PractitionerRole", p.Actor.Type == "HealthcareService" && one.With == "":
			one.With = p.Actor.Display
		}
	}
	for _, e := range r.Extension {
		one.ByPhone = one.ByPhone || (e.URL == deliveryChannel && e.ValueCode != "" && e.ValueCode != "In-person")
	}
	return one, theirs && !one.Start.IsZero() && !one.Start.Before(from)
}
