package publishingstore

import (
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"

	"onedoor/app/publishing"
)

func isNone(err error) bool { return errors.Is(err, sql.ErrNoRows) }

// orNull is an id as a column holds it.
func orNull(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}

func orNil(id *uuid.UUID) uuid.UUID {
	if id == nil {
		return uuid.Nil
	}
	return *id
}

func orEmpty(list json.RawMessage) json.RawMessage {
	if len(list) == 0 {
		return json.RawMessage("[]")
	}
	return list
}

type draftRow struct {
	NeighbourhoodID uuid.UUID
	Name            string
	Author          string
	AuthorID        *uuid.UUID
	BasedOn         string
	Version         int
	Document        string
	Hash            string
	CreatedAt       time.Time
	UpdatedAt       time.Time `gorm:"autoUpdateTime:false"`
	UpdatedBy       string
	UpdatedByID     *uuid.UUID
	Review          *publishing.Review `gorm:"serializer:json"`
	Shadow          bool
}

func (draftRow) TableName() string { return "policy_drafts" }

func (w draftRow) draft() publishing.Draft {
	return publishing.Draft{
		NeighbourhoodID: w.NeighbourhoodID, Name: w.Name, Author: w.Author, AuthorID: orNil(w.AuthorID), BasedOn: w.BasedOn, Version: w.Version,
		Document: []byte(w.Document), Hash: w.Hash, CreatedAt: w.CreatedAt, UpdatedAt: w.UpdatedAt, UpdatedBy: w.UpdatedBy, UpdatedByID: orNil(w.UpdatedByID),
		Review: w.Review, Shadow: w.Shadow,
	}
}

type saveRow struct {
	NeighbourhoodID uuid.UUID
	ID              uuid.UUID
	Draft           string
	Version         int
	ETag            string `gorm:"column:etag"`
	Document        string
	SavedAt         time.Time
	SavedBy         string
	SavedByID       *uuid.UUID
}

func (saveRow) TableName() string { return "policy_draft_saves" }

type versionRow struct {
	NeighbourhoodID uuid.UUID
	Hash            string
	LiveFrom        time.Time
	Document        string
	PublishedBy     string
	Note            string
}

func (versionRow) TableName() string { return "policy_versions" }

type publicationRow struct {
	NeighbourhoodID uuid.UUID
	ID              uuid.UUID
	Hash            string
	LiveFrom        time.Time
	PublishedAt     time.Time
	PublishedBy     string
	PublishedByID   *uuid.UUID
	Note            string
	Reasons         []publishing.Reason `gorm:"serializer:json"`
	Findings        json.RawMessage
	Replay          *publishing.Replay `gorm:"serializer:json"`
	Review          *publishing.Review `gorm:"serializer:json"`
	Draft           string
	BasedOn         string
	RestoredFrom    string
	Withdrawn       *publishing.Withdrawal `gorm:"serializer:json"`
	Document        string                 `gorm:"->"`
}

func (publicationRow) TableName() string { return "policy_publications" }

func (w publicationRow) version() publishing.Version {
	return publishing.Version{
		NeighbourhoodID: w.NeighbourhoodID, ID: w.ID, Hash: w.Hash, LiveFrom: w.LiveFrom, Document: []byte(w.Document), PublishedAt: w.PublishedAt,
		PublishedBy: w.PublishedBy, PublishedByID: orNil(w.PublishedByID), Note: w.Note, Reasons: w.Reasons, Findings: w.Findings, Replay: w.Replay,
		Review: w.Review, Draft: w.Draft, BasedOn: w.BasedOn, RestoredFrom: w.RestoredFrom, Withdrawn: w.Withdrawn,
	}
}

type settingsRow struct {
	NeighbourhoodID uuid.UUID
	SecondPerson    bool
	ChangedAt       time.Time
	ChangedBy       string
}

func (settingsRow) TableName() string { return "publishing_settings" }
