package authorise_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/clinical/authorise"
)

const client, keyID = "onedoor-a81001", "key-1"

// system is a FHIR server with a token endpoint, which checks everything that the specifications ask of an assertion, with
// another library than the one that signs.
type system struct {
	t         *testing.T
	server    *httptest.Server
	public    crypto.PublicKey
	algorithm string
	life      string // expires_in as it is written
	offered   []string

	mu     sync.Mutex
	jtis   map[string]bool
	tokens map[string]bool // those that hold
	asked  int             // for tokens
	found  int             // for the smart-configuration
	bodies []string        // what came to /fhir/Task with a token that holds
	refuse int             // status of the token endpoint instead
	block  chan struct{}   // the token endpoint waits for it, when there is one
}

func serve(t *testing.T, public crypto.PublicKey, algorithm string) *system {
	t.Helper()
	s := &system{t: t, public: public, algorithm: algorithm, life: `"599"`, jtis: map[string]bool{}, tokens: map[string]bool{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /fhir/.well-known/smart-configuration", func(w http.ResponseWriter, _ *http.Request) {
		s.mu.Lock()
		s.found++
		s.mu.Unlock()
		_ = json.NewEncoder(w).Encode(map[string]any{
			"token_endpoint": s.server.URL + "/oauth2/token", "grant_types_supported": []string{"client_credentials"},
			"token_endpoint_auth_methods_supported": []string{"private_key_jwt"}, "token_endpoint_auth_signing_alg_values_supported": s.offered,
		})
	})
	mux.HandleFunc("POST /oauth2/token", s.give)
	mux.HandleFunc("/fhir/Task", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		value, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		s.mu.Lock()
		defer s.mu.Unlock()
		if !bearer || !s.tokens[value] {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		s.bodies = append(s.bodies, string(body))
	})
	s.server = httptest.NewServer(mux)
	t.Cleanup(s.server.Close)
	return s
}

func (s *system) give(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asked++
	status, block := s.refuse, s.block
	s.mu.Unlock()
	if block != nil {
		<-block
	}
	if status != 0 {
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{"error": "invalid_client", "error_description": "the key of Ada Moor"}`)
		return
	}
	if err := s.check(r); err != nil {
		s.t.Errorf("the assertion: %v", err)
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	value := uuid.NewString()
	s.mu.Lock()
	s.tokens[value] = true
	s.mu.Unlock()
	_, _ = fmt.Fprintf(w, `{"access_token": %q, "token_type": "Bearer", "expires_in": %s}`, value, s.life)
}

// check is what the specifications ask for, claim by claim.
func (s *system) check(r *http.Request) error {
	if r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" || r.FormValue("grant_type") != "client_credentials" ||
		r.FormValue("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
		return fmt.Errorf("not the grant that was meant: %v", r.Form)
	}
	endpoint := s.server.URL + "/oauth2/token"
	var claims jwt.RegisteredClaims
	parsed, err := jwt.ParseWithClaims(r.FormValue("client_assertion"), &claims, func(j *jwt.Token) (any, error) {
		if j.Header["kid"] != keyID || j.Header["typ"] != "JWT" {
			return nil, fmt.Errorf("header %v", j.Header)
		}
		return s.public, nil
	}, jwt.WithValidMethods([]string{s.algorithm}), jwt.WithAudience(endpoint), jwt.WithIssuer(client), jwt.WithSubject(client), jwt.WithExpirationRequired())
	if err != nil || !parsed.Valid {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case len(claims.Audience) != 1:
		return fmt.Errorf("aud %v", claims.Audience)
	case time.Until(claims.ExpiresAt.Time) > 5*time.Minute:
		return fmt.Errorf("exp is more than five minutes away: %v", claims.ExpiresAt)
	case claims.ID == "" || s.jtis[claims.ID]:
		return fmt.Errorf("jti %q is empty or was used before", claims.ID)
	}
	s.jtis[claims.ID] = true
	return nil
}

func (s *system) count() (asked, found int, bodies []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked, s.found, slices.Clone(s.bodies)
}

// revoke makes every token worthless.
func (s *system) revoke() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens = map[string]bool{}
}

var rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

func pkcs8(t *testing.T, k any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func (s *system) options(profile authorise.Profile, k any) authorise.Options {
	o := authorise.Options{
		Profile: profile, BaseURL: s.server.URL + "/fhir", ClientID: client, KeyID: keyID, Key: pkcs8(s.t, k),
		Transport: s.server.Client().Transport, Now: time.Now, Random: rand.Reader,
	}
	if profile == authorise.NHS {
		o.TokenURL = s.server.URL + "/oauth2/token"
	}
	return o
}

func caller(t *testing.T, o authorise.Options) *http.Client {
	t.Helper()
	transport, err := authorise.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Transport: transport}
}

func post(t *testing.T, c *http.Client, address, body string) (int, error) {
	t.Helper()
	response, err := c.Post(address, "application/fhir+json", strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	_ = response.Body.Close()
	return response.StatusCode, nil
}

func TestEachProfileSignsInAsItsSpecificationAsks(t *testing.T) {
	t.Parallel()
	elliptic384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, algorithm string
		profile         authorise.Profile
		key             crypto.Signer
		found           int
	}{
		{"SMART with RSA", "RS384", authorise.SMART, rsaKey(), 1},
		{"SMART with P-384", "ES384", authorise.SMART, elliptic384, 1},
		{"NHS", "RS512", authorise.NHS, rsaKey(), 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, test.key.Public(), test.algorithm)
			c := caller(t, s.options(test.profile, test.key))
			for i := range 3 {
				if status, err := post(t, c, s.server.URL+"/fhir/Task", fmt.Sprint(i)); err != nil || status != http.StatusOK {
					t.Fatalf("%d: %d, %v", i, status, err)
				}
			}
			asked, found, bodies := s.count()
			if asked != 1 || found != test.found || !slices.Equal(bodies, []string{"0", "1", "2"}) {
				t.Errorf("%d tokens, %d discoveries, %q", asked, found, bodies)
			}
		})
	}
}

func TestATokenIsRenewedBeforeItExpires(t *testing.T) {
	t.Parallel()
	for life, renewedAfter := range map[string]time.Duration{`"599"`: 540 * time.Second, "3600": 3241 * time.Second, "10": 6 * time.Second, "null": 271 * time.Second, `"soon"`: 271 * time.Second} {
		t.Run(life, func(t *testing.T) {
			t.Parallel()
			s := serve(t, rsaKey().Public(), "RS512")
			s.life = life
			o := s.options(authorise.NHS, rsaKey())
			var later atomic.Int64
			o.Now = func() time.Time { return time.Now().Add(time.Duration(later.Load())) }
			// A test server's exp is checked by the real clock: what was signed later is not older than allowed.
			transport, err := authorise.New(o)
			if err != nil {
				t.Fatal(err)
			}
			first, err := transport.Token(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if same, err := transport.Token(t.Context()); err != nil || same != first {
				t.Errorf("another at once: %v", err)
			}
			s.mu.Lock()
			s.refuse = http.StatusServiceUnavailable // asked, and seen to be asked
			s.mu.Unlock()
			later.Store(int64(renewedAfter))
			if _, err := transport.Token(t.Context()); err == nil {
				t.Error("an old token was given")
			}
			if asked, _, _ := s.count(); asked != 2 {
				t.Errorf("asked %d times", asked)
			}
		})
	}
}

func TestManyCallsMakeOneRenewal(t *testing.T) {
	t.Parallel()
	s := serve(t, rsaKey().Public(), "RS512")
	s.block = make(chan struct{})
	c := caller(t, s.options(authorise.NHS, rsaKey()))
	var all sync.WaitGroup
	var failed atomic.Int64
	begun := make(chan struct{}, 20)
	for range 20 {
		all.Add(1)
		go func() {
			defer all.Done()
			begun <- struct{}{}
			if status, err := post(t, c, s.server.URL+"/fhir/Task", "x"); err != nil || status != http.StatusOK {
				failed.Add(1)
			}
		}()
	}
	for range 20 {
		<-begun
	}
	close(s.block)
	all.Wait()
	if asked, _, bodies := s.count(); asked != 1 || failed.Load() != 0 || len(bodies) != 20 {
		t.Errorf("%d tokens were asked for, %d calls failed, %d arrived", asked, failed.Load(), len(bodies))
	}
}

func TestOneWhoGivesUpLeavesTheRenewalToTheOthers(t *testing.T) {
	t.Parallel()
	s := serve(t, rsaKey().Public(), "RS512")
	s.block = make(chan struct{})
	transport, err := authorise.New(s.options(authorise.NHS, rsaKey()))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var unavailable *clinical.Unavailable
	if _, err := transport.Token(ctx); !errors.As(err, &unavailable) {
		t.Errorf("gave up with %v", err)
	}
	close(s.block)
	if value, err := transport.Token(t.Context()); err != nil || value == "" {
		t.Errorf("the others got %v", err)
	}
	if asked, _, _ := s.count(); asked != 1 {
		t.Errorf("asked %d times", asked)
	}
}

func TestAnAnswer401MakesOneRenewal(t *testing.T) {
	t.Parallel()
	s := serve(t, rsaKey().Public(), "RS512")
	c := caller(t, s.options(authorise.NHS, rsaKey()))
	if status, err := post(t, c, s.server.URL+"/fhir/Task", "first"); err != nil || status != http.StatusOK {
		t.Fatalf("%d, %v", status, err)
	}
	s.revoke()
	if status, err := post(t, c, s.server.URL+"/fhir/Task", "second"); err != nil || status != http.StatusOK {
		t.Errorf("after the token was revoked: %d, %v", status, err)
	}
	if asked, _, bodies := s.count(); asked != 2 || !slices.Equal(bodies, []string{"first", "second"}) {
		t.Errorf("%d tokens, %q", asked, bodies)
	}
	// A system that takes no token at all is asked twice, and its 401 is the answer.
	s.public = nil
	never := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }))
	t.Cleanup(never.Close)
	o := s.options(authorise.NHS, rsaKey())
	s.public = rsaKey().Public()
	o.BaseURL = never.URL
	if status, err := post(t, caller(t, o), never.URL+"/Task", "x"); err != nil || status != http.StatusUnauthorized {
		t.Errorf("%d, %v", status, err)
	}
	if asked, _, _ := s.count(); asked != 4 {
		t.Errorf("%d tokens were asked for in all", asked)
	}
}

func TestWhatCannotSignInWaitsAndSaysNothingOfAnybody(t *testing.T) {
	t.Parallel()
	for status, after := range map[int]time.Duration{401: time.Minute, 400: time.Minute, 503: 7 * time.Second, 429: 7 * time.Second} {
		s := serve(t, rsaKey().Public(), "RS512")
		s.refuse = status
		_, err := post(t, caller(t, s.options(authorise.NHS, rsaKey())), s.server.URL+"/fhir/Task", "x")
		var unavailable *clinical.Unavailable
		if !errors.As(err, &unavailable) || unavailable.RetryAfter != after || strings.Contains(unavailable.Error(), "Ada") || strings.Contains(unavailable.Cause.Error(), "Ada") {
			t.Errorf("%d: %v", status, err)
		}
		if _, _, bodies := s.count(); len(bodies) != 0 {
			t.Errorf("%d: sent without a token", status)
		}
	}
	s := serve(t, rsaKey().Public(), "RS512")
	o := s.options(authorise.NHS, rsaKey())
	s.server.Close()
	_, err := post(t, caller(t, o), s.server.URL+"/fhir/Task", "x")
	var unavailable *clinical.Unavailable
	if !errors.As(err, &unavailable) || strings.Contains(unavailable.Cause.Error(), "oauth2") {
		t.Errorf("a closed server: %v", err)
	}
}
