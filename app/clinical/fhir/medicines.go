package fhir

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"onedoor/app/clinical"
	"onedoor/app/clinical/r4"
	"onedoor/app/nhs"
)

// UK Core's extension on a repeated medicine (simplifier.net/hl7fhirukcorer4, Extension-UKCore-MedicationRepeatInformation).
const (
	repeatInformation    = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-MedicationRepeatInformation"
	repeatsAuthorised    = "numberOfPrescriptionsAuthorised"
	repeatsIssued        = "numberOfPrescriptionsIssued"
	authorisationExpires = "authorisationExpiryDate"
)

// askCode is what an order's tasks ask for, in a code of ours.
var askCode = r4.CodeableConcept{
	Coding: []r4.Coding{{System: r4.KindSystem, Code: "repeat-prescription", Display: "Repeat prescription"}}, Text: "Repeat prescription",
}

// Repeats are the medicines of a person that are planned to be issued again: MedicationRequest, active, intent plan. What the server
// gives is looked at again.
func (s *System) Repeats(ctx context.Context, patient nhs.Number) ([]clinical.Medicine, error) {
	subject, known, err := s.person(ctx, patient)
	if err != nil || !known {
		return nil, err
	}
	by := byPerson(subject)
	by.Set("status", "active")
	by.Set("intent", "plan")
	by.Set("_count", "50")
	var out []clinical.Medicine
	err = s.search(ctx, "MedicationRequest", by, true, func(e r4.Entry) bool {
		m, ok := e.Resource.(*r4.MedicationRequest)
		if ok && m.ID != "" && m.Status == "active" && m.Intent == "plan" && same(&m.Subject, subject) {
			out = append(out, s.medicine(m))
		}
		return false
	})
	return out, err
}

func (s *System) medicine(m *r4.MedicationRequest) clinical.Medicine {
	concept := r4.ConceptOf(m.Medication)
	out := clinical.Medicine{ID: "MedicationRequest/" + m.ID, Code: concept.Code(r4.SNOMEDCT), Name: concept.Words(), May: true}
	if out.Name == "" {
		out.Name = r4.ReferenceOf(m.Medication).Display
	}
	if len(m.DosageInstruction) > 0 {
		if out.Dosage = m.DosageInstruction[0].PatientInstruction; out.Dosage == "" {
			out.Dosage = m.DosageInstruction[0].Text
		}
	}
	if d := m.DispenseRequest; d != nil && d.Quantity != nil {
		out.Quantity = strings.TrimSpace(d.Quantity.Value.String() + " " + d.Quantity.Unit)
	}
	out.May, out.Why = s.may(m)
	return out
}

// may reports whether a medicine can be asked for again now, and why not.
func (s *System) may(m *r4.MedicationRequest) (bool, string) {
	const review = "The practice needs to review this medicine before it can be ordered again."
	end := ""
	if d := m.DispenseRequest; d != nil && d.ValidityPeriod != nil {
		end = d.ValidityPeriod.End
	}
	authorised, issued := -1, 0
	if e, ok := r4.Find(m.Extension, repeatInformation); ok {
		for _, inner := range e.Extension {
			switch v := inner.Value.(type) {
			case r4.UnsignedInt:
				authorised, issued = counted(inner.URL, int(v), authorised, issued)
			case r4.PositiveInt:
				authorised, issued = counted(inner.URL, int(v), authorised, issued)
			case r4.DateTime:
				if inner.URL == authorisationExpires {
					end = string(v)
				}
			}
		}
	}
	if day, ok := r4.Day(end); ok && s.now().After(day.Add(24*time.Hour)) {
		return false, review
	}
	if authorised >= 0 && issued >= authorised {
		return false, review
	}
	return true, ""
}

func counted(url string, n, authorised, issued int) (int, int) {
	switch url {
	case repeatsAuthorised:
		return n, issued
	case repeatsIssued:
		return authorised, n
	}
	return authorised, issued
}

// Ask puts an order before the prescriber: one transaction of a Task for each medicine, with the medicine as its focus. Nothing is
// prescribed by it.
func (s *System) Ask(ctx context.Context, o clinical.MedicineOrder) (clinical.Receipt, error) {
	p, err := s.knows(ctx)
	switch {
	case err != nil:
		return clinical.Receipt{}, err
	case !p.transaction || !p.offers("Task", "create", "search-type"):
		return clinical.Receipt{}, lacks("repeat medicines are not asked for")
	case len(o.Medicines) == 0:
		return clinical.Receipt{}, &clinical.Refused{Says: "No medicine was chosen, so nothing was asked for."}
	}
	subject, err := s.subject(ctx, o.Patient)
	if err != nil {
		return clinical.Receipt{}, err
	}
	var entries []r4.Entry
	for i, m := range o.Medicines {
		if !named.MatchString(m.ID) || !strings.HasPrefix(m.ID, "MedicationRequest/") {
			return clinical.Receipt{}, &clinical.Refused{Says: "The clinical system did not say which medicine this is, so it was not asked for."}
		}
		entries = append(entries, post(urn(o.ID, m.ID), orderTask(o, i, m, subject), bySystem(LineSystem, line(o.ID, i))))
	}
	a, responses, err := s.transact(ctx, o.ID, o.ID, entries)
	switch {
	case err != nil:
		return clinical.Receipt{}, err
	case a.conflict():
		found, err := s.order(ctx, o)
		if err != nil {
			return clinical.Receipt{}, &clinical.Unknown{Says: "The clinical system reported a conflict, and could not be read to see why.", Cause: err}
		}
		if len(found) == 0 {
			return clinical.Receipt{}, conflicting(a)
		}
		return receiptOf(found[0]), nil
	case responses == nil:
		return clinical.Receipt{}, a.problem()
	}
	id, ok := externalID(responses[0].Location, "Task")
	if !ok {
		return clinical.Receipt{}, a.unreadable(errNoLocation)
	}
	return clinical.Receipt{State: clinical.Filed, ExternalID: id, ETag: responses[0].ETag, At: r4.Moment(responses[0].LastModified)}, nil
}

func orderTask(o clinical.MedicineOrder, n int, m clinical.Medicine, subject r4.Reference) *r4.Task {
	t := &r4.Task{
		Identifier: []r4.Identifier{
			{System: OrderSystem, Value: o.ID.String()}, {System: LineSystem, Value: line(o.ID, n)},
		},
		GroupIdentifier: &r4.Identifier{System: r4.ReferenceSystem, Value: o.Reference},
		Status:          "requested",
		Intent:          "order",
		Priority:        "routine",
		Code:            &askCode,
		Description:     "Repeat medicine asked for: " + m.Name,
		Focus:           &r4.Reference{Reference: m.ID, Type: "MedicationRequest", Display: m.Name},
		For:             &subject,
		AuthoredOn:      r4.Instant(o.At),
		LastModified:    r4.Instant(o.At),
		Requester:       &subject,
	}
	if o.By.ODS != "" {
		t.Owner = organisationOf(o.By)
	}
	if o.Note != "" {
		t.Note = []r4.Annotation{{Time: r4.Instant(o.At), Text: o.Note}}
	}
	return t
}

// order are an order's tasks, in the order of its medicines.
func (s *System) order(ctx context.Context, o clinical.MedicineOrder) ([]*r4.Task, error) {
	var found []*r4.Task
	err := s.search(ctx, "Task", url.Values{"identifier": {OrderSystem + "|" + o.ID.String()}}, false, func(e r4.Entry) bool {
		if t, ok := e.Resource.(*r4.Task); ok && t.ID != "" && carries(t.Identifier, OrderSystem, o.ID) {
			found = append(found, t)
		}
		return false
	})
	slices.SortFunc(found, func(a, b *r4.Task) int {
		return strings.Compare(r4.Identified(a.Identifier, LineSystem), r4.Identified(b.Identifier, LineSystem))
	})
	return found, err
}

// Asked reads back what became of an order: open as long as one medicine's task is, refused where one was refused.
func (s *System) Asked(ctx context.Context, o clinical.MedicineOrder) (clinical.Standing, bool, error) {
	found, err := s.order(ctx, o)
	if err != nil || len(found) == 0 {
		return clinical.Standing{}, false, err
	}
	var out clinical.Standing
	rank, refused := len(stages), 0
	for _, t := range found {
		one := standingOf(t)
		if one.Stage == clinical.StageRefused {
			refused++
		}
		if r := slices.Index(stages, one.Stage); r < rank {
			rank, out = r, one
		}
	}
	if len(found) > 1 && out.Stage == clinical.StageRefused && refused < len(found) {
		out.Says = strings.TrimSpace(fmt.Sprintf("%d of %d medicines were refused. %s", refused, len(found), out.Says))
	}
	return out, true, nil
}
