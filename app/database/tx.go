package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/gorm"

	"onedoor/tenants"
)

// rollbackWait bounds a rollback whose caller has gone.
const rollbackWait = 5 * time.Second

// Tx is one transaction in one scope. It is used by one goroutine, and is of no use after the function it was given to
// has returned.
type Tx struct {
	scope  tenants.Scope
	acting tenants.Scope // the scope's, or that of the innermost As
	gorm   *gorm.DB
	pgx    pgx.Tx

	inserts *sync.Map // the pool's
	later   pgx.Batch
	failed  error
}

// Gorm is the transaction for stores. Its Transaction method makes a savepoint.
func (tx *Tx) Gorm() *gorm.DB { return tx.gorm }

// Pgx is the same transaction for River's InsertTx and for batches. InTx commits it, nobody else.
func (tx *Tx) Pgx() pgx.Tx { return tx.pgx }

// Scope is the tenant it runs in; zero within Global.
func (tx *Tx) Scope() tenants.Scope { return tx.scope }

// InTx runs fn in one transaction in a scope, and commits when fn returns nil. An error, a panic or the end of ctx rolls
// back. PostgreSQL's own errors come back as they are (serialization failures and deadlocks too: nothing is tried twice
// here), but for the loss of the database, which is the fault database_unavailable; a commit whose answer was lost
// is reported so as well, and may have happened.
func (db *DB) InTx(ctx context.Context, scope tenants.Scope, fn func(*Tx) error) error {
	settings, err := settingsOf(scope)
	if err != nil {
		return err
	}
	return db.transaction(ctx, scope, settings, fn)
}

// Global runs fn in one transaction with no tenant: it sees only the tables that have none, such as the directory, people,
// sessions and API clients.
func (db *DB) Global(ctx context.Context, fn func(*Tx) error) error {
	return db.transaction(ctx, tenants.Scope{}, nil, fn)
}

func (db *DB) transaction(ctx context.Context, scope tenants.Scope, settings []string, fn func(*Tx) error) error {
	conn, begun, err := db.begin(ctx, settings)
	if err != nil {
		return explain(ctx, err)
	}
	defer func() { _ = conn.Close() }()
	defer func() { // does nothing after the commit
		if !held(conn) {
			return
		}
		wait, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackWait)
		defer cancel()
		_ = begun.Rollback(wait) // a connection that cannot roll back is closed, which does
	}()
	session := db.gorm.Session(&gorm.Session{NewDB: true, Context: ctx, SkipDefaultTransaction: true})
	session.Statement.ConnPool = connection{conn}
	tx := &Tx{scope: scope, acting: scope, gorm: session, pgx: begun, inserts: &db.inserts}
	err = fn(tx)
	if err == nil {
		err = tx.finish(ctx)
	}
	if err != nil {
		if !held(conn) || begun.Conn().IsClosed() {
			err = lost(err)
		}
		return explain(ctx, err)
	}
	if err := begun.Commit(ctx); err != nil {
		return explain(ctx, fmt.Errorf("commit: %w", err))
	}
	return nil
}

// held reports whether the connection is still ours. database/sql gives one up as soon as a query fails on it as bad, and the
// pool then closes it beside us, which rolls back.
func held(conn *sql.Conn) bool {
	return conn.Raw(func(any) error { return nil }) == nil
}

// begin takes a connection and opens the transaction on it. Connections that died in the pool, as all do when PostgreSQL
// restarts, are passed over: nothing has been done on them yet.
func (db *DB) begin(ctx context.Context, settings []string) (*sql.Conn, pgx.Tx, error) {
	wait, cancel := context.WithTimeout(ctx, db.acquireWait)
	defer cancel()
	for {
		conn, err := db.sql.Conn(wait)
		if err != nil {
			return nil, nil, fmt.Errorf("take a connection: %w", err)
		}
		var physical *pgx.Conn
		err = conn.Raw(func(driver any) error {
			physical = driver.(*stdlib.Conn).Conn() // the sql.DB was opened from a pgx pool
			return nil
		})
		if err == nil {
			var tx pgx.Tx
			if tx, err = begin(wait, physical, settings); err == nil {
				return conn, tx, nil
			}
		}
		died := physical != nil && physical.IsClosed()
		_ = conn.Close()
		if !died || wait.Err() != nil {
			return nil, nil, fmt.Errorf("begin: %w", err)
		}
	}
}

// begin sends BEGIN, then every setting as its own statement in one round trip. They are neither one string of several
// statements nor set_config: a distributed PostgreSQL carries neither to its workers. They are not prepared, or each
// tenant would fill the statement caches.
func begin(ctx context.Context, conn *pgx.Conn, settings []string) (pgx.Tx, error) {
	tx, err := conn.Begin(ctx)
	if err != nil || len(settings) == 0 {
		return tx, err
	}
	if err := set(ctx, conn, settings); err != nil {
		return nil, errors.Join(err, tx.Rollback(ctx))
	}
	return tx, nil
}

// settingsOf is a scope as PostgreSQL reads it. Only identifiers and three fixed words can come out, so that the text
// carries no SQL of anybody's.
func settingsOf(s tenants.Scope) ([]string, error) {
	switch s.Kind {
	case tenants.StaffScope, tenants.IntakeScope, tenants.JobScope:
	default:
		return nil, fmt.Errorf("a transaction needs a scope of staff, intake or job, not %q", string(s.Kind))
	}
	if s.NeighbourhoodID == uuid.Nil {
		return nil, errors.New("a transaction needs the neighbourhood of its scope")
	}
	organisations := make([]string, len(s.Organisations))
	for i, id := range s.Organisations {
		organisations[i] = id.String()
	}
	return []string{
		"set local app.nb = '" + s.NeighbourhoodID.String() + "'",
		"set local app.actor = '" + string(s.Kind) + "'",
		"set local app.orgs = '" + strings.Join(organisations, ",") + "'",
	}, nil
}

// connection is gorm's way to the one connection of the transaction. It is a TxCommitter, so that gorm's Transaction makes
// savepoints, and no TxBeginner, so that gorm never begins.
type connection struct{ conn *sql.Conn }

func (c connection) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	return c.conn.PrepareContext(ctx, query)
}

func (c connection) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return c.conn.ExecContext(ctx, query, args...)
}

func (c connection) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return c.conn.QueryContext(ctx, query, args...)
}

func (c connection) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return c.conn.QueryRowContext(ctx, query, args...)
}

var errNotYours = errors.New("the transaction is committed or rolled back by who began it")

func (c connection) Commit() error   { return errNotYours }
func (c connection) Rollback() error { return errNotYours }
