package pds

import (
	"strings"

	"onedoor/app/nhs"
	"onedoor/app/patients"
)

// The structs below are of the parts of the register's resources that are read here.

const (
	extension       = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-"
	odsCode         = "https://fhir.nhs.uk/Id/ods-organization-code"
	confidentiality = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
)

type bundle struct {
	ResourceType string `json:"resourceType"`
	Entry        []struct {
		Resource patient `json:"resource"`
	} `json:"entry"`
}

type operationOutcome struct {
	Issue []struct {
		Details struct {
			Coding []coding `json:"coding"`
		} `json:"details"`
	} `json:"issue"`
}

func (o operationOutcome) code() string {
	for _, issue := range o.Issue {
		for _, c := range issue.Details.Coding {
			if c.Code != "" {
				return c.Code
			}
		}
	}
	return ""
}

type coding struct {
	System  string `json:"system"`
	Code    string `json:"code"`
	Display string `json:"display"`
}

type concept struct {
	Coding []coding `json:"coding"`
}

func (c *concept) first() coding {
	if c == nil || len(c.Coding) == 0 {
		return coding{}
	}
	return c.Coding[0]
}

// period is from a day until a day, each perhaps with a time that does not matter here.
type period struct {
	Start string `json:"start"`
	End   string `json:"end"`
}

func (p *period) holds(on nhs.Date) bool {
	if p == nil {
		return true
	}
	if start := day(p.Start); !start.IsZero() && on.Before(start) {
		return false
	}
	end := day(p.End)
	return end.IsZero() || !end.Before(on)
}

// day is the day of a FHIR date or dateTime; zero for a part of one.
func day(s string) nhs.Date {
	if len(s) > 10 {
		s = s[:10]
	}
	d, err := nhs.ParseDate(s)
	if err != nil {
		return nhs.Date{}
	}
	return d
}

type reference struct {
	Identifier struct {
		System string  `json:"system"`
		Value  string  `json:"value"`
		Period *period `json:"period"`
	} `json:"identifier"`
}

func (r *reference) ods(on nhs.Date) nhs.ODSCode {
	if r == nil || r.Identifier.System != odsCode || !r.Identifier.Period.holds(on) {
		return ""
	}
	code, err := nhs.ParseODSCode(r.Identifier.Value)
	if err != nil {
		return ""
	}
	return code
}

type extended struct {
	URL            string     `json:"url"`
	Concept        *concept   `json:"valueCodeableConcept"`
	Boolean        bool       `json:"valueBoolean"`
	ValueReference *reference `json:"valueReference"`
	Extension      []extended `json:"extension"`
}

func (e extended) part(url string) extended {
	for _, inner := range e.Extension {
		if inner.URL == url {
			return inner
		}
	}
	return extended{}
}

type humanName struct {
	Use    string   `json:"use"`
	Family string   `json:"family"`
	Given  []string `json:"given"`
	Period *period  `json:"period"`
}

type address struct {
	Use        string  `json:"use"`
	PostalCode string  `json:"postalCode"`
	Period     *period `json:"period"`
}

type patient struct {
	ResourceType string `json:"resourceType"`
	ID           string `json:"id"`
	Meta         struct {
		Security []coding `json:"security"`
	} `json:"meta"`
	Name                []humanName `json:"name"`
	Gender              string      `json:"gender"`
	BirthDate           string      `json:"birthDate"`
	DeceasedDateTime    string      `json:"deceasedDateTime"`
	DeceasedBoolean     bool        `json:"deceasedBoolean"`
	Address             []address   `json:"address"`
	GeneralPractitioner []reference `json:"generalPractitioner"`
	Extension           []extended  `json:"extension"`
}

// record is the person as the product knows people. Anything but a record that says that it is unrestricted is restricted.
func (p patient) record(on nhs.Date) (patients.Record, error) {
	number, err := nhs.ParseNumber(p.ID)
	if p.ResourceType != "Patient" || err != nil {
		return patients.Record{}, unreadable()
	}
	r := patients.Record{NHSNumber: number, BirthDate: day(p.BirthDate), Hold: patients.Hold{Restricted: true}}
	for _, c := range p.Meta.Security {
		if c.System != "" && c.System != confidentiality {
			continue
		}
		switch c.Code {
		case "U":
			r.Hold.Restricted = false
		case "REDACTED":
			return patients.Record{}, &patients.NoRecord{Why: patients.Invalidated}
		}
	}
	r.Sex, _ = nhs.ParseSex(p.Gender) // what we do not know is unknown
	name := p.name(on)
	r.FamilyName = name.Family
	if len(name.Given) > 0 {
		r.GivenName = name.Given[0]
	}
	for _, e := range p.Extension {
		p.extended(e, &r, on)
	}
	if d := day(p.DeceasedDateTime); !d.IsZero() || p.DeceasedBoolean {
		r.Hold.Died, r.Hold.On = true, d
	}
	if !r.Hold.Restricted {
		p.where(&r, on)
	}
	return r, nil
}

// extended reads one extension.
func (p patient) extended(e extended, r *patients.Record, on nhs.Date) {
	switch strings.TrimPrefix(e.URL, extension) {
	case "DeathNotificationStatus": // 1 informal, 2 formal, U removed
		status := e.part("deathNotificationStatus").Concept.first().Code
		r.Hold.Died = r.Hold.Died || status == "1" || status == "2"
		r.Hold.Formal = status == "2"
	case "NHSCommunication":
		r.Needs.Language = e.part("language").Concept.first().Code
		r.Needs.Interpreter = e.part("interpreterRequired").Boolean
	case "ContactPreference":
		r.Needs.WrittenFormat = e.part("PreferredWrittenCommunicationFormat").Concept.first().Display
		r.Needs.ContactMethod = e.part("PreferredContactMethod").Concept.first().Display
	case "NominatedPharmacy":
		if !r.Hold.Restricted { // it is near where somebody lives
			r.Pharmacy = e.ValueReference.ods(on)
		}
	}
}

// where adds what tells where somebody is.
func (p patient) where(r *patients.Record, on nhs.Date) {
	for _, a := range p.Address {
		if a.Use == "home" && a.Period.holds(on) {
			r.Postcode, _ = nhs.ParsePostcode(a.PostalCode) // an address without one has none
		}
	}
	for i := range p.GeneralPractitioner {
		if code := p.GeneralPractitioner[i].ods(on); code != "" {
			r.Practice = code
		}
	}
}

// name is the usual one that holds now, or the next best.
func (p patient) name(on nhs.Date) humanName {
	best, found := humanName{}, 0
	for _, n := range p.Name {
		rank := 1
		if n.Period.holds(on) {
			rank++
		}
		if n.Use == "usual" {
			rank += 2
		}
		if rank > found {
			best, found = n, rank
		}
	}
	return best
}
