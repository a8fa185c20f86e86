package e2e_test

import (
	"encoding/base64"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"onedoor/app"
)

// One request goes by every way that the demonstration has besides FHIR: as a referral into the pharmacy's system by the
// Booking and Referral Standard, and its outcome as a document to the practice by MESH, which is filed only when the practice
// says so.
func TestAReferralByBaRSAndItsOutcomeByMESH(t *testing.T) {
	t.Parallel()
	p := start(t, func(c *app.Config) { c.AlarmTexts = "07700 900111, 07700 900112" })
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
	p.tellsWhoIsOnCall(t, "+447700900111", "+447700900112")
}

// Who is on call is texted of what the demonstration raises by itself: a rule that sends many to the wrong place.
func (p *product) tellsWhoIsOnCall(t *testing.T, numbers ...string) {
	t.Helper()
	for _, number := range numbers {
		eventually(t, "who is on call is texted", func() bool {
			_, outbox := read(t, p.OutboxURL)
			return strings.Contains(outbox, number) && strings.Contains(outbox, "something needs a person to look soon")
		})
	}
	if _, outbox := read(t, p.OutboxURL); strings.Contains(outbox, "sinusitis") {
		t.Errorf("a text says what it is about: %s", outbox)
	}
}

// The pharmacy's system sends its answer to a referral in place of waiting to be asked: the request comes back with its words,
// once, and what answers nothing changes nothing.
func TestAnAnswerByBaRSBringsAReferralBack(t *testing.T) {
	t.Parallel()
	p := start(t)
	asking := soreThroat(p.Patients[slices.IndexFunc(p.Patients, func(w person) bool { return w.GivenName == "George" })])
	asking["choices"] = object{"pharmacy": "FRV04"}
	reference := p.as("app").submit(asking).Reference
	practice := p.as("receptionist_locks")
	practice.command(reference, "verify", nil)
	eventually(t, "the referral is in the pharmacy's own system", func() bool { return p.kinds(t, "FRV04", reference)["referral"] == 1 })
	eventually(t, "the practice knows that it is there", func() bool { return len(practice.get(reference).Staff.Arrivals) == 1 })
	sent := p.texts(`select id::text from deliveries where purpose = 2 and request_reference = $1`, reference)
	if len(sent) != 1 {
		t.Fatalf("sent %v", sent)
	}
	says := "We have no consultation room today."
	for name, test := range map[string]struct {
		key, to string
		status  int
	}{
		"no key":                  {"", sent[0], http.StatusUnauthorized},
		"a patient's app":         {"app", sent[0], http.StatusUnauthorized},
		"to nothing that we sent": {"partner", uuid.NewString(), http.StatusNotFound},
	} {
		if status, body := p.answersReferral(t, test.key, test.to, says); status != test.status {
			t.Errorf("%s: %d, want %d: %s", name, status, test.status, body)
		}
	}
	if got := practice.get(reference); got.Status != "offered" {
		t.Fatalf("before anybody answered it is %s", got.Status)
	}
	for range 2 { // an answer may well come twice
		if status, body := p.answersReferral(t, "partner", sent[0], says); status != http.StatusOK {
			t.Fatalf("%d: %s", status, body)
		}
	}
	got := practice.get(reference)
	if got.Status != "queued" || got.Accountable.ODS != "A81002" {
		t.Errorf("it is %s, with %s", got.Status, got.Accountable.ODS)
	}
	if n := p.count(`select count(*) from audit_entries where action = 'request.decline' and details::text like '%consultation room%'`); n != 1 {
		t.Errorf("it was declined %d times with the pharmacy's words", n)
	}
}

// answersReferral sends what a receiver says of a referral that it was sent: that it will not have it, and why.
func (p *product) answersReferral(t *testing.T, key, to, says string) (status int, body string) {
	t.Helper()
	target, sender := `{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"A81002"}`, `{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"FRV04"}`
	message := `{"resourceType":"Bundle","id":"` + uuid.NewString() + `","meta":{"versionId":"1.2.0"},"type":"message","timestamp":"2026-09-07T10:05:00+01:00","entry":[
		{"fullUrl":"urn:uuid:11111111-1111-4111-8111-111111111111","resource":{"resourceType":"MessageHeader","id":"11111111-1111-4111-8111-111111111111",
			"eventCoding":{"system":"https://fhir.nhs.uk/CodeSystem/message-events-bars","code":"servicerequest-response"},
			"destination":[{"endpoint":"https://fhir.nhs.uk/Id/ods-organization-code|A81002","receiver":{"reference":"urn:uuid:22222222-2222-4222-8222-222222222222"}}],
			"sender":{"reference":"urn:uuid:33333333-3333-4333-8333-333333333333"},"source":{"name":"A pharmacy system","endpoint":"https://fhir.nhs.uk/Id/dos-service-id|1"},
			"reason":{"coding":[{"system":"https://fhir.nhs.uk/CodeSystem/message-reason-bars","code":"update"}]},
			"response":{"identifier":"` + to + `","code":"ok"},
			"focus":[{"reference":"urn:uuid:44444444-4444-4444-8444-444444444444"}],
			"definition":"https://fhir.nhs.uk/MessageDefinition/bars-message-servicerequest-response-referral"}},
		{"fullUrl":"urn:uuid:44444444-4444-4444-8444-444444444444","resource":{"resourceType":"ServiceRequest","id":"44444444-4444-4444-8444-444444444444",
			"status":"revoked","intent":"plan","subject":{"reference":"urn:uuid:55555555-5555-4555-8555-555555555555"},"reasonCode":[{"text":"` + says + `"}]}},
		{"fullUrl":"urn:uuid:55555555-5555-4555-8555-555555555555","resource":{"resourceType":"Patient","id":"55555555-5555-4555-8555-555555555555"}},
		{"fullUrl":"urn:uuid:22222222-2222-4222-8222-222222222222","resource":{"resourceType":"Organization","identifier":[` + target + `],"name":"The Locks Medical Centre"}},
		{"fullUrl":"urn:uuid:33333333-3333-4333-8333-333333333333","resource":{"resourceType":"Organization","identifier":[` + sender + `],"name":"Towpath Pharmacy"}}]}`
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.BaseURL+"/bars/FHIR/R4/$process-message", strings.NewReader(message))
	if err != nil {
		t.Fatal(err)
	}
	b64 := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	r.Header = http.Header{
		"X-Request-Id": {uuid.NewString()}, "X-Correlation-Id": {uuid.NewString()}, "Accept": {"application/fhir+json; version=1.4.0"},
		"Content-Type": {"application/fhir+json; version=1.4.0"}, "Nhsd-Target-Identifier": {b64(target)},
		"Nhsd-End-User-Organisation": {b64(`{"resourceType":"Organization","identifier":[` + sender + `],"name":"Towpath Pharmacy"}`)},
		"Nhsd-Requesting-Software":   {b64(`{"resourceType":"Device","deviceName":{"name":"A pharmacy system","type":"manufacturer-name"},"version":{"value":"1"}}`)},
	}
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+p.Keys[key])
	}
	answer, err := p.http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(said)
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
