package database_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/database"
	"onedoor/app/database/testdb"
	"onedoor/app/fault"
	"onedoor/tenants"
)

// Writers go on all the time while the server is stopped, crashes, and comes back. Each write that was acknowledged is there
// afterwards; each that was not failed with the one fault; nobody had to do anything.
func TestDatabaseGoesAwayAndComesBack(t *testing.T) {
	t.Parallel()
	cluster := testdb.Cluster(t)
	db := testdb.Open(t, cluster.AppURL())
	tailer := tail(t, db, database.TailerOptions{Buffer: 1 << 20})
	nb := uuid.New()
	events := subscribe(t, tailer, nb, database.EventID{})

	var acknowledged sync.Map
	var written, refused atomic.Int64
	ctx, cancel := context.WithTimeout(context.Background(), 4*patience)
	defer cancel()
	writing, enough := context.WithCancel(ctx)
	var writers sync.WaitGroup
	for w := range 4 {
		writers.Go(func() {
			for i := 0; writing.Err() == nil; i++ {
				reference := fmt.Sprintf("%d-%d", w, i)
				err := db.InTx(context.Background(), tenants.JobOf(nb), func(tx *database.Tx) error {
					return tx.Publish(database.Event{Topic: "request", Reference: reference})
				})
				switch {
				case err == nil:
					acknowledged.Store(reference, true)
					written.Add(1)
				case fault.Is(err, database.CodeUnavailable) && fault.As(err).RetryAfter > 0:
					refused.Add(1)
					time.Sleep(time.Millisecond) // a caller who is told to wait does, a little
				default:
					t.Errorf("a write failed with %v", err)
				}
			}
		})
	}
	seen := map[string]bool{}
	var reading sync.WaitGroup
	reading.Go(func() {
		for !seen["the last"] {
			select {
			case e := <-events:
				if e.Topic == database.TopicReset {
					t.Error("a subscriber that kept up was reset")
				}
				seen[e.Reference] = true
			case <-ctx.Done():
				t.Error("the last event did not come")
				return
			}
		}
	})
	more := func(counter *atomic.Int64, what string) {
		t.Helper()
		until := counter.Load() + 50
		for counter.Load() < until {
			select {
			case <-ctx.Done():
				t.Fatalf("no %s", what)
			case <-time.After(time.Millisecond):
			}
		}
	}
	more(&written, "writes before the outage")
	for name, stop := range map[string]func(context.Context) error{"stopped": cluster.Stop, "crashed": cluster.Crash} {
		if err := stop(context.Background()); err != nil {
			t.Fatal(err)
		}
		more(&refused, "refusals while the server is "+name)
		if err := db.Ping(context.Background()); !fault.Is(err, database.CodeUnavailable) {
			t.Errorf("while the server is %s, a ping says %v", name, err)
		}
		if err := cluster.Resume(context.Background()); err != nil {
			t.Fatal(err)
		}
		more(&written, "writes after the server was "+name)
	}
	enough()
	writers.Wait()

	there := map[string]bool{}
	for _, reference := range references(t, db) {
		there[reference] = true
	}
	publish(t, db, nb, "the last")
	reading.Wait()
	acknowledged.Range(func(reference, _ any) bool {
		if !there[reference.(string)] {
			t.Errorf("%s was acknowledged and is gone", reference)
		}
		if !seen[reference.(string)] {
			t.Errorf("%s was acknowledged and never told to the subscriber", reference)
		}
		return true
	})
}
