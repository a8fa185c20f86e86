package deliverystore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"onedoor/app/audit"
	"onedoor/app/clinical"
	"onedoor/app/database"
	"onedoor/app/fault"
	"onedoor/app/store/auditstore"
	"onedoor/tenants"
)

// Kinds are stored by their place in this list: it is never reordered.
var kinds = []clinical.IntegrationKind{clinical.FHIR, clinical.BaRS, clinical.GPConnect, clinical.MESH, clinical.PatientFacing, clinical.IM1}

// integration is a line of the table integrations.
type integration struct {
	NeighbourhoodID uuid.UUID `gorm:"primaryKey"`
	ID              uuid.UUID `gorm:"primaryKey"`
	OrganisationID  uuid.UUID
	Kind            int16
	Name            string
	BaseURL         string              `gorm:"column:base_url"`
	Settings        map[string]string   `gorm:"serializer:json"`
	Uses            []clinical.Switched `gorm:"serializer:json"`
	Paused          bool
	RecordOnly      bool
	CreatedAt       time.Time `gorm:"autoCreateTime:false"`
	UpdatedAt       time.Time `gorm:"autoUpdateTime:false"`
}

func (integration) TableName() string { return "integrations" }

func (i integration) domain() clinical.Integration {
	return clinical.Integration{
		ID: i.ID, NeighbourhoodID: i.NeighbourhoodID, OrganisationID: i.OrganisationID, Kind: kinds[i.Kind], Name: i.Name, BaseURL: i.BaseURL,
		Settings: i.Settings, Uses: i.Uses, Paused: i.Paused, RecordOnly: i.RecordOnly,
	}
}

// PutIntegration makes or replaces an integration; one without an id is the organisation's only one of its kind. It does so in the caller's transaction, and records who did. An organisation that is
// not in the scope is refused as if it were not there.
func (s *Store) PutIntegration(ctx context.Context, tx *database.Tx, by audit.Actor, i clinical.Integration, now time.Time) error {
	if err := i.Check(); err != nil {
		return err
	}
	scope := tx.Scope()
	if i.NeighbourhoodID != scope.NeighbourhoodID || (scope.Kind != tenants.JobScope && !scope.Includes(i.OrganisationID)) {
		return fault.Absent()
	}
	if i.ID == uuid.Nil {
		i.ID = uuid.NewSHA1(i.OrganisationID, []byte(i.Kind))
	}
	if i.Settings == nil {
		i.Settings = map[string]string{}
	}
	if i.Uses == nil {
		i.Uses = []clinical.Switched{}
	}
	r := integration{
		NeighbourhoodID: i.NeighbourhoodID, ID: i.ID, OrganisationID: i.OrganisationID, Kind: int16(slices.Index(kinds, i.Kind)), //nolint:gosec // a handful
		Name: i.Name, BaseURL: i.BaseURL, Settings: i.Settings, Uses: i.Uses,
		Paused: i.Paused, RecordOnly: i.RecordOnly, CreatedAt: now, UpdatedAt: now,
	}
	err := tx.Gorm().WithContext(ctx).Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "neighbourhood_id"}, {Name: "id"}},
		DoUpdates: clause.AssignmentColumns([]string{"name", "base_url", "settings", "uses", "paused", "record_only", "updated_at"}),
	}).Create(&r).Error
	if err != nil {
		return fmt.Errorf("save an integration: %w", err)
	}
	auditstore.Append(tx, audit.Entry{
		ID: uuid.Must(uuid.NewV7()), NeighbourhoodID: i.NeighbourhoodID, OrganisationID: i.OrganisationID, At: now, Actor: by,
		Action: "integration.put", SubjectKind: "organisation", Subject: i.OrganisationID,
		Details: map[string]any{"kind": i.Kind, "paused": i.Paused, "record_only": i.RecordOnly},
	})
	return nil
}

// Integration reads an organisation's integration; false when it has none that the scope may see.
func (s *Store) Integration(ctx context.Context, scope tenants.Scope, organisation uuid.UUID) (clinical.Integration, bool, error) {
	var r integration
	err := s.db.InTx(ctx, scope, func(tx *database.Tx) error {
		q := tx.Gorm().WithContext(ctx).Where("neighbourhood_id = ? and organisation_id = ?", scope.NeighbourhoodID, organisation)
		if scope.Kind == tenants.StaffScope {
			q = q.Where("organisation_id in ?", scope.Organisations)
		}
		return q.Order("kind, id").Take(&r).Error
	})
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return clinical.Integration{}, false, nil
	}
	if err != nil {
		return clinical.Integration{}, false, fmt.Errorf("read an integration: %w", err)
	}
	return r.domain(), true, nil
}
