package patientstore_test

import (
	"testing"

	"github.com/google/uuid"

	"onedoor/app/database"
	"onedoor/app/database/testdb"
	"onedoor/app/nhs"
	"onedoor/app/patients"
	"onedoor/app/store/patientstore"
	"onedoor/tenants"
)

func TestRegistersAreANeighbourhoodsOwn(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	store := patientstore.New(db)
	ctx, ours, theirs, practice, other := t.Context(), uuid.New(), uuid.New(), uuid.New(), uuid.New()
	ada := patients.Patient{
		ID: uuid.New(), NHSNumber: "9434765919", GivenName: "Ada", FamilyName: "Moor", BirthDate: nhs.Date{Year: 1990, Month: 5, Day: 6},
		Sex: nhs.Female, Postcode: "LS1 4AP", PracticeID: practice, Registration: patients.Here,
	}
	nobody := patients.Patient{ID: uuid.New(), GivenName: "Pat", FamilyName: "Doyle", BirthDate: ada.BirthDate, Postcode: nhs.NoFixedAbode, Registration: patients.None}
	if err := store.Import(ctx, ours, []patients.Patient{ada, nobody}); err != nil {
		t.Fatal(err)
	}
	ada.FamilyName = "Moor-Hill"
	if err := store.Import(ctx, ours, []patients.Patient{ada}); err != nil { // the same person, brought up to date
		t.Fatal(err)
	}
	ada.NeighbourhoodID, nobody.NeighbourhoodID = ours, ours
	find := func(scope tenants.Scope, g patients.Given) (found []patients.Patient) {
		query, args := patientstore.Candidates(scope.NeighbourhoodID, g)
		if query == "" {
			return nil
		}
		err := db.InTx(ctx, scope, func(tx *database.Tx) error {
			rows, err := tx.Pgx().Query(ctx, query, args...)
			if err != nil {
				return err
			}
			found, err = patientstore.Collect(rows)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	byNumber, byBirth := patients.Given{NHSNumber: ada.NHSNumber}, patients.Given{BirthDate: ada.BirthDate, Postcode: ada.Postcode}
	for name, c := range map[string]struct {
		scope tenants.Scope
		given patients.Given
		want  int
	}{
		"intake by number":                      {tenants.IntakeOf(ours), byNumber, 1},
		"intake by birth date and postcode":     {tenants.IntakeOf(ours), byBirth, 1},
		"intake with too little":                {tenants.IntakeOf(ours), patients.Given{BirthDate: ada.BirthDate}, 0},
		"another neighbourhood cannot":          {tenants.IntakeOf(theirs), byNumber, 0},
		"the practice that has her on its list": {tenants.StaffOf(ours, practice), byNumber, 1},
		"another practice cannot":               {tenants.StaffOf(ours, other), byNumber, 0},
		"the practice's id elsewhere cannot":    {tenants.StaffOf(theirs, practice), byNumber, 0},
	} {
		found := find(c.scope, c.given)
		if len(found) != c.want || (c.want == 1 && found[0] != ada) {
			t.Errorf("%s: %+v", name, found)
		}
	}
	if all, err := store.All(ctx, ours); err != nil || len(all) != 2 {
		t.Errorf("the whole register: %d, %v", len(all), err)
	}
	if all, err := store.All(ctx, theirs); err != nil || len(all) != 0 {
		t.Errorf("another neighbourhood's register: %d, %v", len(all), err)
	}
}
