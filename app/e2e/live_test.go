package e2e_test

import (
	"strings"
	"testing"

	"onedoor/app/demo"
	"onedoor/ui/browsertest"
)

// Two people look at one queue. What one claims, the other sees at once; and who claims too late is told who was first.
func TestTwoPeopleAtOneQueue(t *testing.T) {
	t.Parallel()
	p := start(t)
	body := asks(p.Patients[0], "admin", object{"red-flags-adult": []string{"none"}})
	first, second := p.as("app").submit(body).Reference, p.as("app").submit(body).Reference
	sam, aisha := browsertest.Open(t), browsertest.Open(t)
	queue := p.BaseURL + "/reception/queues/" + demo.QueueID("A81001", "admin").String()
	for subject, tab := range map[string]*browsertest.Tab{"sam.carter": sam, "aisha.rahman": aisha} {
		p.signsIn(t, tab, subject)
		tab.Go(queue)
		tab.Await(`document.querySelectorAll('#requests form[action$="/claim"]').length === 2`)
	}
	row := func(reference string) string { return "#row-" + reference }
	claim := func(reference string) string { return row(reference) + ` form[action$="/claim"] button` }
	shows := func(tab *browsertest.Tab, css, text string) {
		t.Helper()
		tab.Await(`document.querySelector("` + css + `")?.textContent.includes("` + text + `")`)
	}

	sam.Press(claim(first))
	shows(sam, row(first), "You")
	shows(aisha, row(first), "Sam Carter") // by the stream: nobody has loaded the page again
	aisha.Await(`!document.querySelector('` + strings.TrimSuffix(claim(first), " button") + `')`)
	browsertest.Axe(t, aisha)

	aisha.Eval(`(document.getElementById("events").remove(), "")`) // a page that has lost its stream
	sam.Press(claim(second))
	shows(sam, row(second), "You")
	aisha.Press(claim(second))
	shows(aisha, row(second), "Sam Carter")
	shows(aisha, "#announce", "Sam Carter")
	if says := aisha.Text("main"); !strings.Contains(says, "Sam Carter") {
		t.Errorf("the loser is not told who won: %s", says)
	}
	browsertest.Axe(t, aisha)
	for _, reference := range []string{first, second} {
		if got := p.as("receptionist").get(reference); got.Claimed == nil || got.Claimed.By != "Sam Carter" {
			t.Errorf("%s is claimed by %+v", reference, got.Claimed)
		}
	}
}
