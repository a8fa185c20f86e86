package api_test

import (
	"slices"
	"testing"

	"onedoor/app/selfservice/selfservicetest"
)

// handsIn is a request of patients[0]'s, and where it can be settled.
func (w *world) handsIn(t *testing.T, kind string) (reference, root string) {
	t.Helper()
	body := w.soreThroat()
	body["kind"], body["answers"] = kind, object{"red-flags-adult": []string{"none"}}
	delete(body, "choices")
	reference = must(t, w.submit(t, "app", body), 201).text("reference")
	return reference, "/api/v1/requests/" + reference + "/by-yourself"
}

func (w *world) letIn(t *testing.T, root string) string {
	t.Helper()
	must(t, w.call(t, "app", "POST", root+"/code", object{}), 204)
	return must(t, w.call(t, "app", "POST", root+"/proof", object{"code": w.desk.Code()}), 200).text("proof")
}

func first(t *testing.T, a answer, list, name string) string {
	t.Helper()
	items, _ := a.json[list].([]any)
	if len(items) == 0 {
		t.Fatalf("nothing in %s", a.body)
	}
	item, _ := items[0].(map[string]any)
	text, _ := item[name].(string)
	return text
}

func TestAnAppBooksForItsPatient(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reference, root := w.handsIn(t, "appointment-book")
	if acts, _ := must(t, w.call(t, "app", "GET", root, nil), 200).json["acts"].([]any); !slices.Equal(acts, []any{"book"}) {
		t.Errorf("acts %v", acts)
	}
	must(t, w.call(t, "partner", "GET", root, nil), 404) // another program's request
	if got := w.call(t, "app", "POST", root+"/slots", object{"proof": "nonsense"}); got.StatusCode != 403 || got.code() != "not_proved" {
		t.Errorf("without a proof: %d %s", got.StatusCode, got.body)
	}
	proof := w.letIn(t, root)
	slots := must(t, w.call(t, "app", "POST", root+"/slots", object{"proof": proof}), 200)
	w.desk.Fail(selfservicetest.Taken)
	taken := must(t, w.call(t, "app", "POST", root+"/book", object{"proof": proof, "slot": first(t, slots, "items", "slot")}), 409)
	if taken.code() != "slot_taken" {
		t.Errorf("taken: %s", taken.body)
	}
	w.desk.Fail(selfservicetest.Well)
	booked := must(t, w.call(t, "app", "POST", root+"/book", object{"proof": proof, "slot": first(t, taken, "next", "slot")}), 200)
	if booked.text("start") != "2026-11-24T09:15:00Z" {
		t.Errorf("booked %s", booked.body)
	}
	if got := must(t, w.call(t, "app", "GET", "/api/v1/requests/"+reference, nil), 200); got.text("status") != "closed" || w.desk.Effects() != 1 {
		t.Errorf("%s, %d effects", got.text("status"), w.desk.Effects())
	}
	if acts, _ := must(t, w.call(t, "app", "GET", root, nil), 200).json["acts"].([]any); len(acts) != 0 {
		t.Errorf("acts after it is done: %v", acts)
	}
}

func TestAnAppChangesCancelsAndOrdersForItsPatient(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, root := w.handsIn(t, "appointment-change")
	proof := w.letIn(t, root)
	own := first(t, must(t, w.call(t, "app", "POST", root+"/appointments", object{"proof": proof}), 200), "items", "appointment")
	slot := first(t, must(t, w.call(t, "app", "POST", root+"/slots", object{"proof": proof, "held": "in-person"}), 200), "items", "slot")
	must(t, w.call(t, "app", "POST", root+"/move", object{"proof": proof, "appointment": own, "slot": slot}), 200)

	_, root = w.handsIn(t, "appointment-cancel")
	proof = w.letIn(t, root)
	own = first(t, must(t, w.call(t, "app", "POST", root+"/appointments", object{"proof": proof}), 200), "items", "appointment")
	w.desk.Fail(selfservicetest.Lost)
	if got := w.call(t, "app", "POST", root+"/cancel", object{"proof": proof, "appointment": own}); got.StatusCode != 503 || got.code() != "booking_unknown" {
		t.Errorf("lost: %d %s", got.StatusCode, got.body)
	}
	w.desk.Fail(selfservicetest.Well)

	reference, root := w.handsIn(t, "repeat-prescription")
	proof = w.letIn(t, root)
	medicine := first(t, must(t, w.call(t, "app", "POST", root+"/medicines", object{"proof": proof}), 200), "items", "medicine")
	must(t, w.call(t, "app", "POST", root+"/order", object{"proof": proof, "medicines": []string{medicine}}), 204)
	if got := w.call(t, "app", "POST", root+"/order", object{"proof": proof, "medicines": []string{medicine}}); got.code() != "order_exists" {
		t.Errorf("ordered twice: %s", got.body)
	}
	if got := must(t, w.call(t, "app", "GET", "/api/v1/requests/"+reference, nil), 200); got.text("status") != "queued" || len(w.desk.Orders()) != 1 {
		t.Errorf("%s, %d orders", got.text("status"), len(w.desk.Orders()))
	}
}
