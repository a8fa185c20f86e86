package authorise

import (
	"errors"
	"io"
	"net/http"
	"time"
)

// Names of an integration's settings, the same for each kind that signs in.
const (
	SettingSignIn   = "sign-in"   // none (or nothing), smart or nhs
	SettingClientID = "client-id" // what the other side calls us; for the NHS the API key
	SettingKeyID    = "key-id"    // kid
	SettingTokenURL = "token-url" // smart: empty means that the system is asked
	SettingScope    = "scope"     // smart only; empty is UsualScope
)

// None is the setting of a system that asks for no token.
const None = "none"

// Names of an integration's secrets.
const (
	SecretPrivateKey     = "private-key"            // PEM; signs assertions
	SecretCertificate    = "client-certificate"     // PEM; mutual TLS
	SecretCertificateKey = "client-certificate-key" // PEM
	SecretAuthorities    = "authorities"            // PEM; who signs the server's certificate
)

// Materials are what For makes a transport of.
type Materials struct {
	BaseURL   string
	Settings  map[string]string
	Secrets   map[string][]byte
	Transport http.RoundTripper
	Now       func() time.Time
	Random    io.Reader
}

// For is the transport that an integration's settings and secrets ask for: mutual TLS when there is a certificate, a token when
// there is a way to sign in, and otherwise the one that was given.
func For(m Materials) (http.RoundTripper, error) {
	below := m.Transport
	if below == nil {
		below = http.DefaultTransport
	}
	certificates := Certificates{m.Secrets[SecretCertificate], m.Secrets[SecretCertificateKey], m.Secrets[SecretAuthorities]}
	if len(certificates.Certificate) > 0 || len(certificates.Key) > 0 || len(certificates.Authorities) > 0 {
		var err error
		if below, err = MutualTLS(below, certificates); err != nil {
			return nil, err
		}
	}
	switch way := m.Settings[SettingSignIn]; way {
	case "", None:
		return below, nil
	case string(SMART), string(NHS):
		return New(Options{
			Profile: Profile(way), BaseURL: m.BaseURL, TokenURL: m.Settings[SettingTokenURL], ClientID: m.Settings[SettingClientID],
			KeyID: m.Settings[SettingKeyID], Key: m.Secrets[SecretPrivateKey], Scope: m.Settings[SettingScope],
			Transport: below, Now: m.Now, Random: m.Random,
		})
	}
	return nil, errors.New("the way to sign in is none, smart or nhs")
}
