// Package referralstore keeps referrals that came in, and the messages by which they came, in PostgreSQL. What they say of a
// patient is sealed before it comes here. A sender finds its own referrals only. It judges nothing.
package referralstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"onedoor/app/clinical"
	"onedoor/app/database"
	"onedoor/app/fault"
	"onedoor/app/referrals"
	"onedoor/tenants"
)

// Store implements referrals.Store.
type Store struct{ db *database.DB }

var _ referrals.Store = (*Store)(nil)

// New makes a store over a database.
func New(db *database.DB) *Store { return &Store{db} }

// abandonedAfter is when a message that was begun and not answered is taken up again: its process has died.
const abandonedAfter = 30 * time.Second

// Begin implements referrals.Store.
func (s *Store) Begin(ctx context.Context, m referrals.Message) (known referrals.Begun, err error) {
	err = s.db.InTx(ctx, tenants.JobOf(m.NeighbourhoodID), func(tx *database.Tx) error {
		known = referrals.Begun{}
		tag, err := tx.Pgx().Exec(ctx, `
			insert into referral_messages (neighbourhood_id, client_id, id, correlation_id, event, reason, body_hash, sealed, begun_at)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing`,
			m.NeighbourhoodID, m.Client, m.ID, m.CorrelationID, m.Event, m.Reason, m.Hash, m.Sealed, m.At)
		if err != nil || tag.RowsAffected() == 1 {
			return err
		}
		var hash []byte
		var begun time.Time
		err = tx.Pgx().QueryRow(ctx, `
			select body_hash, begun_at, answered_at is not null from referral_messages
			where neighbourhood_id = $1 and client_id = $2 and id = $3 for update`, m.NeighbourhoodID, m.Client, m.ID).Scan(&hash, &begun, &known.Answered)
		if errors.Is(err, pgx.ErrNoRows) { // it was given up this moment
			known.Underway = true
			return nil
		}
		if err != nil {
			return err
		}
		known.Same = bytes.Equal(hash, m.Hash)
		if known.Answered {
			return nil
		}
		if known.Underway = m.At.Sub(begun) < abandonedAfter; known.Underway {
			return nil
		}
		known.Again = true
		_, err = tx.Pgx().Exec(ctx, `
			update referral_messages set begun_at = $4, body_hash = $5, sealed = $6, event = $7, reason = $8, correlation_id = $9
			where neighbourhood_id = $1 and client_id = $2 and id = $3`, m.NeighbourhoodID, m.Client, m.ID, m.At, m.Hash, m.Sealed, m.Event, m.Reason, m.CorrelationID)
		return err
	})
	return known, wrapped("begin a referral's message", err)
}

// GiveUp implements referrals.Store.
func (s *Store) GiveUp(ctx context.Context, m referrals.Message) error {
	return s.db.InTx(ctx, tenants.JobOf(m.NeighbourhoodID), func(tx *database.Tx) error {
		_, err := tx.Pgx().Exec(ctx, "delete from referral_messages where neighbourhood_id = $1 and client_id = $2 and id = $3 and answered_at is null", m.NeighbourhoodID, m.Client, m.ID)
		return wrapped("give up a referral's message", err)
	})
}

// Finish implements referrals.Store.
func (s *Store) Finish(ctx context.Context, m referrals.Message, r referrals.Referral) error {
	return s.db.InTx(ctx, tenants.JobOf(m.NeighbourhoodID), func(tx *database.Tx) error {
		_, err := tx.Pgx().Exec(ctx, `
			insert into referrals (neighbourhood_id, id, organisation_id, reference, correlation_id, client_id, sender, use_case, revoked, sealed, received_at, updated_at)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
			on conflict (neighbourhood_id, id) do update set reference = excluded.reference, use_case = excluded.use_case, revoked = excluded.revoked,
			  sealed = excluded.sealed, updated_at = excluded.updated_at`,
			m.NeighbourhoodID, r.ID, r.OrganisationID, r.Reference, r.CorrelationID, m.Client, r.Sender, r.UseCase, r.Revoked, r.Sealed, r.ReceivedAt, r.UpdatedAt)
		if err != nil {
			return wrapped("keep a referral", err)
		}
		for _, n := range r.Names {
			if _, err := tx.Pgx().Exec(ctx, `
				insert into referral_names (neighbourhood_id, client_id, system, value, referral_id) values ($1, $2, $3, $4, $5)
				on conflict (neighbourhood_id, client_id, system, value) do update set referral_id = excluded.referral_id`,
				m.NeighbourhoodID, m.Client, n.System, n.Value, r.ID); err != nil {
				return wrapped("keep a referral's name", err)
			}
		}
		_, err = tx.Pgx().Exec(ctx, "update referral_messages set answered_at = $4, referral_id = $5 where neighbourhood_id = $1 and client_id = $2 and id = $3",
			m.NeighbourhoodID, m.Client, m.ID, m.At, r.ID)
		return wrapped("keep that a referral's message was answered", err)
	})
}

// Find implements referrals.Store.
func (s *Store) Find(ctx context.Context, neighbourhood, client, id uuid.UUID, name clinical.Named) (r referrals.Referral, err error) {
	err = s.db.InTx(ctx, tenants.JobOf(neighbourhood), func(tx *database.Tx) error {
		err := tx.Pgx().QueryRow(ctx, `
			select r.neighbourhood_id, r.id, r.organisation_id, r.reference, r.correlation_id, r.client_id, r.sender, r.use_case, r.revoked, r.sealed, r.received_at,
			       r.updated_at, coalesce(q.status = 5, true), q.claimed_by is not null
			from referrals r left join requests q on q.neighbourhood_id = r.neighbourhood_id and q.reference = r.reference
			where r.neighbourhood_id = $1 and r.client_id = $2 and (r.id = $3 or r.id in (
			  select n.referral_id from referral_names n
			  where n.neighbourhood_id = $1 and n.client_id = $2 and n.value = $5 and n.value <> '' and (n.system = $4 or $4 = '')))
			order by r.received_at desc limit 1`, neighbourhood, client, id, name.System, name.Value).
			Scan(&r.NeighbourhoodID, &r.ID, &r.OrganisationID, &r.Reference, &r.CorrelationID, &r.Client, &r.Sender, &r.UseCase, &r.Revoked, &r.Sealed, &r.ReceivedAt,
				&r.UpdatedAt, &r.Closed, &r.Claimed)
		if errors.Is(err, pgx.ErrNoRows) {
			return fault.Absent()
		}
		return wrapped("find a referral", err)
	})
	return r, err
}

// Serves implements referrals.Store.
func (s *Store) Serves(ctx context.Context, neighbourhood uuid.UUID, value string) (organisation uuid.UUID, answered bool, err error) {
	if value == "" {
		return uuid.Nil, false, nil
	}
	err = s.db.InTx(ctx, tenants.JobOf(neighbourhood), func(tx *database.Tx) error {
		var own *uuid.UUID
		err := tx.Pgx().QueryRow(ctx, `
			select (select organisation_id from integrations
			        where neighbourhood_id = $1 and kind = 1 and settings ->> 'own-service-id' = $2 and not paused order by organisation_id limit 1),
			       exists (select from integrations where neighbourhood_id = $1 and kind = 1 and settings ->> 'sender-service-id' = $2)`,
			neighbourhood, value).Scan(&own, &answered)
		if own != nil {
			organisation = *own
		}
		return wrapped("find a service", err)
	})
	return organisation, answered, err
}

// Arrival implements referrals.Store.
func (s *Store) Arrival(ctx context.Context, neighbourhood, delivery uuid.UUID) (reference string, err error) {
	err = s.db.InTx(ctx, tenants.JobOf(neighbourhood), func(tx *database.Tx) error {
		err := tx.Pgx().QueryRow(ctx, "select request_reference from deliveries where neighbourhood_id = $1 and id = $2 and purpose = 2", neighbourhood, delivery).Scan(&reference)
		if errors.Is(err, pgx.ErrNoRows) {
			err = nil
		}
		return wrapped("find what a message answers", err)
	})
	return reference, err
}

func wrapped(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, err)
}
