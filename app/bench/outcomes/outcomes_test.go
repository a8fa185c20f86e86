package outcomes_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"onedoor/app/bench/outcomes"
	"onedoor/app/clinical/simulator"
	"onedoor/app/database/testdb"
)

// workerURL is set in a child process: the database that it delivers from until it is killed.
const workerURL = "ONEDOOR_TEST_DELIVERER"

func TestMain(m *testing.M) {
	url := os.Getenv(workerURL)
	if url == "" {
		os.Exit(m.Run())
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := outcomes.Deliver(ctx, url, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1) //nolint:gocritic // the process ends
	}
}

func open(t *testing.T, url string, organisations int) *outcomes.World {
	t.Helper()
	played, err := simulator.Open(t.TempDir(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	listening := httptest.NewServer(played)
	t.Cleanup(func() {
		if err := played.Close(); err != nil {
			t.Error(err)
		}
		listening.Close()
	})
	world, err := outcomes.NewWorld(t.Context(), testdb.Open(t, url), listening.URL, "A", organisations)
	if err != nil {
		t.Fatal(err)
	}
	return world
}

// A day in little, with one system down and one very slow. The whole one is onedoor bench outage.
func TestAnOutageLosesNothingAndFilesNothingTwice(t *testing.T) {
	t.Parallel()
	world := open(t, testdb.NewURLs(t).App, 10)
	r, err := world.Play(t.Context(), outcomes.Outage{
		Organisations: 10, Outcomes: 600, Day: 6 * time.Second, Down: 4 * time.Second, Answer: 4500 * time.Millisecond, Sick: true, Seed: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	if r.Account.Err() != nil || r.Account.Sent != 600 || r.Backlog == 0 {
		t.Errorf("%s, with a backlog of %d", r.Account, r.Backlog)
	}
	t.Logf("%s; the others' delay: median %s, p95 %s; a backlog of %d was filed in %s", r.Account, r.Median, r.P95, r.Backlog, r.Drained)
}

// Ten times here; fifty by onedoor bench kill.
func TestKillingWhoDeliversLosesNothingAndFilesNothingTwice(t *testing.T) {
	t.Parallel()
	url := testdb.NewURLs(t).App
	world := open(t, url, 10)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	account, err := world.Kill(t.Context(), outcomes.Killing{Times: 10, Each: 60, Seed: 1, Program: self, Env: []string{workerURL + "=" + url}})
	if err != nil {
		t.Fatal(err)
	}
	if account.Err() != nil || account.Sent < 600 {
		t.Error(account)
	}
	t.Log(account)
}
