// Package tracestore keeps what the national register of patients said of people, sealed by package traces, and who of them is
// held; it finds the requests that are to be traced. It opens nothing that is sealed. It implements traces.Store.
package tracestore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"onedoor/app/audit"
	"onedoor/app/database"
	"onedoor/app/nhs"
	"onedoor/app/patients"
	"onedoor/app/requests"
	"onedoor/app/store/auditstore"
	"onedoor/app/traces"
	"onedoor/tenants"
)

// Store implements traces.Store.
type Store struct{ db *database.DB }

var _ traces.Store = (*Store)(nil)

// New makes a store over a database.
func New(db *database.DB) *Store { return &Store{db} }

// Remembered is the query for why nothing may be sent about somebody, by neighbourhood and number; ScanHold reads its row.
const Remembered = "select restricted, died from traced_patients where neighbourhood_id = $1 and nhs_number = $2"

// ScanHold reads the row of Remembered; none holds nothing.
func ScanHold(row pgx.Row) (h patients.Hold, err error) {
	if err = row.Scan(&h.Restricted, &h.Died); errors.Is(err, pgx.ErrNoRows) {
		err = nil
	}
	return h, err
}

// Known implements traces.Store.
func (s *Store) Known(ctx context.Context, neighbourhood uuid.UUID, number nhs.Number) (k traces.Kept, found bool, err error) {
	err = s.db.InTx(ctx, tenants.JobOf(neighbourhood), func(tx *database.Tx) error {
		k = traces.Kept{NeighbourhoodID: neighbourhood, Number: number}
		var expire *time.Time
		err := tx.Pgx().QueryRow(ctx, `
			select restricted, died, died_on, formal, sealed, read_at, expires_at, needs, needs_expire_at
			from traced_patients where neighbourhood_id = $1 and nhs_number = $2`, neighbourhood, string(number)).
			Scan(&k.Hold.Restricted, &k.Hold.Died, &k.Hold.On, &k.Hold.Formal, &k.Sealed, &k.ReadAt, &k.ExpiresAt, &k.Needs, &expire)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read what is known of a person: %w", err)
		}
		if found = true; expire != nil {
			k.NeedsExpireAt = *expire
		}
		return nil
	})
	return k, found, err
}

// Keep implements traces.Store.
func (s *Store) Keep(ctx context.Context, k traces.Kept) error {
	return s.db.InTx(ctx, tenants.JobOf(k.NeighbourhoodID), func(tx *database.Tx) error {
		_, err := tx.Pgx().Exec(ctx, `
			insert into traced_patients (neighbourhood_id, nhs_number, restricted, died, died_on, formal, sealed, read_at, expires_at)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
			on conflict (neighbourhood_id, nhs_number) do update
			set restricted = excluded.restricted, died = excluded.died, died_on = excluded.died_on, formal = excluded.formal, sealed = excluded.sealed,
				read_at = excluded.read_at, expires_at = excluded.expires_at`,
			k.NeighbourhoodID, string(k.Number), k.Hold.Restricted, k.Hold.Died, k.Hold.On, k.Hold.Formal, k.Sealed, k.ReadAt, k.ExpiresAt)
		if err != nil {
			return fmt.Errorf("keep what is known of a person: %w", err)
		}
		return nil
	})
}

// KeepNeeds implements traces.Store.
func (s *Store) KeepNeeds(ctx context.Context, neighbourhood uuid.UUID, number nhs.Number, sealed []byte, expires time.Time) error {
	return s.db.InTx(ctx, tenants.JobOf(neighbourhood), func(tx *database.Tx) error {
		_, err := tx.Pgx().Exec(ctx, "update traced_patients set needs = $3, needs_expire_at = $4 where neighbourhood_id = $1 and nhs_number = $2",
			neighbourhood, string(number), sealed, expires)
		return err
	})
}

// Forget implements traces.Store.
func (s *Store) Forget(ctx context.Context, neighbourhood uuid.UUID, now time.Time) (n int, err error) {
	err = s.db.InTx(ctx, tenants.JobOf(neighbourhood), func(tx *database.Tx) error {
		n = 0
		for _, statement := range []string{
			"delete from traced_patients where neighbourhood_id = $1 and expires_at < $2 and not restricted and not died and (needs_expire_at is null or needs_expire_at < $2)",
			"update traced_patients set sealed = null where neighbourhood_id = $1 and expires_at < $2 and sealed is not null",
			"update traced_patients set needs = null, needs_expire_at = null where neighbourhood_id = $1 and needs_expire_at < $2",
		} {
			done, err := tx.Pgx().Exec(ctx, statement, neighbourhood, now)
			if err != nil {
				return err
			}
			n += int(done.RowsAffected())
		}
		return nil
	})
	return n, err
}

// Untraced implements traces.Store. Codes of status: 2 to verify, 5 closed.
func (s *Store) Untraced(ctx context.Context, neighbourhood uuid.UUID, now time.Time, limit int) (list []requests.Reference, err error) {
	err = s.db.InTx(ctx, tenants.JobOf(neighbourhood), func(tx *database.Tx) error {
		rows, err := tx.Pgx().Query(ctx, `
			select reference from requests
			where neighbourhood_id = $1 and status < 5 and traced_at is null and task = '' and (trace_again_at is null or trace_again_at <= $2)
			order by (status = 2 or patient_id is null) desc, submitted_at limit $3`, neighbourhood, now, limit)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, pgx.RowTo[requests.Reference])
		return err
	})
	return list, err
}

// PutOff implements traces.Store.
func (s *Store) PutOff(ctx context.Context, neighbourhood uuid.UUID, reference requests.Reference, until time.Time) error {
	return s.db.InTx(ctx, tenants.JobOf(neighbourhood), func(tx *database.Tx) error {
		_, err := tx.Pgx().Exec(ctx, "update requests set trace_again_at = $3 where neighbourhood_id = $1 and reference = $2", neighbourhood, string(reference), until)
		return err
	})
}

// Setting implements traces.Store.
func (s *Store) Setting(ctx context.Context, neighbourhood uuid.UUID) (setting traces.Setting, err error) {
	err = s.db.InTx(ctx, tenants.JobOf(neighbourhood), func(tx *database.Tx) error {
		setting = traces.Setting{NeighbourhoodID: neighbourhood}
		err := tx.Pgx().QueryRow(ctx, "select after_submission, changed_by, changed_at from tracing_settings where neighbourhood_id = $1", neighbourhood).
			Scan(&setting.AfterSubmission, &setting.ChangedBy, &setting.ChangedAt)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		return err
	})
	return setting, err
}

// Change implements traces.Store.
func (s *Store) Change(ctx context.Context, scope tenants.Scope, to traces.Setting, entry audit.Entry) error {
	return s.db.InTx(ctx, scope, func(tx *database.Tx) error {
		_, err := tx.Pgx().Exec(ctx, `
			insert into tracing_settings (neighbourhood_id, after_submission, changed_by, changed_at) values ($1, $2, $3, $4)
			on conflict (neighbourhood_id) do update
			set after_submission = excluded.after_submission, changed_by = excluded.changed_by, changed_at = excluded.changed_at`,
			to.NeighbourhoodID, to.AfterSubmission, to.ChangedBy, to.ChangedAt)
		if err != nil {
			return err
		}
		auditstore.Append(tx, entry)
		return nil
	})
}

// Figures implements traces.Store.
func (s *Store) Figures(ctx context.Context, neighbourhood uuid.UUID, since time.Time) (f traces.Figures, err error) {
	err = s.db.InTx(ctx, tenants.JobOf(neighbourhood), func(tx *database.Tx) error {
		f = traces.Figures{Verdicts: map[patients.Verdict]int{}}
		err := tx.Pgx().QueryRow(ctx, `
			select count(*) filter (where traced_at is null and task = ''), count(*) filter (where held > 0)
			from requests where neighbourhood_id = $1 and status < 5`, neighbourhood).Scan(&f.Waiting, &f.Held)
		if err != nil {
			return err
		}
		rows, err := tx.Pgx().Query(ctx, `
			select trace->>'verdict', count(*) from requests
			where neighbourhood_id = $1 and traced_at >= $2 and trace is not null group by 1`, neighbourhood, since)
		if err != nil {
			return err
		}
		var verdict patients.Verdict
		var n int
		_, err = pgx.ForEachRow(rows, []any{&verdict, &n}, func() error {
			f.Verdicts[verdict] = n
			return nil
		})
		return err
	})
	return f, err
}
