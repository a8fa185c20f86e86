package secretstore_test

import (
	"bytes"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/database/testdb"
	"onedoor/app/fault"
	"onedoor/app/secrets"
	"onedoor/app/secrets/keyfile"
	"onedoor/app/store/secretstore"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func masterAt(t *testing.T, path string) *keyfile.File {
	t.Helper()
	master, err := keyfile.OpenOrMake(path)
	if err != nil {
		t.Fatal(err)
	}
	return master
}

func TestWhatIsSealedOpensForItsOwnOnly(t *testing.T) {
	t.Parallel()
	store := secretstore.New(testdb.New(t), func() time.Time { return noon })
	master := masterAt(t, filepath.Join(t.TempDir(), "master.key"))
	vault := secrets.New(store, master)
	ctx, ours, theirs := t.Context(), uuid.New(), uuid.New()
	plain, of := []byte("what was said"), []byte("recording 1")
	sealed, err := vault.Seal(ctx, ours, plain, of)
	if err != nil || bytes.Contains(sealed, plain) {
		t.Fatal("not sealed", err)
	}
	if _, err := vault.Seal(ctx, theirs, plain, of); err != nil {
		t.Fatal(err)
	}
	elsewhere := secrets.New(store, master) // another process, with nothing in memory
	if got, err := elsewhere.Open(ctx, ours, sealed, of); err != nil || !bytes.Equal(got, plain) {
		t.Errorf("opened %q, %v", got, err)
	}
	changed := bytes.Clone(sealed)
	changed[len(changed)-1]++
	for name, c := range map[string]struct {
		neighbourhood uuid.UUID
		sealed, of    []byte
		code          string
	}{
		"another tenant cannot":                   {theirs, sealed, of, "secret_sealed"},
		"a tenant without a key cannot":           {uuid.New(), sealed, of, "secret_no_key"},
		"it does not open as another's recording": {ours, sealed, []byte("recording 2"), "secret_sealed"},
		"it does not open once it was changed":    {ours, changed, of, "secret_sealed"},
		"nothing opens as nothing":                {ours, nil, of, "secret_sealed"},
	} {
		if got, err := elsewhere.Open(ctx, c.neighbourhood, c.sealed, c.of); !fault.Is(err, c.code) || got != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestProcessesThatSealFirstAtOnceShareOneKey(t *testing.T) {
	t.Parallel()
	store := secretstore.New(testdb.New(t), func() time.Time { return noon })
	master := masterAt(t, filepath.Join(t.TempDir(), "master.key"))
	ctx, ours := t.Context(), uuid.New()
	sealed := make([][]byte, 8)
	var all sync.WaitGroup
	for i := range sealed {
		all.Go(func() {
			var err error
			if sealed[i], err = secrets.New(store, master).Seal(ctx, ours, []byte("said"), nil); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for i := range sealed {
		if _, err := secrets.New(store, master).Open(ctx, ours, sealed[i], nil); err != nil {
			t.Errorf("what process %d sealed is lost: %v", i, err)
		}
	}
}

func TestTheMasterKeyCanBeRotatedAndTheOldOneForgotten(t *testing.T) {
	t.Parallel()
	store := secretstore.New(testdb.New(t), func() time.Time { return noon })
	path := filepath.Join(t.TempDir(), "master.key")
	ctx, ours := t.Context(), uuid.New()
	old := secrets.New(store, masterAt(t, path))
	sealed, err := old.Seal(ctx, ours, []byte("said"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := keyfile.Rotate(path); err != nil {
		t.Fatal(err)
	}
	running := secrets.New(store, masterAt(t, path)) // a process that goes on meanwhile, and has not opened anything yet
	if err := keyfile.Rotate(path); err != nil {
		t.Fatal(err)
	}
	vault := secrets.New(store, masterAt(t, path))
	if changed, err := vault.Rewrap(ctx, ours); err != nil || !changed {
		t.Fatal("not wrapped anew", changed, err)
	}
	if changed, err := vault.Rewrap(ctx, uuid.New()); err != nil || changed {
		t.Error("a neighbourhood without a key:", changed, err)
	}
	if err := keyfile.Forget(path); err != nil {
		t.Fatal(err)
	}
	if got, err := running.Open(ctx, ours, sealed, nil); err != nil || string(got) != "said" {
		t.Errorf("a process that was running: %q, %v", got, err)
	}
	after := secrets.New(store, masterAt(t, path))
	if got, err := after.Open(ctx, ours, sealed, nil); err != nil || string(got) != "said" {
		t.Errorf("after the rotation: %q, %v", got, err)
	}
	if renewed, err := after.Renew(ctx, ours); err != nil || !renewed {
		t.Fatal(renewed, err)
	}
	newer, err := after.Seal(ctx, ours, []byte("later"), nil)
	if err != nil {
		t.Fatal(err)
	}
	// vault has the key from before its renewal in memory, and finds the newer one.
	for want, b := range map[string][]byte{"said": sealed, "later": newer} {
		if got, err := vault.Open(ctx, ours, b, nil); err != nil || string(got) != want {
			t.Errorf("%q: %q, %v", want, got, err)
		}
	}
}

func TestAKeyFileThatIsLostOpensNothing(t *testing.T) {
	t.Parallel()
	store := secretstore.New(testdb.New(t), func() time.Time { return noon })
	ctx, ours, dir := t.Context(), uuid.New(), t.TempDir()
	sealed, err := secrets.New(store, masterAt(t, filepath.Join(dir, "one"))).Seal(ctx, ours, []byte("said"), nil)
	if err != nil {
		t.Fatal(err)
	}
	other := secrets.New(store, masterAt(t, filepath.Join(dir, "two")))
	if got, err := other.Open(ctx, ours, sealed, nil); !fault.Is(err, "secret_master_key") || got != nil {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := other.Seal(ctx, ours, []byte("more"), nil); !fault.Is(err, "secret_master_key") {
		t.Errorf("a key that cannot be unwrapped was replaced in silence: %v", err)
	}
}
