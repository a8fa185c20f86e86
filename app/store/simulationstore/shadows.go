package simulationstore

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"onedoor/app/database"
	"onedoor/app/simulations"
	"onedoor/policy/simulate"
)

type shadowRow struct {
	Draft     string
	Hash      string
	SinceAt   time.Time
	SeenAt    time.Time
	Requests  int
	Different int
}

func (w shadowRow) shadow(neighbourhood uuid.UUID) simulations.Shadow {
	return simulations.Shadow{
		NeighbourhoodID: neighbourhood, Draft: w.Draft, Hash: w.Hash, Since: w.SinceAt.UTC(), Seen: w.SeenAt.UTC(), Requests: w.Requests, Different: w.Different,
	}
}

// Shadow implements simulations.ShadowStore.
func (s *Store) Shadow(ctx context.Context, neighbourhood uuid.UUID, draft, hash string, now time.Time) (found simulations.Shadow, err error) {
	err = s.inTx(ctx, neighbourhood, func(tx *database.Tx) error {
		var w shadowRow
		err := tx.Gorm().Raw(`
			insert into shadows (neighbourhood_id, draft, hash, since_at, seen_at) values (?, ?, ?, ?, ?)
			on conflict (neighbourhood_id, draft, hash) do update set seen_at = shadows.seen_at
			returning draft, hash, since_at, seen_at`, neighbourhood, draft, hash, now, now).Scan(&w).Error
		found = w.shadow(neighbourhood)
		return err
	})
	return found, err
}

// KeepShadow implements simulations.ShadowStore.
func (s *Store) KeepShadow(ctx context.Context, shadow simulations.Shadow, differences []simulations.ShadowDifference) error {
	return s.inTx(ctx, shadow.NeighbourhoodID, func(tx *database.Tx) error {
		for _, d := range differences {
			from, err := json.Marshal(d.From)
			if err != nil {
				return err
			}
			to, err := json.Marshal(d.To)
			if err != nil {
				return err
			}
			err = tx.Gorm().Exec(`
				insert into shadow_differences (neighbourhood_id, draft, hash, request_id, submitted_at, live_hash, cell, from_end, to_end)
				values (?, ?, ?, ?, ?, ?, ?, cast(? as jsonb), cast(? as jsonb)) on conflict do nothing`,
				shadow.NeighbourhoodID, shadow.Draft, shadow.Hash, d.RequestID, d.At, d.LiveHash, d.Cell, string(from), string(to)).Error
			if err != nil {
				return err
			}
		}
		return tx.Gorm().Exec("update shadows set seen_at = greatest(seen_at, ?) where neighbourhood_id = ? and draft = ? and hash = ?",
			shadow.Seen, shadow.NeighbourhoodID, shadow.Draft, shadow.Hash).Error
	})
}

// Shadows implements simulations.ShadowStore.
func (s *Store) Shadows(ctx context.Context, neighbourhood uuid.UUID, draft string) (list []simulations.Shadow, err error) {
	err = s.inTx(ctx, neighbourhood, func(tx *database.Tx) error {
		var rows []shadowRow
		err := tx.Gorm().Raw(`
			select draft, hash, since_at, seen_at,
			       (select count(*) from request_history h where h.neighbourhood_id = s.neighbourhood_id and h.submitted_at >= s.since_at and h.submitted_at <= s.seen_at) as requests,
			       (select count(*) from shadow_differences d where d.neighbourhood_id = s.neighbourhood_id and d.draft = s.draft and d.hash = s.hash) as different
			from shadows s where neighbourhood_id = ? and (draft = ? or ? = '') order by since_at desc, hash limit 50`, neighbourhood, draft, draft).Scan(&rows).Error
		for _, w := range rows {
			list = append(list, w.shadow(neighbourhood))
		}
		return err
	})
	return list, err
}

// ShadowCells implements simulations.ShadowStore.
func (s *Store) ShadowCells(ctx context.Context, neighbourhood uuid.UUID, draft, hash string) (list []simulations.ShadowCell, err error) {
	err = s.inTx(ctx, neighbourhood, func(tx *database.Tx) error {
		var rows []struct {
			Cell     string
			FromEnd  json.RawMessage
			ToEnd    json.RawMessage
			Requests int
		}
		err := tx.Gorm().Raw(`
			select cell, (array_agg(from_end order by submitted_at desc))[1] as from_end, (array_agg(to_end order by submitted_at desc))[1] as to_end, count(*) as requests
			from shadow_differences where neighbourhood_id = ? and draft = ? and hash = ? group by cell order by count(*) desc, cell limit 1000`,
			neighbourhood, draft, hash).Scan(&rows).Error
		for _, w := range rows {
			c := simulations.ShadowCell{ID: w.Cell, Requests: w.Requests}
			if err := ends(w.FromEnd, w.ToEnd, &c.From, &c.To); err != nil {
				return err
			}
			list = append(list, c)
		}
		return err
	})
	return list, err
}

// ShadowDifferences implements simulations.ShadowStore.
func (s *Store) ShadowDifferences(ctx context.Context, neighbourhood uuid.UUID, draft, hash, cell string, limit int) (list []simulations.ShadowDifference, err error) {
	err = s.inTx(ctx, neighbourhood, func(tx *database.Tx) error {
		var rows []struct {
			RequestID   uuid.UUID
			SubmittedAt time.Time
			LiveHash    string
			Cell        string
			FromEnd     json.RawMessage
			ToEnd       json.RawMessage
		}
		err := tx.Gorm().Raw(`
			select request_id, submitted_at, live_hash, cell, from_end, to_end from shadow_differences
			where neighbourhood_id = ? and draft = ? and hash = ? and cell = ? order by submitted_at desc, request_id limit ?`,
			neighbourhood, draft, hash, cell, limit).Scan(&rows).Error
		for _, w := range rows {
			d := simulations.ShadowDifference{RequestID: w.RequestID, At: w.SubmittedAt.UTC(), LiveHash: w.LiveHash, Cell: w.Cell}
			if err := ends(w.FromEnd, w.ToEnd, &d.From, &d.To); err != nil {
				return err
			}
			list = append(list, d)
		}
		return err
	})
	return list, err
}

func ends(from, to json.RawMessage, fromEnd, toEnd *simulate.End) error {
	if err := json.Unmarshal(from, fromEnd); err != nil {
		return err
	}
	return json.Unmarshal(to, toEnd)
}

// EndShadows implements simulations.ShadowStore.
func (s *Store) EndShadows(ctx context.Context, neighbourhood uuid.UUID, before time.Time) (int, error) {
	n := 0
	err := s.inTx(ctx, neighbourhood, func(tx *database.Tx) error {
		done := tx.Gorm().Exec("delete from shadows where neighbourhood_id = ? and seen_at < ?", neighbourhood, before)
		n = int(done.RowsAffected)
		return done.Error
	})
	return n, err
}
