package line

import (
	"context"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/google/uuid"

	"onedoor/app/channels/voice/media"
	"onedoor/app/fault"
)

// RFC 3261's timers for what the transaction user itself sends again.
const (
	t1 = 500 * time.Millisecond
	t2 = 4 * time.Second
)

// refusal is a final answer to an INVITE that becomes no call.
type refusal struct {
	code    int
	reason  string
	headers []sip.Header
}

// onInvite is a call's whole life, from ringing to the last message about it.
func (s *Server) onInvite(original *sip.Request, tx sip.ServerTransaction) {
	if original.To().Params.Has("tag") {
		s.onReInvite(original, tx)
		return
	}
	at := s.now()
	req := original.Clone() // sipgo's transaction reads the original while this side changes it
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	line, timer, no := s.screen(ctx, req)
	if no != nil {
		s.refuse(req, tx, no.code, no.reason, no.headers...)
		s.unanswered(ctx, req, line, at, no.reason)
		return
	}
	contact := s.contactFor(ctx, req.Recipient.User, req.Transport(), req.Source())
	dialog, err := newDialog(req, sip.GenerateTagN(16), contact, laddrOf(s.Addr()))
	if err != nil {
		s.refuse(req, tx, 400, RefusedMalformed)
		return
	}
	c := &call{
		server: s, line: line, caller: callerOf(req), at: at, id: uuid.Must(uuid.NewV7()), dialog: dialog, tx: tx, ctx: ctx, cancel: cancel,
		acks: map[uint32]chan []byte{}, byeDone: make(chan struct{}), timer: timer, peerUpdates: hasToken(req, "update", "Allow"),
	}
	key := req.CallID().Value() + "\x00" + req.From().Params.GetOr("tag", "")
	if no := s.begin(c, key); no != nil {
		s.refuse(original, tx, no.code, no.reason, no.headers...)
		s.unanswered(ctx, req, line, at, no.reason)
		return
	}
	defer s.finish(c, key)
	if reason := c.answer(req); reason != "" {
		s.unanswered(context.WithoutCancel(ctx), req, line, at, reason)
		return
	}
	c.run()
}

// screen decides whether an INVITE can be a call, without holding anything for it.
func (s *Server) screen(ctx context.Context, req *sip.Request) (Line, sessionTimer, *refusal) {
	from := sourceOf(req).Addr()
	if !s.guard.allowInvite(req.Transport(), from) {
		return Line{}, sessionTimer{}, &refusal{503, RefusedFlood, nil}
	}
	if extensions := unsupported(req); len(extensions) > 0 {
		return Line{}, sessionTimer{}, &refusal{420, RefusedExtension, []sip.Header{sip.NewHeader("Unsupported", strings.Join(extensions, ", "))}}
	}
	if contact := req.Contact(); contact == nil || contact.Address.Wildcard || contact.Address.Host == "" {
		return Line{}, sessionTimer{}, &refusal{400, RefusedMalformed, nil}
	}
	line, ok := s.lineFor(ctx, req)
	switch {
	case !ok:
		return Line{}, sessionTimer{}, &refusal{404, RefusedUnknownLine, nil}
	case !s.admits(line, from):
		return Line{}, sessionTimer{}, &refusal{403, RefusedSource, nil}
	case s.draining.Load():
		return line, sessionTimer{}, &refusal{503, RefusedDraining, []sip.Header{sip.NewHeader("Retry-After", "30")}}
	case len(req.Body()) > 0 && !isSDP(req):
		return line, sessionTimer{}, &refusal{415, RefusedMalformed, []sip.Header{sip.NewHeader("Accept", "application/sdp")}}
	}
	timer, ok := s.agree(req)
	if !ok {
		return line, timer, &refusal{422, RefusedTimer, []sip.Header{sip.NewHeader("Min-SE", wholeSeconds(s.config.SessionLeast))}}
	}
	return line, timer, nil
}

// begin takes a place for a call, or says why there is none.
func (s *Server) begin(c *call, key string) *refusal {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.unique[key]:
		return &refusal{482, RefusedLoop, nil}
	case int(s.counts.active.Load()) >= s.config.Most:
		return &refusal{486, RefusedBusy, nil}
	}
	s.unique[key] = true
	s.calls[c.dialog.id] = c
	s.counts.active.Add(1)
	s.ending.Add(1)
	return nil
}

// finish gives a call's place back; what comes late about it is still known for a while.
func (s *Server) finish(c *call, key string) {
	c.end(ErrHungUp)
	<-c.byeDone
	if c.media != nil {
		s.counts.spoofed.Add(c.media.Stats().Spoofed())
		c.media.Close()
	}
	s.counts.active.Add(-1)
	s.ending.Done()
	time.AfterFunc(endedKept, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.calls, c.dialog.id)
		delete(s.unique, key)
	})
}

func (s *Server) unanswered(ctx context.Context, req *sip.Request, l Line, at time.Time, reason string) {
	if counter, ok := s.handler.(Counter); ok {
		counter.Unanswered(ctx, Unanswered{Line: l, External: req.CallID().Value(), Caller: callerOf(req), At: at, Reason: reason})
	}
}

// answer rings and answers, and waits until the caller's side has acknowledged. It returns why there is no call.
func (c *call) answer(req *sip.Request) string {
	s := c.server
	cancelled, once := make(chan struct{}), sync.Once{}
	if !c.tx.OnCancel(func(*sip.Request) { once.Do(func() { close(cancelled) }) }) {
		return c.cancelled()
	}
	body, no := c.negotiate(req)
	if no != nil {
		s.refuse(c.dialog.invite, c.tx, no.code, no.reason, no.headers...)
		c.end(ErrBroken)
		return no.reason
	}
	late := len(req.Body()) == 0
	ringing := c.dialog.response(183, "Session Progress", body)
	if late { // an offer in a provisional response would want RFC 3262
		ringing = c.dialog.response(180, "Ringing", nil)
	}
	if err := c.tx.Respond(ringing); err != nil {
		return c.cancelled()
	}
	timer := time.NewTimer(s.config.Ring)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-cancelled:
		return c.cancelled()
	case <-c.tx.Done():
		return c.cancelled()
	case <-c.ctx.Done(): // the process stops at once
		s.refuse(c.dialog.invite, c.tx, 503, RefusedDraining)
		return RefusedDraining
	}
	acked := c.expectAck(req.CSeq().SeqNo)
	ok := c.dialog.response(200, "OK", body)
	for _, h := range c.startTimer(c.timer) {
		ok.AppendHeader(h)
	}
	c.mu.Lock()
	c.answered = true // from here a call that ends is told to the other side
	c.mu.Unlock()
	err := c.tx.Respond(ok)
	select {
	case <-cancelled: // it won: the 200 was not sent
		c.mu.Lock()
		c.answered = false
		c.mu.Unlock()
		return c.cancelled()
	default:
	}
	if err != nil {
		c.end(ErrBroken)
		return UnansweredNoAck
	}
	answer, ended := c.awaitAck(c.tx, ok, acked)
	switch {
	case ended:
		return c.unacknowledged()
	case late:
		if err := c.media.Accept(answer); err != nil {
			s.counts.refuse(RefusedCodec)
			c.end(ErrBroken)
			return RefusedCodec
		}
	}
	return ""
}

func (c *call) cancelled() string {
	c.server.counts.cancelled.Add(1)
	c.end(ErrCallerHungUp)
	return UnansweredCancelled
}

// unacknowledged ends a call that was answered and never acknowledged, or ended before that.
func (c *call) unacknowledged() string {
	c.server.counts.noAck.Add(1)
	c.end(ErrBroken)
	return UnansweredNoAck
}

// negotiate opens the call's audio and answers the caller's offer, or makes one where there was none.
func (c *call) negotiate(req *sip.Request) ([]byte, *refusal) {
	s := c.server
	own := s.ownAddress(c.ctx, req.Transport(), req.Source())
	session, err := media.NewSession(s.mediaOptions(c.line, own, sourceOf(req).Addr()))
	if err != nil {
		return nil, &refusal{503, RefusedNoPorts, []sip.Header{sip.NewHeader("Retry-After", "10")}}
	}
	c.media = session
	if len(req.Body()) == 0 {
		return session.Offer(), nil
	}
	offer, err := media.ParseOffer(req.Body())
	if err != nil {
		return nil, offerRefusal(err)
	}
	body, err := session.Answer(offer)
	if err != nil {
		return nil, offerRefusal(err)
	}
	return body, nil
}

// mediaOptions say where a call's audio goes in and out: sound may come from the signalling peer and the line's trunk, besides
// the address that the caller's side names.
func (s *Server) mediaOptions(l Line, own netip.AddrPort, peer netip.Addr) media.Options {
	o := media.Options{
		IP: own.Addr(), Ports: s.config.Ports, Pacer: s.config.Pacer, Secure: s.config.Secure, Random: s.config.Random, Now: time.Now,
		Sources: append([]netip.Prefix{netip.PrefixFrom(peer, peer.BitLen())}, l.Trunk...),
	}
	if bound := s.Addr().Addr(); own.Addr() == s.config.Advertise && own.Addr() != bound {
		o.Advertised, o.IP = own.Addr(), bound
	}
	return o
}

// offerRefusal is 400 for what is no session description, and 488 for one that this side cannot carry.
func offerRefusal(err error) *refusal {
	if fault.As(err).Kind == fault.Malformed {
		return &refusal{400, RefusedMalformed, nil}
	}
	return &refusal{488, RefusedCodec, []sip.Header{sip.NewHeader("Warning", `304 onedoor "No media that both sides can carry"`)}}
}

// expectAck says where the ACK of an INVITE with this CSeq will arrive: its body.
func (c *call) expectAck(seq uint32) <-chan []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	ch := make(chan []byte, 1)
	c.acks[seq] = ch
	return ch
}

// awaitAck sends a 2xx again until it is acknowledged: RFC 3261, 13.3.1.4. ended is true when the call ended, or nobody did.
func (c *call) awaitAck(tx sip.ServerTransaction, res *sip.Response, acked <-chan []byte) (body []byte, ended bool) {
	wait := t1
	again, last := time.NewTimer(wait), time.NewTimer(c.server.config.AckWait)
	defer again.Stop()
	defer last.Stop()
	for {
		select {
		case body := <-acked:
			return body, false
		case ack := <-tx.Acks(): // with the INVITE's own branch, as some send it
			return ack.Body(), false
		case <-again.C:
			_ = tx.Respond(res) // a transaction that is gone cannot be helped; last ends the wait
			wait = min(2*wait, t2)
			again.Reset(wait)
		case <-last.C:
			return nil, true
		case <-c.ctx.Done():
			return nil, true
		}
	}
}

// onAck takes the acknowledgement of a 2xx.
func (s *Server) onAck(req *sip.Request, _ sip.ServerTransaction) {
	c := s.find(req)
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if ch := c.acks[req.CSeq().SeqNo]; ch != nil {
		delete(c.acks, req.CSeq().SeqNo)
		ch <- req.Body()
	}
}
