package testdb

import (
	"context"
	"testing"

	"onedoor/app/database"
	"onedoor/infra/localpg"
)

// BenchmarkDatabase is what a test pays for New: copy, connect, close, drop.
func BenchmarkDatabase(b *testing.B) {
	ctx := context.Background()
	shared, err := sharedServer()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		name, err := shared.clone(ctx)
		if err != nil {
			b.Fatal(err)
		}
		db, err := database.Open(ctx, database.Options{URL: shared.cluster.URL(localpg.App, name)})
		if err != nil {
			b.Fatal(err)
		}
		db.Close()
		if err := shared.drop(ctx, name); err != nil {
			b.Fatal(err)
		}
	}
}
