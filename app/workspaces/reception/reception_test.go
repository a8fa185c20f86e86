package reception_test

import (
	"strings"
	"testing"
	"time"

	"onedoor/app/database"
	"onedoor/app/requests"
	"onedoor/tenants"
)

func TestAReferralThroughPlainForms(t *testing.T) {
	t.Parallel()
	h := open(t)
	reference := h.ask(t, 0, "symptoms", map[string]string{"condition": `"sore-throat"`}).Reference
	sam, grace := h.colleague(t, "sam.carter"), h.colleague(t, "grace.mensah")

	page := sam.get("/reception")
	sam.wants(page, 200, "<title>To verify – Onedoor reception</title>", "OKAFOR, Daniel", "27 Apr 1996, 30\u00a0y", "18:30 tomorrow", "in 1 day 8 h", "Get help with symptoms", ">Verify", "Sam Carter, Weir Lane Surgery")
	if !strings.HasPrefix(page.path, "/reception/queues/") {
		t.Errorf("the front leads to %s", page.path)
	}
	sam.wants(sam.get("/reception/requests/"+string(reference)), 200,
		"Daniel Okafor", "999 000 1006", "Sent here because…", "What do you need help with?", "Sore throat", "Verify and offer to Quayside Pharmacy", "It came in online")
	sam.wants(sam.get("/reception/requests/"+string(reference)+"/explanation"), 200, "Quayside Pharmacy", "Facts of this request", "sore throat", "Weir Lane Surgery (A81001)")
	grace.wants(grace.get("/reception/requests/"+string(reference)), 404, "not Okafor")

	sam.wants(sam.give(reference, "verify", "version", "1"), 200, "Verified, and offered to Quayside Pharmacy.", "not Verify and offer")
	grace.wants(grace.get("/reception"), 200, "Offered to Quayside Pharmacy", "Offered by Weir Lane Surgery", "Accept", "Decline")
	grace.wants(grace.give(reference, "accept", "version", "2"), 200, "Accepted. Your organisation is accountable", "Quayside Pharmacy is accountable", ">Claim")
	sam.wants(sam.get("/reception/requests/"+string(reference)), 404, "not Okafor")
	grace.wants(grace.give(reference, "outcome", "outcome", "done"), 409, "Not done. Claim this request first.")
	grace.wants(grace.give(reference, "claim", "version", "3"), 200, "You have claimed this request.", "Record the outcome")
	grace.wants(grace.give(reference, "outcome", "version", "4", "note", "kept <b>words</b>"), 422,
		"<title>Error: Request", "There is a problem", `href="#outcome"`, "Select the outcome", "kept &lt;b&gt;words&lt;/b&gt;", "not <b>words")
	grace.wants(grace.give(reference, "outcome", "version", "4", "outcome", "done", "note", "Advice given."), 200,
		"Outcome recorded", "Sent to clinical systems", "For its own record. Waiting to be sent.", "For the registered practice. Waiting to be sent.", "not Record the outcome")
}

func TestWhoLosesAClaimIsToldWhoHasIt(t *testing.T) {
	t.Parallel()
	h := open(t)
	receipt := h.ask(t, 1, "callback", nil)
	reference, queue := receipt.Reference, receipt.Queue.ID.String()
	sam, aisha := h.colleague(t, "sam.carter"), h.colleague(t, "aisha.rahman")
	aisha.wants(aisha.htmx().give(reference, "claim", "version", "1", "queue", queue), 200, `hx-target="#request-slot"`, `hx-target="#list"`, `hx-target="#queues"`, "Record the outcome")
	const says = "Not claimed: Dr Aisha Rahman claimed this at 10:00."
	sam.wants(sam.give(reference, "claim", "version", "1", "queue", queue), 409, says, "In progress")
	sam.wants(sam.htmx().give(reference, "claim", "version", "1", "queue", queue), 409, says, `hx-target="#announce"`, "since 10:00", "not ><html")
	fromList := sam.htmx().give(reference, "claim", "version", "1", "queue", queue, "from", "list")
	sam.wants(fromList, 409, says, "Dr Aisha Rahman", `hx-target="#list"`, `not hx-target="#request-slot"`)
	if fromList.header.Get("X-Onedoor-Parts") == "" {
		t.Error("the page is not told that it may swap this in")
	}
}

func TestAStaleVersionShowsHowItStands(t *testing.T) {
	t.Parallel()
	h := open(t)
	reference := h.ask(t, 1, "callback", nil).Reference
	sam, aisha := h.colleague(t, "sam.carter"), h.colleague(t, "aisha.rahman")
	aisha.wants(aisha.give(reference, "raise", "version", "1", "urgency", "urgent", "reason", "Worse today"), 200, "The urgency is raised.", "18:30 today", "You raised the urgency from soon to urgent", "Worse today")
	sam.wants(sam.htmx().give(reference, "claim", "version", "1"), 409, "Not done: this request has changed since you saw it.", `data-version="2"`, "Dr Aisha Rahman raised the urgency")
	sam.wants(sam.give(reference, "lower", "version", "2", "urgency", "routine", "reason", "No"), 403, "Your role here does not include this.")
	sam.wants(sam.get("/reception/requests/"+string(reference)), 200, "Raise the urgency", "not Lower the urgency")
	aisha.wants(aisha.get("/reception/requests/"+string(reference)), 200, "Raise the urgency", "Lower the urgency")
	aisha.wants(aisha.give(reference, "raise", "version", "2"), 422, `href="#raise-urgency"`, `href="#raise-reason"`, "Select the new urgency", "Give a reason")
}

func TestDecliningAndTransferring(t *testing.T) {
	t.Parallel()
	h := open(t)
	reference := h.ask(t, 0, "symptoms", map[string]string{"condition": `"sore-throat"`}).Reference
	sam, grace, tom := h.colleague(t, "sam.carter"), h.colleague(t, "grace.mensah"), h.colleague(t, "tom.byrne")
	sam.wants(sam.get("/reception/requests/"+string(reference)), 200, "Offer it to another organisation", `value="FRV04/pharmacy-first"`, `not value="A81001`, `not value="RRV01/`)
	sam.wants(sam.give(reference, "transfer", "version", "1"), 422, `href="#transfer-to"`, "Select an organisation")
	sam.wants(sam.give(reference, "transfer", "version", "1", "to", "FRV04/pharmacy-first", "reason", "Nearer to work"), 200, "Offered to Towpath Pharmacy.", "Without an answer it comes back", "“Nearer to work”")
	grace.wants(grace.get("/reception/requests/"+string(reference)), 404)
	tom.wants(tom.get("/reception/requests/"+string(reference)+"?form=decline"), 200, `<details class="nhsuk-details app-more" id="form-decline" open`)
	tom.wants(tom.give(reference, "decline", "version", "2"), 422, `href="#decline-reason"`)
	declined := tom.give(reference, "decline", "version", "2", "reason", "No pharmacist today")
	tom.wants(declined, 200, "Declined. It is back with the organisation that offered it.", "not Okafor")
	sam.wants(sam.get("/reception/requests/"+string(reference)), 200, "Towpath Pharmacy declined the offer", "No pharmacist today", "Clinical requests")
}

func TestOthersSeeNothing(t *testing.T) {
	t.Parallel()
	h := open(t)
	receipt := h.ask(t, 1, "callback", nil)
	paths := []string{
		"/reception/queues/" + receipt.Queue.ID.String(), "/reception/requests/" + string(receipt.Reference), "/reception/requests/" + string(receipt.Reference) + "/explanation",
	}
	for _, subject := range []string{"carys.evans", "ben.osei", "grace.mensah"} {
		other := h.colleague(t, subject)
		for _, path := range paths {
			other.wants(other.get(path), 404, "not NAIR", "not Nair")
		}
		other.wants(other.give(receipt.Reference, "claim", "queue", receipt.Queue.ID.String()), 404, "not NAIR")
		other.wants(other.do("POST", paths[0]+"/next", nil), 404)
	}
	for _, subject := range []string{"neil.hart", "omar.khan"} {
		other := h.colleague(t, subject)
		for _, path := range append(paths, "/reception") {
			other.wants(other.get(path), 403)
		}
	}
	for _, path := range []string{"/reception/queues/1", "/reception/requests/1234567890", "/reception/requests/abc"} {
		sam := h.colleague(t, "sam.carter")
		sam.wants(sam.get(path), 404)
	}
}

func TestAnAdministratorLooksAndChangesNothing(t *testing.T) {
	t.Parallel()
	h := open(t)
	receipt := h.ask(t, 1, "callback", nil)
	jo := h.colleague(t, "jo.bennett")
	jo.wants(jo.get("/reception/requests/"+string(receipt.Reference)+"?queue="+receipt.Queue.ID.String()), 200, "Priya Nair", "not <button class=\"app-work__button", "not data-key=\"claim\"", "not Take next", "not Raise the urgency")
	jo.wants(jo.give(receipt.Reference, "claim"), 403)
}

func TestTakingTheNext(t *testing.T) {
	t.Parallel()
	h := open(t)
	first := h.ask(t, 1, "callback", nil)
	h.Pass(time.Minute)
	h.ask(t, 2, "callback", nil)
	sam := h.colleague(t, "sam.carter")
	next := "/reception/queues/" + first.Queue.ID.String() + "/next"
	sam.wants(sam.do("POST", next, nil), 200, "You have claimed the request that is due first.", "Priya Nair")
	taken := sam.htmx().do("POST", next, nil)
	sam.wants(taken, 200, "Margaret Ellis")
	if !strings.HasPrefix(taken.header.Get("HX-Push-Url"), "/reception/requests/") {
		t.Errorf("the address becomes %q", taken.header.Get("HX-Push-Url"))
	}
	sam.wants(sam.htmx().do("POST", next, nil), 404, "Nothing in this queue waits to be claimed.", `not hx-target="#request-slot"`)
	sam.wants(sam.give(first.Reference, "release"), 200, "Released.", ">Claim")
	sam.wants(sam.get("/reception/queues/"+first.Queue.ID.String()+"?view=mine"), 200, "ELLIS, Margaret", "not NAIR, Priya")
}

// A list that renews itself records only what it had not shown.
func TestAnOpenListIsAuditedForWhatIsNewOnIt(t *testing.T) {
	t.Parallel()
	h := open(t)
	receipt := h.ask(t, 1, "callback", nil)
	sam := h.colleague(t, "sam.carter")
	page := sam.get("/reception/queues/" + receipt.Queue.ID.String())
	_, rest, _ := strings.Cut(page.body, `hx-get="`)
	renew, _, _ := strings.Cut(rest, `"`)
	renew = strings.ReplaceAll(renew, "&amp;", "&")
	if n := h.listEntries(t); n != 1 {
		t.Fatalf("opening a list wrote %d entries", n)
	}
	sam.wants(sam.htmx().get(renew), 200, "NAIR, Priya")
	if n := h.listEntries(t); n != 1 {
		t.Errorf("the same list renewed: %d entries", n)
	}
	h.ask(t, 2, "callback", nil)
	sam.wants(sam.htmx().get(renew), 200, "NAIR, Priya", "ELLIS, Margaret")
	if n := h.listEntries(t); n != 2 {
		t.Errorf("one that is new: %d entries", n)
	}
	aisha := h.colleague(t, "aisha.rahman")
	aisha.wants(aisha.htmx().get(renew), 200, "NAIR, Priya")
	if n := h.listEntries(t); n != 3 {
		t.Errorf("another person with the same address: %d entries", n)
	}
}

func (h *house) listEntries(t *testing.T) (n int) {
	t.Helper()
	err := h.DB.InTx(t.Context(), tenants.JobOf(riverside), func(tx *database.Tx) error {
		return tx.Gorm().Raw("select count(*) from audit_entries where neighbourhood_id = ? and action = 'queue.list'", riverside).Scan(&n).Error
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// A long queue comes in parts, and every offer stands above each.
func TestOffersStandAboveEveryPart(t *testing.T) {
	t.Parallel()
	h := open(t)
	sam, grace := h.Actor(t, "sam.carter"), h.colleague(t, "grace.mensah")
	ask := func() requests.Receipt {
		r := h.ask(t, 0, "symptoms", map[string]string{"condition": `"sore-throat"`})
		if _, err := h.Requests.Verify(t.Context(), sam, requests.Command{Reference: r.Reference}); err != nil {
			t.Fatal(err)
		}
		return r
	}
	for range 51 {
		r := ask()
		grace.wants(grace.give(r.Reference, "accept"), 200)
		h.Pass(time.Second)
	}
	offered := ask()
	page := grace.get("/reception")
	grace.wants(page, 200, "Offered to Quayside Pharmacy", "row-"+string(offered.Reference), "Show later ones")
	before, _, _ := strings.Cut(page.body, `" rel="next"`)
	next := strings.ReplaceAll(before[strings.LastIndex(before, `href="`)+len(`href="`):], "&amp;", "&")
	grace.wants(grace.get(next), 200, "row-"+string(offered.Reference), "Back to the first due", "not Show later ones")
	grace.wants(grace.get(next+"x!"), 422)
}
