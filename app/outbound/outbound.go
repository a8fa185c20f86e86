// Package outbound is how the product calls other systems by HTTP: text to speech, transcribers, text messages, models,
// and recordings at a telephony platform. Some of those addresses come from outside (a webhook says where a recording is),
// so a call reaches a private, loopback or link-local address only where the operator allows it.
//
// The address that is really dialled is judged, after the name was resolved and for each attempt: a name that answers
// otherwise the second time gains nothing. A redirect is never followed, a proxy of the environment is never used, https is
// asked for wherever the address is not the operator's own, and time and size are bounded. Its errors hold no address and
// no part of one: an address can name a call, or carry a key.
//
// It decides nothing about what is sent: that is the adapter's, and the adapter's to test.
package outbound

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"time"

	"onedoor/app/fault"
)

// Client is what an adapter needs to make a call. *Guard is one; http.Client is another, for an adapter's own tests.
type Client interface {
	// Do makes one call. The caller closes the answer's body, as with http.Client.
	Do(*http.Request) (*http.Response, error)
}

// Bounds where Options say nothing.
const (
	DefaultTimeout = 10 * time.Second
	DefaultMost    = 8 << 20
	dialTimeout    = 5 * time.Second
	mostHeader     = 64 << 10
)

// Options say what a guard lets through.
type Options struct {
	// Allow are the operator's own addresses, which are otherwise refused; only they are reached without TLS.
	Allow []Allowed
	// Timeout bounds a call from its first byte to its answer's last; zero is DefaultTimeout.
	Timeout time.Duration
	// Most is how many bytes of an answer's body are read, after decompression; zero is DefaultMost.
	Most int64
	// Resolver finds addresses; nil is the system's.
	Resolver *net.Resolver
	// Certificate is shown to servers that ask who calls (mutual TLS); nil is none.
	Certificate *tls.Certificate
	// Roots are the authorities that servers' certificates are checked against; nil is the system's.
	Roots *x509.CertPool
}

// Guard is a guarded http.Client. It is safe for concurrent use, and one is shared by all calls with the same bounds: it
// holds their connections.
type Guard struct {
	client      *http.Client
	o           Options
	most        int64
	plain, safe *http.Transport
}

var _ Client = (*Guard)(nil)

// New makes a guard.
func New(o Options) *Guard {
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Most <= 0 {
		o.Most = DefaultMost
	}
	g := &Guard{o: o, most: o.Most, plain: o.transport(true), safe: o.transport(false)}
	g.client = &http.Client{
		Transport: g,
		Timeout:   o.Timeout,
		// Somewhere else is not what was named. The answer is the redirect itself, whose status no caller takes for success.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return g
}

func (o Options) transport(plain bool) *http.Transport {
	secured := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: o.Roots}
	if o.Certificate != nil {
		secured.Certificates = []tls.Certificate{*o.Certificate}
	}
	dialer := &net.Dialer{
		Timeout:  dialTimeout,
		Resolver: o.Resolver,
		ControlContext: func(_ context.Context, network, address string, _ syscall.RawConn) error {
			return o.judge(network, address, plain)
		},
	}
	return &http.Transport{
		Proxy:                  nil, // a proxy would be dialled in place of what was judged
		DialContext:            dialer.DialContext,
		TLSClientConfig:        secured,
		TLSHandshakeTimeout:    dialTimeout,
		MaxResponseHeaderBytes: mostHeader,
		MaxIdleConnsPerHost:    4,
		IdleConnTimeout:        time.Minute,
		ForceAttemptHTTP2:      true,
	}
}

// judge is asked by the dialer for each address that it is about to connect to.
func (o Options) judge(network, address string, plain bool) error {
	at, err := parseDialled(network, address)
	if err != nil {
		return refused().Because(err)
	}
	for _, allowed := range o.Allow {
		if allowed.holds(at) {
			return nil
		}
	}
	if why, public := Public(at.Addr()); !public {
		return refused().Because(errors.New(why))
	}
	if plain {
		return refused().Because(errors.New("not over TLS"))
	}
	return nil
}

func refused() *fault.Error {
	return fault.New(fault.Forbidden, "outbound_refused", "That address is one that this product does not call. An operator can allow it.")
}

// Do makes one call. Its errors are *fault.Error: outbound_refused, outbound_too_large (also while the body is read) and
// outbound_failed.
func (g *Guard) Do(r *http.Request) (*http.Response, error) {
	response, err := g.client.Do(r)
	if err != nil {
		return nil, withoutAddress(err)
	}
	return response, nil
}

// RoundTrip makes a guard a transport, for libraries that want one.
func (g *Guard) RoundTrip(r *http.Request) (*http.Response, error) {
	transport := g.safe
	switch r.URL.Scheme {
	case "https":
	case "http":
		transport = g.plain
	default:
		return nil, refused().Because(errors.New("neither http nor https"))
	}
	response, err := transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if response.ContentLength > g.most {
		_ = response.Body.Close()
		return nil, tooLarge()
	}
	response.Body = &bounded{ReadCloser: response.Body, left: g.most}
	return response, nil
}

// Presenting is a guard with the same bounds that shows a certificate to servers, and checks theirs by some authorities; what
// is empty or nil is as before. Its connections are its own.
func (g *Guard) Presenting(own tls.Certificate, roots *x509.CertPool) http.RoundTripper {
	o := g.o
	if len(own.Certificate) > 0 {
		o.Certificate = &own
	}
	if roots != nil {
		o.Roots = roots
	}
	return New(o)
}

// CloseIdleConnections lets go of connections that no call uses.
func (g *Guard) CloseIdleConnections() {
	g.plain.CloseIdleConnections()
	g.safe.CloseIdleConnections()
}

// Read makes a call and reads the whole answer of a status 200; any other status is an error that says it.
func Read(c Client, r *http.Request) ([]byte, http.Header, error) {
	response, err := c.Do(r)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, nil, failed(fmt.Errorf("status %d", response.StatusCode))
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, nil, withoutAddress(err)
	}
	return body, response.Header, nil
}

// bounded says that a body was too long; it never passes a part for the whole.
type bounded struct {
	io.ReadCloser
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, tooLarge()
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	b.left -= int64(n)
	if b.left < 0 {
		return n - 1, tooLarge()
	}
	return n, err
}

func tooLarge() *fault.Error {
	return fault.New(fault.TooLarge, "outbound_too_large", "The other system's answer was longer than this product reads.")
}

func failed(cause error) *fault.Error {
	return fault.New(fault.Unavailable, "outbound_failed", "The other system could not be reached, or did not answer as it should.").Because(cause)
}

// withoutAddress drops what net and net/http put into their errors: the address, and for a name that does not resolve the name.
func withoutAddress(err error) error {
	var known *fault.Error
	if errors.As(err, &known) {
		return known
	}
	var timeout net.Error
	switch {
	case errors.Is(err, context.Canceled):
		return failed(context.Canceled)
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return failed(context.DeadlineExceeded)
	}
	var call *url.Error
	if errors.As(err, &call) {
		err = call.Err
	}
	var name *net.DNSError
	var connection *net.OpError
	switch {
	case errors.As(err, &name):
		return failed(errors.New("the name does not resolve"))
	case errors.As(err, &connection):
		err = connection.Err
	}
	return failed(fmt.Errorf("%T", innermost(err)))
}

// innermost is what an error wraps last: its type says enough, and its text might say where.
func innermost(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
