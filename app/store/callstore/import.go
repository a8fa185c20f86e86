package callstore

import (
	"context"

	"github.com/google/uuid"
	"gorm.io/gorm/clause"

	"onedoor/app/calls"
	"onedoor/app/database"
	"onedoor/app/nhs"
	"onedoor/tenants"
)

// Import keeps calls and counts of another system's past. What is kept of them already stays as it is.
func (s *Store) Import(ctx context.Context, neighbourhood uuid.UUID, list []calls.Call, begun []calls.BegunDay) error {
	rows := make([]row, len(list))
	for i, c := range list {
		c.NeighbourhoodID = neighbourhood
		rows[i] = rowOf(c)
	}
	type begunRow struct {
		NeighbourhoodID uuid.UUID
		Day             nhs.Date
		Channel, Kind   string
		Begun           int
	}
	days := make([]begunRow, len(begun))
	for i, b := range begun {
		days[i] = begunRow{neighbourhood, b.Day, b.Channel, b.Kind, b.N}
	}
	return s.db.InTx(ctx, tenants.JobOf(neighbourhood), func(tx *database.Tx) error {
		if len(rows) > 0 {
			if err := tx.Gorm().Clauses(clause.OnConflict{DoNothing: true}).CreateInBatches(rows, 500).Error; err != nil {
				return err
			}
		}
		if len(days) == 0 {
			return nil
		}
		return tx.Gorm().Table("begun_days").Clauses(clause.OnConflict{DoNothing: true}).CreateInBatches(days, 500).Error
	})
}
