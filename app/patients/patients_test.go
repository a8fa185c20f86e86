package patients_test

import (
	"testing"

	"onedoor/app/nhs"
	"onedoor/app/patients"
)

var (
	born    = nhs.Date{Year: 2018, Month: 4, Day: 18}
	adult   = patients.Patient{NHSNumber: "9434765919", GivenName: "Zoë", FamilyName: "O’Brien-Smith", BirthDate: nhs.Date{Year: 1990, Month: 1, Day: 2}, Postcode: "LS1 4AP"}
	jack    = patients.Patient{NHSNumber: "9990000018", GivenName: "Jack", FamilyName: "Morris", BirthDate: born, Postcode: "RS2 3CH"}
	lily    = patients.Patient{NHSNumber: "9990000026", GivenName: "Lily", FamilyName: "Morris", BirthDate: born, Postcode: "RS2 3CH"}
	nowhere = patients.Patient{GivenName: "Pat", FamilyName: "Doyle", BirthDate: born, Postcode: nhs.NoFixedAbode}
)

func TestMatch(t *testing.T) {
	t.Parallel()
	everybody := []patients.Patient{adult, jack, lily, nowhere}
	for _, c := range []struct {
		name  string
		given patients.Given
		want  string // given name; empty for no match
	}{
		{"by NHS number alone", patients.Given{NHSNumber: adult.NHSNumber}, "Zoë"},
		{"a number that nobody has", patients.Given{NHSNumber: "9434765870"}, ""},
		{"a number with another's birth date", patients.Given{NHSNumber: adult.NHSNumber, BirthDate: born}, ""},
		{"a number with another family name", patients.Given{NHSNumber: adult.NHSNumber, FamilyName: "Jones"}, ""},
		{"a name typed without accent, hyphen or apostrophe", patients.Given{NHSNumber: adult.NHSNumber, FamilyName: "obrien smith"}, "Zoë"},
		{"birth date and postcode", patients.Given{BirthDate: adult.BirthDate, Postcode: adult.Postcode}, "Zoë"},
		{"birth date alone", patients.Given{BirthDate: adult.BirthDate}, ""},
		{"twins at one address without a name", patients.Given{BirthDate: born, Postcode: "RS2 3CH"}, ""},
		{"twins at one address, told apart by name", patients.Given{BirthDate: born, Postcode: "RS2 3CH", GivenName: "lily"}, "Lily"},
		{"no fixed abode is no address", patients.Given{BirthDate: born, Postcode: nhs.NoFixedAbode}, ""},
		{"nothing given", patients.Given{}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, ok := patients.Match(c.given, everybody)
			if got.GivenName != c.want || ok != (c.want != "") {
				t.Errorf("got %q, %v; want %q", got.GivenName, ok, c.want)
			}
		})
	}
}
