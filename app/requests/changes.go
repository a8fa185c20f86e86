package requests

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// Change says, in ids alone, that something changed: whoever looks reads it again in a scope of their own.
type Change struct {
	ID        string // to go on from
	Topic     string // request, delivery; reset means that some were missed, and what is shown is to be read anew
	Reference Reference
	// Organisations are those whose staff should look; none concerns everybody.
	Organisations []uuid.UUID
	At            time.Time
}

// Changes gives the changes of a neighbourhood after an id; without one, from now on. The channel is closed when ctx ends.
type Changes interface {
	Subscribe(ctx context.Context, neighbourhood uuid.UUID, after string) (<-chan Change, error)
}
