package systems

import (
	"crypto/tls"
	"crypto/x509"
	"errors"

	"onedoor/app/clinical"
)

// certificates are what an integration shows of itself, and whom it believes besides the system's authorities; each nil
// when it has none. Errors hold nothing of what was given.
func certificates(secrets map[string][]byte) (*tls.Certificate, *x509.CertPool, error) {
	var roots *x509.CertPool
	if authority := secrets[clinical.SecretServerAuthority]; len(authority) > 0 {
		roots = x509.NewCertPool()
		if system, err := x509.SystemCertPool(); err == nil {
			roots = system
		}
		if !roots.AppendCertsFromPEM(authority) {
			return nil, nil, errors.New("an authority that is no certificate")
		}
	}
	chain, key := secrets[clinical.SecretClientCertificate], secrets[clinical.SecretClientKey]
	switch {
	case len(chain) == 0 && len(key) == 0:
		return nil, roots, nil
	case len(chain) == 0 || len(key) == 0:
		return nil, nil, errors.New("a client certificate without its key, or a key without its certificate")
	}
	pair, err := tls.X509KeyPair(chain, key)
	if err != nil {
		return nil, nil, errors.New("a client certificate and a key that do not belong together")
	}
	return &pair, roots, nil
}
