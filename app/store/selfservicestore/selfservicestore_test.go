package selfservicestore_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/database/testdb"
	"onedoor/app/demo"
	"onedoor/app/fault"
	"onedoor/app/selfservice"
	"onedoor/app/store/selfservicestore"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func order() selfservice.MedicineOrder {
	return selfservice.MedicineOrder{
		ID: uuid.Must(uuid.NewV7()), NeighbourhoodID: demo.NeighbourhoodID("riverside"), RequestID: uuid.New(), OrganisationID: uuid.New(), IntegrationID: uuid.New(),
		State: selfservice.OrderAsked, Sealed: []byte("sealed"), AskedAt: noon, NextAt: noon.Add(time.Minute),
	}
}

func TestARequestHasOneOrder(t *testing.T) {
	t.Parallel()
	s := selfservicestore.New(testdb.New(t))
	first := order()
	if err := s.Ask(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	second := order()
	second.RequestID = first.RequestID
	if err := s.Ask(t.Context(), second); !fault.Is(err, "order_exists") {
		t.Errorf("a second order: %v", err)
	}
	first.State, first.NextAt, first.SettledAt, first.LastError = selfservice.OrderRefused, time.Time{}, noon, "No."
	if err := s.Save(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	if err := s.Ask(t.Context(), second); err != nil {
		t.Errorf("after the first was refused: %v", err)
	}
	first.State = selfservice.OrderPlaced
	if err := s.Save(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Get(t.Context(), first.NeighbourhoodID, first.ID); err != nil || got.State != selfservice.OrderRefused || got.LastError != "No." || string(got.Sealed) != "sealed" {
		t.Errorf("what was certain changed to %+v, %v", got, err)
	}
}

func TestAnOpenOrderIsTakenUpOnceAndByItsOwnTenant(t *testing.T) {
	t.Parallel()
	s := selfservicestore.New(testdb.New(t))
	o := order()
	if err := s.Ask(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	due := func(neighbourhood uuid.UUID, now time.Time) int {
		t.Helper()
		list, err := s.Due(t.Context(), neighbourhood, now, now.Add(time.Minute), 10)
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	hillside := demo.NeighbourhoodID("hillside")
	if due(o.NeighbourhoodID, noon) != 0 || due(hillside, noon.Add(time.Hour)) != 0 {
		t.Error("an order is due too early, or to another tenant")
	}
	if due(o.NeighbourhoodID, noon.Add(2*time.Minute)) != 1 || due(o.NeighbourhoodID, noon.Add(2*time.Minute)) != 0 {
		t.Error("an order is not taken up exactly once")
	}
	if _, err := s.Get(t.Context(), hillside, o.ID); !fault.Is(err, "not_found") {
		t.Errorf("another tenant reads it: %v", err)
	}
	theirs := o
	theirs.NeighbourhoodID, theirs.State = hillside, selfservice.OrderRefused
	if err := s.Save(t.Context(), theirs); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Get(t.Context(), o.NeighbourhoodID, o.ID); err != nil || got.State != selfservice.OrderAsked {
		t.Errorf("another tenant changed it: %+v, %v", got, err)
	}
}
