// Package jambonz answers calls that a jambonz platform carries: it takes the platform's signed JSON, gives what happened to
// the dialogue, and writes what to do next as jambonz's verbs. Calls live between two messages in package webhook, and what
// is asked is package dialogue's, as for every other telephone channel.
//
// A message is believed when its Jambonz-Signature fits every byte of its body and is at most five minutes old; the address
// is not signed by jambonz, so ours hold a pass that only the answer before knew. jambonz keeps no recordings: what a caller
// says comes as a stream of sound to a WebSocket here, and is kept by package recordings. Callers are put through to the
// line's own people and to nobody else. Nothing that a message says is logged.
package jambonz

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"onedoor/app/calls"
	"onedoor/app/channels/voice/dialogue"
	"onedoor/app/channels/voice/webhook"
	"onedoor/app/routes"
)

// Channel answers for /voice/jambonz.
type Channel struct {
	hook  *webhook.Hook
	lines webhook.Lines
	keep  webhook.Recordings
	base  string
	now   func() time.Time
}

// New makes the channel. Via and Passes of the options are set here.
func New(o webhook.Options) *Channel {
	o.Via, o.Passes = calls.Jambonz, true
	hook := webhook.New(o)
	return &Channel{hook: hook, lines: o.Lines, keep: o.Recordings, base: hook.Base, now: o.Now}
}

const (
	root     = "/voice/jambonz/:line"
	mostBody = 64 << 10
	// longestSound bounds a stream of sound, whatever the dialogue allows.
	longestSound = 6 * time.Minute
)

// Add registers the channel's routes.
func (c *Channel) Add(s *routes.Server) {
	post := func(path string, h func(echo.Context, message) error) {
		s.AddBounded(http.MethodPost, root+path, routes.Signed, routes.Bounds{Body: mostBody, Time: 14 * time.Second}, func(e echo.Context) error {
			m, err := c.read(e)
			if err != nil {
				return err
			}
			return h(e, m)
		})
	}
	post("", c.begin)
	post("/status", c.status)
	post("/:call/:step/:pass", c.next)
	post("/:call/:step/:pass/answered", c.answered)
	post("/:call/:step/:pass/dialled", c.dialled)
	s.AddBounded(http.MethodGet, root+"/:call/:step/:pass/sound", routes.Signed, routes.Bounds{Time: longestSound}, c.sound)
}

func (c *Channel) begin(e echo.Context, m message) error {
	a, err := c.hook.Begin(e.Request().Context(), m.line, m.CallSID, m.caller())
	return c.write(e, a, err)
}

// next takes what was gathered or said.
func (c *Channel) next(e echo.Context, m message) error {
	return c.handle(e, m, func(ctx context.Context, x webhook.Expected) (dialogue.Event, error) { return c.event(ctx, m, x) })
}

// answered comes when somebody picks up, before the two are put together: from here on the call is theirs.
func (c *Channel) answered(e echo.Context, m message) error {
	at, err := place(e)
	if err == nil {
		_, err = c.hook.Next(e.Request().Context(), m.line, at, m.parent(), happened(dialogue.PutThrough))
	}
	if err != nil {
		return err
	}
	return routes.WriteJSON(e, http.StatusOK, []any{})
}

// dialled comes when the call to our people is over, or never was.
func (c *Channel) dialled(e echo.Context, m message) error {
	kind := dialogue.NoOneThere
	if m.DialCallStatus == "completed" || m.DialCallStatus == "in-progress" {
		kind = dialogue.PutThrough
	}
	at, err := place(e)
	if err != nil {
		return err
	}
	a, err := c.hook.Next(e.Request().Context(), m.line, at, m.CallSID, happened(kind))
	if err == nil && a.Over {
		err = c.hook.HungUp(e.Request().Context(), m.line, m.CallSID, m.caller())
	}
	return c.write(e, a, err)
}

// status says how the call stands. When it is over, what was answered is filed.
func (c *Channel) status(e echo.Context, m message) error {
	switch m.CallStatus {
	case "completed", "failed", "no-answer", "busy":
		if err := c.hook.HungUp(e.Request().Context(), m.line, m.CallSID, m.caller()); err != nil {
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

func (c *Channel) handle(e echo.Context, m message, event webhook.Event) error {
	at, err := place(e)
	if err != nil {
		return err
	}
	a, err := c.hook.Next(e.Request().Context(), m.line, at, m.CallSID, event)
	return c.write(e, a, err)
}

func place(e echo.Context) (webhook.Place, error) {
	return webhook.ParsePlace(e.Param("call"), e.Param("step"), e.Param("pass"))
}

func (c *Channel) write(e echo.Context, a webhook.Answer, err error) error {
	if err != nil {
		return err
	}
	e.Response().Header().Set("Cache-Control", "no-store")
	return routes.WriteJSON(e, http.StatusOK, c.verbs(a))
}
