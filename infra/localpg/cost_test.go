package localpg_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"onedoor/infra/localpg"
)

// BenchmarkStart is the durable server, made anew (cold) and started again (warm); stopping it is counted too.
func BenchmarkStart(b *testing.B) {
	dir, err := os.MkdirTemp("", "localpg-")
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := os.Chmod(dir, 0o755); err != nil {
		b.Fatal(err)
	}
	once := func(b *testing.B, name string) {
		b.Helper()
		c, err := localpg.Start(context.Background(), localpg.Options{Dir: filepath.Join(dir, name)})
		if err != nil {
			b.Fatal(err)
		}
		if err := c.Close(); err != nil {
			b.Fatal(err)
		}
	}
	made := 0
	b.Run("cold", func(b *testing.B) {
		for b.Loop() {
			made++
			once(b, strconv.Itoa(made))
		}
	})
	b.Run("warm", func(b *testing.B) {
		for b.Loop() {
			once(b, "1")
		}
	})
}
