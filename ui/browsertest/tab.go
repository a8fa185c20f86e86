package browsertest

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// Size is a width and a height in CSS pixels.
type Size struct{ Width, Height int64 }

// The sizes that pages are looked at in.
var (
	Phone   = Size{390, 844}
	Desktop = Size{1280, 900}
	// Zoomed is a desktop at 400%: what WCAG 1.4.10 asks to reflow.
	Zoomed = Size{320, 256}
)

// Size changes the window.
func (tab *Tab) Size(s Size) {
	tab.t.Helper()
	tab.Do("resize", chromedp.EmulateViewport(s.Width, s.Height))
}

// WithoutScripts turns JavaScript off for every page from now on.
func (tab *Tab) WithoutScripts() {
	tab.t.Helper()
	if _, err := chromedp.Call(tab.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		tab.t.Fatalf("turn scripts off: %v", err)
	}
}

// Go opens an address and waits until it is loaded.
func (tab *Tab) Go(address string) {
	tab.t.Helper()
	tab.Do("open "+address, chromedp.Navigate(address))
}

// Press clicks the first element of a CSS selector and stays on the page.
func (tab *Tab) Press(css string) {
	tab.t.Helper()
	tab.Do("press "+css, chromedp.Click(chromedp.CSS(css)))
}

// Follow clicks a link or a button and waits for the page that it leads to; it returns that page's status.
func (tab *Tab) Follow(css string) int {
	tab.t.Helper()
	response, err := chromedp.RunResponse(tab.ctx, chromedp.Click(chromedp.CSS(css)))
	if err != nil {
		tab.t.Fatalf("follow %s: %v%s", css, err, tab.where())
	}
	if response == nil {
		return 0
	}
	return int(response.Status)
}

// Continue presses a patient page's one primary button.
func (tab *Tab) Continue() int {
	tab.t.Helper()
	return tab.Follow("main button.nhsuk-button:not(.nhsuk-button--secondary)")
}

// Choose ticks the radio or checkbox whose value is given.
func (tab *Tab) Choose(name, value string) {
	tab.t.Helper()
	tab.Press(`input[name="` + name + `"][value="` + value + `"]`)
}

// Fill types into a field, in place of what it holds.
func (tab *Tab) Fill(name, text string) {
	tab.t.Helper()
	field := `[name="` + name + `"]`
	tab.Do("find "+name, chromedp.WaitVisible(chromedp.CSS(field)))
	tab.Eval("document.querySelector(" + strconv.Quote(field) + `).value = ""`)
	tab.Do("fill "+name, chromedp.SendKeys(chromedp.CSS(field), text))
}

// Text is what the first element of a CSS selector shows, with white space folded.
func (tab *Tab) Text(css string) string {
	tab.t.Helper()
	text, err := chromedp.Run(tab.ctx, chromedp.TextContent(chromedp.CSS(css)))
	if err != nil {
		tab.t.Fatalf("text of %s: %v%s", css, err, tab.where())
	}
	return strings.Join(strings.Fields(text), " ")
}

// Heading is the page's h1.
func (tab *Tab) Heading() string {
	tab.t.Helper()
	return tab.Text("h1")
}

// Title is the page's title.
func (tab *Tab) Title() string {
	tab.t.Helper()
	title, err := chromedp.Run(tab.ctx, chromedp.Title())
	if err != nil {
		tab.t.Fatalf("title: %v", err)
	}
	return title
}

// Address is where the tab stands.
func (tab *Tab) Address() string {
	tab.t.Helper()
	address, err := chromedp.Run(tab.ctx, chromedp.Location())
	if err != nil {
		tab.t.Fatalf("location: %v", err)
	}
	return address
}

// Await waits until a JavaScript expression is true, on this page or on the one that it is leaving for.
func (tab *Tab) Await(expression string) {
	tab.t.Helper()
	for {
		_, err := chromedp.Run(tab.ctx, chromedp.Poll[bool]("Boolean("+expression+")", chromedp.WithPollingTimeout(awaited)))
		switch {
		case err == nil:
			return
		case tab.ctx.Err() != nil || !leaving(err):
			tab.t.Fatalf("await %s: %v%s", expression, err, tab.where())
		}
	}
}

// leaving reports that the page was left while it was asked something, in the browser's words.
func leaving(err error) bool {
	for _, words := range []string{"navigated or closed", "Cannot find context", "context was destroyed"} {
		if strings.Contains(err.Error(), words) {
			return true
		}
	}
	return false
}

// Eval is the value of a JavaScript expression that is a string.
func (tab *Tab) Eval(expression string) string {
	tab.t.Helper()
	value, err := chromedp.Run(tab.ctx, chromedp.Evaluate[string](expression))
	if err != nil {
		tab.t.Fatalf("evaluate: %v%s", err, tab.where())
	}
	return value
}

// Picture saves the whole page as a PNG.
func (tab *Tab) Picture(file string) {
	tab.t.Helper()
	picture, err := chromedp.Run(tab.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		tab.t.Fatalf("picture: %v", err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		tab.t.Fatal(err)
	}
	if err := os.WriteFile(file, picture, 0o600); err != nil {
		tab.t.Fatal(err)
	}
}
