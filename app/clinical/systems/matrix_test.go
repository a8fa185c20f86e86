package systems_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"onedoor/app/clinical"
	"onedoor/app/clinical/simulator"
	"onedoor/app/demo/demotest"
	"onedoor/app/fault"
	"onedoor/app/nhs"
)

// row is one cell of the matrix: what came of one operation of one adapter that met one fault.
type row struct {
	adapter, operation, fault string

	mu      sync.Mutex
	effects string // at the receiver
	state   string // what we keep
	told    string // the words for whoever asked, of the first try
	wrong   []string
	cannot  string // why this cannot happen; then there is nothing to try
}

func (r *row) errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wrong = append(r.wrong, fmt.Sprintf(format, args...))
}

// says keeps what somebody heard.
func (r *row) says(words string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.told = words
}

func (r *row) came(effects int, state string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.effects, r.state = fmt.Sprint(effects), state
}

func (r *row) String() string {
	if r.cannot != "" {
		return fmt.Sprintf("%-15s %-22s %-21s cannot happen: %s", r.adapter, r.operation, r.fault, r.cannot)
	}
	return fmt.Sprintf("%-15s %-22s %-21s %-8s %-34s %s", r.adapter, r.operation, r.fault, r.effects, r.state, r.told)
}

// Each adapter meets each fault at each of its operations. At the receiver there is one effect, or none where we say that
// nothing was done; our side never says what the receiver has not said; and whoever asked is told what is true. What a
// person or the product's job does next, once the system is well, is done too. The cells wait for systems that do not
// answer, so they run beside each other.
func TestEachAdapterMeetsEachFaultAtEachOperation(t *testing.T) {
	t.Parallel()
	far := newFar(t)
	var rows []*row
	var all sync.WaitGroup
	for _, part := range []func() ([]*row, func()){
		func() ([]*row, func()) { return deliveriesMatrix(far) },
		func() ([]*row, func()) { return bookingsMatrix(t, far) },
		func() ([]*row, func()) { return registerMatrix(t) },
	} {
		made, run := part()
		rows = append(rows, made...)
		all.Add(1)
		go func() {
			defer all.Done()
			run()
		}()
	}
	all.Wait()
	good, cells := 0, 0
	var table []string
	for _, r := range rows {
		table = append(table, r.String())
		if r.cannot != "" {
			continue
		}
		cells++
		if len(r.wrong) == 0 {
			good++
		}
		for _, w := range r.wrong {
			t.Errorf("%s, %s, %s: %s", r.adapter, r.operation, r.fault, w)
		}
		if r.effects == "" || r.state == "" {
			t.Errorf("%s, %s, %s: nothing came of it", r.adapter, r.operation, r.fault)
		}
	}
	slices.Sort(table)
	t.Logf("fault matrix: %d of %d cells, and %d that cannot happen\n%-15s %-22s %-21s %-8s %-34s %s\n%s", good, cells, len(rows)-cells,
		"SYSTEM", "OPERATION", "FAULT", "EFFECTS", "OUR STATE", "SAID AT THE FIRST TRY", strings.Join(table, "\n"))
	if cells < 350 {
		t.Errorf("only %d cells", cells)
	}
}

// atOnce runs things beside each other: as many as like of those that wait for a system, and a few of the others, which
// take the processors' time.
func atOnce[T any](list []T, waits func(T) bool, do func(T)) {
	few := make(chan struct{}, 16)
	var all sync.WaitGroup
	for _, one := range list {
		all.Go(func() {
			if !waits(one) {
				few <- struct{}{}
				defer func() { <-few }()
			}
			do(one)
		})
	}
	all.Wait()
}

// far is the simulator with as many organisations' systems as there are cells.
type far struct {
	sim    *simulator.Server
	server *httptest.Server
	client *http.Client

	mu   sync.Mutex
	made int
	now  time.Time
}

func newFar(t *testing.T) *far {
	t.Helper()
	f := &far{now: demotest.Monday, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
	var err error
	if f.sim, err = simulator.Open("", f.Now); err != nil {
		t.Fatal(err)
	}
	f.server = httptest.NewServer(f.sim)
	t.Cleanup(func() {
		if err := f.sim.Close(); err != nil {
			t.Error(err)
		}
		f.server.Close()
	})
	return f
}

// Now is the simulator's clock, which the part of the matrix that lets time pass sets.
func (f *far) Now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

func (f *far) pass(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
}

// organisation is a system of its own.
func (f *far) organisation() nhs.ODSCode {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.made++
	return nhs.ODSCode(fmt.Sprintf("Y%05d", f.made))
}

func (f *far) fault(ods nhs.ODSCode, mode simulator.Mode) error {
	response, err := f.client.Post(f.server.URL+simulator.FaultsPath(ods), "application/json", strings.NewReader(fmt.Sprintf(`{"mode": %q}`, mode))) //nolint:noctx // a server of the test's own
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return errors.New(response.Status)
	}
	return nil
}

func (f *far) effects(ods nhs.ODSCode) (int, error) {
	response, err := f.client.Get(f.server.URL + simulator.LedgerPath(ods)) //nolint:noctx // a server of the test's own
	if err != nil {
		return 0, err
	}
	defer func() { _ = response.Body.Close() }()
	var ledger []simulator.Effect
	err = json.NewDecoder(response.Body).Decode(&ledger)
	return len(ledger), err
}

func (f *far) hold(ods nhs.ODSCode, kind, id, body string) error {
	var r map[string]any
	if err := json.NewDecoder(bytes.NewReader([]byte(body))).Decode(&r); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return f.sim.Hold(ods, kind, id, r)
}

// meetsWritesOnly are faults that a question never meets: the system answers it as always.
func meetsWritesOnly(mode simulator.Mode) bool {
	return slices.Contains([]simulator.Mode{
		simulator.TimeoutAfterCommit, simulator.DropAfterCommit, simulator.ErrorAfterCommit, simulator.Conflict, simulator.Stale, simulator.TooEarly,
		simulator.Refuses, simulator.NeverArrives,
	}, mode)
}

const onlyAsks = "it only asks, and this befalls what is written"

// words are what somebody is told of an error; of an answer, that it is done.
func words(err error) string {
	if err == nil {
		return "done"
	}
	var refused *clinical.Refused
	var unknown *clinical.Unknown
	var unavailable *clinical.Unavailable
	switch {
	case errors.As(err, &unknown):
		return unknown.Says
	case errors.As(err, &refused):
		return refused.Says
	case errors.As(err, &unavailable):
		return unavailable.Says
	}
	return fault.As(err).Says
}

// heard are the words of the product's own services, for a patient or for staff.
func heard(err error) string {
	if err == nil {
		return "done"
	}
	return fault.As(err).Says
}
