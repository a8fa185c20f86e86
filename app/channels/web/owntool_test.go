package web_test

import (
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"onedoor/app/channels/web"
	"onedoor/app/demo"
	"onedoor/app/owntools"
	"onedoor/app/requests"
	"onedoor/app/store/identitystore"
	"onedoor/app/store/owntoolstore"
	"onedoor/ui/browsertest"
)

// linked is a site where Weir Lane Surgery keeps an online tool of its own, at an address.
func linked(t *testing.T, address string) *site {
	t.Helper()
	var tools *owntools.Service
	s := open(t, func(o *web.Options) { o.OwnTools = lateTools{&tools} })
	tools = owntools.New(owntools.Options{Store: owntoolstore.New(s.DB), Requests: s.Requests, Keys: identitystore.New(s.DB), Now: s.Now, Random: rand.Reader, Development: true})
	err := tools.Set(t.Context(), s.Actor(t, "jo.bennett"), owntools.Tool{OrganisationID: demo.OrganisationID("A81001"), Name: "Weir Lane Online", Address: address, On: true})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (v *visitor) hides(what string) {
	v.t.Helper()
	if strings.Contains(v.body, what) {
		v.t.Errorf("%s shows %q", v.at, what)
	}
}

// onwards fills in what comes before the tool, as a person of the register, until it is handed in.
func (v *visitor) onwards(person int) {
	v.t.Helper()
	for range 15 {
		switch {
		case strings.HasPrefix(v.at, "/riverside/question/"):
			v.answerAnyhow()
		case strings.HasPrefix(v.at, "/riverside/about-you/"):
			v.about(v.site.person(person))
		case v.at == "/riverside/check-answers":
			v.shows("To go on in Weir Lane Surgery’s own online form")
			v.send()
			v.wants("Request sent")
			return
		default:
			v.t.Fatalf("at %s (%d)\n%s", v.at, v.status, v.body)
		}
	}
	v.t.Fatalf("no end of questions at %s", v.at)
}

var toTool = regexp.MustCompile(`href="(https://forms\.weirlane\.example/start\?handover=[0-9a-f-]{36})"`)

func TestALinkIsARequestBeforeTheToolIsReached(t *testing.T) {
	t.Parallel()
	s := linked(t, "https://forms.weirlane.example/start")
	v := s.visit(t)
	v.get("go/A81001")
	v.wants("Go on in Weir Lane Surgery’s own online form")
	v.shows("forms.weirlane.example", "Weir Lane Online", "We keep that", "call 999", `href="/riverside/"`)
	v.hides("href=\"https://forms")
	v.send()
	v.onwards(0)
	found := toTool.FindStringSubmatch(v.body)
	if found == nil {
		t.Fatalf("nothing leads to the tool\n%s", v.body)
	}
	v.shows("One more step: go on in Weir Lane Online", "Stay here instead")
	reference := v.reference()
	sam := s.Actor(t, "sam.carter")
	view, err := s.Requests.Get(t.Context(), sam, requests.Reference(reference))
	if err != nil {
		t.Fatal(err)
	}
	if view.Channel != requests.Linked || view.Accountable.ODS != "A81001" || view.AnswerDue.IsZero() || view.Staff.Handover == nil || !strings.HasSuffix(found[1], view.Staff.Handover.ID.String()) {
		t.Errorf("it stands with %s by %s: %+v", view.Accountable.Name, view.Channel, view.Staff.Handover)
	}
	for _, address := range v.addresses {
		if strings.Contains(address, reference) {
			t.Errorf("the address %s holds the reference", address)
		}
	}
	v.get("sent")
	v.shows(found[1]) // opened again it is the same handover
	v.get("sent?lang=cy")
	v.shows("Un cam arall", "Mae Weir Lane Surgery yn cadw’r cais hwn hefyd", "Aros yma yn lle hynny")
	v.get("sent?lang=en")
	p := s.person(0)
	v.post("/riverside/status", fields("reference", reference, "birth-day", p.Get("birth-day"), "birth-month", p.Get("birth-month"), "birth-year", p.Get("birth-year")))
	v.shows("You chose to go on in Weir Lane Surgery’s own online form", "a person at Weir Lane Surgery looks at it")
	v.post("/riverside/stay-here", nil)
	v.shows("You stay here", "Weir Lane Surgery answers this request")
	v.hides("https://forms")
	if view, err = s.Requests.Get(t.Context(), sam, requests.Reference(reference)); err != nil || view.Staff.Handover.State != requests.ToolStayed {
		t.Errorf("%+v, %v", view.Staff.Handover, err)
	}
}

func TestWhoAskedHereMayGoOnInTheTool(t *testing.T) {
	t.Parallel()
	s := linked(t, "https://forms.weirlane.example/start")
	v := s.visit(t)
	v.asksFor("admin", 0, "yes")
	v.shows("Weir Lane Surgery has its own online form too", "You do not need to do anything else")
	v.hides("https://forms")
	v.post("/riverside/go-on-at-tool", nil)
	if toTool.FindString(v.body) == "" {
		t.Errorf("nothing leads to the tool\n%s", v.body)
	}
	view, err := s.Requests.Get(t.Context(), s.Actor(t, "sam.carter"), requests.Reference(v.reference()))
	if err != nil || view.Channel != requests.Web || view.Staff.Handover == nil {
		t.Errorf("it came by %s: %v", view.Channel, err)
	}
}

func TestALinkThatLeadsNowhereElse(t *testing.T) {
	t.Parallel()
	s := linked(t, "https://forms.weirlane.example/start")
	v := s.visit(t)
	v.get("go/A81002") // takes part, and keeps no tool
	if v.at != "/riverside/" {
		t.Errorf("it led to %s", v.at)
	}
	v.post("/riverside/go/A81002", nil)
	if v.at != "/riverside/" {
		t.Errorf("it led to %s", v.at)
	}
	for _, unknown := range []string{"go/A99999", "go/B82001", "go/what-is-this"} {
		if v.get(unknown); v.status != http.StatusNotFound {
			t.Errorf("%s: %d", unknown, v.status)
		}
	}
	// Somebody of another practice who follows Weir Lane's link: their own practice has the request, and nobody is sent on.
	other := 0
	for i, p := range s.Patients {
		if p.PracticeID == demo.OrganisationID("A81002") && p.BirthDate.Year < 2000 && p.NHSNumber != "" {
			other = i
			break
		}
	}
	v.get("go/A81001")
	v.send()
	v.onwards(other)
	v.shows("The Locks Medical Centre has your request")
	v.hides("forms.weirlane.example")
}

// In a browser, on a phone: from the link to the tool's own page, which learns an id and nothing else.
func TestTheWayToAnOwnTool(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 1)
	tool := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/start" {
			select {
			case asked <- r.URL.RawQuery + " " + r.Referer():
			default:
			}
		}
		_, _ = w.Write([]byte("<!doctype html><title>Weir Lane Online</title><h1>Weir Lane Online</h1>"))
	}))
	t.Cleanup(tool.Close)
	s := linked(t, tool.URL+"/start")
	p := s.person(0)
	tab := browsertest.Open(t)
	tab.Size(browsertest.Phone)
	look := func(name string) {
		t.Helper()
		browsertest.Axe(t, tab)
		browsertest.Reflows(t, tab)
		if *pictures != "" {
			tab.Picture(filepath.Join(*pictures, name+".png"))
		}
	}
	tab.Go(s.address + "/riverside/go/A81001")
	look("link")
	tab.Continue()
	for strings.Contains(tab.Address(), "/question/") {
		tab.Press(`input[name="answer"][value="16-or-over"], input[name="answer"][value="none"], input[name="answer"][value="medicines"]`)
		if status := tab.Continue(); status != http.StatusOK {
			t.Fatalf("%s: %d", tab.Address(), status)
		}
	}
	tab.Fill("given-name", p.Get("given-name"))
	tab.Fill("family-name", p.Get("family-name"))
	tab.Continue()
	tab.Fill("birth-day", p.Get("birth-day"))
	tab.Fill("birth-month", p.Get("birth-month"))
	tab.Fill("birth-year", p.Get("birth-year"))
	tab.Continue()
	tab.Fill("postcode", p.Get("postcode"))
	tab.Continue()
	tab.Fill("mobile", p.Get("mobile"))
	tab.Choose("safe", "yes")
	tab.Continue()
	look("check-linked")
	tab.Continue()
	if got := tab.Heading(); got != "Request sent" {
		t.Fatalf("it ends at %q, %s", got, tab.Address())
	}
	look("sent-on")
	tab.Follow(`a[href^="` + tool.URL + `"]`)
	if got := tab.Heading(); got != "Weir Lane Online" {
		t.Fatalf("it leads to %q", got)
	}
	got := <-asked
	if !regexp.MustCompile(`^handover=[0-9a-f-]{36} $`).MatchString(got) {
		t.Errorf("the tool was told %q", got)
	}
}
