package line

import (
	"strings"

	"github.com/emiago/sipgo/sip"

	"onedoor/app/channels/voice/media"
)

// within finds the call that a request is about, and refuses one that is about none, comes out of order, or comes from
// where calls of the line may not.
func (s *Server) within(req *sip.Request, tx sip.ServerTransaction) *call {
	c := s.find(req)
	if c == nil {
		s.refuse(req, tx, 481, RefusedDialog)
		return nil
	}
	if !s.admits(c.line, sourceOf(req).Addr()) {
		s.refuse(req, tx, 403, RefusedSource)
		return nil
	}
	if !c.dialog.receive(req) {
		_ = tx.Respond(sip.NewResponseFromRequest(req, 500, reasonPhrase(500), nil)) // RFC 3261, 12.2.2
		return nil
	}
	return c
}

func (s *Server) onBye(req *sip.Request, tx sip.ServerTransaction) {
	c := s.within(req, tx)
	if c == nil {
		return
	}
	_ = tx.Respond(sip.NewResponseFromRequest(req, 200, "OK", nil))
	c.end(ErrCallerHungUp)
}

// onReInvite changes a session: hold, resume, another address, or only the timer anew.
func (s *Server) onReInvite(original *sip.Request, tx sip.ServerTransaction) {
	req := original.Clone()
	c, done := s.change(req, tx)
	if c == nil {
		return
	}
	late := len(req.Body()) == 0
	if late {
		defer done() // until its answer has come
	}
	var body []byte
	if late {
		body = c.media.Offer()
	} else if body = c.renegotiate(req, tx, done); body == nil {
		return
	}
	res := sip.NewResponseFromRequest(req, 200, "OK", nil)
	c.dialog.complete(res, body)
	for _, h := range c.renewTimer(req) {
		res.AppendHeader(h)
	}
	acked := c.expectAck(req.CSeq().SeqNo)
	if tx.Respond(res) != nil {
		return
	}
	answer, ended := c.awaitAck(tx, res, acked)
	switch {
	case ended:
		c.end(ErrBroken)
	case late && len(answer) > 0:
		if err := c.media.Accept(answer); err != nil {
			s.counts.refuse(RefusedCodec)
			c.end(ErrBroken)
		}
	}
}

// onUpdate is the same without an acknowledgement: RFC 3311.
func (s *Server) onUpdate(original *sip.Request, tx sip.ServerTransaction) {
	req := original.Clone()
	c, done := s.change(req, tx)
	if c == nil {
		return
	}
	var body []byte
	if len(req.Body()) > 0 {
		if body = c.renegotiate(req, tx, done); body == nil {
			return
		}
	} else {
		done()
	}
	res := sip.NewResponseFromRequest(req, 200, "OK", nil)
	c.dialog.complete(res, body)
	for _, h := range c.renewTimer(req) {
		res.AppendHeader(h)
	}
	_ = tx.Respond(res)
}

// change begins a change of a session; one at a time. done ends it.
func (s *Server) change(req *sip.Request, tx sip.ServerTransaction) (c *call, done func()) {
	if c = s.within(req, tx); c == nil {
		return nil, nil
	}
	if extensions := unsupported(req); len(extensions) > 0 {
		s.refuse(req, tx, 420, RefusedExtension, sip.NewHeader("Unsupported", strings.Join(extensions, ", ")))
		return nil, nil
	}
	if len(req.Body()) > 0 && !isSDP(req) {
		s.refuse(req, tx, 415, RefusedMalformed, sip.NewHeader("Accept", "application/sdp"))
		return nil, nil
	}
	if _, ok := s.agree(req); !ok {
		s.refuse(req, tx, 422, RefusedTimer, sip.NewHeader("Min-SE", wholeSeconds(s.config.SessionLeast)))
		return nil, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.ended:
		s.refuse(req, tx, 481, RefusedDialog)
		return nil, nil
	case c.changing || !c.answered:
		_ = tx.Respond(sip.NewResponseFromRequest(req, 491, reasonPhrase(491), nil))
		return nil, nil
	}
	c.changing = true
	c.dialog.retarget(req)
	return c, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.changing = false
	}
}

// renegotiate answers a new offer; nil when it was refused, and the session stays as it was. The change is done before the
// other side can know, and so before it can ask for the next one.
func (c *call) renegotiate(req *sip.Request, tx sip.ServerTransaction, done func()) []byte {
	defer done()
	offer, err := media.ParseOffer(req.Body())
	if err == nil {
		var body []byte
		if body, err = c.media.Renegotiate(offer); err == nil {
			return body
		}
	}
	no := offerRefusal(err)
	c.server.refuse(req, tx, no.code, no.reason, no.headers...)
	return nil
}

// onInfo takes a digit.
func (s *Server) onInfo(req *sip.Request, tx sip.ServerTransaction) {
	c := s.within(req, tx)
	if c == nil {
		return
	}
	digit, ok := infoDigit(header(req, "Content-Type", "c"), req.Body())
	switch {
	case ok:
		c.media.PushDigit(digit)
	case len(req.Body()) > 0:
		s.refuse(req, tx, 415, RefusedMalformed, sip.NewHeader("Accept", "application/dtmf-relay, application/dtmf"))
		return
	}
	_ = tx.Respond(sip.NewResponseFromRequest(req, 200, "OK", nil))
}

// onOptions answers whoever asks whether this side is there; while it stops, calls belong elsewhere.
func (s *Server) onOptions(req *sip.Request, tx sip.ServerTransaction) {
	if s.draining.Load() && !req.To().Params.Has("tag") {
		_ = tx.Respond(sip.NewResponseFromRequest(req, 503, reasonPhrase(503), nil))
		return
	}
	res := sip.NewResponseFromRequest(req, 200, "OK", nil)
	res.AppendHeader(sip.NewHeader("Allow", allow))
	res.AppendHeader(sip.NewHeader("Accept", "application/sdp"))
	res.AppendHeader(sip.NewHeader("Supported", "timer"))
	_ = tx.Respond(res)
}

// onOther refuses every other method. REFER is among them: nobody makes this side ring a number.
func (s *Server) onOther(req *sip.Request, tx sip.ServerTransaction) {
	reason := RefusedMalformed
	if req.Method == sip.REFER {
		reason = RefusedRefer
	}
	s.refuse(req, tx, 405, reason, sip.NewHeader("Allow", allow))
}
