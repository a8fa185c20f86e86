package authorise_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"onedoor/app/clinical"
	"onedoor/app/clinical/authorise"
)

func TestTokensGoToTheirSystemOnly(t *testing.T) {
	t.Parallel()
	s := serve(t, rsaKey().Public(), "RS512")
	called := false
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called = true }))
	t.Cleanup(other.Close)
	_, err := post(t, caller(t, s.options(authorise.NHS, rsaKey())), other.URL+"/fhir/Task", "x")
	var refused *clinical.Refused
	if !errors.As(err, &refused) || called {
		t.Errorf("%v, called %v", err, called)
	}
}

func TestDiscoveryThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"nothing": `{}`, "not JSON": `<p>`, "no key": `{"token_endpoint": "http://127.0.0.1/t", "token_endpoint_auth_methods_supported": ["client_secret_basic"]}`,
		"people only":       `{"token_endpoint": "http://127.0.0.1/t", "grant_types_supported": ["authorization_code"]}`,
		"no way of ours":    `{"token_endpoint": "http://127.0.0.1/t", "token_endpoint_auth_signing_alg_values_supported": ["RS256"]}`,
		"another protocol":  `{"token_endpoint": "ftp://127.0.0.1/t"}`,
		"a name in the URL": `{"token_endpoint": "https://me:secret@127.0.0.1/t"}`,
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost {
				t.Errorf("%s: an assertion was sent", name)
			}
			_, _ = io.WriteString(w, body)
		}))
		transport, err := authorise.New(authorise.Options{
			Profile: authorise.SMART, BaseURL: server.URL, ClientID: client, KeyID: keyID, Key: pkcs8(t, rsaKey()), Now: time.Now, Random: rand.Reader,
		})
		if err != nil {
			t.Fatal(err)
		}
		var unavailable *clinical.Unavailable
		if _, err := transport.Token(t.Context()); !errors.As(err, &unavailable) {
			t.Errorf("%s: %v", name, err)
		}
		server.Close()
	}
}

func TestOptionsThatCannotWork(t *testing.T) {
	t.Parallel()
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	p256, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	p384, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	good := authorise.Options{
		Profile: authorise.NHS, BaseURL: "https://api.example", TokenURL: "https://api.example/oauth2/token", ClientID: client, KeyID: keyID,
		Key: pkcs8(t, rsaKey()), Now: time.Now, Random: rand.Reader,
	}
	if _, err := authorise.New(good); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*authorise.Options){
		"no profile":       func(o *authorise.Options) { o.Profile = "" },
		"no address":       func(o *authorise.Options) { o.BaseURL = "" },
		"no token address": func(o *authorise.Options) { o.TokenURL = "" },
		"a token in clear": func(o *authorise.Options) { o.TokenURL = "http://api.example/oauth2/token" },
		"no client":        func(o *authorise.Options) { o.ClientID = "" },
		"no key id":        func(o *authorise.Options) { o.KeyID = "" },
		"no key":           func(o *authorise.Options) { o.Key = nil },
		"a short key":      func(o *authorise.Options) { o.Key = pkcs8(t, small) },
		"elliptic for NHS": func(o *authorise.Options) { o.Key = pkcs8(t, p384) },
		"P-256":            func(o *authorise.Options) { o.Profile, o.Key = authorise.SMART, pkcs8(t, p256) },
		"damaged key": func(o *authorise.Options) {
			o.Key = []byte("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
		},
		"a public key": func(o *authorise.Options) {
			o.Key = []byte("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")
		},
		"a key of one's own": func(o *authorise.Options) { o.Key = []byte("secret") },
	} {
		o := good
		spoil(&o)
		if _, err := authorise.New(o); err == nil || strings.Contains(err.Error(), "AAAA") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheKeySetHoldsThePublicHalfOnly(t *testing.T) {
	t.Parallel()
	set, err := authorise.KeySet(authorise.NHS, pkcs8(t, rsaKey()), keyID)
	if err != nil {
		t.Fatal(err)
	}
	var read struct{ Keys []map[string]any }
	if err := json.Unmarshal(set, &read); err != nil || len(read.Keys) != 1 {
		t.Fatalf("%s, %v", set, err)
	}
	k := read.Keys[0]
	if k["kty"] != "RSA" || k["kid"] != keyID || k["alg"] != "RS512" || k["use"] != "sig" || k["n"] == nil || k["d"] != nil || k["p"] != nil {
		t.Errorf("%s", set)
	}
}
