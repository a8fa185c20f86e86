package bookingstore_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/bookings"
	"onedoor/app/clinical"
	"onedoor/app/database"
	"onedoor/app/demo"
	"onedoor/app/demo/demotest"
	"onedoor/app/fault"
	"onedoor/app/patients"
	"onedoor/app/requests"
	"onedoor/app/store/bookingstore"
	"onedoor/tenants"
)

var riverside, hillside = demo.NeighbourhoodID("riverside"), demo.NeighbourhoodID("hillside")

// world is the demonstration with a request of somebody's at their practice.
type world struct {
	*demotest.World
	store    *bookingstore.Store
	practice uuid.UUID
	request  uuid.UUID
	receipt  requests.Receipt
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{World: demotest.New(t)}
	w.store = bookingstore.New(w.DB)
	w.practice = w.Patients[0].PracticeID
	w.receipt, w.request = w.submit(t)
	return w
}

func (w *world) submit(t *testing.T) (requests.Receipt, uuid.UUID) {
	t.Helper()
	p := w.Patients[0]
	receipt, err := w.Requests.Submit(t.Context(), requests.Submission{
		NeighbourhoodID: riverside, Channel: requests.Phone, Kind: "callback", By: audit.Actor{Kind: audit.Patient},
		Patient: patients.Given{NHSNumber: p.NHSNumber, BirthDate: p.BirthDate},
		Answers: map[string]json.RawMessage{"red-flags-adult": json.RawMessage(`["none"]`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	var id uuid.UUID
	w.do(t, tenants.JobOf(riverside), func(tx *database.Tx) error {
		return tx.Pgx().QueryRow(t.Context(), "select id from requests where neighbourhood_id = $1 and reference = $2", riverside, string(receipt.Reference)).Scan(&id)
	})
	return receipt, id
}

func (w *world) do(t *testing.T, scope tenants.Scope, fn func(*database.Tx) error) {
	t.Helper()
	if err := w.DB.InTx(t.Context(), scope, fn); err != nil {
		t.Fatal(err)
	}
}

func (w *world) staff() tenants.Scope { return tenants.StaffOf(riverside, w.practice) }

// act is one that is about to be sent.
func (w *world) act(a bookings.Act) bookings.Booking {
	p, now := w.Patients[0], w.Now()
	b := bookings.Booking{
		ID: uuid.Must(uuid.NewV7()), NeighbourhoodID: riverside, OrganisationID: w.practice, IntegrationID: uuid.New(), RequestID: w.request,
		Reference: string(w.receipt.Reference), Act: a, State: bookings.Asked, Reason: "Blood pressure", By: clinical.Party{ODS: "Y10001", Name: "Riverside"},
		Patient:  clinical.Patient{NHSNumber: p.NHSNumber, GivenName: p.GivenName, FamilyName: p.FamilyName, BirthDate: p.BirthDate},
		BookedBy: audit.Actor{Kind: audit.Person, ID: uuid.New(), Name: "Sam Okafor"}, AskedAt: now, NextAt: now.Add(time.Second),
	}
	if a == bookings.ActBook || a == bookings.ActMove {
		b.Slot = clinical.Slot{ID: "Slot/" + b.ID.String(), ETag: `W/"1"`, Start: now.Add(24 * time.Hour), End: now.Add(24*time.Hour + 10*time.Minute), With: "Dr Ana Costa", Held: clinical.InPerson}
	}
	if a != bookings.ActBook {
		b.From = clinical.Appointment{ID: "Appointment/1", ETag: `W/"3"`, Start: now.Add(48 * time.Hour), End: now.Add(48*time.Hour + 10*time.Minute)}
	}
	return b
}

// certain is the act once the system has said yes.
func (w *world) certain(b bookings.Booking, state bookings.State) bookings.Booking {
	b.State, b.SettledAt, b.Tries = state, w.Now(), b.Tries+1
	b.Appointment = clinical.Appointment{ID: "Appointment/" + b.ID.String(), ETag: `W/"1"`, Start: b.Slot.Start, End: b.Slot.End}
	return b
}

func (w *world) ask(t *testing.T, b bookings.Booking) {
	t.Helper()
	if err := w.store.Ask(t.Context(), w.staff(), b); err != nil {
		t.Fatal(err)
	}
}

func (w *world) save(t *testing.T, b bookings.Booking) bookings.Booking {
	t.Helper()
	saved, err := w.store.Save(t.Context(), w.staff(), b)
	if err != nil {
		t.Fatal(err)
	}
	return saved
}

func TestAnActIsKeptAsItWasAskedAndAsItEnded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	asked := w.act(bookings.ActBook)
	w.ask(t, asked)
	same := cmpopts.EquateApproxTime(time.Millisecond)
	if got, err := w.store.Get(t.Context(), w.staff(), asked.ID); err != nil || !cmp.Equal(got, asked, same) {
		t.Fatalf("asked: %v\n%s", err, cmp.Diff(asked, got, same))
	}
	booked := w.certain(asked, bookings.Booked)
	w.save(t, booked)
	late := asked
	late.State, late.LastError = bookings.Unknown, "no answer"
	if got := w.save(t, late); got.State != bookings.Booked {
		t.Errorf("what is certain was changed to %s", got.State)
	}
	acts, err := w.store.OfRequest(t.Context(), w.staff(), w.request)
	if err != nil || len(acts) != 1 || !cmp.Equal(acts[0], booked, same) {
		t.Fatalf("of the request: %v\n%s", err, cmp.Diff([]bookings.Booking{booked}, acts, same))
	}
	var trail []string
	w.do(t, tenants.JobOf(riverside), func(tx *database.Tx) error {
		return tx.Gorm().Raw("select action from audit_entries where neighbourhood_id = ? and subject = ? and action like 'appointment.%' order by id", riverside, w.request).Scan(&trail).Error
	})
	if !cmp.Equal(trail, []string{"appointment.ask", "appointment.booked"}) {
		t.Errorf("the trail says %v", trail)
	}
}

func TestARequestHasOneActAtATimeAndOneAppointment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.act(bookings.ActBook)
	w.ask(t, first)
	for _, a := range []bookings.Act{bookings.ActBook, bookings.ActCancel} {
		if err := w.store.Ask(t.Context(), w.staff(), w.act(a)); !fault.Is(err, bookings.CodeOpen) {
			t.Errorf("%s beside an open one: %v", a, err)
		}
	}
	w.save(t, w.certain(first, bookings.Booked))
	if err := w.store.Ask(t.Context(), w.staff(), w.act(bookings.ActBook)); !fault.Is(err, bookings.CodeBooked) {
		t.Errorf("a second appointment: %v", err)
	}
	cancel := w.act(bookings.ActCancel)
	cancel.From = w.certain(first, bookings.Booked).Appointment
	w.ask(t, cancel)
	w.save(t, w.certain(cancel, bookings.Cancelled))
	w.ask(t, w.act(bookings.ActBook)) // the first was given back
}

func TestAnAppointmentHasOneActAtATime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ask(t, w.act(bookings.ActMove))
	other, request := w.submit(t)
	b := w.act(bookings.ActCancel)
	b.RequestID, b.Reference = request, string(other.Reference)
	if err := w.store.Ask(t.Context(), w.staff(), b); !fault.Is(err, bookings.CodeOpen) {
		t.Errorf("another request's change of the same appointment: %v", err)
	}
	b.From.ID = "Appointment/2"
	w.ask(t, b)
}

func TestWhatIsNotCertainIsDueOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.act(bookings.ActBook)
	w.ask(t, b)
	due := func(neighbourhood uuid.UUID, at time.Time) int {
		list, err := w.store.Due(t.Context(), neighbourhood, at, at.Add(30*time.Second), 10)
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	now := w.Now()
	for _, c := range []struct {
		name          string
		neighbourhood uuid.UUID
		at            time.Time
		want          int
	}{
		{"too early", riverside, now, 0},
		{"in another neighbourhood", hillside, now.Add(time.Minute), 0},
		{"when it is time", riverside, now.Add(2 * time.Second), 1},
		{"to another process meanwhile", riverside, now.Add(3 * time.Second), 0},
		{"again later", riverside, now.Add(time.Minute), 1},
	} {
		if got := due(c.neighbourhood, c.at); got != c.want {
			t.Errorf("%s: %d are due, want %d", c.name, got, c.want)
		}
	}
	b.State, b.SettledAt, b.LastError = bookings.Refused, now, "It did not arrive."
	if _, err := w.store.Save(t.Context(), tenants.JobOf(riverside), b); err != nil {
		t.Fatal(err)
	}
	if due(riverside, now.Add(time.Hour)) != 0 {
		t.Error("what is certain is due")
	}
}

func TestAnotherTenantCannot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.act(bookings.ActBook)
	for name, c := range map[string]struct {
		scope tenants.Scope
		code  string
	}{
		"another organisation's staff":               {tenants.StaffOf(riverside, uuid.New()), "not_found"},
		"staff of nobody":                            {tenants.StaffOf(riverside), "not_found"},
		"the same organisation elsewhere":            {tenants.StaffOf(hillside, w.practice), "not_found"},
		"a patient's way in elsewhere":               {tenants.IntakeOf(hillside), "not_found"},
		"a job, which never asks for the first time": {tenants.JobOf(riverside), "not_found"},
	} {
		if err := w.store.Ask(t.Context(), c.scope, b); !fault.Is(err, c.code) {
			t.Errorf("%s asked: %v", name, err)
		}
	}
	elsewhere := b
	elsewhere.OrganisationID = uuid.New()
	for _, scope := range []tenants.Scope{w.staff(), tenants.IntakeOf(riverside), tenants.StaffOf(riverside, w.practice, elsewhere.OrganisationID)} {
		if err := w.store.Ask(t.Context(), scope, elsewhere); !fault.Is(err, bookings.CodeOthers) {
			t.Errorf("%s in another organisation's system: %v", scope.Kind, err)
		}
	}
	w.ask(t, b)
	for name, scope := range map[string]tenants.Scope{
		"another organisation's staff": tenants.StaffOf(riverside, uuid.New()),
		"the same ids elsewhere":       tenants.StaffOf(hillside, w.practice),
		"another neighbourhood's job":  tenants.JobOf(hillside),
	} {
		if _, err := w.store.Get(t.Context(), scope, b.ID); !fault.Is(err, "not_found") {
			t.Errorf("%s read it: %v", name, err)
		}
		if list, err := w.store.OfRequest(t.Context(), scope, w.request); err != nil || len(list) != 0 {
			t.Errorf("%s listed %d, %v", name, len(list), err)
		}
		if _, err := w.store.Save(t.Context(), scope, w.certain(b, bookings.Booked)); !fault.Is(err, "not_found") {
			t.Errorf("%s changed it: %v", name, err)
		}
		w.do(t, scope, func(tx *database.Tx) error {
			var n int64
			if err := tx.Gorm().Raw("select count(*) from bookings").Scan(&n).Error; err != nil || n != 0 {
				t.Errorf("%s: row-level security alone shows %d, %v", name, n, err)
			}
			changed := tx.Gorm().Exec("update bookings set last_error = 'x'")
			if changed.RowsAffected != 0 {
				t.Errorf("%s: row-level security alone lets change %d", name, changed.RowsAffected)
			}
			return changed.Error
		})
	}
	if got, err := w.store.Get(t.Context(), w.staff(), b.ID); err != nil || got.State != bookings.Asked {
		t.Errorf("its own staff: %s, %v", got.State, err)
	}
}
