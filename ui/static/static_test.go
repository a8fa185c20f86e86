package static_test

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"onedoor/ui/static"
)

func get(t *testing.T, address string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, address, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	static.Handler().ServeHTTP(w, r)
	return w
}

func TestAnAddressWithTheHashIsKeptForEver(t *testing.T) {
	t.Parallel()
	w := get(t, static.Path("nhsuk-frontend.min.css"))
	if w.Code != 200 || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") || w.Body.Len() < 100_000 {
		t.Fatalf("got %d, %q, %d bytes", w.Code, w.Header().Get("Cache-Control"), w.Body.Len())
	}
	if got := w.Header().Get("Content-Type"); got != "text/css; charset=utf-8" {
		t.Errorf("content type %q", got)
	}
}

func TestABareNameIsCheckedEachTime(t *testing.T) {
	t.Parallel()
	first := get(t, "/assets/onedoor.js")
	if first.Code != 200 || first.Header().Get("Cache-Control") != "no-cache" {
		t.Fatalf("got %d, %q", first.Code, first.Header().Get("Cache-Control"))
	}
	if again := get(t, "/assets/onedoor.js", "If-None-Match", first.Header().Get("ETag")); again.Code != 304 || again.Body.Len() != 0 {
		t.Errorf("unchanged file gave %d with %d bytes", again.Code, again.Body.Len())
	}
}

// htmx starts when the script that holds it is done: what extends it and what listens to it have to be in the same one.
func TestStaffPagesHaveOneScript(t *testing.T) {
	t.Parallel()
	w := get(t, static.Path(static.StaffScript))
	if got := w.Header().Get("Content-Type"); w.Code != 200 || got != "text/javascript; charset=utf-8" {
		t.Fatalf("got %d, %q", w.Code, got)
	}
	at := 0
	for _, part := range []string{"var htmx=", `htmx.registerExtension("sse"`, "htmx:sse:after:connection'"} {
		next := strings.Index(w.Body.String()[at:], part)
		if next < 0 {
			t.Fatalf("%q does not follow what comes before it", part)
		}
		at += next
	}
}

func TestNothingElseIsServed(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"/assets/", "/assets/images", "/assets/../static.go", "/assets/%2e%2e/static.go", static.Path(""), "/assets/absent.css"} {
		if w := get(t, address); w.Code != 404 {
			t.Errorf("%s gave %d", address, w.Code)
		}
	}
}

func TestSheetsFetchNothingFromElsewhere(t *testing.T) {
	t.Parallel()
	files := os.DirFS("assets")
	elsewhere := regexp.MustCompile(`url\((["']?)(https?:)?//|@font-face|@import`)
	image := regexp.MustCompile(`url\(["']?(images/[^)"']+)`)
	sheets, err := fs.Glob(files, "*.css")
	if err != nil || len(sheets) == 0 {
		t.Fatal("no sheets", err)
	}
	for _, sheet := range sheets {
		text, err := fs.ReadFile(files, sheet)
		if err != nil {
			t.Fatal(err)
		}
		if found := elsewhere.Find(text); found != nil {
			t.Errorf("%s: %s", sheet, found)
		}
		for _, m := range image.FindAllSubmatch(text, -1) {
			if _, err := fs.Stat(files, string(m[1])); err != nil {
				t.Errorf("%s names %s, which is not here", sheet, m[1])
			}
		}
	}
}
