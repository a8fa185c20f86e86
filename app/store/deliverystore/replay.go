package deliverystore

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"onedoor/app/audit"
	"onedoor/app/clinical"
	"onedoor/app/database"
	"onedoor/app/store/auditstore"
	"onedoor/app/store/integrationstore"
	"onedoor/tenants"
)

// Replay sends a refused delivery again, and records who wanted it.
func (s *Store) Replay(ctx context.Context, scope tenants.Scope, by audit.Actor, id uuid.UUID, now time.Time) (clinical.Delivery, error) {
	var d clinical.Delivery
	err := s.db.InTx(ctx, scope, func(tx *database.Tx) (err error) {
		if d, err = s.replay(ctx, tx, id, now); err != nil {
			return err
		}
		auditstore.Append(tx, audit.Entry{
			ID: uuid.Must(uuid.NewV7()), NeighbourhoodID: d.NeighbourhoodID, OrganisationID: d.OrganisationID, At: now, Actor: by,
			Action: "delivery.replay", SubjectKind: "delivery", Subject: d.ID,
		})
		return nil
	})
	return d, err
}

// replay tells who may only watch that there is nothing to replay.
func (s *Store) replay(ctx context.Context, tx *database.Tx, id uuid.UUID, now time.Time) (clinical.Delivery, error) {
	d, err := get(replayable(tx.Gorm().WithContext(ctx), tx.Scope()).Clauses(clause.Locking{Strength: "UPDATE"}), id)
	if err != nil {
		return clinical.Delivery{}, err
	}
	if d, err = d.Replay(now); err != nil {
		return clinical.Delivery{}, err
	}
	if d.IntegrationID, err = stillThere(ctx, tx, d); err != nil {
		return clinical.Delivery{}, err
	}
	if err := save(ctx, tx, lineOf(d), []clinical.Delivery{d}, codeNeedsAttention); err != nil {
		return clinical.Delivery{}, err
	}
	return d, s.wake(ctx, tx, []clinical.Line{lineOf(d)})
}

// stillThere is the way that a delivery was sent by, or none when it has been removed: whoever replays it then has decided
// that it goes by another.
func stillThere(ctx context.Context, tx *database.Tx, d clinical.Delivery) (uuid.UUID, error) {
	ways, err := integrationstore.In(ctx, tx, d.OrganisationID)
	if err != nil {
		return uuid.Nil, err
	}
	for _, i := range ways {
		if i.ID == d.IntegrationID {
			return i.ID, nil
		}
	}
	return uuid.Nil, nil
}

// replayable are the deliveries of a scope to its own systems.
func replayable(db *gorm.DB, scope tenants.Scope) *gorm.DB {
	q := visible(db, scope)
	if scope.Kind == tenants.StaffScope {
		q = q.Where("organisation_id in ?", scope.Organisations)
	}
	return q
}

// replayedAtOnce is how many deliveries one call sends again: a page waits for it.
const replayedAtOnce = 500

// ReplayAll sends what needs attention and matches the filter again, the oldest first. Its state is not asked.
func (s *Store) ReplayAll(ctx context.Context, scope tenants.Scope, by audit.Actor, f clinical.Filter, now time.Time) (n int, more bool, err error) {
	f.State = clinical.NeedsAttention
	err = s.db.InTx(ctx, scope, func(tx *database.Tx) error {
		n, more = 0, false
		q, err := filtered(replayable(tx.Gorm().WithContext(ctx), scope), f)
		if err != nil {
			return err
		}
		var rows []row
		if err := q.Clauses(clause.Locking{Strength: "UPDATE"}).Order("id").Limit(replayedAtOnce + 1).Find(&rows).Error; err != nil {
			return fmt.Errorf("read what needs attention: %w", err)
		}
		if len(rows) > replayedAtOnce {
			rows, more = rows[:replayedAtOnce], true
		}
		found, err := deliveriesOf(rows)
		if err != nil {
			return err
		}
		n = len(found)
		return s.replayEach(ctx, tx, by, found, now)
	})
	return n, more, err
}

func (s *Store) replayEach(ctx context.Context, tx *database.Tx, by audit.Actor, found []clinical.Delivery, now time.Time) error {
	byLine := map[clinical.Line][]clinical.Delivery{}
	var lines []clinical.Line
	for _, d := range found {
		again, err := d.Replay(now)
		if err != nil {
			return err
		}
		if again.IntegrationID, err = stillThere(ctx, tx, again); err != nil {
			return err
		}
		line := lineOf(d)
		if byLine[line] == nil {
			lines = append(lines, line)
		}
		byLine[line] = append(byLine[line], again)
	}
	for _, line := range lines {
		if err := save(ctx, tx, line, byLine[line], codeNeedsAttention); err != nil {
			return err
		}
		auditstore.Append(tx, audit.Entry{
			ID: uuid.Must(uuid.NewV7()), NeighbourhoodID: line.NeighbourhoodID, OrganisationID: line.OrganisationID, At: now, Actor: by,
			Action: "delivery.replay-all", SubjectKind: "organisation", Subject: line.OrganisationID, Details: map[string]any{"deliveries": len(byLine[line])},
		})
	}
	return s.wake(ctx, tx, lines)
}
