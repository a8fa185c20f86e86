// Package recordingstore keeps recordings in PostgreSQL, sealed before they come here, and what organisations want done with
// them. Row-level security lets staff reach those of requests that they see, and every query names its neighbourhood
// besides. It opens nothing and decides nothing.
package recordingstore

import (
	"context"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm/clause"

	"onedoor/app/audit"
	"onedoor/app/database"
	"onedoor/app/fault"
	"onedoor/app/recordings"
	"onedoor/app/requests"
	"onedoor/app/store/auditstore"
	"onedoor/tenants"
)

// Store implements recordings.Store.
type Store struct {
	db  *database.DB
	now func() time.Time
}

// New makes a store over a database.
func New(db *database.DB, now func() time.Time) *Store { return &Store{db, now} }

type row struct {
	NeighbourhoodID uuid.UUID `gorm:"primaryKey"`
	ID              uuid.UUID `gorm:"primaryKey"`
	CallID          uuid.UUID
	LinkID          string
	At              time.Time
	LengthMs        int64
	Audio           []byte
	RemovedAt       *time.Time
	Transcript      []byte
	TranscriptBy    string
	HeardAt         *time.Time
	HeardBy         *uuid.UUID
	HeardName       string
}

func (row) TableName() string { return "recordings" }

// found is a recording with what it takes from the request by which it was found.
type found struct {
	Rec           row `gorm:"embedded"`
	RequestID     uuid.UUID
	Reference     string
	AccountableID uuid.UUID
	OfferedID     *uuid.UUID
	Language      string
	KeptDays      *int
	Kind          string
	LineID        *uuid.UUID
}

const columns = `
	rec.neighbourhood_id, rec.id, rec.call_id, rec.link_id, rec.at, rec.length_ms, rec.removed_at, rec.transcript, rec.transcript_by,
	rec.heard_at, rec.heard_by, rec.heard_name, q.id as request_id, q.reference, q.accountable_id, q.offered_id, q.language, rs.kept_days`

const joined = `
	from recordings rec
	join request_recordings rr on rr.neighbourhood_id = rec.neighbourhood_id and rr.recording_id = rec.id
	join requests q on q.neighbourhood_id = rr.neighbourhood_id and q.id = rr.request_id
	left join recording_settings rs on rs.neighbourhood_id = q.neighbourhood_id and rs.organisation_id = q.accountable_id`

func (f *found) kept() recordings.Kept {
	k := recordings.Kept{
		Recording: recordings.Recording{
			ID: f.Rec.ID, NeighbourhoodID: f.Rec.NeighbourhoodID, CallID: f.Rec.CallID, RequestID: f.RequestID, LinkID: f.Rec.LinkID, At: f.Rec.At.UTC(),
			Length: time.Duration(f.Rec.LengthMs) * time.Millisecond, TranscriptBy: f.Rec.TranscriptBy, HeardBy: f.Rec.HeardName, Gone: f.Rec.RemovedAt != nil,
		},
		Audio: f.Rec.Audio, Transcript: f.Rec.Transcript, Accountable: f.AccountableID, Language: f.Language, Kind: f.Kind,
	}
	if f.LineID != nil {
		k.Line = *f.LineID
	}
	days := recordings.DefaultDays
	if f.KeptDays != nil {
		days = *f.KeptDays
	}
	k.KeptUntil = k.At.AddDate(0, 0, days)
	if f.Rec.HeardAt != nil {
		k.HeardAt = f.Rec.HeardAt.UTC()
	}
	if f.Rec.HeardBy != nil {
		k.HeardByID = *f.Rec.HeardBy
	}
	if f.OfferedID != nil {
		k.Offered = *f.OfferedID
	}
	return k
}

// Add implements recordings.Store.
func (s *Store) Add(ctx context.Context, r recordings.Recording, sealed []byte, elsewhere *recordings.Copy) error {
	return s.db.InTx(ctx, tenants.IntakeOf(r.NeighbourhoodID), func(tx *database.Tx) error {
		tx.Later(&row{
			NeighbourhoodID: r.NeighbourhoodID, ID: r.ID, CallID: r.CallID, LinkID: r.LinkID, At: r.At, LengthMs: r.Length.Milliseconds(), Audio: sealed,
		})
		if elsewhere != nil {
			tx.Later(newCopyRow(*elsewhere))
		}
		return nil
	})
}

// OfRequest implements recordings.Store.
func (s *Store) OfRequest(ctx context.Context, scope tenants.Scope, reference requests.Reference) (list []recordings.Kept, err error) {
	err = s.db.InTx(ctx, scope, func(tx *database.Tx) error {
		var ids []uuid.UUID
		if err := tx.Gorm().Raw("select id from requests where neighbourhood_id = ? and reference = ?", scope.NeighbourhoodID, string(reference)).Scan(&ids).Error; err != nil {
			return err
		}
		if len(ids) == 0 {
			return fault.Absent()
		}
		var rows []found
		err := tx.Gorm().Raw("select "+columns+joined+" where rec.neighbourhood_id = ? and q.id = ? order by rec.at, rec.id", scope.NeighbourhoodID, ids[0]).Scan(&rows).Error
		for i := range rows {
			list = append(list, rows[i].kept())
		}
		return err
	})
	return list, err
}

// Find implements recordings.Store.
func (s *Store) Find(ctx context.Context, scope tenants.Scope, reference requests.Reference, id uuid.UUID, note func(*recordings.Kept) (*audit.Entry, error)) (k recordings.Kept, err error) {
	err = s.db.InTx(ctx, scope, func(tx *database.Tx) error {
		var rows []found
		err := tx.Gorm().Raw("select "+columns+", rec.audio"+joined+" where rec.neighbourhood_id = ? and rec.id = ? and q.reference = ? for update of rec",
			scope.NeighbourhoodID, id, string(reference)).Scan(&rows).Error
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return fault.Absent()
		}
		k = rows[0].kept()
		before := k.HeardAt
		entry, err := note(&k)
		if err != nil || entry == nil {
			return err
		}
		auditstore.Append(tx, *entry)
		if k.HeardAt.Equal(before) {
			return nil
		}
		if err := tx.Gorm().Exec("update recordings set heard_at = ?, heard_by = ?, heard_name = ? where neighbourhood_id = ? and id = ?",
			k.HeardAt, k.HeardByID, k.HeardBy, k.NeighbourhoodID, k.ID).Error; err != nil {
			return err
		}
		return rows[0].tell(tx)
	})
	return k, err
}

// tell makes open pages read the request again.
func (f *found) tell(tx *database.Tx) error {
	concerned := []uuid.UUID{f.AccountableID}
	if f.OfferedID != nil {
		concerned = append(concerned, *f.OfferedID)
	}
	return tx.Publish(database.Event{Organisations: concerned, Topic: "request", Subject: f.RequestID, Reference: f.Reference})
}

// tries is how often a recording is tried to be transcribed; between two tries pass 4, 16, 64 and 256 minutes.
const tries = 5

// Waiting implements recordings.Store.
func (s *Store) Waiting(ctx context.Context, neighbourhood uuid.UUID, limit int) (list []recordings.Kept, err error) {
	err = s.db.InTx(ctx, tenants.JobOf(neighbourhood), func(tx *database.Tx) error {
		now := s.now()
		var rows []found
		err := tx.Gorm().Raw("select "+columns+`, rec.audio, case when q.incomplete is null then q.kind else '' end as kind,
			(select c.organisation_id from calls c where c.neighbourhood_id = rec.neighbourhood_id and c.id = rec.call_id) as line_id`+joined+`
			where rec.neighbourhood_id = @nb and rec.audio is not null and rec.transcript is null and rec.tries < @tries and rs.transcribe
			  and (rec.tried_at is null or rec.tried_at <= cast(@now as timestamptz) - make_interval(mins => cast(power(4, rec.tries) as integer)))
			order by rec.at, rec.id limit @limit for update of rec skip locked`,
			map[string]any{"nb": neighbourhood, "tries": tries, "now": now, "limit": limit}).Scan(&rows).Error
		if err != nil || len(rows) == 0 {
			return err
		}
		given := map[uuid.UUID]bool{} // a recording of two requests is one
		ids := make([]uuid.UUID, 0, len(rows))
		for i := range rows {
			if !given[rows[i].Rec.ID] {
				given[rows[i].Rec.ID] = true
				ids, list = append(ids, rows[i].Rec.ID), append(list, rows[i].kept())
			}
		}
		return tx.Gorm().Exec("update recordings set tries = tries + 1, tried_at = ? where neighbourhood_id = ? and id in ?", now, neighbourhood, ids).Error
	})
	return list, err
}

// Transcribed implements recordings.Store.
func (s *Store) Transcribed(ctx context.Context, neighbourhood, id uuid.UUID, sealed []byte, by string) error {
	return s.db.InTx(ctx, tenants.JobOf(neighbourhood), func(tx *database.Tx) error {
		done := tx.Gorm().Exec("update recordings set transcript = ?, transcript_by = ? where neighbourhood_id = ? and id = ? and audio is not null", sealed, by, neighbourhood, id)
		if done.Error != nil || done.RowsAffected == 0 { // its time was over meanwhile
			return done.Error
		}
		var rows []found
		if err := tx.Gorm().Raw("select "+columns+joined+" where rec.neighbourhood_id = ? and rec.id = ?", neighbourhood, id).Scan(&rows).Error; err != nil {
			return err
		}
		for i := range rows {
			if err := rows[i].tell(tx); err != nil {
				return err
			}
		}
		return nil
	})
}

// strayDays is how long a recording is kept that no request has: nobody can hear it.
const strayDays = 7

// Remove implements recordings.Store.
func (s *Store) Remove(ctx context.Context, neighbourhood uuid.UUID, now time.Time, defaultDays int) (int, error) {
	removed := 0
	err := s.db.InTx(ctx, tenants.JobOf(neighbourhood), func(tx *database.Tx) error {
		done := tx.Gorm().Exec(`
			update recordings rec set audio = null, transcript = null, removed_at = cast(@now as timestamptz)
			where rec.neighbourhood_id = @nb and rec.audio is not null
			  and not exists (
				select from request_recordings rr join requests q on q.neighbourhood_id = rr.neighbourhood_id and q.id = rr.request_id
				where rr.neighbourhood_id = rec.neighbourhood_id and rr.recording_id = rec.id and q.status < 5)
			  and rec.at <= cast(@now as timestamptz) - make_interval(days => coalesce((
				select max(coalesce(rs.kept_days, @days))
				from request_recordings rr join requests q on q.neighbourhood_id = rr.neighbourhood_id and q.id = rr.request_id
				left join recording_settings rs on rs.neighbourhood_id = q.neighbourhood_id and rs.organisation_id = q.accountable_id
				where rr.neighbourhood_id = rec.neighbourhood_id and rr.recording_id = rec.id), @stray))`,
			map[string]any{"nb": neighbourhood, "now": now, "days": defaultDays, "stray": strayDays})
		removed = int(done.RowsAffected)
		return done.Error
	})
	return removed, err
}

type settingsRow struct {
	NeighbourhoodID uuid.UUID `gorm:"primaryKey"`
	OrganisationID  uuid.UUID `gorm:"primaryKey"`
	KeptDays        int
	Transcribe      bool
	ChangedAt       time.Time
}

func (settingsRow) TableName() string { return "recording_settings" }

// Settings implements recordings.Store.
func (s *Store) Settings(ctx context.Context, scope tenants.Scope, organisation uuid.UUID, otherwise recordings.Settings) (recordings.Settings, error) {
	err := s.db.InTx(ctx, scope, func(tx *database.Tx) error {
		var rows []settingsRow
		err := tx.Gorm().Where("neighbourhood_id = ? and organisation_id = ?", scope.NeighbourhoodID, organisation).Find(&rows).Error
		if len(rows) == 1 {
			otherwise = recordings.Settings{KeptDays: rows[0].KeptDays, Transcribe: rows[0].Transcribe}
		}
		return err
	})
	return otherwise, err
}

// Set implements recordings.Store.
func (s *Store) Set(ctx context.Context, scope tenants.Scope, organisation uuid.UUID, to recordings.Settings, entry audit.Entry) error {
	return s.db.InTx(ctx, scope, func(tx *database.Tx) error {
		auditstore.Append(tx, entry)
		return tx.Gorm().Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: "neighbourhood_id"}, {Name: "organisation_id"}},
			DoUpdates: clause.AssignmentColumns([]string{"kept_days", "transcribe", "changed_at"}),
		}).Create(&settingsRow{scope.NeighbourhoodID, organisation, to.KeptDays, to.Transcribe, entry.At}).Error
	})
}
