package outbound

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"onedoor/app/fault"
)

// Allowed is an address, or a range of them, that an operator lets the product call although it is not public.
type Allowed struct {
	Prefix netip.Prefix
	Port   uint16 // zero for every port
}

// ParseAllowed reads what an operator writes: 10.1.2.0/24, 127.0.0.1:8090, [fd00::1]:443, fd00::/64 or one address, with
// commas between.
func ParseAllowed(list string) ([]Allowed, error) {
	var all []Allowed
	for part := range strings.SplitSeq(list, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		one, ok := parseAllowed(part)
		if !ok {
			return nil, fault.New(fault.Invalid, "outbound_allow_format",
				"%q is not an address that calls can be allowed to: write 10.1.2.0/24, 127.0.0.1:8090 or [fd00::1]:443.", part)
		}
		all = append(all, one)
	}
	return all, nil
}

func parseAllowed(s string) (Allowed, bool) {
	if at, err := netip.ParseAddrPort(s); err == nil && at.Addr().Zone() == "" && at.Port() != 0 {
		return Allowed{Prefix: whole(at.Addr()), Port: at.Port()}, true
	}
	if prefix, err := netip.ParsePrefix(s); err == nil {
		if prefix.Addr().Is4In6() {
			return Allowed{}, false // ::ffff:0:0/n: written as IPv4 it says what it means
		}
		return Allowed{Prefix: prefix.Masked()}, true
	}
	if a, err := netip.ParseAddr(s); err == nil && a.Zone() == "" {
		return Allowed{Prefix: whole(a)}, true
	}
	return Allowed{}, false
}

func whole(a netip.Addr) netip.Prefix {
	a = a.Unmap()
	return netip.PrefixFrom(a, a.BitLen())
}

func (a Allowed) holds(at netip.AddrPort) bool {
	return (a.Port == 0 || a.Port == at.Port()) && a.Prefix.Contains(at.Addr())
}

// String is what ParseAllowed reads.
func (a Allowed) String() string {
	if a.Port == 0 {
		return a.Prefix.String()
	}
	return netip.AddrPortFrom(a.Prefix.Addr(), a.Port).String()
}

// parseDialled reads what a dialer is about to connect to; an IPv4 address in IPv6's clothes is that IPv4 address.
func parseDialled(network, address string) (netip.AddrPort, error) {
	if network != "tcp4" && network != "tcp6" && network != "tcp" {
		return netip.AddrPort{}, fmt.Errorf("network %s", network)
	}
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("not an address and a port of %d characters", len(address))
	}
	if at.Addr().Zone() != "" {
		return netip.AddrPort{}, fmt.Errorf("an address of zone length %s", strconv.Itoa(len(at.Addr().Zone())))
	}
	return netip.AddrPortFrom(at.Addr().Unmap(), at.Port()), nil
}

// Public reports whether an address is one of the public internet's, or why it is not. Sources: the IANA registries of
// special-purpose addresses for IPv4 and IPv6 (RFC 6890), and what cloud providers publish of their metadata services.
func Public(a netip.Addr) (why string, public bool) {
	if a.Zone() != "" {
		return "of one link", false
	}
	a = a.Unmap()
	if !a.IsValid() {
		return "not an address", false
	}
	for _, r := range refusedRanges() {
		if r.prefix.Contains(a) {
			return r.why, false
		}
	}
	if a.Is6() && !globalUnicast().Contains(a) {
		return "outside what IPv6 has given out", false // also unique local, link-local, multicast, NAT64 and IPv4-compatible
	}
	return "", true
}

// globalUnicast is all that IANA has allocated from.
func globalUnicast() netip.Prefix { return netip.PrefixFrom(netip.AddrFrom16([16]byte{0: 0x20}), 3) }

type refusedRange struct {
	prefix netip.Prefix
	why    string
}

func refusedRanges() []refusedRange {
	return []refusedRange{
		v4(0, 0, 0, 0, 8, "this network"),
		v4(10, 0, 0, 0, 8, "private"),
		v4(100, 64, 0, 0, 10, "shared by a carrier's NAT"), // Alibaba's metadata too
		v4(127, 0, 0, 0, 8, "loopback"),
		v4(168, 63, 129, 16, 32, "a cloud's own service"), // Azure's, which is a public address
		v4(169, 254, 0, 0, 16, "link-local"),              // the metadata services
		v4(172, 16, 0, 0, 12, "private"),
		v4(192, 0, 0, 0, 24, "for protocols"), // Oracle's metadata too
		v4(192, 0, 2, 0, 24, "for documentation"),
		v4(192, 88, 99, 0, 24, "6to4 relay"),
		v4(192, 168, 0, 0, 16, "private"),
		v4(198, 18, 0, 0, 15, "for benchmarks"),
		v4(198, 51, 100, 0, 24, "for documentation"),
		v4(203, 0, 113, 0, 24, "for documentation"),
		v4(224, 0, 0, 0, 4, "multicast"),
		v4(240, 0, 0, 0, 4, "reserved"), // broadcast too
		// These lie within 2000::/3. What they embed or stand for is not judged: nothing that we call is there.
		v6([]byte{0x20, 0x01, 0x00, 0x00}, 23, "for protocols"), // Teredo, ORCHID, benchmarks
		v6([]byte{0x20, 0x01, 0x0d, 0xb8}, 32, "for documentation"),
		v6([]byte{0x20, 0x02}, 16, "6to4"),
		v6([]byte{0x3f, 0xff}, 20, "for documentation"),
	}
}

func v4(a, b, c, d byte, bits int, why string) refusedRange {
	return refusedRange{netip.PrefixFrom(netip.AddrFrom4([4]byte{a, b, c, d}), bits), why}
}

func v6(start []byte, bits int, why string) refusedRange {
	var a [16]byte
	copy(a[:], start)
	return refusedRange{netip.PrefixFrom(netip.AddrFrom16(a), bits), why}
}
