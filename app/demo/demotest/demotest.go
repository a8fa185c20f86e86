// Package demotest gives a test the demonstration's neighbourhoods in a database of its own, with the product's real
// stores and domain over it, and a clock that the test sets.
package demotest

import (
	"context"
	"crypto/rand"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/catalogue"
	"onedoor/app/database"
	"onedoor/app/database/testdb"
	"onedoor/app/demo"
	"onedoor/app/nhs"
	"onedoor/app/patients"
	"onedoor/app/recordings"
	"onedoor/app/requests"
	"onedoor/app/secrets"
	"onedoor/app/secrets/keyfile"
	"onedoor/app/store/deliverystore"
	"onedoor/app/store/directorystore"
	"onedoor/app/store/identitystore"
	"onedoor/app/store/patientstore"
	"onedoor/app/store/publishingstore"
	"onedoor/app/store/recordingstore"
	"onedoor/app/store/requeststore"
	"onedoor/app/store/rulestore"
	"onedoor/app/store/secretstore"
	"onedoor/jobs"
	"onedoor/tenants"
)

// Monday is a core day at ten in the morning: where a test's clock starts.
var Monday = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

// World is the demonstration in a test.
type World struct {
	DB        *database.DB
	Requests  *requests.Service
	Catalogue *catalogue.Catalogue
	Patients  []patients.Patient // Riverside's, in the order of the seed
	// Vault seals under a master key of the test's own; Recordings are kept by it, and nobody writes them down.
	Vault      *secrets.Vault
	Recordings *recordings.Service

	mu  sync.Mutex
	now time.Time
}

// New makes one.
func New(t testing.TB) *World {
	t.Helper()
	return over(t, testdb.Open(t, seeded.NewURLs(t).App))
}

// NewOwner makes one, and gives the URL of the role that owns the schema, for what the product itself may not do.
func NewOwner(t testing.TB) (*World, string) {
	t.Helper()
	urls := seeded.NewURLs(t)
	return over(t, testdb.Open(t, urls.App)), urls.Owner
}

// seeded is the demonstration as it is at its first start on a Monday. It is the same for all tests, so each has a copy.
var seeded = testdb.Fill(func(ctx context.Context, db *database.DB) error {
	return demo.Seed(ctx, demo.Stock{
		Directory: directorystore.New(db), Publishing: publishingstore.New(db), Patients: patientstore.New(db), Identity: identitystore.New(db),
		Issuer:  demo.Issuer,
		Connect: func(context.Context, uuid.UUID, tenants.Organisation, bool) error { return nil },
	}, nhs.DateOf(Monday))
})

// loaded is the catalogue, which never changes and is read by all tests at once: one that spoils a catalogue loads its own.
var loaded = sync.OnceValues(catalogue.Load)

func over(t testing.TB, db *database.DB) *World {
	t.Helper()
	w := &World{DB: db, now: Monday}
	read, err := patientstore.New(db).All(t.Context(), demo.NeighbourhoodID("riverside"))
	if err != nil {
		t.Fatal(err)
	}
	w.Patients = demo.RiversidePatients(read)
	kinds, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	w.Catalogue = kinds
	inserter, err := jobs.NewInserter(w.DB)
	if err != nil {
		t.Fatal(err)
	}
	master, err := keyfile.OpenOrMake(filepath.Join(t.TempDir(), "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	w.Vault = secrets.New(secretstore.New(w.DB, w.Now), master)
	w.Recordings = recordings.New(recordings.Options{Store: recordingstore.New(w.DB, w.Now), Vault: w.Vault, Now: w.Now})
	w.Requests = requests.New(requeststore.New(w.DB, rulestore.New(directorystore.New(w.DB)), deliverystore.New(w.DB, inserter)), kinds, w.Now, rand.Reader)
	return w
}

// Now is the test's clock.
func (w *World) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// Pass moves the clock on.
func (w *World) Pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// Actor is one of demo.Staff, by subject, in the neighbourhood where they work.
func (w *World) Actor(t testing.TB, subject string) requests.Actor {
	t.Helper()
	for _, c := range demo.Staff() {
		if c.Subject != subject {
			continue
		}
		memberships, err := identitystore.New(w.DB).Memberships(t.Context(), c.ID())
		if err != nil || len(memberships) == 0 {
			t.Fatal("memberships of", subject, err)
		}
		var organisations []uuid.UUID
		for _, m := range memberships {
			if m.OrganisationID != uuid.Nil {
				organisations = append(organisations, m.OrganisationID)
			}
		}
		return requests.Actor{
			Actor: audit.Actor{Kind: audit.Person, ID: c.ID(), Name: c.Name},
			Scope: tenants.StaffOf(memberships[0].NeighbourhoodID, organisations...), Roles: memberships,
		}
	}
	t.Fatal("nobody is called", subject)
	return requests.Actor{}
}
