package gpconnect

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"onedoor/app/clinical"
)

// Book takes a slot. The interface has no conditional create; but a slot can be taken once, so a second try is answered
// 409, and is then found to be our own.
func (s *System) Book(ctx context.Context, b clinical.Booking) (clinical.Appointment, error) {
	by := asker{b.By, b.Actor}
	place := slices.IndexFunc(b.Slot.Links, func(l string) bool { return strings.HasPrefix(l, "Location/") })
	switch {
	case !strings.HasPrefix(b.Slot.ID, "Slot/") || place < 0:
		return clinical.Appointment{}, &clinical.Refused{Says: "This appointment has to be looked for again before it can be booked."}
	case !b.Slot.Start.After(s.o.Now()):
		return clinical.Appointment{}, &clinical.Refused{Says: "This appointment’s time has passed. Choose another one."}
	case utf8.RuneCountInString(b.Reason) > descriptionMost:
		return clinical.Appointment{}, tooLong()
	}
	who, err := s.patient(ctx, by, b.Patient)
	if err != nil {
		return clinical.Appointment{}, err
	}
	a, err := s.do(ctx, call{
		method: http.MethodPost, path: "/Appointment", interaction: createAppointment, scope: patientWrite, by: by, trace: b.ID, body: s.booking(b, who), changes: true,
	})
	switch {
	case err != nil:
		return clinical.Appointment{}, err
	case a.status == http.StatusCreated || a.status == http.StatusOK:
		return s.read(a, who)
	case a.status == http.StatusConflict:
		return s.afterConflict(ctx, b, who, a)
	}
	return clinical.Appointment{}, a.problem()
}

// afterConflict looks whether the slot is taken by our own earlier try.
func (s *System) afterConflict(ctx context.Context, b clinical.Booking, who string, a answer) (clinical.Appointment, error) {
	own, found, err := s.bookedFor(ctx, b, who)
	switch {
	case err != nil:
		return clinical.Appointment{}, &clinical.Unknown{Says: "The practice’s system reported a conflict, and could not be read to see why.", Cause: err}
	case found:
		return own, nil
	case a.code() != "DUPLICATE_REJECTED":
		return clinical.Appointment{}, &clinical.Unavailable{Says: "The practice’s system reported a conflict with another change.", RetryAfter: a.retryAfter, Cause: a.problem()}
	}
	return clinical.Appointment{}, &clinical.Taken{Cause: a.problem()}
}

// Booked looks among the patient's appointments of that day for the one in the slot.
func (s *System) Booked(ctx context.Context, b clinical.Booking) (clinical.Appointment, bool, error) {
	who, err := s.patient(ctx, asker{b.By, b.Actor}, b.Patient)
	if err != nil {
		return clinical.Appointment{}, false, err
	}
	return s.bookedFor(ctx, b, who)
}

func (s *System) bookedFor(ctx context.Context, b clinical.Booking, who string) (clinical.Appointment, bool, error) {
	list, err := s.between(ctx, asker{b.By, b.Actor}, who, b.Slot.Start, b.Slot.Start)
	if err != nil {
		return clinical.Appointment{}, false, err
	}
	for _, r := range list {
		if r.Status == "booked" && slices.Contains(r.Slot, reference{b.Slot.ID}) && !another(r, b.Reference) {
			return r.domain(), true, nil
		}
	}
	return clinical.Appointment{}, false, nil
}

// ourReference is how the comment names the request.
var ourReference = regexp.MustCompile(`Onedoor reference ([0-9]{10})`)

// another reports whether an appointment was booked by us for another request: systems may join description and comment.
func another(r appointment, ref string) bool {
	m := ourReference.FindStringSubmatch(r.Description + " " + r.Comment)
	return m != nil && m[1] != ref
}

// booking is the resource of a new appointment.
func (s *System) booking(b clinical.Booking, who string) appointment {
	description := b.Reason
	if description == "" {
		description = "Booked by reception" // it may not be empty
	}
	org := organisation{
		ResourceType: "Organization", ID: "1", Meta: &meta{Profile: []string{profileOrg}}, Identifier: []identifier{{odsSystem, string(b.By.ODS)}},
		Type: []concept{{Coding: []coding{{System: organisationTypes, Code: s.organisationType()}}}}, Name: b.By.Name,
	}
	if phone := s.o.Settings[SettingTelephone]; phone != "" {
		org.Telecom = []contactPoint{{"phone", phone}}
	}
	r := appointment{
		ResourceType: "Appointment", Meta: &meta{Profile: []string{profileAppt}}, Contained: []organisation{org},
		Extension: []extension{{URL: extensionBooker, ValueReference: &reference{"#1"}}},
		Status:    "booked", Description: description, Start: local(b.Slot.Start), End: local(b.Slot.End), Slot: []reference{{b.Slot.ID}},
		Created: local(b.At), Comment: "Onedoor reference " + b.Reference,
		Participant: []participant{{reference{who}, "accepted"}},
	}
	for _, link := range b.Slot.Links {
		r.Participant = append(r.Participant, participant{reference{link}, "accepted"})
	}
	return r
}

// read is an answer's appointment, which must be the patient's.
func (s *System) read(a answer, who string) (clinical.Appointment, error) {
	var r appointment
	if err := json.Unmarshal(a.body, &r); err != nil || r.ResourceType != "Appointment" || r.ID == "" || !r.isFor(who) {
		return clinical.Appointment{}, a.unreadable(errors.New("no appointment of this patient"))
	}
	one := r.domain()
	if one.ETag == "" {
		one.ETag = a.etag
	}
	return one, nil
}

func (r appointment) isFor(who string) bool {
	return slices.ContainsFunc(r.Participant, func(p participant) bool { return p.Actor.Reference == who })
}

func (r appointment) domain() clinical.Appointment {
	one := clinical.Appointment{
		ID: "Appointment/" + r.ID, Start: when(r.Start), End: when(r.End), With: textOf(r.ServiceType), Cancelled: r.Status == "cancelled",
	}
	if way := held(r.Extension); way != "" && way != clinical.InPerson {
		one.ByPhone = true
	}
	if r.Meta != nil && r.Meta.VersionID != "" {
		one.ETag = `W/"` + r.Meta.VersionID + `"`
	}
	return one
}

func tooLong() error {
	return &clinical.Refused{Says: "The reason is longer than 100 characters, which is the most that the practice’s system takes."}
}

// Move takes the new slot, then gives the old one back: the interface has no single step for it. Where the old one cannot be
// given back, neither is the new one kept.
func (s *System) Move(ctx context.Context, b clinical.Booking, from clinical.Appointment) (clinical.Appointment, error) {
	booked, err := s.Book(ctx, b)
	if err != nil {
		return clinical.Appointment{}, err
	}
	old := clinical.Cancellation{
		ID: uuid.NewSHA1(b.ID, []byte("give back")), Reference: b.Reference, Appointment: from, Patient: b.Patient, Reason: "Moved to another time", At: b.At, By: b.By, Actor: b.Actor,
	}
	_, err = s.Cancel(ctx, old)
	if err == nil {
		return booked, nil
	}
	var refused *clinical.Refused
	if !errors.As(err, &refused) {
		return clinical.Appointment{}, &clinical.Unknown{Says: "The new time is booked. Whether the old one was given back is not known yet.", Cause: err}
	}
	undo := old
	undo.ID = uuid.NewSHA1(b.ID, []byte("undo"))
	undo.Appointment, undo.Reason = booked, "The earlier appointment could not be changed"
	if _, undone := s.Cancel(ctx, undo); undone != nil {
		return clinical.Appointment{}, &clinical.Unknown{Says: "The new time is booked, and the old one could not be given back.", Cause: errors.Join(err, undone)}
	}
	return clinical.Appointment{}, refused
}

// Seen are a patient's appointments from today on.
func (s *System) Seen(ctx context.Context, by clinical.Looker, p clinical.Patient, from time.Time, most int) ([]clinical.Appointment, error) {
	a := asker{by.By, by.Actor}
	who, err := s.patient(ctx, a, p)
	if err != nil {
		return nil, err
	}
	if now := s.o.Now(); from.Before(now) {
		from = now
	}
	list, err := s.between(ctx, a, who, from, from.AddDate(1, 0, 0))
	if err != nil {
		return nil, err
	}
	var told []clinical.Appointment
	for _, r := range list {
		if one := r.domain(); r.Status == "booked" && !one.Start.Before(from) {
			told = append(told, one)
		}
	}
	slices.SortStableFunc(told, func(a, b clinical.Appointment) int { return a.Start.Compare(b.Start) })
	return told[:min(len(told), max(most, 0))], nil
}
