package integrationstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"onedoor/app/audit"
	"onedoor/app/database"
	"onedoor/app/fault"
	"onedoor/app/integrations"
	"onedoor/app/store/auditstore"
	"onedoor/tenants"
)

// recording is a line of the table integration_recordings.
type recording struct {
	NeighbourhoodID uuid.UUID `gorm:"primaryKey"`
	ID              uuid.UUID `gorm:"primaryKey"`
	OrganisationID  uuid.UUID
	IntegrationID   uuid.UUID
	At              time.Time
	Method          string
	Sealed          []byte
}

func (recording) TableName() string { return "integration_recordings" }

func (r recording) domain() integrations.Recording {
	return integrations.Recording{ID: r.ID, NeighbourhoodID: r.NeighbourhoodID, OrganisationID: r.OrganisationID, IntegrationID: r.IntegrationID, At: r.At, Method: r.Method}
}

// Record implements integrations.Store.
func (s *Store) Record(ctx context.Context, r integrations.Recording, sealed []byte) error {
	return s.db.InTx(ctx, tenants.JobOf(r.NeighbourhoodID), func(tx *database.Tx) error {
		err := tx.Gorm().WithContext(ctx).Create(&recording{r.NeighbourhoodID, r.ID, r.OrganisationID, r.IntegrationID, r.At, r.Method, sealed}).Error
		if err != nil {
			return fmt.Errorf("keep what would have been sent: %w", err)
		}
		return nil
	})
}

// Recordings implements integrations.Store.
func (s *Store) Recordings(ctx context.Context, scope tenants.Scope, id uuid.UUID, most int) ([]integrations.Recording, error) {
	var rows []recording
	err := s.db.InTx(ctx, scope, func(tx *database.Tx) error {
		return recorded(tx.Gorm().WithContext(ctx), scope, id).Omit("sealed").Order("id desc").Limit(most).Find(&rows).Error
	})
	if err != nil {
		return nil, fmt.Errorf("list what would have been sent: %w", err)
	}
	list := make([]integrations.Recording, len(rows))
	for n, r := range rows {
		list[n] = r.domain()
	}
	return list, nil
}

// Recording implements integrations.Store.
func (s *Store) Recording(ctx context.Context, scope tenants.Scope, id, which uuid.UUID, entry func(integrations.Recording) audit.Entry) (integrations.Recording, []byte, error) {
	var r recording
	err := s.db.InTx(ctx, scope, func(tx *database.Tx) error {
		err := recorded(tx.Gorm().WithContext(ctx), scope, id).Where("id = ?", which).Take(&r).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return fault.Absent()
		}
		if err != nil {
			return fmt.Errorf("read what would have been sent: %w", err)
		}
		auditstore.Append(tx, entry(r.domain()))
		return nil
	})
	if err != nil {
		return integrations.Recording{}, nil, err
	}
	return r.domain(), r.Sealed, nil
}

// RemoveRecordings implements integrations.Store.
func (s *Store) RemoveRecordings(ctx context.Context, neighbourhood uuid.UUID, before time.Time) (int, error) {
	var gone int64
	err := s.db.InTx(ctx, tenants.JobOf(neighbourhood), func(tx *database.Tx) error {
		result := tx.Gorm().WithContext(ctx).Where("neighbourhood_id = ? and at < ?", neighbourhood, before).Delete(&recording{})
		gone = result.RowsAffected
		return result.Error
	})
	if err != nil {
		return 0, fmt.Errorf("remove what would have been sent: %w", err)
	}
	return int(gone), nil
}

// recorded are an integration's, in a scope: row-level security says it too.
func recorded(db *gorm.DB, scope tenants.Scope, id uuid.UUID) *gorm.DB {
	q := db.Where("neighbourhood_id = ? and integration_id = ?", scope.NeighbourhoodID, id)
	if scope.Kind == tenants.StaffScope {
		q = q.Where("organisation_id in ?", scope.Organisations)
	}
	return q
}
