package simulationstore_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"onedoor/app/alarms"
	"onedoor/app/database"
	"onedoor/app/demo/demotest"
	"onedoor/app/simulations"
	"onedoor/app/store/alarmstore"
	"onedoor/app/store/directorystore"
	"onedoor/app/store/rulestore"
	"onedoor/app/store/simulationstore"
	"onedoor/jobs"
)

// replayWorld is the demonstration in a database that the test can also reach as its owner.
type replayWorld struct {
	*world
	owner    string
	alarms   *alarms.Service
	replayer *simulations.Replayer
}

func newReplayWorld(t *testing.T) *replayWorld {
	t.Helper()
	product, owner := demotest.NewOwner(t)
	w := &replayWorld{world: &world{World: product}, owner: owner}
	w.store = simulationstore.New(w.DB, rulestore.New(directorystore.New(w.DB)), nil)
	w.service = simulations.New(w.store, w.Now)
	w.alarms = alarms.New(alarmstore.New(w.DB), w.Now, nil)
	w.replayer = simulations.NewReplayer(w.store, w.alarms, w.Now)
	return w
}

// tamper changes stored decisions as nobody in the product can.
func (w *replayWorld) tamper(t *testing.T, change string, args ...any) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), w.owner)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	for _, statement := range []string{"alter table decisions no force row level security", change} {
		done, err := conn.Exec(t.Context(), statement, args...)
		if strings.HasPrefix(statement, "alter") {
			done, err = conn.Exec(t.Context(), statement)
		}
		if err != nil {
			t.Fatal(err)
		}
		if statement == change && done.RowsAffected() == 0 {
			t.Fatal("nothing was tampered with")
		}
	}
}

func (w *replayWorld) replay(t *testing.T, decisions, different, unavailable int) []alarms.Alarm {
	t.Helper()
	got, err := w.replayer.Replay(t.Context(), riverside)
	if err != nil {
		t.Fatal(err)
	}
	if want := (simulations.Replayed{Decisions: decisions, Different: different, Unavailable: unavailable}); got != want {
		t.Errorf("%+v; want %+v", got, want)
	}
	open, err := w.alarms.Open(t.Context(), riverside)
	if err != nil {
		t.Fatal(err)
	}
	return open
}

func TestATamperedDecisionRaisesAnAlarmThatACleanRunClears(t *testing.T) {
	t.Parallel()
	w := newReplayWorld(t)
	for range 4 {
		w.soreThroat(t, 0)
	}
	w.Pass(time.Hour)
	if open := w.replay(t, 4, 0, 0); len(open) != 0 {
		t.Fatalf("%+v", open)
	}
	w.tamper(t, `update decisions set decision = jsonb_set(decision, '{urgency}', '"routine"') where request_id = (select min(request_id::text)::uuid from decisions)`)
	open := w.replay(t, 4, 1, 0)
	if len(open) != 1 || open[0].Kind != alarms.ReplayDifference || !strings.Contains(open[0].Subject, "sore-throat") {
		t.Fatalf("%+v", open)
	}
	p := w.Patients[0]
	for _, part := range []string{string(p.NHSNumber), p.FamilyName, p.BirthDate.String()} {
		if strings.Contains(open[0].Says+open[0].Subject, part) {
			t.Errorf("the alarm says %q", part)
		}
	}
	if others, err := w.alarms.Open(t.Context(), hillside); err != nil || len(others) != 0 {
		t.Errorf("hillside has %v: %v", others, err)
	}
	w.Pass(25 * time.Hour) // the tampered one is older than a day
	w.soreThroat(t, 0)
	w.Pass(time.Minute)
	if open := w.replay(t, 1, 0, 0); len(open) != 0 {
		t.Errorf("a clean run leaves %+v", open)
	}
}

func TestADecisionThatNamesNoVersionIsDifferent(t *testing.T) {
	t.Parallel()
	w := newReplayWorld(t)
	w.soreThroat(t, 0)
	w.soreThroat(t, 0)
	w.Pass(time.Minute)
	w.tamper(t, `update decisions set decision = jsonb_set(decision, '{policy_hash}', '"0000000000000000000000000000000000000000000000000000000000000000"')
		where request_id = (select min(request_id::text)::uuid from decisions)`)
	if open := w.replay(t, 2, 1, 0); len(open) != 1 {
		t.Errorf("%+v", open)
	}
}

func TestADecisionOfAnEarlierSafetyStageIsSaidToBeUnavailable(t *testing.T) {
	t.Parallel()
	w := newReplayWorld(t)
	w.soreThroat(t, 0)
	w.soreThroat(t, 0)
	w.Pass(time.Minute)
	w.tamper(t, `update decisions set decision = jsonb_set(decision, '{safety_hash}', '"an earlier release"')
		where request_id = (select min(request_id::text)::uuid from decisions)`)
	if open := w.replay(t, 2, 0, 1); len(open) != 0 {
		t.Errorf("%+v", open)
	}
}

func TestTheNightlyJobReplays(t *testing.T) {
	t.Parallel()
	w := newReplayWorld(t)
	w.soreThroat(t, 0)
	w.Pass(time.Minute)
	w.tamper(t, `update decisions set decision = jsonb_set(decision, '{rule}', '"another"')`)
	client, err := jobs.New(w.DB, jobs.Work{
		Neighbourhoods: func(context.Context) ([]uuid.UUID, error) { return []uuid.UUID{hillside, riverside}, nil },
		Replays:        w.replayer,
	}, jobs.Options{Now: w.Now})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := client.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}()
	eventually(t, "the alarm is raised", func() bool {
		open, err := w.alarms.Open(t.Context(), riverside)
		return err == nil && len(open) == 1
	})
}

func TestAnotherTenantsDecisionsAreNotReplayed(t *testing.T) {
	t.Parallel()
	w := newReplayWorld(t)
	w.soreThroat(t, 0)
	list, err := w.store.Decisions(t.Context(), hillside, w.Now().AddDate(0, 0, -1), w.Now(), 1, 10)
	if err != nil || len(list) != 0 {
		t.Errorf("%d decisions of riverside's: %v", len(list), err)
	}
	everyScope(t, w.world, func(_ context.Context, tx *database.Tx) error {
		var n int
		err := tx.Gorm().Raw("select count(*) from request_history").Row().Scan(&n)
		if n != 0 {
			t.Errorf("%+v sees %d", tx.Scope(), n)
		}
		return err
	})
}
