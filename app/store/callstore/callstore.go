// Package callstore keeps the record of calls in PostgreSQL, each change in a transaction of its own. Callers' numbers
// reach it hashed and sealed, and sessions sealed; it opens neither. Rows go out to the staff of the organisation whose
// line it was; figures of a whole neighbourhood are counted in a job's scope and hold counts only.
package callstore

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"onedoor/app/calls"
	"onedoor/app/database"
	"onedoor/app/fault"
	"onedoor/tenants"
)

// Store implements calls.Store.
type Store struct{ db *database.DB }

// New makes a store over a database.
func New(db *database.DB) *Store { return &Store{db} }

// Key implements calls.Store.
func (s *Store) Key(ctx context.Context, neighbourhood uuid.UUID, offered func() ([]byte, error)) (sealed []byte, err error) {
	read := func(tx *database.Tx) error {
		var rows []struct{ Sealed []byte }
		err := tx.Gorm().Raw("select sealed from call_keys where neighbourhood_id = ?", neighbourhood).Scan(&rows).Error
		if len(rows) > 0 {
			sealed = rows[0].Sealed
		}
		return err
	}
	if err = s.db.InTx(ctx, tenants.IntakeOf(neighbourhood), read); err != nil || sealed != nil {
		return sealed, err
	}
	drawn, err := offered() // outside a transaction: sealing may ask another system
	if err != nil {
		return nil, err
	}
	err = s.db.InTx(ctx, tenants.IntakeOf(neighbourhood), func(tx *database.Tx) error {
		if err := tx.Gorm().Exec("insert into call_keys (neighbourhood_id, sealed) values (?, ?) on conflict do nothing", neighbourhood, drawn).Error; err != nil {
			return err
		}
		return read(tx) // another process may have been first
	})
	return sealed, err
}

// Begin implements calls.Store.
func (s *Store) Begin(ctx context.Context, r calls.Row, since time.Time) (c calls.Call, begun bool, err error) {
	err = s.db.InTx(ctx, tenants.IntakeOf(r.NeighbourhoodID), func(tx *database.Tx) error {
		if r.CallerHash != nil {
			var earlier []struct{ ID uuid.UUID }
			err := tx.Gorm().Raw(`
				select id from calls where neighbourhood_id = ? and caller_hash = ? and started_at > ? and started_at <= ?
				order by started_at desc, id desc limit 1`, r.NeighbourhoodID, r.CallerHash, since, r.StartedAt).Scan(&earlier).Error
			if err != nil {
				return err
			}
			if len(earlier) > 0 {
				r.Repeats = earlier[0].ID
			}
		}
		w := rowOf(r.Call)
		w.ExternalHash, w.CallerHash, w.CallerSealed = r.ExternalHash, r.CallerHash, r.CallerSealed
		// Two messages about one call meet at an index: the second waits for the first, and gets what it began.
		done := tx.Gorm().Clauses(clause.OnConflict{DoNothing: true}).Create(&w)
		if done.Error != nil {
			return done.Error
		}
		if begun = done.RowsAffected == 1; begun {
			c = w.call()
			return nil
		}
		c, err = take(tx.Gorm().Where("neighbourhood_id = ? and (id = ? or external_hash = ?)", r.NeighbourhoodID, r.ID, r.ExternalHash))
		return err
	})
	return c, begun && err == nil, err
}

// Get implements calls.Store.
func (s *Store) Get(ctx context.Context, neighbourhood, id uuid.UUID) (c calls.Call, err error) {
	err = s.db.InTx(ctx, tenants.IntakeOf(neighbourhood), func(tx *database.Tx) error {
		c, err = take(tx.Gorm().Where("neighbourhood_id = ? and id = ?", neighbourhood, id))
		return err
	})
	return c, err
}

// Change implements calls.Store.
func (s *Store) Change(ctx context.Context, neighbourhood, id uuid.UUID, change func(*calls.Call) bool) (c calls.Call, err error) {
	err = s.db.InTx(ctx, tenants.IntakeOf(neighbourhood), func(tx *database.Tx) error {
		c, err = take(tx.Gorm().Clauses(clause.Locking{Strength: "UPDATE"}).Where("neighbourhood_id = ? and id = ?", neighbourhood, id))
		if err != nil || !change(&c) {
			return err
		}
		w := rowOf(c)
		return tx.Gorm().Model(&row{}).Where("neighbourhood_id = ? and id = ?", neighbourhood, id).
			Select("language", "answered_at", "person_asked_at", "person_at", "ended_at", "heard_at", "ending", "kind", "reference", "answers_kept", "last_step").
			Updates(&w).Error
	})
	return c, err
}

// Silent implements calls.Store.
func (s *Store) Silent(ctx context.Context, neighbourhood uuid.UUID, before time.Time, limit int) (list []calls.Call, err error) {
	err = s.db.InTx(ctx, tenants.JobOf(neighbourhood), func(tx *database.Tx) error {
		var rows []row
		err := tx.Gorm().Where("neighbourhood_id = ? and ended_at is null and heard_at < ?", neighbourhood, before).Order("heard_at").Limit(limit).Find(&rows).Error
		for _, w := range rows {
			list = append(list, w.call())
		}
		return err
	})
	return list, err
}

// Caller implements calls.Store.
func (s *Store) Caller(ctx context.Context, neighbourhood, id uuid.UUID) (sealed []byte, err error) {
	err = s.db.InTx(ctx, tenants.IntakeOf(neighbourhood), func(tx *database.Tx) error {
		var rows []struct{ CallerSealed []byte }
		err := tx.Gorm().Raw("select caller_sealed from calls where neighbourhood_id = ? and id = ?", neighbourhood, id).Scan(&rows).Error
		if err == nil && len(rows) == 0 {
			return fault.Absent()
		}
		if len(rows) > 0 {
			sealed = rows[0].CallerSealed
		}
		return err
	})
	return sealed, err
}

// Forget implements calls.Store.
func (s *Store) Forget(ctx context.Context, neighbourhood uuid.UUID, hashes, numbers time.Time) (n int, err error) {
	err = s.db.InTx(ctx, tenants.JobOf(neighbourhood), func(tx *database.Tx) error {
		// A call that still goes on keeps what it needs.
		done := tx.Gorm().Exec("update calls set caller_hash = null where neighbourhood_id = ? and caller_hash is not null and started_at < ? and ended_at is not null", neighbourhood, hashes)
		if done.Error != nil {
			return done.Error
		}
		n = int(done.RowsAffected)
		done = tx.Gorm().Exec("update calls set caller_sealed = null where neighbourhood_id = ? and caller_sealed is not null and started_at < ? and ended_at is not null", neighbourhood, numbers)
		n += int(done.RowsAffected)
		return done.Error
	})
	return n, err
}

func take(query *gorm.DB) (calls.Call, error) {
	var w row
	err := query.Take(&w).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return calls.Call{}, fault.Absent()
	}
	return w.call(), err
}
