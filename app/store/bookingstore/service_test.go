package bookingstore_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/bookings"
	"onedoor/app/clinical"
	"onedoor/app/fault"
	"onedoor/tenants"
)

// played is a clinical system that does as it is told: adapters are tried against the simulator.
type played struct {
	clinical.System
	mu     sync.Mutex
	err    error // of a change
	slow   bool
	booked bool // what Booked finds
	calls  []string
	ids    []uuid.UUID
}

func (p *played) did(what string, id uuid.UUID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls, p.ids = append(p.calls, what), append(p.ids, id)
}

func (p *played) change(ctx context.Context, what string, id uuid.UUID, a clinical.Appointment) (clinical.Appointment, error) {
	p.did(what, id)
	if p.slow {
		<-ctx.Done()
		return clinical.Appointment{}, &clinical.Unknown{Says: "It did not answer in time.", Cause: ctx.Err()}
	}
	if p.err != nil {
		return clinical.Appointment{}, p.err
	}
	return a, nil
}

func (p *played) Slots(context.Context, clinical.SlotQuery) ([]clinical.Slot, error) {
	return []clinical.Slot{{ID: "Slot/next"}}, nil
}

func (p *played) Book(ctx context.Context, b clinical.Booking) (clinical.Appointment, error) {
	return p.change(ctx, "book", b.ID, clinical.Appointment{ID: "Appointment/" + b.Slot.ID, Start: b.Slot.Start})
}

func (p *played) Move(ctx context.Context, b clinical.Booking, _ clinical.Appointment) (clinical.Appointment, error) {
	return p.change(ctx, "move", b.ID, clinical.Appointment{ID: "Appointment/" + b.Slot.ID, Start: b.Slot.Start})
}

func (p *played) Cancel(ctx context.Context, c clinical.Cancellation) (clinical.Appointment, error) {
	gone := c.Appointment
	gone.Cancelled = true
	return p.change(ctx, "cancel", c.ID, gone)
}

func (p *played) Booked(_ context.Context, b clinical.Booking) (clinical.Appointment, bool, error) {
	p.did("booked", b.ID)
	return clinical.Appointment{ID: "Appointment/" + b.Slot.ID, Start: b.Slot.Start}, p.booked, nil
}

// ways is systems.Systems with the one.
type ways struct {
	p   *played
	err error
}

func (w *ways) For(context.Context, uuid.UUID, uuid.UUID, clinical.Use, string) (clinical.System, clinical.Integration, error) {
	return w.p, clinical.Integration{ID: uuid.UUID{1}}, w.err
}

func (w *ways) Of(context.Context, uuid.UUID, uuid.UUID) (clinical.System, error) { return w.p, w.err }

func (w *world) service(p *played, heard *[]bookings.Booking) (*bookings.Service, *ways) {
	to := &ways{p: p}
	return bookings.New(bookings.Options{
		Store: w.store, Systems: to, Now: w.Now, Budget: 200 * time.Millisecond,
		Settled: func(_ context.Context, b bookings.Booking) error { *heard = append(*heard, b); return nil },
	}), to
}

func (w *world) who() bookings.Who {
	p := w.Patients[0]
	return bookings.Who{
		Scope: tenants.IntakeOf(riverside), Actor: audit.Actor{Kind: audit.Patient}, NeighbourhoodID: riverside, OrganisationID: w.practice, RequestID: w.request,
		Reference: string(w.receipt.Reference), Patient: clinical.Patient{NHSNumber: p.NHSNumber}, By: clinical.Party{ODS: "A81001"}, Use: clinical.UseAppointments, Channel: "web",
	}
}

func (w *world) slot(id string) clinical.Slot {
	return clinical.Slot{ID: id, Start: w.Now().Add(24 * time.Hour), End: w.Now().Add(25 * time.Hour)}
}

func TestWhatAPatientIsToldIsWhatIsTrue(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err   error
		slow  bool
		code  string
		state bookings.State
	}{
		"booked":               {nil, false, "", bookings.Booked},
		"taken meanwhile":      {&clinical.Taken{}, false, bookings.CodeTaken, bookings.Refused},
		"refused":              {&clinical.Refused{Says: "No."}, false, bookings.CodeRefused, bookings.Refused},
		"not there":            {&clinical.Unavailable{Says: "Down."}, false, bookings.CodeUnavailable, bookings.Refused},
		"the answer was lost":  {&clinical.Unknown{Says: "Lost."}, false, bookings.CodeUnknown, bookings.Unknown},
		"an error nobody knew": {errors.New("9434765919"), false, bookings.CodeUnknown, bookings.Unknown},
		"too slow":             {nil, true, bookings.CodeUnknown, bookings.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			p := &played{err: c.err, slow: c.slow}
			s, _ := w.service(p, new([]bookings.Booking))
			b, err := s.Book(t.Context(), w.who(), w.slot("Slot/1"), bookings.Change{})
			if (c.code == "") != (err == nil) || (c.code != "" && !fault.Is(err, c.code)) {
				t.Fatalf("told: %v", err)
			}
			var taken *bookings.TakenError
			if errors.As(err, &taken) != (c.code == bookings.CodeTaken) || (taken != nil && len(taken.Next) != 1) {
				t.Errorf("others that are free: %+v", taken)
			}
			kept, err := s.OfRequest(t.Context(), w.staff(), w.request)
			if err != nil || len(kept) != 1 || kept[0].State != c.state || kept[0].ID != b.ID || !slices.Contains(p.ids, kept[0].ID) {
				t.Errorf("kept %+v, %v", kept, err)
			}
			if kept[0].LastError == "9434765919" {
				t.Error("an unforeseen error’s text was kept")
			}
		})
	}
}

func TestWhatWasNotConfirmedIsSettled(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		act    bookings.Act
		there  bool
		again  error // of the second try
		after  time.Duration
		state  bookings.State
		calls  []string
		hearsN int
	}{
		"a booking that arrived":                {bookings.ActBook, true, nil, time.Minute, bookings.Booked, []string{"book", "booked"}, 1},
		"one that may still be on its way":      {bookings.ActBook, false, nil, time.Minute, bookings.Unknown, []string{"book", "booked"}, 0},
		"one that did not arrive is not resent": {bookings.ActBook, false, nil, time.Hour, bookings.Refused, []string{"book", "booked"}, 1},
		"a move that arrived is finished":       {bookings.ActMove, true, nil, time.Minute, bookings.Moved, []string{"move", "booked", "move"}, 1},
		"a move of which the old time is kept":  {bookings.ActMove, true, &clinical.Refused{Says: "No."}, time.Minute, bookings.Unknown, []string{"move", "booked", "move", "booked"}, 0},
		"a cancellation is asked again":         {bookings.ActCancel, false, nil, time.Minute, bookings.Cancelled, []string{"cancel", "cancel"}, 1},
		"a cancellation that is refused now":    {bookings.ActCancel, false, &clinical.Refused{Says: "No."}, time.Minute, bookings.Refused, []string{"cancel", "cancel"}, 1},
		"a system that is down stays unknown":   {bookings.ActCancel, false, &clinical.Unavailable{Says: "Down."}, time.Minute, bookings.Unknown, []string{"cancel", "cancel"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			var heard []bookings.Booking
			p := &played{err: &clinical.Unknown{Says: "Lost."}}
			s, _ := w.service(p, &heard)
			from := clinical.Appointment{ID: "Appointment/9", Start: w.Now().Add(time.Hour)}
			var err error
			switch c.act {
			case bookings.ActMove:
				_, err = s.Move(t.Context(), w.who(), from, w.slot("Slot/1"), bookings.Change{})
			case bookings.ActCancel:
				_, err = s.Cancel(t.Context(), w.who(), from, bookings.Change{})
			default:
				_, err = s.Book(t.Context(), w.who(), w.slot("Slot/1"), bookings.Change{})
			}
			if !fault.Is(err, bookings.CodeUnknown) {
				t.Fatal(err)
			}
			if n, err := s.Settle(t.Context(), riverside); n != 0 || err != nil || len(p.calls) != 1 {
				t.Fatalf("at once: %d, %v, %v", n, err, p.calls)
			}
			p.err, p.booked = c.again, c.there
			w.Pass(c.after)
			if n, err := s.Settle(t.Context(), riverside); n != c.hearsN || err != nil || len(heard) != c.hearsN {
				t.Errorf("%d settled, %d heard, %v", n, len(heard), err)
			}
			acts, err := s.OfRequest(t.Context(), w.staff(), w.request)
			if err != nil || len(acts) != 1 || acts[0].State != c.state || !slices.Equal(p.calls, c.calls) {
				t.Errorf("%+v, %v, calls %v", acts, err, p.calls)
			}
			for _, id := range p.ids {
				if id != acts[0].ID {
					t.Error("another id was sent at a second try")
				}
			}
		})
	}
}

func TestAWayThatIsPausedOrGoneSettlesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := &played{err: &clinical.Unknown{Says: "Lost."}}
	s, to := w.service(p, new([]bookings.Booking))
	if _, err := s.Book(t.Context(), w.who(), w.slot("Slot/1"), bookings.Change{}); !fault.Is(err, bookings.CodeUnknown) {
		t.Fatal(err)
	}
	for _, err := range []error{clinical.ErrPaused, &clinical.Refused{Says: "Removed."}} {
		to.err = err
		w.Pass(time.Hour)
		if n, err := s.Settle(t.Context(), riverside); n != 0 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
	}
	to.err = clinical.ErrPaused
	if _, err := s.Free(t.Context(), w.who(), clinical.SlotQuery{}); !fault.Is(err, bookings.CodeNotOffered) {
		t.Errorf("a search: %v", err)
	}
	if offered, err := s.Offered(t.Context(), w.who()); offered || err != nil {
		t.Errorf("offered: %v, %v", offered, err)
	}
}
