package publishing

import (
	"context"
	"time"

	"github.com/google/uuid"

	"onedoor/policy"
	"onedoor/tenants"
)

// replayed is how far back past requests are decided again before a version is published.
const replayed = 31 * 24 * time.Hour

// Replay is what a version would have done to past requests, against the one that it replaces.
type Replay struct {
	Since           time.Time       `json:"since"`
	Mode            string          `json:"mode,omitempty"`
	Requests        int             `json:"requests"` // none: there is no past, and the version says so
	Moved           int             `json:"moved"`
	NewlyLate       int             `json:"newly_late"`
	NewlyLessUrgent int             `json:"newly_less_urgent"`
	NewlyMoreUrgent int             `json:"newly_more_urgent"`
	Findings        []ReplayFinding `json:"findings"`
	Says            string          `json:"says"`
}

// ReplayFinding needs a written reason: requests become less urgent or late, or a group of people waits longer.
type ReplayFinding struct {
	Key   string `json:"key"`
	Kind  string `json:"kind"` // less-urgent, late, group-waits
	Says  string `json:"says"`
	Count int    `json:"count"`
}

// Replays decides past requests again. It is app/simulations.
type Replays interface {
	// Replay is the result for these two versions over the requests since a moment: one that was made lately and still
	// holds, or one made now.
	Replay(ctx context.Context, neighbourhood uuid.UUID, live, draft *policy.Policy, d *tenants.Directory, since time.Time) (Replay, error)
}
