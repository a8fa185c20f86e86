package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"slices"
	"time"

	"onedoor/app/bench"
	"onedoor/app/demo"
	"onedoor/app/simulations"
	"onedoor/policy/simulate"
)

// SimulationBenchOptions say how much to simulate.
type SimulationBenchOptions struct {
	Requests int
	Rounds   int
	Closed   bool // the closed-loop mode too
}

// BenchSimulation puts past requests into a database of its own, and simulates a draft over all of them as the product
// does: streamed from PostgreSQL, decided by both versions, with progress written down. It writes seconds and memory.
func BenchSimulation(ctx context.Context, c Config, o SimulationBenchOptions, w io.Writer) error {
	dir, err := os.MkdirTemp("", "onedoor-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := os.Chmod(dir, 0o755); err != nil { // PostgreSQL's own account has to pass
		return err
	}
	c.Data, c.Demonstration, c.Roles = dir, true, []string{RoleWeb}
	c.DatabaseURL, c.HTTP, c.Metrics, c.Simulator = "", "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	a, err := New(ctx, c, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	return errors.Join(a.measureSimulation(ctx, o, w), a.Close())
}

func (a *App) measureSimulation(ctx context.Context, o SimulationBenchOptions, w io.Writer) error {
	side, err := demo.RiversideSide()
	if err != nil {
		return err
	}
	riverside, until := demo.NeighbourhoodID("riverside"), a.now().AddDate(0, 0, -32) // before the demonstration's own month
	from := until.AddDate(0, 0, -360)
	began := time.Now()
	if err := a.services.past.Import(ctx, riverside, side.Policy.Hash(), demo.History(side, from, until, o.Requests)); err != nil {
		return err
	}
	fmt.Fprintf(w, "%d past requests were made up and stored in %.1f s.\n", o.Requests, time.Since(began).Seconds())
	if err := bench.Analyze(ctx, a.cluster.OwnerURL()); err != nil {
		return err
	}
	draft, err := bench.Draft()
	if err != nil {
		return err
	}
	modes := []simulate.Mode{simulate.RecordedLoad}
	if o.Closed {
		modes = append(modes, simulate.ClosedLoop)
	}
	fmt.Fprintf(w, "Simulating them with two versions, from PostgreSQL, on %d processors:\n\n", runtime.GOMAXPROCS(0))
	for _, mode := range modes {
		if err := a.simulateRounds(ctx, w, o, mode, simulations.Question{Draft: "bench", Document: draft, From: from, Until: until, Mode: mode}); err != nil {
			return err
		}
	}
	return nil
}

func (a *App) simulateRounds(ctx context.Context, w io.Writer, o SimulationBenchOptions, mode simulate.Mode, q simulations.Question) error {
	var took []float64
	for range o.Rounds {
		stop := bench.Watch()
		began := time.Now()
		run, err := a.services.simulations.RunNow(ctx, demo.Seeder(), demo.NeighbourhoodID("riverside"), q)
		seconds, memory := time.Since(began).Seconds(), stop()
		if err != nil {
			return err
		}
		if run.Result == nil || run.Result.Requests != o.Requests {
			return fmt.Errorf("the run ended as %s without having decided all %d requests", run.State, o.Requests)
		}
		took = append(took, seconds)
		fmt.Fprintf(w, "  %-13s %6.2f s   %8.0f requests/s   %d moved   most heap %d MB, resident %d MB\n",
			mode, seconds, float64(o.Requests)/seconds, run.Result.Moved, memory.Heap>>20, memory.Resident>>20)
	}
	slices.Sort(took)
	fmt.Fprintf(w, "\n%s: median %.2f s for %d requests (bar: 10 s for 1,000,000)\n", mode, took[len(took)/2], o.Requests)
	return nil
}
