package studio_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"onedoor/app/demo"
	"onedoor/app/directory"
	"onedoor/app/store/directorystore"
	"onedoor/ui/browsertest"
)

// serviceAt is the page of an organisation's one service.
func (h *house) serviceAt(t *testing.T, ods string) string {
	t.Helper()
	d, err := directory.New(directorystore.New(h.DB), h.Now).Current(t.Context(), riverside)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range d.Services() {
		if o, _ := d.Organisation(s.OrganisationID); string(o.ODS) == ods {
			return "/studio/services/" + s.ID.String()
		}
	}
	t.Fatalf("%s has no service", ods)
	return ""
}

func TestAServiceIsPausedAndResumedInOneClickByItsOwnOrganisation(t *testing.T) {
	t.Parallel()
	h := open(t)
	grace, neil := h.colleague(t, "grace.mensah"), h.colleague(t, "neil.hart")
	at := h.serviceAt(t, "FRV01")
	grace.wants(grace.get("/studio/services"), 200, "Quayside Pharmacy", "Open now", "Get help with symptoms", "not Weir Lane", "not Bridge Street", at+"/pause")
	h.Pass(time.Minute)
	grace.wants(grace.post(at+"/pause", "from", "list"), 200, "Paused. It takes nothing from the next request on.", "By Grace Mensah, 10:01 today.", at+"/resume", "not "+at+"/pause")
	neil.wants(neil.get("/studio/services"), 200, "Quayside Pharmacy", "Weir Lane Surgery", "By Grace Mensah, 10:01 today.", "not /pause", "not /resume")
	neil.wants(neil.get(at), 200, "Paused", "not /resume", "not Change", "Grace Mensah", "Quayside Pharmacy, Pharmacy First: paused")
	h.Pass(time.Minute)
	grace.wants(grace.post(at+"/resume"), 200, "Resumed. It takes requests again.", "Open now", "Pharmacy First: resumed")
}

func TestAServiceIsItsOwnOrganisationsAlone(t *testing.T) {
	t.Parallel()
	h := open(t)
	theirs, none := h.serviceAt(t, "A81002"), "/studio/services/"+demo.OrganisationID("A81001").String()
	jo, sam, neil, carys := h.colleague(t, "jo.bennett"), h.colleague(t, "sam.carter"), h.colleague(t, "neil.hart"), h.colleague(t, "carys.evans")
	for _, path := range []string{theirs, none, "/studio/services/x"} {
		jo.wants(jo.get(path), 404)
		jo.wants(jo.get(path+"/edit"), 404)
		jo.wants(jo.post(path+"/edit", "name", "Mine"), 404)
		jo.wants(jo.post(path+"/pause"), 404)
		sam.wants(sam.post(path+"/pause"), 404)
		carys.wants(carys.get(path), 404)
	}
	own := h.serviceAt(t, "A81001")
	sam.wants(sam.get(own+"/edit"), 403)
	sam.wants(sam.post(own+"/edit", "name", "Mine"), 403)
	neil.wants(neil.post(own+"/pause"), 403)
	neil.wants(neil.get(own+"/edit"), 403)
	jo.wants(jo.get("/studio/services/history"), 200, "Nothing has been changed yet.")
	h.Pass(time.Minute)
	jo.wants(jo.post(own+"/pause"), 200, "Paused.")
	h.Pass(time.Minute)
	grace := h.colleague(t, "grace.mensah")
	grace.wants(grace.get("/studio/services/history"), 200, "not Weir Lane")
	neil.wants(neil.get("/studio/services/history"), 200, "Weir Lane Surgery, General practice: paused", "Jo Bennett")
}

var basedOn = regexp.MustCompile(`name="based_on" value="([0-9a-f]+)"`)

// form is what the edit page of a service would send, with some fields replaced.
func (c *colleague) form(path string, instead ...string) []string {
	c.t.Helper()
	page := c.get(path)
	c.wants(page, 200, "<h1", "Kinds of request", "Monday")
	version := basedOn.FindStringSubmatch(page.body)
	if version == nil {
		c.t.Fatal("the form does not say which version it shows")
	}
	values := map[string]string{"name": "General practice", "monday": "8am to 6:30pm", "queue": demo.QueueID("A81001", "general").String()}
	for i := 0; i+1 < len(instead); i += 2 {
		values[instead[i]] = instead[i+1]
	}
	fields := []string{"based_on", version[1]}
	for name, value := range values {
		fields = append(fields, name, value)
	}
	return fields
}

func TestAServiceIsChangedByItsAdministrator(t *testing.T) {
	t.Parallel()
	h := open(t)
	jo := h.colleague(t, "jo.bennett")
	at := h.serviceAt(t, "A81001")
	h.Pass(time.Minute)
	fields := append(jo.form(at+"/edit", "tuesday", "9am to 1pm, 2pm to 5pm", "dates", "24 December 2026: closed", "min_age", "16", "daily", "40", "capabilities", "ear-care minor-illness"), "kinds", "symptoms", "kinds", "callback")
	jo.wants(jo.post(at+"/edit", fields...), 200, "Saved. Requests are decided by it from now on.", "Get help with symptoms", "Aged 16 or over", "Monday: 08:00 to 18:30",
		"Tuesday: 09:00 to 13:00, 14:00 to 17:00", "Wednesday to Sunday: closed", "24 December 2026: closed", "40 a day", "ear-care, minor-illness",
		"Weir Lane Surgery, General practice: how many changed from No limit to 40 a day", "Jo Bennett")
	jo.wants(jo.get(at+"/edit"), 200, `value="09:00 to 13:00, 14:00 to 17:00"`, `value="40"`, "24 December 2026: closed</textarea>")
}

func TestWhatCannotBeIsSaidAtItsFieldAndNothingTypedIsLost(t *testing.T) {
	t.Parallel()
	h := open(t)
	jo := h.colleague(t, "jo.bennett")
	at := h.serviceAt(t, "A81001")
	jo.wants(jo.post(at+"/edit", jo.form(at+"/edit", "name", " ", "monday", "18:00 to 09:00", "min_age", "70", "max_age", "5", "open", "5000", "queue", demo.QueueID("A81002", "general").String())...), 422,
		"There is a problem", `href="#name"`, "Enter the name of the service", `href="#monday"`, "The opening hours of Monday must each end", `value="18:00 to 09:00"`,
		`href="#max-age"`, `value="70"`, `href="#open"`, `value="5000"`, `href="#queue"`, "<title>Error: Change")
	jo.wants(jo.post(at+"/edit", jo.form(at+"/edit", "friday", "now & <then>", "daily", "many", "dates", "Christmas")...), 422,
		`href="#friday"`, "now &amp; &lt;then&gt;", `href="#daily"`, `value="many"`, `href="#dates"`, ">Christmas</textarea>")
	jo.wants(jo.get(at), 200, "Nothing has been changed yet.")
}

func TestAStaleFormIsToldWhatChanged(t *testing.T) {
	t.Parallel()
	h := open(t)
	jo, sam := h.colleague(t, "jo.bennett"), h.colleague(t, "sam.carter")
	at := h.serviceAt(t, "A81001")
	stale := jo.form(at+"/edit", "name", "Family practice", "daily", "99")
	h.Pass(time.Minute)
	sam.wants(sam.post(at+"/pause"), 200, "Paused.") // what is no part of the form does not make it stale
	h.Pass(time.Minute)
	jo.wants(jo.post(at+"/edit", jo.form(at+"/edit", "open", "12")...), 200, "Saved.", "12 open at once")
	h.Pass(time.Minute)
	refused := jo.post(at+"/edit", stale...)
	jo.wants(refused, 409, "Jo Bennett changed this service while you were editing it", "How many</strong>: from No limit to 12 open at once", `value="Family practice"`, `value="99"`)
	jo.wants(jo.get(at), 200, "12 open at once", "not Family practice")
	again := append([]string{}, stale[2:]...)
	jo.wants(jo.post(at+"/edit", append(again, "based_on", basedOn.FindStringSubmatch(refused.body)[1])...), 200, "Saved.", "Family practice", "99 a day", "Paused")
	unknown := append([]string{}, stale[2:]...)
	jo.wants(jo.post(at+"/edit", append(unknown, "based_on", strings.Repeat("0", 64))...), 409, "too old to be saved", `value="Family practice"`)
}

func TestServicePagesInABrowser(t *testing.T) {
	t.Parallel()
	h := open(t)
	at := h.serviceAt(t, "A81001")
	tab := h.tab(t, "jo.bennett")
	for _, size := range []browsertest.Size{browsertest.Desktop, browsertest.Phone, browsertest.Zoomed} {
		tab.Size(size)
		for _, path := range []string{"/studio/services", at, at + "/edit", "/studio/services/history"} {
			tab.Go(h.url + path)
			browsertest.Axe(t, tab)
			browsertest.Reflows(t, tab)
		}
	}
	tab.WithoutScripts()
	for _, want := range []string{"Paused", "Resumed"} {
		h.Pass(time.Minute)
		tab.Go(h.url + "/studio/services")
		tab.Follow(".app-services form button")
		if got := tab.Text("#notice"); !strings.Contains(got, want) {
			t.Errorf("after the button: %q; want %s", got, want)
		}
	}
}
