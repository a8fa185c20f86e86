package tenancy_test

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"onedoor/app/database"
	"onedoor/app/database/tenancy"
	"onedoor/app/database/testdb"
	"onedoor/infra/localpg"
)

func owner(t *testing.T) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), testdb.NewURLs(t).Owner)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// The one test that every migration has to pass.
func TestEveryTableKeepsTheRules(t *testing.T) {
	t.Parallel()
	found, err := tenancy.Check(context.Background(), owner(t), tenancy.TablesWithoutTenant())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		t.Error(f)
	}
}

// good is a pair of tables that keeps every rule; each case breaks one.
const good = `
create table parents (neighbourhood_id uuid not null, id uuid not null, primary key (neighbourhood_id, id));
alter table parents enable row level security, force row level security;
create policy tenant on parents using (neighbourhood_id = current_neighbourhood());
create table scratch (
	neighbourhood_id uuid not null, id uuid not null, parent uuid not null, name text not null default '', at timestamptz default now(),
	primary key (neighbourhood_id, id), unique (neighbourhood_id, name),
	constraint to_parent foreign key (neighbourhood_id, parent) references parents (neighbourhood_id, id));
create index scratch_at on scratch (neighbourhood_id, at);
alter table scratch enable row level security, force row level security;
create policy tenant on scratch using (neighbourhood_id = current_neighbourhood())
	with check (neighbourhood_id = nullif(current_setting('app.nb', true), '')::uuid);
create table months (neighbourhood_id uuid not null, at date not null, id uuid not null, primary key (neighbourhood_id, at, id)) partition by range (at);
create table months_1 partition of months default;
alter table months enable row level security, force row level security;
alter table months_1 enable row level security, force row level security;
create policy tenant on months using (neighbourhood_id = current_neighbourhood());`

func TestBrokenRuleIsNamed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ ddl, finds string }{
		"nothing": {``, ``},
		"no neighbourhood": {
			`create table loose (id uuid primary key)`,
			`loose: has no neighbourhood_id uuid not null, and is not listed as a table without a tenant`,
		},
		"neighbourhood may be null": {
			`create table loose (neighbourhood_id uuid, id uuid, unique (neighbourhood_id, id))`,
			`loose: has no neighbourhood_id uuid not null`,
		},
		"security off":        {`alter table scratch disable row level security`, `scratch: row-level security is not both enabled and forced`},
		"security not forced": {`alter table scratch no force row level security`, `scratch: row-level security is not both enabled and forced`},
		"partition open":      {`alter table months_1 disable row level security`, `months_1: row-level security is not both enabled and forced`},
		"no policy":           {`drop policy tenant on scratch`, `scratch: has no policy`},
		"policy for all": {
			`create policy wide on scratch for select using (true)`,
			`scratch: policy wide does not compare neighbourhood_id with the scope's`,
		},
		"policy that checks nothing": {
			`create policy wide on scratch using (neighbourhood_id = current_neighbourhood()) with check (true)`,
			`scratch: policy wide does not compare`,
		},
		"policy by actor only": {
			`create policy wide on scratch for insert with check (current_actor() = 'job')`,
			`scratch: policy wide does not compare`,
		},
		"no primary key": {`alter table scratch drop constraint scratch_pkey`, `scratch: has no primary key`},
		"primary key":    {`alter table scratch drop constraint scratch_pkey, add primary key (id)`, `scratch: primary key scratch_pkey begins with id`},
		"unique":         {`create unique index short on scratch (name)`, `scratch: unique index short begins with name`},
		"index":          {`create index short on scratch (at)`, `scratch: index short begins with at`},
		"expression":     {`create index short on scratch (lower(name))`, `scratch: index short begins with an expression`},
		"identity":       {`alter table scratch add n bigint generated always as identity; create unique index n on scratch (neighbourhood_id, n)`, `scratch: key column n is made by the database (an identity)`},
		"sequence":       {`alter table scratch add n bigserial; create unique index n on scratch (neighbourhood_id, n)`, `scratch: key column n is made by the database (nextval`},
		"generated id":   {`alter table scratch alter id set default gen_random_uuid()`, `scratch: key column id is made by the database (gen_random_uuid())`},
		"foreign key": {`create table other (neighbourhood_id uuid not null, id uuid not null unique, primary key (neighbourhood_id, id));
			 alter table parents add p uuid, add constraint short foreign key (p) references other (id)`, `parents: foreign key short to other does not begin`},
		"backward key":    {`alter table events add constraint back foreign key (neighbourhood_id, subject) references parents (neighbourhood_id, id)`, `events: foreign key back leads from a table without a tenant to a tenant's, parents`},
		"materialised":    {`create materialized view copy as select * from scratch`, `copy: a materialised view or foreign table has no row-level security`},
		"truncate":        {`grant truncate on scratch to onedoor_app`, `scratch: onedoor_app may truncate it`},
		"listed, missing": {`drop table events_horizon`, `events_horizon: is listed as a table without a tenant, and there is no such table`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := context.Background()
			tx, err := owner(t).Begin(ctx)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = tx.Rollback(ctx) }()
			if _, err := tx.Exec(ctx, good+c.ddl); err != nil {
				t.Fatal(err)
			}
			found, err := tenancy.Check(ctx, tx, tenancy.TablesWithoutTenant())
			if err != nil {
				t.Fatal(err)
			}
			if c.finds == "" && len(found) > 0 || c.finds != "" && !strings.Contains(strings.Join(found, "\n"), c.finds) {
				t.Errorf("want %q, found:\n%s", c.finds, strings.Join(found, "\n"))
			}
		})
	}
}

func TestRoleThatPassesByIsNamed(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	cluster := testdb.Cluster(t) // roles are the whole server's
	super, err := pgx.Connect(ctx, cluster.URL(localpg.Super, localpg.DefaultDatabase))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = super.Close(ctx) }()
	for breaks, c := range map[string]struct{ mends, finds string }{
		`alter role onedoor_app bypassrls`:            {`alter role onedoor_app nobypassrls`, "passes by row-level security"},
		`alter role onedoor_app superuser`:            {`alter role onedoor_app nosuperuser`, "passes by row-level security"},
		`grant onedoor_owner to onedoor_app`:          {`revoke onedoor_owner from onedoor_app`, "owns the database or a table"},
		`alter table events owner to onedoor_app`:     {`alter table events owner to onedoor_owner`, "owns the database or a table"},
		`alter database onedoor owner to onedoor_app`: {`alter database onedoor owner to onedoor_owner; grant connect on database onedoor to onedoor_app`, "owns the database or a table"},
	} {
		if _, err := super.Exec(ctx, breaks); err != nil {
			t.Fatal(err)
		}
		found, err := tenancy.Check(ctx, super, tenancy.TablesWithoutTenant())
		if err != nil || !strings.Contains(strings.Join(found, "\n"), "onedoor_app: "+c.finds) {
			t.Errorf("%s: %v, %q", breaks, err, found)
		}
		if db, err := database.Open(ctx, database.Options{URL: cluster.AppURL()}); err == nil {
			db.Close()
			t.Errorf("%s: the product opened the database", breaks)
		}
		if _, err := super.Exec(ctx, c.mends); err != nil {
			t.Fatal(err)
		}
	}
	testdb.Open(t, cluster.AppURL())
}
