package studio_test

import (
	"regexp"
	"strings"
	"testing"

	"onedoor/app/alarms"
	"onedoor/app/audit"
)

func TestTheStudioIsForLeads(t *testing.T) {
	t.Parallel()
	h, neil := begun(t)
	neil.wants(neil.get("/studio"), 200, "Where requests go in Riverside", "Neil Hart", "Sign out")
	for _, subject := range []string{"sam.carter", "grace.mensah", "omar.khan"} {
		other := h.colleague(t, subject)
		other.wants(other.get(winter+"/rules"), 403, "not shingles")
	}
	jo := h.colleague(t, "jo.bennett")
	if page := jo.get("/studio"); page.path != "/studio/services" {
		t.Errorf("an administrator of an organisation comes to %s", page.path)
	}
	pages := []string{"/rules", "/cases", "/findings", "/about", "/rules.yaml", "/rules/pharmacy-first/sore-throat", "/new-case", "/new-rule/pharmacy-first", "/discard"}
	for _, page := range pages {
		neil.wants(neil.get(winter+page), 200)
		jo.wants(jo.get(winter+page), 403, "not shingles")
	}
	jo.wants(jo.post(winter+"/rules/pharmacy-first/sore-throat/off"), 403)
	carys := h.colleague(t, "carys.evans") // of another neighbourhood
	carys.wants(carys.get(winter+"/rules"), 403, "not shingles")
	for _, page := range []string{"/studio/policies/nowhere/rules", "/studio/policies/" + strings.Repeat("a", 64) + "/rules", winter + "/rules/pharmacy-first/nothing"} {
		neil.wants(neil.get(page), 404)
	}
}

func TestTheFrontSaysWhatIsInForceAndWhatIsWrong(t *testing.T) {
	t.Parallel()
	h, neil := begun(t)
	alarm := alarms.Alarm{NeighbourhoodID: riverside, Kind: alarms.PolicyLoad, Subject: "node", Says: "One node could not load the rules."}
	if err := h.alarms.Raise(t.Context(), alarm); err != nil {
		t.Fatal(err)
	}
	if _, err := h.publishing.SetSecondPerson(t.Context(), audit.Actor{Kind: audit.Person, Name: "Somebody"}, riverside, true); err != nil {
		t.Fatal(err)
	}
	page := neil.get("/studio")
	neil.wants(page, 200, "One node could not load the rules.", "19 rules and 36 cases, in force since", "winter-2026", "Nothing yet", "Waits for a second person", "not What is waiting")
	live := regexp.MustCompile(`/studio/policies/[0-9a-f]{64}/rules`).FindString(page.body)
	neil.wants(neil.get(live), 200, "Rules in force", "To change these rules, begin a draft.", "not Switch off", "not Add a rule")
	neil.wants(neil.get(live+"/pharmacy-first/sore-throat"), 200, "Sore throat", "not Save the rule", "Cases that end here")
	neil.wants(neil.post(live+"/pharmacy-first/sore-throat/off"), 409, "Not done. Published rules are never changed.")
	neil.wants(neil.post(live+"/pharmacy-first/sore-throat"), 409, "Published rules are never changed.")
}

func TestDrafts(t *testing.T) {
	t.Parallel()
	_, neil := begun(t)
	from := regexp.MustCompile(`<option value="([0-9a-f]{64})"`).FindStringSubmatch(neil.get("/studio").body)[1]
	neil.wants(neil.post("/studio/drafts", "name", "Winter 2026", "from", from), 422, "There is a draft called winter-2026 already", `value="Winter 2026"`, `href="#name"`)
	neil.wants(neil.post("/studio/drafts", "name", "  ", "from", from), 422, "Enter a name for the draft")
	neil.wants(neil.post("/studio/drafts", "name", "x", "from", "1"), 404)
	neil.wants(neil.post(winter+"/shadow", "on", "yes"), 200, "The draft is now tried on live requests, without effect.", "It is on.", "Draft, being tried")
	neil.wants(neil.post(winter+"/shadow", "on", "no"), 200, "no longer tried", "It is off.")
	file := neil.get(winter + "/rules.yaml")
	neil.wants(file, 200, "policy: riverside", "# The live routing policy")
	if got := file.header.Get("Content-Disposition"); got != `attachment; filename="winter-2026.yaml"` {
		t.Errorf("the file is called %s", got)
	}
	question := neil.get(winter + "/discard")
	neil.wants(question, 200, "Discard draft winter-2026?", "It goes for everybody in Riverside.")
	stale := neil.fields(question, "/discard")
	form := neil.fields(neil.get(winter+"/rules"), "/earache/off")
	neil.wants(neil.do("POST", winter+"/rules/pharmacy-first/earache/off", form), 200, "is switched off")
	met := neil.do("POST", winter+"/discard", stale)
	neil.wants(met, 409, "Not discarded. Neil Hart saved this draft")
	neil.wants(neil.do("POST", winter+"/discard", neil.fields(met, "/discard")), 200, "The draft is discarded.", "There are no drafts.")
	neil.wants(neil.get(winter+"/rules"), 404)
}
