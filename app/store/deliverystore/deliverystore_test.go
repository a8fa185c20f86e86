package deliverystore_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/clinical"
	"onedoor/app/database"
	"onedoor/app/database/testdb"
	"onedoor/app/fault"
	"onedoor/app/store/deliverystore"
	"onedoor/jobs"
	"onedoor/tenants"
)

var (
	ctx  = context.Background()
	noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
)

// place is a neighbourhood with a pharmacy that records outcomes and the practice that hears of them.
type place struct {
	t                              *testing.T
	db                             *database.DB
	store                          *deliverystore.Store
	neighbourhood, pharmacy, other uuid.UUID
	practice                       uuid.UUID
}

func newPlace(t *testing.T, db *database.DB) place {
	t.Helper()
	inserter, err := jobs.NewInserter(db)
	if err != nil {
		t.Fatal(err)
	}
	return place{t, db, deliverystore.New(db, inserter), uuid.New(), uuid.New(), uuid.New(), uuid.New()}
}

func (p place) staff(organisations ...uuid.UUID) tenants.Scope {
	return tenants.StaffOf(p.neighbourhood, organisations...)
}

func (p place) line() clinical.Line {
	return clinical.Line{NeighbourhoodID: p.neighbourhood, OrganisationID: p.practice}
}

// delivery is from the pharmacy to the practice.
func (p place) delivery(request uuid.UUID, sequence int) clinical.Delivery {
	p.t.Helper()
	id, err := uuid.NewV7()
	if err != nil {
		p.t.Fatal(err)
	}
	d, err := clinical.NewDelivery(id, clinical.Target{
		NeighbourhoodID: p.neighbourhood, OrganisationID: p.practice, RecordedByID: p.pharmacy, RequestID: request, Sequence: sequence,
	}, clinical.Document{
		Reference: "4820017365", Purpose: clinical.RegisteredPractice, Kind: clinical.Coded{Code: "symptoms"}, Outcome: clinical.Coded{Code: "done"},
		RecordedAt: noon, From: clinical.Party{ODS: "FA001"}, For: clinical.Party{ODS: "A81001"},
	}, noon)
	if err != nil {
		p.t.Fatal(err)
	}
	return d
}

func (p place) enqueue(deliveries ...clinical.Delivery) {
	p.t.Helper()
	if err := p.db.InTx(ctx, p.staff(p.pharmacy), func(tx *database.Tx) error { return p.store.Enqueue(ctx, tx, deliveries...) }); err != nil {
		p.t.Fatal(err)
	}
}

func (p place) take(token uuid.UUID, limit int, now time.Time) clinical.Slice {
	p.t.Helper()
	slice, err := p.store.Take(ctx, p.line(), clinical.Lease{Token: token, For: time.Minute}, clinical.Ask{Limit: limit, Now: now})
	if err != nil {
		p.t.Fatal(err)
	}
	return slice
}

func (p place) finish(token uuid.UUID, progress clinical.Progress) (time.Duration, bool) {
	p.t.Helper()
	wait, done, err := p.store.Finish(ctx, p.line(), clinical.Lease{Token: token, For: time.Minute}, progress, noon, func(*database.Tx) error { return nil })
	if err != nil {
		p.t.Fatal(err)
	}
	return wait, done
}

func (p place) liveJobs() int {
	p.t.Helper()
	var n int
	err := p.db.Global(ctx, func(tx *database.Tx) error {
		return tx.Pgx().QueryRow(ctx, `select count(*) from river_job where kind = 'drain_deliveries' and state <> 'completed'`).Scan(&n)
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return n
}

func TestAnOutcomeIsDeliveredOnce(t *testing.T) {
	t.Parallel()
	p := newPlace(t, testdb.New(t))
	request := uuid.New()
	p.enqueue(p.delivery(request, 1))
	again := p.delivery(request, 1)
	err := p.db.InTx(ctx, p.staff(p.pharmacy), func(tx *database.Tx) error { return p.store.Enqueue(ctx, tx, again) })
	if !fault.Is(err, "delivery_exists") {
		t.Errorf("got %v", err)
	}
}

func TestOneLiveDrainJobForEachLine(t *testing.T) {
	t.Parallel()
	p := newPlace(t, testdb.New(t))
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 5 {
				d := p.delivery(uuid.New(), 1)
				if err := p.db.InTx(ctx, p.staff(p.pharmacy), func(tx *database.Tx) error { return p.store.Enqueue(ctx, tx, d) }); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if n := p.liveJobs(); n != 1 {
		t.Errorf("%d drain jobs", n)
	}
	rolledBack := errors.New("rolled back")
	other := newPlace(t, p.db)
	d := other.delivery(uuid.New(), 1)
	if err := p.db.InTx(ctx, other.staff(other.pharmacy), func(tx *database.Tx) error {
		return errors.Join(other.store.Enqueue(ctx, tx, d), rolledBack)
	}); !errors.Is(err, rolledBack) {
		t.Fatal(err)
	}
	if n := p.liveJobs(); n != 1 {
		t.Errorf("a rolled back transaction left a job: %d", n)
	}
}

func TestDeliveriesOfARequestKeepTheirOrder(t *testing.T) {
	t.Parallel()
	p := newPlace(t, testdb.New(t))
	request := uuid.New()
	first, second, third := p.delivery(request, 1), p.delivery(request, 2), p.delivery(uuid.New(), 1)
	p.enqueue(second, first, third) // however they came
	token := uuid.New()
	slice := p.take(token, 10, noon)
	if got := ids(slice.Deliveries); got != fmt.Sprint([]uuid.UUID{first.ID, third.ID}) {
		t.Fatalf("took %s", got)
	}
	refused := slice.Deliveries[0].After(clinical.Receipt{}, &clinical.Refused{Says: "no"}, noon, 0)
	filed := slice.Deliveries[1].After(clinical.Receipt{ExternalID: "Task/3"}, nil, noon, 0)
	if wait, done := p.finish(token, clinical.Progress{Deliveries: []clinical.Delivery{refused, filed}}); !done || wait != 0 {
		t.Errorf("what needs attention holds back the next, and is no work: done %v, wait %v", done, wait)
	}
	if _, err := p.store.Replay(ctx, p.staff(p.practice), audit.Actor{Kind: audit.System, Name: "test"}, first.ID, noon); err != nil {
		t.Fatal(err)
	}
	slice = p.take(token, 10, noon)
	if got := ids(slice.Deliveries); got != fmt.Sprint([]uuid.UUID{first.ID}) {
		t.Fatalf("took %s after the replay", got)
	}
	if !slice.Deliveries[0].ReplayedAt.Equal(noon) {
		t.Errorf("nobody knows that a person had it sent again: %v", slice.Deliveries[0].ReplayedAt)
	}
	now := slice.Deliveries[0].After(clinical.Receipt{ExternalID: "Task/1", TheirReference: "REF 1"}, nil, noon, 0)
	if wait, done := p.finish(token, clinical.Progress{Deliveries: []clinical.Delivery{now}}); done || wait != 0 {
		t.Errorf("the second is due now: done %v, wait %v", done, wait)
	}
	if kept := p.stored(first); kept.TheirReference != "REF 1" || !kept.ReplayedAt.Equal(noon) {
		t.Errorf("kept %q, %v", kept.TheirReference, kept.ReplayedAt)
	}
	if got := ids(p.take(token, 10, noon).Deliveries); got != fmt.Sprint([]uuid.UUID{second.ID}) {
		t.Errorf("took %s last", got)
	}
}

func TestOneThatAlwaysFailsDoesNotHoldUpTheLine(t *testing.T) {
	t.Parallel()
	p := newPlace(t, testdb.New(t))
	poison, healthy := p.delivery(uuid.New(), 1), p.delivery(uuid.New(), 1)
	p.enqueue(poison)
	token := uuid.New()
	tried := p.take(token, 1, noon).Deliveries[0].After(clinical.Receipt{}, &clinical.Unavailable{Says: "busy"}, noon, 0)
	p.finish(token, clinical.Progress{Deliveries: []clinical.Delivery{tried}})
	p.enqueue(healthy)
	if got := ids(p.take(token, 1, noon.Add(time.Minute)).Deliveries); got != fmt.Sprint([]uuid.UUID{healthy.ID}) {
		t.Errorf("took %s first", got)
	}
}

func ids(deliveries []clinical.Delivery) string {
	out := []uuid.UUID{}
	for _, d := range deliveries {
		out = append(out, d.ID)
	}
	return fmt.Sprint(out)
}

func TestALeaseIsExclusive(t *testing.T) {
	t.Parallel()
	p := newPlace(t, testdb.New(t))
	p.enqueue(p.delivery(uuid.New(), 1))
	stale, fresh := uuid.New(), uuid.New()
	taken, err := p.store.Take(ctx, p.line(), clinical.Lease{Token: stale, For: time.Hour}, clinical.Ask{Limit: 10, Now: noon})
	if err != nil || len(taken.Deliveries) != 1 || taken.Deliveries[0].State != clinical.Pending {
		t.Fatalf("%+v, %v", taken, err)
	}
	if got := p.take(fresh, 10, noon); got.Held <= 0 || len(got.Deliveries) != 0 {
		t.Errorf("a second process took %d, held for %v", len(got.Deliveries), got.Held)
	}
	if err := p.db.Global(ctx, func(tx *database.Tx) error {
		return tx.Gorm().Exec(`update delivery_heads set lease_until = now() - interval '1 second'`).Error
	}); err != nil {
		t.Fatal(err)
	}
	got := p.take(fresh, 10, noon)
	if len(got.Deliveries) != 1 || got.Deliveries[0].State != clinical.Sent {
		t.Fatalf("what was being sent is read back: %+v", got.Deliveries)
	}
	filed := taken.Deliveries[0].After(clinical.Receipt{ExternalID: "Task/late"}, nil, noon, 0)
	late := clinical.Progress{Deliveries: []clinical.Delivery{filed}}
	lost := clinical.Lease{Token: stale, For: time.Hour}
	if err := p.store.Save(ctx, p.line(), lost, late); !errors.Is(err, clinical.ErrLeaseLost) {
		t.Errorf("save without the lease: %v", err)
	}
	completed := false
	if _, _, err := p.store.Finish(ctx, p.line(), lost, late, noon, func(*database.Tx) error { completed = true; return nil }); !errors.Is(err, clinical.ErrLeaseLost) || completed {
		t.Errorf("finish without the lease: %v, completed %v", err, completed)
	}
	if d, err := p.store.Get(ctx, p.staff(p.practice), filed.ID); err != nil || d.State != clinical.Sent {
		t.Errorf("%s, %v", d.State, err)
	}
}

func (p place) exec(sql string) {
	p.t.Helper()
	if err := p.db.InTx(ctx, tenants.JobOf(p.neighbourhood), func(tx *database.Tx) error { return tx.Gorm().Exec(sql).Error }); err != nil {
		p.t.Fatal(err)
	}
}

func TestTheBreakerIsInTheDatabaseAndEachIntegrationsOwn(t *testing.T) {
	t.Parallel()
	p := newPlace(t, testdb.New(t))
	sick, well := p.connect(clinical.Integration{}), p.connect(clinical.Integration{}, "admin")
	first, second := p.delivery(uuid.New(), 1), p.delivery(uuid.New(), 1)
	second.Document.Kind.Code = "admin"
	p.enqueue(first, second)
	token := uuid.New()
	slice := p.take(token, 2, noon)
	if len(slice.Deliveries) != 2 || slice.Deliveries[0].IntegrationID != sick.ID || slice.Deliveries[1].IntegrationID != well.ID || !slice.Others || len(slice.Ways) != 2 {
		t.Fatalf("%+v", slice)
	}
	down, busy := &clinical.Unavailable{Says: "busy"}, slice.Deliveries
	wait, done := p.finish(token, clinical.Progress{
		Deliveries: []clinical.Delivery{busy[0].After(clinical.Receipt{}, down, noon, 0), busy[1].After(clinical.Receipt{}, down, noon, 0)},
		Ways: []clinical.WayProgress{
			{IntegrationID: sick.ID, Breaker: clinical.Breaker{Failures: 4}, Hold: time.Hour, Says: "busy", At: noon},
			{IntegrationID: well.ID, Breaker: clinical.Breaker{Failures: 1}, Says: "busy", At: noon},
		},
	})
	if done || wait != clinical.FirstWait {
		t.Errorf("done %v, wait %v", done, wait)
	}
	got := p.take(uuid.New(), 2, noon.Add(time.Hour))
	if len(got.Deliveries) != 1 || got.Deliveries[0].ID != second.ID || got.Ways[well.ID].Breaker.Failures != 1 {
		t.Fatalf("with one circuit open: %+v", got)
	}
	p.exec(`update delivery_heads set lease_until = now() - interval '1 second'; update integration_health set held_until = now()`)
	later := p.take(token, 2, noon.Add(time.Hour))
	if later.Ways[sick.ID].Breaker.Failures != 4 || len(later.Deliveries) != 2 {
		t.Errorf("the failures are remembered: %+v", later)
	}
	filed := later.Deliveries[0].After(clinical.Receipt{ExternalID: "Task/1"}, nil, noon, 0)
	p.finish(token, clinical.Progress{Deliveries: []clinical.Delivery{filed}, Ways: []clinical.WayProgress{{IntegrationID: sick.ID, Taken: 1, At: noon.Add(time.Hour)}}})
	health, err := p.store.Health(ctx, p.staff(p.practice), noon)
	if err != nil || len(health) != 1 || len(health[0].Ways) != 2 {
		t.Fatalf("%+v, %v", health, err)
	}
	for _, w := range health[0].Ways {
		if w.IntegrationID == sick.ID && (w.Failures != 0 || w.LastError != "busy" || w.Filed != 1 || w.PerMinute <= 0 || !w.FailedAt.Equal(noon) || !w.FiledAt.Equal(noon.Add(time.Hour))) {
			t.Errorf("%+v", w)
		}
	}
}

func TestASystemsLimitOfCallsIsSharedByAllWhoCallIt(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	p, q := newPlace(t, db), newPlace(t, db)
	for _, one := range []place{p, q} {
		one.connect(clinical.Integration{Settings: map[string]string{clinical.CallsPerSecondSetting: "4"}})
		for range 10 {
			one.enqueue(one.delivery(uuid.New(), 1))
		}
	}
	first := p.take(uuid.New(), 10, noon)
	if len(first.Deliveries) != 4 {
		t.Fatalf("took %d", len(first.Deliveries))
	}
	for _, way := range first.Ways {
		if way.Every != 250*time.Millisecond || way.After > 100*time.Millisecond {
			t.Errorf("%+v", way)
		}
	}
	second := q.take(uuid.New(), 10, noon)
	if len(second.Deliveries) > 0 {
		for _, way := range second.Ways {
			if way.After < 500*time.Millisecond {
				t.Errorf("another neighbourhood's calls do not stand behind these: %+v", way)
			}
		}
	}
	if third := q.take(uuid.New(), 10, noon); len(second.Deliveries)+len(third.Deliveries) > 4 || (len(third.Deliveries) == 0 && third.Held == 0 && len(third.Ways) > 0) {
		t.Errorf("took %d and %d more within the second", len(second.Deliveries), len(third.Deliveries))
	}
}

func TestTheSweeperFindsLostWork(t *testing.T) {
	t.Parallel()
	p := newPlace(t, testdb.New(t))
	p.enqueue(p.delivery(uuid.New(), 1))
	sweep := func(want int, what string) {
		t.Helper()
		if n, err := p.store.Sweep(ctx, p.neighbourhood, time.Minute); n != want || err != nil {
			t.Errorf("%s: helped %d lines, %v", what, n, err)
		}
	}
	exec := func(sql string) {
		t.Helper()
		if err := p.db.Global(ctx, func(tx *database.Tx) error { return tx.Gorm().Exec(sql).Error }); err != nil {
			t.Fatal(err)
		}
	}
	sweep(0, "all is well")
	exec(`delete from river_job`)
	sweep(1, "the job is gone")
	sweep(0, "it is back")
	exec(`update river_job set state = 'running', attempted_at = now()`)
	sweep(0, "it has just begun")
	exec(`update river_job set attempted_at = now() - interval '2 minutes'`)
	exec(`update delivery_heads set lease_until = now() + interval '10 seconds'`)
	sweep(0, "its lease holds")
	exec(`update delivery_heads set lease_until = now() - interval '1 second'`)
	sweep(1, "its process is dead")
	if p.liveJobs() != 1 {
		t.Errorf("%d jobs", p.liveJobs())
	}
	if got, err := p.store.Neighbourhoods(ctx); err != nil || len(got) != 1 || got[0] != p.neighbourhood {
		t.Errorf("%v, %v", got, err)
	}
}
