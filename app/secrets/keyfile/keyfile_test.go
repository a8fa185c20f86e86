package keyfile_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"onedoor/app/secrets/keyfile"
)

func TestAKeyFileIsItsOwnersAlone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "master.key")
	if _, err := keyfile.Open(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	if _, err := keyfile.OpenOrMake(path); err != nil {
		t.Fatal(err)
	}
	about, err := os.Stat(path)
	if err != nil || about.Mode().Perm() != 0o600 {
		t.Errorf("made as %v, %v", about.Mode(), err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := keyfile.Open(path); err == nil {
		t.Error("one that a group can read is taken")
	}
}

func TestAKeyFileIsNeverReplaced(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "master.key")
	first, err := keyfile.OpenOrMake(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := keyfile.Make(path); !errors.Is(err, os.ErrExist) {
		t.Errorf("made again: %v", err)
	}
	wrapped, err := first.Wrap(t.Context(), []byte("key"), []byte("for"))
	if err != nil {
		t.Fatal(err)
	}
	again, err := keyfile.OpenOrMake(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := again.Unwrap(t.Context(), wrapped, []byte("for")); err != nil || string(got) != "key" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := again.Unwrap(t.Context(), wrapped, []byte("for another")); err == nil {
		t.Error("unwrapped for another")
	}
}

func TestWhatIsNoKeyFileIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "master.key")
	for _, text := range []string{"", "{}", "not json", `{"primaryKeyId":1,"key":[]}`} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := keyfile.Open(path); err == nil {
			t.Errorf("%q is taken for a key", text)
		}
		if err := keyfile.Rotate(path); err == nil {
			t.Errorf("%q is rotated", text)
		}
	}
}
