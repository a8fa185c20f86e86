package callstore

import (
	"time"

	"github.com/google/uuid"

	"onedoor/app/calls"
)

type row struct {
	NeighbourhoodID uuid.UUID
	ID              uuid.UUID
	OrganisationID  *uuid.UUID
	Line            string
	Via             string
	Language        string
	ExternalHash    []byte
	CallerHash      []byte
	CallerSealed    []byte
	Withheld        bool
	RepeatsID       *uuid.UUID

	StartedAt     time.Time
	AnsweredAt    *time.Time
	PersonAskedAt *time.Time
	PersonAt      *time.Time
	EndedAt       *time.Time
	HeardAt       time.Time

	Ending      string
	Kind        string
	Reference   string
	AnswersKept bool
	LastStep    string
}

func (row) TableName() string { return "calls" }

func rowOf(c calls.Call) row {
	return row{
		NeighbourhoodID: c.NeighbourhoodID, ID: c.ID, OrganisationID: orNull(c.OrganisationID), Line: c.Line, Via: string(c.Via), Language: c.Language,
		Withheld: c.Withheld, RepeatsID: orNull(c.Repeats),
		StartedAt: c.StartedAt, AnsweredAt: at(c.AnsweredAt), PersonAskedAt: at(c.PersonAskedAt), PersonAt: at(c.PersonAt), EndedAt: at(c.EndedAt), HeardAt: c.HeardAt,
		Ending: string(c.End), Kind: c.Kind, Reference: c.Reference, AnswersKept: c.AnswersKept, LastStep: c.LastStep,
	}
}

func (w row) call() calls.Call {
	return calls.Call{
		ID: w.ID, NeighbourhoodID: w.NeighbourhoodID, OrganisationID: orZero(w.OrganisationID), Line: w.Line, Via: calls.Via(w.Via), Language: w.Language,
		Withheld: w.Withheld, Repeats: orZero(w.RepeatsID),
		StartedAt: w.StartedAt.UTC(), AnsweredAt: moment(w.AnsweredAt), PersonAskedAt: moment(w.PersonAskedAt), PersonAt: moment(w.PersonAt), EndedAt: moment(w.EndedAt), HeardAt: w.HeardAt.UTC(),
		End: calls.Ending(w.Ending), Kind: w.Kind, Reference: w.Reference, AnswersKept: w.AnswersKept, LastStep: w.LastStep,
	}
}

func orNull(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}

func orZero(id *uuid.UUID) uuid.UUID {
	if id == nil {
		return uuid.Nil
	}
	return *id
}

func at(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func moment(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}
