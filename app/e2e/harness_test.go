package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"onedoor/app"
	"onedoor/app/database"
	"onedoor/app/database/testdb"
	"onedoor/app/demo"
	"onedoor/app/demo/demotest"
	"onedoor/app/routes"
	"onedoor/ui/browsertest"
)

func TestMain(m *testing.M) { browsertest.Main(m) }

// patience is how long anything may take on a machine that is busy with something else.
const patience = time.Minute

// demonstration is what demo.json says.
type demonstration struct {
	BaseURL       string            `json:"base_url"`
	Neighbourhood string            `json:"neighbourhood"`
	OutboxURL     string            `json:"outbox_url"` // the texts of the last while
	Keys          map[string]string `json:"keys"`
	Organisations []struct {
		ODS    string `json:"ods_code"`
		Name   string `json:"name"`
		System struct {
			LedgerURL string `json:"ledger_url"`
			FaultsURL string `json:"faults_url"`
		} `json:"clinical_system"`
	} `json:"organisations"`
	Patients []person `json:"patients"`
}

// person is somebody on Riverside's register.
type person struct {
	NHSNumber  string `json:"nhs_number"`
	GivenName  string `json:"given_name"`
	FamilyName string `json:"family_name"`
	BirthDate  string `json:"birth_date"`
	Sex        string `json:"sex"`
	Postcode   string `json:"postcode"`
	Mobile     string `json:"mobile"`
	Practice   string `json:"registered_practice"`
	Pharmacy   string `json:"nominated_pharmacy"`
}

// record is everything that a process has logged.
type record struct {
	mu    sync.Mutex
	lines bytes.Buffer
}

func (r *record) Write(line []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lines.Write(line)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lines.String()
}

// product is a running demonstration: what `onedoor demo` starts, in this process and on a database of the test's own.
type product struct {
	demonstration

	t      testing.TB
	config app.Config
	logs   *record
	http   *http.Client
	// listens is where pages and the API are; BaseURL may be a proxy's.
	listens string
	// metricsURL is where /metrics is.
	metricsURL string
	// telephone is where the voice role answers, by SIP; empty without it.
	telephone string

	routes []routes.Route

	rows *database.DB // the test's own connection
}

// start runs the product until the test ends, on a core day at ten in the morning unless change says otherwise. It fails
// the test when the product does not stop well.
func start(t testing.TB, change ...func(*app.Config)) *product {
	t.Helper()
	c := app.Config{
		Data: t.TempDir(), HTTP: "127.0.0.1:0", Metrics: "127.0.0.1:0", SIP: "127.0.0.1:0", Simulator: "127.0.0.1:0", Mode: "dev",
		Clock: demotest.Monday, Roles: []string{app.RoleWeb, app.RoleJobs}, Demonstration: true, KeyRate: 1e6,
	}
	for _, f := range change {
		f(&c)
	}
	if c.DatabaseURL == "" {
		c.DatabaseURL = testdb.NewURLs(t).App
	}
	p := &product{t: t, config: c, logs: &record{}, http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 128}, Timeout: patience}}
	a, err := app.New(context.Background(), c, slog.New(slog.NewJSONHandler(p.logs, nil)))
	if err != nil {
		t.Fatalf("the product does not open: %v", err)
	}
	listens, metrics := a.Addresses()
	p.listens, p.metricsURL = listens, "http://"+metrics+"/metrics"
	p.routes, p.telephone = a.Routes(), a.Telephone()
	ctx, stop := context.WithCancel(context.Background())
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- errors.Join(a.Run(ctx, func() { close(ready) }), a.Close()) }()
	t.Cleanup(func() {
		p.http.CloseIdleConnections()
		stop()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("the product did not stop well: %v", err)
			}
		case <-time.After(patience):
			t.Error("the product does not stop")
		}
		if t.Failed() {
			t.Logf("it logged:\n%s", p.logs)
		}
	})
	select {
	case <-ready:
	case err := <-ended:
		ended <- nil
		t.Fatalf("the product does not run: %v", err)
	case <-time.After(patience):
		t.Fatal("the product does not become ready")
	}
	p.demonstration = readDemonstration(t, c.Data)
	return p
}

func readDemonstration(t testing.TB, folder string) (d demonstration) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, demo.FileName))
	if err == nil {
		err = json.Unmarshal(text, &d)
	}
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// database connects the test itself to the product's database.
func (p *product) database() *database.DB {
	p.t.Helper()
	return testdb.Open(p.t, p.config.DatabaseURL)
}

// effect is one line of a simulated clinical system's ledger.
type effect struct {
	ID        string `json:"id"`
	Reference string `json:"request_reference"`
	Kind      string `json:"kind"`
	Resource  string `json:"resource"`
}

// ledger is every effect that an organisation's clinical system has committed.
func (d demonstration) ledger(t testing.TB, ods string) (effects []effect) {
	t.Helper()
	for _, o := range d.Organisations {
		if o.ODS != ods {
			continue
		}
		response, err := http.Get(o.System.LedgerURL)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if err := json.NewDecoder(response.Body).Decode(&effects); err != nil {
			t.Fatal(err)
		}
		return effects
	}
	t.Fatalf("demo.json knows no %s", ods)
	return nil
}

// hasOneEffect fails the test unless a request had exactly one effect in an organisation's clinical system.
func (d demonstration) hasOneEffect(t testing.TB, ods, reference string) {
	t.Helper()
	if n := d.effects(t, ods, reference); n != 1 {
		t.Errorf("request %s had %d effects at %s, and must have one", reference, n, ods)
	}
}

func (d demonstration) effects(t testing.TB, ods, reference string) (n int) {
	t.Helper()
	for _, e := range d.ledger(t, ods) {
		if e.Reference == reference {
			n++
		}
	}
	return n
}

// breaks sets the fault of an organisation's clinical system.
func (d demonstration) breaks(t testing.TB, ods, mode string) {
	t.Helper()
	for _, o := range d.Organisations {
		if o.ODS != ods {
			continue
		}
		response, err := http.Post(o.System.FaultsURL, "application/json", strings.NewReader(`{"mode":"`+mode+`"}`))
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if response.StatusCode != http.StatusOK {
			said, _ := io.ReadAll(response.Body)
			t.Fatalf("set %s at %s: %d %s", mode, ods, response.StatusCode, said)
		}
		return
	}
	t.Fatalf("demo.json knows no %s", ods)
}

// eventually asks again and again until the answer is yes. What is awaited is an event in another process or goroutine,
// and never the passing of time.
func eventually(t testing.TB, what string, yes func() bool) {
	t.Helper()
	eventuallyWithin(t, patience, what, yes)
}

func eventuallyWithin(t testing.TB, limit time.Duration, what string, yes func() bool) {
	t.Helper()
	deadline := time.NewTimer(limit)
	defer deadline.Stop()
	again := time.NewTicker(25 * time.Millisecond)
	defer again.Stop()
	for !yes() {
		select {
		case <-deadline.C:
			t.Fatalf("not within %s: %s", limit, what)
		case <-again.C:
		}
	}
}
