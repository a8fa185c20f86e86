// Package messagestore keeps texts on their way to telephones, and inserts the job that sends them in the transaction that
// queues them: what commits is sent, whatever becomes of this process. Numbers and words reach it sealed, and it opens
// neither. It implements messages.Store.
package messagestore

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"gorm.io/gorm/clause"

	"onedoor/app/database"
	"onedoor/app/fault"
	"onedoor/app/messages"
	"onedoor/jobs"
	"onedoor/tenants"
)

// Inserter is River's client, as far as it is needed here.
type Inserter interface {
	InsertTx(ctx context.Context, tx pgx.Tx, args river.JobArgs, opts *river.InsertOpts) (*rivertype.JobInsertResult, error)
}

// Store implements messages.Store.
type Store struct {
	db    *database.DB
	river Inserter
}

var _ messages.Store = (*Store)(nil)

// New makes a store that puts messages in line with River's client.
func New(db *database.DB, river Inserter) *Store { return &Store{db, river} }

type row struct {
	NeighbourhoodID uuid.UUID
	ID              uuid.UUID
	RequestID       *uuid.UUID
	CallID          *uuid.UUID
	Template        string
	Language        string
	Once            *string
	Sealed          []byte
	State           string
	Tries           int
	Unsure          bool
	NextAt          *time.Time
	TakenUntil      *time.Time
	QueuedAt        time.Time
	WorthUntil      time.Time
	SettledAt       *time.Time
	Provider        string
	ProviderID      string
	Problem         string
}

func (row) TableName() string { return "messages" }

func rowOf(r messages.Row) row {
	w := row{
		NeighbourhoodID: r.NeighbourhoodID, ID: r.ID, Template: string(r.Template), Language: r.Language, Sealed: r.Sealed, State: string(r.State), Tries: r.Tries, Unsure: r.Unsure,
		QueuedAt: r.QueuedAt, WorthUntil: r.WorthUntil, Provider: r.Provider, ProviderID: r.ProviderID, Problem: r.Problem,
	}
	if r.RequestID != uuid.Nil {
		w.RequestID = &r.RequestID
	}
	if r.CallID != uuid.Nil {
		w.CallID = &r.CallID
	}
	if r.Once != "" {
		w.Once = &r.Once
	}
	if !r.SettledAt.IsZero() {
		w.SettledAt = &r.SettledAt
	} else if !r.NextAt.IsZero() {
		w.NextAt = &r.NextAt
	}
	return w
}

func (w row) message() messages.Row {
	r := messages.Row{
		NeighbourhoodID: w.NeighbourhoodID, ID: w.ID, Template: messages.Template(w.Template), Language: w.Language, Sealed: w.Sealed, State: messages.State(w.State), Tries: w.Tries, Unsure: w.Unsure,
		QueuedAt: w.QueuedAt.UTC(), WorthUntil: w.WorthUntil.UTC(), Provider: w.Provider, ProviderID: w.ProviderID, Problem: w.Problem,
	}
	if w.RequestID != nil {
		r.RequestID = *w.RequestID
	}
	if w.CallID != nil {
		r.CallID = *w.CallID
	}
	if w.Once != nil {
		r.Once = *w.Once
	}
	if w.NextAt != nil {
		r.NextAt = w.NextAt.UTC()
	}
	if w.SettledAt != nil {
		r.SettledAt = w.SettledAt.UTC()
	}
	return r
}

// Queue implements messages.Store.
func (s *Store) Queue(ctx context.Context, r messages.Row) (id uuid.UUID, err error) {
	err = s.db.InTx(ctx, tenants.IntakeOf(r.NeighbourhoodID), func(tx *database.Tx) error {
		id, err = s.QueueIn(ctx, tx, r)
		return err
	})
	return id, err
}

// QueueIn is Queue within another store's transaction, whose scope must be of intake or a job.
func (s *Store) QueueIn(ctx context.Context, tx *database.Tx, r messages.Row) (uuid.UUID, error) {
	w := rowOf(r)
	done := tx.Gorm().Clauses(clause.OnConflict{DoNothing: true}).Create(&w)
	if done.Error != nil {
		return uuid.Nil, done.Error
	}
	if done.RowsAffected == 0 { // queued before
		var before []struct{ ID uuid.UUID }
		err := tx.Gorm().Raw("select id from messages where neighbourhood_id = ? and once = ?", r.NeighbourhoodID, r.Once).Scan(&before).Error
		if err != nil || len(before) == 0 {
			return uuid.Nil, err
		}
		return before[0].ID, nil
	}
	return r.ID, s.wake(ctx, tx, r.NeighbourhoodID)
}

// wake is not made unique: a job that runs may have looked already, and an idle one costs a query.
func (s *Store) wake(ctx context.Context, tx *database.Tx, neighbourhood uuid.UUID) error {
	_, err := s.river.InsertTx(ctx, tx.Pgx(), jobs.SendMessages{NeighbourhoodID: neighbourhood}, nil)
	return err
}

// Take implements messages.Store. A message that was taken before and never settled may have been sent.
func (s *Store) Take(ctx context.Context, neighbourhood uuid.UUID, now, until time.Time, limit int) (list []messages.Row, err error) {
	var rows []row
	err = s.db.InTx(ctx, tenants.JobOf(neighbourhood), func(tx *database.Tx) error {
		if err := stopHeld(tx, neighbourhood, now); err != nil {
			return err
		}
		return tx.Gorm().Raw(`
			update messages m set taken_until = @until, unsure = m.unsure or (m.state = 'queued' and m.taken_until is not null)
			from (
				select id from messages
				where neighbourhood_id = @nb and next_at <= @now and (taken_until is null or taken_until <= @now)
				order by next_at limit @most for update skip locked
			) due
			where m.neighbourhood_id = @nb and m.id = due.id
			returning m.*`, map[string]any{"nb": neighbourhood, "now": now, "until": until, "most": limit}).Scan(&rows).Error
	})
	for _, w := range rows {
		list = append(list, w.message())
	}
	return list, err
}

// stopHeld gives up what is due about people of whom nothing may be sent: a restricted record or a death may have come to light
// since it was queued. What a provider has already is only looked after.
func stopHeld(tx *database.Tx, neighbourhood uuid.UUID, now time.Time) error {
	return tx.Gorm().Exec(`
		update messages m set state = 'failed', problem = 'person-held', next_at = null, taken_until = null, settled_at = @now
		from requests r
		where m.neighbourhood_id = @nb and m.next_at <= @now and m.state = 'queued' and (m.taken_until is null or m.taken_until <= @now)
		  and r.neighbourhood_id = m.neighbourhood_id and r.id = m.request_id and r.held > 0`, map[string]any{"nb": neighbourhood, "now": now}).Error
}

// Settle implements messages.Store.
func (s *Store) Settle(ctx context.Context, taken time.Time, r messages.Row) error {
	w := rowOf(r)
	return s.db.InTx(ctx, tenants.JobOf(r.NeighbourhoodID), func(tx *database.Tx) error {
		return tx.Gorm().Exec(`
			update messages set state = @state, tries = @tries, unsure = @unsure, next_at = @next, taken_until = null, settled_at = @settled,
				provider_id = @provider, problem = @problem
			where neighbourhood_id = @nb and id = @id and taken_until = @taken`, map[string]any{
			"state": w.State, "tries": w.Tries, "unsure": w.Unsure, "next": w.NextAt, "settled": w.SettledAt, "provider": w.ProviderID, "problem": w.Problem,
			"nb": w.NeighbourhoodID, "id": w.ID, "taken": taken,
		}).Error
	})
}

// Counts implements messages.Store.
func (s *Store) Counts(ctx context.Context, neighbourhood uuid.UUID, since time.Time) (counts []messages.Count, err error) {
	err = s.db.InTx(ctx, tenants.JobOf(neighbourhood), func(tx *database.Tx) error {
		return tx.Gorm().Raw(`
			select template, state, problem, count(*) as n from messages where neighbourhood_id = ? and queued_at >= ?
			group by template, state, problem order by template, state, problem`, neighbourhood, since).Scan(&counts).Error
	})
	return counts, err
}

// List implements messages.Store.
func (s *Store) List(ctx context.Context, neighbourhood uuid.UUID, limit int) (list []messages.Row, err error) {
	var rows []row
	err = s.db.InTx(ctx, tenants.JobOf(neighbourhood), func(tx *database.Tx) error {
		return tx.Gorm().Where("neighbourhood_id = ?", neighbourhood).Order("queued_at desc, id desc").Limit(limit).Find(&rows).Error
	})
	for _, w := range rows {
		list = append(list, w.message())
	}
	return list, err
}

// Again implements messages.Store.
func (s *Store) Again(ctx context.Context, neighbourhood, id uuid.UUID, now, worthUntil time.Time) error {
	return s.db.InTx(ctx, tenants.JobOf(neighbourhood), func(tx *database.Tx) error {
		done := tx.Gorm().Exec(`
			update messages set state = 'queued', tries = 0, next_at = ?, taken_until = null, settled_at = null, worth_until = ?, provider_id = '', problem = ''
			where neighbourhood_id = ? and id = ? and state = 'failed' and sealed is not null and template <> ?`,
			now, worthUntil, neighbourhood, id, string(messages.CodeText))
		if done.Error != nil {
			return done.Error
		}
		if done.RowsAffected == 0 {
			return fault.Absent()
		}
		return s.wake(ctx, tx, neighbourhood)
	})
}

// Forget implements messages.Store.
func (s *Store) Forget(ctx context.Context, neighbourhood uuid.UUID, before time.Time) (n int, err error) {
	err = s.db.InTx(ctx, tenants.JobOf(neighbourhood), func(tx *database.Tx) error {
		done := tx.Gorm().Exec("update messages set sealed = null where neighbourhood_id = ? and sealed is not null and settled_at < ?", neighbourhood, before)
		n = int(done.RowsAffected)
		return done.Error
	})
	return n, err
}
