package line

import (
	"context"
	"errors"
	"time"

	"github.com/emiago/sipgo/sip"
)

// late is how long a transfer that was reported to have failed may still turn out well: telephone systems end the call
// with us and then say something else about it, or the other way round.
const late = 500 * time.Millisecond

var errNoReception = errors.New("this line has nobody to put callers through to")

// Transfer puts the caller through by REFER (RFC 3515) to the line's reception, and to nothing else.
func (c *call) Transfer(ctx context.Context) (bool, error) {
	if !c.CanTransfer() {
		return false, errNoReception
	}
	for _, target := range c.line.Reception {
		outcome, err := c.refer(ctx, target)
		if outcome != "" {
			c.server.counts.transfer(outcome)
		}
		if outcome == TransferAnswered || err != nil {
			return outcome == TransferAnswered, err
		}
	}
	return false, nil
}

// refer asks the other side to ring a target and waits for what it says of that.
func (c *call) refer(ctx context.Context, target string) (string, error) {
	uri, err := parseTarget(target)
	if err != nil {
		return "", err
	}
	notices := make(chan int, 8)
	c.mu.Lock()
	if c.ended || c.notices != nil {
		c.mu.Unlock()
		return "", context.Cause(c.ctx)
	}
	c.notices = notices
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.notices = nil
	}()
	ctx, stop := context.WithTimeout(ctx, c.server.config.TransferWait)
	defer stop()
	req := c.dialog.request(sip.REFER,
		sip.NewHeader("Refer-To", "<"+uri.String()+">"),
		sip.NewHeader("Referred-By", "<"+c.dialog.contact.Addr()+">"))
	res, err := c.server.tell(ctx, c, req)
	switch {
	case c.gone():
		return TransferAnswered, nil
	case c.ctx.Err() != nil:
		return "", context.Cause(c.ctx)
	case err != nil && ctx.Err() == nil:
		return TransferRefused, nil
	case err != nil:
		return TransferSilent, nil
	case !res.IsSuccess():
		return TransferRefused, nil
	}
	return c.follow(ctx, notices), nil
}

// follow waits for the end of a transfer that was accepted. A caller who is gone was taken over.
func (c *call) follow(ctx context.Context, notices <-chan int) string {
	for {
		select {
		case status := <-notices:
			switch {
			case status >= 200 && status < 300:
				return TransferAnswered
			case status >= 300:
				timer := time.NewTimer(late)
				defer timer.Stop()
				select {
				case <-c.ctx.Done():
				case <-timer.C:
				}
				if c.gone() {
					return TransferAnswered
				}
				return TransferRefused
			}
		case <-c.ctx.Done():
			if c.gone() {
				return TransferAnswered
			}
			return TransferSilent
		case <-ctx.Done():
			return TransferSilent
		}
	}
}

// gone reports whether the other side ended the call.
func (c *call) gone() bool { return errors.Is(context.Cause(c.ctx), ErrCallerHungUp) }

// onNotify hears how a transfer goes. One about a call that has ended is heard politely: RFC 5057.
func (s *Server) onNotify(req *sip.Request, tx sip.ServerTransaction) {
	c := s.within(req, tx)
	if c == nil {
		return
	}
	_ = tx.Respond(sip.NewResponseFromRequest(req, 200, "OK", nil))
	status := sipfrag(req.Body())
	if status == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.notices != nil {
		select {
		case c.notices <- status:
		default:
		}
	}
}
