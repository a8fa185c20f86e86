package systems_test

import (
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/clinical/bars"
	"onedoor/app/clinical/gpconnect"
	"onedoor/app/clinical/mesh"
	"onedoor/app/clinical/simulator"
	"onedoor/app/clinical/systems"
	"onedoor/app/demo/demotest"
)

// Whatever the kind and the operation, an integration that only records sends to nobody, keeps what it would have sent, and
// says so; and nobody books in it or orders from it.
func TestEveryKindThatOnlyRecordsSendsToNobody(t *testing.T) {
	t.Parallel()
	var called atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called.Add(1) }))
	t.Cleanup(server.Close)
	for kind, c := range map[clinical.IntegrationKind]struct {
		settings map[string]string
		secrets  map[string][]byte
		files    []clinical.Purpose
	}{
		clinical.FHIR: {nil, nil, []clinical.Purpose{clinical.OwnRecord, clinical.RegisteredPractice, clinical.Arrival}},
		clinical.BaRS: {map[string]string{bars.SettingService: simulator.BaRSService("FA001"), bars.SettingODS: "A81002"}, nil, []clinical.Purpose{clinical.Arrival}},
		clinical.MESH: {
			map[string]string{mesh.SettingMailbox: "X26ABC1", mesh.SettingRecipient: "X26ABC2"},
			map[string][]byte{mesh.SecretPassword: []byte("password"), mesh.SecretSharedKey: []byte("shared")},
			[]clinical.Purpose{clinical.OwnRecord, clinical.RegisteredPractice},
		},
		clinical.GPConnect: {map[string]string{
			gpconnect.SettingConsumerASID: "200000000359", gpconnect.SettingProviderASID: "918999198738",
			gpconnect.SettingEndpoint: "https://onedoor.example/", gpconnect.SettingTelephone: "0300 303 5678",
		}, nil, nil},
		clinical.PatientFacing: {nil, nil, nil},
	} {
		i := clinical.Integration{
			ID: uuid.New(), OrganisationID: uuid.New(), Kind: kind, BaseURL: server.URL + "/base", Settings: c.settings, RecordOnly: true,
			Uses: []clinical.Switched{{Use: clinical.UseAppointments}, {Use: clinical.UseStaffBooking}, {Use: clinical.UseMedicines}},
		}
		kept := &settings{secrets: c.secrets}
		s := systems.New(systems.Options{
			Integrations: configured{i}, Settings: kept, InDevelopment: true, Now: func() time.Time { return demotest.Monday }, Random: rand.Reader,
		})
		system, err := s.Of(t.Context(), uuid.New(), i.ID)
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		for _, purpose := range clinical.Purposes() {
			d := matrixDelivery("A81001", purpose, nil)
			if purpose == clinical.Withdrawal {
				arrived := matrixDelivery("A81001", clinical.Arrival, nil)
				d = matrixDelivery("A81001", purpose, &arrived)
			}
			before := len(kept.methods)
			_, err := clinical.Deliver(t.Context(), system, d)
			says, wants := clinical.Says(err), false
			for _, p := range c.files {
				wants = wants || p == purpose
			}
			wrote := ""
			for n, method := range kept.methods[before:] {
				if method != http.MethodGet {
					wrote += method + " " + kept.recorded[before+n].Path + " "
				}
			}
			if wants != (wrote != "") || wants && !strings.Contains(says, "only records") || err == nil {
				t.Errorf("%s, %s: it recorded %q of %v, and says %q", kind, purpose, wrote, kept.methods[before:], says)
			}
		}
		for _, use := range []clinical.Use{clinical.UseAppointments, clinical.UseStaffBooking, clinical.UseMedicines} {
			if found, _, err := s.For(t.Context(), uuid.New(), i.OrganisationID, use, ""); err == nil || found != nil {
				t.Errorf("%s: somebody could use it for %s", kind, use)
			}
		}
		_, books := system.(clinical.Scheduler)
		_, orders := system.(clinical.RepeatMedicines)
		if books || orders {
			t.Errorf("%s: somebody could book in it, or order from it", kind)
		}
		for _, call := range kept.recorded {
			for header := range call.Header {
				if strings.EqualFold(header, "Authorization") {
					t.Errorf("%s: the credential was recorded", kind)
				}
			}
		}
	}
	if n := called.Load(); n > 0 {
		t.Errorf("%d calls were made", n)
	}
}
