package callstore

import (
	"context"
	"time"

	"github.com/google/uuid"

	"onedoor/app/database"
	"onedoor/app/fault"
	"onedoor/tenants"
)

// SaveSession implements calls.Store. The first save is of version 0; each makes the next version.
func (s *Store) SaveSession(ctx context.Context, neighbourhood, call uuid.UUID, version int, sealed []byte, at time.Time) error {
	return s.db.InTx(ctx, tenants.IntakeOf(neighbourhood), func(tx *database.Tx) error {
		// A call that has ended takes no more state, whichever message comes late. Its row is locked so that an end waits.
		alive := tx.Gorm().Exec("update calls set heard_at = greatest(heard_at, ?) where neighbourhood_id = ? and id = ? and ended_at is null", at, neighbourhood, call)
		if alive.Error != nil {
			return alive.Error
		}
		if alive.RowsAffected == 0 {
			return movedOn()
		}
		if version == 0 {
			done := tx.Gorm().Exec(`
				insert into call_sessions (neighbourhood_id, call_id, version, sealed, saved_at) values (?, ?, 1, ?, ?)
				on conflict do nothing`, neighbourhood, call, sealed, at)
			return kept(done.RowsAffected, done.Error)
		}
		done := tx.Gorm().Exec(`
			update call_sessions set version = version + 1, sealed = ?, saved_at = ?
			where neighbourhood_id = ? and call_id = ? and version = ?`, sealed, at, neighbourhood, call, version)
		return kept(done.RowsAffected, done.Error)
	})
}

func kept(rows int64, err error) error {
	if err == nil && rows == 0 {
		return movedOn()
	}
	return err
}

func movedOn() error {
	return fault.New(fault.Conflict, "session_moved_on", "This call has gone on since: another message about it came first.")
}

// LoadSession implements calls.Store.
func (s *Store) LoadSession(ctx context.Context, neighbourhood, call uuid.UUID) (sealed []byte, version int, err error) {
	err = s.db.InTx(ctx, tenants.IntakeOf(neighbourhood), func(tx *database.Tx) error {
		var rows []struct {
			Sealed  []byte
			Version int
		}
		err := tx.Gorm().Raw("select sealed, version from call_sessions where neighbourhood_id = ? and call_id = ?", neighbourhood, call).Scan(&rows).Error
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return fault.Absent()
		}
		sealed, version = rows[0].Sealed, rows[0].Version
		return nil
	})
	return sealed, version, err
}

// DropSession implements calls.Store.
func (s *Store) DropSession(ctx context.Context, neighbourhood, call uuid.UUID) error {
	return s.db.InTx(ctx, tenants.IntakeOf(neighbourhood), func(tx *database.Tx) error {
		return tx.Gorm().Exec("delete from call_sessions where neighbourhood_id = ? and call_id = ?", neighbourhood, call).Error
	})
}
