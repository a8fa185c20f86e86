package studio_test

import (
	"net/url"
	"strings"
	"testing"

	"onedoor/app/audit"
	"onedoor/policy"
)

func caseOf(t *testing.T, p *policy.Policy, name string) policy.Case {
	t.Helper()
	for _, c := range p.Cases() {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("there is no case %q", name)
	return policy.Case{}
}

func TestACaseIsAddedChangedAndRemoved(t *testing.T) {
	t.Parallel()
	h, neil := begun(t)
	form := neil.fields(neil.get(winter+"/new-case"), "/new-case")
	neil.wants(neil.do("POST", winter+"/new-case", form), 422, "Enter a name that says who goes where", `href="#case"`)
	form.Set("case", "nobody under 5 goes to a pharmacy")
	form.Set("fact.kind", "symptoms")
	form.Set("fact.age", "three")
	neil.wants(neil.do("POST", winter+"/new-case", form), 422, "Age in years must be a whole number from 0 to 130", `value="three"`)
	form.Set("fact.age", "3")
	neil.wants(neil.do("POST", winter+"/new-case", form), 422, "Select where the request goes")
	form.Set("to", "chosen-pharmacy|pharmacy-first")
	neil.wants(neil.do("POST", winter+"/new-case", form), 200, "The case is added.", "1 case does not hold.", "Symptoms, age 3", "The pharmacy that the patient chose, for pharmacy first",
		"It goes to the registered practice, queue clinical, soon, by the rule “Symptoms”.")
	added := caseOf(t, h.document(t), "nobody under 5 goes to a pharmacy")
	if len(added.Given) != 2 || added.Given["age"] != policy.Int(3) || added.Expect.Service != "pharmacy-first" || added.Expect.Urgency != "" {
		t.Errorf("added as %+v", added)
	}
	query := "?" + url.Values{"name": {added.Name}}.Encode()
	form = neil.fields(neil.get(winter+"/case"+query), "/case")
	form.Set("case", "a child of 3 stays")
	form.Set("to", "registered-practice/queue:clinical")
	form.Set("urgency", "soon")
	neil.wants(neil.do("POST", winter+"/case", form), 200, "The case is saved.", "A child of 3 stays", "All 37 cases hold.", "not Nobody under 5")
	form = neil.fields(neil.get(winter+"/case?"+url.Values{"name": {"a child of 3 stays"}}.Encode()), "/case")
	form.Set("case", "podiatry takes those who refer themselves")
	neil.wants(neil.do("POST", winter+"/case", form), 422, "There is a case of this name already")
	remove := winter + "/remove-case?" + url.Values{"name": {"a child of 3 stays"}}.Encode()
	question := neil.get(remove)
	neil.wants(question, 200, "Remove the case “a child of 3 stays”?")
	neil.wants(neil.do("POST", remove, url.Values{"etag": neil.fields(question, "stays")["etag"]}), 200, "The case is removed.", "All 36 cases hold.")
	neil.wants(neil.do("POST", remove, url.Values{"etag": {"*"}}), 404)
}

// Saving a case as it is changes nothing, whatever it says.
func TestTheFormOfACaseSaysWhatTheCaseSays(t *testing.T) {
	t.Parallel()
	h, neil := begun(t)
	before := h.document(t)
	for _, c := range before.Cases() {
		form := neil.fields(neil.get(winter+"/case?"+url.Values{"name": {c.Name}}.Encode()), "/case")
		neil.wants(neil.do("POST", winter+"/case", form), 200, "The case is saved.")
	}
	if after := h.document(t); string(after.Document()) != string(before.Document()) {
		t.Errorf("saving every case as it is changed the document:\n%s", after.Document())
	}
}

// What comes from a real request is coarser than the person: a number becomes the lowest that no rule tells from it, and what
// is no fact of the rules does not get in.
func TestACaseMadeFromARequestKeepsNothingExact(t *testing.T) {
	t.Parallel()
	_, neil := begun(t)
	if form := neil.fields(neil.get(winter+"/new-case?fact.kind=symptoms&case=symptoms+of+children"), "/new-case"); form.Get("case") != "symptoms of children" {
		t.Errorf("the name that was suggested is %q", form.Get("case"))
	}
	page := neil.get(winter + "/new-case?fact.kind=symptoms&fact.condition=sore-throat&fact.age=43&fact.pregnant=no&fact.reference=1234567894&fact.chosen-pharmacy=FRV01&text=secret&fact.sex=nonsense&fact.age-months=520")
	form := neil.fields(page, "/new-case")
	for name, want := range map[string]string{"fact.age": "18", "fact.age-months": "0", "fact.condition": "sore-throat", "fact.sex": "", "to": "chosen-pharmacy|pharmacy-first", "urgency": "soon", "case": ""} {
		if got := form.Get(name); got != want {
			t.Errorf("%s is filled in with %q; want %q", name, got, want)
		}
	}
	for _, secret := range []string{"43", "520", "1234567894", "FRV01", "secret", "nonsense"} {
		if strings.Contains(page.body, `"`+secret+`"`) {
			t.Errorf("%s is on the page", secret)
		}
	}
}

func TestACaseFromAPageAboutNoDraft(t *testing.T) {
	t.Parallel()
	h, neil := begun(t)
	page := neil.get("/studio/new-case?fact.kind=symptoms&fact.condition=sore-throat&fact.age=43&text=secret")
	if page.path != winter+"/new-case?fact.age=18&fact.condition=sore-throat&fact.kind=symptoms" {
		t.Errorf("the one draft is opened at %s", page.path)
	}
	d, err := h.publishing.Draft(t.Context(), riverside, "winter-2026")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.publishing.Save(t.Context(), audit.Actor{Kind: audit.Person, Name: "Ruth Adams"}, riverside, "spring", "", d.Document); err != nil {
		t.Fatal(err)
	}
	neil.wants(neil.get("/studio/new-case?fact.kind=symptoms&fact.age=43"), 200, "In which draft?", `href="/studio/policies/spring/new-case?fact.age=18&amp;fact.kind=symptoms"`, "winter-2026", "not age=43")
	jo := h.colleague(t, "jo.bennett")
	jo.wants(jo.get("/studio/new-case"), 403)
}

func TestACaseIsPutOnTopOfWhatOthersSaved(t *testing.T) {
	t.Parallel()
	h, neil := begun(t)
	form := neil.fields(neil.get(winter+"/new-case?fact.kind=admin"), "/new-case")
	form.Set("case", "paper goes to the office")
	h.ruthSaves(t, neil, "earache", func(f url.Values) { f.Set("note", "Hers.") })
	met := neil.do("POST", winter+"/new-case", form)
	neil.wants(met, 409, "Not saved yet. Ruth Adams saved this draft", "What you filled in is below", `value="paper goes to the office"`)
	neil.wants(neil.do("POST", winter+"/new-case", neil.fields(met, "/new-case")), 200, "The case is added.")
	if note := caseOf(t, h.document(t), "paper goes to the office"); note.Expect.Urgency != policy.Routine {
		t.Errorf("added as %+v", note)
	}
	if r, _ := h.document(t).Rule("pharmacy-first", "earache"); r.Note != "Hers." {
		t.Errorf("hers is lost: %q", r.Note)
	}
}
