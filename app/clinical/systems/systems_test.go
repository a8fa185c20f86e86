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

type integrations map[uuid.UUID]clinical.Integration

func (i integrations) Integration(_ context.Context, scope tenants.Scope, organisation uuid.UUID) (clinical.Integration, bool, error) {
	found, ok := i[organisation]
	if scope.Kind != tenants.JobScope {
		return clinical.Integration{}, false, errors.New("asked outside a job's scope")
	}
	return found, ok, nil
}

func TestOf(t *testing.T) {
	t.Parallel()
	neighbourhood, live, same, paused, recording := uuid.New(), uuid.New(), uuid.New(), uuid.New(), uuid.New()
	configured := integrations{
		live: {BaseURL: "https://x.example/fhir"}, same: {BaseURL: "https://x.example/fhir"},
		paused: {BaseURL: "https://x.example/fhir", Paused: true}, recording: {BaseURL: "https://x.example/fhir", RecordOnly: true},
	}
	s := systems.New(configured, nil, time.Now)
	of := func(organisation uuid.UUID) (clinical.System, error) {
		return s.Of(context.Background(), neighbourhood, organisation)
	}
	first, err := of(live)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := of(same); err != nil || again != first {
		t.Errorf("one address has two adapters: %v", err)
	}
	if _, err := of(paused); !errors.Is(err, clinical.ErrPaused) {
		t.Errorf("paused: %v", err)
	}
	for name, organisation := range map[string]uuid.UUID{"recording": recording, "not connected": uuid.New()} {
		var refused *clinical.Refused
		if _, err := of(organisation); !errors.As(err, &refused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	configured[live] = clinical.Integration{BaseURL: "https://y.example/fhir"}
	if moved, err := of(live); err != nil || moved == first {
		t.Errorf("a new address is not noticed: %v", err)
	}
}
