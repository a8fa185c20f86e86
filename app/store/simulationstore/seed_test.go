package simulationstore_test

import (
	"context"
	"testing"

	"github.com/google/uuid"

	"onedoor/app/database/testdb"
	"onedoor/app/demo"
	"onedoor/app/demo/demotest"
	"onedoor/app/nhs"
	"onedoor/app/store/directorystore"
	"onedoor/app/store/identitystore"
	"onedoor/app/store/patientstore"
	"onedoor/app/store/publishingstore"
	"onedoor/app/store/rulestore"
	"onedoor/app/store/simulationstore"
	"onedoor/policy/simulate"
	"onedoor/tenants"
)

func TestTheDemonstrationHasAPastFromItsFirstStartOn(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	store := simulationstore.New(db, rulestore.New(directorystore.New(db)), nil)
	for range 2 { // the second start adds nothing
		err := demo.Seed(t.Context(), demo.Stock{
			Directory: directorystore.New(db), Publishing: publishingstore.New(db), Patients: patientstore.New(db), Identity: identitystore.New(db),
			Issuer:  demo.Issuer,
			Connect: func(context.Context, uuid.UUID, tenants.Organisation, bool) error { return nil },
			Past:    store.Import, Now: demotest.Monday,
		}, nhs.DateOf(demotest.Monday))
		if err != nil {
			t.Fatal(err)
		}
		for neighbourhood, want := range map[uuid.UUID]int{riverside: 5000, hillside: 0} {
			_, total, err := store.Waits(t.Context(), neighbourhood, demotest.Monday.AddDate(0, 0, -31), demotest.Monday, simulate.RecordedLoad)
			if err != nil || total != want {
				t.Errorf("%d past requests: %v; want %d", total, err, want)
			}
		}
	}
	// The live rules decide all of it as it was decided.
	live, err := store.Live(t.Context(), riverside, demotest.Monday)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range read(t, store.Source(riverside, demotest.Monday.AddDate(0, 0, -31), demotest.Monday), 2) {
		if _, differs := simulate.Otherwise(&r, live); differs {
			t.Fatalf("%+v is decided otherwise", r)
		}
	}
}
