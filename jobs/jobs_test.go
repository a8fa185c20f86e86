package jobs_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/clinical"
	"onedoor/app/clinical/simulator"
	"onedoor/app/clinical/systems"
	"onedoor/app/database"
	"onedoor/app/database/testdb"
	"onedoor/app/store/deliverystore"
	"onedoor/app/store/integrationstore"
	"onedoor/jobs"
	"onedoor/tenants"
)

var ctx = context.Background()

const workerURL = "ONEDOOR_TEST_WORKER" // set in a child process: the database that it works on until it is killed

func TestMain(m *testing.M) {
	if url := os.Getenv(workerURL); url != "" {
		if err := workUntilKilled(url); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func workUntilKilled(url string) error {
	db, err := database.Open(ctx, database.Options{URL: url, MaxConns: 8})
	if err != nil {
		return err
	}
	client, err := newClient(db, jobs.Options{})
	if err != nil {
		return err
	}
	if err := client.Start(ctx); err != nil {
		return err
	}
	fmt.Println("working")
	select {}
}

func newStore(db *database.DB) (*deliverystore.Store, error) {
	inserter, err := jobs.NewInserter(db)
	if err != nil {
		return nil, err
	}
	return deliverystore.New(db, inserter), nil
}

func newClient(db *database.DB, o jobs.Options) (*jobs.Client, error) {
	store, err := newStore(db)
	if err != nil {
		return nil, err
	}
	found := systems.New(systems.Options{Integrations: integrationstore.New(db), Now: time.Now, Random: rand.Reader})
	return jobs.New(db, jobs.Work{Drains: store, Sweeps: store, Ledger: store, Neighbourhoods: store.Neighbourhoods, Systems: found}, o)
}

// place is a neighbourhood of two organisations with simulated clinical systems.
type place struct {
	t                  *testing.T
	url                string
	db                 *database.DB
	store              *deliverystore.Store
	simulator          *httptest.Server
	calls              *atomic.Int64 // to the practice's clinical system
	neighbourhood      uuid.UUID
	pharmacy, practice uuid.UUID
}

const (
	pharmacyODS = "FA001"
	practiceODS = "A81001"
)

func newPlace(t *testing.T) place {
	t.Helper()
	return newPlaceAt(t, testdb.NewURLs(t).App)
}

func newPlaceAt(t *testing.T, url string) place {
	t.Helper()
	p := place{t: t, url: url, db: testdb.Open(t, url), calls: &atomic.Int64{}, neighbourhood: uuid.New(), pharmacy: uuid.New(), practice: uuid.New()}
	var err error
	if p.store, err = newStore(p.db); err != nil {
		t.Fatal(err)
	}
	played, err := simulator.Open(t.TempDir(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	p.simulator = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/"+practiceODS+"/fhir") {
			p.calls.Add(1)
		}
		played.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		if err := played.Close(); err != nil {
			t.Error(err)
		}
		p.simulator.Close()
	})
	p.connect(p.pharmacy, pharmacyODS, false)
	p.connect(p.practice, practiceODS, false)
	return p
}

func (p place) connect(organisation uuid.UUID, ods string, paused bool) {
	p.t.Helper()
	p.integrate(clinical.Integration{
		NeighbourhoodID: p.neighbourhood, OrganisationID: organisation, Kind: clinical.FHIR, BaseURL: p.simulator.URL + "/" + ods + "/fhir", Paused: paused,
	})
}

func (p place) integrate(i clinical.Integration) {
	p.t.Helper()
	if i.Uses == nil {
		i.Uses = []clinical.Switched{{Use: clinical.UseOutcomes}, {Use: clinical.UseFromOthers}}
	}
	if err := p.db.InTx(ctx, tenants.JobOf(p.neighbourhood), func(tx *database.Tx) error {
		return integrationstore.New(p.db).Put(ctx, tx, audit.Actor{Kind: audit.System, Name: "test"}, i, time.Now())
	}); err != nil {
		p.t.Fatal(err)
	}
}

// work runs jobs in this process until the test ends.
func (p place) work() *jobs.Client {
	p.t.Helper()
	return p.workWith(jobs.Options{SweepEvery: time.Second})
}

func (p place) workWith(o jobs.Options) *jobs.Client {
	p.t.Helper()
	client, err := newClient(p.db, o)
	if err != nil {
		p.t.Fatal(err)
	}
	if err := client.Start(ctx); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() {
		if err := client.Stop(ctx); err != nil {
			p.t.Error(err)
		}
	})
	return client
}

// worker runs jobs in a process of its own.
func (p place) worker() *exec.Cmd {
	p.t.Helper()
	self, err := os.Executable()
	if err != nil {
		p.t.Fatal(err)
	}
	child := exec.Command(self)
	child.Env = append(os.Environ(), workerURL+"="+p.url)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { kill(child) })
	if said, err := bufio.NewReader(out).ReadString('\n'); err != nil || said != "working\n" {
		p.t.Fatalf("the worker says %q, %v", said, err)
	}
	return child
}

func kill(child *exec.Cmd) {
	_ = child.Process.Kill() // SIGKILL; it may be dead already
	_ = child.Wait()
}

// outcome is what the pharmacy records: one delivery to itself, one to the practice.
func (p place) outcome(reference string) []clinical.Delivery {
	p.t.Helper()
	request := uuid.New()
	doc := clinical.Document{
		Reference: reference, Purpose: clinical.OwnRecord,
		Kind: clinical.Coded{Code: "symptoms", Title: "Symptoms"}, Outcome: clinical.Coded{Code: "done", Title: "Done"},
		RecordedBy: "Priya Shah", RecordedAt: time.Now(),
		From: clinical.Party{ODS: pharmacyODS, Name: "Canal Pharmacy"}, For: clinical.Party{ODS: pharmacyODS, Name: "Canal Pharmacy"},
	}
	target := clinical.Target{NeighbourhoodID: p.neighbourhood, OrganisationID: p.pharmacy, RecordedByID: p.pharmacy, RequestID: request, Sequence: 1}
	own, err := clinical.NewDelivery(uuid.Must(uuid.NewV7()), target, doc, time.Now())
	if err != nil {
		p.t.Fatal(err)
	}
	doc.Purpose, doc.For = clinical.RegisteredPractice, clinical.Party{ODS: practiceODS, Name: "Mill Lane Surgery"}
	target.OrganisationID = p.practice
	theirs, err := clinical.NewDelivery(uuid.Must(uuid.NewV7()), target, doc, time.Now())
	if err != nil {
		p.t.Fatal(err)
	}
	return []clinical.Delivery{own, theirs}
}

func (p place) enqueue(deliveries ...clinical.Delivery) {
	p.t.Helper()
	if err := p.db.InTx(ctx, tenants.StaffOf(p.neighbourhood, p.pharmacy), func(tx *database.Tx) error {
		return p.store.Enqueue(ctx, tx, deliveries...)
	}); err != nil {
		p.t.Fatal(err)
	}
}

func (p place) get(d clinical.Delivery) clinical.Delivery {
	p.t.Helper()
	got, err := p.store.Get(ctx, tenants.JobOf(p.neighbourhood), d.ID)
	if err != nil {
		p.t.Fatal(err)
	}
	return got
}

// until polls until every delivery is in a state, for a minute at most: what the product promises.
func (p place) until(state clinical.State, deliveries ...clinical.Delivery) {
	p.t.Helper()
	began := time.Now()
	for _, d := range deliveries {
		for {
			got := p.get(d)
			if got.State == state {
				break
			}
			if time.Since(began) > time.Minute {
				p.t.Fatalf("after %v the delivery for %s is %s after %d attempts: %s", time.Since(began), got.Document.For.ODS, got.State, got.Attempts, got.LastError)
			}
			<-time.After(10 * time.Millisecond)
		}
	}
	p.t.Logf("%d %s after %v", len(deliveries), state, time.Since(began).Round(time.Millisecond))
}

func (p place) fault(ods, mode string) {
	p.t.Helper()
	p.set(ods, `{"mode": "`+mode+`"}`)
}

// set says how an organisation's system behaves.
func (p place) set(ods, behaviour string) {
	p.t.Helper()
	response, err := http.Post(p.simulator.URL+"/"+ods+"/faults", "application/json", strings.NewReader(behaviour))
	if err != nil || response.StatusCode != http.StatusOK {
		p.t.Fatalf("set a fault: %v, %v", response, err)
	}
	_ = response.Body.Close()
}

// effects counts the ledger's entries for each request reference.
func (p place) effects(ods string) map[string]int {
	p.t.Helper()
	response, err := http.Get(p.simulator.URL + "/" + ods + "/ledger")
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var ledger []simulator.Effect
	if err := json.NewDecoder(response.Body).Decode(&ledger); err != nil {
		p.t.Fatal(err)
	}
	count := map[string]int{}
	for _, e := range ledger {
		count[e.RequestReference]++
	}
	return count
}

// once checks that each reference had one effect in each system, and that there were no others.
func (p place) once(references ...string) {
	p.t.Helper()
	for _, ods := range []string{pharmacyODS, practiceODS} {
		effects := p.effects(ods)
		if len(effects) != len(references) {
			p.t.Errorf("%s had effects for %d requests, not %d", ods, len(effects), len(references))
		}
		for _, reference := range references {
			if effects[reference] != 1 {
				p.t.Errorf("%s had %d effects for %s", ods, effects[reference], reference)
			}
		}
	}
}
