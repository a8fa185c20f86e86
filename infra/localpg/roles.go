package localpg

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// roleSettings end what a hung client leaves open: an idle transaction would hold back every live update.
const roleSettings = `alter role ` + App + ` set idle_in_transaction_session_timeout = '60s'`

// ensureRoles makes the roles and the database that are missing, at every start, so that a kill between two steps does
// no harm. It is the only thing ever done as the superuser.
func ensureRoles(ctx context.Context, super, database string) error {
	conn, err := pgx.Connect(ctx, super)
	if err != nil {
		return fmt.Errorf("make the roles of the local database: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	for _, role := range []string{Owner, App} {
		there, err := exists(ctx, conn, `select exists(select from pg_roles where rolname = $1)`, role)
		if err != nil {
			return err
		}
		if there {
			continue
		}
		if _, err := conn.Exec(ctx, `create role `+role+` login nosuperuser nocreatedb nocreaterole noreplication nobypassrls`); err != nil {
			return fmt.Errorf("make the role %s: %w", role, err)
		}
	}
	name := pgx.Identifier{database}.Sanitize()
	there, err := exists(ctx, conn, `select exists(select from pg_database where datname = $1)`, database)
	if err != nil {
		return err
	}
	if !there {
		// Its owner owns the schema public too, from version 15 on.
		if _, err := conn.Exec(ctx, `create database `+name+` owner `+Owner); err != nil {
			return fmt.Errorf("make the database: %w", err)
		}
	}
	for _, statement := range []string{
		roleSettings,
		`revoke all on database ` + name + ` from public`,
		`grant connect, temporary on database ` + name + ` to ` + App,
	} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("set what the roles may do: %w", err)
		}
	}
	return nil
}

func exists(ctx context.Context, conn *pgx.Conn, query, name string) (there bool, err error) {
	if err := conn.QueryRow(ctx, query, name).Scan(&there); err != nil {
		return false, fmt.Errorf("look for %s: %w", name, err)
	}
	return there, nil
}
