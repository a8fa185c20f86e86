package requeststore

import (
	"encoding/json"
	"errors"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"onedoor/app/clinical"
	"onedoor/app/requests"
	"onedoor/app/store/patientstore"
	"onedoor/app/store/rulestore"
	"onedoor/app/store/tracestore"
	"onedoor/policy"
)

// loads counts the requests of each service that has a limit and takes this kind ($3), each along its own index, and no
// further than the limit: row-level security looks at every row that is counted, and a full service is full. The order leads
// the planner to those indexes before it has statistics: a young database would otherwise read every request.
const loads = `
select s.id,
       (select count(*) from (select from requests r where r.neighbourhood_id = $1 and r.service_id = s.id and r.status < 5
                              order by r.submitted_at limit coalesce((s.capacity->>'open')::integer, 0)) open),
       (select count(*) from (select from requests r where r.neighbourhood_id = $1 and r.service_id = s.id and r.submitted_at >= $2
                              order by r.submitted_at limit coalesce((s.capacity->>'daily')::integer, 0)) today)
from services s
where s.neighbourhood_id = $1 and s.capacity <> '{}' and (s.kinds = '[]' or s.kinds ? $3)`

const replied = "select body_hash, reply from idempotency_keys where neighbourhood_id = $1 and client_id = $2 and key = $3"

// Prelude implements requests.Tx: intake is the busiest path, so all that it reads travels in one round trip.
func (t *transaction) Prelude(q requests.PreludeQuery) (p requests.Prelude, err error) {
	var batch pgx.Batch
	var versions rulestore.Versions
	batch.Queue(rulestore.Live, t.nb, q.At).QueryRow(versions.Scan)
	batch.Queue(loads, t.nb, q.Midnight, q.Kind).Query(func(rows pgx.Rows) error {
		p.Load = policy.Load{}
		var service uuid.UUID
		var load policy.ServiceLoad
		_, err := pgx.ForEachRow(rows, []any{&service, &load.Open, &load.Today}, func() error {
			p.Load[service] = load
			return nil
		})
		return err
	})
	batch.Queue(takers, t.nb).Query(func(rows pgx.Rows) error {
		var organisation uuid.UUID
		var uses []clinical.Switched
		_, err := pgx.ForEachRow(rows, []any{&organisation, &uses}, func() error {
			p.Takers = take(p.Takers, organisation, uses, q.Kind)
			uses = nil
			return nil
		})
		return err
	})
	if query, args := patientstore.Candidates(t.nb, q.Patient); query != "" {
		batch.Queue(query, args...).Query(func(rows pgx.Rows) (err error) {
			p.Candidates, err = patientstore.Collect(rows)
			return err
		})
	}
	if q.Patient.NHSNumber != "" {
		batch.Queue(tracestore.Remembered, t.nb, string(q.Patient.NHSNumber)).QueryRow(func(row pgx.Row) (err error) {
			p.Hold, err = tracestore.ScanHold(row)
			return err
		})
	}
	if q.Key != "" {
		batch.Queue(replied, t.nb, q.Client, q.Key).QueryRow(func(row pgx.Row) error {
			var hash []byte
			var receipt json.RawMessage
			err := row.Scan(&hash, &receipt)
			if errors.Is(err, pgx.ErrNoRows) {
				return nil
			}
			p.Replied = &requests.Reply{BodyHash: hash, Receipt: receipt}
			return err
		})
	}
	if err := t.tx.Pgx().SendBatch(t.ctx, &batch).Close(); err != nil {
		return p, err
	}
	p.Rules, err = t.store.rules.Load(t.ctx, t.tx, t.nb, versions, q.At)
	return p, err
}
