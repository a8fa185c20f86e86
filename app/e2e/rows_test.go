package e2e_test

import (
	"onedoor/app/database"
	"onedoor/app/demo"
	"onedoor/tenants"
)

// in runs a query's reader in Riverside, as a job that sees all of it.
func (p *product) in(read func(tx *database.Tx) error) {
	p.t.Helper()
	if p.rows == nil {
		p.rows = p.database()
	}
	if err := p.rows.InTx(p.t.Context(), tenants.JobOf(demo.NeighbourhoodID("riverside")), read); err != nil {
		p.t.Fatal(err)
	}
}

// count is the number that a query gives.
func (p *product) count(query string, args ...any) (n int) {
	p.t.Helper()
	p.in(func(tx *database.Tx) error { return tx.Pgx().QueryRow(p.t.Context(), query, args...).Scan(&n) })
	return n
}

// texts are the values of a query's one column of text.
func (p *product) texts(query string, args ...any) (list []string) {
	p.t.Helper()
	p.in(func(tx *database.Tx) error {
		rows, err := tx.Pgx().Query(p.t.Context(), query, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var s string
			if err := rows.Scan(&s); err != nil {
				return err
			}
			list = append(list, s)
		}
		return rows.Err()
	})
	return list
}
