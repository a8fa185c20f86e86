package deliverystore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"onedoor/app/clinical"
	"onedoor/app/database"
	"onedoor/app/fault"
	"onedoor/tenants"
)

// acknowledgement is a line of the table delivery_acknowledgements.
type acknowledgement struct {
	NeighbourhoodID          uuid.UUID `gorm:"primaryKey"`
	DeliveryID               uuid.UUID `gorm:"primaryKey"`
	ID                       string    `gorm:"primaryKey"`
	OrganisationID           uuid.UUID
	RecordedByOrganisationID uuid.UUID
	State                    int16
	Says                     string
	SaidAt                   *time.Time
	ReceivedAt               time.Time
	Changed                  bool
}

func (acknowledgement) TableName() string { return "delivery_acknowledgements" }

// Acknowledge keeps a later word on a delivery, and the delivery's state after it, in one transaction. The same word again
// changes nothing. fault.Absent means that no delivery of the neighbourhood is meant, clinical.ErrInHand that a drain has the
// delivery: then nothing is kept, and the word is to be left where it is.
func (s *Store) Acknowledge(ctx context.Context, neighbourhood uuid.UUID, a clinical.Acknowledgement, now time.Time) error {
	if a.ID == "" {
		return fault.New(fault.Invalid, "acknowledgement_id", "An acknowledgement needs the id of its message.")
	}
	code, err := codeOf(a.State)
	if err != nil {
		return err
	}
	return s.db.InTx(ctx, tenants.JobOf(neighbourhood), func(tx *database.Tx) error {
		db := tx.Gorm().WithContext(ctx)
		var r row
		err := named(db.Model(&row{}).Where("neighbourhood_id = ?", neighbourhood), a).
			Clauses(clause.Locking{Strength: "UPDATE"}).Order("id").Take(&r).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return fault.Absent()
		}
		if err != nil {
			return fmt.Errorf("find what is acknowledged: %w", err)
		}
		d, err := r.delivery()
		if err != nil {
			return err
		}
		if d.State.Open() {
			return clinical.ErrInHand
		}
		after, changed := d.Acknowledge(a, now)
		kept := acknowledgement{
			NeighbourhoodID: neighbourhood, DeliveryID: d.ID, ID: a.ID, OrganisationID: d.OrganisationID, RecordedByOrganisationID: d.RecordedByID,
			State: code, Says: a.Says, SaidAt: optional(a.At), ReceivedAt: now, Changed: changed,
		}
		stored := db.Clauses(clause.OnConflict{DoNothing: true}).Create(&kept)
		if stored.Error != nil {
			return fmt.Errorf("keep an acknowledgement: %w", stored.Error)
		}
		if stored.RowsAffected == 0 || !changed {
			return nil
		}
		return save(ctx, tx, lineOf(after), []clinical.Delivery{after}, r.State)
	})
}

// named finds a delivery by our name for it, or by the system's.
func named(db *gorm.DB, a clinical.Acknowledgement) *gorm.DB {
	if a.DeliveryID != uuid.Nil {
		return db.Where("id = ?", a.DeliveryID)
	}
	return db.Where("external_id = ? and external_id <> ''", a.ExternalID)
}

// Late notices deliveries that were to be filed by now, each once, and puts those before a person of which the next word is
// somebody else's. They are given as they are afterwards.
func (s *Store) Late(ctx context.Context, neighbourhood uuid.UUID, now time.Time, most int) ([]clinical.Delivery, error) {
	var late []clinical.Delivery
	err := s.db.InTx(ctx, tenants.JobOf(neighbourhood), func(tx *database.Tx) error {
		var rows []row
		err := tx.Gorm().WithContext(ctx).Raw(`
			update deliveries d set late_at = @now
			where d.neighbourhood_id = @neighbourhood and d.id in (
			  select l.id from deliveries l
			  where l.neighbourhood_id = @neighbourhood and l.due_at < @now and l.late_at is null and l.state <> 3
			  order by l.due_at limit @most for update skip locked)
			returning d.*`, map[string]any{"now": now, "neighbourhood": neighbourhood, "most": most}).Scan(&rows).Error
		if err != nil {
			return fmt.Errorf("mark late deliveries: %w", err)
		}
		if late, err = deliveriesOf(rows); err != nil {
			return err
		}
		for i, d := range late {
			after := d.Overdue(now)
			if late[i] = after; after.State == d.State {
				continue
			}
			if err := save(ctx, tx, lineOf(after), []clinical.Delivery{after}, rows[i].State); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return late, nil
}
