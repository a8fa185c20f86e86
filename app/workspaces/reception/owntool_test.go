package reception_test

import (
	"testing"

	"github.com/google/uuid"

	"onedoor/app/demo"
	"onedoor/app/requests"
	"onedoor/ui/browsertest"
)

// sentOn is a callback whose patient was sent on to their practice's own tool.
func (h *house) sentOn(t *testing.T) requests.Reference {
	t.Helper()
	reference := h.ask(t, 0, "callback", map[string]string{"callback-topic": `"medicines"`}).Reference
	to := requests.OwnTool{OrganisationID: demo.OrganisationID("A81001"), Name: "Weir Lane Online"}
	if _, err := h.Requests.HandOver(t.Context(), demo.NeighbourhoodID("riverside"), reference, to, uuid.New()); err != nil {
		t.Fatal(err)
	}
	return reference
}

func TestAPersonSaysWhetherTheirOwnToolHasARequest(t *testing.T) {
	t.Parallel()
	h := open(t)
	reference := h.sentOn(t)
	path := "/reception/requests/" + string(reference)
	sam, grace := h.colleague(t, "sam.carter"), h.colleague(t, "grace.mensah")
	sam.wants(sam.get(path), 200, "Sent on to own tool", "The patient was sent on to Weir Lane Online at", "it has to be dealt with here", "It is in Weir Lane Online", "It is not in Weir Lane Online")
	sam.wants(sam.give(reference, "tool-accept"), 200, "Noted: your own online tool has it.", "It is dealt with in Weir Lane Online", "You said that it is in Weir Lane Surgery’s own online tool", "In own tool")
	sam.wants(sam.give(reference, "tool-decline"), 422, "Give a reason")
	sam.wants(sam.give(reference, "tool-decline", "reason", "The form is empty."), 200, "It is not in Weir Lane Online, as was said at", "The form is empty.", "Not in own tool")
	grace.wants(grace.give(reference, "tool-accept"), 404, "not Okafor")
	if _, err := h.Requests.EndSilentHandovers(t.Context(), demo.NeighbourhoodID("riverside"), h.Now().AddDate(0, 0, 7)); err != nil {
		t.Fatal(err)
	}
	sam.wants(sam.get(path), 200, "not Own tool silent") // what was said is not forgotten
	silent := h.sentOn(t)
	if n, err := h.Requests.EndSilentHandovers(t.Context(), demo.NeighbourhoodID("riverside"), h.Now().AddDate(0, 0, 7)); n != 1 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	sam.wants(sam.get("/reception/requests/"+string(silent)), 200, "Own tool silent", "It is in Weir Lane Online", "It is not in Weir Lane Online", "nobody has said that it is there. Look for it there, or call the patient.", "Nobody said in time that it is in Weir Lane Surgery’s own online tool")
	tab := h.tab(t, "sam.carter")
	tab.Go(h.url + "/reception/requests/" + string(silent))
	browsertest.Axe(t, tab)
}
