package jambonz

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"onedoor/app/channels/voice/dialogue"
	"onedoor/app/channels/voice/webhook"
	"onedoor/app/fault"
)

// event is what a message says that happened.
func (c *Channel) event(ctx context.Context, m message, x webhook.Expected) (dialogue.Event, error) {
	if x.Expect.Kind == dialogue.ExpectEnd {
		return dialogue.Event{Kind: dialogue.ChannelEnded}, nil
	}
	if len(m.Digits) > 64 || strings.Trim(m.Digits, "0123456789*#") != "" {
		return dialogue.Event{}, fault.New(fault.Invalid, "digits", "These are not keys of a telephone.")
	}
	if x.Expect.Kind == dialogue.ExpectRecording {
		return c.spoken(ctx, m, x)
	}
	// A hash that nothing came before is a message without digits that does not say timeout.
	if m.Digits == "" && !strings.HasPrefix(m.Reason, "dtmf") {
		return dialogue.Event{Kind: dialogue.Silence}, nil
	}
	digits := m.Digits
	if star := strings.IndexByte(digits, '*'); star >= 0 {
		digits = digits[:star+1] // a star begins again, wherever it stands
	}
	digits, _, _ = strings.Cut(digits, "#")
	return dialogue.Event{Kind: dialogue.Keys, Keys: digits}, nil
}

const (
	soundWait = 4 * time.Second
	soundLook = 100 * time.Millisecond
)

// spoken waits for the sound that was streamed to be kept: jambonz says that it stopped as it stops.
func (c *Channel) spoken(ctx context.Context, m message, x webhook.Expected) (dialogue.Event, error) {
	limit := time.NewTimer(soundWait)
	defer limit.Stop()
	look := time.NewTicker(soundLook)
	defer look.Stop()
	for {
		switch id, key := x.Heard(ctx); {
		case id == webhook.Nothing() && key != "":
			return dialogue.Event{Kind: dialogue.Keys, Keys: key}, nil
		case id == webhook.Nothing() && strings.Contains(m.Digits, "#"):
			return dialogue.Event{Kind: dialogue.Keys}, nil // the hash at once leaves the question out
		case id == webhook.Nothing():
			return dialogue.Event{Kind: dialogue.Silence}, nil
		case id != uuid.Nil:
			return dialogue.Event{Kind: dialogue.Recorded, Recording: id, Keys: key}, nil
		}
		select {
		case <-look.C:
		case <-limit.C:
			return dialogue.Event{Kind: dialogue.LineTrouble}, nil
		case <-ctx.Done():
			return dialogue.Event{}, ctx.Err()
		}
	}
}
