// Package owntoolstore keeps the online tools that organisations have of their own. It implements owntools.Store. Handovers
// are no part of it: package requeststore keeps them with their requests.
package owntoolstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"onedoor/app/audit"
	"onedoor/app/database"
	"onedoor/app/owntools"
	"onedoor/app/store/auditstore"
	"onedoor/tenants"
)

// Store implements owntools.Store.
type Store struct{ db *database.DB }

var _ owntools.Store = (*Store)(nil)

// New makes a store over a database.
func New(db *database.DB) *Store { return &Store{db} }

// Tool implements owntools.Store.
func (s *Store) Tool(ctx context.Context, neighbourhood, organisation uuid.UUID) (t owntools.Tool, found bool, err error) {
	err = s.db.InTx(ctx, tenants.IntakeOf(neighbourhood), func(tx *database.Tx) error {
		t = owntools.Tool{NeighbourhoodID: neighbourhood, OrganisationID: organisation}
		var key *uuid.UUID
		err := tx.Pgx().QueryRow(ctx, "select name, address, enabled, key_id, changed_by, changed_at from own_tools where neighbourhood_id = $1 and organisation_id = $2", neighbourhood, organisation).
			Scan(&t.Name, &t.Address, &t.On, &key, &t.ChangedBy, &t.ChangedAt)
		if key != nil {
			t.Key = *key
		}
		found = err == nil
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		return err
	})
	if err != nil {
		return t, false, fmt.Errorf("read an organisation's own tool: %w", err)
	}
	return t, found, nil
}

// Standing implements owntools.Store. Two partial indexes hold the rows, which are few.
func (s *Store) Standing(ctx context.Context, neighbourhood uuid.UUID) (map[uuid.UUID]owntools.Standing, error) {
	found := map[uuid.UUID]owntools.Standing{}
	err := s.db.InTx(ctx, tenants.JobOf(neighbourhood), func(tx *database.Tx) error {
		rows, err := tx.Pgx().Query(ctx, `
			select accountable_id, count(*) filter (where tool_due_at is not null), count(*) filter (where tool_due_at is null),
			       min(cast(tool ->> 'due_at' as timestamptz)) filter (where tool_due_at is null)
			from requests
			where neighbourhood_id = $1 and (tool_due_at is not null or (tool ->> 'state' = 'silent' and status < 5))
			      and accountable_id = cast(tool ->> 'organisation_id' as uuid)
			group by accountable_id`, neighbourhood)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var organisation uuid.UUID
			var standing owntools.Standing
			var since *time.Time
			if err := rows.Scan(&organisation, &standing.Waiting, &standing.Silent, &since); err != nil {
				return err
			}
			if since != nil {
				standing.Since = *since
			}
			found[organisation] = standing
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("read what own tools left unanswered: %w", err)
	}
	return found, nil
}

// Set implements owntools.Store.
func (s *Store) Set(ctx context.Context, scope tenants.Scope, t owntools.Tool, entry audit.Entry) error {
	return s.db.InTx(ctx, scope, func(tx *database.Tx) error {
		_, err := tx.Pgx().Exec(ctx, `
			insert into own_tools (neighbourhood_id, organisation_id, name, address, enabled, key_id, changed_by, changed_at)
			values ($1, $2, $3, $4, $5, nullif($6, cast('00000000-0000-0000-0000-000000000000' as uuid)), $7, $8)
			on conflict (neighbourhood_id, organisation_id) do update
			set name = excluded.name, address = excluded.address, enabled = excluded.enabled, key_id = excluded.key_id, changed_by = excluded.changed_by, changed_at = excluded.changed_at`,
			t.NeighbourhoodID, t.OrganisationID, t.Name, t.Address, t.On, t.Key, t.ChangedBy, t.ChangedAt)
		if err != nil {
			return fmt.Errorf("keep an organisation's own tool: %w", err)
		}
		auditstore.Append(tx, entry)
		return nil
	})
}
