package dialogue_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/calls"
	"onedoor/app/channels/voice/dialogue"
	"onedoor/app/demo"
	"onedoor/app/demo/demotest"
	"onedoor/app/directory"
	"onedoor/app/intake"
	"onedoor/app/messages"
	"onedoor/app/nhs"
	"onedoor/app/requests"
	"onedoor/app/store/conversationstore"
	"onedoor/app/store/directorystore"
)

// from is the number that the tests' calls come from.
const from nhs.Phone = "+447700900077"

// receptionist is one of Weir Lane Surgery.
const receptionist = "sam.carter"

// rig is the dialogue over the product's own domain and stores, with the outside world written down.
type rig struct {
	*demotest.World
	t             *testing.T
	driver        *dialogue.Driver
	walker        *intake.Walker
	conversations *conversationstore.Store
	directories   dialogue.Directories
	phrases       map[string]string // of those that are always the same: id and language to text
	log           *failures

	mu    sync.Mutex
	sent  []handedIn
	texts []messages.Message
	notes []calls.Note
}

func newRig(t *testing.T) *rig { t.Helper(); return newRigWith(t) }

// newRigWith changes what the driver is made of.
func newRigWith(t *testing.T, changes ...func(*rig, *dialogue.Options)) *rig {
	t.Helper()
	r := &rig{World: demotest.New(t), t: t, log: &failures{}}
	o := dialogue.Options{
		Catalogue: r.Catalogue, Requests: r, Conversations: conversationstore.New(r.DB, r.Now),
		Directories: directory.New(directorystore.New(r.DB), r.Now), Texts: r, Address: "https://onedoor.example", Calls: r, Now: r.Now, Random: rand.Reader,
		Log: slog.New(slog.NewTextHandler(r.log, nil)),
	}
	o.Walker = intake.NewWalker(r.Catalogue, requests.NeedsPharmacy(r.Catalogue, r.Requests), r.Now, intake.References(func() (string, error) {
		reference, err := requests.NewReference(rand.Reader)
		return string(reference), err
	}))
	r.walker, r.conversations = o.Walker, conversationstore.New(r.DB, r.Now)
	o.References, r.directories = r.conversations, o.Directories
	for _, change := range changes {
		change(r, &o)
	}
	var err error
	r.driver, err = dialogue.New(o)
	if err != nil {
		t.Fatal(err)
	}
	r.phrases = map[string]string{}
	for _, p := range r.driver.Phrases() {
		r.phrases[p.ID+" "+p.Language] = p.Text
	}
	return r
}

// failures are what the dialogue logged: it logs nothing else.
type failures struct {
	mu sync.Mutex
	b  strings.Builder
}

func (f *failures) Write(b []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.b.Write(b)
}

func (f *failures) String() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.b.String()
}

// Queue is what a text would have been.
func (r *rig) Queue(_ context.Context, m messages.Message) (uuid.UUID, error) {
	if _, err := m.Text.Words(); err != nil {
		return uuid.Nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.texts = append(r.texts, m)
	return uuid.NewV7()
}

// Note is the record of the call.
func (r *rig) Note(_ context.Context, _, _ uuid.UUID, n calls.Note) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.notes = append(r.notes, n)
	return nil
}

func (r *rig) noted() calls.Note {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.notes) == 0 {
		r.t.Fatal("nothing was noted of the call")
	}
	return r.notes[len(r.notes)-1]
}

// call is a telephone call on a clock of its own: keys go through the Collector, and the state through JSON at every step.
type call struct {
	*rig
	state     *dialogue.State
	turn      dialogue.Turn
	collector dialogue.Collector
	at        time.Time
}

func (r *rig) call(changes ...func(*dialogue.Start)) *call {
	r.t.Helper()
	start := dialogue.Start{
		CallID: uuid.Must(uuid.NewV7()), NeighbourhoodID: demo.NeighbourhoodID("riverside"), OrganisationID: demo.OrganisationID("A81001"),
		Caller: from, Language: "en", At: r.Now(),
	}
	for _, change := range changes {
		change(&start)
	}
	c := &call{rig: r, at: r.Now()}
	var err error
	if c.state, c.turn, err = r.driver.Start(r.t.Context(), start); err != nil {
		r.t.Fatal(err)
	}
	c.begin()
	return c
}

// begin is the channel saying a turn.
func (c *call) begin() {
	c.t.Helper()
	checkTurn(c.t, c.turn, c.state.Over)
	for _, p := range c.turn.Say {
		if p.ID != "" && c.phrases[p.ID+" "+p.Language] != p.Text {
			c.t.Fatalf("%+v is not among the phrases that can be recorded", p)
		}
	}
	c.collector.Begin(c.turn.Expect)
	if c.turn.Expect.Fixed {
		c.said()
	}
}

func (c *call) said() {
	c.at = c.at.Add(time.Second)
	c.collector.Said(c.at)
}

// checkTurn is what holds of every turn.
func checkTurn(t *testing.T, turn dialogue.Turn, over bool) {
	t.Helper()
	if over {
		if len(turn.Say) > 0 || turn.Expect.Kind != "" {
			t.Fatalf("a call that is over says %+v", turn)
		}
		return
	}
	if len(turn.Say) == 0 || turn.Expect.Kind == "" {
		t.Fatalf("a dead end: %+v", turn)
	}
	if turn.Expect.Kind == dialogue.ExpectKeys && (turn.Expect.First < 20*time.Second || turn.Expect.Between <= 0) {
		t.Fatalf("too little time: %+v", turn.Expect)
	}
	for _, p := range turn.Say {
		if strings.TrimSpace(p.Text) == "" || (p.Language != "en" && p.Language != "cy") || strings.ContainsAny(p.Text, "{}") {
			t.Fatalf("a phrase that cannot be said: %+v", p)
		}
		if p.Private && p.ID != "" {
			t.Fatalf("a caller's own words have a name to be kept by: %+v", p)
		}
	}
}

// handle gives an event, with the state as it comes back from where it is stored.
func (c *call) handle(e dialogue.Event) {
	c.t.Helper()
	c.state = stored(c.t, c.state)
	turn, err := c.driver.Handle(c.t.Context(), c.state, e)
	if err != nil {
		c.t.Fatal(err)
	}
	c.turn = turn
	c.begin()
}

func stored(t *testing.T, s *dialogue.State) *dialogue.State {
	t.Helper()
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var back dialogue.State
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(&back)
	if err != nil || string(again) != string(b) {
		t.Fatalf("a state comes back as %s, and was %s (%v)", again, b, err)
	}
	return &back
}

// press keys, a quarter of a second apart, as far as they complete one answer after another.
func (c *call) press(keys string) *call {
	c.t.Helper()
	for i := range len(keys) {
		c.at = c.at.Add(250 * time.Millisecond)
		if e, ok := c.collector.Key(keys[i], c.at); ok {
			c.handle(e)
		}
	}
	return c
}

// wait lets time pass until the channel has something to say.
func (c *call) wait() *call {
	c.t.Helper()
	c.said()
	at := c.collector.Deadline()
	if at.IsZero() {
		c.t.Fatal("time alone changes nothing")
	}
	if e, ok := c.collector.Tick(at.Add(-time.Millisecond)); ok {
		c.t.Fatalf("%v came too early", e)
	}
	c.at = at
	e, ok := c.collector.Tick(at)
	if !ok {
		c.t.Fatal("nothing came in time")
	}
	c.handle(e)
	return c
}

// hash presses it late enough that it is meant.
func (c *call) hash() *call {
	c.t.Helper()
	c.at = c.at.Add(4 * time.Second)
	return c.press("#")
}

func (c *call) speak() uuid.UUID {
	c.t.Helper()
	if c.turn.Expect.Kind != dialogue.ExpectRecording {
		c.t.Fatalf("nobody listens: %s", c.heard())
	}
	id := uuid.Must(uuid.NewV7())
	c.handle(dialogue.Event{Kind: dialogue.Recorded, Recording: id})
	return id
}

func (c *call) hangUp() { c.t.Helper(); c.handle(dialogue.Event{Kind: dialogue.HungUp}) }

// heard is all that the turn says.
func (c *call) heard() string {
	var b strings.Builder
	for _, p := range c.turn.Say {
		b.WriteString(p.Text + " ")
	}
	return b.String()
}

func (c *call) wantHeard(parts ...string) *call {
	c.t.Helper()
	for _, part := range parts {
		if !strings.Contains(c.heard(), part) {
			c.t.Fatalf("at %s a caller hears %q, and not %q", c.state.Step, c.heard(), part)
		}
	}
	return c
}

// handedIn is one request that the domain took.
type handedIn struct {
	requests.Submission
	Receipt requests.Receipt
}

// Submit is the domain's own, and writes down what it took.
func (r *rig) Submit(ctx context.Context, in requests.Submission) (requests.Receipt, error) {
	receipt, err := r.Requests.Submit(ctx, in)
	if err == nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.sent = append(r.sent, handedIn{in, receipt})
	}
	return receipt, err
}

// only is the one request that there is.
func (r *rig) only() handedIn {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.sent) != 1 {
		r.t.Fatalf("%d requests were handed in", len(r.sent))
	}
	return r.sent[0]
}

func (r *rig) none() {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.sent) != 0 {
		r.t.Fatalf("%d requests were handed in: %+v", len(r.sent), r.sent[0].Submission)
	}
}

// ask begins a request of a kind, as far as its first question.
func (c *call) ask(kind string) *call {
	c.t.Helper()
	k, ok := c.Catalogue.Kind(kind)
	if !ok {
		c.t.Fatal("no kind", kind)
	}
	return c.press("1" + k.Key).wantHeard("safety questions")
}

// safe says that a grown-up has none of the danger signs.
func (c *call) safe() *call {
	c.t.Helper()
	return c.press("35")
}

// wantEnd is the channel's last turn.
func (c *call) wantEnd() *call {
	c.t.Helper()
	if c.turn.Expect.Kind != dialogue.ExpectEnd {
		c.t.Fatalf("the call goes on at %s: %s", c.state.Step, c.heard())
	}
	return c
}
