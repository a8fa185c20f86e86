package reception_test

import (
	"strings"
	"testing"

	"onedoor/app/requests"
	"onedoor/ui/browsertest"
)

// What a pharmacist finds that cannot wait stands in the practice's queue for a person, beside the document that tells of it.
func TestAPharmacistAsksThePracticeToActToday(t *testing.T) {
	t.Parallel()
	h := open(t)
	sam, grace := h.Actor(t, "sam.carter"), h.Actor(t, "grace.mensah")
	on := requests.Command{Reference: h.ask(t, 0, "symptoms", map[string]string{"condition": `"sore-throat"`}).Reference}
	if _, err := h.Requests.Verify(t.Context(), sam, on); err != nil {
		t.Fatal(err)
	}
	for _, do := range []func() (requests.View, error){
		func() (requests.View, error) { return h.Requests.Accept(t.Context(), grace, on) },
		func() (requests.View, error) { return h.Requests.Claim(t.Context(), grace, on) },
	} {
		if _, err := do(); err != nil {
			t.Fatal(err)
		}
	}
	pharmacist := h.tab(t, "grace.mensah")
	pharmacist.Size(browsertest.Phone)
	pharmacist.Go(h.url + "/reception/requests/" + string(on.Reference))
	pharmacist.Choose("outcome", "done")
	pharmacist.Fill("practice-action", "Blood pressure 190/120: see today.")
	browsertest.Axe(t, pharmacist)
	browsertest.Reflows(t, pharmacist)
	pharmacist.Press("[data-key=record]")
	pharmacist.Await(`document.querySelector(".app-deliveries")`)

	queues, err := h.Requests.Queues(t.Context(), sam)
	if err != nil {
		t.Fatal(err)
	}
	receptionist := h.tab(t, "sam.carter")
	for _, q := range queues {
		if q.Open == 0 {
			continue
		}
		receptionist.Go(h.url + "/reception/queues/" + q.ID.String())
		receptionist.Press("[data-row]")
		receptionist.Await(`document.querySelector("#request")`)
		if says := receptionist.Text("#request"); !strings.Contains(says, "Blood pressure 190/120: see today.") || !strings.Contains(says, "Urgent") {
			t.Errorf("the practice's task says %q", says)
		}
		return
	}
	t.Error("nothing stands in the practice's queues")
}
