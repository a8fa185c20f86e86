package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
)

func TestAnIntegrationIsSetUpOverTheAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const ours = "/api/v1/organisations/A81001/integrations"
	at := ours + "/" + uuid.NewString()
	body := func(more ...any) map[string]any {
		b := map[string]any{
			"kind": "fhir-r4", "name": "Record system", "base_url": "https://10.0.0.1/fhir", "settings": map[string]any{"sign-in": "none"},
			"uses": []any{map[string]any{"use": "outcomes", "kinds": []any{"symptoms"}}},
		}
		for i := 0; i+1 < len(more); i += 2 {
			b[more[i].(string)] = more[i+1]
		}
		return b
	}
	made := must(t, w.call(t, "org_admin", http.MethodPut, at, body()), 201)
	if made.json["paused"] != true || made.json["version"] != 1.0 {
		t.Errorf("%s", made.body)
	}
	for name, c := range map[string]struct {
		key, method, path string
		body              any
		status            int
		code              string
	}{
		"a stale change":              {"org_admin", http.MethodPut, at, body("version", 7), 409, "integration_changed"},
		"another kind":                {"org_admin", http.MethodPut, at, body("version", 1, "kind", "bars"), 422, "/kind fixed"},
		"an address that is none":     {"org_admin", http.MethodPut, at, body("version", 1, "base_url", "nowhere"), 422, "/base_url integration_address"},
		"IM1":                         {"org_admin", http.MethodPut, ours + "/" + uuid.NewString(), body("kind", "im1"), 422, "integration_not_built"},
		"what is in development":      {"org_admin", http.MethodPut, ours + "/" + uuid.NewString(), body("kind", "patient-facing"), 422, "integration_in_development"},
		"another organisation's":      {"org_admin", http.MethodPut, strings.Replace(at, "A81001", "A81002", 1), body(), 404, "not_found"},
		"a lead":                      {"lead", http.MethodGet, at, nil, 403, "forbidden"},
		"a receptionist":              {"receptionist", http.MethodGet, at, nil, 403, "forbidden"},
		"an id of ours by another's":  {"operator", http.MethodGet, strings.Replace(at, "A81001", "A81002", 1), nil, 404, "not_found"},
		"an operator's new of the id": {"operator", http.MethodPut, strings.Replace(at, "A81001", "A81002", 1), body(), 409, "integration_exists"},
		"a credential that is no key": {"org_admin", http.MethodPut, at + "/credentials/private-key", map[string]any{"value": "hunter2-hunter2"}, 422, "/value credential_form"},
		"a credential there isn't":    {"org_admin", http.MethodPut, at + "/credentials/shoe-size", map[string]any{"value": "42"}, 404, "not_found"},
	} {
		t.Run(name, func(t *testing.T) {
			got := w.call(t, c.key, c.method, c.path, c.body)
			code := got.code()
			for pointer, field := range got.fields() {
				code = pointer + " " + field
			}
			if got.StatusCode != c.status || code != c.code || strings.Contains(string(got.body), "hunter2") {
				t.Errorf("%d %s", got.StatusCode, got.body)
			}
		})
	}
	tested := must(t, w.call(t, "org_admin", http.MethodPost, at+"/test", map[string]any{}), 200)
	if result, ok := tested.json["tested"].(map[string]any); !ok || result["good"] != false || strings.Contains(string(tested.body), "dial") {
		t.Errorf("an address that may not be called: %s", tested.body)
	}
	for act, want := range map[string][2]any{"resume": {"paused", false}, "record-only": {"record_only", true}} {
		if got := must(t, w.call(t, "org_admin", http.MethodPost, at+"/"+act, nil), 200); got.json[want[0].(string)] != want[1] {
			t.Errorf("%s: %s", act, got.body)
		}
	}
	list := must(t, w.call(t, "operator", http.MethodGet, ours, nil), 200)
	if items, ok := list.json["items"].([]any); !ok || len(items) != 1 {
		t.Errorf("%s", list.body)
	}
	must(t, w.call(t, "org_admin", http.MethodDelete, at, nil), 204)
	must(t, w.call(t, "org_admin", http.MethodGet, at, nil), 404)
}
