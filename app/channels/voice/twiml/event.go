package twiml

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/google/uuid"

	"onedoor/app/channels/voice/dialogue"
	"onedoor/app/channels/voice/webhook"
	"onedoor/app/fault"
	"onedoor/app/outbound"
)

// event is what a message says that happened.
func (c *Channel) event(ctx context.Context, p post, x webhook.Expected) (dialogue.Event, error) {
	if x.Expect.Kind == dialogue.ExpectEnd {
		return dialogue.Event{Kind: dialogue.ChannelEnded}, nil
	}
	digits := p.form.Get("Digits")
	if p.hungUp() {
		digits = ""
	}
	if len(digits) > 64 || strings.Trim(digits, "0123456789*#") != "" {
		return dialogue.Event{}, fault.New(fault.Invalid, "digits", "These are not keys of a telephone.")
	}
	address := p.form.Get("RecordingUrl")
	switch {
	case x.Expect.Kind != dialogue.ExpectRecording, address == "":
		return c.keys(p, x, digits), nil
	case digits == "*":
		c.discard(ctx, p, address)
		return dialogue.Event{Kind: dialogue.Keys, Keys: "*"}, nil // say it again: what was spoken is spoken anew
	case p.form.Get("RecordingDuration") == "0":
		c.discard(ctx, p, address)
		return dialogue.Event{Kind: dialogue.Keys, Keys: strings.TrimSuffix(digits, "#")}, nil
	}
	id, err := c.recording(ctx, p, x, address)
	if err != nil {
		if ctx.Err() != nil {
			return dialogue.Event{}, ctx.Err()
		}
		return dialogue.Event{Kind: dialogue.LineTrouble}, nil
	}
	return dialogue.Event{Kind: dialogue.Recorded, Recording: id, Keys: strings.TrimSuffix(digits, "#")}, nil
}

// keys makes of what was gathered what the dialogue's own collector would: a hash ends, and alone is an answer; a star
// begins again, wherever it stands.
func (c *Channel) keys(p post, x webhook.Expected, digits string) dialogue.Event {
	if digits == "" {
		if c.hashAlone(p, x) {
			return dialogue.Event{Kind: dialogue.Keys}
		}
		return dialogue.Event{Kind: dialogue.Silence}
	}
	if star := strings.IndexByte(digits, '*'); star >= 0 {
		digits = digits[:star+1]
	}
	digits, _, _ = strings.Cut(digits, "#")
	return dialogue.Event{Kind: dialogue.Keys, Keys: digits}
}

// hashAlone tells a hash, which Twilio leaves out of what was gathered, from silence. In a menu it is gathered like any
// key. Elsewhere Twilio says which key finished; where it does not, it cannot be silence before the time for silence.
func (c *Channel) hashAlone(p post, x webhook.Expected) bool {
	if x.Expect.Most == 1 {
		return false
	}
	if finished, said := p.form["FinishedOnKey"]; said {
		return finished[0] == "#"
	}
	return c.now().Sub(x.Since) < x.Expect.First
}

// recordingTries is how often a recording is asked for: it may be ready a moment after Twilio tells of it.
const recordingTries = 5

// recording fetches what was said, and keeps it.
func (c *Channel) recording(ctx context.Context, p post, x webhook.Expected, address string) (uuid.UUID, error) {
	at, err := url.Parse(address)
	if err != nil || at.Host == "" || at.User != nil {
		return uuid.Nil, fault.New(fault.Invalid, "recording_url", "The message does not say where the recording is.")
	}
	if path.Ext(at.Path) == "" {
		at.Path += ".wav"
	}
	var wav []byte
	for try := range recordingTries {
		if wav, err = c.fetch(ctx, p, at); err == nil || fault.Is(err, "outbound_refused") || fault.Is(err, "outbound_too_large") {
			break
		}
		if err := pause(ctx, 200*time.Millisecond<<try); err != nil {
			return uuid.Nil, err
		}
	}
	if err != nil {
		return uuid.Nil, err
	}
	if _, _, ok := held(address); ok && c.copies != nil {
		return c.copies.KeepFetched(ctx, p.line.NeighbourhoodID, x.CallID, x.LinkID, wav, p.line.Name, address)
	}
	return c.keep.Keep(ctx, p.line.NeighbourhoodID, x.CallID, x.LinkID, wav)
}

// discard has Twilio remove a recording that is not needed. A caller never waits for it to succeed.
func (c *Channel) discard(ctx context.Context, p post, address string) {
	if _, _, ok := held(address); !ok || c.copies == nil {
		return
	}
	if err := c.copies.Discard(ctx, p.line.NeighbourhoodID, p.line.Name, address); err != nil {
		c.hook.Log.LogAttrs(ctx, slog.LevelError, "a recording that nobody needs stays with the telephony platform", slog.String("code", fault.As(err).Code))
	}
}

func (c *Channel) fetch(ctx context.Context, p post, at *url.URL) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		return nil, err
	}
	// The token goes to Twilio itself and to nobody whom a message names.
	if twilios(at) {
		r.SetBasicAuth(p.form.Get("AccountSid"), p.line.TwiMLTokens[0])
	}
	wav, _, err := outbound.Read(c.outbound, r)
	return wav, err
}

// twilios reports whether an address is Twilio's own.
func twilios(at *url.URL) bool {
	return at.Scheme == "https" && at.User == nil && strings.HasSuffix(at.Hostname(), ".twilio.com")
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
