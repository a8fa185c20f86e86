package systems_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/clinical/bars"
	"onedoor/app/clinical/fhir"
	"onedoor/app/clinical/mesh"
	"onedoor/app/clinical/simulator"
	"onedoor/app/nhs"
)

// pharmacyODS and practiceODS are who receive in the matrix.
const (
	pharmacyODS nhs.ODSCode = "FA001"
	practiceODS nhs.ODSCode = "A81001"
)

// filer is one adapter with a simulated system of its own.
type filer struct {
	system clinical.System
	url    string
	to     nhs.ODSCode
}

// adapters make each a system that a simulator plays. A new adapter is a line here.
func adapters() map[string]func(t *testing.T, url string) (clinical.System, error) {
	clock := time.Now
	return map[string]func(*testing.T, string) (clinical.System, error){
		"fhir": func(_ *testing.T, url string) (clinical.System, error) {
			return fhir.New(fhir.Options{BaseURL: url + simulator.BasePath(practiceODS), Transport: &http.Transport{}, Now: clock})
		},
		"bars": func(_ *testing.T, url string) (clinical.System, error) {
			return bars.New(bars.Options{
				Integration: clinical.Integration{Kind: clinical.BaRS, BaseURL: url + simulator.BaRSPath(pharmacyODS), Settings: map[string]string{bars.SettingService: simulator.BaRSService(pharmacyODS)}},
				Transport:   &http.Transport{}, Now: clock,
			})
		},
		"mesh": func(_ *testing.T, url string) (clinical.System, error) {
			return mesh.New(mesh.Options{
				Integration: clinical.Integration{Kind: clinical.MESH, BaseURL: url + simulator.MeshPath(practiceODS), Settings: map[string]string{mesh.SettingMailbox: "X26ABC1"}},
				Secrets:     map[string][]byte{mesh.SecretPassword: []byte(simulator.MeshPassword), mesh.SecretSharedKey: []byte(simulator.MeshSharedKey)},
				Transport:   &http.Transport{}, Now: clock, Random: rand.Reader,
			})
		},
	}
}

// operations are what each adapter is asked to do in the matrix.
func operations() map[string][]clinical.Purpose {
	return map[string][]clinical.Purpose{
		"fhir": {clinical.OwnRecord, clinical.RegisteredPractice, clinical.Arrival, clinical.Withdrawal},
		"bars": {clinical.Arrival, clinical.Withdrawal},
		"mesh": {clinical.RegisteredPractice},
	}
}

func (f filer) fault(t *testing.T, mode simulator.Mode) {
	t.Helper()
	response, err := http.Post(f.url+simulator.FaultsPath(f.to), "application/json", strings.NewReader(fmt.Sprintf(`{"mode": %q}`, mode))) //nolint:noctx // a server of the test's own
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("fault %s: %v, %v", mode, response, err)
	}
	_ = response.Body.Close()
}

func (f filer) effects(t *testing.T) int {
	t.Helper()
	response, err := http.Get(f.url + simulator.LedgerPath(f.to)) //nolint:noctx // a server of the test's own
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var ledger []simulator.Effect
	if err := json.NewDecoder(response.Body).Decode(&ledger); err != nil {
		t.Fatal(err)
	}
	return len(ledger)
}

// made is a delivery for a purpose; an earlier one is what a withdrawal takes back.
func matrixDelivery(t *testing.T, to nhs.ODSCode, purpose clinical.Purpose, earlier *clinical.Delivery) clinical.Delivery {
	t.Helper()
	now := time.Now()
	target := clinical.Target{NeighbourhoodID: uuid.New(), OrganisationID: uuid.New(), RecordedByID: uuid.New(), RequestID: uuid.New()}
	doc := clinical.Document{
		Reference: "2143658709", Purpose: purpose, Kind: clinical.Coded{Code: "symptoms", Title: "Help with a symptom"},
		Patient: clinical.Patient{
			NHSNumber: "9990000018", GivenName: "Jack", FamilyName: "Example", BirthDate: nhs.Date{Year: 1996, Month: 4, Day: 18}, Sex: "male",
			Postcode: "RS2 3CH", Phone: "+447700900123", OnRegister: true,
		},
		RecordedAt: now, From: clinical.Party{ODS: "FRV01", Name: "Quayside Pharmacy", Kind: "pharmacy"}, For: clinical.Party{ODS: to, Name: "The receiver"},
	}
	switch purpose {
	case clinical.OwnRecord, clinical.RegisteredPractice:
		doc.Outcome, doc.RecordedBy = clinical.Coded{Code: "done", Title: "Done"}, "Grace Example"
	case clinical.Arrival, clinical.Withdrawal:
		doc.From = clinical.Party{ODS: "A81002", Name: "The sender"}
		doc.Asked = &clinical.Asked{
			Lines:   []clinical.Said{{Question: "What do you need help with?", Answers: []string{"Sore throat"}}, {Question: "Tell us about the problem", Answers: []string{"It hurts to swallow."}}},
			Urgency: clinical.Coded{Code: "routine", Title: "Routine"}, DueAt: now.Add(24 * time.Hour), At: now.Add(-time.Hour), Channel: "web", ConfirmedBy: "Amina Example",
		}
	}
	if earlier != nil {
		target.RequestID, target.CorrelationID = earlier.RequestID, earlier.ID
		doc.Asked.Withdrawn = "The patient is seen elsewhere."
	}
	d, err := clinical.NewDelivery(uuid.Must(uuid.NewV7()), target, doc, now)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// settle tries as a drain does until it has no more work with a delivery, and calls before ahead of each try.
func settle(t *testing.T, system clinical.System, d clinical.Delivery, before func(try int)) clinical.Delivery {
	t.Helper()
	for try := range 12 {
		before(try)
		receipt, err := clinical.Deliver(context.Background(), system, d)
		if d = d.After(receipt, err, time.Now(), 0); !d.State.Open() {
			return d
		}
		var begun *clinical.Begun
		if d.LastError == "" && err != nil && !errors.As(err, &begun) {
			t.Errorf("after try %d nothing is said: %v", try+1, err)
		}
	}
	t.Fatalf("still %s after 12 tries: %s", d.State, d.LastError)
	return d
}

// Each adapter meets each fault at each of its operations, in a try that comes before the system is well again: one effect
// at the receiver, never a state that the receiver has not said, and words for whoever looks.
func TestEachAdapterMeetsEachFaultAtEachOperation(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	lines := map[string]string{} // adapter and operation, and what came of each fault
	good, cells := 0, 0
	t.Run("cells", func(t *testing.T) {
		for name, make := range adapters() {
			for _, purpose := range operations()[name] {
				for _, mode := range simulator.Modes() {
					cells++
					t.Run(fmt.Sprintf("%s/%s/%s", name, purpose, mode), func(t *testing.T) {
						t.Parallel()
						came := cell(t, make, name, purpose, mode)
						mu.Lock()
						defer mu.Unlock()
						if !t.Failed() {
							good++
						}
						lines[fmt.Sprintf("%-5s %-20s %-22s", name, purpose, mode)] = came
					})
				}
			}
		}
	})
	mu.Lock()
	defer mu.Unlock()
	table := []string{}
	for cell, came := range lines {
		table = append(table, cell+came)
	}
	slices.Sort(table)
	t.Logf("fault matrix: %d of %d\n%s", good, cells, strings.Join(table, "\n"))
	if cells < 70 {
		t.Errorf("only %d cells", cells)
	}
}

func cell(t *testing.T, make func(*testing.T, string) (clinical.System, error), name string, purpose clinical.Purpose, mode simulator.Mode) string {
	t.Helper()
	played, err := simulator.Open("", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(played)
	t.Cleanup(func() {
		if err := played.Close(); err != nil {
			t.Error(err)
		}
		server.Close()
	})
	f := filer{url: server.URL, to: practiceODS}
	if name == "bars" {
		f.to = pharmacyODS
	}
	if f.system, err = make(t, server.URL); err != nil {
		t.Fatal(err)
	}
	var earlier *clinical.Delivery
	if purpose == clinical.Withdrawal {
		arrived := settle(t, f.system, matrixDelivery(t, f.to, clinical.Arrival, nil), func(int) {})
		if arrived.State == clinical.NeedsAttention {
			t.Fatalf("the arrival: %s", arrived.LastError)
		}
		earlier = &arrived
	}
	already := f.effects(t)
	d := settle(t, f.system, matrixDelivery(t, f.to, purpose, earlier), func(try int) {
		switch try {
		case 0:
			f.fault(t, mode)
		case 2: // the fault stands for two tries: what was lost is read back under it
			f.fault(t, simulator.OK)
		}
	})
	effects := f.effects(t) - already
	want := 1
	if d.State == clinical.NeedsAttention {
		want = 0
	}
	if effects != want {
		t.Errorf("%d effects, and it is %s: %s", effects, d.State, d.LastError)
	}
	refused := mode == simulator.Refuses || (mode == simulator.Stale && name != "fhir") // to a message, 412 is a refusal for good
	if refused != (d.State == clinical.NeedsAttention) || (refused && d.LastError == "") {
		t.Errorf("it is %s: %q", d.State, d.LastError)
	}
	if name == "mesh" && d.State == clinical.Filed {
		t.Error("a mailbox took it, and nobody has said that it is filed")
	}
	return fmt.Sprintf("%d effects, %s after %d tries", effects, d.State, d.Attempts)
}
