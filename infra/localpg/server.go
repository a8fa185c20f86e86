package localpg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	fast  = syscall.SIGINT  // roll back what is open, write everything, go
	crash = syscall.SIGQUIT // go at once; the next start recovers from the write-ahead log

	// patience is how often we look whether the server answers, or has gone.
	patience = 5 * time.Millisecond
	// largestLog is when the log is begun anew at a start.
	largestLog = 10 << 20
)

// bringUp has the server answer: it makes the cluster, attaches to a server that runs, waits for one that starts or
// recovers, and starts one otherwise. The caller holds the start lock.
func (c *Cluster) bringUp(ctx context.Context) error {
	if c.running() != 0 && c.answers(ctx) == nil {
		c.Attached = true
		return nil
	}
	if err := c.prepare(ctx); err != nil {
		return err
	}
	var exited <-chan error // of the server that we started; nil while it is somebody else's
	for {
		if exited == nil && c.running() == 0 {
			var err error
			if exited, err = c.launch(); err != nil {
				return err
			}
		}
		lastErr := c.answers(ctx)
		if lastErr == nil {
			c.Attached = exited == nil
			return nil
		}
		select {
		case err := <-exited:
			if !c.leftovers() {
				return fmt.Errorf("the local database stopped while starting (%w): %s", errOr(err, "exit 0"), c.lastWords())
			}
			exited = nil // children of a killed server are still going: try again
		case <-ctx.Done():
			return fmt.Errorf("the local database did not answer in time: %w: %s", lastErr, c.lastWords())
		case <-time.After(patience):
		}
	}
}

func errOr(err error, says string) error {
	if err == nil {
		return errors.New(says)
	}
	return err
}

func (c *Cluster) answers(ctx context.Context) error {
	attempt, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	conn, err := pgx.Connect(attempt, c.URL(Super, "postgres"))
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

// prepare finds the programs and makes the cluster when there is none.
func (c *Cluster) prepare(ctx context.Context) (err error) {
	version, err := os.ReadFile(filepath.Join(c.place.data, "PG_VERSION"))
	made := err == nil
	c.bin, err = findPrograms(c.options.Hints, strings.TrimSpace(string(version)), c.account)
	if err != nil && made && c.options.Volatile { // the machine's PostgreSQL has changed, and nobody misses the data
		made = false
		c.bin, err = findPrograms(c.options.Hints, "", c.account)
	}
	if err != nil {
		return err
	}
	if !made {
		if err := c.initialise(ctx); err != nil {
			return err
		}
	}
	return c.writeAccess()
}

// initialise makes the cluster in a folder beside its own and moves it there whole, so that a kill in the middle leaves
// nothing that looks like a cluster.
func (c *Cluster) initialise(ctx context.Context) error {
	making := c.place.data + ".making"
	if err := os.RemoveAll(making); err != nil {
		return err
	}
	if err := c.account.own(making); err != nil {
		return err
	}
	args := []string{"-D", making, "-U", Super, "-E", "UTF8", "--locale=C.UTF-8", "--data-checksums", "-A", "peer"}
	if c.options.Volatile {
		args = append(args, "--no-sync")
	}
	cmd := c.account.command(filepath.Join(c.bin, "initdb"), c.place.dir, args...)
	if out, err := runUntil(ctx, cmd); err != nil {
		return fmt.Errorf("make the local database as %s: %w: %s", c.account.name, err, strings.TrimSpace(out))
	}
	if err := os.RemoveAll(c.place.data); err != nil {
		return err
	}
	return os.Rename(making, c.place.data)
}

func runUntil(ctx context.Context, cmd *exec.Cmd) (string, error) {
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		return "", err
	}
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Signal(syscall.SIGTERM) })
	defer stop()
	err := cmd.Wait()
	return out.String(), err
}

// writeAccess lets in the two accounts that may be a role here, by what the kernel says of them, and nobody else.
func (c *Cluster) writeAccess() error {
	var ident strings.Builder
	for _, name := range slices.Compact([]string{c.account.me, c.account.name}) {
		for _, role := range []string{Super, Owner, App} {
			fmt.Fprintf(&ident, "onedoor %q %s\n", name, role)
		}
	}
	files := map[string]string{"pg_hba.conf": "local all all peer map=onedoor\n", "pg_ident.conf": ident.String()}
	for name, text := range files { // they exist, so they stay the account's own
		if err := os.WriteFile(filepath.Join(c.place.data, name), []byte(text), 0o600); err != nil {
			return fmt.Errorf("write who may enter the local database: %w", err)
		}
	}
	return nil
}

// launch starts the server as a detached child and returns what will say that it has gone.
func (c *Cluster) launch() (<-chan error, error) {
	if err := c.clearStale(); err != nil {
		return nil, err
	}
	log, err := c.openLog()
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()
	args := []string{"-D", c.place.data}
	settings := c.settings()
	for _, name := range sortedKeys(settings) {
		args = append(args, "-c", name+"="+settings[name])
	}
	cmd := c.account.command(filepath.Join(c.bin, "postgres"), c.place.dir, args...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the local database as %s: %w", c.account.name, err)
	}
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }() // ends with the server, or with us
	return exited, nil
}

// clearStale removes what a killed server left to say that it runs. PostgreSQL looks only whether a process of that
// number lives, and in a container a number is soon another's. We hold the start lock and have seen that the process is
// no server of this folder.
func (c *Cluster) clearStale() error {
	stale := []string{filepath.Join(c.place.data, "postmaster.pid"), filepath.Join(c.place.socket, ".s.PGSQL.5432.lock")}
	for _, path := range stale {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("clear what a killed database left: %w", err)
		}
	}
	return nil
}

// leftovers reports whether the server refused because children of a killed one still use its memory.
func (c *Cluster) leftovers() bool {
	return strings.Contains(c.lastWords(), "pre-existing shared memory block")
}

func (c *Cluster) openLog() (*os.File, error) {
	if info, err := os.Stat(c.place.log()); err == nil && info.Size() > largestLog {
		if err := os.Rename(c.place.log(), c.place.log()+".1"); err != nil {
			return nil, err
		}
	}
	return os.OpenFile(c.place.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
}

// lastWords is the end of the server's log, for the sentence about a failed start.
func (c *Cluster) lastWords() string {
	text, err := os.ReadFile(c.place.log())
	if err != nil {
		return "it left no log"
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-4):], " / ")
}

// stop asks the server to go and waits until it has.
func (c *Cluster) stop(ctx context.Context, how syscall.Signal) error {
	pid := c.running()
	if pid == 0 {
		return nil
	}
	if err := syscall.Kill(pid, how); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("stop the local database: %w", err)
	}
	for serves(pid, c.place.data) { // the server takes its pid file away a moment before it ends
		select {
		case <-ctx.Done():
			return fmt.Errorf("the local database did not stop in time: %w", ctx.Err())
		case <-time.After(patience):
		}
	}
	return nil
}

// running is the process id of this folder's server, or zero.
func (c *Cluster) running() int {
	text, err := os.ReadFile(filepath.Join(c.place.data, "postmaster.pid"))
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(first))
	if err != nil || pid <= 0 || !serves(pid, c.place.data) {
		return 0
	}
	return pid
}

// serves reports whether a process is the server of a data folder, by its arguments: a number alone may be anybody's by
// now. A process that has died and was not waited for has no arguments left.
func serves(pid int, data string) bool {
	if text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)); err == nil {
		args := strings.Split(string(text), "\x00")
		at := slices.Index(args, "-D")
		return at >= 0 && at+1 < len(args) && args[at+1] == data
	}
	if _, err := os.Stat("/proc/self/cmdline"); err == nil {
		return false
	}
	out, err := exec.Command("ps", "-ww", "-o", "command=", "-p", strconv.Itoa(pid)).Output() //nolint:gosec // a number
	return err == nil && strings.Contains(string(out), "-D "+data+" ")
}
