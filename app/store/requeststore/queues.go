package requeststore

import (
	"github.com/google/uuid"

	"onedoor/app/requests"
)

// page reads a queue in two halves, each along its own partial index: what stands in it, and what is offered to it.
const page = `
select * from (
	(select * from requests
	 where neighbourhood_id = @nb and queue_id = @queue and status < 5 and (answer_due_at, id) > (@due, @id)
	   and not @offers and (not @verify or status = 2) and (not @unclaimed or (claimed_by is null and offered_id is null)) and (cast(@mine as uuid) is null or claimed_by = @mine)
	 order by answer_due_at, id limit @limit)
	union all
	(select * from requests
	 where neighbourhood_id = @nb and offered_queue_id = @queue and status = 3 and (answer_due_at, id) > (@due, @id)
	   and not @verify and not @unclaimed and cast(@mine as uuid) is null
	 order by answer_due_at, id limit @limit)
) both_halves order by answer_due_at, id limit @limit`

func (t *transaction) Page(q requests.PageQuery) ([]*requests.Request, error) {
	var mine *uuid.UUID
	if q.View == requests.ViewMine {
		mine = &q.Mine
	}
	return t.many(page, map[string]any{
		"nb": t.nb, "queue": q.Queue, "due": q.After.Due, "id": q.After.ID, "limit": q.Limit, "mine": mine,
		"offers": q.View == requests.ViewOffers, "verify": q.View == requests.ViewToVerify, "unclaimed": q.View == requests.ViewUnclaimed,
	})
}

func (t *transaction) Counts() (map[uuid.UUID]requests.QueueCount, error) {
	var rows []struct {
		QueueID                 uuid.UUID
		Open, Unclaimed, Offers int
	}
	err := t.tx.Gorm().Raw(`
		select queue_id, count(*) as open, count(*) filter (where claimed_by is null and offered_id is null) as unclaimed, 0 as offers
		from requests where neighbourhood_id = @nb and status < 5 group by queue_id
		union all
		select offered_queue_id, 0, 0, count(*) from requests where neighbourhood_id = @nb and status = 3 group by offered_queue_id`,
		map[string]any{"nb": t.nb}).Scan(&rows).Error
	counts := map[uuid.UUID]requests.QueueCount{}
	for _, w := range rows {
		c := counts[w.QueueID]
		counts[w.QueueID] = requests.QueueCount{Open: c.Open + w.Open, Unclaimed: c.Unclaimed + w.Unclaimed, Offers: c.Offers + w.Offers}
	}
	return counts, err
}
