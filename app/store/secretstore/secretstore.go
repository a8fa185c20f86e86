// Package secretstore keeps each neighbourhood's key in PostgreSQL, wrapped by a master key that the database never sees. It
// decides nothing, and can open nothing.
package secretstore

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"onedoor/app/database"
	"onedoor/app/fault"
	"onedoor/tenants"
)

// Store implements secrets.Store.
type Store struct {
	db  *database.DB
	now func() time.Time
}

// New makes a store over a database.
func New(db *database.DB, now func() time.Time) *Store { return &Store{db, now} }

type row struct {
	NeighbourhoodID uuid.UUID `gorm:"primaryKey"`
	Wrapped         []byte
	CreatedAt       time.Time `gorm:"autoCreateTime:false"`
	WrappedAt       time.Time
}

func (row) TableName() string { return "tenant_keys" }

// Key implements secrets.Store.
func (s *Store) Key(ctx context.Context, neighbourhood uuid.UUID) ([]byte, error) {
	var w row
	err := s.db.InTx(ctx, tenants.JobOf(neighbourhood), func(tx *database.Tx) error { return find(tx, neighbourhood, &w) })
	return w.Wrapped, err
}

func find(tx *database.Tx, neighbourhood uuid.UUID, w *row) error {
	err := tx.Gorm().Where("neighbourhood_id = ?", neighbourhood).Take(w).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return fault.Absent()
	}
	return err
}

// Add implements secrets.Store.
func (s *Store) Add(ctx context.Context, neighbourhood uuid.UUID, wrapped []byte) ([]byte, error) {
	var w row
	err := s.db.InTx(ctx, tenants.JobOf(neighbourhood), func(tx *database.Tx) error {
		now := s.now()
		if err := tx.Gorm().Clauses(clause.OnConflict{DoNothing: true}).Create(&row{neighbourhood, wrapped, now, now}).Error; err != nil {
			return err
		}
		return find(tx, neighbourhood, &w)
	})
	return w.Wrapped, err
}

// Replace implements secrets.Store.
func (s *Store) Replace(ctx context.Context, neighbourhood uuid.UUID, was, wrapped []byte) (bool, error) {
	replaced := false
	err := s.db.InTx(ctx, tenants.JobOf(neighbourhood), func(tx *database.Tx) error {
		done := tx.Gorm().Exec("update tenant_keys set wrapped = ?, wrapped_at = ? where neighbourhood_id = ? and wrapped = ?", wrapped, s.now(), neighbourhood, was)
		replaced = done.RowsAffected == 1
		return done.Error
	})
	return replaced, err
}
