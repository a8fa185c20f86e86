// Package conversationstore keeps the questionnaires that patients are answering, for an hour from the last answer. A
// conversation is found by the hash of a token that only the patient's browser holds, within its neighbourhood.
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
	UpdatedAt       time.Time `gorm:"autoUpdateTime:false"`
	ExpiresAt       time.Time
}

func (row) TableName() string { return "conversations" }

// Save keeps a conversation as it stands, under the hash of its token.
func (s *Store) Save(ctx context.Context, tokenHash []byte, c *intake.Conversation) error {
	state, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return s.db.InTx(ctx, tenants.IntakeOf(c.NeighbourhoodID), func(tx *database.Tx) error {
		return tx.Gorm().Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: "neighbourhood_id"}, {Name: "id"}},
			DoUpdates: clause.AssignmentColumns([]string{"token_hash", "state", "updated_at", "expires_at"}),
		}).Create(&row{c.NeighbourhoodID, c.ID, tokenHash, state, c.UpdatedAt, c.UpdatedAt.Add(intake.Lifetime)}).Error
	})
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
		return done.Error
	})
	return removed, err
}
