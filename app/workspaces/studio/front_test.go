package studio_test

import "testing"

func TestTheStudioIsForLeads(t *testing.T) {
	t.Parallel()
	h := open(t)
	neil := h.colleague(t, "neil.hart")
	neil.wants(neil.get("/studio"), 200, "Where requests go in Riverside", "Neil Hart", "Sign out")
	for _, subject := range []string{"sam.carter", "grace.mensah"} {
		other := h.colleague(t, subject)
		other.wants(other.get("/studio"), 200, "not Where requests go", "<h1 class=\"nhsuk-heading-l\">Services</h1>")
	}
	omar := h.colleague(t, "omar.khan")
	omar.wants(omar.get("/studio"), 403)
}
