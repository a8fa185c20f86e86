// Package identitystore keeps people, their memberships, their sessions, and API clients. These tables have no tenant:
// whoever asks is looked for here before it is known where they belong. Sessions that start and end, and keys that are made
// and withdrawn, are written into the trail of their neighbourhood in the same transaction.
package identitystore

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"onedoor/app/audit"
	"onedoor/app/database"
	"onedoor/app/fault"
	"onedoor/app/identity"
	"onedoor/app/store/auditstore"
	"onedoor/tenants"
)

// Store implements identity.Store.
type Store struct{ db *database.DB }

// New makes a store over a database.
func New(db *database.DB) *Store { return &Store{db} }

// PersonBySubject implements identity.Store.
func (s *Store) PersonBySubject(ctx context.Context, issuer, subject string) (identity.Person, error) {
	var w personRow
	err := s.db.Global(ctx, func(tx *database.Tx) error {
		return absent(tx.Gorm().Where("issuer = ? and subject = ?", issuer, subject).Take(&w).Error)
	})
	return w.person(), err
}

// Memberships implements identity.Store.
func (s *Store) Memberships(ctx context.Context, person uuid.UUID) ([]tenants.Membership, error) {
	var rows []membershipRow
	err := s.db.Global(ctx, func(tx *database.Tx) error {
		return tx.Gorm().Where("person_id = ?", person).Order("starts_on, id").Find(&rows).Error
	})
	return membershipsOf(rows), err
}

// StartSession implements identity.Store.
func (s *Store) StartSession(ctx context.Context, x identity.Session, replaces identity.Hash) error {
	return s.db.InTx(ctx, tenants.JobOf(x.NeighbourhoodID), func(tx *database.Tx) error {
		if err := tx.Gorm().Delete(&sessionRow{}, "token_hash = ?", replaces[:]).Error; err != nil {
			return err
		}
		if err := tx.Gorm().Create(rowOfSession(x)).Error; err != nil {
			return err
		}
		record(tx, "session.start", x.PersonID, x.CreatedAt, personActor(x.PersonID))
		return nil
	})
}

const sessionWithMemberships = `
select s.*, p.issuer, p.subject, p.name, p.created_at as person_created_at,
       m.id as membership_id, m.neighbourhood_id as member_of, m.organisation_id, m.role, m.starts_on, m.ends_on
from sessions s
join people p on p.id = s.person_id
left join memberships m on m.person_id = s.person_id
where s.token_hash = ?
order by m.starts_on, m.id`

// Session implements identity.Store.
func (s *Store) Session(ctx context.Context, h identity.Hash) (identity.Session, identity.Person, []tenants.Membership, error) {
	var rows []sessionAndMembership
	err := s.db.Global(ctx, func(tx *database.Tx) error {
		return tx.Gorm().Raw(sessionWithMemberships, h[:]).Scan(&rows).Error
	})
	if err == nil && len(rows) == 0 {
		err = fault.Absent()
	}
	if err != nil {
		return identity.Session{}, identity.Person{}, nil, err
	}
	first := rows[0]
	person := identity.Person{ID: first.Kept.PersonID, Issuer: first.Issuer, Subject: first.Subject, Name: first.Name, CreatedAt: first.PersonCreatedAt}
	var memberships []tenants.Membership
	for _, r := range rows {
		if r.MembershipID != nil {
			memberships = append(memberships, membershipRow{
				NeighbourhoodID: *r.MemberOf, OrganisationID: r.OrganisationID, Role: *r.Role, StartsOn: r.StartsOn, EndsOn: r.EndsOn,
			}.membership())
		}
	}
	return first.Kept.session(), person, memberships, nil
}

// SeeSession implements identity.Store. It never moves backwards.
func (s *Store) SeeSession(ctx context.Context, h identity.Hash, at time.Time) error {
	return s.db.Global(ctx, func(tx *database.Tx) error {
		return tx.Gorm().Exec("update sessions set seen_at = ? where token_hash = ? and seen_at < ?", at, h[:], at).Error
	})
}

// EndSession implements identity.Store.
func (s *Store) EndSession(ctx context.Context, h identity.Hash, at time.Time) error {
	var w sessionRow
	err := s.db.Global(ctx, func(tx *database.Tx) error {
		return absent(tx.Gorm().Where("token_hash = ?", h[:]).Take(&w).Error)
	})
	if fault.As(err).Kind == fault.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	return s.db.InTx(ctx, tenants.JobOf(w.NeighbourhoodID), func(tx *database.Tx) error {
		ended := tx.Gorm().Delete(&sessionRow{}, "token_hash = ?", h[:])
		if ended.Error == nil && ended.RowsAffected == 1 {
			record(tx, "session.end", w.PersonID, at, personActor(w.PersonID))
		}
		return ended.Error
	})
}

// DropEnded removes sessions that ended before a moment, and says how many.
func (s *Store) DropEnded(ctx context.Context, before time.Time) (int, error) {
	var n int64
	err := s.db.Global(ctx, func(tx *database.Tx) error {
		dropped := tx.Gorm().Delete(&sessionRow{}, "expires_at < ?", before)
		n = dropped.RowsAffected
		return dropped.Error
	})
	return int(n), err
}

// Client implements identity.Store.
func (s *Store) Client(ctx context.Context, h identity.Hash) (identity.Client, error) {
	var w clientRow
	err := s.db.Global(ctx, func(tx *database.Tx) error {
		return absent(tx.Gorm().Where("key_hash = ?", h[:]).Take(&w).Error)
	})
	return w.client(), err
}

// Clients are the keys of a neighbourhood with a role that have not been withdrawn, by what they are for.
func (s *Store) Clients(ctx context.Context, neighbourhood uuid.UUID, role tenants.Role) ([]identity.Client, error) {
	var rows []clientRow
	err := s.db.Global(ctx, func(tx *database.Tx) error {
		return tx.Gorm().Where("neighbourhood_id = ? and role = ? and revoked_at is null", neighbourhood, string(role)).Order("label, id").Find(&rows).Error
	})
	list := make([]identity.Client, len(rows))
	for i, w := range rows {
		list[i] = w.client()
	}
	return list, err
}

// AddPerson adds somebody whom a provider can vouch for, or renames them when they are there.
func (s *Store) AddPerson(ctx context.Context, p identity.Person) error {
	return s.db.Global(ctx, func(tx *database.Tx) error {
		return tx.Gorm().Clauses(clause.OnConflict{
			Columns: []clause.Column{{Name: "id"}}, DoUpdates: clause.AssignmentColumns([]string{"issuer", "subject", "name"}),
		}).Create(&personRow{p.ID, p.Issuer, p.Subject, p.Name, p.CreatedAt}).Error
	})
}

// AddMembership gives a person a role. An id that is there already changes nothing.
func (s *Store) AddMembership(ctx context.Context, by audit.Actor, id, person uuid.UUID, m tenants.Membership, at time.Time) error {
	return s.db.InTx(ctx, tenants.JobOf(m.NeighbourhoodID), func(tx *database.Tx) error {
		made := tx.Gorm().Clauses(clause.OnConflict{DoNothing: true}).Create(&membershipRow{
			id, person, m.NeighbourhoodID, optional(m.OrganisationID), string(m.Role), m.From, m.Until,
		})
		if made.Error == nil && made.RowsAffected == 1 {
			record(tx, "membership.add", person, at, by)
		}
		return made.Error
	})
}

// AddClient gives out an API key. An id that is there already changes nothing.
func (s *Store) AddClient(ctx context.Context, by audit.Actor, c identity.Client, k identity.Key) error {
	if err := c.Check(); err != nil {
		return err
	}
	h := k.Hash()
	return s.db.InTx(ctx, tenants.JobOf(c.NeighbourhoodID), func(tx *database.Tx) error {
		made := tx.Gorm().Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "id"}}, DoNothing: true}).Create(&clientRow{
			ID: c.ID, NeighbourhoodID: c.NeighbourhoodID, OrganisationID: optional(c.OrganisationID), Role: string(c.Role), Label: c.Label,
			PersonID: optional(c.PersonID), PersonName: c.PersonName, Development: c.Development, KeyHash: h[:], CreatedAt: c.CreatedAt,
		})
		if made.Error == nil && made.RowsAffected == 1 {
			record(tx, "api_client.add", c.ID, c.CreatedAt, by)
		}
		return made.Error
	})
}

// RevokeClient withdraws an API key of a neighbourhood. Another neighbourhood's is absent.
func (s *Store) RevokeClient(ctx context.Context, by audit.Actor, neighbourhood, id uuid.UUID, at time.Time) error {
	return s.db.InTx(ctx, tenants.JobOf(neighbourhood), func(tx *database.Tx) error {
		done := tx.Gorm().Exec("update api_clients set revoked_at = ? where id = ? and neighbourhood_id = ? and revoked_at is null", at, id, neighbourhood)
		if done.Error == nil && done.RowsAffected == 0 {
			return fault.Absent()
		}
		record(tx, "api_client.revoke", id, at, by)
		return done.Error
	})
}

func absent(err error) error {
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return fault.Absent()
	}
	return err
}

func personActor(id uuid.UUID) audit.Actor { return audit.Actor{Kind: audit.Person, ID: id} }

func record(tx *database.Tx, action string, subject uuid.UUID, at time.Time, by audit.Actor) {
	kind := "person"
	if action == "api_client.add" || action == "api_client.revoke" {
		kind = "api_client"
	}
	auditstore.Append(tx, audit.Entry{
		ID: uuid.Must(uuid.NewV7()), NeighbourhoodID: tx.Scope().NeighbourhoodID, At: at, Actor: by, Action: action, SubjectKind: kind, Subject: subject,
	})
}
