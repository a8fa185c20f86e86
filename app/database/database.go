// Package database is the product's one way to PostgreSQL: the pool, the transaction in the scope of a tenant, and the
// tailer of live events. A transaction is at once gorm (for the stores) and pgx (for River's InsertTx and for batches) on
// one physical connection, so that what is saved, its audit entry and its job commit together or not at all. It holds no
// tables of its own but events, and no rules: those are in the domain and in the migrations.
//
// When PostgreSQL cannot be reached, every call here fails with the fault database_unavailable, and works again by itself
// once it can.
package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

const (
	defaultMaxConns    = 24
	defaultAcquireWait = 6 * time.Second
	connectWait        = 5 * time.Second
	healthCheckPeriod  = 5 * time.Second
)

// Options say which database, and how much of it.
type Options struct {
	// URL connects as onedoor_app. It may carry pgx's own settings, such as pool_max_conns and, behind PgBouncer,
	// default_query_exec_mode=cache_describe.
	URL string
	// MaxConns bounds the pool; URL's pool_max_conns, or 24, when zero.
	MaxConns int
	// AcquireWait is how long a call waits for a free connection before it fails; 6 s when zero.
	AcquireWait time.Duration
}

// DB is the pool. It is safe for concurrent use.
type DB struct {
	pool        *pgxpool.Pool
	sql         *sql.DB
	gorm        *gorm.DB // never handed out: outside a transaction there is no tenant
	acquireWait time.Duration
	inserts     sync.Map // *schema.Schema to the text of its insert: it follows from the model alone
}

// Open connects, and refuses a role that row-level security would not hold (CheckRole).
func Open(ctx context.Context, o Options) (*DB, error) {
	config, err := pgxpool.ParseConfig(o.URL)
	if err != nil {
		return nil, errors.New("the database URL cannot be read") // pgx would repeat it, password and all
	}
	switch {
	case o.MaxConns > 0:
		config.MaxConns = int32(o.MaxConns) //nolint:gosec // a few dozen
	case !strings.Contains(o.URL, "pool_max_conns"):
		config.MaxConns = defaultMaxConns
	}
	config.HealthCheckPeriod = healthCheckPeriod
	config.PingTimeout = connectWait
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = connectWait
	}
	if config.ConnConfig.RuntimeParams["application_name"] == "" {
		config.ConnConfig.RuntimeParams["application_name"] = "onedoor"
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	db := &DB{pool: pool, acquireWait: o.AcquireWait}
	if db.acquireWait == 0 {
		db.acquireWait = defaultAcquireWait
	}
	if err := CheckRole(ctx, pool); err != nil {
		pool.Close()
		return nil, explain(ctx, err)
	}
	db.sql = stdlib.OpenDBFromPool(pool) // keeps no idle connections: each goes back to the pool at once
	db.gorm, err = gorm.Open(postgres.New(postgres.Config{Conn: db.sql}), &gorm.Config{
		SkipDefaultTransaction: true,
		DisableAutomaticPing:   true,
		Logger:                 logger.Discard, // statements can hold what a patient typed
	})
	if err != nil {
		db.Close()
		return nil, fmt.Errorf("open gorm: %w", err)
	}
	return db, nil
}

// Close waits for the transactions that run and closes every connection.
func (db *DB) Close() {
	if db.sql != nil {
		_ = db.sql.Close()
	}
	db.pool.Close()
}

// Ping reports whether PostgreSQL answers.
func (db *DB) Ping(ctx context.Context) error {
	wait, cancel := context.WithTimeout(ctx, db.acquireWait)
	defer cancel()
	return explain(ctx, db.pool.Ping(wait))
}

// Pool is for River's client, which reads and writes its own tables only. Nothing else takes it: outside InTx and
// Global there is no scope.
func (db *DB) Pool() *pgxpool.Pool { return db.pool }

// querier is what CheckRole needs: a pool, a connection or a transaction.
type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// CheckRole refuses a connection whose role would pass by row-level security: a superuser, a role with BYPASSRLS, or
// one that owns the database or a table of it, itself or by membership.
func CheckRole(ctx context.Context, conn querier) error {
	var role string
	var super, bypass, owns bool
	err := conn.QueryRow(ctx, `
		select rolname, rolsuper, rolbypassrls,
		       exists (select from pg_database where datname = current_database() and pg_has_role(datdba, 'member'))
		    or exists (select from pg_class where relnamespace = 'public'::regnamespace and pg_has_role(relowner, 'member'))
		from pg_roles where rolname = current_user`).Scan(&role, &super, &bypass, &owns)
	switch {
	case err != nil:
		return fmt.Errorf("ask what the database role may do: %w", err)
	case super:
		return fmt.Errorf("the database role %s is a superuser, which row-level security does not hold: connect as onedoor_app", role)
	case bypass:
		return fmt.Errorf("the database role %s has BYPASSRLS: connect as onedoor_app", role)
	case owns:
		return fmt.Errorf("the database role %s owns the database or tables in it: connect as onedoor_app", role)
	}
	return nil
}
