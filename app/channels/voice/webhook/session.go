package webhook

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"onedoor/app/calls"
	"onedoor/app/channels/voice/dialogue"
)

// session is a call between two messages, as it is kept.
type session struct {
	External string // the platform's name for the call: a message about another call is not this one's
	Secret   []byte // signs the addresses of this call's sound
	Step     int    // of the answer that was given last; the next message names it
	At       time.Time
	State    *dialogue.State
	Turn     dialogue.Turn
	Filled   bool      `json:",omitempty"` // the last answer was complete by its length
	Heard    uuid.UUID `json:",omitzero"`  // a recording that came by another way, for the step that waits for it
	HeardKey string    `json:",omitempty"` // the key that ended it

	version int
	call    uuid.UUID
}

func (h *Hook) load(ctx context.Context, line Line, call uuid.UUID) (*session, error) {
	kept, err := h.Calls.LoadSession(ctx, line.NeighbourhoodID, call)
	if err != nil {
		return nil, err
	}
	s := &session{version: kept.Version, call: call}
	return s, json.Unmarshal(kept.State, s)
}

func (h *Hook) save(ctx context.Context, line Line, s *session) error {
	state, err := json.Marshal(s) //nolint:gosec // its secret is sealed with all the rest
	if err != nil {
		return err
	}
	err = h.Calls.SaveSession(ctx, line.NeighbourhoodID, calls.Session{CallID: s.call, Version: s.version, State: state})
	if err == nil {
		s.version++
	}
	return err
}
