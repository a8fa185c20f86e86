package simulationstore

import (
	"context"
	"encoding/hex"
	"iter"
	"time"

	"github.com/google/uuid"

	"onedoor/app/database"
	"onedoor/policy/simulate"
)

// importBatch is how many rows travel together. COPY would be faster, and PostgreSQL refuses it under row-level security.
const importBatch = 2000

// Import adds past requests that were decided elsewhere, by one version: those of a neighbourhood that joins, and the
// demonstration's.
func (s *Store) Import(ctx context.Context, neighbourhood uuid.UUID, policyHash string, list iter.Seq2[simulate.Request, simulate.RuleName]) error {
	hash, err := hex.DecodeString(policyHash)
	if err != nil {
		return err
	}
	return s.inTx(ctx, neighbourhood, func(tx *database.Tx) error {
		var c pastColumns
		for r, rule := range list {
			if c.add(&r, rule); len(c.at) < importBatch {
				continue
			}
			if err := c.flush(ctx, tx, neighbourhood, hash); err != nil {
				return err
			}
		}
		return c.flush(ctx, tx, neighbourhood, hash)
	})
}

// pastColumns are rows turned round: one array for each column.
type pastColumns struct {
	at                          []time.Time
	ids                         []uuid.UUID
	facts                       []string
	load                        [][]byte
	channel, age, band, urgency []int16
	language, table, rule       []string
	organisation, queue         []uuid.UUID
	service                     []*uuid.UUID
	answered                    []*time.Time
}

func (c *pastColumns) add(r *simulate.Request, rule simulate.RuleName) {
	w := RowOf(uuid.Nil, *r, "", rule.Table, rule.Rule)
	c.at, c.ids, c.facts, c.load = append(c.at, w.SubmittedAt), append(c.ids, w.RequestID), append(c.facts, w.Facts), append(c.load, w.Load)
	c.channel, c.age = append(c.channel, w.Channel), append(c.age, w.AgeBand)
	c.band, c.urgency = append(c.band, w.Deprivation), append(c.urgency, w.Urgency)
	c.language, c.table, c.rule = append(c.language, w.Language), append(c.table, w.DecisionTable), append(c.rule, w.Rule)
	c.organisation, c.queue = append(c.organisation, w.ToOrganisationID), append(c.queue, w.ToQueueID)
	c.service, c.answered = append(c.service, w.ToServiceID), append(c.answered, w.AnsweredAt)
}

func (c *pastColumns) flush(ctx context.Context, tx *database.Tx, neighbourhood uuid.UUID, hash []byte) error {
	if len(c.at) == 0 {
		return nil
	}
	_, err := tx.Pgx().Exec(ctx, `
		insert into request_history (neighbourhood_id, policy_hash, submitted_at, request_id, facts, load, channel, age_band, deprivation,
		                             language, urgency, decision_table, rule, to_organisation_id, to_service_id, to_queue_id, answered_at)
		select $1, $2, * from unnest($3::timestamptz[], $4::uuid[], $5::text[], $6::bytea[], $7::smallint[], $8::smallint[], $9::smallint[],
		                             $10::text[], $11::smallint[], $12::text[], $13::text[], $14::uuid[], $15::uuid[], $16::uuid[], $17::timestamptz[])`,
		neighbourhood, hash, c.at, c.ids, c.facts, c.load, c.channel, c.age, c.band, c.language, c.urgency, c.table, c.rule,
		c.organisation, c.service, c.queue, c.answered)
	*c = pastColumns{}
	return err
}
