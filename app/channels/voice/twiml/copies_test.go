package twiml_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"onedoor/app/channels/voice/twiml"
	"onedoor/app/channels/voice/webhook"
	"onedoor/app/channels/voice/webhook/hooktest"
)

const (
	account = "AC0123456789abcdef0123456789abcdef"
	spoken  = "RE0123456789abcdef0123456789abcdef"
	heldAt  = "https://api.twilio.com/2010-04-01/Accounts/" + account + "/Recordings/" + spoken
)

// twilio plays Twilio's REST API for one recording: it is asked as Twilio is, and answers from this machine.
type twilio struct {
	server *httptest.Server
	mu     sync.Mutex
	token  string // the one that it takes
	gone   bool
	busy   int // refusals of a removal before the first that succeeds
	asked  []string
}

func playTwilio(t testing.TB) *twilio {
	t.Helper()
	p := &twilio{token: hooktest.Token}
	p.server = httptest.NewServer(http.HandlerFunc(p.serve))
	t.Cleanup(p.server.Close)
	return p
}

func (p *twilio) serve(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, r.Method+" "+r.URL.Path)
	user, password, _ := r.BasicAuth()
	switch {
	case r.Header.Get("X-Host") != "api.twilio.com" || user != account || password != p.token:
		w.WriteHeader(http.StatusUnauthorized)
	case p.gone:
		w.WriteHeader(http.StatusNotFound)
	case r.Method == http.MethodGet:
		_, _ = w.Write(hooktest.WAV())
	case r.Method != http.MethodDelete || r.URL.Path != "/2010-04-01/Accounts/"+account+"/Recordings/"+spoken+".json":
		w.WriteHeader(http.StatusMethodNotAllowed)
	case p.busy > 0:
		p.busy--
		w.WriteHeader(http.StatusServiceUnavailable)
	default:
		p.gone = true
		w.WriteHeader(http.StatusNoContent)
	}
}

// Do implements outbound.Client.
func (p *twilio) Do(r *http.Request) (*http.Response, error) {
	here := r.Clone(r.Context())
	at, err := url.Parse(p.server.URL)
	if err != nil {
		return nil, err
	}
	here.Header.Set("X-Host", r.URL.Host)
	here.URL.Scheme, here.URL.Host, here.Host = at.Scheme, at.Host, ""
	return http.DefaultClient.Do(here)
}

// wishes notes what is to be removed at Twilio.
type wishes struct {
	webhook.Recordings
	mu       sync.Mutex
	kept     []string
	unneeded []string
}

func (w *wishes) KeepFetched(ctx context.Context, neighbourhood, call uuid.UUID, linkID string, wav []byte, line, address string) (uuid.UUID, error) {
	w.mu.Lock()
	w.kept = append(w.kept, line+" "+address)
	w.mu.Unlock()
	return w.Keep(ctx, neighbourhood, call, linkID, wav)
}

func (w *wishes) Discard(_ context.Context, _ uuid.UUID, line, address string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.unneeded = append(w.unneeded, line+" "+address)
	return nil
}

func TestWhatTwilioRecordedIsRemovedThereOnceItIsKept(t *testing.T) {
	t.Parallel()
	there := playTwilio(t)
	var noted *wishes
	w := newWorld(t, func(o *twiml.Options) {
		noted = &wishes{Recordings: o.Recordings}
		o.Outbound, o.Copies = there, noted
	})
	say := func(address, digits string) {
		p := w.toRecording()
		p.post(p.last.Record.Action, url.Values{"AccountSid": {account}, "RecordingUrl": {address}, "RecordingDuration": {"3"}, "Digits": {digits}})
		p.status("completed")
	}
	say(heldAt, "*") // it is said anew
	say("https://recordings.example/Recordings/RE1", "*")
	say(heldAt, "#")
	if len(noted.kept) != 1 || noted.kept[0] != "riverside "+heldAt || len(noted.unneeded) != 1 || noted.unneeded[0] != "riverside "+heldAt {
		t.Fatalf("to remove: %q, %q", noted.kept, noted.unneeded)
	}
	if there.gone {
		t.Fatal("a recording was removed within a call")
	}
}

func TestARecordingIsRemovedAtTwilioByTheAccountsToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, c := range map[string]struct {
		line, address string
		change        func(*twilio)
		says          string // of the refusal; empty for none
		asked         int
	}{
		"a recording":                       {"riverside", heldAt, func(*twilio) {}, "", 1},
		"its sound":                         {"riverside", heldAt + ".wav", func(*twilio) {}, "", 1},
		"one that is gone":                  {"riverside", heldAt, func(p *twilio) { p.gone = true }, "", 1},
		"while tokens are changed":          {"riverside", heldAt, func(p *twilio) { p.token = hooktest.NextToken }, "", 2},
		"a token that is withdrawn":         {"riverside", heldAt, func(p *twilio) { p.token = "another" }, "401", 2},
		"Twilio in trouble":                 {"riverside", heldAt, func(p *twilio) { p.busy = 1 }, "503", 1},
		"a line that takes no webhooks":     {"hillside", heldAt, func(*twilio) {}, "no webhooks", 0},
		"another's address":                 {"riverside", strings.Replace(heldAt, "twilio.com", "twilio.com.example", 1), func(*twilio) {}, "no recording", 0},
		"an address without its encryption": {"riverside", strings.Replace(heldAt, "https", "http", 1), func(*twilio) {}, "no recording", 0},
		"something else of the account's":   {"riverside", strings.Replace(heldAt, "/Recordings/", "/Calls/", 1), func(*twilio) {}, "no recording", 0},
		"more than one recording":           {"riverside", heldAt + "/../", func(*twilio) {}, "no recording", 0},
	} {
		there := playTwilio(t)
		c.change(there)
		err := twiml.NewRemover(w, there).RemoveCopy(t.Context(), c.line, c.address)
		if (err == nil) != (c.says == "") || err != nil && (!strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), spoken)) {
			t.Errorf("%s: %v", name, err)
		}
		if len(there.asked) != c.asked || (c.says == "") != there.gone {
			t.Errorf("%s: asked %q, gone: %v", name, there.asked, there.gone)
		}
	}
}
