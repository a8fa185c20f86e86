package database_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/uuid"

	"onedoor/app/database"
	"onedoor/app/database/testdb"
	"onedoor/tenants"
)

func TestTransactionCarriesItsScopeAndNothingElse(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	nb, org1, org2 := uuid.New(), uuid.New(), uuid.New()
	type seen struct {
		Neighbourhood *uuid.UUID
		Actor         *string
		Organisations *string
	}
	read := func(tx *database.Tx) seen {
		var s seen
		if err := tx.Gorm().Raw(`select current_neighbourhood() neighbourhood, current_actor() actor, current_organisations()::text organisations`).Scan(&s).Error; err != nil {
			t.Fatal(err)
		}
		return s
	}
	for _, scope := range []tenants.Scope{tenants.StaffOf(nb, org1, org2), tenants.StaffOf(nb), tenants.IntakeOf(nb), tenants.JobOf(nb)} {
		err := db.InTx(context.Background(), scope, func(tx *database.Tx) error {
			s := read(tx)
			if s.Neighbourhood == nil || *s.Neighbourhood != nb || s.Actor == nil || *s.Actor != string(scope.Kind) {
				t.Errorf("scope %v reads as %+v", scope, s)
			}
			if want := len(scope.Organisations) > 0; want != (s.Organisations != nil) {
				t.Errorf("scope %v reads as organisations %v", scope, s.Organisations)
			} else if want && *s.Organisations != "{"+org1.String()+","+org2.String()+"}" {
				t.Errorf("scope %v reads as organisations %v", scope, *s.Organisations)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for range 20 { // every connection of the pool has been used with a scope by now, or is new
		if err := db.Global(context.Background(), func(tx *database.Tx) error {
			if s := read(tx); s != (seen{}) {
				t.Errorf("with no scope, the transaction sees %+v", s)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTransactionNeedsAScope(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	for name, scope := range map[string]tenants.Scope{
		"none": {}, "no neighbourhood": tenants.JobOf(uuid.Nil), "of another kind": {Kind: "root'; drop table events; --", NeighbourhoodID: uuid.New()},
	} {
		if err := db.InTx(context.Background(), scope, func(*database.Tx) error { return errors.New("ran") }); err == nil || err.Error() == "ran" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
