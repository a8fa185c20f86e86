package testdb_test

import (
	"context"
	"sync/atomic"
	"testing"

	"onedoor/app/database"
	"onedoor/app/database/testdb"
)

func TestEachTestHasACopyOfWhatWasFilledOnce(t *testing.T) {
	t.Parallel()
	var filled atomic.Int64
	begun := testdb.Fill(func(ctx context.Context, db *database.DB) error {
		filled.Add(1)
		return db.Global(ctx, func(tx *database.Tx) error {
			return tx.Gorm().Exec(`insert into river_queue (name, updated_at) values ('begun', now())`).Error
		})
	})
	for range 3 {
		db := testdb.Open(t, begun.NewURLs(t).App)
		if err := db.Global(t.Context(), func(tx *database.Tx) error {
			var n int
			if err := tx.Gorm().Raw(`select count(*) from river_queue`).Scan(&n).Error; err != nil {
				return err
			}
			if n != 1 {
				t.Errorf("a copy has %d rows", n)
			}
			return tx.Gorm().Exec(`insert into river_queue (name, updated_at) values ('more', now())`).Error
		}); err != nil {
			t.Fatal(err)
		}
	}
	if n := filled.Load(); n != 1 {
		t.Errorf("filled %d times", n)
	}
}
