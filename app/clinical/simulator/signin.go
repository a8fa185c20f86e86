package simulator

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// tokenLife is short, so that a demonstration sees renewals.
const tokenLife = 5 * time.Minute

// mostTokens are kept at once; the oldest go.
const mostTokens = 10_000

// signIn is a token endpoint as SMART Backend Services and the NHS's application-restricted APIs have it
// (hl7.org/fhir/smart-app-launch, digital.nhs.uk/developer). It is closed to nobody until a client was registered. Nothing of it
// is durable.
type signIn struct {
	mu      sync.Mutex
	clients map[string]map[string]any // by client and key: public keys
	seen    map[string]time.Time      // jti
	tokens  map[string]time.Time      // until when
}

func newSignIn() *signIn {
	return &signIn{clients: map[string]map[string]any{}, seen: map[string]time.Time{}, tokens: map[string]time.Time{}}
}

// lets reports whether a call may be made.
func (s *signIn) lets(r *http.Request, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.clients) == 0 {
		return true
	}
	until, known := s.tokens[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")]
	return known && now.Before(until)
}

func (s *signIn) configuration(w http.ResponseWriter, r *http.Request) {
	ods, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	writeJSON(w, http.StatusOK, map[string]any{
		"token_endpoint": tokenAddress(r, ods), "grant_types_supported": []string{"client_credentials"},
		"token_endpoint_auth_methods_supported":            []string{"private_key_jwt"},
		"token_endpoint_auth_signing_alg_values_supported": algorithms, "scopes_supported": []string{"system/*.cruds"},
		"capabilities": []string{"client-confidential-asymmetric"},
	})
}

var algorithms = []string{"RS384", "ES384", "RS512"}

func tokenAddress(r *http.Request, ods string) string {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + r.Host + "/" + ods + "/oauth2/token"
}

// serve registers clients and gives tokens.
func (s *signIn) serve(w http.ResponseWriter, r *http.Request, path string, now time.Time) {
	client, registers := strings.CutPrefix(path, "clients/")
	switch {
	case registers && r.Method == http.MethodPut:
		keys, err := readKeySet(http.MaxBytesReader(w, r.Body, 64<<10))
		if err != nil {
			writeJSON(w, http.StatusUnprocessableEntity, map[string]string{"error": "Send a JWK Set of public RSA or P-384 keys, each with a kid."})
			return
		}
		s.mu.Lock()
		s.clients[client] = keys
		s.mu.Unlock()
		w.WriteHeader(http.StatusNoContent)
	case registers && r.Method == http.MethodDelete:
		s.mu.Lock()
		delete(s.clients, client)
		s.mu.Unlock()
		w.WriteHeader(http.StatusNoContent)
	case path == "tokens" && r.Method == http.MethodDelete: // as if all had expired
		s.mu.Lock()
		clear(s.tokens)
		s.mu.Unlock()
		w.WriteHeader(http.StatusNoContent)
	case path == "token" && r.Method == http.MethodPost:
		s.give(w, r, now)
	default:
		http.NotFound(w, r)
	}
}

func (s *signIn) give(w http.ResponseWriter, r *http.Request, now time.Time) {
	ods, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	code := ""
	switch {
	case r.ParseForm() != nil || r.PostForm.Get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer":
		code = "invalid_request"
	case r.PostForm.Get("grant_type") != "client_credentials":
		code = "unsupported_grant_type"
	case !s.knows(r.PostForm.Get("client_assertion"), tokenAddress(r, ods), now):
		code = "invalid_client"
	}
	if code != "" {
		writeJSON(w, http.StatusBadRequest, map[string]string{"error": code})
		return
	}
	value := rand.Text()
	s.mu.Lock()
	if len(s.tokens) >= mostTokens {
		clear(s.tokens)
	}
	s.tokens[value] = now.Add(tokenLife)
	s.mu.Unlock()
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, http.StatusOK, map[string]any{"access_token": value, "token_type": "bearer", "expires_in": int(tokenLife.Seconds())})
}

// knows checks an assertion: signature, iss = sub, aud, exp at most five minutes away, and a jti that was not used before.
func (s *signIn) knows(assertion, audience string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	var claims jwt.RegisteredClaims
	_, err := jwt.ParseWithClaims(assertion, &claims, func(t *jwt.Token) (any, error) {
		id, _ := t.Header["kid"].(string)
		public, known := s.clients[claims.Issuer][id]
		if !known {
			return nil, errors.New("not a key of this client")
		}
		return public, nil
	}, jwt.WithValidMethods(algorithms), jwt.WithAudience(audience), jwt.WithExpirationRequired(), jwt.WithTimeFunc(func() time.Time { return now }))
	if err != nil || claims.Subject != claims.Issuer || claims.ID == "" || claims.ExpiresAt.After(now.Add(5*time.Minute)) {
		return false
	}
	for id, until := range s.seen {
		if now.After(until) {
			delete(s.seen, id)
		}
	}
	name := claims.Issuer + " " + claims.ID
	if _, used := s.seen[name]; used {
		return false
	}
	s.seen[name] = claims.ExpiresAt.Time
	return true
}

// readKeySet reads the public keys of a JWK Set (RFC 7517), by kid.
func readKeySet(body interface{ Read([]byte) (int, error) }) (map[string]any, error) {
	var set struct {
		Keys []jsonKey `json:"keys"`
	}
	if err := json.NewDecoder(body).Decode(&set); err != nil {
		return nil, err
	}
	out := map[string]any{}
	for _, k := range set.Keys {
		public, err := k.public()
		if err != nil {
			return nil, err
		}
		out[k.ID] = public
	}
	if len(out) == 0 || slices.Contains(ids(set.Keys), "") {
		return nil, errors.New("no key")
	}
	return out, nil
}

func ids(keys []jsonKey) (all []string) {
	for _, k := range keys {
		all = append(all, k.ID)
	}
	return all
}
