// Package conversationstore keeps the questionnaires that patients are answering, for an hour from the last answer. A
// conversation is found by the hash of a token that only the patient's browser, or the call, holds, within its
// neighbourhood; or by its reference, to go on on another channel, which takes the token over.
package conversationstore

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"onedoor/app/database"
	"onedoor/app/fault"
	"onedoor/app/intake"
	"onedoor/tenants"
)

// Store keeps conversations.
type Store struct {
	db  *database.DB
	now func() time.Time
}

// New makes a store over a database.
func New(db *database.DB, now func() time.Time) *Store { return &Store{db, now} }

type row struct {
	NeighbourhoodID uuid.UUID
	ID              uuid.UUID
	TokenHash       []byte
	State           json.RawMessage
	Reference       *string
	UpdatedAt       time.Time `gorm:"autoUpdateTime:false"`
	ExpiresAt       time.Time
}

func (row) TableName() string { return "conversations" }

// Save keeps a conversation as it stands, under the hash of its token. One that went on elsewhere meanwhile, under another
// token, is left as it is there (conversation_elsewhere).
func (s *Store) Save(ctx context.Context, tokenHash []byte, c *intake.Conversation) error {
	state, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return s.db.InTx(ctx, tenants.IntakeOf(c.NeighbourhoodID), func(tx *database.Tx) error {
		kept := tx.Gorm().Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: "neighbourhood_id"}, {Name: "id"}},
			DoUpdates: clause.AssignmentColumns([]string{"state", "reference", "updated_at", "expires_at"}),
			Where:     clause.Where{Exprs: []clause.Expression{clause.Expr{SQL: "conversations.token_hash = excluded.token_hash"}}},
		}).Create(&row{c.NeighbourhoodID, c.ID, tokenHash, state, referenceOf(c), c.UpdatedAt, c.UpdatedAt.Add(intake.Lifetime)})
		if kept.Error == nil && kept.RowsAffected == 0 {
			return fault.New(fault.Conflict, "conversation_elsewhere", "These answers were taken up somewhere else.")
		}
		return kept.Error
	})
}

// referenceOf is the reference by which a conversation can still be taken up: none once it was sent.
func referenceOf(c *intake.Conversation) *string {
	if c.Reference == "" || c.Submitted != "" {
		return nil
	}
	return &c.Reference
}

// Load finds a conversation by the hash of its token. One that has expired is as absent as one that never was.
func (s *Store) Load(ctx context.Context, neighbourhood uuid.UUID, tokenHash []byte) (*intake.Conversation, error) {
	var w row
	err := s.db.InTx(ctx, tenants.IntakeOf(neighbourhood), func(tx *database.Tx) error {
		return tx.Gorm().Where("neighbourhood_id = ? and token_hash = ? and expires_at > ?", neighbourhood, tokenHash, s.now()).Take(&w).Error
	})
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, fault.Absent()
	}
	if err != nil {
		return nil, err
	}
	var c intake.Conversation
	return &c, json.Unmarshal(w.State, &c)
}

// RemoveExpired removes a neighbourhood's conversations that nobody can take up again, and says how many.
func (s *Store) RemoveExpired(ctx context.Context, neighbourhood uuid.UUID, now time.Time) (int, error) {
	removed := 0
	err := s.db.InTx(ctx, tenants.JobOf(neighbourhood), func(tx *database.Tx) error {
		done := tx.Gorm().Exec("delete from conversations where neighbourhood_id = ? and expires_at <= ?", neighbourhood, now)
		removed = int(done.RowsAffected)
		if done.Error != nil {
			return done.Error
		}
		return tx.Gorm().Exec("delete from conversation_tries where neighbourhood_id = ? and hour < ?", neighbourhood, now.Add(-2*time.Hour)).Error
	})
	return removed, err
}
