package fhir

import (
	"context"
	"net/url"
	"slices"
	"time"

	"onedoor/app/clinical"
	"onedoor/app/clinical/r4"
	"onedoor/app/nhs"
)

// Codes of UK Core's extension for how an appointment is held.
const (
	channelInPerson  = "In-person"
	channelTelephone = "Telephone"
	channelVideo     = "Video"
)

func held(extensions []r4.Extension) clinical.Held {
	e, ok := r4.Find(extensions, r4.DeliveryChannel)
	if !ok {
		return ""
	}
	switch r4.Text(e.Value) {
	case channelInPerson:
		return clinical.InPerson
	case channelTelephone:
		return clinical.ByTelephone
	case channelVideo:
		return clinical.ByVideo
	}
	return ""
}

func channel(h clinical.Held) string {
	switch h {
	case clinical.InPerson:
		return channelInPerson
	case clinical.ByTelephone:
		return channelTelephone
	case clinical.ByVideo:
		return channelVideo
	}
	return ""
}

// Appointments searches by form, since an address would hold the NHS number and addresses are logged by many. What the server
// gives is looked at again: only this person's, booked, and still to come are told.
func (s *System) Appointments(ctx context.Context, patient nhs.Number, from time.Time, most int) ([]clinical.Appointment, error) {
	subject, known, err := s.person(ctx, patient)
	if err != nil || !known {
		return nil, err
	}
	by := byPerson(subject)
	by.Set("status", "booked")
	by.Set("date", "ge"+from.UTC().Format(time.RFC3339))
	by.Set("_sort", "date")
	by.Set("_count", count(max(most, 1)))
	var told []clinical.Appointment
	err = s.search(ctx, "Appointment", by, true, func(e r4.Entry) bool {
		a, ok := e.Resource.(*r4.Appointment)
		if !ok || a.Status != "booked" || !theirs(a, subject) {
			return false // an outcome may stand beside what was found
		}
		if one := tell(a, a.Meta.ETag()); !one.Start.IsZero() && !one.Start.Before(from) {
			told = append(told, one)
		}
		return len(told) >= most
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(told, func(a, b clinical.Appointment) int { return a.Start.Compare(b.Start) })
	return told[:min(len(told), max(most, 0))], nil
}

// person is somebody by NHS number, as the server is asked about them; false when it does not have them.
func (s *System) person(ctx context.Context, patient nhs.Number) (r4.Reference, bool, error) {
	subject := r4.NHS(string(patient), "")
	if !s.searchesPatients {
		return subject, true, nil
	}
	known, found, err := s.FindPatient(ctx, patient)
	subject.Reference = known.ID
	return subject, found, err
}

func theirs(a *r4.Appointment, subject r4.Reference) bool {
	return slices.ContainsFunc(a.Participant, func(p r4.Participant) bool { return same(p.Actor, subject) })
}

// tell is an appointment without its reason.
func tell(a *r4.Appointment, etag string) clinical.Appointment {
	one := clinical.Appointment{Start: r4.Moment(a.Start), End: r4.Moment(a.End), ETag: etag, Cancelled: a.Status == "cancelled"}
	if a.ID != "" {
		one.ID = "Appointment/" + a.ID
	}
	for _, p := range a.Participant {
		if p.Actor != nil {
			one.With, one.Where = whom(*p.Actor, one.With, one.Where)
		}
	}
	if e, ok := r4.Find(a.Extension, r4.DeliveryChannel); ok {
		code := r4.Text(e.Value)
		one.ByPhone = code != "" && code != channelInPerson
	}
	return one
}

// whom adds to whom and where something is.
func whom(actor r4.Reference, with, where string) (string, string) {
	kind := actor.Type
	if m := located.FindStringSubmatch(actor.Reference); m != nil && kind == "" {
		kind = m[1]
	}
	switch {
	case kind == "Location":
		where = actor.Display
	case kind == "Practitioner", kind == "PractitionerRole", kind == "HealthcareService" && with == "":
		with = actor.Display
	}
	return with, where
}

const usualSlots = 20

// Slots are free ones. The server is asked for what it can tell apart by itself; the rest is chosen here.
func (s *System) Slots(ctx context.Context, q clinical.SlotQuery) ([]clinical.Slot, error) {
	most := q.Most
	if most <= 0 {
		most = usualSlots
	}
	by := url.Values{"status": {"free"}, "_include": {"Slot:schedule"}, "_sort": {"start"}, "_count": {count(min(most, 100))}}
	if !q.From.IsZero() {
		by.Add("start", "ge"+q.From.UTC().Format(time.RFC3339))
	}
	if !q.To.IsZero() {
		by.Add("start", "lt"+q.To.UTC().Format(time.RFC3339))
	}
	var free []*r4.Slot
	schedules := map[string]*r4.Schedule{}
	err := s.search(ctx, "Slot", by, false, func(e r4.Entry) bool {
		switch r := e.Resource.(type) {
		case *r4.Schedule:
			schedules["Schedule/"+r.ID] = r
			if e.FullURL != "" {
				schedules[e.FullURL] = r
			}
		case *r4.Slot:
			if suits(r, q) {
				free = append(free, r)
			}
		}
		return len(free) >= most
	})
	if err != nil {
		return nil, err
	}
	var out []clinical.Slot
	for _, r := range free {
		out = append(out, slotOf(r, schedules[r.Schedule.Reference]))
	}
	slices.SortStableFunc(out, func(a, b clinical.Slot) int { return a.Start.Compare(b.Start) })
	return out[:min(len(out), most)], nil
}

func suits(r *r4.Slot, q clinical.SlotQuery) bool {
	start := r4.Moment(r.Start)
	switch {
	case r.ID == "" || r.Status != "free" || start.IsZero():
		return false
	case !q.From.IsZero() && start.Before(q.From), !q.To.IsZero() && !start.Before(q.To):
		return false
	case q.Held != "" && held(r.Extension) != q.Held:
		return false
	}
	return q.Service == "" || service(r) == q.Service
}

// service is the system's own name for a kind of slot.
func service(r *r4.Slot) string {
	if len(r.ServiceType) > 0 && r.ServiceType[0].Words() != "" {
		return r.ServiceType[0].Words()
	}
	if r.AppointmentType != nil {
		return r.AppointmentType.Words()
	}
	return ""
}

func slotOf(r *r4.Slot, schedule *r4.Schedule) clinical.Slot {
	out := clinical.Slot{
		ID: "Slot/" + r.ID, ETag: r.Meta.ETag(), Start: r4.Moment(r.Start), End: r4.Moment(r.End), Held: held(r.Extension), Service: service(r),
	}
	if schedule != nil {
		for _, actor := range schedule.Actor {
			out.With, out.Where = whom(actor, out.With, out.Where)
		}
	}
	return out
}
