package line

import (
	"bytes"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"
	"golang.org/x/time/rate"
)

// What one address may make this side do. A telephone system is one address with all its calls.
const (
	packetRate     = 1000 // packets a second from one address; twice that at once
	packetLongest  = 8 << 10
	addressesMost  = 4096 // addresses whose rate is remembered
	streamsMost    = 256  // TCP and TLS connections
	streamsEach    = 32   // of one address
	streamFirst    = 10 * time.Second
	streamIdleWait = time.Hour
)

// guard stands before sipgo: what it drops costs neither a transaction nor a place in a table.
type guard struct {
	admits func(netip.Addr) bool
	counts *counts
	invite rate.Limit

	mu     sync.Mutex
	limits map[netip.Addr]*limits
}

type limits struct{ invites, packets *rate.Limiter }

func newGuard(admits func(netip.Addr) bool, invites float64, counts *counts) *guard {
	return &guard{admits: admits, counts: counts, invite: rate.Limit(invites), limits: map[netip.Addr]*limits{}}
}

func (g *guard) of(address netip.Addr) *limits {
	g.mu.Lock()
	defer g.mu.Unlock()
	if l := g.limits[address]; l != nil {
		return l
	}
	if len(g.limits) >= addressesMost { // only whoever may send calls is here; forgetting them all is kind to them
		clear(g.limits)
	}
	l := &limits{rate.NewLimiter(g.invite, int(2*g.invite)+1), rate.NewLimiter(packetRate, 2*packetRate)}
	g.limits[address] = l
	return l
}

// filter is sipgo's hook on what was read, before it remembers the sender or parses a byte.
func (g *guard) filter(from sip.TransportReadProps, data []byte) ([]byte, error) {
	address := addressOf(from.RemoteAddr)
	if !g.admits(address) {
		g.counts.stray.Add(1)
		return nil, nil
	}
	l := g.of(address)
	if !l.packets.Allow() {
		g.counts.refuse(RefusedFlood)
		return nil, nil
	}
	if from.Transport != "UDP" {
		return data, nil // part of a stream: new calls are counted when they are read
	}
	if len(data) > packetLongest {
		g.counts.malformed.Add(1)
		return nil, nil
	}
	if bytes.HasPrefix(data, []byte("INVITE ")) && !l.invites.Allow() {
		g.counts.refuse(RefusedFlood)
		return nil, nil
	}
	return data, nil
}

// allowInvite is filter's rule for new calls that came by a stream.
func (g *guard) allowInvite(transport string, from netip.Addr) bool {
	return transport == "UDP" || g.of(from).invites.Allow()
}

func addressOf(a net.Addr) netip.Addr {
	p, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.Addr{}
	}
	return p.Addr().Unmap()
}

// streams bounds the connections that a listener takes: all, and each address's.
type streams struct {
	net.Listener
	guard *guard

	mu   sync.Mutex
	open map[netip.Addr]int
	all  int
}

func (g *guard) bound(l net.Listener) *streams {
	return &streams{Listener: l, guard: g, open: map[netip.Addr]int{}}
}

func (s *streams) Accept() (net.Conn, error) {
	for {
		conn, err := s.Listener.Accept()
		if err != nil {
			return nil, err
		}
		address := addressOf(conn.RemoteAddr())
		if s.take(address) {
			return &stream{Conn: conn, left: sync.OnceFunc(func() { s.leave(address) })}, nil
		}
		_ = conn.Close()
	}
}

func (s *streams) take(address netip.Addr) bool {
	if !s.guard.admits(address) {
		s.guard.counts.stray.Add(1)
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all >= streamsMost || s.open[address] >= streamsEach {
		s.guard.counts.refuse(RefusedFlood)
		return false
	}
	s.all++
	s.open[address]++
	return true
}

func (s *streams) leave(address netip.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all--
	if s.open[address]--; s.open[address] == 0 {
		delete(s.open, address)
	}
}

// stream is one connection: a peer that says nothing does not keep it.
type stream struct {
	net.Conn
	left  func()
	heard bool
}

func (s *stream) Read(b []byte) (int, error) {
	wait := streamFirst
	if s.heard {
		wait = streamIdleWait
	}
	if err := s.SetReadDeadline(time.Now().Add(wait)); err != nil {
		return 0, err
	}
	n, err := s.Conn.Read(b)
	s.heard = s.heard || n > 0
	return n, err
}

func (s *stream) Write(b []byte) (int, error) {
	if err := s.SetWriteDeadline(time.Now().Add(streamFirst)); err != nil {
		return 0, err
	}
	return s.Conn.Write(b)
}

func (s *stream) Close() error {
	s.left()
	return s.Conn.Close()
}
