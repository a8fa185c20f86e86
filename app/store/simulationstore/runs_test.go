package simulationstore_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/database"
	"onedoor/app/fault"
	"onedoor/app/simulations"
	"onedoor/policy"
	"onedoor/tenants"
)

func jobOf(neighbourhood uuid.UUID) tenants.Scope { return tenants.JobOf(neighbourhood) }

func (w *world) queued(t *testing.T) int {
	t.Helper()
	n := 0
	err := w.DB.Global(t.Context(), func(tx *database.Tx) error {
		return tx.Gorm().Raw("select count(*) from river_job where kind = 'simulate'").Row().Scan(&n)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func question(t *testing.T) simulations.Question {
	return simulations.Question{Draft: "sore-throats", Document: draft(t)}
}

func TestARunFromTheQueueToItsResult(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1500)
	ctx := t.Context()
	started, err := w.service.Start(ctx, lead, riverside, question(t))
	if err != nil {
		t.Fatal(err)
	}
	if started.State != simulations.Queued || w.queued(t) != 1 {
		t.Fatalf("%+v with %d jobs", started, w.queued(t))
	}
	if err := w.service.Execute(ctx, riverside, started.ID); err != nil {
		t.Fatal(err)
	}
	got, err := w.service.Get(ctx, riverside, started.ID)
	if err != nil {
		t.Fatal(err)
	}
	if got.State != simulations.Done || got.Result == nil || got.Result.Requests != 1500 || got.Done != 1500 || got.Total != 1500 || got.By != lead || got.Draft != "sore-throats" {
		t.Fatalf("%+v", got)
	}
	if got.Result.Moved == 0 || got.Result.NewlyLessUrgent == 0 {
		t.Error("nothing moved")
	}
	for _, c := range got.Result.Matrix {
		if c.Samples != nil {
			t.Error("the result shows which requests its samples are")
		}
	}
	// Twice does nothing the second time.
	if err := w.service.Execute(ctx, riverside, started.ID); err != nil {
		t.Fatal(err)
	}
	again, err := w.service.Get(ctx, riverside, started.ID)
	if err != nil || !again.FinishedAt.Equal(got.FinishedAt) {
		t.Errorf("it ran again: %v, %v", again.FinishedAt, err)
	}
	list, err := w.service.List(ctx, riverside, "sore-throats")
	if err != nil || len(list) != 1 || list[0].Result != nil {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestEachMoveIsExplainedAndShowsNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2500)
	ctx := t.Context()
	r, err := w.service.RunNow(ctx, lead, riverside, question(t))
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.Parse(draft(t))
	if err != nil {
		t.Fatal(err)
	}
	moves := 0
	for _, c := range r.Result.Matrix {
		if !c.Changed() {
			continue
		}
		list, err := w.service.Moves(ctx, riverside, r.ID, c.ID)
		if err != nil || len(list) == 0 {
			t.Fatalf("%d moves of a cell of %d: %v", len(list), c.Requests, err)
		}
		for _, m := range list {
			moves++
			if m.Live.Place != c.From.Place || m.Draft.Place != c.To.Place || len(m.Live.Because) == 0 || len(m.Draft.Because) == 0 {
				t.Errorf("%+v in the cell %s to %s", m, c.From.Queue, c.To.Queue)
			}
			if m.Coarse.Facts[policy.RegisteredPractice] != "" || m.Coarse.Facts["age-months"] != "" {
				t.Errorf("a lead sees %v", m.Coarse.Facts)
			}
			if age := m.Coarse.Facts["age"]; age != "5 to 130" && age != "" {
				t.Errorf("a lead sees the age %q", age)
			}
			made, err := w.service.Material(ctx, riverside, r.ID, c.ID, m.Number)
			if err != nil {
				t.Fatal(err)
			}
			_, table, rule := policy.RuleFor(p, with(made.Given, "red-flag", "none"), demotestMonday(w))
			if rule.ID != made.Rule || table != made.Table {
				t.Errorf("the case %v goes by %s, and the request went by %s", made.Given, rule.ID, made.Rule)
			}
		}
	}
	if moves < 5 {
		t.Errorf("only %d moves", moves)
	}
	if _, err := w.service.Moves(ctx, riverside, r.ID, "nowhere"); !fault.Is(err, "simulation_cell") {
		t.Error(err)
	}
	if _, err := w.service.Moves(ctx, hillside, r.ID, r.Result.Matrix[0].ID); !fault.Is(err, "not_found") {
		t.Errorf("hillside sees riverside's: %v", err)
	}
}

func with(f policy.Facts, name, value string) policy.Facts {
	if !f[name].Known() {
		f[name] = policy.Text(value)
	}
	return f
}

func demotestMonday(w *world) time.Time { return w.Now() }

func TestAnotherTenantCannot(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 100)
	ctx := t.Context()
	r, err := w.service.RunNow(ctx, lead, riverside, question(t))
	if err != nil {
		t.Fatal(err)
	}
	absent := func(what string, err error) {
		t.Helper()
		if !fault.Is(err, "not_found") {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, err = w.service.Get(ctx, hillside, r.ID)
	absent("get", err)
	_, err = w.service.Cancel(ctx, lead, hillside, r.ID)
	absent("cancel", err)
	absent("execute", w.service.Execute(ctx, hillside, r.ID))
	if list, err := w.service.List(ctx, hillside, ""); err != nil || len(list) != 0 {
		t.Errorf("list: %v, %v", list, err)
	}
	if _, found, err := w.service.Fresh(ctx, hillside, r.LiveHash, r.DraftHash); err != nil || found {
		t.Errorf("fresh: %v, %v", found, err)
	}
	if state, err := w.store.Progress(ctx, hillside, r.ID, uuid.New(), 1, 1, w.Now()); err != nil || state != simulations.ProgressTaken {
		t.Errorf("progress: %v, %v", state, err)
	}
	if err := w.store.Finish(ctx, hillside, r.ID, uuid.New(), simulations.Ending{State: simulations.Failed, At: w.Now()}); err != nil {
		t.Error(err)
	}
	if n, err := w.service.Resume(ctx, hillside); err != nil || n != 0 {
		t.Errorf("resume: %d, %v", n, err)
	}
	if again, err := w.service.Get(ctx, riverside, r.ID); err != nil || again.State != simulations.Done {
		t.Errorf("%+v, %v", again, err)
	}
}

func TestAFreshRunCountsUntilSomethingChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 200)
	ctx := t.Context()
	r, err := w.service.RunNow(ctx, lead, riverside, question(t))
	if err != nil {
		t.Fatal(err)
	}
	fresh := func(live, draft string) bool {
		t.Helper()
		got, found, err := w.service.Fresh(ctx, riverside, live, draft)
		if err != nil {
			t.Fatal(err)
		}
		if found && got.ID != r.ID {
			t.Errorf("another run counts: %v", got.ID)
		}
		return found
	}
	if !fresh(r.LiveHash, r.DraftHash) || fresh(r.LiveHash, r.LiveHash) || fresh(r.DraftHash, r.DraftHash) {
		t.Error("a run counts for the versions that it compared, and for no others")
	}
	w.Pass(25 * time.Hour)
	if fresh(r.LiveHash, r.DraftHash) {
		t.Error("a run of yesterday still counts")
	}
	short := question(t)
	short.From, short.Until = w.Now().AddDate(0, 0, -3), w.Now()
	if _, err := w.service.RunNow(ctx, lead, riverside, short); err != nil {
		t.Fatal(err)
	}
	if fresh(r.LiveHash, r.DraftHash) {
		t.Error("a run over three days counts")
	}
}

func TestBadQuestionsAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0)
	for code, change := range map[string]func(*simulations.Question){
		"simulation_mode":    func(q *simulations.Question) { q.Mode = "guess" },
		"simulation_period":  func(q *simulations.Question) { q.From, q.Until = w.Now(), w.Now().Add(-time.Hour) },
		"version_unloadable": func(q *simulations.Question) { q.Against = "0000" },
	} {
		q := question(t)
		change(&q)
		if _, err := w.service.Start(t.Context(), lead, riverside, q); !fault.Is(err, code) {
			t.Errorf("%v; want %s", err, code)
		}
	}
	long := question(t)
	long.From, long.Until = w.Now().AddDate(-2, 0, 0), w.Now()
	if _, err := w.service.Start(t.Context(), lead, riverside, long); !fault.Is(err, "simulation_period") {
		t.Errorf("two years: %v", err)
	}
	if _, err := w.service.Start(t.Context(), lead, riverside, simulations.Question{Document: []byte("policy: [")}); err == nil {
		t.Error("a document that does not parse was taken")
	}
	if w.queued(t) != 0 {
		t.Error("a refused run has a job")
	}
}

func TestProgressIsToldWhileItRuns(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1500)
	held := newGate(w.store)
	service := simulations.New(held, w.Now)
	r, err := service.Start(t.Context(), lead, riverside, question(t))
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- service.Execute(t.Context(), riverside, r.ID) }()
	<-held.reached
	eventually(t, "the run tells how much there is", func() bool {
		got, err := service.Get(t.Context(), riverside, r.ID)
		return err == nil && got.State == simulations.Running && got.Total == 1500
	})
	close(held.open)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}

func TestStartIsInTheTrail(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0)
	r, err := w.service.Start(t.Context(), lead, riverside, question(t))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	err = w.DB.InTx(t.Context(), jobOf(riverside), func(tx *database.Tx) error {
		return tx.Gorm().Raw("select count(*) from audit_entries where action = 'simulation.start' and subject = ?", r.ID).Row().Scan(&n)
	})
	if err != nil || n != 1 {
		t.Errorf("%d entries: %v", n, err)
	}
}
