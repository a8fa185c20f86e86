package e2e_test

import (
	"strings"
	"testing"

	"onedoor/app/catalogue"
	"onedoor/ui/browsertest"
)

// The main job in a browser, as README has a newcomer do it, with every page on the way held against WCAG 2.2 AA.
func TestTheMainJobInABrowser(t *testing.T) {
	t.Parallel()
	p := start(t)
	var reference string
	t.Run("the patient asks", func(t *testing.T) { reference = p.patientAsks(t) })
	if reference == "" {
		return
	}
	t.Run("the receptionist verifies", func(t *testing.T) { p.receptionistVerifies(t, reference) })
	t.Run("the pharmacist answers", func(t *testing.T) { p.pharmacistAnswers(t, reference) })
	t.Run("the clinical systems know once", func(t *testing.T) {
		p.hasOneEffect(t, "FRV01", reference)
		p.hasOneEffect(t, "A81001", reference)
	})
}

func (p *product) patientAsks(t *testing.T) (reference string) {
	kinds, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	tab := browsertest.Open(t)
	tab.Go(p.BaseURL + "/")
	browsertest.Axe(t, tab)
	tab.Follow(`main a[href="/riverside/"]`)
	tab.Choose("kind", "symptoms")
	browsertest.Axe(t, tab)
	tab.Continue()
	j := soreThroatJourney(p.Patients[0])
	for range mostPages {
		page := strings.TrimPrefix(tab.Address(), p.BaseURL+"/riverside/")
		switch {
		case strings.HasPrefix(page, "question/"):
			it := itemAt(t, kinds, j.kind, "/riverside/"+page)
			fillAnswer(tab, it, j.answer(it))
		case strings.HasPrefix(page, "about-you/"):
			fillDetails(tab, page, j.who)
		case page == "pharmacy":
			tab.Choose("pharmacy", j.pharmacy)
		case page == "check-answers":
		case page == "sent":
			browsertest.Axe(t, tab)
			if h := tab.Text(".nhsuk-panel"); !strings.Contains(h, "Request sent") {
				t.Errorf("the confirmation says %q", h)
			}
			main := tab.Text("main")
			for _, name := range []string{"Quayside Pharmacy", "Weir Lane Surgery"} {
				if !strings.Contains(main, name) {
					t.Errorf("the confirmation does not name %s: %s", name, main)
				}
			}
			return strings.ReplaceAll(tab.Text("strong.app-reference"), " ", "")
		default:
			t.Fatalf("the pages lead to %s", page)
		}
		browsertest.Axe(t, tab)
		if status := tab.Continue(); status != 200 {
			t.Fatalf("after %s: %d, %s", page, status, tab.Text("main"))
		}
	}
	t.Fatalf("after %d pages still at %s", mostPages, tab.Address())
	return ""
}

func fillAnswer(tab *browsertest.Tab, it *catalogue.Item, values []string) {
	for _, value := range values {
		if it.Type == catalogue.TypeString || it.Type == catalogue.TypeText || it.Type == catalogue.TypeInteger {
			tab.Fill("answer", value)
			continue
		}
		tab.Choose("answer", value)
	}
}

func fillDetails(tab *browsertest.Tab, page string, who person) {
	birth := strings.Split(who.BirthDate, "-")
	switch strings.TrimPrefix(page, "about-you/") {
	case "name":
		tab.Fill("given-name", who.GivenName)
		tab.Fill("family-name", who.FamilyName)
	case "date-of-birth", "birth-date":
		tab.Fill("birth-day", birth[2])
		tab.Fill("birth-month", birth[1])
		tab.Fill("birth-year", birth[0])
	case "nhs-number":
		tab.Fill("nhs-number", who.NHSNumber)
	case "postcode":
		tab.Fill("postcode", who.Postcode)
	case "sex":
		tab.Choose("sex", who.Sex)
	case "mobile":
		tab.Fill("mobile", "07700 900123")
		tab.Choose("safe", "yes")
	}
}

// signsIn signs a tab in through the development provider, and leaves it at reception.
func (p *product) signsIn(t *testing.T, tab *browsertest.Tab, subject string) {
	t.Helper()
	tab.Go(p.BaseURL + "/sign-in")
	browsertest.Axe(t, tab)
	tab.Follow(`button[value="` + subject + `"]`)
	if !strings.HasPrefix(tab.Address(), p.BaseURL+"/reception") {
		t.Fatalf("%s came to %s", subject, tab.Address())
	}
}

func (p *product) receptionistVerifies(t *testing.T, reference string) {
	tab := browsertest.Open(t)
	p.signsIn(t, tab, "sam.carter")
	row := "#row-" + reference
	if says := tab.Text(row); !strings.Contains(says, "To verify") || !strings.Contains(says, strings.ToUpper(p.Patients[0].FamilyName)) {
		t.Errorf("the row says %q", says)
	}
	browsertest.Axe(t, tab)
	tab.Press("#open-" + reference)
	tab.Await(`document.querySelector('#request[data-reference="` + reference + `"]')`)
	if because := tab.Text(".app-because"); !strings.Contains(because, "Sent here because") || !strings.Contains(because, "sore-throat") {
		t.Errorf("the reason shown is %q", because)
	}
	if tab.Text(".app-because li") == "" {
		t.Error("no reason is given")
	}
	browsertest.Axe(t, tab)
	tab.Press(row + ` form[action$="/verify"] button`)
	tab.Await(`document.querySelector("#announce").textContent.includes("offered to Quayside Pharmacy")`)
	if says := tab.Text("main"); !strings.Contains(says, "Verified, and offered to Quayside Pharmacy") {
		t.Errorf("after verifying the page says %q", says)
	}
	browsertest.Axe(t, tab)
}

func (p *product) pharmacistAnswers(t *testing.T, reference string) {
	tab := browsertest.Open(t)
	p.signsIn(t, tab, "grace.mensah")
	if offers := tab.Text("#offers"); !strings.Contains(offers, "Offered to Quayside Pharmacy") || !strings.Contains(offers, "Weir Lane Surgery") {
		t.Errorf("the offers say %q", offers)
	}
	browsertest.Axe(t, tab)
	tab.Press("#row-" + reference + ` form[action$="/accept"] button`)
	tab.Await(`document.querySelector('#request form[action$="/claim"]')`)
	browsertest.Axe(t, tab)
	tab.Press(`#request form[action$="/claim"] button`)
	tab.Await(`document.querySelector('#request form[action$="/outcome"]')`)
	tab.Choose("outcome", "done")
	tab.Fill("note", "Advice given, and a spray for the throat.")
	browsertest.Axe(t, tab)
	tab.Press(`#request form[action$="/outcome"] button`)
	// Nobody loads the page again: it hears that each system has filed it.
	tab.Await(`document.querySelectorAll(".app-deliveries__item .nhsuk-tag--green").length === 2`)
	says := tab.Text(".app-deliveries")
	for _, part := range []string{"Quayside Pharmacy", "For its own record", "Weir Lane Surgery", "For the registered practice"} {
		if !strings.Contains(says, part) {
			t.Errorf("the deliveries do not say %q: %s", part, says)
		}
	}
	if n := strings.Count(says, "Filed"); n != 2 {
		t.Errorf("%d deliveries are shown as filed: %s", n, says)
	}
	browsertest.Axe(t, tab)
}
