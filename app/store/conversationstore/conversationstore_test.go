package conversationstore_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/catalogue"
	"onedoor/app/database/testdb"
	"onedoor/app/fault"
	"onedoor/app/intake"
	"onedoor/app/store/conversationstore"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func TestAConversationIsFoundByItsTokenForAnHour(t *testing.T) {
	t.Parallel()
	now := noon
	store := conversationstore.New(testdb.New(t), func() time.Time { return now })
	ctx, ours, theirs := t.Context(), uuid.New(), uuid.New()
	token, other := []byte("hash of a token"), []byte("hash of another")
	talk := &intake.Conversation{
		ID: uuid.Must(uuid.NewV7()), NeighbourhoodID: ours, Kind: "symptoms", Channel: "web", Language: "cy",
		Answers: catalogue.Answers{"condition": {catalogue.Text("sore-throat")}}, StartedAt: noon, UpdatedAt: noon,
	}
	if err := store.Save(ctx, token, talk); err != nil {
		t.Fatal(err)
	}
	got, err := store.Load(ctx, ours, token)
	if err != nil || got.ID != talk.ID || got.Answers["condition"][0] != catalogue.Text("sore-throat") || got.Language != "cy" {
		t.Fatalf("loaded %+v, %v", got, err)
	}
	for name, absent := range map[string]struct {
		neighbourhood uuid.UUID
		token         []byte
	}{"another neighbourhood cannot": {theirs, token}, "another token cannot": {ours, other}} {
		if _, err := store.Load(ctx, absent.neighbourhood, absent.token); !fault.Is(err, "not_found") {
			t.Errorf("%s: %v", name, err)
		}
	}
	foreign := *talk
	foreign.NeighbourhoodID = theirs
	if err := store.Save(ctx, other, &foreign); err != nil { // the same id elsewhere is another conversation
		t.Fatal(err)
	}
	talk.UpdatedAt = noon.Add(30 * time.Minute)
	if err := store.Save(ctx, token, talk); err != nil {
		t.Fatal(err)
	}
	now = noon.Add(89 * time.Minute)
	if _, err := store.Load(ctx, ours, token); err != nil {
		t.Errorf("an hour after the last answer was not over: %v", err)
	}
	now = noon.Add(90 * time.Minute)
	if _, err := store.Load(ctx, ours, token); !fault.Is(err, "not_found") {
		t.Errorf("an hour after the last answer: %v", err)
	}
	if n, err := store.RemoveExpired(ctx, theirs, noon.Add(59*time.Minute)); n != 0 || err != nil {
		t.Errorf("removed %d too early, %v", n, err)
	}
	if n, err := store.RemoveExpired(ctx, theirs, now); n != 1 || err != nil {
		t.Errorf("removed %d of theirs, %v", n, err)
	}
	if n, err := store.RemoveExpired(ctx, ours, now); n != 1 || err != nil {
		t.Errorf("removed %d of ours, %v: another neighbourhood's removal must not reach it", n, err)
	}
}
