package demo_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/demo"
	"onedoor/app/nhs"
	"onedoor/tenants"
)

func TestALaterStartChangesOnlyTheAddressOfWhatIsPlayed(t *testing.T) {
	t.Parallel()
	o := tenants.Organisation{ID: uuid.New(), ODS: "A81001"}
	wanted := demo.Connections("http://127.0.0.1:9000", uuid.New(), o)
	there := demo.Connections("http://127.0.0.1:8090", uuid.New(), o)
	if len(there) == 0 {
		t.Fatal("nothing is connected")
	}
	there[0].Paused, there[0].Name, there[0].Uses = true, "Ours", nil
	own := clinical.Integration{ID: uuid.New(), Kind: clinical.FHIR, BaseURL: "https://fhir.example/r4"}
	moved := demo.Moved(append(there, own), wanted)
	if len(moved) != len(there) || moved[0].BaseURL != wanted[0].BaseURL || !moved[0].Paused || moved[0].Name != "Ours" || moved[0].Uses != nil {
		t.Errorf("%+v", moved)
	}
	if again := demo.Moved(moved, wanted); len(again) != 0 {
		t.Errorf("the same address again: %+v", again)
	}
	if removed := demo.Moved(nil, wanted); len(removed) != 0 {
		t.Errorf("what was removed came back: %+v", removed)
	}
}

func TestTheDemonstrationUsesEveryKindThatIsOpenToAll(t *testing.T) {
	t.Parallel()
	used := map[clinical.IntegrationKind]bool{}
	for _, ods := range []nhs.ODSCode{"A81001", demo.FilesByMESH, demo.BooksByGPConnect, demo.RefersByBaRS} {
		taken := map[clinical.Use]bool{}
		for _, i := range demo.Connections("http://127.0.0.1:8090", uuid.New(), tenants.Organisation{ID: uuid.New(), ODS: ods}) {
			used[i.Kind] = true
			d, _ := clinical.Describe(i.Kind)
			if err := errors.Join(i.Check(), d.Fits(i)); err != nil {
				t.Errorf("%s at %s could not be set up by hand: %v", i.Kind, ods, err)
			}
			for _, s := range i.Uses {
				if taken[s.Use] {
					t.Errorf("%s has two ways for %s", ods, s.Use)
				}
				taken[s.Use] = true
			}
			for name := range demo.Credentials(i.Kind) {
				if !slices.ContainsFunc(d.Secrets, func(s clinical.Secret) bool { return s.Name == name }) {
					t.Errorf("%s has no credential %q", i.Kind, name)
				}
			}
		}
	}
	for _, d := range clinical.Descriptions() {
		if open := !d.InDevelopment && len(d.Needs) == 0; open && !used[d.Kind] {
			t.Errorf("nobody uses %s", d.Kind)
		}
	}
}
