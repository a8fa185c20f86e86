package callstore

import (
	"context"
	"time"

	"github.com/google/uuid"

	"onedoor/app/calls"
	"onedoor/app/database"
	"onedoor/app/nhs"
	"onedoor/policy"
	"onedoor/tenants"
)

var _ calls.Reports = (*Store)(nil)

// count takes the whole, each day and each organisation in one pass. A call is followed when another one repeats it.
const count = `
select x.day, x.organisation_id, grouping(x.day) as of_days, grouping(x.organisation_id) as of_lines,
       count(*) as calls,
       count(x.answered_at) as answered,
       count(*) filter (where x.withheld) as withheld,
       count(x.repeats_id) as repeats,
       count(*) filter (where x.ended_at is null) as going_on,
       count(*) filter (where x.ended_at is not null and x.ending = 'completed') as completed,
       count(*) filter (where x.ended_at is not null and x.ending = 'completed' and not x.followed) as net,
       count(*) filter (where x.ended_at is not null and x.ending = 'person') as person,
       count(*) filter (where x.ended_at is not null and x.ending = 'callback') as callback,
       count(*) filter (where x.ended_at is not null and x.ending = 'emergency') as emergency,
       count(*) filter (where x.ended_at is not null and x.ending = 'abandoned-kept') as abandoned_kept,
       count(*) filter (where x.ended_at is not null and x.ending = 'abandoned-empty') as abandoned_empty,
       count(*) filter (where x.ended_at is not null and x.ending = 'refused') as refused,
       count(*) filter (where x.ended_at is not null and x.ending = 'failed') as failed,
       count(x.waited) as waited,
       coalesce(percentile_cont(0.5) within group (order by x.waited), 0) as median,
       coalesce(percentile_cont(0.9) within group (order by x.waited), 0) as p90
from (
	select c.*, cast(c.started_at at time zone 'Europe/London' as date) as day,
	       cast(extract(epoch from c.person_at - c.person_asked_at) as double precision) as waited,
	       exists (select from calls l where l.neighbourhood_id = @nb and l.repeats_id = c.id) as followed
	from calls c
	where c.neighbourhood_id = @nb and c.started_at >= @from and c.started_at < @until and (cast(@org as uuid) is null or c.organisation_id = @org)
) x
group by grouping sets ((), (x.day), (x.organisation_id))
order by x.day, x.organisation_id`

type countRow struct {
	Day                                                  nhs.Date
	OrganisationID                                       *uuid.UUID
	OfDays, OfLines                                      int // 0 for a row of one
	Calls, Answered, Withheld, Repeats                   int
	GoingOn, Completed, Net, Person, Callback, Emergency int
	AbandonedKept, AbandonedEmpty, Refused, Failed       int
	Waited                                               int
	Median, P90                                          float64
}

func (w countRow) figures() calls.Figures {
	return calls.Figures{
		Calls: w.Calls, Answered: w.Answered, Withheld: w.Withheld, Repeats: w.Repeats, GoingOn: w.GoingOn, Net: w.Net,
		Endings: map[calls.Ending]int{
			calls.Completed: w.Completed, calls.Person: w.Person, calls.Callback: w.Callback, calls.Emergency: w.Emergency, calls.AbandonedKept: w.AbandonedKept,
			calls.AbandonedEmpty: w.AbandonedEmpty, calls.Refused: w.Refused, calls.Failed: w.Failed,
		},
		ToPerson: calls.Wait{N: w.Waited, Median: seconds(w.Median), P90: seconds(w.P90)},
	}
}

func seconds(s float64) time.Duration {
	return time.Duration(s * float64(time.Second)).Round(time.Second)
}

// kinds compares how many began and ended by telephone and on the web. A kind of the web's past is read from the facts
// that it was decided on, where the request itself is another system's.
const kinds = `
select kind, sum(phone_begun) as phone_begun, sum(phone_done) as phone_done, sum(web_begun) as web_begun, sum(web_done) as web_done
from (
	select kind, count(*) as phone_begun, count(*) filter (where ending in ('completed', 'emergency') and reference <> '') as phone_done, 0 as web_begun, 0 as web_done
	from calls
	where neighbourhood_id = @nb and started_at >= @from and started_at < @until and kind <> '' and ended_at is not null
	  and (cast(@org as uuid) is null or organisation_id = @org)
	group by kind
	union all
	select kind, 0, 0, sum(begun), 0 from begun_days
	where neighbourhood_id = @nb and day >= @first and day <= @last and channel = 'web' group by kind
	union all
	select coalesce(r.kind, nullif(split_part(split_part(';' || h.facts, ';kind=', 2), ';', 1), '')), 0, 0, 0, count(*)
	from request_history h left join requests r on r.neighbourhood_id = h.neighbourhood_id and r.id = h.request_id
	where h.neighbourhood_id = @nb and h.submitted_at >= @from and h.submitted_at < @until and h.channel = 1
	group by 1
) x
where kind is not null
group by kind order by kind`

// Count implements calls.Reports.
func (s *Store) Count(ctx context.Context, neighbourhood, organisation uuid.UUID, from, until time.Time) (r calls.Report, err error) {
	last := nhs.DateOf(until.Add(-time.Second).In(tenants.London()))
	given := map[string]any{
		"nb": neighbourhood, "org": orNull(organisation), "from": from, "until": until, "first": nhs.DateOf(from.In(tenants.London())), "last": last,
	}
	err = s.db.InTx(ctx, tenants.JobOf(neighbourhood), func(tx *database.Tx) error {
		var rows []countRow
		if err := tx.Gorm().Raw(count, given).Scan(&rows).Error; err != nil {
			return err
		}
		for _, w := range rows {
			switch {
			case w.OfDays == 0:
				r.Days = append(r.Days, calls.Day{On: w.Day, Figures: w.figures()})
			case w.OfLines == 0:
				r.Lines = append(r.Lines, calls.Line{OrganisationID: orZero(w.OrganisationID), Figures: w.figures()})
			default:
				r.Total = w.figures()
			}
		}
		var each []struct {
			Kind                                     string
			PhoneBegun, PhoneDone, WebBegun, WebDone int
		}
		if err := tx.Gorm().Raw(kinds, given).Scan(&each).Error; err != nil {
			return err
		}
		for _, k := range each {
			r.Kinds = append(r.Kinds, calls.Kind{Kind: k.Kind, Phone: calls.Completion{Begun: k.PhoneBegun, Done: k.PhoneDone}, Web: calls.Completion{Begun: k.WebBegun, Done: k.WebDone}})
		}
		return nil
	})
	return r, err
}

// CountBegun implements calls.Reports.
func (s *Store) CountBegun(ctx context.Context, neighbourhood uuid.UUID, day nhs.Date, channel, kind string) error {
	return s.db.InTx(ctx, tenants.IntakeOf(neighbourhood), func(tx *database.Tx) error {
		return tx.Gorm().Exec(`
			insert into begun_days (neighbourhood_id, day, channel, kind, begun) values (?, ?, ?, ?, 1)
			on conflict (neighbourhood_id, day, channel, kind) do update set begun = begun_days.begun + 1`, neighbourhood, day, channel, kind).Error
	})
}

const parity = `
select kind, channel, count(*) as requests,
       count(*) filter (where urgency = 1) as routine, count(*) filter (where urgency = 2) as soon,
       count(*) filter (where urgency = 3) as urgent, count(*) filter (where urgency = 4) as emergency,
       count(took) as answered,
       coalesce(percentile_cont(0.5) within group (order by took), 0) as median,
       coalesce(percentile_cont(0.9) within group (order by took), 0) as p90,
       count(*) filter (where judged) as judged,
       count(*) filter (where judged and coalesce(answered_at, @now) > due) as late
from (
	select coalesce(r.kind, nullif(split_part(split_part(';' || h.facts, ';kind=', 2), ';', 1), ''), '') as kind, h.channel, h.urgency, h.answered_at, r.answer_due_at as due,
	       cast(extract(epoch from h.answered_at - h.submitted_at) as double precision) as took,
	       r.id is not null and (h.answered_at is not null or r.answer_due_at < @now) as judged
	from request_history h left join requests r on r.neighbourhood_id = h.neighbourhood_id and r.id = h.request_id
	where h.neighbourhood_id = @nb and h.submitted_at >= @from and h.submitted_at < @until
) x
group by kind, channel order by kind, channel`

// channels are the words of request_history's numbers.
var channels = map[int]string{1: "web", 2: "app", 3: "phone", 4: "in-person", 5: "referral", 6: "link"}

// CountParity implements calls.Reports.
func (s *Store) CountParity(ctx context.Context, neighbourhood uuid.UUID, from, until, now time.Time) (list []calls.ParityRow, err error) {
	var rows []struct {
		Kind                                                               string
		Channel                                                            int
		Requests, Routine, Soon, Urgent, Emergency, Answered, Judged, Late int
		Median, P90                                                        float64
	}
	err = s.db.InTx(ctx, tenants.JobOf(neighbourhood), func(tx *database.Tx) error {
		return tx.Gorm().Raw(parity, map[string]any{"nb": neighbourhood, "from": from, "until": until, "now": now}).Scan(&rows).Error
	})
	for _, w := range rows {
		list = append(list, calls.ParityRow{
			Kind: w.Kind, Channel: channels[w.Channel], Requests: w.Requests, Answered: w.Answered, Median: seconds(w.Median), P90: seconds(w.P90), Judged: w.Judged, Late: w.Late,
			Urgencies: map[policy.Urgency]int{policy.Routine: w.Routine, policy.Soon: w.Soon, policy.Urgent: w.Urgent, policy.Emergency: w.Emergency},
		})
	}
	return list, err
}
