package reception_test

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/requests"
	"onedoor/app/store/deliverystore"
	"onedoor/ui/browsertest"
)

// listen opens the stream of a colleague, and gives each event as its name and data.
func (c *colleague) listen(after string) (<-chan [3]string, context.CancelFunc) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 2*time.Minute)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.h.url+"/reception/events", nil)
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Accept", "text/event-stream")
	if after != "" {
		r.Header.Set("Last-Event-ID", after)
	}
	answer, err := c.client.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	if answer.StatusCode != http.StatusOK {
		c.t.Fatalf("the stream answers %d", answer.StatusCode)
	}
	heard := make(chan [3]string, 100)
	go func() {
		defer close(heard)
		defer func() { _ = answer.Body.Close() }()
		lines := bufio.NewScanner(answer.Body)
		var event [3]string
		for lines.Scan() {
			name, value, _ := strings.Cut(lines.Text(), ": ")
			switch name {
			case "event":
				event[0] = value
			case "data":
				event[1] = value
			case "id":
				event[2] = value
			case "":
				if event[0] != "" {
					heard <- event
				}
				event = [3]string{}
			}
		}
	}()
	return heard, cancel
}

// hears waits for an event other than a beat.
func hears(t *testing.T, heard <-chan [3]string) [3]string {
	t.Helper()
	for {
		select {
		case e, ok := <-heard:
			if !ok {
				t.Fatal("the stream ended")
			}
			if e[0] != "beat" {
				return e
			}
		case <-time.After(time.Minute):
			t.Fatal("nothing was heard")
		}
	}
}

func TestTheStreamTellsWhomItConcernsAndNoMore(t *testing.T) {
	t.Parallel()
	h := open(t)
	sam, stop := h.colleague(t, "sam.carter").listen("")
	defer stop()
	grace, stopGrace := h.colleague(t, "grace.mensah").listen("")
	defer stopGrace()
	if e := <-sam; e[0] != "beat" || e[1] == "" {
		t.Fatalf("the stream begins with %v", e)
	}
	first := h.ask(t, 1, "callback", nil)
	e := hears(t, sam)
	if e[0] != "request" || e[1] != string(first.Reference) || e[2] == "" {
		t.Errorf("heard %v", e)
	}
	stop()
	second := h.ask(t, 0, "symptoms", map[string]string{"condition": `"sore-throat"`})
	again, stopAgain := h.colleague(t, "sam.carter").listen(e[2])
	defer stopAgain()
	if e := hears(t, again); e[1] != string(second.Reference) {
		t.Errorf("after coming back heard %v", e)
	}
	if _, err := h.Requests.Verify(t.Context(), h.Actor(t, "sam.carter"), requests.Command{Reference: second.Reference}); err != nil {
		t.Fatal(err)
	}
	if e := hears(t, grace); e[1] != string(second.Reference) {
		t.Errorf("the pharmacy heard %v, which is not its own", e)
	}
	r := h.colleague(t, "sam.carter").get("/reception/requests/" + string(second.Reference))
	if !strings.Contains(r.body, `id="events" hx-sse:connect="/reception/events"`) {
		t.Error("the page does not listen")
	}
}

// tab is a browser in which a colleague has signed in.
func (h *house) tab(t *testing.T, subject string) *browsertest.Tab {
	t.Helper()
	tab := browsertest.Open(t)
	_, err := chromedp.Call(tab.Context(), network.SetCookie, network.SetCookieParams{Name: "onedoor-session", Value: string(h.token(t, subject)), URL: h.url})
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

func TestTwoColleaguesAtOneQueue(t *testing.T) {
	t.Parallel()
	h := open(t)
	receipt := h.ask(t, 1, "callback", nil)
	row := "#row-" + string(receipt.Reference)
	queue := h.url + "/reception/queues/" + receipt.Queue.ID.String()
	sam, aisha := h.tab(t, "sam.carter"), h.tab(t, "aisha.rahman")
	sam.Go(queue)
	aisha.Go(queue)
	browsertest.Axe(t, sam)

	// What comes in appears by itself, and what a colleague claims says so.
	later := h.ask(t, 2, "callback", nil)
	sam.Await(`document.querySelector("#row-` + string(later.Reference) + `")`)
	sam.Press(row + " [data-row]")
	sam.Await(`document.activeElement.id === "request-heading"`)
	if at := sam.Address(); !strings.Contains(at, string(receipt.Reference)) {
		t.Errorf("the address is %s", at)
	}
	aisha.Press(row + " .app-work__button") // the row may well be renewed before the answer comes
	aisha.Await(`document.querySelector(".app-outcome")`)
	sam.Await(`document.querySelector("` + row + `").innerText.includes("Dr Aisha Rahman")`)
	sam.Await(`document.querySelector("#request").innerText.includes("Dr Aisha Rahman claimed it")`)
	sam.Await(`!document.querySelector("#request [data-key=claim]")`)
	browsertest.Axe(t, sam)
	browsertest.Axe(t, aisha)

	// What is being written is not taken away.
	aisha.Do("write", chromedp.SendKeys(chromedp.CSS("#note"), "Rang back"))
	if _, err := h.Requests.Raise(t.Context(), h.Actor(t, "sam.carter"), requests.Command{Reference: receipt.Reference}, "urgent", "Worse"); err != nil {
		t.Fatal(err)
	}
	aisha.Await(`!document.getElementById("changed").hidden`)
	aisha.Press("[data-show-changes]")
	aisha.Await(`document.querySelector("#request").innerText.includes("raised the urgency")`)
	aisha.Await(`document.getElementById("note").value === "Rang back"`)
	aisha.Press(`input[name=outcome][value=done]`)
	aisha.Press("[data-key=record]")
	aisha.Await(`document.querySelector(".app-deliveries")`)
	aisha.Await(`!document.querySelector("` + row + `")`)
	sam.Await(`!document.querySelector("` + row + `")`)

	// How far the outcome has come on its way to the clinical system is followed too.
	surgery := h.Actor(t, "sam.carter").Scope.Organisations[0]
	line, lease := clinical.Line{NeighbourhoodID: riverside, OrganisationID: surgery}, clinical.Lease{Token: uuid.New(), For: time.Minute}
	store := deliverystore.New(h.DB, nil)
	slice, err := store.Take(t.Context(), line, lease, clinical.Ask{Limit: 10, Now: h.Now()})
	if err != nil || len(slice.Deliveries) != 1 {
		t.Fatalf("taken %+v, %v", slice, err)
	}
	lost := slice.Deliveries[0].After(clinical.Receipt{}, &clinical.Unknown{Says: "The answer was lost."}, h.Now(), 0)
	if err := store.Save(t.Context(), line, lease, clinical.Progress{Deliveries: []clinical.Delivery{lost}}); err != nil {
		t.Fatal(err)
	}
	aisha.Await(`document.querySelector(".app-deliveries").innerText.includes("Sent, and not yet confirmed")`)
	browsertest.Axe(t, aisha)
}

func TestAnAnswerThatComesLateHidesNothing(t *testing.T) {
	t.Parallel()
	h := open(t)
	receipt := h.ask(t, 1, "callback", nil)
	tab := h.tab(t, "sam.carter")
	tab.Go(h.url + "/reception/queues/" + receipt.Queue.ID.String())
	tab.Press("#row-" + string(receipt.Reference) + " .app-work__button")
	tab.Await(`document.querySelector(".app-outcome")`)
	tab.Press(`input[name=outcome][value=done]`)

	// The answer to the outcome is on its way for so long that the delivery goes out, and its answer is lost, before it arrives.
	tab.Eval(`(() => {
		window.heard = 0
		document.getElementById("events").addEventListener("request", () => { window.heard++ })
		const ask = window.fetch
		window.fetch = async (address, options) => {
			const answer = await ask(address, options)
			if (!String(address).endsWith("/outcome")) return answer
			window.answered = true
			await new Promise((arrive) => { window.arrive = arrive })
			return answer
		}
		return ""
	})()`)
	tab.Press("[data-key=record]")
	tab.Await(`window.answered`)
	surgery := h.Actor(t, "sam.carter").Scope.Organisations[0]
	line, lease := clinical.Line{NeighbourhoodID: riverside, OrganisationID: surgery}, clinical.Lease{Token: uuid.New(), For: time.Minute}
	store := deliverystore.New(h.DB, nil)
	slice, err := store.Take(t.Context(), line, lease, clinical.Ask{Limit: 10, Now: h.Now()})
	if err != nil || len(slice.Deliveries) != 1 {
		t.Fatalf("taken %+v, %v", slice, err)
	}
	lost := slice.Deliveries[0].After(clinical.Receipt{}, &clinical.Unknown{Says: "The answer was lost."}, h.Now(), 0)
	if err := store.Save(t.Context(), line, lease, clinical.Progress{Deliveries: []clinical.Delivery{lost}}); err != nil {
		t.Fatal(err)
	}
	tab.Await(`window.heard >= 2`) // that it was closed, and what became of its delivery
	tab.Eval(`(window.arrive(), "")`)
	tab.Await(`document.querySelector(".app-deliveries")?.innerText.includes("Sent, and not yet confirmed")`)
}

// shutStream keeps a page from hearing of changes, as on a bad line, or lets it hear again.
func shutStream(t *testing.T, tab *browsertest.Tab, shut bool) {
	t.Helper()
	pattern := &network.BlockPattern{URLPattern: "*://*:*/reception/events", Block: shut}
	if _, err := chromedp.Call(tab.Context(), network.SetBlockedURLs, network.SetBlockedURLsParams{URLPatterns: []*network.BlockPattern{pattern}}); err != nil {
		t.Fatal(err)
	}
}

func TestWhatChangesBeforeAPageListensIsShown(t *testing.T) {
	t.Parallel()
	h := open(t)
	receipt := h.ask(t, 1, "callback", nil)
	tab := h.tab(t, "sam.carter")
	shutStream(t, tab, true)
	tab.Go(h.url + "/reception/queues/" + receipt.Queue.ID.String())
	tab.Await(`!document.getElementById("live").hidden`)
	if _, err := h.Requests.Claim(t.Context(), h.Actor(t, "aisha.rahman"), requests.Command{Reference: receipt.Reference}); err != nil {
		t.Fatal(err)
	}
	shutStream(t, tab, false)
	tab.Await(`document.querySelector("#row-` + string(receipt.Reference) + `").innerText.includes("Dr Aisha Rahman")`)
	tab.Await(`document.getElementById("live").hidden`)
}

func TestLosingAClaimInAList(t *testing.T) {
	t.Parallel()
	h := open(t)
	receipt := h.ask(t, 1, "callback", nil)
	row := "#row-" + string(receipt.Reference)
	tab := h.tab(t, "sam.carter")
	shutStream(t, tab, true) // so that the list is behind
	tab.Go(h.url + "/reception/queues/" + receipt.Queue.ID.String())
	if _, err := h.Requests.Claim(t.Context(), h.Actor(t, "aisha.rahman"), requests.Command{Reference: receipt.Reference}); err != nil {
		t.Fatal(err)
	}
	tab.Press(row + " .app-work__button")
	tab.Await(`document.getElementById("announce").innerText === "Not claimed: Dr Aisha Rahman claimed this at 10:00."`)
	tab.Await(`document.querySelector("` + row + `").innerText.includes("Dr Aisha Rahman")`)
	tab.Await(`!document.querySelector("` + row + ` .app-work__button")`)
	tab.Await(`!document.getElementById("live").hidden`)
	browsertest.Axe(t, tab)
}

func TestTheKeyboardDoesItAll(t *testing.T) {
	t.Parallel()
	h := open(t)
	receipt := h.ask(t, 0, "symptoms", map[string]string{"condition": `"sore-throat"`})
	tab := h.tab(t, "sam.carter")
	tab.Go(h.url + "/reception")
	chord := func(code string, alt bool) string {
		return `document.activeElement.dispatchEvent(new KeyboardEvent("keydown", {code: "Key` + code + `", altKey: ` + map[bool]string{true: "true", false: "false"}[alt] + `, bubbles: true, cancelable: true})) + ""`
	}
	tab.Await(`document.querySelector("#keys:not([hidden])")`)
	tab.Eval(chord("J", true))
	tab.Await(`document.activeElement.id === "open-` + string(receipt.Reference) + `"`)
	tab.Do("open", chromedp.KeyEvent("\r"))
	tab.Await(`document.activeElement.id === "request-heading"`)
	tab.Eval(chord("V", false)) // a letter alone does nothing until it is asked for
	tab.Eval(chord("H", true))
	tab.Await(`document.getElementById("keys-dialog").open`)
	browsertest.Axe(t, tab)
	tab.Press("#keys-dialog input")
	tab.Press("#keys-dialog button")
	tab.Eval(chord("V", false))
	tab.Await(`document.querySelector("#request .app-notice--done")?.innerText.startsWith("Verified")`)
	tab.Eval(chord("W", true))
	tab.Await(`!document.querySelector("#request")`)
	tab.Await(`document.activeElement !== document.body`)
	tab.Eval(`(history.back(), "")`)
	again := func() bool { // the page is loaded anew meanwhile, and cannot be asked
		shown, err := chromedp.Run(tab.Context(), chromedp.Evaluate[bool](`Boolean(document.querySelector("#request"))`))
		return err == nil && shown
	}
	for !again() {
		if err := tab.Context().Err(); err != nil {
			t.Fatal("going back does not show the request again")
		}
	}
}

func TestEveryWidth(t *testing.T) {
	t.Parallel()
	h := open(t)
	receipt := h.ask(t, 5, "symptoms", map[string]string{"condition": `"sore-throat"`, "pregnant": `"no"`, "describe": `"` + strings.Repeat("Sore", 60) + ` <b>since</b> Friday."`})
	tab := h.tab(t, "sam.carter")
	for _, size := range []browsertest.Size{browsertest.Desktop, browsertest.Phone, browsertest.Zoomed, {Width: 1920, Height: 1080}, {Width: 1024, Height: 768}} {
		tab.Size(size)
		for _, path := range []string{"/reception", "/reception/requests/" + string(receipt.Reference), "/reception/requests/" + string(receipt.Reference) + "/explanation"} {
			tab.Go(h.url + path)
			browsertest.Reflows(t, tab)
		}
	}
	tab.Size(browsertest.Phone)
	tab.Go(h.url + "/reception/requests/" + string(receipt.Reference))
	browsertest.Axe(t, tab)
	tab.Go(h.url + "/reception/requests/" + string(receipt.Reference) + "/explanation")
	browsertest.Axe(t, tab)
}
