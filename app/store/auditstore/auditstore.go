// Package auditstore appends to the trail and reads it back. An entry is written in the transaction of what it records:
// both are there, or neither. Nothing here changes or removes an entry; the database would refuse.
package auditstore

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/database"
)

type row struct {
	NeighbourhoodID uuid.UUID
	ID              uuid.UUID
	OrganisationID  *uuid.UUID
	At              time.Time
	ActorKind       string
	ActorID         *uuid.UUID
	ActorName       string
	Action          string
	SubjectKind     string
	Subject         uuid.UUID
	Details         json.RawMessage
}

func (row) TableName() string { return "audit_entries" }

// Append adds entries to the transaction.
func Append(tx *database.Tx, entries ...audit.Entry) {
	for _, e := range entries {
		details, err := json.Marshal(e.Details)
		if err != nil || e.Details == nil {
			details = []byte("{}") // details are codes and ids, which marshal; a line without them beats no line
		}
		w := &row{
			NeighbourhoodID: e.NeighbourhoodID, ID: e.ID, At: e.At, ActorKind: string(e.Actor.Kind), ActorName: e.Actor.Name,
			Action: e.Action, SubjectKind: e.SubjectKind, Subject: e.Subject, Details: details,
		}
		if e.OrganisationID != uuid.Nil {
			w.OrganisationID = &e.OrganisationID
		}
		if e.Actor.ID != uuid.Nil {
			w.ActorID = &e.Actor.ID
		}
		tx.Later(w)
	}
}

// Of reads what was done to one subject, oldest first, as far as the scope may see; at most the 500 newest.
func Of(tx *database.Tx, subject uuid.UUID) ([]audit.Entry, error) {
	var rows []row
	err := tx.Gorm().Raw(`
		select * from (
			select * from audit_entries where neighbourhood_id = ? and subject = ? order by id desc limit 500
		) newest order by id`, tx.Scope().NeighbourhoodID, subject).Scan(&rows).Error
	if err != nil {
		return nil, err
	}
	entries := make([]audit.Entry, 0, len(rows))
	for _, w := range rows {
		e := audit.Entry{
			ID: w.ID, NeighbourhoodID: w.NeighbourhoodID, At: w.At, Action: w.Action, SubjectKind: w.SubjectKind, Subject: w.Subject,
			Actor: audit.Actor{Kind: audit.ActorKind(w.ActorKind), Name: w.ActorName},
		}
		if w.OrganisationID != nil {
			e.OrganisationID = *w.OrganisationID
		}
		if w.ActorID != nil {
			e.Actor.ID = *w.ActorID
		}
		if err := json.Unmarshal(w.Details, &e.Details); err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	return entries, nil
}
