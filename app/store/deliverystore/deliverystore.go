// Package deliverystore keeps deliveries, each organisation's head row (the lock
// under which a drain job is started and ended, and its lease), how each integration does with its circuit breaker, and what a
// comparison with the systems came to. It implements clinical.Store, clinical.Watch, clinical.Ledger,
// clinical.Drain and what package jobs asks for.
//
// The head row is locked before a drain job is inserted and when one ends, in the same transaction as the deliveries
// concerned: so a delivery that commits always has a live job, and no wake-up is lost. Leases and the breaker run on the
// database's clock, which all processes share; what people read is dated by the caller's.
package deliverystore

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"gorm.io/gorm"

	"onedoor/app/clinical"
	"onedoor/app/database"
	"onedoor/app/fault"
	"onedoor/jobs"
	"onedoor/tenants"
)

// Inserter is River's client, as far as it is needed here.
type Inserter interface {
	InsertTx(ctx context.Context, tx pgx.Tx, args river.JobArgs, opts *river.InsertOpts) (*rivertype.JobInsertResult, error)
}

// Store keeps deliveries.
type Store struct {
	db    *database.DB
	river Inserter
}

var (
	_ clinical.Store  = (*Store)(nil)
	_ clinical.Watch  = (*Store)(nil)
	_ clinical.Ledger = (*Store)(nil)
	_ jobs.Drains     = (*Store)(nil)
	_ jobs.Sweeps     = (*Store)(nil)
)

// New makes a store that inserts drain jobs with River's client.
func New(db *database.DB, river Inserter) *Store { return &Store{db, river} }

const (
	pageDefault = 50
	pageMax     = 200
)

// Enqueue saves deliveries in the caller's transaction and sees to it that each organisation's line is drained. Call it
// last: the head rows stay locked until the commit.
func (s *Store) Enqueue(ctx context.Context, tx *database.Tx, deliveries ...clinical.Delivery) error {
	if len(deliveries) == 0 {
		return nil
	}
	rows := make([]row, len(deliveries))
	var lines []clinical.Line
	for i, d := range deliveries {
		rows[i] = rowOf(d)
		lines = append(lines, lineOf(d))
	}
	if err := tx.Gorm().WithContext(ctx).Create(&rows).Error; err != nil {
		if database.IsUnique(err, "deliveries_once") {
			return fault.New(fault.Conflict, "delivery_exists", "This outcome is on its way to the clinical system already.").Because(err)
		}
		return fmt.Errorf("save deliveries: %w", err)
	}
	return s.wake(ctx, tx, lines)
}

// wake inserts a drain job for each line that has none. Lines are locked in one order, so that two transactions with the
// same lines do not wait for each other.
func (s *Store) wake(ctx context.Context, tx *database.Tx, lines []clinical.Line) error {
	slices.SortFunc(lines, func(a, b clinical.Line) int {
		return slices.Compare(append(a.NeighbourhoodID[:], a.OrganisationID[:]...), append(b.NeighbourhoodID[:], b.OrganisationID[:]...))
	})
	for _, line := range slices.Compact(lines) {
		head, err := lockHead(ctx, tx, line)
		if err != nil {
			return err
		}
		if head.Draining {
			continue
		}
		if err := s.startDrain(ctx, tx, line); err != nil {
			return err
		}
	}
	return nil
}

// startDrain marks a locked head and inserts its job, which River skips when one is live.
func (s *Store) startDrain(ctx context.Context, tx *database.Tx, line clinical.Line) error {
	if err := headOf(tx.Gorm().WithContext(ctx), line).Update("draining", true).Error; err != nil {
		return fmt.Errorf("mark a line as draining: %w", err)
	}
	args := jobs.DrainDeliveries{NeighbourhoodID: line.NeighbourhoodID, OrganisationID: line.OrganisationID}
	if _, err := s.river.InsertTx(ctx, tx.Pgx(), args, nil); err != nil {
		return fmt.Errorf("insert a drain job: %w", err)
	}
	return nil
}

// Get reads one delivery that the scope may see.
func (s *Store) Get(ctx context.Context, scope tenants.Scope, id uuid.UUID) (clinical.Delivery, error) {
	var d clinical.Delivery
	err := s.db.InTx(ctx, scope, func(tx *database.Tx) (err error) {
		d, err = get(visible(tx.Gorm().WithContext(ctx), scope), id)
		return err
	})
	return d, err
}

// OfRequest lists a request's deliveries in their order, in the caller's transaction.
func (s *Store) OfRequest(ctx context.Context, tx *database.Tx, request uuid.UUID) ([]clinical.Delivery, error) {
	var rows []row
	err := visible(tx.Gorm().WithContext(ctx), tx.Scope()).Where("request_id = ?", request).Order("sequence, id").Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read a request's deliveries: %w", err)
	}
	return deliveriesOf(rows)
}

// List reads a page, newest first. The cursor is the Next of the page before.
func (s *Store) List(ctx context.Context, scope tenants.Scope, f clinical.Filter, cursor string, limit int) (clinical.Page, error) {
	if limit <= 0 {
		limit = pageDefault
	}
	limit = min(limit, pageMax)
	var rows []row
	err := s.db.InTx(ctx, scope, func(tx *database.Tx) error {
		q, err := filtered(visible(tx.Gorm().WithContext(ctx), scope).Order("id desc").Limit(limit+1), f)
		if err != nil {
			return err
		}
		if cursor != "" {
			after, err := parseCursor(cursor)
			if err != nil {
				return err
			}
			q = q.Where("id < ?", after)
		}
		return q.Find(&rows).Error
	})
	if err != nil {
		return clinical.Page{}, err
	}
	page := clinical.Page{}
	if len(rows) > limit {
		rows = rows[:limit]
		page.Next = base64.RawURLEncoding.EncodeToString(rows[limit-1].ID[:])
	}
	page.Deliveries, err = deliveriesOf(rows)
	return page, err
}

func filtered(q *gorm.DB, f clinical.Filter) (*gorm.DB, error) {
	if f.State != "" {
		code, err := codeOf(f.State)
		if err != nil {
			return nil, err
		}
		q = q.Where("state = ?", code)
	}
	if f.RequestID != uuid.Nil {
		q = q.Where("request_id = ?", f.RequestID)
	}
	if f.OrganisationID != uuid.Nil {
		q = q.Where("organisation_id = ?", f.OrganisationID)
	}
	if f.Reference != "" {
		q = q.Where("request_reference = ?", f.Reference)
	}
	if f.Reason != "" {
		q = q.Where("last_error = ?", f.Reason)
	}
	return q, nil
}

func parseCursor(s string) (uuid.UUID, error) {
	raw, err := base64.RawURLEncoding.DecodeString(s)
	if err == nil {
		if id, err := uuid.FromBytes(raw); err == nil {
			return id, nil
		}
	}
	return uuid.Nil, fault.New(fault.Invalid, "cursor", "This page cannot be found: start the list again.")
}

// visible is the rows of a scope, said a second time: row-level security says it too.
func visible(db *gorm.DB, scope tenants.Scope) *gorm.DB {
	q := db.Model(&row{}).Where("neighbourhood_id = ?", scope.NeighbourhoodID)
	if scope.Kind == tenants.StaffScope {
		q = q.Where("(organisation_id in ? or recorded_by_organisation_id in ?)", scope.Organisations, scope.Organisations)
	}
	return q
}

func get(q *gorm.DB, id uuid.UUID) (clinical.Delivery, error) {
	var r row
	err := q.Where("id = ?", id).Take(&r).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return clinical.Delivery{}, fault.Absent()
	}
	if err != nil {
		return clinical.Delivery{}, fmt.Errorf("read a delivery: %w", err)
	}
	return r.delivery()
}

func lineOf(d clinical.Delivery) clinical.Line {
	return clinical.Line{NeighbourhoodID: d.NeighbourhoodID, OrganisationID: d.OrganisationID}
}
