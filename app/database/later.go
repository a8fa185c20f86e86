package database

import (
	"context"
	"errors"
	"reflect"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"
	"gorm.io/gorm/schema"

	"onedoor/tenants"
)

// Later inserts rows, which are pointers to gorm models, before the transaction commits. All of them travel in one round
// trip, in order; what they break is told by InTx. Nothing in the transaction reads them: rows that are read again go
// through Gorm. Every column is written as the model has it: no hooks, and no times that gorm would fill in.
func (tx *Tx) Later(rows ...any) {
	for _, row := range rows {
		statement := gorm.Statement{DB: tx.gorm}
		if err := statement.Parse(row); err != nil {
			tx.Fail(err)
			continue
		}
		model := statement.Schema
		values := make([]any, len(model.DBNames))
		for i, column := range model.DBNames {
			values[i], _ = model.FieldsByDBName[column].ValueOf(tx.gorm.Statement.Context, reflect.ValueOf(row))
		}
		tx.later.Queue(tx.insertInto(model), values...)
	}
}

// insertInto is the statement for a model's every column; it is the same text each time, so that it is prepared once.
func (tx *Tx) insertInto(model *schema.Schema) string {
	if known, ok := tx.inserts.Load(model); ok {
		return known.(string)
	}
	columns, places := make([]string, len(model.DBNames)), make([]string, len(model.DBNames))
	for i, column := range model.DBNames {
		columns[i], places[i] = pgx.Identifier{column}.Sanitize(), "$"+strconv.Itoa(i+1)
	}
	made := "insert into " + pgx.Identifier{model.Table}.Sanitize() + " (" + strings.Join(columns, ", ") + ") values (" + strings.Join(places, ", ") + ")"
	tx.inserts.Store(model, made)
	return made
}

// Fail keeps the transaction from committing, whatever its function returns. It is for methods that return no error.
func (tx *Tx) Fail(err error) { tx.failed = errors.Join(tx.failed, err) }

// As runs fn in another scope within the same transaction, and comes back to the one before. It is for a hand-over: a row
// leaves the scope that writes it. Scope goes on to name who began the transaction.
func (tx *Tx) As(ctx context.Context, scope tenants.Scope, fn func() error) error {
	there, err := settingsOf(scope)
	if err != nil {
		return err
	}
	before := tx.acting
	back, err := settingsOf(before)
	if err != nil {
		return err
	}
	if err := set(ctx, tx.pgx.Conn(), there); err != nil {
		return err
	}
	tx.acting = scope
	if err := fn(); err != nil {
		return err // the transaction is over: nothing runs in the wrong scope after it
	}
	tx.acting = before
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
