package line

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"onedoor/app/nhs"
)

// allow is what this side understands.
const allow = "INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE, NOTIFY"

// headed is a request or a response.
type headed interface {
	GetHeader(name string) sip.Header
	GetHeaders(name string) []sip.Header
}

// header is the value of the first header by one of its names (the full one and RFC 3261's compact form).
func header(m headed, names ...string) string {
	for _, name := range names {
		if h := m.GetHeader(name); h != nil {
			return h.Value()
		}
	}
	return ""
}

// tokens are the comma-separated words of all headers by these names.
func tokens(m headed, names ...string) []string {
	var list []string
	for _, name := range names {
		for _, h := range m.GetHeaders(name) {
			for word := range strings.SplitSeq(h.Value(), ",") {
				if word = strings.ToLower(strings.TrimSpace(word)); word != "" {
					list = append(list, word)
				}
			}
		}
	}
	return list
}

func hasToken(m headed, word string, names ...string) bool {
	for _, w := range tokens(m, names...) {
		if w == word {
			return true
		}
	}
	return false
}

// unsupported are the extensions that a request requires and this side lacks.
func unsupported(req *sip.Request) []string {
	var list []string
	for _, w := range tokens(req, "Require") {
		if w != "timer" {
			list = append(list, w)
		}
	}
	return list
}

// isSDP reports whether a body is an offer or answer; no Content-Type is taken for one, as old telephones mean it.
func isSDP(m headed) bool {
	kind, _, _ := strings.Cut(header(m, "Content-Type", "c"), ";")
	kind = strings.ToLower(strings.TrimSpace(kind))
	return kind == "" || kind == "application/sdp"
}

// callerOf is the number that a call came from: what the network asserts (RFC 3325) before what the caller says. A caller
// who asked for privacy has none.
func callerOf(req *sip.Request) nhs.Phone {
	for _, word := range strings.FieldsFunc(strings.ToLower(header(req, "Privacy")), func(r rune) bool { return r == ';' || r == ',' || r == ' ' }) {
		if word != "none" {
			return ""
		}
	}
	if asserted := header(req, "P-Asserted-Identity"); asserted != "" {
		var uri sip.Uri
		params := sip.NewParams()
		if _, err := sip.ParseAddressValue(asserted, &uri, &params); err == nil {
			if phone := phoneOf(uri); phone != "" {
				return phone
			}
		}
	}
	if from := req.From(); from != nil {
		return phoneOf(from.Address)
	}
	return ""
}

func phoneOf(uri sip.Uri) nhs.Phone {
	number := uri.User
	if uri.Scheme == "tel" {
		number = uri.Raw()
	}
	number, _, _ = strings.Cut(number, ";")
	if len(number) < 7 || strings.Trim(number, "+0123456789-.()") != "" { // extensions and names are not numbers
		return ""
	}
	phone, err := nhs.ParsePhone(number)
	if err != nil {
		return ""
	}
	return phone
}

// dialled is the name that a caller rang, of an address as trunks write it: +44… as %2B44…, as a tel address, or with
// parameters of the number (RFC 3966) behind it.
func dialled(uri sip.Uri) string {
	name := uri.User
	if uri.Scheme == "tel" {
		name = uri.Raw()
	}
	name, _, _ = strings.Cut(name, ";")
	if plain, err := url.PathUnescape(name); err == nil {
		name = plain
	}
	return name
}

// sessionTime is a Session-Expires header: RFC 4028.
type sessionTime struct {
	every     time.Duration // zero for none
	refresher string        // uac, uas or empty
}

func parseSessionTime(value string) sessionTime {
	number, rest, _ := strings.Cut(value, ";")
	t := sessionTime{every: seconds(number)}
	for param := range strings.SplitSeq(rest, ";") {
		if name, v, _ := strings.Cut(param, "="); strings.EqualFold(strings.TrimSpace(name), "refresher") {
			if v = strings.ToLower(strings.TrimSpace(v)); v == "uac" || v == "uas" {
				t.refresher = v
			}
		}
	}
	return t
}

// seconds reads a count of seconds; zero when it is not one, or is more than a day.
func seconds(s string) time.Duration {
	s, _, _ = strings.Cut(s, ";")
	n, err := strconv.ParseUint(strings.TrimSpace(s), 10, 32)
	if err != nil || n > 86_400 {
		return 0
	}
	return time.Duration(n) * time.Second
}

// infoDigit is the digit of an INFO: application/dtmf-relay (Signal=5) or application/dtmf (5).
func infoDigit(kind string, body []byte) (byte, bool) {
	kind, _, _ = strings.Cut(kind, ";")
	kind = strings.ToLower(strings.TrimSpace(kind))
	if kind != "application/dtmf-relay" && kind != "application/dtmf" {
		return 0, false
	}
	for line := range strings.Lines(string(body)) {
		value := strings.TrimSpace(line)
		if name, v, ok := strings.Cut(value, "="); ok {
			if !strings.EqualFold(strings.TrimSpace(name), "signal") {
				continue
			}
			value = strings.TrimSpace(v)
		}
		switch {
		case len(value) == 1 && strings.ContainsAny(value, "0123456789*#ABCD"):
			return value[0], true
		case value == "10": // some send the event's number
			return '*', true
		case value == "11":
			return '#', true
		}
		return 0, false
	}
	return 0, false
}

// sipfrag is the status of a NOTIFY's message/sipfrag body; zero when there is none.
func sipfrag(body []byte) int {
	first, _, _ := strings.Cut(string(body), "\n")
	fields := strings.Fields(first)
	if len(fields) < 2 || fields[0] != "SIP/2.0" {
		return 0
	}
	n, err := strconv.Atoi(fields[1])
	if err != nil || n < 100 || n > 699 {
		return 0
	}
	return n
}

// sourceOf is the address that a message came from.
func sourceOf(req *sip.Request) netip.AddrPort {
	p, err := netip.ParseAddrPort(req.Source())
	if err != nil {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(p.Addr().Unmap(), p.Port())
}

func wholeSeconds(d time.Duration) string { return strconv.Itoa(int(d / time.Second)) }
