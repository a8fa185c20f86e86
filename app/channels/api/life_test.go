package api_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/demo"
	"onedoor/app/identity"
)

func must(t testing.TB, a answer, status int) answer {
	t.Helper()
	if a.StatusCode != status {
		t.Fatalf("%s %s: %d, want %d: %s", a.Request.Method, a.Request.URL.Path, a.StatusCode, status, a.body)
	}
	return a
}

// A sore throat from the app to the pharmacy's outcome, by the calls that staff make.
func TestARequestsLife(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	receipt := must(t, w.submit(t, "app", w.soreThroat()), 201)
	if receipt.text("status") != "to-verify" || receipt.Header.Get("Location") != "/api/v1/requests/"+receipt.text("reference") {
		t.Fatalf("%s", receipt.body)
	}
	at := "/api/v1/requests/" + receipt.text("reference")
	queue := receipt.json["queue"].(map[string]any)["id"].(string)

	row := must(t, w.call(t, "receptionist", "GET", "/api/v1/queues/"+queue+"/requests?view=to-verify&limit=1", nil), 200)
	if !strings.Contains(string(row.body), receipt.text("reference")) {
		t.Errorf("not in its queue: %s", row.body)
	}
	why := must(t, w.call(t, "receptionist", "GET", at+"/decision", nil), 200)
	if why.text("rule") != "sore-throat" {
		t.Errorf("%s", why.body)
	}
	must(t, w.call(t, "receptionist", "POST", at+"/verify", object{"version": 1}), 200)
	if stale := must(t, w.call(t, "pharmacist", "POST", at+"/accept", object{"version": 1}), 409); stale.code() != "stale_version" || stale.json["version"] != 2.0 {
		t.Errorf("%s", stale.body)
	}
	must(t, w.call(t, "pharmacist", "POST", at+"/accept", nil), 200)
	if early := must(t, w.call(t, "pharmacist", "POST", at+"/outcome", object{"outcome": "done"}), 409); early.code() != "not_claimed" {
		t.Errorf("%s", early.body)
	}
	must(t, w.call(t, "pharmacist", "POST", at+"/claim", object{}), 200)
	must(t, w.call(t, "pharmacist", "POST", at+"/claim", object{}), 200)
	must(t, w.call(t, "pharmacist", "POST", at+"/release", object{}), 200)
	must(t, w.call(t, "pharmacist", "POST", at+"/claim", object{}), 200)
	must(t, w.call(t, "pharmacist", "POST", at+"/raise", object{"urgency": "urgent", "reason": "Worse."}), 200)
	lowered := must(t, w.call(t, "pharmacist", "POST", at+"/lower", object{"urgency": "routine", "reason": "Better."}), 200)
	if lowered.text("urgency") != "routine" {
		t.Errorf("%s", lowered.body)
	}
	done := must(t, w.call(t, "pharmacist", "POST", at+"/outcome", object{"outcome": "done", "note": "Advice given.", "details": object{"pathway": "sore throat"}}), 200)
	if done.text("status") != "closed" || len(done.json["deliveries"].([]any)) != 2 {
		t.Errorf("%s", done.body)
	}

	patient := must(t, w.call(t, "app", "GET", at, nil), 200)
	if patient.json["staff"] != nil || strings.Contains(string(patient.body), "Advice given") {
		t.Errorf("the app sees what is for staff: %s", patient.body)
	}
	for _, key := range []string{"pharmacist", "receptionist", "org_admin", "operator"} {
		list := must(t, w.call(t, key, "GET", "/api/v1/deliveries?state=pending", nil), 200)
		items := list.json["items"].([]any)
		want := map[string]int{"pharmacist": 2, "receptionist": 1, "org_admin": 1, "operator": 2}[key]
		if len(items) != want {
			t.Errorf("%s sees %d deliveries: %s", key, len(items), list.body)
		}
		if key == "operator" && strings.Contains(string(list.body), receipt.text("reference")) {
			t.Errorf("the operator is told which request: %s", list.body)
		}
	}
}

func TestDeclineTransferAndClose(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	at := "/api/v1/requests/" + must(t, w.submit(t, "app", w.soreThroat()), 201).text("reference")
	must(t, w.call(t, "receptionist", "POST", at+"/verify", nil), 200)
	must(t, w.call(t, "pharmacist", "POST", at+"/decline", object{"reason": "No pharmacist."}), 200)
	back := must(t, w.call(t, "receptionist", "GET", at, nil), 200)
	if back.text("status") != "queued" || back.json["accountable"].(map[string]any)["ods_code"] != "A81001" {
		t.Errorf("%s", back.body)
	}
	must(t, w.call(t, "pharmacist", "GET", at, nil), 404)
	offered := must(t, w.call(t, "receptionist", "POST", at+"/transfer", object{"to": "FRV02", "service": "pharmacy-first", "reason": "Nearer."}), 200)
	if offered.text("status") != "offered" || offered.json["offered"].(map[string]any)["ods_code"] != "FRV02" {
		t.Errorf("%s", offered.body)
	}
	other := "/api/v1/requests/" + must(t, w.submit(t, "app", w.soreThroat()), 201).text("reference")
	must(t, w.call(t, "receptionist", "POST", other+"/claim", nil), 200)
	closed := must(t, w.call(t, "receptionist", "POST", other+"/close", object{"reason": "Sent twice."}), 200)
	if closed.text("status") != "closed" {
		t.Errorf("%s", closed.body)
	}
	if again := must(t, w.call(t, "receptionist", "POST", other+"/claim", nil), 409); again.code() != "request_closed" {
		t.Errorf("%s", again.body)
	}
}

func TestSayingThatItWasSentToTheWrongPlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	at := "/api/v1/requests/" + must(t, w.submit(t, "app", w.soreThroat()), 201).text("reference")
	said := must(t, w.call(t, "receptionist", "POST", at+"/misrouted", object{"version": 1, "reason": "not-eligible", "note": "Too young."}), 200)
	if said.json["version"] != 2.0 || said.text("status") != "to-verify" {
		t.Errorf("%s", said.body)
	}
	must(t, w.call(t, "receptionist", "POST", at+"/misrouted", object{"version": 1, "reason": "not-eligible", "note": "Too young."}), 200)
	must(t, w.call(t, "org_admin", "POST", at+"/misrouted", object{"reason": "It belongs to the hub."}), 200)
	if stale := must(t, w.call(t, "receptionist", "POST", at+"/misrouted", object{"version": 1, "reason": "duplicate"}), 409); stale.code() != "stale_version" {
		t.Errorf("%s", stale.body)
	}
	for _, body := range []object{{}, {"reason": ""}, {"reason": "other"}} {
		must(t, w.call(t, "receptionist", "POST", at+"/misrouted", body), 422)
	}
	seen := must(t, w.call(t, "receptionist", "GET", at, nil), 200)
	list := seen.json["staff"].(map[string]any)["misrouted"].([]any)
	if len(list) != 2 || list[0].(map[string]any)["reason"] != "not-eligible" || list[1].(map[string]any)["note"] != "It belongs to the hub." {
		t.Errorf("%v", list)
	}
	if own := must(t, w.call(t, "app", "GET", at, nil), 200); strings.Contains(string(own.body), "misrouted") {
		t.Errorf("the app sees what is for staff: %s", own.body)
	}
}

// What a person at the practice takes down needs nobody else's word; what an online form began does.
func TestWhoeverTakesItDownHasConfirmedIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, test := range []struct{ key, channel, status string }{
		{"receptionist", "phone", "offered"},
		{"receptionist", "in-person", "offered"},
		{"receptionist", "web", "to-verify"},
		{"app", "phone", "to-verify"},
		{"partner", "in-person", "to-verify"},
		{"pharmacist", "in-person", "to-verify"},
	} {
		body := w.soreThroat()
		body["channel"] = test.channel
		if got := must(t, w.submit(t, test.key, body), 201); got.text("status") != test.status {
			t.Errorf("%s by %s: %s", test.key, test.channel, got.text("status"))
		}
	}
}

func TestIdempotency(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := uuid.NewString()
	send := func(client string, body any) answer {
		return w.call(t, client, "POST", "/api/v1/requests", body, "Idempotency-Key", key)
	}
	first := must(t, send("app", w.soreThroat()), 201)
	again := must(t, send("app", w.soreThroat()), 201)
	if string(first.body) != string(again.body) {
		t.Errorf("first %s, then %s", first.body, again.body)
	}
	plain, err := json.MarshalIndent(w.soreThroat(), " ", "\t")
	if err != nil {
		t.Fatal(err)
	}
	if spaced := must(t, send("app", string(plain)), 201); string(first.body) != string(spaced.body) {
		t.Errorf("the same with other spaces: %s", spaced.body)
	}
	other := w.soreThroat()
	other["answers"].(object)["condition"] = "earache"
	if refused := must(t, send("app", other), 422); refused.code() != "idempotency_mismatch" {
		t.Errorf("%s", refused.body)
	}
	if theirs := must(t, send("partner", w.soreThroat()), 201); theirs.text("reference") == first.text("reference") {
		t.Error("two clients share a key")
	}
}

func TestAHundredAtOnceHaveOneEffect(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := w.soreThroat()
	var mu sync.Mutex
	seen := map[string]int{}
	var sending sync.WaitGroup
	for range 100 {
		sending.Go(func() {
			a := w.call(t, "app", "POST", "/api/v1/requests", body, "Idempotency-Key", "one")
			for range 20 { // a machine without room says when to come back, and whoever does gets the one answer
				if a.StatusCode != 503 || a.Header.Get("Retry-After") == "" {
					break
				}
				a = w.call(t, "app", "POST", "/api/v1/requests", body, "Idempotency-Key", "one")
			}
			mu.Lock()
			defer mu.Unlock()
			seen[fmt.Sprint(a.StatusCode, " ", a.text("reference"))]++
		})
	}
	sending.Wait()
	if len(seen) != 1 {
		t.Errorf("%v", seen)
	}
}

// Whoever belongs elsewhere gets the answer that they would get for what does not exist.
func TestOthersCannot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	receipt := must(t, w.submit(t, "app", w.soreThroat()), 201)
	real, made := receipt.text("reference"), "1000000009"
	for made == real || w.call(t, "receptionist", "GET", "/api/v1/requests/"+made, nil).StatusCode != 404 {
		t.Fatal("the made-up reference exists")
	}
	queue := receipt.json["queue"].(map[string]any)["id"].(string)
	for _, key := range []string{"foreign_receptionist", "pharmacist", "partner"} {
		for _, call := range [][2]string{
			{"GET", ""}, {"GET", "/decision"}, {"POST", "/verify"}, {"POST", "/claim"}, {"POST", "/release"}, {"POST", "/accept"},
		} {
			there := w.call(t, key, call[0], "/api/v1/requests/"+real+call[1], nil)
			absent := w.call(t, key, call[0], "/api/v1/requests/"+made+call[1], nil)
			if there.StatusCode != absent.StatusCode || string(there.body) != string(absent.body) || there.StatusCode < 403 {
				t.Errorf("%s %s %s: %d %s, absent: %d %s", key, call[0], call[1], there.StatusCode, there.body, absent.StatusCode, absent.body)
			}
		}
		there := w.call(t, key, "GET", "/api/v1/queues/"+queue+"/requests", nil)
		absent := w.call(t, key, "GET", "/api/v1/queues/"+uuid.NewString()+"/requests", nil)
		if string(there.body) != string(absent.body) || there.StatusCode < 403 {
			t.Errorf("%s lists a queue of others: %d %s", key, there.StatusCode, there.body)
		}
	}
	for _, key := range []string{"lead", "operator"} {
		for _, path := range []string{"/api/v1/requests/" + real, "/api/v1/requests/" + real + "/decision", "/api/v1/queues", "/api/v1/queues/" + queue + "/requests"} {
			if got := w.call(t, key, "GET", path, nil); got.StatusCode != 403 {
				t.Errorf("%s at %s: %d", key, path, got.StatusCode)
			}
		}
	}
}

func TestTwoClaims(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := w.soreThroat()
	body["kind"], body["answers"] = "admin", object{}
	at := "/api/v1/requests/" + must(t, w.submit(t, "app", body), 201).text("reference")
	must(t, w.call(t, "receptionist", "POST", at+"/claim", nil), 200)
	if _, err := w.Requests.Release(t.Context(), w.Actor(t, "sam.carter"), commandOn(t, at)); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Requests.Claim(t.Context(), w.Actor(t, "aisha.rahman"), commandOn(t, at)); err != nil {
		t.Fatal(err)
	}
	lost := must(t, w.call(t, "receptionist", "POST", at+"/claim", nil), 409)
	if lost.code() != "request_claimed" || lost.text("claimed_by") != "Dr Aisha Rahman" || !strings.Contains(lost.text("detail"), "Dr Aisha Rahman") {
		t.Errorf("%s", lost.body)
	}
}

func TestPagesOfAQueue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := w.soreThroat()
	body["kind"], body["answers"] = "admin", object{}
	want := map[string]bool{}
	var queue string
	for range 5 {
		receipt := must(t, w.submit(t, "app", body), 201)
		want[receipt.text("reference")] = true
		queue = receipt.json["queue"].(map[string]any)["id"].(string)
	}
	next, pages := "", 0
	for {
		page := must(t, w.call(t, "receptionist", "GET", "/api/v1/queues/"+queue+"/requests?limit=2&cursor="+next, nil), 200)
		pages++
		for _, item := range page.json["items"].([]any) {
			reference := item.(map[string]any)["reference"].(string)
			if !want[reference] {
				t.Errorf("%s came twice or never was", reference)
			}
			delete(want, reference)
		}
		if next = page.text("next"); next == "" {
			break
		}
	}
	if len(want) != 0 || pages != 3 {
		t.Errorf("%d are missing after %d pages", len(want), pages)
	}
	list := must(t, w.call(t, "receptionist", "GET", "/api/v1/queues", nil), 200)
	if !strings.Contains(string(list.body), queue) || strings.Contains(string(list.body), demo.QueueID("FRV01", "pharmacy-first").String()) {
		t.Errorf("%s", list.body)
	}
}

func TestKindsAndQuestionnaires(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, key := range []string{"app", "partner", "receptionist", "pharmacist", "lead", "org_admin", "operator"} {
		list := must(t, w.call(t, key, "GET", "/api/v1/kinds", nil), 200)
		var kinds []struct{ Kind string }
		if err := json.Unmarshal(list.body, &kinds); err != nil || len(kinds) != 10 {
			t.Fatalf("%d kinds, %v", len(kinds), err)
		}
		if key != "app" {
			continue
		}
		for _, k := range kinds {
			q := must(t, w.call(t, key, "GET", "/api/v1/kinds/"+k.Kind+"/questionnaire", nil), 200)
			if q.text("resourceType") != "Questionnaire" {
				t.Errorf("%s: %.80s", k.Kind, q.body)
			}
		}
	}
	must(t, w.call(t, "app", "GET", "/api/v1/kinds/nothing/questionnaire", nil), 404)
}

func TestEventsReachWhoTheyConcern(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	practice, pharmacy := w.listen(t, "receptionist", ""), w.listen(t, "pharmacist", "")
	reference := must(t, w.submit(t, "app", w.soreThroat()), 201).text("reference")
	id := practice.next(t, reference)
	at := "/api/v1/requests/" + reference
	must(t, w.call(t, "receptionist", "POST", at+"/verify", nil), 200)
	pharmacy.next(t, reference)
	practice.next(t, reference)
	// Coming back with the first event's id gives the second again, and not the first.
	again := w.listen(t, "receptionist", id)
	if second := again.next(t, reference); second == id {
		t.Error("the event that was seen came again")
	}
	if len(pharmacy.seen) != 1 {
		t.Errorf("the pharmacy heard of the request before it was offered: %v", pharmacy.seen)
	}
}

// listener is one open stream.
type listener struct {
	lines *bufio.Reader
	seen  []string
}

func (w *world) listen(t *testing.T, key, after string) *listener {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+"/api/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+string(identity.SeededKey(key)))
	r.Header.Set("Accept", "text/event-stream")
	if after != "" {
		r.Header.Set("Last-Event-ID", after)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = res.Body.Close() })
	if res.StatusCode != 200 {
		t.Fatalf("%s: %d", key, res.StatusCode)
	}
	l := &listener{lines: bufio.NewReader(res.Body)}
	if first, err := l.lines.ReadString('\n'); err != nil || !strings.HasPrefix(first, "retry: ") {
		t.Fatalf("%q %v", first, err)
	}
	return l
}

// next waits for an event about a request, and gives its id.
func (l *listener) next(t *testing.T, reference string) string {
	t.Helper()
	got := make(chan [2]string, 1)
	go func() {
		var id string
		for {
			line, err := l.lines.ReadString('\n')
			if err != nil {
				got <- [2]string{"", err.Error()}
				return
			}
			if v, ok := strings.CutPrefix(line, "id: "); ok {
				id = strings.TrimSpace(v)
			}
			if v, ok := strings.CutPrefix(line, "data: "); ok {
				got <- [2]string{id, v}
				return
			}
		}
	}()
	select {
	case e := <-got:
		if e[0] == "" || !strings.Contains(e[1], reference) {
			t.Fatalf("event %v", e)
		}
		l.seen = append(l.seen, e[0])
		return e[0]
	case <-time.After(time.Minute):
		t.Fatal("no event came")
		return ""
	}
}
