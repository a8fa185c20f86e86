// Package browsertest drives Chromium in tests: one browser for a test process, a tab with cookies of its own for each
// test, and axe-core for WCAG 2.2 AA. A test package that uses it hands its TestMain to Main.
//
//	func TestMain(m *testing.M) { browsertest.Main(m) }
//
//	func TestFrontDoor(t *testing.T) {
//		tab := browsertest.Open(t)
//		tab.Go(server.URL + "/riverside/")
//		browsertest.Axe(t, tab)
//	}
//
// Chromium is found as CHROME_BIN or on the path; when there is none, tests fail with the command that installs it.
package browsertest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

const (
	// tabs open at once; a browser with more of them is slower in all.
	tabs = 4
	// patience is how long a test may use its tab.
	patience = 4 * time.Minute
	// awaited is how long something on a page may take on a busy machine.
	awaited = time.Minute
)

// shared is the one browser of the process. A test process has no other place from which each test could reach it.
var shared browser

type browser struct {
	once  sync.Once
	ctx   context.Context
	err   error
	slots chan struct{}
	inUse bool
	stop  func()
}

// Main runs a package's tests, closes the browser if one was started, and exits.
func Main(m *testing.M) {
	shared.inUse, shared.slots = true, make(chan struct{}, tabs)
	code := m.Run()
	if shared.stop != nil {
		shared.stop()
	}
	os.Exit(code)
}

// start is called with the first tab.
func (b *browser) start() {
	program, err := find()
	if err != nil {
		b.err = err
		return
	}
	folder, err := os.MkdirTemp("", "onedoor-chromium-")
	if err != nil {
		b.err = err
		return
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program), chromedp.UserDataDir(folder), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("lang", "en-GB"),
	)
	allocator, freeAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, closeBrowser := chromedp.NewContext(allocator)
	b.stop = func() {
		closeBrowser()
		freeAllocator()
		_ = os.RemoveAll(folder) // a file that Chromium still writes is the temporary folder's to clean
	}
	b.ctx = ctx
	if err := chromedp.Do(ctx); err != nil {
		b.err = fmt.Errorf("chromium (%s) does not start: %w", program, err)
	}
}

func find() (string, error) {
	for _, name := range []string{os.Getenv("CHROME_BIN"), "chromium", "chromium-browser", "google-chrome"} {
		if name == "" {
			continue
		}
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("the tests of pages need Chromium: run `apt-get install -y chromium`, or set CHROME_BIN")
}

// Tab is one page of the browser, with cookies that no other tab sees. Every method fails the test when it cannot do
// what it says.
type Tab struct {
	t   testing.TB
	ctx context.Context
}

// Open gives a test a tab, desktop wide, until the test ends. It waits while others use them all.
func Open(t testing.TB) *Tab {
	t.Helper()
	if !shared.inUse {
		t.Fatal("a package that uses browsertest needs: func TestMain(m *testing.M) { browsertest.Main(m) }")
	}
	shared.slots <- struct{}{}
	t.Cleanup(func() { <-shared.slots })
	shared.once.Do(shared.start)
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	ctx, closeTab := chromedp.NewContext(shared.ctx, chromedp.WithNewBrowserContext())
	if err := chromedp.Do(ctx); err != nil {
		closeTab()
		t.Fatalf("a new tab: %v", err)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	t.Cleanup(func() { cancel(); closeTab() })
	tab := &Tab{t, ctx}
	tab.Size(Desktop)
	return tab
}

// Context is for chromedp itself, where a Tab has no method.
func (tab *Tab) Context() context.Context { return tab.ctx }

// Do runs chromedp's own actions.
func (tab *Tab) Do(what string, actions ...chromedp.Action[chromedp.Void]) {
	tab.t.Helper()
	if err := chromedp.Do(tab.ctx, actions...); err != nil {
		tab.t.Fatalf("%s: %v%s", what, err, tab.where())
	}
}

// where says what the browser shows, for a failure.
func (tab *Tab) where() string {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(tab.ctx), 2*time.Second)
	defer cancel()
	shown, err := chromedp.Run(ctx, chromedp.Evaluate[string](`location.pathname + " shows: " + document.title + "\n" + document.body.innerText.slice(0, 600)`))
	if err != nil {
		return ""
	}
	return "\nat " + strconv.Quote(shown)
}
