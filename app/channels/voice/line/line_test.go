package line_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os/exec"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"onedoor/app/channels/voice/line"
	"onedoor/app/channels/voice/media"
)

// patience bounds what a test waits for; nothing waits so long unless it fails.
const patience = 20 * time.Second

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
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	all := append([]string{
		r.Addr().String(), "-sf", "testdata/" + scenario + ".xml", "-i", "127.0.0.1", "-nostdin", "-nd",
		"-key", "caller", "07700900123", "-timeout", "25s", "-timeout_error", "-trace_err", "-error_file", "/dev/stderr",
	}, args...)
	for _, standard := range [][]string{{"-key", "rtp_port", "40000"}, {"-m", "1"}, {"-s", "riverside"}} { // of two, sipp takes either
		if !slices.Contains(args, standard[len(standard)-2]) {
			all = append(all, standard...)
		}
	}
	cmd := exec.CommandContext(ctx, "sipp", all...)
	var said, wrong bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.Dir = &said, &wrong, "."
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("sipp %s: %w\n%s%s", scenario, err, wrong.String(), tail(said.String()))
	}
	return nil
}

func tail(s string) string {
	if len(s) > 2500 {
		return s[len(s)-2500:]
	}
	return s
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

// telephone is the audio of a caller whose signalling is sipp's: it sends speech and keys, and hears.
type telephone struct {
	conn *net.UDPConn
	seq  uint16
	at   uint32
	to   *net.UDPAddr
}

func newTelephone(t *testing.T) *telephone {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &telephone{conn: conn, seq: 100, at: 8000}
}

func (p *telephone) port() string {
	return strconv.Itoa(p.conn.LocalAddr().(*net.UDPAddr).Port)
}

// hear waits for a packet of the line's, and learns where it sends from.
func (p *telephone) hear(t testing.TB) {
	t.Helper()
	_ = p.conn.SetReadDeadline(time.Now().Add(patience))
	_, from, err := p.conn.ReadFromUDP(make([]byte, 2048))
	if err != nil {
		t.Fatal("the line sent no audio:", err)
	}
	p.to = from
}

func (p *telephone) packet(t *testing.T, kind byte, marker bool, at uint32, payload []byte) {
	t.Helper()
	head := make([]byte, 12, 12+len(payload))
	head[0], head[1] = 0x80, kind
	if marker {
		head[1] |= 0x80
	}
	p.seq++
	binary.BigEndian.PutUint16(head[2:], p.seq)
	binary.BigEndian.PutUint32(head[4:], at)
	binary.BigEndian.PutUint32(head[8:], 0x0DECADE)
	if _, err := p.conn.WriteToUDP(append(head, payload...), p.to); err != nil {
		t.Error(err)
	}
}

// speak sends 20 ms of a-law silence.
func (p *telephone) speak(t *testing.T) {
	t.Helper()
	p.at += 160
	p.packet(t, 8, false, p.at, bytes.Repeat([]byte{0xD5}, 160))
}

// key sends keys by RFC 4733, with the end of each three times, as that asks.
func (p *telephone) key(t *testing.T, keys string) {
	t.Helper()
	for _, k := range []byte(keys) {
		event := byte(bytes.IndexByte([]byte("0123456789*#ABCD"), k))
		p.at += 1600
		for i := range 3 {
			p.packet(t, 101, i == 0, p.at, []byte{event, 10, 0, byte(160 * i)})
		}
		for range 3 {
			p.packet(t, 101, false, p.at, []byte{event, 0x80 | 10, 3, 0x20})
		}
		time.Sleep(15 * time.Millisecond) // a caller's finger: packets faster than anybody sends are refused as a flood
	}
}

func prefix(s string) netip.Prefix { return netip.MustParsePrefix(s) }
