package webhook

import (
	"context"

	"github.com/google/uuid"

	"onedoor/app/channels/voice/dialogue"
	"onedoor/app/fault"
)

// Listening is what the answer at a place expects, for a recording that comes by another way, such as a stream of sound. It
// is refused for any answer but the last one, and for one that wants no recording.
func (h *Hook) Listening(ctx context.Context, line Line, at Place) (Expected, error) {
	s, err := h.load(ctx, line, at.Call)
	if fault.Is(err, "not_found") {
		return Expected{}, Refused(nil)
	}
	if err != nil {
		return Expected{}, err
	}
	if !h.passes(s, at) || s.Step != at.Step || s.Turn.Expect.Kind != dialogue.ExpectRecording || s.Heard != uuid.Nil {
		return Expected{}, Refused(nil)
	}
	return h.expected(line, s), nil
}

// Hear gives the answer at a place the recording that came by another way, or Nothing, and the key that ended it, if one did.
func (h *Hook) Hear(ctx context.Context, line Line, at Place, recording uuid.UUID, key string) error {
	for range 4 {
		s, err := h.load(ctx, line, at.Call)
		if err != nil {
			return err
		}
		if s.Step != at.Step || s.Heard != uuid.Nil {
			return replayed()
		}
		s.Heard, s.HeardKey = recording, key
		if err = h.save(ctx, line, s); !fault.Is(err, "session_moved_on") {
			return err
		}
	}
	return fault.New(fault.Unavailable, "busy", "Please try again.")
}
