// Package understandingstore keeps in PostgreSQL how organisations use understanding, and which texts a model read: codes and
// figures, each with its line in the trail, and never words. It decides nothing.
package understandingstore

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/database"
	"onedoor/app/fault"
	"onedoor/app/store/auditstore"
	"onedoor/app/understanding"
	"onedoor/tenants"
)

// Kept is how long a use is kept: long enough to compare one year with the next.
const Kept = 400 * 24 * time.Hour

// Store implements understanding.Store.
type Store struct{ db *database.DB }

// New makes a store over a database.
func New(db *database.DB) *Store { return &Store{db} }

type settingRow struct {
	NeighbourhoodID uuid.UUID
	OrganisationID  uuid.UUID
	Mode            string
	Model           string
	AsSaid          bool
	OnModel         string
	OnVersion       string
	OnKinds         json.RawMessage
	Version         int
	ChangedAt       time.Time
	ChangedBy       string
}

func (w settingRow) setting() (understanding.Setting, error) {
	s := understanding.Setting{
		NeighbourhoodID: w.NeighbourhoodID, OrganisationID: w.OrganisationID, Mode: understanding.Mode(w.Mode), Model: w.Model, AsSaid: w.AsSaid,
		OnModel: w.OnModel, OnVersion: w.OnVersion, Version: w.Version, ChangedAt: w.ChangedAt.UTC(), ChangedBy: w.ChangedBy,
	}
	return s, json.Unmarshal(w.OnKinds, &s.OnKinds)
}

// Setting implements understanding.Store.
func (s *Store) Setting(ctx context.Context, neighbourhood, organisation uuid.UUID) (found understanding.Setting, err error) {
	found = understanding.Setting{NeighbourhoodID: neighbourhood, OrganisationID: organisation, Mode: understanding.ModeOff}
	err = s.db.InTx(ctx, tenants.IntakeOf(neighbourhood), func(tx *database.Tx) error {
		var rows []settingRow
		err := tx.Gorm().Raw("select * from understanding_settings where neighbourhood_id = ? and organisation_id = ?", neighbourhood, organisation).Scan(&rows).Error
		if err != nil || len(rows) == 0 {
			return err
		}
		found, err = rows[0].setting()
		return err
	})
	return found, err
}

// Save implements understanding.Store.
func (s *Store) Save(ctx context.Context, set understanding.Setting, was int, entry audit.Entry) (understanding.Setting, error) {
	kinds, err := json.Marshal(append([]string{}, set.OnKinds...))
	if err != nil {
		return understanding.Setting{}, err
	}
	err = s.db.InTx(ctx, tenants.StaffOf(set.NeighbourhoodID, set.OrganisationID), func(tx *database.Tx) error {
		var versions []int
		err := tx.Gorm().Raw(`
			insert into understanding_settings as old (neighbourhood_id, organisation_id, mode, model, as_said, on_model, on_version, on_kinds, version, changed_at, changed_by)
			select @nb, @org, @mode, @model, @said, @onmodel, @onversion, cast(@kinds as jsonb), 1, @at, @by where @was <= 0
			on conflict (neighbourhood_id, organisation_id) do update
			set mode = excluded.mode, model = excluded.model, as_said = excluded.as_said, on_model = excluded.on_model, on_version = excluded.on_version,
			    on_kinds = excluded.on_kinds, version = old.version + 1, changed_at = excluded.changed_at, changed_by = excluded.changed_by
			where @was < 0
			returning version`, s.values(set, kinds, was)).Scan(&versions).Error
		if err == nil && len(versions) == 0 && was > 0 {
			err = tx.Gorm().Raw(`
				update understanding_settings
				set mode = @mode, model = @model, as_said = @said, on_model = @onmodel, on_version = @onversion, on_kinds = cast(@kinds as jsonb),
				    version = version + 1, changed_at = @at, changed_by = @by
				where neighbourhood_id = @nb and organisation_id = @org and version = @was
				returning version`, s.values(set, kinds, was)).Scan(&versions).Error
		}
		if err != nil {
			return err
		}
		if len(versions) == 0 {
			return fault.New(fault.Conflict, "setting_changed", "Somebody else changed this setting. Look at it again, then choose.")
		}
		set.Version = versions[0]
		auditstore.Append(tx, entry)
		return nil
	})
	return set, err
}

func (s *Store) values(set understanding.Setting, kinds []byte, was int) map[string]any {
	return map[string]any{
		"nb": set.NeighbourhoodID, "org": set.OrganisationID, "mode": string(set.Mode), "model": set.Model, "said": set.AsSaid, "onmodel": set.OnModel,
		"onversion": set.OnVersion, "kinds": string(kinds), "at": set.ChangedAt, "by": set.ChangedBy, "was": was,
	}
}

type useRow struct {
	NeighbourhoodID uuid.UUID
	ID              uuid.UUID
	OrganisationID  uuid.UUID
	At              time.Time
	Channel         string
	Language        string
	Shadow          bool
	Model           string
	Version         string
	Outcome         string
	Kind            string
	Answers         int
	Confidence      float64
	TookMs          int
	Chosen          string
}

func (useRow) TableName() string { return "understanding_uses" }

// Note implements understanding.Store.
func (s *Store) Note(ctx context.Context, u understanding.Use, entry audit.Entry) error {
	return s.db.InTx(ctx, tenants.IntakeOf(u.NeighbourhoodID), func(tx *database.Tx) error {
		tx.Later(&useRow{
			NeighbourhoodID: u.NeighbourhoodID, ID: u.ID, OrganisationID: u.OrganisationID, At: u.At, Channel: u.Channel, Language: u.Language,
			Shadow: u.Shadow, Model: u.Model, Version: u.Version, Outcome: string(u.Outcome), Kind: u.Kind, Answers: u.Answers,
			Confidence: u.Confidence, TookMs: int(u.Took.Milliseconds()), Chosen: u.Chosen,
		})
		auditstore.Append(tx, entry)
		return nil
	})
}

// Chose implements understanding.Store.
func (s *Store) Chose(ctx context.Context, neighbourhood, use uuid.UUID, kind string) error {
	return s.db.InTx(ctx, tenants.IntakeOf(neighbourhood), func(tx *database.Tx) error {
		return tx.Gorm().Exec("update understanding_uses set chosen = ? where neighbourhood_id = ? and id = ? and chosen = '' and not shadow",
			kind, neighbourhood, use).Error
	})
}

// Counts implements understanding.Store.
func (s *Store) Counts(ctx context.Context, neighbourhood, organisation uuid.UUID, m understanding.About) ([]understanding.Count, map[understanding.Outcome]int, error) {
	var counts []understanding.Count
	var ends []struct {
		Outcome understanding.Outcome
		Times   int
	}
	err := s.db.InTx(ctx, tenants.StaffOf(neighbourhood, organisation), func(tx *database.Tx) error {
		of := []any{neighbourhood, organisation, m.Model, m.Version}
		err := tx.Gorm().Raw(`
			select case when outcome = 'proposed' then kind else '' end as proposed, chosen, shadow, count(*) as times from understanding_uses
			where neighbourhood_id = ? and organisation_id = ? and model = ? and version = ? and outcome in ('proposed', 'unsure')
			group by 1, 2, 3 order by 1, 2, 3`, of...).Scan(&counts).Error
		if err != nil {
			return err
		}
		return tx.Gorm().Raw(`
			select outcome, count(*) as times from understanding_uses
			where neighbourhood_id = ? and organisation_id = ? and model = ? and version = ? group by 1`, of...).Scan(&ends).Error
	})
	outcomes := make(map[understanding.Outcome]int, len(ends))
	for _, e := range ends {
		outcomes[e.Outcome] = e.Times
	}
	return counts, outcomes, err
}

// RemoveUses removes uses that were kept long enough, and says how many.
func (s *Store) RemoveUses(ctx context.Context, neighbourhood uuid.UUID, now time.Time) (removed int, err error) {
	err = s.db.InTx(ctx, tenants.JobOf(neighbourhood), func(tx *database.Tx) error {
		done := tx.Gorm().Exec("delete from understanding_uses where neighbourhood_id = ? and at < ?", neighbourhood, now.Add(-Kept))
		removed = int(done.RowsAffected)
		return done.Error
	})
	return removed, err
}
