// Package migrations makes the schema: numbered SQL files, applied in order by goose under the role that owns the
// database, and River's own tables as one of the steps. Files are named 0004_verb_noun.sql; a file that was released is
// never edited. They go forward only, in steps small enough that the program before and the program after both run on
// the result.
package migrations

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

//go:embed *.sql
var files embed.FS

const (
	// riverStep is River's place among the numbered files.
	riverStep = 2
	// riverVersion is the version of River's schema that the step brings it to. When River is upgraded and has a newer
	// one, that is a new step; this number stays.
	riverVersion = 8
	// lockKey keeps two processes from migrating one database at once. It is an arbitrary number of our own.
	lockKey = 0x6f6e65646f6f72
)

// Up applies what is pending, as the role of ownerURL. Only one process does so at a time; the others wait.
func Up(ctx context.Context, ownerURL string) error {
	return with(ctx, ownerURL, func(p *goose.Provider, pool *pgxpool.Pool) (err error) {
		lock, err := pool.Acquire(ctx)
		if err != nil {
			return fmt.Errorf("reach the database to migrate it: %w", err)
		}
		defer lock.Release()
		if _, err := lock.Exec(ctx, `select pg_advisory_lock($1)`, lockKey); err != nil {
			return fmt.Errorf("wait for another migration: %w", err)
		}
		defer func() {
			_, unlockErr := lock.Exec(context.WithoutCancel(ctx), `select pg_advisory_unlock($1)`, lockKey)
			err = errors.Join(err, unlockErr)
		}()
		if _, err := p.Up(ctx); err != nil {
			return fmt.Errorf("migrate the database: %w", err)
		}
		return nil
	})
}

// Pending names the steps that a database has not seen. The role of url may be the product's own.
func Pending(ctx context.Context, url string) (names []string, err error) {
	err = with(ctx, url, func(p *goose.Provider, pool *pgxpool.Pool) error {
		applied, err := appliedSteps(ctx, pool)
		if err != nil {
			return err
		}
		for _, source := range p.ListSources() {
			if !applied[source.Version] {
				names = append(names, name(source))
			}
		}
		return nil
	})
	return names, err
}

// appliedSteps reads goose's table, which goose itself would make if it were absent: the product's role may not.
func appliedSteps(ctx context.Context, pool *pgxpool.Pool) (map[int64]bool, error) {
	var made bool
	if err := pool.QueryRow(ctx, `select to_regclass('goose_db_version') is not null`).Scan(&made); err != nil {
		return nil, fmt.Errorf("look for the schema: %w", err)
	}
	applied := map[int64]bool{}
	if !made {
		return applied, nil
	}
	rows, err := pool.Query(ctx, `select distinct on (version_id) version_id, is_applied from goose_db_version order by version_id, id desc`)
	if err != nil {
		return nil, fmt.Errorf("read which migrations were applied: %w", err)
	}
	var version int64
	var done bool
	_, err = pgx.ForEachRow(rows, []any{&version, &done}, func() error { applied[version] = done; return nil })
	return applied, err
}

// Hash names the schema: it changes with every file and with River's version.
func Hash() string {
	hash := sha256.New()
	fmt.Fprintf(hash, "river %d at %d\n", riverVersion, riverStep)
	entries, _ := files.ReadDir(".") // embedded, sorted by name
	for _, entry := range entries {
		text, _ := fs.ReadFile(files, entry.Name())
		fmt.Fprintf(hash, "%s %d\n%s\n", entry.Name(), len(text), text)
	}
	return hex.EncodeToString(hash.Sum(nil))
}

func name(source *goose.Source) string {
	if source.Type == goose.TypeGo {
		return fmt.Sprintf("%04d (River's tables)", source.Version)
	}
	return source.Path
}

func with(ctx context.Context, url string, fn func(*goose.Provider, *pgxpool.Pool) error) error {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return errors.New("the database URL cannot be read") // pgx would repeat it, password and all
	}
	config.MaxConns = 4 // one for the lock, one for goose, one for River
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return err
	}
	defer pool.Close()
	db := stdlib.OpenDBFromPool(pool)
	defer func() { _ = db.Close() }()
	p, err := goose.NewProvider(goose.DialectPostgres, db, files,
		goose.WithDisableGlobalRegistry(true), goose.WithGoMigrations(riverMigration(pool)))
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	return fn(p, pool)
}

// riverMigration runs outside goose's transaction: River makes one for each of its versions, keeps count of them itself,
// and goes on where it stopped.
func riverMigration(pool *pgxpool.Pool) *goose.Migration {
	up := &goose.GoFunc{RunDB: func(ctx context.Context, _ *sql.DB) error {
		migrator, err := rivermigrate.New(riverpgxv5.New(pool), nil)
		if err != nil {
			return err
		}
		_, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, &rivermigrate.MigrateOpts{TargetVersion: riverVersion})
		return err
	}}
	return goose.NewGoMigration(riverStep, up, nil)
}
