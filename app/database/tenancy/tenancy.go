// Package tenancy reads the catalogue of a migrated database and names every table and index that breaks the rules by
// which tenants are kept apart, and by which the data can later be distributed by neighbourhood. It is used by tests, and
// changes nothing. What a rule is for:
//
//   - each table belongs to neighbourhoods, or stands in TablesWithoutTenant with a reason;
//   - row-level security is on, forced on the owner too, and no policy forgets the neighbourhood;
//   - keys, indexes and references between tenant tables begin with neighbourhood_id, so that one neighbourhood's rows can
//     be found, and moved to another machine, by themselves;
//   - keys are made by the product: a sequence is one machine's;
//   - onedoor_app is held by all of this: it owns nothing, bypasses nothing and cannot TRUNCATE.
package tenancy

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// TablesWithoutTenant are the tables that belong to no neighbourhood, and why. A name that ends in * stands for all that
// begin so.
func TablesWithoutTenant() map[string]string {
	return map[string]string{
		"events":               "ids only, read by every process's tailer; local to the coordinator",
		"events_horizon":       "one row: how far events were pruned",
		"goose_db_version":     "which migrations were applied",
		"neighbourhoods":       "the directory: every node reads all of it to route; nothing in it is secret",
		"organisations":        "the directory: an organisation is one, in however many neighbourhoods",
		"agreements":           "the directory",
		"sites":                "the directory: of an organisation",
		"queues":               "the directory",
		"services":             "the directory",
		"directory_versions":   "what routing reads of the directory, immutable",
		"policy_versions":      "what routing reads of the policies, immutable",
		"people":               "members of staff, found before it is known where they work",
		"memberships":          "read to find out the tenant",
		"sessions":             "read to find out who asks",
		"api_clients":          "read to find out who asks",
		"delivery_heads":       "a lock for each organisation's deliveries: ids and times only",
		"system_paces":         "when a server may be called next, for all who call it; local to the coordinator",
		"call_limits":          "how often all nodes together may call a national service: names and times only",
		"listed_organisations": "the national register of organisations, which is public",
		"listings":             "which file or register was read when: no patients, no tenant",
		"river_*":              "jobs carry ids only, and River works for every neighbourhood; local to the coordinator",
	}
}

// Querier is a connection, a pool or a transaction.
type Querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// Check returns a sentence for each rule that something in the schema public breaks, in order of table.
func Check(ctx context.Context, conn Querier, withoutTenant map[string]string) ([]string, error) {
	c := checker{exempt: withoutTenant, used: map[string]bool{}}
	for _, part := range []func(context.Context, Querier) error{
		c.roles, c.tables, c.policies, c.indexes, c.keys, c.references,
	} {
		if err := part(ctx, conn); err != nil {
			return nil, fmt.Errorf("read the catalogue: %w", err)
		}
	}
	for name := range withoutTenant {
		if !c.used[name] {
			c.find("%s: is listed as a table without a tenant, and there is no such table", name)
		}
	}
	slices.Sort(c.found)
	return c.found, nil
}

type checker struct {
	exempt map[string]string
	used   map[string]bool
	found  []string
}

func (c *checker) find(format string, args ...any) {
	c.found = append(c.found, fmt.Sprintf(format, args...))
}

// tenant reports whether a table should be a tenant's.
func (c *checker) tenant(table string) bool {
	for name := range c.exempt {
		prefix, pattern := strings.CutSuffix(name, "*")
		if table == name || (pattern && strings.HasPrefix(table, prefix)) {
			c.used[name] = true
			return false
		}
	}
	return true
}

func (c *checker) roles(ctx context.Context, conn Querier) error {
	type role struct {
		Super, Bypass, Owns bool
	}
	roles, err := collect[role](ctx, conn, `
		select rolsuper, rolbypassrls,
		       exists (select from pg_class where relnamespace = 'public'::regnamespace and pg_has_role('onedoor_app', relowner, 'member'))
		    or exists (select from pg_database where datname = current_database() and pg_has_role('onedoor_app', datdba, 'member'))
		from pg_roles where rolname = 'onedoor_app'`)
	if err != nil {
		return err
	}
	if len(roles) == 0 {
		c.find("onedoor_app: there is no such role")
	}
	for _, r := range roles {
		if r.Super || r.Bypass {
			c.find("onedoor_app: passes by row-level security")
		}
		if r.Owns {
			c.find("onedoor_app: owns the database or a table")
		}
	}
	return nil
}

func (c *checker) tables(ctx context.Context, conn Querier) error {
	type table struct {
		Name                               string
		Kind                               string
		Partition, Security, Forced, Named bool
		Policies                           int
		Truncate                           bool
	}
	tables, err := collect[table](ctx, conn, `
		select relname, relkind::text, relispartition, relrowsecurity, relforcerowsecurity,
		       exists (select from pg_attribute a where attrelid = c.oid and attname = 'neighbourhood_id'
		               and atttypid = 'uuid'::regtype and attnotnull and not attisdropped),
		       (select count(*) from pg_policy where polrelid = c.oid),
		       has_table_privilege('onedoor_app', c.oid, 'truncate')
		from pg_class c where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'm', 'f')`)
	if err != nil {
		return err
	}
	for _, t := range tables {
		if t.Truncate {
			c.find("%s: onedoor_app may truncate it, which row-level security does not hold", t.Name)
		}
		switch {
		case !c.tenant(t.Name):
		case t.Kind == "m" || t.Kind == "f":
			c.find("%s: a materialised view or foreign table has no row-level security", t.Name)
		case !t.Named:
			c.find("%s: has no neighbourhood_id uuid not null, and is not listed as a table without a tenant", t.Name)
		case !t.Security || !t.Forced:
			c.find("%s: row-level security is not both enabled and forced", t.Name)
		case t.Policies == 0 && !t.Partition: // a partition without a policy can only be reached through its parent
			c.find("%s: has no policy", t.Name)
		}
	}
	return nil
}

func (c *checker) policies(ctx context.Context, conn Querier) error {
	type policy struct {
		Table, Name, Command string
		Permissive           bool
		Using, Check         string
	}
	policies, err := collect[policy](ctx, conn, `
		select relname, polname, polcmd::text, polpermissive,
		       coalesce(pg_get_expr(polqual, polrelid), ''), coalesce(pg_get_expr(polwithcheck, polrelid), '')
		from pg_policy join pg_class c on c.oid = polrelid where relnamespace = 'public'::regnamespace`)
	if err != nil {
		return err
	}
	names := func(expression string) bool {
		return strings.Contains(expression, "neighbourhood_id") &&
			(strings.Contains(expression, "current_neighbourhood()") || strings.Contains(expression, "'app.nb'"))
	}
	keeps := func(p policy) bool {
		return (p.Using == "" || names(p.Using)) && (p.Check == "" || names(p.Check)) && p.Using+p.Check != ""
	}
	restricted := map[string]bool{} // one restrictive policy for every command covers all the others
	for _, p := range policies {
		if !p.Permissive && p.Command == "*" && keeps(p) {
			restricted[p.Table] = true
		}
	}
	for _, p := range policies {
		if c.tenant(p.Table) && p.Permissive && !restricted[p.Table] && !keeps(p) {
			c.find("%s: policy %s does not compare neighbourhood_id with the scope's", p.Table, p.Name)
		}
	}
	return nil
}

func (c *checker) indexes(ctx context.Context, conn Querier) error {
	type index struct {
		Table, Name, Kind, First string
	}
	indexes, err := collect[index](ctx, conn, `
		select t.relname, i.relname,
		       case when indisprimary then 'primary key' when indisunique then 'unique index' else 'index' end,
		       coalesce((select attname from pg_attribute where attrelid = indrelid and attnum = indkey[0]), 'an expression')
		from pg_index join pg_class t on t.oid = indrelid join pg_class i on i.oid = indexrelid
		where t.relnamespace = 'public'::regnamespace`)
	if err != nil {
		return err
	}
	keyed := map[string]bool{}
	for _, i := range indexes {
		keyed[i.Table] = keyed[i.Table] || i.Kind == "primary key"
		if i.First != "neighbourhood_id" && c.tenant(i.Table) {
			c.find("%s: %s %s begins with %s, not with neighbourhood_id", i.Table, i.Kind, i.Name, i.First)
		}
	}
	tables, err := collect[struct{ Name string }](ctx, conn,
		`select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')`)
	if err != nil {
		return err
	}
	for _, t := range tables {
		if !keyed[t.Name] && c.tenant(t.Name) {
			c.find("%s: has no primary key", t.Name)
		}
	}
	return nil
}

func (c *checker) keys(ctx context.Context, conn Querier) error {
	type column struct{ Table, Name, Default string }
	columns, err := collect[column](ctx, conn, `
		select distinct relname, attname, case when attidentity <> '' then 'an identity' else pg_get_expr(adbin, adrelid) end
		from pg_index join pg_class c on c.oid = indrelid join pg_attribute a on attrelid = indrelid and attnum = any (indkey)
		left join pg_attrdef on adrelid = attrelid and adnum = attnum
		where relnamespace = 'public'::regnamespace and indisunique and (attidentity <> '' or adbin is not null)`)
	if err != nil {
		return err
	}
	for _, k := range columns {
		generated := k.Default == "an identity" || strings.Contains(k.Default, "nextval(") || strings.Contains(k.Default, "uuid")
		if generated && c.tenant(k.Table) {
			c.find("%s: key column %s is made by the database (%s), not by the product", k.Table, k.Name, k.Default)
		}
	}
	return nil
}

func (c *checker) references(ctx context.Context, conn Querier) error {
	type reference struct{ Table, Name, To, First, ToFirst string }
	references, err := collect[reference](ctx, conn, `
		select f.relname, conname, t.relname,
		       (select attname from pg_attribute where attrelid = conrelid and attnum = conkey[1]),
		       (select attname from pg_attribute where attrelid = confrelid and attnum = confkey[1])
		from pg_constraint join pg_class f on f.oid = conrelid join pg_class t on t.oid = confrelid
		where contype = 'f' and f.relnamespace = 'public'::regnamespace`)
	if err != nil {
		return err
	}
	for _, r := range references {
		from, to := c.tenant(r.Table), c.tenant(r.To)
		switch {
		case from && to && (r.First != "neighbourhood_id" || r.ToFirst != "neighbourhood_id"):
			c.find("%s: foreign key %s to %s does not begin with neighbourhood_id on both sides", r.Table, r.Name, r.To)
		case !from && to:
			c.find("%s: foreign key %s leads from a table without a tenant to a tenant's, %s", r.Table, r.Name, r.To)
		}
	}
	return nil
}

func collect[T any](ctx context.Context, conn Querier, query string) ([]T, error) {
	rows, err := conn.Query(ctx, query)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[T])
}
