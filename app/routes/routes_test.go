package routes_test

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"onedoor/app/fault"
	"onedoor/app/identity"
	"onedoor/app/routes"
)

func TestWhatIsSentMustBeReadable(t *testing.T) {
	t.Parallel()
	f := serve(t, nil)
	nested := strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40)
	for name, test := range map[string]struct {
		body, contentType string
		status            int
		code, pointer     string
	}{
		"good":               {body: `{"name":"A","age":3}`, status: 201},
		"a suffix is JSON":   {body: `{"name":"A"}`, contentType: "application/merge-patch+json; charset=utf-8", status: 201},
		"not JSON":           {body: `name=A`, status: 400, code: "malformed_json"},
		"cut short":          {body: `{"name":"A"`, status: 400, code: "malformed_json"},
		"something after it": {body: `{"name":"A"} {}`, status: 400, code: "malformed_json"},
		"empty":              {body: " ", status: 400, code: "malformed_json"},
		"wrong type":         {body: `{"age":"three"}`, status: 422, code: "invalid", pointer: "/age"},
		"not an object":      {body: `[1]`, status: 422, code: "invalid", pointer: ""},
		"a fraction":         {body: `{"age":1.5}`, status: 422, code: "invalid", pointer: "/age"},
		"unknown field":      {body: `{"name":"A","nickname":"B"}`, status: 422, code: "invalid", pointer: "/nickname"},
		"field twice":        {body: `{"name":"A","name":"B"}`, status: 400, code: "duplicate_field"},
		"twice further down": {body: `{"more":{"x":1,"x":2}}`, status: 400, code: "duplicate_field"},
		"invalid UTF-8":      {body: "{\"name\":\"\xff\xfe\"}", status: 400, code: "invalid_utf8"},
		"lone surrogate":     {body: `{"name":"\ud800"}`, status: 400, code: "malformed_json"},
		"nested":             {body: `{"more":` + nested + `}`, status: 400, code: "too_deep"},
		"brackets in text":   {body: `{"name":"` + strings.Repeat("[{", 60) + `"}`, status: 201},
		"a nul":              {body: `{"name":"a\u0000b"}`, status: 400, code: "nul_character"},
		"only looks like it": {body: `{"name":"a\\u0000b"}`, status: 201},
		"a form":             {body: `name=A`, contentType: "application/x-www-form-urlencoded", status: 415, code: "json_expected"},
		"no type at all":     {body: `{}`, contentType: "-", status: 415, code: "json_expected"},
		"one mebibyte":       {body: `{"name":"` + strings.Repeat("x", 1<<20) + `"}`, status: 413, code: "too_large"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			headers := bearer(f.receptionist)
			if test.contentType != "" {
				headers = append(headers, "Content-Type", strings.TrimPrefix(test.contentType, "-"))
			}
			got := f.call(t, "POST", "/api/v1/things", test.body, headers...)
			if got.StatusCode != test.status {
				t.Fatalf("status %d, want %d: %s", got.StatusCode, test.status, got.text)
			}
			if test.status == 201 {
				return
			}
			if got.Header.Get("Content-Type") != "application/problem+json" || got.json["code"] != test.code {
				t.Fatalf("%s: %s", got.Header.Get("Content-Type"), got.text)
			}
			if test.status != 422 {
				return
			}
			field := got.json["errors"].([]any)[0].(map[string]any)
			if field["pointer"] != test.pointer {
				t.Errorf("pointer %q, want %q", field["pointer"], test.pointer)
			}
		})
	}
}

// A body that does not say how long it is meets the same limit.
func TestChunkedBodyOverTheLimit(t *testing.T) {
	t.Parallel()
	f := serve(t, nil)
	r, err := http.NewRequest("POST", f.url+"/api/v1/things", io.MultiReader(strings.NewReader(`{"name":"`), strings.NewReader(strings.Repeat("x", 1<<20)), strings.NewReader(`"}`)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+string(f.receptionist))
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != 413 {
		t.Errorf("status %d", res.StatusCode)
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	f := serve(t, func(o *routes.Options) { o.Timeout = 50 * time.Millisecond })
	key := bearer(f.receptionist)
	absent := f.call(t, "GET", "/api/v1/things/1234567890", "", key...)
	foreign := f.call(t, "GET", "/api/v1/things/9876543210", "", key...)
	if absent.StatusCode != 404 || absent.text != foreign.text || strings.Contains(absent.text, "1234567890") {
		t.Errorf("absent %s, foreign %s", absent.text, foreign.text)
	}
	for name, test := range map[string]struct {
		method, path string
		headers      []string
		status       int
		code         string
	}{
		"no key":             {"GET", "/api/v1/things/x", nil, 401, "not_signed_in"},
		"not a key":          {"GET", "/api/v1/things/x", []string{"Authorization", "Bearer hello"}, 401, "unknown_key"},
		"unknown key":        {"GET", "/api/v1/things/x", bearer(must(identity.NewKey(nil))), 401, "unknown_key"},
		"another scheme":     {"GET", "/api/v1/things/x", []string{"Authorization", "Basic YTpi"}, 401, "bearer_expected"},
		"not this role":      {"GET", "/api/v1/lowered", key, 403, "forbidden"},
		"app may not stream": {"GET", "/api/v1/stream", bearer(f.app), 403, "forbidden"},
		"unknown route":      {"GET", "/api/v1/nothing", key, 404, "not_found"},
		"unknown, no key":    {"POST", "/api/v1/nothing", nil, 404, "not_found"},
		"wrong method":       {"DELETE", "/api/v1/things/x", key, 405, "wrong_method"},
		"conflict":           {"GET", "/api/v1/things/conflict", key, 409, "request_claimed"},
		"busy":               {"GET", "/api/v1/things/busy", key, 503, "database_away"},
		"too slow":           {"GET", "/api/v1/things/slow", key, 503, "too_slow"},
		"panic":              {"GET", "/api/v1/things/boom", key, 500, "internal"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := f.call(t, test.method, test.path, "", test.headers...)
			if got.StatusCode != test.status || got.json["code"] != test.code || got.json["status"] != float64(test.status) {
				t.Fatalf("%d %s", got.StatusCode, got.text)
			}
			for _, member := range []string{"type", "title", "detail"} {
				if s, _ := got.json[member].(string); s == "" {
					t.Errorf("no %s: %s", member, got.text)
				}
			}
			if test.status == 500 && (strings.Contains(got.text, "canary") || strings.Contains(got.text, "goroutine")) {
				t.Error("a panic's words reached the caller")
			}
			if test.code == "database_away" && got.Header.Get("Retry-After") != "2" {
				t.Errorf("Retry-After %q", got.Header.Get("Retry-After"))
			}
			if test.code == "request_claimed" && got.json["claimed_by"] != "Ann" {
				t.Errorf("details are missing: %s", got.text)
			}
			if test.status == 405 && !strings.Contains(got.Header.Get("Allow"), "GET") {
				t.Errorf("Allow %q", got.Header.Get("Allow"))
			}
			if test.status == 401 && got.Header.Get("WWW-Authenticate") == "" {
				t.Error("no WWW-Authenticate")
			}
		})
	}
}

func TestHeadAndOptions(t *testing.T) {
	t.Parallel()
	f := serve(t, nil)
	if got := f.call(t, "HEAD", "/", ""); got.StatusCode != 200 || got.text != "" {
		t.Errorf("HEAD: %d %q", got.StatusCode, got.text)
	}
	if got := f.call(t, "OPTIONS", "/api/v1/things", ""); got.StatusCode != 204 || !strings.Contains(got.Header.Get("Allow"), "POST") {
		t.Errorf("OPTIONS: %d, Allow %q", got.StatusCode, got.Header.Get("Allow"))
	}
	if got := f.call(t, "OPTIONS", "/nothing", ""); got.StatusCode != 404 {
		t.Errorf("OPTIONS of nothing: %d", got.StatusCode)
	}
	if got := f.call(t, "HEAD", "/api/v1/stream", "", bearer(f.receptionist)...); got.StatusCode != 200 {
		t.Errorf("HEAD of a stream: %d", got.StatusCode)
	}
}

func TestPagesAnswerWithPages(t *testing.T) {
	t.Parallel()
	f := serve(t, nil)
	got := f.call(t, "GET", "/reception?view=1", "", "Accept", "text/html")
	if got.StatusCode != 303 || got.Header.Get("Location") != "/sign-in?return=%2Freception%3Fview%3D1" {
		t.Errorf("%d to %q", got.StatusCode, got.Header.Get("Location"))
	}
	got = f.call(t, "GET", "/reception", "", "Accept", "text/html", "HX-Request", "true")
	if got.StatusCode != 401 || got.Header.Get("HX-Redirect") != "/sign-in" {
		t.Errorf("fragment: %d", got.StatusCode)
	}
	got = f.call(t, "GET", "/nowhere", "", "Accept", "text/html")
	if got.StatusCode != 404 || !strings.Contains(got.text, "<h1>") {
		t.Errorf("%d %s", got.StatusCode, got.text)
	}
	if got = f.call(t, "GET", "/reception", "", f.cookie()...); got.StatusCode != 200 || got.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("with a session: %d", got.StatusCode)
	}
	rendered := serve(t, func(o *routes.Options) {
		o.ProblemPage = func(c echo.Context, status int, e *fault.Error) error { return c.HTML(status, "OURS "+e.Code) }
	})
	if got = rendered.call(t, "GET", "/nowhere", ""); got.text != "OURS not_found" {
		t.Errorf("hook: %s", got.text)
	}
}

func TestOtherSitesCannotAct(t *testing.T) {
	t.Parallel()
	f := serve(t, nil)
	ok := f.call(t, "POST", "/reception/claim", "{}", append(f.cookie(), "Sec-Fetch-Site", "same-origin")...)
	if ok.StatusCode != 204 {
		t.Errorf("own page: %d", ok.StatusCode)
	}
	for _, headers := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}} {
		if got := f.call(t, "POST", "/reception/claim", "{}", append(f.cookie(), headers...)...); got.StatusCode != 403 {
			t.Errorf("%v: %d", headers, got.StatusCode)
		}
	}
}

func TestSecurityHeaders(t *testing.T) {
	t.Parallel()
	f := serve(t, func(o *routes.Options) { o.FormAction = []string{"https://id.example"}; o.Secure = true })
	one, two := f.call(t, "GET", "/", ""), f.call(t, "GET", "/", "")
	nonce := regexp.MustCompile(`nonce="([^"]{20,})"`).FindStringSubmatch(one.text)
	if nonce == nil || !strings.Contains(one.Header.Get("Content-Security-Policy"), "'nonce-"+nonce[1]+"'") || one.text == two.text {
		t.Errorf("nonce: %s / %s", one.Header.Get("Content-Security-Policy"), one.text)
	}
	for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'", "form-action 'self' https://id.example", "base-uri 'none'"} {
		if !strings.Contains(one.Header.Get("Content-Security-Policy"), want) {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(one.Header.Get("Content-Security-Policy"), "unsafe") || one.Header.Get("X-Content-Type-Options") != "nosniff" ||
		one.Header.Get("Referrer-Policy") != "no-referrer" || one.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("%v", one.Header)
	}
}

func TestEachKeyHasItsOwnLimit(t *testing.T) {
	t.Parallel()
	frozen := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	f := serve(t, func(o *routes.Options) { o.Now = func() time.Time { return frozen } })
	for i := range 150 {
		if got := f.call(t, "GET", "/api/v1/things/x", "", bearer(f.receptionist)...); got.StatusCode != 404 {
			t.Fatalf("call %d: %d", i, got.StatusCode)
		}
	}
	got := f.call(t, "GET", "/api/v1/things/x", "", bearer(f.receptionist)...)
	if got.StatusCode != 429 || got.Header.Get("Retry-After") != "1" || got.json["code"] != "too_many_calls" {
		t.Errorf("call 151: %d %s", got.StatusCode, got.text)
	}
	if got := f.call(t, "GET", "/api/v1/things/x", "", bearer(f.app)...); got.StatusCode != 404 {
		t.Errorf("another key: %d", got.StatusCode)
	}
}

func TestProductionRefusesTheDemonstration(t *testing.T) {
	t.Parallel()
	dev, production := serve(t, nil), serve(t, func(o *routes.Options) { o.Development = false })
	if got := dev.call(t, "GET", "/development", ""); got.StatusCode != 200 {
		t.Errorf("development: %d", got.StatusCode)
	}
	if got := dev.call(t, "GET", "/development", "", "Host", "onedoor.example"); got.StatusCode != 404 {
		t.Errorf("development by another name: %d", got.StatusCode)
	}
	if got := production.call(t, "GET", "/development", ""); got.StatusCode != 404 {
		t.Errorf("production: %d", got.StatusCode)
	}
	if got := dev.call(t, "GET", "/api/v1/things/x", "", bearer(dev.seeded)...); got.StatusCode != 404 {
		t.Errorf("seeded key in development: %d", got.StatusCode)
	}
	if got := production.call(t, "GET", "/api/v1/things/x", "", bearer(production.seeded)...); got.StatusCode != 401 {
		t.Errorf("seeded key in production: %d", got.StatusCode)
	}
}

func TestLogAndMetricsHoldNothingIdentifiable(t *testing.T) {
	t.Parallel()
	f := serve(t, nil)
	f.call(t, "GET", "/api/v1/things/9991234567?name=canary", "", append(bearer(f.receptionist), "User-Agent", "canary", "X-Request-Id", "canary")...)
	f.call(t, "POST", "/api/v1/things", `{"canary":1}`, bearer(f.receptionist)...)
	f.call(t, "GET", "/api/v1/things/boom", "", bearer(f.receptionist)...)
	f.call(t, "GET", "/canary/9991234567", "")
	f.call(t, "CANARY", "/api/v1/things", "")
	families, err := f.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	seen := f.log.String()
	for _, family := range families {
		seen += family.String()
	}
	for _, canary := range []string{"canary", "Canary", "CANARY", "9991234567", "127.0.0.1", string(f.receptionist)} {
		if strings.Contains(seen, canary) {
			t.Errorf("%q is in the log or the metrics:\n%s", canary, seen)
		}
	}
	for _, want := range []string{`"route":"/api/v1/things/:reference"`, `"principal":"person"`, `"status":422`, `"level":"ERROR"`} {
		if !strings.Contains(seen, want) {
			t.Errorf("no %s in\n%s", want, seen)
		}
	}
}

func TestRegistrationRefusesMistakes(t *testing.T) {
	t.Parallel()
	handler := func(echo.Context) error { return nil }
	for name, mistake := range map[string]func(*routes.Server){
		"no rule":      func(s *routes.Server) { s.Add("GET", "/x", "", handler) },
		"made-up rule": func(s *routes.Server) { s.Add("GET", "/x", "everybody", handler) },
		"misspelt":     func(s *routes.Server) { s.Add("GET", "/x", routes.Need("request", "calim"), handler) },
		"twice": func(s *routes.Server) {
			s.Add("GET", "/x", routes.Public, handler)
			s.Add("GET", "/x", routes.Public, handler)
		},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: registered", name)
				}
			}()
			mistake(routes.New(routes.Options{}))
		}()
	}
	for _, r := range serve(t, nil).Routes() {
		if r.Rule == "" {
			t.Errorf("%s %s has no rule", r.Method, r.Path)
		}
	}
}

func TestLocalPath(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/reception?view=1": "/reception?view=1", "": "/", "https://evil.example/": "/", "//evil.example": "/",
		`/\evil.example`: "/", "reception": "/", "/a\nb": "/", "javascript:alert(1)": "/", "/%2f/evil": "/",
	} {
		if got := routes.LocalPath(path, "/"); got != want {
			t.Errorf("%q gives %q", path, got)
		}
	}
}
