package voice

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/netip"
	"time"

	"onedoor/app/channels/voice/line"
)

// calls is the product's telephone line with whole calls: INVITE, 200, ACK, sound both ways, BYE. Who answers says one tone
// after the other, as a dialogue says its words.
type calls struct {
	*scheduled
	server *line.Server
	stop   context.CancelFunc
	ended  chan struct{}
}

func newCalls(o Options) (*calls, error) {
	s, err := newScheduled(o.Workers)
	if err != nil {
		return nil, err
	}
	c := &calls{scheduled: s, ended: make(chan struct{})}
	c.server, err = line.New(line.Config{
		Listen: "127.0.0.1:0", Lines: []line.Line{{Name: "riverside", Language: "en"}}, Ports: s.ports, Pacer: s.pacer, Random: rand.Reader,
		Most: o.Calls, InviteRate: float64(10 * o.Calls), DrainWait: 5 * time.Second,
	}, c, slog.New(slog.DiscardHandler), time.Now)
	if err != nil {
		s.close()
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	c.stop = stop
	go func() {
		defer close(c.ended)
		_ = c.server.Run(ctx) // a line that fails has no calls, which the telephones notice
	}()
	return c, nil
}

// Call is the line's handler.
func (c *calls) Call(ctx context.Context, call line.Call) error {
	for ctx.Err() == nil {
		if _, err := call.Media().Play(ctx, c.speech, true); err != nil {
			return nil //nolint:nilerr // the call is over
		}
	}
	return nil
}

func (c *calls) rings() netip.AddrPort { return c.server.Addr() }

func (c *calls) close() {
	c.stop()
	<-c.ended
	c.scheduled.close()
}
