package reception_test

import (
	"encoding/binary"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/patients"
	"onedoor/app/requests"
	"onedoor/ui/browsertest"
)

// tone is two seconds of a tone in 16 bits.
func tone() []byte {
	b := []byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00data")
	b = binary.LittleEndian.AppendUint32(b, 32000)
	for i := range 16000 {
		b = binary.LittleEndian.AppendUint16(b, uint16(int16(8000*math.Sin(float64(i)/5))))
	}
	return b
}

// cutOff is a callback of a call that ended early, with a recording.
func (h *house) cutOff(t *testing.T) (requests.Reference, uuid.UUID) {
	t.Helper()
	id, err := h.Recordings.Keep(t.Context(), riverside, uuid.New(), "describe", tone())
	if err != nil {
		t.Fatal(err)
	}
	receipt, err := h.Requests.Submit(t.Context(), requests.Submission{
		NeighbourhoodID: riverside, Channel: requests.Phone, Kind: "callback", Language: "cy", By: audit.Actor{Kind: audit.Patient},
		Patient: patients.Given{NHSNumber: h.Patients[0].NHSNumber, HouseNumber: "14"}, FirstContactAt: h.Now().Add(-4 * time.Minute),
		Incomplete: &requests.Incomplete{Kind: "symptoms", Caller: "+447700900123", Answers: []requests.IncompleteAnswer{
			{LinkID: "condition", Question: "What do you need help with?", Answers: []string{"Sore throat"}},
			{LinkID: "describe", Question: "Tell us about the problem", Recording: id},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return receipt.Reference, id
}

func TestACallThatWasCutOffIsReadAndHeard(t *testing.T) {
	t.Parallel()
	h := open(t)
	reference, id := h.cutOff(t)
	sam, grace := h.colleague(t, "sam.carter"), h.colleague(t, "grace.mensah")
	page := "/reception/requests/" + string(reference)
	at := page + "/recordings/" + id.String()
	sam.wants(sam.get(page), 200, "Begun and not finished", "answered to “Get help with symptoms”", "Sore throat", "The call came from", "07700 900123", "Welsh", "House number", "14", "not No question was answered",
		"Not heard yet", "0:02", `src="`+at+`"`, "Mark as heard", "Kept until 21 February 2027", "not Written by a machine")
	sam.wants(sam.get("/reception"), 200, "Ask us to call you back (call cut off)")
	sound := sam.get(at)
	if sound.status != 200 || sound.header.Get("Content-Type") != "audio/wav" || sound.header.Get("Cache-Control") != "no-store" || len(sound.body) != 44+32000 {
		t.Errorf("%d, %d bytes, %v", sound.status, len(sound.body), sound.header)
	}
	sam.wants(sam.get(page), 200, "You played a recording")
	grace.wants(grace.get(at), 404)
	grace.wants(grace.give(reference, "recordings/"+id.String()+"/heard"), 404)
	for _, made := range []string{uuid.NewString(), "1"} {
		sam.wants(sam.get(page+"/recordings/"+made), 404)
		sam.wants(sam.give(reference, "recordings/"+made+"/heard"), 404)
	}
	admin := h.colleague(t, "jo.bennett")
	admin.wants(admin.get(page), 200, "Not heard yet", "not Mark as heard")
	admin.wants(admin.give(reference, "recordings/"+id.String()+"/heard"), 403)
	sam.wants(sam.htmx().give(reference, "recordings/"+id.String()+"/heard", "version", "1"), 200, "Marked as heard.", "Heard by Sam Carter, 10:00 today", "not Mark as heard<", `hx-target="#request-slot"`)
	sam.wants(sam.get(page), 200, "You marked a recording as heard", "not Not heard yet")
}

func TestARecordingThatIsGoneSaysSo(t *testing.T) {
	t.Parallel()
	h := open(t)
	reference, id := h.cutOff(t)
	sam := h.colleague(t, "sam.carter")
	sam.wants(sam.give(reference, "claim"), 200)
	sam.wants(sam.give(reference, "close", "reason", "Rang again"), 200)
	if n, err := h.Recordings.Remove(t.Context(), riverside, h.Now().AddDate(0, 0, 91)); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	sam.wants(sam.get("/reception/requests/"+string(reference)), 200, "The recording was removed", "Nobody had marked it as heard", "not <audio", "not Mark as heard")
	if got := sam.get("/reception/requests/" + string(reference) + "/recordings/" + id.String()); got.status != 404 {
		t.Errorf("%d", got.status)
	}
}

func TestARecordingPlaysInABrowser(t *testing.T) {
	t.Parallel()
	h := open(t)
	reference, _ := h.cutOff(t)
	tab := h.tab(t, "sam.carter")
	for name, size := range map[string]browsertest.Size{"phone": browsertest.Phone, "desktop": browsertest.Desktop} {
		tab.Size(size)
		tab.Go(h.url + "/reception/requests/" + string(reference))
		browsertest.Axe(t, tab)
		browsertest.Reflows(t, tab)
		if *pictures != "" {
			tab.Picture(*pictures + "/spoken-" + name + ".png")
		}
	}
	tab.Press("#request-heading") // a browser plays nothing before somebody has touched the page
	tab.Eval(`(() => { const sound = document.querySelector("audio"); sound.muted = true; sound.play(); return "" })()`)
	tab.Await(`document.querySelector("audio").ended && Math.abs(document.querySelector("audio").duration - 2) < 0.1`)
	tab.Press(".app-recordings .nhsuk-button")
	tab.Await(`document.querySelector(".app-recordings").innerText.includes("Heard by Sam Carter")`)
	browsertest.Axe(t, tab)
	if got := h.colleague(t, "sam.carter").get("/reception/requests/" + string(reference)); got.status != http.StatusOK || !strings.Contains(got.body, "played a recording") {
		t.Error("it is not in the trail")
	}
}
