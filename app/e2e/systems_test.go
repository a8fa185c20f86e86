package e2e_test

import (
	"slices"
	"strings"
	"testing"
)

// One request goes by every way that the demonstration has besides FHIR: as a referral into the pharmacy's system by the
// Booking and Referral Standard, and its outcome as a document to the practice by MESH, which is filed only when the practice
// says so.
func TestAReferralByBaRSAndItsOutcomeByMESH(t *testing.T) {
	t.Parallel()
	p := start(t)
	who := p.Patients[slices.IndexFunc(p.Patients, func(w person) bool { return w.GivenName == "George" })]
	if who.Practice != "A81002" {
		t.Fatalf("%s is registered at %s", who.GivenName, who.Practice)
	}
	asking := soreThroat(who)
	asking["choices"] = object{"pharmacy": "FRV04"}
	receipt := p.as("app").submit(asking)
	reference := receipt.Reference
	if receipt.Status != "to-verify" || receipt.Destination.ODS != "FRV04" {
		t.Fatalf("%+v", receipt)
	}
	practice, pharmacist := p.as("receptionist_locks"), p.as("pharmacist_towpath")
	if got := practice.command(reference, "verify", nil); got.Status != "offered" || got.Destination.ODS != "FRV04" {
		t.Fatalf("verified: %+v", got)
	}
	eventually(t, "the referral is in the pharmacy's own system", func() bool { return p.kinds(t, "FRV04", reference)["referral"] == 1 })
	eventually(t, "everybody is told what the pharmacy calls it", func() bool { return p.as("app").get(reference).Referred.Reference != "" })
	if told := p.as("app").get(reference).Referred; !strings.HasPrefix(told.Reference, "REF-") || told.Organisation.ODS != "FRV04" {
		t.Errorf("the patient is told %+v", told)
	}
	if got := practice.get(reference).Staff.Arrivals; len(got) != 1 || !strings.HasPrefix(got[0].TheirReference, "REF-") {
		t.Errorf("staff are told %+v", got)
	}

	pharmacist.command(reference, "accept", nil)
	pharmacist.command(reference, "claim", nil)
	pharmacist.command(reference, "outcome", object{"outcome": "done", "note": "Advice given."})
	eventually(t, "filed at both, by the practice's own word", func() bool { return pharmacist.get(reference).filedAt("A81002", "FRV04") })
	p.hasOneEffect(t, "A81002", reference)
	eventually(t, "the referral is taken back, since it is dealt with", func() bool {
		ledger := p.ledger(t, "FRV04")
		of := slices.IndexFunc(ledger, func(e effect) bool { return e.Reference == reference && e.Kind == "referral" })
		return slices.ContainsFunc(ledger, func(e effect) bool { return e.Resource == ledger[of].Resource && e.Kind == "referral-cancelled" })
	})
	if kinds := p.kinds(t, "FRV04", reference); kinds["referral"] != 1 {
		t.Errorf("effects at the pharmacy: %v", kinds)
	}
	if _, metrics := read(t, p.metricsURL); !strings.Contains(metrics, `onedoor_delivery_filed_total{neighbourhood="riverside",organisation="A81002"} 1`) ||
		!strings.Contains(metrics, `onedoor_delivery_overdue{neighbourhood="riverside",organisation="A81002"} 0`) || strings.Contains(metrics, reference) {
		t.Error("the delivery gauge tells something else, or too much")
	}
	if kinds := p.kinds(t, "A81002", reference); kinds["document"] != 1 {
		t.Errorf("effects at the practice: %v", kinds)
	}
}

// kinds counts a request's effects at an organisation by their kind.
func (d demonstration) kinds(t testing.TB, ods, reference string) map[string]int {
	t.Helper()
	n := map[string]int{}
	for _, e := range d.ledger(t, ods) {
		if e.Reference == reference {
			n[e.Kind]++
		}
	}
	return n
}
