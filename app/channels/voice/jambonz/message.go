package jambonz

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"onedoor/app/channels/voice/webhook"
	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/app/routes"
)

// message is what jambonz posts, as far as it is used here. Source: jambonz's documentation of webhooks.
type message struct {
	CallSID        string `json:"call_sid"`
	ParentCallSID  string `json:"parent_call_sid"`
	From           string `json:"from"`
	CallStatus     string `json:"call_status"`
	Reason         string `json:"reason"` // of a gather: dtmfDetected, timeout
	Digits         string `json:"digits"`
	DialCallStatus string `json:"dial_call_status"`

	line webhook.Line
}

// tolerance is how old, or how much ahead of our clock, a signature may be.
const tolerance = 5 * time.Minute

// read takes a message in and believes it only if it is signed with a secret of the line. An unknown line, a missing, an
// old and a wrong signature are one and the same refusal.
func (c *Channel) read(e echo.Context) (message, error) {
	line, found, err := c.lines.Line(e.Request().Context(), e.Param("line"))
	if err != nil {
		return message{}, err
	}
	body, err := routes.ReadBody(e)
	if err != nil {
		return message{}, err
	}
	if !found || !signed(line.JambonzSecrets, e.Request().Header.Values("Jambonz-Signature"), body, c.now()) {
		return message{}, webhook.Refused(nil)
	}
	m, err := parseMessage(body)
	m.line = line
	return m, err
}

func parseMessage(body []byte) (message, error) {
	var m message
	if !utf8.Valid(body) || json.Unmarshal(body, &m) != nil { // its words would hold what was sent
		return message{}, fault.New(fault.Malformed, "malformed_json", "The body is not valid JSON.")
	}
	if m.CallSID == "" {
		return message{}, fault.New(fault.Invalid, "call_sid", "The message does not say which call it is about.")
	}
	return m, nil
}

// signed checks a header such as t=1795428120,v1=hex: the HMAC-SHA256 of "t.body". Several v1 stand while jambonz changes its
// secret; one that fits is enough.
func signed(secrets, headers []string, body []byte, now time.Time) bool {
	if len(headers) != 1 || len(headers[0]) > 2048 {
		return false
	}
	stamp, signatures := "", []string{}
	for part := range strings.SplitSeq(headers[0], ",") {
		switch name, value, _ := strings.Cut(strings.TrimSpace(part), "="); name {
		case "t":
			if stamp != "" {
				return false
			}
			stamp = value
		case "v1":
			signatures = append(signatures, value)
		}
	}
	at, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || at > 1<<40 {
		return false
	}
	if age := now.Sub(time.Unix(at, 0)); age > tolerance || age < -tolerance {
		return false
	}
	right := false
	for _, secret := range secrets {
		if secret == "" {
			continue
		}
		mac := hmac.New(sha256.New, []byte(secret))
		_, _ = mac.Write([]byte(stamp + "."))
		_, _ = mac.Write(body)
		want := []byte(hex.EncodeToString(mac.Sum(nil)))
		for _, s := range signatures {
			right = hmac.Equal(want, []byte(s)) || right
		}
	}
	return right
}

// parent is the caller's leg, when the message is about the leg of who picks up.
func (m message) parent() string {
	if m.ParentCallSID != "" {
		return m.ParentCallSID
	}
	return m.CallSID
}

// caller is the number that the call comes from, or none. Some carriers leave the plus out.
func (m message) caller() nhs.Phone {
	from := m.From
	if len(from) > 10 && strings.Trim(from, "0123456789") == "" && !strings.HasPrefix(from, "0") {
		from = "+" + from
	}
	if strings.Trim(from, "+0123456789") != "" {
		return ""
	}
	phone, err := nhs.ParsePhone(from)
	if err != nil {
		return ""
	}
	return phone
}
