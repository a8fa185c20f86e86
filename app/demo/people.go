package demo

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"onedoor/app/nhs"
	"onedoor/app/patients"
)

// resident is one made-up person. The NHS number comes from the range 999, which is issued to nobody.
type resident struct {
	given, family string
	age           int // at the first start
	month         time.Month
	day           int
	sex           nhs.Sex
	postcode      nhs.Postcode
	practice      nhs.ODSCode // empty: not on a list here
	registration  patients.Registration
	pharmacy      nhs.ODSCode // nominated; empty for none
}

// The first is whom the demonstration is about. The others cover each boundary of the Pharmacy First pathways, twins at
// one address, and people who are registered elsewhere, for a while, or nowhere.
var riversideResidents = []resident{
	{"Daniel", "Okafor", 30, 4, 27, nhs.Male, "RS1 1AD", "A81001", patients.Here, "FRV01"},
	{"Priya", "Nair", 29, 2, 14, nhs.Female, "RS1 1AE", "A81001", patients.Here, "FRV01"},
	{"Margaret", "Ellis", 64, 1, 9, nhs.Female, "RS1 1AF", "A81001", patients.Here, "FRV02"},
	{"Dorothy", "Marsh", 65, 1, 10, nhs.Female, "RS1 1AG", "A81001", patients.Here, "FRV02"},
	{"Chloe", "Baker", 15, 3, 3, nhs.Female, "RS1 1AH", "A81001", patients.Here, "FRV01"},
	{"Hannah", "Baker", 16, 3, 4, nhs.Female, "RS1 1AH", "A81001", patients.Here, "FRV01"},
	{"Leo", "Fisher", 0, 1, 20, nhs.Male, "RS1 1AJ", "A81001", patients.Here, "FRV01"},
	{"Isla", "Fisher", 1, 1, 21, nhs.Female, "RS1 1AJ", "A81001", patients.Here, "FRV01"},
	{"Noah", "Grant", 4, 2, 2, nhs.Male, "RS1 2BD", "A81002", patients.Here, "FRV02"},
	{"Ava", "Grant", 5, 2, 3, nhs.Female, "RS1 2BD", "A81002", patients.Here, "FRV02"},
	{"Oscar", "Hughes", 11, 5, 11, nhs.Male, "RS1 2BE", "A81002", patients.Here, "FRV02"},
	{"Freya", "Hughes", 12, 5, 12, nhs.Female, "RS1 2BE", "A81002", patients.Here, "FRV02"},
	{"Theo", "Iqbal", 17, 6, 1, nhs.Male, "RS1 2BF", "A81002", patients.Here, "FRV04"},
	{"Zara", "Iqbal", 18, 6, 2, nhs.Female, "RS1 2BF", "A81002", patients.Here, "FRV04"},
	{"George", "Jenkins", 71, 7, 30, nhs.Male, "RS1 2BG", "A81002", patients.Here, "FRV02"},
	{"Mei", "Chen", 42, 8, 8, nhs.Female, "RS2 3CE", "A81003", patients.Here, "FRV03"},
	{"Tomasz", "Kowalski", 38, 9, 9, nhs.Male, "RS2 3CF", "A81003", patients.Here, ""},
	{"Ruth", "Lloyd", 55, 10, 5, nhs.Female, "RS2 3CG", "A81003", patients.Here, "FRV04"},
	{"Jack", "Morris", 8, 4, 18, nhs.Male, "RS2 3CH", "A81003", patients.Here, "FRV03"},
	{"Lily", "Morris", 8, 4, 18, nhs.Female, "RS2 3CH", "A81003", patients.Here, "FRV03"},
	{"Samuel", "Adeyemi", 33, 5, 25, nhs.Male, "RS2 4DF", "A81003", patients.Temporary, ""},
	{"Elena", "Popescu", 27, 3, 29, nhs.Female, "RS2 4DG", "", patients.Elsewhere, "FRV04"},
	{"Patrick", "Doyle", 49, 2, 25, nhs.Male, nhs.NoFixedAbode, "", patients.None, ""},
	{"Amina", "Hassan", 23, 7, 7, nhs.Female, "RS1 1AK", "A81001", patients.Here, ""},
}

var hillsideResidents = []resident{
	{"Gwen", "Pritchard", 44, 1, 15, nhs.Female, "HS1 1AD", "B82001", patients.Here, "FHL01"},
	{"Owen", "Rees", 61, 6, 21, nhs.Male, "HS1 1AE", "B82001", patients.Here, "FHL01"},
}

// register makes the people as they are on the day of the first start; from is the serial number of the first.
func register(slug string, residents []resident, from int, today nhs.Date) []patients.Patient {
	list := make([]patients.Patient, len(residents))
	for i, r := range residents {
		p := patients.Patient{
			ID: patientID(slug, i), NeighbourhoodID: NeighbourhoodID(slug), NHSNumber: testNumber(from + i),
			GivenName: r.given, FamilyName: r.family, BirthDate: bornSoAsToBe(r, today), Sex: r.sex, Postcode: r.postcode,
			Mobile: nhs.Phone(fmt.Sprintf("+4477009%05d", from+i)), Registration: r.registration,
		}
		p.IMDDecile = decileOf(r.postcode)
		if r.practice != "" {
			p.PracticeID = OrganisationID(r.practice)
		}
		if r.pharmacy != "" {
			p.NominatedPharmacy = OrganisationID(r.pharmacy)
		}
		list[i] = p
	}
	return list
}

// decileOf makes up how deprived the streets of a postcode sector are; nobody knows it of those with no fixed abode.
func decileOf(postcode nhs.Postcode) int {
	sectors := map[string]int{"RS1 1": 2, "RS1 2": 5, "RS2 3": 8, "RS2 4": 3, "HS1 1": 9}
	return sectors[string(postcode[:min(len(postcode), 5)])]
}

// bornSoAsToBe is the birthday in the year that makes somebody their age today.
func bornSoAsToBe(r resident, today nhs.Date) nhs.Date {
	d := nhs.Date{Year: today.Year - r.age, Month: r.month, Day: r.day}
	if d.Age(today) < r.age {
		d.Year--
	}
	return d
}

// testNumber is the nth NHS number of the test range 999 that has a check digit.
func testNumber(n int) nhs.Number {
	for serial := 0; ; serial++ {
		for check := range 10 {
			digits := fmt.Sprintf("999%06d%d", 100+serial, check)
			if nhs.Modulus11(digits) {
				if n == 0 {
					return nhs.Number(digits)
				}
				n--
			}
		}
	}
}

func patientID(slug string, i int) uuid.UUID { return id(fmt.Sprintf("patient/%s/%d", slug, i)) }

// FirstPatient describes whom the demonstration is about, for a newcomer who asks in their name.
func FirstPatient(today nhs.Date) string {
	p := register("riverside", riversideResidents[:1], 0, today)[0]
	return fmt.Sprintf("%s %s, born %s, NHS number %s, postcode %s", p.GivenName, p.FamilyName, p.BirthDate, p.NHSNumber.Spaced(), p.Postcode)
}
