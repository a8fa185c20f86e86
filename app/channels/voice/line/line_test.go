package line_test

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/netip"
	"sync"
	"testing"
	"time"

	"onedoor/app/channels/voice/line"
	"onedoor/app/channels/voice/line/linetest"
	"onedoor/app/channels/voice/media"
)

// patience bounds what a test waits for; nothing waits so long unless it fails.
const patience = time.Minute

// answering is a handler made of one function, which keeps the calls that it got.
type answering struct {
	do    func(ctx context.Context, call line.Call) error
	calls chan line.Call
	ended chan error // the cause of each call's end

	mu         sync.Mutex
	unanswered []line.Unanswered
}

func (a *answering) Call(ctx context.Context, call line.Call) error {
	a.calls <- call
	err := a.do(ctx, call)
	if ctx.Err() != nil {
		a.ended <- context.Cause(ctx)
	} else {
		a.ended <- nil
	}
	return err
}

func (a *answering) Unanswered(_ context.Context, u line.Unanswered) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.unanswered = append(a.unanswered, u)
}

func (a *answering) reasons() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var list []string
	for _, u := range a.unanswered {
		list = append(list, u.Reason)
	}
	return list
}

// untilItEnds stays on the call until the other side ends it.
func untilItEnds(ctx context.Context, _ line.Call) error {
	<-ctx.Done()
	return nil
}

// collect returns the digits of a call up to one that ends it.
func collect(ctx context.Context, call line.Call, last byte) string {
	var digits []byte
	for {
		select {
		case d, ok := <-call.Media().Digits():
			if !ok {
				return string(digits)
			}
			digits = append(digits, d.Key)
			if d.Key == last {
				return string(digits)
			}
		case <-ctx.Done():
			return string(digits)
		}
	}
}

func riverside() line.Line {
	return line.Line{Name: "riverside", Language: "en", Reception: []string{"sip:reception@127.0.0.1:5999"}}
}

// running is a line that listens on loopback until the test ends.
type running struct {
	*line.Server
	handler *answering
	stop    func() error
}

func start(t *testing.T, do func(ctx context.Context, call line.Call) error, change ...func(*line.Config)) *running {
	t.Helper()
	ports, err := media.NewPorts(0, 0, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	pacer := media.NewPacer(1, time.Now)
	t.Cleanup(pacer.Close)
	config := line.Config{
		Listen: "127.0.0.1:0", Lines: []line.Line{riverside()}, Ports: ports, Pacer: pacer, Random: rand.Reader,
		Ring: 20 * time.Millisecond, Watch: 20 * time.Millisecond, TransferWait: 5 * time.Second, DrainWait: 200 * time.Millisecond,
	}
	for _, c := range change {
		c(&config)
	}
	handler := &answering{do: do, calls: make(chan line.Call, 4096), ended: make(chan error, 4096)}
	server, err := line.New(config, handler, slog.New(slog.NewTextHandler(t.Output(), nil)), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	r := &running{Server: server, handler: handler, stop: sync.OnceValue(func() error { cancel(); return <-ended })}
	t.Cleanup(func() {
		if err := r.stop(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// sipp plays a scenario of testdata against the line, and fails the test when it does not go as it says.
func (r *running) sipp(t *testing.T, scenario string, args ...string) {
	t.Helper()
	if err := r.trySipp(t, scenario, args...); err != nil {
		t.Fatal(err)
	}
}

func (r *running) trySipp(t *testing.T, scenario string, args ...string) error {
	t.Helper()
	return linetest.Sipp(t, "testdata/"+scenario+".xml", r.Addr(), args...)
}

// next is the next call that the handler got.
func (r *running) next(t *testing.T) line.Call {
	t.Helper()
	select {
	case c := <-r.handler.calls:
		return c
	case <-time.After(patience):
		t.Fatal("no call came")
		return nil
	}
}

func (r *running) endsWith(t *testing.T, want error) {
	t.Helper()
	select {
	case got := <-r.handler.ended:
		if !errors.Is(got, want) {
			t.Fatalf("the call ended with %v, want %v", got, want)
		}
	case <-time.After(patience):
		t.Fatal("the call did not end")
	}
}

// eventually waits for what will soon be so.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !is() {
		if time.Now().After(deadline) {
			t.Fatalf("it never was so that %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func prefix(s string) netip.Prefix { return netip.MustParsePrefix(s) }
