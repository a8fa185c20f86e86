package bars_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/clinical/bars"
)

func TestBookMoveAndCancel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.system(map[string]string{bars.SettingUseCase: "a7t1", bars.SettingODS: "A81001"})
	slots, err := s.Slots(ctx, clinical.SlotQuery{From: noon, To: noon.AddDate(0, 0, 2), Most: 3})
	if err != nil || len(slots) != 3 {
		t.Fatalf("%d slots, %v", len(slots), err)
	}
	book := func(slot clinical.Slot) clinical.Booking {
		return clinical.Booking{ID: uuid.Must(uuid.NewV7()), Reference: "2143658709", Slot: slot, Patient: arrival(t).Document.Patient, At: noon, By: clinical.Party{ODS: "A81001", Name: "Weir Lane Surgery"}}
	}
	b := book(slots[0])
	if _, found, err := s.Booked(ctx, b); err != nil || found {
		t.Errorf("booked before it was: %v, %v", found, err)
	}
	made, err := s.Book(ctx, b)
	if err != nil || made.ID == "" || !made.Start.Equal(slots[0].Start) {
		t.Fatalf("%+v, %v", made, err)
	}
	if again, err := s.Book(ctx, b); err != nil || again.ID != made.ID {
		t.Errorf("the same booking again: %+v, %v", again, err)
	}
	var taken *clinical.Taken
	if _, err := s.Book(ctx, book(slots[0])); !errors.As(err, &taken) {
		t.Errorf("a slot that is taken: %v", err)
	}
	moved, err := s.Move(ctx, book(slots[1]), made)
	if err != nil || moved.ID == made.ID {
		t.Fatalf("%+v, %v", moved, err)
	}
	if now, found, err := s.Booked(ctx, b); err != nil || !found || !now.Cancelled {
		t.Errorf("the first is given back: %+v, %v, %v", now, found, err)
	}
	c := clinical.Cancellation{ID: uuid.Must(uuid.NewV7()), Reference: "2143658709", Appointment: moved, Patient: b.Patient, At: noon, By: b.By}
	for range 2 {
		if over, err := s.Cancel(ctx, c); err != nil || !over.Cancelled {
			t.Errorf("%+v, %v", over, err)
		}
	}
	var refused *clinical.Refused
	if _, err := s.Move(ctx, book(slots[2]), clinical.Appointment{ID: "Appointment/gone", Start: noon}); !errors.As(err, &refused) || errors.As(err, new(*clinical.Unknown)) {
		t.Errorf("an appointment that the receiver does not know was moved: %v", err)
	}
	var kinds []string
	for _, e := range w.effects() {
		kinds = append(kinds, e.Kind)
	}
	if got := strings.Join(kinds, " "); got != "booking booking booking-cancelled booking-cancelled booking booking-cancelled" {
		t.Errorf("effects: %s", got)
	}
	for _, m := range w.messages() {
		if err := bars.Check(m.body); err != nil {
			t.Error(err)
		}
	}
}

func TestCapabilitiesAreDiscovered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got, err := w.sender.Capabilities(ctx)
	if err != nil || got.Version != "Booking and Referral Standard 1.4.0" || len(got.Offers) != 6 {
		t.Errorf("%+v, %v", got, err)
	}
}
