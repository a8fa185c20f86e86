package trouble_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"onedoor/app/fault"
	"onedoor/app/routes"
	"onedoor/app/workspaces/trouble"
)

func TestPagesSayNoToStaffInTheirOwnWords(t *testing.T) {
	t.Parallel()
	patients := func(c echo.Context, status int, _ *fault.Error) error { return c.String(status, "for patients") }
	server := routes.New(routes.Options{ProblemPage: trouble.Page(patients), Now: time.Now})
	for path, says := range map[string]error{
		"/reception/claimed": fault.New(fault.Conflict, "request_claimed", "Dr Aisha Rahman has it."),
		"/reception/late":    fault.New(fault.Unavailable, "too_slow", "This took too long."),
		"/studio/broken":     http.ErrBodyNotAllowed,
	} {
		server.Add(http.MethodGet, path, routes.Public, func(echo.Context) error { return says })
	}
	for name, test := range map[string]struct {
		method, path string
		status       int
		holds        []string
	}{
		"nothing there":             {"GET", "/operations/nothing", 404, []string{"Page not found", "Onedoor operations", `href="/operations"`, "staff.css"}},
		"nothing there, with words": {"GET", "/reception/" + strings.Repeat("x", 300), 404, []string{"Page not found", `href="/reception"`}},
		"somebody else's claim":     {"GET", "/reception/claimed", 409, []string{"That was not done", "Dr Aisha Rahman has it."}},
		"too slow":                  {"GET", "/reception/late", 503, []string{"not working for the moment", `href="/reception/late"`, "Try again"}},
		"broken":                    {"GET", "/studio/broken", 500, []string{"There is a problem with this service", "Onedoor studio"}},
		"not a page":                {"POST", "/studio/broken", 405, []string{"This address is not a page"}},
		"a patient's page":          {"GET", "/riverside/nothing", 404, []string{"for patients"}},
		"almost a workspace":        {"GET", "/receptions", 404, []string{"for patients"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(test.method, test.path, nil)
			r.Header.Set("Accept", "text/html")
			answer := httptest.NewRecorder()
			server.Handler().ServeHTTP(answer, r)
			if answer.Code != test.status {
				t.Errorf("%d, want %d", answer.Code, test.status)
			}
			for _, words := range test.holds {
				if !strings.Contains(answer.Body.String(), words) {
					t.Errorf("lacks %q: %s", words, answer.Body)
				}
			}
		})
	}
}
