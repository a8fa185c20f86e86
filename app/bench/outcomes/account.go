package outcomes

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"onedoor/app/database"
	"onedoor/tenants"
)

// Account is what came of all that was handed in, counted at the receivers.
type Account struct {
	Sent       int // outcomes that our ledger says are filed
	Lost       int // of these, not in the system
	Twice      int // effects beyond one for each outcome
	OutOfOrder int // outcomes of a request that came before an earlier one
}

// Err says what is wrong with the account.
func (a Account) Err() error {
	if a.Lost+a.Twice+a.OutOfOrder > 0 || a.Sent == 0 {
		return fmt.Errorf("of %d outcomes %d were lost, %d came twice and %d out of order", a.Sent, a.Lost, a.Twice, a.OutOfOrder)
	}
	return nil
}

// String is the account in words.
func (a Account) String() string {
	return fmt.Sprintf("%d outcomes: lost %d, twice %d, out of order %d", a.Sent, a.Lost, a.Twice, a.OutOfOrder)
}

// account compares our ledger with the receivers'.
func (w *World) account(ctx context.Context) (Account, error) {
	var a Account
	for _, o := range w.organisations {
		if err := w.accountOf(ctx, o, &a); err != nil {
			return a, err
		}
	}
	return a, nil
}

func (w *World) accountOf(ctx context.Context, o Organisation, a *Account) error {
	effects, err := w.ledger(ctx, o)
	if err != nil {
		return err
	}
	at, count := map[string]int{}, map[string]int{} // of what was written, and of a request
	for i, e := range effects {
		at[e.Resource] = i + 1
		count[e.RequestReference]++
	}
	type line struct {
		id        uuid.UUID
		reference string
		external  string
	}
	var lines []line
	err = w.db.InTx(ctx, tenants.JobOf(w.neighbourhood), func(tx *database.Tx) error {
		lines = nil
		rows, err := tx.Pgx().Query(ctx, `
			select id, request_reference, external_id from deliveries
			where neighbourhood_id = $1 and organisation_id = $2 and state = 3 order by request_reference, sequence`, w.neighbourhood, o.ID)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var l line
			if err := rows.Scan(&l.id, &l.reference, &l.external); err != nil {
				return err
			}
			lines = append(lines, l)
		}
		return rows.Err()
	})
	if err != nil {
		return err
	}
	sent, before, last := map[string]int{}, "", 0
	for _, l := range lines {
		a.Sent++
		sent[l.reference]++
		place := at[l.external]
		if place == 0 {
			a.Lost++
		}
		if l.reference == before && place < last {
			a.OutOfOrder++
		}
		before, last = l.reference, place
	}
	for reference, n := range count {
		a.Twice += max(0, n-sent[reference])
	}
	return nil
}
