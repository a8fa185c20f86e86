package studio_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// begun is a draft of the rules in force, called winter, with the lead who began it.
func begun(t *testing.T) (*house, *colleague) {
	t.Helper()
	h := open(t)
	neil := h.colleague(t, "neil.hart")
	page := neil.get("/studio")
	live := regexp.MustCompile(`<option value="([0-9a-f]{64})"`).FindStringSubmatch(page.body)
	if live == nil {
		t.Fatal("no version to begin with:", page.body)
	}
	neil.wants(neil.post("/studio/drafts", "name", "Winter 2026", "from", live[1]), 200, "The draft is begun.", "Draft winter-2026")
	return h, neil
}

const winter = "/studio/policies/winter-2026"

// fields are the first form of a page whose action ends so, as a browser would send it.
func (c *colleague) fields(r reply, action string) url.Values {
	c.t.Helper()
	root, err := html.Parse(strings.NewReader(r.body))
	if err != nil {
		c.t.Fatal(err)
	}
	var form *html.Node
	for n := range root.Descendants() {
		if n.Data == "form" && strings.HasSuffix(attribute(n, "action"), action) {
			form = n
			break
		}
	}
	if form == nil {
		c.t.Fatalf("%s has no form that goes to %s:\n%s", r.path, action, r.body)
	}
	values := url.Values{}
	for n := range form.Descendants() {
		name := attribute(n, "name")
		switch n.Data {
		case "input":
			kind := attribute(n, "type")
			if name == "" || (kind == "radio" || kind == "checkbox") && !has(n, "checked") {
				continue
			}
			values.Add(name, attribute(n, "value"))
		case "textarea":
			text := ""
			for child := range n.ChildNodes() {
				text += child.Data
			}
			values.Add(name, text)
		case "select":
			first, chosen := "", ""
			found, any := false, false
			for o := range n.Descendants() {
				if o.Data != "option" {
					continue
				}
				if !any {
					first, any = attribute(o, "value"), true
				}
				if has(o, "selected") {
					chosen, found = attribute(o, "value"), true
				}
			}
			if !found {
				chosen = first
			}
			values.Add(name, chosen)
		}
	}
	return values
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

// order is the position of each text in a page, which must rise.
func (c *colleague) order(r reply, texts ...string) {
	c.t.Helper()
	last := -1
	for _, text := range texts {
		at := strings.Index(r.body, text)
		if at <= last {
			c.t.Errorf("%s: %q stands at %d, after %d", r.path, text, at, last)
		}
		last = at
	}
}

func TestTheListOfRules(t *testing.T) {
	t.Parallel()
	_, neil := begun(t)
	page := neil.get(winter + "/rules")
	neil.wants(page, 200, "<title>Rules – Draft winter-2026 – Onedoor studio</title>", "Pharmacy first", "Asked first.", "the request is for symptoms, condition is sore throat",
		"send to the pharmacy that the patient chose for pharmacy first, soon", "Pharmacy First, acute sore throat.", `aria-label="Move Sore throat up"`, "Switch off", "cases")
	neil.order(page, "Pregnant under 16", "Earache", "Sore throat", "Self referral", "Catch all")
	table := neil.get(winter + "/rules?view=table")
	neil.wants(table, 200, "Age in years", "5 or over", "Goes to", `<span class="app-decisions__any">any</span>`)
	for _, path := range []string{"", "?view=table"} {
		if body := neil.get(winter + "/rules" + path).body; strings.Contains(body, "queue:") || strings.Contains(body, "registered-practice") {
			t.Errorf("a code is shown on %s", path)
		}
	}
}

func TestMovingAndSwitchingRules(t *testing.T) {
	t.Parallel()
	_, neil := begun(t)
	etag := neil.fields(neil.get(winter+"/rules"), "/sore-throat/up").Get("etag")
	moved := neil.post(winter+"/rules/pharmacy-first/sore-throat/up", "etag", etag)
	neil.wants(moved, 200, "Rule “Sore throat” is moved up.", "<html")
	neil.order(moved, "rule-pharmacy-first--shingles", "rule-pharmacy-first--sore-throat", "rule-pharmacy-first--sinusitis")
	neil.wants(neil.htmx().post(winter+"/rules/pharmacy-first/sore-throat/down", "etag", etag), 409, "Not done. Neil Hart saved this draft", "not <html", `hx-target="#announce"`)
	etag = neil.fields(moved, "/sore-throat/up").Get("etag")
	off := neil.htmx().post(winter+"/rules/pharmacy-first/sore-throat/off", "etag", etag, "view", "table")
	neil.wants(off, 200, "Rule “Sore throat” is switched off.", "not <html", `hx-target="#rules"`, "app-decisions", "Switch on")
	if off.header.Get("X-Onedoor-Parts") == "" {
		t.Error("the page is not told that it may swap this in")
	}
	etag = neil.fields(neil.get(winter+"/rules"), "/catch-all/up").Get("etag")
	neil.wants(neil.post(winter+"/rules/everything-else/catch-all/up", "etag", etag), 409, "Not done. The last rule of all must take every request")
	neil.wants(neil.post(winter+"/rules/pharmacy-first/pregnant-under-16/up", "etag", etag), 409, "Not done. This rule is the first of its table")
	neil.wants(neil.get(winter+"/cases"), 200, "cases do not hold", "Does not hold", "It goes to the registered practice, queue clinical, soon, by the rule “Symptoms”.")
}

func TestRemovingARule(t *testing.T) {
	t.Parallel()
	_, neil := begun(t)
	question := neil.get(winter + "/rules/pharmacy-first/earache/remove")
	neil.wants(question, 200, "Remove the rule “Earache”?", "the request is for symptoms, condition is earache", "Keep it, and go back")
	form := neil.fields(question, "/earache/remove")
	neil.wants(neil.do("POST", winter+"/rules/pharmacy-first/earache/remove", form), 200, "The rule is removed.", "not rule-pharmacy-first--earache")
	stale := neil.do("POST", winter+"/rules/pharmacy-first/impetigo/remove", form)
	neil.wants(stale, 409, "Not removed. Neil Hart saved this draft", "Remove the rule “Impetigo”?")
	neil.wants(neil.do("POST", winter+"/rules/pharmacy-first/earache/remove", form), 404)
}
