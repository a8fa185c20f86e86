package e2e_test

import (
	"bufio"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// The main job by the calls that programs make: a request, its verification, the pharmacy's answer, and each effect once.
func TestTheMainJobOverTheAPI(t *testing.T) {
	t.Parallel()
	p := start(t)
	receipt := p.as("app").submit(soreThroat(p.Patients[0]))
	if receipt.Status != "to-verify" || receipt.Accountable.ODS != "A81001" || receipt.Destination.ODS != "FRV01" || len(receipt.Decision.Because) == 0 {
		t.Fatalf("%+v", receipt)
	}
	if got := p.as("receptionist").command(receipt.Reference, "verify", nil); got.Status != "offered" || got.Accountable.ODS != "A81001" {
		t.Errorf("verified: %+v", got)
	}
	if got := p.as("pharmacist").command(receipt.Reference, "accept", nil); got.Accountable.ODS != "FRV01" {
		t.Errorf("accepted: %+v", got)
	}
	p.as("pharmacist").command(receipt.Reference, "claim", nil)
	p.as("pharmacist").command(receipt.Reference, "outcome", object{"outcome": "done", "note": "Advice given."})
	eventually(t, "filed for both systems", func() bool {
		return p.as("pharmacist").get(receipt.Reference).filedAt("A81001", "FRV01")
	})
	p.hasOneEffect(t, "FRV01", receipt.Reference)
	p.hasOneEffect(t, "A81001", receipt.Reference)
	if got := p.as("app").get(receipt.Reference); got.Status != "closed" {
		t.Errorf("the app sees %+v", got)
	}
}

// What needs no other organisation stands in the practice's own queue at once, and its outcome goes to one system.
func TestThePracticesOwnWorkStaysThere(t *testing.T) {
	t.Parallel()
	p := start(t)
	for _, test := range []struct{ kind, queue string }{
		{"repeat-prescription", "Prescriptions"}, {"admin", "Admin"}, {"callback", "Callbacks"},
	} {
		receipt := p.as("app").submit(asks(p.Patients[0], test.kind, object{"red-flags-adult": []string{"none"}}))
		if receipt.Status != "queued" || receipt.Accountable.ODS != "A81001" || receipt.Destination.ODS != "A81001" || receipt.Queue.Name != test.queue {
			t.Errorf("%s: %+v", test.kind, receipt)
			continue
		}
		p.as("receptionist").command(receipt.Reference, "claim", nil)
		p.as("receptionist").command(receipt.Reference, "outcome", object{"outcome": "done"})
		eventually(t, test.kind+" filed", func() bool { return p.as("receptionist").get(receipt.Reference).filedAt("A81001") })
		p.hasOneEffect(t, "A81001", receipt.Reference)
	}
}

func TestAHundredAtOnceWithOneKeyHaveOneEffect(t *testing.T) {
	t.Parallel()
	p := start(t)
	app, body := p.as("app"), soreThroat(p.Patients[0])
	var mu sync.Mutex
	answers := map[string]int{}
	var sending sync.WaitGroup
	for range 100 {
		sending.Go(func() {
			got, err := app.do("POST", "/api/v1/requests", body, "Idempotency-Key", "the same for all")
			for range 20 { // a machine without room says when to come back, and whoever does gets the one answer
				if err != nil || got.Status != 503 {
					break
				}
				got, err = app.do("POST", "/api/v1/requests", body, "Idempotency-Key", "the same for all")
			}
			said := string(got.Body)
			if err != nil {
				said = err.Error()
			}
			mu.Lock()
			defer mu.Unlock()
			answers[said]++
		})
	}
	sending.Wait()
	if len(answers) != 1 {
		t.Errorf("%d different answers: %v", len(answers), answers)
	}
	if n := p.count(`select count(*) from requests`); n != 1 {
		t.Errorf("%d requests are stored", n)
	}
	if n := p.count(`select count(*) from audit_entries where action = 'request.submit'`); n != 1 {
		t.Errorf("%d submissions are in the trail", n)
	}
	if n := p.count(`select count(*) from decisions`); n != 1 {
		t.Errorf("%d decisions are stored", n)
	}
}

// A stream that was cut goes on after the last event that was heard: none is missed and none comes twice.
func TestEventsGoOnWhereTheyWereCut(t *testing.T) {
	t.Parallel()
	p := start(t)
	before := p.listen("receptionist", "")
	first := p.as("app").submit(asks(p.Patients[0], "admin", object{})).Reference
	id, says := before.next()
	if !strings.Contains(says, first) {
		t.Fatalf("the first event says %s", says)
	}
	before.stop()
	var missed []string
	for range 3 {
		missed = append(missed, p.as("app").submit(asks(p.Patients[0], "admin", object{})).Reference)
	}
	after := p.listen("receptionist", id)
	for _, reference := range missed {
		if _, says := after.next(); !strings.Contains(says, reference) {
			t.Errorf("after the cut the stream says %s, want %s", says, reference)
		}
	}
	if foreign, err := p.as("foreign_receptionist").do("GET", "/api/v1/requests/"+first, nil); err != nil || foreign.Status != http.StatusNotFound {
		t.Errorf("another neighbourhood: %d %v", foreign.Status, err)
	}
}

// stream is one open stream of events.
type stream struct {
	t      testing.TB
	events chan [2]string // id and data
	stop   func()
}

func (p *product) listen(key, after string) *stream {
	p.t.Helper()
	r, err := http.NewRequest(http.MethodGet, p.BaseURL+"/api/v1/events", nil)
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+p.Keys[key])
	if after != "" {
		r.Header.Set("Last-Event-ID", after)
	}
	response, err := (&http.Client{Transport: p.http.Transport}).Do(r) // without a limit: it does not end
	if err != nil {
		p.t.Fatal(err)
	}
	if response.StatusCode != http.StatusOK {
		p.t.Fatalf("events: %d", response.StatusCode)
	}
	s := &stream{p.t, make(chan [2]string, 16), sync.OnceFunc(func() { _ = response.Body.Close() })}
	p.t.Cleanup(s.stop)
	lines := bufio.NewScanner(response.Body)
	if !lines.Scan() || !strings.HasPrefix(lines.Text(), "retry: ") {
		p.t.Fatalf("the stream begins with %q", lines.Text())
	}
	go func() {
		defer close(s.events)
		var id string
		for lines.Scan() {
			if v, ok := strings.CutPrefix(lines.Text(), "id: "); ok {
				id = v
			}
			if v, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				s.events <- [2]string{id, v}
			}
		}
	}()
	return s
}

func (s *stream) next() (id, data string) {
	s.t.Helper()
	select {
	case e, open := <-s.events:
		if !open {
			s.t.Fatal("the stream ended")
		}
		return e[0], e[1]
	case <-time.After(patience):
		s.t.Fatal("no event came")
	}
	return "", ""
}
