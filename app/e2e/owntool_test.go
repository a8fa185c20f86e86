package e2e_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"onedoor/app/catalogue"
	"onedoor/app/database"
)

var linkToTool = regexp.MustCompile(`href="(http://127\.0\.0\.1:\d+/own-tools/A81002)\?handover=([0-9a-f-]{36})"`)

// From a link on a practice's own pages to its own tool, which the simulator plays: the request is there before the tool is
// reached, the tool says over the API that it has it and that it was answered, and the request is counted by its channel.
func TestAnOwnToolTakesARequestAndFinishesIt(t *testing.T) {
	t.Parallel()
	p := start(t)
	kinds, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(p.Patients, func(who person) bool { return who.Practice == "A81002" && who.BirthDate < "2000" })
	if i < 0 {
		t.Fatal("no adult is registered there")
	}
	v, who := p.visit(), p.Patients[i]
	v.get("/riverside/go/A81002")
	v.shows("The Locks Medical Centre keeps its own online form, The Locks Online")
	v.send("/go/A81002", nil)
	answers := map[string][]string{"age-band": {"16-or-over"}, "red-flags-adult": {"none"}, "callback-topic": {"medicines"}}
	reference, _ := v.goesOn(kinds, journey{kind: "callback", who: who, answer: func(it *catalogue.Item) []string { return answers[it.LinkID] }})
	found := linkToTool.FindStringSubmatch(v.body)
	if found == nil {
		t.Fatalf("nothing leads to the tool:\n%s", v.body)
	}
	stands := func() (s struct{ State, Practice, Outcome string }) {
		t.Helper()
		p.in(func(tx *database.Tx) error {
			return tx.Pgx().QueryRow(t.Context(), `
				select r.tool ->> 'state', o.ods_code, coalesce(r.outcome ->> 'code', '') from requests r join organisations o on o.id = r.accountable_id
				where r.reference = $1 and r.channel = 6`, reference).Scan(&s.State, &s.Practice, &s.Outcome)
		})
		return s
	}
	if s := stands(); s.State != "waiting" || s.Practice != "A81002" || s.Outcome != "" {
		t.Errorf("before the tool is reached: %+v", s)
	}
	tool := *v
	tool.base = ""
	tool.get(found[1] + "?handover=" + found[2])
	tool.shows("What do you need?")
	say := func(what, shows string) {
		t.Helper()
		response, err := p.http.PostForm(found[1], url.Values{"handover": {found[2]}, "say": {what}})
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		tool.get(found[1])
		tool.shows(shows)
	}
	say("accept", "Handover "+found[2])
	if s := stands(); s.State != "taken" || s.Outcome != "" {
		t.Errorf("once the tool took it: %+v", s)
	}
	say("done", "Nothing waits")
	if s := stands(); s.State != "done" || s.Outcome != "done" {
		t.Errorf("once it was answered there: %+v", s)
	}
	// Nobody but that tool's key may say so, and to them what is another's is as what is not there.
	path := "/api/v1/handovers/" + found[2]
	for key, want := range map[string]int{"partner": http.StatusOK, "partner_second": http.StatusNotFound, "app": http.StatusForbidden, "receptionist": http.StatusForbidden} {
		got, err := p.as(key).do(http.MethodGet, path, nil)
		if err != nil || got.Status != want {
			t.Errorf("%s: %d %v", key, got.Status, err)
		}
		if absent, err := p.as(key).do(http.MethodGet, "/api/v1/handovers/"+uuid.NewString(), nil); want == http.StatusNotFound && (err != nil || string(absent.Body) != string(got.Body)) {
			t.Errorf("%s: what is another tool's is %s, and what is not there %s %v", key, got.Body, absent.Body, err)
		}
		if want == http.StatusOK && (!strings.Contains(string(got.Body), reference) || strings.Contains(string(got.Body), who.FamilyName)) {
			t.Errorf("a partner is told %s", got.Body)
		}
	}
	got, err := p.as("lead").do(http.MethodGet, "/api/v1/neighbourhoods/riverside/reports/parity", nil)
	if err != nil || got.Status != http.StatusOK {
		t.Fatalf("%d %v", got.Status, err)
	}
	var report struct {
		Rows []struct {
			Kind, Channel string
			Requests      int
		}
	}
	if err := json.Unmarshal(got.Body, &report); err != nil {
		t.Fatal(err)
	}
	counted := 0
	for _, row := range report.Rows {
		if row.Channel == "link" && row.Kind == "callback" {
			counted += row.Requests
		}
	}
	if counted != 1 {
		t.Errorf("%d counted by their link: %s", counted, got.Body)
	}
}
