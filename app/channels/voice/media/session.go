package media

import (
	"errors"
	"io"
	"net/netip"
	"sync"
	"time"

	"onedoor/app/fault"
)

// Secure says whether a call's sound may or must be encrypted (SRTP, keys in SDP: RFC 4568). Keys in SDP are secret only
// when the signalling is: a line that requires SRTP takes its calls over TLS.
type Secure uint8

const (
	SecureWhenOffered Secure = iota
	SecureRequired           // plain RTP is refused, and our own offers are of SRTP
	SecureNever
)

// Options are what a session needs.
type Options struct {
	IP         netip.Addr     // where it listens
	Advertised netip.Addr     // what SDP says instead, where another address leads to IP
	Ports      *Ports         // shared by all calls
	Pacer      *Pacer         // shared by all calls
	Sources    []netip.Prefix // where sound may come from besides the address that SDP names: the signalling peer (NAT), the trunk's media
	Secure     Secure
	Random     io.Reader // crypto/rand.Reader in the product
	Now        func() time.Time
}

// Session is the sound of one call. Its methods may be called from any goroutine. One thing is played at a time and one
// recorded at a time; both may go on at once.
type Session struct {
	options Options
	carrier *worker
	slot    int

	mu      sync.Mutex
	socket  *socket
	closed  bool
	ended   chan struct{}
	local   description
	remote  agreement // what the last offer and answer agreed
	agreed  bool
	latch   latch
	in      receiver
	out     sender
	playing *playing
	taking  *taking
	keys    keypad
	counted Stats
}

// What a session refuses.
const (
	CodeClosed = "media_closed"  // the call is over
	CodeBusy   = "media_busy"    // it is playing, or recording, already
	CodeNoTalk = "media_no_talk" // nothing has been agreed yet
)

// ErrClosed ends what was going on when the session closed.
func ErrClosed() error { return fault.New(fault.Conflict, CodeClosed, "This call's sound has ended.") }

// NewSession takes a port and begins to listen; it sends nothing before an offer has been answered. Close gives the port back.
func NewSession(o Options) (*Session, error) {
	if o.Ports == nil || o.Pacer == nil || o.Random == nil || o.Now == nil || !o.IP.IsValid() {
		return nil, errors.New("a session needs an address, ports, a pacer, randomness and a clock")
	}
	s := &Session{options: o, ended: make(chan struct{})}
	s.keys.fetched = make(chan Digit, mostKeys)
	if err := s.draw(); err != nil {
		return nil, err
	}
	socket, err := o.Ports.listen(o.IP)
	if err != nil {
		return nil, err
	}
	s.socket = socket
	s.local.at = netip.AddrPortFrom(o.IP, socket.local.Port())
	if o.Advertised.IsValid() {
		s.local.at = netip.AddrPortFrom(o.Advertised, socket.local.Port())
	}
	s.in.heard = o.Now()
	o.Pacer.add(s)
	return s, nil
}

// draw makes what nobody may guess: where numbers begin, who we are, our keys.
func (s *Session) draw() error {
	v, err := number(s.options.Random)
	if err != nil {
		return err
	}
	s.out.ssrc, s.out.sequence = uint32(v), uint16(v>>32) //nolint:gosec // G115: any bits will do
	if v, err = number(s.options.Random); err != nil {
		return err
	}
	s.out.timestamp = uint32(v) //nolint:gosec // G115: any bits will do
	s.local.session = v >> 32   // positive in everybody's arithmetic
	_, err = io.ReadFull(s.options.Random, s.local.key[:])
	return err
}

// Close ends what is played and recorded, closes Digits, and gives the port back. A second time does nothing.
func (s *Session) Close() {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.closed = true
	close(s.ended)
	s.endPlaying(ErrClosed())
	s.endTaking(EndedByClose, 0)
	close(s.keys.fetched)
	port := s.socket.local.Port()
	s.socket.close()
	s.mu.Unlock()
	s.carrier.remove(s)
	s.options.Ports.giveBack(port)
}

// Done closes when the session does.
func (s *Session) Done() <-chan struct{} { return s.ended }

// Stats is what this call counted so far.
func (s *Session) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counted
}

// LastHeard is when the last packet came that belonged to the call; before the first one, when the session began or was
// last renegotiated. A call that is held need not send: see Held.
func (s *Session) LastHeard() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.in.heard
}

// Held says that the other side does not want to hear us now: what is played waits, and nothing is recorded.
func (s *Session) Held() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.agreed && !s.remote.listens
}

// Secured says that the call's sound is encrypted.
func (s *Session) Secured() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.agreed && s.remote.crypto != nil
}

// serve is the pacer's: what waits is read, and what is due by this round is sent. It must not be waited for: it asks
// the kernel and never blocks.
func (s *Session) serve(w *worker, round int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	now := s.options.Now()
	s.receive(w, now)
	s.send(w, round)
	s.watchTaking(now)
}
