package fhir

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/clinical/r4"
)

// diary is a slot as it is now, and who keeps it.
type diary struct {
	slot     *r4.Slot
	raw      []byte
	schedule *r4.Schedule
}

func (d diary) name() string { return "Slot/" + d.slot.ID }

// marked puts a slot's status into a transaction.
func (d diary) marked(status string) (r4.Entry, error) {
	raw, err := r4.With(d.raw, "status", status)
	return put(d.name(), raw, d.slot.Meta.ETag()), err
}

// diary reads a slot and its schedule; false when the slot is not there any more.
func (s *System) diary(ctx context.Context, name string) (diary, bool, error) {
	id, isSlot := strings.CutPrefix(name, "Slot/")
	if !isSlot || !named.MatchString(name) {
		return diary{}, false, &clinical.Refused{Says: "The clinical system did not say which time this is, so it cannot be booked there.", Cause: errors.New("no name of the system's own")}
	}
	var d diary
	err := s.search(ctx, "Slot", url.Values{"_id": {id}, "_include": {"Slot:schedule"}}, false, func(e r4.Entry) bool {
		switch r := e.Resource.(type) {
		case *r4.Slot:
			if r.ID == id {
				d.slot, d.raw = r, e.Raw
			}
		case *r4.Schedule:
			d.schedule = r
		}
		return false
	})
	return d, err == nil && d.slot != nil, err
}

// Book takes a slot and makes the appointment in one transaction where the server lets us mark slots; else the server does it when the
// appointment is made.
func (s *System) Book(ctx context.Context, b clinical.Booking) (clinical.Appointment, error) {
	p, err := s.knows(ctx)
	switch {
	case err != nil:
		return clinical.Appointment{}, err
	case !p.offers("Slot", "search-type") || !p.offers("Appointment", "create", "search-type"):
		return clinical.Appointment{}, lacks("appointments are not booked once and for certain")
	}
	d, there, err := s.diary(ctx, b.Slot.ID)
	if err != nil {
		return clinical.Appointment{}, err
	}
	if !there || d.slot.Status != "free" {
		return s.ourOwnOr(ctx, b, &clinical.Taken{Cause: errors.New("the slot is not free")})
	}
	subject, err := s.subject(ctx, b.Patient)
	if err != nil {
		return clinical.Appointment{}, err
	}
	made := appointment(b, d, subject)
	a, location, etag, err := s.make(ctx, p, b, d, made)
	switch {
	case err != nil:
		return clinical.Appointment{}, err
	case a.conflict():
		return s.ourOwnOr(ctx, b, s.takenOr(ctx, b.Slot.ID, a))
	case location == "":
		return clinical.Appointment{}, a.problem()
	}
	id, ok := externalID(location, "Appointment")
	if !ok {
		return clinical.Appointment{}, a.unreadable(errNoLocation)
	}
	made.ID = strings.TrimPrefix(id, "Appointment/")
	return tell(made, etag), nil
}

// make sends the appointment, and gives its location and version; without a location the answer says why.
func (s *System) make(ctx context.Context, p profile, b clinical.Booking, d diary, made *r4.Appointment) (answer, string, string, error) {
	once := bySystem(BookingSystem, b.ID.String())
	if p.movesSlots() && d.slot.Meta.ETag() != "" {
		busy, err := d.marked("busy")
		if err != nil {
			return answer{}, "", "", &clinical.Refused{Says: "The time cannot be written as FHIR, so it was not booked.", Cause: err}
		}
		a, responses, err := s.transact(ctx, b.ID, b.ID, []r4.Entry{post(urn(b.ID, "Appointment"), made, once), busy})
		if err != nil || responses == nil {
			return a, "", "", err
		}
		return a, responses[0].Location, responses[0].ETag, nil
	}
	body, err := json.Marshal(made)
	if err != nil {
		return answer{}, "", "", &clinical.Refused{Says: "The appointment cannot be written as FHIR, so it was not booked.", Cause: err}
	}
	a, err := s.send(ctx, ask{method: http.MethodPost, path: "/Appointment", id: b.ID, correlation: b.ID, body: body, ifNoneExist: once})
	if err != nil || (a.status != http.StatusCreated && a.status != http.StatusOK) {
		return a, "", "", err
	}
	location := a.location
	if got, err := r4.DecodeAs[*r4.Appointment](a.body); err == nil && got.ID != "" {
		location = "Appointment/" + got.ID
	}
	if a.etag == "" {
		a.etag = etagOf(a.body)
	}
	if location == "" {
		return a, "", "", a.unreadable(errNoLocation)
	}
	return a, location, a.etag, nil
}

// appointment is what is booked.
func appointment(b clinical.Booking, d diary, subject r4.Reference) *r4.Appointment {
	a := &r4.Appointment{
		Identifier: []r4.Identifier{
			{System: BookingSystem, Value: b.ID.String()}, {System: r4.ReferenceSystem, Value: b.Reference},
		},
		Status: "booked", ServiceType: d.slot.ServiceType, Description: b.Reason, Created: r4.Instant(b.At),
		Participant: []r4.Participant{{Actor: &subject, Required: "required", Status: "accepted"}},
	}
	a.Extension = []r4.Extension{{URL: r4.BookingOrganization, Value: *organisationOf(b.By)}}
	if b.Reference == "" {
		a.Identifier = a.Identifier[:1]
	}
	timed(a, d)
	if d.schedule != nil {
		for _, actor := range d.schedule.Actor {
			a.Participant = append(a.Participant, r4.Participant{Actor: &actor, Required: "required", Status: "accepted"})
		}
	}
	return a
}

// timed puts an appointment into a slot.
func timed(a *r4.Appointment, d diary) {
	a.Start, a.End, a.Slot = d.slot.Start, d.slot.End, []r4.Reference{{Reference: d.name()}}
	a.MinutesDuration = max(0, int(r4.Moment(a.End).Sub(r4.Moment(a.Start)).Minutes()))
	a.Extension = slices.DeleteFunc(slices.Clone(a.Extension), func(e r4.Extension) bool { return e.URL == r4.DeliveryChannel })
	if code := channel(held(d.slot.Extension)); code != "" {
		a.Extension = append(a.Extension, r4.Extension{URL: r4.DeliveryChannel, Value: r4.Code(code)})
	}
}

// ourOwnOr is our own earlier try, if that is why the slot is taken.
func (s *System) ourOwnOr(ctx context.Context, b clinical.Booking, otherwise error) (clinical.Appointment, error) {
	got, found, err := s.Booked(ctx, b)
	switch {
	case err != nil:
		return clinical.Appointment{}, &clinical.Unknown{Says: "The clinical system could not say whether the appointment was made.", Cause: err}
	case found:
		return got, nil
	}
	return clinical.Appointment{}, otherwise
}

// takenOr judges a conflict: the slot is somebody else's now, or something else changed and it may be tried again.
func (s *System) takenOr(ctx context.Context, slot string, a answer) error {
	d, there, err := s.diary(ctx, slot)
	if err == nil && (!there || d.slot.Status != "free") {
		return &clinical.Taken{Cause: a.cause()}
	}
	return conflicting(a)
}

// Booked looks for an act's appointment: the one that was made by it, or that was moved by it.
func (s *System) Booked(ctx context.Context, b clinical.Booking) (clinical.Appointment, bool, error) {
	var got clinical.Appointment
	found := false
	err := s.search(ctx, "Appointment", url.Values{"identifier": {BookingSystem + "|" + b.ID.String()}}, false, func(e r4.Entry) bool {
		if a, ok := e.Resource.(*r4.Appointment); !found && ok && a.ID != "" && carries(a.Identifier, BookingSystem, b.ID) {
			got, found = tell(a, a.Meta.ETag()), true
		}
		return found
	})
	return got, found, err
}

// acted adds an act's identifier, by which it is read back, and the request that asked for it, unless it stands there already.
func acted(a *r4.Appointment, act uuid.UUID, reference string) {
	a.Identifier = append(slices.Clone(a.Identifier), r4.Identifier{System: BookingSystem, Value: act.String()})
	named := func(i r4.Identifier) bool { return i.System == r4.ReferenceSystem && i.Value == reference }
	if reference != "" && !slices.ContainsFunc(a.Identifier, named) {
		a.Identifier = append(a.Identifier, r4.Identifier{System: r4.ReferenceSystem, Value: reference})
	}
}
