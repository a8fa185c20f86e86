package database

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"

	"onedoor/tenants"
)

// Later inserts rows, which are pointers to gorm models, before the transaction commits. All of them travel in one round
// trip, in order; what they break is told by InTx. Nothing in the transaction reads them: rows that are read again go
// through Gorm.
func (tx *Tx) Later(rows ...any) {
	for _, row := range rows {
		made := tx.gorm.Session(&gorm.Session{DryRun: true}).Create(row)
		if made.Error != nil {
			tx.Fail(made.Error)
			continue
		}
		tx.later.Queue(made.Statement.SQL.String(), made.Statement.Vars...)
	}
}

// Fail keeps the transaction from committing, whatever its function returns. It is for methods that return no error.
func (tx *Tx) Fail(err error) { tx.failed = errors.Join(tx.failed, err) }

// As runs fn in another scope within the same transaction, and comes back to the first one. It is for a hand-over: a row
// leaves the scope that writes it.
func (tx *Tx) As(ctx context.Context, scope tenants.Scope, fn func() error) error {
	there, err := settingsOf(scope)
	if err != nil {
		return err
	}
	back, err := settingsOf(tx.scope)
	if err != nil {
		return err
	}
	if err := set(ctx, tx.pgx.Conn(), there); err != nil {
		return err
	}
	if err := fn(); err != nil {
		return err // the transaction is over: nothing runs in the wrong scope after it
	}
	return set(ctx, tx.pgx.Conn(), back)
}

// finish sends what was put off.
func (tx *Tx) finish(ctx context.Context) error {
	if tx.failed != nil {
		return tx.failed
	}
	if tx.later.Len() == 0 {
		return nil
	}
	return tx.pgx.SendBatch(ctx, &tx.later).Close()
}

// set sends settings, each its own statement, in one round trip.
func set(ctx context.Context, conn *pgx.Conn, settings []string) error {
	var batch pgconn.Batch
	for _, setting := range settings {
		batch.ExecParams(setting, nil, nil, nil, nil)
	}
	_, err := conn.PgConn().ExecBatch(ctx, &batch).ReadAll()
	return err
}
