package simulations

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"onedoor/app/fault"
	"onedoor/policy"
	"onedoor/policy/simulate"
)

// ShadowDraft is a draft that decides on live traffic without effect.
type ShadowDraft struct {
	NeighbourhoodID uuid.UUID
	Name            string
	Document        []byte
}

// Shadowing says which drafts shadow. app/publishing's drafts know it.
type Shadowing interface {
	Shadowing(ctx context.Context, neighbourhood uuid.UUID) ([]ShadowDraft, error)
}

// Shadow is how far a draft has shadowed live traffic, one for each version of its document.
type Shadow struct {
	NeighbourhoodID uuid.UUID
	Draft           string
	Hash            string
	Since           time.Time // requests submitted from then on
	Seen            time.Time // up to which requests were looked at
	Requests        int       // submitted since
	Different       int
	Problem         string // why the draft cannot decide, for a lead
}

// ShadowDifference is a request that the shadow would have routed elsewhere. It keeps which request it is, and no facts.
type ShadowDifference struct {
	RequestID uuid.UUID
	At        time.Time
	LiveHash  string
	From, To  simulate.End
	Cell      string
}

// ShadowCell counts differences from one end to another.
type ShadowCell struct {
	ID       string
	From, To simulate.End
	Requests int
}

// ShadowStore keeps what shadows found.
type ShadowStore interface {
	// Shadow finds how far a version of a draft has come; a new one begins now.
	Shadow(ctx context.Context, neighbourhood uuid.UUID, draft, hash string, now time.Time) (Shadow, error)
	// KeepShadow adds differences, each once, and moves the shadow on.
	KeepShadow(ctx context.Context, s Shadow, differences []ShadowDifference) error
	// Shadows are all of a draft, the newest first, or of every draft; at most 50.
	Shadows(ctx context.Context, neighbourhood uuid.UUID, draft string) ([]Shadow, error)
	ShadowCells(ctx context.Context, neighbourhood uuid.UUID, draft, hash string) ([]ShadowCell, error)
	ShadowDifferences(ctx context.Context, neighbourhood uuid.UUID, draft, hash, cell string, limit int) ([]ShadowDifference, error)
	// EndShadows forgets shadows that were last moved on before a moment.
	EndShadows(ctx context.Context, neighbourhood uuid.UUID, before time.Time) (int, error)
}

// overlap is how far back each look goes again: a request whose transaction took long appears behind the newest. What was
// found before is found again and kept once.
const overlap = 2 * time.Minute

// Follow lets a draft decide on what has come since it was last asked, and keeps where it would have decided otherwise than
// was decided. Nothing that goes wrong here touches a live request: history is read after the fact.
func (s *Service) Follow(ctx context.Context, d ShadowDraft) (int, error) {
	now := s.now().Truncate(time.Microsecond)
	draft, err := policy.Parse(d.Document)
	if err != nil {
		return 0, err
	}
	live, err := s.store.Live(ctx, d.NeighbourhoodID, now)
	if err != nil {
		return 0, err
	}
	shadow, err := s.store.Shadow(ctx, d.NeighbourhoodID, d.Name, draft.Hash(), now)
	if err != nil {
		return 0, err
	}
	from := shadow.Seen.Add(-overlap)
	if from.Before(shadow.Since) {
		from = shadow.Since
	}
	side := simulate.Side{Policy: draft, Directory: live.Directory}
	var found []ShadowDifference
	shadow.Seen = now
	source := s.store.Source(d.NeighbourhoodID, from, now.Add(time.Microsecond))
	err = source(ctx, 0, 1, func(batch []simulate.Request) error {
		for i := range batch {
			r := &batch[i]
			if len(found) == mostDifferences {
				shadow.Seen = r.At // the next look goes on from here
				return errEnough
			}
			if c, differs := simulate.Otherwise(r, side); differs {
				found = append(found, ShadowDifference{RequestID: r.ID, At: r.At, From: c.From, To: c.To, Cell: c.ID})
			}
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return 0, err
	}
	for i := range found {
		if found[i].LiveHash, err = s.hashAt(ctx, d.NeighbourhoodID, found[i].At, live); err != nil {
			return 0, err
		}
	}
	return len(found), s.store.KeepShadow(ctx, shadow, found)
}

// hashAt is the version that was live at a moment: for what came after the live version was asked for, the live one.
func (s *Service) hashAt(ctx context.Context, neighbourhood uuid.UUID, at time.Time, live simulate.Side) (string, error) {
	then, err := s.store.Live(ctx, neighbourhood, at)
	if fault.Is(err, "no_rules") {
		return live.Policy.Hash(), nil
	}
	if err != nil {
		return "", err
	}
	return then.Policy.Hash(), nil
}

var errEnough = errors.New("enough for one look")

// mostDifferences bounds one look; the next one goes on from there.
const mostDifferences = 50_000

// shadowsKept is how long a shadow that is not followed any more can be looked at.
const shadowsKept = 90 * 24 * time.Hour

// RemoveShadows forgets shadows that nobody has followed for 90 days, and says how many.
func (s *Service) RemoveShadows(ctx context.Context, neighbourhood uuid.UUID, now time.Time) (int, error) {
	return s.store.EndShadows(ctx, neighbourhood, now.Add(-shadowsKept))
}

// Shadows says how far the versions of a draft have shadowed live traffic, the newest first.
func (s *Service) Shadows(ctx context.Context, neighbourhood uuid.UUID, draft string) ([]Shadow, error) {
	return s.store.Shadows(ctx, neighbourhood, draft)
}

// ShadowCells counts what a version of a draft would have done otherwise, the most requests first.
func (s *Service) ShadowCells(ctx context.Context, neighbourhood uuid.UUID, draft, hash string) ([]ShadowCell, error) {
	return s.store.ShadowCells(ctx, neighbourhood, draft, hash)
}

// ShadowMoves lists the newest differences of a cell, at most 50, each explained by the version that was live and by the
// document given, which must be the shadow's.
func (s *Service) ShadowMoves(ctx context.Context, d ShadowDraft, cell string) ([]Move, error) {
	draft, err := policy.Parse(d.Document)
	if err != nil {
		return nil, err
	}
	found, err := s.store.ShadowDifferences(ctx, d.NeighbourhoodID, d.Name, draft.Hash(), cell, 50)
	if err != nil {
		return nil, err
	}
	samples := make([]simulate.Sample, len(found))
	for i, f := range found {
		samples[i] = simulate.Sample{ID: f.RequestID, At: f.At}
	}
	requests, err := s.store.Requests(ctx, d.NeighbourhoodID, samples)
	if err != nil {
		return nil, err
	}
	now, err := s.store.Live(ctx, d.NeighbourhoodID, s.now())
	if err != nil {
		return nil, err
	}
	var list []Move
	for i, f := range found {
		r, ok := requests[f.RequestID]
		if !ok {
			continue
		}
		live, err := s.store.Versions(ctx, d.NeighbourhoodID, f.LiveHash, now.Directory.Hash())
		if err != nil {
			return nil, err
		}
		side := simulate.Side{Policy: draft, Directory: now.Directory}
		e := simulate.Explain(&r, samples[i], live, side)
		list = append(list, Move{i + 1, simulate.Coarsen(&r, live, side), explanation(e.Live), explanation(e.Draft)})
	}
	return list, nil
}
