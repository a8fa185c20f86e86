package e2e_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"onedoor/app/catalogue"
	"onedoor/ui/browsertest"
)

// An appointment is asked for on the pages, and chosen in the diary of the practice's own system: somebody else takes the
// first slot, the next is booked once, and the request needs nobody. A system that commits and never answers leaves the
// request with the practice, and the patient is told so, until the system is asked again.
func TestAPatientBooksInThePracticesOwnDiary(t *testing.T) {
	t.Parallel()
	p := start(t)
	kinds, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	all := p.adultsOf("A81001")
	t.Run("in a browser, when the first choice is taken meanwhile", func(t *testing.T) {
		v, reference := p.wantsAppointment(t, kinds, all[0])
		tab := browsertest.Open(t)
		for _, cookie := range v.cookies(t) {
			if _, err := chromedp.Call(tab.Context(), network.SetCookie, network.SetCookieParams{Name: cookie.Name, Value: cookie.Value, URL: p.BaseURL}); err != nil {
				t.Fatal(err)
			}
		}
		tab.Go(p.BaseURL + "/riverside/sent")
		tab.Follow(`main a[href="/riverside/by-yourself"]`)
		browsertest.Axe(t, tab)
		tab.Choose("by", "code")
		tab.Continue()
		browsertest.Axe(t, tab)
		tab.Fill("proof", p.codeFor(t, all[0]))
		tab.Continue()
		browsertest.Axe(t, tab)
		browsertest.Reflows(t, tab)

		other, first := p.choosesAppointment(t, kinds, all[1])
		other.send(other.at, url.Values{"slot": {first}})
		other.shows("Appointment booked")

		chosen := `document.querySelector("input[name=slot]").value`
		tab.Choose("slot", tab.Eval(chosen))
		tab.Continue()
		if says := tab.Text("main"); !strings.Contains(says, "Somebody else has just taken this appointment") {
			t.Fatalf("a slot that was taken: %s", says)
		}
		browsertest.Axe(t, tab)
		tab.Choose("slot", tab.Eval(chosen))
		tab.Continue()
		if h := tab.Heading(); h != "Appointment booked" {
			t.Fatalf("booked: %s: %s", h, tab.Text("main"))
		}
		browsertest.Axe(t, tab)
		p.hasOneEffect(t, "A81001", reference)
		if got := p.as("receptionist").get(reference); got.Status != "closed" {
			t.Errorf("the request is %s", got.Status)
		}
	})
	t.Run("when the system commits and does not answer", func(t *testing.T) {
		v, slot := p.choosesAppointment(t, kinds, all[2])
		p.breaks(t, "A81001", "timeout-after-commit")
		v.send(v.at, url.Values{"slot": {slot}})
		v.shows("Do not take it as booked", "You need not do anything else")
		v.get("/riverside/sent")
		reference := v.reference()
		if got := p.as("receptionist").get(reference); got.Status != "queued" {
			t.Errorf("the request is %s meanwhile", got.Status)
		}
		p.breaks(t, "A81001", "ok")
		eventually(t, "the system is asked, and the request needs nobody", func() bool { return p.as("receptionist").get(reference).Status == "closed" })
		p.hasOneEffect(t, "A81001", reference)
	})
}

// adultsOf are the adults on a practice's register.
func (p *product) adultsOf(practice string) (list []person) {
	for _, who := range p.Patients {
		if who.Practice == practice && who.BirthDate < "2005" {
			list = append(list, who)
		}
	}
	return list
}

var slotChoice = regexp.MustCompile(`name="slot"[^>]*value="([A-Za-z0-9_-]{60,})"`)

// wantsAppointment asks for an appointment that people may choose by themselves.
func (p *product) wantsAppointment(t *testing.T, kinds *catalogue.Catalogue, who person) (v *visitor, reference string) {
	t.Helper()
	answers := map[string][]string{
		"age-band": {"16-or-over"}, "red-flags-adult": {"none"}, "describe": {"Checking a mole"}, "appointment-type": {"face-to-face"}, "with-whom": {"gp"},
		"how-soon": {"within-two-weeks"},
	}
	v = p.visit()
	reference, _ = v.asks(kinds, journey{kind: "appointment-book", who: who, texts: true, answer: func(it *catalogue.Item) []string { return answers[it.LinkID] }})
	v.shows("You can choose an appointment now")
	return v, reference
}

// choosesAppointment goes on until the free appointments are shown, and gives the first.
func (p *product) choosesAppointment(t *testing.T, kinds *catalogue.Catalogue, who person) (v *visitor, first string) {
	t.Helper()
	v, _ = p.wantsAppointment(t, kinds, who)
	v.get("/riverside/by-yourself")
	v.send(v.at, url.Values{"by": {"code"}})
	v.send(v.at, url.Values{"proof": {p.codeFor(t, who)}})
	found := slotChoice.FindStringSubmatch(v.body)
	if found == nil {
		t.Fatalf("no appointments are offered:\n%s", v.body)
	}
	return v, found[1]
}

var sixDigits = regexp.MustCompile(`\b\d{6}\b`)

// codeFor reads the newest code from the texts to somebody's mobile number.
func (p *product) codeFor(t *testing.T, who person) (code string) {
	t.Helper()
	eventually(t, "a code is texted", func() bool {
		response, err := http.Get(p.OutboxURL)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		var texts []struct{ To, Text string } // the newest first
		if err := json.NewDecoder(response.Body).Decode(&texts); err != nil {
			t.Fatal(err)
		}
		number := strings.ReplaceAll(who.Mobile, " ", "")
		for _, text := range texts {
			if code = sixDigits.FindString(text.Text); code != "" && strings.HasSuffix(text.To, number[len(number)-9:]) {
				return true
			}
		}
		return false
	})
	return code
}

// cookies are what the visitor's browser would send.
func (v *visitor) cookies(t *testing.T) []*http.Cookie {
	t.Helper()
	at, err := url.Parse(v.base + "/riverside/")
	if err != nil {
		t.Fatal(err)
	}
	list := v.http.Jar.Cookies(at)
	if len(list) == 0 {
		t.Fatal("the pages keep nothing")
	}
	return list
}
