package simulator_test

import (
	"fmt"
	"strings"
	"testing"
)

const aSlot = `{"resourceType": "Slot", "schedule": {"reference": "Schedule/s"}, "status": "free", "start": "%s", "end": "%s"}`

func anAppointment(status string, slots ...string) string {
	var list []string
	for _, s := range slots {
		list = append(list, `{"reference": "`+s+`"}`)
	}
	return `{"resourceType": "Appointment", "status": "` + status + `", "start": "2026-11-25T10:00:00Z", "end": "2026-11-25T10:10:00Z",
		"participant": [{"status": "accepted", "actor": {"display": "A"}}], "slot": [` + strings.Join(list, ",") + `]}`
}

func slots(p peer, n int) (names []string) {
	p.t.Helper()
	for i := range n {
		from := fmt.Sprintf("2026-11-25T10:%02d:00Z", i*10)
		status, made := p.do("POST", "/A81001/fhir/Slot", fmt.Sprintf(aSlot, from, from))
		if status.StatusCode != 201 {
			p.t.Fatalf("%d %v", status.StatusCode, made)
		}
		names = append(names, "Slot/"+made["id"].(string))
	}
	return names
}

func (p peer) statusOf(name string) string {
	p.t.Helper()
	_, r := p.do("GET", "/A81001/fhir/"+name, "")
	s, _ := r["status"].(string)
	return s
}

func TestASlotIsHeldByOneAppointment(t *testing.T) {
	t.Parallel()
	p, _ := start(t, "")
	diary := slots(p, 2)
	first, booked := p.do("POST", "/A81001/fhir/Appointment", anAppointment("booked", diary[0]))
	if first.StatusCode != 201 || p.statusOf(diary[0]) != "busy" {
		t.Fatalf("%d, the slot is %s", first.StatusCode, p.statusOf(diary[0]))
	}
	effects := len(p.ledger("A81001"))
	if second, body := p.do("POST", "/A81001/fhir/Appointment", anAppointment("booked", diary[0])); second.StatusCode != 409 || len(p.ledger("A81001")) != effects {
		t.Errorf("taken twice: %d %v", second.StatusCode, body)
	}
	name := fmt.Sprintf("/A81001/fhir/Appointment/%s", booked["id"])
	with := func(body string) string {
		return strings.Replace(body, "{", fmt.Sprintf(`{"id": %q,`, booked["id"]), 1)
	}
	if moved, body := p.do("PUT", name, with(anAppointment("booked", diary[1])), "If-Match", `W/"1"`); moved.StatusCode != 200 {
		t.Fatalf("%d %v", moved.StatusCode, body)
	}
	if p.statusOf(diary[0]) != "free" || p.statusOf(diary[1]) != "busy" {
		t.Errorf("moved: %s, %s", p.statusOf(diary[0]), p.statusOf(diary[1]))
	}
	if cancelled, body := p.do("PUT", name, with(anAppointment("cancelled", diary[1])), "If-Match", `W/"2"`); cancelled.StatusCode != 200 || p.statusOf(diary[1]) != "free" {
		t.Errorf("cancelled: %d %v, the slot is %s", cancelled.StatusCode, body, p.statusOf(diary[1]))
	}
}

func TestATransactionThatTakesASlotIsAtomic(t *testing.T) {
	t.Parallel()
	p, _ := start(t, "")
	diary := slots(p, 1)
	id := strings.TrimPrefix(diary[0], "Slot/")
	busy := strings.Replace(fmt.Sprintf(aSlot, "2026-11-25T10:00:00Z", "2026-11-25T10:10:00Z"), `"free"`, `"busy"`, 1)
	booking := func(match, who string) string {
		return `{"resourceType": "Bundle", "type": "transaction", "entry": [
			{"resource": ` + strings.Replace(busy, "{", `{"id": "`+id+`",`, 1) + `, "request": {"method": "PUT", "url": "` + diary[0] + `", "ifMatch": "W/\"` + match + `\""}},
			{"resource": ` + strings.Replace(anAppointment("booked", diary[0]), "{", `{"identifier": [{"system": "s", "value": "`+who+`"}],`, 1) + `,
				"request": {"method": "POST", "url": "Appointment", "ifNoneExist": "identifier=s|` + who + `"}}]}`
	}
	if r, body := p.do("POST", "/A81001/fhir", booking("7", "1")); r.StatusCode != 412 || p.statusOf(diary[0]) != "free" {
		t.Errorf("a stale version: %d %v", r.StatusCode, body)
	}
	if r, body := p.do("POST", "/A81001/fhir", booking("1", "1")); r.StatusCode != 200 || p.statusOf(diary[0]) != "busy" {
		t.Errorf("%d %v", r.StatusCode, body)
	}
	if r, _ := p.do("POST", "/A81001/fhir", booking("2", "2")); r.StatusCode != 409 {
		t.Errorf("somebody else: %d", r.StatusCode)
	}
	if _, page := p.do("GET", "/A81001/fhir/Appointment", ""); page["total"] != 1.0 {
		t.Errorf("%v", page)
	}
}

func TestSearchesByFormSayNobodysNumberInAnAddress(t *testing.T) {
	t.Parallel()
	p, _ := start(t, "")
	for range 5 {
		p.do("POST", "/A81001/fhir/MedicationRequest", `{"resourceType": "MedicationRequest", "status": "active", "intent": "plan",
			"medicationCodeableConcept": {"text": "x"}, "subject": {"identifier": {"system": "n", "value": "9990000018"}}}`)
	}
	seen := 0
	_, page := p.do("POST", "/A81001/fhir/MedicationRequest/_search", "patient.identifier=n%7C9990000018&_count=2&intent=plan", "Content-Type", "application/x-www-form-urlencoded")
	for page != nil {
		seen += len(page["entry"].([]any))
		links, _ := page["link"].([]any)
		page = nil
		for _, l := range links {
			address := l.(map[string]any)["url"].(string)
			if strings.Contains(address, "999") {
				t.Errorf("the address %s", address)
			}
			_, page = p.do("GET", "/A81001/fhir/"+address, "")
		}
	}
	if seen != 5 {
		t.Errorf("%d were seen", seen)
	}
}

func TestAConditionalUpdateReplacesTheOneThatItFinds(t *testing.T) {
	t.Parallel()
	p, _ := start(t, "")
	body := `{"resourceType": "Task", "status": "%s", "intent": "order", "identifier": [{"system": "s", "value": "v"}]}`
	first, made := p.do("PUT", "/A81001/fhir/Task?identifier=s%7Cv", fmt.Sprintf(body, "requested"))
	again, same := p.do("PUT", "/A81001/fhir/Task?identifier=s%7Cv", fmt.Sprintf(body, "cancelled"), "If-Match", `W/"1"`)
	if first.StatusCode != 201 || again.StatusCode != 200 || made["id"] != same["id"] || same["status"] != "cancelled" {
		t.Errorf("%d %v, %d %v", first.StatusCode, made, again.StatusCode, same)
	}
	if stale, _ := p.do("PUT", "/A81001/fhir/Task?identifier=s%7Cv", fmt.Sprintf(body, "completed"), "If-Match", `W/"1"`); stale.StatusCode != 412 {
		t.Errorf("stale: %d", stale.StatusCode)
	}
}

func TestFaultsAfterACommit(t *testing.T) {
	t.Parallel()
	body := `{"resourceType": "Task", "status": "requested", "intent": "order"}`
	for mode, status := range map[string]int{"error-after-commit": 504, "stale": 412, "too-early": 425, "refuses": 422} {
		p, _ := start(t, "")
		p.do("POST", "/A81001/faults", `{"mode": "`+mode+`"}`)
		if r, _ := p.do("POST", "/A81001/fhir/Task", body); r.StatusCode != status {
			t.Errorf("%s: %d", mode, r.StatusCode)
		}
		if effects := len(p.ledger("A81001")); (effects == 1) != (mode == "error-after-commit") {
			t.Errorf("%s: %d effects", mode, effects)
		}
		if r, _ := p.do("GET", "/A81001/fhir/Task", ""); r.StatusCode != 200 {
			t.Errorf("%s: a read is %d", mode, r.StatusCode)
		}
	}
	p, _ := start(t, "")
	if r, state := p.do("POST", "/A81001/faults", `{"latency": {"usual": "1ms", "slow": "2ms", "one_in": 2}}`); r.StatusCode != 200 || state["mode"] != "ok" {
		t.Errorf("a latency alone: %d %v", r.StatusCode, state)
	}
	if r, _ := p.do("POST", "/A81001/faults", `{"latency": {"usual": "soon"}}`); r.StatusCode != 422 {
		t.Errorf("nonsense: %d", r.StatusCode)
	}
}
