package callstore

import (
	"context"
	"time"

	"github.com/google/uuid"

	"onedoor/app/calls"
	"onedoor/app/database"
	"onedoor/tenants"
)

type listed struct {
	Row        row `gorm:"embedded"`
	CalledBack bool
}

var _ calls.Lists = (*Store)(nil)

// OfOrganisations implements calls.Lists.
func (s *Store) OfOrganisations(ctx context.Context, neighbourhood uuid.UUID, organisations []uuid.UUID, own bool, from, until time.Time) (list []calls.Ours, err error) {
	scope := tenants.JobOf(neighbourhood)
	if organisations != nil {
		scope = tenants.StaffOf(neighbourhood, organisations...)
	}
	var rows []listed
	err = s.db.InTx(ctx, scope, func(tx *database.Tx) error {
		// Neither the hash nor the sealed number of a caller leaves the table here.
		query := tx.Gorm().Table("calls c").
			Select(`c.neighbourhood_id, c.id, c.organisation_id, c.line, c.via, c.language, c.external_hash, c.withheld, c.repeats_id, c.started_at, c.answered_at,
				c.person_asked_at, c.person_at, c.ended_at, c.heard_at, c.ending, c.kind, c.reference, c.answers_kept, c.last_step, coalesce(r.status = 5, false) as called_back`).
			Joins("left join requests r on r.neighbourhood_id = c.neighbourhood_id and r.reference = c.reference and c.ending = 'callback'").
			Where("c.neighbourhood_id = ? and c.started_at >= ? and c.started_at < ?", neighbourhood, from, until)
		switch {
		case organisations != nil && own:
			query = query.Where("c.organisation_id in ? or c.organisation_id is null", organisations)
		case organisations != nil:
			query = query.Where("c.organisation_id in ?", organisations)
		}
		return query.Order("c.started_at, c.id").Scan(&rows).Error
	})
	for _, w := range rows {
		list = append(list, calls.Ours{Call: w.Row.call(), ExternalHash: w.Row.ExternalHash, CalledBack: w.CalledBack})
	}
	return list, err
}
