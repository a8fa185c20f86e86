package media

import (
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"
	"github.com/pion/srtp/v3"
)

// Keys for SRTP in SDP (RFC 4568).

const (
	masterKey  = 16
	masterSalt = 14
)

// key is a master key and its salt.
type key [masterKey + masterSalt]byte

// suites that we speak, the stronger check first.
func profile(suite string) (srtp.ProtectionProfile, bool) {
	switch suite {
	case "AES_CM_128_HMAC_SHA1_80":
		return srtp.ProtectionProfileAes128CmHmacSha1_80, true
	case "AES_CM_128_HMAC_SHA1_32":
		return srtp.ProtectionProfileAes128CmHmacSha1_32, true
	}
	return 0, false
}

// cryptoLine is one a=crypto that we can use.
type cryptoLine struct {
	tag   string
	suite string
	key   key
}

// chooseCrypto takes the first line that we can use: the order is the offerer's preference.
func chooseCrypto(attributes []sdp.Attribute) *cryptoLine {
	for _, at := range attributes {
		if at.Key != "crypto" {
			continue
		}
		if line, ok := parseCrypto(at.Value); ok {
			return &line
		}
	}
	return nil
}

// parseCrypto reads "1 AES_CM_128_HMAC_SHA1_80 inline:base64|2^31". A line with several keys, with a key identifier or
// with a parameter that changes the packets is left for one without.
func parseCrypto(value string) (cryptoLine, bool) {
	fields := strings.Fields(value)
	if len(fields) < 3 {
		return cryptoLine{}, false
	}
	line := cryptoLine{tag: fields[0], suite: fields[1]}
	if tag, err := strconv.ParseUint(line.tag, 10, 32); err != nil || len(line.tag) > 9 || tag == 0 {
		return cryptoLine{}, false
	}
	if _, ok := profile(line.suite); !ok {
		return cryptoLine{}, false
	}
	for _, parameter := range fields[3:] {
		if !strings.HasPrefix(parameter, "WSH=") { // a hint about windows; all others change the packets
			return cryptoLine{}, false
		}
	}
	inline, ok := strings.CutPrefix(fields[2], "inline:")
	if !ok || strings.Contains(inline, ";") {
		return cryptoLine{}, false
	}
	coded, rest, _ := strings.Cut(inline, "|")
	if strings.Contains(rest, ":") { // an identifier would stand in each packet
		return cryptoLine{}, false
	}
	raw, err := base64.StdEncoding.DecodeString(coded)
	if err != nil || len(raw) != len(line.key) {
		return cryptoLine{}, false
	}
	copy(line.key[:], raw)
	return line, true
}

// attribute is the line as it is written, with our own key.
func (c cryptoLine) attribute(own key) string {
	return c.tag + " " + c.suite + " inline:" + base64.StdEncoding.EncodeToString(own[:])
}

// context makes the state of one direction.
func (c cryptoLine) context(with key, options ...srtp.ContextOption) (*srtp.Context, error) {
	p, _ := profile(c.suite)
	return srtp.CreateContext(with[:masterKey], with[masterKey:], p, options...)
}
