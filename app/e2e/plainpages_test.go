package e2e_test

import (
	"net/url"
	"strings"
	"testing"

	"onedoor/app/catalogue"
	"onedoor/app/demo"
)

// The main job by people whose browsers run no scripts: every step is a link or a form.
func TestTheMainJobWithoutJavaScript(t *testing.T) {
	t.Parallel()
	p := start(t)
	kinds, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	patient := p.visit()
	reference, emergency := patient.asks(kinds, soreThroatJourney(p.Patients[0]))
	if emergency {
		t.Fatal("a sore throat is an emergency")
	}
	patient.shows("Request sent", "Quayside Pharmacy", "Weir Lane Surgery")
	p.staffDealWith(reference)

	patient.get("/riverside/status")
	about := dateForm("birth", p.Patients[0].BirthDate)
	about.Set("reference", reference)
	patient.send("/status", about)
	patient.shows("Your request", "Quayside Pharmacy")
}

// staffDealWith has Sam Carter verify a request for Quayside Pharmacy, and Grace Mensah answer it, on pages without scripts.
func (p *product) staffDealWith(reference string) {
	t := p.t
	t.Helper()
	sam := p.visit()
	sam.signIn("sam.carter")
	sam.shows(`data-reference="`+reference+`"`, "To verify")
	sam.get("/reception/requests/" + reference + "?queue=" + demo.QueueID("A81001", "to-verify").String())
	sam.shows("Sent here because", "It hurts to swallow")
	sam.send(reference+"/verify", url.Values{"from": {"list"}})
	sam.shows("offered to")
	sam.get("/reception/requests/" + reference)
	sam.shows("Offered to Quayside Pharmacy", "Weir Lane Surgery is accountable")

	grace := p.visit()
	grace.signIn("grace.mensah")
	grace.shows("Offered to Quayside Pharmacy", `data-reference="`+reference+`"`)
	grace.send(reference+"/accept", nil)
	grace.shows("Accepted. Your organisation is accountable for it now.")
	grace.send(reference+"/claim", nil)
	grace.shows("You have claimed this request.")
	grace.send(reference+"/outcome", nil)
	grace.shows("There is a problem", "Select the outcome")
	grace.send(reference+"/outcome", url.Values{"outcome": {"done"}, "note": {"Advice given."}})
	grace.shows("Outcome recorded, and on its way to the clinical system.")
	eventually(t, "both systems have filed it", func() bool {
		grace.get("/reception/requests/" + reference)
		return strings.Count(grace.body, "In the record.") == 2
	})
	p.hasOneEffect(t, "FRV01", reference)
	p.hasOneEffect(t, "A81001", reference)
}
