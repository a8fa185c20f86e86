package e2e_test

import (
	"slices"
	"strings"
	"testing"

	"onedoor/app/demo"
	"onedoor/app/demo/demotest"
	"onedoor/app/nhs"
	"onedoor/ui/browsertest"
)

// A receptionist looks up somebody whose national record is restricted: the page says what that means, nobody can send the
// request away by page or API, and no outcome is sent. The page about the registers counts it.
func TestARestrictedRecordIsAPersonsToHandle(t *testing.T) {
	t.Parallel()
	p := start(t)
	strangers := demo.Strangers(nhs.DateOf(demotest.Monday))
	i := slices.IndexFunc(strangers, func(s demo.Stranger) bool { return strings.Contains(s.ShortWord, "restricted") })
	rosa := strangers[i].Given
	who := person{
		NHSNumber: string(rosa.NHSNumber), GivenName: rosa.GivenName, FamilyName: rosa.FamilyName, BirthDate: rosa.BirthDate.String(), Sex: "female",
		Postcode: "RS1 1AL", Mobile: "07700 900199",
	}
	receipt := p.as("app").submit(soreThroat(who))
	reference := receipt.Reference
	if receipt.Destination.ODS != "RRH01" {
		t.Fatalf("who is on no register here goes to %s", receipt.Destination.ODS)
	}

	tab := browsertest.Open(t)
	p.signsIn(t, tab, "kelly.wood")
	tab.Go(p.BaseURL + "/reception/requests/" + reference)
	browsertest.Axe(t, tab)
	tab.Press(`form[action$="/trace"] button`)
	tab.Await(`document.querySelector("#request").innerText.includes("national record is restricted")`)
	browsertest.Axe(t, tab)
	page := tab.Text("#request")
	for _, button := range []string{"verify", "transfer"} {
		if tab.Eval(`String(document.querySelectorAll('main form[action$="/`+button+`"]').length)`) != "0" {
			t.Errorf("the page has a form to %s", button)
		}
	}
	if strings.Contains(page, "RS1 1AL") {
		t.Errorf("the page tells the address of a restricted record: %s", page)
	}

	jo := browsertest.Open(t)
	p.signsIn(t, jo, "jo.bennett")
	jo.Go(p.BaseURL + "/operations/registers")
	browsertest.Axe(t, jo)
	browsertest.Reflows(t, jo)
	if says := jo.Text("main"); !strings.Contains(says, "Open requests of which nothing may be sent") {
		t.Errorf("the page about the registers says %s", says)
	}
}
