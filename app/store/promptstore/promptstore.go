// Package promptstore keeps people's recordings of what the telephone says, in PostgreSQL: each change in a transaction of its
// own with its line in the trail. It decides nothing: who may change whose is asked before, and PostgreSQL's row-level security
// asks again. Sound is mu-law as calls send it; app/channels/voice/prompts makes it so.
package promptstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/database"
	"onedoor/app/fault"
	"onedoor/app/speech"
	"onedoor/app/store/auditstore"
	"onedoor/tenants"
)

// Store implements speech.PromptStore.
type Store struct{ db *database.DB }

var _ speech.PromptStore = (*Store)(nil)

// New makes a store over a database.
func New(db *database.DB) *Store { return &Store{db} }

type row struct {
	NeighbourhoodID uuid.UUID
	OrganisationID  uuid.UUID
	Phrase          string
	Language        string
	ID              uuid.UUID
	Words           string
	Bytes           int64
	UploadedBy      json.RawMessage
	UploadedAt      time.Time
}

func (w row) prompt() (speech.Prompt, error) {
	p := speech.Prompt{
		ID: w.ID, NeighbourhoodID: w.NeighbourhoodID, OrganisationID: w.OrganisationID, Phrase: w.Phrase, Language: w.Language,
		Of: w.Words, At: w.UploadedAt.UTC(), For: time.Duration(w.Bytes) * time.Second / 8000,
	}
	return p, json.Unmarshal(w.UploadedBy, &p.By)
}

// Prompts implements speech.PromptStore.
func (s *Store) Prompts(ctx context.Context, neighbourhood uuid.UUID) ([]speech.Prompt, error) {
	var rows []row
	err := s.db.InTx(ctx, tenants.IntakeOf(neighbourhood), func(tx *database.Tx) error {
		return tx.Gorm().Raw(`
			select neighbourhood_id, organisation_id, phrase, language, id, words, length(sound) as bytes, uploaded_by, uploaded_at
			from prompts where neighbourhood_id = ? order by organisation_id, phrase, language`, neighbourhood).Scan(&rows).Error
	})
	if err != nil {
		return nil, err
	}
	list := make([]speech.Prompt, len(rows))
	for i, w := range rows {
		if list[i], err = w.prompt(); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// Sound implements speech.PromptStore.
func (s *Store) Sound(ctx context.Context, neighbourhood, id uuid.UUID) (sound []byte, err error) {
	err = s.db.InTx(ctx, tenants.IntakeOf(neighbourhood), func(tx *database.Tx) error {
		return tx.Gorm().Raw("select sound from prompts where neighbourhood_id = ? and id = ?", neighbourhood, id).Row().Scan(&sound)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fault.Absent()
	}
	return sound, err
}

// SavePrompt implements speech.PromptStore.
func (s *Store) SavePrompt(ctx context.Context, p speech.Prompt, sound []byte, entry audit.Entry) error {
	by, err := json.Marshal(p.By)
	if err != nil {
		return err
	}
	return s.db.InTx(ctx, scope(p.NeighbourhoodID, p.OrganisationID), func(tx *database.Tx) error {
		err := tx.Gorm().Exec(`
			insert into prompts (neighbourhood_id, organisation_id, phrase, language, id, words, sound, uploaded_by, uploaded_at)
			values (?, ?, ?, ?, ?, ?, ?, ?, ?)
			on conflict (neighbourhood_id, organisation_id, phrase, language)
			do update set id = excluded.id, words = excluded.words, sound = excluded.sound,
				uploaded_by = excluded.uploaded_by, uploaded_at = excluded.uploaded_at`,
			p.NeighbourhoodID, p.OrganisationID, p.Phrase, p.Language, p.ID, p.Of, sound, json.RawMessage(by), p.At).Error
		if err != nil {
			return err
		}
		auditstore.Append(tx, entry)
		return nil
	})
}

// RemovePrompt implements speech.PromptStore.
func (s *Store) RemovePrompt(ctx context.Context, neighbourhood, organisation uuid.UUID, phrase, language string, entry audit.Entry) error {
	return s.db.InTx(ctx, scope(neighbourhood, organisation), func(tx *database.Tx) error {
		var removed []struct{ ID uuid.UUID }
		err := tx.Gorm().Raw("delete from prompts where neighbourhood_id = ? and organisation_id = ? and phrase = ? and language = ? returning id",
			neighbourhood, organisation, phrase, language).Scan(&removed).Error
		if err != nil {
			return err
		}
		if len(removed) == 0 {
			return fault.Absent()
		}
		entry.Subject = removed[0].ID
		auditstore.Append(tx, entry)
		return nil
	})
}

// scope is that of the one organisation, or of leads for what is the neighbourhood's own.
func scope(neighbourhood, organisation uuid.UUID) tenants.Scope {
	if organisation == uuid.Nil {
		return tenants.StaffOf(neighbourhood)
	}
	return tenants.StaffOf(neighbourhood, organisation)
}
