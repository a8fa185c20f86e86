package bars

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/clinical/r4"
)

const (
	mostSlots    = 20
	slotsForward = 14 * 24 * time.Hour // when a search names no end
)

// Slots implements clinical.Scheduler. Source: specification/booking-and-referral-1.4.0.yaml, GET /Slot.
func (s *System) Slots(ctx context.Context, q clinical.SlotQuery) ([]clinical.Slot, error) {
	id, err := uuid.NewRandomFromReader(s.random)
	if err != nil {
		return nil, err
	}
	has, err := s.negotiated(ctx, s.self, id)
	if err != nil {
		return nil, err
	}
	if !has.statement.does("Slot", "search-type") {
		return nil, &clinical.Refused{Says: "The receiving service does not show what is free."}
	}
	from, to := q.From, q.To
	if from.IsZero() {
		from = s.now()
	}
	if to.IsZero() {
		to = from.Add(slotsForward)
	}
	query := url.Values{
		"status": {"free"}, "start": {"ge" + instant(from), "le" + instant(to)}, "Schedule.actor:HealthcareService": {s.target.Value},
		"_include": {"Slot:schedule", "Schedule:actor:HealthcareService", "Schedule:actor:Practitioner", "HealthcareService:location"},
	}
	a, err := s.read(ctx, "/Slot?"+query.Encode(), s.self, id, has.version)
	if err != nil {
		return nil, err
	}
	if v, _ := a.judge(); v != taken {
		return nil, a.problem()
	}
	var list received
	if err := json.Unmarshal(a.body, &list); err != nil || list.ResourceType != "Bundle" {
		return nil, unreadable(err)
	}
	return list.slots(q, from, to), nil
}

// slots are the free ones that a query asked for. What a receiver gives besides is left out: it may honour less than was asked.
func (b received) slots(q clinical.SlotQuery, from, to time.Time) []clinical.Slot {
	var out []clinical.Slot
	for _, e := range b.Entry {
		r, err := r4.DecodeAs[*r4.Slot](e.Resource)
		if err != nil || r.Status != "free" || r.ID == "" {
			continue
		}
		one := clinical.Slot{ID: "Slot/" + r.ID, Start: r4.Moment(r.Start), End: r4.Moment(r.End), Held: held(r.Extension)}
		for _, c := range r.ServiceCategory {
			for _, code := range c.Coding {
				one.Service = code.Display
			}
		}
		one.With, one.Where = b.whoAndWhere(r.Schedule.Reference)
		if one.Start.Before(from) || one.Start.After(to) || (q.Held != "" && one.Held != q.Held) || (q.Service != "" && one.Service != q.Service) {
			continue
		}
		out = append(out, one)
	}
	slices.SortFunc(out, func(a, b clinical.Slot) int { return a.Start.Compare(b.Start) })
	most := q.Most
	if most <= 0 {
		most = mostSlots
	}
	return out[:min(len(out), most)]
}

// whoAndWhere are a schedule's practitioner, or service, and its place.
func (b received) whoAndWhere(ref string) (who, where string) {
	of, found := entryAs[*r4.Schedule](b, ref)
	if !found {
		return "", ""
	}
	service := ""
	for _, actor := range of.Actor {
		if p, ok := entryAs[*r4.Practitioner](b, actor.Reference); ok && len(p.Name) > 0 {
			who = personName(p.Name[0])
		}
		if h, ok := entryAs[*r4.HealthcareService](b, actor.Reference); ok {
			service = h.Name
			for _, l := range h.Location {
				if place, ok := entryAs[*r4.Location](b, l.Reference); ok {
					where = place.Name
				}
			}
		}
	}
	if who == "" {
		who = service
	}
	return who, where
}

func personName(n r4.HumanName) string {
	if n.Text != "" {
		return n.Text
	}
	return strings.Join(strings.Fields(strings.Join(n.Prefix, " ")+" "+strings.Join(n.Given, " ")+" "+n.Family), " ")
}

// held reads UK Core's way in which an appointment is held: In-person, Telephone, Video.
func held(list []r4.Extension) clinical.Held {
	channel, _ := r4.Find(list, extensionChannel)
	switch channel.Value {
	case r4.Code("Telephone"):
		return clinical.ByTelephone
	case r4.Code("Video"):
		return clinical.ByVideo
	}
	return clinical.InPerson
}

// Book implements clinical.Scheduler.
func (s *System) Book(ctx context.Context, b clinical.Booking) (clinical.Appointment, error) {
	has, err := s.negotiated(ctx, b.By, b.ID)
	if err != nil {
		return clinical.Appointment{}, err
	}
	if !has.statement.takes(definitionBooking) {
		return clinical.Appointment{}, &clinical.Refused{Says: "The receiving service takes no bookings by the Booking and Referral Standard."}
	}
	wants, err := s.definition(ctx, has, eventBooking, definitionBooking, b.By, b.ID)
	if err != nil {
		return clinical.Appointment{}, err
	}
	message := s.booking(b, applicationVersionOf(wants))
	if missing := lacking(wants, message); missing != "" {
		return clinical.Appointment{}, &clinical.Refused{Says: "The receiving service wants something that we do not have (" + missing + "). Book by telephone."}
	}
	a, v, i, err := s.postBooking(ctx, has, message, b.ID, b.ID, b.By, reasonNew)
	if err != nil {
		return clinical.Appointment{}, err
	}
	made := clinical.Appointment{Start: b.Slot.Start, End: b.Slot.End, With: b.Slot.With, Where: b.Slot.Where, ByPhone: b.Slot.Held != clinical.InPerson && b.Slot.Held != ""}
	switch {
	case v == taken:
		made.ID = a.named("Appointment")
		return s.named(ctx, b, made), nil
	case v == duplicate:
		return s.named(ctx, b, made), nil
	case v == refused && a.status == http.StatusConflict && i.Code == "conflict":
		return clinical.Appointment{}, &clinical.Taken{Cause: errors.New("the receiver reports a conflict")}
	}
	return clinical.Appointment{}, a.problem()
}

// named looks for the receiver's name of a booking whose answer told none: without it nobody could change it.
func (s *System) named(ctx context.Context, b clinical.Booking, made clinical.Appointment) clinical.Appointment {
	if made.ID != "" {
		return made
	}
	if booked, found, err := s.Booked(ctx, b); found && err == nil {
		return booked
	}
	return made
}

// booking is booking-request, new: the appointment in the slot that was found.
func (s *System) booking(b clinical.Booking, version string) *r4.Bundle {
	m := newMessage(b.ID, b.At, version)
	to := clinical.Party{Name: "The service " + s.target.Value}
	m.add("MessageHeader", s.header(m, eventBooking, reasonNew, "Appointment", definitionBooking, b.By))
	m.add("Appointment", &r4.Appointment{
		Common: m.head("Appointment"), Identifier: []r4.Identifier{{System: ReferralSystem, Value: b.ID.String()}}, Status: "booked",
		ServiceCategory: []r4.CodeableConcept{{Coding: []r4.Coding{{System: systemUseCases, Code: s.useCase.Code, Display: s.useCase.Display}}}}, Description: b.Reason,
		Start: instant(b.Slot.Start), End: instant(b.Slot.End), Slot: []r4.Reference{m.ref("Slot")}, Created: m.at,
		Participant: []r4.Participant{{Actor: m.to("Patient"), Status: "accepted"}},
	})
	m.add("Patient", m.person(b.Patient))
	head := m.head("Slot")
	head.ID = strings.TrimPrefix(b.Slot.ID, "Slot/")
	m.add("Slot", &r4.Slot{Common: head, Schedule: m.ref("Schedule"), Status: "busy", Start: instant(b.Slot.Start), End: instant(b.Slot.End)})
	m.add("Schedule", &r4.Schedule{Common: m.head("Schedule"), Actor: []r4.Reference{m.ref("HealthcareService")}})
	m.add("HealthcareService", s.service(m, to))
	m.add("Receiver", &r4.Organization{Common: m.head("Organization"), Name: to.Name})
	m.add("Sender", m.organisation(b.By, nil))
	return m.bundle()
}

func (s *System) postBooking(ctx context.Context, has agreement, b *r4.Bundle, request, correlation uuid.UUID, by clinical.Party, reason string) (answer, verdict, r4.Issue, error) {
	body, err := s.written(b)
	if err != nil {
		return answer{}, refused, r4.Issue{}, err
	}
	a, err := s.send(ctx, call{
		method: http.MethodPost, path: "/$process-message", request: request, correlation: correlation, version: has.version, from: by,
		useContext: s.useCase.Code + "|booking|" + eventBooking + "|" + reason, body: body,
	})
	if err != nil {
		return answer{}, refused, r4.Issue{}, err
	}
	v, i := a.judge()
	return a, v, i, nil
}

// named is the name of the first resource of a kind in the answer to a message.
func (a answer) named(kind string) string {
	var b received
	if json.Unmarshal(a.body, &b) != nil {
		return ""
	}
	for _, e := range b.Entry {
		var r readResource
		if json.Unmarshal(e.Resource, &r) == nil && r.ResourceType == kind && r.ID != "" {
			return r.name()
		}
	}
	return ""
}

// Move implements clinical.Scheduler: the standard has no single step for it. The new time is taken and the old one given back;
// where the receiver will not have the old one back, neither is the new one kept.
func (s *System) Move(ctx context.Context, b clinical.Booking, from clinical.Appointment) (clinical.Appointment, error) {
	moved, err := s.Book(ctx, b)
	if err != nil {
		return clinical.Appointment{}, err
	}
	old := clinical.Cancellation{
		ID: uuid.NewSHA1(b.ID, []byte("cancel")), Reference: b.Reference, Appointment: from, Patient: b.Patient, Reason: "Moved to another time.", At: b.At, By: b.By,
	}
	_, err = s.Cancel(ctx, old)
	if err == nil {
		return moved, nil
	}
	var refused *clinical.Refused
	if !errors.As(err, &refused) || errors.As(err, new(*clinical.Unknown)) {
		return clinical.Appointment{}, &clinical.Unknown{Says: "The new time is booked. Whether the old one was given back is not known yet.", Cause: err}
	}
	undo := old
	undo.ID, undo.Appointment, undo.Reason = uuid.NewSHA1(b.ID, []byte("undo")), moved, "The earlier appointment could not be changed."
	if _, undone := s.Cancel(ctx, undo); undone != nil {
		return clinical.Appointment{}, &clinical.Unknown{Says: "The new time is booked, and the old one could not be given back.", Cause: errors.Join(err, undone)}
	}
	return clinical.Appointment{}, refused
}

// Booked implements clinical.Scheduler. Of a receiver that does not let us look nobody knows: that is no answer, and never that
// nothing was booked.
func (s *System) Booked(ctx context.Context, b clinical.Booking) (clinical.Appointment, bool, error) {
	has, err := s.negotiated(ctx, b.By, b.ID)
	if err != nil {
		return clinical.Appointment{}, false, err
	}
	if !has.statement.does("Appointment", "search-type") {
		return clinical.Appointment{}, false, unseen()
	}
	query := url.Values{"identifier": {ReferralSystem + "|" + b.ID.String()}}
	a, err := s.read(ctx, "/Appointment?"+query.Encode(), b.By, b.ID, has.version)
	if err != nil {
		return clinical.Appointment{}, false, err
	}
	r, found, err := a.search("Appointment", b.ID)
	if errors.Is(err, errNotOffered) {
		return clinical.Appointment{}, false, unseen()
	}
	if err != nil || !found {
		return clinical.Appointment{}, false, err
	}
	return clinical.Appointment{
		ID: r.name(), Start: b.Slot.Start, End: b.Slot.End, With: b.Slot.With, Where: b.Slot.Where,
		ByPhone: b.Slot.Held != clinical.InPerson && b.Slot.Held != "", Cancelled: r.Status == "cancelled",
	}, true, nil
}

func unseen() error {
	return &clinical.Unknown{Says: "The receiving service does not let us look whether it was booked. A person has to ask there.", Cause: errNotOffered}
}

// Cancel implements clinical.Scheduler: what is to be cancelled is read first.
func (s *System) Cancel(ctx context.Context, c clinical.Cancellation) (clinical.Appointment, error) {
	has, err := s.negotiated(ctx, c.By, c.ID)
	if err != nil {
		return clinical.Appointment{}, err
	}
	over := c.Appointment
	over.Cancelled = true
	a, err := s.read(ctx, "/"+c.Appointment.ID, c.By, c.ID, has.version)
	if err != nil {
		return clinical.Appointment{}, err
	}
	current, found, err := a.one("Appointment")
	switch {
	case err != nil:
		return clinical.Appointment{}, err
	case !found:
		return clinical.Appointment{}, &clinical.Refused{Says: "The receiving service does not know this appointment."}
	case current.Status == "cancelled":
		return over, nil
	case current.Status != "booked":
		return clinical.Appointment{}, &clinical.Refused{Says: "This appointment can no longer be cancelled."}
	}
	m := s.bookingEnd(c, current)
	a, v, _, err := s.postBooking(ctx, has, m, c.ID, correlationOf(current, c.ID), c.By, reasonUpdate)
	if err != nil {
		return clinical.Appointment{}, err
	}
	if v == taken || v == duplicate {
		return over, nil
	}
	return clinical.Appointment{}, a.problem()
}

// correlationOf is the exchange that a booking of ours began.
func correlationOf(r readResource, otherwise uuid.UUID) uuid.UUID {
	for _, i := range r.Identifier {
		if id, err := uuid.Parse(i.Value); i.System == ReferralSystem && err == nil {
			return id
		}
	}
	return otherwise
}

func (s *System) bookingEnd(c clinical.Cancellation, current readResource) *r4.Bundle {
	m := newMessage(c.ID, c.At, "")
	m.add("MessageHeader", s.header(m, eventBooking, reasonUpdate, "Appointment", definitionBookingEnd, c.By))
	head := m.head("Appointment")
	head.ID = current.ID
	m.add("Appointment", &r4.Appointment{
		Common: head, Identifier: current.Identifier, Status: "cancelled",
		ServiceCategory: []r4.CodeableConcept{{Coding: []r4.Coding{{System: systemUseCases, Code: s.useCase.Code, Display: s.useCase.Display}}}}, Description: c.Reason,
		Start: instant(c.Appointment.Start), End: instant(c.Appointment.End), Created: m.at,
		Participant: []r4.Participant{{Actor: m.to("Patient"), Status: "accepted"}},
	})
	m.add("Patient", m.person(c.Patient))
	m.add("Receiver", &r4.Organization{Common: m.head("Organization"), Name: "The service " + s.target.Value})
	m.add("Sender", m.organisation(c.By, nil))
	return m.bundle()
}
