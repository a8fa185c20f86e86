package fhir_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"strings"
	"testing"
	"time"

	"onedoor/app/clinical"
	"onedoor/app/clinical/authorise"
	"onedoor/app/clinical/fhir"
	"onedoor/app/clinical/simulator"
)

// A system that asks who we are gets a signed assertion, gives a token, and takes what is filed; when it forgets its tokens we sign in
// anew, and when it no longer knows us nothing is sent and everything waits.
func TestFilingWhereOneHasToSignIn(t *testing.T) {
	t.Parallel()
	p := play(t, false)
	private, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	key := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	set, err := authorise.KeySet(authorise.SMART, key, "k1")
	if err != nil {
		t.Fatal(err)
	}
	oauth := func(method, path, body string) {
		t.Helper()
		r, _ := http.NewRequest(method, p.server.URL+"/A81001/oauth2/"+path, strings.NewReader(body))
		response, err := http.DefaultClient.Do(r)
		if err != nil || response.StatusCode != http.StatusNoContent {
			t.Fatalf("%v, %v", response, err)
		}
		_ = response.Body.Close()
	}
	oauth(http.MethodPut, "clients/onedoor", string(set))
	if _, err := p.system(nil).File(t.Context(), outcome("done")); !is[*clinical.Unavailable](err) {
		t.Errorf("without a token: %T %v", err, err)
	}
	address := p.server.URL + simulator.BasePath("A81001")
	transport, err := authorise.For(authorise.Materials{
		BaseURL:  address,
		Settings: map[string]string{authorise.SettingSignIn: "smart", authorise.SettingClientID: "onedoor", authorise.SettingKeyID: "k1"},
		Secrets:  map[string][]byte{authorise.SecretPrivateKey: key},
		Now:      func() time.Time { return now }, Random: rand.Reader,
	})
	if err != nil {
		t.Fatal(err)
	}
	s, err := fhir.New(fhir.Options{BaseURL: address, Transport: transport, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	for i, before := range []func(){func() {}, func() {}, func() { oauth(http.MethodDelete, "tokens", "") }} {
		before()
		if _, err := s.File(t.Context(), outcome("done")); err != nil {
			t.Errorf("%d: %T %v", i, err, err)
		}
	}
	oauth(http.MethodPut, "clients/another", string(set)) // so that the system stays closed
	oauth(http.MethodDelete, "clients/onedoor", "")
	oauth(http.MethodDelete, "tokens", "")
	if _, err := s.File(t.Context(), outcome("done")); !is[*clinical.Unavailable](err) {
		t.Errorf("a client that is no longer known: %T %v", err, err)
	}
}
