package simulations

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"onedoor/app/alarms"
	"onedoor/app/fault"
	"onedoor/policy"
	"onedoor/policy/simulate"
)

// Replayed is what came of replaying stored decisions.
type Replayed struct {
	Decisions   int // looked at
	Different   int
	Unavailable int // decided by a safety stage that this release of the product does not carry
}

// Decisions reads what was decided.
type Decisions interface {
	// Decisions is a sample of what was decided in a period, the same one for the same seed.
	Decisions(ctx context.Context, neighbourhood uuid.UUID, from, until time.Time, seed int64, limit int) ([]policy.Decision, error)
	Versions(ctx context.Context, neighbourhood uuid.UUID, policyHash, directoryHash string) (simulate.Side, error)
}

// Alarms is what Replay raises and clears; *alarms.Service is one.
type Alarms interface {
	Raise(ctx context.Context, a alarms.Alarm) error
	Clear(ctx context.Context, neighbourhood uuid.UUID, kind alarms.Kind, subject string) error
	Open(ctx context.Context, neighbourhood uuid.UUID) ([]alarms.Alarm, error)
}

// replaySample is how many decisions of a day are replayed.
const replaySample = 500

// Replayer replays stored decisions.
type Replayer struct {
	decisions Decisions
	alarms    Alarms
	now       func() time.Time
}

// NewReplayer puts one together.
func NewReplayer(d Decisions, a Alarms, now func() time.Time) *Replayer { return &Replayer{d, a, now} }

// otherwise is a rule whose stored decisions come out otherwise.
type otherwise struct{ stage, table, rule, policy, directory, safety string }

// Replay decides a sample of the last day's decisions again, with the versions that each names. A rule whose decision comes
// out otherwise gets an alarm, which names the rule and the versions; an alarm for a rule that a whole run found nothing
// of is cleared.
func (r *Replayer) Replay(ctx context.Context, neighbourhood uuid.UUID) (Replayed, error) {
	now := r.now()
	sample, err := r.decisions.Decisions(ctx, neighbourhood, now.Add(-24*time.Hour), now, now.Unix(), replaySample)
	if err != nil {
		return Replayed{}, err
	}
	done := Replayed{Decisions: len(sample)}
	found := map[otherwise]int{}
	for _, stored := range sample {
		same, available, err := r.again(ctx, neighbourhood, stored)
		switch {
		case err != nil:
			return done, err
		case !available:
			done.Unavailable++
		case !same:
			done.Different++
			found[otherwise{stored.Stage, stored.Table, stored.Rule, stored.PolicyHash, stored.DirectoryHash, stored.SafetyHash}]++
		}
	}
	return done, r.tell(ctx, neighbourhood, found, done)
}

// again replays one decision. Versions that are not kept, or are not what their hash says, make it different; a safety
// stage of another release makes it unavailable.
func (r *Replayer) again(ctx context.Context, neighbourhood uuid.UUID, stored policy.Decision) (same, available bool, err error) {
	safety := policy.Safety()
	if stored.SafetyHash != safety.Hash() {
		return false, false, nil
	}
	side, err := r.decisions.Versions(ctx, neighbourhood, stored.PolicyHash, stored.DirectoryHash)
	if fault.Is(err, "version_unloadable") {
		return false, true, nil
	}
	if err != nil {
		return false, true, err
	}
	replayed, err := policy.Replay(safety, side.Policy, side.Directory, stored)
	if fault.Is(err, "replay_version") {
		return false, true, nil
	}
	return err == nil && replayed.Equal(stored), true, err
}

func (r *Replayer) tell(ctx context.Context, neighbourhood uuid.UUID, found map[otherwise]int, done Replayed) error {
	standing := map[string]bool{}
	rules := slices.SortedFunc(maps.Keys(found), func(a, b otherwise) int { return slices.Compare(a.parts(), b.parts()) })
	for _, o := range rules {
		subject := o.subject()
		standing[subject] = true
		err := r.alarms.Raise(ctx, alarms.Alarm{
			NeighbourhoodID: neighbourhood, Kind: alarms.ReplayDifference, Subject: subject,
			Says: fmt.Sprintf("%d of %d decisions of the last day that were replayed came out otherwise: the rule %s of %s (policy %.12s, directory %.12s, safety stage %.12s).",
				found[o], done.Decisions, o.rule, o.table, o.policy, o.directory, o.safety),
		})
		if err != nil {
			return err
		}
	}
	open, err := r.alarms.Open(ctx, neighbourhood)
	if err != nil {
		return err
	}
	for _, a := range open {
		if a.Kind == alarms.ReplayDifference && !standing[a.Subject] {
			if err := r.alarms.Clear(ctx, neighbourhood, a.Kind, a.Subject); err != nil {
				return err
			}
		}
	}
	return nil
}

func (o otherwise) parts() []string {
	return []string{o.stage, o.table, o.rule, o.policy, o.directory, o.safety}
}

func (o otherwise) subject() string {
	return fmt.Sprintf("%s/%s/%s policy %.12s directory %.12s", o.stage, o.table, o.rule, o.policy, o.directory)
}
