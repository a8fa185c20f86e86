package media

import (
	"errors"
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"
)

// socket is a UDP socket that is asked and never waited for: the pacer looks into each one when its turn comes. It is
// outside Go's network poller on purpose, because the poller wakes a thread for each packet that arrives, and a call's
// packets can all wait for the next frame. It is not safe for use after close: its session's lock orders that.
type socket struct {
	fd    int
	local netip.AddrPort
}

// errNothing says that no packet waits.
var errNothing = errors.New("no packet waits")

// Kernel buffers: 64 KiB holds more than a second of a call, and bounds what a flood can make the kernel keep.
const kernelBuffer = 64 << 10

// expedited is the traffic class that networks carry voice in (DSCP EF, RFC 3246), as the byte in the packet.
const expedited = 46 << 2

func openSocket(at netip.AddrPort) (*socket, error) {
	family := unix.AF_INET
	if at.Addr().Is6() {
		family = unix.AF_INET6
	}
	fd, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("opening a socket for sound: %w", err)
	}
	s := &socket{fd: fd}
	if err := s.prepare(family, at); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *socket) prepare(family int, at netip.AddrPort) error {
	for _, buffer := range []int{unix.SO_RCVBUF, unix.SO_SNDBUF} {
		if err := unix.SetsockoptInt(s.fd, unix.SOL_SOCKET, buffer, kernelBuffer); err != nil {
			return fmt.Errorf("sizing a socket for sound: %w", err)
		}
	}
	// Marking is a courtesy to the network: where it is not allowed, the call goes on without.
	if family == unix.AF_INET {
		_ = unix.SetsockoptInt(s.fd, unix.IPPROTO_IP, unix.IP_TOS, expedited)
	} else {
		_ = unix.SetsockoptInt(s.fd, unix.IPPROTO_IPV6, unix.IPV6_TCLASS, expedited)
	}
	if err := unix.Bind(s.fd, sockaddr(at)); err != nil {
		return fmt.Errorf("binding a port for sound: %w", err)
	}
	bound, err := unix.Getsockname(s.fd)
	if err != nil {
		return fmt.Errorf("asking a socket for its port: %w", err)
	}
	s.local = addrPort(bound)
	return nil
}

// read takes one waiting packet.
func (s *socket) read(into []byte) (int, netip.AddrPort, error) {
	n, from, err := unix.Recvfrom(s.fd, into, unix.MSG_DONTWAIT)
	if err != nil {
		return 0, netip.AddrPort{}, errNothing // no packet, or the kernel's report of one that we sent in vain
	}
	return n, addrPort(from), nil
}

// write sends one packet; a full queue loses it, as a network would.
func (s *socket) write(packet []byte, to unix.Sockaddr) error {
	return unix.Sendto(s.fd, packet, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, to)
}

func (s *socket) close() { _ = unix.Close(s.fd) }

func sockaddr(a netip.AddrPort) unix.Sockaddr {
	if a.Addr().Is4() {
		return &unix.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().As4()}
	}
	return &unix.SockaddrInet6{Port: int(a.Port()), Addr: a.Addr().As16()}
}

func addrPort(s unix.Sockaddr) netip.AddrPort {
	switch a := s.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port)) //nolint:gosec // G115: a port
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(a.Addr).Unmap(), uint16(a.Port)) //nolint:gosec // G115: a port
	}
	return netip.AddrPort{}
}
