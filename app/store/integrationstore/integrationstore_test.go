package integrationstore_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/clinical"
	"onedoor/app/database"
	"onedoor/app/database/testdb"
	"onedoor/app/fault"
	"onedoor/app/store/integrationstore"
	"onedoor/tenants"
)

var (
	ctx  = context.Background()
	noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
)

// place is a neighbourhood with two organisations.
type place struct {
	t                                 *testing.T
	db                                *database.DB
	store                             *integrationstore.Store
	neighbourhood, practice, pharmacy uuid.UUID
}

func newPlace(t *testing.T, db *database.DB) place {
	t.Helper()
	return place{t, db, integrationstore.New(db), uuid.New(), uuid.New(), uuid.New()}
}

func (p place) staff(organisations ...uuid.UUID) tenants.Scope {
	return tenants.StaffOf(p.neighbourhood, organisations...)
}

func (p place) integration() clinical.Integration {
	return clinical.Integration{
		ID: uuid.New(), NeighbourhoodID: p.neighbourhood, OrganisationID: p.practice, Kind: clinical.FHIR, Name: "Record system", BaseURL: "https://x.example/fhir",
		Settings: map[string]string{"mailbox": "A81001OT001"}, Uses: []clinical.Switched{{Use: clinical.UseOutcomes, Kinds: []string{"symptoms"}}},
	}
}

func (p place) put(scope tenants.Scope, i clinical.Integration) error {
	return p.db.InTx(ctx, scope, func(tx *database.Tx) error {
		return p.store.Put(ctx, tx, audit.Actor{Kind: audit.System, Name: "test"}, i, noon)
	})
}

func TestAnotherTenantCannot(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	p, stranger := newPlace(t, db), newPlace(t, db)
	i := p.integration()
	for _, scope := range []tenants.Scope{p.staff(p.pharmacy), tenants.IntakeOf(p.neighbourhood), stranger.staff(p.practice), tenants.JobOf(stranger.neighbourhood)} {
		if err := p.put(scope, i); !fault.Is(err, "not_found") {
			t.Errorf("put by %+v: %v", scope, err)
		}
	}
	if err := p.put(p.staff(p.practice), i); err != nil {
		t.Fatal(err)
	}
	i.Paused, i.RecordOnly, i.BaseURL = true, true, "https://y.example/fhir"
	if err := p.put(tenants.JobOf(p.neighbourhood), i); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		scope tenants.Scope
		sees  bool
	}{
		"its own staff": {p.staff(p.practice), true}, "a job": {tenants.JobOf(p.neighbourhood), true}, "another's staff": {p.staff(p.pharmacy), false},
		"intake": {tenants.IntakeOf(p.neighbourhood), false}, "another neighbourhood": {stranger.staff(p.practice), false},
		"another neighbourhood's job": {tenants.JobOf(stranger.neighbourhood), false},
	} {
		got, found, err := p.store.Integration(ctx, test.scope, i.ID)
		if err != nil || found != test.sees || (found && !cmp.Equal(got, i, cmpopts.IgnoreFields(i, "Version"))) {
			t.Errorf("%s: %+v, %v, %v", name, got, found, err)
		}
		list, err := p.store.OfOrganisation(ctx, test.scope, p.practice)
		if err != nil || (len(list) == 1) != test.sees {
			t.Errorf("%s: %d listed, %v", name, len(list), err)
		}
	}
	i.BaseURL = "nowhere"
	if err := p.put(p.staff(p.practice), i); !fault.Is(err, "integration_address") {
		t.Errorf("a bad address: %v", err)
	}
}
