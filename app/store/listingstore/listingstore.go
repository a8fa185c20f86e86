// Package listingstore keeps organisations as the national register has them, and who read it when. These tables have no tenant:
// what they hold is public. It implements directory.ListingStore.
package listingstore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"onedoor/app/database"
	"onedoor/app/directory"
	"onedoor/app/nhs"
	"onedoor/tenants"
)

// Store implements directory.ListingStore.
type Store struct{ db *database.DB }

var _ directory.ListingStore = (*Store)(nil)

// New makes a store over a database.
func New(db *database.DB) *Store { return &Store{db} }

// keep tells what was added (no row before), changed, and only read again. The moment of reading alone is no change.
const keep = `
with before as (select * from listed_organisations where ods_code = $1),
kept as (
	insert into listed_organisations (ods_code, name, kind, role, is_open, opened_on, closed_on, address, postcode, telephone, source, read_at)
	values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
	on conflict (ods_code) do update set name = excluded.name, kind = excluded.kind, role = excluded.role, is_open = excluded.is_open, opened_on = excluded.opened_on,
		closed_on = excluded.closed_on, address = excluded.address, postcode = excluded.postcode, telephone = excluded.telephone, source = excluded.source, read_at = excluded.read_at
)
select not exists (select from before),
	exists (select from before where (name, kind, is_open, postcode, telephone, address) is distinct from ($2, $3, $5, $9, $10, $8::jsonb)
		or opened_on is distinct from $6 or closed_on is distinct from $7)`

// batch is how many rows travel together.
const batch = 500

// Keep implements directory.ListingStore: all in one transaction.
func (s *Store) Keep(ctx context.Context, list []directory.Listed) (added, changed int, err error) {
	err = s.db.Global(ctx, func(tx *database.Tx) error {
		added, changed = 0, 0
		for from := 0; from < len(list); from += batch {
			var b pgx.Batch
			for _, l := range list[from:min(from+batch, len(list))] {
				address, err := json.Marshal(append([]string{}, l.Address...))
				if err != nil {
					return err
				}
				b.Queue(keep, string(l.ODS), l.Name, string(l.Kind), l.Role, l.Open, l.OpenedOn, l.ClosedOn, address, string(l.Postcode), string(l.Telephone), l.Source, l.ReadAt).
					QueryRow(func(row pgx.Row) error {
						var isNew, differs bool
						if err := row.Scan(&isNew, &differs); err != nil {
							return err
						}
						if isNew {
							added++
						}
						if differs {
							changed++
						}
						return nil
					})
			}
			if err := tx.Pgx().SendBatch(ctx, &b).Close(); err != nil {
				return fmt.Errorf("keep listed organisations: %w", err)
			}
		}
		return nil
	})
	return added, changed, err
}

// Add implements directory.ListingStore.
func (s *Store) Add(ctx context.Context, l directory.Listing) error {
	return s.db.Global(ctx, func(tx *database.Tx) error {
		_, err := tx.Pgx().Exec(ctx, "insert into listings (id, source, done_by, done_at, read, added, changed, passed_over) values ($1, $2, $3, $4, $5, $6, $7, $8)",
			l.ID, l.Source, l.By, l.At, l.Read, l.Added, l.Changed, l.PassedOver)
		return err
	})
}

// Listings implements directory.ListingStore.
func (s *Store) Listings(ctx context.Context, limit int) (list []directory.Listing, err error) {
	err = s.db.Global(ctx, func(tx *database.Tx) error {
		rows, err := tx.Pgx().Query(ctx, "select id, source, done_by, done_at, read, added, changed, passed_over from listings order by done_at desc, id desc limit $1", limit)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, func(r pgx.CollectableRow) (l directory.Listing, err error) {
			err = r.Scan(&l.ID, &l.Source, &l.By, &l.At, &l.Read, &l.Added, &l.Changed, &l.PassedOver)
			return l, err
		})
		return err
	})
	return list, err
}

// Listed implements directory.ListingStore.
func (s *Store) Listed(ctx context.Context, codes []nhs.ODSCode) (list []directory.Listed, err error) {
	plain := make([]string, len(codes))
	for i, c := range codes {
		plain[i] = string(c)
	}
	err = s.db.Global(ctx, func(tx *database.Tx) error {
		rows, err := tx.Pgx().Query(ctx, `
			select ods_code, name, kind, role, is_open, opened_on, closed_on, address, postcode, telephone, source, read_at
			from listed_organisations where ods_code = any($1) order by ods_code`, plain)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, func(r pgx.CollectableRow) (directory.Listed, error) {
			var l directory.Listed
			var code, kind, postcode, telephone string
			var address []byte
			var at time.Time
			if err := r.Scan(&code, &l.Name, &kind, &l.Role, &l.Open, &l.OpenedOn, &l.ClosedOn, &address, &postcode, &telephone, &l.Source, &at); err != nil {
				return l, err
			}
			l.ODS, l.Kind, l.Postcode, l.Telephone, l.ReadAt = nhs.ODSCode(code), tenants.OrganisationKind(kind), nhs.Postcode(postcode), nhs.Phone(telephone), at
			return l, json.Unmarshal(address, &l.Address)
		})
		return err
	})
	return list, err
}

// Count implements directory.ListingStore.
func (s *Store) Count(ctx context.Context) (all, open int, err error) {
	err = s.db.Global(ctx, func(tx *database.Tx) error {
		return tx.Pgx().QueryRow(ctx, "select count(*), count(*) filter (where is_open) from listed_organisations").Scan(&all, &open)
	})
	return all, open, err
}
