package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

// inserted are the tables that one submission writes to, and how a repetition of its row makes its own key: an expression
// for each column that must differ.
var inserted = []struct {
	table string
	where string
	own   map[string]string
}{
	{"requests", "id = $1", map[string]string{"id": ownID, "reference": ":n"}},
	{"decisions", "request_id = $1", map[string]string{"request_id": ownID}},
	{"custody", "request_id = $1", map[string]string{"request_id": ownID, "id": ownID}},
	{"audit_entries", "subject = $1", map[string]string{"subject": ownID, "id": ownID}},
	{"request_history", "request_id = $1", map[string]string{"request_id": ownID}},
	{"events", "subject = $1", map[string]string{"subject": ownID}},
	{"idempotency_keys", "key = (select key from idempotency_keys where reply->>'reference' = (select reference from requests where id = $1) limit 1)", map[string]string{"key": "'bench-' || :n"}},
}

// ownID is a key of the repetition's own, made of the number that pgbench draws for it.
const ownID = "('018f0000-0000-7000-8000-' || lpad(:n::text, 12, '0'))::uuid"

// Baseline has pgbench insert the rows of one stored submission again and again: the same tables, columns and sizes, in
// the same scope and the same role, with durable commits, by as many clients. It gives transactions a second.
func Baseline(ctx context.Context, url string, programs []string, clients, transactions int) (float64, error) {
	pgbench, err := findPgbench(programs)
	if err != nil {
		return 0, err
	}
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close(ctx) }()
	script, err := scriptOf(ctx, conn)
	if err != nil {
		return 0, err
	}
	dir, err := os.MkdirTemp("", "onedoor-bench-")
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	file := filepath.Join(dir, "intake.sql")
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		return 0, err
	}
	c := conn.Config()
	//nolint:gosec // the arguments are numbers and our own settings
	command := exec.CommandContext(ctx, pgbench, "-n", "-M", "prepared", "-c", strconv.Itoa(clients), "-j", "2", "-t", strconv.Itoa(max(1, transactions/clients)),
		"-f", file, "-h", c.Host, "-p", strconv.Itoa(int(c.Port)), "-U", c.User, c.Database)
	output, err := command.CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("pgbench: %w: %.500s", err, output)
	}
	found := tps.FindSubmatch(output)
	if found == nil {
		return 0, fmt.Errorf("pgbench said nothing of its speed: %.500s", output)
	}
	return strconv.ParseFloat(string(found[1]), 64)
}

// variable is what pgbench would take for one of its variables, wherever it stands.
var variable = regexp.MustCompile(`:([A-Za-z_])`)

// Analyze gathers the planner's statistics, as PostgreSQL does by itself within the first minute of a database's life. The
// URL is the owner's.
func Analyze(ctx context.Context, ownerURL string) error { return Exec(ctx, ownerURL, "analyze") }

// Exec carries out one statement as the owner.
func Exec(ctx context.Context, ownerURL, sql string) error {
	conn, err := pgx.Connect(ctx, ownerURL)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, sql)
	return errors.Join(err, conn.Close(ctx))
}

var tps = regexp.MustCompile(`tps = ([0-9.]+)`)

func findPgbench(programs []string) (string, error) {
	debian, _ := filepath.Glob("/usr/lib/postgresql/*/bin") // a bad pattern is the only error
	for _, dir := range append(programs, debian...) {
		if path := filepath.Join(dir, "pgbench"); dir != "" {
			if _, err := os.Stat(path); err == nil {
				return path, nil
			}
		}
	}
	if path, err := exec.LookPath("pgbench"); err == nil {
		return path, nil
	}
	return "", errors.New("pgbench is not on this machine: on Debian, sudo apt-get install -y postgresql")
}

// scriptOf writes the transaction that repeats what one submission inserted.
func scriptOf(ctx context.Context, conn *pgx.Conn) (string, error) {
	tx, err := conn.Begin(ctx)
	if err != nil {
		return "", err
	}
	defer func() { _ = tx.Rollback(ctx) }()
	var neighbourhood, id string
	if err := tx.QueryRow(ctx, "select id::text from neighbourhoods where slug = 'riverside'").Scan(&neighbourhood); err != nil {
		return "", err
	}
	for _, setting := range []string{"set local app.nb = '" + neighbourhood + "'", "set local app.actor = 'job'"} {
		if _, err := tx.Exec(ctx, setting); err != nil {
			return "", err
		}
	}
	// A submission of middling size: neither the shortest decision nor the longest.
	if err := tx.QueryRow(ctx, `
		with ours as (select request_id, length(decision::text) as size from decisions where neighbourhood_id = $1 and request_id::text not like '018f0000-%')
		select request_id::text from ours order by size offset (select count(*) / 2 from ours) limit 1`, neighbourhood).Scan(&id); err != nil {
		return "", fmt.Errorf("find a submission to repeat: %w", err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\\set n random(1, 999999999999)\nbegin;\nset local app.nb = '%s';\nset local app.actor = 'intake';\nset local app.orgs = '';\n", neighbourhood)
	for _, t := range inserted {
		statement, err := insertLike(ctx, tx, t.table, t.where, id, t.own)
		if err != nil {
			return "", err
		}
		b.WriteString(statement)
	}
	b.WriteString("commit;\n")
	return b.String(), nil
}

func insertLike(ctx context.Context, tx pgx.Tx, table, where, id string, own map[string]string) (string, error) {
	rows, err := tx.Query(ctx, `
		select column_name from information_schema.columns
		where table_schema = 'public' and table_name = $1 and is_identity = 'NO' and column_name <> 'xid' order by ordinal_position`, table)
	if err != nil {
		return "", err
	}
	columns, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return "", err
	}
	literals := make([]string, len(columns))
	for i, c := range columns {
		literals[i] = "quote_nullable(" + pgx.Identifier{c}.Sanitize() + ")"
	}
	var values []string
	query := "select array[" + strings.Join(literals, ",") + "] from " + pgx.Identifier{table}.Sanitize() + " where " + where + " limit 1"
	if err := tx.QueryRow(ctx, query, id).Scan(&values); err != nil {
		return "", fmt.Errorf("read the row of %s to repeat: %w", table, err)
	}
	for i, c := range columns {
		if expression, ok := own[c]; ok {
			values[i] = expression
		} else {
			values[i] = variable.ReplaceAllString(strings.ReplaceAll(values[i], "\n", " "), ";$1")
		}
	}
	return "insert into " + table + " (" + strings.Join(columns, ", ") + ") values (" + strings.Join(values, ", ") + ");\n", nil
}
