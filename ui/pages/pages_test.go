package pages_test

import (
	"bytes"
	"context"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"onedoor/ui/browsertest"
	"onedoor/ui/locales"
	"onedoor/ui/static"
)

var (
	update   = flag.Bool("update", false, "write the golden pages anew")
	pictures = flag.String("pictures", "", "a folder for pictures of every page")
)

func TestMain(m *testing.M) {
	flag.Parse()
	browsertest.Main(m)
}

// serve shows the samples under /en/ and /cy/ with the policy that the product sends.
func serve(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle(static.Root, static.Handler())
	for _, lang := range []string{"en", "cy"} {
		for name, page := range samples(lang) {
			mux.HandleFunc("/"+lang+"/"+name, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/html; charset=utf-8")
				w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self' 'nonce-sample'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
				_ = page.Render(locales.With(r.Context(), lang), w)
			})
		}
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

func TestEveryPageIsAccessible(t *testing.T) {
	t.Parallel()
	address := serve(t)
	for _, view := range []struct {
		name, lang string
		size       browsertest.Size
	}{{"phone", "en", browsertest.Phone}, {"desktop", "en", browsertest.Desktop}, {"phone in Welsh", "cy", browsertest.Phone}} {
		t.Run(view.name, func(t *testing.T) {
			t.Parallel()
			tab := browsertest.Open(t)
			for name := range samples(view.lang) {
				tab.Size(view.size)
				tab.Go(address + "/" + view.lang + "/" + name)
				tab.Await(`document.body.classList.contains("nhsuk-frontend-supported")`)
				browsertest.Axe(t, tab)
				browsertest.Reflows(t, tab)
				if *pictures != "" {
					tab.Picture(filepath.Join(*pictures, name+" "+view.name+".png"))
				}
				tab.Size(browsertest.Zoomed)
				browsertest.Reflows(t, tab)
			}
		})
	}
}

func TestPagesWorkWithoutScripts(t *testing.T) {
	t.Parallel()
	address := serve(t)
	tab := browsertest.Open(t)
	tab.WithoutScripts()
	tab.Go(address + "/en/nhs-number")
	tab.Fill("nhs-number", "999 123 4567")
	tab.Choose("unknown", "yes")
	tab.Go(address + "/en/question-choices")
	tab.Choose("answer", "none")
}

func TestLeavingQuicklyLeavesNoWayBack(t *testing.T) {
	t.Parallel()
	address := serve(t)
	tab := browsertest.Open(t)
	tab.Go(address + "/en/start")
	if got := tab.Eval(`document.querySelector("[data-quick-exit]").href`); !strings.HasPrefix(got, "https://") {
		t.Fatalf("the way out leads to %q", got)
	}
	// A test must not depend on the site that people are taken to: an address of ours stands for it.
	tab.Eval(`document.querySelector("[data-quick-exit]").href = "/en/find"; ""`)
	before := tab.Eval(`String(history.length)`)
	tab.Follow("[data-quick-exit]")
	if got := tab.Heading(); got != "Which area do you live in?" {
		t.Fatalf("arrived at %q", got)
	}
	if after := tab.Eval(`String(history.length)`); after != before {
		t.Errorf("history went from %s entries to %s", before, after)
	}
}

func TestPagesAreAsTheyWereLookedAt(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"en", "cy"} {
		for name, page := range samples(lang) {
			t.Run(lang+"/"+name, func(t *testing.T) {
				t.Parallel()
				var b bytes.Buffer
				if err := page.Render(locales.With(context.Background(), lang), &b); err != nil {
					t.Fatal(err)
				}
				// The assets' hash changes with every release; which files a page asks for does not.
				got := strings.ReplaceAll(b.String(), static.Path(""), static.Root)
				got = strings.ReplaceAll(got, "><", ">\n<") + "\n"
				golden := filepath.Join("testdata", lang+"-"+name+".html")
				if *update {
					if err := os.MkdirAll("testdata", 0o755); err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(golden)
				if err != nil || string(want) != got {
					t.Errorf("%s differs; look at it, then run with -update (%v)", golden, err)
				}
			})
		}
	}
}
