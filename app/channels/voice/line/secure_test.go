package line_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/textproto"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"

	"onedoor/app/channels/voice/line"
	"onedoor/app/channels/voice/line/linetest"
)

// certificate is one for 127.0.0.1, and the pool that trusts it.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "line"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// response reads one SIP response from a stream: its status and body.
func response(t *testing.T, r *bufio.Reader) (int, textproto.MIMEHeader, string) {
	t.Helper()
	text := textproto.NewReader(r)
	first, err := text.ReadLine()
	if err != nil {
		t.Fatal(err)
	}
	status, err := strconv.Atoi(strings.Fields(first + " 0 0")[1])
	if err != nil {
		return 0, nil, first // a request
	}
	headers, err := text.ReadMIMEHeader()
	if err != nil {
		t.Fatal(err)
	}
	length, _ := strconv.Atoi(headers.Get("Content-Length"))
	body := make([]byte, length)
	if _, err := io.ReadFull(r, body); err != nil {
		t.Fatal(err)
	}
	return status, headers, string(body)
}

func TestACallOverTLSWithSRTPIsHeard(t *testing.T) {
	t.Parallel()
	cert, pool := certificate(t)
	keys := make(chan string, 1)
	r := start(t, func(ctx context.Context, call line.Call) error {
		if !call.Media().Secured() {
			t.Error("its audio is not encrypted")
		}
		keys <- collect(ctx, call, '#')
		return nil
	}, func(c *line.Config) {
		c.ListenTLS, c.TLS = "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	})
	conn, err := tls.Dial("tcp", r.AddrTLS().String(), &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	phone := linetest.NewTelephone(t)
	ours := make([]byte, 30)
	_, _ = rand.Read(ours)
	offer := crlf(fmt.Sprintf("v=0\no=caller 1 1 IN IP4 127.0.0.1\ns=-\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio %s RTP/SAVP 8 101\na=rtpmap:8 PCMA/8000\na=rtpmap:101 telephone-event/8000\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:%s\n",
		phone.Port(), base64.StdEncoding.EncodeToString(ours)))
	head := func(method, to string, n, length int) string {
		return crlf(fmt.Sprintf(`%[1]s sip:riverside@127.0.0.1 SIP/2.0
Via: SIP/2.0/TLS %[2]s;branch=z9hG4bK-tls%[1]s
From: <sip:07700900123@127.0.0.1>;tag=tls
To: %[3]s
Call-ID: tls@127.0.0.1
CSeq: %[4]d %[1]s
Contact: <sip:07700900123@%[2]s;transport=tls>
Max-Forwards: 70
Content-Type: application/sdp
Content-Length: %[5]d

`, method, conn.LocalAddr(), to, n, length))
	}
	_, _ = io.WriteString(conn, head("INVITE", "<sip:riverside@127.0.0.1>", 1, len(offer))+offer)
	reader := bufio.NewReader(conn)
	status, headers, answer := response(t, reader)
	for status < 200 {
		status, headers, answer = response(t, reader)
	}
	found := regexp.MustCompile(`a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:([A-Za-z0-9+/=]{40})`).FindStringSubmatch(answer)
	port := regexp.MustCompile(`m=audio (\d+) RTP/SAVP 8 101`).FindStringSubmatch(answer)
	if status != 200 || found == nil || port == nil || !strings.Contains(headers.Get("Contact"), "transport=tls") {
		t.Fatalf("status %d, %v\n%s", status, headers, answer)
	}
	_, _ = io.WriteString(conn, head("ACK", headers.Get("To"), 1, 0))
	seal, err := srtp.CreateContext(ours[:16], ours[16:], srtp.ProtectionProfileAes128CmHmacSha1_80)
	if err != nil {
		t.Fatal(err)
	}
	theirs, _ := base64.StdEncoding.DecodeString(found[1])
	open, err := srtp.CreateContext(theirs[:16], theirs[16:], srtp.ProtectionProfileAes128CmHmacSha1_80)
	if err != nil {
		t.Fatal(err)
	}
	number, _ := strconv.Atoi(port[1])
	phone.To = &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: number}

	packet := make([]byte, 2048)
	_ = phone.Conn.SetReadDeadline(time.Now().Add(patience))
	n, err := phone.Conn.Read(packet)
	if err != nil {
		t.Fatal("the line sent no audio:", err)
	}
	if _, err := open.DecryptRTP(nil, packet[:n], nil); err != nil {
		t.Error("what the line sends cannot be opened by its key:", err)
	}
	send := func(s *srtp.Context, seq uint16, event byte) {
		plain, _ := (&rtp.Packet{
			Header:  rtp.Header{Version: 2, Marker: true, PayloadType: 101, SequenceNumber: seq, Timestamp: uint32(seq) * 1600, SSRC: 7},
			Payload: []byte{event, 0x80 | 10, 3, 0x20},
		}).Marshal()
		sealed := plain
		if s != nil {
			if sealed, err = s.EncryptRTP(nil, plain, nil); err != nil {
				t.Fatal(err)
			}
		}
		_, _ = phone.Conn.WriteToUDP(sealed, phone.To)
	}
	send(seal, 1, 4)
	send(nil, 2, 9) // a key that nobody sealed
	send(seal, 3, 2)
	send(seal, 4, 11)
	if got := <-keys; got != "42#" {
		t.Errorf("the keys were %q", got)
	}
	if _, _, first := response(t, reader); !strings.HasPrefix(first, "BYE ") {
		t.Errorf("the call ended with %q", first)
	}
}

func TestTLSIsNotSpokenInTheClear(t *testing.T) {
	t.Parallel()
	cert, _ := certificate(t)
	r := start(t, untilItEnds, func(c *line.Config) {
		c.ListenTLS, c.TLS = "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	})
	conn, err := net.Dial("tcp", r.AddrTLS().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, invite("plain"))
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	said, _ := io.ReadAll(conn)
	if strings.Contains(string(said), "SIP/2.0") || r.Stats().Answered != 0 {
		t.Errorf("it said %q", said)
	}
}
