package media

import (
	"net/netip"

	"golang.org/x/sys/unix"
)

// latch says where a call's sound comes from and goes to. SDP names an address; behind a translator (NAT) another one is
// seen. The first packet that is the call's own decides, once for each negotiation, and only if it comes from the address
// that SDP named, at any port, or from a network that may be the call's. Everything from anywhere else is foreign.
type latch struct {
	named    netip.AddrPort // by SDP
	from     netip.AddrPort // where packets come from since the last negotiation; not valid before the first
	to       netip.AddrPort // where we send
	toSocket unix.Sockaddr  // the same, for the kernel
}

// open begins a negotiation. What was latched before is sent to until a packet says otherwise: an address that SDP names
// behind a translator would not be reached.
func (l *latch) open(named netip.AddrPort) {
	moved := l.named != named
	l.named = named
	l.from = netip.AddrPort{}
	if moved || !l.to.IsValid() {
		l.aim(named)
	}
}

func (l *latch) aim(at netip.AddrPort) {
	l.to = at
	l.toSocket = sockaddr(at)
}

// may says whether a packet from there can be the call's.
func (l *latch) may(from netip.AddrPort, sources []netip.Prefix) bool {
	if l.from.IsValid() {
		return from == l.from
	}
	if from.Addr() == l.named.Addr() {
		return true
	}
	for _, prefix := range sources {
		if prefix.Contains(from.Addr()) {
			return true
		}
	}
	return false
}

// close settles it, and reports whether it is another place than SDP named.
func (l *latch) close(from netip.AddrPort) (elsewhere bool) {
	l.from = from
	l.aim(from)
	return from != l.named
}
