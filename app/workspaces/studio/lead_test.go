package studio_test

import (
	"html"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/demo"
	"onedoor/app/publishing"
	"onedoor/ui/browsertest"
)

// month gives the neighbourhood a month of requests.
func (h *house) month(t *testing.T, requests int) {
	t.Helper()
	side, err := demo.RiversideSide()
	if err != nil {
		t.Fatal(err)
	}
	list := demo.History(side, h.Now().AddDate(0, 0, -27), h.Now(), requests)
	if err := h.past.Import(t.Context(), riverside, side.Policy.Hash(), list); err != nil {
		t.Fatal(err)
	}
}

// lead is one of demo.Staff as the domain knows them.
func lead(t *testing.T, subject string) audit.Actor {
	t.Helper()
	for _, c := range demo.Staff() {
		if c.Subject == subject {
			return audit.Actor{Kind: audit.Person, ID: c.ID(), Name: c.Name}
		}
	}
	t.Fatal("nobody is called", subject)
	return audit.Actor{}
}

// draft is riverside's policy with one text in place of another.
func (h *house) draft(t *testing.T, name string, instead ...string) publishing.Draft {
	t.Helper()
	document := string(demo.Riverside)
	if changed := strings.NewReplacer(instead...).Replace(document); changed != document {
		document = changed
	} else if len(instead) > 0 {
		t.Fatal("the policy does not hold what is replaced")
	}
	d, err := h.publishing.Save(t.Context(), lead(t, "neil.hart"), riverside, name, "", []byte(document))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Sore throats from 10 on alone, with the case that says otherwise.
var olderThroats = []string{
	`condition: '"sore-throat"', age: '>= 5'`, `condition: '"sore-throat"', age: '>= 10'`,
	"a child of 5 with a sore throat may go to a pharmacy\n    given: { kind: symptoms, condition: sore-throat, age: 5", "a child of 10 with a sore throat may go to a pharmacy\n    given: { kind: symptoms, condition: sore-throat, age: 10",
}

// Callbacks that nobody hurries for.
var slowCallbacks = []string{
	"then: { to: registered-practice/queue:callbacks, urgency: soon }", "then: { to: registered-practice/queue:callbacks, urgency: routine }",
	"expect: { to: registered-practice/queue:callbacks, urgency: soon }", "expect: { to: registered-practice/queue:callbacks, urgency: routine }",
}

var runAt = regexp.MustCompile(`/studio/simulations/[0-9a-f-]{36}`)

// try starts a run from the page, and does what the job would.
func (c *colleague) try(draft string) string {
	c.t.Helper()
	started := c.post("/studio/simulations", "draft", draft, "from-day", "27", "from-month", "10", "from-year", "2026", "until-day", "23", "until-month", "11", "until-year", "2026", "mode", "recorded-load")
	c.wants(started, 200, "It waits to begin.", "Stop", "See how far it is now", `hx-trigger="every 1s"`)
	at := runAt.FindString(started.path)
	if at == "" {
		c.t.Fatalf("the run is not shown: %s", started.path)
	}
	id := uuid.MustParse(strings.TrimPrefix(at, "/studio/simulations/"))
	if err := c.h.simulations.Execute(c.t.Context(), riverside, id); err != nil {
		c.t.Fatal(err)
	}
	return at
}

// cellAt is the address of a cell's list on the page of a run.
var cellAt = regexp.MustCompile(`/studio/simulations/[0-9a-f-]{36}/moves/[0-9a-z]+`)

// The pages of a lead, wide and on a phone. With ONEDOOR_SHOTS they are also drawn, for somebody to look at.
func TestTheLeadsPagesInABrowser(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.month(t, 1500)
	h.draft(t, "winter", append(append([]string{}, olderThroats...), slowCallbacks...)...)
	neil := h.colleague(t, "neil.hart")
	at := neil.try("winter")
	cell := cellAt.FindString(neil.get(at).body)
	if cell == "" {
		t.Fatal("nothing moves")
	}
	v, err := h.publishing.Live(t.Context(), riverside)
	if err != nil {
		t.Fatal(err)
	}
	const of = "/studio/policies/winter"
	for size, s := range map[string]browsertest.Size{"desktop": browsertest.Desktop, "phone": browsertest.Phone} {
		t.Run(size, func(t *testing.T) {
			t.Parallel()
			tab := h.tab(t, "neil.hart")
			tab.Size(s)
			for name, path := range map[string]string{
				"picture": of + "/picture", "picture-live": "/studio/policies/" + v.Hash + "/picture", "try": of + "/try", "run": at, "moves": cell,
				"publish": of + "/publish", "shadow": of + "/shadow", "versions": "/studio/versions", "version": "/studio/versions/" + v.Hash, "services": "/studio/services",
			} {
				tab.Go(h.url + path)
				browsertest.Axe(t, tab)
				browsertest.Reflows(t, tab)
				if folder := os.Getenv("ONEDOOR_SHOTS"); folder != "" {
					tab.Picture(filepath.Join(folder, name+"-"+size+".png"))
				}
			}
		})
	}
}

func TestAPictureOfEachRule(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.month(t, 600)
	h.draft(t, "winter", olderThroats...)
	neil := h.colleague(t, "neil.hart")
	neil.wants(neil.get("/studio/policies/winter/picture"), 200,
		"<svg", `role="img"`, "<title", "<desc", "Where each need goes", "Get help with symptoms", "Sore throat", "Changed", "600 requests", "The same as a table", "not style=")
	live, err := h.publishing.Live(t.Context(), riverside)
	if err != nil {
		t.Fatal(err)
	}
	neil.wants(neil.get("/studio/policies/"+live.Hash+"/picture"), 200, "Catch all", "Any request", "not Changed", "not >Publish<", "not >Try it out</a> </li> <li> <a class=\"app-views")
	other := h.colleague(t, "jo.bennett")
	other.wants(other.get("/studio/policies/winter/picture"), 403)
}

func TestADraftIsTriedOutOnPastRequests(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.month(t, 1500)
	h.draft(t, "winter", append(append([]string{}, olderThroats...), slowCallbacks...)...)
	neil := h.colleague(t, "neil.hart")
	neil.wants(neil.get("/studio/policies/winter/try"), 200, "Each request is decided alone", "fills that service", "Nothing was tried yet.")
	neil.wants(neil.post("/studio/simulations", "draft", "nothing", "from-day", "31", "from-month", "2", "from-year", "2026", "until-day", "x"), 422,
		"There is a problem", `href="#draft"`, `href="#from-day"`, `href="#until-day"`, `value="31"`)
	at := neil.try("winter")
	page := neil.get(at)
	neil.wants(page, 200, "past requests", "less urgent", "Would go to", "Callbacks (soon)", "Callbacks (routine)", "By age", "By language", "By how deprived", "<svg", "The same as a table",
		"app-matrix__same", "not every 1s")
	neil.wants(neil.htmx().get(at), 200, `id="run"`, "not <html")
	neil.wants(neil.get("/studio/simulations"), 200, at, "Done", "1,500 requests")
	cell := cellAt.FindString(page.body)
	moves := neil.get(cell)
	neil.wants(moves, 200, "Rules in force", "Draft", "Age band", "How they asked", "Make this a test case")
	for _, secret := range []string{"999", "Okafor", "reference"} {
		if strings.Contains(moves.body, secret) {
			t.Errorf("a lead sees %q", secret)
		}
	}
	neil.wants(neil.get(cell+"/case/1"), 200, "Add a case", `name="fact.kind"`)
	for _, absent := range []string{at + "/moves/nothing", "/studio/simulations/" + uuid.NewString(), "/studio/simulations/x", cell + "/case/x", cell + "/case/999"} {
		if got := neil.get(absent); got.status != 404 && got.status != 422 {
			t.Errorf("%s: %d", absent, got.status)
		}
	}
	jo := h.colleague(t, "jo.bennett")
	jo.wants(jo.get(at), 403)
	jo.wants(jo.get(cell), 403)
}

func TestARunIsStopped(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.month(t, 100)
	h.draft(t, "winter", olderThroats...)
	neil := h.colleague(t, "neil.hart")
	started := neil.post("/studio/simulations", "draft", "winter", "from-day", "1", "from-month", "11", "from-year", "2026", "until-day", "20", "until-month", "11", "until-year", "2026", "mode", "closed-loop")
	neil.wants(started, 200, "It waits to begin.", "closed loop")
	neil.wants(neil.post(started.path+"/cancel"), 200, "It was stopped")
}

// gateKeys are the reasons that a page of publishing asks for.
var gateKeys = regexp.MustCompile(`name="(reason\.[^"]+)"`)

var hiddenField = regexp.MustCompile(`<input type="hidden" name="(etag|against)" value="([^"]*)"`)

// publishForm is the form of the page as a browser would send it back, with every reason given.
func publishForm(page reply, reason string, fields ...string) []string {
	for _, m := range hiddenField.FindAllStringSubmatch(page.body, -1) {
		fields = append(fields, m[1], html.UnescapeString(m[2]))
	}
	if reason != "" {
		for _, m := range gateKeys.FindAllStringSubmatch(page.body, -1) {
			fields = append(fields, html.UnescapeString(m[1]), reason)
		}
	}
	return fields
}

func TestADraftIsPublishedWithReasonsAndANote(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.month(t, 1500)
	h.draft(t, "winter", append(append([]string{}, olderThroats...), slowCallbacks...)...)
	neil := h.colleague(t, "neil.hart")
	const at = "/studio/policies/winter/publish"
	page := neil.get(at)
	neil.wants(page, 200, "What changes", "Ask us to call you back", "routine (rule “Callback”)", "from 5 to 9", "For example", "past requests", "All 36 cases hold.", "Give a reason for each of these", "would be routine")

	refused := neil.post(at, publishForm(page, "", "when", "later", "date-day", "40", "time", "noonish", "note", "")...)
	neil.wants(refused, 422, "There is a problem", `href="#date-day"`, `href="#time"`, `value="40"`, `value="noonish"`)
	refused = neil.post(at, publishForm(page, "", "when", "now", "note", "")...)
	neil.wants(refused, 422, `href="#note"`, `href="#reason-1"`, "A written reason is needed", "<title>Error: Publish")
	refused = neil.post(at, publishForm(page, "Agreed with <b>the</b> practices.", "when", "now", "note", " ")...)
	neil.wants(refused, 422, `href="#note"`, `not href="#reason-1"`, "Agreed with &lt;b&gt;the&lt;/b&gt; practices.</textarea>")
	neil.wants(neil.get("/studio/versions"), 200, "not Replaced")

	h.Pass(time.Minute)
	done := neil.post(at, publishForm(page, "Agreed with the practices.", "when", "now", "note", "Callbacks can wait a day.")...)
	neil.wants(done, 200, "Published", "These rules are in force since 10:01 today.", "Callbacks can wait a day.", "All versions")
	h.Pass(time.Minute)
	list := neil.get("/studio/versions")
	neil.wants(list, 200, "In force", "Replaced", "Callbacks can wait a day.", "You")
	version := strings.TrimSuffix(done.path, "/published")
	neil.wants(neil.get(version), 200, "Published in spite of", "Agreed with the practices.", "What changed from the version before", "Ask us to call you back", "not Put it into force again")
}

func TestAStaleDraftIsNotPublishedUnseen(t *testing.T) {
	t.Parallel()
	h := open(t)
	d := h.draft(t, "winter", olderThroats...)
	neil := h.colleague(t, "neil.hart")
	const at = "/studio/policies/winter/publish"
	page := neil.get(at)
	h.Pass(time.Minute)
	other := audit.Actor{Kind: audit.Person, ID: uuid.New(), Name: "Joan Bell"}
	if _, err := h.publishing.Save(t.Context(), other, riverside, "winter", d.ETag(), []byte(string(d.Document)+"\n# seen\n")); err != nil {
		t.Fatal(err)
	}
	refused := neil.post(at, publishForm(page, "x", "when", "now", "note", "Kept <note>")...)
	neil.wants(refused, 409, "Not published.", "Joan Bell", "Kept &lt;note&gt;")
	neil.wants(neil.post(at, publishForm(refused, "x", "when", "now", "note", "Seen now")...), 200, "These rules are in force")
}

func TestAVersionIsScheduledTakenBackAndRestored(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.draft(t, "winter", olderThroats...)
	neil := h.colleague(t, "neil.hart")
	const at = "/studio/policies/winter/publish"
	first, err := h.publishing.Live(t.Context(), riverside)
	if err != nil {
		t.Fatal(err)
	}
	page := neil.get(at)
	scheduled := neil.post(at, publishForm(page, "Agreed.", "when", "later", "date-day", "1", "date-month", "12", "date-year", "2026", "time", "8am", "note", "For December.")...)
	neil.wants(scheduled, 200, "Scheduled", "These rules will be in force from 08:00 on Tue 1 Dec.", "Take it back")
	version := strings.TrimSuffix(scheduled.path, "/published")
	neil.wants(neil.get(version+"/withdraw"), 200, "Take this version back?")
	neil.wants(neil.post(version+"/withdraw", "note", ""), 422, `href="#note"`)
	neil.wants(neil.post(version+"/withdraw", "note", "Too soon."), 200, "Taken back. It will never be in force.", "Taken back")
	h.Pass(time.Minute)
	neil.wants(neil.post(at, publishForm(neil.get(at), "Agreed.", "when", "now", "note", "After all.")...), 200, "Published")
	h.Pass(time.Minute)
	old := "/studio/versions/" + first.Hash
	neil.wants(neil.get(old), 200, "Replaced", "Put it into force again")
	neil.wants(neil.get(old+"/restore"), 200, "They become a new version", "What changes", "from 5 to 9")
	neil.wants(neil.post(old+"/restore", "note", " "), 422, `href="#note"`)
	neil.wants(neil.post(old+"/restore", "note", "It was better."), 200, "Published", "in force since 10:02 today")
	neil.wants(neil.get("/studio/versions"), 200, "An earlier version again", "It was better.")
	for _, absent := range []string{"/studio/versions/x", "/studio/versions/" + strings.Repeat("0", 64)} {
		neil.wants(neil.get(absent), 404)
	}
	jo := h.colleague(t, "jo.bennett")
	jo.wants(jo.get("/studio/versions"), 403)
	jo.wants(jo.post(old+"/restore", "note", "Mine"), 403)
}

func TestASecondPersonApproves(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.draft(t, "winter", olderThroats...)
	neil := h.colleague(t, "neil.hart")
	neil.wants(neil.post("/studio/versions/second-person", "wanted", "yes"), 200, "From now on a second person", "Ask no more")
	const at = "/studio/policies/winter/publish"
	page := neil.get(at)
	neil.wants(page, 200, "Waits for a second person", "somebody else has to look at it", "It cannot be published yet")
	neil.wants(neil.post(at, publishForm(page, "x", "when", "now", "note", "Alone")...), 422, "There is a problem")
	neil.wants(neil.post("/studio/policies/winter/review", "etag", page.etag(), "approve", "yes"), 409, "Somebody else has to review it")
	farah := h.colleague(t, "farah.siddiqui")
	seen := farah.get(at)
	farah.wants(farah.post("/studio/policies/winter/review", "etag", seen.etag(), "approve", "no", "review-note", ""), 422, `href="#review-note"`, "Say what should be different")
	farah.wants(farah.post("/studio/policies/winter/review", "etag", `"old"`, "approve", "yes"), 409, "was changed by Neil Hart while you looked at it")
	farah.wants(farah.post("/studio/policies/winter/review", "etag", seen.etag(), "approve", "yes", "review-note", "Looks right."), 200, "You have approved this draft as it is now.", "Looks right.", "not It cannot be published yet")
	neil.wants(neil.post(at, publishForm(neil.get(at), "Agreed.", "when", "now", "note", "Two of us.")...), 200, "Published", "Approved by", "Farah Siddiqui")
}

// etag is the one that the page's forms carry.
func (r reply) etag() string {
	for _, m := range hiddenField.FindAllStringSubmatch(r.body, -1) {
		if m[1] == "etag" {
			return html.UnescapeString(m[2])
		}
	}
	return ""
}
