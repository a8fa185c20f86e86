package operations_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/clinical/simulator"
	"onedoor/app/clinical/systems"
	"onedoor/app/demo"
	"onedoor/app/demo/demotest"
	"onedoor/app/directory"
	"onedoor/app/identity"
	"onedoor/app/integrations"
	"onedoor/app/outbound"
	"onedoor/app/routes"
	"onedoor/app/secrets"
	"onedoor/app/secrets/keyfile"
	"onedoor/app/store/directorystore"
	"onedoor/app/store/identitystore"
	"onedoor/app/store/integrationstore"
	"onedoor/app/store/secretstore"
	"onedoor/app/workspaces/operations"
	"onedoor/ui/browsertest"
	"onedoor/ui/static"
)

// connecting is the workspace with connections, over the demonstration and a simulated clinical system.
type connecting struct {
	*desk
	service *integrations.Service
	system  string // the simulator's address
}

func openConnections(t *testing.T) *connecting {
	t.Helper()
	w := demotest.New(t)
	d := &desk{World: w, door: identity.NewDoor(identitystore.New(w.DB), w.Now, nil)}
	key, err := keyfile.OpenOrMake(filepath.Join(t.TempDir(), "key.json"))
	if err != nil {
		t.Fatal(err)
	}
	played, err := simulator.Open("", w.Now)
	if err != nil {
		t.Fatal(err)
	}
	sim := httptest.NewServer(played)
	t.Cleanup(func() {
		_ = played.Close()
		sim.Close()
	})
	var kinds []string
	for _, k := range w.Catalogue.Kinds() {
		kinds = append(kinds, k.Code)
	}
	store := integrationstore.New(w.DB)
	o := integrations.Options{Store: store, Vault: secrets.New(secretstore.New(w.DB, w.Now), key), Kinds: kinds, InDevelopment: true, Now: w.Now}
	o.Tester = systems.New(systems.Options{
		Integrations: store, Settings: integrations.New(o), Now: w.Now, Random: rand.Reader,
		Outbound: &outbound.Options{Allow: []outbound.Allowed{{Prefix: netip.MustParsePrefix("127.0.0.1/32")}}},
	})
	x := &connecting{desk: d, service: integrations.New(o), system: sim.URL}
	server := routes.New(routes.Options{Doors: d.door, Development: true, Now: w.Now})
	server.AddHTTP(http.MethodGet, static.Root+"*", routes.Public, static.Handler())
	all := directory.New(directorystore.New(w.DB), w.Now)
	operations.New(operations.Options{Directories: all, Neighbourhoods: all, Integrations: x.service, Catalogue: w.Catalogue, Now: w.Now}).Add(server)
	listening := httptest.NewServer(server.Handler())
	t.Cleanup(listening.Close)
	d.url = listening.URL
	return x
}

const ours = "/operations/integrations/A81001"

// added has an administrator add a connection, and gives its page's path.
func (x *connecting) added(t *testing.T, jo func(method, path string, pairs ...string) (int, string, string)) string {
	t.Helper()
	status, at, body := jo(http.MethodPost, ours, "kind", "fhir-r4", "name", "Record system", "address", x.system+"/A81001/fhir",
		"setting-sign-in", "none", "use-outcomes", "every", "use-from-others", "symptoms", "use-from-others", "callback")
	path, query, _ := strings.Cut(at, "?")
	if status != http.StatusOK || query != "done=added" {
		t.Fatalf("%d at %s: %s", status, at, body)
	}
	return path
}

func TestAnAdministratorConnectsAClinicalSystem(t *testing.T) {
	t.Parallel()
	x := openConnections(t)
	jo := x.as(t, "jo.bennett")
	status, at, body := jo(http.MethodGet, "/operations/integrations")
	if status != http.StatusOK || at != ours {
		t.Fatalf("%d at %s", status, at)
	}
	holds(t, body, "Weir Lane Surgery", "Is there an official partner programme?", "Is it assured, and by whom?", "Cannot be set up", "pairing integration pack", "In development nationally",
		"?kind=fhir-r4", "not ?kind=im1", "built to the public specification")
	_, _, body = jo(http.MethodGet, ours+"/new?kind=fhir-r4")
	holds(t, body, "What staff call this system", "Address of the FHIR server", "Every kind that no other connection names", "Add it, paused")
	if status, _, _ := jo(http.MethodGet, ours+"/new?kind=im1"); status != http.StatusNotFound {
		t.Errorf("a form for IM1: %d", status)
	}

	status, _, body = jo(http.MethodPost, ours, "kind", "fhir-r4", "name", "", "address", "nowhere", "setting-scope", "system/*.read")
	if status != http.StatusUnprocessableEntity {
		t.Errorf("nothing filled in: %d", status)
	}
	holds(t, body, "There is a problem", `href="#name"`, `href="#address"`, `value="system/*.read"`)

	page := x.added(t, jo)
	_, _, body = jo(http.MethodGet, page)
	holds(t, body, "Paused", "Last changed by Jo Bennett", "has not been asked yet", "Not set.", "Three questions", "into your record (only")
	_, at, body = jo(http.MethodPost, page+"/test")
	if at != page+"?done=test-passed" {
		t.Errorf("at %s: %s", at, body)
	}
	holds(t, body, "The test found nothing wrong.", "Tested by Jo Bennett", "Not encrypted", "File an outcome", ">Yes<", "Passed")
	_, _, body = jo(http.MethodPost, page+"/resume")
	holds(t, body, "It is resumed.", "It is in use.")
	_, _, body = jo(http.MethodPost, page+"/record-only")
	holds(t, body, "Only records", "Send for real")

	const secret = "-----BEGIN NOTHING-----"
	status, _, body = jo(http.MethodPost, page+"/credentials/private-key", "secret", secret)
	if status != http.StatusUnprocessableEntity {
		t.Errorf("what is no key: %d", status)
	}
	holds(t, body, "this is not a private key", `href="#credential-private-key"`, "not "+secret)
	_, at, body = jo(http.MethodPost, page+"/credentials/private-key", "secret", pemKey(t))
	if at != page+"?done=credential-set" {
		t.Errorf("at %s", at)
	}
	holds(t, body, "Set by Jo Bennett", "not PRIVATE KEY")
	if status, _, _ := jo(http.MethodPost, page+"/credentials/shoe-size", "secret", "42"); status != http.StatusNotFound {
		t.Errorf("a credential that there is not: %d", status)
	}
	_, _, body = jo(http.MethodPost, page+"/credentials/private-key/remove")
	holds(t, body, "The credential is removed.", "not Set by Jo Bennett")

	_, _, body = jo(http.MethodGet, page+"/change")
	version := regexp.MustCompile(`name="version" value="(\d+)"`).FindStringSubmatch(body)
	if len(version) != 2 {
		t.Fatal("the form has no version")
	}
	change := []string{"name", "The new name", "address", x.system + "/A81001/fhir", "setting-sign-in", "none", "use-outcomes", "every"}
	_, at, body = jo(http.MethodPost, page, append(change, "version", version[1])...)
	if at != page+"?done=changed" {
		t.Errorf("at %s: %s", at, body)
	}
	holds(t, body, "The new name", "not into your record (only")
	status, _, body = jo(http.MethodPost, page, append(change, "version", version[1])...)
	if status != http.StatusConflict {
		t.Errorf("a stale change: %d", status)
	}
	holds(t, body, "Somebody else changed this connection")

	_, _, body = jo(http.MethodGet, page+"/remove")
	holds(t, body, "Remove The new name?")
	_, at, body = jo(http.MethodPost, page+"/remove")
	if at != ours+"?done=removed" {
		t.Errorf("at %s", at)
	}
	holds(t, body, "The connection is removed.", "No clinical system is connected")
	if status, _, _ := jo(http.MethodGet, page); status != http.StatusNotFound {
		t.Errorf("after it was removed: %d", status)
	}
}

func TestWhatWouldHaveBeenSentIsShownToItsOrganisationAlone(t *testing.T) {
	t.Parallel()
	x := openConnections(t)
	jo, operator := x.as(t, "jo.bennett"), x.as(t, "omar.khan")
	page := x.added(t, jo)
	id := uuid.MustParse(page[strings.LastIndex(page, "/")+1:])
	i := clinical.Integration{ID: id, NeighbourhoodID: demo.NeighbourhoodID("riverside"), OrganisationID: demo.OrganisationID("A81001")}
	call := integrations.Call{Path: "/A81001/fhir", Header: map[string][]string{"X-Request-Id": {"0199"}}, Body: []byte(`{"resourceType":"Bundle"}`)}
	if err := x.service.Record(t.Context(), i, http.MethodPost, call); err != nil {
		t.Fatal(err)
	}
	_, _, body := jo(http.MethodGet, page)
	href := regexp.MustCompile(`href="(` + page + `/recorded/[^"]+)"`).FindStringSubmatch(body)
	if len(href) != 2 {
		t.Fatalf("nothing recorded is shown: %s", body)
	}
	_, _, body = jo(http.MethodGet, href[1])
	holds(t, body, "What would have been sent", "X-Request-Id", "&#34;resourceType&#34;: &#34;Bundle&#34;")
	if status, _, body := operator(http.MethodGet, page); status != http.StatusOK || strings.Contains(body, "/recorded/") {
		t.Errorf("an operator: %d, %s", status, body)
	}
	if status, _, _ := operator(http.MethodGet, href[1]); status != http.StatusForbidden {
		t.Errorf("an operator reads it: %d", status)
	}
	for subject, want := range map[string]int{"sam.carter": http.StatusForbidden, "neil.hart": http.StatusForbidden} {
		if status, _, _ := x.as(t, subject)(http.MethodGet, page); status != want {
			t.Errorf("%s: %d", subject, status)
		}
	}
	for _, place := range []string{"A81002", "A99999", "B82001", "x"} {
		if status, _, _ := jo(http.MethodGet, "/operations/integrations/"+place); status != http.StatusNotFound {
			t.Errorf("%s: %d", place, status)
		}
		if status, _, _ := jo(http.MethodGet, strings.Replace(page, "A81001", place, 1)); status != http.StatusNotFound {
			t.Errorf("by %s: %d", place, status)
		}
	}
}

func TestThePagesOfConnectionsAreAccessible(t *testing.T) {
	t.Parallel()
	x := openConnections(t)
	jo := x.as(t, "jo.bennett")
	page := x.added(t, jo)
	jo(http.MethodPost, page+"/test")
	jo(http.MethodPost, page+"/record-only")
	id := uuid.MustParse(page[strings.LastIndex(page, "/")+1:])
	i := clinical.Integration{ID: id, NeighbourhoodID: demo.NeighbourhoodID("riverside"), OrganisationID: demo.OrganisationID("A81001")}
	long := integrations.Call{Path: "/A81001/fhir/" + strings.Repeat("a", 300), Header: map[string][]string{"Content-Type": {"application/fhir+json"}}, Body: []byte(`{"a":"` + strings.Repeat("b", 500) + `"}`)}
	if err := x.service.Record(t.Context(), i, http.MethodPost, long); err != nil {
		t.Fatal(err)
	}
	_, _, body := jo(http.MethodGet, page)
	href := regexp.MustCompile(`href="(` + page + `/recorded/[^"]+)"`).FindStringSubmatch(body)
	if len(href) != 2 {
		t.Fatal("nothing recorded is shown")
	}
	token, err := x.door.SignIn(t.Context(), identity.Claims{Issuer: demo.Issuer, Subject: "jo.bennett", AuthenticatedAt: x.Now(), Development: true}, "", uuid.Nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, size := range map[string]browsertest.Size{"desktop": browsertest.Desktop, "phone": browsertest.Phone} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tab := browsertest.Open(t)
			if _, err := chromedp.Call(tab.Context(), network.SetCookie, network.SetCookieParams{Name: "onedoor-session", Value: string(token), URL: x.url}); err != nil {
				t.Fatal(err)
			}
			for _, path := range []string{ours, ours + "/new?kind=fhir-r4", ours + "/new?kind=mesh", page, page + "/change", page + "/remove", href[1]} {
				tab.Size(size)
				tab.Go(x.url + path)
				tab.Await(`document.body.classList.contains("nhsuk-frontend-supported")`)
				browsertest.Axe(t, tab)
				browsertest.Reflows(t, tab)
				tab.Size(browsertest.Zoomed)
				browsertest.Reflows(t, tab)
			}
		})
	}
}

func pemKey(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}
