package authorise_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"onedoor/app/clinical/authorise"
	"onedoor/app/outbound"
)

// authority signs certificates of a test.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T, name string) authority {
	t.Helper()
	a := authority{t: t}
	a.key = p256(t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, a.key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return a
}

func p256(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func (a authority) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
}

// certificate is one that the authority signed, and its key, in PEM.
func (a authority) certificate(name string) (cert, key []byte) {
	a.t.Helper()
	own := p256(a.t)
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}, a.cert, own.Public(), a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pkcs8(a.t, own)
}

func TestMutualTLS(t *testing.T) {
	t.Parallel()
	ours, others := newAuthority(t, "ours"), newAuthority(t, "others")
	clients := x509.NewCertPool()
	clients.AddCert(ours.cert)
	serverCert, serverKey := others.certificate("server")
	pair, err := tls.X509KeyPair(serverCert, serverKey)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(r.TLS.PeerCertificates[0].Subject.CommonName))
	}))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clients, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)
	cert, key := ours.certificate("onedoor")
	strange, strangeKey := others.certificate("stranger")
	allowed, err := outbound.ParseAllowed("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		c    authorise.Certificates
		good bool
	}{
		"ours, and whom we trust":       {authorise.Certificates{Certificate: cert, Key: key, Authorities: others.pem()}, true},
		"no certificate":                {authorise.Certificates{Authorities: others.pem()}, false},
		"one of another authority":      {authorise.Certificates{Certificate: strange, Key: strangeKey, Authorities: others.pem()}, false},
		"a server that we do not trust": {authorise.Certificates{Certificate: cert, Key: key, Authorities: ours.pem()}, false},
		"a server that nobody knows":    {authorise.Certificates{Certificate: cert, Key: key}, false},
	} {
		for below, transport := range map[string]http.RoundTripper{"plain": &http.Transport{}, "guarded": outbound.New(outbound.Options{Allow: allowed})} {
			over, err := authorise.MutualTLS(transport, test.c)
			if err != nil {
				t.Fatal(err)
			}
			response, err := (&http.Client{Transport: over}).Get(server.URL)
			if (err == nil) != test.good {
				t.Errorf("%s, %s: %v", name, below, err)
			}
			if err == nil {
				_ = response.Body.Close()
			}
			if idle, ok := over.(interface{ CloseIdleConnections() }); ok {
				idle.CloseIdleConnections()
			}
		}
	}
	for name, c := range map[string]authorise.Certificates{
		"another's key": {Certificate: cert, Key: strangeKey}, "no key": {Certificate: cert}, "no PEM": {Certificate: []byte("secret"), Key: []byte("secret")},
		"no authority": {Authorities: []byte("secret")},
	} {
		if _, err := authorise.MutualTLS(&http.Transport{}, c); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := authorise.MutualTLS(http.NewFileTransport(http.Dir(".")), authorise.Certificates{Certificate: cert, Key: key}); err == nil {
		t.Error("a transport that knows no TLS was taken")
	}
}
