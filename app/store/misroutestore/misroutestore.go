// Package misroutestore counts, for each rule and day, the decisions and how many of them were declined or said to be in the
// wrong place, and keeps the counts. Requests are counted in a job's scope; what is read afterwards holds counts only.
package misroutestore

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm/clause"

	"onedoor/app/database"
	"onedoor/app/misroutes"
	"onedoor/app/nhs"
	"onedoor/app/requests"
	"onedoor/tenants"
)

// Store implements misroutes.Store.
type Store struct{ db *database.DB }

// New makes a store over a database.
func New(db *database.DB) *Store { return &Store{db} }

// A request that several people found in the wrong place, or for several reasons, counts once, and once for each reason.
const gather = `
insert into rule_days (neighbourhood_id, day, rules_hash, rules_table, rule, decisions, returned, reasons)
select @nb, d.day, d.rules_hash, d.rules_table, d.rule, d.decisions, coalesce(r.returned, 0), coalesce(r.reasons, cast('{}' as jsonb))
from (
	select cast(decided_at at time zone 'Europe/London' as date) as day, rules_hash, rules_table, rule, count(*) as decisions
	from decisions where neighbourhood_id = @nb and decided_at >= @from
	group by 1, 2, 3, 4
) d
left join (
	select e.day, e.rules_hash, e.rules_table, e.rule, e.returned, x.reasons
	from (
		select cast(decided_at at time zone 'Europe/London' as date) as day, rules_hash, rules_table, rule, count(distinct request_id) as returned
		from misroutes where neighbourhood_id = @nb and of_rule and decided_at >= @from
		group by 1, 2, 3, 4
	) e
	join (
		select day, rules_hash, rules_table, rule, jsonb_object_agg(reason, n) as reasons
		from (
			select cast(decided_at at time zone 'Europe/London' as date) as day, rules_hash, rules_table, rule, reason, count(distinct request_id) as n
			from misroutes where neighbourhood_id = @nb and of_rule and decided_at >= @from
			group by 1, 2, 3, 4, 5
		) each_reason
		group by 1, 2, 3, 4
	) x using (day, rules_hash, rules_table, rule)
) r using (day, rules_hash, rules_table, rule)
on conflict (neighbourhood_id, day, rules_hash, rules_table, rule)
do update set decisions = excluded.decisions, returned = excluded.returned, reasons = excluded.reasons
where (rule_days.decisions, rule_days.returned, rule_days.reasons) is distinct from (excluded.decisions, excluded.returned, excluded.reasons)`

// Gather implements misroutes.Store.
func (s *Store) Gather(ctx context.Context, neighbourhood uuid.UUID, from nhs.Date) error {
	return s.db.InTx(ctx, tenants.JobOf(neighbourhood), func(tx *database.Tx) error {
		return tx.Gorm().Exec(gather, map[string]any{"nb": neighbourhood, "from": from.Midnight(tenants.London())}).Error
	})
}

// Newest implements misroutes.Store.
func (s *Store) Newest(ctx context.Context, neighbourhood uuid.UUID) (newest nhs.Date, err error) {
	err = s.db.InTx(ctx, tenants.JobOf(neighbourhood), func(tx *database.Tx) error {
		var found []struct{ Day nhs.Date }
		err := tx.Gorm().Raw("select day from rule_days where neighbourhood_id = ? order by day desc limit 1", neighbourhood).Scan(&found).Error
		if len(found) > 0 {
			newest = found[0].Day
		}
		return err
	})
	return newest, err
}

// Import keeps counts of days of which there are no decisions here, such as those of another system. What was counted of a
// day stays as it is.
func (s *Store) Import(ctx context.Context, neighbourhood uuid.UUID, days []misroutes.Day) error {
	rows := make([]row, len(days))
	for i, d := range days {
		reasons, err := json.Marshal(d.Reasons)
		if err != nil {
			return err
		}
		rows[i] = row{neighbourhood, d.On, d.RulesHash, d.Table, d.Rule, d.Decisions, d.Returned, reasons}
	}
	return s.db.InTx(ctx, tenants.JobOf(neighbourhood), func(tx *database.Tx) error {
		return tx.Gorm().Table("rule_days").Clauses(clause.OnConflict{DoNothing: true}).CreateInBatches(rows, 500).Error
	})
}

type row struct {
	NeighbourhoodID uuid.UUID
	Day             nhs.Date
	RulesHash       string
	RulesTable      string
	Rule            string
	Decisions       int
	Returned        int
	Reasons         json.RawMessage
}

// Days implements misroutes.Store.
func (s *Store) Days(ctx context.Context, neighbourhood uuid.UUID, from nhs.Date) (days []misroutes.Day, err error) {
	var rows []row
	err = s.db.InTx(ctx, tenants.StaffOf(neighbourhood), func(tx *database.Tx) error {
		return tx.Gorm().Raw(`
			select day, rules_hash, rules_table, rule, decisions, returned, reasons from rule_days
			where neighbourhood_id = ? and day >= ? order by day, rules_table, rule, rules_hash`, neighbourhood, from.Midnight(time.UTC).Format(time.DateOnly)).Scan(&rows).Error
	})
	if err != nil {
		return nil, err
	}
	days = make([]misroutes.Day, len(rows))
	for i, w := range rows {
		days[i] = misroutes.Day{On: w.Day, RulesHash: w.RulesHash, Table: w.RulesTable, Rule: w.Rule, Decisions: w.Decisions, Returned: w.Returned, Reasons: map[requests.MisrouteReason]int{}}
		if err := json.Unmarshal(w.Reasons, &days[i].Reasons); err != nil {
			return nil, err
		}
	}
	return days, nil
}
