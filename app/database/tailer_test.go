package database_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/database"
	"onedoor/app/database/testdb"
	"onedoor/tenants"
)

// patience is when a test gives up, never how long it takes. Other tests on the same server hold events back while they write.
const patience = 30 * time.Second

func tail(t *testing.T, db *database.DB, o database.TailerOptions) *database.Tailer {
	t.Helper()
	if o.Interval == 0 {
		o.Interval = 5 * time.Millisecond
	}
	tailer := database.NewTailer(db, o)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = tailer.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	return tailer
}

func subscribe(t *testing.T, tailer *database.Tailer, nb uuid.UUID, after database.EventID) <-chan database.Event {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	events, err := tailer.Subscribe(ctx, nb, after)
	if err != nil {
		t.Fatal(err)
	}
	return events
}

func next(t *testing.T, events <-chan database.Event) database.Event {
	t.Helper()
	select {
	case e, open := <-events:
		if !open {
			t.Fatal("the stream ended")
		}
		return e
	case <-time.After(patience):
		t.Fatal("no event came")
	}
	return database.Event{}
}

func publish(t *testing.T, db *database.DB, nb uuid.UUID, references ...string) {
	t.Helper()
	err := db.InTx(context.Background(), tenants.JobOf(nb), func(tx *database.Tx) error {
		for _, r := range references {
			if err := tx.Publish(database.Event{Topic: "request", Reference: r}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestEventThatCommitsLateIsNotSkipped(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	nb := uuid.New()
	tailer := tail(t, db, database.TailerOptions{})
	events := subscribe(t, tailer, nb, database.EventID{})

	firstWrote, mayCommit := make(chan struct{}), make(chan struct{})
	var first sync.WaitGroup
	first.Go(func() {
		err := db.InTx(context.Background(), tenants.JobOf(nb), func(tx *database.Tx) error {
			// A transaction gets its number with its first write, long before the event is sent with the commit.
			if err := tx.Gorm().Exec("select pg_current_xact_id()").Error; err != nil {
				return err
			}
			close(firstWrote)
			<-mayCommit
			return tx.Publish(database.Event{Topic: "request", Reference: "began first"})
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-firstWrote
	publish(t, db, nb, "committed first")
	select { // it is committed, and must wait all the same
	case e := <-events:
		t.Errorf("%q was handed out while an earlier transaction was open", e.Reference)
	case <-time.After(100 * time.Millisecond):
	}
	close(mayCommit)
	first.Wait()
	for _, want := range []string{"began first", "committed first"} {
		if e := next(t, events); e.Reference != want {
			t.Errorf("got %q, want %q", e.Reference, want)
		}
	}
}

func TestEventsReachTheirNeighbourhoodOnly(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	tailer := tail(t, db, database.TailerOptions{})
	riverside, hillside, org, subject := uuid.New(), uuid.New(), uuid.New(), uuid.New()
	events := subscribe(t, tailer, riverside, database.EventID{})
	publish(t, db, hillside, "theirs")
	err := db.InTx(context.Background(), tenants.StaffOf(riverside, org), func(tx *database.Tx) error {
		if err := tx.Publish(database.Event{Topic: "request", NeighbourhoodID: hillside}); err == nil {
			t.Error("an event was published into another neighbourhood")
		}
		return tx.Publish(database.Event{Topic: "request", Organisations: []uuid.UUID{org}, Subject: subject, Reference: "ours"})
	})
	if err != nil {
		t.Fatal(err)
	}
	e := next(t, events)
	if e.Reference != "ours" || e.NeighbourhoodID != riverside || e.Subject != subject || len(e.Organisations) != 1 || e.Organisations[0] != org || e.At.IsZero() {
		t.Errorf("got %+v", e)
	}
}

func TestReturningSubscriberMissesNothing(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	nb := uuid.New()
	tailer := tail(t, db, database.TailerOptions{MaxReplay: 10})
	events := subscribe(t, tailer, nb, database.EventID{})
	publish(t, db, nb, "1")
	last := next(t, events).ID
	publish(t, db, nb, "2", "3")
	next(t, events)
	next(t, events)

	parsed, err := database.ParseEventID(last.String())
	if err != nil || parsed != last {
		t.Fatalf("%v reads back as %v, %v", last, parsed, err)
	}
	again := subscribe(t, tailer, nb, parsed)
	publish(t, db, nb, "4")
	for _, want := range []string{"2", "3", "4"} {
		if e := next(t, again); e.Reference != want {
			t.Errorf("got %q, want %q", e.Reference, want)
		}
	}

	t.Run("after too many", func(t *testing.T) {
		for i := range 11 {
			publish(t, db, nb, fmt.Sprint(i))
			next(t, events)
		}
		if e := next(t, subscribe(t, tailer, nb, last)); e.Topic != database.TopicReset || !last.Before(e.ID) {
			t.Errorf("got %+v, want a reset", e)
		}
	})
	t.Run("from the future", func(t *testing.T) {
		e := next(t, subscribe(t, tailer, nb, database.EventID{XID: 1 << 60, Seq: 1}))
		if e.Topic != database.TopicReset {
			t.Errorf("got %+v, want a reset", e)
		}
	})
	t.Run("from another process that is ahead", func(t *testing.T) {
		ahead := subscribe(t, tail(t, db, database.TailerOptions{}), nb, database.EventID{})
		behind := tail(t, db, database.TailerOptions{Interval: time.Second})
		subscribe(t, behind, nb, database.EventID{}) // it has its first position
		publish(t, db, nb, "seen")
		seen := next(t, ahead)
		for seen.Reference != "seen" { // an earlier one, which a transaction elsewhere had held back
			seen = next(t, ahead)
		}
		here := subscribe(t, behind, nb, seen.ID)
		publish(t, db, nb, "new")
		if e := next(t, here); e.Reference != "new" {
			t.Errorf("got %q again", e.Reference)
		}
	})
}

func TestPrunedEventsAreAReset(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	nb := uuid.New()
	keeps := tail(t, db, database.TailerOptions{})
	events := subscribe(t, keeps, nb, database.EventID{})
	publish(t, db, nb, "1", "2", "3")
	first := next(t, events).ID
	next(t, events)
	third := next(t, events).ID

	if n, err := keeps.Prune(context.Background()); n != 0 || err != nil {
		t.Fatalf("pruned %d within the retention, %v", n, err)
	}
	if n, err := tail(t, db, database.TailerOptions{Retention: time.Nanosecond}).Prune(context.Background()); n != 3 || err != nil {
		t.Fatalf("pruned %d, %v", n, err)
	}
	if e := next(t, subscribe(t, keeps, nb, first)); e.Topic != database.TopicReset {
		t.Errorf("got %+v, want a reset", e)
	}
	upToDate := subscribe(t, keeps, nb, third)
	publish(t, db, nb, "4")
	if e := next(t, upToDate); e.Reference != "4" {
		t.Errorf("who had seen the last pruned event got %+v", e)
	}
}

func TestSlowSubscriberIsResetAndHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	nb := uuid.New()
	tailer := tail(t, db, database.TailerOptions{Buffer: 4})
	slow, quick := subscribe(t, tailer, nb, database.EventID{}), subscribe(t, tailer, nb, database.EventID{})
	for i := range 20 {
		publish(t, db, nb, fmt.Sprint(i))
		if e := next(t, quick); e.Reference != fmt.Sprint(i) {
			t.Fatalf("the quick one got %q, want %d", e.Reference, i)
		}
	}
	var reset database.Event
	for reset.Topic != database.TopicReset {
		reset = next(t, slow)
	}
	publish(t, db, nb, "after")
	for last := reset.ID; ; { // what was published since the reset comes in order, and nothing from before it
		e := next(t, slow)
		if !last.Before(e.ID) {
			t.Fatalf("after the reset came %+v", e)
		}
		if last = e.ID; e.Reference == "after" {
			break
		}
	}
}

func TestStreamEndsWithItsContextAndTheTailer(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	tailer := database.NewTailer(db, database.TailerOptions{Interval: time.Millisecond})
	run, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = tailer.Run(run) })
	ctx, cancel := context.WithCancel(context.Background())
	one, err := tailer.Subscribe(ctx, uuid.New(), database.EventID{})
	if err != nil {
		t.Fatal(err)
	}
	two := subscribe(t, tailer, uuid.New(), database.EventID{})
	ended := func(events <-chan database.Event) {
		t.Helper()
		select {
		case _, open := <-events:
			if open {
				t.Error("an event came from nowhere")
			}
		case <-time.After(patience):
			t.Error("the stream did not end")
		}
	}
	cancel()
	ended(one)
	stop()
	ended(two)
	running.Wait()
	if _, err := tailer.Subscribe(context.Background(), uuid.New(), database.EventID{}); err == nil {
		t.Error("a stopped tailer took a subscriber")
	}
}
