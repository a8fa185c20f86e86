package deliverystore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/google/uuid"
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

const (
	// pausedWait is how soon a resumed integration is noticed.
	pausedWait = 5 * time.Second
	// dueWait bounds the sleep until a delivery's next try, so that a new one to a system that is well does not wait.
	dueWait = 2 * time.Second
)

// Take leases a line and marks its next deliveries as sent: if this process dies, whoever comes next reads them back first.
func (s *Store) Take(ctx context.Context, line clinical.Line, lease clinical.Lease, ask clinical.Ask) (clinical.Slice, error) {
	var slice clinical.Slice
	err := s.db.InTx(ctx, tenants.JobOf(line.NeighbourhoodID), func(tx *database.Tx) error {
		slice = clinical.Slice{}
		tag, err := tx.Pgx().Exec(ctx, `
			update delivery_heads set lease_token = $3, lease_until = clock_timestamp() + $4
			where neighbourhood_id = $1 and organisation_id = $2
			  and (lease_token = $3 or ($5 and (lease_until is null or lease_until < clock_timestamp())))`,
			line.NeighbourhoodID, line.OrganisationID, lease.Token, lease.For, ask.Done.Empty())
		switch {
		case err != nil:
			return fmt.Errorf("lease a line: %w", err)
		case tag.RowsAffected() == 0 && !ask.Done.Empty():
			return clinical.ErrLeaseLost
		case tag.RowsAffected() == 0:
			slice.Held, err = held(ctx, tx, line)
			return err
		}
		if err := write(ctx, tx, line, ask.Done, 0, 1); err != nil {
			return err
		}
		return take(ctx, tx, line, ask, &slice)
	})
	return slice, err
}

// take chooses a slice's deliveries, each with its way, and marks them.
func take(ctx context.Context, tx *database.Tx, line clinical.Line, ask clinical.Ask, slice *clinical.Slice) error {
	ways, err := integrationstore.In(ctx, tx, line.OrganisationID)
	if err != nil {
		return err
	}
	standing, err := standings(ctx, tx, line)
	if err != nil {
		return err
	}
	shut, _ := shutNow(ways, standing)
	for _, id := range ask.Busy {
		shut[id] = true
	}
	slice.Others = len(ways) > 1
	for { // once more for each way whose limit of calls is used up
		found, err := due(ctx, tx, line, ways, shut, ask.Limit, ask.Now)
		if err != nil {
			return err
		}
		if found, err = withoutHeld(ctx, tx, line, found, ask.Now); err != nil {
			return err
		}
		slice.Ways = map[uuid.UUID]clinical.Way{}
		for _, d := range found {
			slice.Ways[d.IntegrationID] = clinical.Way{Integration: among(ways, d.IntegrationID), Breaker: standing[d.IntegrationID].breaker}
		}
		full, err := pace(ctx, tx, ways, &found, slice.Ways)
		if err != nil {
			return err
		}
		slice.Deliveries = found
		if len(full) == 0 {
			break
		}
		maps.Copy(shut, full)
	}
	return mark(ctx, tx, line, slice.Deliveries, ask.Now)
}

// mark stores that deliveries are being sent, and by which way, in one statement. Nobody is told: what comes of it is told a
// moment later, and a page that hears of both draws itself twice.
func mark(ctx context.Context, tx *database.Tx, line clinical.Line, deliveries []clinical.Delivery, now time.Time) error {
	if len(deliveries) == 0 {
		return nil
	}
	ids, ways := make([]uuid.UUID, len(deliveries)), make([]*uuid.UUID, len(deliveries))
	for i, d := range deliveries {
		ids[i], ways[i] = d.ID, known(d.IntegrationID)
	}
	tag, err := tx.Pgx().Exec(ctx, `
		update deliveries d set state = 1, updated_at = $5, sent_at = coalesce(d.sent_at, $5), integration_id = m.way
		from unnest($3::uuid[], $4::uuid[]) as m (id, way)
		where d.neighbourhood_id = $1 and d.organisation_id = $2 and d.id = m.id and d.state in (0, 1)`,
		line.NeighbourhoodID, line.OrganisationID, ids, ways, now)
	if err != nil {
		return fmt.Errorf("mark deliveries: %w", err)
	}
	if tag.RowsAffected() != int64(len(deliveries)) {
		return errors.New("mark deliveries: one was changed meanwhile")
	}
	return nil
}

// held is for how long another process may work on a line; never zero, so that nobody spins on it.
func held(ctx context.Context, tx *database.Tx, line clinical.Line) (time.Duration, error) {
	var wait *time.Duration
	err := tx.Pgx().QueryRow(ctx, `select lease_until - clock_timestamp() from delivery_heads where neighbourhood_id = $1 and organisation_id = $2`,
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

func due(ctx context.Context, tx *database.Tx, line clinical.Line, ways []clinical.Integration, shut closed, limit int, now time.Time) ([]clinical.Delivery, error) {
	var rows []row
	waits := waiting(ways, shut)
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
	tag, err := tx.Pgx().Exec(ctx, `
		update delivery_heads set lease_until = clock_timestamp() + $4
		where neighbourhood_id = $1 and organisation_id = $2 and lease_token = $3`,
		line.NeighbourhoodID, line.OrganisationID, lease.Token, lease.For)
	if err != nil {
		return fmt.Errorf("keep a lease: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return clinical.ErrLeaseLost
	}
	return write(ctx, tx, line, p, 0, 1)
}

// left is after how long a line's next delivery may go; false when none is left that a drain has work with.
func left(ctx context.Context, tx *database.Tx, line clinical.Line, now time.Time) (wait time.Duration, some bool, err error) {
	ways, err := integrationstore.In(ctx, tx, line.OrganisationID)
	if err != nil {
		return 0, false, err
	}
	known, err := standings(ctx, tx, line)
	if err != nil {
		return 0, false, err
	}
	shut, look := shutNow(ways, known)
	waits := waiting(ways, shut)
	var next *time.Time
	err = tx.Gorm().WithContext(ctx).Raw(`
		select d.next_at from deliveries d
		where d.neighbourhood_id = ? and d.organisation_id = ? and d.state in (0, 1) and `+unblocked+waits.but()+`
		order by d.next_at, d.id limit 1`, append([]any{line.NeighbourhoodID, line.OrganisationID}, waits.arguments...)...).Scan(&next).Error
	if err != nil {
		return 0, false, fmt.Errorf("look for what is left: %w", err)
	}
	if next != nil {
		return min(max(0, next.Sub(now)), dueWait), true, nil
	}
	if len(shut) == 0 {
		return 0, false, nil
	}
	err = tx.Gorm().WithContext(ctx).Raw(`
		select exists (select from deliveries d
		               where d.neighbourhood_id = ? and d.organisation_id = ? and d.state in (0, 1) and `+waits.condition+` and `+unblocked+`)`,
		append([]any{line.NeighbourhoodID, line.OrganisationID}, waits.arguments...)...).Scan(&some).Error
	if err != nil || !some {
		return 0, false, err
	}
	if len(ways) > 1 { // what is new may go by another
		return min(look, dueWait), true, nil
	}
	return look, true, nil
}

// Finish writes a turn's last progress and gives the lease back under the head's lock. When nothing is left to do,
// complete ends the job in the same transaction; otherwise it says after how long the line is to be looked at again.
func (s *Store) Finish(ctx context.Context, line clinical.Line, lease clinical.Lease, p clinical.Progress, now time.Time, complete func(*database.Tx) error) (wait time.Duration, done bool, err error) {
	err = s.db.InTx(ctx, tenants.JobOf(line.NeighbourhoodID), func(tx *database.Tx) error {
		if err := progress(ctx, tx, line, lease, p); err != nil {
			return err
		}
		next, some, err := left(ctx, tx, line, now)
		if err != nil {
			return err
		}
		wait, done = next, !some
		changes := map[string]any{"lease_token": nil, "lease_until": nil}
		if done {
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
