package deliverystore

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"onedoor/app/clinical"
	"onedoor/app/database"
)

// row is a line of the table deliveries.
type row struct {
	NeighbourhoodID          uuid.UUID `gorm:"primaryKey"`
	ID                       uuid.UUID `gorm:"primaryKey"`
	OrganisationID           uuid.UUID
	RecordedByOrganisationID uuid.UUID
	RequestID                uuid.UUID
	RequestReference         string
	Sequence                 int
	Purpose                  int16
	State                    int16
	Document                 clinical.Document `gorm:"serializer:json"`
	Attempts                 int
	LastError                string
	ExternalID               string
	ETag                     string    `gorm:"column:etag"`
	CreatedAt                time.Time `gorm:"autoCreateTime:false"`
	UpdatedAt                time.Time `gorm:"autoUpdateTime:false"`
	NextAt                   time.Time
	SentAt                   *time.Time
	AcceptedAt               *time.Time
	AcknowledgedAt           *time.Time
	IntegrationID            *uuid.UUID
	CorrelationID            *uuid.UUID
	FiledAt                  *time.Time
	DueAt                    *time.Time
	ReplayedAt               *time.Time
	TheirReference           string
}

func (row) TableName() string { return "deliveries" }

// States and purposes are stored by their place in these lists: they are never reordered.
var (
	states   = []clinical.State{clinical.Pending, clinical.Sent, clinical.Accepted, clinical.Filed, clinical.NeedsAttention, clinical.Acknowledged}
	purposes = []clinical.Purpose{clinical.OwnRecord, clinical.RegisteredPractice, clinical.Arrival, clinical.Withdrawal}
)

const codeNeedsAttention = 4

func codeOf(s clinical.State) (int16, error) {
	i := slices.Index(states, s)
	if i < 0 {
		_, err := clinical.ParseState(string(s))
		return 0, err
	}
	return int16(i), nil //nolint:gosec // a handful
}

func rowOf(d clinical.Delivery) row {
	return row{
		NeighbourhoodID: d.NeighbourhoodID, ID: d.ID, OrganisationID: d.OrganisationID, RecordedByOrganisationID: d.RecordedByID,
		RequestID: d.RequestID, RequestReference: d.Document.Reference, Sequence: d.Sequence,
		Purpose: int16(slices.Index(purposes, d.Purpose)), State: int16(slices.Index(states, d.State)), //nolint:gosec // a handful; -1 is refused by the table
		Document: d.Document, Attempts: d.Attempts, LastError: d.LastError, ExternalID: d.ExternalID, ETag: d.ETag,
		CreatedAt: d.CreatedAt, UpdatedAt: d.UpdatedAt, NextAt: d.NextAt,
		SentAt: optional(d.SentAt), AcceptedAt: optional(d.AcceptedAt), AcknowledgedAt: optional(d.AcknowledgedAt), FiledAt: optional(d.FiledAt),
		IntegrationID: known(d.IntegrationID), CorrelationID: known(d.CorrelationID), DueAt: optional(d.DueAt), ReplayedAt: optional(d.ReplayedAt), TheirReference: d.TheirReference,
	}
}

func (r row) delivery() (clinical.Delivery, error) {
	if int(r.State) >= len(states) || int(r.Purpose) >= len(purposes) {
		return clinical.Delivery{}, fmt.Errorf("delivery %s has state %d and purpose %d, which this program does not know", r.ID, r.State, r.Purpose)
	}
	return clinical.Delivery{
		ID: r.ID, NeighbourhoodID: r.NeighbourhoodID, OrganisationID: r.OrganisationID, RecordedByID: r.RecordedByOrganisationID,
		RequestID: r.RequestID, Sequence: r.Sequence, Purpose: purposes[r.Purpose], State: states[r.State], Document: r.Document,
		Attempts: r.Attempts, LastError: r.LastError, ExternalID: r.ExternalID, ETag: r.ETag,
		CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt, NextAt: r.NextAt,
		SentAt: moment(r.SentAt), AcceptedAt: moment(r.AcceptedAt), AcknowledgedAt: moment(r.AcknowledgedAt), FiledAt: moment(r.FiledAt), DueAt: moment(r.DueAt),
		IntegrationID: idOr(r.IntegrationID, uuid.Nil), CorrelationID: idOr(r.CorrelationID, r.ID), ReplayedAt: moment(r.ReplayedAt), TheirReference: r.TheirReference,
	}, nil
}

func deliveriesOf(rows []row) ([]clinical.Delivery, error) {
	out := make([]clinical.Delivery, len(rows))
	for i, r := range rows {
		d, err := r.delivery()
		if err != nil {
			return nil, err
		}
		out[i] = d
	}
	return out, nil
}

func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func known(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}

func idOr(id *uuid.UUID, otherwise uuid.UUID) uuid.UUID {
	if id == nil {
		return otherwise
	}
	return *id
}

func moment(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

// save writes what a try or a replay changes. A row that is not in one of the states expected has been changed by somebody
// else, and nothing is saved.
func save(ctx context.Context, tx *database.Tx, line clinical.Line, deliveries []clinical.Delivery, from ...int16) error {
	return write(ctx, tx, line, clinical.Progress{Deliveries: deliveries}, from...)
}

// write writes a drain's progress in one round trip.
func write(ctx context.Context, tx *database.Tx, line clinical.Line, p clinical.Progress, from ...int16) error {
	if p.Empty() {
		return nil
	}
	var batch pgx.Batch
	if len(p.Deliveries) > 0 {
		queue(&batch, line, p.Deliveries, from)
	}
	for _, w := range p.Ways {
		keepWay(&batch, line, w)
	}
	results := tx.Pgx().SendBatch(ctx, &batch)
	defer func() { _ = results.Close() }()
	if len(p.Deliveries) > 0 {
		tag, err := results.Exec()
		if err != nil {
			return fmt.Errorf("save deliveries: %w", err)
		}
		if tag.RowsAffected() != int64(len(p.Deliveries)) {
			return fmt.Errorf("save %d deliveries: one was changed meanwhile", len(p.Deliveries))
		}
	}
	for _, d := range p.Deliveries {
		if err := announce(tx, d); err != nil {
			return err
		}
	}
	return results.Close()
}

// queue adds the statement that writes deliveries, each in its columns' places of the arrays.
func queue(batch *pgx.Batch, line clinical.Line, deliveries []clinical.Delivery, from []int16) {
	var c columns
	for _, d := range deliveries {
		c.add(rowOf(d))
	}
	batch.Queue(`
		update deliveries d set state = n.state, attempts = n.attempts, last_error = n.last_error, external_id = n.external_id, etag = n.etag,
		       updated_at = n.updated_at, next_at = n.next_at, sent_at = n.sent_at, accepted_at = n.accepted_at, filed_at = n.filed_at,
		       acknowledged_at = n.acknowledged_at, integration_id = n.integration_id, replayed_at = n.replayed_at, their_reference = n.their_reference
		from unnest($4::uuid[], $5::smallint[], $6::integer[], $7::text[], $8::text[], $9::text[], $10::timestamptz[], $11::timestamptz[],
		            $12::timestamptz[], $13::timestamptz[], $14::timestamptz[], $15::timestamptz[], $16::uuid[], $17::timestamptz[], $18::text[])
		  as n (id, state, attempts, last_error, external_id, etag, updated_at, next_at, sent_at, accepted_at, filed_at, acknowledged_at, integration_id, replayed_at, their_reference)
		where d.neighbourhood_id = $1 and d.organisation_id = $2 and d.id = n.id and d.state = any ($3)`,
		line.NeighbourhoodID, line.OrganisationID, from, c.ids, c.states, c.attempts, c.lastErrors, c.externalIDs, c.etags, c.updatedAt, c.nextAt, c.sentAt,
		c.acceptedAt, c.filedAt, c.acknowledgedAt, c.integrationIDs, c.replayedAt, c.theirReferences)
}

// columns are rows laid on their side.
type columns struct {
	ids                                                     []uuid.UUID
	states                                                  []int16
	attempts                                                []int32
	lastErrors, externalIDs, etags, theirReferences         []string
	updatedAt, nextAt                                       []time.Time
	sentAt, acceptedAt, filedAt, acknowledgedAt, replayedAt []*time.Time
	integrationIDs                                          []*uuid.UUID
}

func (c *columns) add(r row) {
	c.ids, c.states, c.attempts = append(c.ids, r.ID), append(c.states, r.State), append(c.attempts, int32(r.Attempts)) //nolint:gosec // a handful
	c.lastErrors, c.externalIDs, c.etags = append(c.lastErrors, r.LastError), append(c.externalIDs, r.ExternalID), append(c.etags, r.ETag)
	c.updatedAt, c.nextAt, c.sentAt = append(c.updatedAt, r.UpdatedAt), append(c.nextAt, r.NextAt), append(c.sentAt, r.SentAt)
	c.acceptedAt, c.filedAt, c.acknowledgedAt = append(c.acceptedAt, r.AcceptedAt), append(c.filedAt, r.FiledAt), append(c.acknowledgedAt, r.AcknowledgedAt)
	c.integrationIDs, c.replayedAt = append(c.integrationIDs, r.IntegrationID), append(c.replayedAt, r.ReplayedAt)
	c.theirReferences = append(c.theirReferences, r.TheirReference)
}

// announce tells those who look at the request, where the outcome was recorded and where it goes.
func announce(tx *database.Tx, d clinical.Delivery) error {
	organisations := []uuid.UUID{d.OrganisationID}
	if d.RecordedByID != d.OrganisationID {
		organisations = append(organisations, d.RecordedByID)
	}
	return tx.Publish(database.Event{
		NeighbourhoodID: d.NeighbourhoodID, Organisations: organisations, Topic: "delivery", Subject: d.ID, Reference: d.Document.Reference,
	})
}

// head is a line of the table delivery_heads.
type head struct {
	NeighbourhoodID uuid.UUID `gorm:"primaryKey"`
	OrganisationID  uuid.UUID `gorm:"primaryKey"`
	Draining        bool
	LeaseToken      *uuid.UUID
	LeaseUntil      *time.Time
}

func (head) TableName() string { return "delivery_heads" }

func headOf(db *gorm.DB, line clinical.Line) *gorm.DB {
	return db.Model(&head{}).Where("neighbourhood_id = ? and organisation_id = ?", line.NeighbourhoodID, line.OrganisationID)
}

// lockHead locks a line's head row, and makes it the first time.
func lockHead(ctx context.Context, tx *database.Tx, line clinical.Line) (head, error) {
	db := tx.Gorm().WithContext(ctx)
	var h head
	for range 2 {
		found := headOf(db, line).Clauses(clause.Locking{Strength: "UPDATE"}).Limit(1).Find(&h)
		if found.Error != nil {
			return head{}, fmt.Errorf("lock a line: %w", found.Error)
		}
		if found.RowsAffected == 1 {
			return h, nil
		}
		fresh := head{NeighbourhoodID: line.NeighbourhoodID, OrganisationID: line.OrganisationID}
		if err := db.Clauses(clause.OnConflict{DoNothing: true}).Create(&fresh).Error; err != nil {
			return head{}, fmt.Errorf("make a line: %w", err)
		}
	}
	return head{}, fmt.Errorf("lock a line: its row does not stay")
}
