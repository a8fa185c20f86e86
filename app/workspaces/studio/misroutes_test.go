package studio_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/alarms"
	"onedoor/app/audit"
	"onedoor/app/requests"
	"onedoor/ui/browsertest"
)

// weeks makes as many sore throats in each week as asked, and has some of them said to be in the wrong place.
func (h *house) weeks(t *testing.T, weeks, decisions, wrong int) {
	t.Helper()
	sam := h.Actor(t, "sam.carter")
	for range weeks {
		for i := range decisions {
			in := requests.Submission{
				NeighbourhoodID: riverside, Channel: requests.App, Kind: "symptoms", By: audit.Actor{Kind: audit.Client}, ChosenPharmacy: "FRV01",
				Answers: map[string]json.RawMessage{"red-flags-adult": json.RawMessage(`["none"]`), "condition": json.RawMessage(`"sore-throat"`), "pregnant": json.RawMessage(`"not-applicable"`)},
			}
			in.Patient.NHSNumber, in.Patient.BirthDate = h.Patients[0].NHSNumber, h.Patients[0].BirthDate
			receipt, err := h.Requests.Submit(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			if i >= wrong {
				continue
			}
			if _, err := h.Requests.Misrouted(t.Context(), sam, requests.Command{Reference: receipt.Reference}, "needs-clinician", "Okafor is on warfarin"); err != nil {
				t.Fatal(err)
			}
		}
		h.Pass(7 * 24 * time.Hour)
	}
}

func (h *house) watch(t *testing.T) {
	t.Helper()
	if _, err := h.misroutes.Watch(t.Context(), riverside); err != nil {
		t.Fatal(err)
	}
}

const soreThroatPage = "/studio/misroutes/rules/pharmacy-first/sore-throat"

var acknowledgeForm = regexp.MustCompile(`action="(/studio/misroutes/alarms/[0-9a-f-]+/acknowledge)"`)

func TestALeadSeesByRuleWhatCameBackAndAcknowledges(t *testing.T) {
	t.Parallel()
	h := open(t)
	neil := h.colleague(t, "neil.hart")
	neil.wants(neil.get("/studio/misroutes"), 200, "Sent to the wrong place", "No rule has sent a request yet.")
	h.weeks(t, 8, 7, 1)
	h.weeks(t, 1, 7, 6)
	h.watch(t)
	neil = h.colleague(t, "neil.hart") // weeks later
	neil.wants(neil.get("/studio"), 200, "Rule sore-throat of pharmacy-first: of 7 requests", `href="`+soreThroatPage+`"`)
	neil.wants(neil.get("/studio/misroutes"), 200, "See the chart", ">sore-throat</a>", "14 ", "Alarm", "rules have sent nothing yet", "not Okafor", "not warfarin")
	page := neil.get(soreThroatPage)
	neil.wants(page, 200, "Rule sore-throat", "Open this rule", "<svg", "app-chart__point--beyond", "It needs a clinician", "14", "1 to 4", "14% to 57%", "Above the limit", "Week from 18 January 2027",
		"What you found", "not Okafor", "not warfarin", "not Sam Carter")
	if rule := regexp.MustCompile(`href="(/studio/policies/[^"]+)">Open this rule`).FindStringSubmatch(page.body); rule == nil {
		t.Error("nothing leads to the rule")
	} else {
		neil.wants(neil.get(rule[1]), 200, "Rule Sore throat")
	}
	form := acknowledgeForm.FindStringSubmatch(page.body)
	if form == nil {
		t.Fatal("there is no form to acknowledge")
	}
	neil.wants(neil.post(form[1], "note", " "), 422, "There is a problem", `href="#note"`, "Say in a note what you found", "<title>Error")
	neil.wants(neil.post(form[1], "note", strings.Repeat("x", 501)), 422, "500 characters or fewer")
	neil.wants(neil.post(form[1], "note", "A week without a pharmacist."), 200, "The alarm is acknowledged and cleared.", "not See the chart")
	neil.wants(neil.post(form[1], "note", "Again."), 200, "The alarm is acknowledged and cleared.")
	neil.wants(neil.get(soreThroatPage), 200, "Earlier alarms", "A week without a pharmacist.", "Neil Hart", "not What you found")
	h.watch(t)
	neil.wants(neil.get("/studio"), 200, "not Rule sore-throat of pharmacy-first")
}

func TestMisroutesAreForLeadsOfTheNeighbourhood(t *testing.T) {
	t.Parallel()
	h := open(t)
	if err := h.alarms.Raise(t.Context(), alarms.Alarm{NeighbourhoodID: riverside, Kind: alarms.RuleDrift, Subject: "pharmacy-first/sore-throat", Says: "It drifts."}); err != nil {
		t.Fatal(err)
	}
	raised, err := h.alarms.Open(t.Context(), riverside)
	if err != nil || len(raised) != 1 {
		t.Fatal(raised, err)
	}
	acknowledge := "/studio/misroutes/alarms/" + raised[0].ID.String() + "/acknowledge"
	for _, subject := range []string{"sam.carter", "grace.mensah", "jo.bennett", "omar.khan"} {
		other := h.colleague(t, subject)
		for _, path := range []string{"/studio/misroutes", soreThroatPage} {
			other.wants(other.get(path), 403, "not It drifts")
		}
		other.wants(other.post(acknowledge, "note", "Mine."), 403)
	}
	carys := h.colleague(t, "carys.evans") // of another neighbourhood
	carys.wants(carys.post(acknowledge, "note", "Mine."), 403)
	neil := h.colleague(t, "neil.hart")
	neil.wants(neil.get("/studio/misroutes/rules/pharmacy-first/nothing"), 404)
	neil.wants(neil.post("/studio/misroutes/alarms/x/acknowledge", "note", "Mine."), 404)
	neil.wants(neil.post("/studio/misroutes/alarms/"+uuid.NewString()+"/acknowledge", "note", "Mine."), 404)
	if open, err := h.alarms.Open(t.Context(), riverside); err != nil || len(open) != 1 {
		t.Errorf("open %v, %v", open, err)
	}
}

func TestTheMisroutesPagesInABrowser(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.weeks(t, 8, 6, 0)
	h.weeks(t, 1, 6, 5)
	h.watch(t)
	tab := h.tab(t, "neil.hart")
	for _, size := range []browsertest.Size{browsertest.Desktop, browsertest.Phone, browsertest.Zoomed} {
		tab.Size(size)
		for _, path := range []string{"/studio/misroutes", soreThroatPage} {
			tab.Go(h.url + path)
			browsertest.Reflows(t, tab)
			browsertest.Axe(t, tab)
		}
	}
	tab.Size(browsertest.Desktop)
	tab.Eval(`(document.querySelectorAll("details").forEach(d => d.open = true), "")`)
	browsertest.Axe(t, tab)
	tab.WithoutScripts()
	tab.Go(h.url + soreThroatPage)
	tab.Fill("note", "A week without a pharmacist.")
	tab.Follow("form[action$=acknowledge] button")
	if says := tab.Text("#notice"); !strings.Contains(says, "acknowledged") {
		t.Errorf("it says %q", says)
	}
}
