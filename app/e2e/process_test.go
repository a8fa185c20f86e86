package e2e_test

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/demo"
)

// binary builds the program once, as it is delivered. It stays in the checkout's folder of tools, where the next run finds
// it up to date.
var binary = sync.OnceValues(func() (string, error) {
	root, err := os.Getwd()
	for err == nil {
		if _, missing := os.Stat(filepath.Join(root, "go.mod")); missing == nil {
			break
		}
		if root == filepath.Dir(root) {
			return "", errors.New("there is no go.mod above the tests")
		}
		root = filepath.Dir(root)
	}
	path := filepath.Join(root, ".bin", "onedoor-e2e")
	build := exec.Command("go", "build", "-o", path, "./app/cmd/onedoor")
	build.Dir = root
	if said, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build onedoor: %w\n%s", err, said)
	}
	return path, err
})

// process is a running onedoor.
type process struct {
	t           testing.TB
	cmd         *exec.Cmd
	out, errors *record
	ended       chan struct{}
}

// launch starts the program. It is killed at the end of the test if it still runs.
func launch(t testing.TB, args ...string) *process {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, cmd: exec.Command(path, args...), out: &record{}, errors: &record{}, ended: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.errors
	for _, setting := range os.Environ() {
		if !strings.HasPrefix(setting, "ONEDOOR_") || strings.HasPrefix(setting, "ONEDOOR_POSTGRES") {
			p.cmd.Env = append(p.cmd.Env, setting)
		}
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		_ = p.cmd.Wait() // its exit status is read by status
	}()
	t.Cleanup(func() {
		p.signal(syscall.SIGKILL)
		<-p.ended
		if t.Failed() {
			t.Logf("%s said:\n%s%s", strings.Join(args, " "), p.out, p.errors)
		}
	})
	return p
}

func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.t.Errorf("signal %d: %v", p.cmd.Process.Pid, err)
	}
}

// status waits for the process to end, and gives its exit status.
func (p *process) status() int {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(patience):
		p.t.Fatal("the process does not end")
	}
	return p.cmd.ProcessState.ExitCode()
}

// says fails the test unless the process wrote all these texts.
func (p *process) says(texts ...string) {
	p.t.Helper()
	said := p.out.String() + p.errors.String()
	for _, text := range texts {
		if !strings.Contains(said, text) {
			p.t.Errorf("it does not say %q:\n%s", text, said)
		}
	}
}

// dataFolder is one that PostgreSQL's own account can get to, when the tests run as root.
func dataFolder(t testing.TB) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "onedoor-e2e-")
	if err == nil {
		err = os.Chmod(folder, 0o755) //nolint:gosec // the server's account passes through; its data is private
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(folder); err != nil {
			t.Errorf("remove the data: %v", err)
		}
	})
	return folder
}

// demo starts `onedoor demo` on a data folder and waits until it is ready.
func launchDemo(t testing.TB, folder string, more ...string) (*process, demonstration) {
	t.Helper()
	p := launch(t, append([]string{"demo", "--data", folder, "--metrics", "127.0.0.1:0", "--simulator", "127.0.0.1:0", "--http", "127.0.0.1:0"}, more...)...)
	eventually(t, "the demonstration is ready", func() bool {
		select {
		case <-p.ended:
			t.Fatalf("it ended with %d", p.cmd.ProcessState.ExitCode())
		default:
		}
		_, err := os.Stat(filepath.Join(folder, demo.FileName))
		return err == nil && strings.Contains(p.out.String(), "Onedoor is ready")
	})
	return p, readDemonstration(t, folder)
}

// processesIn are those that work in a folder or were started with its name, by id and command.
func processesIn(t testing.TB, folder string) (found []string) {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		id, err := strconv.Atoi(e.Name())
		if err != nil || id == os.Getpid() {
			continue
		}
		at, _ := os.Readlink(filepath.Join("/proc", e.Name(), "cwd")) // somebody else's, or just gone
		command, _ := os.ReadFile(filepath.Join("/proc", e.Name(), "cmdline"))
		if len(command) == 0 {
			continue // it has given back its memory: it is dead, and only not yet gone
		}
		if strings.HasPrefix(at, folder) || strings.Contains(string(command), folder) {
			status, _ := os.ReadFile(filepath.Join("/proc", e.Name(), "status"))
			found = append(found, fmt.Sprintf("%d %q %s", id, command, status))
		}
	}
	return found
}

func TestTheDemonstrationAsAProcess(t *testing.T) {
	t.Parallel()
	folder := dataFolder(t)
	first, d := launchDemo(t, folder)
	first.says(d.BaseURL+"/riverside/", "Sam Carter", d.Patients[0].GivenName)
	app := d.as(t, clientOf(t), "app")
	kept := app.submit(asks(d.Patients[0], "admin", object{})).Reference
	d.as(t, app.http, "receptionist").command(kept, "claim", nil)
	d.as(t, app.http, "receptionist").command(kept, "outcome", object{"outcome": "done"})
	eventually(t, "filed", func() bool { return d.as(t, app.http, "receptionist").get(kept).filedAt("A81001") })

	first.signal(syscall.SIGINT)
	if status := first.status(); status != 0 {
		t.Errorf("after SIGINT it ended with %d", status)
	}
	if left := processesIn(t, folder); len(left) != 0 {
		t.Errorf("it left processes behind: %v", left)
	}
	if _, err := os.Stat(filepath.Join(folder, demo.FileName)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("demo.json says how to reach what is not there: %v", err)
	}

	second, again := launchDemo(t, folder)
	if again.Keys["app"] != d.Keys["app"] || again.Patients[0] != d.Patients[0] {
		t.Error("the keys or the people have changed")
	}
	if got := again.as(t, app.http, "receptionist").get(kept); got.Status != "closed" || !got.filedAt("A81001") {
		t.Errorf("after a stop: %+v", got)
	}
	t.Run("beside it", func(t *testing.T) { besideARunningOne(t, folder, second, again) })

	acknowledged := underLoad(t, again, func() { second.signal(syscall.SIGKILL) })
	second.status()
	third, afterwards := launchDemo(t, folder)
	for _, reference := range append(acknowledged, kept) {
		afterwards.as(t, app.http, "app").get(reference)
	}
	afterwards.hasOneEffect(t, "A81001", kept)
	third.signal(syscall.SIGTERM)
	if status := third.status(); status != 0 {
		t.Errorf("after SIGTERM it ended with %d", status)
	}
	if left := processesIn(t, folder); len(left) != 0 {
		t.Errorf("after a kill, a start and a stop, processes are left behind: %v", left)
	}
}

// underLoad kills while several clients submit, and gives the references that they were told.
func underLoad(t *testing.T, d demonstration, kill func()) (acknowledged []string) {
	t.Helper()
	var mu sync.Mutex
	var clients sync.WaitGroup
	for range 4 {
		app := d.as(t, clientOf(t), "app")
		clients.Go(func() {
			pace := time.NewTicker(100 * time.Millisecond) // within the limit of a key
			defer pace.Stop()
			for {
				got, err := app.do("POST", "/api/v1/requests", asks(d.Patients[1], "admin", object{}), "Idempotency-Key", uuid.NewString())
				if err != nil {
					return // it is gone
				}
				if got.Status == http.StatusCreated {
					mu.Lock()
					acknowledged = append(acknowledged, referenceOf(t, got))
					mu.Unlock()
				}
				<-pace.C
			}
		})
	}
	eventually(t, "some are acknowledged", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(acknowledged) >= 20
	})
	kill()
	clients.Wait()
	return acknowledged
}

// besideARunningOne starts others that must not run, and looks that the first does not suffer from it.
func besideARunningOne(t *testing.T, folder string, running *process, d demonstration) {
	pid := strconv.Itoa(running.cmd.Process.Pid)
	address := strings.TrimPrefix(d.BaseURL, "http://")
	for name, test := range map[string]struct {
		args []string
		says []string
	}{
		"the same folder, other ports": {[]string{"--data", folder, "--http", "127.0.0.1:0"}, []string{folder, "process " + pid}},
		"the same folder and port":     {[]string{"--data", folder, "--http", address}, []string{folder, "process " + pid}},
		"the same port":                {[]string{"--data", dataFolder(t), "--http", address}, []string{address, "--http"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := launch(t, append([]string{"demo", "--metrics", "127.0.0.1:0", "--simulator", "127.0.0.1:0"}, test.args...)...)
			if status := p.status(); status != 1 {
				t.Errorf("it ended with %d", status)
			}
			p.says(test.says...)
			if _, err := os.Stat(filepath.Join(folder, demo.FileName)); err != nil {
				t.Errorf("the first one's demo.json: %v", err)
			}
			d.as(t, clientOf(t), "app").submit(asks(d.Patients[0], "admin", object{}))
		})
	}
}

func TestHowTheProgramIsCalled(t *testing.T) {
	t.Parallel()
	folder := dataFolder(t)
	database := []string{"--database-url", "postgres://nobody@127.0.0.1:1/none"}
	for name, test := range map[string]struct {
		args   []string
		status int
		says   []string
	}{
		"help":                        {[]string{"--help"}, 0, []string{"serve", "demo", "migrate", "simulator", "version"}},
		"help of a command":           {[]string{"serve", "--help"}, 0, []string{"--roles", "--database-url", "ONEDOOR_DATABASE_URL", "ONEDOOR_HTTP", "ONEDOOR_CLOCK", "ONEDOOR_MODE"}},
		"version":                     {[]string{"version"}, 0, []string{"onedoor"}},
		"no command":                  {nil, 2, nil},
		"unknown command":             {[]string{"dance"}, 2, []string{"dance"}},
		"unknown flag":                {[]string{"demo", "--colour", "blue"}, 2, []string{"--colour"}},
		"a clock that is none":        {[]string{"demo", "--clock", "noon"}, 2, []string{"--clock"}},
		"unknown mode":                {[]string{"serve", "--mode", "test"}, 2, []string{"--mode", "production"}},
		"unknown role":                {[]string{"serve", "--roles", "cook", "--data", folder}, 1, []string{"cook"}},
		"an address that is none":     {[]string{"serve", "--http", "here", "--data", folder}, 1, []string{"--http"}},
		"production by default":       {[]string{"serve", "--mode", "production", "--data", folder}, 1, []string{"--database-url", "--public-url", "--oidc-issuer", "--oidc-client-id"}},
		"production as demonstration": {[]string{"demo", "--mode", "production", "--data", folder}, 1, []string{"production"}},
		"production without https": {append([]string{
			"serve", "--mode", "production", "--data", folder, "--public-url", "http://onedoor.example", "--oidc-issuer", "https://id.example", "--oidc-client-id", "onedoor", "--master-key", "key.json",
		}, database...), 1, []string{"https://"}},
		"production with a clock": {append([]string{
			"serve", "--mode", "production", "--data", folder, "--public-url", "https://onedoor.example", "--oidc-issuer", "https://id.example", "--oidc-client-id", "onedoor", "--master-key", "key.json",
			"--clock", "2026-11-23T10:00:00Z",
		}, database...), 1, []string{"clock"}},
		"help of policies":       {[]string{"policy", "--help"}, 0, []string{"check", "decide", "simulate", "diff", "bench", "dmn", "import", "export"}},
		"a key without a file":   {[]string{"key", "make"}, 1, []string{"--master-key"}},
		"a policy that is none":  {[]string{"policy", "check", "process_test.go"}, 1, []string{"invalid"}},
		"a policy not there":     {[]string{"policy", "check", "absent.yaml"}, 1, []string{"absent.yaml cannot be read"}},
		"a policy without facts": {[]string{"policy", "decide", "process_test.go"}, 2, []string{"--facts"}},
		"a model that is none":   {[]string{"policy", "dmn", "process_test.go", "--decision", "d"}, 1, []string{"Line "}},
		"no database there":      {append([]string{"serve", "--data", folder, "--http", "127.0.0.1:0", "--metrics", "127.0.0.1:0"}, database...), 1, []string{"database"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := launch(t, test.args...)
			if status := p.status(); status != test.status {
				t.Errorf("it ended with %d, want %d:\n%s%s", status, test.status, p.out, p.errors)
			}
			p.says(test.says...)
			if said := p.errors.String(); strings.Contains(said, "goroutine ") || strings.Contains(said, "panic") {
				t.Errorf("it shows a stack:\n%s", said)
			}
		})
	}
}
