// Package patientstore keeps the registers of a neighbourhood's practices. Intake looks people up to match them; staff
// see those on the list of their own practice; only an import writes.
package patientstore

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"gorm.io/gorm/clause"

	"onedoor/app/database"
	"onedoor/app/nhs"
	"onedoor/app/patients"
	"onedoor/tenants"
)

// Store imports registers.
type Store struct{ db *database.DB }

// New makes a store over a database.
func New(db *database.DB) *Store { return &Store{db} }

type row struct {
	NeighbourhoodID     uuid.UUID `gorm:"primaryKey"`
	ID                  uuid.UUID `gorm:"primaryKey"`
	NHSNumber           *string   `gorm:"column:nhs_number"`
	GivenName           string
	FamilyName          string
	BirthDate           nhs.Date
	Sex                 *string
	Postcode            string
	Mobile              *string
	PracticeID          *uuid.UUID
	Registration        string
	NominatedPharmacyID *uuid.UUID
	IMDDecile           *int16 `gorm:"column:imd_decile"`
}

func (row) TableName() string { return "patients" }

// Import adds people to a neighbourhood's register, or brings what is known of them up to date by their id.
func (s *Store) Import(ctx context.Context, neighbourhood uuid.UUID, list []patients.Patient) error {
	return s.db.InTx(ctx, tenants.JobOf(neighbourhood), func(tx *database.Tx) error {
		rows := make([]row, len(list))
		for i, p := range list {
			rows[i] = row{
				NeighbourhoodID: neighbourhood, ID: p.ID, NHSNumber: optional(string(p.NHSNumber)), GivenName: p.GivenName, FamilyName: p.FamilyName,
				BirthDate: p.BirthDate, Sex: optional(string(p.Sex)), Postcode: string(p.Postcode), Mobile: optional(string(p.Mobile)),
				PracticeID: optional(p.PracticeID), Registration: string(p.Registration), NominatedPharmacyID: optional(p.NominatedPharmacy),
				IMDDecile: optional(int16(p.IMDDecile)), //nolint:gosec // 1 to 10: the table refuses others
			}
		}
		return tx.Gorm().Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: "neighbourhood_id"}, {Name: "id"}},
			UpdateAll: true,
		}).CreateInBatches(rows, 500).Error
	})
}

// selection reads people with what is remembered of the national register: staff see no such memory, and it is empty for them.
const selection = `select p.id, p.neighbourhood_id, p.nhs_number, p.given_name, p.family_name, p.birth_date, p.sex, p.postcode, p.mobile, p.practice_id,
	p.registration, p.nominated_pharmacy_id, p.imd_decile, coalesce(t.restricted, false), coalesce(t.died, false)
from patients p left join traced_patients t on t.neighbourhood_id = p.neighbourhood_id and t.nhs_number = p.nhs_number `

// Candidates is the query for the people who might be the one described, at most 20; nothing when too little is known.
func Candidates(neighbourhood uuid.UUID, g patients.Given) (query string, args []any) {
	switch {
	case g.NHSNumber != "":
		return selection + "where p.neighbourhood_id = $1 and p.nhs_number = $2 limit 20", []any{neighbourhood, string(g.NHSNumber)}
	case !g.BirthDate.IsZero() && g.Postcode != "":
		return selection + "where p.neighbourhood_id = $1 and p.birth_date = $2 and p.postcode = $3 limit 20",
			[]any{neighbourhood, g.BirthDate, string(g.Postcode)}
	}
	return "", nil
}

// ByID is the query for one person.
func ByID(neighbourhood, id uuid.UUID) (query string, args []any) {
	return selection + "where p.neighbourhood_id = $1 and p.id = $2", []any{neighbourhood, id}
}

// Collect reads the rows of Candidates.
func Collect(rows pgx.Rows) ([]patients.Patient, error) {
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (patients.Patient, error) {
		var w row
		var hold patients.Hold
		err := r.Scan(&w.ID, &w.NeighbourhoodID, &w.NHSNumber, &w.GivenName, &w.FamilyName, &w.BirthDate, &w.Sex, &w.Postcode, &w.Mobile, &w.PracticeID, &w.Registration, &w.NominatedPharmacyID, &w.IMDDecile,
			&hold.Restricted, &hold.Died)
		p := w.patient()
		p.Hold = hold
		return p, err
	})
}

// All reads a neighbourhood's whole register, at most 10,000 people: for the demonstration.
func (s *Store) All(ctx context.Context, neighbourhood uuid.UUID) (list []patients.Patient, err error) {
	err = s.db.InTx(ctx, tenants.JobOf(neighbourhood), func(tx *database.Tx) error {
		var rows []row
		err := tx.Gorm().Where("neighbourhood_id = ?", neighbourhood).Limit(10_000).Find(&rows).Error
		for _, w := range rows {
			list = append(list, w.patient())
		}
		return err
	})
	return list, err
}

func (w row) patient() patients.Patient {
	return patients.Patient{
		ID: w.ID, NeighbourhoodID: w.NeighbourhoodID, NHSNumber: nhs.Number(value(w.NHSNumber)), GivenName: w.GivenName, FamilyName: w.FamilyName,
		BirthDate: w.BirthDate, Sex: nhs.Sex(value(w.Sex)), Postcode: nhs.Postcode(w.Postcode), Mobile: nhs.Phone(value(w.Mobile)),
		PracticeID: value(w.PracticeID), Registration: patients.Registration(w.Registration), NominatedPharmacy: value(w.NominatedPharmacyID),
		IMDDecile: int(value(w.IMDDecile)),
	}
}

func optional[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
