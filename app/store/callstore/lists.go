package callstore

import (
	"context"
	"time"

	"github.com/google/uuid"

	"onedoor/app/calls"
	"onedoor/app/database"
	"onedoor/tenants"
)

var _ calls.Lists = (*Store)(nil)

// OfOrganisations implements calls.Lists.
func (s *Store) OfOrganisations(ctx context.Context, neighbourhood uuid.UUID, organisations []uuid.UUID, own bool, from, until time.Time) (list []calls.Ours, err error) {
	scope := tenants.JobOf(neighbourhood)
	if organisations != nil {
		scope = tenants.StaffOf(neighbourhood, organisations...)
	}
	var rows []row
	err = s.db.InTx(ctx, scope, func(tx *database.Tx) error {
		query := tx.Gorm().Where("neighbourhood_id = ? and started_at >= ? and started_at < ?", neighbourhood, from, until)
		switch {
		case organisations != nil && own:
			query = query.Where("organisation_id in ? or organisation_id is null", organisations)
		case organisations != nil:
			query = query.Where("organisation_id in ?", organisations)
		}
		// Neither the hash nor the sealed number of a caller leaves the table here.
		return query.Omit("caller_hash", "caller_sealed").Order("started_at, id").Find(&rows).Error
	})
	for _, w := range rows {
		list = append(list, calls.Ours{Call: w.call(), ExternalHash: w.ExternalHash})
	}
	return list, err
}
