// Package alarmstore keeps alarms in PostgreSQL, each change in a transaction of its own with the event that tells open
// pages, and an acknowledgement with its line in the trail. It decides nothing.
package alarmstore

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"onedoor/app/alarms"
	"onedoor/app/audit"
	"onedoor/app/database"
	"onedoor/app/fault"
	"onedoor/app/store/auditstore"
	"onedoor/tenants"
)

// Store implements alarms.Store.
type Store struct{ db *database.DB }

// New makes a store over a database.
func New(db *database.DB) *Store { return &Store{db} }

// Topic is that of the events which tell that an alarm rose or ended.
const Topic = "alarm"

type row struct {
	NeighbourhoodID uuid.UUID
	ID              uuid.UUID
	Kind            string
	Subject         string
	Says            string
	RaisedAt        time.Time
	SeenAt          time.Time
	ClearedAt       *time.Time
	AcknowledgedBy  *json.RawMessage
	Note            string
}

func (row) TableName() string { return "alarms" }

func (w row) alarm() (alarms.Alarm, error) {
	a := alarms.Alarm{
		ID: w.ID, NeighbourhoodID: w.NeighbourhoodID, Kind: alarms.Kind(w.Kind), Subject: w.Subject, Says: w.Says,
		RaisedAt: w.RaisedAt.UTC(), SeenAt: w.SeenAt.UTC(),
	}
	if w.ClearedAt != nil {
		a.ClearedAt = w.ClearedAt.UTC()
	}
	if w.AcknowledgedBy == nil {
		return a, nil
	}
	a.Acknowledged = &alarms.Acknowledgement{Note: w.Note}
	return a, json.Unmarshal(*w.AcknowledgedBy, &a.Acknowledged.By)
}

// Raise implements alarms.Store.
func (s *Store) Raise(ctx context.Context, a alarms.Alarm) (risen bool, err error) {
	err = s.db.InTx(ctx, tenants.JobOf(a.NeighbourhoodID), func(tx *database.Tx) error {
		// Two who find it at once meet at the unique index: the second waits, and then brings the first one's up to date.
		var kept []struct{ ID uuid.UUID }
		err := tx.Gorm().Raw(`
			insert into alarms (neighbourhood_id, id, kind, subject, says, raised_at, seen_at)
			values (@nb, @id, @kind, @subject, @says, @at, @at)
			on conflict (neighbourhood_id, kind, subject) where cleared_at is null
			do update set says = excluded.says, seen_at = greatest(alarms.seen_at, excluded.seen_at)
			returning id`, map[string]any{
			"nb": a.NeighbourhoodID, "id": a.ID, "kind": string(a.Kind), "subject": a.Subject, "says": a.Says, "at": a.RaisedAt,
		}).Scan(&kept).Error
		if err != nil {
			return err
		}
		risen = len(kept) == 1 && kept[0].ID == a.ID
		if !risen {
			return nil
		}
		return tx.Publish(database.Event{Topic: Topic, Subject: a.ID})
	})
	return risen && err == nil, err
}

// Clear implements alarms.Store.
func (s *Store) Clear(ctx context.Context, neighbourhood uuid.UUID, kind alarms.Kind, subject string, at time.Time) (cleared bool, err error) {
	err = s.db.InTx(ctx, tenants.JobOf(neighbourhood), func(tx *database.Tx) error {
		var ended []struct{ ID uuid.UUID }
		err := tx.Gorm().Raw(`
			update alarms set cleared_at = ? where neighbourhood_id = ? and kind = ? and subject = ? and cleared_at is null returning id`,
			at, neighbourhood, string(kind), subject).Scan(&ended).Error
		if err != nil || len(ended) == 0 {
			return err
		}
		cleared = true
		return tx.Publish(database.Event{Topic: Topic, Subject: ended[0].ID})
	})
	return cleared && err == nil, err
}

// Acknowledge implements alarms.Store.
func (s *Store) Acknowledge(ctx context.Context, neighbourhood, id uuid.UUID, by alarms.Acknowledgement, entry audit.Entry) (a alarms.Alarm, acknowledged bool, err error) {
	who, err := json.Marshal(by.By)
	if err != nil {
		return a, false, err
	}
	err = s.db.InTx(ctx, tenants.StaffOf(neighbourhood), func(tx *database.Tx) error {
		done := tx.Gorm().Exec(`
			update alarms set cleared_at = ?, acknowledged_by = ?, note = ?
			where neighbourhood_id = ? and id = ? and cleared_at is null`, entry.At, json.RawMessage(who), by.Note, neighbourhood, id)
		if done.Error != nil {
			return done.Error
		}
		list, err := read(tx, "select * from alarms where neighbourhood_id = ? and id = ?", neighbourhood, id)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return fault.Absent()
		}
		a, acknowledged = list[0], done.RowsAffected == 1
		if !acknowledged {
			return nil
		}
		entry.Details = map[string]any{"kind": string(a.Kind), "alarm": a.Subject}
		auditstore.Append(tx, entry)
		return tx.Publish(database.Event{Topic: Topic, Subject: id})
	})
	return a, acknowledged && err == nil, err
}

// Open implements alarms.Store.
func (s *Store) Open(ctx context.Context, neighbourhood uuid.UUID) ([]alarms.Alarm, error) {
	return s.list(ctx, neighbourhood, "select * from alarms where neighbourhood_id = ? and cleared_at is null order by id desc", neighbourhood)
}

// Last implements alarms.Store.
func (s *Store) Last(ctx context.Context, neighbourhood uuid.UUID, kind alarms.Kind, subject string) (alarms.Alarm, bool, error) {
	list, err := s.list(ctx, neighbourhood, "select * from alarms where neighbourhood_id = ? and kind = ? and subject = ? order by id desc limit 1",
		neighbourhood, string(kind), subject)
	if err != nil || len(list) == 0 {
		return alarms.Alarm{}, false, err
	}
	return list[0], true, nil
}

// Recent implements alarms.Store.
func (s *Store) Recent(ctx context.Context, neighbourhood uuid.UUID, kind alarms.Kind, limit int) ([]alarms.Alarm, error) {
	return s.list(ctx, neighbourhood, "select * from alarms where neighbourhood_id = ? and kind = ? order by id desc limit ?", neighbourhood, string(kind), limit)
}

func (s *Store) list(ctx context.Context, neighbourhood uuid.UUID, query string, args ...any) (list []alarms.Alarm, err error) {
	err = s.db.InTx(ctx, tenants.StaffOf(neighbourhood), func(tx *database.Tx) error {
		list, err = read(tx, query, args...)
		return err
	})
	return list, err
}

func read(tx *database.Tx, query string, args ...any) ([]alarms.Alarm, error) {
	var rows []row
	if err := tx.Gorm().Raw(query, args...).Scan(&rows).Error; err != nil {
		return nil, err
	}
	list := make([]alarms.Alarm, len(rows))
	for i, w := range rows {
		var err error
		if list[i], err = w.alarm(); err != nil {
			return nil, err
		}
	}
	return list, nil
}
