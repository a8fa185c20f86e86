package fhir

import (
	"context"
	"errors"
	"net/url"

	"onedoor/app/clinical"
	"onedoor/app/clinical/r4"
	"onedoor/app/nhs"
)

// FindPatient looks for somebody by NHS number. The search is a form: an address would hold the number, and addresses are logged by
// many. Whoever is found under another number is not who was asked for.
func (s *System) FindPatient(ctx context.Context, patient nhs.Number) (clinical.KnownPatient, bool, error) {
	var found []*r4.Patient
	err := s.search(ctx, "Patient", url.Values{"identifier": {r4.NHSNumber + "|" + string(patient)}}, true, func(e r4.Entry) bool {
		if p, ok := e.Resource.(*r4.Patient); ok && p.ID != "" && r4.Identified(p.Identifier, r4.NHSNumber) == string(patient) {
			found = append(found, p)
		}
		return false
	})
	switch {
	case err != nil:
		return clinical.KnownPatient{}, false, err
	case len(found) == 0:
		return clinical.KnownPatient{}, false, nil
	case len(found) > 1:
		return clinical.KnownPatient{}, false, &clinical.Refused{Says: "The clinical system has more than one record of this person. A person has to look.", Cause: errors.New("more than one Patient")}
	}
	known := clinical.KnownPatient{ID: "Patient/" + found[0].ID, Name: nameOf(found[0].Name)}
	if born, err := nhs.ParseDate(found[0].BirthDate); err == nil {
		known.BirthDate = born
	}
	return known, true, nil
}

func nameOf(names []r4.HumanName) string {
	for _, n := range names {
		if n.Text != "" {
			return n.Text
		}
		if n.Family != "" {
			return clinical.Patient{GivenName: joined(n.Given), FamilyName: n.Family}.Name()
		}
	}
	return ""
}

func joined(parts []string) (all string) {
	for i, p := range parts {
		if i > 0 {
			all += " "
		}
		all += p
	}
	return all
}

// subject is a person as the server refers to them: by NHS number always, and by its own name for them where it is to be looked up.
func (s *System) subject(ctx context.Context, patient clinical.Patient) (r4.Reference, error) {
	if patient.NHSNumber == "" {
		return r4.Reference{}, &clinical.Refused{Says: "The clinical system finds people by NHS number, and this person's is not known. A person has to do it there."}
	}
	subject, known, err := s.person(ctx, patient.NHSNumber)
	if err == nil && !known {
		err = &clinical.Refused{Says: "The clinical system does not have this person. A person has to look."}
	}
	subject.Display = patient.Name()
	return subject, err
}

// byPerson is a search for what is somebody's.
func byPerson(subject r4.Reference) url.Values {
	if subject.Reference != "" {
		return url.Values{"patient": {subject.Reference}}
	}
	return url.Values{"patient.identifier": {r4.NHSNumber + "|" + subject.Identifier.Value}}
}

// same reports whether a resource's reference is to that person. What says neither is not.
func same(r *r4.Reference, subject r4.Reference) bool {
	if r == nil {
		return false
	}
	if r.Identifier != nil && r.Identifier.System == r4.NHSNumber {
		return subject.Identifier != nil && r.Identifier.Value == subject.Identifier.Value
	}
	id, ok := externalID(r.Reference, "Patient")
	return ok && id == subject.Reference
}
