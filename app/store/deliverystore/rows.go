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
	deliveries := p.Deliveries
	var batch pgx.Batch
	for _, d := range deliveries {
		r := rowOf(d)
		batch.Queue(`
			update deliveries set state = $4, attempts = $5, last_error = $6, external_id = $7, etag = $8, updated_at = $9,
			       next_at = $10, sent_at = $11, accepted_at = $12, filed_at = $13, acknowledged_at = $14, integration_id = $15,
			       replayed_at = $16, their_reference = $17
			where neighbourhood_id = $1 and organisation_id = $2 and id = $3 and state = any ($18)`,
			line.NeighbourhoodID, line.OrganisationID, r.ID, r.State, r.Attempts, r.LastError, r.ExternalID, r.ETag,
			r.UpdatedAt, r.NextAt, r.SentAt, r.AcceptedAt, r.FiledAt, r.AcknowledgedAt, r.IntegrationID,
			r.ReplayedAt, r.TheirReference, from)
	}
	for _, w := range p.Ways {
		keepWay(&batch, line, w)
	}
	results := tx.Pgx().SendBatch(ctx, &batch)
	defer func() { _ = results.Close() }()
	for _, d := range deliveries {
		tag, err := results.Exec()
		if err != nil {
			return fmt.Errorf("save a delivery: %w", err)
		}
		if tag.RowsAffected() != 1 {
			return fmt.Errorf("save delivery %s: it was changed meanwhile", d.ID)
		}
		if err := announce(tx, d); err != nil {
			return err
		}
	}
	return results.Close()
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
