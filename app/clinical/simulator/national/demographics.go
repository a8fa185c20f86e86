package national

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"onedoor/app/nhs"
)

const ukCore = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-"

// demographics answers for the register of patients.
func (s *Server) demographics(w http.ResponseWriter, r *http.Request, path string) {
	if r.Header.Get("X-Request-ID") == "" {
		refuse(w, http.StatusBadRequest, "MISSING_VALUE", "Required value is missing")
		return
	}
	w.Header().Set("X-Request-Id", r.Header.Get("X-Request-ID"))
	number, one := strings.CutPrefix(path, "Patient/")
	switch {
	case one:
		s.patient(w, number)
	case path == "Patient":
		s.search(w, r.URL.Query())
	default:
		http.NotFound(w, r)
	}
}

func (s *Server) patient(w http.ResponseWriter, number string) {
	if !nhs.Modulus11(number) {
		refuse(w, http.StatusBadRequest, "INVALID_RESOURCE_ID", "Resource Id is invalid")
		return
	}
	s.mu.Lock()
	p, ok := s.people[number]
	for _, other := range s.people {
		if other.Replaces == number {
			p, ok = other, true
		}
	}
	s.mu.Unlock()
	switch {
	case !ok:
		refuse(w, http.StatusNotFound, "RESOURCE_NOT_FOUND", "Resource not found")
	case p.Invalidated:
		refuse(w, http.StatusNotFound, "INVALIDATED_RESOURCE", "Resource that has been marked as invalid was requested - invalid resources cannot be retrieved")
	default:
		w.Header().Set("ETag", `W/"2"`)
		writeFHIR(w, http.StatusOK, p.resource(true))
	}
}

var searchable = []string{"_fuzzy-match", "_exact-match", "_history", "_max-results", "family", "given", "gender", "birthdate", "death-date", "address-postalcode", "general-practitioner", "email", "phone"}

// search finds one person, as an application without a user may: with more than one it says so and names none.
func (s *Server) search(w http.ResponseWriter, q url.Values) {
	for name := range q {
		if !slices.Contains(searchable, name) {
			refuse(w, http.StatusBadRequest, "ADDITIONAL_PROPERTIES", "Invalid request with error - Additional properties are not allowed")
			return
		}
	}
	birth, dated := strings.CutPrefix(q.Get("birthdate"), "eq")
	switch {
	case q.Get("family") == "" || !dated:
		refuse(w, http.StatusBadRequest, "INVALID_SEARCH_DATA", "Search data is invalid")
		return
	case q.Get("_max-results") != "" && q.Get("_max-results") != "1":
		refuse(w, http.StatusForbidden, "INVALID_VALUE", "Your app has insufficient permissions to use this operation")
		return
	}
	var found []Person
	s.mu.Lock()
	for _, p := range s.people {
		if p.fits(q, birth) {
			found = append(found, p)
		}
	}
	s.mu.Unlock()
	if len(found) > 1 {
		refuse(w, http.StatusOK, "TOO_MANY_MATCHES", "Too Many Matches")
		return
	}
	bundle := object{"resourceType": "Bundle", "type": "searchset", "total": len(found)}
	if len(found) == 1 {
		bundle["entry"] = []any{object{
			"fullUrl": "https://api.service.nhs.uk/personal-demographics/FHIR/R4/Patient/" + found[0].NHSNumber,
			"search":  object{"score": 1}, "resource": found[0].resource(false),
		}}
	}
	writeFHIR(w, http.StatusOK, bundle)
}

// fits reports whether a person is who is searched for. A restricted person is never found by where they are.
func (p Person) fits(q url.Values, birth string) bool {
	located := q.Get("address-postalcode") != "" || q.Get("general-practitioner") != ""
	return !p.Invalidated && (!p.Restricted || !located) && p.BirthDate == birth &&
		like(q.Get("family"), p.Family) && like(q.Get("given"), p.Given) && like(q.Get("gender"), p.Gender) &&
		like(strings.ReplaceAll(q.Get("address-postalcode"), " ", ""), strings.ReplaceAll(p.Postcode, " ", "")) &&
		like(q.Get("general-practitioner"), p.Practice)
}

// like compares without case; * stands for any letters after the first two.
func like(pattern, value string) bool {
	if pattern == "" {
		return true
	}
	quoted := strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*")
	matched, err := regexp.MatchString("(?i)^"+quoted+"$", value)
	return err == nil && matched
}

// resource is a person as FHIR. A search leaves out what only the whole record has.
func (p Person) resource(whole bool) object {
	security := object{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "U", "display": "unrestricted"}
	if p.Restricted {
		security["code"], security["display"] = "R", "restricted"
	}
	r := object{
		"resourceType": "Patient", "id": p.NHSNumber, "meta": object{"versionId": "2", "security": []any{security}},
		"identifier": []any{object{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": p.NHSNumber}},
		"name":       []any{object{"id": "123", "use": "usual", "period": object{"start": "2020-01-01"}, "given": []any{p.Given}, "family": p.Family}},
		"birthDate":  p.BirthDate, "gender": p.Gender,
	}
	var extensions []any
	if p.DiedOn != "" {
		r["deceasedDateTime"] = p.DiedOn + "T00:00:00+00:00"
		extensions = append(extensions, object{"url": ukCore + "DeathNotificationStatus", "extension": []any{
			object{"url": "deathNotificationStatus", "valueCodeableConcept": coded("https://fhir.hl7.org.uk/CodeSystem/UKCore-DeathNotificationStatus", "2", "Formal - death notice received from Registrar of Deaths")},
			object{"url": "systemEffectiveDate", "valueDateTime": p.DiedOn + "T00:00:00+00:00"},
		}})
	}
	if !p.Restricted {
		if p.Postcode != "" {
			r["address"] = []any{object{"id": "456", "use": "home", "period": object{"start": "2020-01-01"}, "line": []any{"1 Example Street"}, "postalCode": p.Postcode}}
		}
		if p.Practice != "" {
			r["generalPractitioner"] = []any{object{"id": "254406A3", "type": "Organization", "identifier": ods(p.Practice)}}
		}
		if p.Pharmacy != "" && whole {
			extensions = append(extensions, object{"url": ukCore + "NominatedPharmacy", "valueReference": object{"identifier": ods(p.Pharmacy)}})
		}
	}
	if whole {
		extensions = append(extensions, p.communication()...)
	}
	if len(extensions) > 0 {
		r["extension"] = extensions
	}
	return r
}

func (p Person) communication() (list []any) {
	if p.Language != "" {
		list = append(list, object{"url": ukCore + "NHSCommunication", "extension": []any{
			object{"url": "language", "valueCodeableConcept": coded("https://fhir.hl7.org.uk/CodeSystem/UKCore-HumanLanguage", p.Language, p.Language)},
			object{"url": "interpreterRequired", "valueBoolean": p.Interpreter},
		}})
	}
	if p.LargePrint {
		list = append(list, object{"url": ukCore + "ContactPreference", "extension": []any{
			object{"url": "PreferredWrittenCommunicationFormat", "valueCodeableConcept": coded("https://fhir.hl7.org.uk/CodeSystem/UKCore-PreferredWrittenCommunicationFormat", "11", "Large print")},
		}})
	}
	return list
}

func ods(code string) object {
	return object{"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": code, "period": object{"start": "2020-01-01"}}
}

func coded(system, code, display string) object {
	return object{"coding": []any{object{"system": system, "code": code, "display": display}}}
}
