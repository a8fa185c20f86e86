package integrationstore

import (
	"context"
	"errors"
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
	"onedoor/app/store/auditstore"
	"onedoor/tenants"
)

// List implements integrations.Store.
func (s *Store) List(ctx context.Context, scope tenants.Scope, organisation uuid.UUID) ([]integrations.Connection, error) {
	var list []integrations.Connection
	err := s.db.InTx(ctx, scope, func(tx *database.Tx) error {
		var rows []row
		if err := visible(tx.Gorm().WithContext(ctx), scope).Where("organisation_id = ?", organisation).Order("name, kind, id").Find(&rows).Error; err != nil {
			return fmt.Errorf("list an organisation's integrations: %w", err)
		}
		list = nil
		for _, r := range rows {
			c, err := r.connection(ctx, tx)
			if err != nil {
				return err
			}
			list = append(list, c)
		}
		return nil
	})
	return list, err
}

// Get implements integrations.Store.
func (s *Store) Get(ctx context.Context, scope tenants.Scope, id uuid.UUID) (integrations.Connection, error) {
	var c integrations.Connection
	err := s.db.InTx(ctx, scope, func(tx *database.Tx) error {
		r, err := take(visible(tx.Gorm().WithContext(ctx), scope), id)
		if err != nil {
			return err
		}
		c, err = r.connection(ctx, tx)
		return err
	})
	return c, err
}

// take reads one row; one that is not there, or another's, is absent.
func take(q *gorm.DB, id uuid.UUID) (row, error) {
	var r row
	err := q.Where("id = ?", id).Take(&r).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return row{}, fault.Absent()
	}
	if err != nil {
		return row{}, fmt.Errorf("read an integration: %w", err)
	}
	return r, nil
}

func (r row) connection(ctx context.Context, tx *database.Tx) (integrations.Connection, error) {
	i, err := r.domain()
	if err != nil {
		return integrations.Connection{}, err
	}
	c := integrations.Connection{Integration: i, ChangedAt: r.UpdatedAt, ChangedBy: r.ChangedBy, Tested: integrations.Test{By: r.TestedBy, Steps: r.Tested}}
	if r.Capabilities != nil {
		c.Offers = *r.Capabilities
	}
	if r.AskedAt != nil {
		c.AskedAt = *r.AskedAt
	}
	if r.TestedAt != nil {
		c.Tested.At = *r.TestedAt
	}
	var rows []credential
	err = tx.Gorm().WithContext(ctx).Where("neighbourhood_id = ? and integration_id = ?", r.NeighbourhoodID, r.ID).Omit("sealed").Order("name").Find(&rows).Error
	if err != nil {
		return integrations.Connection{}, fmt.Errorf("list an integration's credentials: %w", err)
	}
	for _, k := range rows {
		c.Credentials = append(c.Credentials, integrations.Credential{Name: k.Name, SetAt: k.SetAt, SetBy: k.SetBy})
	}
	return c, nil
}

// Add implements integrations.Store.
func (s *Store) Add(ctx context.Context, scope tenants.Scope, i clinical.Integration, by string, now time.Time, entry audit.Entry) error {
	if i.NeighbourhoodID != scope.NeighbourhoodID || (scope.Kind != tenants.JobScope && !scope.Includes(i.OrganisationID)) {
		return fault.Absent()
	}
	return s.db.InTx(ctx, scope, func(tx *database.Tx) error {
		r := rowOf(i, by, now)
		made := tx.Gorm().WithContext(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&r)
		if made.Error != nil {
			return fmt.Errorf("add an integration: %w", made.Error)
		}
		if made.RowsAffected == 0 {
			if _, err := take(visible(tx.Gorm().WithContext(ctx), scope), i.ID); err != nil { // another's: as if nothing were there
				return err
			}
			return fault.New(fault.Conflict, "integration_exists", "There is a connection with this id already.")
		}
		auditstore.Append(tx, entry)
		return nil
	})
}

// Change implements integrations.Store.
func (s *Store) Change(ctx context.Context, scope tenants.Scope, id uuid.UUID, by string, now time.Time, change func(*clinical.Integration) (integrations.Changed, error)) error {
	return s.locked(ctx, scope, id, func(tx *database.Tx, i clinical.Integration) (audit.Entry, error) {
		changed, err := change(&i)
		if err != nil {
			return audit.Entry{}, err
		}
		r := rowOf(i, by, now)
		r.Version = i.Version + 1
		err = one(tx, id).Select("name", "base_url", "settings", "uses", "paused", "record_only", "version", "changed_by", "updated_at").Updates(&r).Error
		if err != nil {
			return audit.Entry{}, fmt.Errorf("change an integration: %w", err)
		}
		if changed.ForgetCredentials {
			err := tx.Gorm().WithContext(ctx).Where("neighbourhood_id = ? and integration_id = ?", i.NeighbourhoodID, i.ID).Delete(&credential{}).Error
			if err != nil {
				return audit.Entry{}, fmt.Errorf("forget an integration's credentials: %w", err)
			}
		}
		return changed.Entry, nil
	})
}

// Remove implements integrations.Store. Its credentials and recordings go with it.
func (s *Store) Remove(ctx context.Context, scope tenants.Scope, id uuid.UUID, entry func(clinical.Integration) audit.Entry) error {
	return s.locked(ctx, scope, id, func(tx *database.Tx, i clinical.Integration) (audit.Entry, error) {
		if err := one(tx, id).Delete(&row{}).Error; err != nil {
			return audit.Entry{}, fmt.Errorf("remove an integration: %w", err)
		}
		return entry(i), nil
	})
}

// Tried implements integrations.Store. It leaves the version as it is: nothing has to be made anew.
func (s *Store) Tried(ctx context.Context, scope tenants.Scope, id uuid.UUID, t integrations.Test, offers *clinical.Capabilities, entry func(clinical.Integration) audit.Entry) error {
	return s.locked(ctx, scope, id, func(tx *database.Tx, i clinical.Integration) (audit.Entry, error) {
		r, columns := row{Tested: t.Steps, TestedAt: &t.At, TestedBy: t.By}, []string{"tested", "tested_at", "tested_by"}
		if offers != nil {
			r.Capabilities, r.AskedAt, columns = offers, &t.At, append(columns, "capabilities", "asked_at")
		}
		if err := one(tx, id).Select(columns).Updates(&r).Error; err != nil {
			return audit.Entry{}, fmt.Errorf("keep what came of a test: %w", err)
		}
		return entry(i), nil
	})
}

// locked locks an integration while something is done to it, and keeps the entry that comes of it.
func (s *Store) locked(ctx context.Context, scope tenants.Scope, id uuid.UUID, do func(*database.Tx, clinical.Integration) (audit.Entry, error)) error {
	return s.db.InTx(ctx, scope, func(tx *database.Tx) error {
		r, err := take(visible(tx.Gorm().WithContext(ctx), scope).Clauses(clause.Locking{Strength: "UPDATE"}), id)
		if err != nil {
			return err
		}
		i, err := r.domain()
		if err != nil {
			return err
		}
		entry, err := do(tx, i)
		if err != nil {
			return err
		}
		auditstore.Append(tx, entry)
		return nil
	})
}

// one is an integration that locked has found.
func one(tx *database.Tx, id uuid.UUID) *gorm.DB {
	return tx.Gorm().Model(&row{}).Where("neighbourhood_id = ? and id = ?", tx.Scope().NeighbourhoodID, id)
}
