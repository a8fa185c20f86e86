package systems_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/clinical/systems"
	"onedoor/tenants"
)

type integrations []clinical.Integration

func (list integrations) Integration(_ context.Context, scope tenants.Scope, id uuid.UUID) (clinical.Integration, bool, error) {
	for _, i := range list {
		if i.ID == id {
			return i, true, asked(scope)
		}
	}
	return clinical.Integration{}, false, asked(scope)
}

func (list integrations) OfOrganisation(_ context.Context, scope tenants.Scope, organisation uuid.UUID) ([]clinical.Integration, error) {
	var of []clinical.Integration
	for _, i := range list {
		if i.OrganisationID == organisation {
			of = append(of, i)
		}
	}
	return of, asked(scope)
}

func asked(scope tenants.Scope) error {
	if scope.Kind != tenants.JobScope {
		return errors.New("asked outside a job's scope")
	}
	return nil
}

func fhirAt(address string, uses ...clinical.Switched) clinical.Integration {
	return clinical.Integration{ID: uuid.New(), OrganisationID: uuid.New(), Kind: clinical.FHIR, BaseURL: address, Uses: uses}
}

func TestOf(t *testing.T) {
	t.Parallel()
	live, paused, recording, im1 := fhirAt("https://x.example/fhir"), fhirAt("https://x.example/fhir"), fhirAt("https://x.example/fhir"), fhirAt("https://x.example")
	paused.Paused, recording.RecordOnly, im1.Kind = true, true, clinical.IM1
	configured := integrations{live, paused, recording, im1}
	s := systems.New(systems.Options{Integrations: configured, Now: time.Now})
	of := func(id uuid.UUID) (clinical.System, error) {
		return s.Of(context.Background(), uuid.New(), id)
	}
	first, err := of(live.ID)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := of(live.ID); err != nil || again != first {
		t.Errorf("one integration has two adapters: %v", err)
	}
	if _, err := of(paused.ID); !errors.Is(err, clinical.ErrPaused) {
		t.Errorf("paused: %v", err)
	}
	for name, id := range map[string]uuid.UUID{"recording": recording.ID, "removed": uuid.New(), "none": uuid.Nil, "im1": im1.ID} {
		var refused *clinical.Refused
		if _, err := of(id); !errors.As(err, &refused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	configured[0].BaseURL = "https://y.example/fhir"
	if moved, err := of(live.ID); err != nil || moved == first {
		t.Errorf("a new address is not noticed: %v", err)
	}
}

func TestForChoosesWhatNamesTheKind(t *testing.T) {
	t.Parallel()
	general := fhirAt("https://x.example/fhir", clinical.Switched{Use: clinical.UseOutcomes}, clinical.Switched{Use: clinical.UseAppointments})
	medicines := fhirAt("https://y.example/fhir", clinical.Switched{Use: clinical.UseOutcomes, Kinds: []string{"repeat-prescription"}})
	medicines.OrganisationID = general.OrganisationID
	s := systems.New(systems.Options{Integrations: integrations{general, medicines}, Now: time.Now})
	for name, c := range map[string]struct {
		use  clinical.Use
		kind string
		want uuid.UUID
	}{
		"a kind that one names":      {clinical.UseOutcomes, "repeat-prescription", medicines.ID},
		"a kind that none names":     {clinical.UseOutcomes, "symptoms", general.ID},
		"no kind":                    {clinical.UseAppointments, "", general.ID},
		"a use that nothing has":     {clinical.UseArrivals, "symptoms", uuid.Nil},
		"a use for which kinds fail": {clinical.UseMedicines, "", uuid.Nil},
	} {
		system, got, err := s.For(context.Background(), uuid.New(), general.OrganisationID, c.use, c.kind)
		var refused *clinical.Refused
		if got.ID != c.want || (system != nil) != (c.want != uuid.Nil) || (c.want == uuid.Nil) != errors.As(err, &refused) {
			t.Errorf("%s: %s, %v", name, got.BaseURL, err)
		}
	}
}
