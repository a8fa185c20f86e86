package authorise

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
)

// Certificates are what mutual TLS stands on, in PEM.
type Certificates struct {
	Certificate []byte // ours, with those between it and its authority
	Key         []byte // its private key
	Authorities []byte // who signs the server's certificate; empty is whom this machine trusts
}

// Parse reads them. Its errors hold nothing of the key.
func (c Certificates) Parse() (tls.Certificate, *x509.CertPool, error) {
	var own tls.Certificate
	if len(c.Certificate) > 0 || len(c.Key) > 0 {
		var err error
		if own, err = tls.X509KeyPair(c.Certificate, c.Key); err != nil {
			return tls.Certificate{}, nil, errors.New("the client certificate and its private key cannot be read, or do not belong together")
		}
	}
	if len(c.Authorities) == 0 {
		return own, nil, nil
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(c.Authorities) {
		return tls.Certificate{}, nil, errors.New("the authorities' certificates cannot be read")
	}
	return own, roots, nil
}

// Presenter is a transport of its own kind that can present a certificate, such as package outbound's guard.
type Presenter interface {
	// Presenting is the same transport that presents a certificate to servers, and checks theirs by some authorities; nil is
	// as before.
	Presenting(own tls.Certificate, roots *x509.CertPool) http.RoundTripper
}

// MutualTLS is a transport that presents a certificate. The one below has to be an *http.Transport or a Presenter.
func MutualTLS(below http.RoundTripper, c Certificates) (http.RoundTripper, error) {
	own, roots, err := c.Parse()
	if err != nil {
		return nil, err
	}
	switch t := below.(type) {
	case Presenter:
		return t.Presenting(own, roots), nil
	case *http.Transport:
		t = t.Clone()
		if t.TLSClientConfig == nil {
			t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
		}
		if len(own.Certificate) > 0 {
			t.TLSClientConfig.Certificates = []tls.Certificate{own}
		}
		if roots != nil {
			t.TLSClientConfig.RootCAs = roots
		}
		return t, nil
	}
	return nil, errors.New("this transport cannot present a certificate")
}
