package deliverystore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"onedoor/app/clinical"
	"onedoor/app/database"
	"onedoor/app/store/integrationstore"
	"onedoor/tenants"
)

// unblocked is a condition on deliveries d: nothing earlier of the same request waits for the same organisation. One that
// needs attention holds back those after it, until a person has replayed it; but no outcome waits for an arrival (purposes 2
// and 3) that a system would not take.
const unblocked = `
	not exists (
	  select from deliveries e
	  where e.neighbourhood_id = d.neighbourhood_id and e.request_id = d.request_id and e.organisation_id = d.organisation_id
	    and (e.sequence, e.id) < (d.sequence, d.id) and (e.state in (0, 1) or (e.state = 4 and (e.purpose < 2 or d.purpose > 1))))`

// pausedWait is how soon a resumed integration is noticed.
const pausedWait = 5 * time.Second

// Take leases a line and marks its next deliveries as sent: if this process dies, whoever comes next reads them back first.
func (s *Store) Take(ctx context.Context, line clinical.Line, lease clinical.Lease, limit int, now time.Time) (clinical.Slice, error) {
	var slice clinical.Slice
	err := s.db.InTx(ctx, tenants.JobOf(line.NeighbourhoodID), func(tx *database.Tx) error {
		slice = clinical.Slice{}
		err := tx.Pgx().QueryRow(ctx, `
			update delivery_heads set lease_token = $3, lease_until = clock_timestamp() + $4
			where neighbourhood_id = $1 and organisation_id = $2
			  and (lease_until is null or lease_until < clock_timestamp() or lease_token = $3)
			  and (breaker_until is null or breaker_until <= clock_timestamp())
			returning failures`,
			line.NeighbourhoodID, line.OrganisationID, lease.Token, lease.For).Scan(&slice.Breaker.Failures)
		if errors.Is(err, pgx.ErrNoRows) {
			slice.Held, err = held(ctx, tx, line)
			return err
		}
		if err != nil {
			return fmt.Errorf("lease a line: %w", err)
		}
		ways, err := integrationstore.In(ctx, tx, line.OrganisationID)
		if err != nil {
			return err
		}
		if slice.Deliveries, err = due(ctx, tx, line, ways, limit, now); err != nil || len(slice.Deliveries) == 0 {
			return err
		}
		if slice.Deliveries, err = withoutHeld(ctx, tx, line, slice.Deliveries, now); err != nil || len(slice.Deliveries) == 0 {
			return err
		}
		marked := make([]clinical.Delivery, len(slice.Deliveries))
		for i, d := range slice.Deliveries {
			d.State, d.UpdatedAt = clinical.Sent, now
			if d.SentAt.IsZero() {
				d.SentAt = now
			}
			marked[i] = d
		}
		return save(ctx, tx, line, marked, 0, 1)
	})
	return slice, err
}

// held is for how long a line may not be worked on; never zero, so that nobody spins on it.
func held(ctx context.Context, tx *database.Tx, line clinical.Line) (time.Duration, error) {
	var wait *time.Duration
	err := tx.Pgx().QueryRow(ctx, `
		select greatest(lease_until, breaker_until) - clock_timestamp()
		from delivery_heads where neighbourhood_id = $1 and organisation_id = $2`,
		line.NeighbourhoodID, line.OrganisationID).Scan(&wait)
	const least = 50 * time.Millisecond
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		_, err = lockHead(ctx, tx, line) // makes it
		return least, err
	case err != nil:
		return 0, fmt.Errorf("read a line: %w", err)
	case wait == nil:
		return least, nil
	}
	return max(least, *wait), nil
}

func due(ctx context.Context, tx *database.Tx, line clinical.Line, ways []clinical.Integration, limit int, now time.Time) ([]clinical.Delivery, error) {
	var rows []row
	waits := waiting(ways)
	err := tx.Gorm().WithContext(ctx).Raw(`
		select d.* from deliveries d
		where d.neighbourhood_id = ? and d.organisation_id = ? and d.state in (0, 1) and d.next_at <= ? and `+unblocked+waits.but()+`
		order by d.next_at, d.id limit ?`, // one that failed goes behind what has waited longer, or it would hold up the line for ever
		append(append([]any{line.NeighbourhoodID, line.OrganisationID, now}, waits.arguments...), limit)...).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read a line's next deliveries: %w", err)
	}
	list, err := deliveriesOf(rows)
	for i, d := range list {
		list[i].IntegrationID = way(ways, d)
	}
	return list, err
}

// Save writes what came of some tries and lengthens the lease. ErrLeaseLost means that nothing was written.
func (s *Store) Save(ctx context.Context, line clinical.Line, lease clinical.Lease, p clinical.Progress) error {
	return s.db.InTx(ctx, tenants.JobOf(line.NeighbourhoodID), func(tx *database.Tx) error {
		return progress(ctx, tx, line, lease, p)
	})
}

// progress also locks the head row until the commit.
func progress(ctx context.Context, tx *database.Tx, line clinical.Line, lease clinical.Lease, p clinical.Progress) error {
	var hold *time.Duration
	if p.Hold > 0 {
		hold = &p.Hold
	}
	tag, err := tx.Pgx().Exec(ctx, `
		update delivery_heads set lease_until = clock_timestamp() + $4, failures = $5, breaker_until = clock_timestamp() + $6
		where neighbourhood_id = $1 and organisation_id = $2 and lease_token = $3`,
		line.NeighbourhoodID, line.OrganisationID, lease.Token, lease.For, p.Breaker.Failures, hold)
	if err != nil {
		return fmt.Errorf("keep a lease: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return clinical.ErrLeaseLost
	}
	return save(ctx, tx, line, p.Deliveries, 0, 1)
}

// left is when a line's next delivery may go, and whether others wait for a paused integration.
func left(ctx context.Context, tx *database.Tx, line clinical.Line) (next *time.Time, paused bool, err error) {
	ways, err := integrationstore.In(ctx, tx, line.OrganisationID)
	if err != nil {
		return nil, false, err
	}
	waits := waiting(ways)
	var found struct {
		Next   *time.Time
		Paused bool
	}
	err = tx.Gorm().WithContext(ctx).Raw(`
		select min(next_at) filter (where not waits) as next, coalesce(bool_or(waits), false) as paused
		from (select d.next_at, `+waits.condition+` as waits from deliveries d
		      where d.neighbourhood_id = ? and d.organisation_id = ? and d.state in (0, 1) and `+unblocked+`) open`,
		append(slices.Clone(waits.arguments), line.NeighbourhoodID, line.OrganisationID)...).Scan(&found).Error
	if err != nil {
		return nil, false, fmt.Errorf("look for what is left: %w", err)
	}
	return found.Next, found.Paused, nil
}

// Finish writes a slice's last progress and gives the lease back under the head's lock. When nothing is left to do,
// complete ends the job in the same transaction; otherwise it says after how long the line is to be looked at again.
func (s *Store) Finish(ctx context.Context, line clinical.Line, lease clinical.Lease, p clinical.Progress, now time.Time, complete func(*database.Tx) error) (wait time.Duration, done bool, err error) {
	err = s.db.InTx(ctx, tenants.JobOf(line.NeighbourhoodID), func(tx *database.Tx) error {
		wait, done = 0, false
		if err := progress(ctx, tx, line, lease, p); err != nil {
			return err
		}
		next, paused, err := left(ctx, tx, line)
		if err != nil {
			return err
		}
		changes := map[string]any{"lease_token": nil, "lease_until": nil}
		switch {
		case next != nil:
			wait = max(0, next.Sub(now))
		case paused:
			wait = pausedWait
		default:
			done = true
			changes["draining"] = false
		}
		if err := headOf(tx.Gorm().WithContext(ctx), line).Updates(changes).Error; err != nil {
			return fmt.Errorf("give back a lease: %w", err)
		}
		if done {
			return complete(tx)
		}
		return nil
	})
	return wait, done, err
}
