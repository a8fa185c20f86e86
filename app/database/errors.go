package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"onedoor/app/fault"
)

// CodeUnavailable is the fault of every call that could not reach PostgreSQL.
const CodeUnavailable = "database_unavailable"

const retryAfter = 2 * time.Second

// explain is the one place that turns the loss of the database into a fault. Other errors, and faults that the caller
// made, pass through; so does the end of the caller's own context.
func explain(ctx context.Context, err error) error {
	var already *fault.Error
	switch {
	case err == nil, errors.As(err, &already), ctx.Err() != nil, !unavailable(err):
		return err
	}
	f := fault.New(fault.Unavailable, CodeUnavailable, "The service cannot reach its database. Nothing was saved that was not confirmed. Try again in a few seconds.")
	f.RetryAfter = retryAfter
	return f.Because(err)
}

// errLost marks an error that came with the loss of the connection, whatever it says itself.
var errLost = errors.New("the connection to the database was lost")

func lost(err error) error { return fmt.Errorf("%w: %w", errLost, err) }

// unavailable reports whether an error means that the database could not be reached or had no room, rather than that it
// refused what was asked.
func unavailable(err error) bool {
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		return unavailableCode(refused.Code)
	}
	var connecting *pgconn.ConnectError
	var network net.Error
	if errors.As(err, &connecting) || errors.As(err, &network) {
		return true
	}
	for _, e := range []error{
		errLost, pgconn.ErrConnClosed, driver.ErrBadConn, sql.ErrConnDone, io.EOF, io.ErrUnexpectedEOF,
		syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EPIPE,
		context.DeadlineExceeded, // the caller's own has been ruled out: no connection came free in time
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// unavailableCode knows PostgreSQL's states. Source: PostgreSQL documentation, appendix A.
func unavailableCode(code string) bool {
	switch code {
	case "57P01", // admin_shutdown
		"57P02", // crash_shutdown
		"57P03", // cannot_connect_now: starting up, shutting down
		"57P05": // idle_session_timeout
		return true
	}
	return strings.HasPrefix(code, "08") || // connection_exception
		strings.HasPrefix(code, "53") // insufficient_resources: too many connections, no memory, no disk
}

// IsUnique reports whether a write broke a unique index or constraint of this name; any, when the name is empty.
func IsUnique(err error, constraint string) bool {
	return violates(err, "23505", constraint)
}

// IsForeignKey reports whether a write named a row that is not there, by a foreign key of this name; any, when empty.
func IsForeignKey(err error, constraint string) bool {
	return violates(err, "23503", constraint)
}

func violates(err error, code, constraint string) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && refused.Code == code && (constraint == "" || refused.ConstraintName == constraint)
}
