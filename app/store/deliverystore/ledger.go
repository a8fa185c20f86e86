package deliverystore

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"onedoor/app/clinical"
	"onedoor/app/database"
	"onedoor/tenants"
)

// Kinds of difference are stored by their place in this list: it is never reordered.
var differences = []clinical.DifferenceKind{clinical.Missing, clinical.Unexpected, clinical.Twice}

// settled is for how long a delivery was left in peace before it is compared: a system may show what it took a little later.
const settled = 30 * time.Second

// comparable is a condition on deliveries: those about which a system can be asked whether it has them. What needs attention
// was refused, and is compared if it was ever sent.
const comparable = `integration_id is not null and (state in (3, 5) or (state = 4 and sent_at is not null)) and updated_at < ?`

// difference is a line of the table delivery_differences.
type difference struct {
	NeighbourhoodID uuid.UUID `gorm:"primaryKey"`
	DeliveryID      uuid.UUID `gorm:"primaryKey"`
	OrganisationID  uuid.UUID
	Kind            int16
	FoundAt         time.Time
	SeenAt          time.Time
	ClosedAt        *time.Time
}

func (difference) TableName() string { return "delivery_differences" }

// check is a line of the table delivery_checks.
type check struct {
	NeighbourhoodID uuid.UUID `gorm:"primaryKey"`
	OrganisationID  uuid.UUID `gorm:"primaryKey"`
	Newest, Round   uuid.UUID
	Checked         int
	CheckedAt       *time.Time
}

func (check) TableName() string { return "delivery_checks" }

// Checkable are the lines that ever had a delivery.
func (s *Store) Checkable(ctx context.Context, neighbourhood uuid.UUID) ([]clinical.Line, error) {
	var organisations []uuid.UUID
	err := s.db.Global(ctx, func(tx *database.Tx) error {
		return tx.Gorm().WithContext(ctx).Model(&head{}).Where("neighbourhood_id = ?", neighbourhood).Order("organisation_id").Pluck("organisation_id", &organisations).Error
	})
	if err != nil {
		return nil, fmt.Errorf("list the lines to compare: %w", err)
	}
	lines := make([]clinical.Line, len(organisations))
	for i, id := range organisations {
		lines[i] = clinical.Line{NeighbourhoodID: neighbourhood, OrganisationID: id}
	}
	return lines, nil
}

// Sample chooses what to compare next.
func (s *Store) Sample(ctx context.Context, line clinical.Line, most int, now time.Time) (clinical.Sample, error) {
	var sample clinical.Sample
	err := s.db.InTx(ctx, tenants.JobOf(line.NeighbourhoodID), func(tx *database.Tx) error {
		var done check
		err := tx.Gorm().WithContext(ctx).Where("neighbourhood_id = ? and organisation_id = ?", line.NeighbourhoodID, line.OrganisationID).Limit(1).Find(&done).Error
		if err != nil {
			return err
		}
		sample = clinical.Sample{Newest: done.Newest, Round: done.Round}
		rows, err := differed(ctx, tx, line, now)
		if err != nil {
			return err
		}
		fresh, err := passed(ctx, tx, line, done.Newest, most, now)
		if err != nil {
			return err
		}
		if len(fresh) > 0 {
			sample.Newest = fresh[len(fresh)-1].ID
		}
		again, err := passed(ctx, tx, line, done.Round, most, now)
		if err != nil {
			return err
		}
		sample.Round = uuid.Nil // round again
		if len(again) == most {
			sample.Round = again[most-1].ID
		}
		rows = slices.Concat(rows, fresh, again)
		slices.SortFunc(rows, func(a, b row) int { return slices.Compare(a.ID[:], b.ID[:]) })
		sample.Deliveries, err = deliveriesOf(slices.CompactFunc(rows, func(a, b row) bool { return a.ID == b.ID }))
		return err
	})
	if err != nil {
		return clinical.Sample{}, fmt.Errorf("choose what to compare: %w", err)
	}
	return sample, nil
}

// comparedFor is how long deliveries are compared: what stood in a system for so long has been seen many times, and some
// systems do not tell of older ones.
const comparedFor = 28 * 24 * time.Hour

// madeBefore is an id that is lower than those of all deliveries made from a moment on: their ids begin with their time.
func madeBefore(at time.Time) (id uuid.UUID) {
	milliseconds := at.UnixMilli()
	for i := range 6 {
		id[i] = byte(milliseconds >> (40 - 8*i)) //nolint:gosec // one byte of it
	}
	return id
}

func passed(ctx context.Context, tx *database.Tx, line clinical.Line, after uuid.UUID, most int, now time.Time) (rows []row, err error) {
	if least := madeBefore(now.Add(-comparedFor)); bytes.Compare(after[:], least[:]) < 0 {
		after = least
	}
	err = tx.Gorm().WithContext(ctx).Where("neighbourhood_id = ? and organisation_id = ? and id > ?", line.NeighbourhoodID, line.OrganisationID, after).
		Where(comparable, now.Add(-settled)).Order("id").Limit(most).Find(&rows).Error
	return rows, err
}

// differedMost is how many differences are looked at again in one run.
const differedMost = 100

func differed(ctx context.Context, tx *database.Tx, line clinical.Line, now time.Time) (rows []row, err error) {
	err = tx.Gorm().WithContext(ctx).Where("neighbourhood_id = ? and organisation_id = ?", line.NeighbourhoodID, line.OrganisationID).
		Where(comparable, now.Add(-settled)).
		Where("id in (select x.delivery_id from delivery_differences x where x.neighbourhood_id = ? and x.organisation_id = ? and x.closed_at is null order by x.seen_at limit ?)",
			line.NeighbourhoodID, line.OrganisationID, differedMost).
		Find(&rows).Error
	return rows, err
}

// Checked writes what came of a sample. What was said to differ and is being sent again is no difference any more.
func (s *Store) Checked(ctx context.Context, line clinical.Line, sample clinical.Sample, checks []clinical.Check, now time.Time) error {
	err := s.db.InTx(ctx, tenants.JobOf(line.NeighbourhoodID), func(tx *database.Tx) error {
		db := tx.Gorm().WithContext(ctx)
		var agree []uuid.UUID
		for _, c := range checks {
			if c.Kind == "" {
				agree = append(agree, c.Delivery.ID)
				continue
			}
			d := difference{
				NeighbourhoodID: line.NeighbourhoodID, DeliveryID: c.Delivery.ID, OrganisationID: line.OrganisationID,
				Kind: int16(slices.Index(differences, c.Kind)), FoundAt: now, SeenAt: now, //nolint:gosec // a handful
			}
			err := db.Clauses(clause.OnConflict{
				Columns: []clause.Column{{Name: "neighbourhood_id"}, {Name: "delivery_id"}},
				DoUpdates: clause.Assignments(map[string]any{
					"kind": d.Kind, "seen_at": now, "closed_at": nil,
					"found_at": gorm.Expr("case when delivery_differences.closed_at is null then delivery_differences.found_at else excluded.found_at end"),
				}),
			}).Create(&d).Error
			if err != nil {
				return err
			}
		}
		open := db.Model(&difference{}).Where("neighbourhood_id = ? and organisation_id = ? and closed_at is null", line.NeighbourhoodID, line.OrganisationID)
		err := open.Where(`delivery_id in ? or exists (select from deliveries d where d.neighbourhood_id = delivery_differences.neighbourhood_id
			and d.id = delivery_differences.delivery_id and d.state in (0, 1, 2))`, append(agree, uuid.Nil)).Update("closed_at", now).Error
		if err != nil {
			return err
		}
		return db.Clauses(clause.OnConflict{
			Columns: []clause.Column{{Name: "neighbourhood_id"}, {Name: "organisation_id"}},
			DoUpdates: clause.Assignments(map[string]any{
				"newest": sample.Newest, "round": sample.Round, "checked_at": now, "checked": gorm.Expr("delivery_checks.checked + ?", len(checks)),
			}),
		}).Create(&check{
			NeighbourhoodID: line.NeighbourhoodID, OrganisationID: line.OrganisationID, Newest: sample.Newest, Round: sample.Round, Checked: len(checks), CheckedAt: &now,
		}).Error
	})
	if err != nil {
		return fmt.Errorf("keep what a comparison came to: %w", err)
	}
	return nil
}

// Differences are those that stand, the oldest first.
func (s *Store) Differences(ctx context.Context, scope tenants.Scope, limit int) ([]clinical.Difference, error) {
	var rows []struct {
		DeliveryID, OrganisationID uuid.UUID
		Kind                       int16
		FoundAt, SeenAt            time.Time
		RequestReference           string
	}
	err := s.db.InTx(ctx, scope, func(tx *database.Tx) error {
		q := tx.Gorm().WithContext(ctx).Table("delivery_differences x").
			Joins("join deliveries d on d.neighbourhood_id = x.neighbourhood_id and d.id = x.delivery_id").
			Where("x.neighbourhood_id = ? and x.closed_at is null", scope.NeighbourhoodID)
		if scope.Kind == tenants.StaffScope {
			q = q.Where("x.organisation_id in ?", scope.Organisations)
		}
		return q.Select("x.delivery_id, x.organisation_id, x.kind, x.found_at, x.seen_at, d.request_reference").Order("x.found_at, x.delivery_id").Limit(limit).Scan(&rows).Error
	})
	if err != nil {
		return nil, fmt.Errorf("list differences: %w", err)
	}
	list := make([]clinical.Difference, len(rows))
	for i, r := range rows {
		list[i] = clinical.Difference{
			DeliveryID: r.DeliveryID, OrganisationID: r.OrganisationID, Reference: r.RequestReference, Kind: differences[r.Kind], FoundAt: r.FoundAt, SeenAt: r.SeenAt,
		}
	}
	return list, nil
}
