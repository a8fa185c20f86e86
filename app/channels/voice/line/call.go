package line

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/google/uuid"

	"onedoor/app/channels/voice/media"
	"onedoor/app/nhs"
)

// byeWait bounds how long the end of a call waits for the other side to say that it heard.
const byeWait = 5 * time.Second

// call is one call, from its INVITE on.
type call struct {
	server *Server
	line   Line
	caller nhs.Phone
	at     time.Time
	id     uuid.UUID
	dialog *dialog
	tx     sip.ServerTransaction
	media  *media.Session
	ctx    context.Context //nolint:containedctx // it is the call's own life, which no caller's context spans
	cancel context.CancelCauseFunc

	byeDone     chan struct{} // closed when the end was said, where it had to be
	peerUpdates bool          // the other side takes UPDATE

	mu         sync.Mutex
	answered   bool
	answeredAt time.Time
	ended      bool
	acks       map[uint32]chan []byte // by the CSeq of an INVITE that was answered
	changing   bool                   // a change of the session is under way
	timer      sessionTimer
	notices    chan int // statuses that NOTIFY brought about a transfer; nil while there is none
}

func (c *call) ID() uuid.UUID         { return c.id }
func (c *call) External() string      { return c.dialog.invite.CallID().Value() }
func (c *call) Line() Line            { return c.line }
func (c *call) At() time.Time         { return c.at }
func (c *call) Media() *media.Session { return c.media }
func (c *call) Done() <-chan struct{} { return c.ctx.Done() }
func (c *call) CanTransfer() bool     { return len(c.line.Reception) > 0 }

func (c *call) Caller() (nhs.Phone, bool) { return c.caller, c.caller != "" }

// run gives the call to the handler. A handler that breaks ends its own call and no other.
func (c *call) run() {
	s := c.server
	s.counts.answered.Add(1)
	c.mu.Lock()
	c.answeredAt = time.Now()
	c.mu.Unlock()
	defer func() {
		if broken := recover(); broken != nil {
			s.counts.panics.Add(1)
			s.log.Error("a call broke its handler", "line", c.line.Name, "kind", fmt.Sprintf("%T", broken))
			c.end(ErrHungUp)
		}
	}()
	if err := s.handler.Call(c.ctx, c); err != nil && !errors.Is(err, context.Canceled) {
		s.log.Error("a call ended with an error", "line", c.line.Name, "error", err.Error())
	}
}

// end ends the call once, and says so to the other side unless that is where the end came from.
func (c *call) end(cause error) {
	c.mu.Lock()
	if c.ended {
		c.mu.Unlock()
		return
	}
	c.ended = true
	say := c.answered && !errors.Is(cause, ErrCallerHungUp)
	c.mu.Unlock()
	c.cancel(cause)
	if !say {
		close(c.byeDone)
		return
	}
	go func() {
		defer close(c.byeDone)
		ctx, stop := context.WithTimeout(context.WithoutCancel(c.ctx), byeWait)
		defer stop()
		_, _ = c.server.tell(ctx, c, c.dialog.request(sip.BYE)) // whatever it answers, the call is over
	}()
}

// HangUp ends the call and waits until the other side knows, or cannot be told.
func (c *call) HangUp(ctx context.Context) error {
	c.end(ErrHungUp)
	select {
	case <-c.byeDone:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
