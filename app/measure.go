package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"time"

	"onedoor/app/bench"
	"onedoor/app/demo"
	"onedoor/app/nhs"
	"onedoor/tenants"
)

// unlimited is a rate that no client reaches.
const unlimited = 1_000_000

// BenchOptions say how much to measure.
type BenchOptions struct {
	Requests int // in a day
	Rounds   int // days, each beside one run of pgbench
	Clients  int
	Seed     uint64
}

// BenchIntake starts the demonstration in a folder of its own, sends seeded days through its HTTP API, has pgbench insert
// the same rows into the same cluster in turn, and writes figures and their ratio.
func BenchIntake(ctx context.Context, c Config, o BenchOptions, w io.Writer) error {
	dir, err := os.MkdirTemp("", "onedoor-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := os.Chmod(dir, 0o755); err != nil { // PostgreSQL's own account has to pass
		return err
	}
	c.Data, c.Demonstration, c.Roles, c.KeyRate = dir, true, []string{RoleWeb, RoleJobs}, unlimited
	c.DatabaseURL, c.HTTP, c.Metrics, c.Simulator = "", "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	a, err := New(ctx, c, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	running, stop := context.WithCancel(ctx)
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- a.Run(running, func() { close(ready) }) }()
	select {
	case <-ready:
		err = a.measure(ctx, o, w)
	case runErr := <-ended:
		ended <- runErr
	}
	stop()
	return errors.Join(err, <-ended, a.Close())
}

func (a *App) measure(ctx context.Context, o BenchOptions, w io.Writer) error {
	register, err := a.services.register.All(ctx, demo.NeighbourhoodID("riverside"))
	if err != nil {
		return err
	}
	target := bench.Target{BaseURL: a.config.base(), Key: demo.Key("app"), Register: demo.RiversidePatients(register), Kinds: a.services.catalogue}
	on := nhs.DateOf(a.now().In(tenants.London()))
	fmt.Fprintf(w, "%d rounds of %d requests, %d clients, durable commits, HTTP API and pgbench in turn on one cluster, with statistics.\n\n", o.Rounds, o.Requests, o.Clients)
	if _, err := bench.Intake(ctx, target, on, min(o.Requests, 500), o.Clients, o.Seed+1_000_000); err != nil { // warm
		return err
	}
	if err := bench.Analyze(ctx, a.cluster.OwnerURL()); err != nil {
		return err
	}
	var ratios []float64
	for round := range o.Rounds {
		f, err := bench.Intake(ctx, target, on, o.Requests, o.Clients, o.Seed+uint64(round)) // a few rounds
		if err != nil {
			return err
		}
		if f.Refused > 0 {
			return fmt.Errorf("%d of %d requests were refused, the first with %s", f.Refused, f.Requests, f.FirstError)
		}
		bare, err := bench.Baseline(ctx, a.cluster.AppURL(), []string{a.config.PostgresBin}, o.Clients, o.Requests)
		if err != nil {
			return err
		}
		ratios = append(ratios, f.PerSecond()/bare)
		fmt.Fprintf(w, "  intake %6.0f requests/s   p50 %5s   p99 %5s   pgbench %6.0f/s   ratio %.2f\n",
			f.PerSecond(), f.P50.Round(time.Millisecond/10), f.P99.Round(time.Millisecond/10), bare, f.PerSecond()/bare)
	}
	slices.Sort(ratios)
	fmt.Fprintf(w, "\nratio of intake to pgbench inserting the same rows: median %.2f, from %.2f to %.2f\n", ratios[len(ratios)/2], ratios[0], ratios[len(ratios)-1])
	return nil
}
