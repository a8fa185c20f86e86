// Package bookingstore keeps what was done with appointments: each act before it is first sent, and what became of it. It
// implements bookings.Store. What an act may be done to is asked of the request in the transaction that stores it, and
// PostgreSQL's row-level security asks again. It sends nothing.
package bookingstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"onedoor/app/audit"
	"onedoor/app/bookings"
	"onedoor/app/database"
	"onedoor/app/fault"
	"onedoor/app/store/auditstore"
	"onedoor/tenants"
)

// Store keeps acts.
type Store struct{ db *database.DB }

var _ bookings.Store = (*Store)(nil)

// New makes a store over a database.
func New(db *database.DB) *Store { return &Store{db} }

const requestClosed = 5 // a request's status, as its table has it

// theirs is what an act needs to know of its request.
type theirs struct {
	Status        int16
	AccountableID uuid.UUID
	PracticeID    *uuid.UUID
}

// Ask implements bookings.Store.
func (s *Store) Ask(ctx context.Context, scope tenants.Scope, b bookings.Booking) error {
	if b.NeighbourhoodID != scope.NeighbourhoodID || scope.Kind == tenants.JobScope {
		return fault.Absent()
	}
	return s.db.InTx(ctx, scope, func(tx *database.Tx) error {
		if err := allowed(ctx, tx, b); err != nil {
			return err
		}
		r := rowOf(b)
		err := tx.Gorm().WithContext(ctx).Create(&r).Error
		if database.IsUnique(err, "bookings_one_of_a_request") || database.IsUnique(err, "bookings_one_of_an_appointment") {
			return fault.New(fault.Conflict, bookings.CodeOpen, "A change of this appointment is being made already. Wait until it is confirmed.").Because(err)
		}
		if err != nil {
			return fmt.Errorf("store an act on an appointment: %w", err)
		}
		// Only now: while ours is open no other act of the request can be stored, so what stands stays.
		if b.Act == bookings.ActBook {
			acts, err := ofRequest(ctx, tx, b.RequestID)
			if err != nil {
				return err
			}
			for _, a := range bookings.Standing(acts) {
				if a.Start.After(b.AskedAt) {
					return fault.New(fault.Conflict, bookings.CodeBooked, "An appointment was booked for this request already. Change that one.")
				}
			}
		}
		auditstore.Append(tx, entry(b, b.BookedBy, "appointment.ask", b.AskedAt))
		return announce(tx, b)
	})
}

// allowed asks the request whether its appointment may be changed in this organisation's system.
func allowed(ctx context.Context, tx *database.Tx, b bookings.Booking) error {
	var r theirs
	err := tx.Gorm().WithContext(ctx).Table("requests").Select("status, accountable_id, practice_id").
		Where("neighbourhood_id = ? and id = ? and reference = ?", b.NeighbourhoodID, b.RequestID, b.Reference).Take(&r).Error
	scope := tx.Scope()
	switch {
	case errors.Is(err, gorm.ErrRecordNotFound):
		return fault.Absent()
	case err != nil:
		return fmt.Errorf("read a request: %w", err)
	case r.Status == requestClosed:
		return fault.New(fault.Conflict, bookings.CodeClosed, "This request is closed.")
	case r.AccountableID == b.OrganisationID:
	case scope.Kind == tenants.IntakeScope && r.PracticeID != nil && *r.PracticeID == b.OrganisationID:
	default:
		return fault.New(fault.Conflict, bookings.CodeOthers, "This request is with another organisation, so its appointment is theirs to book.")
	}
	if scope.Kind == tenants.StaffScope && !scope.Includes(b.OrganisationID) {
		return fault.Absent()
	}
	return nil
}

// Save implements bookings.Store.
func (s *Store) Save(ctx context.Context, scope tenants.Scope, b bookings.Booking) (bookings.Booking, error) {
	saved := b
	err := s.db.InTx(ctx, scope, func(tx *database.Tx) error {
		was, err := get(visible(tx.Gorm().WithContext(ctx), scope).Clauses(clause.Locking{Strength: "UPDATE"}), b.ID)
		if err != nil {
			return err
		}
		if !was.State.Open() { // another process was first
			saved = was
			return nil
		}
		r := rowOf(b)
		changed := tx.Gorm().WithContext(ctx).Model(&row{}).Where("neighbourhood_id = ? and id = ?", b.NeighbourhoodID, b.ID).
			Select("state", "appointment", "tries", "settled_at", "next_at", "last_error").Updates(&r)
		if changed.Error != nil {
			return fmt.Errorf("store what became of an act on an appointment: %w", changed.Error)
		}
		if changed.RowsAffected == 0 {
			return fault.Absent()
		}
		if b.State == was.State {
			return nil
		}
		by, at := b.BookedBy, b.SettledAt
		if scope.Kind == tenants.JobScope {
			by = audit.Actor{Kind: audit.System, Name: "settle-bookings"}
		}
		if at.IsZero() {
			at = b.AskedAt
		}
		auditstore.Append(tx, entry(b, by, "appointment."+string(b.State), at))
		return announce(tx, b)
	})
	return saved, err
}

// OfRequest implements bookings.Store.
func (s *Store) OfRequest(ctx context.Context, scope tenants.Scope, request uuid.UUID) (acts []bookings.Booking, err error) {
	err = s.db.InTx(ctx, scope, func(tx *database.Tx) error {
		acts, err = ofRequest(ctx, tx, request)
		return err
	})
	return acts, err
}

func ofRequest(ctx context.Context, tx *database.Tx, request uuid.UUID) ([]bookings.Booking, error) {
	var rows []row
	if err := visible(tx.Gorm().WithContext(ctx), tx.Scope()).Where("request_id = ?", request).Order("id").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read a request's acts on appointments: %w", err)
	}
	return actsOf(rows)
}

// Get implements bookings.Store.
func (s *Store) Get(ctx context.Context, scope tenants.Scope, id uuid.UUID) (b bookings.Booking, err error) {
	err = s.db.InTx(ctx, scope, func(tx *database.Tx) error {
		b, err = get(visible(tx.Gorm().WithContext(ctx), scope), id)
		return err
	})
	return b, err
}

// Looked implements bookings.Store.
func (s *Store) Looked(ctx context.Context, scope tenants.Scope, e audit.Entry) error {
	return s.db.InTx(ctx, scope, func(tx *database.Tx) error {
		auditstore.Append(tx, e)
		return nil
	})
}

// Due implements bookings.Store.
func (s *Store) Due(ctx context.Context, neighbourhood uuid.UUID, now, until time.Time, most int) (acts []bookings.Booking, err error) {
	err = s.db.InTx(ctx, tenants.JobOf(neighbourhood), func(tx *database.Tx) error {
		var rows []row
		if err := tx.Gorm().WithContext(ctx).Clauses(clause.Locking{Strength: "UPDATE", Options: "SKIP LOCKED"}).
			Where("neighbourhood_id = ? and state < 2 and next_at <= ?", neighbourhood, now).Order("next_at, id").Limit(most).Find(&rows).Error; err != nil {
			return fmt.Errorf("find acts on appointments to settle: %w", err)
		}
		if len(rows) == 0 {
			return nil
		}
		ids := make([]uuid.UUID, len(rows))
		for i, r := range rows {
			ids[i] = r.ID
		}
		if err := tx.Gorm().WithContext(ctx).Model(&row{}).Where("neighbourhood_id = ? and id in ?", neighbourhood, ids).Update("next_at", until).Error; err != nil {
			return fmt.Errorf("put acts on appointments off: %w", err)
		}
		acts, err = actsOf(rows)
		return err
	})
	return acts, err
}

// visible narrows to the neighbourhood. Staff see the acts of the requests that they see, which the database's policy asks.
func visible(q *gorm.DB, scope tenants.Scope) *gorm.DB {
	return q.Where("neighbourhood_id = ?", scope.NeighbourhoodID)
}

func get(q *gorm.DB, id uuid.UUID) (bookings.Booking, error) {
	var r row
	err := q.Where("id = ?", id).Take(&r).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return bookings.Booking{}, fault.Absent()
	}
	if err != nil {
		return bookings.Booking{}, fmt.Errorf("read an act on an appointment: %w", err)
	}
	return r.domain()
}

func entry(b bookings.Booking, by audit.Actor, action string, at time.Time) audit.Entry {
	return audit.Entry{
		ID: uuid.Must(uuid.NewV7()), NeighbourhoodID: b.NeighbourhoodID, OrganisationID: b.OrganisationID, At: at, Actor: by,
		Action: action, SubjectKind: "request", Subject: b.RequestID, Details: map[string]any{"booking": b.ID, "act": b.Act, "integration": b.IntegrationID},
	}
}

// announce tells those who look at the request.
func announce(tx *database.Tx, b bookings.Booking) error {
	return tx.Publish(database.Event{Organisations: []uuid.UUID{b.OrganisationID}, Topic: "request", Subject: b.RequestID, Reference: b.Reference})
}
