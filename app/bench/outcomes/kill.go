package outcomes

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"time"

	"onedoor/app/clinical"
	"onedoor/app/database"
	"onedoor/jobs"
)

const (
	// killedLease is how long a line stays with a process that was killed. Production waits longer, for slower systems.
	killedLease = 2 * time.Second
	// killedSweep is how often lost work is looked for meanwhile.
	killedSweep = 500 * time.Millisecond
	// working is what a worker says once it works.
	working = "working"
	// killWithin is how long after some deliveries a worker is killed, at most.
	killWithin = 150 * time.Millisecond
)

// Deliver works on deliveries until the process is killed, for Kill.
func Deliver(ctx context.Context, url string, said io.Writer) error {
	db, err := database.Open(ctx, database.Options{URL: url, MaxConns: 12})
	if err != nil {
		return err
	}
	defer db.Close()
	client, err := NewJobs(db, jobs.Options{Lease: killedLease, SweepEvery: killedSweep})
	if err != nil {
		return err
	}
	if err := client.Start(ctx); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(said, working); err != nil {
		return err
	}
	<-ctx.Done()
	return client.Stop(context.WithoutCancel(ctx))
}

// Killing is how often a process that delivers is killed without warning.
type Killing struct {
	Times   int
	Each    int // outcomes handed in for each time
	Seed    uint64
	Program string // starts a worker (Deliver) with these arguments and environment
	Args    []string
	Env     []string
	Out     io.Writer
}

// Kill hands outcomes in and kills the process that delivers them in the midst of it, again and again; then it lets a last
// one finish, and counts at the receivers.
func (w *World) Kill(ctx context.Context, k Killing) (Account, error) {
	random := rand.New(rand.NewPCG(k.Seed, 0)) //nolint:gosec // the same moments each time, as far as machines allow
	for n := range k.Times {
		if err := w.killOnce(ctx, k, time.Duration(random.Int64N(int64(killWithin)))); err != nil {
			return Account{}, fmt.Errorf("the %dth time: %w", n+1, err)
		}
		if k.Out != nil && (n+1)%10 == 0 {
			open, _, err := w.left(ctx)
			if err != nil {
				return Account{}, err
			}
			fmt.Fprintf(k.Out, "    killed %d times, %d wait\n", n+1, open)
		}
	}
	last, err := k.start(ctx)
	if err != nil {
		return Account{}, err
	}
	defer kill(last)
	if err := w.untilFiled(ctx, 5*time.Minute); err != nil {
		return Account{}, err
	}
	return w.account(ctx)
}

// killOnce kills a worker once it has filed something more.
func (w *World) killOnce(ctx context.Context, k Killing, after time.Duration) error {
	worker, err := k.start(ctx)
	if err != nil {
		return err
	}
	defer kill(worker)
	var batch []clinical.Delivery
	for len(batch) < k.Each {
		list, err := w.outcome(w.organisations[w.requests%len(w.organisations)], 1+w.requests%mostOutcomes)
		if err != nil {
			return err
		}
		batch = append(batch, list...)
	}
	before, _, err := w.left(ctx)
	if err != nil {
		return err
	}
	if err := w.handIn(ctx, batch); err != nil {
		return err
	}
	for began := time.Now(); ; {
		open, _, err := w.left(ctx)
		if err != nil {
			return err
		}
		if open < before+len(batch) {
			break
		}
		if time.Since(began) > time.Minute {
			return fmt.Errorf("a worker filed nothing in a minute")
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(after):
		return nil
	}
}

// start starts a worker and waits until it works.
func (k Killing) start(ctx context.Context) (*exec.Cmd, error) {
	worker := exec.CommandContext(ctx, k.Program, k.Args...) //nolint:gosec // this program itself
	worker.Env, worker.Stderr = append(os.Environ(), k.Env...), os.Stderr
	out, err := worker.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := worker.Start(); err != nil {
		return nil, err
	}
	if said, err := bufio.NewReader(out).ReadString('\n'); err != nil || said != working+"\n" {
		kill(worker)
		return nil, fmt.Errorf("the worker says %q: %w", said, err)
	}
	return worker, nil
}

func kill(worker *exec.Cmd) {
	_ = worker.Process.Kill() // SIGKILL; it may be dead already
	_ = worker.Wait()
}
