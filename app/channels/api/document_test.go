package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"onedoor/app/channels/api"
	"onedoor/app/requests"
	"onedoor/app/routes"
)

// routed is the API's routes and nothing behind them.
func routed(t *testing.T) *routes.Server {
	t.Helper()
	a, err := api.New(api.Options{Requests: requests.New(nil, nil, time.Now, nil)})
	if err != nil {
		t.Fatal(err)
	}
	s := routes.New(routes.Options{})
	a.Add(s)
	return s
}

func TestTheDocumentIsValid(t *testing.T) {
	t.Parallel()
	doc := document(t, routed(t))
	if !doc.IsOpenAPI31OrLater() {
		t.Errorf("version %s", doc.OpenAPI)
	}
	if err := doc.Validate(t.Context(), openapi3.EnableExamplesValidation()); err != nil {
		t.Error(err)
	}
}

// Every route of the API is described, and everything described is a route.
func TestTheDocumentDescribesTheRoutes(t *testing.T) {
	t.Parallel()
	s := routed(t)
	doc := document(t, s)
	served := map[string]routes.Rule{}
	for _, r := range s.Routes() {
		if !strings.HasPrefix(r.Path, "/api/v1/") {
			continue
		}
		parts := strings.Split(r.Path, "/")
		for i, part := range parts {
			if name, ok := strings.CutPrefix(part, ":"); ok {
				parts[i] = "{" + name + "}"
			}
		}
		served[r.Method+" "+strings.Join(parts, "/")] = r.Rule
	}
	described := map[string]bool{}
	for path, item := range doc.Paths.Map() {
		for method, operation := range item.Operations() {
			name := method + " " + path
			described[name] = true
			rule, ok := served[name]
			if !ok {
				t.Errorf("%s is described and not served", name)
			}
			open := operation.Security != nil && len(*operation.Security) == 0
			if open != (rule == routes.Public) {
				t.Errorf("%s: described as open %v, and its rule is %q", name, open, rule)
			}
			if operation.OperationID == "" || operation.Summary == "" {
				t.Errorf("%s has no id or summary", name)
			}
			if !open && operation.Responses.Default() == nil {
				t.Errorf("%s describes no problem", name)
			}
			if method == http.MethodPost && operation.RequestBody == nil {
				t.Errorf("%s describes no body", name)
			}
		}
	}
	for name := range served {
		if !described[name] {
			t.Errorf("%s is served and not described", name)
		}
	}
}
