package line

import (
	"context"
	"time"

	"github.com/emiago/sipgo/sip"
)

// sessionTimer is what was agreed about refreshing a session: RFC 4028.
type sessionTimer struct {
	every   time.Duration // zero for no timer
	ours    bool          // this side refreshes
	require bool          // the other side must keep to it
	started time.Time
}

// agree is the timer that an INVITE or UPDATE asks for, as this side takes it; false when it asks for one that is too short.
func (s *Server) agree(req *sip.Request) (sessionTimer, bool) {
	asked := parseSessionTime(header(req, "Session-Expires", "x"))
	knows := hasToken(req, "timer", "Supported", "k") || hasToken(req, "timer", "Require")
	least := max(s.config.SessionLeast, seconds(header(req, "Min-SE")))
	switch {
	case asked.every == 0 && !knows:
		return sessionTimer{}, true // silence on the line ends the call
	case asked.every == 0:
		asked.every = max(s.config.SessionTime, least)
	case asked.every < s.config.SessionLeast && knows:
		return sessionTimer{}, false
	case asked.every < least:
		asked.every = least
	}
	ours := !knows || asked.refresher == "uas"
	return sessionTimer{every: asked.every, ours: ours, require: knows}, true
}

// startTimer begins a timer and says what a 2xx carries about it. The one who sent the request is the uac.
func (c *call) startTimer(t sessionTimer) []sip.Header {
	c.mu.Lock()
	defer c.mu.Unlock()
	t.started = time.Now()
	c.timer = t
	if t.every == 0 {
		return nil
	}
	refresher := "uac"
	if t.ours {
		refresher = "uas"
	}
	headers := []sip.Header{sip.NewHeader("Session-Expires", wholeSeconds(t.every)+";refresher="+refresher)}
	if t.require && !t.ours {
		headers = append(headers, sip.NewHeader("Require", "timer"))
	}
	return headers
}

// renewTimer begins the timer anew, as a request within the call asks.
func (c *call) renewTimer(req *sip.Request) []sip.Header {
	t, _ := c.server.agree(req)
	if t.every == 0 { // it says nothing of timers: what was agreed goes on
		c.mu.Lock()
		t = c.timer
		c.mu.Unlock()
		t.require = false
	}
	return c.startTimer(t)
}

// watch ends calls that nobody is on any more, and refreshes sessions that are ours to refresh.
func (s *Server) watch(ctx context.Context) {
	ticker := time.NewTicker(s.config.Watch)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		for _, c := range s.standing() {
			c.look(ctx)
		}
	}
}

func (c *call) look(ctx context.Context) {
	s := c.server
	now := time.Now() // waiting is by the machine's clock, whatever the product's says
	c.mu.Lock()
	answeredAt, timer := c.answeredAt, c.timer
	c.mu.Unlock()
	if answeredAt.IsZero() {
		return
	}
	heard := c.media.LastHeard()
	if heard.Before(answeredAt) {
		heard = answeredAt
	}
	wait := s.config.SilenceWait
	if c.media.Held() {
		wait = s.config.HoldWait
	}
	if now.Sub(heard) > wait {
		s.counts.silent.Add(1)
		c.end(ErrSilent)
		return
	}
	if timer.every == 0 {
		return
	}
	age := now.Sub(timer.started)
	switch {
	case age > timer.every-min(32*time.Second, timer.every/3):
		s.counts.expired.Add(1)
		c.end(ErrSessionExpired)
	case timer.ours && age > timer.every/2:
		go c.refresh(ctx, timer)
	}
}

// refresh asks the other side whether the session still stands: by UPDATE where it takes that, else by a re-INVITE.
func (c *call) refresh(ctx context.Context, timer sessionTimer) {
	c.mu.Lock()
	if c.changing || c.ended {
		c.mu.Unlock()
		return
	}
	c.changing = true
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.changing = false
	}()
	ctx, stop := context.WithTimeout(ctx, timer.every/3)
	defer stop()
	headers := []sip.Header{sip.NewHeader("Supported", "timer"), sip.NewHeader("Session-Expires", wholeSeconds(timer.every)+";refresher=uac")}
	method := sip.UPDATE
	if !c.peerUpdates {
		method = sip.INVITE
		headers = append(headers, sip.NewHeader("Content-Type", "application/sdp"))
	}
	req := c.dialog.request(method, headers...)
	if method == sip.INVITE {
		req.SetBody(c.media.Description())
	}
	res, err := c.server.tell(ctx, c, req)
	switch {
	case err != nil || res.StatusCode == 408 || res.StatusCode == 481:
		c.server.counts.expired.Add(1)
		c.end(ErrSessionExpired)
		return
	case res.IsSuccess() && method == sip.INVITE:
		_ = c.server.client.WriteRequest(c.dialog.ack(req), asIs)
		if len(res.Body()) > 0 {
			if err := c.media.Accept(res.Body()); err != nil {
				c.end(ErrBroken)
				return
			}
		}
	case !res.IsSuccess(): // it answered: the session stands, whatever it thinks of timers
	}
	c.mu.Lock()
	c.timer.started = time.Now()
	c.mu.Unlock()
}
