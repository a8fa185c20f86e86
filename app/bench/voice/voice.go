// Package voice measures the voice channel: many calls at once with sound both ways over real UDP, the telephones in a
// process of their own. It prints what a caller would hear (the gaps between packets, as the kernel stamped them) and
// what a call costs (processor, memory). Its telephones speak to this machine only, and it stores nothing.
package voice

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"onedoor/app/bench"
	"onedoor/app/channels/voice/media"
)

// Options say what to measure.
type Options struct {
	Calls   int
	Seconds int
	Workers int    // goroutines of the scheduler
	Plain   bool   // also with a goroutine and a ticker for each call, to compare
	Secure  bool   // not for the plain ones
	Program string // this program, which is started again to be the telephones
	Rounds  int
	Out     io.Writer
}

// side is one side that is measured.
type side interface {
	// answer begins a call whose telephone is at an address, and says where the telephone has to send.
	answer(telephone netip.AddrPort) (netip.AddrPort, error)
	received() uint64
	close()
}

// Measure measures the sound alone, and then whole calls over SIP.
func Measure(ctx context.Context, o Options) error {
	fmt.Fprintf(o.Out, "%d calls with sound both ways for %d s, %d processors, load %s before; bars: p99 of gaps 40 ms, 100 KB a call.\n\nSound alone:\n", o.Calls, o.Seconds, runtime.NumCPU(), load())
	for range max(1, o.Rounds) {
		if o.Plain {
			if err := measure(ctx, o, "a goroutine and a ticker each", newPlain()); err != nil {
				return err
			}
		}
		s, err := newScheduled(o.Workers)
		if err != nil {
			return err
		}
		if err := measure(ctx, o, fmt.Sprintf("one scheduler, %d goroutines", o.Workers), s); err != nil {
			return err
		}
	}
	fmt.Fprint(o.Out, "\nWhole calls over SIP, from INVITE to BYE:\n")
	for range max(1, o.Rounds) {
		c, err := newCalls(o)
		if err != nil {
			return err
		}
		if err := measure(ctx, o, "the line", c); err != nil {
			return err
		}
	}
	return nil
}

// measure runs calls on one side.
func measure(ctx context.Context, o Options, name string, l side) error {
	defer l.close()
	phones, err := startTelephones(ctx, o)
	if err != nil {
		return err
	}
	defer phones.end()
	before := settled()
	if c, ok := l.(*calls); ok {
		phones.order.Line, phones.order.Calls = c.rings(), o.Calls
	}
	for i := 0; i < o.Calls && phones.order.Calls == 0; i++ {
		to, err := l.answer(phones.hello.At[i%len(phones.hello.At)])
		if err != nil {
			return err
		}
		phones.order.To = append(phones.order.To, to)
	}
	began, spent := time.Now(), processor()
	heard, err := phones.run()
	took := time.Since(began)
	spent = processor() - spent
	if err != nil {
		return err
	}
	after := settled()
	share := float64(l.received()) / float64(max(1, heard.Sent))
	fmt.Fprintf(o.Out, "  %-31s gaps p50 %5.1f  p90 %5.1f  p99 %5.1f  max %6.1f ms   lost %.2f%% there, %.2f%% back   %4.0f%% of a processor   %5.1f KB a call   load %s\n",
		name, heard.P50, heard.P90, heard.P99, heard.Max, 100*heard.Lost, 100*(1-share), 100*spent.Seconds()/took.Seconds(), float64(after-min(before, after))/1024/float64(o.Calls), load())
	if share < 0.9 || heard.Received == 0 {
		return errors.New("sound did not go both ways")
	}
	return nil
}

// settled is the memory that the process has after it was tidied: what calls hold, not what was once needed.
func settled() uint64 {
	debug.FreeOSMemory()
	stop := bench.Watch()
	return stop().Resident
}

func processor() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func load() string {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(b), " ")
	return first
}

// scheduled is the product's own way.
type scheduled struct {
	pacer    *media.Pacer
	ports    *media.Ports
	sessions []*media.Session
	speaking sync.WaitGroup
	stop     context.CancelFunc
	ctx      context.Context
	speech   media.Audio
}

func newScheduled(workers int) (*scheduled, error) {
	ports, err := media.NewPorts(0, 0, rand.Reader)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	return &scheduled{pacer: media.NewPacer(workers, time.Now), ports: ports, ctx: ctx, stop: stop, speech: media.Tone(440, 10*time.Second)}, nil
}

func (s *scheduled) answer(telephone netip.AddrPort) (netip.AddrPort, error) {
	session, err := media.NewSession(media.Options{IP: telephone.Addr(), Ports: s.ports, Pacer: s.pacer, Random: rand.Reader, Now: time.Now})
	if err != nil {
		return netip.AddrPort{}, err
	}
	s.sessions = append(s.sessions, session)
	offer, err := media.ParseOffer(offer(telephone))
	if err != nil {
		return netip.AddrPort{}, err
	}
	answer, err := session.Answer(offer)
	if err != nil {
		return netip.AddrPort{}, err
	}
	s.speaking.Go(func() { // as a call's own goroutine does
		for s.ctx.Err() == nil {
			if _, err := session.Play(s.ctx, s.speech, true); err != nil {
				return
			}
		}
	})
	return answeredAt(answer)
}

func (s *scheduled) received() uint64 { return s.pacer.Stats().Received }

func (s *scheduled) close() {
	s.stop()
	s.speaking.Wait()
	for _, session := range s.sessions {
		session.Close()
	}
	s.pacer.Close()
}

// telephones are the other process.
type telephones struct {
	command *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
	hello   hello
	order   order
}

// What is said between both processes, a line of JSON each.
type (
	hello struct{ At []netip.AddrPort }
	order struct {
		To      []netip.AddrPort
		Line    netip.AddrPort // to be rung, instead
		Calls   int
		Seconds int
	}
	// Heard is what the telephones found. Gaps are in milliseconds.
	Heard struct {
		P50, P90, P99, Max float64
		Sent, Received     uint64
		Lost               float64 // the share that never came
	}
)

func startTelephones(ctx context.Context, o Options) (*telephones, error) {
	t := &telephones{command: exec.CommandContext(ctx, o.Program, "bench", "telephones"), order: order{Seconds: o.Seconds}} //nolint:gosec // G204: this program itself
	t.command.Stderr = os.Stderr
	var err error
	if t.in, err = t.command.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := t.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	t.out = bufio.NewReader(out)
	if err := t.command.Start(); err != nil {
		return nil, fmt.Errorf("starting the telephones: %w", err)
	}
	if err := json.NewDecoder(lineOf(t.out)).Decode(&t.hello); err != nil || len(t.hello.At) == 0 {
		t.end()
		return nil, fmt.Errorf("the telephones said nothing: %w", err)
	}
	return t, nil
}

func (t *telephones) run() (Heard, error) {
	var h Heard
	if err := json.NewEncoder(t.in).Encode(t.order); err != nil {
		return h, err
	}
	if err := json.NewDecoder(lineOf(t.out)).Decode(&h); err != nil {
		return h, fmt.Errorf("the telephones failed: %w", err)
	}
	return h, nil
}

// end lets the telephones go: their input closes, and they stop.
func (t *telephones) end() {
	_ = t.in.Close()
	_ = t.command.Wait()
}

func lineOf(r *bufio.Reader) io.Reader {
	line, err := r.ReadString('\n')
	if err != nil {
		return strings.NewReader("")
	}
	return strings.NewReader(line)
}

func offer(at netip.AddrPort) []byte {
	return fmt.Appendf(nil, "v=0\r\no=- 1 1 IN IP4 %[1]s\r\ns=-\r\nc=IN IP4 %[1]s\r\nt=0 0\r\nm=audio %[2]d RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\n", at.Addr(), at.Port())
}

// answeredAt finds where an answer wants to be sent to, all on this machine.
func answeredAt(answer []byte) (netip.AddrPort, error) {
	_, after, ok := strings.Cut(string(answer), "m=audio ")
	var port uint16
	if _, err := fmt.Sscanf(after, "%d", &port); !ok || err != nil {
		return netip.AddrPort{}, errors.New("the answer names no port")
	}
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), port), nil
}
