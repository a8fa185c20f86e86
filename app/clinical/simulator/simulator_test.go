package simulator_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"onedoor/app/clinical/simulator"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

type peer struct {
	t    *testing.T
	root string
}

func start(t *testing.T, folder string) (peer, func()) {
	t.Helper()
	s, err := simulator.Open(folder, func() time.Time { return noon })
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s)
	var once sync.Once
	stop := func() {
		once.Do(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			server.Close()
		})
	}
	t.Cleanup(stop)
	return peer{t, server.URL}, stop
}

// reply is an answer whose body has been read.
type reply struct {
	StatusCode int
	Header     http.Header
}

func (p peer) do(method, path, body string, header ...string) (reply, map[string]any) {
	p.t.Helper()
	r, err := http.NewRequest(method, p.root+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/fhir+json")
	for pair := range slices.Chunk(header, 2) {
		r.Header.Set(pair[0], pair[1])
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	var out map[string]any
	_ = json.Unmarshal(raw, &out) // some answers are not JSON
	return reply{response.StatusCode, response.Header}, out
}

func (p peer) ledger(ods string) []simulator.Effect {
	p.t.Helper()
	response, err := http.Get(p.root + "/" + ods + "/ledger")
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var out []simulator.Effect
	if err := json.NewDecoder(response.Body).Decode(&out); err != nil {
		p.t.Fatal(err)
	}
	return out
}

const once = `, "ifNoneExist": "identifier=https://x.example|1"`

func transaction(condition string) string {
	return `{"resourceType": "Bundle", "type": "transaction", "entry": [
	{"fullUrl": "urn:uuid:1", "resource": {"resourceType": "Task", "status": "completed", "intent": "order",
		"identifier": [{"system": "https://x.example", "value": "1"}], "groupIdentifier": {"value": "4820017365"},
		"code": {"coding": [{"code": "symptoms"}]}, "focus": {"reference": "urn:uuid:2"}},
		"request": {"method": "POST", "url": "Task"` + condition + `}},
	{"fullUrl": "urn:uuid:2", "resource": {"resourceType": "DocumentReference", "status": "current",
		"identifier": [{"system": "https://x.example", "value": "1"}],
		"content": [{"attachment": {"contentType": "text/plain", "data": "aGVsbG8=", "size": 5}}]},
		"request": {"method": "POST", "url": "DocumentReference"` + condition + `}}]}`
}

func TestATransactionIsOneEffect(t *testing.T) {
	t.Parallel()
	p, _ := start(t, "")
	response, body := p.do("POST", "/A81001/fhir", transaction(once))
	if response.StatusCode != 200 || body["type"] != "transaction-response" {
		t.Fatalf("%d %v", response.StatusCode, body)
	}
	ledger := p.ledger("A81001")
	if len(ledger) != 1 || ledger[0].RequestReference != "4820017365" || ledger[0].Kind != "symptoms" || !ledger[0].At.Equal(noon) || !strings.HasPrefix(ledger[0].Resource, "Task/") {
		t.Fatalf("%+v", ledger)
	}
	_, task := p.do("GET", "/A81001/fhir/"+ledger[0].Resource, "")
	focus, _ := task["focus"].(map[string]any)
	if to, _ := focus["reference"].(string); !strings.HasPrefix(to, "DocumentReference/") {
		t.Errorf("the focus is %v", focus)
	}
	if other := p.ledger("FA001"); len(other) != 0 {
		t.Errorf("another organisation's ledger: %v", other)
	}
}

func TestTheLedgerNeverDeduplicates(t *testing.T) {
	t.Parallel()
	for condition, effects := range map[string]int{once: 1, "": 2} {
		p, _ := start(t, "")
		for range 2 {
			if response, body := p.do("POST", "/A81001/fhir", transaction(condition)); response.StatusCode != 200 {
				t.Fatalf("%d %v", response.StatusCode, body)
			}
		}
		if got := len(p.ledger("A81001")); got != effects {
			t.Errorf("sent twice with condition %q: %d effects, want %d", condition, got, effects)
		}
	}
}

func TestATransactionIsAtomic(t *testing.T) {
	t.Parallel()
	p, _ := start(t, "")
	response, body := p.do("POST", "/A81001/fhir", strings.Replace(transaction(once), `"current"`, `"recent"`, 1))
	if response.StatusCode != 422 || body["resourceType"] != "OperationOutcome" {
		t.Errorf("%d %v", response.StatusCode, body)
	}
	if _, page := p.do("GET", "/A81001/fhir/Task", ""); page["total"] != 0.0 || len(p.ledger("A81001")) != 0 {
		t.Errorf("half of it is there: %v", page)
	}
}

func TestWhatIsNotFHIRIsRefused(t *testing.T) {
	t.Parallel()
	p, _ := start(t, "")
	good := `{"resourceType": "Task", "status": "completed", "intent": "order"}`
	for name, test := range map[string]struct {
		path, body string
		status     int
	}{
		"no JSON":                    {"/Task", `{`, 400},
		"a list":                     {"/Task", `[]`, 400},
		"another type":               {"/DocumentReference", good, 400},
		"no status":                  {"/Task", `{"resourceType": "Task", "intent": "order"}`, 422},
		"an unknown code":            {"/Task", strings.Replace(good, "order", "wish", 1), 422},
		"two values of a choice":     {"/Task", strings.Replace(good, `"intent"`, `"output": [{"valueString": "a", "valueBoolean": true}], "intent"`, 1), 422},
		"an empty list":              {"/Task", strings.Replace(good, `"intent"`, `"note": [], "intent"`, 1), 422},
		"a null":                     {"/Task", strings.Replace(good, `"intent"`, `"note": null, "intent"`, 1), 422},
		"a date without a zone":      {"/Task", strings.Replace(good, `"intent"`, `"authoredOn": "2026-11-23T12:00:00", "intent"`, 1), 422},
		"a document without content": {"/DocumentReference", `{"resourceType": "DocumentReference", "status": "current"}`, 422},
		"a type it does not have":    {"/Observation", `{"resourceType": "Observation"}`, 404},
		"a batch":                    {"", `{"resourceType": "Bundle", "type": "batch"}`, 400},
		"a reference to nothing":     {"", strings.Replace(transaction(once), `"reference": "urn:uuid:2"`, `"reference": "urn:uuid:9"`, 1), 400},
	} {
		response, body := p.do("POST", "/A81001/fhir"+test.path, test.body)
		if response.StatusCode != test.status || body["resourceType"] != "OperationOutcome" {
			t.Errorf("%s: %d %v", name, response.StatusCode, body)
		}
	}
	if response, _ := p.do("POST", "/A81001/fhir/Task", good, "Content-Type", "text/plain"); response.StatusCode != 415 {
		t.Errorf("plain text: %d", response.StatusCode)
	}
	if len(p.ledger("A81001")) != 0 {
		t.Error("something was kept")
	}
}

func TestConditionalCreateAndVersions(t *testing.T) {
	t.Parallel()
	p, _ := start(t, "")
	body := `{"resourceType": "Task", "status": "requested", "intent": "order", "identifier": [{"system": "s", "value": "v"}]}`
	first, task := p.do("POST", "/A81001/fhir/Task", body, "If-None-Exist", "identifier=s|v")
	again, same := p.do("POST", "/A81001/fhir/Task", body, "If-None-Exist", "identifier=s|v")
	if first.StatusCode != 201 || again.StatusCode != 200 || task["id"] != same["id"] || first.Header.Get("ETag") != `W/"1"` {
		t.Fatalf("%d %v, %d %v", first.StatusCode, task, again.StatusCode, same)
	}
	path := fmt.Sprintf("/A81001/fhir/Task/%s", task["id"])
	task["status"] = "completed"
	changed, _ := json.Marshal(task)
	if response, _ := p.do("PUT", path, string(changed), "If-Match", `W/"1"`); response.StatusCode != 200 || response.Header.Get("ETag") != `W/"2"` {
		t.Errorf("update: %d %s", response.StatusCode, response.Header.Get("ETag"))
	}
	if response, _ := p.do("PUT", path, string(changed), "If-Match", `W/"1"`); response.StatusCode != 412 {
		t.Errorf("a stale update: %d", response.StatusCode)
	}
	if _, _ = p.do("POST", "/A81001/fhir/Task", body); len(p.ledger("A81001")) != 3 {
		t.Errorf("%+v", p.ledger("A81001"))
	}
	if response, _ := p.do("POST", "/A81001/fhir/Task", body, "If-None-Exist", "identifier=s|v"); response.StatusCode != 412 {
		t.Errorf("two match: %d", response.StatusCode)
	}
}

func TestSearchPages(t *testing.T) {
	t.Parallel()
	p, _ := start(t, "")
	for range 5 {
		p.do("POST", "/A81001/fhir/Task", `{"resourceType": "Task", "status": "requested", "intent": "order"}`)
	}
	seen, pages, next := 0, 0, "Task?_count=2&status=requested"
	for next != "" {
		_, page := p.do("GET", "/A81001/fhir/"+next, "")
		pages++
		seen += len(page["entry"].([]any))
		next = ""
		for _, link := range page["link"].([]any) {
			if l := link.(map[string]any); l["relation"] == "next" {
				next = l["url"].(string)
			}
		}
	}
	if seen != 5 || pages != 3 {
		t.Errorf("%d in %d pages", seen, pages)
	}
	if response, _ := p.do("GET", "/A81001/fhir/Task?colour=1", ""); response.StatusCode != 400 {
		t.Errorf("an unknown parameter: %d", response.StatusCode)
	}
	if _, statement := p.do("GET", "/A81001/fhir/metadata", ""); statement["fhirVersion"] != "4.0.1" {
		t.Errorf("%v", statement)
	}
}

func TestTheLedgerOutlivesTheProcess(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	p, stop := start(t, folder)
	p.do("POST", "/A81001/fhir", transaction(once))
	p.do("POST", "/A81001/fhir/Task", `{"resourceType": "Task", "status": "requested", "intent": "order"}`)
	want := p.ledger("A81001")
	stop()
	journal := filepath.Join(folder, "A81001.jsonl")
	whole, err := os.ReadFile(journal)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(whole, []byte("\n"))
	for name, test := range map[string]struct {
		content []byte
		effects int
	}{
		"whole":                       {whole, 2},
		"torn in the last line":       {whole[:len(whole)-20], 1},
		"torn before its newline":     {whole[:len(whole)-1], 1},
		"torn, with a newline in it":  {append(bytes.Clone(lines[0]), "{\"effect\":\n"...), 1},
		"torn in the only line":       {whole[:10], 0},
		"nothing written of the next": {lines[0], 1},
	} {
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, "A81001.jsonl"), test.content, 0o600); err != nil {
			t.Fatal(err)
		}
		p, stop := start(t, folder)
		got := p.ledger("A81001")
		if len(got) != test.effects || (len(got) > 0 && got[0] != want[0]) {
			t.Errorf("%s: %+v", name, got)
		}
		p.do("POST", "/A81001/fhir", transaction(once))
		stop()
		p, _ = start(t, folder)
		if after := len(p.ledger("A81001")); after != max(test.effects, 1) {
			t.Errorf("%s: %d effects after a resend and another start", name, after)
		}
	}
	damaged := t.TempDir()

	if err := os.WriteFile(filepath.Join(damaged, "A81001.jsonl"), append([]byte("{]\n"), whole...), 0o600); err != nil {
		t.Fatal(err)
	}
	p, _ = start(t, damaged)
	if response, _ := p.do("GET", "/A81001/ledger", ""); response.StatusCode != 500 {
		t.Errorf("a journal damaged in the middle was opened: %d", response.StatusCode)
	}
}

func TestFaultSwitch(t *testing.T) {
	t.Parallel()
	p, _ := start(t, "")
	for body, status := range map[string]int{
		`{"mode": "sideways"}`: 422, `{"mode": "down", "for": "soon"}`: 422, `{"mode": "down", "for": "-1s"}`: 422, `{}`: 422, `nonsense`: 400,
		`{"mode": "rate-limit", "for": "1h"}`: 200,
	} {
		if response, _ := p.do("POST", "/A81001/faults", body); response.StatusCode != status {
			t.Errorf("%s: %d, want %d", body, response.StatusCode, status)
		}
	}
	if _, state := p.do("GET", "/A81001/faults", ""); state["mode"] != "rate-limit" || state["until"] == nil {
		t.Errorf("%v", state)
	}
	if response, _ := p.do("GET", "/A81001/fhir/Task", ""); response.StatusCode != 429 || response.Header.Get("Retry-After") != "2" {
		t.Errorf("%d %v", response.StatusCode, response.Header)
	}
	if response, _ := p.do("GET", "/FA001/fhir/Task", ""); response.StatusCode != 200 {
		t.Errorf("another organisation has the fault too: %d", response.StatusCode)
	}
	p.do("POST", "/A81001/faults", `{"mode": "conflict"}`)
	if response, _ := p.do("POST", "/A81001/fhir", transaction("")); response.StatusCode != 409 || len(p.ledger("A81001")) != 0 {
		t.Errorf("conflict: %d", response.StatusCode)
	}
	p.do("POST", "/A81001/faults", `{"mode": "down", "for": "1ms"}`)
	deadline := time.Now().Add(time.Minute)
	for {
		if _, state := p.do("GET", "/A81001/faults", ""); state["mode"] == "ok" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the fault does not end")
		}
	}
	if response, _ := p.do("GET", "/a81001/ledger", ""); response.StatusCode != 404 {
		t.Errorf("an address that is not an ODS code: %d", response.StatusCode)
	}
}
