package recordingstore

import (
	"context"
	"time"

	"github.com/google/uuid"

	"onedoor/app/database"
	"onedoor/app/recordings"
	"onedoor/tenants"
)

// copyRow is what a telephony platform still holds.
type copyRow struct {
	NeighbourhoodID uuid.UUID `gorm:"primaryKey"`
	ID              uuid.UUID `gorm:"primaryKey"`
	Line, Address   string
	KeptAt          time.Time
	Tries           int
	TryAt           time.Time
}

func (copyRow) TableName() string { return "recording_copies" }

func newCopyRow(c recordings.Copy) *copyRow {
	return &copyRow{c.NeighbourhoodID, c.ID, c.Line, c.Address, c.At, c.Tries, c.TryAt}
}

// AddCopy implements recordings.Store.
func (s *Store) AddCopy(ctx context.Context, c recordings.Copy) error {
	return s.db.InTx(ctx, tenants.IntakeOf(c.NeighbourhoodID), func(tx *database.Tx) error {
		tx.Later(newCopyRow(c))
		return nil
	})
}

// CopiesDue implements recordings.Store. Between tries pass 1, 2, 4 minutes and so on.
func (s *Store) CopiesDue(ctx context.Context, neighbourhood uuid.UUID, now time.Time, limit int) (list []recordings.Copy, err error) {
	err = s.db.InTx(ctx, tenants.JobOf(neighbourhood), func(tx *database.Tx) error {
		var rows []copyRow
		err := tx.Gorm().Raw(`
			update recording_copies c set tries = tries + 1, try_at = cast(@now as timestamptz) + make_interval(mins => cast(power(2, tries) as integer))
			where neighbourhood_id = @nb and id in (
				select id from recording_copies where neighbourhood_id = @nb and try_at <= cast(@now as timestamptz) and tries < @most
				order by try_at, id limit @limit for update skip locked)
			returning *`, map[string]any{"nb": neighbourhood, "now": now, "most": recordings.MostCopyTries, "limit": limit}).Scan(&rows).Error
		for _, r := range rows {
			list = append(list, recordings.Copy{
				ID: r.ID, NeighbourhoodID: r.NeighbourhoodID, Line: r.Line, Address: r.Address, At: r.KeptAt.UTC(), Tries: r.Tries, TryAt: r.TryAt.UTC(),
			})
		}
		return err
	})
	return list, err
}

// CopyRemoved implements recordings.Store.
func (s *Store) CopyRemoved(ctx context.Context, neighbourhood, id uuid.UUID) error {
	return s.db.InTx(ctx, tenants.JobOf(neighbourhood), func(tx *database.Tx) error {
		return tx.Gorm().Exec("delete from recording_copies where neighbourhood_id = ? and id = ?", neighbourhood, id).Error
	})
}
