// Package callerstore keeps what callers prove who they are with: codes, PINs and proofs, and how often was tried. Calls
// reach it in the scope of intake; staff set PINs of the people on their own practice's list, and PostgreSQL's row-level
// security knows no others. What it keeps of people are ids and keyed hashes.
package callerstore

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"onedoor/app/audit"
	"onedoor/app/callers"
	"onedoor/app/database"
	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/app/patients"
	"onedoor/app/store/auditstore"
	"onedoor/app/store/patientstore"
	"onedoor/tenants"
)

// Store implements callers.Store.
type Store struct {
	db  *database.DB
	now func() time.Time
}

var _ callers.Store = (*Store)(nil)

// New makes a store over a database.
func New(db *database.DB, now func() time.Time) *Store { return &Store{db, now} }

// Key implements callers.Store.
func (s *Store) Key(ctx context.Context, neighbourhood uuid.UUID, offered func() ([]byte, error)) (sealed []byte, err error) {
	err = s.db.InTx(ctx, tenants.IntakeOf(neighbourhood), func(tx *database.Tx) error {
		if sealed, err = readKey(ctx, tx, neighbourhood); err != nil || sealed != nil {
			return err
		}
		offer, err := offered()
		if err != nil {
			return err
		}
		if _, err := tx.Pgx().Exec(ctx, "insert into caller_keys values ($1, $2) on conflict do nothing", neighbourhood, offer); err != nil {
			return err
		}
		sealed, err = readKey(ctx, tx, neighbourhood) // another's, when that one came first
		return err
	})
	return sealed, err
}

func readKey(ctx context.Context, tx *database.Tx, neighbourhood uuid.UUID) (sealed []byte, err error) {
	err = tx.Pgx().QueryRow(ctx, "select sealed from caller_keys where neighbourhood_id = $1", neighbourhood).Scan(&sealed)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	return sealed, err
}

// Candidates implements callers.Store.
func (s *Store) Candidates(ctx context.Context, neighbourhood uuid.UUID, given patients.Given) (list []patients.Patient, err error) {
	err = s.db.InTx(ctx, tenants.IntakeOf(neighbourhood), func(tx *database.Tx) error {
		list, err = candidates(ctx, tx, neighbourhood, given)
		return err
	})
	return list, err
}

func candidates(ctx context.Context, tx *database.Tx, neighbourhood uuid.UUID, given patients.Given) ([]patients.Patient, error) {
	query, args := patientstore.Candidates(neighbourhood, given)
	if query == "" {
		return nil, nil
	}
	rows, err := tx.Pgx().Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return patientstore.Collect(rows)
}

// Patient implements callers.Store.
func (s *Store) Patient(ctx context.Context, neighbourhood, id uuid.UUID) (p patients.Patient, err error) {
	err = s.db.InTx(ctx, tenants.IntakeOf(neighbourhood), func(tx *database.Tx) error {
		query, args := patientstore.ByID(neighbourhood, id)
		rows, err := tx.Pgx().Query(ctx, query, args...)
		if err != nil {
			return err
		}
		list, err := patientstore.Collect(rows)
		if err == nil && len(list) == 0 {
			return fault.Absent()
		}
		if err == nil {
			p = list[0]
		}
		return err
	})
	return p, err
}

// Sharing implements callers.Store.
func (s *Store) Sharing(ctx context.Context, neighbourhood uuid.UUID, mobile nhs.Phone) (n int, err error) {
	err = s.db.InTx(ctx, tenants.IntakeOf(neighbourhood), func(tx *database.Tx) error {
		return tx.Pgx().QueryRow(ctx, "select count(*) from (select from patients where neighbourhood_id = $1 and mobile = $2 limit 2) few",
			neighbourhood, string(mobile)).Scan(&n)
	})
	return n, err
}

const add = `
insert into caller_counts (neighbourhood_id, subject, what, starts_at, n, counted_at) values ($1, $2, $3, $4, 1, $5)
on conflict (neighbourhood_id, subject, what, starts_at) do update set n = caller_counts.n + 1, counted_at = excluded.counted_at
returning n`

// Add implements callers.Store. Each count is exact however many calls try at once: the row is locked until the commit, and
// rows are taken in one order, so that two calls never wait for each other.
func (s *Store) Add(ctx context.Context, neighbourhood uuid.UUID, counts []callers.Count) ([]int, error) {
	made := make([]int, len(counts))
	order := make([]int, len(counts))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return slices.Compare(counts[a].Subject, counts[b].Subject) })
	err := s.db.InTx(ctx, tenants.IntakeOf(neighbourhood), func(tx *database.Tx) error {
		for _, i := range order {
			c := counts[i]
			if err := tx.Pgx().QueryRow(ctx, add, neighbourhood, c.Subject, c.What, c.Window, s.now()).Scan(&made[i]); err != nil {
				return err
			}
		}
		return nil
	})
	return made, err
}

// KeepCode implements callers.Store.
func (s *Store) KeepCode(ctx context.Context, c callers.Code) error {
	return s.db.InTx(ctx, tenants.IntakeOf(c.NeighbourhoodID), func(tx *database.Tx) error {
		_, err := tx.Pgx().Exec(ctx, `
			insert into caller_codes (neighbourhood_id, call_id, patient_id, hash, expires_at) values ($1, $2, $3, $4, $5)
			on conflict (neighbourhood_id, call_id)
			do update set patient_id = excluded.patient_id, hash = excluded.hash, expires_at = excluded.expires_at`,
			c.NeighbourhoodID, c.CallID, optional(c.PatientID), c.Hash, c.ExpiresAt)
		return err
	})
}

// Code implements callers.Store.
func (s *Store) Code(ctx context.Context, neighbourhood, call uuid.UUID) (c callers.Code, err error) {
	err = s.db.InTx(ctx, tenants.IntakeOf(neighbourhood), func(tx *database.Tx) error {
		var patient *uuid.UUID
		found := callers.Code{NeighbourhoodID: neighbourhood, CallID: call}
		err := tx.Pgx().QueryRow(ctx, "select patient_id, hash, expires_at from caller_codes where neighbourhood_id = $1 and call_id = $2", neighbourhood, call).
			Scan(&patient, &found.Hash, &found.ExpiresAt)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err == nil {
			if patient != nil {
				found.PatientID = *patient
			}
			c = found
		}
		return err
	})
	return c, err
}

// Prove implements callers.Store.
func (s *Store) Prove(ctx context.Context, k callers.Kept, entry audit.Entry) (first bool, err error) {
	err = s.db.InTx(ctx, tenants.IntakeOf(k.NeighbourhoodID), func(tx *database.Tx) error {
		taken, err := tx.Pgx().Exec(ctx, "delete from caller_codes where neighbourhood_id = $1 and call_id = $2", k.NeighbourhoodID, k.CallID)
		if err != nil {
			return err
		}
		if first = k.Method != callers.ByCode || taken.RowsAffected() == 1; !first {
			return nil
		}
		if _, err := tx.Pgx().Exec(ctx, `
			insert into caller_proofs (neighbourhood_id, id, call_id, patient_id, method, at, until_at, outside) values ($1, $2, $3, $4, $5, $6, $7, $8)`,
			k.NeighbourhoodID, k.ID, k.CallID, k.PatientID, string(k.Method), k.At, k.Until, k.Outside); err != nil {
			return err
		}
		if _, err := tx.Pgx().Exec(ctx, "update caller_pins set wrong = 0 where neighbourhood_id = $1 and patient_id = $2", k.NeighbourhoodID, k.PatientID); err != nil {
			return err
		}
		auditstore.Append(tx, entry)
		return nil
	})
	return first, err
}

// Proof implements callers.Store.
func (s *Store) Proof(ctx context.Context, p callers.Proof) (k callers.Kept, err error) {
	err = s.db.InTx(ctx, tenants.IntakeOf(p.NeighbourhoodID), func(tx *database.Tx) error {
		var method string
		k.NeighbourhoodID = p.NeighbourhoodID
		err := tx.Pgx().QueryRow(ctx, "select id, call_id, patient_id, method, at, until_at, outside from caller_proofs where neighbourhood_id = $1 and id = $2",
			p.NeighbourhoodID, p.ID).Scan(&k.ID, &k.CallID, &k.PatientID, &method, &k.At, &k.Until, &k.Outside)
		k.Method = callers.Method(method)
		if errors.Is(err, pgx.ErrNoRows) {
			return fault.Absent()
		}
		return err
	})
	if err != nil {
		return callers.Kept{}, err
	}
	return k, nil
}

// kept is how long counts are of use after they were last added to: longer than any window.
const kept = 48 * time.Hour

// RemoveExpired removes a neighbourhood's counts, codes and proofs that hold no longer, and says how many.
func (s *Store) RemoveExpired(ctx context.Context, neighbourhood uuid.UUID, now time.Time) (int, error) {
	removed := 0
	err := s.db.InTx(ctx, tenants.JobOf(neighbourhood), func(tx *database.Tx) error {
		for _, each := range []struct {
			query  string
			before time.Time
		}{
			{"delete from caller_counts where neighbourhood_id = $1 and counted_at < $2", now.Add(-kept)},
			{"delete from caller_codes where neighbourhood_id = $1 and expires_at < $2", now},
			{"delete from caller_proofs where neighbourhood_id = $1 and until_at < $2", now},
		} {
			done, err := tx.Pgx().Exec(ctx, each.query, neighbourhood, each.before)
			if err != nil {
				return err
			}
			removed += int(done.RowsAffected())
		}
		return nil
	})
	return removed, err
}

func optional(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}
