package national

import (
	"net/http"
)

// flags answers for the register of patient flags: one Flag for each reasonable adjustment.
func (s *Server) flags(w http.ResponseWriter, r *http.Request) {
	number := r.URL.Query().Get("patient")
	s.mu.Lock()
	p := s.people[number]
	s.mu.Unlock()
	entries := []any{}
	for i, a := range p.Adjustments {
		entries = append(entries, object{"resource": object{
			"resourceType": "Flag", "id": number + "-" + string(rune('a'+i)), "status": "active",
			"meta":     object{"profile": []any{"https://fhir.nhs.uk/England/StructureDefinition/England-Flag-PatientFlag-Adjustment"}},
			"category": []any{coded("https://fhir.nhs.uk/England/CodeSystem/England-FlagCategoryPatient", "national-reasonable-adjustment-flag", "National Reasonable Adjustments Flag")},
			"code":     coded("http://snomed.info/sct", a[0], a[1]),
			"subject":  object{"reference": "https://demographics.spineservices.nhs.uk/FHIR/R4/Patient/" + number},
		}})
	}
	writeFHIR(w, http.StatusOK, object{"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries})
}

// organisation answers for the register of organisations.
func (s *Server) organisation(w http.ResponseWriter, code string) {
	s.mu.Lock()
	o, ok := s.organisations[code]
	s.mu.Unlock()
	if !ok {
		writeFHIR(w, http.StatusNotFound, object{"resourceType": "OperationOutcome", "issue": []any{object{
			"severity": "error", "code": "processing", "diagnostics": "HAPI-2001: Resource Organization/" + code + " is not known",
		}}})
		return
	}
	period := object{"start": o.OpenedOn}
	if o.ClosedOn != "" {
		period["end"] = o.ClosedOn
	}
	const typed = "https://fhir.nhs.uk/England/StructureDefinition/Extension-England-TypedPeriod"
	r := object{
		"resourceType": "Organization", "id": o.ODS, "active": o.ClosedOn == "", "name": o.Name,
		"meta":       object{"versionId": "3", "profile": []any{"https://fhir.nhs.uk/England/StructureDefinition/England-Organization-ODS"}},
		"identifier": []any{object{"use": "official", "system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": o.ODS}},
		"extension": []any{object{"url": "https://fhir.nhs.uk/England/StructureDefinition/Extension-England-OrganisationRole", "extension": []any{
			object{"url": "instanceID", "valueInteger": 1},
			object{"url": "roleCode", "valueCodeableConcept": coded("https://digital.nhs.uk/services/organisation-data-service/CodeSystem/ODSOrganisationRole", o.Role, o.RoleName)},
			object{"url": typed, "extension": []any{
				object{"url": "dateType", "valueCoding": object{"system": "https://fhir.nhs.uk/England/CodeSystem/England-PeriodType", "code": "Operational"}},
				object{"url": "period", "valuePeriod": period},
			}},
			object{"url": "active", "valueBoolean": o.ClosedOn == ""},
		}}},
		"address": []any{object{"line": o.Lines, "city": o.Town, "postalCode": o.Postcode, "country": "ENGLAND"}},
	}
	if o.GPPractice {
		r["extension"] = append(r["extension"].([]any), object{"url": "https://fhir.nhs.uk/England/StructureDefinition/Extension-England-OrganisationRole", "extension": []any{
			object{"url": "roleCode", "valueCodeableConcept": coded("https://digital.nhs.uk/services/organisation-data-service/CodeSystem/ODSOrganisationRole", "RO76", "GP PRACTICE")},
			object{"url": "active", "valueBoolean": true},
		}})
	}
	if o.Telephone != "" {
		r["telecom"] = []any{object{"system": "phone", "value": o.Telephone}}
	}
	writeFHIR(w, http.StatusOK, r)
}
