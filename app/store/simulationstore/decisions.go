package simulationstore

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"onedoor/app/database"
	"onedoor/app/simulations"
	"onedoor/policy"
)

var _ simulations.Decisions = (*Store)(nil)

// Decisions implements simulations.Decisions. History knows what came when, and decisions are found by their keys.
func (s *Store) Decisions(ctx context.Context, neighbourhood uuid.UUID, from, until time.Time, seed int64, limit int) (list []policy.Decision, err error) {
	err = s.inTx(ctx, neighbourhood, func(tx *database.Tx) error {
		var rows []json.RawMessage
		err := tx.Gorm().Raw(`
			select d.decision from request_history h join decisions d on d.neighbourhood_id = h.neighbourhood_id and d.request_id = h.request_id
			where h.neighbourhood_id = ? and h.submitted_at >= ? and h.submitted_at <= ?
			order by hashtextextended(cast(h.request_id as text), ?) limit ?`, neighbourhood, from, until, seed, limit).Scan(&rows).Error
		if err != nil {
			return err
		}
		list = make([]policy.Decision, len(rows))
		for i := range rows {
			if err := json.Unmarshal(rows[i], &list[i]); err != nil {
				return err
			}
		}
		return nil
	})
	return list, err
}
