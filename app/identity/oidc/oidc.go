// Package oidc is the relying party: it sends a person to an OpenID provider and checks everything that comes back. Signature,
// issuer, audience and expiry are go-oidc's to check; state, nonce, PKCE, the time of authentication and its assurance are
// checked here. It learns of a person only the provider's name for them and their own name, and stores nothing.
package oidc

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"onedoor/app/fault"
	"onedoor/app/identity"
)

// Config is one provider, and who we are to it.
type Config struct {
	Issuer       string
	ClientID     string
	ClientSecret string // empty for a public client, which has PKCE alone
	RedirectURL  string
	Scopes       []string // beside openid
	// ACR are the levels of assurance that are enough; empty takes any.
	ACR []string
	// MaxAge is how long ago the person may have authenticated; zero does not ask.
	MaxAge time.Duration
	// Production refuses providers without https and providers on this machine.
	Production bool
	// Development marks who comes in this way; a production server lets nobody so marked in.
	Development bool
	Client      *http.Client     // absent: one with a time limit, that follows no redirects
	Now         func() time.Time // absent: the machine's clock
}

// RelyingParty signs people in with one provider.
type RelyingParty struct {
	c Config

	mu       sync.Mutex
	provider *oidc.Provider // found when first needed: in development it is served by this same process
}

// signatures are the algorithms we accept, whatever a provider offers: none of them takes a shared secret.
var signatures = []string{oidc.RS256, oidc.RS512, oidc.PS256, oidc.ES256}

// clockSkew is how far a provider's clock may be ahead of ours.
const clockSkew = time.Minute

// New checks the configuration. It does not call the provider.
func New(c Config) (*RelyingParty, error) {
	if c.ClientID == "" || c.RedirectURL == "" {
		return nil, misconfigured("Name the client and its redirect address.")
	}
	if err := checkAddress(c.Issuer, c.Production); err != nil {
		return nil, err
	}
	if c.Production && c.Development {
		return nil, misconfigured("Production takes no development provider.")
	}
	if c.Client == nil {
		c.Client = &http.Client{
			Timeout:       10 * time.Second,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &RelyingParty{c: c}, nil
}

// Origin is the provider's, for the content security policy.
func (rp *RelyingParty) Origin() string {
	u, err := url.Parse(rp.c.Issuer)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// checkAddress lets http through only to this machine, and nothing on this machine in production.
func checkAddress(address string, production bool) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || (u.Scheme != "https" && u.Scheme != "http") {
		return misconfigured("The identity provider's address is not an https address.")
	}
	local := isThisMachine(u.Hostname())
	if production && (u.Scheme != "https" || local) {
		return misconfigured("In production the identity provider is reached by https, and is not on this machine.")
	}
	if u.Scheme == "http" && !local {
		return misconfigured("Without https the identity provider can only be on this machine.")
	}
	return nil
}

func isThisMachine(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && (addr.Unmap().IsLoopback() || addr.Unmap().IsUnspecified())
}

func misconfigured(says string) error {
	return fault.New(fault.Invalid, "identity_provider", "%s", says)
}

// Begin is where to send the browser, and what it must remember.
func (rp *RelyingParty) Begin(ctx context.Context) (string, identity.Flow, error) {
	provider, err := rp.discover(ctx)
	if err != nil {
		return "", identity.Flow{}, err
	}
	state, err := random()
	if err != nil {
		return "", identity.Flow{}, err
	}
	nonce, err := random()
	if err != nil {
		return "", identity.Flow{}, err
	}
	flow := identity.Flow{State: state, Nonce: nonce, Verifier: oauth2.GenerateVerifier()}
	options := []oauth2.AuthCodeOption{oidc.Nonce(flow.Nonce), oauth2.S256ChallengeOption(flow.Verifier)}
	if rp.c.MaxAge > 0 {
		options = append(options, oauth2.SetAuthURLParam("max_age", strconv.FormatInt(int64(rp.c.MaxAge/time.Second), 10)))
	}
	if len(rp.c.ACR) > 0 {
		options = append(options, oauth2.SetAuthURLParam("acr_values", strings.Join(rp.c.ACR, " ")))
	}
	return rp.oauth(provider).AuthCodeURL(flow.State, options...), flow, nil
}

// Finish checks the provider's answer to the flow and says whom it vouches for.
func (rp *RelyingParty) Finish(ctx context.Context, flow identity.Flow, answer url.Values) (identity.Claims, error) {
	if !same(flow.State, answer.Get("state")) {
		return identity.Claims{}, refused("state", nil)
	}
	if iss := answer.Get("iss"); iss != "" && iss != rp.c.Issuer { // RFC 9207: an answer from another provider
		return identity.Claims{}, refused("issuer", nil)
	}
	if code := answer.Get("error"); code != "" {
		if code == "temporarily_unavailable" || code == "server_error" {
			return identity.Claims{}, away(errors.New("the provider answered " + code))
		}
		return identity.Claims{}, fault.New(fault.Forbidden, "sign_in_declined", "You were not signed in. You can start again.")
	}
	provider, err := rp.discover(ctx)
	if err != nil {
		return identity.Claims{}, err
	}
	ctx = oidc.ClientContext(ctx, rp.c.Client)
	tokens, err := rp.oauth(provider).Exchange(ctx, answer.Get("code"), oauth2.VerifierOption(flow.Verifier))
	if err != nil {
		return identity.Claims{}, exchangeFailed(err)
	}
	raw, _ := tokens.Extra("id_token").(string)
	token, err := provider.Verifier(&oidc.Config{ClientID: rp.c.ClientID, SupportedSigningAlgs: signatures, Now: rp.c.Now}).Verify(ctx, raw)
	if err != nil {
		return identity.Claims{}, refused("token", err)
	}
	if !same(flow.Nonce, token.Nonce) {
		return identity.Claims{}, refused("nonce", nil)
	}
	if token.AccessTokenHash != "" {
		if err := token.VerifyAccessToken(tokens.AccessToken); err != nil {
			return identity.Claims{}, refused("access token", err)
		}
	}
	return rp.claims(token)
}

func (rp *RelyingParty) claims(token *oidc.IDToken) (identity.Claims, error) {
	var said struct {
		Name       string `json:"name"`
		GivenName  string `json:"given_name"`
		FamilyName string `json:"family_name"`
		ACR        string `json:"acr"`
		AuthTime   int64  `json:"auth_time"`
	}
	if err := token.Claims(&said); err != nil {
		return identity.Claims{}, refused("claims", err)
	}
	if token.Subject == "" {
		return identity.Claims{}, refused("subject", nil)
	}
	if len(rp.c.ACR) > 0 && !slices.Contains(rp.c.ACR, said.ACR) {
		return identity.Claims{}, fault.New(fault.Forbidden, "assurance_too_low", "The way you signed in is not strong enough for this. Sign in with your smartcard or security key.")
	}
	at := time.Unix(said.AuthTime, 0)
	if rp.c.MaxAge > 0 && (said.AuthTime == 0 || rp.c.Now().Sub(at) > rp.c.MaxAge+clockSkew || at.Sub(rp.c.Now()) > clockSkew) {
		return identity.Claims{}, fault.New(fault.Forbidden, "authenticated_too_long_ago", "You signed in to the identity provider too long ago. Start again.")
	}
	if said.AuthTime == 0 {
		at = token.IssuedAt
	}
	name := said.Name
	if name == "" {
		name = strings.TrimSpace(said.GivenName + " " + said.FamilyName)
	}
	return identity.Claims{
		Issuer: token.Issuer, Subject: token.Subject, Name: name, AuthenticatedAt: at, ACR: said.ACR, Development: rp.c.Development,
	}, nil
}

func (rp *RelyingParty) discover(ctx context.Context) (*oidc.Provider, error) {
	rp.mu.Lock()
	defer rp.mu.Unlock()
	if rp.provider != nil {
		return rp.provider, nil
	}
	provider, err := oidc.NewProvider(oidc.ClientContext(ctx, rp.c.Client), rp.c.Issuer)
	if err != nil {
		return nil, away(err)
	}
	var found struct {
		Keys string `json:"jwks_uri"`
	}
	if err := provider.Claims(&found); err != nil {
		return nil, away(err)
	}
	for _, address := range []string{provider.Endpoint().AuthURL, provider.Endpoint().TokenURL, found.Keys} {
		if err := checkAddress(address, rp.c.Production); err != nil {
			return nil, err
		}
	}
	rp.provider = provider
	return provider, nil
}

func (rp *RelyingParty) oauth(provider *oidc.Provider) *oauth2.Config {
	endpoint := provider.Endpoint()
	if rp.c.ClientSecret == "" {
		endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	return &oauth2.Config{
		ClientID: rp.c.ClientID, ClientSecret: rp.c.ClientSecret, RedirectURL: rp.c.RedirectURL,
		Endpoint: endpoint, Scopes: append([]string{oidc.ScopeOpenID}, rp.c.Scopes...),
	}
}

func exchangeFailed(err error) error {
	var answered *oauth2.RetrieveError
	if errors.As(err, &answered) && answered.Response != nil && answered.Response.StatusCode < http.StatusInternalServerError {
		return refused("code", err)
	}
	return away(err)
}

// refused is one sentence whatever was wrong: an attacker learns nothing from it, the log says what it was.
func refused(what string, cause error) error {
	if cause == nil {
		cause = errors.New("mismatch")
	}
	return fault.New(fault.Forbidden, "sign_in_failed", "Signing in could not be completed safely. Start again.").Because(errors.Join(errors.New(what), cause))
}

func away(cause error) error {
	e := fault.New(fault.Unavailable, "identity_provider_away", "The sign-in service does not answer just now. Try again in a minute.").Because(cause)
	e.RetryAfter = 30 * time.Second
	return e
}

func same(a, b string) bool {
	return a != "" && subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}

func random() (string, error) {
	var b [32]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(b[:]), nil
}
