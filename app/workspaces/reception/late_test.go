package reception_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"onedoor/app/requests"
	"onedoor/policy"
	"onedoor/ui/browsertest"
)

// holdAnswers keeps back the answers for which a JavaScript condition of address and headers holds, until letThrough. It
// counts what the page was asked for and what it has done with it.
func holdAnswers(tab *browsertest.Tab, condition string) {
	tab.Eval(`(() => {
		window.holds = (address, headers) => ` + condition + `
		window.held = []
		window.done = []
		window.asked = []
		if (window.holding) return ""
		window.holding = true
		const ask = window.fetch
		window.fetch = async (address, options) => {
			window.asked.push(String(address))
			const answer = await ask(address, options)
			if (window.holds(String(address), new Headers(options?.headers))) await new Promise((arrive) => window.held.push(arrive))
			return answer
		}
		document.addEventListener("htmx:finally:request", (event) => window.done.push(event.detail.ctx.request.action))
		return ""
	})()`)
}

// letThrough lets the held answer arrive, and waits until the page has dealt with it.
func letThrough(tab *browsertest.Tab, part string) {
	tab.Eval(`(window.holds = () => false, window.held.forEach((arrive) => arrive()), "")`)
	tab.Await(`window.done.some((address) => address.includes("` + part + `"))`)
}

func TestAnswersInAnotherOrderThanAsked(t *testing.T) {
	t.Parallel()
	h := open(t)
	one, two := h.ask(t, 1, "callback", nil), h.ask(t, 2, "callback", nil)
	first, second := string(one.Reference), string(two.Reference)
	sam, aisha := h.Actor(t, "sam.carter"), h.Actor(t, "aisha.rahman")
	for _, receipt := range []requests.Receipt{one, two} {
		if _, err := h.Requests.Claim(t.Context(), sam, requests.Command{Reference: receipt.Reference}); err != nil {
			t.Fatal(err)
		}
	}
	raises := func(receipt requests.Receipt) {
		t.Helper()
		if _, err := h.Requests.Raise(t.Context(), aisha, requests.Command{Reference: receipt.Reference}, policy.Urgent, "Worse"); err != nil {
			t.Fatal(err)
		}
	}
	tab := h.tab(t, "sam.carter")
	opens := func(reference string) {
		t.Helper()
		tab.Press("#open-" + reference)
		tab.Await(`document.querySelector('#request[data-reference="` + reference + `"] #note')`)
	}
	writes := func(text string) {
		t.Helper()
		tab.Do("write", chromedp.SendKeys(chromedp.CSS("#note"), text))
	}
	stands := func(reference, note string) {
		t.Helper()
		tab.Await(`[document.getElementById("request").dataset.reference, document.getElementById("note").value, location.pathname.split("/").pop()].join() ===
			"` + reference + "," + note + "," + reference + `"`)
	}
	tab.Go(h.url + "/reception/queues/" + one.Queue.ID.String())

	// The page reads one request again, and its person opens another and writes there.
	opens(first)
	holdAnswers(tab, `address.includes("/requests/`+first+`") && headers.has("X-Onedoor-Refresh")`)
	raises(one)
	tab.Await(`window.held.length > 0`)
	opens(second)
	writes("Rang back")
	letThrough(tab, first)
	stands(second, "Rang back")

	// They look at what a colleague changed meanwhile. The list is renewed before the answer is there, and they go on writing.
	raises(two)
	tab.Await(`!document.getElementById("changed").hidden`)
	holdAnswers(tab, `address.includes("/requests/`+second+`")`)
	tab.Press("[data-show-changes]")
	tab.Await(`window.held.length > 0`)
	three := h.ask(t, 4, "callback", nil)
	tab.Await(`document.querySelector("#row-` + string(three.Reference) + `")`)
	writes(", no answer")
	letThrough(tab, second)
	tab.Await(`document.querySelector("#request").innerText.includes("raised the urgency")`)
	stands(second, "Rang back, no answer")

	// They begin to write while the page reads the request again.
	opens(first)
	holdAnswers(tab, `address.includes("/requests/`+first+`") && headers.has("X-Onedoor-Refresh")`)
	if _, err := h.Requests.Lower(t.Context(), aisha, requests.Command{Reference: one.Reference}, policy.Soon, "Better"); err != nil {
		t.Fatal(err)
	}
	tab.Await(`window.held.length > 0`)
	writes("Left word")
	letThrough(tab, first)
	tab.Await(`!document.getElementById("changed").hidden`)
	stands(first, "Left word")

	// They ask why one was sent here, and open another.
	opens(second)
	holdAnswers(tab, `address.includes("/explanation")`)
	tab.Press("#explanation a")
	tab.Await(`window.held.length > 0`)
	opens(first)
	letThrough(tab, "/explanation")
	if !strings.Contains(tab.Eval(`document.querySelector("#explanation a").getAttribute("href")`), first) {
		t.Error("one request is explained by another's decision")
	}

	// They release one and open another before that was answered: the list follows, and the other stays open.
	holdAnswers(tab, `address.includes("/release")`)
	tab.Press("#request form[action$='/release'] button")
	tab.Await(`window.held.length > 0`)
	opens(second)
	letThrough(tab, "/release")
	stands(second, "")
	tab.Await(`document.querySelector("#row-` + first + ` form[action$='/claim']")`)
}

// A list that is drawn anew with another address forgets no change that waited for its turn.
func TestAChangeThatWaitsIsNotForgotten(t *testing.T) {
	t.Parallel()
	h := open(t)
	receipt := h.ask(t, 1, "callback", nil)
	tab := h.tab(t, "sam.carter")
	shutStream(t, tab, true)
	tab.Go(h.url + "/reception/queues/" + receipt.Queue.ID.String())
	tab.Await(`!document.getElementById("live").hidden`)
	holdAnswers(tab, `false`)
	tab.Eval(`(() => {
		const hear = () => htmx.trigger("#events", "request", { data: "` + string(receipt.Reference) + `" })
		hear() // asks for the list at once
		hear() // has to wait a moment
		document.getElementById("list").setAttribute("hx-get", document.getElementById("list").getAttribute("hx-get") + "&")
		document.querySelector("#row-` + string(receipt.Reference) + ` .app-work__button").click()
		return ""
	})()`)
	tab.Await(`window.asked.filter((address) => address.includes("live=")).length >= 2`)
}
