package jobs_test

import (
	"context"
	"crypto/rand"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/clinical/mesh"
	"onedoor/app/clinical/simulator"
	"onedoor/app/database"
	"onedoor/app/database/testdb"
	"onedoor/app/nhs"
	"onedoor/app/store/deliverystore"
	"onedoor/jobs"
	"onedoor/tenants"
)

// oneWay gives every integration the same system.
type oneWay struct{ system clinical.System }

func (o oneWay) Of(context.Context, uuid.UUID, uuid.UUID) (clinical.System, error) {
	return o.system, nil
}

func (o oneWay) Behind(context.Context, clinical.Integration) (clinical.System, error) {
	return o.system, nil
}

// TestAnOutcomeGoesByPostAndIsFiledWhenThePracticeSaysSo runs the whole of it: drain, MESH, the practice, the mailbox.
func TestAnOutcomeGoesByPostAndIsFiledWhenThePracticeSaysSo(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := testdb.New(t)
	played, err := simulator.Open("", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(played)
	t.Cleanup(func() { _ = played.Close(); server.Close() })
	inserter, err := jobs.NewInserter(db)
	if err != nil {
		t.Fatal(err)
	}
	store := deliverystore.New(db, inserter)
	neighbourhood, pharmacy, practice := uuid.New(), uuid.New(), uuid.New()
	way := clinical.Integration{
		ID: uuid.New(), NeighbourhoodID: neighbourhood, OrganisationID: practice, Kind: clinical.MESH, BaseURL: server.URL + simulator.MeshPath("A81001"),
		Settings: map[string]string{mesh.SettingMailbox: "X26ABC1"}, Uses: []clinical.Switched{{Use: clinical.UseFromOthers}},
	}
	system, err := mesh.New(mesh.Options{
		Integration: way, Now: time.Now, Random: rand.Reader,
		Secrets: map[string][]byte{mesh.SecretPassword: []byte(simulator.MeshPassword), mesh.SecretSharedKey: []byte(simulator.MeshSharedKey)},
	})
	if err != nil {
		t.Fatal(err)
	}
	client, err := jobs.New(db, jobs.Work{
		Drains: store, Sweeps: store, Systems: oneWay{system},
		Neighbourhoods: func(context.Context) ([]uuid.UUID, error) { return []uuid.UUID{neighbourhood}, nil },
		Inboxes: jobs.Inboxes{Words: store, Every: 200 * time.Millisecond, Mailboxes: func(context.Context, uuid.UUID) ([]clinical.Integration, error) {
			return mesh.Mailboxes([]clinical.Integration{way, way}), nil
		}},
	}, jobs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Start(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Stop(ctx) })

	const many = 5
	all := make([]clinical.Delivery, many)
	for i := range all {
		all[i] = posted(t, way, pharmacy)
		err := db.InTx(ctx, tenants.StaffOf(neighbourhood, pharmacy), func(tx *database.Tx) error { return store.Enqueue(ctx, tx, all[i]) })
		if err != nil {
			t.Fatal(err)
		}
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		filed := 0
		for _, d := range all {
			got, err := store.Get(ctx, tenants.StaffOf(neighbourhood, practice), d.ID)
			if err != nil {
				t.Fatal(err)
			}
			if got.State == clinical.Filed && !got.AcknowledgedAt.IsZero() && !got.AcceptedAt.IsZero() {
				filed++
			}
			if time.Now().After(deadline) {
				t.Fatalf("still %s: %s", got.State, got.LastError)
			}
		}
		if filed == many {
			break
		}
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		left, err := system.Fetch(ctx, 50)
		if err != nil {
			t.Fatal(err)
		}
		if len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d words are left in the mailbox", len(left))
		}
	}
}

func posted(t *testing.T, way clinical.Integration, from uuid.UUID) clinical.Delivery {
	t.Helper()
	now := time.Now()
	d, err := clinical.NewDelivery(uuid.Must(uuid.NewV7()), clinical.Target{
		NeighbourhoodID: way.NeighbourhoodID, OrganisationID: way.OrganisationID, RecordedByID: from, RequestID: uuid.New(),
	}, clinical.Document{
		Reference: "4820017365", Purpose: clinical.RegisteredPractice, Kind: clinical.Coded{Code: "symptoms", Title: "Help with symptoms"},
		Outcome: clinical.Coded{Code: "done", Title: "Done"}, RecordedBy: "Grace Mensah", RecordedAt: now,
		Patient: clinical.Patient{NHSNumber: "9990001006", GivenName: "Daniel", FamilyName: "Okafor", BirthDate: nhs.Date{Year: 1996, Month: 4, Day: 27}},
		From:    clinical.Party{ODS: "FRV01", Name: "Quayside Pharmacy", Kind: "pharmacy"}, For: clinical.Party{ODS: "A81001", Name: "Weir Lane Surgery"},
	}, now)
	if err != nil {
		t.Fatal(err)
	}
	d.IntegrationID = way.ID
	return d
}
