package localpg_test

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"onedoor/infra/localpg"
)

const patience = 30 * time.Second

// folder is one that the server's account can reach, as t.TempDir is not when we are root.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "localpg-")
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func start(t *testing.T, o localpg.Options) *localpg.Cluster {
	t.Helper()
	c, err := localpg.Start(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func ask(t *testing.T, url, query string) (answer string) {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	if err := conn.QueryRow(context.Background(), query).Scan(&answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

func serverPID(t *testing.T, c *localpg.Cluster) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(c.Dir(), "postgres", "postmaster.pid"))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.Split(string(text), "\n")[0])
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("still not: %s", what)
		}
	}
}

func TestServerIsDurableAndPrivate(t *testing.T) {
	t.Parallel()
	c := start(t, localpg.Options{Dir: folder(t)})
	for setting, want := range map[string]string{
		"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "data_checksums": "on",
		"listen_addresses": "", "unix_socket_permissions": "0700", "log_min_error_statement": "panic",
	} {
		if got := ask(t, c.AppURL(), `select current_setting('`+setting+`')`); got != want {
			t.Errorf("%s is %q, want %q", setting, got, want)
		}
	}
	roles := ask(t, c.OwnerURL(), `
		select string_agg(concat_ws(' ', rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb), '; ' order by rolname)
		from pg_roles where rolname like 'onedoor%' and rolname <> 'onedoor_super'`)
	if roles != "onedoor_app f f f f; onedoor_owner f f f f" {
		t.Errorf("the roles are %s", roles)
	}
	if owner := ask(t, c.AppURL(), `select pg_get_userbyid(datdba) from pg_database where datname = current_database()`); owner != localpg.Owner {
		t.Errorf("the database belongs to %s", owner)
	}
	if os.Geteuid() == 0 && c.RunsAs() == "root" {
		t.Error("the server runs as root")
	}
	for _, private := range []string{"postgres", "socket"} {
		if info, err := os.Stat(filepath.Join(c.Dir(), private)); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v, %v", private, info.Mode(), err)
		}
	}
}

func TestLastOneOutStopsTheServerAndTheDataStays(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	first, err := localpg.Start(context.Background(), localpg.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	second, err := localpg.Start(context.Background(), localpg.Options{Dir: dir})
	if err != nil || first.Attached || !second.Attached {
		t.Fatalf("first attached %v, second attached %v, %v", first.Attached, second.Attached, err)
	}
	pid := serverPID(t, first)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	write(t, second.OwnerURL(), `create table kept as select 'here'::text as word`)
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the server has gone", func() bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) })
	if again := start(t, localpg.Options{Dir: dir}); again.Attached || ask(t, again.OwnerURL(), `select word from kept`) != "here" {
		t.Error("the data is not there at the next start")
	}
}

func write(t *testing.T, url, statement string) {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), url)
	if err == nil {
		_, err = conn.Exec(context.Background(), statement)
		err = errors.Join(err, conn.Close(context.Background()))
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestSecondHolderIsToldWhoTheFirstIs(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	start(t, localpg.Options{Dir: dir, Volatile: true, Holds: []string{"web", "jobs"}, Command: "onedoor demo"})
	_, err := localpg.Start(context.Background(), localpg.Options{Dir: dir, Volatile: true, Holds: []string{"jobs"}})
	var held *localpg.HeldError
	if !errors.As(err, &held) || held.PID != os.Getpid() || held.Command != "onedoor demo" || held.Name != "jobs" || time.Since(held.Started) > time.Hour {
		t.Fatalf("got %v", err)
	}
	if says := held.Error(); !strings.Contains(says, "process "+strconv.Itoa(os.Getpid())+" (onedoor demo)") {
		t.Errorf("it says: %s", says)
	}
	start(t, localpg.Options{Dir: dir, Volatile: true, Holds: []string{"voice"}})
}

// TestHelperStarts is no test: it is the process that the next tests kill.
func TestHelperStarts(t *testing.T) {
	dir := os.Getenv("LOCALPG_HELPER")
	if dir == "" {
		return
	}
	c, err := localpg.Start(context.Background(), localpg.Options{Dir: dir, Holds: []string{"demo"}})
	if err != nil {
		t.Fatal(err)
	}
	write(t, c.OwnerURL(), `create table kept as select 'here'::text as word`)
	os.Stdout.WriteString("ready\n")
	select {}
}

func startAndKill(t *testing.T, dir string) {
	t.Helper()
	helper := exec.Command(os.Args[0], "-test.run=^TestHelperStarts$")
	helper.Env = append(os.Environ(), "LOCALPG_HELPER="+dir)
	out, err := helper.StdoutPipe()
	if err == nil {
		err = helper.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() && lines.Text() != "ready" {
		t.Log(lines.Text())
	}
	if err := helper.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = helper.Wait() // it was killed
}

func TestNextStartAttachesAfterAKill(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	startAndKill(t, dir)
	c := start(t, localpg.Options{Dir: dir, Holds: []string{"demo"}})
	if !c.Attached || ask(t, c.OwnerURL(), `select word from kept`) != "here" {
		t.Errorf("attached %v", c.Attached)
	}
}

func TestNextStartRecoversWhenTheServerWasKilledToo(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	startAndKill(t, dir)
	pidFile := filepath.Join(dir, "postgres", "postmaster.pid")
	text, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	pid, err := strconv.Atoi(lines[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	// After a restart of a container its number is another's: ours, say.
	lines[0] = strconv.Itoa(os.Getpid())
	if err := os.WriteFile(pidFile, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	c := start(t, localpg.Options{Dir: dir, Holds: []string{"demo"}})
	if c.Attached || ask(t, c.OwnerURL(), `select word from kept`) != "here" {
		t.Errorf("attached %v", c.Attached)
	}
}

func TestFolderWithALongPath(t *testing.T) {
	t.Parallel()
	c, err := localpg.Start(context.Background(), localpg.Options{Dir: filepath.Join(folder(t), strings.Repeat("long/", 30)), Volatile: true})
	if err != nil {
		t.Fatal(err)
	}
	if got := ask(t, c.AppURL(), `select current_user::text`); got != localpg.App {
		t.Errorf("connected as %s", got)
	}
	config, err := pgx.ParseConfig(c.AppURL())
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(config.Host, c.Dir()) {
		t.Errorf("the socket is in %s", config.Host)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(config.Host); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket's folder is still there: %v", err)
	}
}

// Root's own home is closed to the account that the server runs as; anybody else's server runs as themselves.
func TestFolderInAPrivateHome(t *testing.T) {
	t.Parallel()
	home := folder(t)
	if err := os.Chmod(home, 0o700); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(home, "data")
	var went string // to /var/lib, when we are root
	t.Cleanup(func() { _ = os.RemoveAll(went) })
	c := start(t, localpg.Options{Dir: dir, Volatile: true})
	went = c.Dir()
	if moved := c.Dir() != dir; moved != (os.Geteuid() == 0) {
		t.Errorf("the data is in %s", c.Dir())
	}
	if again := start(t, localpg.Options{Dir: dir, Volatile: true}); again.Dir() != c.Dir() || !again.Attached {
		t.Errorf("the second start went to %s", again.Dir())
	}
}

func TestIdleServerStops(t *testing.T) {
	t.Parallel()
	c, err := localpg.Start(context.Background(), localpg.Options{Dir: folder(t), Volatile: true, StopWhenIdle: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	pid := serverPID(t, c)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the idle server has gone", func() bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) })
}

func TestFolderIsNeeded(t *testing.T) {
	t.Parallel()
	if _, err := localpg.Start(context.Background(), localpg.Options{}); err == nil {
		t.Error("started nowhere")
	}
}
