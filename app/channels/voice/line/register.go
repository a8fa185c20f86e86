package line

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/google/uuid"
)

// keepRegistered holds a line's place at its registrar until ctx is done, and gives it back then. It registers more often
// than the registrar asks, so that one that forgot, as after a restart, learns of the line again soon.
func (s *Server) keepRegistered(ctx context.Context, l Line) {
	r := &registering{server: s, line: l, callID: uuid.NewString(), tag: sip.GenerateTagN(12), expires: l.Register.Expires}
	if r.expires == 0 {
		r.expires = 2 * time.Minute
	}
	retry := s.config.RegisterRetry
	for ctx.Err() == nil {
		granted, err := r.register(ctx, r.expires)
		wait := min(granted/2, s.config.ReRegister)
		if err != nil {
			wait, retry = retry, min(2*retry, s.config.ReRegister)
		} else {
			retry = s.config.RegisterRetry
		}
		if ctx.Err() != nil {
			break
		}
		if s.counts.register(l.Name, err == nil) {
			if err != nil {
				s.log.Warn("a telephone line is not registered", "line", l.Name, "error", err.Error())
			} else {
				s.log.Info("a telephone line is registered", "line", l.Name)
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
	bye, stop := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer stop()
	if _, err := r.register(bye, 0); err == nil {
		s.counts.register(l.Name, false)
	}
}

// registering is one line's conversation with its registrar: RFC 3261, section 10.
type registering struct {
	server  *Server
	line    Line
	callID  string
	tag     string
	seq     uint32
	expires time.Duration
}

// register asks for a place for a time, zero to give it back, and returns the time that was granted.
func (r *registering) register(ctx context.Context, expires time.Duration) (time.Duration, error) {
	ctx, stop := context.WithTimeout(ctx, r.server.config.RegisterWait)
	defer stop()
	registrar, transport, err := r.resolve(ctx)
	if err != nil {
		return 0, err
	}
	var answer sip.Header
	for range 4 { // a challenge, a stale nonce, a longer time
		req := r.request(ctx, registrar, transport, expires, answer)
		res, err := r.server.ask(ctx, req)
		switch {
		case err != nil:
			return 0, errors.New("the registrar did not answer")
		case res.StatusCode == 401 || res.StatusCode == 407:
			if answer != nil && !strings.Contains(strings.ToLower(header(res, "WWW-Authenticate", "Proxy-Authenticate")), "stale=true") {
				return 0, errors.New("the registrar refused the password")
			}
			if answer, err = credentials(req, res, *r.line.Register); err != nil {
				return 0, err
			}
		case res.StatusCode == 423:
			least := seconds(header(res, "Min-Expires"))
			if least <= expires {
				return 0, errors.New("the registrar wants another time than it says")
			}
			expires, r.expires = least, least
		case res.IsSuccess():
			return granted(res, req, expires), nil
		default:
			return 0, fmt.Errorf("the registrar answered %d", res.StatusCode)
		}
	}
	return 0, errors.New("the registrar asked for a password again and again")
}

// granted is how long the registrar keeps the place: what it says beside our Contact, or for all of them.
func granted(res *sip.Response, req *sip.Request, asked time.Duration) time.Duration {
	own := req.Contact().Address
	for _, h := range res.GetHeaders("Contact") {
		contact, ok := h.(*sip.ContactHeader)
		if !ok || contact.Address.User != own.User || contact.Address.Host != own.Host || contact.Address.Port != own.Port {
			continue
		}
		if v, ok := contact.Params.Get("expires"); ok {
			if d := seconds(v); d > 0 {
				return d
			}
		}
	}
	if d := seconds(header(res, "Expires")); d > 0 {
		return d
	}
	return max(asked, time.Second)
}

func (r *registering) request(ctx context.Context, registrar netip.AddrPort, transport string, expires time.Duration, answer sip.Header) *sip.Request {
	s := r.server
	peer := registrar.String()
	contact := s.contactFor(ctx, r.line.Name, transport, peer)
	domain, _, _ := r.parts()
	req := sip.NewRequest(sip.REGISTER, sip.Uri{Scheme: "sip", Host: domain})
	via := &sip.ViaHeader{ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: transport, Host: contact.Host, Port: contact.Port, Params: sip.NewParams()}
	via.Params.Add("branch", sip.GenerateBranch())
	via.Params.Add("rport", "")
	req.AppendHeader(via)
	forwards, callID := sip.MaxForwardsHeader(70), sip.CallIDHeader(r.callID)
	who := sip.Uri{Scheme: "sip", User: r.line.Register.User, Host: domain}
	from := &sip.FromHeader{Address: who, Params: sip.NewParams()}
	from.Params.Add("tag", r.tag)
	req.AppendHeader(&forwards)
	req.AppendHeader(from)
	req.AppendHeader(&sip.ToHeader{Address: who, Params: sip.NewParams()})
	req.AppendHeader(&callID)
	if r.seq == 0 {
		r.seq = rand.Uint32N(1 << 16) //nolint:gosec // a CSeq is a counter, not a secret
	}
	r.seq++
	req.AppendHeader(&sip.CSeqHeader{SeqNo: r.seq, MethodName: sip.REGISTER})
	req.AppendHeader(&sip.ContactHeader{Address: contact})
	req.AppendHeader(sip.NewHeader("Expires", strconv.Itoa(int(expires/time.Second))))
	req.AppendHeader(sip.NewHeader("Allow", allow))
	if answer != nil {
		req.AppendHeader(answer)
	}
	req.SetBody(nil)
	req.SetTransport(transport)
	req.SetDestination(peer)
	if transport == "UDP" {
		req.Laddr = laddrOf(s.Addr())
	}
	return req
}

// parts are the registrar's host, port and transport.
func (r *registering) parts() (host, port, transport string) {
	address, params, _ := strings.Cut(r.line.Register.Registrar, ";")
	transport = "UDP"
	if _, value, ok := strings.Cut(params, "transport="); ok {
		transport = strings.ToUpper(value)
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		host, port = address, strconv.Itoa(sip.DefaultPort(transport))
	}
	return host, port, transport
}

// resolve finds the registrar, and lets calls come from wherever its name leads.
func (r *registering) resolve(ctx context.Context) (netip.AddrPort, string, error) {
	host, port, transport := r.parts()
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil || (transport != "UDP" && transport != "TCP" && transport != "TLS") {
		return netip.AddrPort{}, "", errors.New("the registrar's address cannot be read")
	}
	list, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil || len(list) == 0 {
		return netip.AddrPort{}, "", errors.New("the registrar's name leads nowhere")
	}
	for i := range list {
		list[i] = list[i].Unmap()
	}
	s := r.server
	s.registrarsLock.Lock()
	s.registrars[Key(r.line.Name)] = list
	s.registrarsLock.Unlock()
	return netip.AddrPortFrom(list[0], uint16(number)), transport, nil
}
