package voice_test

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/calls"
	"onedoor/app/channels/voice"
	"onedoor/app/channels/voice/dialogue"
	"onedoor/app/channels/voice/line"
	"onedoor/app/channels/voice/media"
	"onedoor/app/demo"
	"onedoor/app/demo/demotest"
	"onedoor/app/directory"
	"onedoor/app/intake"
	"onedoor/app/nhs"
	"onedoor/app/recordings"
	"onedoor/app/requests"
	"onedoor/app/secrets"
	"onedoor/app/secrets/keyfile"
	"onedoor/app/store/callstore"
	"onedoor/app/store/conversationstore"
	"onedoor/app/store/deliverystore"
	"onedoor/app/store/directorystore"
	"onedoor/app/store/recordingstore"
	"onedoor/app/store/requeststore"
	"onedoor/app/store/rulestore"
	"onedoor/app/store/secretstore"
	"onedoor/jobs"
)

// patience bounds what a test waits for; nothing waits so long unless it fails.
const patience = 30 * time.Second

// world is a line with the product's own dialogue and stores behind it, and prompts of a few frames.
type world struct {
	*demotest.World
	*line.Server
	calls      *calls.Service
	recordings *recordings.Service
	driver     *dialogue.Driver
	now        func() time.Time

	mu   sync.Mutex
	sent []submitted
	ends map[calls.Ending]int
	mute bool
	// turns are what callers were told, one after another, by call.
	turns map[uuid.UUID]chan dialogue.Turn
	from  map[uuid.UUID]nhs.Phone
	began chan uuid.UUID
}

type submitted struct {
	requests.Submission
	Receipt requests.Receipt
}

func newWorld(t *testing.T, change ...func(*line.Config)) *world {
	t.Helper()
	began := time.Now()
	w := &world{
		World: demotest.New(t), now: func() time.Time { return demotest.Monday.Add(time.Since(began)).Truncate(time.Microsecond) },
		turns: map[uuid.UUID]chan dialogue.Turn{}, ends: map[calls.Ending]int{}, from: map[uuid.UUID]nhs.Phone{}, began: make(chan uuid.UUID, 64),
	}
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	key, err := keyfile.OpenOrMake(filepath.Join(t.TempDir(), "key.json"))
	if err != nil {
		t.Fatal(err)
	}
	vault := secrets.New(secretstore.New(w.DB, w.now), key)
	w.calls = calls.NewService(calls.Options{Store: callstore.New(w.DB), Sealer: vault, Now: w.now})
	w.recordings = recordings.New(recordings.Options{Store: recordingstore.New(w.DB, w.now), Vault: vault, Now: w.now})
	inserter, err := jobs.NewInserter(w.DB)
	if err != nil {
		t.Fatal(err)
	}
	directories := directorystore.New(w.DB)
	w.Requests = requests.New(requeststore.New(w.DB, rulestore.New(directories), deliverystore.New(w.DB, inserter)), w.Catalogue, w.now, rand.Reader)
	driver, err := dialogue.New(dialogue.Options{
		Catalogue: w.Catalogue, Walker: intake.NewWalker(w.Catalogue, requests.NeedsPharmacy(w.Catalogue, w.Requests), w.now), Requests: w,
		Conversations: conversationstore.New(w.DB, w.now), Directories: directory.New(directories, w.now), Calls: w.calls,
		Now: w.now, Random: rand.Reader, Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	w.driver = driver
	runner := voice.New(voice.Options{Dialogue: told{driver, w}, Calls: ledger{w.calls, w}, Recordings: w.recordings, Prompts: w, Now: w.now, Log: log})
	ports, err := media.NewPorts(0, 0, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	pacer := media.NewPacer(1, time.Now)
	t.Cleanup(pacer.Close)
	config := line.Config{
		Listen: "127.0.0.1:0", Ports: ports, Pacer: pacer, Random: rand.Reader, Ring: 20 * time.Millisecond, DrainWait: time.Second,
		TransferWait: 2 * time.Second, Watch: 50 * time.Millisecond,
		Lines: []line.Line{{
			Name: "A81001", NeighbourhoodID: demo.NeighbourhoodID("riverside"), OrganisationID: demo.OrganisationID("A81001"), Language: "en",
			Reception: []string{"sip:reception@127.0.0.1:5999"},
		}},
	}
	for _, c := range change {
		c(&config)
	}
	w.Server, err = line.New(config, runner, log, w.now)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return w
}

// told is the dialogue, and writes down what callers are told.
type told struct {
	*dialogue.Driver
	w *world
}

func (d told) Start(ctx context.Context, start dialogue.Start) (*dialogue.State, dialogue.Turn, error) {
	turns := make(chan dialogue.Turn, 256)
	d.w.mu.Lock()
	d.w.turns[start.CallID], d.w.from[start.CallID] = turns, start.Caller
	d.w.mu.Unlock()
	s, turn, err := d.Driver.Start(ctx, start)
	turns <- turn
	d.w.began <- start.CallID
	return s, turn, err
}

func (d told) Handle(ctx context.Context, s *dialogue.State, e dialogue.Event) (dialogue.Turn, error) {
	turn, err := d.Driver.Handle(ctx, s, e)
	d.w.mu.Lock()
	turns := d.w.turns[s.CallID]
	d.w.mu.Unlock()
	if turns != nil {
		turns <- turn
	}
	return turn, err
}

// ledger is the record of calls, and counts what they came to.
type ledger struct {
	*calls.Service
	w *world
}

func (l ledger) End(ctx context.Context, neighbourhood, id uuid.UUID, e calls.Ending) (calls.Call, error) {
	c, err := l.Service.End(ctx, neighbourhood, id, e)
	l.w.mu.Lock()
	defer l.w.mu.Unlock()
	l.w.ends[c.End]++
	return c, err
}

func (w *world) ended(e calls.Ending) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ends[e]
}

// Audio is a prompt of the tests: short, so that a call does not take minutes.
func (w *world) Audio(context.Context, uuid.UUID, uuid.UUID, dialogue.Phrase) (media.Audio, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.mute {
		return nil, errors.New("the engine is broken")
	}
	return media.Tone(440, 40*time.Millisecond), nil
}

// Submit is the domain's own, and writes down what it took.
func (w *world) Submit(ctx context.Context, in requests.Submission) (requests.Receipt, error) {
	receipt, err := w.Requests.Submit(ctx, in)
	if err == nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.sent = append(w.sent, submitted{in, receipt})
	}
	return receipt, err
}

func (w *world) handedIn() []submitted {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]submitted(nil), w.sent...)
}

// next is the id of the next call.
func (w *world) next(t *testing.T) uuid.UUID {
	t.Helper()
	select {
	case id := <-w.began:
		return id
	case <-time.After(patience):
		t.Fatal("no call came")
		return uuid.Nil
	}
}

// record is what is kept of a call once it is over.
func (w *world) record(t *testing.T, id uuid.UUID) calls.Call {
	t.Helper()
	var c calls.Call
	eventually(t, "the call's record is closed", func() bool {
		var err error
		c, err = w.calls.Get(t.Context(), demo.NeighbourhoodID("riverside"), id)
		return err == nil && c.Ended()
	})
	return c
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !is() {
		if time.Now().After(deadline) {
			t.Fatalf("it never was so that %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}
