package deliverystore

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"onedoor/app/clinical"
	"onedoor/app/database"
)

// way is the integration that a delivery goes by. What was sent goes the same way at every try, so that it is read back
// where it may have arrived; what never was goes by what is switched on now.
func way(ways []clinical.Integration, d clinical.Delivery) uuid.UUID {
	if d.IntegrationID != uuid.Nil && !d.SentAt.IsZero() {
		return d.IntegrationID
	}
	chosen, _ := clinical.Choose(ways, d.Purpose.Use(), d.Document.Kind.Code)
	return chosen.ID
}

// among is the integration with an id; the zero one when there is none.
func among(ways []clinical.Integration, id uuid.UUID) clinical.Integration {
	for _, i := range ways {
		if i.ID == id {
			return i
		}
	}
	return clinical.Integration{}
}

// wait is a condition on deliveries d with its arguments: the delivery's way is closed. It says in SQL what way says in Go,
// so that any number of waiting ones is passed over without being read.
type wait struct {
	condition string
	arguments []any
}

// but is the condition for the others, to stand behind another.
func (w wait) but() string {
	if w.condition == "false" {
		return ""
	}
	return " and not " + w.condition
}

// closed are integrations that nothing is to be sent by for the moment.
type closed map[uuid.UUID]bool

// waiting makes the condition for an organisation's integrations.
func waiting(ways []clinical.Integration, shut closed) wait {
	if len(shut) == 0 {
		return wait{condition: "false"}
	}
	conditions := []string{"(d.sent_at is not null and d.integration_id in ?)"}
	arguments := []any{slices.Collect(maps.Keys(shut))}
	for code, purpose := range purposes {
		not, kinds := shut.kinds(ways, purpose.Use())
		if len(kinds) == 0 {
			continue
		}
		conditions = append(conditions, "((d.sent_at is null or d.integration_id is null) and d.purpose = ? and d.document -> 'kind' ->> 'code' "+not+"in ?)")
		arguments = append(arguments, code, kinds)
	}
	return wait{"coalesce(" + strings.Join(conditions, " or ") + ", false)", arguments}
}

// kinds are the kinds of request whose way for a use is closed, or with "not " those whose way is not.
func (shut closed) kinds(ways []clinical.Integration, use clinical.Use) (not string, kinds []string) {
	var held, free []string
	for _, i := range ways {
		for _, s := range i.Uses {
			if s.Use != use {
				continue
			}
			for _, kind := range s.Kinds {
				if chosen, _ := clinical.Choose(ways, use, kind); shut[chosen.ID] {
					held = append(held, kind)
				} else {
					free = append(free, kind)
				}
			}
		}
	}
	if others, found := clinical.Choose(ways, use, ""); found && shut[others.ID] {
		return "not ", append(free, "") // no kind is called nothing: the list is never empty
	}
	return "", held
}

// standing is how an integration stands: its failures in a row, and for how long its circuit is open yet.
type standing struct {
	breaker clinical.Breaker
	open    time.Duration
}

// standings reads an organisation's integrations' breakers, on the clock that all processes share.
func standings(ctx context.Context, tx *database.Tx, line clinical.Line) (map[uuid.UUID]standing, error) {
	rows, err := tx.Pgx().Query(ctx, `
		select integration_id, failures, coalesce(greatest(held_until - clock_timestamp(), interval '0'), interval '0')
		from integration_health where neighbourhood_id = $1 and organisation_id = $2`, line.NeighbourhoodID, line.OrganisationID)
	if err != nil {
		return nil, fmt.Errorf("read an organisation's breakers: %w", err)
	}
	found := map[uuid.UUID]standing{}
	var id uuid.UUID
	var s standing
	_, err = pgx.ForEachRow(rows, []any{&id, &s.breaker.Failures, &s.open}, func() error {
		found[id] = s
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read an organisation's breakers: %w", err)
	}
	return found, nil
}

// shutNow are the ways that are paused or whose circuit is open, and how soon one of them is to be looked at again.
func shutNow(ways []clinical.Integration, known map[uuid.UUID]standing) (shut closed, look time.Duration) {
	shut, look = closed{}, clinical.MaxRetryAfter
	for _, i := range ways {
		if i.Paused {
			shut[i.ID], look = true, min(look, pausedWait)
		}
	}
	for id, s := range known {
		if s.open > 0 {
			shut[id], look = true, min(look, s.open)
		}
	}
	return shut, look
}

// keepWay writes what tries came to at an integration.
func keepWay(batch *pgx.Batch, line clinical.Line, w clinical.WayProgress) {
	var hold *time.Duration
	if w.Hold > 0 {
		hold = &w.Hold
	}
	var failed, taken *time.Time
	if w.Says != "" {
		failed = &w.At
	}
	if w.Taken > 0 {
		taken = &w.At
	}
	batch.Queue(`
		insert into integration_health as h (neighbourhood_id, organisation_id, integration_id, failures, held_until, last_error, failed_at, filed_at, filed, period, filed_now)
		values ($1, $2, $3, $4, clock_timestamp() + $5, $6, $7, $8, cast($9 as integer), date_bin('5 minutes', clock_timestamp(), timestamptz 'epoch'), cast($9 as integer))
		on conflict (neighbourhood_id, integration_id) do update set
		  failures = excluded.failures, held_until = excluded.held_until,
		  last_error = case when excluded.last_error = '' then h.last_error else excluded.last_error end,
		  failed_at = coalesce(excluded.failed_at, h.failed_at), filed_at = coalesce(excluded.filed_at, h.filed_at), filed = h.filed + excluded.filed,
		  filed_before = case when h.period = excluded.period then h.filed_before when h.period = excluded.period - interval '5 minutes' then h.filed_now else 0 end,
		  filed_now = case when h.period = excluded.period then h.filed_now else 0 end + excluded.filed_now, period = excluded.period`,
		line.NeighbourhoodID, line.OrganisationID, w.IntegrationID, w.Breaker.Failures, hold, w.Says, failed, taken, w.Taken)
}
