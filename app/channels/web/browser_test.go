package web_test

import (
	"flag"
	"path/filepath"
	"strings"
	"testing"

	"onedoor/ui/browsertest"
)

var pictures = flag.String("pictures", "", "a folder for pictures of the pages on the way")

func TestMain(m *testing.M) {
	flag.Parse()
	browsertest.Main(m)
}

// journey asks for help with a sore throat in a browser, and calls look on every page.
func journey(t *testing.T, s *site, tab *browsertest.Tab, look func(name string)) {
	t.Helper()
	p := s.person(0)
	form := func(name string, fill func()) {
		t.Helper()
		look(name)
		fill()
		if status := tab.Continue(); status != 200 {
			t.Fatalf("%s led to status %d", name, status)
		}
	}
	tab.Go(s.address + "/")
	look("find")
	tab.Follow(`a[href="/riverside/"]`)
	form("start", func() { tab.Choose("kind", "symptoms") })
	form("age", func() { tab.Choose("answer", "16-or-over") })
	form("red-flags", func() { tab.Choose("answer", "none") })
	form("condition", func() { tab.Choose("answer", "sore-throat") })
	form("describe", func() { tab.Fill("answer", "It hurts to swallow.") })
	form("duration", func() { tab.Choose("answer", "1-to-3-days") })
	for strings.Contains(tab.Address(), "/question/") {
		name := "question-" + tab.Address()[strings.LastIndex(tab.Address(), "/")+1:]
		form(name, func() { tab.Press(`input[name="answer"][value="no"], input[name="answer"][value="false"]`) })
	}
	form("name", func() { tab.Fill("given-name", p.Get("given-name")); tab.Fill("family-name", p.Get("family-name")) })
	form("date-of-birth", func() {
		tab.Fill("birth-day", p.Get("birth-day"))
		tab.Fill("birth-month", p.Get("birth-month"))
		tab.Fill("birth-year", p.Get("birth-year"))
	})
	form("nhs-number", func() { tab.Fill("nhs-number", p.Get("nhs-number")) })
	form("postcode", func() { tab.Fill("postcode", p.Get("postcode")) })
	form("sex", func() { tab.Choose("sex", p.Get("sex")) })
	form("mobile", func() { tab.Fill("mobile", p.Get("mobile")); tab.Choose("safe", "no") })
	form("pharmacy", func() { tab.Choose("pharmacy", "FRV02") })
	form("check-answers", func() {})
	look("sent")
	if got := tab.Heading(); got != "Request sent" {
		t.Fatalf("the journey ends at %q", got)
	}
	if got := tab.Text(".app-reference"); len(got) != len("123 456 7890") {
		t.Errorf("the reference reads %q", got)
	}
}

func TestTheWholeJourneyIsAccessible(t *testing.T) {
	t.Parallel()
	s := open(t)
	tab := browsertest.Open(t)
	tab.Size(browsertest.Phone)
	journey(t, s, tab, func(name string) {
		browsertest.Axe(t, tab)
		browsertest.Reflows(t, tab)
		if *pictures != "" {
			tab.Picture(filepath.Join(*pictures, name+".png"))
		}
	})
}

func TestTheWholeJourneyWorksWithoutScripts(t *testing.T) {
	t.Parallel()
	s := open(t)
	tab := browsertest.Open(t)
	tab.WithoutScripts()
	journey(t, s, tab, func(string) {})
}

func TestAWrongAnswerTakesTheFocus(t *testing.T) {
	t.Parallel()
	s := open(t)
	tab := browsertest.Open(t)
	tab.Go(s.address + "/riverside/")
	if status := tab.Continue(); status != 422 {
		t.Fatalf("nothing chosen gave %d", status)
	}
	tab.Await(`document.activeElement.classList.contains("nhsuk-error-summary")`)
	browsertest.Axe(t, tab)
	tab.Press(".nhsuk-error-summary a")
	tab.Await(`document.activeElement.id === "kind"`)
}

func TestAnEmergencyInTheBrowser(t *testing.T) {
	t.Parallel()
	s := open(t)
	tab := browsertest.Open(t)
	tab.Size(browsertest.Phone)
	tab.Go(s.address + "/riverside/?lang=cy")
	tab.Choose("kind", "symptoms")
	tab.Continue()
	tab.Choose("answer", "16-or-over")
	tab.Continue()
	tab.Choose("answer", "chest-pain")
	tab.Continue()
	if got := tab.Heading(); !strings.HasSuffix(got, "Ffoniwch 999 nawr") {
		t.Fatalf("a red flag led to %q", got)
	}
	browsertest.Axe(t, tab)
	browsertest.Reflows(t, tab)
	if *pictures != "" {
		tab.Picture(filepath.Join(*pictures, "emergency-cy.png"))
	}
	// Back in the browser does not undo it.
	tab.Go(s.address + "/riverside/question/4")
	if got := tab.Heading(); !strings.HasSuffix(got, "Ffoniwch 999 nawr") {
		t.Errorf("afterwards a question is shown again: %q", got)
	}
}
