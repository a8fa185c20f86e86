package studio_test

import (
	"net/url"
	"testing"

	"onedoor/app/audit"
	"onedoor/policy"
)

const soreThroat = winter + "/rules/pharmacy-first/sore-throat"

func TestTheFormOfARuleSaysWhatTheRuleSays(t *testing.T) {
	t.Parallel()
	h, neil := begun(t)
	before := h.document(t)
	for _, table := range before.Tables() {
		for _, rule := range table.Rules {
			path := winter + "/rules/" + table.Name + "/" + rule.ID
			form := neil.fields(neil.get(path), "/"+rule.ID)
			neil.wants(neil.do("POST", path, form), 200, "Saved.")
		}
	}
	if after := h.document(t); string(after.Document()) != string(before.Document()) {
		t.Errorf("saving every rule as it is changed the document:\n%s", after.Document())
	}
}

func (h *house) document(t *testing.T) *policy.Policy {
	t.Helper()
	d, err := h.publishing.Draft(t.Context(), riverside, "winter-2026")
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.Parse(d.Document)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestChangingARule(t *testing.T) {
	t.Parallel()
	h, neil := begun(t)
	form := neil.fields(neil.get(soreThroat), "/sore-throat")
	form.Set("from.age", "12")
	form["value.pregnant"] = []string{"no", "unknown"}
	form.Set("value.catheter", "yes")
	form.Set("when.catheter", "not")
	form.Set("to", "capability:pharmacy-first") // no longer in the list
	form.Set("to", "service:physiotherapy")
	form.Set("nearest", "yes")
	form.Set("urgency", "routine")
	form["overflow"] = []string{"", "desk", ""}
	form.Set("answer", "4")
	form.Set("answer-unit", "h")
	form.Set("tags", "Winter plan, flu")
	form.Set("drift", "registered-practice")
	form.Set("note", "Because:\r\ntwo lines")
	spoken := neil.htmx().do("POST", soreThroat+"/sentence", form)
	const sentence = "age is 12 or over, pregnant is no or not known and catheter is known and not yes, send to the service physiotherapy, nearest first, as routine work, answered within 4 hours; if that cannot take it, to the neighbourhood&#39;s desk."
	neil.wants(spoken, 200, sentence, `hx-target="#sentence"`, "not <html")
	saved := neil.do("POST", soreThroat, form)
	neil.wants(saved, 200, "Saved.", sentence, "Needs a reason")
	rule, _ := h.document(t).Rule("pharmacy-first", "sore-throat")
	if rule.Note != "Because:\ntwo lines" || rule.IfDrifts != policy.ToRegisteredPractice || len(rule.Then.Tags) != 2 || rule.Then.Tags[0] != "winter-plan" {
		t.Errorf("saved as %+v", rule)
	}
	neil.wants(neil.get(winter+"/findings"), 200, "Needs a reason", "Open the rule Sore throat", "For example: symptoms, sore throat")
	neil.wants(neil.get("/studio"), 200, "1 rule")
	neil.wants(neil.get(winter+"/about"), 200, "Rule “sore throat” was changed.")
}

func TestWhatIsWrongIsToldAtOnceAndNothingTypedIsLost(t *testing.T) {
	t.Parallel()
	_, neil := begun(t)
	form := neil.fields(neil.get(soreThroat), "/sore-throat")
	form.Set("from.age", "twelve")
	form.Set("until.age", "900")
	form.Set("urgency", "")
	form.Set("answer", "-1")
	form.Set("note", "kept <b>words</b>")
	form["overflow"] = []string{"desk", "desk"}
	again := neil.do("POST", soreThroat, form)
	neil.wants(again, 422, "<title>Error: Rule Sore throat", "There is a problem", `href="#from-age"`, `href="#until-age"`, `href="#urgency"`, `href="#answer"`, `href="#overflow"`,
		`value="twelve"`, `value="900"`, "kept &lt;b&gt;words&lt;/b&gt;", "Age in years must be a whole number from 0 to 130", "Name each place once")
	form = neil.fields(neil.get(winter+"/rules/everything-else/catch-all"), "/catch-all")
	form.Set("value.condition", "shingles")
	neil.wants(neil.do("POST", winter+"/rules/everything-else/catch-all", form), 422, "The last rule of all must take every request")
}

func TestSomebodyElseSavedMeanwhile(t *testing.T) {
	t.Parallel()
	h, neil := begun(t)
	form := neil.fields(neil.get(soreThroat), "/sore-throat")
	form.Set("from.age", "7")

	h.ruthSaves(t, neil, "earache", func(f url.Values) { f.Set("from.age", "3") })
	met := neil.do("POST", soreThroat, form)
	neil.wants(met, 409, "Ruth Adams changed this draft", "Rule “earache” was changed.", "This rule was not touched.", "Put my change on top", `value="7"`, "not Your rule")
	neil.wants(neil.do("POST", soreThroat, neil.fields(met, "/sore-throat")), 200, "Saved.", "age is 7 or over")
	neil.wants(neil.get(winter+"/rules/pharmacy-first/earache"), 200, "age is from 3 to 17")

	form = neil.fields(neil.get(soreThroat), "/sore-throat")
	form.Set("from.age", "8")
	h.ruthSaves(t, neil, "sore-throat", func(f url.Values) { f.Set("note", "Hers.") })
	met = neil.do("POST", soreThroat, form)
	neil.wants(met, 409, "This very rule was changed.", "As saved by Ruth Adams", "Note: Hers.", "Your rule", "age is 8 or over", "Use my rule in place of theirs", "Keep theirs, and drop mine", `value="8"`)
	neil.wants(neil.do("POST", soreThroat, neil.fields(met, "/sore-throat")), 200, "Saved.", "age is 8 or over", "not Hers.")
}

// ruthSaves changes a rule of the draft as somebody else.
func (h *house) ruthSaves(t *testing.T, c *colleague, rule string, change func(url.Values)) {
	t.Helper()
	path := winter + "/rules/pharmacy-first/" + rule
	form := c.fields(c.get(path), "/"+rule)
	change(form)
	c.wants(c.do("POST", path, form), 200, "Saved.")
	after, err := h.publishing.Draft(t.Context(), riverside, "winter-2026")
	if err != nil {
		t.Fatal(err)
	}
	// The demonstration has one lead: the same text, saved once more under another name, stands for a second one.
	ruth := audit.Actor{Kind: audit.Person, ID: h.Actor(t, "ruth.adams").ID, Name: "Ruth Adams"}
	if _, err := h.publishing.Save(t.Context(), ruth, riverside, "winter-2026", after.ETag(), append(after.Document, '\n')); err != nil {
		t.Fatal(err)
	}
}

func TestAddingARule(t *testing.T) {
	t.Parallel()
	h, neil := begun(t)
	path := winter + "/new-rule/everything-else"
	form := neil.fields(neil.get(path), "/new-rule/everything-else")
	neil.wants(neil.do("POST", path, form), 422, `href="#rule"`, "Enter a name for the rule", `href="#to"`, `href="#urgency"`)
	form.Set("rule", "Babies first")
	form.Set("until.age", "0")
	form.Set("to", "registered-practice/queue:clinical")
	form.Set("urgency", "urgent")
	neil.wants(neil.do("POST", path, form), 200, "The rule is added.", "Babies first", "age is 0 or under")
	rules := h.document(t).Tables()[2].Rules
	if got := rules[len(rules)-2].ID; got != "babies-first" {
		t.Errorf("the rule stands before the one that takes everything: %s does", got)
	}
	form.Set("etag", neil.fields(neil.get(path), "/new-rule/everything-else").Get("etag"))
	neil.wants(neil.do("POST", path, form), 422, "There is a rule of this name in this group already")
	neil.wants(neil.get(winter+"/new-rule/nowhere"), 404)
}
