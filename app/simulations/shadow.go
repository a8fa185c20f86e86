package simulations

import (
	"context"
	"time"

	"github.com/google/uuid"

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

// Follow lets a draft decide on what has come since it was last asked. Nothing that goes wrong here touches a live request:
// history is read after the fact. A document that does not parse is told in the shadow itself.
func (s *Service) Follow(ctx context.Context, d ShadowDraft) (int, error) {
	now := s.now()
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
	source := s.store.Source(d.NeighbourhoodID, from, now.Add(time.Microsecond))
	err = source(ctx, 0, 1, func(batch []simulate.Request) error {
		for i := range batch {
			if r := &batch[i]; len(found) < mostDifferences {
				if c, differs := simulate.Compare(r, live, side); differs {
					found = append(found, ShadowDifference{r.ID, r.At, live.Policy.Hash(), c.From, c.To, c.ID})
				}
				shadow.Seen = r.At
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	if len(found) < mostDifferences {
		shadow.Seen = now
	}
	return len(found), s.store.KeepShadow(ctx, shadow, found)
}

// mostDifferences bounds one look; the next one goes on from there.
const mostDifferences = 5000

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
