package limitstore_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"onedoor/app/database/testdb"
	"onedoor/app/fault"
	"onedoor/app/store/limitstore"
)

func TestNodesShareOneLimit(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	every := limitstore.PerSecond(5)
	type taken struct{ at time.Time }
	var mu sync.Mutex
	var all []taken
	var wg sync.WaitGroup
	for range 4 { // nodes
		node := limitstore.New(db, "register", every)
		for range 6 { // calls of each, all at once
			wg.Go(func() {
				wait, err := node.Take(t.Context(), time.Minute)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				all = append(all, taken{time.Now().Add(wait)})
			})
		}
	}
	wg.Wait()
	if len(all) != 24 {
		t.Fatalf("%d moments", len(all))
	}
	// Each moment is told with what its answer took to arrive, so their spread is measured, and not each distance.
	slices.SortFunc(all, func(a, b taken) int { return a.at.Compare(b.at) })
	if spread := all[23].at.Sub(all[0].at); spread < 23*every-2*time.Second {
		t.Errorf("24 calls within %v; at one each %v they take %v", spread, every, 23*every)
	}
}

func TestMomentsAreApart(t *testing.T) {
	t.Parallel()
	limit := limitstore.New(testdb.New(t), "register", time.Hour)
	if wait, err := limit.Take(t.Context(), 0); err != nil || wait != 0 {
		t.Fatalf("the first waits %v, %v", wait, err)
	}
	if wait, err := limit.Take(t.Context(), 2*time.Hour); err != nil || wait < 50*time.Minute || wait > time.Hour {
		t.Errorf("the second waits %v, %v", wait, err)
	}
	if _, err := limit.Take(t.Context(), 90*time.Minute); !fault.Is(err, "too_many_calls") {
		t.Errorf("the third, which would wait too long: %v", err)
	}
	if wait, err := limit.Take(t.Context(), 3*time.Hour); err != nil || wait < 110*time.Minute || wait > 2*time.Hour {
		t.Errorf("who was refused took no moment: the next waits %v, %v", wait, err)
	}
}

func TestAnotherServiceHasItsOwnLimit(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	if err := limitstore.New(db, "register", time.Second).PutOff(t.Context(), time.Hour); err != nil {
		t.Fatal(err)
	}
	if _, err := limitstore.New(db, "register", time.Second).Take(t.Context(), time.Minute); !fault.Is(err, "too_many_calls") {
		t.Error(err)
	}
	if _, err := limitstore.New(db, "flags", time.Second).Take(t.Context(), 0); err != nil {
		t.Error(err)
	}
}
