package requeststore_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"onedoor/app/database"
	"onedoor/app/demo/demotest"
	"onedoor/app/fault"
	"onedoor/app/requests"
	"onedoor/policy"
	"onedoor/tenants"
)

// broken finds every request that at this instant has not exactly one accountable organisation and exactly one queue of
// that organisation, or whose history of custody has a gap or an overlap.
const broken = `
with history as (
	select c.*, lag(until_at) over (partition by request_id order by from_at, id) as before, row_number() over (partition by request_id order by from_at, id) as nth
	from custody c
)
select r.reference || ': ' || why from requests r join lateral (
	select 'its custody does not name the accountable organisation alone' as why
	where (select array_agg(organisation_id) from custody c where c.neighbourhood_id = r.neighbourhood_id and c.request_id = r.id and until_at is null)
	      is distinct from array[r.accountable_id]
	union all
	select 'its queue is not the accountable organisation''s'
	where not exists (select from queues q where q.id = r.queue_id and q.neighbourhood_id = r.neighbourhood_id and q.organisation_id = r.accountable_id)
	union all
	select 'it is on offer to nobody or to its own holder'
	where r.status = 3 and (r.offered_id is null or r.offered_id = r.accountable_id
	      or not exists (select from queues q where q.id = r.offered_queue_id and q.organisation_id = r.offered_id))
	union all
	select 'its custody has a gap'
	where exists (select from history h where h.request_id = r.id and h.nth > 1 and h.before is distinct from h.from_at)
	union all
	select 'it was handed over but not accepted'
	where r.version = 1 and r.accountable_id <> r.home_id
) reasons on true`

// Random commands by many people at once, some of them by people who may not, while an observer looks at whole snapshots.
func TestOneAccountableOrganisationAtEveryInstant(t *testing.T) {
	t.Parallel()
	w := demotest.New(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	var references []requests.Command
	for i := range 12 {
		references = append(references, submit(t, w, soreThroat(w)), submit(t, w, ask(w, i, "callback", nil)))
	}
	people := []string{"sam.carter", "aisha.rahman", "grace.mensah", "kelly.wood", "ben.osei", "li.wei", "ruth.adams", "carys.evans", "neil.hart"}
	actors := make([]requests.Actor, len(people))
	for i, subject := range people {
		actors[i] = w.Actor(t, subject)
	}

	ctx, stop := context.WithCancel(t.Context())
	var accepted, looks atomic.Int64
	var working, observing sync.WaitGroup
	observing.Go(func() {
		for ctx.Err() == nil {
			problems, err := problemsIn(t.Context(), w.DB)
			if err != nil || len(problems) > 0 {
				t.Errorf("seed %d: %v %v", seed, problems, err)
				return
			}
			looks.Add(1)
		}
	})
	for i, by := range actors {
		working.Go(func() {
			random := rand.New(rand.NewPCG(seed, uint64(i)))
			for range 120 {
				c := references[random.IntN(len(references))]
				name, err := command(t.Context(), w, by, c, random)
				var refused *fault.Error
				switch {
				case err == nil:
					accepted.Add(1)
				case !errors.As(err, &refused) || refused.Kind == fault.Internal || refused.Kind == fault.Unavailable:
					t.Errorf("seed %d: %s by %s: %v", seed, name, by.Name, err)
				}
			}
		})
	}
	working.Wait()
	stop()
	observing.Wait()
	problems, err := problemsIn(t.Context(), w.DB)
	if err != nil || len(problems) > 0 {
		t.Errorf("seed %d, at the end: %v %v", seed, problems, err)
	}
	if accepted.Load() < 50 || looks.Load() == 0 {
		t.Errorf("only %d commands took effect, under %d looks: this proves little", accepted.Load(), looks.Load())
	}
}

func problemsIn(ctx context.Context, db *database.DB) (problems []string, err error) {
	for _, nb := range []tenants.Scope{tenants.JobOf(riverside)} {
		err = db.InTx(ctx, nb, func(tx *database.Tx) error { return tx.Gorm().Raw(broken).Scan(&problems).Error })
	}
	return problems, err
}

func command(ctx context.Context, w *demotest.World, by requests.Actor, c requests.Command, random *rand.Rand) (string, error) {
	organisations := []string{"A81001", "A81002", "A81003", "FRV01", "FRV02", "RRV01", "RRH01"}
	var err error
	name := [...]string{"verify", "accept", "accept", "decline", "claim", "claim", "release", "transfer", "outcome", "close", "raise", "lower", "return"}[random.IntN(13)]
	switch name {
	case "verify":
		_, err = w.Requests.Verify(ctx, by, c)
	case "accept":
		_, err = w.Requests.Accept(ctx, by, c)
	case "decline":
		_, err = w.Requests.Decline(ctx, by, c, "Not today.")
	case "claim":
		_, err = w.Requests.Claim(ctx, by, c)
	case "release":
		_, err = w.Requests.Release(ctx, by, c)
	case "transfer":
		_, err = w.Requests.Transfer(ctx, by, c, organisations[random.IntN(len(organisations))], "", "Better there.")
	case "outcome":
		if random.IntN(4) == 0 { // or everything would be closed before long
			_, err = w.Requests.Record(ctx, by, c, requests.NewOutcome{Code: "done"})
		}
	case "close":
		if random.IntN(8) == 0 {
			_, err = w.Requests.Close(ctx, by, c, "Sent twice.")
		}
	case "raise":
		_, err = w.Requests.Raise(ctx, by, c, policy.Urgent, "Worse.")
	case "lower":
		_, err = w.Requests.Lower(ctx, by, c, policy.Routine, "Better.")
	case "return":
		_, err = w.Requests.ReturnExpiredOffers(ctx, riverside, w.Now().AddDate(0, 0, random.IntN(2)*30))
	default:
		err = fmt.Errorf("no command %s", name)
	}
	return name, err
}
