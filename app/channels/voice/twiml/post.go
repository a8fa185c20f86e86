package twiml

import (
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"
	"github.com/twilio/twilio-go/client"

	"onedoor/app/channels/voice/webhook"
	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/app/routes"
)

// post is one message, whose signature was checked.
type post struct {
	line webhook.Line
	form url.Values
}

// read takes a message in and believes it only if it is signed with a token of the line. An unknown line, a missing and a
// wrong signature are one and the same refusal.
func (c *Channel) read(e echo.Context) (post, error) {
	r := e.Request()
	line, found, err := c.lines.Line(r.Context(), e.Param("line"))
	if err != nil {
		return post{}, err
	}
	media, _, err := mime.ParseMediaType(r.Header.Get(echo.HeaderContentType))
	if err != nil || media != echo.MIMEApplicationForm {
		return post{}, fault.New(fault.Unsupported, "form_expected", "Send a form, with Content-Type: application/x-www-form-urlencoded.")
	}
	body, err := routes.ReadBody(e)
	if err != nil {
		return post{}, err
	}
	form, err := parseForm(string(body))
	if err != nil {
		return post{}, err
	}
	if !found || !signed(line.TwiMLTokens, publicURL(c.base, r), form, r.Header.Values("X-Twilio-Signature")) {
		return post{}, webhook.Refused(nil)
	}
	p := post{line, form}
	if p.call() == "" {
		return post{}, fault.New(fault.Invalid, "call_sid", "The message does not say which call it is about.")
	}
	return p, nil
}

// publicURL is the address as the platform called it, to the letter: what a proxy in between makes of it is not signed.
func publicURL(base string, r *http.Request) string { return base + r.URL.RequestURI() }

// signed reports whether the one signature is right for one of the tokens. Twilio's own library does the sum; it compares in
// constant time, and takes the address with and without its port, since Twilio signs either.
func signed(tokens []string, address string, form url.Values, signatures []string) bool {
	if len(signatures) != 1 || signatures[0] == "" {
		return false
	}
	fields := make(map[string]string, len(form))
	for name, values := range form {
		fields[name] = values[0]
	}
	right := false
	for _, token := range tokens {
		if token == "" {
			continue
		}
		validator := client.NewRequestValidator(token)
		right = validator.Validate(address, fields, signatures[0]) || right
	}
	return right
}

// mostFields is far above what Twilio posts.
const mostFields = 200

// parseForm reads a form strictly: what is signed is one value for each name, so a name stands once.
func parseForm(body string) (url.Values, error) {
	malformed := fault.New(fault.Malformed, "malformed_form", "The form could not be read.")
	if strings.Count(body, "&") >= mostFields {
		return nil, malformed.Because(errors.New("too many fields"))
	}
	form, err := url.ParseQuery(body)
	if err != nil {
		return nil, malformed // the parser's own words hold the field
	}
	for name, values := range form {
		if len(values) != 1 {
			return nil, malformed.Because(errors.New("a field stands twice"))
		}
		if !utf8.ValidString(name) || !utf8.ValidString(values[0]) || strings.ContainsRune(name+values[0], 0) {
			return nil, malformed.Because(errors.New("not UTF-8"))
		}
	}
	return form, nil
}

// call is the platform's name for the caller's leg. On the leg of who picks up, it is the parent's.
func (p post) call() string {
	if parent := p.form.Get("ParentCallSid"); parent != "" {
		return parent
	}
	return p.form.Get("CallSid")
}

// hungUp reports whether the caller went while speaking: the recording is posted, and nobody hears the answer.
func (p post) hungUp() bool { return p.form.Get("Digits") == "hangup" }

// caller is the number that the call comes from, or none. Twilio writes withheld numbers as words, and as those words keyed.
func (p post) caller() nhs.Phone {
	switch from := p.form.Get("From"); from {
	case "+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253": // anonymous, restricted, blocked, unknown, unavailable
		return ""
	default:
		if !strings.HasPrefix(from, "+") {
			return ""
		}
		phone, err := nhs.ParsePhone(from)
		if err != nil {
			return ""
		}
		return phone
	}
}
