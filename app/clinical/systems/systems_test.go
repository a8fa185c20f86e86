package systems_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/clinical/authorise"
	"onedoor/app/clinical/bars"
	"onedoor/app/clinical/fhir"
	"onedoor/app/clinical/gpconnect"
	"onedoor/app/clinical/mesh"
	"onedoor/app/clinical/systems"
	"onedoor/tenants"
)

type configured []clinical.Integration

func (list configured) Integration(_ context.Context, scope tenants.Scope, id uuid.UUID) (clinical.Integration, bool, error) {
	for _, i := range list {
		if i.ID == id {
			return i, true, asked(scope)
		}
	}
	return clinical.Integration{}, false, asked(scope)
}

func (list configured) OfOrganisation(_ context.Context, scope tenants.Scope, organisation uuid.UUID) ([]clinical.Integration, error) {
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
	list := configured{live, paused, recording, im1}
	s := systems.New(systems.Options{Integrations: list, Now: time.Now})
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
	list[0].BaseURL = "https://y.example/fhir"
	if moved, err := of(live.ID); err != nil || moved == first {
		t.Errorf("a new address is not noticed: %v", err)
	}
}

func TestForChoosesWhatNamesTheKind(t *testing.T) {
	t.Parallel()
	general := fhirAt("https://x.example/fhir", clinical.Switched{Use: clinical.UseOutcomes}, clinical.Switched{Use: clinical.UseAppointments})
	medicines := fhirAt("https://y.example/fhir", clinical.Switched{Use: clinical.UseOutcomes, Kinds: []string{"repeat-prescription"}})
	medicines.OrganisationID = general.OrganisationID
	s := systems.New(systems.Options{Integrations: configured{general, medicines}, Now: time.Now})
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

// What a page asks for and what an adapter reads go by the same names.
func TestDescriptionsNameWhatAdaptersRead(t *testing.T) {
	t.Parallel()
	signing := []string{authorise.SettingSignIn, authorise.SettingClientID, authorise.SettingKeyID, authorise.SettingTokenURL, authorise.SettingScope}
	certificates := []string{authorise.SecretCertificate, authorise.SecretCertificateKey, authorise.SecretAuthorities}
	for kind, names := range map[clinical.IntegrationKind]struct{ settings, secrets []string }{
		clinical.FHIR: {
			append([]string{fhir.SettingDocuments, fhir.SettingCommunications, fhir.SettingPatients}, signing...),
			append([]string{authorise.SecretPrivateKey}, certificates...),
		},
		clinical.BaRS: {
			append([]string{bars.SettingService, bars.SettingServiceSystem, bars.SettingSender, bars.SettingOwn, bars.SettingUseCase, bars.SettingODS, bars.SettingConsult}, signing...),
			append([]string{authorise.SecretPrivateKey}, certificates...),
		},
		clinical.GPConnect: {
			[]string{
				gpconnect.SettingConsumerASID, gpconnect.SettingProviderASID, gpconnect.SettingProxy, gpconnect.SettingEndpoint,
				gpconnect.SettingOrganisationType, gpconnect.SettingTelephone,
			}, certificates,
		},
		clinical.MESH: {
			[]string{mesh.SettingMailbox, mesh.SettingForm, mesh.SettingRecipient, mesh.SettingPhone, mesh.SettingDefinition},
			append([]string{mesh.SecretPassword, mesh.SecretSharedKey}, certificates...),
		},
		clinical.PatientFacing: {signing, append([]string{authorise.SecretPrivateKey}, certificates...)},
		clinical.IM1:           {},
	} {
		d, ok := clinical.Describe(kind)
		if !ok {
			t.Errorf("%s is not described", kind)
		}
		var settings, secrets []string
		for _, s := range d.Settings {
			settings = append(settings, s.Name)
		}
		for _, s := range d.Secrets {
			secrets = append(secrets, s.Name)
		}
		same := func(what string, described, read []string) {
			slices.Sort(described)
			read = slices.Sorted(slices.Values(read))
			if !slices.Equal(described, read) {
				t.Errorf("%s: %s described: %v, read: %v", kind, what, described, read)
			}
		}
		if len(d.Needs) == 0 {
			names.settings = append(slices.Clone(names.settings), clinical.CallsPerSecondSetting) // the drain reads it, of every kind
		}
		same("settings", settings, names.settings)
		same("secrets", secrets, names.secrets)
	}
}
