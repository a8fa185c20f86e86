package jambonz_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/uuid"

	"onedoor/app/calls"
	"onedoor/app/channels/voice/jambonz"
	"onedoor/app/channels/voice/webhook"
	"onedoor/app/channels/voice/webhook/hooktest"
)

type world struct {
	*hooktest.World
	t       testing.TB
	channel *jambonz.Channel
}

func newWorld(t testing.TB, changes ...func(*webhook.Options)) *world {
	t.Helper()
	w := &world{World: hooktest.New(t), t: t}
	o := w.Options()
	for _, change := range changes {
		change(&o)
	}
	w.channel = jambonz.New(o)
	w.channel.Add(w.Server)
	return w
}

// sign is jambonz's published sum.
func sign(secret string, at time.Time, body []byte) string {
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(stamp + "."))
	mac.Write(body)
	return "t=" + stamp + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}

func (w *world) send(address, signature string, body []byte) (int, []byte) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if signature != "" {
		r.Header.Set("Jambonz-Signature", signature)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return response.StatusCode, answer
}

type words struct {
	Text        []string
	Synthesizer struct{ Vendor, Language string }
}

// verb is any verb, as far as a telephone needs to know.
type verb struct {
	Verb, ActionHook, ConfirmHook, URL, FinishOnKey string
	NumDigits, Timeout, InterDigitTimeout           int
	DTMFBargein                                     bool `json:"dtmfBargein"`
	Text                                            []string
	Say                                             words
	Play                                            struct{ URL string }
	Target                                          []struct{ Type, Number, SIPURI string }
}

// phone is jambonz with a caller.
type phone struct {
	*world
	sid     string
	verbs   []verb
	raw     []byte
	address string
	body    []byte
	all     *[][]byte // every answer, for those who judge them
}

func (w *world) ring() *phone {
	w.t.Helper()
	p := &phone{world: w, sid: uuid.NewString(), all: &[][]byte{}}
	p.post(w.URL+"/voice/jambonz/riverside", map[string]any{"call_status": "trying"})
	return p
}

func (p *phone) post(address string, more map[string]any) {
	p.t.Helper()
	message := map[string]any{
		"call_sid": p.sid, "direction": "inbound", "from": hooktest.From, "to": "+441632960999", "call_id": "f7a6", "sip_status": 200, "call_status": "in-progress",
		"account_sid": "a", "application_sid": "b", "customerData": map[string]any{"x": 1},
	}
	maps.Copy(message, more)
	body, err := json.Marshal(message)
	if err != nil {
		p.t.Fatal(err)
	}
	p.address, p.body = address, body
	status, answer := p.send(address, sign(hooktest.Secret, p.Now(), body), body)
	if status != http.StatusOK {
		p.t.Fatalf("%s is answered with %d %s", address, status, answer)
	}
	p.read(answer)
}

func (p *phone) read(answer []byte) {
	p.t.Helper()
	p.raw, p.verbs = answer, nil
	if err := json.Unmarshal(answer, &p.verbs); err != nil {
		p.t.Fatalf("%v in %s", err, answer)
	}
	*p.all = append(*p.all, answer)
}

func (p *phone) find(name string) (verb, bool) {
	for _, v := range p.verbs {
		if v.Verb == name {
			return v, true
		}
	}
	return verb{}, false
}

func (p *phone) want(name string) verb {
	p.t.Helper()
	v, ok := p.find(name)
	if !ok {
		p.t.Fatalf("there is no %s in %s", name, p.raw)
	}
	return v
}

func (p *phone) heard() string {
	var all []string
	for _, v := range p.verbs {
		all = append(append(all, v.Text...), v.Say.Text...)
	}
	return strings.Join(all, " ")
}

func (p *phone) wantHeard(parts ...string) *phone {
	p.t.Helper()
	for _, part := range parts {
		if !strings.Contains(p.heard(), part) {
			p.t.Fatalf("a caller hears %q, and not %q", p.heard(), part)
		}
	}
	return p
}

func (p *phone) press(keys string) *phone {
	p.t.Helper()
	for keys != "" {
		g := p.want("gather")
		gathered := ""
		for keys != "" {
			key := keys[:1]
			keys = keys[1:]
			if key == g.FinishOnKey {
				break
			}
			gathered += key
			if g.NumDigits > 0 && len(gathered) == g.NumDigits {
				break
			}
		}
		p.post(g.ActionHook, map[string]any{"reason": "dtmfDetected", "digits": gathered})
	}
	return p
}

// speak streams sound, and says that it stopped.
func (p *phone) speak(seconds, loud int, digits string) *phone {
	p.t.Helper()
	l := p.want("listen")
	_ = p.stream(l, seconds, loud).Close(websocket.StatusNormalClosure, "")
	p.post(l.ActionHook, map[string]any{"digits": digits})
	return p
}

// speakAndKey streams sound with keys at its end, as jambonz passes them, until it is told to end the stream.
func (p *phone) speakAndKey(keys string) *phone {
	p.t.Helper()
	l := p.want("listen")
	socket := p.stream(l, 1, 9000)
	for _, key := range keys {
		if err := socket.Write(p.t.Context(), websocket.MessageText, []byte(`{"event":"dtmf","dtmf":"`+string(key)+`","duration":"1600"}`)); err != nil {
			p.t.Fatal(err)
		}
	}
	if _, told, err := socket.Read(p.t.Context()); err != nil || string(told) != `{"type":"disconnect"}` {
		p.t.Fatalf("jambonz is told %q, %v", told, err)
	}
	_ = socket.Close(websocket.StatusNormalClosure, "")
	p.post(l.ActionHook, nil)
	return p
}

// stream opens the stream of a listen, and speaks.
func (p *phone) stream(l verb, seconds, loud int) *websocket.Conn {
	p.t.Helper()
	socket, response, err := websocket.Dial(p.t.Context(), l.URL, &websocket.DialOptions{Subprotocols: []string{"audio.jambonz.org"}})
	if err != nil {
		p.t.Fatal(err)
	}
	if response.Body != nil {
		_ = response.Body.Close()
	}
	if socket.Subprotocol() != "audio.jambonz.org" {
		p.t.Fatalf("the subprotocol is %q", socket.Subprotocol())
	}
	if err := socket.Write(p.t.Context(), websocket.MessageText, []byte(`{"callSid":"x","sampleRate":8000,"mixType":"mono"}`)); err != nil {
		p.t.Fatal(err)
	}
	for range seconds * 50 {
		var part []byte
		for i := range 160 {
			part = binary.LittleEndian.AppendUint16(part, uint16(i%2*loud)) //nolint:gosec // small
		}
		if err := socket.Write(p.t.Context(), websocket.MessageBinary, part); err != nil {
			p.t.Fatal(err)
		}
	}
	return socket
}

func (p *phone) status(s string) {
	p.t.Helper()
	body, _ := json.Marshal(map[string]any{"call_sid": p.sid, "from": hooktest.From, "call_status": s})
	if code, answer := p.send(p.URL+"/voice/jambonz/riverside/status", sign(hooktest.Secret, p.Now(), body), body); code != http.StatusNoContent {
		p.t.Fatalf("the status is answered with %d %s", code, answer)
	}
}

func (p *phone) record() calls.Call { return p.Call(p.t, p.sid, calls.Jambonz) }
