package migrations_test

import (
	"context"
	"crypto/md5" // the same digest that the rows are made from
	"errors"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"onedoor/app/database"
	"onedoor/app/database/testdb"
	"onedoor/infra/localpg"
	"onedoor/migrations"
	"onedoor/tenants"
)

func TestMigratesAnEmptyDatabaseOnce(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	cluster := testdb.Cluster(t) // made by the owner's role alone, in its database
	super, err := pgx.Connect(ctx, cluster.URL(localpg.Super, "postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = super.Close(ctx) }()
	if _, err := super.Exec(ctx, `create database empty owner onedoor_owner`); err != nil {
		t.Fatal(err)
	}
	owner, app := cluster.URL(localpg.Owner, "empty"), cluster.URL(localpg.App, "empty")
	before, err := migrations.Pending(ctx, app)
	if err != nil || len(before) < 3 || before[0] != "0001_grant_to_roles.sql" {
		t.Errorf("pending in an empty database: %q, %v", before, err)
	}
	var together sync.WaitGroup
	for range 3 {
		together.Go(func() {
			if err := migrations.Up(ctx, owner); err != nil {
				t.Error(err)
			}
		})
	}
	together.Wait()
	if after, err := migrations.Pending(ctx, app); err != nil || len(after) != 0 {
		t.Errorf("pending in a migrated database: %q, %v", after, err)
	}
}

func TestRiverFindsItsWholeSchema(t *testing.T) {
	t.Parallel()
	migrator, err := rivermigrate.New(riverpgxv5.New(testdb.New(t).Pool()), nil)
	if err != nil {
		t.Fatal(err)
	}
	// Fails when River was upgraded and has a newer schema: then it needs a step of its own.
	if result, err := migrator.Validate(context.Background(), nil); err != nil || !result.OK {
		t.Errorf("%+v, %v", result, err)
	}
}

func TestHashIsOfTheWholeSchema(t *testing.T) {
	t.Parallel()
	if h := migrations.Hash(); !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(h) || h != migrations.Hash() {
		t.Errorf("hash %q", h)
	}
}

// A policy that reads the scope through the functions must be as quick as one with a constant: both the neighbourhood
// and the organisations are conditions of the index, not filters over what it found.
func TestScopeIsAnIndexCondition(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, ownerURL := testdb.NewOwner(t)
	owner, err := pgx.Connect(ctx, ownerURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = owner.Close(ctx) }()
	_, err = owner.Exec(ctx, `
		create table work (neighbourhood_id uuid not null, organisation_id uuid not null, id uuid not null, primary key (neighbourhood_id, id));
		insert into work select md5((n % 3)::text)::uuid, md5((n % 1000)::text)::uuid, gen_random_uuid() from generate_series(1, 20000) n;
		create index work_by_organisation on work (neighbourhood_id, organisation_id);
		alter table work enable row level security, force row level security;
		create policy staff on work using (neighbourhood_id = current_neighbourhood() and organisation_id = any (current_organisations()));
		analyze work;`)
	if err != nil {
		t.Fatal(err)
	}
	one := uuid.UUID(md5.Sum([]byte("1"))) // a neighbourhood and an organisation that are there, or the planner sees no point
	err = db.InTx(ctx, tenants.StaffOf(one, one, uuid.New()), func(tx *database.Tx) error {
		var plan []string
		if err := tx.Gorm().Raw(`explain (costs off) select id from work`).Scan(&plan).Error; err != nil {
			return err
		}
		for _, line := range plan {
			if strings.Contains(line, "Index Cond:") && strings.Contains(line, "neighbourhood_id =") && strings.Contains(line, "organisation_id = ANY") {
				return nil
			}
		}
		return errors.New("the scope is no index condition:\n" + strings.Join(plan, "\n"))
	})
	if err != nil {
		t.Error(err)
	}
}
