// Package devprovider is a small OpenID provider for development and demonstrations: it lists the seeded people, and whoever
// is chosen is signed in, without a password. It exists in development mode only, serves this machine only, and makes a
// new signing key at every start. It speaks the same protocol as a real provider, so that the way in is the same code.
package devprovider

import (
	"crypto/rand"
	"crypto/rsa"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"onedoor/app/fault"
)

// Person is somebody seeded.
type Person struct {
	Subject     string
	Name        string
	Description string // what they do, and where: Receptionist, Riverside Medical Practice
}

// Options are what a Provider is made of.
type Options struct {
	// Development must be true; it is asked for so that no wiring makes a provider by accident.
	Development bool
	// Issuer is where it is served, on a loopback address: http://127.0.0.1:8080/development/identity.
	Issuer      string
	ClientID    string
	RedirectURL string
	People      []Person
	Stylesheets []string // paths of the product's own
	Now         func() time.Time
}

// Provider is the provider.
type Provider struct {
	o      Options
	path   string
	key    jose.JSONWebKey
	signer jose.Signer

	mu     sync.Mutex
	codes  map[string]grant
	tokens map[string]grant
}

// grant is what a code or an access token stands for.
type grant struct {
	person    Person
	nonce     string
	challenge string
	at        time.Time
	until     time.Time
}

const (
	codeLife  = time.Minute
	tokenLife = 5 * time.Minute
)

// New refuses to make a provider outside development, or at an address that other machines reach.
func New(o Options) (*Provider, error) {
	u, err := url.Parse(o.Issuer)
	if err != nil || u.Scheme != "http" || !isLoopback(u.Host) || u.RawQuery != "" || strings.HasSuffix(u.Path, "/") {
		return nil, fault.New(fault.Invalid, "development_provider", "The development sign-in is served on a loopback address only.")
	}
	if !o.Development {
		return nil, fault.New(fault.Invalid, "development_provider", "The development sign-in exists in development mode only.")
	}
	if o.ClientID == "" || o.RedirectURL == "" || o.Now == nil {
		return nil, fault.New(fault.Invalid, "development_provider", "The development sign-in needs a client, its redirect address and a clock.")
	}
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	key := jose.JSONWebKey{Key: private, KeyID: rand.Text(), Algorithm: string(jose.RS256), Use: "sig"}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: key}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return nil, err
	}
	return &Provider{o: o, path: u.Path, key: key, signer: signer, codes: map[string]grant{}, tokens: map[string]grant{}}, nil
}

// Route is one of the provider's addresses.
type Route struct {
	Method, Path string
	Handler      http.Handler
}

// Routes are all of them, for a server to register as being for development.
func (p *Provider) Routes() []Route {
	local := func(h http.HandlerFunc) http.Handler { return p.onlyThisMachine(h) }
	return []Route{
		{http.MethodGet, p.path + "/.well-known/openid-configuration", local(p.discovery)},
		{http.MethodGet, p.path + "/keys", local(p.keys)},
		{http.MethodGet, p.path + "/authorize", local(p.ask)},
		{http.MethodPost, p.path + "/authorize", local(p.choose)},
		{http.MethodPost, p.path + "/token", local(p.token)},
		{http.MethodGet, p.path + "/userinfo", local(p.userinfo)},
	}
}

// onlyThisMachine asks again what the server asked already, should anybody register the routes elsewhere.
func (p *Provider) onlyThisMachine(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		peer, err := netip.ParseAddrPort(r.RemoteAddr)
		if err != nil || !peer.Addr().Unmap().IsLoopback() || !isLoopback(r.Host) {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		h.ServeHTTP(w, r)
	})
}

func isLoopback(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && addr.Unmap().IsLoopback()
}

func (p *Provider) keep(in map[string]grant, g grant) string {
	secret := rand.Text() + rand.Text()
	p.mu.Lock()
	defer p.mu.Unlock()
	for k, old := range in {
		if !p.o.Now().Before(old.until) {
			delete(in, k)
		}
	}
	in[secret] = g
	return secret
}

// take finds what a secret stands for; once is true for codes, which work one time.
func (p *Provider) take(from map[string]grant, secret string, once bool) (grant, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	g, ok := from[secret]
	if once {
		delete(from, secret)
	}
	return g, ok && p.o.Now().Before(g.until)
}

func (p *Provider) person(subject string) (Person, bool) {
	for _, person := range p.o.People {
		if person.Subject == subject {
			return person, true
		}
	}
	return Person{}, false
}
