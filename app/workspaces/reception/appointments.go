package reception

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"onedoor/app/bookings"
	"onedoor/app/clinical"
	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/app/requests"
	"onedoor/app/routes"
	"onedoor/tenants"
	"onedoor/ui/pages"
)

// Bookings are appointments in an organisation's own clinical system. It is bookings.Service.
type Bookings interface {
	Offered(ctx context.Context, who bookings.Who) (bool, error)
	Free(ctx context.Context, who bookings.Who, q clinical.SlotQuery) ([]clinical.Slot, error)
	Theirs(ctx context.Context, who bookings.Who) ([]clinical.Appointment, error)
	OfRequest(ctx context.Context, scope tenants.Scope, request uuid.UUID) ([]bookings.Booking, error)
	Book(ctx context.Context, who bookings.Who, slot clinical.Slot, c bookings.Change) (bookings.Booking, error)
	Move(ctx context.Context, who bookings.Who, from clinical.Appointment, to clinical.Slot, c bookings.Change) (bookings.Booking, error)
	Cancel(ctx context.Context, who bookings.Who, from clinical.Appointment, c bookings.Change) (bookings.Booking, error)
	Amend(ctx context.Context, who bookings.Who, from clinical.Appointment, c bookings.Change) (bookings.Booking, error)
}

func (w *Workspace) addAppointments(s *routes.Server) {
	if w.Bookings == nil {
		return
	}
	s.Add(http.MethodGet, root+"/requests/:reference/appointments", routes.Need("request", "book"), w.appointments)
	s.Add(http.MethodPost, root+"/requests/:reference/appointments", routes.Need("request", "book"), w.changeAppointment)
}

// shownSlots is how many free ones a page offers at once.
const shownSlots = 30

// booker is a member of staff who books for a request's patient.
type booker struct {
	*call
	view requests.View
	who  bookings.Who
}

// booker opens the request, and refuses whoever does not work on it: what is booked belongs to the answer.
func (w *Workspace) booker(c echo.Context, list func(*call) listAddress) (*booker, error) {
	k, err := w.call(c)
	if err != nil {
		return nil, err
	}
	reference, err := requests.ParseReference(c.Param("reference"))
	if err != nil {
		return nil, fault.Absent()
	}
	v, err := w.Requests.Get(k.ctx(), k.by, reference)
	if err != nil {
		return nil, err
	}
	k.list = list(k)
	w.settleList(k, v)
	at := k.organisation(v.Accountable)
	switch {
	case !k.mayIn(at, "book") || v.Staff == nil:
		return nil, fault.New(fault.Forbidden, "not_allowed", "Your role does not allow this.")
	case v.Status == requests.Closed:
		return nil, fault.New(fault.Conflict, bookings.CodeClosed, "This request is closed.")
	case v.Claimed == nil || v.Claimed.ByID != k.by.ID:
		return nil, fault.New(fault.Conflict, "not_claimed", "Claim this request before you book for it.")
	}
	return &booker{k, v, bookingFor(k, v, at)}, nil
}

// bookingFor is who books, for whom, and in whose system: that of the organisation that is accountable.
func bookingFor(k *call, v requests.View, at uuid.UUID) bookings.Who {
	who := bookings.Who{
		Scope: k.by.Scope, Actor: k.by.Actor, NeighbourhoodID: k.who.NeighbourhoodID, OrganisationID: at, RequestID: v.ID, Reference: string(v.Reference),
		Kind: v.Kind, By: clinical.Party{ODS: nhs.ODSCode(v.Accountable.ODS), Name: v.Accountable.Name}, Use: clinical.UseStaffBooking,
	}
	if v.Staff != nil {
		g := v.Staff.Patient
		who.Patient = clinical.Patient{NHSNumber: g.NHSNumber, GivenName: g.GivenName, FamilyName: g.FamilyName, BirthDate: g.BirthDate}
	}
	return who
}

func (w *Workspace) appointments(c echo.Context) error {
	b, err := w.booker(c, func(*call) listAddress { return parseList(c.QueryParams()) })
	if err != nil {
		return err
	}
	page, _, err := w.appointmentsPage(b, c.QueryParams())
	if err != nil {
		return err
	}
	return routes.Render(c, http.StatusOK, pages.AppointmentsPage(page))
}

// changeAppointment does what was asked, and leads back to the request, which shows it. What was not done is said on the
// page, with what is free now.
func (w *Workspace) changeAppointment(c echo.Context) error {
	form, err := routes.ReadForm(c)
	if err != nil {
		return err
	}
	b, err := w.booker(c, func(*call) listAddress { return parseList(form) })
	if err != nil {
		return err
	}
	done, err := w.actOn(b, form)
	if fault.Is(err, bookings.CodeUnknown) {
		done, err = "appointment-unknown", nil
	}
	if err == nil {
		return c.Redirect(http.StatusSeeOther, b.list.request(b.view.Reference, "done", done)+"#request")
	}
	f := fault.As(err)
	status := statusOf(f)
	if f.Kind == fault.Unavailable {
		status = http.StatusServiceUnavailable
	}
	if status == 0 || f.Kind == fault.NotFound {
		return err
	}
	if form.Get("do") == "move" {
		form.Set("change", form.Get("appointment"))
	}
	page, _, pageErr := w.appointmentsPage(b, form)
	if pageErr != nil {
		return pageErr
	}
	page.Notice = f.Says
	if f.Code == "slot_missing" {
		page.Notice, page.Slots.Error = "", plainWords("Choose an appointment")
		page.Wrong = append(page.Wrong, problem(page.Slots.ID, "Choose an appointment"))
	}
	if f.Code == "reason_missing" {
		page.Notice = "Enter the new reason."
	}
	page.Page.Problems = len(page.Wrong) > 0
	return routes.Render(c, status, pages.AppointmentsPage(page))
}

// actOn gives the command. What the form names is looked for again: a slot among those that are free, an appointment among the
// patient's own.
func (w *Workspace) actOn(b *booker, form url.Values) (done string, err error) {
	change := bookings.Change{Reason: strings.TrimSpace(form.Get("reason"))}
	if len([]rune(change.Reason)) > reasonMost {
		return "", fault.New(fault.Invalid, "reason_long", "The reason is at most 100 characters.")
	}
	var slot clinical.Slot
	if do := form.Get("do"); do == "book" || do == "move" {
		if slot, err = w.freeSlot(b, form.Get("slot")); err != nil {
			return "", err
		}
	}
	if form.Get("do") == "book" {
		_, err = w.Bookings.Book(b.ctx(), b.who, slot, change)
		return "booked", err
	}
	from, err := w.theirAppointment(b, form.Get("appointment"))
	if err != nil {
		return "", err
	}
	switch form.Get("do") {
	case "move":
		_, err = w.Bookings.Move(b.ctx(), b.who, from, slot, change)
		return "moved", err
	case "cancel":
		_, err = w.Bookings.Cancel(b.ctx(), b.who, from, change)
		return "cancelled", err
	case "amend":
		_, err = w.Bookings.Amend(b.ctx(), b.who, from, change)
		return "amended", err
	}
	return "", fault.New(fault.Invalid, "command", "Choose what to do.")
}

const reasonMost = 100

// slotValue names a slot in a form, with where to look for it again.
func slotValue(s clinical.Slot) string { return s.Start.UTC().Format(time.RFC3339) + " " + s.ID }

func (w *Workspace) freeSlot(b *booker, value string) (clinical.Slot, error) {
	at, id, _ := strings.Cut(value, " ")
	start, err := time.Parse(time.RFC3339, at)
	if err != nil || id == "" {
		return clinical.Slot{}, fault.New(fault.Invalid, "slot_missing", "Choose an appointment.")
	}
	free, err := w.Bookings.Free(b.ctx(), b.who, clinical.SlotQuery{From: start, To: start.Add(4 * time.Hour), Most: 200})
	if err != nil {
		return clinical.Slot{}, err
	}
	if i := slices.IndexFunc(free, func(s clinical.Slot) bool { return s.ID == id && s.Start.Equal(start) }); i >= 0 {
		return free[i], nil
	}
	return clinical.Slot{}, &bookings.TakenError{Cause: errors.New("it is not free any more")}
}

func (w *Workspace) theirAppointment(b *booker, id string) (clinical.Appointment, error) {
	theirs, err := w.Bookings.Theirs(b.ctx(), b.who)
	if err != nil {
		return clinical.Appointment{}, err
	}
	if i := slices.IndexFunc(theirs, func(a clinical.Appointment) bool { return a.ID == id && id != "" }); i >= 0 {
		return theirs[i], nil
	}
	return clinical.Appointment{}, fault.New(fault.Conflict, "appointment_gone", "This appointment is not among the patient’s any more. Look at them again.")
}
