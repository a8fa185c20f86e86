package testdb_test

import (
	"context"
	"testing"

	"onedoor/app/database"
	"onedoor/app/database/testdb"
)

func TestDatabasesAreApart(t *testing.T) {
	t.Parallel()
	one, two := testdb.New(t), testdb.New(t)
	count := func(db *database.DB) (n int) {
		if err := db.Global(context.Background(), func(tx *database.Tx) error {
			return tx.Gorm().Raw(`select count(*) from events`).Scan(&n).Error
		}); err != nil {
			t.Fatal(err)
		}
		return n
	}
	err := one.Global(context.Background(), func(tx *database.Tx) error {
		return tx.Gorm().Exec(`insert into events (neighbourhood_id, topic) values (gen_random_uuid(), 'request')`).Error
	})
	if err != nil {
		t.Fatal(err)
	}
	if a, b := count(one), count(two); a != 1 || b != 0 {
		t.Errorf("the two databases hold %d and %d events", a, b)
	}
}

func TestProductDoesNotConnectAsOwner(t *testing.T) {
	t.Parallel()
	_, owner := testdb.NewOwner(t)
	if db, err := database.Open(context.Background(), database.Options{URL: owner}); err == nil {
		db.Close()
		t.Fatal("the owner's role was let in")
	}
}
