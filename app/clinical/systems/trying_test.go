package systems_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/clinical/simulator"
	"onedoor/app/clinical/systems"
	"onedoor/app/integrations"
	"onedoor/app/outbound"
)

// settings are an integration's credentials, and what it recorded.
type settings struct {
	secrets map[string][]byte

	mu       sync.Mutex
	recorded []integrations.Call
	methods  []string
}

func (s *settings) Secrets(context.Context, clinical.Integration) (map[string][]byte, error) {
	return s.secrets, nil
}

func (s *settings) Record(_ context.Context, _ clinical.Integration, method string, call integrations.Call) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.methods, s.recorded = append(s.methods, method), append(s.recorded, call)
	return nil
}

// identity is a certificate that an authority of its own has signed.
func identity(t *testing.T) (certificate, key []byte, pool *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Onedoor"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	certificate = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	pool = x509.NewCertPool()
	pool.AppendCertsFromPEM(certificate)
	return certificate, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded}), pool
}

// played is a simulated clinical system, and how it is served.
func played(t *testing.T, secured func(*tls.Config)) *httptest.Server {
	t.Helper()
	sim, err := simulator.Open("", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(sim)
	if secured != nil {
		server.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
		secured(server.TLS)
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(func() {
		_ = sim.Close()
		server.Close()
	})
	return server
}

func states(steps []integrations.Step) string {
	var all []string
	for _, s := range steps {
		all = append(all, string(s.Step)+" "+string(s.State))
	}
	return strings.Join(all, ", ")
}

func TestEachStepOfATestSaysWhatCameOfIt(t *testing.T) {
	t.Parallel()
	certificate, key, pool := identity(t)
	plain := played(t, nil)
	encrypted := played(t, func(*tls.Config) {})
	mutual := played(t, func(c *tls.Config) { c.ClientAuth, c.ClientCAs = tls.RequireAndVerifyClientCert, pool })
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	barred := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }))
	t.Cleanup(barred.Close)
	authority := func(s *httptest.Server) []byte {
		return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	}
	all := []outbound.Allowed{{Prefix: netip.MustParsePrefix("127.0.0.1/32")}}
	for name, c := range map[string]struct {
		address string
		allow   []outbound.Allowed
		secrets map[string][]byte
		want    string
		says    string
	}{
		"a simulator": {
			plain.URL, all, nil,
			"address passed, encryption skipped, credential skipped, capabilities passed, search passed", "Not encrypted",
		},
		"an address that is not called": {
			plain.URL, nil, nil,
			"address failed, encryption skipped, credential skipped, capabilities failed, search skipped", "does not call that address",
		},
		"nobody there": {
			closed.URL, all, nil,
			"address failed, encryption skipped, credential skipped, capabilities failed, search skipped", "Nothing answers",
		},
		"an unknown authority": {
			encrypted.URL, all, nil,
			"address passed, encryption failed, credential skipped, capabilities failed, search skipped", "authority that is not known",
		},
		"an authority that was given": {
			encrypted.URL, all,
			map[string][]byte{"authorities": authority(encrypted)},
			"address passed, encryption passed, credential skipped, capabilities passed, search passed", "Encrypted with TLS 1.3",
		},
		"a client certificate that is missing": {
			mutual.URL, all,
			map[string][]byte{"authorities": authority(mutual)},
			"address passed, encryption skipped, credential failed, capabilities failed, search skipped", "asks for a client certificate",
		},
		"a client certificate": {
			mutual.URL, all,
			map[string][]byte{"authorities": authority(mutual), "client-certificate": certificate, "client-certificate-key": key},
			"address passed, encryption passed, credential passed, capabilities passed, search passed", "lets us in",
		},
		"half a client certificate": {
			mutual.URL, all,
			map[string][]byte{"client-certificate": certificate},
			"address skipped, encryption skipped, credential failed, capabilities skipped, search skipped", "certificates cannot be used",
		},
		"a system that lets nobody in": {
			barred.URL, all, nil,
			"address passed, encryption skipped, credential failed, capabilities failed, search skipped", "status 401",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := systems.New(systems.Options{Settings: &settings{secrets: c.secrets}, Outbound: &outbound.Options{Allow: c.allow}, Now: time.Now, Random: rand.Reader})
			i := fhirAt(c.address + "/A81001/fhir")
			i.Paused = true
			steps, offers := s.Test(t.Context(), i)
			if got := states(steps); got != c.want {
				t.Errorf("got %s\nwant %s\n%+v", got, c.want, steps)
			}
			said := ""
			for _, step := range steps {
				said += step.Says + "\n"
			}
			if !strings.Contains(said, c.says) || strings.Contains(said, "127.0.0.1") {
				t.Errorf("it says\n%s", said)
			}
			if (offers != nil) != strings.Contains(c.want, "capabilities passed") {
				t.Errorf("offers: %+v", offers)
			}
		})
	}
}

func delivery(state clinical.State) clinical.Delivery {
	id := uuid.Must(uuid.NewV7())
	return clinical.Delivery{ID: id, CorrelationID: id, State: state, Document: clinical.Document{
		DeliveryID: id, Reference: "4820017365", Purpose: clinical.OwnRecord, Kind: clinical.Coded{Code: "symptoms", Title: "Symptoms"},
		Outcome: clinical.Coded{Code: "done", Title: "Done"}, RecordedBy: "Grace Mensah", RecordedAt: time.Now(),
		Patient: clinical.Patient{NHSNumber: "9990001006"}, From: clinical.Party{ODS: "FRV01", Name: "Quayside Pharmacy"}, For: clinical.Party{ODS: "FRV01", Name: "Quayside Pharmacy"},
	}}
}

func TestAConnectionThatOnlyRecordsSendsToNobody(t *testing.T) {
	t.Parallel()
	called := false
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called = true }))
	t.Cleanup(server.Close)
	key := p384(t)
	for name, sign := range map[string]map[string]string{
		"without a token": nil,
		"with a token":    {"sign-in": "smart", "client-id": "onedoor", "key-id": "1"},
	} {
		t.Run(name, func(t *testing.T) {
			i := fhirAt(server.URL + "/fhir")
			i.RecordOnly, i.Settings = true, sign
			kept := &settings{secrets: map[string][]byte{"private-key": key}}
			s := systems.New(systems.Options{Integrations: configured{i}, Settings: kept, Now: time.Now, Random: rand.Reader})
			system, err := s.Of(t.Context(), uuid.New(), i.ID)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := clinical.Deliver(t.Context(), system, delivery(clinical.Pending)); !strings.Contains(clinical.Says(err), "only records") {
				t.Errorf("filed: %v", err)
			}
			last := len(kept.recorded) - 1
			if last < 0 || kept.methods[last] != http.MethodPost || !strings.Contains(string(kept.recorded[last].Body), "4820017365") {
				t.Fatalf("recorded %v", kept.methods)
			}
			for _, call := range kept.recorded {
				for header := range call.Header {
					if header == "Authorization" {
						t.Error("the credential was recorded")
					}
				}
				if strings.Contains(string(call.Body), "client_assertion") {
					t.Error("the assertion was recorded")
				}
			}
			before := len(kept.recorded)
			if _, err := clinical.Deliver(t.Context(), system, delivery(clinical.Sent)); !strings.Contains(clinical.Says(err), "may have been sent before") {
				t.Errorf("what may have been sent: %v", err)
			}
			if len(kept.recorded) != before {
				t.Error("what may have been sent was recorded as new")
			}
			if _, books := system.(clinical.Scheduler); books {
				t.Error("somebody could book in it")
			}
		})
	}
	if called {
		t.Error("it was called")
	}
}

func p384(t *testing.T) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// What is for staff who book is tried as far as it goes without a booking.
func TestAConnectionForStaffIsTriedWithoutABooking(t *testing.T) {
	t.Parallel()
	s := systems.New(systems.Options{
		Settings: &settings{}, Outbound: &outbound.Options{Allow: []outbound.Allowed{{Prefix: netip.MustParsePrefix("127.0.0.1/32")}}}, Now: time.Now, Random: rand.Reader,
	})
	i := fhirAt(played(t, nil).URL + "/A81001/STU3/1/gpconnect")
	i.Kind = clinical.GPConnect
	i.Settings = map[string]string{"consumer-asid": "1", "provider-asid": "2", "consumer-endpoint": "https://one.example/gpconnect", "telephone": "01632960000"}
	steps, offers := s.Test(t.Context(), i)
	if got := states(steps); offers == nil || got != "address passed, encryption skipped, credential passed, capabilities passed, search skipped" {
		t.Errorf("%s\n%+v", got, steps)
	}
}
