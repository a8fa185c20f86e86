package oidc_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"onedoor/app/fault"
	"onedoor/app/identity/devprovider"
	"onedoor/app/identity/oidc"
)

const redirect = "http://127.0.0.1:9/sign-in/callback"

// development starts the development provider on a server of its own.
func development(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	p, err := devprovider.New(devprovider.Options{
		Development: true, Issuer: server.URL + "/development/identity", ClientID: "onedoor", RedirectURL: redirect, Now: time.Now,
		Stylesheets: []string{"/assets/nhsuk.css"},
		People: []devprovider.Person{
			{Subject: "rosa", Name: "Rosa Receptionist", Description: "Receptionist"},
			{Subject: "o'<hara>", Name: "Pat <O'Hara>", Description: `Pharmacist & "friend"`},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range p.Routes() {
		mux.Handle(r.Method+" "+r.Path, r.Handler)
	}
	return server.URL + "/development/identity"
}

func relyingParty(t *testing.T, issuer string, change func(*oidc.Config)) *oidc.RelyingParty {
	t.Helper()
	c := oidc.Config{Issuer: issuer, ClientID: "onedoor", RedirectURL: redirect, Scopes: []string{"profile"}, Development: true}
	if change != nil {
		change(&c)
	}
	rp, err := oidc.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return rp
}

var field = regexp.MustCompile(`name="([a-z_]+)" value="([^"]*)"`)

// press opens the page at an address and presses one of its buttons; it returns the answer that the browser carries back.
func press(t *testing.T, address, button, value string, change func(url.Values)) (url.Values, int) {
	t.Helper()
	res, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	page, _ := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if res.StatusCode != 200 || strings.Contains(string(page), "<script") || strings.Contains(string(page), "style=") {
		t.Fatalf("%d %s", res.StatusCode, page)
	}
	form := url.Values{button: {value}}
	for _, m := range field.FindAllStringSubmatch(string(page), -1) {
		if m[1] != "subject" && m[1] != "cancel" {
			form.Set(m[1], m[2])
		}
	}
	if change != nil {
		change(form)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	at, _, _ := strings.Cut(address, "?")
	res, err = client.PostForm(at, form)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	back, err := url.Parse(res.Header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	return back.Query(), res.StatusCode
}

func TestSigningInWithTheDevelopmentProvider(t *testing.T) {
	t.Parallel()
	issuer := development(t)
	rp := relyingParty(t, issuer, func(c *oidc.Config) { c.MaxAge = 5 * time.Minute })
	for _, who := range []struct{ subject, name string }{{"rosa", "Rosa Receptionist"}, {"o'<hara>", "Pat <O'Hara>"}} {
		address, flow, err := rp.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		answer, status := press(t, address, "subject", who.subject, nil)
		if status != 303 {
			t.Fatalf("status %d", status)
		}
		claims, err := rp.Finish(t.Context(), flow, answer)
		if err != nil {
			t.Fatal(err)
		}
		if claims.Issuer != issuer || claims.Subject != who.subject || claims.Name != who.name || !claims.Development || claims.AuthenticatedAt.IsZero() {
			t.Errorf("%+v", claims)
		}
		if _, err := rp.Finish(t.Context(), flow, answer); !fault.Is(err, "sign_in_failed") {
			t.Errorf("a code worked twice: %v", err)
		}
	}
}

func TestWhatTheRelyingPartyRefuses(t *testing.T) {
	t.Parallel()
	issuer := development(t)
	rp := relyingParty(t, issuer, nil)
	address, flow, err := rp.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	answer := func() url.Values {
		a, _ := press(t, address, "subject", "rosa", nil)
		return a
	}
	other := flow
	other.State = "another"
	if _, err := rp.Finish(t.Context(), other, answer()); !fault.Is(err, "sign_in_failed") {
		t.Errorf("state: %v", err)
	}
	other = flow
	other.Nonce = "another"
	if _, err := rp.Finish(t.Context(), other, answer()); !fault.Is(err, "sign_in_failed") {
		t.Errorf("nonce: %v", err)
	}
	other = flow
	other.Verifier = strings.Repeat("v", 43)
	if _, err := rp.Finish(t.Context(), other, answer()); !fault.Is(err, "sign_in_failed") {
		t.Errorf("verifier: %v", err)
	}
	mixed := answer()
	mixed.Set("iss", "https://elsewhere.example")
	if _, err := rp.Finish(t.Context(), flow, mixed); !fault.Is(err, "sign_in_failed") {
		t.Errorf("issuer of the answer: %v", err)
	}
	cancelled, _ := press(t, address, "cancel", "yes", nil)
	if _, err := rp.Finish(t.Context(), flow, cancelled); !fault.Is(err, "sign_in_declined") {
		t.Errorf("cancelled: %v", err)
	}
	strict := relyingParty(t, issuer, func(c *oidc.Config) { c.ACR = []string{"AAL3"} })
	address, flow, err = strict.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := strict.Finish(t.Context(), flow, answer()); !fault.Is(err, "assurance_too_low") {
		t.Errorf("assurance: %v", err)
	}
	late := relyingParty(t, issuer, func(c *oidc.Config) {
		c.MaxAge = time.Minute
		c.Now = func() time.Time { return time.Now().Add(3 * time.Minute) }
	})
	address, flow, err = late.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := late.Finish(t.Context(), flow, answer()); !fault.Is(err, "authenticated_too_long_ago") {
		t.Errorf("age of the authentication: %v", err)
	}
}

func TestWhatTheDevelopmentProviderRefuses(t *testing.T) {
	t.Parallel()
	issuer := development(t)
	address, _, err := relyingParty(t, issuer, nil).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(url.Values){
		"another redirect":   func(v url.Values) { v.Set("redirect_uri", "https://evil.example/") },
		"another client":     func(v url.Values) { v.Set("client_id", "evil") },
		"no PKCE":            func(v url.Values) { v.Del("code_challenge") },
		"plain PKCE":         func(v url.Values) { v.Set("code_challenge_method", "plain") },
		"unknown person":     func(v url.Values) { v.Set("subject", "nobody") },
		"another kind of it": func(v url.Values) { v.Set("response_type", "token") },
	} {
		if answer, status := press(t, address, "subject", "rosa", change); status != 400 || len(answer) != 0 {
			t.Errorf("%s: %d %v", name, status, answer)
		}
	}
	r, _ := http.NewRequest("GET", issuer+"/keys", nil)
	r.Host = "onedoor.example"
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != 404 {
		t.Errorf("by another name: %d", res.StatusCode)
	}
	for name, change := range map[string]func(*devprovider.Options){
		"production":     func(o *devprovider.Options) { o.Development = false },
		"public address": func(o *devprovider.Options) { o.Issuer = "http://192.0.2.1/id" },
		"public name":    func(o *devprovider.Options) { o.Issuer = "http://onedoor.example/id" },
	} {
		o := devprovider.Options{Development: true, Issuer: "http://127.0.0.1/id", ClientID: "c", RedirectURL: redirect, Now: time.Now}
		change(&o)
		if _, err := devprovider.New(o); err == nil {
			t.Errorf("%s: a provider was made", name)
		}
	}
}

func TestProductionTakesOnlyRealProviders(t *testing.T) {
	t.Parallel()
	for issuer, want := range map[string]bool{
		"https://id.example": true, "http://id.example": false, "https://localhost": false, "https://127.0.0.1:8443": false,
		"https://[::1]": false, "https://0.0.0.0": false, "https://id.localhost.": false, "https://user@id.example": false,
		"ftp://id.example": false, "": false, "https://[::ffff:127.0.0.1]": false,
	} {
		_, err := oidc.New(oidc.Config{Issuer: issuer, ClientID: "c", RedirectURL: redirect, Production: true})
		if (err == nil) != want {
			t.Errorf("%q: %v", issuer, err)
		}
	}
	if _, err := oidc.New(oidc.Config{Issuer: "http://id.example", ClientID: "c", RedirectURL: redirect}); err == nil {
		t.Error("http to another machine was taken in development")
	}
}

func TestProviderAway(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	_, _, err := relyingParty(t, server.URL, nil).Begin(t.Context())
	if e := fault.As(err); e.Kind != fault.Unavailable || e.RetryAfter == 0 {
		t.Errorf("%v", err)
	}
}

// forger is a provider whose tokens are wrong in one way.
func TestForgedTokens(t *testing.T) {
	t.Parallel()
	right, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	wrong, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		change func(map[string]any)
		key    any
		alg    jose.SignatureAlgorithm
		ok     bool
	}{
		"as it should be":  {ok: true},
		"another key":      {key: wrong},
		"shared secret":    {key: []byte(strings.Repeat("k", 32)), alg: jose.HS256},
		"another audience": {change: func(m map[string]any) { m["aud"] = "another" }},
		"another issuer":   {change: func(m map[string]any) { m["iss"] = "https://evil.example" }},
		"expired":          {change: func(m map[string]any) { m["exp"] = time.Now().Add(-time.Hour).Unix() }},
		"no nonce":         {change: func(m map[string]any) { delete(m, "nonce") }},
		"no subject":       {change: func(m map[string]any) { m["sub"] = "" }},
		"wrong at_hash":    {change: func(m map[string]any) { m["at_hash"] = "AAAAAAAAAAAAAAAAAAAAAA" }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key, alg := test.key, test.alg
			if key == nil {
				key = right
			}
			if alg == "" {
				alg = jose.RS256
			}
			var nonce string
			mux := http.NewServeMux()
			server := httptest.NewServer(mux)
			defer server.Close()
			reply := func(w http.ResponseWriter, v any) {
				w.Header().Set("Content-Type", "application/json")
				_ = json.NewEncoder(w).Encode(v)
			}
			mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
				reply(w, map[string]any{
					"issuer": server.URL, "authorization_endpoint": server.URL + "/a", "token_endpoint": server.URL + "/t", "jwks_uri": server.URL + "/k",
					"id_token_signing_alg_values_supported": []string{"RS256", "HS256"},
				})
			})
			mux.HandleFunc("/k", func(w http.ResponseWriter, _ *http.Request) {
				reply(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: right.Public(), KeyID: "1", Algorithm: "RS256", Use: "sig"}}})
			})
			mux.HandleFunc("/t", func(w http.ResponseWriter, _ *http.Request) {
				claims := map[string]any{
					"iss": server.URL, "sub": "s", "aud": "onedoor", "iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix(), "nonce": nonce,
				}
				if test.change != nil {
					test.change(claims)
				}
				signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: jose.JSONWebKey{Key: key, KeyID: "1"}}, nil)
				if err != nil {
					t.Error(err)
					return
				}
				token, err := jwt.Signed(signer).Claims(claims).Serialize()
				if err != nil {
					t.Error(err)
				}
				reply(w, map[string]any{"access_token": "x", "token_type": "Bearer", "id_token": token})
			})
			rp := relyingParty(t, server.URL, nil)
			_, flow, err := rp.Begin(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			nonce = flow.Nonce
			_, err = rp.Finish(t.Context(), flow, url.Values{"state": {flow.State}, "code": {"c"}})
			if test.ok != (err == nil) || (!test.ok && !fault.Is(err, "sign_in_failed")) {
				t.Errorf("%v", err)
			}
		})
	}
}
