package line

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
)

// endedKept is how long a call that ended is remembered, for messages about it that come late: 64 times T1.
const endedKept = 32 * time.Second

// Server listens for calls.
type Server struct {
	config  Config
	handler Handler
	log     *slog.Logger
	now     func() time.Time
	counts  *counts
	guard   *guard

	agent  *sipgo.UserAgent
	server *sipgo.Server
	client *sipgo.Client

	udp            net.PacketConn
	tcp, tls       net.Listener
	loopback       bool // the listener is reached from this machine only
	lines          map[string]Line
	draining       atomic.Bool
	registrarsLock sync.RWMutex
	registrars     map[string][]netip.Addr // by line

	mu     sync.Mutex
	calls  map[string]*call // by dialog; those that ended lately too
	unique map[string]bool  // Call-ID and From tag of calls that began, against one that comes by two ways
	ending sync.WaitGroup   // calls and what they still send
}

// New takes the addresses; nothing is answered before Run. log gets names of lines and counts, nothing of a call. now is the
// product's clock, for the moment at which a call began; waits and audio go by the machine's, which Config.Pacer must as well.
func New(c Config, handler Handler, log *slog.Logger, now func() time.Time) (_ *Server, err error) {
	c = c.withDefaults()
	if err := c.check(); err != nil {
		return nil, err
	}
	host, _, _ := net.SplitHostPort(c.Listen)
	s := &Server{
		config: c, handler: handler, log: log, now: now, counts: newCounts(), loopback: loopbackHost(host),
		lines: map[string]Line{}, registrars: map[string][]netip.Addr{}, calls: map[string]*call{}, unique: map[string]bool{},
	}
	for _, l := range c.Lines {
		s.lines[Key(l.Name)] = l
	}
	s.guard = newGuard(s.admitted, c.InviteRate, s.counts)
	defer func() {
		if err != nil {
			s.closeSockets()
		}
	}()
	if err := s.listen(); err != nil {
		return nil, err
	}
	return s, s.prepare()
}

// listen takes one port for UDP and TCP, and another for TLS.
func (s *Server) listen() (err error) {
	var lc net.ListenConfig
	ctx := context.Background() // binding a socket does not wait
	for range 20 {              // a free port that is taken for the other protocol is let go, and another tried
		if s.udp, err = lc.ListenPacket(ctx, "udp", s.config.Listen); err != nil {
			return fmt.Errorf("the telephone line cannot listen on %s: stop what does or choose another address (%w)", s.config.Listen, err)
		}
		if s.tcp, err = lc.Listen(ctx, "tcp", s.udp.LocalAddr().String()); err == nil {
			break
		}
		_ = s.udp.Close()
		if !strings.HasSuffix(s.config.Listen, ":0") {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("the telephone line cannot listen on %s: stop what does or choose another address (%w)", s.config.Listen, err)
	}
	if s.config.TLS != nil {
		l, err := lc.Listen(ctx, "tcp", s.config.ListenTLS)
		if err != nil {
			return fmt.Errorf("the telephone line cannot listen on %s: stop what does or choose another address (%w)", s.config.ListenTLS, err)
		}
		s.tls = tls.NewListener(s.guard.bound(l), s.config.TLS)
	}
	return nil
}

// prepare makes sipgo's layers. Its log is discarded: see libraryLog.
func (s *Server) prepare() (err error) {
	quiet := slog.New(libraryLog{s.counts})
	s.agent, err = sipgo.NewUA(
		sipgo.WithUserAgent("Onedoor"), sipgo.WithUserAgenTLSConfig(s.config.Trust),
		sipgo.WithUserAgentTransactionLayerOptions(sip.WithTransactionLayerLogger(quiet), sip.WithTransactionLayerUnhandledResponseHandler(func(*sip.Response) {})),
		sipgo.WithUserAgentTransportLayerOptions(sip.WithTransportLayerLogger(quiet), sip.WithTransportLayerReadFilter(s.guard.filter)),
	)
	if err != nil {
		return err
	}
	if s.server, err = sipgo.NewServer(s.agent, sipgo.WithServerLogger(quiet)); err != nil {
		return err
	}
	if s.client, err = sipgo.NewClient(s.agent, sipgo.WithClientLogger(quiet)); err != nil {
		return err
	}
	s.server.OnInvite(s.safely(s.onInvite))
	s.server.OnAck(s.safely(s.onAck))
	s.server.OnBye(s.safely(s.onBye))
	s.server.OnUpdate(s.safely(s.onUpdate))
	s.server.OnInfo(s.safely(s.onInfo))
	s.server.OnNotify(s.safely(s.onNotify))
	s.server.OnOptions(s.safely(s.onOptions))
	s.server.OnCancel(s.safely(func(req *sip.Request, tx sip.ServerTransaction) { s.refuse(req, tx, 481, RefusedDialog) }))
	s.server.OnNoRoute(s.safely(s.onOther))
	return nil
}

// safely keeps one message that breaks its handler from ending every call of the process.
func (s *Server) safely(handle sipgo.RequestHandler) sipgo.RequestHandler {
	return func(req *sip.Request, tx sip.ServerTransaction) {
		defer func() {
			if broken := recover(); broken != nil {
				s.counts.panics.Add(1)
				s.log.Error("a SIP message broke its handler", "method", req.Method.String(), "kind", fmt.Sprintf("%T", broken))
				_ = tx.Respond(sip.NewResponseFromRequest(req, 500, "Server Internal Error", nil))
			}
		}()
		if req.From() == nil || req.To() == nil || req.CallID() == nil || req.CSeq() == nil || req.CSeq().MethodName != req.Method {
			s.counts.malformed.Add(1)
			if !req.IsAck() {
				_ = tx.Respond(sip.NewResponseFromRequest(req, 400, "Bad Request", nil))
			}
			return
		}
		handle(req, tx)
	}
}

// Addr is where UDP and TCP listen: what a port of 0 became.
func (s *Server) Addr() netip.AddrPort { return addrPort(s.udp.LocalAddr()) }

// AddrTLS is where TLS listens; the zero value when it does not.
func (s *Server) AddrTLS() netip.AddrPort {
	if s.tls == nil {
		return netip.AddrPort{}
	}
	return addrPort(s.tls.Addr())
}

func addrPort(a net.Addr) netip.AddrPort {
	p, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(p.Addr().Unmap(), p.Port())
}

// Stats are the line's figures.
func (s *Server) Stats() Stats { return s.counts.stats(s.config.Most) }

// Run answers calls until ctx is done. Then it unregisters and refuses new calls, lets calls finish for DrainWait, ends what
// is left, and returns.
func (s *Server) Run(ctx context.Context) error {
	running, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(nil)
	var parts sync.WaitGroup
	start := func(run func() error) {
		parts.Go(func() {
			if err := run(); err != nil && running.Err() == nil {
				stop(err)
			}
		})
	}
	start(func() error { return s.server.ServeUDP(s.udp) })
	start(func() error { return s.server.ServeTCP(s.guard.bound(s.tcp)) })
	if s.tls != nil {
		start(func() error { return s.server.ServeTLS(s.tls) })
	}
	start(func() error { s.watch(running); return nil })
	s.awaitSocket(running)
	registering, unregister := context.WithCancel(running)
	var registrations sync.WaitGroup
	for _, l := range s.lines {
		if l.Register != nil {
			registrations.Go(func() { s.keepRegistered(registering, l) })
		}
	}

	select {
	case <-ctx.Done():
	case <-running.Done(): // a listener failed
	}
	s.draining.Store(true)
	unregister()
	registrations.Wait()
	s.drain(running)
	cause := context.Cause(running)
	stop(nil)
	s.Close()
	parts.Wait()
	if cause != nil && !errors.Is(cause, net.ErrClosed) {
		return fmt.Errorf("the telephone line stopped: %w", cause)
	}
	return nil
}

// awaitSocket waits until sipgo sends by the socket that it listens on; before that, it would open another.
func (s *Server) awaitSocket(ctx context.Context) {
	address := laddrOf(s.Addr())
	for ctx.Err() == nil {
		if conn, err := s.agent.TransportLayer().GetConnection("udp", address.String()); err == nil {
			_, _ = conn.TryClose()
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Millisecond):
		}
	}
}

// drain waits for calls to finish, and then ends them.
func (s *Server) drain(ctx context.Context) {
	idle := make(chan struct{})
	go func() {
		s.ending.Wait()
		close(idle)
	}()
	timer := time.NewTimer(s.config.DrainWait)
	defer timer.Stop()
	select {
	case <-idle:
		return
	case <-ctx.Done():
	case <-timer.C:
	}
	for _, c := range s.standing() {
		c.end(ErrDrained)
	}
	timer.Reset(2 * byeWait)
	select {
	case <-idle:
	case <-timer.C:
	}
}

// Close lets go of the addresses; Run does it itself.
func (s *Server) Close() {
	s.closeSockets()
	if s.agent != nil {
		_ = s.agent.Close()
	}
}

func (s *Server) closeSockets() {
	for _, c := range []io.Closer{s.udp, s.tcp, s.tls} {
		if c != nil {
			_ = c.Close()
		}
	}
}

func (s *Server) find(req *sip.Request) *call {
	id, err := sip.DialogIDFromRequestUAS(req)
	if err != nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[id]
}

// standing are the calls that have not ended.
func (s *Server) standing() []*call {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]*call, 0, len(s.calls))
	for _, c := range s.calls {
		if c.ctx.Err() == nil {
			list = append(list, c)
		}
	}
	return list
}
