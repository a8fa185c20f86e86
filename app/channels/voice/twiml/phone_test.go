package twiml_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/xml"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/twilio/twilio-go/client"

	"onedoor/app/calls"
	"onedoor/app/channels/voice/twiml"
	"onedoor/app/channels/voice/webhook/hooktest"
)

// sign is Twilio's published sum, written for the tests; Twilio's own library confirms each.
func sign(t testing.TB, token, address string, form url.Values) string {
	t.Helper()
	fields, text := map[string]string{}, address
	for _, name := range slices.Sorted(maps.Keys(form)) {
		fields[name] = form.Get(name)
		text += name + form.Get(name)
	}
	mac := hmac.New(sha1.New, []byte(token))
	_, _ = io.WriteString(mac, text)
	signature := base64.StdEncoding.EncodeToString(mac.Sum(nil))
	validator := client.NewRequestValidator(token)
	if !validator.Validate(address, fields, signature) {
		t.Fatal("Twilio's library does not take the test's signature")
	}
	return signature
}

// world is the product with the channel.
type world struct {
	*hooktest.World
	t       testing.TB
	storage *hooktest.Storage
	channel *twiml.Channel
}

func newWorld(t testing.TB, changes ...func(*twiml.Options)) *world {
	t.Helper()
	w := &world{World: hooktest.New(t), t: t, storage: hooktest.NewStorage(t)}
	o := twiml.Options{Options: w.Options(), Outbound: hooktest.Guard(t, w.storage.Host())}
	for _, change := range changes {
		change(&o)
	}
	w.channel = twiml.New(o)
	w.channel.Add(w.Server)
	return w
}

// send posts a form with a signature to an address.
func (w *world) send(address, signature string, form url.Values) (int, string) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if signature != "" {
		r.Header.Set("X-Twilio-Signature", signature)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

// said are words of a reply.
type said struct {
	Language string `xml:"language,attr"`
	Text     string `xml:",chardata"`
	Slowly   string `xml:"prosody"`
}

// reply is what TwiML says to do, as far as a telephone needs to know.
type reply struct {
	XMLName xml.Name `xml:"Response"`
	Said    []said   `xml:"Say"`
	Played  []string `xml:"Play"`
	Gather  *struct {
		Action  string   `xml:"action,attr"`
		Most    int      `xml:"numDigits,attr"`
		Finish  string   `xml:"finishOnKey,attr"`
		Timeout int      `xml:"timeout,attr"`
		OnEmpty bool     `xml:"actionOnEmptyResult,attr"`
		Said    []said   `xml:"Say"`
		Played  []string `xml:"Play"`
	}
	Record *struct {
		Action string `xml:"action,attr"`
		Finish string `xml:"finishOnKey,attr"`
	}
	Dial *struct {
		Action  string `xml:"action,attr"`
		Numbers []struct {
			URL string `xml:"url,attr"`
			To  string `xml:",chardata"`
		} `xml:"Number"`
		SIPs []struct {
			URL string `xml:"url,attr"`
			To  string `xml:",chardata"`
		} `xml:"Sip"`
	}
	Redirect string    `xml:"Redirect"`
	Hangup   *struct{} `xml:"Hangup"`
}

func (r reply) heard() string {
	all := slices.Clone(r.Said)
	if r.Gather != nil {
		all = append(all, r.Gather.Said...)
	}
	var text []string
	for _, s := range all {
		text = append(text, strings.TrimSpace(s.Text)+s.Slowly)
	}
	return strings.Join(text, " ")
}

// phone is Twilio with a caller: it does what TwiML says, and posts what the caller does.
type phone struct {
	*world
	sid  string
	last reply
	raw  string
	// the last post, for those who try it again
	address string
	form    url.Values
}

func (w *world) ring() *phone {
	w.t.Helper()
	p := &phone{world: w, sid: "CA" + strings.ReplaceAll(uuid.NewString(), "-", "")}
	p.post(w.URL+"/voice/twiml/riverside", url.Values{"CallStatus": {"ringing"}})
	return p
}

// post sends what Twilio sends with every message, and more, and reads the TwiML.
func (p *phone) post(address string, more url.Values) {
	p.t.Helper()
	form := url.Values{
		"CallSid": {p.sid}, "AccountSid": {"AC00000000000000000000000000000001"}, "From": {hooktest.From}, "To": {"+441632960999"},
		"Direction": {"inbound"}, "ApiVersion": {"2010-04-01"}, "CallStatus": {"in-progress"},
	}
	maps.Copy(form, more)
	p.address, p.form = address, form
	status, body := p.send(address, sign(p.t, hooktest.Token, address, form), form)
	if status != http.StatusOK {
		p.t.Fatalf("%s is answered with %d %s", address, status, body)
	}
	p.read(body)
}

func (p *phone) read(body string) {
	p.t.Helper()
	p.raw, p.last = body, reply{}
	if err := xml.Unmarshal([]byte(body), &p.last); err != nil {
		p.t.Fatalf("%v in %s", err, body)
	}
}

// press keys, as one caller does: as many as are gathered at a time are posted together.
func (p *phone) press(keys string) *phone {
	p.t.Helper()
	for keys != "" {
		g := p.last.Gather
		if g == nil {
			p.t.Fatalf("nothing is gathered: %s", p.raw)
		}
		gathered, finished := "", ""
		for keys != "" {
			key := keys[:1]
			keys = keys[1:]
			if key == g.Finish {
				finished = key
				break
			}
			gathered += key
			if g.Most > 0 && len(gathered) == g.Most {
				break
			}
		}
		p.post(g.Action, url.Values{"Digits": {gathered}, "FinishedOnKey": {finished}, "msg": {"Gather End"}})
	}
	return p
}

// wait lets the time of the gathering pass.
func (p *phone) wait() *phone {
	p.t.Helper()
	if p.last.Gather == nil || !p.last.Gather.OnEmpty || p.last.Gather.Timeout < 20 {
		p.t.Fatalf("silence would be the end of it: %s", p.raw)
	}
	p.post(p.last.Gather.Action, url.Values{"Digits": {""}, "FinishedOnKey": {""}})
	return p
}

// speak leaves a recording at the platform and posts where it is.
func (p *phone) speak(digits string) *phone {
	p.t.Helper()
	if p.last.Record == nil {
		p.t.Fatalf("nobody listens: %s", p.raw)
	}
	p.storage.Put("/Recordings/RE1.wav", hooktest.WAV(), 1)
	p.post(p.last.Record.Action, url.Values{"RecordingUrl": {p.storage.URL + "/Recordings/RE1"}, "RecordingSid": {"RE1"}, "RecordingDuration": {"1"}, "Digits": {digits}})
	return p
}

// status posts how the call stands.
func (p *phone) status(s string) {
	p.t.Helper()
	form := url.Values{"CallSid": {p.sid}, "From": {hooktest.From}, "CallStatus": {s}}
	address := p.URL + "/voice/twiml/riverside/status"
	if code, body := p.send(address, sign(p.t, hooktest.Token, address, form), form); code != http.StatusNoContent {
		p.t.Fatalf("the status is answered with %d %s", code, body)
	}
}

func (p *phone) wantHeard(parts ...string) *phone {
	p.t.Helper()
	for _, part := range parts {
		if !strings.Contains(p.last.heard(), part) {
			p.t.Fatalf("a caller hears %q, and not %q", p.last.heard(), part)
		}
	}
	return p
}

func (p *phone) record() calls.Call { return p.Call(p.t, p.sid, calls.TwiML) }

func get(t testing.TB, address string) (int, []byte, http.Header) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, body, response.Header
}
