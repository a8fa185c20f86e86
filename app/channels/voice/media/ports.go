package media

import (
	"errors"
	"io"
	"net/netip"
	"sync"

	"onedoor/app/fault"
)

// CodePortsExhausted refuses a call because every port for sound is in use.
const CodePortsExhausted = "media_ports_exhausted"

// Ports lends UDP ports for RTP: even ones, in an order that nobody outside can guess, each resting as long as possible
// before it is lent again, because the last call's packets may still be on their way.
type Ports struct {
	mu   sync.Mutex
	free []uint16 // lent from the front, given back at the end
	any  bool
}

// NewPorts lends the even ports from low to high; 0 and 0 leave the choice to the operating system.
func NewPorts(low, high uint16, random io.Reader) (*Ports, error) {
	if low == 0 && high == 0 {
		return &Ports{any: true}, nil
	}
	p := &Ports{}
	for port := (uint32(low) + 1) &^ 1; port <= uint32(high); port += 2 {
		p.free = append(p.free, uint16(port)) //nolint:gosec // G115: at most high
	}
	if low < 1024 || len(p.free) == 0 {
		return nil, fault.New(fault.Invalid, "media_ports", "The ports for sound must be a range above 1023 with an even number in it.")
	}
	for i := len(p.free) - 1; i > 0; i-- {
		j, err := below(random, i+1)
		if err != nil {
			return nil, err
		}
		p.free[i], p.free[j] = p.free[j], p.free[i]
	}
	return p, nil
}

// Free is how many calls could still have a port. An unbounded pool always says one.
func (p *Ports) Free() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.any {
		return 1
	}
	return len(p.free)
}

// listen opens a socket on a port that is free here and that no other program has.
func (p *Ports) listen(ip netip.Addr) (*socket, error) {
	if p.any {
		return openSocket(netip.AddrPortFrom(ip, 0))
	}
	var tried []uint16
	defer func() { p.giveBack(tried...) }()
	var last error
	for {
		port, ok := p.take()
		if !ok {
			return nil, fault.New(fault.Unavailable, CodePortsExhausted, "Every port for calls is in use.").Because(errors.Join(last, errNoPort))
		}
		s, err := openSocket(netip.AddrPortFrom(ip, port))
		if err == nil {
			return s, nil
		}
		tried, last = append(tried, port), err
		if len(tried) == 64 { // it is not the port that is wrong
			return nil, last
		}
	}
}

var errNoPort = errors.New("no port is left to try")

func (p *Ports) take() (uint16, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.free) == 0 {
		return 0, false
	}
	port := p.free[0]
	p.free = p.free[1:]
	return port, true
}

func (p *Ports) giveBack(ports ...uint16) {
	if p.any {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free = append(p.free, ports...)
}
