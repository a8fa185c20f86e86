package reception_test

import (
	"testing"

	"github.com/chromedp/chromedp"

	"onedoor/ui/browsertest"
)

func TestSayingThatItWasTheWrongPlaceThroughPlainForms(t *testing.T) {
	t.Parallel()
	h := open(t)
	reference := h.ask(t, 0, "symptoms", map[string]string{"condition": `"sore-throat"`}).Reference
	path := "/reception/requests/" + string(reference)
	sam, grace, jo := h.colleague(t, "sam.carter"), h.colleague(t, "grace.mensah"), h.colleague(t, "jo.bennett")
	sam.wants(sam.get(path+"/explanation"), 200,
		"Rule sore-throat of pharmacy-first", "Quayside Pharmacy", "What the patient was told", "Weir Lane Surgery", "Versions", "Safety stage",
		"This was sent to the wrong place", "Why was it the wrong place?", "It needs a clinician", `name="version" value="1"`)
	sam.wants(sam.give(reference, "misrouted", "version", "1"), 422,
		"There is a problem", `href="#misrouted-reason"`, "Select why this was the wrong place", `id="form-misrouted" open`)
	sam.wants(sam.give(reference, "misrouted", "version", "1", "reason", "other"), 422, `href="#misrouted-note"`, "Say in a few words")
	sam.wants(sam.give(reference, "misrouted", "version", "1", "reason", "needs-clinician", "note", "On <b>warfarin</b>"), 200,
		"Noted: this was sent to the wrong place. Nothing has moved.", "You: it needs a clinician.", "On &lt;b&gt;warfarin&lt;/b&gt;",
		"You said that it was sent to the wrong place: it needs a clinician", "Verify and offer to Quayside Pharmacy")
	sam.wants(sam.get(path+"/explanation"), 200, "You: it needs a clinician.", `value="needs-clinician" checked`)
	jo.wants(jo.get(path), 200, "Sam Carter: it needs a clinician.", "This was sent to the wrong place", "not data-key=\"claim\"")
	jo.wants(jo.give(reference, "misrouted", "reason", "duplicate"), 200, "You: it was sent twice.")
	grace.wants(grace.give(reference, "misrouted", "reason", "duplicate"), 404, "not Okafor")
	sam.wants(sam.give(reference, "verify"), 200)
	grace.wants(grace.give(reference, "misrouted", "reason", "not-eligible"), 200, "You: the patient is not eligible for this service.")
	grace.wants(grace.htmx().get(path+"/explanation"), 200, "Places that were considered", "What the patient was told", "not Rule sore-throat of pharmacy-first", "not <html")
}

func TestSayingThatItWasTheWrongPlaceByKeyboard(t *testing.T) {
	t.Parallel()
	h := open(t)
	receipt := h.ask(t, 0, "symptoms", map[string]string{"condition": `"sore-throat"`})
	tab := h.tab(t, "sam.carter")
	tab.Go(h.url + "/reception/requests/" + string(receipt.Reference))
	tab.Eval(`(document.querySelector("#form-misrouted summary").focus(), "")`)
	tab.Do("unfold", chromedp.KeyEvent("\r"))
	tab.Await(`document.getElementById("form-misrouted").open`)
	tab.Eval(`(document.querySelector("#misrouted-reason").focus(), "")`)
	tab.Do("choose", chromedp.KeyEvent(" "))
	tab.Await(`document.querySelector("#misrouted-reason").checked`)
	browsertest.Axe(t, tab)
	tab.Do("to the note", chromedp.KeyEvent("\t"))
	tab.Do("write", chromedp.KeyEvent("Too young"))
	tab.Do("to the button", chromedp.KeyEvent("\t"))
	tab.Do("press", chromedp.KeyEvent("\r"))
	tab.Await(`document.querySelector("#request .app-notice--done")?.innerText.startsWith("Noted")`)
	tab.Await(`document.querySelector("#request .app-because").innerText.includes("Too young")`)
	browsertest.Axe(t, tab)
}

func TestSayingThatItWasTheWrongPlaceWithoutScripts(t *testing.T) {
	t.Parallel()
	h := open(t)
	receipt := h.ask(t, 0, "symptoms", map[string]string{"condition": `"sore-throat"`})
	tab := h.tab(t, "sam.carter")
	tab.WithoutScripts()
	tab.Go(h.url + "/reception/requests/" + string(receipt.Reference) + "/explanation")
	tab.Press("#form-misrouted summary")
	tab.Press("label[for=misrouted-reason]")
	tab.Follow("#form-misrouted button")
	if says := tab.Text("#request .app-notice--done"); says == "" {
		t.Error("nothing says that it was noted")
	}
}
