package outcomes

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/database"
	"onedoor/jobs"
	"onedoor/tenants"
)

// Outage is a day in which one organisation's system is down for hours, and another answers so slowly that an adapter is
// about to give up. The day is played at a scaled clock; what the product waits by itself is not scaled.
type Outage struct {
	Organisations int
	Outcomes      int
	Day           time.Duration // in which they are handed in, as it is played
	Down          time.Duration // as it is played
	Answer        time.Duration // how long the slow system takes to answer
	Sick          bool          // whether there are those two
	Seed          uint64
	Out           io.Writer // gets a line now and then; none when nil
}

// OutageResult is what came of it.
type OutageResult struct {
	Account Account
	// Median and P95 are how long the quiet organisations' outcomes took from being handed in to being filed.
	Median, P95 time.Duration
	// Backlog is how many waited for the system that was down when it came back; Drained how long they took then.
	Backlog int
	Drained time.Duration
}

// sick are the organisations in trouble, by their place.
const (
	downPlace = 0
	slowPlace = 1
	// handEvery is how often outcomes are handed in.
	handEvery = 20 * time.Millisecond
	// mostOutcomes is how many one request may have, one after the other.
	mostOutcomes = 3
)

// Play plays the day, lets both systems come back, waits until everything is filed, and counts at the receivers.
func (w *World) Play(ctx context.Context, o Outage) (r OutageResult, err error) {
	if o.Out == nil {
		o.Out = io.Discard
	}
	client, err := w.Jobs(jobs.Options{})
	if err != nil {
		return r, err
	}
	if err := client.Start(ctx); err != nil {
		return r, err
	}
	defer func() { _ = client.Stop(context.WithoutCancel(ctx)) }()
	down, slow := w.organisations[downPlace], w.organisations[slowPlace]
	if o.Sick {
		if err := w.trouble(ctx, down, `{"mode": "down"}`); err != nil {
			return r, err
		}
		if err := w.trouble(ctx, slow, fmt.Sprintf(`{"mode": "ok", "latency": {"usual": %q}}`, o.Answer.String())); err != nil {
			return r, err
		}
	}
	recovered := make(chan error, 1)
	go func() { recovered <- w.recover(ctx, o, down, &r) }()
	if err := w.play(ctx, o); err != nil {
		return r, err
	}
	if err := <-recovered; err != nil {
		return r, err
	}
	if o.Sick {
		if err := w.trouble(ctx, slow, `{"mode": "ok", "latency": {"usual": "0s"}}`); err != nil {
			return r, err
		}
	}
	if err := w.untilFiled(ctx, 10*time.Minute); err != nil {
		return r, err
	}
	if r.Median, r.P95, err = w.delays(ctx, down.ID, slow.ID); err != nil {
		return r, err
	}
	r.Account, err = w.account(ctx)
	return r, err
}

// play hands outcomes in, evenly through the day and over the organisations.
func (w *World) play(ctx context.Context, o Outage) error {
	random := rand.New(rand.NewPCG(o.Seed, 0)) //nolint:gosec // a made-up day is the same each time
	began, handed, told := time.Now(), 0, 0
	ticks := time.NewTicker(handEvery)
	defer ticks.Stop()
	for handed < o.Outcomes {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticks.C:
		}
		due := min(o.Outcomes, int(float64(o.Outcomes)*time.Since(began).Seconds()/o.Day.Seconds()))
		var batch []clinical.Delivery
		for handed+len(batch) < due {
			list, err := w.outcome(w.organisations[random.IntN(len(w.organisations))], min(1+random.IntN(mostOutcomes), o.Outcomes-handed-len(batch)))
			if err != nil {
				return err
			}
			batch = append(batch, list...)
		}
		if err := w.handIn(ctx, batch); err != nil {
			return err
		}
		handed += len(batch)
		if tenth := handed * 10 / o.Outcomes; tenth > told {
			told = tenth
			open, _, err := w.left(ctx)
			if err != nil {
				return err
			}
			fmt.Fprintf(o.Out, "    after %5.1f s  %6d handed in  %6d wait\n", time.Since(began).Seconds(), handed, open)
		}
	}
	return nil
}

// recover lets the system that is down come back when its time is over, and times how its backlog drains.
func (w *World) recover(ctx context.Context, o Outage, down Organisation, r *OutageResult) error {
	if !o.Sick {
		return nil
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(o.Down):
	}
	last, err := w.waiting(ctx, down)
	if err != nil {
		return err
	}
	r.Backlog = len(last)
	if err := w.trouble(ctx, down, `{"mode": "ok"}`); err != nil {
		return err
	}
	began := time.Now()
	for len(last) > 0 {
		left, err := w.stillWaiting(ctx, last)
		if err != nil {
			return err
		}
		if left == 0 {
			break
		}
		if time.Since(began) > 10*time.Minute {
			return fmt.Errorf("%d of a backlog of %d wait ten minutes after the system came back", left, len(last))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
	r.Drained = time.Since(began)
	return nil
}

func (w *World) waiting(ctx context.Context, o Organisation) (ids []uuid.UUID, err error) {
	err = w.db.InTx(ctx, tenants.JobOf(w.neighbourhood), func(tx *database.Tx) error {
		return tx.Gorm().WithContext(ctx).Raw("select id from deliveries where neighbourhood_id = ? and organisation_id = ? and state in (0, 1)", w.neighbourhood, o.ID).Scan(&ids).Error
	})
	return ids, err
}

func (w *World) stillWaiting(ctx context.Context, ids []uuid.UUID) (n int, err error) {
	err = w.db.InTx(ctx, tenants.JobOf(w.neighbourhood), func(tx *database.Tx) error {
		return tx.Pgx().QueryRow(ctx, "select count(*) from deliveries where neighbourhood_id = $1 and id = any ($2) and state <> 3", w.neighbourhood, ids).Scan(&n)
	})
	return n, err
}

// delays are those of the organisations but for some: from being handed in to what the drain wrote down last.
func (w *World) delays(ctx context.Context, except ...uuid.UUID) (median, p95 time.Duration, err error) {
	var quantiles []float64
	err = w.db.InTx(ctx, tenants.JobOf(w.neighbourhood), func(tx *database.Tx) error {
		return tx.Pgx().QueryRow(ctx, `
			select percentile_cont(array[0.5, 0.95]) within group (order by extract(epoch from updated_at - created_at))
			from deliveries where neighbourhood_id = $1 and state = 3 and not organisation_id = any ($2)`, w.neighbourhood, except).Scan(&quantiles)
	})
	if err != nil {
		return 0, 0, err
	}
	return time.Duration(quantiles[0] * float64(time.Second)), time.Duration(quantiles[1] * float64(time.Second)), nil
}
