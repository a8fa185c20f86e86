package components_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The generated files are committed: a reader and `go build` need no generator. This fails when a .templ file anywhere in
// the product was changed and `go tool templ generate` was not run.
func TestGeneratedFilesAreFresh(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	copies := t.TempDir()
	var sources []string
	err = filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "node_modules") && name != root:
			return filepath.SkipDir
		case !strings.HasSuffix(name, ".templ"):
			return nil
		}
		relative, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		sources = append(sources, relative)
		source, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		target := filepath.Join(copies, relative)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		return os.WriteFile(target, source, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	generate := exec.Command("go", "tool", "templ", "generate", "-path", copies)
	generate.Dir = root
	if out, err := generate.CombinedOutput(); err != nil {
		t.Fatalf("templ generate: %v\n%s", err, out)
	}
	for _, source := range sources {
		name := strings.TrimSuffix(source, ".templ") + "_templ.go"
		fresh, err := os.ReadFile(filepath.Join(copies, name))
		if err != nil {
			t.Fatal(err)
		}
		committed, err := os.ReadFile(filepath.Join(root, name))
		if err != nil || withoutPaths(fresh) != withoutPaths(committed) {
			t.Errorf("%s is stale: run go tool templ generate", source)
		}
	}
}

// withoutPaths leaves out the names of source files in error positions: they depend on where the generator was started.
func withoutPaths(source []byte) string {
	var out strings.Builder
	for line := range strings.Lines(string(source)) {
		if i := strings.Index(line, "FileName: "); i >= 0 {
			if j := strings.Index(line[i:], ".templ`"); j >= 0 {
				line = line[:i] + line[i+j:]
			}
		}
		out.WriteString(line)
	}
	return out.String()
}
