// Package localpg runs the private PostgreSQL of a onedoor that was given no database: the demonstration, a small
// installation, the tests. It finds the programs, makes the cluster once, starts it as an unprivileged account when we
// are root, and makes the three roles and the database. The cluster listens on one unix socket in a folder that only its
// own account (and root) may enter, and asks no password there: the kernel says who is calling.
//
// The cluster outlives the process that started it. Each process that uses it holds a shared lock on the folder; the last
// one out stops it, and after a kill the next one in attaches to it, or recovers it. Nothing here reads or writes a
// table: package migrations makes the schema.
package localpg

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// The roles of every onedoor database. Super makes the other two and the database, and is used for nothing else; Owner
// migrates; App is what the product connects as.
const (
	Super = "onedoor_super"
	Owner = "onedoor_owner"
	App   = "onedoor_app"
)

// DefaultDatabase is the database made when Options name no other.
const DefaultDatabase = "onedoor"

// Options say where a cluster lives and who uses it.
type Options struct {
	// Dir holds the cluster, its socket, its locks and its log. It is made when absent.
	Dir string
	// Database is made when absent; DefaultDatabase when empty.
	Database string
	// Holds names what only one process at a time may be on this folder: "demo", or the roles "web", "voice", "jobs".
	// Start refuses with a *HeldError when another process is one of them.
	Holds []string
	// Command is what people call this process, for the sentence that another process gets: "onedoor demo".
	Command string
	// Hints are folders that may hold PostgreSQL's programs, or node_modules with the package that does. They are tried
	// after PATH and the system's own packages.
	Hints []string
	// Volatile gives up durability for speed: for tests only, whose data nobody misses.
	Volatile bool
	// StopWhenIdle makes the cluster outlive its last user by this long, where flock(1) is installed: for test
	// processes, which follow one another in seconds.
	StopWhenIdle time.Duration
	// Settings are added to the server's own, or replace them.
	Settings map[string]string
}

// Cluster is a running server that this process uses.
type Cluster struct {
	options Options
	place   place
	account account
	bin     string
	users   *lock
	held    []*lock
	// Attached says that the server was running already.
	Attached bool
}

// Start makes the cluster if need be, starts it or attaches to it, and makes the roles and the database.
// A cold start takes about a second, a warm one a tenth of that. Without a deadline in ctx it gives up after a minute.
func Start(ctx context.Context, o Options) (*Cluster, error) {
	if o.Dir == "" {
		return nil, errors.New("a local database needs a folder")
	}
	if o.Database == "" {
		o.Database = DefaultDatabase
	}
	if _, limited := ctx.Deadline(); !limited {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Minute)
		defer cancel()
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, err
	}
	if err := makeFolder(dir); err != nil {
		return nil, err
	}
	c := &Cluster{options: o}
	if err := c.start(ctx, dir); err != nil {
		c.releaseLocks()
		return nil, err
	}
	return c, nil
}

func (c *Cluster) start(ctx context.Context, dir string) (err error) {
	for _, name := range c.options.Holds {
		held, err := hold(dir, name, c.options.Command)
		if err != nil {
			return err
		}
		c.held = append(c.held, held)
	}
	if c.account, err = unprivileged(); err != nil {
		return err
	}
	if c.place, err = settle(dir, c.account); err != nil {
		return err
	}
	starting, err := lockFile(ctx, c.place.startLock(), exclusive)
	if err != nil {
		return err
	}
	defer starting.release()
	if c.users, err = lockFile(ctx, c.place.usersLock(), shared); err != nil {
		return err
	}
	return c.run(ctx)
}

// run has the server answer and know its roles. The caller holds the start lock.
func (c *Cluster) run(ctx context.Context) error {
	if err := c.bringUp(ctx); err != nil {
		return err
	}
	if err := c.watchIdle(); err != nil {
		return err
	}
	return ensureRoles(ctx, c.URL(Super, "postgres"), c.options.Database)
}

// Close lets go of the cluster. The last process out stops the server, unless Options.StopWhenIdle leaves it to time.
func (c *Cluster) Close() error {
	defer c.releaseLocks()
	if c.options.StopWhenIdle > 0 && idleStopper() {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	starting, err := lockFile(ctx, c.place.startLock(), exclusive)
	if err != nil {
		return err
	}
	defer starting.release()
	last, err := c.users.tryExclusive()
	if err != nil || !last {
		return err
	}
	return errors.Join(c.stop(ctx, fast), c.place.tidy())
}

// Stop stops the server under everybody who uses it, as an operator would. Resume starts it again. It is for tests of
// an outage.
func (c *Cluster) Stop(ctx context.Context) error {
	return c.locked(ctx, func() error { return c.stop(ctx, fast) })
}

// Crash stops the server as a power cut would, as far as its own files go: nothing is flushed or tidied.
func (c *Cluster) Crash(ctx context.Context) error {
	return c.locked(ctx, func() error { return c.stop(ctx, crash) })
}

// Resume starts the server again after Stop or Crash.
func (c *Cluster) Resume(ctx context.Context) error {
	return c.locked(ctx, func() error { return c.run(ctx) })
}

func (c *Cluster) locked(ctx context.Context, fn func() error) error {
	starting, err := lockFile(ctx, c.place.startLock(), exclusive)
	if err != nil {
		return err
	}
	defer starting.release()
	return fn()
}

// OwnerURL connects as the role that migrates.
func (c *Cluster) OwnerURL() string { return c.URL(Owner, c.options.Database) }

// AppURL connects as the role that the product runs as.
func (c *Cluster) AppURL() string { return c.URL(App, c.options.Database) }

// URL connects as a role to a database of the cluster.
func (c *Cluster) URL(role, database string) string {
	u := url.URL{Scheme: "postgres", User: url.User(role), Path: "/" + database}
	u.RawQuery = url.Values{"host": {c.place.socket}}.Encode()
	return u.String()
}

// Dir is where the cluster's files are: Options.Dir, unless its account cannot get there.
func (c *Cluster) Dir() string { return c.place.dir }

// RunsAs is the operating system's account that the server runs as.
func (c *Cluster) RunsAs() string { return c.account.name }

func (c *Cluster) releaseLocks() {
	if c.users != nil {
		c.users.release()
	}
	for _, held := range c.held {
		held.release()
	}
	c.users, c.held = nil, nil
}

// settings suit a machine of two cores that also runs the product. Commits stay durable unless the data is volatile.
// The log keeps what the server says of itself and no failed statement, since those can carry what a patient typed.
func (c *Cluster) settings() map[string]string {
	s := map[string]string{
		"listen_addresses":                "",
		"unix_socket_directories":         c.place.socket,
		"unix_socket_permissions":         "0700",
		"max_connections":                 "100",
		"shared_buffers":                  "256MB",
		"effective_cache_size":            "1GB",
		"work_mem":                        "8MB",
		"maintenance_work_mem":            "64MB",
		"max_parallel_workers_per_gather": "0",
		"random_page_cost":                "1.1",
		"jit":                             "off",
		"max_wal_size":                    "1GB",
		"wal_buffers":                     "16MB",
		"wal_compression":                 "on",
		"checkpoint_timeout":              "15min",
		"autovacuum_naptime":              "20s",
		"timezone":                        "UTC",
		"log_timezone":                    "UTC",
		"log_min_messages":                "log",
		"log_min_error_statement":         "panic",
		"log_error_verbosity":             "terse",
		"log_checkpoints":                 "off",
	}
	if c.options.Volatile {
		maps.Copy(s, map[string]string{
			"fsync": "off", "full_page_writes": "off", // a crash of the server itself loses nothing even so
			"max_connections": "400", "shared_buffers": "128MB", "max_wal_size": "256MB",
			"wal_level": "minimal", "max_wal_senders": "0", "autovacuum_naptime": "1min",
		})
	}
	maps.Copy(s, c.options.Settings)
	return s
}

// makeFolder makes a folder that other accounts can pass through: what must be private in it is so by itself.
func makeFolder(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	return os.Chmod(dir, 0o755) // whatever the umask
}
