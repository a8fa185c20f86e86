package e2e_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// Whatever is sent to the pages, the answer is a page with a sentence and never a stack, and nothing is half-saved.
func TestPagesInTrouble(t *testing.T) {
	t.Parallel()
	p := start(t)
	form := "application/x-www-form-urlencoded"
	for name, test := range map[string]struct {
		method, path, contentType, body string
		headers                         map[string]string
		status                          int
	}{
		"no such neighbourhood":       {method: "GET", path: "/nowhere/", status: 404},
		"a control character":         {method: "GET", path: "/river%00side/", status: 404},
		"not UTF-8 in the path":       {method: "GET", path: "/%ff%fe/", status: 404},
		"no such page":                {method: "GET", path: "/riverside/no/such/page", status: 404},
		"metrics are elsewhere":       {method: "GET", path: "/metrics/", status: 404},
		"from another site":           {method: "POST", path: "/riverside/start", contentType: form, body: "kind=admin", headers: map[string]string{"Sec-Fetch-Site": "cross-site"}, status: 403},
		"from another origin":         {method: "POST", path: "/riverside/start", contentType: form, body: "kind=admin", headers: map[string]string{"Origin": "https://elsewhere.example"}, status: 403},
		"a mebibyte":                  {method: "POST", path: "/riverside/start", contentType: form, body: "kind=" + strings.Repeat("a", 1<<20), status: 413},
		"an unknown kind":             {method: "POST", path: "/riverside/start", contentType: form, body: "kind=plague", status: 422},
		"a kind that is not UTF-8":    {method: "POST", path: "/riverside/start", contentType: form, body: "kind=%ff%fe", status: 400},
		"JSON in place of a form":     {method: "POST", path: "/riverside/start", contentType: "application/json", body: "{}", status: 415},
		"a broken form":               {method: "POST", path: "/riverside/start", contentType: form, body: "kind=%zz", status: 400},
		"an impossible date":          {method: "POST", path: "/riverside/status", contentType: form, body: "reference=1234567897&birth-day=31&birth-month=2&birth-year=1990", status: 422},
		"a question before its time":  {method: "POST", path: "/riverside/question/3", contentType: form, body: "answer=x", status: 200},
		"the wrong method":            {method: "DELETE", path: "/riverside/start", status: 405},
		"another's queue, not signed": {method: "GET", path: "/reception/queues/x", status: 200},
		"no such page at reception":   {method: "GET", path: "/reception/nothing/of/it", status: 404},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := http.NewRequest(test.method, p.BaseURL+test.path, strings.NewReader(test.body))
			if err != nil {
				t.Fatal(err)
			}
			if test.contentType != "" {
				r.Header.Set("Content-Type", test.contentType)
			}
			r.Header.Set("Accept", "text/html")
			for name, value := range test.headers {
				r.Header.Set(name, value)
			}
			jar := p.visit().http // with cookies: signing in begins with one
			response, err := jar.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			said, err := io.ReadAll(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			if response.StatusCode != test.status {
				t.Errorf("%d, want %d: %s", response.StatusCode, test.status, said)
			}
			page := string(said)
			if !strings.Contains(page, "<h1") || strings.Contains(page, "goroutine") || strings.Contains(page, "SQLSTATE") {
				t.Errorf("it is not a page that explains: %s", page)
			}
		})
	}
	for _, table := range []string{"requests", "conversations", "decisions"} {
		if n := p.count(`select count(*) from ` + table); n != 0 {
			t.Errorf("%d %s are left behind", n, table)
		}
	}
	if strings.Contains(p.logs.String(), "panic") {
		t.Errorf("something panicked:\n%s", p.logs)
	}
}
