package authorise

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"onedoor/app/clinical"
)

// answerLimit is far above any answer of a token endpoint.
const answerLimit = 256 << 10

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// A token is renewed a tenth of its life before its end, at least early by this much, and one whose life is not told (it is
// recommended and not required, RFC 6749, 5.1) after usualLife.
const (
	renewEarly = 30 * time.Second
	usualLife  = 5 * time.Minute
)

// configuration is a server's .well-known/smart-configuration.
type configuration struct {
	TokenEndpoint string   `json:"token_endpoint"`
	GrantTypes    []string `json:"grant_types_supported"`
	Methods       []string `json:"token_endpoint_auth_methods_supported"`
	Algorithms    []string `json:"token_endpoint_auth_signing_alg_values_supported"`
}

// ask gets a token.
func (t *Transport) ask(ctx context.Context) (token, error) {
	endpoint, algorithms, err := t.where(ctx)
	if err != nil {
		return token{}, err
	}
	algorithm, err := t.algorithm(algorithms)
	if err != nil {
		return token{}, notSignedIn("The clinical system does not take the kind of key that was set up.", err)
	}
	assertion, err := t.assertion(endpoint, algorithm)
	if err != nil {
		return token{}, notSignedIn("The key that was set up could not sign, so we could not sign in.", err)
	}
	form := url.Values{"grant_type": {"client_credentials"}, "client_assertion_type": {assertionType}, "client_assertion": {assertion}}
	if t.o.Scope != "" {
		form.Set("scope", t.o.Scope)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return token{}, notSignedIn("The address that gives tokens is not valid.", errors.New("the address cannot be read"))
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	status, wait, body, err := t.call(r)
	if err != nil {
		return token{}, err
	}
	if status != http.StatusOK {
		return token{}, denied(status, wait, body)
	}
	return t.given(body)
}

// where tokens are given, and which algorithms are taken there; none is any. A server is asked once.
func (t *Transport) where(ctx context.Context) (string, []string, error) {
	t.mu.Lock()
	endpoint := t.endpoint
	t.mu.Unlock()
	if endpoint != "" {
		return endpoint, nil, nil
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(t.o.BaseURL, "/")+"/.well-known/smart-configuration", nil)
	if err != nil {
		return "", nil, notSignedIn("The address of the clinical system is not valid.", errors.New("the address cannot be read"))
	}
	r.Header.Set("Accept", "application/json")
	status, wait, body, err := t.call(r)
	if err != nil {
		return "", nil, err
	}
	if status != http.StatusOK {
		if status >= 500 || status == http.StatusTooManyRequests {
			return "", nil, denied(status, wait, nil)
		}
		return "", nil, notSignedIn("The clinical system does not say where to sign in.", fmt.Errorf("smart-configuration: status %d", status))
	}
	var c configuration
	if err := json.Unmarshal(body, &c); err != nil || c.TokenEndpoint == "" {
		return "", nil, notSignedIn("The clinical system does not say where to sign in.", errors.New("its smart-configuration cannot be read"))
	}
	if err := tokenAddress(t.base, c.TokenEndpoint); err != nil {
		return "", nil, notSignedIn("The clinical system names an address to sign in at that we may not use.", err)
	}
	if (len(c.GrantTypes) > 0 && !slices.Contains(c.GrantTypes, "client_credentials")) || (len(c.Methods) > 0 && !slices.Contains(c.Methods, "private_key_jwt")) {
		return "", nil, notSignedIn("The clinical system does not let programs sign in with a key.", errors.New("no client_credentials with private_key_jwt"))
	}
	if len(c.Algorithms) == 0 { // nothing to choose by, so it need not be asked again
		t.mu.Lock()
		t.endpoint = c.TokenEndpoint
		t.mu.Unlock()
	}
	return c.TokenEndpoint, c.Algorithms, nil
}

// call makes one request, and follows no redirect.
func (t *Transport) call(r *http.Request) (status int, wait time.Duration, body []byte, err error) {
	response, err := t.o.Transport.RoundTrip(r)
	if err != nil {
		return 0, 0, nil, &clinical.Unavailable{Says: "The place where we sign in to the clinical system cannot be reached, so nothing was sent.", Cause: withoutAddress(err)}
	}
	defer func() { _ = response.Body.Close() }()
	body, err = io.ReadAll(io.LimitReader(response.Body, answerLimit))
	if err != nil {
		return 0, 0, nil, &clinical.Unavailable{Says: "The answer to our signing in was lost, so nothing was sent.", Cause: withoutAddress(err)}
	}
	if seconds, no := strconv.Atoi(response.Header.Get("Retry-After")); no == nil {
		wait = time.Duration(max(0, min(seconds, 3600))) * time.Second
	}
	return response.StatusCode, wait, body, nil
}

// withoutAddress takes the address out of an error of net/url.
func withoutAddress(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// shutFor is how long a system is left alone that does not let us in.
const shutFor = time.Minute

// notSignedIn is about the system and not about what was to be sent: that waits until somebody has mended the credentials, and
// is not refused one by one.
func notSignedIn(says string, cause error) error {
	return &clinical.Unavailable{Says: says, RetryAfter: shutFor, Cause: cause}
}

// errorCodes are the errors that a token endpoint may name (RFC 6749, 5.2); its description is not repeated.
var errorCodes = []string{"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope"}

func denied(status int, wait time.Duration, body []byte) error {
	cause := fmt.Errorf("token endpoint: status %d", status)
	if status >= 500 || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout {
		return &clinical.Unavailable{Says: "The place where we sign in to the clinical system has a problem of its own, so nothing was sent.", RetryAfter: wait, Cause: cause}
	}
	var said struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(body, &said) == nil && slices.Contains(errorCodes, said.Error) {
		cause = fmt.Errorf("token endpoint: status %d, %s", status, said.Error)
	}
	says := "The clinical system did not let us sign in. Check the client's id, the key and the key's id."
	if said.Error == "invalid_scope" {
		says = "The clinical system did not give us the rights that we asked for when we signed in."
	}
	return notSignedIn(says, cause)
}

// given reads a token. The NHS writes expires_in as text, others as a number.
func (t *Transport) given(body []byte) (token, error) {
	var said struct {
		AccessToken string          `json:"access_token"`
		TokenType   string          `json:"token_type"`
		ExpiresIn   json.RawMessage `json:"expires_in"`
	}
	if err := json.Unmarshal(body, &said); err != nil || said.AccessToken == "" || !strings.EqualFold(said.TokenType, "bearer") || !headerSafe(said.AccessToken) {
		return token{}, &clinical.Unavailable{Says: "The answer to our signing in could not be read, so nothing was sent.", Cause: errors.New("no bearer token in the answer")}
	}
	life := usualLife
	if seconds, err := strconv.Atoi(strings.Trim(string(said.ExpiresIn), `"`)); err == nil && seconds > 0 {
		life = time.Duration(min(seconds, 86_400)) * time.Second
	}
	early := max(renewEarly, life/10)
	return token{value: said.AccessToken, renewAt: t.o.Now().Add(max(life-early, life/2))}, nil
}

// headerSafe refuses what could end a header.
func headerSafe(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}
