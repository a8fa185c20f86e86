package recordingstore_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/demo"
	"onedoor/app/recordings"
	"onedoor/app/secrets"
	"onedoor/app/secrets/keyfile"
	"onedoor/app/store/recordingstore"
	"onedoor/app/store/secretstore"
)

// platform holds recordings, and refuses to remove them while it is down.
type platform struct {
	down    bool
	removed []string
}

func (p *platform) RemoveCopy(_ context.Context, line, address string) error {
	if p.down {
		return errors.New("down")
	}
	p.removed = append(p.removed, line+" "+address)
	return nil
}

func TestWhatAPlatformHoldsIsRemovedOnceItIsKeptHere(t *testing.T) {
	t.Parallel()
	h := open(t)
	master, err := keyfile.OpenOrMake(t.TempDir() + "/master.key")
	if err != nil {
		t.Fatal(err)
	}
	there := &platform{down: true}
	store := recordingstore.New(h.DB, h.Now)
	kept := recordings.New(recordings.Options{Store: store, Vault: secrets.New(secretstore.New(h.DB, h.Now), master), Copies: there, Now: h.Now})
	if _, err := kept.KeepFetched(t.Context(), riverside, uuid.New(), "describe", []byte("no sound"), "riverside", "https://platform.example/0"); err == nil {
		t.Fatal("what is no recording was kept")
	}
	if _, err := kept.KeepFetched(t.Context(), riverside, uuid.New(), "describe", said(), "riverside", "https://platform.example/1"); err != nil {
		t.Fatal(err)
	}
	h.Pass(time.Second)
	if err := kept.Discard(t.Context(), riverside, "A81001", "https://platform.example/2"); err != nil {
		t.Fatal(err)
	}
	round := func(want int) {
		t.Helper()
		if n, err := kept.RemoveCopies(t.Context(), riverside); n != want || (err != nil) != there.down {
			t.Fatalf("%d were removed, not %d: %v", n, want, err)
		}
	}
	round(0)
	there.down = false
	round(0) // each was tried, and is not due
	if n, err := kept.RemoveCopies(t.Context(), demo.NeighbourhoodID("hillside")); n != 0 || err != nil {
		t.Fatalf("another neighbourhood removed %d: %v", n, err)
	}
	h.Pass(time.Minute)
	round(2)
	slices.Sort(there.removed)
	if !slices.Equal(there.removed, []string{"A81001 https://platform.example/2", "riverside https://platform.example/1"}) {
		t.Errorf("removed: %q", there.removed)
	}
	h.Pass(24 * time.Hour)
	round(0)
}

func TestAnotherTenantCannotSeeOrEndWhatIsToBeRemoved(t *testing.T) {
	t.Parallel()
	h := open(t)
	store, hillside := recordingstore.New(h.DB, h.Now), demo.NeighbourhoodID("hillside")
	c := recordings.Copy{ID: uuid.New(), NeighbourhoodID: riverside, Line: "riverside", Address: "https://platform.example/1", At: h.Now(), TryAt: h.Now()}
	if err := store.AddCopy(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if due, err := store.CopiesDue(t.Context(), hillside, h.Now(), 10); err != nil || len(due) != 0 {
		t.Fatalf("%v %v", due, err)
	}
	if err := store.CopyRemoved(t.Context(), hillside, c.ID); err != nil {
		t.Fatal(err)
	}
	for try := range recordings.MostCopyTries {
		due, err := store.CopiesDue(t.Context(), riverside, h.Now(), 10)
		if err != nil || len(due) != 1 || due[0].ID != c.ID || due[0].Tries != try+1 {
			t.Fatalf("try %d: %+v %v", try, due, err)
		}
		h.Pass(due[0].TryAt.Sub(h.Now()) + time.Second)
	}
	if due, err := store.CopiesDue(t.Context(), riverside, h.Now(), 10); err != nil || len(due) != 0 {
		t.Errorf("it is tried for ever: %+v %v", due, err)
	}
}
