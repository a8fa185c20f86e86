package simulationstore_test

import (
	"bytes"
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/database"
	"onedoor/app/demo"
	"onedoor/app/demo/demotest"
	"onedoor/app/simulations"
	"onedoor/app/store/directorystore"
	"onedoor/app/store/rulestore"
	"onedoor/app/store/simulationstore"
	"onedoor/jobs"
	"onedoor/policy/simulate"
	"onedoor/tenants"
)

var (
	riverside = demo.NeighbourhoodID("riverside")
	hillside  = demo.NeighbourhoodID("hillside")
	lead      = audit.Actor{Kind: audit.Person, ID: uuid.MustParse("00000000-0000-4000-8000-000000000001"), Name: "A lead"}
)

// world is the demonstration with its simulations, and a month of past requests.
type world struct {
	*demotest.World
	store   *simulationstore.Store
	service *simulations.Service
	past    []simulate.Request
}

func newWorld(t testing.TB, past int) *world {
	t.Helper()
	w := &world{World: demotest.New(t)}
	inserter, err := jobs.NewInserter(w.DB)
	if err != nil {
		t.Fatal(err)
	}
	w.store = simulationstore.New(w.DB, rulestore.New(directorystore.New(w.DB)), inserter)
	w.service = simulations.New(w.store, w.Now)
	side, err := demo.RiversideSide()
	if err != nil {
		t.Fatal(err)
	}
	history := demo.History(side, w.Now().AddDate(0, 0, -31), w.Now(), past)
	for r := range history {
		w.past = append(w.past, r)
	}
	if err := w.store.Import(t.Context(), riverside, side.Policy.Hash(), history); err != nil {
		t.Fatal(err)
	}
	return w
}

// draft is riverside's policy with sore throats kept at the practice.
func draft(t testing.TB) []byte {
	t.Helper()
	const was = "when: { kind: '\"symptoms\"', condition: '\"sore-throat\"', age: '>= 5', pregnant: '\"yes\", \"no\", \"not-applicable\"' }\n        then: { to: chosen-pharmacy, service: pharmacy-first, urgency: soon, overflow: registered-practice/queue:clinical }"
	const now = "when: { kind: '\"symptoms\"', condition: '\"sore-throat\"', age: '>= 5', pregnant: '\"yes\", \"no\", \"not-applicable\"' }\n        then: { to: registered-practice/queue:callbacks, urgency: routine }"
	if !bytes.Contains(demo.Riverside, []byte(was)) {
		t.Fatal("riverside's policy has no such rule")
	}
	document := bytes.Replace(demo.Riverside, []byte(was), []byte(now), 1)
	document, _, _ = bytes.Cut(document, []byte("\ncases:\n")) // its cases say otherwise
	return append(document, '\n')
}

func read(t *testing.T, source simulate.Source, parts int) []simulate.Request {
	t.Helper()
	var list []simulate.Request
	for part := range parts {
		err := source(t.Context(), part, parts, func(batch []simulate.Request) error {
			for i := range batch {
				list = append(list, batch[i].Clone())
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	slices.SortFunc(list, func(a, b simulate.Request) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	return list
}

// everyScope asks as somebody who is not a job of riverside.
func everyScope(t *testing.T, w *world, ask func(context.Context, *database.Tx) error) {
	t.Helper()
	for _, scope := range []tenants.Scope{
		tenants.JobOf(hillside), tenants.IntakeOf(hillside), tenants.IntakeOf(riverside),
		tenants.StaffOf(riverside, demo.OrganisationID("A81001")), tenants.StaffOf(hillside, demo.OrganisationID("A81001")),
	} {
		if err := w.DB.InTx(t.Context(), scope, func(tx *database.Tx) error { return ask(t.Context(), tx) }); err != nil {
			t.Fatalf("%+v: %v", scope, err)
		}
	}
}

// gate holds a source up until it is opened.
type gate struct {
	simulations.Store
	reached, open chan struct{}
	once          sync.Once
}

func (g *gate) Source(neighbourhood uuid.UUID, from, until time.Time) simulate.Source {
	source := g.Store.Source(neighbourhood, from, until)
	return func(ctx context.Context, part, parts int, take func([]simulate.Request) error) error {
		return source(ctx, part, parts, func(batch []simulate.Request) error {
			g.once.Do(func() { close(g.reached) })
			select {
			case <-g.open:
				return take(batch)
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}
}

func newGate(s simulations.Store) *gate {
	return &gate{Store: s, reached: make(chan struct{}), open: make(chan struct{})}
}

// eventually asks until it is so.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for !so() {
		if time.Now().After(deadline) {
			t.Fatal("it never was so that", what)
		}
		select {
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		case <-time.After(5 * time.Millisecond):
		}
	}
}
