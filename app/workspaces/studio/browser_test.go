package studio_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"onedoor/ui/browsertest"
)

// The pages about a draft, as a lead finds them after a rule was broken: with findings and with cases that do not hold.
func broken(t *testing.T) *house {
	t.Helper()
	h, neil := begun(t)
	form := neil.fields(neil.get(soreThroat), "/sore-throat")
	form.Set("from.age", "12")
	form.Add("value.pregnant", "unknown")
	neil.wants(neil.do("POST", soreThroat, form), 200, "Saved.", "Needs a reason")
	return h
}

func TestEveryPageIsAccessible(t *testing.T) {
	t.Parallel()
	h := broken(t)
	paths := []string{
		"/studio", winter + "/rules", winter + "/rules?view=table", soreThroat, winter + "/new-rule/everything-else", winter + "/cases", winter + "/new-case?fact.kind=symptoms",
		winter + "/findings", winter + "/about", winter + "/discard",
	}
	for name, size := range map[string]browsertest.Size{"desktop": browsertest.Desktop, "phone": browsertest.Phone} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tab := h.tab(t, "neil.hart")
			for _, path := range paths {
				tab.Size(size)
				tab.Go(h.url + path)
				tab.Await(`document.body.classList.contains("nhsuk-frontend-supported")`)
				browsertest.Axe(t, tab)
				browsertest.Reflows(t, tab)
				tab.Size(browsertest.Zoomed)
				browsertest.Reflows(t, tab)
			}
		})
	}
}

func TestTheErrorsOfARuleAreAccessible(t *testing.T) {
	t.Parallel()
	h := broken(t)
	tab := h.tab(t, "neil.hart")
	tab.Go(h.url + soreThroat)
	tab.Fill("from.age", "nine hundred")
	tab.Fill("answer", "soon")
	tab.Press("#rule-form .app-form__save button")
	tab.Await(`document.activeElement?.classList.contains("nhsuk-error-summary")`)
	browsertest.Axe(t, tab)
	tab.Press(`.nhsuk-error-summary a[href="#answer"]`)
	tab.Await(`document.activeElement.id === "answer" && document.activeElement.value === "soon"`)
}

// With scripts the list changes in place: it is said aloud, and the focus stays on the button that was pressed.
func TestTheListChangesUnderTheKeyboard(t *testing.T) {
	t.Parallel()
	h, _ := begun(t)
	tab := h.tab(t, "neil.hart")
	tab.Go(h.url + winter + "/rules")
	tab.Await(`typeof htmx === "object"`)
	tab.Eval(`window.here = true; document.getElementById("up-pharmacy-first--earache").focus(); ""`)
	tab.Do("press", chromedp.KeyEvent("\r"))
	tab.Await(`document.getElementById("announce").innerText === "Rule “Earache” is moved up."`)
	// It is the first rule now, and has no button to move further up: its neighbour has the focus.
	tab.Await(`document.activeElement?.id === "down-pharmacy-first--earache"`)
	tab.Await(`window.here && document.querySelector(".app-rules__list > li").id === "rule-pharmacy-first--earache"`)
	tab.Do("press", chromedp.KeyEvent("\r"))
	tab.Await(`document.getElementById("announce").innerText === "Rule “Earache” is moved down."`)
	tab.Await(`document.activeElement?.id === "down-pharmacy-first--earache"`)
	tab.Eval(`document.getElementById("switch-pharmacy-first--earache").focus(); ""`)
	tab.Do("press", chromedp.KeyEvent("\r"))
	tab.Await(`document.getElementById("announce").innerText === "Rule “Earache” is switched off."`)
	tab.Await(`document.activeElement?.id === "switch-pharmacy-first--earache" && document.activeElement.innerText === "Switch on"`)
	tab.Await(`window.here && document.querySelector("#notice").innerText.includes("switched off")`)
	browsertest.Axe(t, tab)
	if got := tab.Title(); got != "Rules – Draft winter-2026 – Onedoor studio" {
		t.Errorf("the title became %q", got)
	}
}

func TestTheSentenceFollowsWhatIsFilledIn(t *testing.T) {
	t.Parallel()
	h, _ := begun(t)
	tab := h.tab(t, "neil.hart")
	tab.Go(h.url + soreThroat)
	tab.Await(`typeof htmx === "object"`)
	tab.Fill("from.age", "12")
	tab.Await(`document.getElementById("sentence").innerText.includes("age is 12 or over")`)
	tab.Choose("urgency", "urgent")
	tab.Await(`document.getElementById("sentence").innerText.includes(", urgently;")`)
	tab.Eval(`window.here = true; ""`)
	tab.Fill("from.age", "13")
	tab.Await(`window.here && document.getElementById("sentence").innerText.includes("age is 13 or over")`)
}

// Everything that the scripts do is there without them.
func TestARuleIsChangedWithoutScripts(t *testing.T) {
	t.Parallel()
	h, _ := begun(t)
	tab := h.tab(t, "neil.hart")
	tab.WithoutScripts()
	tab.Size(browsertest.Phone)
	tab.Go(h.url + "/studio")
	if status := tab.Follow(`a[href="` + winter + `/rules"]`); status != 200 {
		t.Fatalf("the draft opens with %d", status)
	}
	if status := tab.Follow("#down-pharmacy-first--earache"); status != 200 {
		t.Fatalf("moved with %d", status)
	}
	if got := tab.Text("#notice"); got != "Rule “Earache” is moved down." {
		t.Errorf("said %q", got)
	}
	tab.Follow(`a[href="` + soreThroat + `"]`)
	tab.Fill("from.age", "6")
	tab.Choose("value.pregnant", "unknown")
	if status := tab.Follow("#rule-form .app-form__save button"); status != 200 {
		t.Fatalf("saved with %d", status)
	}
	if got := tab.Text("#sentence"); !strings.Contains(got, "condition is sore throat and age is 6 or over, send to") {
		t.Errorf("the rule says %q", got)
	}
	if got := tab.Text(".app-finding"); !strings.Contains(got, "Needs a reason") {
		t.Errorf("beside it stands %q", got)
	}
}
