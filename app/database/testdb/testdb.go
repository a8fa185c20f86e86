// Package testdb gives each test a real, migrated PostgreSQL database of its own, connected as the product connects. All
// test processes of one account share one server that gives up durability for speed; it is started on demand and stops
// some seconds after the last of them. A database is a copy of a template named by the migrations' hash, and is dropped
// when its test ends; those of killed processes are dropped by the next.
package testdb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"onedoor/app/database"
	"onedoor/infra/localpg"
	"onedoor/migrations"
)

const (
	// idle is how long the shared server outlives its last user: longer than go test takes to link the next package.
	idle = 20 * time.Second
	// databasePrefix is followed by the process id and a number.
	databasePrefix = "onedoor_t_"
	templatePrefix = "onedoor_template_"
	// templatesKept are those of the newest schemas: several worktrees may be tested at once.
	templatesKept = 8
	// templateLock serialises the making of templates: an arbitrary number of our own.
	templateLock = 0x7465737464
	startWait    = 2 * time.Minute
)

// URLs connect to one test database.
type URLs struct {
	App   string // as the product does: row-level security holds
	Owner string // as migrations do
}

// New is a migrated database of the test's own.
func New(t testing.TB) *database.DB {
	t.Helper()
	return Open(t, NewURLs(t).App)
}

// NewOwner is New, and the URL of the role that owns the schema, for tests of the schema itself.
func NewOwner(t testing.TB) (*database.DB, string) {
	t.Helper()
	urls := NewURLs(t)
	return Open(t, urls.App), urls.Owner
}

// NewURLs is a migrated database that the test connects to itself, such as for a program that it starts.
func NewURLs(t testing.TB) URLs {
	t.Helper()
	shared, err := sharedServer()
	if err != nil {
		t.Fatalf("start the test database: %v", err)
	}
	return shared.give(t, func(ctx context.Context) (string, error) { return shared.clone(ctx) })
}

// give makes a database that is dropped when the test ends.
func (s *server) give(t testing.TB, make func(context.Context) (string, error)) URLs {
	t.Helper()
	name, err := make(context.Background())
	if err != nil {
		t.Fatalf("make a test database: %v", err)
	}
	t.Cleanup(func() {
		if err := s.drop(context.Background(), name); err != nil {
			t.Errorf("drop a test database: %v", err)
		}
	})
	return s.urls(name)
}

func (s *server) urls(name string) URLs {
	return URLs{App: s.cluster.URL(localpg.App, name), Owner: s.cluster.URL(localpg.Owner, name)}
}

// Open connects a test to a database until it ends.
func Open(t testing.TB, url string) *database.DB {
	t.Helper()
	db, err := database.Open(context.Background(), database.Options{URL: url, MaxConns: 8})
	if err != nil {
		t.Fatalf("open the test database: %v", err)
	}
	t.Cleanup(db.Close)
	return db
}

// Cluster is a server of the test's own, migrated, which it may Stop, Crash and Resume. It takes about a second.
func Cluster(t testing.TB) *localpg.Cluster {
	t.Helper()
	root, err := folder()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp(root, "own-")
	if err == nil {
		err = os.Chmod(dir, 0o755) // the server's account passes through; its data is private
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	ctx, cancel := context.WithTimeout(context.Background(), startWait)
	defer cancel()
	cluster, err := localpg.Start(ctx, localpg.Options{Dir: dir, Volatile: true, Hints: hints()})
	if err != nil {
		t.Fatalf("start a server: %v", err)
	}
	t.Cleanup(func() {
		if err := cluster.Close(); err != nil {
			t.Errorf("stop a server: %v", err)
		}
	})
	if err := migrations.Up(ctx, cluster.OwnerURL()); err != nil {
		t.Fatal(err)
	}
	return cluster
}

// server is the shared one, as this process uses it.
type server struct {
	cluster *localpg.Cluster
	super   *pgxpool.Pool
	made    atomic.Int64
}

// sharedServer is the one thing that outlives a test: a process starts using the server once, and lets go by ending.
var sharedServer = sync.OnceValues(func() (*server, error) {
	ctx, cancel := context.WithTimeout(context.Background(), startWait)
	defer cancel()
	root, err := folder()
	if err != nil {
		return nil, err
	}
	cluster, err := localpg.Start(ctx, localpg.Options{
		Dir: filepath.Join(root, "shared"), Database: "postgres", Volatile: true, StopWhenIdle: idle, Hints: hints(),
	})
	if err != nil {
		return nil, err
	}
	config, err := pgxpool.ParseConfig(cluster.URL(localpg.Super, "postgres"))
	if err != nil {
		return nil, err
	}
	config.MaxConns = 4
	super, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	s := &server{cluster: cluster, super: super}
	return s, s.dropStale(ctx)
})

// clone copies the template.
func (s *server) clone(ctx context.Context) (string, error) {
	template := templatePrefix + migrations.Hash()[:16]
	if err := s.ensureTemplate(ctx, template); err != nil {
		return "", err
	}
	return s.copyOf(ctx, template)
}

func (s *server) copyOf(ctx context.Context, template string) (string, error) {
	name := databasePrefix + strconv.Itoa(os.Getpid()) + "_" + strconv.FormatInt(s.made.Add(1), 10)
	_, err := s.super.Exec(ctx, `create database `+name+` template `+template+` owner `+localpg.Owner+` strategy file_copy`)
	return name, err
}

func (s *server) drop(ctx context.Context, name string) error {
	if err := s.untilLeft(ctx, name); err != nil {
		return err
	}
	_, err := s.super.Exec(ctx, `drop database if exists `+name+` with (force)`)
	return err
}

// untilLeft waits a little for connections that were just closed to be gone: PostgreSQL itself would look again only after a
// tenth of a second.
func (s *server) untilLeft(ctx context.Context, name string) error {
	for range 100 {
		var busy bool
		if err := s.super.QueryRow(ctx, `select exists (select from pg_stat_activity where datname = $1)`, name).Scan(&busy); err != nil || !busy {
			return err
		}
		time.Sleep(time.Millisecond)
	}
	return nil
}

func (s *server) isTemplate(ctx context.Context, name string) (done bool, err error) {
	err = s.super.QueryRow(ctx, `select coalesce((select datistemplate from pg_database where datname = $1), false)`, name).Scan(&done)
	return done, err
}

// ensureTemplate migrates a database once, whichever process comes first; the mark of a template says that it is whole.
func (s *server) ensureTemplate(ctx context.Context, name string) error {
	if done, err := s.isTemplate(ctx, name); done || err != nil {
		return err
	}
	conn, err := s.super.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, `select pg_advisory_lock($1)`, templateLock); err != nil {
		return err
	}
	defer func() { _, _ = conn.Exec(ctx, `select pg_advisory_unlock($1)`, templateLock) }()
	if done, err := s.isTemplate(ctx, name); done || err != nil {
		return err
	}
	if err := s.drop(ctx, name); err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, `create database `+name+` owner `+localpg.Owner); err != nil {
		return err
	}
	if err := migrations.Up(ctx, s.cluster.URL(localpg.Owner, name)); err != nil {
		return err
	}
	if err := s.warm(ctx, name); err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, `alter database `+name+` with is_template true allow_connections false`); err != nil {
		return err
	}
	return s.dropOldTemplates(ctx)
}

// warm leaves in the template what the first connection to each copy would otherwise have to work out: settled rows, and
// then the cache file of the catalogue, which every change to the catalogue removes.
func (s *server) warm(ctx context.Context, name string) error {
	for _, statement := range []string{`vacuum (freeze, analyze)`, `select count(*) from pg_class`} {
		conn, err := pgx.Connect(ctx, s.cluster.URL(localpg.Super, name))
		if err != nil {
			return err
		}
		_, err = conn.Exec(ctx, statement)
		if err := errors.Join(err, conn.Close(ctx)); err != nil {
			return err
		}
	}
	return nil
}

func (s *server) dropOldTemplates(ctx context.Context) error {
	rows, err := s.super.Query(ctx, `select datname from pg_database where starts_with(datname, $1) and datistemplate order by oid desc offset $2`, templatePrefix, templatesKept)
	if err != nil {
		return err
	}
	old, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, name := range old {
		if _, err := s.super.Exec(ctx, `alter database `+name+` with is_template false`); err != nil {
			return err
		}
		if err := s.drop(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// dropStale drops the databases of processes that were killed.
func (s *server) dropStale(ctx context.Context) error {
	rows, err := s.super.Query(ctx, `select datname from pg_database where starts_with(datname, $1)`, databasePrefix)
	if err != nil {
		return err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, name := range names {
		process, _, _ := strings.Cut(strings.TrimPrefix(name, databasePrefix), "_")
		pid, err := strconv.Atoi(process)
		if err != nil || (pid != os.Getpid() && !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)) {
			continue
		}
		if err := s.drop(ctx, name); err != nil && !beingDropped(err) {
			return err
		}
	}
	return nil
}

// beingDropped means that another test process tidies the same database.
func beingDropped(err error) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && (refused.Code == "3D000" || refused.Code == "55006" || refused.Code == "XX000")
}

// folder holds the servers of this account's tests: in memory where there is room.
func folder() (string, error) {
	root := os.TempDir()
	var free syscall.Statfs_t
	if err := syscall.Statfs("/dev/shm", &free); err == nil && free.Bavail*uint64(free.Bsize) >= 1<<30 { //nolint:gosec // a size
		root = "/dev/shm"
	}
	dir := filepath.Join(root, fmt.Sprintf("onedoor-test-%d", os.Getuid()))
	if err := os.MkdirAll(dir, 0o755); err != nil { // the server's account passes through; its data is private
		return "", err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return "", err
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); !ok || !info.IsDir() || int(stat.Uid) != os.Getuid() {
		return "", fmt.Errorf("%s belongs to somebody else", dir)
	}
	return dir, os.Chmod(dir, 0o755) // as above, whatever the umask
}

// hints are where the repository keeps tools, and where ONEDOOR_POSTGRES says.
func hints() []string {
	hints := []string{os.Getenv("ONEDOOR_POSTGRES")}
	dir, err := os.Getwd()
	for err == nil && dir != filepath.Dir(dir) {
		if _, missing := os.Stat(filepath.Join(dir, "go.mod")); missing == nil {
			return append(hints, filepath.Join(dir, ".bin"), dir)
		}
		dir = filepath.Dir(dir)
	}
	return hints
}
