package jobs_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/clinical"
	"onedoor/app/database"
	"onedoor/app/database/testdb"
	"onedoor/jobs"
	"onedoor/tenants"
)

const reference = "4820017365"

func TestAnOutcomeIsFiledOnceInEachSystem(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.work()
	outcome := p.outcome(reference)
	p.enqueue(outcome...)
	p.until(clinical.Filed, outcome...)
	p.once(reference)
	for _, d := range outcome {
		if got := p.get(d); got.Attempts != 1 || got.ExternalID == "" || got.ETag == "" || got.FiledAt.IsZero() || got.LastError != "" {
			t.Errorf("%+v", got)
		}
	}
}

func TestEachFaultEndsInOneEffect(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"slow", "down", "conflict", "rate-limit", "timeout-after-commit"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t)
			p.work()
			p.fault(practiceODS, mode)
			outcome := p.outcome(reference)
			p.enqueue(outcome...)
			p.until(clinical.Filed, outcome[0]) // the other organisation's trouble does not hold it up
			if mode != "slow" && mode != "timeout-after-commit" {
				p.untilTried(outcome[1], 1)
				if got := p.get(outcome[1]); got.State != clinical.Pending || got.LastError == "" {
					t.Errorf("in trouble: %s, %q", got.State, got.LastError)
				}
				p.fault(practiceODS, "ok")
			}
			p.until(clinical.Filed, outcome[1])
			p.once(reference)
		})
	}
}

// untilTried waits until a delivery has been tried a number of times.
func (p place) untilTried(d clinical.Delivery, attempts int) {
	p.t.Helper()
	for began := time.Now(); p.get(d).Attempts < attempts; <-time.After(10 * time.Millisecond) {
		if time.Since(began) > time.Minute {
			p.t.Fatalf("%d attempts after a minute", p.get(d).Attempts)
		}
	}
}

// untilCalled waits until the practice's system has been called.
func (p place) untilCalled() {
	p.t.Helper()
	for began := time.Now(); p.calls.Load() == 0; <-time.After(5 * time.Millisecond) {
		if time.Since(began) > time.Minute {
			p.t.Fatal("nothing was sent")
		}
	}
}

func TestASystemThatIsDownIsLeftInPeace(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.fault(practiceODS, "down")
	var all []clinical.Delivery
	var references []string
	for i := range 30 {
		references = append(references, fmt.Sprintf("%010d", i))
		all = append(all, p.outcome(references[i])...)
	}
	p.enqueue(all...)
	began := time.Now()
	p.work()
	var own, theirs []clinical.Delivery
	for i := 0; i < len(all); i += 2 {
		own, theirs = append(own, all[i]), append(theirs, all[i+1])
	}
	p.until(clinical.Filed, own...)
	p.untilTotal(theirs, 6)
	down := time.Since(began)
	calls := p.calls.Load()
	// Three tries, then one after each wait of 0.5, 1, 2 … s less a quarter: never more than this many.
	most := int64(clinical.Tolerated)
	for waited, n := time.Duration(0), 1; waited < down; n++ {
		waited += clinical.Wait(n, 0.999)
		most++
	}
	if calls > most {
		t.Errorf("%d calls to a system that was down for %v, more than %d", calls, down, most)
	}
	p.fault(practiceODS, "ok")
	p.until(clinical.Filed, theirs...)
	p.once(references...)
}

// untilTotal waits until the deliveries together have been tried a number of times.
func (p place) untilTotal(deliveries []clinical.Delivery, attempts int) {
	p.t.Helper()
	for began := time.Now(); ; <-time.After(50 * time.Millisecond) {
		total := 0
		for _, d := range deliveries {
			total += p.get(d).Attempts
		}
		if total >= attempts {
			return
		}
		if time.Since(began) > time.Minute {
			p.t.Fatalf("%d attempts after a minute", total)
		}
	}
}

func TestAKilledWorkerLeavesOneEffect(t *testing.T) {
	t.Parallel()
	for mode, when := range map[string]string{"slow": "before the system has committed", "timeout-after-commit": "after the system has committed"} {
		t.Run(when, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t)
			p.fault(practiceODS, mode)
			outcome := p.outcome(reference)
			first := p.worker()
			p.enqueue(outcome...)
			p.untilCalled()
			if got := len(p.effects(practiceODS)); mode == "slow" && got != 0 {
				t.Fatalf("%d effects before the worker was killed", got)
			}
			kill(first)
			if got := p.get(outcome[1]).State; got != clinical.Sent {
				t.Fatalf("it was %s when the worker was killed", got)
			}
			p.worker()
			p.until(clinical.Filed, outcome...)
			p.once(reference)
		})
	}
}

func TestTheDatabaseGoesAwayInMidDelivery(t *testing.T) {
	t.Parallel()
	cluster := testdb.Cluster(t)
	p := newPlaceAt(t, cluster.AppURL())
	p.fault(practiceODS, "slow")
	var all []clinical.Delivery
	references := []string{"0000000001", "0000000002"}
	for _, reference := range references {
		all = append(all, p.outcome(reference)...)
	}
	p.enqueue(all...)
	p.work()
	p.untilCalled()
	if err := cluster.Crash(ctx); err != nil {
		t.Fatal(err)
	}
	for began := time.Now(); len(p.effects(practiceODS)) == 0; <-time.After(10 * time.Millisecond) {
		if time.Since(began) > time.Minute {
			t.Fatal("what was sent before the crash has no effect")
		}
	}
	p.fault(practiceODS, "ok")
	if err := cluster.Resume(ctx); err != nil {
		t.Fatal(err)
	}
	p.until(clinical.Filed, all...)
	p.once(references...)
}

func TestTwoWorkersAtOnce(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.worker()
	p.work()
	var all []clinical.Delivery
	var references []string
	for i := range 60 {
		references = append(references, fmt.Sprintf("%010d", i))
		all = append(all, p.outcome(references[i])...)
	}
	var some sync.WaitGroup
	for from := 0; from < len(all); from += 30 {
		some.Go(func() { // while the first are drained, the next arrive
			for i := from; i < from+30; i += 2 {
				p.enqueue(all[i], all[i+1])
			}
		})
	}
	some.Wait()
	p.until(clinical.Filed, all...)
	p.once(references...)
}

func TestLinesTakeTurnsWhereOneMustWait(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	for _, ods := range []string{pharmacyODS, practiceODS} {
		p.set(ods, `{"latency": {"usual": "30ms", "slow": "30ms", "one_in": 2}}`)
	}
	var all []clinical.Delivery
	for i := range 60 {
		all = append(all, p.outcome(fmt.Sprintf("%010d", i))...)
	}
	p.enqueue(all...)
	p.workWith(jobs.Options{Workers: 1})
	p.until(clinical.Filed, all...)
	filed := map[uuid.UUID][]time.Time{} // of each line, in their order
	for _, d := range all {
		filed[d.OrganisationID] = append(filed[d.OrganisationID], p.get(d).FiledAt)
	}
	for line, times := range filed {
		slices.SortFunc(times, time.Time.Compare)
		for other, theirs := range filed {
			if line != other && times[len(times)-1].Before(theirs[0]) {
				t.Error("a line was emptied before the other was looked at")
			}
		}
	}
}

func TestAPausedIntegrationWaits(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.connect(p.practice, practiceODS, true)
	p.work()
	outcome := p.outcome(reference)
	p.enqueue(outcome[1])
	p.enqueue(outcome[0])
	p.until(clinical.Filed, outcome[0])
	if got := p.get(outcome[1]); got.State != clinical.Pending || got.Attempts != 0 || len(p.effects(practiceODS)) != 0 {
		t.Errorf("paused: %s after %d attempts", got.State, got.Attempts)
	}
	p.connect(p.practice, practiceODS, false)
	p.until(clinical.Filed, outcome[1])
	p.once(reference)
}

func TestARefusalWaitsForAPersonAndIsReplayed(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.integrate(clinical.Integration{NeighbourhoodID: p.neighbourhood, OrganisationID: p.practice, Kind: clinical.FHIR, BaseURL: p.simulator.URL + "/not-there"})
	p.integrate(clinical.Integration{NeighbourhoodID: p.neighbourhood, OrganisationID: p.pharmacy, Kind: clinical.FHIR, BaseURL: p.simulator.URL + "/" + pharmacyODS + "/fhir", RecordOnly: true})
	p.work()
	outcome := p.outcome(reference)
	p.enqueue(outcome...)
	p.until(clinical.NeedsAttention, outcome...)
	if got := p.get(outcome[1]); got.LastError != "The clinical system refused this: the address that was set up is not there." || got.Attempts != 1 {
		t.Errorf("the practice's: %d attempts, %q", got.Attempts, got.LastError)
	}
	if got := p.get(outcome[0]); got.Attempts != 0 || !got.SentAt.IsZero() || got.LastError == "" {
		t.Errorf("what was only recorded: %d attempts, sent at %v, %q", got.Attempts, got.SentAt, got.LastError)
	}
	p.connect(p.practice, practiceODS, false)
	p.connect(p.pharmacy, pharmacyODS, false)
	scope := tenants.StaffOf(p.neighbourhood, p.pharmacy, p.practice)
	for _, d := range outcome {
		if _, err := p.store.Replay(ctx, scope, audit.Actor{Kind: audit.System, Name: "test"}, d.ID, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	p.until(clinical.Filed, outcome...)
	p.once(reference)
}

func TestALostJobIsFoundBySweeping(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	outcome := p.outcome(reference)
	p.enqueue(outcome...)
	if err := p.db.Global(ctx, func(tx *database.Tx) error { return tx.Gorm().Exec(`delete from river_job`).Error }); err != nil {
		t.Fatal(err)
	}
	p.work()
	p.until(clinical.Filed, outcome...)
	p.once(reference)
}

func TestStoppingWritesDownWhatCameOfIt(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.fault(practiceODS, "slow")
	client, err := newClient(p.db, jobsOptions())
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Start(ctx); err != nil {
		t.Fatal(err)
	}
	outcome := p.outcome(reference)
	p.enqueue(outcome...)
	p.until(clinical.Sent, outcome[1])
	if err := client.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	if got := p.get(outcome[1]); got.State != clinical.Filed {
		t.Errorf("after a graceful stop it is %s", got.State)
	}
	p.once(reference)
}
