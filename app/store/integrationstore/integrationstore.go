// Package integrationstore keeps the ways into organisations' clinical systems: kind, address, settings, what each is
// switched on for. Staff see those of their own organisations, jobs those of their neighbourhood, a patient's way in none.
//
// What an administrator does with them is package integrations'. It holds no credential in the clear, calls no system, and makes no adapter: package systems does.
package integrationstore

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
	"onedoor/app/integrations"
	"onedoor/app/store/auditstore"
	"onedoor/tenants"
)

// Store keeps integrations.
type Store struct{ db *database.DB }

var _ integrations.Store = (*Store)(nil)

// New makes a store.
func New(db *database.DB) *Store { return &Store{db} }

// Kinds are stored by their place in this list: it is never reordered.
var kinds = []clinical.IntegrationKind{clinical.FHIR, clinical.BaRS, clinical.GPConnect, clinical.MESH, clinical.PatientFacing, clinical.IM1}

// row is a line of the table integrations.
type row struct {
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
	Version         int
	ChangedBy       string
	Capabilities    *clinical.Capabilities `gorm:"serializer:json"`
	AskedAt         *time.Time
	Tested          []integrations.Step `gorm:"serializer:json"`
	TestedAt        *time.Time
	TestedBy        string
}

func (row) TableName() string { return "integrations" }

func (r row) domain() (clinical.Integration, error) {
	if int(r.Kind) >= len(kinds) {
		return clinical.Integration{}, fmt.Errorf("integration %s is of kind %d, which this program does not know", r.ID, r.Kind)
	}
	return clinical.Integration{
		ID: r.ID, NeighbourhoodID: r.NeighbourhoodID, OrganisationID: r.OrganisationID, Kind: kinds[r.Kind], Name: r.Name, BaseURL: r.BaseURL,
		Settings: r.Settings, Uses: r.Uses, Paused: r.Paused, RecordOnly: r.RecordOnly, Version: r.Version,
	}, nil
}

func rowOf(i clinical.Integration, by string, now time.Time) row {
	if i.Settings == nil {
		i.Settings = map[string]string{}
	}
	if i.Uses == nil {
		i.Uses = []clinical.Switched{}
	}
	return row{
		NeighbourhoodID: i.NeighbourhoodID, ID: i.ID, OrganisationID: i.OrganisationID, Kind: int16(slices.Index(kinds, i.Kind)), //nolint:gosec // a handful
		Name: i.Name, BaseURL: i.BaseURL, Settings: i.Settings, Uses: i.Uses, Paused: i.Paused, RecordOnly: i.RecordOnly,
		CreatedAt: now, UpdatedAt: now, Version: 1, ChangedBy: by,
	}
}

// Put makes or replaces an integration in the caller's transaction, and records who did. One without an id is the
// organisation's only one of its kind. An organisation that is not in the scope is refused as if it were not there.
func (s *Store) Put(ctx context.Context, tx *database.Tx, by audit.Actor, i clinical.Integration, now time.Time) error {
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
	r := rowOf(i, by.Name, now)
	err := tx.Gorm().WithContext(ctx).Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "neighbourhood_id"}, {Name: "id"}},
		DoUpdates: append(clause.AssignmentColumns([]string{"name", "base_url", "settings", "uses", "paused", "record_only", "changed_by", "updated_at"}),
			clause.Assignment{Column: clause.Column{Name: "version"}, Value: gorm.Expr("integrations.version + 1")}),
	}).Create(&r).Error
	if err != nil {
		return fmt.Errorf("save an integration: %w", err)
	}
	auditstore.Append(tx, audit.Entry{
		ID: uuid.Must(uuid.NewV7()), NeighbourhoodID: i.NeighbourhoodID, OrganisationID: i.OrganisationID, At: now, Actor: by,
		Action: "integration.put", SubjectKind: "integration", Subject: i.ID,
		Details: map[string]any{"kind": i.Kind, "paused": i.Paused, "record_only": i.RecordOnly},
	})
	return nil
}

// Integration reads one; false when there is none that the scope may see.
func (s *Store) Integration(ctx context.Context, scope tenants.Scope, id uuid.UUID) (clinical.Integration, bool, error) {
	var r row
	err := s.db.InTx(ctx, scope, func(tx *database.Tx) error {
		return visible(tx.Gorm().WithContext(ctx), scope).Where("id = ?", id).Take(&r).Error
	})
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return clinical.Integration{}, false, nil
	}
	if err != nil {
		return clinical.Integration{}, false, fmt.Errorf("read an integration: %w", err)
	}
	i, err := r.domain()
	return i, err == nil, err
}

// OfOrganisation lists an organisation's integrations, as far as the scope may see them, in the order in which they are
// preferred where several would do.
func (s *Store) OfOrganisation(ctx context.Context, scope tenants.Scope, organisation uuid.UUID) ([]clinical.Integration, error) {
	var list []clinical.Integration
	err := s.db.InTx(ctx, scope, func(tx *database.Tx) (err error) {
		list, err = In(ctx, tx, organisation)
		return err
	})
	return list, err
}

// In lists an organisation's integrations in the caller's transaction, as OfOrganisation does.
func In(ctx context.Context, tx *database.Tx, organisation uuid.UUID) ([]clinical.Integration, error) {
	var rows []row
	err := visible(tx.Gorm().WithContext(ctx), tx.Scope()).Where("organisation_id = ?", organisation).Order("kind, created_at, id").Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("list an organisation's integrations: %w", err)
	}
	list := make([]clinical.Integration, len(rows))
	for n, r := range rows {
		if list[n], err = r.domain(); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// visible is the rows of a scope, said a second time: row-level security says it too.
func visible(db *gorm.DB, scope tenants.Scope) *gorm.DB {
	q := db.Model(&row{}).Where("neighbourhood_id = ?", scope.NeighbourhoodID)
	if scope.Kind == tenants.StaffScope {
		q = q.Where("organisation_id in ?", scope.Organisations)
	}
	return q
}
