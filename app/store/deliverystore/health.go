package deliverystore

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"onedoor/app/clinical"
	"onedoor/app/database"
	"onedoor/tenants"
)

// Health counts each organisation's deliveries that are not filed, and tells how its integrations do. Organisations that
// never had a delivery are left out.
func (s *Store) Health(ctx context.Context, scope tenants.Scope, now time.Time) ([]clinical.Health, error) {
	found := map[uuid.UUID]*clinical.Health{}
	of := func(organisation uuid.UUID) *clinical.Health {
		h, ok := found[organisation]
		if !ok {
			h = &clinical.Health{OrganisationID: organisation}
			found[organisation] = h
		}
		return h
	}
	err := s.db.InTx(ctx, scope, func(tx *database.Tx) error {
		clear(found)
		for _, read := range []func(context.Context, *database.Tx, func(uuid.UUID) *clinical.Health) error{backlog(now), uncertain(now), ways(now), compared, differing} {
			if err := read(ctx, tx, of); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read how deliveries do: %w", err)
	}
	list := make([]clinical.Health, 0, len(found))
	for _, h := range found {
		list = append(list, *h)
	}
	slices.SortFunc(list, func(a, b clinical.Health) int { return slices.Compare(a.OrganisationID[:], b.OrganisationID[:]) })
	return list, nil
}

// owned are the rows of a scope's own organisations in some table, said a second time.
func owned(q *gorm.DB, scope tenants.Scope) *gorm.DB {
	q = q.Where("neighbourhood_id = ?", scope.NeighbourhoodID)
	if scope.Kind == tenants.StaffScope {
		q = q.Where("organisation_id in ?", scope.Organisations)
	}
	return q
}

// uncertain reads which appointments nobody has been sure of for too long. States 0 and 1 are asked and unknown.
func uncertain(now time.Time) func(context.Context, *database.Tx, func(uuid.UUID) *clinical.Health) error {
	return func(ctx context.Context, tx *database.Tx, of func(uuid.UUID) *clinical.Health) error {
		var rows []struct {
			OrganisationID uuid.UUID
			N              int
			Oldest         time.Time
		}
		err := owned(tx.Gorm().WithContext(ctx).Table("bookings"), tx.Scope()).Where("state < 2 and asked_at < ?", now.Add(-clinical.UncertainAfter)).
			Select("organisation_id, count(*) n, min(asked_at) oldest").Group("organisation_id").Scan(&rows).Error
		for _, r := range rows {
			h := of(r.OrganisationID)
			h.Uncertain, h.OldestUncertain = r.N, r.Oldest
		}
		return err
	}
}

func backlog(now time.Time) func(context.Context, *database.Tx, func(uuid.UUID) *clinical.Health) error {
	return func(ctx context.Context, tx *database.Tx, of func(uuid.UUID) *clinical.Health) error {
		return backlogAt(ctx, tx, now, of)
	}
}

func backlogAt(ctx context.Context, tx *database.Tx, now time.Time, of func(uuid.UUID) *clinical.Health) error {
	var rows []struct {
		OrganisationID uuid.UUID
		State          int16
		N, Late        int
		Oldest         time.Time
	}
	err := owned(tx.Gorm().WithContext(ctx).Table("deliveries"), tx.Scope()).Where("state in (0, 1, 2, 4, 5)").
		Select("organisation_id, state, count(*) n, count(*) filter (where due_at < ? and state <> 4) late, min(created_at) oldest", now).Group("organisation_id, state").Scan(&rows).Error
	if err != nil {
		return err
	}
	for _, r := range rows {
		h := of(r.OrganisationID)
		h.Late += r.Late
		switch states[r.State] {
		case clinical.Pending, clinical.Sent:
			h.Waiting, h.Oldest = h.Waiting+r.N, earlier(h.Oldest, r.Oldest)
		case clinical.Accepted, clinical.Acknowledged:
			h.Unconfirmed, h.OldestUnconfirmed = h.Unconfirmed+r.N, earlier(h.OldestUnconfirmed, r.Oldest)
		case clinical.NeedsAttention:
			h.Attention += r.N
		case clinical.Filed:
		}
	}
	return nil
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// ways reads how integrations do. A circuit is open on the database's clock; what is told of it is on the caller's.
func ways(now time.Time) func(context.Context, *database.Tx, func(uuid.UUID) *clinical.Health) error {
	return func(ctx context.Context, tx *database.Tx, of func(uuid.UUID) *clinical.Health) error {
		var rows []struct {
			OrganisationID, IntegrationID uuid.UUID
			Failures                      int
			Held                          float64
			FailedAt, FiledAt             *time.Time
			LastError                     string
			Filed                         int
			Lately                        int
			OverSeconds                   float64
		}
		err := owned(tx.Gorm().WithContext(ctx).Table("integration_health"), tx.Scope()).Select(`
			organisation_id, integration_id, failures, failed_at, filed_at, last_error, filed,
			coalesce(extract(epoch from held_until - clock_timestamp()), 0)::float8 held,
			case when period > clock_timestamp() - interval '10 minutes'
			     then filed_now + case when period > clock_timestamp() - interval '5 minutes' then filed_before else 0 end else 0 end lately,
			extract(epoch from clock_timestamp() - date_bin('5 minutes', clock_timestamp(), timestamptz 'epoch'))::float8 + 300 over_seconds`).
			Order("organisation_id, integration_id").Scan(&rows).Error
		if err != nil {
			return err
		}
		for _, r := range rows {
			h := of(r.OrganisationID)
			w := clinical.WayHealth{
				IntegrationID: r.IntegrationID, Failures: r.Failures, LastError: r.LastError, FailedAt: moment(r.FailedAt),
				FiledAt: moment(r.FiledAt), Filed: r.Filed, PerMinute: float64(r.Lately) * 60 / r.OverSeconds,
			}
			if r.Held > 0 {
				w.HeldUntil = now.Add(time.Duration(r.Held * float64(time.Second)))
			}
			h.Ways = append(h.Ways, w)
		}
		return nil
	}
}

func compared(ctx context.Context, tx *database.Tx, of func(uuid.UUID) *clinical.Health) error {
	var rows []struct {
		OrganisationID uuid.UUID
		Checked        int
		CheckedAt      *time.Time
	}
	if err := owned(tx.Gorm().WithContext(ctx).Table("delivery_checks"), tx.Scope()).Scan(&rows).Error; err != nil {
		return err
	}
	for _, r := range rows {
		h := of(r.OrganisationID)
		h.Checked, h.CheckedAt = r.Checked, moment(r.CheckedAt)
	}
	return nil
}

func differing(ctx context.Context, tx *database.Tx, of func(uuid.UUID) *clinical.Health) error {
	var rows []struct {
		OrganisationID uuid.UUID
		N, Twice       int
		Oldest         time.Time
	}
	err := owned(tx.Gorm().WithContext(ctx).Table("delivery_differences"), tx.Scope()).Where("closed_at is null").
		Select("organisation_id, count(*) n, count(*) filter (where kind = ?) twice, min(found_at) oldest", slices.Index(differences, clinical.Twice)).Group("organisation_id").Scan(&rows).Error
	if err != nil {
		return err
	}
	for _, r := range rows {
		h := of(r.OrganisationID)
		h.Differences, h.Twice, h.OldestDifference = r.N, r.Twice, r.Oldest
	}
	return nil
}

// reasonsMost is how many reasons are told apart.
const reasonsMost = 100

// Reasons counts what needs attention by organisation and reason.
func (s *Store) Reasons(ctx context.Context, scope tenants.Scope) ([]clinical.Reason, error) {
	var rows []struct {
		OrganisationID uuid.UUID
		LastError      string
		N              int
		Oldest         time.Time
	}
	err := s.db.InTx(ctx, scope, func(tx *database.Tx) error {
		return owned(tx.Gorm().WithContext(ctx).Table("deliveries"), scope).Where("state = 4").
			Select("organisation_id, last_error, count(*) n, min(created_at) oldest").Group("organisation_id, last_error").
			Order("n desc, organisation_id, last_error").Limit(reasonsMost).Scan(&rows).Error
	})
	if err != nil {
		return nil, fmt.Errorf("read why deliveries need attention: %w", err)
	}
	list := make([]clinical.Reason, len(rows))
	for i, r := range rows {
		list[i] = clinical.Reason{OrganisationID: r.OrganisationID, Says: r.LastError, N: r.N, Oldest: r.Oldest}
	}
	slices.SortStableFunc(list, func(a, b clinical.Reason) int { return cmp.Compare(b.N, a.N) })
	return list, nil
}
