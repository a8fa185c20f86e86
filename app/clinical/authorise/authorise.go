// Package authorise signs calls in to clinical systems and national services: a RoundTripper that puts a bearer token on each
// request, got by the OAuth 2.0 client credentials grant with a signed JWT (private_key_jwt, RFC 7523), and mutual TLS below it.
//
// It is built to two public specifications. SMART Backend Services (hl7.org/fhir/smart-app-launch, STU 2): the token endpoint
// found by .well-known/smart-configuration, RS384 or ES384. And the NHS's application-restricted APIs
// (digital.nhs.uk/developer, "signed JWT authentication"): RS512. Both ask for kid, iss = sub = the client's id, aud = the
// token endpoint's address, a fresh jti, and an exp at most five minutes away.
//
// A token goes only to the system's own scheme, host and port, is kept in memory only, and is renewed before it expires, by one
// request at a time. An answer 401 makes one renewal and one more try. What cannot be sent for want of a token waits, as when the
// system is down. Errors are those of package clinical and hold no token, no key, no URL and none of the server's words.
package authorise

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/uuid"

	"onedoor/app/clinical"
)

// Profile says whose rules the assertion follows.
type Profile string

const (
	SMART Profile = "smart" // SMART Backend Services
	NHS   Profile = "nhs"   // the NHS's application-restricted APIs
)

// assertionFor is how long an assertion holds: at most five minutes are allowed, less some for clocks that differ.
const assertionFor = 4 * time.Minute

// tokenWithin bounds a renewal, discovery included.
const tokenWithin = 8 * time.Second

// Options are what a Transport stands on.
type Options struct {
	Profile Profile
	// BaseURL is the system that tokens are for, and the only one that they are sent to.
	BaseURL string
	// TokenURL is where tokens are given. SMART: empty means that the system is asked. NHS: required.
	TokenURL string
	ClientID string
	KeyID    string
	Key      []byte // PEM: RSA of 2048 bits or more, or P-384 (SMART only)
	// Scope is what is asked for; empty is the SMART profile's usual one, and none for NHS.
	Scope string
	// Transport makes the calls: the system's and the token endpoint's.
	Transport http.RoundTripper
	Now       func() time.Time
	Random    io.Reader // of jti and of signatures
}

// UsualScope is what SMART Backend Services ask for when no other is set.
const UsualScope = "system/*.cruds"

// Transport puts a token on each request. It is safe for concurrent use.
type Transport struct {
	o    Options
	base *url.URL
	key  key

	mu       sync.Mutex
	token    token
	renewing *renewal
	endpoint string // of tokens, once discovered
}

type token struct {
	value   string
	renewAt time.Time // sooner than it expires
}

// renewal is one that is under way, and those who wait for it.
type renewal struct {
	done  chan struct{}
	token token
	err   error
}

// New makes a Transport, and refuses options that cannot work. Its errors do not repeat a key.
func New(o Options) (*Transport, error) {
	base, err := url.Parse(o.BaseURL)
	if err != nil || base.Host == "" {
		return nil, errors.New("the address of the system is not valid")
	}
	switch o.Profile {
	case SMART:
		if o.Scope == "" {
			o.Scope = UsualScope
		}
	case NHS:
		if o.TokenURL == "" {
			return nil, errors.New("the address that gives tokens is missing")
		}
	default:
		return nil, errors.New("the way to sign in is smart or nhs")
	}
	if o.TokenURL != "" {
		if err := tokenAddress(base, o.TokenURL); err != nil {
			return nil, err
		}
	}
	if o.ClientID == "" || o.KeyID == "" {
		return nil, errors.New("the client's id or the key's id is missing")
	}
	k, err := parseKey(o.Key, o.Profile)
	if err != nil {
		return nil, err
	}
	if o.Transport == nil {
		o.Transport = http.DefaultTransport
	}
	return &Transport{o: o, base: base, key: k, endpoint: o.TokenURL}, nil
}

// tokenAddress refuses to send an assertion in the clear, unless the system itself is called so (one of this machine).
func tokenAddress(base *url.URL, address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || (u.Scheme != "https" && u.Scheme != base.Scheme) {
		return errors.New("the address that gives tokens is not one of https")
	}
	return nil
}

// RoundTrip makes a call with a token, and once more with a new one when the answer is 401.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != t.base.Scheme || r.URL.Host != t.base.Host {
		closeBody(r)
		return nil, &clinical.Refused{Says: "The call is to another system than the one that was set up, so it was not made."}
	}
	value, err := t.Token(r.Context())
	if err != nil {
		closeBody(r)
		return nil, err
	}
	response, err := t.o.Transport.RoundTrip(with(r, value))
	if err != nil || response.StatusCode != http.StatusUnauthorized {
		return response, err
	}
	again, ok := repeatable(r)
	if !ok {
		return response, nil
	}
	t.forget(value)
	value, err = t.Token(r.Context())
	if err != nil {
		return response, nil //nolint:nilerr // the first answer stands: it was not let in
	}
	_, _ = io.CopyN(io.Discard, response.Body, 4096)
	_ = response.Body.Close()
	return t.o.Transport.RoundTrip(with(again, value))
}

// with is a request with a token; the caller's own is not changed.
func with(r *http.Request, value string) *http.Request {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+value)
	return r
}

// repeatable is the request with its body from the beginning.
func repeatable(r *http.Request) (*http.Request, bool) {
	if r.Body == nil || r.Body == http.NoBody {
		return r, true
	}
	if r.GetBody == nil {
		return nil, false
	}
	body, err := r.GetBody()
	if err != nil {
		return nil, false
	}
	again := *r
	again.Body = body
	return &again, true
}

// closeBody keeps RoundTripper's rule: the body is closed, also on errors.
func closeBody(r *http.Request) {
	if r.Body != nil {
		_ = r.Body.Close()
	}
}

func (t *Transport) forget(value string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.token.value == value { // another caller may have renewed it already
		t.token = token{}
	}
}

// Token is one that holds for some time yet. Many may ask at once: one request is made.
func (t *Transport) Token(ctx context.Context) (string, error) {
	t.mu.Lock()
	if t.token.value != "" && t.o.Now().Before(t.token.renewAt) {
		defer t.mu.Unlock()
		return t.token.value, nil
	}
	r := t.renewing
	if r == nil {
		r = &renewal{done: make(chan struct{})}
		t.renewing = r
		// The renewal is everybody's: it goes on when the one who began it gives up.
		go t.renew(context.WithoutCancel(ctx), r)
	}
	t.mu.Unlock()
	select {
	case <-r.done:
		return r.token.value, r.err
	case <-ctx.Done():
		return "", &clinical.Unavailable{Says: "We were not signed in to the clinical system in time, so nothing was sent.", Cause: ctx.Err()}
	}
}

func (t *Transport) renew(ctx context.Context, r *renewal) {
	ctx, cancel := context.WithTimeout(ctx, tokenWithin)
	defer cancel()
	r.token, r.err = t.ask(ctx)
	t.mu.Lock()
	if r.err == nil {
		t.token = r.token
	}
	t.renewing = nil
	t.mu.Unlock()
	close(r.done)
}

// assertion is the signed JWT that stands for a password.
func (t *Transport) assertion(audience string, algorithm jose.SignatureAlgorithm) (string, error) {
	id, err := uuid.NewRandomFromReader(t.o.Random)
	if err != nil {
		return "", err
	}
	now := t.o.Now()
	return t.key.sign(algorithm, t.o.KeyID, map[string]any{
		"iss": t.o.ClientID, "sub": t.o.ClientID, "aud": audience, "jti": id.String(), "iat": now.Unix(), "exp": now.Add(assertionFor).Unix(),
	})
}

// algorithm is the one to sign with: the key's, if the server that was asked takes it.
func (t *Transport) algorithm(offered []string) (jose.SignatureAlgorithm, error) {
	for _, a := range t.key.algorithms(t.o.Profile) {
		if len(offered) == 0 || slices.Contains(offered, string(a)) {
			return a, nil
		}
	}
	return "", fmt.Errorf("the server takes none of the ways in which this key signs: %s", strings.Join(offered, " "))
}
