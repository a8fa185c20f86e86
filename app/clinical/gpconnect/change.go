package gpconnect

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/tenants"
)

// Cancel gives an appointment back: it is read, changed in place and put back with the version that was read.
func (s *System) Cancel(ctx context.Context, c clinical.Cancellation) (clinical.Appointment, error) {
	reason := c.Reason
	if reason == "" {
		reason = "Cancelled at the patient’s request"
	}
	return s.change(ctx, changing{
		id: c.ID, by: asker{c.By, c.Actor}, patient: c.Patient, of: c.Appointment, interaction: cancelAppointment,
		done: func(r appointment) bool { return r.Status == "cancelled" },
		edit: func(raw map[string]any) {
			raw["status"] = "cancelled"
			list, _ := raw["extension"].([]any)
			raw["extension"] = append(list, map[string]any{"url": extensionReason, "valueString": reason})
		},
	})
}

// Amend changes an appointment's description, and nothing else of it.
func (s *System) Amend(ctx context.Context, m clinical.Amendment) (clinical.Appointment, error) {
	if utf8.RuneCountInString(m.Reason) > descriptionMost {
		return clinical.Appointment{}, tooLong()
	}
	return s.change(ctx, changing{
		id: m.ID, by: asker{m.By, m.Actor}, patient: m.Patient, of: m.Appointment, interaction: updateAppointment,
		done:   func(r appointment) bool { return r.Description == m.Reason },
		forbid: func(r appointment) bool { return r.Status == "cancelled" },
		edit:   func(raw map[string]any) { raw["description"] = m.Reason },
	})
}

// changing is one change of an appointment.
type changing struct {
	id          uuid.UUID
	by          asker
	patient     clinical.Patient
	of          clinical.Appointment // as it was seen
	interaction string
	done        func(appointment) bool // it is so already
	forbid      func(appointment) bool
	edit        func(map[string]any)
}

var appointmentID = regexp.MustCompile(`^Appointment/[A-Za-z0-9.\-]{1,64}$`)

// change reads, edits and writes. What was changed meanwhile is read once more: it is changed only if it is still the
// patient's and at the time that was seen. A stale version is 409 here; 412 is taken to mean the same.
func (s *System) change(ctx context.Context, c changing) (clinical.Appointment, error) {
	if !appointmentID.MatchString(c.of.ID) {
		return clinical.Appointment{}, &clinical.Refused{Says: "This appointment has to be looked for again before it can be changed."}
	}
	who, err := s.patient(ctx, c.by, c.patient)
	if err != nil {
		return clinical.Appointment{}, err
	}
	for range 2 {
		now, raw, etag, err := s.current(ctx, c, who)
		if err != nil {
			return clinical.Appointment{}, err
		}
		one := now.domain()
		switch {
		case c.forbid != nil && c.forbid(now):
			return clinical.Appointment{}, &clinical.Refused{Says: "This appointment has been cancelled."}
		case c.done(now):
			return one, nil
		case !one.Start.Equal(c.of.Start):
			return clinical.Appointment{}, &clinical.Refused{Says: "This appointment has been changed since you saw it. Look at it again."}
		case !one.Start.After(s.o.Now()):
			return clinical.Appointment{}, &clinical.Refused{Says: "This appointment’s time has passed, so it cannot be changed here."}
		}
		c.edit(raw)
		a, err := s.do(ctx, call{
			method: http.MethodPut, path: "/" + c.of.ID, interaction: c.interaction, scope: patientWrite, by: c.by, trace: c.id, ifMatch: etag, body: raw, changes: true,
		})
		switch {
		case err != nil:
			return clinical.Appointment{}, err
		case a.status == http.StatusOK:
			return s.read(a, who)
		case a.status != http.StatusConflict && a.status != http.StatusPreconditionFailed:
			return clinical.Appointment{}, a.problem()
		}
	}
	return clinical.Appointment{}, &clinical.Refused{Says: "Somebody else is changing this appointment. Look at it again."}
}

// current is an appointment as it stands, and the version that it has.
func (s *System) current(ctx context.Context, c changing, who string) (r appointment, raw map[string]any, etag string, err error) {
	a, err := s.do(ctx, call{method: http.MethodGet, path: "/" + c.of.ID, interaction: readAppointment, scope: patientRead, by: c.by})
	if err != nil {
		return r, nil, "", err
	}
	if a.status != http.StatusOK {
		return r, nil, "", a.problem()
	}
	if err := errors.Join(json.Unmarshal(a.body, &r), json.Unmarshal(a.body, &raw)); err != nil || r.ResourceType != "Appointment" || "Appointment/"+r.ID != c.of.ID {
		return r, nil, "", a.unreadable(errors.New("no such appointment"))
	}
	if !r.isFor(who) {
		return r, nil, "", &clinical.Refused{Says: "This appointment is somebody else’s in the practice’s system. Nothing was changed."}
	}
	etag = a.etag
	if etag == "" && r.Meta != nil && r.Meta.VersionID != "" {
		etag = `W/"` + r.Meta.VersionID + `"`
	}
	if etag == "" { // without one it would overwrite whatever is there
		return r, nil, "", a.unreadable(errors.New("an appointment without a version"))
	}
	return r, raw, etag, nil
}

// between are a patient's appointments that start on the days of two moments, or between them. The interface tells none of
// the past.
func (s *System) between(ctx context.Context, by asker, who string, from, to time.Time) ([]appointment, error) {
	day := func(t time.Time) string {
		if now := s.o.Now(); t.Before(now) {
			t = now
		}
		return t.In(tenants.London()).Format(time.DateOnly)
	}
	a, err := s.do(ctx, call{
		method: http.MethodGet, path: "/" + who + "/Appointment", query: url.Values{"start": {"ge" + day(from), "le" + day(to)}},
		interaction: patientAppointments, scope: patientRead, by: by,
	})
	if err != nil {
		return nil, err
	}
	entries, err := a.entries()
	if err != nil {
		return nil, err
	}
	var list []appointment
	for _, raw := range entries {
		var r appointment
		if typeOf(raw) != "Appointment" {
			continue
		}
		if err := json.Unmarshal(raw, &r); err != nil {
			return nil, a.unreadable(err)
		}
		if r.ID != "" && r.isFor(who) {
			list = append(list, r)
		}
	}
	return list, nil
}

// patient finds the system's own name for somebody, such as Patient/2, and compares who they are: "consumer systems SHALL
// compare the returned structured patient demographic data".
func (s *System) patient(ctx context.Context, by asker, p clinical.Patient) (string, error) {
	if p.NHSNumber == "" {
		return "", &clinical.Refused{Says: "Without an NHS number no appointment can be booked by this connection."}
	}
	a, err := s.do(ctx, call{
		method: http.MethodGet, path: "/Patient", query: url.Values{"identifier": {nhsNumberSystem + "|" + string(p.NHSNumber)}},
		interaction: searchPatient, scope: patientRead, by: by,
	})
	if err != nil {
		return "", err
	}
	entries, err := a.entries()
	if err != nil {
		return "", err
	}
	var known []patient
	for _, raw := range entries {
		var r patient
		if typeOf(raw) != "Patient" {
			continue
		}
		if err := json.Unmarshal(raw, &r); err != nil {
			return "", a.unreadable(err)
		}
		known = append(known, r)
	}
	switch {
	case len(known) == 0:
		return "", &clinical.Refused{Says: "The practice’s system has no active patient with this NHS number."}
	case len(known) > 1 || !idPattern.MatchString(known[0].ID) || !has(known[0].Identifier, nhsNumberSystem, string(p.NHSNumber)):
		return "", &clinical.Refused{Says: "The practice’s system has more than one patient with this NHS number, or another one. Check there who this is."}
	case !same(known[0], p):
		return "", &clinical.Refused{Says: "The practice’s system has another name or date of birth for this NHS number. Check who this is, and book there."}
	}
	return "Patient/" + known[0].ID, nil
}

var idPattern = regexp.MustCompile(`^[A-Za-z0-9.\-]{1,64}$`)

func has(list []identifier, system, value string) bool {
	for _, i := range list {
		if i.System == system && i.Value == value {
			return true
		}
	}
	return false
}

// same compares what is known at both sides.
func same(r patient, p clinical.Patient) bool {
	born := p.BirthDate.String()
	if r.BirthDate != "" && !p.BirthDate.IsZero() && r.BirthDate != born {
		return false
	}
	if len(r.Name) == 0 || p.FamilyName == "" {
		return true
	}
	return strings.EqualFold(strings.TrimSpace(r.Name[0].Family), strings.TrimSpace(p.FamilyName))
}
