// Package twiml answers calls that a platform which speaks TwiML carries, Twilio first: it takes the platform's signed
// posts, gives what happened to the dialogue, and writes what to do next as XML. Calls live between two posts in package
// webhook.
//
// A post is believed when its signature fits the exact address under which the platform reaches us and every field; each
// line has tokens of its own, two while they are changed. A post that was taken before is refused. What a caller says is
// fetched through the outbound guard, kept by package recordings, and then removed at Twilio. Callers are put through to the line's own people and
// to nobody else. Nothing that a post says is logged.
package twiml

import (
	"context"
	"encoding/xml"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"onedoor/app/calls"
	"onedoor/app/channels/voice/dialogue"
	"onedoor/app/channels/voice/webhook"
	"onedoor/app/outbound"
	"onedoor/app/routes"
)

// Options are what a Channel is made of. Via in them is set here.
type Options struct {
	webhook.Options
	// Outbound fetches recordings.
	Outbound outbound.Client
	// Copies have recordings removed at Twilio once they are kept here; nil leaves them there.
	Copies Copies
}

// Channel answers for /voice/twiml.
type Channel struct {
	hook     *webhook.Hook
	lines    webhook.Lines
	base     string
	now      func() time.Time
	outbound outbound.Client
	keep     webhook.Recordings
	copies   Copies
}

// New makes the channel.
func New(o Options) *Channel {
	o.Via = calls.TwiML
	hook := webhook.New(o.Options)
	return &Channel{hook: hook, lines: o.Lines, base: hook.Base, now: o.Now, outbound: o.Outbound, keep: o.Recordings, copies: o.Copies}
}

// Hook is what drives the calls.
func (c *Channel) Hook() *webhook.Hook { return c.hook }

const root = "/voice/twiml/:line"

// mostForm is far above any post of Twilio's.
const mostForm = 32 << 10

// Add registers the channel's routes.
func (c *Channel) Add(s *routes.Server) {
	post := func(path string, h func(echo.Context, post) error) {
		s.AddBounded(http.MethodPost, root+path, routes.Signed, routes.Bounds{Body: mostForm, Time: 14 * time.Second}, func(e echo.Context) error {
			p, err := c.read(e)
			if err != nil {
				return err
			}
			return h(e, p)
		})
	}
	post("", c.begin)
	post("/status", c.status)
	post("/:call/:step", c.next)
	post("/:call/:step/quiet", c.quiet)
	post("/:call/:step/answered", c.answered)
	post("/:call/:step/dialled", c.dialled)
}

// begin answers a call.
func (c *Channel) begin(e echo.Context, p post) error {
	a, err := c.hook.Begin(e.Request().Context(), p.line, p.call(), p.caller())
	return c.write(e, a, err)
}

// next takes what was keyed or said.
func (c *Channel) next(e echo.Context, p post) error {
	return c.handle(e, p, p.form.Get("CallSid"), func(ctx context.Context, x webhook.Expected) (dialogue.Event, error) {
		return c.event(ctx, p, x)
	})
}

// quiet follows a recording that holds nothing: Twilio posts none. Before anybody could have been silent for long, it was
// the hash, which leaves a question out.
func (c *Channel) quiet(e echo.Context, p post) error {
	return c.handle(e, p, p.form.Get("CallSid"), func(_ context.Context, x webhook.Expected) (dialogue.Event, error) {
		if c.now().Sub(x.Since) < x.Lasts+x.Expect.First*3/4 {
			return dialogue.Event{Kind: dialogue.Keys}, nil
		}
		return dialogue.Event{Kind: dialogue.Silence}, nil
	})
}

// answered comes from the leg of the person who picked up: from here on it is theirs.
func (c *Channel) answered(e echo.Context, p post) error {
	at, err := place(e)
	if err == nil {
		_, err = c.hook.Next(e.Request().Context(), p.line, at, p.call(), happened(dialogue.PutThrough))
	}
	return c.writeXML(e, response{}, err) // an empty answer puts the two together
}

// dialled comes when the call to our people is over, or never was.
func (c *Channel) dialled(e echo.Context, p post) error {
	kind := dialogue.NoOneThere
	if s := p.form.Get("DialCallStatus"); s == "completed" || s == "answered" {
		kind = dialogue.PutThrough
	}
	at, err := place(e)
	if err != nil {
		return err
	}
	a, err := c.hook.Next(e.Request().Context(), p.line, at, p.call(), happened(kind))
	if err == nil && a.Over {
		err = c.hook.HungUp(e.Request().Context(), p.line, p.call(), p.caller())
	}
	return c.write(e, a, err)
}

// status says how the call stands. When it is over, what was answered is filed.
func (c *Channel) status(e echo.Context, p post) error {
	switch p.form.Get("CallStatus") {
	case "completed", "busy", "failed", "no-answer", "canceled":
		if err := c.hook.HungUp(e.Request().Context(), p.line, p.call(), p.caller()); err != nil {
			return err
		}
	}
	return e.NoContent(http.StatusNoContent)
}

func happened(kind dialogue.EventKind) webhook.Event {
	return func(context.Context, webhook.Expected) (dialogue.Event, error) {
		return dialogue.Event{Kind: kind}, nil
	}
}

func (c *Channel) handle(e echo.Context, p post, external string, event webhook.Event) error {
	at, err := place(e)
	if err != nil {
		return err
	}
	a, err := c.hook.Next(e.Request().Context(), p.line, at, external, event)
	if err == nil && p.hungUp() {
		err = c.hook.HungUp(e.Request().Context(), p.line, external, p.caller())
		a.Over = true
	}
	return c.write(e, a, err)
}

// place is the call and the answer that an address names. An address that was not made here is nobody's.
func place(e echo.Context) (webhook.Place, error) {
	return webhook.ParsePlace(e.Param("call"), e.Param("step"), "")
}

func (c *Channel) write(e echo.Context, a webhook.Answer, err error) error {
	if err != nil {
		return err
	}
	return c.writeXML(e, c.response(a), nil)
}

func (c *Channel) writeXML(e echo.Context, r response, err error) error {
	if err != nil {
		return err
	}
	body, err := xml.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	e.Response().Header().Set("Cache-Control", "no-store")
	return e.Blob(http.StatusOK, "text/xml; charset=utf-8", append([]byte(xml.Header), append(body, '\n')...))
}
