package demo

import (
	"strings"

	"onedoor/app/clinical/simulator/national"
	"onedoor/app/nhs"
	"onedoor/app/patients"
	"onedoor/tenants"
)

// Serial numbers of the people whom only the national register knows.
const (
	restrictedSerial = 700
	diedSerial       = 701
	withdrawnSerial  = 702
	replacedSerial   = 703
)

// Stranger is somebody whom the national register knows and no register here, to try tracing with.
type Stranger struct {
	Given     patients.Given
	ShortWord string // what there is to see
}

// Strangers are a person whose record is restricted, and one who died.
func Strangers(today nhs.Date) []Stranger {
	var list []Stranger
	for _, p := range strangers(today) {
		if p.Invalidated {
			continue
		}
		birth, _ := nhs.ParseDate(p.BirthDate) // written below
		word := "their record is restricted"
		if p.DiedOn != "" {
			word = "has died"
		}
		list = append(list, Stranger{patients.Given{NHSNumber: nhs.Number(p.NHSNumber), GivenName: p.Given, FamilyName: p.Family, BirthDate: birth}, word})
	}
	return list
}

func strangers(today nhs.Date) []national.Person {
	died := nhs.Date{Year: today.Year, Month: 1, Day: 5}
	return []national.Person{
		{NHSNumber: string(testNumber(restrictedSerial)), Given: "Rosa", Family: "Delgado", BirthDate: "1987-03-12", Gender: "female", Postcode: "RS1 1AL", Practice: "A81001", Pharmacy: "FRV01", Restricted: true},
		{NHSNumber: string(testNumber(diedSerial)), Given: "Arthur", Family: "Penn", BirthDate: "1941-05-05", Gender: "male", Postcode: "RS1 1AM", Practice: "A81001", DiedOn: died.String()},
		{NHSNumber: string(testNumber(withdrawnSerial)), Given: "Nobody", Family: "Here", BirthDate: "1970-01-01", Gender: "unknown", Invalidated: true},
	}
}

// NationalPeople are the demonstration's people as the national register has them, with some whom no register here knows.
func NationalPeople(today nhs.Date) []national.Person {
	list := strangers(today)
	for _, n := range neighbourhoods() {
		for i, p := range register(n.slug, n.residents, n.firstNumber, today) {
			person := national.Person{
				NHSNumber: string(p.NHSNumber), Given: p.GivenName, Family: p.FamilyName, BirthDate: p.BirthDate.String(), Gender: string(p.Sex),
				Postcode: string(p.Postcode), Practice: string(n.residents[i].practice), Pharmacy: string(n.residents[i].pharmacy),
			}
			switch p.FamilyName {
			case "Lloyd":
				person.Language = "cy"
			case "Marsh":
				person.LargePrint = true
				person.Adjustments = [][2]string{{"367741000000102", "Requires information verbally"}}
			case "Hassan": // an older number of hers leads here
				person.Replaces = string(testNumber(replacedSerial))
			}
			list = append(list, person)
		}
	}
	return list
}

// NationalOrganisations are the demonstration's organisations as the national register has them. One has another name there.
func NationalOrganisations() []national.Organisation {
	var list []national.Organisation
	for _, n := range neighbourhoods() {
		for _, p := range n.places {
			o := national.Organisation{
				ODS: string(p.ods), Name: strings.ToUpper(p.name), Role: "RO177", RoleName: "PRESCRIBING COST CENTRE", Postcode: string(p.postcode),
				Telephone: p.telephone.Local(), OpenedOn: "2010-04-01",
			}
			o.Lines = []string{strings.ToUpper(p.address[0])}
			o.Town = strings.ToUpper(n.name)
			switch p.kind {
			case tenants.Pharmacy:
				o.Role, o.RoleName = "RO182", "PHARMACY"
			case tenants.Community, tenants.Hub:
				o.Role, o.RoleName = "RO197", "NHS TRUST"
			case tenants.Practice:
				o.GPPractice = true
			}
			if p.ods == "FRV03" {
				o.Name = "MILLPOND PHARMACY"
			}
			list = append(list, o)
		}
	}
	return list
}
