package outbound_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"onedoor/app/fault"
	"onedoor/app/outbound"
)

func get(t *testing.T, c outbound.Client, address string) ([]byte, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	body, _, err := outbound.Read(c, r)
	return body, err
}

// counting is a server on loopback that counts what reaches it.
func counting(t *testing.T, answer http.HandlerFunc) (*httptest.Server, *atomic.Int32) {
	t.Helper()
	var reached atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reached.Add(1)
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	return s, &reached
}

func allow(t *testing.T, list string) []outbound.Allowed {
	t.Helper()
	all, err := outbound.ParseAllowed(list)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func hello(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }

func TestAServerOnLoopbackIsReachedOnlyWhereAllowed(t *testing.T) {
	t.Parallel()
	server, reached := counting(t, hello)
	at := strings.TrimPrefix(server.URL, "http://")
	if _, err := get(t, outbound.New(outbound.Options{}), server.URL); !fault.Is(err, "outbound_refused") {
		t.Errorf("not allowed: %v", err)
	}
	_, port, _ := net.SplitHostPort(at)
	for name, address := range map[string]string{
		"by another spelling": "http://127.1.2.3:" + port, "as a number": "http://2130706433:" + port, "mapped into IPv6": "http://[::ffff:127.0.0.1]:" + port,
		"unspecified": "http://0.0.0.0:" + port, "by name": "http://localhost:" + port,
	} {
		if _, err := get(t, outbound.New(outbound.Options{}), address); err == nil {
			t.Errorf("%s: reached", name)
		}
	}
	if _, err := get(t, outbound.New(outbound.Options{Allow: allow(t, "127.0.0.1:1")}), server.URL); !fault.Is(err, "outbound_refused") {
		t.Errorf("another port is allowed: %v", err)
	}
	if n := reached.Load(); n != 0 {
		t.Fatalf("%d calls reached it", n)
	}
	body, err := get(t, outbound.New(outbound.Options{Allow: allow(t, at)}), server.URL)
	if err != nil || string(body) != "hello" || reached.Load() != 1 {
		t.Fatalf("allowed: %q, %v", body, err)
	}
	// The mapped form of what is allowed is the same address.
	if _, err := get(t, outbound.New(outbound.Options{Allow: allow(t, at)}), "http://[::ffff:127.0.0.1]:"+port); err != nil {
		t.Fatalf("allowed, mapped into IPv6: %v", err)
	}
}

func TestRefusedAddressesAreRefusedBeforeTheyAreDialled(t *testing.T) {
	t.Parallel()
	guard := outbound.New(outbound.Options{Timeout: 5 * time.Second})
	for _, host := range []string{
		"10.0.0.1", "172.16.0.1", "192.168.0.1", "127.0.0.1", "100.64.0.1", "169.254.169.254", "168.63.129.16", "0.0.0.0", "224.0.0.1", "255.255.255.255",
		"[::1]", "[::]", "[::ffff:169.254.169.254]", "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::1]", "[fd00:ec2::254]", "[fe80::1]", "[2002:a00:1::]", "[2001:db8::1]",
	} {
		for _, scheme := range []string{"http", "https"} {
			if _, err := get(t, guard, scheme+"://"+host+"/latest/meta-data"); !fault.Is(err, "outbound_refused") {
				t.Errorf("%s://%s: %v", scheme, host, err)
			}
		}
	}
	// Without TLS a public address is refused too, which also keeps this test from leaving the machine.
	if _, err := get(t, guard, "http://93.184.215.14/"); !fault.Is(err, "outbound_refused") {
		t.Errorf("without TLS: %v", err)
	}
	if _, err := get(t, guard, "ftp://93.184.215.14/"); !fault.Is(err, "outbound_refused") {
		t.Errorf("another scheme: %v", err)
	}
}

// rebinding is a name server whose one name has another address at each answer.
func rebinding(t *testing.T, answers ...string) *net.Resolver {
	t.Helper()
	socket, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = socket.Close() })
	go func() {
		asked := 0
		packet := make([]byte, 1500)
		for {
			n, from, err := socket.ReadFrom(packet)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(packet[:n]) != nil || len(m.Questions) == 0 {
				continue
			}
			m.Response, m.Authoritative, m.Additionals = true, true, nil
			if q := m.Questions[0]; q.Type == dnsmessage.TypeA {
				for one := range strings.SplitSeq(answers[min(asked, len(answers)-1)], " ") {
					m.Answers = append(m.Answers, dnsmessage.Resource{
						Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class},
						Body:   &dnsmessage.AResource{A: netip.MustParseAddr(one).As4()},
					})
				}
				asked++
			}
			reply, err := m.Pack()
			if err != nil {
				continue
			}
			_, _ = socket.WriteTo(reply, from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", socket.LocalAddr().String())
	}}
}

func TestANameThatAnswersOtherwiseTheSecondTimeGainsNothing(t *testing.T) {
	t.Parallel()
	var inside atomic.Int32
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "0.0.0.0:0") // on 127.0.0.1 and on 127.0.0.2
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if at, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr); strings.HasPrefix(at.String(), "127.0.0.1:") {
			inside.Add(1)
		}
		w.Header().Set("Connection", "close")
		hello(w, r)
	}))
	server.Listener = listener
	server.Start()
	t.Cleanup(server.Close)
	_, port, _ := net.SplitHostPort(listener.Addr().String())

	guard := outbound.New(outbound.Options{Allow: allow(t, "127.0.0.2"), Resolver: rebinding(t, "127.0.0.2", "127.0.0.1")})
	if _, err := get(t, guard, "http://recordings.test.:"+port); err != nil {
		t.Fatalf("the first answer is allowed: %v", err)
	}
	if _, err := get(t, guard, "http://recordings.test.:"+port); !fault.Is(err, "outbound_refused") {
		t.Fatalf("the second answer is not: %v", err)
	}
	// Of several addresses in one answer, only the allowed one is dialled.
	both := outbound.New(outbound.Options{Allow: allow(t, "127.0.0.2"), Resolver: rebinding(t, "127.0.0.1 127.0.0.2")})
	if _, err := get(t, both, "http://recordings.test.:"+port); err != nil {
		t.Fatalf("one of two is allowed: %v", err)
	}
	if n := inside.Load(); n != 0 {
		t.Fatalf("%d calls reached the address that is not allowed", n)
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	other, reached := counting(t, hello)
	server, _ := counting(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, http.StatusFound) })
	guard := outbound.New(outbound.Options{Allow: allow(t, "127.0.0.0/8")})
	if _, err := get(t, guard, server.URL); !fault.Is(err, "outbound_failed") {
		t.Fatalf("%v", err)
	}
	if reached.Load() != 0 {
		t.Fatal("it was followed")
	}
}

func TestTLSIsCheckedAgainstTheRootsThatWereGiven(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.HandlerFunc(hello))
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	if _, err := get(t, outbound.New(outbound.Options{Allow: allow(t, "127.0.0.1")}), server.URL); !fault.Is(err, "outbound_failed") {
		t.Errorf("an unknown authority: %v", err)
	}
	if body, err := get(t, outbound.New(outbound.Options{Allow: allow(t, "127.0.0.1"), Roots: roots}), server.URL); err != nil || string(body) != "hello" {
		t.Errorf("a known authority: %q, %v", body, err)
	}
}

func TestAnAnswerThatIsTooLongIsAnErrorAndNeverAPart(t *testing.T) {
	t.Parallel()
	const most = 1000
	exactly, _ := counting(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(bytes.Repeat([]byte("a"), most)) })
	said, _ := counting(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(bytes.Repeat([]byte("a"), most+1)) })
	streamed, _ := counting(t, func(w http.ResponseWriter, _ *http.Request) {
		for range 3 {
			_, _ = w.Write(bytes.Repeat([]byte("a"), most))
			_ = http.NewResponseController(w).Flush()
		}
	})
	packed, _ := counting(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = z.Write(make([]byte, 1<<20)) // about a kilobyte on the wire
		_ = z.Close()
	})
	guard := outbound.New(outbound.Options{Allow: allow(t, "127.0.0.1"), Most: most})
	if body, err := get(t, guard, exactly.URL); err != nil || len(body) != most {
		t.Errorf("exactly as long as it may be: %d bytes, %v", len(body), err)
	}
	for name, server := range map[string]*httptest.Server{"its length is said": said, "its length is not said": streamed, "it is packed": packed} {
		if body, err := get(t, guard, server.URL); !fault.Is(err, "outbound_too_large") {
			t.Errorf("%s: %d bytes, %v", name, len(body), err)
		}
	}
}

func TestASlowAnswerIsGivenUp(t *testing.T) {
	t.Parallel()
	server, _ := counting(t, func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).Flush() // the head comes at once, the body never
		<-r.Context().Done()
	})
	guard := outbound.New(outbound.Options{Allow: allow(t, "127.0.0.1"), Timeout: 50 * time.Millisecond})
	if _, err := get(t, guard, server.URL); !fault.Is(err, "outbound_failed") || !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("%v", err)
	}
}

func TestErrorsHoldNoPartOfTheAddress(t *testing.T) {
	t.Parallel()
	closed, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	guard := outbound.New(outbound.Options{Allow: allow(t, "127.0.0.1"), Resolver: rebinding(t, "127.0.0.1"), Timeout: 5 * time.Second})
	for name, address := range map[string]string{
		"refused":       "http://10.0.0.1/canary?key=canary",
		"nobody there":  "http://" + closed.Addr().String() + "/canary?key=canary",
		"a strange one": "gopher://canary/",
	} {
		_, err := get(t, guard, address)
		if err == nil {
			t.Fatalf("%s: no error", name)
		}
		u, _ := url.Parse(address)
		for _, part := range []string{"canary", u.Host} {
			if strings.Contains(err.Error(), part) {
				t.Errorf("%s: the error says %s", name, part)
			}
		}
	}
}

func TestAProxyOfTheEnvironmentIsNotUsed(t *testing.T) {
	proxy, reached := counting(t, hello)
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("http_proxy", proxy.URL)
	server, _ := counting(t, hello)
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(server.URL, "http://"))
	guard := outbound.New(outbound.Options{Allow: allow(t, "127.0.0.0/8"), Resolver: rebinding(t, "127.0.0.1")})
	if _, err := get(t, guard, "http://recordings.test.:"+port); err != nil {
		t.Fatal(err)
	}
	if reached.Load() != 0 {
		t.Fatal("the proxy was used")
	}
}
