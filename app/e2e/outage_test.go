package e2e_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"onedoor/app"
	"onedoor/app/database/testdb"
)

// submitters are clients that submit all the time. Each key is sent once.
type submitters struct {
	p            *product
	acknowledged sync.Map // key to reference
	refused      sync.Map // key to true
	yes, no      atomic.Int64
}

// run goes on until enough is closed.
func (s *submitters) run(t *testing.T, client int, enough <-chan struct{}) {
	app := s.p.as("app")
	pace := time.NewTicker(5 * time.Millisecond)
	defer pace.Stop()
	for i := 0; ; i++ {
		select {
		case <-enough:
			return
		case <-pace.C:
		}
		key := fmt.Sprintf("%d-%d", client, i)
		got, err := app.do("POST", "/api/v1/requests", s.body(key), "Idempotency-Key", key)
		switch {
		case err != nil:
			t.Errorf("the caller got no answer: %v", err)
			return
		case got.Status == http.StatusCreated:
			s.acknowledged.Store(key, referenceOf(t, got))
			s.yes.Add(1)
		case got.Status == http.StatusServiceUnavailable:
			wait, err := strconv.Atoi(got.Header.Get("Retry-After"))
			if err != nil || wait < 1 || got.Header.Get("Content-Type") != "application/problem+json" || strings.Contains(string(got.Body), "SQLSTATE") {
				t.Errorf("a refusal without all that belongs to it: %v %s", got.Header, got.Body)
			}
			s.refused.Store(key, true)
			s.no.Add(1)
		default:
			t.Errorf("%d: %s", got.Status, got.Body)
		}
	}
}

func (s *submitters) body(key string) object {
	return asks(s.p.Patients[len(key)%len(s.p.Patients)], "admin", object{"describe": "Key " + key})
}

func referenceOf(t testing.TB, r reply) string {
	t.Helper()
	_, rest, _ := strings.Cut(string(r.Body), `"reference":"`)
	reference, _, ok := strings.Cut(rest, `"`)
	if !ok {
		t.Errorf("no reference in %s", r.Body)
	}
	return reference
}

// PostgreSQL is stopped for some seconds while eight clients submit. Each gets an answer; what was acknowledged is there
// afterwards; what was not can be sent again without doubt; and nobody has to do anything to the product.
func TestTheDatabaseGoesAwayDuringIntake(t *testing.T) {
	t.Parallel()
	cluster := testdb.Cluster(t)
	p := start(t, func(c *app.Config) { c.DatabaseURL = cluster.AppURL() })
	describe := asks(p.Patients[0], "admin", object{})
	before := p.as("app").submit(describe).Reference

	s := &submitters{p: p}
	enough := make(chan struct{})
	var clients sync.WaitGroup
	for i := range 8 {
		clients.Go(func() { s.run(t, i, enough) })
	}
	more := func(n *atomic.Int64, what string) {
		t.Helper()
		until := n.Load() + 40
		eventually(t, what, func() bool { return t.Failed() || n.Load() >= until })
	}
	more(&s.yes, "submissions before the outage")
	if err := cluster.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	away := time.NewTimer(3 * time.Second)
	more(&s.no, "refusals during the outage")
	patient := p.visit()
	patient.get("/riverside/")
	if patient.status != http.StatusServiceUnavailable || !strings.Contains(patient.body, "Sorry") {
		t.Errorf("a patient sees %d:\n%s", patient.status, patient.body)
	}
	if got, err := p.as("app").do("GET", "/readyz", nil); err != nil || got.Status != http.StatusServiceUnavailable {
		t.Errorf("readyz: %d %s %v", got.Status, got.Body, err)
	}
	if got, err := p.as("app").do("GET", "/healthz", nil); err != nil || got.Status != http.StatusOK {
		t.Errorf("healthz: %d %s %v", got.Status, got.Body, err)
	}
	<-away.C
	if err := cluster.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	more(&s.yes, "submissions after the outage")
	close(enough)
	clients.Wait()
	s.reconcile(t)

	p.as("receptionist").command(before, "claim", nil)
	p.as("receptionist").command(before, "outcome", object{"outcome": "done"})
	eventually(t, "deliveries go on", func() bool { return p.as("receptionist").get(before).filedAt("A81001") })
	p.hasOneEffect(t, "A81001", before)
}

// reconcile holds acknowledgements against the database, and sends everything again.
func (s *submitters) reconcile(t *testing.T) {
	t.Helper()
	app := s.p.as("app")
	keys := 0
	s.acknowledged.Range(func(key, reference any) bool {
		keys++
		if got := app.get(reference.(string)); got.Reference != reference {
			t.Errorf("%s was acknowledged as %s and is %s", key, reference, got.Reference)
		}
		again := must[request](app, http.StatusCreated, "POST", "/api/v1/requests", s.body(key.(string)), "Idempotency-Key", key.(string))
		if again.Reference != reference {
			t.Errorf("sent again, %s is %s and was %s", key, again.Reference, reference)
		}
		return !t.Failed()
	})
	s.refused.Range(func(key, _ any) bool {
		keys++
		must[request](app, http.StatusCreated, "POST", "/api/v1/requests", s.body(key.(string)), "Idempotency-Key", key.(string))
		return !t.Failed()
	})
	if n := s.p.count(`select count(*) from requests`); n != keys+1 {
		t.Errorf("%d requests are stored for %d keys and one more", n, keys)
	}
}
