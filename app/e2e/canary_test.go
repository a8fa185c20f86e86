package e2e_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"onedoor/app"
	"onedoor/app/catalogue"
	"onedoor/app/database/testdb"
	"onedoor/app/demo"
	"onedoor/app/nhs"
	"onedoor/app/patients"
	"onedoor/app/store/patientstore"
)

// front is a proxy before the product that writes down every address that is asked for, sent along or redirected to.
type front struct {
	*httptest.Server
	behind atomic.Pointer[url.URL]
	seen   record
}

func newFront(t *testing.T) *front {
	f := &front{}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(f.behind.Load())
			r.Out.Host = r.In.Host
		},
		ModifyResponse: func(r *http.Response) error {
			_, _ = io.WriteString(&f.seen, r.Header.Get("Location")+"\n"+r.Header.Get("HX-Push-Url")+"\n"+r.Header.Get("Content-Location")+"\n")
			return nil
		},
	}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(&f.seen, r.RequestURI+"\n"+r.Referer()+"\n")
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(f.Close)
	return f
}

// canary is somebody whose every detail would be known again anywhere.
var canary = person{
	NHSNumber: testNumber("999876543"), GivenName: "Zanzibarina", FamilyName: "Quetzalcoatlson", BirthDate: "1931-07-19", Sex: "female",
	Postcode: "ZE29 9ZQ", Mobile: "07700 900987", Practice: "A81001", Pharmacy: "FRV01",
}

const (
	canaryWords = "Xylophonic marmalade 884233 since Michaelmas."
	canaryNote  = "Bumbleberry lozenges 775511 were given."
	canaryWhy   = "Persimmontown 661199 is nearer."
)

// testNumber adds the check digit.
func testNumber(nine string) string {
	for digit := range 10 {
		if number := nine + string(rune('0'+digit)); nhs.Modulus11(number) {
			return number
		}
	}
	return ""
}

// The whole life of a person's request, with refusals and an outage on the way. Nothing of what they or the staff said is
// in a log, a metric, an address, a job's arguments or an event.
func TestNothingIdentifiableGetsOut(t *testing.T) {
	t.Parallel()
	f, cluster := newFront(t), testdb.Cluster(t)
	p := start(t, func(c *app.Config) {
		c.DatabaseURL, c.PublicURL = cluster.AppURL(), f.URL
	})
	f.behind.Store(&url.URL{Scheme: "http", Host: p.listens})
	p.register(t, canary)

	p.canaryByPages(t)
	p.canaryByAPI(t)
	if err := cluster.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, err := p.as("app").do("POST", "/api/v1/requests", soreThroat(canary), "Idempotency-Key", uuid.NewString()); err != nil || got.Status != http.StatusServiceUnavailable {
		t.Errorf("during an outage: %d %v", got.Status, err)
	}
	if err := cluster.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the product recovers", func() bool {
		got, err := p.as("app").do("GET", "/readyz", nil)
		return err == nil && got.Status == http.StatusOK
	})

	metrics, err := p.http.Get(p.metricsURL)
	if err != nil {
		t.Fatal(err)
	}
	defer metrics.Body.Close()
	measured, err := io.ReadAll(metrics.Body)
	if err != nil || !strings.Contains(string(measured), "onedoor_http_requests_total") {
		t.Fatalf("metrics: %v\n%s", err, measured)
	}
	said, err := os.ReadFile(filepath.Join(cluster.Dir(), "postgres.log"))
	if err != nil {
		t.Fatal(err)
	}
	places := map[string]string{
		"PostgreSQL's log": string(said),
		"the log":          p.logs.String(), "metrics": string(measured), "addresses": f.seen.String(),
		"jobs":   strings.Join(p.texts(`select row_to_json(j)::text from river_job j`), "\n"),
		"events": strings.Join(p.texts(`select row_to_json(e)::text from events e`), "\n"),
	}
	kept := strings.Join(p.texts(`select row_to_json(r)::text from requests r`), "\n")
	for _, said := range []string{
		canary.NHSNumber, canary.GivenName, canary.FamilyName, canary.BirthDate, canary.Postcode, canary.Mobile[1:], "Xylophonic", "marmalade", "884233",
		"Bumbleberry", "775511", "Persimmontown", "661199",
	} {
		if !strings.Contains(folded(kept), folded(said)) && said != "Persimmontown" && said != "661199" {
			t.Errorf("%q is not in the requests either: this test would find nothing", said)
		}
		for place, holds := range places {
			if holds == "" {
				t.Errorf("%s: nothing was recorded", place)
			}
			if at := strings.Index(folded(holds), folded(said)); at >= 0 {
				t.Errorf("%q is in %s", said, place)
			}
		}
	}
}

// folded is a text without case, spaces and punctuation, so that a value is found however it was written.
func folded(s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		if plain, err := url.QueryUnescape(line); err == nil {
			lines[i] = plain
		}
	}
	s = strings.Join(lines, "\n")
	return strings.Map(func(r rune) rune {
		if (r >= 'a' && r <= 'z') || (r >= '0' && r <= '9') {
			return r
		}
		return -1
	}, strings.ToLower(s))
}

// register puts somebody on Riverside's register.
func (p *product) register(t *testing.T, who person) {
	t.Helper()
	born, err := nhs.ParseDate(who.BirthDate)
	if err != nil {
		t.Fatal(err)
	}
	postcode, err := nhs.ParsePostcode(who.Postcode)
	if err != nil {
		t.Fatal(err)
	}
	nb := demo.NeighbourhoodID("riverside")
	err = patientstore.New(p.database()).Import(t.Context(), nb, []patients.Patient{{
		ID: uuid.New(), NeighbourhoodID: nb, NHSNumber: nhs.Number(who.NHSNumber), GivenName: who.GivenName, FamilyName: who.FamilyName, BirthDate: born,
		Sex: nhs.Sex(who.Sex), Postcode: postcode, PracticeID: demo.OrganisationID(nhs.ODSCode(who.Practice)),
		NominatedPharmacy: demo.OrganisationID(nhs.ODSCode(who.Pharmacy)), Registration: patients.Here,
	}})
	if err != nil {
		t.Fatal(err)
	}
}

// canaryByPages is the main job by forms, with mistakes.
func (p *product) canaryByPages(t *testing.T) {
	t.Helper()
	kinds, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	patient := p.visit()
	j := soreThroatJourney(canary)
	answer := j.answer
	j.answer = func(it *catalogue.Item) []string {
		if it.LinkID == "describe" {
			return []string{canaryWords}
		}
		return answer(it)
	}
	reference, _ := patient.asks(kinds, j)
	patient.get("/riverside/status")
	wrong := dateForm("birth", canary.BirthDate)
	wrong.Set("reference", canary.NHSNumber)
	patient.send("/status", wrong)
	patient.get("/riverside/" + "sent")

	sam := p.visit()
	sam.signIn("sam.carter")
	sam.get("/reception/requests/" + reference)
	sam.shows("Xylophonic", canary.FamilyName)
	sam.send(reference+"/transfer", url.Values{"to": {"nowhere"}, "reason": {canaryWhy}})
	sam.get("/reception/requests/" + reference)
	sam.send(reference+"/verify", nil)
	grace := p.visit()
	grace.signIn("grace.mensah")
	for _, command := range []string{"accept", "claim"} {
		grace.get("/reception/requests/" + reference)
		grace.send(reference+"/"+command, nil)
	}
	grace.send(reference+"/outcome", url.Values{"outcome": {"no such"}, "note": {canaryNote}})
	p.breaks(t, "FRV01", "conflict")
	grace.send(reference+"/outcome", url.Values{"outcome": {"done"}, "note": {canaryNote}})
	eventually(t, "the failure is logged", func() bool { return strings.Contains(p.logs.String(), "a delivery was not filed") })
	p.breaks(t, "FRV01", "ok")
	eventually(t, "filed", func() bool { return p.as("pharmacist").get(reference).filedAt("A81001", "FRV01") })
}

// canaryByAPI submits well and badly.
func (p *product) canaryByAPI(t *testing.T) {
	t.Helper()
	client := p.as("app")
	body := soreThroat(canary)
	body["answers"].(object)["describe"] = canaryWords
	client.submit(body)
	for name, change := range map[string]func(object){
		"a name for a number":     func(b object) { b["patient"].(object)["nhs_number"] = canary.FamilyName },
		"a number for a name":     func(b object) { b["patient"].(object)["given_name"] = []string{canary.NHSNumber} },
		"an unknown question":     func(b object) { b["answers"].(object)[canaryWords] = canaryWords },
		"an unknown field":        func(b object) { b[canary.Postcode] = canary.Postcode },
		"a kind that is a name":   func(b object) { b["kind"] = canary.GivenName },
		"a neighbourhood of that": func(b object) { b["neighbourhood"] = canary.FamilyName },
		"a channel of that":       func(b object) { b["channel"] = canary.FamilyName },
	} {
		b := soreThroat(canary)
		change(b)
		if got, err := client.do("POST", "/api/v1/requests", b, "Idempotency-Key", uuid.NewString()); err != nil || got.Status/100 != 4 {
			t.Errorf("%s: %d %v", name, got.Status, err)
		}
	}
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, p.BaseURL+"/api/v1/requests", strings.NewReader(`{"patient": {"given_name": "`+canary.GivenName))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+client.key)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", "malformed")
	response, err := p.http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
}
