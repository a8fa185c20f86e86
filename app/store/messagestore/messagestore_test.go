package messagestore_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/database"
	"onedoor/app/database/testdb"
	"onedoor/app/fault"
	"onedoor/app/messages"
	"onedoor/app/nhs"
	"onedoor/app/store/messagestore"
	"onedoor/jobs"
	"onedoor/tenants"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

const number nhs.Phone = "+447700900123"

// sealer encrypts under one key, bound to the neighbourhood.
type sealer struct{}

func aead() cipher.AEAD {
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		panic(err)
	}
	a, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err)
	}
	return a
}

func (sealer) Seal(_ context.Context, nb uuid.UUID, plain, about []byte) ([]byte, error) {
	return aead().Seal(nil, nil, plain, append(nb[:], about...)), nil
}

func (sealer) Open(_ context.Context, nb uuid.UUID, sealed, about []byte) ([]byte, error) {
	return aead().Open(nil, nil, sealed, append(nb[:], about...))
}

// network is a provider of texts with a ledger of what went out, which answers as it is told to.
type network struct {
	mu       sync.Mutex
	out      []string // references, one for each text that really went out
	words    []string
	to       []nhs.Phone
	answers  []error // to the next sends; nil takes it
	lose     bool    // take the next text, and lose the answer
	finds    int
	standing messages.Standing
}

func (n *network) Name() string { return "network" }

func (n *network) Send(_ context.Context, to nhs.Phone, words, reference string) (messages.Accepted, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.answers) > 0 {
		err := n.answers[0]
		if n.answers = n.answers[1:]; err != nil {
			return messages.Accepted{}, err
		}
	}
	n.out, n.words, n.to = append(n.out, reference), append(n.words, words), append(n.to, to)
	if n.lose {
		n.lose = false
		return messages.Accepted{}, context.DeadlineExceeded
	}
	return messages.Accepted{ID: "id-of-" + reference}, nil
}

func (n *network) Find(_ context.Context, reference string) (messages.Accepted, bool, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.finds++
	for _, sent := range n.out {
		if sent == reference {
			return messages.Accepted{ID: "id-of-" + reference}, true, nil
		}
	}
	return messages.Accepted{}, false, nil
}

func (n *network) Look(context.Context, string) (messages.Standing, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.standing == "" {
		return "", &messages.Refusal{Code: "provider-trouble"}
	}
	return n.standing, nil
}

type world struct {
	t       *testing.T
	db      *database.DB
	store   *messagestore.Store
	outbox  *messages.Outbox
	network *network
	ours    uuid.UUID
	now     time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	db := testdb.New(t)
	inserter, err := jobs.NewInserter(db)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, db: db, store: messagestore.New(db, inserter), network: &network{standing: messages.OnItsWay}, ours: uuid.New(), now: noon}
	w.outbox = messages.NewOutbox(messages.OutboxOptions{Store: w.store, Sealer: sealer{}, Provider: w.network, Now: func() time.Time { return w.now }})
	return w
}

func (w *world) message(template messages.Template) messages.Message {
	return messages.Message{NeighbourhoodID: w.ours, CallID: uuid.New(), To: number, Text: messages.Text{
		Template: template, Language: "en", From: "Riverside", Reference: "123 456 7894", Address: "https://example.nhs.uk/riverside/status", Code: "482915", Minutes: 10,
	}}
}

func (w *world) queue(template messages.Template) uuid.UUID {
	w.t.Helper()
	id, err := w.outbox.Queue(w.t.Context(), w.message(template))
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

// send sends what is due after a time, and says how many it dealt with.
func (w *world) send(after time.Duration) int {
	w.t.Helper()
	w.now = w.now.Add(after)
	n, err := w.outbox.SendDue(w.t.Context(), w.ours)
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

func (w *world) get(id uuid.UUID) messages.Row {
	w.t.Helper()
	list, err := w.store.List(w.t.Context(), w.ours, 100)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, r := range list {
		if r.ID == id {
			return r
		}
	}
	w.t.Fatalf("the message is not there")
	return messages.Row{}
}

func TestATextIsSentOnceAndFollowedUntilItArrives(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.queue(messages.ReferenceText)
	if n := w.send(0); n != 1 || len(w.network.out) != 1 || w.network.to[0] != number || !strings.Contains(w.network.words[0], "123 456 7894") {
		t.Fatalf("dealt with %d; %v", n, w.network.words)
	}
	if strings.Contains(w.network.out[0], "7700") || w.network.out[0] != id.String() {
		t.Errorf("the provider's reference is %s", w.network.out[0])
	}
	if r := w.get(id); r.State != messages.Sent || r.ProviderID == "" || !r.SettledAt.IsZero() {
		t.Errorf("%+v", r)
	}
	if n := w.send(time.Second); n != 0 {
		t.Errorf("dealt with %d at once", n)
	}
	if n := w.send(time.Minute); n != 1 || w.get(id).State != messages.Sent {
		t.Errorf("looked after %d: %s", n, w.get(id).State)
	}
	w.network.standing = messages.Arrived
	w.send(5 * time.Minute)
	if r := w.get(id); r.State != messages.Delivered || !r.SettledAt.Equal(w.now) {
		t.Errorf("%+v", r)
	}
	if n := w.send(100 * time.Hour); n != 0 || len(w.network.out) != 1 {
		t.Errorf("%d dealt with, %d sent", n, len(w.network.out))
	}
}

func TestWhenAnAnswerIsLostTheProviderIsAskedBeforeAnythingIsSentAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	taken := w.queue(messages.ReferenceText)
	w.network.lose = true
	w.send(0)
	not := w.queue(messages.GoOnText)
	w.network.answers = []error{&messages.Refusal{Code: "provider-trouble", Unsure: true}}
	w.send(0)
	if r := w.get(taken); r.State != messages.Queued || !r.Unsure || r.Problem != "unreachable" {
		t.Errorf("%+v", r)
	}
	w.send(time.Minute)
	if w.get(taken).State != messages.Sent || w.get(not).State != messages.Sent {
		t.Errorf("%s and %s", w.get(taken).State, w.get(not).State)
	}
	if len(w.network.out) != 2 || w.network.finds != 2 {
		t.Errorf("sent %v after asking %d times", w.network.out, w.network.finds)
	}
}

func TestATextWhoseSenderDiedGoesToTheNextAfterItsLease(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.queue(messages.ReferenceText)
	// The first sender took it, sent it, and died before it wrote that down.
	if rows, err := w.store.Take(t.Context(), w.ours, w.now, w.now.Add(2*time.Minute), 8); err != nil || len(rows) != 1 {
		t.Fatal(rows, err)
	}
	if _, err := w.network.Send(t.Context(), number, "words", id.String()); err != nil {
		t.Fatal(err)
	}
	if n := w.send(time.Minute); n != 0 {
		t.Fatalf("%d were dealt with under another's lease", n)
	}
	w.send(2 * time.Minute)
	if r := w.get(id); r.State != messages.Sent || len(w.network.out) != 1 {
		t.Errorf("%s, sent %d times", r.State, len(w.network.out))
	}
}

func TestWhatTheProviderRefusesIsTriedAgainOrGivenUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	busy := &messages.Refusal{Code: "rate-limit", After: time.Minute}
	id := w.queue(messages.ReferenceText)
	w.network.answers = []error{busy, busy}
	w.send(0)
	if n := w.send(59 * time.Second); n != 0 {
		t.Error("tried again before the provider wants it")
	}
	w.send(time.Second)
	w.send(time.Minute)
	if r := w.get(id); r.State != messages.Sent || r.Problem != "" || w.network.finds != 0 {
		t.Errorf("%+v after %d questions", r, w.network.finds)
	}

	wrong := w.queue(messages.ReferenceText)
	w.network.answers = []error{&messages.Refusal{Code: "invalid-number", Final: true}}
	w.send(0)
	if r := w.get(wrong); r.State != messages.Failed || r.Problem != "invalid-number" || r.SettledAt.IsZero() {
		t.Errorf("%+v", r)
	}
	code := w.queue(messages.CodeText)
	w.network.answers = []error{&messages.Refusal{Code: "invalid-number", Final: true}}
	w.send(0)
	if err := w.outbox.Again(t.Context(), w.ours, code); !fault.Is(err, "not_found") {
		t.Errorf("a code was sent again: %v", err)
	}
	if err := w.outbox.Again(t.Context(), w.ours, id); !fault.Is(err, "not_found") {
		t.Errorf("what was sent was sent again: %v", err)
	}
	if list, err := w.outbox.Failures(t.Context(), w.ours, 10); err != nil || len(list) != 2 {
		t.Errorf("failures %v, %v", list, err)
	}
	before := len(w.network.out)
	if err := w.outbox.Again(t.Context(), w.ours, wrong); err != nil {
		t.Fatal(err)
	}
	w.send(0)
	if w.get(wrong).State != messages.Sent || len(w.network.out) != before+1 {
		t.Errorf("%s", w.get(wrong).State)
	}

	stubborn := w.queue(messages.ReferenceText)
	for range 40 {
		w.network.answers = []error{errors.New("down")}
		w.send(time.Hour)
	}
	if r := w.get(stubborn); r.State != messages.Failed || r.Tries != 12 {
		t.Errorf("%+v", r)
	}
}

func TestACodeThatComesTooLateIsNotSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	code, other := w.queue(messages.CodeText), w.queue(messages.ReferenceText)
	if n := w.send(10 * time.Minute); n != 2 || w.get(code).State != messages.Expired || w.get(other).State != messages.Sent {
		t.Errorf("%s and %s", w.get(code).State, w.get(other).State)
	}
	refused := w.queue(messages.CodeText)
	w.network.answers = []error{&messages.Refusal{Code: "daily-limit", After: time.Hour}}
	w.send(0)
	if r := w.get(refused); r.State != messages.Expired || r.Problem != "daily-limit" {
		t.Errorf("%+v", r)
	}
}

func TestWhatDidNotArriveIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	off := w.queue(messages.ReferenceText)
	w.send(0)
	w.network.standing = messages.Undelivered
	w.send(time.Minute)
	if r := w.get(off); r.State != messages.Failed || r.Problem != "undelivered" {
		t.Errorf("%+v", r)
	}
	again := w.queue(messages.ReferenceText)
	w.send(0)
	w.network.standing = messages.Unsent
	w.send(time.Minute)
	w.network.standing = messages.Arrived
	w.send(time.Minute)
	w.send(time.Minute)
	if r := w.get(again); r.State != messages.Delivered || len(w.network.out) != 3 {
		t.Errorf("%+v, %d sent", r, len(w.network.out))
	}
	silent := w.queue(messages.ReferenceText)
	w.send(0)
	w.network.standing = ""
	for range 12 {
		w.send(25 * time.Hour)
	}
	if r := w.get(silent); r.State != messages.Sent || r.SettledAt.IsZero() {
		t.Errorf("%+v", r)
	}
}

func TestManySendersSendEachTextOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 30 {
		w.queue(messages.ReferenceText)
	}
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			if _, err := w.outbox.SendDue(t.Context(), w.ours); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	times := map[string]int{}
	for _, reference := range w.network.out {
		times[reference]++
	}
	if len(times) != 30 || len(w.network.out) != 30 {
		t.Errorf("%d texts were sent %d times", len(times), len(w.network.out))
	}
}

func TestTheSameTextQueuedTwiceIsOneAndNothingOfItIsLegible(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.message(messages.ReferenceText)
	m.Once = "call/" + m.CallID.String()
	first, err := w.outbox.Queue(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := w.outbox.Queue(t.Context(), m); err != nil || again != first {
		t.Errorf("%s, not %s, %v", again, first, err)
	}
	if n := w.send(0); n != 1 {
		t.Errorf("%d were sent", n)
	}
	if err := w.db.InTx(t.Context(), tenants.JobOf(w.ours), func(tx *database.Tx) error {
		var texts []string
		err := tx.Gorm().Raw("select cast(m as text) from messages m union all select cast(r as text) from river_job r").Scan(&texts).Error
		if len(texts) < 2 {
			t.Errorf("%d rows", len(texts))
		}
		for _, text := range texts {
			if strings.Contains(text, "7700900123") || strings.Contains(text, "123 456 7894") || strings.Contains(text, "37373030393030313233") {
				t.Error("a row tells the number or the reference")
			}
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	seen, err := w.outbox.Show(t.Context(), w.ours, 10)
	if err != nil || len(seen) != 1 || seen[0].To != number || !strings.Contains(seen[0].Words, "123 456 7894") {
		t.Errorf("%+v, %v", seen, err)
	}
	w.network.standing = messages.Arrived
	w.send(time.Hour)
	for _, step := range []struct {
		after   time.Duration
		removed int
	}{{6 * 24 * time.Hour, 0}, {8 * 24 * time.Hour, 1}, {9 * 24 * time.Hour, 0}} {
		if n, err := w.outbox.RemoveExpired(t.Context(), w.ours, w.now.Add(step.after)); err != nil || n != step.removed {
			t.Errorf("after %s %d were forgotten, %v", step.after, n, err)
		}
	}
	if seen, err := w.outbox.Show(t.Context(), w.ours, 10); err != nil || len(seen) != 1 || seen[0].To != "" || seen[0].Words != "" {
		t.Errorf("%+v, %v", seen, err)
	}
}

func TestAMessageWithoutANumberOrItsFactsIsNotQueued(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.message(messages.ReferenceText)
	m.To = ""
	if _, err := w.outbox.Queue(t.Context(), m); !fault.Is(err, "text_number") {
		t.Error(err)
	}
	m = w.message(messages.ReferenceText)
	m.Text.Reference = ""
	if _, err := w.outbox.Queue(t.Context(), m); !fault.Is(err, "text_incomplete") {
		t.Error(err)
	}
	if n := w.send(0); n != 0 {
		t.Errorf("%d were queued", n)
	}
}

// What is queued in a transaction goes out when it commits, by a job, and not when it does not.
func TestAQueuedTextIsSentByAJob(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.now = time.Now().Truncate(time.Microsecond)
	client, err := jobs.New(w.db, jobs.Work{
		Messages: w.outbox, Neighbourhoods: func(context.Context) ([]uuid.UUID, error) { return nil, nil }, // so that the sweeper finds none
	}, jobs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	queue := func(after error) {
		t.Helper()
		r, err := w.outbox.Prepare(t.Context(), w.message(messages.ReferenceText))
		if err != nil {
			t.Fatal(err)
		}
		if err := w.db.InTx(t.Context(), tenants.IntakeOf(w.ours), func(tx *database.Tx) error {
			if _, err := w.store.QueueIn(t.Context(), tx, r); err != nil {
				return err
			}
			return after
		}); !errors.Is(err, after) {
			t.Fatal(err)
		}
	}
	queue(errors.New("what the text tells of did not happen"))
	queue(nil)
	deadline := time.Now().Add(time.Minute)
	sent := func() int { w.network.mu.Lock(); defer w.network.mu.Unlock(); return len(w.network.out) }
	for sent() == 0 && time.Now().Before(deadline) {
		select {
		case <-t.Context().Done():
		case <-time.After(10 * time.Millisecond):
		}
	}
	if err := client.Stop(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
	if list, err := w.store.List(t.Context(), w.ours, 10); err != nil || len(list) != 1 || list[0].State != messages.Sent || sent() != 1 {
		t.Errorf("%+v, %v; %d sent", list, err, sent())
	}
}

func TestAnotherTenantCannot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, theirs := t.Context(), uuid.New()
	m := w.message(messages.ReferenceText)
	m.Once = "the same"
	id, err := w.outbox.Queue(ctx, m)
	if err != nil {
		t.Fatal(err)
	}
	m.NeighbourhoodID = theirs
	other, err := w.outbox.Queue(ctx, m)
	if err != nil || other == id {
		t.Fatalf("another neighbourhood's message is ours: %v", err)
	}
	if list, err := w.store.List(ctx, theirs, 10); err != nil || len(list) != 1 || list[0].ID != other {
		t.Errorf("list: %+v, %v", list, err)
	}
	if list, err := w.store.Take(ctx, theirs, noon, noon.Add(time.Minute), 10); err != nil || len(list) != 1 || list[0].ID != other {
		t.Errorf("take: %+v, %v", list, err)
	}
	if counts, err := w.outbox.Counts(ctx, uuid.New(), noon.Add(-time.Hour)); err != nil || len(counts) != 0 {
		t.Errorf("counts: %+v, %v", counts, err)
	}
	if counts, err := w.outbox.Counts(ctx, w.ours, noon.Add(-time.Hour)); err != nil || len(counts) != 1 || counts[0] != (messages.Count{Template: messages.ReferenceText, State: messages.Queued, N: 1}) {
		t.Errorf("our counts: %+v, %v", counts, err)
	}
	stolen := w.get(id)
	stolen.NeighbourhoodID, stolen.State = theirs, messages.Failed
	if err := w.store.Settle(ctx, noon.Add(time.Minute), stolen); err != nil || w.get(id).State != messages.Queued {
		t.Errorf("settle: %v, %s", err, w.get(id).State)
	}
	w.network.answers = []error{&messages.Refusal{Code: "invalid-number", Final: true}}
	w.send(0)
	if err := w.outbox.Again(ctx, theirs, id); !fault.Is(err, "not_found") {
		t.Errorf("again: %v", err)
	}
	if n, err := w.outbox.RemoveExpired(ctx, theirs, noon.AddDate(1, 0, 0)); err != nil || n != 0 {
		t.Errorf("forgot %d, %v", n, err)
	}
	for name, test := range map[string]struct {
		scope tenants.Scope
		sees  int64
	}{
		"its jobs": {tenants.JobOf(w.ours), 1}, "its staff": {tenants.StaffOf(w.ours, uuid.New()), 0}, "a third neighbourhood": {tenants.JobOf(uuid.New()), 0},
	} {
		if err := w.db.InTx(ctx, test.scope, func(tx *database.Tx) error {
			var n int64
			if err := tx.Gorm().Raw("select count(*) from messages").Scan(&n).Error; err != nil {
				return err
			}
			changed := tx.Gorm().Exec("update messages set template = template")
			if n != test.sees || changed.RowsAffected != test.sees {
				t.Errorf("%s: row-level security alone shows %d and lets change %d", name, n, changed.RowsAffected)
			}
			return changed.Error
		}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
