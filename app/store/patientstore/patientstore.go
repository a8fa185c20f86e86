// Package patientstore keeps the registers of a neighbourhood's practices. Intake looks people up to match them; staff
// see those on the list of their own practice; only an import writes.
package patientstore

import (
	"context"

	"github.com/google/uuid"
	"gorm.io/gorm"
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
			}
		}
		return tx.Gorm().Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: "neighbourhood_id"}, {Name: "id"}},
			UpdateAll: true,
		}).CreateInBatches(rows, 500).Error
	})
}

// Candidates are the people who might be the one described, at most 20.
func Candidates(tx *database.Tx, g patients.Given) ([]patients.Patient, error) {
	query := tx.Gorm().Where("neighbourhood_id = ?", tx.Scope().NeighbourhoodID).Limit(20)
	switch {
	case g.NHSNumber != "":
		query = query.Where("nhs_number = ?", string(g.NHSNumber))
	case !g.BirthDate.IsZero() && g.Postcode != "":
		query = query.Where("birth_date = ? and postcode = ?", g.BirthDate, string(g.Postcode))
	default:
		return nil, nil
	}
	return read(query)
}

// All reads a neighbourhood's whole register, at most 10,000 people: for the demonstration.
func (s *Store) All(ctx context.Context, neighbourhood uuid.UUID) (list []patients.Patient, err error) {
	err = s.db.InTx(ctx, tenants.JobOf(neighbourhood), func(tx *database.Tx) error {
		list, err = read(tx.Gorm().Where("neighbourhood_id = ?", neighbourhood).Limit(10_000))
		return err
	})
	return list, err
}

func read(query *gorm.DB) ([]patients.Patient, error) {
	var rows []row
	if err := query.Find(&rows).Error; err != nil {
		return nil, err
	}
	list := make([]patients.Patient, len(rows))
	for i, w := range rows {
		list[i] = patients.Patient{
			ID: w.ID, NeighbourhoodID: w.NeighbourhoodID, NHSNumber: nhs.Number(value(w.NHSNumber)), GivenName: w.GivenName, FamilyName: w.FamilyName,
			BirthDate: w.BirthDate, Sex: nhs.Sex(value(w.Sex)), Postcode: nhs.Postcode(w.Postcode), Mobile: nhs.Phone(value(w.Mobile)),
			PracticeID: value(w.PracticeID), Registration: patients.Registration(w.Registration), NominatedPharmacy: value(w.NominatedPharmacyID),
		}
	}
	return list, nil
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
