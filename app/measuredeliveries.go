package app

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"onedoor/app/bench"
	"onedoor/app/bench/outcomes"
	"onedoor/app/database"
	"onedoor/infra/localpg"
	"onedoor/migrations"
)

// scaled is what a second stands for where a day is played.
const scaled = 4 * time.Minute

// scene is a private database, and the simulator in a process of its own.
type scene struct {
	program   string
	cluster   *localpg.Cluster
	db        *database.DB
	simulator string
	close     []func() error
}

// openScene sets up what deliveries are measured on. The program is this one.
func openScene(ctx context.Context, c Config) (_ *scene, err error) {
	s := &scene{}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.end())
		}
	}()
	if s.program, err = os.Executable(); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "onedoor-bench-")
	if err != nil {
		return nil, err
	}
	s.close = append(s.close, func() error { return os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		return nil, err
	}
	if s.cluster, err = localpg.Start(ctx, localpg.Options{Dir: dir + "/postgres", Holds: []string{RoleJobs}, Command: "onedoor bench", Hints: []string{c.PostgresBin}}); err != nil {
		return nil, err
	}
	s.close = append(s.close, s.cluster.Close)
	if err := migrations.Up(ctx, s.cluster.OwnerURL()); err != nil {
		return nil, err
	}
	if s.db, err = database.Open(ctx, database.Options{URL: s.cluster.AppURL()}); err != nil {
		return nil, err
	}
	s.close = append(s.close, func() error { s.db.Close(); return nil })
	return s, s.simulate(ctx, dir+"/simulator")
}

// simulate starts the clinical systems, and reads where they are.
func (s *scene) simulate(ctx context.Context, dir string) error {
	played := exec.CommandContext(ctx, s.program, "simulator", "--data", dir, "--simulator", "127.0.0.1:0") //nolint:gosec // this program itself
	played.Stderr = os.Stderr
	out, err := played.StdoutPipe()
	if err != nil {
		return err
	}
	if err := played.Start(); err != nil {
		return err
	}
	s.close = append(s.close, func() error {
		_ = played.Process.Signal(os.Interrupt)
		_ = played.Wait() // it may have been told already
		return nil
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if _, after, ok := strings.Cut(lines.Text(), "http://"); ok {
			address, _, _ := strings.Cut(after, "/")
			s.simulator = "http://" + address
			return nil
		}
	}
	return errors.Join(errors.New("the simulator does not say where it is"), lines.Err())
}

// end lets go of everything, the last first.
func (s *scene) end() error {
	var problems []error
	for _, stop := range slices.Backward(s.close) {
		problems = append(problems, stop())
	}
	return errors.Join(problems...)
}

// DeliveriesBenchOptions say how much to measure.
type DeliveriesBenchOptions struct {
	Organisations, Outcomes, Rounds int
}

// BenchDeliveries files a backlog of outcomes, makes the same calls by a bare loop in turn, and writes figures and their
// ratio. The simulator is a process of its own, and every commit in it durable.
func BenchDeliveries(ctx context.Context, c Config, o DeliveriesBenchOptions, w io.Writer) (err error) {
	s, err := openScene(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.end()) }()
	if err := bench.Exec(ctx, s.cluster.OwnerURL(), outcomes.MakeBare); err != nil {
		return err
	}
	fmt.Fprintf(w, "%d rounds of %d outcomes of %d organisations; the product and a bare loop in turn.\nThe loop makes the same calls, as many at once, with one durable commit for every ten.\n\n", o.Rounds, o.Outcomes, o.Organisations)
	var ratios []float64
	for round := range o.Rounds + 1 { // the first warms up
		n := o.Outcomes
		if round == 0 {
			n = min(n, 300)
		}
		product, err := outcomes.NewWorld(ctx, s.db, s.simulator, string(rune('A'+2*round)), o.Organisations)
		if err != nil {
			return err
		}
		loop, err := outcomes.NewWorld(ctx, s.db, s.simulator, string(rune('B'+2*round)), o.Organisations)
		if err != nil {
			return err
		}
		took, account, err := product.Backlog(ctx, n)
		if err != nil {
			return err
		}
		if err := account.Err(); err != nil {
			return err
		}
		bare, err := loop.Bare(ctx, s.db.Pool(), n)
		if err != nil {
			return err
		}
		if round == 0 {
			if err := bench.Analyze(ctx, s.cluster.OwnerURL()); err != nil {
				return err
			}
			continue
		}
		ratios = append(ratios, bare.Seconds()/took.Seconds())
		fmt.Fprintf(w, "  product %6.0f deliveries/s   bare loop %6.0f/s   ratio %.2f   %s\n", float64(n)/took.Seconds(), float64(n)/bare.Seconds(), ratios[len(ratios)-1], account)
	}
	slices.Sort(ratios)
	fmt.Fprintf(w, "\nratio of deliveries to the bare loop: median %.2f, from %.2f to %.2f (bar 0.5)\n", ratios[len(ratios)/2], ratios[0], ratios[len(ratios)-1])
	return nil
}

// OutageBenchOptions say how big a day is played, and how long it is on the day's own clock.
type OutageBenchOptions struct {
	Organisations, Outcomes int
	Day, Down               time.Duration
	Seed                    uint64
}

// BenchOutage plays a day with and without two sick systems, and writes what the others noticed.
func BenchOutage(ctx context.Context, c Config, o OutageBenchOptions, w io.Writer) (err error) {
	s, err := openScene(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.end()) }()
	fmt.Fprintf(w, "%d organisations, %d outcomes in %s, played at 1 s for %s.\nOne system is down for %s from the beginning; another answers after 4.9 s, where an adapter gives up after 5.\n", o.Organisations, o.Outcomes, o.Day, scaled, o.Down)
	if err := s.warmUp(ctx, o.Organisations); err != nil {
		return err
	}
	var p95 [2]time.Duration
	for i, sick := range []bool{false, true} {
		fmt.Fprintf(w, "\n  %s the two sick ones:\n", []string{"without", "with"}[i])
		world, err := outcomes.NewWorld(ctx, s.db, s.simulator, string(rune('A'+i)), o.Organisations)
		if err != nil {
			return err
		}
		r, err := world.Play(ctx, outcomes.Outage{
			Organisations: o.Organisations, Outcomes: o.Outcomes, Day: playedFor(o.Day), Down: playedFor(o.Down), Answer: 4900 * time.Millisecond, Sick: sick, Seed: o.Seed, Out: w,
		})
		if err != nil {
			return err
		}
		p95[i] = r.P95
		fmt.Fprintf(w, "  the other %d organisations' delay: median %s, p95 %s\n  %s\n", o.Organisations-2, r.Median.Round(time.Millisecond), r.P95.Round(time.Millisecond), r.Account)
		if sick {
			fmt.Fprintf(w, "  %d waited when the system came back; they were filed %s later\n", r.Backlog, r.Drained.Round(time.Millisecond))
		}
		if err := r.Account.Err(); err != nil {
			return err
		}
	}
	fmt.Fprintf(w, "\np95 with the sick ones is %.2f times that without (bar 2)\n", p95[1].Seconds()/p95[0].Seconds())
	return nil
}

// warmUp files some outcomes, so that the database knows its tables before anything is measured.
func (s *scene) warmUp(ctx context.Context, organisations int) error {
	world, err := outcomes.NewWorld(ctx, s.db, s.simulator, "W", organisations)
	if err != nil {
		return err
	}
	if _, _, err := world.Backlog(ctx, 20*organisations); err != nil {
		return err
	}
	return bench.Analyze(ctx, s.cluster.OwnerURL())
}

func playedFor(d time.Duration) time.Duration {
	return time.Duration(float64(d) / scaled.Seconds())
}

// KillBenchOptions say how often a worker is killed.
type KillBenchOptions struct {
	Organisations, Times, Each int
	Seed                       uint64
}

// delivererURL names the database in the environment of a worker of BenchKill.
const delivererURL = "ONEDOOR_BENCH_DATABASE"

// BenchKill kills a process that delivers, again and again in the midst of it, and counts at the receivers.
func BenchKill(ctx context.Context, c Config, o KillBenchOptions, w io.Writer) (err error) {
	s, err := openScene(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.end()) }()
	world, err := outcomes.NewWorld(ctx, s.db, s.simulator, "A", o.Organisations)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "A process that delivers is killed (kill -9) %d times in the midst of it, with %d organisations.\n\n", o.Times, o.Organisations)
	began := time.Now()
	account, err := world.Kill(ctx, outcomes.Killing{
		Times: o.Times, Each: o.Each, Seed: o.Seed, Program: s.program, Args: []string{"bench", "deliverer"}, Env: []string{delivererURL + "=" + s.cluster.AppURL()}, Out: w,
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "\n%d kills in %s: %s\n", o.Times, time.Since(began).Round(time.Second), account)
	return account.Err()
}

// RunDeliverer delivers until it is killed, for BenchKill.
func RunDeliverer(ctx context.Context) error {
	url := os.Getenv(delivererURL)
	if url == "" {
		return errors.New("this is a part of onedoor bench kill")
	}
	return outcomes.Deliver(ctx, url, os.Stdout)
}
