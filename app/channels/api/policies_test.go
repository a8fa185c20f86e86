package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"onedoor/app/demo"
	"onedoor/policy"
)

const policyAt = "/api/v1/neighbourhoods/riverside/policy"

// document is a policy in the words of the design: it reads what every request has without declaring it.
const exampleDocument = `
policy: riverside
facts:
  condition: [sore-throat, earache, sinusitis, insect-bite, impetigo, shingles, uti, other]
  age: 0..120
  pregnant: ["yes", "no", not-applicable]
tables:
  - name: pharmacy-first
    hit: first
    rules:
      - id: pregnant-under-16
        when: { kind: '"symptoms"', pregnant: '"yes"', age: '< 16' }
        then: { to: registered-practice, urgency: soon }
      - id: sore-throat
        when: { kind: '"symptoms"', condition: '"sore-throat"', age: '>= 5', pregnant: '"yes","no","not-applicable"' }
        then: { to: chosen-pharmacy, service: pharmacy-first, urgency: soon, overflow: registered-practice/queue:clinical }
        note: Pharmacy First, acute sore throat
  - name: everything-else
    rules:
      - id: catch-all
        when: {}
        then: { to: registered-practice, urgency: routine }
cases:
  - name: a pregnant teenager stays with the practice
    given: { kind: symptoms, condition: sore-throat, age: 15, pregnant: "yes" }
    expect: { to: registered-practice }
`

// put saves a draft as YAML.
func (w *world) put(t testing.TB, name, document string, headers ...string) answer {
	t.Helper()
	return w.call(t, "lead", http.MethodPut, policyAt+"/drafts/"+name, document, append([]string{"Content-Type", "application/yaml"}, headers...)...)
}

// soon is Riverside's policy with results looked at sooner: nothing that needs a reason.
func soonDocument(t testing.TB) string {
	t.Helper()
	document := strings.ReplaceAll(string(demo.Riverside), "to: registered-practice/queue:results, urgency: routine", "to: registered-practice/queue:results, urgency: soon")
	if document == string(demo.Riverside) {
		t.Fatal("the policy has no such rule")
	}
	return document
}

func TestADraftGoesAllTheWayOverTheAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	versions := must(t, w.call(t, "lead", "GET", policyAt+"/versions", nil), 200)
	first := strings.Split(strings.SplitAfter(string(versions.body), `"hash":"`)[1], `"`)[0]

	made := must(t, w.put(t, "winter", soonDocument(t), "If-None-Match", "*"), 201)
	if made.text("author") != "Neil Hart" || made.text("based_on") != first || made.Header.Get("ETag") == "" {
		t.Errorf("the draft is %s", made.body)
	}
	hash := made.text("hash")
	got := must(t, w.call(t, "lead", "GET", policyAt+"/drafts/winter", nil), 200)
	if got.Header.Get("ETag") != made.Header.Get("ETag") || got.text("document") != soonDocument(t) {
		t.Errorf("read back as %.300s", got.body)
	}
	plain := must(t, w.call(t, "lead", "GET", policyAt+"/drafts/winter", nil, "Accept", "application/yaml"), 200)
	if string(plain.body) != soonDocument(t) || plain.Header.Get("Content-Type") != "application/yaml" {
		t.Errorf("as YAML: %s %.100s", plain.Header.Get("Content-Type"), plain.body)
	}
	must(t, w.call(t, "lead", "GET", policyAt+"/drafts/winter", nil, "If-None-Match", got.Header.Get("ETag")), 304)
	if list := must(t, w.call(t, "lead", "GET", policyAt+"/drafts", nil), 200); !strings.Contains(string(list.body), hash) {
		t.Errorf("the list is %s", list.body)
	}

	checked := must(t, w.call(t, "lead", "POST", policyAt+"/drafts/winter/check", nil), 200)
	if _, ok := checked.json["findings"].([]any); !ok {
		t.Errorf("checked: %s", checked.body)
	}
	simulated := must(t, w.call(t, "lead", "POST", policyAt+"/drafts/winter/simulate", object{"mode": "closed-loop"}), 200)
	if simulated.text("mode") != "closed-loop" || simulated.json["requests"] != 0.0 {
		t.Errorf("simulated: %s", simulated.body)
	}
	run := must(t, w.call(t, "lead", "POST", policyAt+"/drafts/winter/simulate", object{}, "Prefer", "respond-async"), 202)
	if again := must(t, w.call(t, "lead", "GET", run.Header.Get("Location"), nil), 200); again.text("id") != run.text("id") {
		t.Errorf("the run is %s", again.body)
	}
	must(t, w.call(t, "lead", "POST", run.Header.Get("Location")+"/cancel", nil), 200)
	gate := must(t, w.call(t, "lead", "GET", policyAt+"/drafts/winter/gate", nil), 200)
	if gate.text("against") != first || len(gate.json["blocks"].([]any)) != 0 || len(gate.json["needs"].([]any)) != 0 {
		t.Errorf("the gate is %s", gate.body)
	}

	differs := must(t, w.call(t, "lead", "GET", policyAt+"/drafts/winter/difference", nil), 200)
	if regions, _ := differs.json["regions"].([]any); differs.json["complete"] != true || len(regions) != 1 || !strings.Contains(fmt.Sprint(regions[0]), "test-results") {
		t.Errorf("the difference is %s", differs.body)
	}

	refusal{422, "note_required", ""}.check(t, w.call(t, "lead", "POST", policyAt+"/drafts/winter/publish", object{"note": " "}))
	published := must(t, w.call(t, "lead", "POST", policyAt+"/drafts/winter/publish", object{"note": "Same day."}), 201)
	if published.text("hash") != hash || published.text("state") != "live" || published.text("based_on") != first {
		t.Errorf("published %s", published.body)
	}
	must(t, w.call(t, "lead", "POST", policyAt+"/drafts/winter/publish", object{"note": "Once more."}), 200)
	w.Pass(time.Second)
	if receipt := must(t, w.submit(t, "app", w.soreThroat()), 201); receipt.json["decision"].(object)["policy_version"] != hash {
		t.Errorf("decided by %v", receipt.json["decision"])
	}
	version := must(t, w.call(t, "lead", "GET", published.Header.Get("Location"), nil), 200)
	if version.text("document") != soonDocument(t) {
		t.Errorf("the version is %.300s", version.body)
	}
	must(t, w.call(t, "lead", "GET", published.Header.Get("Location"), nil, "Accept", "application/yaml"), 200)

	refusal{422, "note_required", ""}.check(t, w.call(t, "lead", "POST", policyAt+"/versions/"+first+"/restore", object{}))
	refusal{409, "already_live", ""}.check(t, w.call(t, "lead", "POST", policyAt+"/versions/"+hash+"/restore", object{"note": "back"}))
	restored := must(t, w.call(t, "lead", "POST", policyAt+"/versions/"+first+"/restore", object{"note": "Too many."}), 201)
	if restored.text("restored_from") != first || restored.text("hash") != first {
		t.Errorf("restored %s", restored.body)
	}
	must(t, w.call(t, "lead", "DELETE", policyAt+"/drafts/winter", nil), 204)
	refusal{404, "not_found", ""}.check(t, w.call(t, "lead", "GET", policyAt+"/drafts/winter", nil))
}

func TestTheSecondSaveIsToldWhatChangedAndNothingIsLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	etag := must(t, w.put(t, "shared", string(demo.Riverside)), 201).Header.Get("ETag")
	refusal{428, "precondition_required", ""}.check(t, w.put(t, "shared", soonDocument(t)))
	refusal{412, "draft_exists", ""}.check(t, w.put(t, "shared", soonDocument(t), "If-None-Match", "*"))
	refusal{400, "precondition_format", ""}.check(t, w.put(t, "shared", soonDocument(t), "If-None-Match", "*", "If-Match", etag))
	next := must(t, w.put(t, "shared", soonDocument(t), "If-Match", etag), 200)

	mine := strings.Replace(string(demo.Riverside), "Nobody knows yet what it is about.", "Call them back.", 1)
	late := w.put(t, "shared", mine, "If-Match", etag)
	refusal{412, "draft_changed", ""}.check(t, late)
	if late.text("changed_by") != "Neil Hart" || late.text("changed_at") == "" || late.text("etag") != next.Header.Get("ETag") {
		t.Errorf("told %s", late.body)
	}
	for _, want := range []string{"rule test-results of everything-else was changed", "case results go to the results queue was changed"} {
		if !strings.Contains(fmt.Sprint(late.json["changes"]), want) {
			t.Errorf("not told that %s: %s", want, late.body)
		}
	}
	if now := must(t, w.call(t, "lead", "GET", policyAt+"/drafts/shared", nil), 200); now.text("document") != soonDocument(t) {
		t.Error("the draft is not as it was left")
	}
	kept := must(t, w.call(t, "lead", "GET", policyAt+"/drafts/shared/saves/"+late.text("save"), nil), 200)
	if string(kept.body) != mine {
		t.Errorf("kept %.200s", kept.body)
	}
	if list := must(t, w.call(t, "lead", "GET", policyAt+"/drafts/shared/saves", nil), 200); strings.Count(string(list.body), `"id"`) != 3 || !strings.Contains(string(list.body), `"refused":true`) {
		t.Errorf("the saves are %s", list.body)
	}
	must(t, w.put(t, "shared", mine, "If-Match", "*"), 200)
	refusal{412, "draft_changed", ""}.check(t, w.call(t, "lead", "DELETE", policyAt+"/drafts/shared", nil, "If-Match", etag))
	refusal{412, "draft_changed", ""}.check(t, w.put(t, "never-begun", mine, "If-Match", etag))
}

func TestDocumentsComeInSeveralFormats(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p, err := policy.Parse([]byte(exampleDocument))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		media string
		body  any
	}{
		"yaml": {"application/yaml", exampleDocument}, "an-older-yaml": {"text/x-yaml", exampleDocument}, "nothing-said": {"application/x-www-form-urlencoded", exampleDocument},
		"in-json": {"application/json", object{"document": exampleDocument}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			call := w.call
			if c.media != "application/yaml" && c.media != "application/json" {
				call = w.unheld // the reader of our document knows no such bodies
			}
			got := call(t, "lead", "PUT", policyAt+"/drafts/"+name, c.body, "Content-Type", c.media)
			if got.StatusCode != 201 || got.text("hash") != p.Hash() {
				t.Errorf("%d %.300s", got.StatusCode, got.body)
			}
		})
	}
	itself := `{"policy":"riverside","tables":[{"name":"all","rules":[{"id":"catch-all","when":{"kind":"\"admin\""},"then":{"to":"registered-practice","urgency":"soon"}},{"id":"rest","when":{},"then":{"to":"registered-practice","urgency":"soon"}}]}]}`
	if got := w.call(t, "lead", "PUT", policyAt+"/drafts/itself", itself); got.StatusCode != 201 {
		t.Errorf("a policy in JSON: %d %.300s", got.StatusCode, got.body)
	}
}

func TestDecisionTablesComeInAndGoOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	must(t, w.put(t, "out", string(demo.Riverside)), 201)
	out := w.unheld(t, "lead", "GET", policyAt+"/drafts/out", nil, "Accept", "application/dmn+xml")
	if out.StatusCode != 200 || out.Header.Get("Content-Type") != "application/dmn+xml" || !strings.Contains(string(out.body), "<decisionTable") {
		t.Fatalf("%d %.200s", out.StatusCode, out.body)
	}
	in := w.unheld(t, "lead", "PUT", policyAt+"/drafts/in", string(out.body), "Content-Type", "application/xml")
	if in.StatusCode != 201 {
		t.Fatalf("%d: %.300s", in.StatusCode, in.body)
	}
	if d := must(t, w.call(t, "lead", "GET", policyAt+"/drafts/in/difference", nil), 200); d.json["complete"] != true || len(d.json["regions"].([]any)) != 0 {
		t.Errorf("what went out and came in decides otherwise: %s", d.body)
	}
	for name, body := range map[string]string{
		"a bomb":    `<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><definitions>&b;</definitions>`,
		"an entity": `<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><definitions>&a;</definitions>`, "no XML": "<definitions", "no DMN": "<html/>",
	} {
		got := w.unheld(t, "lead", "PUT", policyAt+"/drafts/bad", body, "Content-Type", "application/dmn+xml")
		if got.StatusCode != 400 && got.StatusCode != 422 || got.text("detail") == "" || strings.Contains(string(got.body), "root:") {
			t.Errorf("%s: %d %.300s", name, got.StatusCode, got.body)
		}
	}
	refusal{404, "not_found", ""}.check(t, w.call(t, "lead", "GET", policyAt+"/drafts/bad", nil))
}

func TestBadPolicies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	must(t, w.put(t, "there", string(demo.Riverside)), 201)
	failing := strings.Replace(string(demo.Riverside), "condition: '\"sore-throat\"', age: '>= 5'", "condition: '\"sore-throat\"', age: '>= 40'", 1)
	must(t, w.put(t, "failing", failing), 201)
	for name, c := range map[string]struct {
		method, path string
		body         any
		headers      []string
		want         refusal
	}{
		"a broken cell":                {"PUT", "/drafts/x", strings.Replace(exampleDocument, "'< 16'", "'under 16'", 1), nil, refusal{422, "policy_cell", "/tables/0/rules/0/when/age"}},
		"an unknown fact":              {"PUT", "/drafts/x", strings.Replace(exampleDocument, "pregnant: '\"yes\"'", "height: '\"tall\"'", 1), nil, refusal{422, "policy_fact", "/tables/0/rules/0/when/height"}},
		"an empty table":               {"PUT", "/drafts/x", "policy: x\ntables:\n  - name: a\n    rules: []\n", nil, refusal{422, "policy_table", "/tables/0"}},
		"no catch-all":                 {"PUT", "/drafts/x", "policy: x\ntables:\n  - name: a\n    rules:\n      - { id: b, when: { kind: '\"admin\"' }, then: { to: desk, urgency: soon } }\n", nil, refusal{422, "policy_catch_all", ""}},
		"the safety stage's fact":      {"PUT", "/drafts/x", "policy: x\nfacts: { red-flag: [none] }\n", nil, refusal{422, "policy_safety", "/facts/red-flag"}},
		"no YAML":                      {"PUT", "/drafts/x", "policy: [", nil, refusal{400, "policy_yaml", ""}},
		"nothing":                      {"PUT", "/drafts/x", nil, nil, refusal{400, "document_required", ""}},
		"a name that is none":          {"PUT", "/drafts/Winter_2026", exampleDocument, nil, refusal{422, "draft_name", ""}},
		"a name that is too long":      {"PUT", "/drafts/" + strings.Repeat("x", 64), exampleDocument, nil, refusal{422, "draft_name", ""}},
		"too long":                     {"PUT", "/drafts/x", exampleDocument + strings.Repeat("# and so on\n", 200_000), nil, refusal{413, "too_large", ""}},
		"far too long":                 {"PUT", "/drafts/x", strings.Repeat("# and so on\n", 600_000), nil, refusal{413, "too_large", ""}},
		"a hundred thousand rules":     {"PUT", "/drafts/x", "policy: x\ntables:\n  - name: a\n    rules:\n" + strings.Repeat("      - {id: b}\n", 100_000), nil, refusal{422, "policy_rules", ""}},
		"a form":                       {"PUT", "/drafts/x", exampleDocument, []string{"Content-Type", "multipart/form-data; boundary=x"}, refusal{415, "document_format", ""}},
		"JSON with more in it":         {"PUT", "/drafts/x", object{"document": exampleDocument, "name": "x"}, []string{"Content-Type", "application/json"}, refusal{422, "unknown_field", "/name"}},
		"JSON that is none":            {"PUT", "/drafts/x", `{"document":`, []string{"Content-Type", "application/json"}, refusal{400, "malformed_json", ""}},
		"a stale tag of none":          {"PUT", "/drafts/x", exampleDocument, []string{"If-Match", `"1-0000000000000000"`, "Content-Type", "application/yaml"}, refusal{412, "draft_changed", ""}},
		"checking what is not there":   {"POST", "/drafts/x/check", nil, nil, refusal{404, "not_found", ""}},
		"simulating in another mode":   {"POST", "/drafts/there/simulate", object{"mode": "fast"}, nil, refusal{422, "simulation_mode", ""}},
		"simulating backwards":         {"POST", "/drafts/there/simulate", object{"since": "2026-11-20T00:00:00Z", "until": "2026-11-19T00:00:00Z"}, nil, refusal{422, "simulation_period", ""}},
		"simulating since yesterday":   {"POST", "/drafts/there/simulate", object{"since": "yesterday"}, nil, refusal{422, "moment_format", "/since"}},
		"publishing without a body":    {"POST", "/drafts/failing/publish", nil, nil, refusal{422, "not_publishable", ""}},
		"publishing a failing case":    {"POST", "/drafts/failing/publish", object{"note": "x"}, nil, refusal{422, "not_publishable", ""}},
		"publishing in the past":       {"POST", "/drafts/failing/publish", object{"note": "x", "from": "2026-11-01T00:00:00Z"}, nil, refusal{422, "from_past", "/from"}},
		"publishing in ten years":      {"POST", "/drafts/failing/publish", object{"note": "x", "from": "2036-11-01T00:00:00Z"}, nil, refusal{422, "from_far", "/from"}},
		"publishing at some time":      {"POST", "/drafts/failing/publish", object{"note": "x", "from": "soon"}, nil, refusal{422, "moment_format", "/from"}},
		"publishing an older text":     {"POST", "/drafts/failing/publish", object{"note": "x"}, []string{"If-Match", `"9-0"`}, refusal{412, "draft_changed", ""}},
		"publishing with more":         {"POST", "/drafts/failing/publish", object{"note": "x", "force": true}, nil, refusal{422, "unknown_field", "/force"}},
		"publishing what is not there": {"POST", "/drafts/x/publish", object{"note": "x"}, nil, refusal{404, "not_found", ""}},
		"restoring what never was":     {"POST", "/versions/" + strings.Repeat("0", 64) + "/restore", object{"note": "x"}, nil, refusal{404, "not_found", ""}},
		"reviewing one's own":          {"POST", "/drafts/there/review", object{"approve": true}, nil, refusal{403, "own_draft", ""}},
		"reviewing without a word":     {"POST", "/drafts/there/review", object{}, nil, refusal{422, "required", "/approve"}},
		"a setting of nothing":         {"PUT", "/settings", object{}, nil, refusal{422, "required", "/second_person"}},
		"another neighbourhood":        {"GET", "/../../hillside/policy/drafts", nil, nil, refusal{404, "not_found", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			headers := c.headers
			if _, ok := c.body.(string); ok && len(headers) == 0 {
				headers = []string{"Content-Type", "application/yaml"}
			}
			path := policyAt + c.path
			if strings.HasPrefix(c.path, "/..") {
				path = "/api/v1/neighbourhoods/hillside/policy/drafts"
			}
			c.want.check(t, w.call(t, "lead", c.method, path, c.body, headers...))
		})
	}
}

func TestASecondPersonIsAskedForWhereTheNeighbourhoodWantsOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if set := must(t, w.call(t, "lead", "GET", policyAt+"/settings", nil), 200); set.json["second_person"] != false {
		t.Errorf("at first %s", set.body)
	}
	must(t, w.call(t, "lead", "PUT", policyAt+"/settings", object{"second_person": true}), 200)
	must(t, w.put(t, "winter", soonDocument(t)), 201)
	refusal{422, "review_required", ""}.check(t, w.call(t, "lead", "POST", policyAt+"/drafts/winter/publish", object{"note": "Same day."}))
}

func TestAScheduledVersionCanBeWithdrawn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	must(t, w.put(t, "winter", soonDocument(t)), 201)
	tomorrow := w.Now().Add(24 * time.Hour).Format(time.RFC3339)
	v := must(t, w.call(t, "lead", "POST", policyAt+"/drafts/winter/publish", object{"note": "Same day.", "from": tomorrow}), 201)
	if v.text("state") != "scheduled" {
		t.Errorf("published %s", v.body)
	}
	at := policyAt + "/versions/" + v.text("hash")
	refusal{422, "note_required", ""}.check(t, w.call(t, "lead", "POST", at+"/withdraw", object{}))
	if got := must(t, w.call(t, "lead", "POST", at+"/withdraw", object{"note": "Not yet."}), 200); got.text("state") != "withdrawn" {
		t.Errorf("withdrawn: %s", got.body)
	}
	refusal{409, "not_scheduled", ""}.check(t, w.call(t, "lead", "POST", at+"/withdraw", object{"note": "Again."}))
	w.Pass(48 * time.Hour)
	if receipt := must(t, w.submit(t, "app", w.soreThroat()), 201); receipt.json["decision"].(object)["policy_version"] == v.text("hash") {
		t.Error("it decided")
	}
}
