package media

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"
)

// secured is a telephone's side of SRTP.
type secured struct {
	*phone
	seal, open *srtp.Context
}

// secure agrees on encrypted sound and makes the telephone's side of it.
func secure(t *testing.T, s *Session, p *phone, suite string) *secured {
	t.Helper()
	their := key{1, 2, 3}
	offered := cryptoLine{tag: "5", suite: suite, key: their}
	answer := p.call(s, p.offer("m=audio %d RTP/SAVP 8 101", "a=rtpmap:101 telephone-event/8000", "a=crypto:"+offered.attribute(their)+"|2^31"))
	_, line, ok := strings.Cut(answer, "a=crypto:")
	line, _, _ = strings.Cut(line, "\r\n")
	ours, parsed := parseCrypto(line)
	if !ok || !parsed || ours.tag != "5" || ours.suite != suite || ours.key == their {
		t.Fatalf("the answer's key cannot be used:\n%s", answer)
	}
	seal, err := offered.context(their)
	if err != nil {
		t.Fatal(err)
	}
	open, err := ours.context(ours.key)
	if err != nil {
		t.Fatal(err)
	}
	return &secured{phone: p, seal: seal, open: open}
}

func (p *secured) sealed(payloadType uint8, payload []byte) []byte {
	p.t.Helper()
	p.rtp.PayloadType, p.rtp.Payload = payloadType, payload
	raw, err := p.rtp.Marshal()
	if err != nil {
		p.t.Fatal(err)
	}
	p.rtp.SequenceNumber++
	raw, err = p.seal.EncryptRTP(nil, raw, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	return raw
}

func (p *secured) hear() ([]byte, rtp.Header) {
	p.t.Helper()
	raw := make([]byte, 1500)
	n, err := p.conn.Read(raw)
	if err != nil {
		p.t.Fatal(err)
	}
	var h rtp.Header
	plain, err := p.open.DecryptRTP(nil, raw[:n], &h)
	if err != nil {
		p.t.Fatal(err)
	}
	return plain[h.MarshalSize():], h
}

func TestSoundIsEncryptedBothWays(t *testing.T) {
	t.Parallel()
	for _, suite := range []string{"AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32"} {
		t.Run(suite, func(t *testing.T) {
			t.Parallel()
			s := testSession(t)
			p := secure(t, s, newPhone(t), suite)
			payload, h := p.hear()
			if h.PayloadType != 8 || len(payload) != frameSamples || payload[0] != aLawSilence {
				t.Errorf("heard %d bytes of %d", len(payload), h.PayloadType)
			}
			press := p.sealed(101, []byte{3, 0, 0, 160})
			p.raw(press)
			if d := <-s.Digits(); d.Key != '3' {
				t.Errorf("heard %c", d.Key)
			}
			p.raw(press) // a replay
			forged := p.sealed(101, []byte{4, 0, 0, 160})
			forged[13] ^= 1
			p.raw(forged)
			p.send(101, []byte{5, 0, 0, 160}) // in clear
			eventually(t, "what is not authentic is counted", func() bool { return s.Stats().Unauthentic == 3 })
			if got := s.Stats(); got.Keys != 1 || got.Received != 1 || !s.Secured() {
				t.Errorf("it did more than count: %+v", got)
			}
		})
	}
}

func TestARefreshKeepsTheKeysAndANewSuiteHasNew(t *testing.T) {
	t.Parallel()
	s, p := testSession(t), newPhone(t)
	secure(t, s, p, "AES_CM_128_HMAC_SHA1_80")
	first, context := s.local.key, s.out.crypto
	secure(t, s, p, "AES_CM_128_HMAC_SHA1_80")
	if s.local.key != first || s.out.crypto != context {
		t.Error("a refresh began the encryption anew")
	}
	secure(t, s, p, "AES_CM_128_HMAC_SHA1_32")
	if s.local.key == first {
		t.Error("one key serves two contexts: the second repeats the first one's stream")
	}
	second := s.local.key
	p.call(s, p.offer("m=audio %d RTP/AVP 8"))
	if s.Secured() {
		t.Error("plain sound is said to be encrypted")
	}
	secure(t, s, p, "AES_CM_128_HMAC_SHA1_32")
	if s.local.key == second {
		t.Error("after plain sound an old key is used again")
	}
}

func TestWhichKeysCanBeUsed(t *testing.T) {
	t.Parallel()
	good := "inline:" + base64.StdEncoding.EncodeToString(make([]byte, 30))
	for line, want := range map[string]bool{
		"1 AES_CM_128_HMAC_SHA1_80 " + good:                       true,
		"1 AES_CM_128_HMAC_SHA1_80 " + good + "|2^20":             true,
		"1 AES_CM_128_HMAC_SHA1_32 " + good + " WSH=64":           true,
		"1 AES_CM_128_HMAC_SHA1_32 " + good + "|1:4":              false,
		"1 AES_CM_128_HMAC_SHA1_32 " + good + ";" + good:          false,
		"1 AES_CM_128_HMAC_SHA1_32 " + good + " KDR=1":            false,
		"1 AES_CM_128_HMAC_SHA1_32 " + good + " UNENCRYPTED_SRTP": false,
		"0 AES_CM_128_HMAC_SHA1_80 " + good:                       false,
		"x AES_CM_128_HMAC_SHA1_80 " + good:                       false,
		"1 AES_256_CM_HMAC_SHA1_80 " + good:                       false,
		"1 AES_CM_128_HMAC_SHA1_80":                               false,
		"1 AES_CM_128_HMAC_SHA1_80 inline:!!!":                    false,
		"":                                                        false,
	} {
		if _, ok := parseCrypto(line); ok != want {
			t.Errorf("%q can be used: %t", line, ok)
		}
	}
}
