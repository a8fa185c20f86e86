// Package selfservicestore keeps orders for repeat medicines that people placed by themselves: ids, states and times in the
// clear, what was ordered sealed. Staff do not read it: they see how an order stands at its request.
package selfservicestore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"onedoor/app/database"
	"onedoor/app/fault"
	"onedoor/app/selfservice"
	"onedoor/tenants"
)

// Store implements selfservice.Store.
type Store struct{ db *database.DB }

var _ selfservice.Store = (*Store)(nil)

// New makes a store over a database.
func New(db *database.DB) *Store { return &Store{db} }

// row is a line of the table medicine_orders.
type row struct {
	NeighbourhoodID uuid.UUID `gorm:"primaryKey"`
	ID              uuid.UUID `gorm:"primaryKey"`
	RequestID       uuid.UUID
	OrganisationID  uuid.UUID
	IntegrationID   uuid.UUID
	State           int16
	Sealed          []byte
	Tries           int
	AskedAt         time.Time
	SettledAt       *time.Time
	NextAt          *time.Time
	LastError       string
}

func (row) TableName() string { return "medicine_orders" }

// States are stored by their place in this list: it is never reordered.
var states = []selfservice.OrderState{selfservice.OrderAsked, selfservice.OrderPlaced, selfservice.OrderRefused, selfservice.OrderUnknown}

func rowOf(o selfservice.MedicineOrder) row {
	return row{
		NeighbourhoodID: o.NeighbourhoodID, ID: o.ID, RequestID: o.RequestID, OrganisationID: o.OrganisationID, IntegrationID: o.IntegrationID,
		State: int16(slices.Index(states, o.State)), Sealed: o.Sealed, Tries: o.Tries, AskedAt: o.AskedAt, //nolint:gosec // a handful; -1 is refused by the table
		SettledAt: optional(o.SettledAt), NextAt: optional(o.NextAt), LastError: o.LastError,
	}
}

func (r row) order() selfservice.MedicineOrder {
	return selfservice.MedicineOrder{
		ID: r.ID, NeighbourhoodID: r.NeighbourhoodID, RequestID: r.RequestID, OrganisationID: r.OrganisationID, IntegrationID: r.IntegrationID,
		State: states[r.State], Sealed: r.Sealed, Tries: r.Tries, AskedAt: r.AskedAt, SettledAt: moment(r.SettledAt), NextAt: moment(r.NextAt),
		LastError: r.LastError,
	}
}

func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func moment(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

// Ask implements selfservice.Store.
func (s *Store) Ask(ctx context.Context, o selfservice.MedicineOrder) error {
	r := rowOf(o)
	err := s.db.InTx(ctx, tenants.IntakeOf(o.NeighbourhoodID), func(tx *database.Tx) error {
		return tx.Gorm().WithContext(ctx).Create(&r).Error
	})
	if database.IsUnique(err, "medicine_orders_once") {
		return fault.New(fault.Conflict, "order_exists", "These medicines have been ordered already. The practice will deal with it.").Because(err)
	}
	if err != nil {
		return fmt.Errorf("keep an order: %w", err)
	}
	return nil
}

// Save implements selfservice.Store.
func (s *Store) Save(ctx context.Context, o selfservice.MedicineOrder) error {
	r := rowOf(o)
	return s.db.InTx(ctx, tenants.IntakeOf(o.NeighbourhoodID), func(tx *database.Tx) error {
		return tx.Gorm().WithContext(ctx).Exec(`
			update medicine_orders set state = ?, tries = ?, settled_at = ?, next_at = ?, last_error = ?
			where neighbourhood_id = ? and id = ? and state in (0, 3)`,
			r.State, r.Tries, r.SettledAt, r.NextAt, r.LastError, r.NeighbourhoodID, r.ID).Error
	})
}

// Get implements selfservice.Store.
func (s *Store) Get(ctx context.Context, neighbourhood, id uuid.UUID) (selfservice.MedicineOrder, error) {
	var r row
	err := s.db.InTx(ctx, tenants.JobOf(neighbourhood), func(tx *database.Tx) error {
		return tx.Gorm().WithContext(ctx).Where("neighbourhood_id = ? and id = ?", neighbourhood, id).Take(&r).Error
	})
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return selfservice.MedicineOrder{}, fault.Absent()
	}
	return r.order(), err
}

// Due implements selfservice.Store.
func (s *Store) Due(ctx context.Context, neighbourhood uuid.UUID, now, until time.Time, most int) ([]selfservice.MedicineOrder, error) {
	var rows []row
	err := s.db.InTx(ctx, tenants.JobOf(neighbourhood), func(tx *database.Tx) error {
		return tx.Gorm().WithContext(ctx).Raw(`
			with due as (
			  select neighbourhood_id, id from medicine_orders
			  where neighbourhood_id = ? and next_at <= ? order by next_at limit ? for update skip locked)
			update medicine_orders o set next_at = ? from due
			where o.neighbourhood_id = due.neighbourhood_id and o.id = due.id returning o.*`, neighbourhood, now, most, until).Scan(&rows).Error
	})
	if err != nil {
		return nil, fmt.Errorf("read the orders that are due: %w", err)
	}
	list := make([]selfservice.MedicineOrder, len(rows))
	for i, r := range rows {
		list[i] = r.order()
	}
	return list, nil
}
