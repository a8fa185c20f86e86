// Package hooktest gives the tests of telephony webhooks the demonstration's neighbourhoods, the product's own dialogue,
// calls, recordings and stores over a database of the test, and a server for the webhooks. Nothing in it is a stand-in but
// the platform, which each test plays.
package hooktest

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"onedoor/app/calls"
	"onedoor/app/channels/voice/dialogue"
	"onedoor/app/channels/voice/webhook"
	"onedoor/app/demo"
	"onedoor/app/demo/demotest"
	"onedoor/app/directory"
	"onedoor/app/intake"
	"onedoor/app/outbound"
	"onedoor/app/recordings"
	"onedoor/app/requests"
	"onedoor/app/routes"
	"onedoor/app/secrets"
	"onedoor/app/secrets/keyfile"
	"onedoor/app/store/callstore"
	"onedoor/app/store/conversationstore"
	"onedoor/app/store/directorystore"
	"onedoor/app/store/recordingstore"
	"onedoor/app/store/secretstore"
)

// Tokens of the test's line.
const (
	Token, NextToken   = "token-of-the-test", "token-that-comes-next" //nolint:gosec // nobody else's
	Secret, NextSecret = "secret-of-the-test", "secret-that-comes-next"
	// From is the number that the tests' calls come from.
	From = "+447700900077"
)

// World is the product behind a webhook.
type World struct {
	*demotest.World
	Calls      *calls.Service
	Recordings *recordings.Service
	Dialogue   *dialogue.Driver
	Server     *routes.Server
	URL        string // where the server listens

	vault *secrets.Vault
	mu    sync.Mutex
	sent  []requests.Submission
	ids   []requests.Receipt
	line  webhook.Line
}

// New makes one. Its line is Riverside's, with people to put callers through to.
func New(t testing.TB) *World {
	t.Helper()
	w := &World{World: demotest.New(t)}
	master, err := keyfile.OpenOrMake(filepath.Join(t.TempDir(), "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	vault := secrets.New(secretstore.New(w.DB, w.Now), master)
	w.vault = vault
	w.Calls = calls.NewService(w.CallOptions(nil))
	w.Recordings = recordings.New(recordings.Options{Store: recordingstore.New(w.DB, w.Now), Vault: vault, Now: w.Now})
	w.Dialogue, err = dialogue.New(dialogue.Options{
		Catalogue: w.Catalogue, Walker: intake.NewWalker(w.Catalogue, requests.NeedsPharmacy(w.Catalogue, w.Requests), w.Now), Requests: w,
		Conversations: conversationstore.New(w.DB, w.Now), Directories: directory.New(directorystore.New(w.DB), w.Now), Calls: w.Calls,
		Now: w.Now, Random: rand.Reader, Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.line = webhook.Line{
		Name: "riverside", NeighbourhoodID: demo.NeighbourhoodID("riverside"), OrganisationID: demo.OrganisationID("A81001"), Language: "en",
		Reception: []string{"+441632960101", "sip:desk@192.0.2.10"}, TwiMLTokens: []string{Token, NextToken}, JambonzSecrets: []string{Secret, NextSecret},
	}
	w.Server = routes.New(routes.Options{Now: w.Now, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	server := httptest.NewServer(w.Server.Handler())
	t.Cleanup(server.Close)
	w.URL = server.URL
	return w
}

// File implements calls.Filing.
func (w *World) File(ctx context.Context, _ calls.Call, state []byte) error {
	return webhook.File(ctx, w.Dialogue, state)
}

// CallOptions are what a record of the same calls is made of.
func (w *World) CallOptions(filing calls.Filing) calls.Options {
	return calls.Options{Store: callstore.New(w.DB), Sealer: w.vault, Filing: filing, Now: w.Now}
}

// Options are what the channel of a platform is made of.
func (w *World) Options() webhook.Options {
	return webhook.Options{Lines: w, Dialogue: w.Dialogue, Calls: w.Calls, Recordings: w.Recordings, Base: w.URL, Now: w.Now}
}

// Line implements webhook.Lines.
func (w *World) Line(_ context.Context, name string) (webhook.Line, bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if strings.EqualFold(name, w.line.Name) {
		return w.line, true, nil
	}
	if strings.EqualFold(name, "hillside") { // a line that takes no webhooks
		return webhook.Line{Name: "hillside", NeighbourhoodID: demo.NeighbourhoodID("hillside"), Language: "en"}, true, nil
	}
	return webhook.Line{}, false, nil
}

// ChangeLine changes the test's line.
func (w *World) ChangeLine(change func(*webhook.Line)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change(&w.line)
}

// Submit is the domain's own, and remembers what it took.
func (w *World) Submit(ctx context.Context, in requests.Submission) (requests.Receipt, error) {
	receipt, err := w.Requests.Submit(ctx, in)
	if err == nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, known := range w.ids {
			if known.Reference == receipt.Reference {
				return receipt, nil // the same request handed in again
			}
		}
		w.sent, w.ids = append(w.sent, in), append(w.ids, receipt)
	}
	return receipt, err
}

// HandedIn are the requests that were handed in, each once.
func (w *World) HandedIn() ([]requests.Submission, []requests.Receipt) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]requests.Submission(nil), w.sent...), append([]requests.Receipt(nil), w.ids...)
}

// Only is the one request that was handed in.
func (w *World) Only(t testing.TB) (requests.Submission, requests.Receipt) {
	t.Helper()
	sent, ids := w.HandedIn()
	if len(sent) != 1 {
		t.Fatalf("%d requests were handed in", len(sent))
	}
	return sent[0], ids[0]
}

// Guard reaches loopback addresses and nothing else that is not public.
func Guard(t testing.TB, hosts ...string) *outbound.Guard {
	t.Helper()
	allowed, err := outbound.ParseAllowed(strings.Join(hosts, ","))
	if err != nil {
		t.Fatal(err)
	}
	return outbound.New(outbound.Options{Allow: allowed})
}

// Storage is where a platform keeps recordings: it serves each path that was put there, after as many refusals as were
// asked for.
type Storage struct {
	*httptest.Server
	mu    sync.Mutex
	files map[string][]byte
	late  int
	asked int
}

// NewStorage makes one.
func NewStorage(t testing.TB) *Storage {
	t.Helper()
	s := &Storage{files: map[string][]byte{}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.asked++
		file, ok := s.files[r.URL.Path]
		if !ok || s.asked <= s.late {
			http.NotFound(rw, r)
			return
		}
		rw.Header().Set("Content-Type", "audio/x-wav")
		_, _ = rw.Write(file)
	}))
	t.Cleanup(s.Close)
	return s
}

// Host is its address without a scheme.
func (s *Storage) Host() string { return s.Listener.Addr().(*net.TCPAddr).AddrPort().String() }

// Put keeps a file, which is there only from the asking after `late` others.
func (s *Storage) Put(path string, file []byte, late int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[path], s.late = file, s.asked+late
}

// Asked is how often it was asked for anything.
func (s *Storage) Asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

// WAV is a second of quiet sound: 16-bit PCM of 8 kHz.
func WAV() []byte {
	const samples = 8000
	b := append([]byte("RIFF"), binary.LittleEndian.AppendUint32(nil, 36+2*samples)...)
	b = append(b, "WAVEfmt "...)
	for _, v := range []uint32{16, 1 | 1<<16, 8000, 16000, 2 | 16<<16} {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	b = append(b, "data"...)
	b = binary.LittleEndian.AppendUint32(b, 2*samples)
	for i := range samples {
		b = binary.LittleEndian.AppendUint16(b, uint16(i%200))
	}
	return b
}

// Call is the record of the newest call.
func (w *World) Call(t testing.TB, external string, via calls.Via) calls.Call {
	t.Helper()
	c, err := w.Calls.Begin(t.Context(), calls.New{NeighbourhoodID: w.line.NeighbourhoodID, Line: w.line.Name, Via: via, External: external})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Beep is sound for every phrase: a tenth of a second for each word.
type Beep struct{}

// Sound implements webhook.Prompts.
func (Beep) Sound(_ context.Context, _, _ uuid.UUID, phrase dialogue.Phrase) ([]byte, error) {
	return make([]byte, 800*len(strings.Fields(phrase.Text))), nil
}
