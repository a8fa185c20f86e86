package callerstore

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"onedoor/app/audit"
	"onedoor/app/callers"
	"onedoor/app/database"
	"onedoor/app/fault"
	"onedoor/app/patients"
	"onedoor/app/store/auditstore"
	"onedoor/tenants"
)

// PIN implements callers.Store.
func (s *Store) PIN(ctx context.Context, neighbourhood, patient uuid.UUID) (p callers.PIN, err error) {
	err = s.db.InTx(ctx, tenants.IntakeOf(neighbourhood), func(tx *database.Tx) error {
		found := callers.PIN{NeighbourhoodID: neighbourhood, PatientID: patient}
		var by []byte
		err := tx.Pgx().QueryRow(ctx, "select hash, set_by, set_at, wrong from caller_pins where neighbourhood_id = $1 and patient_id = $2", neighbourhood, patient).
			Scan(&found.Hash, &by, &found.SetAt, &found.Wrong)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		p = found
		return json.Unmarshal(by, &p.SetBy)
	})
	return p, err
}

// Missed implements callers.Store.
func (s *Store) Missed(ctx context.Context, neighbourhood, patient uuid.UUID) error {
	return s.db.InTx(ctx, tenants.IntakeOf(neighbourhood), func(tx *database.Tx) error {
		_, err := tx.Pgx().Exec(ctx, "update caller_pins set wrong = wrong + 1 where neighbourhood_id = $1 and patient_id = $2", neighbourhood, patient)
		return err
	})
}

// OnList implements callers.Store. Row-level security shows staff the people on their own practice's list alone.
func (s *Store) OnList(ctx context.Context, scope tenants.Scope, given patients.Given) (p patients.Patient, err error) {
	if scope.Kind != tenants.StaffScope {
		return p, fault.Absent()
	}
	err = s.db.InTx(ctx, scope, func(tx *database.Tx) error {
		list, err := candidates(ctx, tx, scope.NeighbourhoodID, given)
		if err != nil {
			return err
		}
		found := false
		if p, found = patients.Match(given, list); !found {
			return fault.Absent()
		}
		return nil
	})
	return p, err
}

// SetPIN implements callers.Store.
func (s *Store) SetPIN(ctx context.Context, scope tenants.Scope, p callers.PIN, entry audit.Entry) error {
	by, err := json.Marshal(p.SetBy)
	if err != nil {
		return err
	}
	return s.db.InTx(ctx, scope, func(tx *database.Tx) error {
		_, err := tx.Pgx().Exec(ctx, `
			insert into caller_pins (neighbourhood_id, patient_id, hash, set_by, set_at, wrong) values ($1, $2, $3, $4, $5, 0)
			on conflict (neighbourhood_id, patient_id) do update set hash = excluded.hash, set_by = excluded.set_by, set_at = excluded.set_at, wrong = 0`,
			scope.NeighbourhoodID, p.PatientID, p.Hash, by, p.SetAt)
		auditstore.Append(tx, entry)
		return err
	})
}

// RemovePIN implements callers.Store.
func (s *Store) RemovePIN(ctx context.Context, scope tenants.Scope, patient uuid.UUID, entry audit.Entry) error {
	return s.db.InTx(ctx, scope, func(tx *database.Tx) error {
		done, err := tx.Pgx().Exec(ctx, "delete from caller_pins where neighbourhood_id = $1 and patient_id = $2", scope.NeighbourhoodID, patient)
		if err == nil && done.RowsAffected() > 0 {
			auditstore.Append(tx, entry)
		}
		return err
	})
}
