package line

import (
	"context"
	"net"
	"net/netip"
	"slices"

	"github.com/emiago/sipgo/sip"
)

// admitted reports whether any line takes calls from an address: the guard's question about every packet.
func (s *Server) admitted(from netip.Addr) bool {
	if s.loopback && from.IsLoopback() {
		return true
	}
	for _, l := range s.lines {
		if s.admits(l, from) {
			return true
		}
	}
	return false
}

// admits reports whether a line takes calls from an address.
func (s *Server) admits(l Line, from netip.Addr) bool {
	if l.Register == nil && len(l.Trunk) == 0 {
		return s.loopback && from.IsLoopback()
	}
	for _, prefix := range l.Trunk {
		if prefix.Contains(from) {
			return true
		}
	}
	s.registrarsLock.RLock()
	defer s.registrarsLock.RUnlock()
	return slices.Contains(s.registrars[Key(l.Name)], from)
}

// lineFor is the line that a call is for.
func (s *Server) lineFor(ctx context.Context, req *sip.Request) (Line, bool) {
	name := Key(dialled(req.Recipient))
	if l, ok := s.lines[name]; ok {
		return l, true
	}
	if s.config.Find == nil || name == "" {
		return Line{}, false
	}
	return s.config.Find(ctx, name)
}

// ownAddress is how a peer reaches this side: what is advertised, what it listens on, or what the machine has on the way there.
func (s *Server) ownAddress(ctx context.Context, transport, peer string) netip.AddrPort {
	own := s.Addr()
	if transport == "TLS" {
		own = s.AddrTLS()
	}
	remote, _ := netip.ParseAddrPort(peer)
	switch {
	case s.config.Advertise.IsValid() && !remote.Addr().Unmap().IsLoopback():
		return netip.AddrPortFrom(s.config.Advertise, own.Port())
	case !own.Addr().IsUnspecified():
		return own
	}
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "udp", peer) // sends nothing: it asks the machine's routes
	if err != nil {
		return own
	}
	defer conn.Close()
	return netip.AddrPortFrom(addrPort(conn.LocalAddr()).Addr(), own.Port())
}

// contactFor is the address that a peer finds a line at.
func (s *Server) contactFor(ctx context.Context, user, transport, peer string) sip.Uri {
	own := s.ownAddress(ctx, transport, peer)
	host := own.Addr().String()
	if own.Addr().Is6() {
		host = "[" + host + "]"
	}
	uri := sip.Uri{Scheme: "sip", User: user, Host: host, Port: int(own.Port()), UriParams: sip.NewParams()}
	if transport != "UDP" {
		uri.UriParams.Add("transport", sip.NetworkToLower(transport))
	}
	return uri
}

// refuse answers what makes no call, and counts why.
func (s *Server) refuse(req *sip.Request, tx sip.ServerTransaction, code int, reason string, headers ...sip.Header) {
	s.counts.refuse(reason)
	res := sip.NewResponseFromRequest(req, code, reasonPhrase(code), nil)
	for _, h := range headers {
		res.AppendHeader(h)
	}
	_ = tx.Respond(res)
}

func reasonPhrase(code int) string {
	switch code {
	case 400:
		return "Bad Request"
	case 403:
		return "Forbidden"
	case 404:
		return "Not Found"
	case 405:
		return "Method Not Allowed"
	case 415:
		return "Unsupported Media Type"
	case 420:
		return "Bad Extension"
	case 422:
		return "Session Interval Too Small"
	case 481:
		return "Call/Transaction Does Not Exist"
	case 482:
		return "Loop Detected"
	case 486:
		return "Busy Here"
	case 488:
		return "Not Acceptable Here"
	case 491:
		return "Request Pending"
	case 500:
		return "Server Internal Error"
	case 503:
		return "Service Unavailable"
	}
	return "Refused"
}
