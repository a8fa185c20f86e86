package deliverystore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/database"
	"onedoor/jobs"
	"onedoor/tenants"
)

// Neighbourhoods are those that ever had a delivery.
func (s *Store) Neighbourhoods(ctx context.Context) ([]uuid.UUID, error) {
	var ids []uuid.UUID
	err := s.db.Global(ctx, func(tx *database.Tx) error {
		return tx.Gorm().WithContext(ctx).Model(&head{}).Distinct().Order("neighbourhood_id").Pluck("neighbourhood_id", &ids).Error
	})
	if err != nil {
		return nil, fmt.Errorf("list the neighbourhoods with deliveries: %w", err)
	}
	return ids, nil
}

// Sweep sees to it that every line with open deliveries has a drain job that runs, and counts those that it had to help:
// a line whose job is missing gets one, and a job whose process died (it says running, its lease has ended and it began
// longer ago than a lease lasts) is made available again.
func (s *Store) Sweep(ctx context.Context, neighbourhood uuid.UUID, lease time.Duration) (int, error) {
	var organisations []uuid.UUID
	err := s.db.InTx(ctx, tenants.JobOf(neighbourhood), func(tx *database.Tx) error {
		return tx.Gorm().WithContext(ctx).Raw(`
			select h.organisation_id from delivery_heads h
			cross join lateral (
			  select from deliveries d
			  where d.neighbourhood_id = h.neighbourhood_id and d.organisation_id = h.organisation_id and d.state in (0, 1) and `+unblocked+`
			  order by d.next_at, d.id limit 1) open -- one of each line, however many wait
			where h.neighbourhood_id = ? order by 1`, neighbourhood).Scan(&organisations).Error
	})
	if err != nil {
		return 0, fmt.Errorf("list the lines with open deliveries: %w", err)
	}
	helped := 0
	for _, organisation := range organisations {
		line := clinical.Line{NeighbourhoodID: neighbourhood, OrganisationID: organisation}
		did, err := s.sweepLine(ctx, line, lease)
		if err != nil {
			return helped, err
		}
		if did {
			helped++
		}
	}
	return helped, nil
}

func (s *Store) sweepLine(ctx context.Context, line clinical.Line, lease time.Duration) (helped bool, err error) {
	job := jobs.DrainDeliveries{NeighbourhoodID: line.NeighbourhoodID, OrganisationID: line.OrganisationID}
	args, err := json.Marshal(job)
	if err != nil {
		return false, fmt.Errorf("write the arguments of a drain job: %w", err)
	}
	err = s.db.InTx(ctx, tenants.JobOf(line.NeighbourhoodID), func(tx *database.Tx) error {
		if _, err := lockHead(ctx, tx, line); err != nil {
			return err
		}
		tag, err := tx.Pgx().Exec(ctx, `
			update river_job set state = 'available', scheduled_at = now()
			where kind = $1 and args @> $2 and state = 'running' and attempted_at < clock_timestamp() - $3::interval
			  and exists (select from delivery_heads h
			              where h.neighbourhood_id = $4 and h.organisation_id = $5
			                and (h.lease_until is null or h.lease_until < clock_timestamp()))`,
			job.Kind(), args, lease, line.NeighbourhoodID, line.OrganisationID)
		if err != nil {
			return fmt.Errorf("free a drain job whose process died: %w", err)
		}
		if err := headOf(tx.Gorm().WithContext(ctx), line).Update("draining", true).Error; err != nil {
			return fmt.Errorf("mark a line as draining: %w", err)
		}
		result, err := s.river.InsertTx(ctx, tx.Pgx(), job, nil)
		if err != nil {
			return fmt.Errorf("insert a drain job: %w", err)
		}
		helped = tag.RowsAffected() > 0 || !result.UniqueSkippedAsDuplicate
		return nil
	})
	return helped, err
}
