// Package publishingstore keeps drafts of policies, the versions that were published, and who published them and why.
// What nodes route by is read from the same rows by rulestore. Row-level security bounds each transaction to its
// neighbourhood; every query names it besides.
package publishingstore

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"onedoor/app/audit"
	"onedoor/app/database"
	"onedoor/app/fault"
	"onedoor/app/publishing"
	"onedoor/app/store/auditstore"
	"onedoor/tenants"
)

// savesKept is how many texts of one draft are kept.
const savesKept = 100

// Topic is what events about drafts and versions are called.
const Topic = "policy"

// Store implements publishing.Store.
type Store struct{ db *database.DB }

// New makes a store over a database.
func New(db *database.DB) *Store { return &Store{db} }

// InTx implements publishing.Store.
func (s *Store) InTx(ctx context.Context, neighbourhood uuid.UUID, fn func(publishing.Tx) error) error {
	return s.db.InTx(ctx, tenants.StaffOf(neighbourhood), func(tx *database.Tx) error { return fn(&transaction{tx, neighbourhood}) })
}

type transaction struct {
	tx *database.Tx
	nb uuid.UUID
}

// Lock implements publishing.Tx: the neighbourhood's row is the lock, as it is of directory.Tx.
func (t *transaction) Lock() error {
	var id uuid.UUID
	err := t.tx.Gorm().Raw("select id from neighbourhoods where id = ? for no key update", t.nb).Row().Scan(&id)
	if isNone(err) {
		return fault.Absent()
	}
	return err
}

// Drafts implements publishing.Tx.
func (t *transaction) Drafts() ([]publishing.Draft, error) {
	var rows []draftRow
	if err := t.tx.Gorm().Where("neighbourhood_id = ?", t.nb).Order("name").Find(&rows).Error; err != nil {
		return nil, err
	}
	list := make([]publishing.Draft, len(rows))
	for i, w := range rows {
		list[i] = w.draft()
	}
	return list, nil
}

// Draft implements publishing.Tx.
func (t *transaction) Draft(name string) (publishing.Draft, bool, error) {
	var w draftRow
	err := t.tx.Gorm().Where("neighbourhood_id = ? and name = ?", t.nb, name).Take(&w).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return publishing.Draft{}, false, nil
	}
	return w.draft(), err == nil, err
}

// PutDraft implements publishing.Tx.
func (t *transaction) PutDraft(d publishing.Draft) error {
	return t.tx.Gorm().Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "neighbourhood_id"}, {Name: "name"}},
		DoUpdates: clause.AssignmentColumns([]string{"based_on", "version", "document", "hash", "updated_at", "updated_by", "updated_by_id", "review", "shadow"}),
	}).Create(&draftRow{
		t.nb, d.Name, d.Author, orNull(d.AuthorID), d.BasedOn, d.Version, string(d.Document), d.Hash, d.CreatedAt, d.UpdatedAt, d.UpdatedBy,
		orNull(d.UpdatedByID), d.Review, d.Shadow,
	}).Error
}

// RemoveDraft implements publishing.Tx.
func (t *transaction) RemoveDraft(name string) error {
	return t.tx.Gorm().Exec("delete from policy_drafts where neighbourhood_id = ? and name = ?", t.nb, name).Error
}

// AddSave implements publishing.Tx.
func (t *transaction) AddSave(s publishing.Save) error {
	err := t.tx.Gorm().Create(&saveRow{t.nb, s.ID, s.Draft, s.Version, s.ETag, string(s.Document), s.At, s.By, orNull(s.ByID)}).Error
	if err != nil {
		return err
	}
	return t.tx.Gorm().Exec(`
		delete from policy_draft_saves where neighbourhood_id = @nb and draft = @draft and id in (
			select id from policy_draft_saves where neighbourhood_id = @nb and draft = @draft order by id desc offset @kept)`,
		map[string]any{"nb": t.nb, "draft": s.Draft, "kept": savesKept}).Error
}

// Saves implements publishing.Tx.
func (t *transaction) Saves(draft string) ([]publishing.Save, error) {
	var rows []saveRow
	if err := t.tx.Gorm().Where("neighbourhood_id = ? and draft = ?", t.nb, draft).Order("id desc").Find(&rows).Error; err != nil {
		return nil, err
	}
	list := make([]publishing.Save, len(rows))
	for i, w := range rows {
		list[i] = publishing.Save{
			ID: w.ID, Draft: w.Draft, Version: w.Version, ETag: w.ETag, Document: []byte(w.Document), At: w.SavedAt, By: w.SavedBy, ByID: orNil(w.SavedByID),
		}
	}
	return list, nil
}

// versions reads publications, with their documents or without.
func (t *transaction) versions(documents bool, rest string, args ...any) ([]publishing.Version, error) {
	document := "''"
	if documents {
		document = "v.document"
	}
	query := `select p.*, ` + document + ` as document from policy_publications p
		join policy_versions v on v.neighbourhood_id = p.neighbourhood_id and v.hash = p.hash and v.live_from = p.live_from
		where p.neighbourhood_id = ? ` + rest
	var rows []publicationRow
	if err := t.tx.Gorm().Raw(query, append([]any{t.nb}, args...)...).Scan(&rows).Error; err != nil {
		return nil, err
	}
	list := make([]publishing.Version, len(rows))
	for i, w := range rows {
		list[i] = w.version()
	}
	return list, nil
}

func (t *transaction) one(rest string, args ...any) (publishing.Version, bool, error) {
	list, err := t.versions(true, rest+" limit 1", args...)
	if err != nil || len(list) == 0 {
		return publishing.Version{}, false, err
	}
	return list[0], true, nil
}

// Versions implements publishing.Tx.
func (t *transaction) Versions() ([]publishing.Version, error) {
	return t.versions(false, "order by p.live_from desc, p.id desc")
}

// Version implements publishing.Tx.
func (t *transaction) Version(hash string) (publishing.Version, bool, error) {
	return t.one("and p.hash = ? order by p.live_from desc", hash)
}

// LiveAt implements publishing.Tx.
func (t *transaction) LiveAt(at time.Time) (publishing.Version, bool, error) {
	return t.one("and p.live_from <= ? and v.withdrawn_at is null order by p.live_from desc", at)
}

// AddVersion implements publishing.Tx.
func (t *transaction) AddVersion(v publishing.Version) error {
	if err := t.tx.Gorm().Create(&versionRow{t.nb, v.Hash, v.LiveFrom, string(v.Document), v.PublishedBy, v.Note}).Error; err != nil {
		return err
	}
	w := publicationRow{
		NeighbourhoodID: t.nb, ID: v.ID, Hash: v.Hash, LiveFrom: v.LiveFrom, PublishedAt: v.PublishedAt, PublishedBy: v.PublishedBy,
		PublishedByID: orNull(v.PublishedByID), Note: v.Note, Reasons: append([]publishing.Reason{}, v.Reasons...), Findings: orEmpty(v.Findings),
		Replay: v.Replay, Review: v.Review, Draft: v.Draft, BasedOn: v.BasedOn, RestoredFrom: v.RestoredFrom,
	}
	return t.tx.Gorm().Omit("document").Create(&w).Error
}

// Withdraw implements publishing.Tx.
func (t *transaction) Withdraw(v publishing.Version) error {
	withdrawn, err := json.Marshal(v.Withdrawn)
	if err != nil {
		return err
	}
	return errors.Join(
		t.tx.Gorm().Exec("update policy_versions set withdrawn_at = ? where neighbourhood_id = ? and hash = ? and live_from = ?", v.Withdrawn.At, t.nb, v.Hash, v.LiveFrom).Error,
		t.tx.Gorm().Exec("update policy_publications set withdrawn = cast(? as jsonb) where neighbourhood_id = ? and id = ?", string(withdrawn), t.nb, v.ID).Error)
}

// Settings implements publishing.Tx.
func (t *transaction) Settings() (publishing.Settings, error) {
	var w settingsRow
	err := t.tx.Gorm().Where("neighbourhood_id = ?", t.nb).Take(&w).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return publishing.Settings{}, nil
	}
	return publishing.Settings{SecondPerson: w.SecondPerson, ChangedAt: w.ChangedAt, ChangedBy: w.ChangedBy}, err
}

// PutSettings implements publishing.Tx.
func (t *transaction) PutSettings(s publishing.Settings) error {
	return t.tx.Gorm().Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "neighbourhood_id"}},
		DoUpdates: clause.AssignmentColumns([]string{"second_person", "changed_at", "changed_by"}),
	}).Create(&settingsRow{t.nb, s.SecondPerson, s.ChangedAt, s.ChangedBy}).Error
}

// Audit implements publishing.Tx.
func (t *transaction) Audit(e audit.Entry) { auditstore.Append(t.tx, e) }

// Announce implements publishing.Tx.
func (t *transaction) Announce() error { return t.tx.Publish(database.Event{Topic: Topic}) }
