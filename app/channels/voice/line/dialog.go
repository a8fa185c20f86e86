package line

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"sync"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"
)

// dialog is what RFC 3261 section 12 says that both ends remember. This side is always the one that was called.
type dialog struct {
	id      string // as sip.DialogIDFromRequestUAS makes it
	contact sip.Uri
	invite  *sip.Request // with our tag in To

	mu        sync.Mutex
	target    sip.Uri // where the other end is, from its latest Contact
	source    string  // host:port that its latest request came from; requests go there, whatever its Contact says
	transport string
	laddr     sip.Addr // of our socket; for UDP only
	sent      uint32   // our last CSeq
	received  uint32   // its last CSeq
}

// newDialog remembers an INVITE; req is ours alone. The tag makes the dialog's id.
func newDialog(req *sip.Request, tag string, contact sip.Uri, laddr sip.Addr) (*dialog, error) {
	req.To().Params.Add("tag", tag)
	id, err := sip.DialogIDFromRequestUAS(req)
	if err != nil {
		return nil, err
	}
	d := &dialog{
		id: id, invite: req, contact: contact, target: *req.Contact().Address.Clone(), source: req.Source(), transport: req.Transport(),
		sent: rand.Uint32N(1 << 16), received: req.CSeq().SeqNo, //nolint:gosec // a CSeq is a counter, not a secret
	}
	if d.transport == "UDP" {
		d.laddr = laddr
	}
	return d, nil
}

// receive takes the next request of the other end: false when its CSeq is not after the last one.
func (d *dialog) receive(req *sip.Request) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if req.CSeq().SeqNo <= d.received {
		return false
	}
	d.received = req.CSeq().SeqNo
	d.source, d.transport = req.Source(), req.Transport()
	if d.transport != "UDP" {
		d.laddr = sip.Addr{}
	}
	return true
}

// retarget follows the other end's new address: RFC 3261, 12.2.2.
func (d *dialog) retarget(req *sip.Request) {
	if contact := req.Contact(); contact != nil && !contact.Address.Wildcard {
		d.mu.Lock()
		d.target = *contact.Address.Clone()
		d.mu.Unlock()
	}
}

// response answers the INVITE that made the dialog.
func (d *dialog) response(code int, reason string, body []byte) *sip.Response {
	res := sip.NewResponseFromRequest(d.invite, code, reason, nil)
	d.complete(res, body)
	return res
}

// complete gives a response within the dialog what all of them carry.
func (d *dialog) complete(res *sip.Response, body []byte) {
	if res.StatusCode > 100 && res.StatusCode < 300 {
		res.AppendHeader(&sip.ContactHeader{Address: *d.contact.Clone()})
		res.AppendHeader(sip.NewHeader("Allow", allow))
		res.AppendHeader(sip.NewHeader("Supported", "timer"))
	}
	if body != nil {
		res.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
		res.SetBody(body)
	}
}

// request makes our next request to the other end.
func (d *dialog) request(method sip.RequestMethod, headers ...sip.Header) *sip.Request {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sent++
	return d.build(method, d.sent, headers...)
}

func (d *dialog) build(method sip.RequestMethod, seq uint32, headers ...sip.Header) *sip.Request {
	req := sip.NewRequest(method, *d.target.Clone())
	via := &sip.ViaHeader{ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: d.transport, Host: d.contact.Host, Port: d.contact.Port, Params: sip.NewParams()}
	via.Params.Add("branch", sip.GenerateBranch())
	via.Params.Add("rport", "")
	req.AppendHeader(via)
	forwards := sip.MaxForwardsHeader(70)
	from, to := d.invite.To().AsFrom(), d.invite.From().AsTo()
	callID := *d.invite.CallID()
	req.AppendHeader(&forwards)
	req.AppendHeader(&from)
	req.AppendHeader(&to)
	req.AppendHeader(&callID)
	req.AppendHeader(&sip.CSeqHeader{SeqNo: seq, MethodName: method})
	for _, route := range d.invite.GetHeaders("Record-Route") { // in their order: this side was called
		req.AppendHeader(sip.NewHeader("Route", route.Value()))
	}
	req.AppendHeader(&sip.ContactHeader{Address: *d.contact.Clone()})
	for _, h := range headers {
		req.AppendHeader(h)
	}
	req.SetBody(nil)
	req.SetTransport(d.transport)
	req.SetDestination(d.source)
	req.Laddr = d.laddr
	return req
}

// ack acknowledges a 2xx to an INVITE of ours: RFC 3261, 13.2.2.4.
func (d *dialog) ack(invite *sip.Request) *sip.Request {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.build(sip.ACK, invite.CSeq().SeqNo)
}

// asIs keeps sipgo from adding headers: requests here are whole.
func asIs(*sipgo.Client, *sip.Request) error { return nil }

// ask sends a request and waits for its final response.
func (s *Server) ask(ctx context.Context, req *sip.Request) (*sip.Response, error) {
	tx, err := s.client.TransactionRequest(ctx, req, asIs)
	if err != nil {
		return nil, err
	}
	defer tx.Terminate()
	for {
		select {
		case res := <-tx.Responses():
			if !res.IsProvisional() {
				return res, nil
			}
		case <-tx.Done():
			return nil, errors.Join(errors.New("no answer came"), tx.Err())
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// tell sends a request within the dialog; one challenge is met with the line's own password, where it has one.
func (s *Server) tell(ctx context.Context, c *call, req *sip.Request) (*sip.Response, error) {
	res, err := s.ask(ctx, req)
	if err != nil || (res.StatusCode != 401 && res.StatusCode != 407) || c.line.Register == nil {
		return res, err
	}
	answer, err := credentials(req, res, *c.line.Register)
	if err != nil {
		return res, nil
	}
	again := c.dialog.request(req.Method, answer)
	for _, h := range req.Headers() {
		if again.GetHeader(h.Name()) == nil {
			again.AppendHeader(sip.HeaderClone(h))
		}
	}
	again.SetBody(req.Body())
	return s.ask(ctx, again)
}

// credentials answer a digest challenge: RFC 8760, the first that can be answered.
func credentials(req *sip.Request, res *sip.Response, r Registration) (sip.Header, error) {
	challenge, answer := "WWW-Authenticate", "Authorization"
	if res.StatusCode == 407 {
		challenge, answer = "Proxy-Authenticate", "Proxy-Authorization"
	}
	for _, h := range res.GetHeaders(challenge) {
		parsed, err := digest.ParseChallenge(h.Value())
		if err != nil || !digest.CanDigest(parsed) {
			continue
		}
		made, err := digest.Digest(parsed, digest.Options{
			Method: req.Method.String(), URI: req.Recipient.Addr(), Username: r.User, Password: r.Password, Count: 1,
		})
		if err != nil {
			continue
		}
		return sip.NewHeader(answer, made.String()), nil
	}
	return nil, fmt.Errorf("status %d came without a challenge that can be met", res.StatusCode)
}

// laddrOf is sipgo's form of an address of ours: requests that carry it leave by the socket that listens there.
func laddrOf(a netip.AddrPort) sip.Addr {
	return sip.Addr{IP: a.Addr().AsSlice(), Port: int(a.Port())}
}
