package lint_test

import (
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const repository = "../.."

// habit is something that no committed file may hold.
type habit struct {
	says    string
	in      *regexp.Regexp // the files that it binds, by their path
	without *regexp.Regexp
}

var habits = []habit{
	{
		"names a folder of one person's machine", regexp.MustCompile(`.`),
		regexp.MustCompile(`(^|[\s"'(=:])/(work|root|home/[a-z]+)/`),
	},
	{
		"names a package registry's host: each machine has its own", regexp.MustCompile(`.`),
		regexp.MustCompile(`(registry\.npm` + `js\.org|proxy\.gol` + `ang\.org|sum\.gol` + `ang\.org|deb\.deb` + `ian\.org)`),
	},
	{
		"skips a test without a reason", regexp.MustCompile(`_test\.go$`),
		regexp.MustCompile(`\.(SkipNow\(\)|Skip\(\)|Skip\(""\))`),
	},
	{
		"uses a word that htmx 4 no longer knows", regexp.MustCompile(`^(ui|app)/.*(\.templ|\.html|_templ\.go)$`),
		regexp.MustCompile(`\b(sse-swap|sse-connect|hx-ext|hx-disabled-elt)\b`),
	},
}

func TestCommittedFilesKeepTheHabits(t *testing.T) {
	t.Parallel()
	for _, name := range committed(t) {
		// What others wrote is taken as it is, and go.sum names modules.
		if strings.HasPrefix(name, "ui/static/assets/") || name == "go.sum" {
			continue
		}
		content, err := os.ReadFile(filepath.Join(repository, name))
		if os.IsNotExist(err) {
			continue // removed, and not yet committed
		}
		if err != nil {
			t.Fatal(err)
		}
		for number, line := range strings.Split(string(content), "\n") {
			for _, h := range habits {
				if h.in.MatchString(name) && h.without.MatchString(line) {
					t.Errorf("%s:%d %s: %s", name, number+1, h.says, strings.TrimSpace(line))
				}
			}
		}
	}
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	t.Parallel()
	documented := map[string]bool{}
	for _, name := range committed(t) {
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || strings.Contains(name, "testdata/") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(repository, name), nil, parser.ParseComments|parser.PackageClauseOnly)
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		folder := path.Dir(name)
		says := file.Doc != nil && (strings.HasPrefix(file.Doc.Text(), "Package ") || strings.HasPrefix(file.Doc.Text(), "Command "))
		documented[folder] = documented[folder] || says
	}
	if len(documented) == 0 {
		t.Fatal("no package was found")
	}
	for folder, says := range documented {
		if !says {
			t.Errorf("package %s has no comment that says what it is for", folder)
		}
	}
}

// committed are the files that git has or would take.
func committed(t *testing.T) []string {
	t.Helper()
	git := exec.Command("git", "-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard")
	git.Dir = repository
	out, err := git.Output()
	if err != nil {
		t.Fatalf("git ls-files: %v", err)
	}
	return strings.Fields(string(out))
}
