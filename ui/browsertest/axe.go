package browsertest

import (
	_ "embed"
	"encoding/json"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// axeScript is axe-core, committed by ui/static/vendor.mjs.
//
//go:embed axe/axe.min.js
var axeScript string

// axeRun asks for WCAG 2.2 A and AA, and good practice but for `region`: a back link stands before main, as the NHS
// service manual has it.
// Only what is wrong is told with its elements: to name every element that is right takes most of the time.
const axeRun = `axe.run(document, {resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
	rules: {region: {enabled: false}}}).then(r => JSON.stringify({
	passes: r.passes.length,
	violations: r.violations.map(v => ({id: v.id, help: v.help, nodes: v.nodes.map(n => n.target.join(" ") + " " + n.html.slice(0, 200))})),
}))`

type axeResult struct {
	Passes     int
	Violations []struct {
		ID, Help string
		Nodes    []string
	}
}

// Axe fails the test for every breach of WCAG 2.2 AA, and of axe's good practice, on the page that the tab shows. It comes
// in by the debugger, which the page's Content-Security-Policy does not bind, so the policy stays in force.
func Axe(t testing.TB, tab *Tab) {
	t.Helper()
	if tab.Eval(`typeof axe`) == "undefined" { // it is half a megabyte
		if _, err := chromedp.Run(tab.ctx, chromedp.Evaluate[int](axeScript+"\n;1")); err != nil {
			t.Fatalf("axe: %v", err)
		}
	}
	raw, err := chromedp.Run(tab.ctx, chromedp.Evaluate[string](axeRun, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("axe: %v", err)
	}
	var result axeResult
	if err := json.Unmarshal([]byte(raw), &result); err != nil {
		t.Fatal(err)
	}
	if result.Passes == 0 {
		t.Errorf("axe found nothing to check on %s", tab.where())
	}
	for _, v := range result.Violations {
		t.Errorf("axe %s: %s\n\t%s\n%s", v.ID, v.Help, strings.Join(v.Nodes, "\n\t"), tab.where())
	}
}

// Reflows fails the test when the page needs sideways scrolling in the window's width (WCAG 1.4.10).
func Reflows(t testing.TB, tab *Tab) {
	t.Helper()
	if too := tab.Eval(`String(document.documentElement.scrollWidth > document.documentElement.clientWidth
		? [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1).map(e => e.tagName + "." + e.className).slice(0, 5).join(", ") || "something"
		: "")`); too != "" {
		t.Errorf("the page is wider than the window: %s%s", too, tab.where())
	}
}
