package requeststore

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"onedoor/app/database"
	"onedoor/app/nhs"
	"onedoor/policy"
	"onedoor/tenants"
)

// everyLoad counts the requests of each service that has a limit, and no further than the limit, as loads does for one kind.
const everyLoad = `
select s.id,
       (select count(*) from (select from requests r where r.neighbourhood_id = $1 and r.service_id = s.id and r.status < 5
                              order by r.submitted_at limit coalesce((s.capacity->>'open')::integer, 0)) open),
       (select count(*) from (select from requests r where r.neighbourhood_id = $1 and r.service_id = s.id and r.submitted_at >= $2
                              order by r.submitted_at limit coalesce((s.capacity->>'daily')::integer, 0)) today)
from services s
where s.neighbourhood_id = $1 and s.capacity <> '{}'`

// ServiceLoads counts what the services of a neighbourhood have at a moment, as far as their limits: numbers, of nobody.
func (s *Store) ServiceLoads(ctx context.Context, neighbourhood uuid.UUID, at time.Time) (policy.Load, error) {
	load := policy.Load{}
	midnight := nhs.DateOf(at.In(tenants.London())).Midnight(tenants.London())
	err := s.db.InTx(ctx, tenants.JobOf(neighbourhood), func(tx *database.Tx) error {
		rows, err := tx.Pgx().Query(ctx, everyLoad, neighbourhood, midnight)
		if err != nil {
			return err
		}
		var service uuid.UUID
		var one policy.ServiceLoad
		_, err = pgx.ForEachRow(rows, []any{&service, &one.Open, &one.Today}, func() error {
			load[service] = one
			return nil
		})
		return err
	})
	return load, err
}
