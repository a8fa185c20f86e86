// Package limitstore keeps how often this product, on all its nodes together, may call a national service: one row for each
// service, and the moment from which its next call may begin. Moments run on the database's clock, which all nodes share. It
// holds names and times, and knows nothing of what is called.
package limitstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"onedoor/app/database"
	"onedoor/app/fault"
)

// Limit is one service's.
type Limit struct {
	db    *database.DB
	name  string
	every time.Duration
}

// New makes the limit of a service that may be called once in a time; every node that names it shares it.
func New(db *database.DB, name string, every time.Duration) *Limit { return &Limit{db, name, every} }

// PerSecond is the time between calls of which at most so many may arrive in any second: a twentieth longer than their
// even share, since calls do not all travel equally long.
func PerSecond(calls int) time.Duration { return time.Second * 21 / 20 / time.Duration(calls) }

// Take takes the next free moment, and says how long it is until then. Where that would be longer than most, it takes none
// (too_many_calls).
func (l *Limit) Take(ctx context.Context, most time.Duration) (wait time.Duration, err error) {
	err = l.db.Global(ctx, func(tx *database.Tx) error {
		if _, err := tx.Pgx().Exec(ctx, "insert into call_limits (name, next_at) values ($1, clock_timestamp()) on conflict do nothing", l.name); err != nil {
			return err
		}
		return tx.Pgx().QueryRow(ctx, `
			update call_limits set next_at = greatest(next_at, clock_timestamp()) + $2::interval
			where name = $1 and next_at <= clock_timestamp() + $3::interval
			returning next_at - $2::interval - clock_timestamp()`, l.name, l.every, most).Scan(&wait)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		refused := fault.New(fault.TooMany, "too_many_calls", "Too many people are being looked up just now. Try again in a few seconds.")
		refused.RetryAfter = most
		return 0, refused
	}
	if err != nil {
		return 0, fmt.Errorf("take a moment for a call: %w", err)
	}
	return max(0, wait), nil
}

// PutOff keeps every node from calling for a time, as a service asked that said that there were too many calls.
func (l *Limit) PutOff(ctx context.Context, d time.Duration) error {
	return l.db.Global(ctx, func(tx *database.Tx) error {
		_, err := tx.Pgx().Exec(ctx, `
			insert into call_limits (name, next_at) values ($1, clock_timestamp() + $2::interval)
			on conflict (name) do update set next_at = greatest(call_limits.next_at, excluded.next_at)`, l.name, d)
		return err
	})
}
