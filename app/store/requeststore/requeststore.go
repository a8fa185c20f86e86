// Package requeststore keeps requests in PostgreSQL: the request, its decision, its custody and the replies to
// idempotency keys, in one transaction with the audit trail, the events and the deliveries. Row-level security bounds
// what each scope sees; every query names its neighbourhood besides.
package requeststore

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/clinical"
	"onedoor/app/database"
	"onedoor/app/fault"
	"onedoor/app/requests"
	"onedoor/app/store/auditstore"
	"onedoor/app/store/rulestore"
	"onedoor/app/store/simulationstore"
	"onedoor/policy"
	"onedoor/policy/simulate"
	"onedoor/tenants"
)

// Deliveries keeps outcomes on their way to clinical systems, in the transaction of the request.
type Deliveries interface {
	// Enqueue stores deliveries and wakes the jobs of their organisations.
	Enqueue(ctx context.Context, tx *database.Tx, list ...clinical.Delivery) error
	// OfRequest reads a request's deliveries as far as the scope may see them.
	OfRequest(ctx context.Context, tx *database.Tx, request uuid.UUID) ([]clinical.Delivery, error)
}

// Store implements requests.Store.
type Store struct {
	db         *database.DB
	rules      *rulestore.Store
	deliveries Deliveries
}

// New makes a store over a database.
func New(db *database.DB, rules *rulestore.Store, deliveries Deliveries) *Store {
	return &Store{db, rules, deliveries}
}

// InTx implements requests.Store.
func (s *Store) InTx(ctx context.Context, scope tenants.Scope, fn func(requests.Tx) error) error {
	err := s.db.InTx(ctx, scope, func(tx *database.Tx) error {
		return fn(&transaction{ctx: ctx, tx: tx, store: s, nb: scope.NeighbourhoodID})
	})
	switch {
	case database.IsUnique(err, "idempotency_keys_once"):
		return requests.ErrKeyTaken
	case database.IsUnique(err, "requests_reference"):
		return requests.ErrReferenceTaken
	}
	return err
}

type transaction struct {
	ctx   context.Context
	tx    *database.Tx
	store *Store
	nb    uuid.UUID
}

func (t *transaction) Rules(at time.Time) (requests.Rules, error) {
	return t.store.rules.At(t.ctx, t.tx, t.nb, at)
}

func (t *transaction) Find(reference requests.Reference) (*requests.Request, error) {
	return t.one("select * from requests where neighbourhood_id = ? and reference = ?", t.nb, string(reference))
}

func (t *transaction) FindForUpdate(reference requests.Reference) (*requests.Request, error) {
	return t.one("select * from requests where neighbourhood_id = ? and reference = ? for update", t.nb, string(reference))
}

func (t *transaction) OfPatient(patient uuid.UUID, since time.Time, limit int) ([]*requests.Request, error) {
	return t.many(`
		select * from requests where neighbourhood_id = ? and patient_id = ? and (status < 5 or updated_at >= ?)
		order by submitted_at desc limit ?`, t.nb, patient, since, limit)
}

func (t *transaction) one(query string, args ...any) (*requests.Request, error) {
	list, err := t.many(query, args...)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, fault.Absent()
	}
	return list[0], nil
}

func (t *transaction) many(query string, args ...any) ([]*requests.Request, error) {
	var rows []row
	if err := t.tx.Gorm().Raw(query, args...).Scan(&rows).Error; err != nil {
		return nil, err
	}
	list := make([]*requests.Request, len(rows))
	for i := range rows {
		var err error
		if list[i], err = rows[i].request(); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (t *transaction) TakeNext(queue uuid.UUID) (*requests.Request, error) {
	r, err := t.one(`
		select * from requests
		where neighbourhood_id = ? and queue_id = ? and status < 5 and claimed_by is null and offered_id is null
		order by answer_due_at, id limit 1 for update skip locked`, t.nb, queue)
	if fault.Is(err, "not_found") {
		return nil, fault.New(fault.NotFound, "queue_empty", "Nothing in this queue waits to be claimed.")
	}
	return r, err
}

func (t *transaction) ExpiredOffers(now time.Time, limit int) ([]*requests.Request, error) {
	return t.many(`
		select * from requests where neighbourhood_id = ? and status = 3 and offer_expires_at <= ?
		order by offer_expires_at limit ? for update skip locked`, t.nb, now, limit)
}

func (t *transaction) FindHandover(id, key uuid.UUID) (*requests.Request, error) {
	return t.one(`
		select r.* from requests r where r.neighbourhood_id = ? and r.tool_id = ? and exists (
			select 1 from own_tools o
			where o.neighbourhood_id = r.neighbourhood_id and o.organisation_id = cast(r.tool ->> 'organisation_id' as uuid) and o.key_id = ?)
		for update of r`, t.nb, id, key)
}

func (t *transaction) SilentHandovers(now time.Time, limit int) ([]*requests.Request, error) {
	return t.many(`
		select * from requests where neighbourhood_id = ? and tool_due_at <= ?
		order by tool_due_at limit ? for update skip locked`, t.nb, now, limit)
}

func (t *transaction) Decision(request uuid.UUID) (policy.Decision, error) {
	var w []decisionRow
	var d policy.Decision
	err := t.tx.Gorm().Raw("select * from decisions where neighbourhood_id = ? and request_id = ?", t.nb, request).Scan(&w).Error
	if err != nil {
		return d, err
	}
	if len(w) == 0 {
		return d, fault.Absent()
	}
	return d, json.Unmarshal(w[0].Decision, &d)
}

func (t *transaction) Timeline(request uuid.UUID) ([]audit.Entry, error) {
	return auditstore.Of(t.tx, request)
}

func (t *transaction) Deliveries(request uuid.UUID) ([]clinical.Delivery, error) {
	return t.store.deliveries.OfRequest(t.ctx, t.tx, request)
}

func (t *transaction) Insert(r *requests.Request, d policy.Decision, past simulate.Request) {
	w, err := rowOf(r)
	decision, decisionErr := json.Marshal(d)
	if err := errors.Join(err, decisionErr); err != nil {
		t.tx.Fail(err)
		return
	}
	t.tx.Later(w,
		&decisionRow{t.nb, r.ID, d.At, d.PolicyHash, d.DirectoryHash, d.Rule, decision},
		&custodyRow{t.nb, uuid.Must(uuid.NewV7()), r.ID, r.Place.Organisation, r.SubmittedAt, nil},
		simulationstore.RowOf(t.nb, past, d.PolicyHash, d.Table, d.Rule))
	for recording, linkID := range r.Spoken() {
		t.tx.Later(&recordingRow{t.nb, r.ID, recording, linkID})
	}
}

// InsertElsewhere stores at once, as a job: what is put off runs in the scope of who acts, which history is not open to.
func (t *transaction) InsertElsewhere(r *requests.Request, d policy.Decision, past simulate.Request) error {
	w, err := rowOf(r)
	decision, decisionErr := json.Marshal(d)
	if err := errors.Join(err, decisionErr); err != nil {
		return err
	}
	return t.AsJob(func() error {
		for _, one := range []any{
			w, &decisionRow{t.nb, r.ID, d.At, d.PolicyHash, d.DirectoryHash, d.Rule, decision},
			&custodyRow{t.nb, uuid.Must(uuid.NewV7()), r.ID, r.Place.Organisation, r.SubmittedAt, nil},
			simulationstore.RowOf(t.nb, past, d.PolicyHash, d.Table, d.Rule),
		} {
			if err := t.tx.Gorm().Create(one).Error; err != nil {
				return err
			}
		}
		return nil
	})
}

func (t *transaction) Update(r *requests.Request, was int, custodyFrom uuid.UUID) error {
	w, err := rowOf(r)
	if err != nil {
		return err
	}
	// Custody first: it is the old holder's rows that the scope still sees when it gives the request away.
	if custodyFrom != r.Place.Organisation {
		err := t.tx.Gorm().Exec("update custody set until_at = ? where neighbourhood_id = ? and request_id = ? and until_at is null", r.UpdatedAt, t.nb, r.ID).Error
		if err != nil {
			return err
		}
		t.tx.Later(&custodyRow{t.nb, uuid.Must(uuid.NewV7()), r.ID, r.Place.Organisation, r.UpdatedAt, nil})
	}
	if err := t.answered(r); err != nil {
		return err
	}
	return t.handingOver(r, func() error {
		done := t.tx.Gorm().Model(&row{}).Where("neighbourhood_id = ? and id = ? and version = ?", t.nb, r.ID, was).
			Select("*").Omit("neighbourhood_id", "id", "reference").Updates(w)
		if done.Error == nil && done.RowsAffected != 1 {
			return fault.New(fault.Conflict, "stale_version", "This request has changed since you saw it.")
		}
		return done.Error
	})
}

// answered tells history that a request is closed. Only jobs read history, so the scope is theirs for one statement.
func (t *transaction) answered(r *requests.Request) error {
	if r.Open() {
		return nil
	}
	return t.tx.As(t.ctx, tenants.JobOf(t.nb), func() error {
		return simulationstore.Answered(t.tx, r.SubmittedAt, r.ID, r.UpdatedAt)
	})
}

// handingOver widens the scope for one update that the actor will not see the result of: PostgreSQL asks of an update's
// new row that the reader may see it, and who declines an offer may not.
func (t *transaction) handingOver(r *requests.Request, update func() error) error {
	scope := t.tx.Scope()
	if scope.Kind != tenants.StaffScope {
		return update()
	}
	for _, organisation := range r.Concerns() {
		if scope.Includes(organisation) {
			return update()
		}
	}
	return t.tx.As(t.ctx, tenants.JobOf(t.nb), update)
}

func (t *transaction) AsJob(fn func() error) error {
	return t.tx.As(t.ctx, tenants.JobOf(t.nb), fn)
}

func (t *transaction) Audit(e audit.Entry) { auditstore.Append(t.tx, e) }

func (t *transaction) Announce(r *requests.Request, also ...uuid.UUID) {
	organisations := r.Concerns()
	for _, id := range also {
		known := false
		for _, o := range organisations {
			known = known || o == id
		}
		if !known {
			organisations = append(organisations, id)
		}
	}
	if err := t.tx.Publish(database.Event{Organisations: organisations, Topic: "request", Subject: r.ID, Reference: string(r.Reference)}); err != nil {
		t.tx.Fail(err)
	}
}

func (t *transaction) Deliver(list []clinical.Delivery) error {
	return t.store.deliveries.Enqueue(t.ctx, t.tx, list...)
}

func (t *transaction) KeepReply(client uuid.UUID, key string, hash []byte, reply json.RawMessage, at time.Time) {
	t.tx.Later(&replyRow{t.nb, client, key, hash, reply, at})
}

// repliesKept is how long a key can be used again for the same reply.
const repliesKept = 7 * 24 * time.Hour

// RemoveReplies removes a neighbourhood's replies to idempotency keys that are older than seven days, and says how many.
func (s *Store) RemoveReplies(ctx context.Context, neighbourhood uuid.UUID, now time.Time) (int, error) {
	removed := 0
	err := s.db.InTx(ctx, tenants.JobOf(neighbourhood), func(tx *database.Tx) error {
		done := tx.Gorm().Exec("delete from idempotency_keys where neighbourhood_id = ? and created_at < ?", neighbourhood, now.Add(-repliesKept))
		removed = int(done.RowsAffected)
		return done.Error
	})
	return removed, err
}
