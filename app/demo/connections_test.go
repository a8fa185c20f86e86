package demo_test

import (
	"testing"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/demo"
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
