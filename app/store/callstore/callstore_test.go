package callstore_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/calls"
	"onedoor/app/database"
	"onedoor/app/database/testdb"
	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/app/store/callstore"
	"onedoor/tenants"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

const caller nhs.Phone = "+447700900123"

// sealer encrypts with a key for each neighbourhood.
type sealer struct{ keys sync.Map }

func (s *sealer) aead(neighbourhood uuid.UUID) cipher.AEAD {
	drawn := make([]byte, 32)
	_, _ = rand.Read(drawn)
	key, _ := s.keys.LoadOrStore(neighbourhood, drawn)
	block, err := aes.NewCipher(key.([]byte))
	if err != nil {
		panic(err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err)
	}
	return aead
}

func (s *sealer) Seal(_ context.Context, neighbourhood uuid.UUID, plain, about []byte) ([]byte, error) {
	return s.aead(neighbourhood).Seal(nil, nil, plain, about), nil
}

func (s *sealer) Open(_ context.Context, neighbourhood uuid.UUID, sealed, about []byte) ([]byte, error) {
	return s.aead(neighbourhood).Open(nil, nil, sealed, about)
}

type world struct {
	t       *testing.T
	db      *database.DB
	store   *callstore.Store
	service *calls.Service
	filed   *filing
	ours    uuid.UUID
	now     time.Time
}

type filing struct {
	fails error
	calls []uuid.UUID
	state []string
}

func (f *filing) File(_ context.Context, c calls.Call, state []byte) error {
	if f.fails != nil {
		return f.fails
	}
	f.calls, f.state = append(f.calls, c.ID), append(f.state, string(state))
	return nil
}

func newWorld(t *testing.T) *world {
	t.Helper()
	db := testdb.New(t)
	w := &world{t: t, db: db, store: callstore.New(db), filed: &filing{}, ours: uuid.New(), now: noon}
	w.service = calls.NewService(calls.Options{Store: w.store, Reports: w.store, Lists: w.store, Sealer: &sealer{}, Filing: w.filed, Now: func() time.Time { return w.now }})
	return w
}

func (w *world) begin(change func(*calls.New)) calls.Call {
	w.t.Helper()
	n := calls.New{NeighbourhoodID: w.ours, Line: "riverside", Via: calls.SIP, External: uuid.NewString(), Caller: caller, Language: "en", At: w.now}
	if change != nil {
		change(&n)
	}
	c, err := w.service.Begin(w.t.Context(), n)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

func (w *world) note(id uuid.UUID, n calls.Note) {
	w.t.Helper()
	if err := w.service.Note(w.t.Context(), w.ours, id, n); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) get(id uuid.UUID) calls.Call {
	w.t.Helper()
	c, err := w.service.Get(w.t.Context(), w.ours, id)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

func TestACallIsBegunOnceHoweverOftenItIsAnnounced(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := calls.New{NeighbourhoodID: w.ours, OrganisationID: uuid.New(), Line: "A81001", Via: calls.TwiML, External: "CA00000000000000000000000000000001", Caller: caller, Language: "cy", At: noon}
	var mu sync.Mutex
	ids := map[uuid.UUID]int{}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			c, err := w.service.Begin(t.Context(), n)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			ids[c.ID]++
		})
	}
	all.Wait()
	if len(ids) != 1 {
		t.Fatalf("%d calls were begun for one", len(ids))
	}
	for id := range ids {
		got := w.get(id)
		want := calls.Call{
			ID: id, NeighbourhoodID: w.ours, OrganisationID: n.OrganisationID, Line: "A81001", Via: calls.TwiML, Language: "cy", StartedAt: noon, HeardAt: noon, End: calls.AbandonedEmpty,
		}
		if got != want {
			t.Errorf("kept %+v, not %+v", got, want)
		}
	}
	other := n
	other.Via = calls.Jambonz
	if c, err := w.service.Begin(t.Context(), other); err != nil || ids[c.ID] > 0 {
		t.Errorf("another platform's call of the same name: %+v, %v", c, err)
	}
}

func TestASecondCallWithinADayIsKnownAndNothingOfTheNumberIsLegible(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.begin(nil)
	w.now = noon.Add(23 * time.Hour)
	second := w.begin(nil)
	w.now = noon.Add(48 * time.Hour)
	third := w.begin(nil)
	somebody := w.begin(func(n *calls.New) { n.Caller = "+447700900124" })
	withheld := w.begin(func(n *calls.New) { n.Caller = "" })
	if first.Repeats != uuid.Nil || second.Repeats != first.ID || third.Repeats != uuid.Nil || somebody.Repeats != uuid.Nil || withheld.Repeats != uuid.Nil {
		t.Errorf("repeats: %v %v %v %v %v", first.Repeats, second.Repeats, third.Repeats, somebody.Repeats, withheld.Repeats)
	}
	if !withheld.Withheld || first.Withheld {
		t.Error("who withheld their number is mixed up")
	}
	if number, err := w.service.Caller(t.Context(), w.ours, first.ID); err != nil || number != caller {
		t.Errorf("the number opens as %q, %v", number, err)
	}
	if number, err := w.service.Caller(t.Context(), w.ours, withheld.ID); err != nil || number != "" {
		t.Errorf("a withheld number is %q, %v", number, err)
	}
	for _, table := range []string{"calls", "call_keys"} {
		if err := w.db.InTx(t.Context(), tenants.JobOf(w.ours), func(tx *database.Tx) error {
			var texts []string
			err := tx.Gorm().Raw("select cast(t as text) from " + table + " t").Scan(&texts).Error
			if len(texts) == 0 {
				t.Errorf("%s is empty", table)
			}
			for _, text := range texts {
				if strings.Contains(text, "7700900123") || strings.Contains(text, "37373030393030313233") { // in hexadecimal, as PostgreSQL prints bytes
					t.Errorf("%s holds the number in the clear", table)
				}
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTheFirstMomentAndTheLastWordStay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.begin(nil)
	at := func(s int) time.Time { return noon.Add(time.Duration(s) * time.Second) }
	w.now = at(60)
	w.note(c.ID, calls.Note{Answered: at(1), Step: "greeting"})
	w.note(c.ID, calls.Note{Answered: at(2), Kind: "symptoms", Language: "cy", Step: "question.duration", End: calls.AbandonedKept})
	w.note(c.ID, calls.Note{PersonAsked: at(30)})
	w.note(c.ID, calls.Note{PersonAsked: at(40), Person: at(50), End: calls.Person})
	w.note(c.ID, calls.Note{})
	if got := w.get(c.ID); !got.AnsweredAt.Equal(at(1)) || !got.PersonAskedAt.Equal(at(30)) || !got.PersonAt.Equal(at(50)) || got.Kind != "symptoms" ||
		got.Language != "cy" || got.LastStep != "question.duration" || got.End != calls.Person || !got.HeardAt.Equal(at(60)) || got.Ended() {
		t.Errorf("kept %+v", got)
	}
	w.now = at(90)
	ended, err := w.service.End(t.Context(), w.ours, c.ID, "")
	if err != nil || ended.End != calls.Person || !ended.EndedAt.Equal(at(90)) {
		t.Errorf("ended as %+v, %v", ended, err)
	}
	w.now = at(120)
	if again, err := w.service.End(t.Context(), w.ours, c.ID, calls.Failed); err != nil || again.End != calls.Person || !again.EndedAt.Equal(at(90)) {
		t.Errorf("a second end made %+v, %v", again, err)
	}
	w.note(c.ID, calls.Note{End: calls.Failed, Kind: "admin", Reference: "1234567894", AnswersKept: true})
	if got := w.get(c.ID); got.End != calls.Person || got.Kind != "symptoms" || got.Reference != "1234567894" || !got.AnswersKept || !got.HeardAt.Equal(at(90)) {
		t.Errorf("after its end it became %+v", got)
	}
}

func TestOfTwoMessagesFromOneStateOnlyTheFirstIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, c := t.Context(), w.begin(nil)
	if _, err := w.service.LoadSession(ctx, w.ours, c.ID); !fault.Is(err, "not_found") {
		t.Errorf("before the first save: %v", err)
	}
	save := func(version int, state string) error {
		return w.service.SaveSession(ctx, w.ours, calls.Session{CallID: c.ID, Version: version, State: []byte(state)})
	}
	if err := save(0, "one"); err != nil {
		t.Fatal(err)
	}
	if err := save(0, "one again"); !fault.Is(err, "session_moved_on") {
		t.Errorf("a second first save: %v", err)
	}
	s, err := w.service.LoadSession(ctx, w.ours, c.ID)
	if err != nil || string(s.State) != "one" || s.Version != 1 {
		t.Fatalf("%+v, %v", s, err)
	}
	if err := save(s.Version, "two"); err != nil {
		t.Fatal(err)
	}
	if err := save(s.Version, "late"); !fault.Is(err, "session_moved_on") {
		t.Errorf("a late save: %v", err)
	}
	if s, err = w.service.LoadSession(ctx, w.ours, c.ID); err != nil || string(s.State) != "two" || s.Version != 2 {
		t.Errorf("%+v, %v", s, err)
	}
	if _, err := w.service.End(ctx, w.ours, c.ID, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := w.service.LoadSession(ctx, w.ours, c.ID); !fault.Is(err, "not_found") {
		t.Errorf("after the end: %v", err)
	}
	if err := save(0, "after"); !fault.Is(err, "session_moved_on") {
		t.Errorf("a save after the end: %v", err)
	}
}

func TestACallThatWentSilentIsFiledAndThenEnded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	silent, bare := w.begin(nil), w.begin(nil)
	if err := w.service.SaveSession(ctx, w.ours, calls.Session{CallID: silent.ID, State: []byte("answers")}); err != nil {
		t.Fatal(err)
	}
	w.now = noon.Add(14 * time.Minute)
	alive := w.begin(nil)
	if n, err := w.service.Sweep(ctx, w.ours); err != nil || n != 0 {
		t.Fatalf("%d ended too soon, %v", n, err)
	}
	w.now = noon.Add(16 * time.Minute)
	w.filed.fails = errors.New("the database is away")
	if n, err := w.service.Sweep(ctx, w.ours); !errors.Is(err, w.filed.fails) || n != 1 || !w.get(bare.ID).Ended() || w.get(silent.ID).Ended() {
		t.Fatalf("%d ended while filing failed, %v", n, err)
	}
	w.filed.fails = nil
	if n, err := w.service.Sweep(ctx, w.ours); err != nil || n != 1 {
		t.Fatalf("%d ended, %v", n, err)
	}
	if len(w.filed.calls) != 1 || w.filed.calls[0] != silent.ID || w.filed.state[0] != "answers" {
		t.Errorf("filed %v %v", w.filed.calls, w.filed.state)
	}
	if got := w.get(silent.ID); !got.EndedAt.Equal(noon) {
		t.Errorf("it ended at %s", got.EndedAt)
	}
	if w.get(alive.ID).Ended() {
		t.Error("a call that goes on was ended")
	}
	if n, err := w.service.Sweep(ctx, w.ours); err != nil || n != 0 {
		t.Errorf("%d ended twice, %v", n, err)
	}
}

func TestWhatIsKeptOfACallerGoesAfterItsTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, first := t.Context(), w.begin(nil)
	going := w.begin(func(n *calls.New) { n.Caller = "+447700900125" })
	if _, err := w.service.End(ctx, w.ours, first.ID, ""); err != nil {
		t.Fatal(err)
	}
	hashed := func() (n int) {
		t.Helper()
		if err := w.db.InTx(ctx, tenants.JobOf(w.ours), func(tx *database.Tx) error {
			return tx.Gorm().Raw("select count(*) from calls where caller_hash is not null").Scan(&n).Error
		}); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, step := range []struct {
		after           time.Duration
		removed, hashes int
		number          nhs.Phone
	}{
		{47 * time.Hour, 0, 2, caller}, {49 * time.Hour, 1, 1, caller}, {6 * 24 * time.Hour, 0, 1, caller}, {8 * 24 * time.Hour, 1, 1, ""},
	} {
		removed, err := w.service.RemoveExpired(ctx, w.ours, noon.Add(step.after))
		if err != nil || removed != step.removed || hashed() != step.hashes {
			t.Errorf("after %s: %d removed, %d hashes, %v", step.after, removed, hashed(), err)
		}
		if number, err := w.service.Caller(ctx, w.ours, first.ID); err != nil || number != step.number {
			t.Errorf("after %s: the number is %q, %v", step.after, number, err)
		}
	}
	if number, err := w.service.Caller(ctx, w.ours, going.ID); err != nil || number == "" {
		t.Errorf("a call that goes on lost its number: %v", err)
	}
}

func TestAnotherTenantCannot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, theirs := t.Context(), uuid.New()
	practice, other := uuid.New(), uuid.New()
	c := w.begin(func(n *calls.New) { n.OrganisationID = practice; n.External = "the-same" })
	w.begin(nil) // the neighbourhood's own line
	if err := w.service.SaveSession(ctx, w.ours, calls.Session{CallID: c.ID, State: []byte("s")}); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"get":          second(w.service.Get(ctx, theirs, c.ID)),
		"note":         w.service.Note(ctx, theirs, c.ID, calls.Note{Kind: "admin"}),
		"end":          second(w.service.End(ctx, theirs, c.ID, "")),
		"caller":       second(w.service.Caller(ctx, theirs, c.ID)),
		"load session": second(w.service.LoadSession(ctx, theirs, c.ID)),
	} {
		if !fault.Is(err, "not_found") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := w.service.SaveSession(ctx, theirs, calls.Session{CallID: c.ID, Version: 1, State: []byte("x")}); !fault.Is(err, "session_moved_on") {
		t.Errorf("save session: %v", err)
	}
	w.now = noon.Add(time.Hour)
	if n, err := w.service.Sweep(ctx, theirs); err != nil || n != 0 {
		t.Errorf("swept %d, %v", n, err)
	}
	if n, err := w.service.RemoveExpired(ctx, theirs, noon.AddDate(1, 0, 0)); err != nil || n != 0 {
		t.Errorf("forgot %d, %v", n, err)
	}
	// The same number and the same external id are another caller and another call elsewhere.
	elsewhere, err := w.service.Begin(ctx, calls.New{NeighbourhoodID: theirs, Line: "hillside", Via: calls.SIP, External: "the-same", Caller: caller, At: noon})
	if err != nil || elsewhere.ID == c.ID || elsewhere.Repeats != uuid.Nil {
		t.Errorf("elsewhere: %+v, %v", elsewhere, err)
	}
	for name, test := range map[string]struct {
		scope         tenants.Scope
		sees, changes int64
	}{
		"the practice whose line it was": {tenants.StaffOf(w.ours, practice), 2, 0},
		"another practice":               {tenants.StaffOf(w.ours, other), 1, 0}, // the neighbourhood's own line
		"a lead":                         {tenants.StaffOf(w.ours), 0, 0},
		"its jobs":                       {tenants.JobOf(w.ours), 2, 2},
		"a third neighbourhood":          {tenants.JobOf(uuid.New()), 0, 0},
		"their staff":                    {tenants.StaffOf(theirs, practice), 1, 0},
	} {
		if err := w.db.InTx(ctx, test.scope, func(tx *database.Tx) error {
			var n int64
			if err := tx.Gorm().Raw("select count(*) from calls").Scan(&n).Error; err != nil {
				return err
			}
			changed := tx.Gorm().Exec("update calls set line = line")
			if n != test.sees || changed.RowsAffected != test.changes {
				t.Errorf("%s: row-level security alone shows %d and lets change %d", name, n, changed.RowsAffected)
			}
			for _, table := range []string{"call_sessions", "call_keys"} {
				if err := tx.Gorm().Raw("select count(*) from " + table).Scan(&n).Error; err != nil {
					return err
				}
				if test.scope.Kind == tenants.StaffScope && n != 0 {
					t.Errorf("%s sees %d of %s", name, n, table)
				}
			}
			return changed.Error
		}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }
