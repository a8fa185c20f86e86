package integrationstore

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"onedoor/app/audit"
	"onedoor/app/clinical"
	"onedoor/app/database"
	"onedoor/app/fault"
	"onedoor/app/integrations"
	"onedoor/tenants"
)

// credential is a line of the table integration_credentials.
type credential struct {
	NeighbourhoodID uuid.UUID `gorm:"primaryKey"`
	IntegrationID   uuid.UUID `gorm:"primaryKey"`
	Name            string    `gorm:"primaryKey"`
	OrganisationID  uuid.UUID
	Sealed          []byte
	SetAt           time.Time
	SetBy           string
}

func (credential) TableName() string { return "integration_credentials" }

// SetCredential implements integrations.Store.
func (s *Store) SetCredential(ctx context.Context, scope tenants.Scope, id uuid.UUID, c integrations.Credential, sealed []byte, entry func(clinical.Integration) audit.Entry) error {
	return s.locked(ctx, scope, id, func(tx *database.Tx, i clinical.Integration) (audit.Entry, error) {
		err := tx.Gorm().WithContext(ctx).Clauses(clause.OnConflict{UpdateAll: true}).Create(&credential{
			NeighbourhoodID: i.NeighbourhoodID, IntegrationID: i.ID, Name: c.Name, OrganisationID: i.OrganisationID, Sealed: sealed, SetAt: c.SetAt, SetBy: c.SetBy,
		}).Error
		if err != nil {
			return audit.Entry{}, fmt.Errorf("keep a credential: %w", err)
		}
		return entry(i), newer(tx, id, c.SetBy, c.SetAt)
	})
}

// RemoveCredential implements integrations.Store.
func (s *Store) RemoveCredential(ctx context.Context, scope tenants.Scope, id uuid.UUID, name, by string, now time.Time, entry func(clinical.Integration) audit.Entry) error {
	return s.locked(ctx, scope, id, func(tx *database.Tx, i clinical.Integration) (audit.Entry, error) {
		gone := tx.Gorm().WithContext(ctx).Where("neighbourhood_id = ? and integration_id = ? and name = ?", i.NeighbourhoodID, i.ID, name).Delete(&credential{})
		if gone.Error != nil {
			return audit.Entry{}, fmt.Errorf("remove a credential: %w", gone.Error)
		}
		if gone.RowsAffected == 0 {
			return audit.Entry{}, fault.Absent()
		}
		return entry(i), newer(tx, id, by, now)
	})
}

// newer raises an integration's version, so that its adapter is made anew.
func newer(tx *database.Tx, id uuid.UUID, by string, now time.Time) error {
	err := one(tx, id).Updates(map[string]any{"version": gorm.Expr("version + 1"), "changed_by": by, "updated_at": now}).Error
	if err != nil {
		return fmt.Errorf("raise an integration's version: %w", err)
	}
	return nil
}

// Sealed implements integrations.Store.
func (s *Store) Sealed(ctx context.Context, neighbourhood, id uuid.UUID) (map[string][]byte, error) {
	var rows []credential
	err := s.db.InTx(ctx, tenants.JobOf(neighbourhood), func(tx *database.Tx) error {
		return tx.Gorm().WithContext(ctx).Where("neighbourhood_id = ? and integration_id = ?", neighbourhood, id).Find(&rows).Error
	})
	if err != nil {
		return nil, fmt.Errorf("read an integration's credentials: %w", err)
	}
	sealed := make(map[string][]byte, len(rows))
	for _, r := range rows {
		sealed[r.Name] = r.Sealed
	}
	return sealed, nil
}
