package publishing

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/fault"
	"onedoor/app/simulations"
	"onedoor/policy"
)

// replayed is how far back past requests are decided again before a version is published.
const replayed = 31 * 24 * time.Hour

// Replay is what a version would have done to past requests, against the one that it replaces.
type Replay struct {
	Run             uuid.UUID       `json:"run,omitzero"` // the simulation that these figures are of
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

// Replays decides past requests again. It is simulations.Service.
type Replays interface {
	// Fresh finds a run of these two versions that still counts.
	Fresh(ctx context.Context, neighbourhood uuid.UUID, liveHash, draftHash string) (*simulations.Run, bool, error)
	// RunNow makes one, and waits for it.
	RunNow(ctx context.Context, by audit.Actor, neighbourhood uuid.UUID, q simulations.Question) (simulations.Run, error)
}

// replay decides the past again, where there is one.
func (s *Service) replay(ctx context.Context, c candidate) (Replay, error) {
	since := s.o.Now().Add(-replayed)
	r := Replay{Since: since, Findings: []ReplayFinding{}}
	switch {
	case c.restored:
		r.Says = "A version that was published before is restored without deciding past requests again."
		return r, nil
	case c.live.Hash == "":
		r.Says = "There was no version before this one to compare with."
		return r, nil
	case s.o.Replays == nil:
		r.Says = "No past requests are kept here, so none were decided again."
		return r, nil
	}
	if _, err := policy.Parse(c.live.Document); err != nil {
		// What is live cannot be read here: publishing another is the way out, and must not need it.
		r.Says = "The version that is live cannot be read, so no past requests were decided again."
		return r, nil //nolint:nilerr // said in the result
	}
	run, found, err := s.o.Replays.Fresh(ctx, c.neighbourhood, c.live.Hash, c.policy.Hash())
	if err == nil && !found {
		var made simulations.Run
		made, err = s.o.Replays.RunNow(ctx, c.by, c.neighbourhood, simulations.Question{Draft: c.draft, Document: c.policy.Document(), Against: c.live.Hash, From: since})
		run = &made
	}
	if err != nil {
		return r, err
	}
	if run.State != simulations.Done || run.Result == nil {
		return r, fault.New(fault.Unavailable, "replay_unfinished", "The past requests could not be decided again: %s Nothing was published.", ended(run.Problem))
	}
	return replayOf(run), nil
}

func replayOf(run *simulations.Run) Replay {
	x := run.Result
	r := Replay{
		Run: run.ID, Since: run.From, Mode: string(x.Mode), Requests: x.Requests, Moved: x.Moved, NewlyLate: x.NewlyLate,
		NewlyLessUrgent: x.NewlyLessUrgent, NewlyMoreUrgent: x.NewlyMoreUrgent, Findings: []ReplayFinding{},
	}
	for _, f := range x.Findings {
		r.Findings = append(r.Findings, ReplayFinding{f.Key, string(f.Kind), f.Says, f.Count})
	}
	r.Says = fmt.Sprintf("%d past requests were decided again: %d go elsewhere, %d become less urgent, %d late.", r.Requests, r.Moved, r.NewlyLessUrgent, r.NewlyLate)
	if r.Requests == 0 {
		r.Says = "There are no past requests, so none were decided again."
	}
	return r
}
