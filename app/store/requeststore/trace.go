package requeststore

import (
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

// samePerson is the other requests (2) of whoever is on the register (3), or has a number (4).
const samePerson = " neighbourhood_id = $1 and id <> $2 and (patient_id = $3 or patient->>'nhs_number' = $4)"

// HoldSamePerson implements requests.Tx. It reads every request of the neighbourhood, which happens as often as somebody is
// found to be restricted or to have died.
func (t *transaction) HoldSamePerson(r *requests.Request) ([]*requests.Request, error) {
	args := []any{t.nb, r.ID, optional(r.PatientID), string(r.Patient.NHSNumber)}
	if _, err := t.tx.Pgx().Exec(t.ctx, "update requests set held = $5 where status = 5 and"+samePerson, append(args, heldCode(r.Held))...); err != nil {
		return nil, err
	}
	if r.Held.Restricted {
		_, err := t.tx.Pgx().Exec(t.ctx, "update requests set patient = patient - 'postcode' - 'house_number' where status = 5 and"+samePerson, args...)
		if err != nil {
			return nil, err
		}
	}
	rows, err := t.tx.Pgx().Query(t.ctx, "select reference from requests where status < 5 and"+samePerson+" order by id", args...)
	if err != nil {
		return nil, err
	}
	var references []string
	for rows.Next() {
		var reference string
		if err := rows.Scan(&reference); err != nil {
			rows.Close()
			return nil, err
		}
		references = append(references, reference)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	var list []*requests.Request
	for _, reference := range references {
		other, err := t.FindForUpdate(requests.Reference(reference))
		if err != nil {
			return nil, err
		}
		list = append(list, other)
	}
	return list, nil
}
