package requeststore

import (
	"github.com/google/uuid"

	"onedoor/app/patients"
	"onedoor/app/requests"
	"onedoor/app/store/patientstore"
)

// Register implements requests.Tx.
func (t *transaction) Register(given patients.Given) ([]patients.Patient, error) {
	query, args := patientstore.Candidates(t.nb, given)
	if query == "" {
		return nil, nil
	}
	rows, err := t.tx.Pgx().Query(t.ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return patientstore.Collect(rows)
}

// samePerson finds the other requests (2) of whoever is on the register (3), or has a number (4).
const samePerson = `select id, reference, status < 5 from requests
	where neighbourhood_id = $1 and id <> $2 and (patient_id = $3 or patient->>'nhs_number' = $4) order by id`

// HoldSamePerson implements requests.Tx. It reads every request of the neighbourhood, once, which happens as often as somebody is
// found to be restricted or to have died. An index over the number would not be used: PostgreSQL looks into a document only
// after row-level security has let its row through.
func (t *transaction) HoldSamePerson(r *requests.Request) ([]*requests.Request, error) {
	open, closed, err := t.samePerson(r)
	if err != nil {
		return nil, err
	}
	if len(closed) > 0 {
		if _, err := t.tx.Pgx().Exec(t.ctx, `
			update requests set held = $3, patient = case when $4 then patient - 'postcode' - 'house_number' else patient end
			where neighbourhood_id = $1 and id = any ($2) and status = 5`, t.nb, closed, heldCode(r.Held), r.Held.Restricted); err != nil {
			return nil, err
		}
	}
	var list []*requests.Request
	for _, reference := range open {
		other, err := t.FindForUpdate(reference)
		if err != nil {
			return nil, err
		}
		list = append(list, other)
	}
	return list, nil
}

func (t *transaction) samePerson(r *requests.Request) (open []requests.Reference, closed []uuid.UUID, err error) {
	rows, err := t.tx.Pgx().Query(t.ctx, samePerson, t.nb, r.ID, optional(r.PatientID), string(r.Patient.NHSNumber))
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id uuid.UUID
		var reference string
		var isOpen bool
		if err := rows.Scan(&id, &reference, &isOpen); err != nil {
			return nil, nil, err
		}
		if isOpen {
			open = append(open, requests.Reference(reference))
		} else {
			closed = append(closed, id)
		}
	}
	return open, closed, rows.Err()
}
