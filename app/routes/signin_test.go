package routes_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"onedoor/app/audit"
	"onedoor/app/database"
	"onedoor/app/database/testdb"
	"onedoor/app/identity"
	"onedoor/app/identity/devprovider"
	"onedoor/app/identity/oidc"
	"onedoor/app/nhs"
	"onedoor/app/routes"
	"onedoor/app/store/identitystore"
	"onedoor/tenants"
)

// front is everything that signing in needs, as the product puts it together: one process, provider included.
func front(t *testing.T) string {
	t.Helper()
	l := httptest.NewUnstartedServer(nil)
	base := "http://" + l.Listener.Addr().String()
	issuer := base + "/development/identity"

	db := testdb.New(t)
	store := identitystore.New(db)
	seedStaff(t, db, store, issuer)
	door := identity.NewDoor(store, time.Now, nil)
	provider, err := devprovider.New(devprovider.Options{
		Development: true, Issuer: issuer, ClientID: "onedoor", RedirectURL: base + routes.SignInCallbackPath, Now: time.Now,
		People: []devprovider.Person{{Subject: "ann", Name: "Ann"}, {Subject: "lee", Name: "Lee"}, {Subject: "nobody", Name: "Nobody"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	rp, err := oidc.New(oidc.Config{
		Issuer: issuer, ClientID: "onedoor", RedirectURL: base + routes.SignInCallbackPath, Scopes: []string{"profile"}, Development: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	server := routes.New(routes.Options{Doors: door, Development: true})
	server.AddSignIn(rp, door)
	for _, r := range provider.Routes() {
		server.AddHTTP(r.Method, r.Path, routes.Development, r.Handler)
	}
	for _, page := range []struct {
		path string
		rule routes.Rule
	}{
		{"/", routes.Public},
		{"/reception", routes.Need("request", "list")},
		{"/reception/:reference", routes.Need("request", "read")},
		{"/studio", routes.Need("policy", "read")},
	} {
		server.Add(http.MethodGet, page.path, page.rule, func(c echo.Context) error {
			return c.String(http.StatusOK, c.Request().URL.Path+" for "+routes.Principal(c).Name)
		})
	}
	l.Config.Handler = server.Handler()
	l.Start()
	t.Cleanup(l.Close)
	return base
}

func seedStaff(t *testing.T, db *database.DB, store *identitystore.Store, issuer string) {
	t.Helper()
	nb, practice := uuid.New(), uuid.New()
	err := db.Global(t.Context(), func(tx *database.Tx) error {
		if err := tx.Gorm().Exec("insert into organisations (id, ods_code, name, kind) values (?, 'A81001', 'Practice', 'practice')", practice).Error; err != nil {
			return err
		}
		return tx.Gorm().Exec("insert into neighbourhoods (id, slug, name, desk_organisation_id, created_at) values (?, 'riverside', 'Riverside', ?, now())", nb, practice).Error
	})
	if err != nil {
		t.Fatal(err)
	}
	from, err := nhs.ParseDate("2026-01-01")
	if err != nil {
		t.Fatal(err)
	}
	roles := map[string]tenants.Membership{
		"ann":    {NeighbourhoodID: nb, OrganisationID: practice, Role: tenants.Receptionist, From: from},
		"lee":    {NeighbourhoodID: nb, Role: tenants.Lead, From: from},
		"nobody": {},
	}
	for subject, m := range roles {
		p := identity.Person{ID: uuid.New(), Issuer: issuer, Subject: subject, Name: "Staff " + subject, CreatedAt: time.Now()}
		if err := store.AddPerson(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		if m.Role == "" {
			continue
		}
		if err := store.AddMembership(t.Context(), audit.Actor{Kind: audit.System}, uuid.New(), p.ID, m, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
}

var hidden = regexp.MustCompile(`type="hidden" name="([a-z_]+)" value="([^"]*)"`)

// signIn opens a page as a browser does, and presses the button of the person when the provider asks.
func signIn(t *testing.T, b *http.Client, page, subject string) (landed, text string, status int) {
	t.Helper()
	res, err := b.Get(page)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(res.Body)
	_ = res.Body.Close()
	form := url.Values{"subject": {subject}}
	for _, m := range hidden.FindAllStringSubmatch(string(body), -1) {
		form.Set(m[1], m[2])
	}
	if !form.Has("state") {
		t.Fatalf("no sign-in page at %s: %s", res.Request.URL, body)
	}
	at := *res.Request.URL
	at.RawQuery = ""
	res, err = b.PostForm(at.String(), form)
	if err != nil {
		t.Fatal(err)
	}
	body, _ = io.ReadAll(res.Body)
	_ = res.Body.Close()
	return res.Request.URL.Path, string(body), res.StatusCode
}

func browser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar}
}

func TestSigningInThroughTheBrowser(t *testing.T) {
	t.Parallel()
	base := front(t)
	ann := browser(t)
	landed, text, status := signIn(t, ann, base+"/reception/1234567890", "ann")
	if status != 200 || landed != "/reception/1234567890" || !strings.HasSuffix(text, "for Staff ann") {
		t.Fatalf("%d at %s: %s", status, landed, text)
	}
	site, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	cookies := ann.Jar.Cookies(site)
	if len(cookies) != 1 || cookies[0].Name != "onedoor-session" {
		t.Errorf("cookies after signing in: %v", cookies)
	}
	res, err := ann.Get(base + "/studio")
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != 403 {
		t.Errorf("a receptionist in the studio: %d", res.StatusCode)
	}
	if landed, _, _ := signIn(t, browser(t), base+"/sign-in", "lee"); landed != "/studio" {
		t.Errorf("the lead landed at %s", landed)
	}
	if _, text, status := signIn(t, browser(t), base+"/sign-in", "nobody"); status != 403 || !strings.Contains(text, "no organisation here lists you") {
		t.Errorf("nobody: %d %s", status, text)
	}

	res, err = ann.PostForm(base+routes.SignOutPath, nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if len(ann.Jar.Cookies(site)) != 0 {
		t.Error("a cookie is left after signing out")
	}
	stolen, err := http.NewRequest(http.MethodGet, base+"/reception", nil)
	if err != nil {
		t.Fatal(err)
	}
	stolen.Header.Set("Accept", "application/json")
	stolen.AddCookie(cookies[0])
	res, err = http.DefaultClient.Do(stolen)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != 401 {
		t.Errorf("the session lives on after signing out: %d", res.StatusCode)
	}
}

func TestTheAnswerMustComeToTheBrowserThatAsked(t *testing.T) {
	t.Parallel()
	base := front(t)
	asked := browser(t)
	asked.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if r.URL.Path == routes.SignInCallbackPath {
			return http.ErrUseLastResponse
		}
		return nil
	}
	res, err := asked.Get(base + "/sign-in?return=https://evil.example/")
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(res.Body)
	_ = res.Body.Close()
	form := url.Values{"subject": {"ann"}}
	for _, m := range hidden.FindAllStringSubmatch(string(body), -1) {
		form.Set(m[1], m[2])
	}
	res, err = asked.PostForm(base+"/development/identity/authorize", form)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	callback := res.Header.Get("Location")
	for name, b := range map[string]*http.Client{"a browser that asked nothing": browser(t), "a browser that asked something else": other(t, base)} {
		res, err := b.Get(callback)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode == 200 || strings.Contains(strings.Join(res.Header.Values("Set-Cookie"), " "), "onedoor-session=") {
			t.Errorf("%s was signed in: %d", name, res.StatusCode)
		}
	}
	asked.CheckRedirect = nil
	res, err = asked.Get(callback)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != 200 || res.Request.URL.Path != "/reception" {
		t.Errorf("the browser that asked: %d at %s", res.StatusCode, res.Request.URL)
	}
}

func other(t *testing.T, base string) *http.Client {
	t.Helper()
	b := browser(t)
	res, err := b.Get(base + "/sign-in")
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	return b
}
