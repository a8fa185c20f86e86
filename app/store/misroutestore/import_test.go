package misroutestore_test

import (
	"testing"

	"onedoor/app/demo"
	"onedoor/app/demo/demotest"
	"onedoor/app/nhs"
	"onedoor/app/store/misroutestore"
	"onedoor/tenants"
)

func TestImportedDaysStandBesideThoseCountedHere(t *testing.T) {
	t.Parallel()
	w := demotest.New(t)
	store := misroutestore.New(w.DB)
	side, err := demo.RiversideSide()
	if err != nil {
		t.Fatal(err)
	}
	today := nhs.DateOf(w.Now().In(tenants.London()))
	days := demo.ReturnedDays(side.Policy, today)
	here, other := demo.NeighbourhoodID("riverside"), demo.NeighbourhoodID("hillside")
	if err := store.Import(t.Context(), here, days); err != nil {
		t.Fatal(err)
	}
	again := days[0]
	again.Decisions, again.Returned = again.Decisions+1, 0
	if err := store.Import(t.Context(), here, append(days[1:2:2], again)); err != nil {
		t.Fatal(err)
	}
	got, err := store.Days(t.Context(), here, today.Add(-365))
	if err != nil || len(got) != len(days) {
		t.Fatalf("%d days of %d, %v", len(got), len(days), err)
	}
	decisions, want := 0, 0
	for i := range got {
		decisions, want = decisions+got[i].Decisions, want+days[i].Decisions
	}
	if decisions != want {
		t.Errorf("%d decisions, want %d: what was counted does not change", decisions, want)
	}
	if foreign, err := store.Days(t.Context(), other, today.Add(-365)); err != nil || len(foreign) != 0 {
		t.Errorf("another neighbourhood reads %d days, %v", len(foreign), err)
	}
}
