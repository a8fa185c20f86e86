package app

import (
	"context"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/publishing"
	"onedoor/app/simulations"
	"onedoor/policy"
	"onedoor/tenants"
)

// replays lets publishing ask simulations what a version would have done: they do not know each other.
type replays struct{ simulations *simulations.Service }

// Replay is a run of these two versions that still counts, or one made now.
func (r replays) Replay(ctx context.Context, neighbourhood uuid.UUID, live, draft *policy.Policy, _ *tenants.Directory, since time.Time) (publishing.Replay, error) {
	run, found, err := r.simulations.Fresh(ctx, neighbourhood, live.Hash(), draft.Hash())
	if err == nil && !found {
		var now simulations.Run
		now, err = r.simulations.RunNow(ctx, audit.Actor{Kind: audit.System, Name: "publishing"}, neighbourhood, simulations.Question{
			Draft: draft.Name(), Document: draft.Document(), Against: live.Hash(), From: since,
		})
		run = &now
	}
	if err != nil {
		return publishing.Replay{}, err
	}
	result := run.Result
	replay := publishing.Replay{
		Since: run.From, Mode: string(result.Mode), Requests: result.Requests, Moved: result.Moved, NewlyLate: result.NewlyLate,
		NewlyLessUrgent: result.NewlyLessUrgent, NewlyMoreUrgent: result.NewlyMoreUrgent, Findings: []publishing.ReplayFinding{},
	}
	for _, f := range result.Findings {
		replay.Findings = append(replay.Findings, publishing.ReplayFinding{Key: f.Key, Kind: string(f.Kind), Says: f.Says, Count: f.Count})
	}
	return replay, nil
}

// shadowing tells simulations which drafts shadow live traffic.
type shadowing struct{ publishing *publishing.Service }

// Shadowing are the drafts that do.
func (s shadowing) Shadowing(ctx context.Context, neighbourhood uuid.UUID) (list []simulations.ShadowDraft, err error) {
	drafts, err := s.publishing.Drafts(ctx, neighbourhood)
	for _, d := range drafts {
		if d.Shadow {
			list = append(list, simulations.ShadowDraft{NeighbourhoodID: neighbourhood, Name: d.Name, Document: d.Document})
		}
	}
	return list, err
}
