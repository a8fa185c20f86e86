package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"onedoor/app/routes"
	"onedoor/policy/access"
	"onedoor/tenants"
)

// keyRoles are the demonstration's keys and what each is.
var keyRoles = map[string]tenants.Role{
	"app": tenants.App, "partner": tenants.Partner, "receptionist": tenants.Receptionist, "pharmacist": tenants.Clinician,
	"lead": tenants.Lead, "org_admin": tenants.OrgAdmin, "operator": tenants.Operator, "foreign_receptionist": tenants.Receptionist,
}

// Every route of the API by every role: who has no permission is told so, whoever and whatever is asked for; who has one
// is never told that they have none.
func TestAccessMatrix(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	receipt := must(t, w.submit(t, "app", w.soreThroat()), 201)
	fill := strings.NewReplacer(":kind", "symptoms", ":reference", receipt.text("reference"), ":id", uuid.NewString(), ":ods", "A81001", ":slug", "riverside", ":name", "nothing", ":hash", strings.Repeat("0", 64))
	cells := 0
	for _, r := range w.server.Routes() {
		if !strings.HasPrefix(r.Path, "/api/") {
			continue
		}
		method, path := r.Method, fill.Replace(r.Path)
		if strings.HasSuffix(path, "/events") {
			method = http.MethodHead // the stream itself does not end
		}
		object, action, needed := r.Rule.Permission()
		if !needed {
			if r.Rule != routes.Public {
				t.Errorf("%s %s: the rule %q", r.Method, r.Path, r.Rule)
			}
			continue
		}
		for _, key := range []string{"", "nobody"} {
			cells++
			if got := w.call(t, key, method, path, nil); got.StatusCode != http.StatusUnauthorized {
				t.Errorf("%s %s with the key %q: %d", method, path, key, got.StatusCode)
			}
		}
		for key, role := range keyRoles {
			cells++
			_, allowed := access.Allow(role, object, action)
			got := w.call(t, key, method, path, nil)
			refused := got.StatusCode == http.StatusForbidden
			if allowed && (got.StatusCode == http.StatusUnauthorized || got.code() == "forbidden") {
				t.Errorf("%s may %s %s, and %s %s: %d", key, action, object, method, path, got.StatusCode)
			}
			if !allowed && !refused {
				t.Errorf("%s may not %s %s, and %s %s: %d", key, action, object, method, path, got.StatusCode)
			}
			if got.StatusCode >= http.StatusInternalServerError {
				t.Errorf("%s %s by %s: %d %s", method, path, key, got.StatusCode, got.body)
			}
		}
	}
	if cells < 200 {
		t.Errorf("only %d cells were tried", cells)
	}
}
