package components_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// htmx 4 does not know these words of htmx 2, and ignores them in silence.
var oldHTMX = regexp.MustCompile(`\b(sse-swap|sse-connect|hx-sse="|hx-ext|hx-disabled-elt|hx-vars|hx-on[:=])`)

// Inline styles and event handlers would be refused by the Content-Security-Policy.
var inline = regexp.MustCompile(`\s(style|onclick|onchange|onsubmit|onload)=`)

func TestTemplatesHoldNothingThatBrowsersIgnoreOrRefuse(t *testing.T) {
	t.Parallel()
	for _, root := range []string{"../../ui", "../../app"} {
		err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(name, ".templ") {
				return err
			}
			source, err := os.ReadFile(name)
			for _, banned := range []*regexp.Regexp{oldHTMX, inline} {
				if found := banned.Find(source); found != nil {
					t.Errorf("%s holds %q", name, found)
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
